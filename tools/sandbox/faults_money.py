"""Storyboards of faults about money: payments, charges, refunds and totals."""

from random import Random

from tools.sandbox.beats import (
    MENDED,
    beat,
    capture,
    fail,
    opening,
    ordering,
    paying,
    purchase,
    real,
    request,
    reserve,
    storyboard,
)
from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting, Travel

PHYSICAL = Setting(physical=True)
FAILURES = ("card_declined", "insufficient_funds", "authentication_failed")


@storyboard("captured", "authorized", "late")
def paid_order_missing(config: Config, rng: Random, variant: str) -> Plot:
    """The gateway's webhook was lost inside the shop: the money is there, nobody creates the order;
    `late`: somebody does at last, long after the deadline, perhaps amid a repair."""
    taking = beat("authorize", config.pace.capture, name="main") if variant == "authorized" else capture(config)
    beats = [*opening(config), request(config), reserve(config), taking, beat("inject")]
    if variant == "late":
        beats.append(beat("create_order", real(config, 2 * config.order_deadline), waits=True))
    return Plot(
        beats=beats, acceptable=MENDED, with_owner=["paid_no_order"], webhook_lost=True, setting=PHYSICAL
    )


@storyboard(*FAILURES)
def payment_failed_stock_held(config: Config, rng: Random, variant: str) -> Plot:
    beats = [
        *opening(config, config.pace.failed_window),
        request(config),
        reserve(config, forever=True),
        fail(config, code=variant),
        beat("inject"),
    ]
    return Plot(
        beats=beats,
        acceptable=["unpaid_released", "fulfilled"],
        with_owner=["unpaid_held"],
        stuck_hold=True,
        setting=PHYSICAL,
    )


@storyboard(*FAILURES)
def payment_failed(config: Config, rng: Random, variant: str) -> Plot:
    """The payment failed before anything was set aside, and the customer doesn't try again by himself."""
    beats = [*opening(config), request(config), fail(config, code=variant), beat("inject")]
    return Plot(beats=beats, acceptable=["unpaid_released", "fulfilled"], needs_customer=True, setting=PHYSICAL)


@storyboard("captured", "failed", "pending")
def payment_unconfirmed(config: Config, rng: Random, variant: str) -> Plot:
    """The gateway does not say what became of the payment; asked, it knows (or still waits for the bank)."""
    beats = [*opening(config), request(config), reserve(config)]
    lose: list[str] = []
    if variant == "captured":
        beats, lose = [*beats, capture(config)], ["payment.captured"]
    if variant == "failed":
        beats, lose = [*beats, fail(config)], ["payment.failed"]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=MENDED if variant == "captured" else [*MENDED, "unpaid_released"],
        with_owner=["paid_no_order", "payment_pending", "unpaid_held"],
        travel=Travel(lose=lose),
        webhook_lost=variant == "captured",
        stuck_hold=True,
        setting=PHYSICAL,
    )


@storyboard("second_failed", "never_asked")
def partial_payment(config: Config, rng: Random, variant: str) -> Plot:
    beats = [*opening(config), *paying(config, share=rng.choice((0.4, 0.5, 0.7)))]
    if variant == "second_failed":
        beats += [request(config, "rest", rest=True), fail(config, "rest", "insufficient_funds")]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=MENDED,
        with_owner=["underpaid"],
        needs_customer=True,
        setting=PHYSICAL,
    )


@storyboard("failed", "never_requested")
def unpaid_order_live(config: Config, rng: Random, variant: str) -> Plot:
    """A careless shop lets the order go ahead: the payment failed, or nobody ever asked for it."""
    unpaid = [request(config), fail(config)] if variant == "failed" else []
    beats = [*opening(config), reserve(config), *unpaid, beat("order_unpaid", config.pace.order)]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=["fulfilled", "unpaid_released"],
        with_owner=["underpaid"],
        needs_customer=True,
        setting=PHYSICAL,
    )


@storyboard("before_shipping", "after_delivery", "part")
def payment_disputed(config: Config, rng: Random, variant: str) -> Plot:
    """The customer's bank takes the money back; `part`: some of it."""
    gone = [beat("ship_and_deliver", config.pace.confirm)] if variant == "after_delivery" else []
    charge_back = beat("dispute", config.pace.capture, name="main", share=0.4 if variant == "part" else 1.0)
    return Plot(
        beats=[*purchase(config), *gone, charge_back, beat("inject")],
        human_only=True,
        with_owner=["disputed"],
        ships_by_itself=False,
        setting=PHYSICAL,
    )


@storyboard("captured_more", "order_total")
def amount_mismatch(config: Config, rng: Random, variant: str) -> Plot:
    """Captured a little more than agreed, or the order's total is not what was agreed at submit."""
    extra = rng.choice((777, 1_050, 2_345))
    if variant == "captured_more":
        beats = [*opening(config), *paying(config, extra=extra), ordering(config)]
    else:
        beats = [*purchase(config), beat("misprice_order", extra=extra)]
    return Plot(
        beats=[*beats, beat("inject")], setting=PHYSICAL, acceptable=MENDED, with_owner=["overpaid", "total_differs"]
    )


@storyboard()
def duplicate_charge(config: Config, rng: Random, variant: str) -> Plot:
    again = [request(config, "again"), capture(config, "again")]
    beats = [*opening(config), *paying(config), *again, ordering(config), beat("inject")]
    return Plot(beats=beats, acceptable=MENDED, with_owner=["overpaid"], setting=PHYSICAL)


@storyboard("order_cancelled", "late_capture")
def refund_missing(config: Config, rng: Random, variant: str) -> Plot:
    """Cancelled, and the money kept; `late_capture`: taken after the checkout had expired."""
    if variant == "order_cancelled":
        beats = [*purchase(config), beat("cancel_order", config.pace.confirm)]
    else:
        expiry = beat("expire_checkout", config.pace.capture)
        beats = [*opening(config), request(config), expiry, capture(config)]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=["cancelled_refunded"],
        with_owner=["kept_money"],
        setting=PHYSICAL,
    )
