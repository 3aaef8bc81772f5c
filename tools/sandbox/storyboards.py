"""Every fault by its code; the storyboards themselves are grouped by theme in the files beside."""

from tools.sandbox import faults_goods, faults_money, faults_people, faults_unusual
from tools.sandbox.beats import Storyboard, by_name, healthy

FAULTS: dict[str, Storyboard] = by_name(
    faults_money.paid_order_missing,
    faults_goods.paid_out_of_stock,
    faults_money.payment_failed_stock_held,
    faults_money.payment_failed,
    faults_people.price_mismatch,
    faults_people.coupon_misapplied,
    faults_people.incomplete_information,
    faults_people.minor_information_error,
    faults_people.address_inaccurate,
    faults_people.address_undeliverable,
    faults_people.account_blocked,
    faults_money.partial_payment,
    faults_money.payment_unconfirmed,
    faults_money.unpaid_order_live,
    faults_money.payment_disputed,
    faults_people.abandoned_checkout,
    faults_money.amount_mismatch,
    faults_money.duplicate_charge,
    faults_money.refund_missing,
    faults_goods.reservation_timeout,
    faults_goods.stock_inconsistent,
    faults_goods.fulfilment_stalled,
    faults_goods.timeline_contradiction,
    faults_unusual.unusual_amount,
    faults_people.repeated_submission,
    faults_people.duplicate_order,
    faults_unusual.unknown_anomaly,
)

# How often a fault comes in general traffic, relative to the others (an assumption, so that what every shop sees daily
# is not as rare as a charge-back): those not named come twice as often as the rare ones.
EVERY_DAY, ORDINARY, RARE = 3, 2, 1
FREQUENCY: dict[str, int] = {
    **dict.fromkeys(FAULTS, ORDINARY),
    **dict.fromkeys(
        (
            "abandoned_checkout",
            "coupon_misapplied",
            "incomplete_information",
            "minor_information_error",
            "paid_out_of_stock",
            "payment_failed",
            "payment_failed_stock_held",
            "payment_unconfirmed",
            "price_mismatch",
        ),
        EVERY_DAY,
    ),
    **dict.fromkeys(
        ("account_blocked", "payment_disputed", "timeline_contradiction", "unknown_anomaly", "unusual_amount"), RARE
    ),
}

__all__ = ["FAULTS", "FREQUENCY", "Storyboard", "healthy"]
