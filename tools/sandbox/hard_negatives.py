"""Orders that look broken and are not: one storyboard each; an assistant that touches them has raised a
false alarm."""

from random import Random

from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting, Travel
from tools.sandbox.storyboards import (
    DONE,
    Storyboard,
    beat,
    capture,
    healthy,
    opening,
    ordering,
    paying,
    pick,
    request,
)

LATE = 0.6  # of the order deadline


def duplicate_events(config: Config, rng: Random, variant: str | None) -> Plot:
    return healthy(config, rng).model_copy(update={"travel": Travel(twice=True)})


def out_of_order(config: Config, rng: Random, variant: str | None) -> Plot:
    return healthy(config, rng).model_copy(update={"travel": Travel(shuffle=min(0.5, config.order_deadline / 6))})


def lost_event(config: Config, rng: Random, variant: str | None) -> Plot:
    """The shop is fine; one event (named by the variant) is never sent."""
    known = pick(rng, variant, ("order.created", "payment.captured", "inventory.reserved"))
    return healthy(config, rng).model_copy(update={"travel": Travel(lose=[known]), "variant": known})


def late_within_deadline(config: Config, rng: Random, variant: str | None) -> Plot:
    late = beat("create_order", LATE * config.order_deadline / config.time_scale, waits=True)
    return Plot(beats=[*opening(config), *paying(config), late], acceptable=DONE)


def split_payments(config: Config, rng: Random, variant: str | None) -> Plot:
    first = paying(config, share=rng.choice((0.3, 0.5, 0.6)))
    beats = [
        *opening(config),
        *first,
        request(config, "rest", rest=True),
        capture(config, "rest"),
        ordering(config),
    ]
    return Plot(beats=beats, acceptable=DONE)


def voucher_and_card(config: Config, rng: Random, variant: str | None) -> Plot:
    known = pick(rng, variant, ("gift_card", "points", "voucher"))
    first = paying(config, share=0.25, kind=known, method=known)
    beats = [
        *opening(config),
        *first,
        request(config, "rest", rest=True),
        capture(config, "rest"),
        ordering(config),
    ]
    return Plot(beats=beats, acceptable=DONE, variant=known)


def zero_total(config: Config, rng: Random, variant: str | None) -> Plot:
    beats = [*opening(config), beat("reserve", config.pace.reserve), ordering(config)]
    return Plot(beats=beats, acceptable=DONE, setting=Setting(free=True))


def rounding(config: Config, rng: Random, variant: str | None) -> Plot:
    """The total is one minor unit off the sum of its parts."""
    return healthy(config, rng).model_copy(update={"setting": Setting(rounding=rng.choice((-1, 1)))})


def retried_payment(config: Config, rng: Random, variant: str | None) -> Plot:
    failing = beat("fail", config.pace.capture, name="first", code="card_declined")
    beats = [*opening(config), request(config, "first"), failing, *paying(config), ordering(config)]
    return Plot(beats=beats, acceptable=DONE)


def surcharge(config: Config, rng: Random, variant: str | None) -> Plot:
    """Paid by instalments: the interest is on top of the total."""
    return Plot(
        beats=[*opening(config), *paying(config, surcharge=0.03, method="instalments"), ordering(config)],
        acceptable=DONE,
    )


def authorized_only(config: Config, rng: Random, variant: str | None) -> Plot:
    """Authorised now, captured when the parcel leaves."""
    authorised = beat("authorize", config.pace.capture, name="main")
    beats = [
        *opening(config),
        request(config),
        beat("reserve", config.pace.reserve),
        authorised,
        ordering(config),
    ]
    return Plot(beats=beats, acceptable=DONE)


def cash_on_delivery(config: Config, rng: Random, variant: str | None) -> Plot:
    asked = request(config, kind="on_delivery", method="cash")
    accepted = beat("authorize", config.pace.capture, name="main")
    beats = [*opening(config), asked, beat("reserve", config.pace.reserve), accepted, ordering(config)]
    return Plot(beats=beats, acceptable=["pays_on_delivery", "fulfilled"], setting=Setting(physical=True))


def digital_goods(config: Config, rng: Random, variant: str | None) -> Plot:
    """Nothing to ship, so that no address is needed."""
    return healthy(config, rng).model_copy(update={"setting": Setting(digital=True)})


def guest_checkout(config: Config, rng: Random, variant: str | None) -> Plot:
    """Nobody's account: only a contact."""
    return healthy(config, rng).model_copy(update={"setting": Setting(guest=True)})


def gateway_without_checkout(config: Config, rng: Random, variant: str | None) -> Plot:
    """The gateway does not know the checkout: its events carry the payment's id only."""
    return healthy(config, rng).model_copy(update={"travel": Travel(anonymous=True)})


HARD_NEGATIVES: dict[str, Storyboard] = {
    board.__name__: board
    for board in (
        duplicate_events,
        out_of_order,
        lost_event,
        late_within_deadline,
        split_payments,
        voucher_and_card,
        zero_total,
        rounding,
        retried_payment,
        surcharge,
        authorized_only,
        cash_on_delivery,
        digital_goods,
        guest_checkout,
        gateway_without_checkout,
    )
}
