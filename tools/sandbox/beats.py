"""The words that storyboards are written in: single beats, common openings, and the storyboard itself."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tools.sandbox.config import Config
from tools.sandbox.story import Beat, Plot

DONE = ["fulfilled"]
MENDED = ["fulfilled", "cancelled_refunded"]
LATE = 0.6  # of a deadline: late, and still in time
Build = Callable[[Config, Random, str], Plot]


@dataclass(frozen=True)
class Storyboard:
    """A kind of story by name; `variants` are all it knows (none: it has only one shape)."""

    name: str
    variants: tuple[str, ...]
    build: Build

    def __call__(self, config: Config, rng: Random, variant: str | None = None) -> Plot:
        """The plot of the variant asked for, else of one drawn; an unknown one is a ValueError."""
        known = self.variants or ("",)
        drawn = rng.choice(known)
        if variant is not None and variant not in known:
            raise ValueError(f"unknown variant {variant!r}; known: {', '.join(known)}")
        chosen = drawn if variant is None else variant
        return self.build(config, rng, chosen).model_copy(update={"variant": chosen})


def storyboard(*variants: str) -> Callable[[Build], Storyboard]:
    """Makes a storyboard of a function, under its name."""

    def wrap(build: Build) -> Storyboard:
        return Storyboard(getattr(build, "__name__", ""), variants, build)

    return wrap


def by_name(*boards: Storyboard) -> dict[str, Storyboard]:
    return {board.name: board for board in boards}


def beat(verb: str, delay: float = 0.0, waits: bool = False, who: str = "", **arguments: Any) -> Beat:
    return Beat(verb=verb, delay=delay, waits=waits, who=who, arguments=arguments)


def real(config: Config, seconds: float) -> float:
    """Natural seconds that last so many real ones, whatever the time scale: deadlines are the assistant's."""
    return seconds / config.time_scale


def opening(config: Config, window: float | None = None, who: str = "") -> list[Beat]:
    pace = config.pace
    begin = beat("begin_other", name=who) if who else beat("start")
    return [begin, beat("fill_in", pace.browse, who=who), submit(config, window, who)]


def submit(config: Config, window: float | None = None, who: str = "") -> Beat:
    return beat("submit", config.pace.submit, who=who, window=window or config.pace.payment_window)


def request(config: Config, name: str = "main", who: str = "", **how: Any) -> Beat:
    return beat("request_payment", config.pace.pay, who=who, name=name, **how)


def reserve(config: Config, who: str = "", **how: Any) -> Beat:
    return beat("reserve", config.pace.reserve, who=who, **how)


def capture(config: Config, name: str = "main", who: str = "") -> Beat:
    return beat("capture", config.pace.capture, who=who, name=name)


def fail(config: Config, name: str = "main", code: str = "card_declined") -> Beat:
    return beat("fail", config.pace.capture, name=name, code=code)


def paying(config: Config, who: str = "", **how: Any) -> list[Beat]:
    return [request(config, who=who, **how), reserve(config, who), capture(config, who=who)]


def ordering(config: Config, who: str = "", **how: Any) -> Beat:
    return beat("create_order", config.pace.order, who=who, **how)


def purchase(config: Config, who: str = "") -> list[Beat]:
    """A whole sound purchase, from the first basket to the order."""
    return [*opening(config, who=who), *paying(config, who), ordering(config, who)]


@storyboard()
def healthy(config: Config, rng: Random, variant: str) -> Plot:
    return Plot(beats=purchase(config), acceptable=DONE)
