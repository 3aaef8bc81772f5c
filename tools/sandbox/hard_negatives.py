"""Orders that look broken and are not, by name; an assistant that touches them has raised a false alarm."""

from tools.sandbox import healthy_journey, healthy_money
from tools.sandbox.beats import Storyboard, by_name

HARD_NEGATIVES: dict[str, Storyboard] = by_name(
    healthy_journey.duplicate_events,
    healthy_journey.out_of_order,
    healthy_journey.lost_event,
    healthy_journey.late_within_deadline,
    healthy_money.split_payments,
    healthy_money.voucher_and_card,
    healthy_money.zero_total,
    healthy_money.rounding,
    healthy_money.retried_payment,
    healthy_money.surcharge,
    healthy_money.authorized_only,
    healthy_money.cash_on_delivery,
    healthy_journey.digital_goods,
    healthy_journey.guest_checkout,
    healthy_journey.gateway_without_checkout,
    healthy_money.no_money_at_all,
    healthy_money.pay_later,
    healthy_money.late_payment,
    healthy_money.cancelled_and_refunded,
    healthy_money.three_submits,
    healthy_money.valid_coupon,
    healthy_money.other_currency,
    healthy_money.large_buyer,
    healthy_journey.late_reservation,
    healthy_journey.late_shipment,
    healthy_journey.backordered,
    healthy_journey.split_order,
    healthy_journey.second_purchase,
    healthy_journey.brief_stock_difference,
    healthy_journey.corrected_in_time,
    healthy_journey.unusual_address,
)
