"""Every knob of the demo shop with its default, read by the wiring, the command line and the tests."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Pace:
    """Natural delays in seconds, multiplied by `Config.time_scale`; each is jittered by up to a fifth."""

    browse: float = 0.2
    submit: float = 0.3
    pay: float = 0.1
    reserve: float = 0.05
    capture: float = 0.4
    order: float = 0.4
    confirm: float = 0.4
    ship: float = 3.0
    deliver: float = 3.0
    hesitate: float = 8.0
    payment_window: float = 300.0
    failed_window: float = 2.0


@dataclass
class Chaos:
    """What goes wrong on the wire, as shares between 0 and 1 of all contract calls (`refunds_pending`: of
    refunds)."""

    latency: float = 0.0
    jitter: float = 0.0
    errors: float = 0.0
    throttles: float = 0.0
    retry_after: float = 1.0
    drop_before: float = 0.0
    drop_after: float = 0.0
    stall: float = 0.0
    stall_seconds: float = 30.0
    refunds_pending: float = 0.0
    refund_settles_after: float | None = 5.0
    down: bool = False


@dataclass
class Config:
    """How one demo shop is set up; money limits and deadlines are the assistant's own and unknown here."""

    host: str = "127.0.0.1"
    port: int = 8100
    token: str = "sandbox-shop-token"  # noqa: S105  a demo's default, on loopback
    admin_token: str = "sandbox-admin-token"  # noqa: S105
    public_url: str | None = None
    assistant_url: str | None = None
    assistant_key: str | None = None
    rate: float = 0.0
    orders: int | None = None
    fault_share: float = 0.05
    hard_negative_share: float = 0.1
    faults: tuple[str, ...] = ()
    seed: int = 7
    run: str | None = None
    time_scale: float = 1.0
    order_deadline: float = 3.0
    reply_delay: float = 2.0
    silent_share: float = 0.2
    accept_share: float = 0.8
    resume_pipeline: bool = True
    messaging: bool = True
    truth: Path | None = None
    state: Path | None = None
    pace: Pace = field(default_factory=Pace)
    chaos: Chaos = field(default_factory=Chaos)

    def __post_init__(self) -> None:
        for name in ("fault_share", "hard_negative_share", "silent_share", "accept_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.rate < 0 or self.time_scale <= 0:
            raise ValueError("rate must not be negative and time_scale must be positive")
        if self.token == self.admin_token:
            raise ValueError("token and admin_token must differ: the assistant must never read the truth")
