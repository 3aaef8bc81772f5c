"""Every knob of the demo shop with its default, read by the wiring, the command line and the tests."""

import json
from dataclasses import dataclass, field
from pathlib import Path

FEWEST_CUSTOMERS = 200
MACHINE_LIMIT = {"CNY": 50_000, "USD": 7_000}  # minor units: above it a human approves

# What the assistant is set to beside a demo shop with the defaults below, in seconds: every fault shows within some
# ten seconds of its injection, no hard negative does. Those that must fit a value of `Config` are named.
ASSISTANT_SETTINGS: dict[str, str] = {
    "HELLOWORD_DEADLINE_PAYMENT": "4",  # payment_deadline
    "HELLOWORD_DEADLINE_PAYMENT_BANK_TRANSFER": "3600",  # the shop's slow method: paid when the customer likes
    "HELLOWORD_DEADLINE_RESERVATION": "3",  # reservation_deadline
    "HELLOWORD_RESERVE_ON": "submit",
    "HELLOWORD_DEADLINE_ORDER": "3",  # order_deadline
    "HELLOWORD_DEADLINE_FULFILMENT": "5",  # fulfilment_deadline, from `expected_ship_at` (promised_soon, else a day)
    "HELLOWORD_DEADLINE_ABANDONED": "4",
    "HELLOWORD_DEADLINE_REFUND": "3",
    "HELLOWORD_RETRY_GRACE": "1",
    "HELLOWORD_DUPLICATE_WINDOW": "6",  # duplicate_window
    "HELLOWORD_STOCK_LAG": "3",  # stock_lag
    "HELLOWORD_CUSTOMER_REPLY_TIMEOUT": "8",  # customers answer within 1.5 times reply_delay, scaled
    "HELLOWORD_APPROVAL_TIMEOUT": "10",
    "HELLOWORD_FOLLOW_UP_AFTER": "3600",
    "HELLOWORD_SWEEP_EVERY": "2",
    "HELLOWORD_LOW_BATCH_EVERY": "1",
    "HELLOWORD_AUTO_LIMIT": json.dumps(MACHINE_LIMIT),  # machine_limit
}


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
    """How one demo shop is set up.

    Deadlines and limits are the assistant's own; those here (in real seconds, whatever the time scale) only say when
    a story goes on and which repairs the truth marks as a machine's: keep them beside `ASSISTANT_SETTINGS`.
    """

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
    payment_deadline: float = 4.0
    reservation_deadline: float = 3.0
    order_deadline: float = 3.0
    fulfilment_deadline: float = 5.0
    stock_lag: float = 3.0
    duplicate_window: float = 6.0
    promised_soon: float = 1.0
    machine_limit: dict[str, int] = field(default_factory=lambda: dict(MACHINE_LIMIT))
    customers: int | None = None
    reply_delay: float = 2.0
    silent_share: float = 0.2
    accept_share: float = 0.8
    words_share: float = 0.05
    resume_pipeline: bool = True
    messaging: bool = True
    truth: Path | None = None
    state: Path | None = None
    pace: Pace = field(default_factory=Pace)
    chaos: Chaos = field(default_factory=Chaos)

    def __post_init__(self) -> None:
        for name in ("fault_share", "hard_negative_share", "silent_share", "accept_share", "words_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.rate < 0 or self.time_scale <= 0:
            raise ValueError("rate must not be negative and time_scale must be positive")
        if self.token == self.admin_token:
            raise ValueError("token and admin_token must differ: the assistant must never read the truth")

    @property
    def crowd(self) -> int:
        """How many customers: so many that hardly one of them has more than two broken orders."""
        return self.customers or max(FEWEST_CUSTOMERS, (self.orders or 0) // 2)
