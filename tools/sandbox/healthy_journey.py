"""Hard negatives about the way of an order: its events, its times, its goods and its address."""

from random import Random

from tools.sandbox.beats import (
    DONE,
    LATE,
    beat,
    capture,
    healthy,
    opening,
    ordering,
    paying,
    purchase,
    real,
    request,
    storyboard,
)
from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting, Travel

PHYSICAL = Setting(physical=True)
LOST = ("order.created", "payment.captured", "inventory.reserved")


@storyboard()
def duplicate_events(config: Config, rng: Random, variant: str) -> Plot:
    return healthy(config, rng).model_copy(update={"travel": Travel(twice=True)})


@storyboard()
def out_of_order(config: Config, rng: Random, variant: str) -> Plot:
    return healthy(config, rng).model_copy(update={"travel": Travel(shuffle=min(0.5, config.order_deadline / 6))})


@storyboard(*LOST)
def lost_event(config: Config, rng: Random, variant: str) -> Plot:
    """The shop is fine; one event (named by the variant) is never sent."""
    return healthy(config, rng).model_copy(update={"travel": Travel(lose=[variant])})


@storyboard()
def gateway_without_checkout(config: Config, rng: Random, variant: str) -> Plot:
    """The gateway does not know the checkout: its events carry the payment's id only."""
    return healthy(config, rng).model_copy(update={"travel": Travel(anonymous=True)})


@storyboard()
def late_within_deadline(config: Config, rng: Random, variant: str) -> Plot:
    late = beat("create_order", real(config, LATE * config.order_deadline), waits=True)
    return Plot(beats=[*opening(config), *paying(config), late], acceptable=DONE)


@storyboard()
def late_reservation(config: Config, rng: Random, variant: str) -> Plot:
    """The goods are set aside late, and in time."""
    late = beat("reserve", real(config, LATE * config.reservation_deadline), waits=True)
    beats = [*opening(config), request(config), late, capture(config), ordering(config)]
    return Plot(beats=beats, acceptable=DONE, setting=PHYSICAL)


@storyboard()
def late_shipment(config: Config, rng: Random, variant: str) -> Plot:
    """The parcel leaves after it should have, and within what is tolerated."""
    soon = real(config, config.promised_soon)
    late = beat("ship_order", real(config, config.promised_soon + LATE * config.fulfilment_deadline), waits=True)
    beats = [*opening(config), *paying(config), ordering(config, promise=soon), beat("confirm_order"), late]
    return Plot(beats=beats, acceptable=DONE, setting=PHYSICAL, forgets="ship")


@storyboard()
def backordered(config: Config, rng: Random, variant: str) -> Plot:
    """Sold before it came in: the customer knows when it will be sent."""
    ordered = ordering(config, backordered=True)
    return Plot(
        beats=[*opening(config), request(config), capture(config), ordered],
        acceptable=["backordered", *DONE],
        setting=Setting(scarce="whole", coupon=False),
    )


@storyboard()
def split_order(config: Config, rng: Random, variant: str) -> Plot:
    """One checkout, sent as two orders that together are what was bought."""
    split = beat("create_order", config.pace.order, parts=2)
    setting = Setting(many=True, physical=True)
    return Plot(beats=[*opening(config), *paying(config), split], acceptable=DONE, setting=setting)


@storyboard("same_basket_later", "other_basket_at_once", "other_address")
def second_purchase(config: Config, rng: Random, variant: str) -> Plot:
    """Bought again, and meant: the same once more some time later, something else at once, or for somebody else."""
    begin, *first = purchase(config)
    who = "second"
    begin_other, *rest = purchase(config, who)
    if variant == "same_basket_later":
        later = real(config, 1.5 * config.duplicate_window)
        begin_other = begin_other.model_copy(update={"delay": later, "waits": True})
    how = {"other_basket_at_once": {"basket_is": "other"}, "other_address": {"address_is": "other"}}.get(variant, {})
    begin_other.arguments.update(how)
    return Plot(
        beats=[begin, *first, begin_other, *rest], acceptable=DONE, setting=Setting(physical=True, cast="frequent")
    )


@storyboard()
def brief_stock_difference(config: Config, rng: Random, variant: str) -> Plot:
    """The storefront lags behind the warehouse, no longer than it may."""
    catches_up = beat("catch_up", real(config, 0.4 * config.stock_lag), waits=True)
    return Plot(about="sku", beats=[beat("start"), beat("drift", by=4), catches_up], acceptable=["in_step"])


@storyboard("phone", "street")
def corrected_in_time(config: Config, rng: Random, variant: str) -> Plot:
    """The customer notices what is missing before pressing the button."""
    begin, fill_in, pressed = opening(config)
    beats = [begin, fill_in, beat("correct_address", config.pace.browse), pressed, *paying(config), ordering(config)]
    return Plot(beats=beats, acceptable=DONE, setting=Setting(physical=True, address_lacks=[variant]))


@storyboard("long_name", "country_code", "sub_lane", "in_care_of")
def unusual_address(config: Config, rng: Random, variant: str) -> Plot:
    """Rarely seen, and right."""
    return healthy(config, rng).model_copy(update={"setting": Setting(slip=variant, physical=True)})


@storyboard()
def digital_goods(config: Config, rng: Random, variant: str) -> Plot:
    """Nothing to ship, so that no address is needed."""
    return healthy(config, rng).model_copy(update={"setting": Setting(digital=True)})


@storyboard()
def guest_checkout(config: Config, rng: Random, variant: str) -> Plot:
    """Nobody's account: only a contact."""
    return healthy(config, rng).model_copy(update={"setting": Setting(guest=True)})
