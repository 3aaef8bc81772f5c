"""Hard negatives about money: what adds up although it looks odd."""

from random import Random

from tools.sandbox.beats import (
    DONE,
    LATE,
    beat,
    capture,
    fail,
    healthy,
    opening,
    ordering,
    paying,
    purchase,
    real,
    request,
    reserve,
    storyboard,
    submit,
)
from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting

TENDERS = ("gift_card", "points", "voucher")
PHYSICAL = Setting(physical=True)


@storyboard()
def split_payments(config: Config, rng: Random, variant: str) -> Plot:
    first = paying(config, share=rng.choice((0.3, 0.5, 0.6)))
    rest = [request(config, "rest", rest=True), capture(config, "rest")]
    return Plot(beats=[*opening(config), *first, *rest, ordering(config)], acceptable=DONE)


@storyboard(*TENDERS)
def voucher_and_card(config: Config, rng: Random, variant: str) -> Plot:
    first = paying(config, share=0.25, kind=variant, method=variant)
    rest = [request(config, "rest", rest=True), capture(config, "rest")]
    return Plot(beats=[*opening(config), *first, *rest, ordering(config)], acceptable=DONE)


@storyboard(*TENDERS)
def no_money_at_all(config: Config, rng: Random, variant: str) -> Plot:
    """All of it by gift card, points or voucher."""
    beats = [*opening(config), *paying(config, kind=variant, method=variant), ordering(config)]
    return Plot(beats=beats, acceptable=DONE)


@storyboard()
def zero_total(config: Config, rng: Random, variant: str) -> Plot:
    beats = [*opening(config), reserve(config), ordering(config)]
    return Plot(beats=beats, acceptable=DONE, setting=Setting(free=True))


@storyboard()
def rounding(config: Config, rng: Random, variant: str) -> Plot:
    """The total is one minor unit off the sum of its parts."""
    return healthy(config, rng).model_copy(update={"setting": Setting(rounding=rng.choice((-1, 1)))})


@storyboard()
def retried_payment(config: Config, rng: Random, variant: str) -> Plot:
    failed = [request(config, "first"), fail(config, "first")]
    return Plot(beats=[*opening(config), *failed, *paying(config), ordering(config)], acceptable=DONE)


@storyboard()
def surcharge(config: Config, rng: Random, variant: str) -> Plot:
    """Paid by instalments: the interest is on top of the total."""
    instalments = paying(config, surcharge=0.03, method="instalments")
    return Plot(beats=[*opening(config), *instalments, ordering(config)], acceptable=DONE)


@storyboard()
def authorized_only(config: Config, rng: Random, variant: str) -> Plot:
    """Authorised now, captured when the parcel leaves."""
    authorised = beat("authorize", config.pace.capture, name="main")
    beats = [*opening(config), request(config), reserve(config), authorised, ordering(config)]
    return Plot(beats=beats, acceptable=DONE)


@storyboard()
def cash_on_delivery(config: Config, rng: Random, variant: str) -> Plot:
    return _later(config, "on_delivery", "cash")


@storyboard()
def pay_later(config: Config, rng: Random, variant: str) -> Plot:
    return _later(config, "pay_later", "invoice")


def _later(config: Config, kind: str, method: str) -> Plot:
    accepted = beat("authorize", config.pace.capture, name="main")
    asked = request(config, kind=kind, method=method)
    beats = [*opening(config), asked, reserve(config), accepted, ordering(config)]
    return Plot(beats=beats, acceptable=["pays_on_delivery", *DONE], setting=PHYSICAL)


@storyboard()
def late_payment(config: Config, rng: Random, variant: str) -> Plot:
    """The gateway takes its time and still answers within the deadline."""
    late = beat("capture", real(config, LATE * config.payment_deadline), waits=True, name="main")
    return Plot(beats=[*opening(config), request(config), reserve(config), late, ordering(config)], acceptable=DONE)


@storyboard()
def cancelled_and_refunded(config: Config, rng: Random, variant: str) -> Plot:
    """The customer changed his mind, and the shop did everything right."""
    back = [beat("cancel_order", config.pace.pay), beat("refund_everything", config.pace.pay)]
    return Plot(beats=[*purchase(config), *back], acceptable=["cancelled_refunded"], ships_by_itself=False)


@storyboard()
def three_submits(config: Config, rng: Random, variant: str) -> Plot:
    """Presses the button three times, then pays."""
    beats = [*opening(config), submit(config), submit(config), *paying(config), ordering(config)]
    return Plot(beats=beats, acceptable=DONE)


@storyboard("everybody", "personal")
def valid_coupon(config: Config, rng: Random, variant: str) -> Plot:
    setting = Setting(coupon=True if variant == "everybody" else "personal", physical=True)
    return healthy(config, rng).model_copy(update={"setting": setting})


@storyboard()
def other_currency(config: Config, rng: Random, variant: str) -> Plot:
    """Bought in the other market: neither the customer's usual currency nor his usual prices."""
    return healthy(config, rng).model_copy(update={"setting": Setting(abroad=True)})


@storyboard()
def large_buyer(config: Config, rng: Random, variant: str) -> Plot:
    """A large order of somebody who always orders large."""
    setting = Setting(cast="large_buyer", times_usual=1.3, physical=True, coupon=False)
    return healthy(config, rng).model_copy(update={"setting": setting})
