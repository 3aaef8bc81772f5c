"""Storyboards of faults about what the customer sees and tells: prices, coupons, addresses, the account."""

from random import Random

from tools.sandbox.beats import DONE, MENDED, beat, opening, ordering, paying, purchase, storyboard, submit
from tools.sandbox.config import Config
from tools.sandbox.story import Plot, Setting

SLOWLY = 100.0  # natural seconds until a parcel leaves that somebody may still want to change


@storyboard("before_payment", "paid", "checkout_lower")
def price_mismatch(config: Config, rng: Random, variant: str) -> Plot:
    """Cart and checkout show different prices; `before_payment` leaves some seconds to put it right."""
    differs = -0.05 if variant == "checkout_lower" else rng.choice((0.04, 0.06, 0.08))
    setting = Setting(cart_differs=differs, coupon=False)
    if variant == "before_payment":
        pause = beat("think", config.pace.hesitate, waits=True)
        beats = [*opening(config), beat("inject"), pause, *paying(config), ordering(config)]
    else:
        beats = [*purchase(config), beat("inject")]
    return Plot(beats=beats, setting=setting, acceptable=MENDED, with_owner=["total_differs", "overpaid"])


@storyboard("discount_missing", "discount_too_small", "expired_after_shown", "used_by_dead_checkout", "not_eligible")
def coupon_misapplied(config: Config, rng: Random, variant: str) -> Plot:
    """The customer pays without a discount, or with less of it, than was shown or is due.

    `discount_missing` leaves some seconds before the payment; `not_eligible`: the coupon is somebody else's and the
    total that was shown and paid never had a discount.
    """
    begin, fill_in, pressed = opening(config)
    browse = config.pace.browse
    meanwhile = {
        "expired_after_shown": [beat("show_coupon"), beat("expire_coupon", browse)],
        "used_by_dead_checkout": [beat("begin_other", name="dead"), beat("spend_coupon", browse, who="dead")],
    }.get(variant, [])
    beats = [begin, fill_in, *meanwhile, pressed]
    if variant == "discount_missing":
        beats += [beat("inject"), beat("think", config.pace.hesitate, waits=True), *paying(config), ordering(config)]
    else:
        beats += [*paying(config), ordering(config), beat("inject")]
    return Plot(
        beats=beats,
        setting=Setting(coupon=variant, physical=True),
        acceptable=MENDED,
        with_owner=["total_differs", "overpaid"],
    )


@storyboard("open", "submitted")
def abandoned_checkout(config: Config, rng: Random, variant: str) -> Plot:
    beats = opening(config)[: 3 if variant == "submitted" else 2]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=["unpaid_released", "fulfilled"],
        needs_customer=True,
        setting=Setting(physical=True),
    )


@storyboard("suspended", "closed")
def account_blocked(config: Config, rng: Random, variant: str) -> Plot:
    """The shop blocks the account of somebody who has just paid; why is nobody's business but its own."""
    blocked = beat("block_account", config.pace.capture, status=variant)
    return Plot(
        beats=[*purchase(config), blocked, beat("inject")],
        human_only=True,
        acceptable=["cancelled_refunded"],
        with_owner=["account_blocked"],
        setting=Setting(cast="frequent", physical=True),
    )


@storyboard("implied", "phone", "recipient", "street")
def incomplete_information(config: Config, rng: Random, variant: str) -> Plot:
    """The parcel can't be sent: `implied` can be worked out from what is given, the others must be asked."""
    implied = variant == "implied"
    lacks = ["province", "city", "district"] if implied else [variant]
    return Plot(
        beats=[*purchase(config), beat("inject")],
        setting=Setting(address_lacks=lacks, text_only=implied, physical=True),
        acceptable=MENDED,
        with_owner=["undeliverable"],
        needs_customer=not implied,
    )


@storyboard("pickup_nearby", "nothing_nearby")
def address_undeliverable(config: Config, rng: Random, variant: str) -> Plot:
    """Complete, and no carrier goes there; the customer may collect it nearby, or have it sent elsewhere."""
    return Plot(
        beats=[*purchase(config), beat("inject")],
        setting=Setting(slip=variant, physical=True),
        acceptable=MENDED,
        with_owner=["undeliverable"],
        needs_customer=True,
    )


@storyboard("postcode_format", "phone_format", "fields_swapped")
def minor_information_error(config: Config, rng: Random, variant: str) -> Plot:
    """The carrier refuses it as it is written and says how it should be."""
    return Plot(
        beats=[*purchase(config), beat("inject")],
        setting=Setting(slip=variant, physical=True),
        acceptable=MENDED,
        with_owner=["undeliverable"],
    )


@storyboard("postcode_mismatch", "street_unclear")
def address_inaccurate(config: Config, rng: Random, variant: str) -> Plot:
    """The parcel will arrive all the same; there is some time to write it as the carrier does."""
    return Plot(
        beats=[*purchase(config), beat("inject")],
        setting=Setting(slip=variant, physical=True),
        acceptable=DONE,
        ships_after=SLOWLY,
    )


@storyboard("one_checkout", "several_checkouts")
def repeated_submission(config: Config, rng: Random, variant: str) -> Plot:
    """Four times the same basket, never a payment; each new checkout takes the place of the one before."""
    if variant == "one_checkout":
        beats = [*opening(config), *(submit(config) for _ in range(rng.choice((3, 4))))]
    else:
        begin, fill_in, pressed = opening(config)
        beats = [begin]
        for name in ("first", "second", "third"):
            beats += [*opening(config, who=name), beat("replace_checkout", config.pace.submit, who=name)]
        beats += [fill_in, pressed]
    return Plot(
        beats=[*beats, beat("inject")],
        acceptable=["unpaid_released", "fulfilled"],
        needs_customer=True,
        setting=Setting(physical=True, cast="frequent"),
    )


@storyboard("twice")
def duplicate_order(config: Config, rng: Random, variant: str) -> Plot:
    """The same basket bought, paid and ordered twice within a moment; what the customer wants, only he knows."""
    begin, *rest = purchase(config)
    return Plot(
        beats=[begin, *purchase(config, who="first"), *rest, beat("inject")],
        acceptable=[],
        with_owner=["fulfilled"],
        needs_customer=True,
        ships_after=1.5 * SLOWLY,
        setting=Setting(physical=True, cast="frequent"),
    )
