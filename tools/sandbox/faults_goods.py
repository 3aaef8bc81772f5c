"""Storyboards of faults about goods: stock, reservations, and the parcel's way to the customer."""

from random import Random

from tools.sandbox.beats import (
    LATE,
    MENDED,
    beat,
    capture,
    opening,
    ordering,
    purchase,
    real,
    request,
    reserve,
    storyboard,
)
from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting

PHYSICAL = Setting(physical=True)
SLOW = "bank_transfer"  # a method whose deadline is long: the customer pays in his own time


@storyboard("whole", "part")
def paid_out_of_stock(config: Config, rng: Random, variant: str) -> Plot:
    """Sold, paid, and then there is nothing on the shelf; `part`: the other lines are fine."""
    beats = [*opening(config), request(config), capture(config), beat("reserve_what_is_there"), ordering(config)]
    return Plot(
        beats=[*beats, beat("inject")],
        setting=Setting(scarce="whole" if variant == "whole" else "part", coupon=False),
        acceptable=["substituted", "partly_fulfilled", "backordered", *MENDED],
        with_owner=["paid_short_stock"],
        needs_customer=True,
    )


@storyboard("unpaid", "paid", "answer_lost")
def reservation_timeout(config: Config, rng: Random, variant: str) -> Plot:
    """The goods are there, and nobody sets them aside. `unpaid`: before the customer's bank transfer arrives;
    `answer_lost`: the shop's question got no answer, and it asks again long after the deadline."""
    deadline = config.reservation_deadline
    if variant == "unpaid":
        beats = [*opening(config), request(config, method=SLOW), beat("inject")]
        paid = beat("capture", real(config, 3 * deadline), waits=True, name="main")
        later = [paid, ordering(config)]
    else:
        soon = real(config, LATE * config.fulfilment_deadline)  # a later promise would look like a back-order
        ordered = ordering(config, promise=soon)
        beats = [*opening(config), request(config), capture(config), ordered, beat("inject")]
        again = beat("reserve_missing", real(config, 2 * deadline), waits=True)
        later = [again] if variant == "answer_lost" else []
    waiting = ["paid_short_stock", "payment_pending", "paid_no_order"]
    return Plot(beats=[*beats, *later], setting=PHYSICAL, acceptable=MENDED, with_owner=waiting)


@storyboard("shows_more", "shows_less")
def stock_inconsistent(config: Config, rng: Random, variant: str) -> Plot:
    """The storefront shows another figure than the warehouse has, and stays with it."""
    off = rng.choice((3, 5, 8)) * (1 if variant == "shows_more" else -1)
    still = beat("tell_level", real(config, 2 * config.stock_lag), waits=True)
    return Plot(
        about="sku",
        beats=[beat("start"), beat("drift", by=off), beat("inject"), still],
        acceptable=["in_step"],
        with_owner=["out_of_step"],
    )


@storyboard("not_confirmed", "shipment_exception", "late")
def fulfilment_stalled(config: Config, rng: Random, variant: str) -> Plot:
    """Paid and ordered, and then nothing: nobody confirms it, the parcel is stuck, or it is never sent."""
    beats = [*opening(config), request(config), reserve(config), capture(config)]
    beats.append(ordering(config, promise=real(config, config.promised_soon)))
    if variant == "late":
        beats.append(beat("confirm_order", config.pace.confirm))
    if variant == "shipment_exception":
        shipped = [beat("confirm_order", config.pace.confirm), beat("ship_order", config.pace.ship)]
        beats += [*shipped, beat("get_stuck", config.pace.deliver, reason=rng.choice(("damaged", "lost_in_transit")))]
    forgets = {"not_confirmed": "confirm", "late": "ship"}.get(variant)
    return Plot.model_validate(
        {
            "beats": [*beats, beat("inject")],
            "acceptable": MENDED,
            "with_owner": ["stalled"],
            "machine_repairable": variant == "not_confirmed",
            "forgets": forgets,
            "ships_by_itself": variant != "shipment_exception",
            "setting": PHYSICAL,
        }
    )


@storyboard()
def timeline_contradiction(config: Config, rng: Random, variant: str) -> Plot:
    """Delivered an hour before it left the house."""
    odd = beat("deliver_before_shipping", config.pace.confirm)
    return Plot(
        beats=[*purchase(config), odd, beat("inject")],
        human_only=True,
        acceptable=MENDED,
        with_owner=["contradictory_times", "on_hold"],
        ships_by_itself=False,
        setting=PHYSICAL,
    )
