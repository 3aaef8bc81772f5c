"""Which message says that what was done; before one leaves it is compared with the ledger and the read-backs.

A test reads every phrase as the promise guard reads it (`knowledge.talk.claims`), in both languages, and demands that
this table, PROMISED and NOTHING name everything found.
"""

from __future__ import annotations

CLAIMED: dict[tuple[str, str], frozenset[str]] = {
    (source, phrase): frozenset(deeds.split())
    for source, phrase, deeds in (
        ("address_inaccurate", "address_clarified", "address"),
        ("address_undeliverable", "pickup_set", "address"),
        ("address_undeliverable", "cancelled_refund", "cancel refund"),
        ("address_undeliverable", "cancelled", "cancel no_charge"),
        ("amount_mismatch", "amount_refunded", "refund"),
        ("amount_mismatch", "amount_returned", "refund handle"),
        ("amount_mismatch", "total_corrected", "price"),
        ("amount_mismatch", "total_corrected_refund", "price refund"),
        ("chat", "new_words", "contact"),
        ("coupon_misapplied", "coupon_applied", "handle"),
        ("coupon_misapplied", "coupon_applied_refund", "handle refund"),
        ("coupon_misapplied", "coupon_refused_given", "coupon"),
        ("coupon_misapplied", "coupon_refused_gift", "coupon"),
        ("duplicate_charge", "duplicate_refunded", "refund"),
        ("duplicate_charge", "duplicate_returned", "refund"),
        ("duplicate_order", "one_cancelled", "cancel no_charge"),
        ("duplicate_order", "one_cancelled_refund", "cancel refund"),
        ("followup", "ask_feedback", "handle"),
        ("handoff", "handed_off", "hand_over"),
        ("handoff", "shipment_late", "hand_over"),
        ("handoff", "left_on_hold", "hand_over"),
        ("handoff", "shipment_exception", "hand_over"),
        ("handoff", "settled", "hand_over handle"),
        ("incomplete_information", "address_completed", "address"),
        ("minor_information_error", "address_corrected", "address"),
        ("paid_order_missing", "order_made_good", "charge create_order"),
        ("paid_out_of_stock", "gift", "coupon"),
        ("paid_out_of_stock", "gift_given", "coupon"),
        ("paid_out_of_stock", "substituted", "replace"),
        ("paid_out_of_stock", "substituted_refund", "replace refund"),
        ("paid_out_of_stock", "cut", "cancel"),
        ("paid_out_of_stock", "cut_refund", "cancel refund"),
        ("paid_out_of_stock", "changed", "handle"),
        ("paid_out_of_stock", "changed_refund", "handle refund"),
        ("paid_out_of_stock", "back_in_stock", "reserve"),
        ("paid_out_of_stock", "cancelled_refund", "cancel refund"),
        ("paid_out_of_stock", "cancelled_uncharged", "cancel no_charge"),
        ("partial_payment", "pay_rest", "charge"),
        ("partial_payment", "cancelled_refund", "cancel refund"),
        ("payment_failed", "pay_again", "no_charge"),
        ("payment_failed", "payment_over", "no_charge"),
        ("payment_failed_stock_held", "payment_failed_retry", "no_charge release"),
        ("payment_failed_stock_held", "payment_failed", "no_charge release"),
        ("payment_unconfirmed", "not_confirmed_retry", "cancel no_charge"),
        ("payment_unconfirmed", "not_confirmed", "cancel no_charge"),
        ("price_mismatch", "price_corrected", "price"),
        ("price_mismatch", "price_corrected_refund", "price refund"),
        ("refund_missing", "refund_made_good", "refund"),
        ("repeated_submission", "payment_help", "no_charge"),
        ("reservation_timeout", "sold_out", "no_charge"),
        ("reservation_timeout", "sold_out_alternatives", "no_charge"),
        ("reservation_timeout", "closed", "cancel no_charge"),
        ("reservation_timeout", "closed_refund", "cancel refund"),
        ("unpaid_order_live", "pay_order", "hold"),
        ("unpaid_order_live", "unpaid_cancelled", "cancel no_charge"),
        ("unpaid_order_live", "unpaid_cancelled_refund", "cancel refund"),
    )
}  # fmt: skip
"""Deeds of `knowledge.talk.deeds`; a phrase that is not here says of nothing that it was done."""

PROVEN = frozenset({"refund", "cancel", "replace", "create_order", "coupon", "release", "reserve", "address", "price",
                    "hold"})  # fmt: skip
"""Deeds that leave something to prove them by: an effect of ours, or what a system says. The others are judged by how
the case stands (`hand_over`, `handle`), or say nothing that a customer could lose by."""
