"""Storyboards of what is no error and yet not usual: an amount, payments from nowhere, an odd combination."""

from random import Random

from tools.sandbox.beats import beat, capture, opening, ordering, purchase, request, reserve, storyboard, submit
from tools.sandbox.config import Config
from tools.sandbox.story import Beat, Plot, Setting, Travel

FAR = 120.0  # times what the customer usually spends
PIECES = (("points", 0.07), ("voucher", 0.11), ("gift_card", 0.13), ("points", 0.05), ("voucher", 0.03))


@storyboard()
def unusual_amount(config: Config, rng: Random, variant: str) -> Plot:
    """Somebody who never spends much orders for a fortune; the shop waits for somebody to look at it."""
    return Plot(
        beats=[*purchase(config), beat("inject")],
        human_only=True,
        acceptable=["cancelled_refunded"],
        with_owner=["fulfilled", "on_hold"],
        ships_by_itself=False,
        setting=Setting(cast="frequent", times_usual=FAR, physical=True, coupon=False),
    )


@storyboard("stray_payment", "odd_combination")
def unknown_anomaly(config: Config, rng: Random, variant: str) -> Plot:
    """`stray_payment`: the gateway tells of a payment that nobody knows; `odd_combination`: everything adds up,
    in a way that no order ever did."""
    return _stray_payment(config) if variant == "stray_payment" else _odd_combination(config)


def _stray_payment(config: Config) -> Plot:
    told = [beat("tell_stray", config.pace.pay, kind=f"payment.{kind}") for kind in ("requested", "captured")]
    return Plot(
        about="payment",
        beats=[beat("start"), *told, beat("inject")],
        human_only=True,
        with_owner=["stray_payment"],
        travel=Travel(anonymous=True),
    )


def _odd_combination(config: Config) -> Plot:
    beats: list[Beat] = [*opening(config), submit(config), beat("reject_and_accept_address"), reserve(config)]
    for number, (kind, share) in enumerate(PIECES):
        name = f"piece{number}"
        beats += [request(config, name, share=share, kind=kind, method=kind), capture(config, name)]
    beats += [request(config, "rest", rest=True, surcharge=0.19, method="cheque"), capture(config, "rest")]
    beats.append(ordering(config))
    for _ in range(4):
        beats += [beat("hold_order", config.pace.pay), beat("unhold_order", config.pace.pay)]
    return Plot(
        beats=[*beats, beat("inject")],
        human_only=True,
        acceptable=["cancelled_refunded"],
        with_owner=["fulfilled", "on_hold"],
        ships_by_itself=False,
        setting=Setting(many=True, physical=True, coupon=True),
    )
