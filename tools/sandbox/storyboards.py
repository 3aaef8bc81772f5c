"""The storyboards: what happens, beat by beat, in a healthy order, in each fault and in each hard
negative."""

from collections.abc import Callable
from random import Random
from typing import Any

from tools.sandbox.config import Config
from tools.sandbox.story import Beat, Plot, Setting, Travel

DONE = ["fulfilled"]
MENDED = ["fulfilled", "cancelled_refunded"]
Storyboard = Callable[[Config, Random, str | None], Plot]


def beat(verb: str, delay: float = 0.0, waits: bool = False, **arguments: Any) -> Beat:
    return Beat(verb=verb, delay=delay, waits=waits, arguments=arguments)


def opening(config: Config, window: float | None = None) -> list[Beat]:
    pace = config.pace
    return [
        beat("start"),
        beat("fill_in", pace.browse),
        beat("submit", pace.submit, window=window or pace.payment_window),
    ]


def request(config: Config, name: str = "main", **how: Any) -> Beat:
    return beat("request_payment", config.pace.pay, name=name, **how)


def capture(config: Config, name: str = "main") -> Beat:
    return beat("capture", config.pace.capture, name=name)


def paying(config: Config, **how: Any) -> list[Beat]:
    return [request(config, **how), beat("reserve", config.pace.reserve), capture(config)]


def ordering(config: Config) -> Beat:
    return beat("create_order", config.pace.order)


def pick(rng: Random, variant: str | None, known: tuple[str, ...]) -> str:
    """The variant asked for, else one drawn; an unknown one is a ValueError."""
    drawn = rng.choice(known)
    if variant is None:
        return drawn
    if variant not in known:
        raise ValueError(f"unknown variant {variant!r}; known: {', '.join(known)}")
    return variant


def healthy(config: Config, rng: Random, variant: str | None = None) -> Plot:
    return Plot(beats=[*opening(config), *paying(config), ordering(config)], acceptable=DONE)


# -- faults
# ------------------------------------------------------------------------------------------------------


def paid_order_missing(config: Config, rng: Random, variant: str | None) -> Plot:
    """The gateway's webhook was lost inside the shop: the money is there, nobody creates the order;
    `late`: somebody does at last, long after the deadline, perhaps amid a repair."""
    known = pick(rng, variant, ("captured", "authorized", "late"))
    taking = beat("authorize", config.pace.capture, name="main") if known == "authorized" else capture(config)
    beats = [*opening(config), request(config), beat("reserve", config.pace.reserve), taking, beat("inject")]
    if known == "late":
        beats.append(beat("create_order", 2 * config.order_deadline / config.time_scale, waits=True))
    return Plot(beats=beats, variant=known, acceptable=MENDED, webhook_lost=True, setting=Setting(physical=True))


def paid_out_of_stock(config: Config, rng: Random, variant: str | None) -> Plot:
    """Sold, paid, and then there is nothing on the shelf; `part`: the other lines are fine."""
    known = pick(rng, variant, ("whole", "part"))
    beats = [
        *opening(config),
        request(config),
        capture(config),
        beat("reserve_what_is_there"),
        ordering(config),
    ]
    return Plot(
        beats=[*beats, beat("inject")],
        setting=Setting(scarce="whole" if known == "whole" else "part", coupon=False),
        variant=known,
        acceptable=["substituted", "partly_fulfilled", "backordered", *MENDED],
    )


def payment_failed_stock_held(config: Config, rng: Random, variant: str | None) -> Plot:
    code = pick(rng, variant, ("card_declined", "insufficient_funds", "authentication_failed"))
    beats = [
        *opening(config, config.pace.failed_window),
        request(config),
        beat("reserve", config.pace.reserve, forever=True),
        beat("fail", config.pace.capture, name="main", code=code),
        beat("inject"),
    ]
    return Plot(
        beats=beats,
        variant=code,
        acceptable=["unpaid_released", "fulfilled"],
        stuck_hold=True,
        setting=Setting(physical=True),
    )


def price_mismatch(config: Config, rng: Random, variant: str | None) -> Plot:
    """Cart and checkout show different prices; `before_payment` leaves some seconds to put it right."""
    known = pick(rng, variant, ("before_payment", "paid", "checkout_lower"))
    setting = Setting(cart_differs=-0.05 if known == "checkout_lower" else rng.choice((0.04, 0.06, 0.08)), coupon=False)
    if known == "before_payment":
        pause = beat("think", config.pace.hesitate, waits=True)
        beats = [*opening(config), beat("inject"), pause, *paying(config), ordering(config)]
    else:
        beats = [*opening(config), *paying(config), ordering(config), beat("inject")]
    return Plot(beats=beats, setting=setting, variant=known, acceptable=MENDED)


def incomplete_information(config: Config, rng: Random, variant: str | None) -> Plot:
    """The parcel can't be sent: `implied` can be worked out from what is given, the others must be asked."""
    known = pick(rng, variant, ("implied", "phone", "recipient", "street"))
    lacks = ["province", "city", "district"] if known == "implied" else [known]
    setting = Setting(address_lacks=lacks, text_only=known == "implied", physical=True)
    beats = [*opening(config), *paying(config), ordering(config), beat("inject")]
    return Plot(beats=beats, setting=setting, variant=known, acceptable=MENDED)


def partial_payment(config: Config, rng: Random, variant: str | None) -> Plot:
    known = pick(rng, variant, ("second_failed", "never_asked"))
    beats = [*opening(config), *paying(config, share=rng.choice((0.4, 0.5, 0.7)))]
    if known == "second_failed":
        rest = request(config, "rest", rest=True)
        beats += [rest, beat("fail", config.pace.capture, name="rest", code="insufficient_funds")]
    return Plot(beats=[*beats, beat("inject")], variant=known, acceptable=MENDED, setting=Setting(physical=True))


def payment_unconfirmed(config: Config, rng: Random, variant: str | None) -> Plot:
    """The gateway does not say what became of the payment; asked, it knows (or still waits for the bank)."""
    known = pick(rng, variant, ("captured", "failed", "pending"))
    beats = [*opening(config), request(config), beat("reserve", config.pace.reserve)]
    lose: list[str] = []
    if known == "captured":
        beats, lose = [*beats, capture(config)], ["payment.captured"]
    if known == "failed":
        failing = beat("fail", config.pace.capture, name="main", code="card_declined")
        beats, lose = [*beats, failing], ["payment.failed"]
    acceptable = [*MENDED] if known == "captured" else [*MENDED, "unpaid_released"]
    return Plot(
        beats=[*beats, beat("inject")],
        variant=known,
        acceptable=acceptable,
        travel=Travel(lose=lose),
        webhook_lost=known == "captured",
        stuck_hold=True,
        setting=Setting(physical=True),
    )


def abandoned_checkout(config: Config, rng: Random, variant: str | None) -> Plot:
    known = pick(rng, variant, ("open", "submitted"))
    beats = opening(config)[: 3 if known == "submitted" else 2]
    return Plot(
        beats=[*beats, beat("inject")],
        variant=known,
        acceptable=["unpaid_released", "fulfilled"],
        setting=Setting(physical=True),
    )


def amount_mismatch(config: Config, rng: Random, variant: str | None) -> Plot:
    """Captured a little more than agreed, or the order's total is not what was agreed at submit."""
    known = pick(rng, variant, ("captured_more", "order_total"))
    extra = rng.randint(150, 450)
    if known == "captured_more":
        beats = [*opening(config), *paying(config, extra=extra), ordering(config)]
    else:
        beats = [*opening(config), *paying(config), ordering(config), beat("misprice_order", extra=extra)]
    return Plot(
        beats=[*beats, beat("inject")],
        variant=known,
        machine_repairable=False,
        setting=Setting(physical=True),
        acceptable=[*MENDED, "overpaid+owner", "total_differs+owner"],
    )


def duplicate_charge(config: Config, rng: Random, variant: str | None) -> Plot:
    beats = [
        *opening(config),
        *paying(config),
        request(config, "again"),
        capture(config, "again"),
        ordering(config),
    ]
    return Plot(
        beats=[*beats, beat("inject")],
        machine_repairable=False,
        acceptable=[*MENDED, "overpaid+owner"],
        setting=Setting(physical=True),
    )


def refund_missing(config: Config, rng: Random, variant: str | None) -> Plot:
    """Cancelled, and the money kept; `late_capture`: taken after the checkout had expired."""
    known = pick(rng, variant, ("order_cancelled", "late_capture"))
    if known == "order_cancelled":
        beats = [
            *opening(config),
            *paying(config),
            ordering(config),
            beat("cancel_order", config.pace.confirm),
        ]
    else:
        beats = [
            *opening(config),
            request(config),
            beat("expire_checkout", config.pace.capture),
            capture(config),
        ]
    return Plot(
        beats=[*beats, beat("inject")],
        variant=known,
        machine_repairable=False,
        acceptable=["cancelled_refunded", "kept_money+owner"],
        setting=Setting(physical=True),
    )


def timeline_contradiction(config: Config, rng: Random, variant: str | None) -> Plot:
    """Delivered an hour before it left the house."""
    beats = [
        *opening(config),
        *paying(config),
        ordering(config),
        beat("deliver_before_shipping", config.pace.confirm),
    ]
    return Plot(
        beats=[*beats, beat("inject")],
        machine_repairable=False,
        acceptable=["contradictory_times+owner", *MENDED],
        ships_by_itself=False,
        setting=Setting(physical=True),
    )


FAULTS: dict[str, Storyboard] = {
    board.__name__: board
    for board in (
        paid_order_missing,
        paid_out_of_stock,
        payment_failed_stock_held,
        price_mismatch,
        incomplete_information,
        partial_payment,
        payment_unconfirmed,
        abandoned_checkout,
        amount_mismatch,
        duplicate_charge,
        refund_missing,
        timeline_contradiction,
    )
}
