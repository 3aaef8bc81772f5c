"""Which message promises what, by when, and what keeps it; the ledger writes it down when the message is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from knowledge.phrases import PhraseError, Texts, render

Words = dict[str, str]

ANSWER, OUTCOME, REFUND, DELIVERY = "answer", "outcome", "refund", "delivery"
"""Kinds by what keeps them: a later message or the end of the case; the case's end; the refund settled; shipment."""
KINDS = (ANSWER, OUTCOME, REFUND, DELIVERY)

REFUND_ARRIVES = timedelta(days=7)
"""What a refund may take from the gateway's acceptance until it is settled: five bank days and a weekend."""
ACTING = timedelta(hours=4)
"""What we take at most after a customer's time to answer has passed: a person may have to approve what follows."""


class Promised(msgspec.Struct, frozen=True):
    """What a phrase promises.

    `due` is the parameter that names the time (RFC 3339, or a date: its end in UTC); without one `within` says from
    when the message was accepted: `reply` (the customer's time to answer, and ours to act) or `refund`. `text` is
    a key of LEDGER_TEXTS.
    """

    kind: str
    text: str
    due: str = ""
    within: str = ""


_REFUND = Promised(REFUND, "refund", within="refund")
_ANSWER = Promised(ANSWER, "answer", due="expected_by")


def _outcome(text: str) -> Promised:
    return Promised(OUTCOME, text, within="reply")


PROMISED: dict[tuple[str, str], Promised] = {
    ("handoff", "handed_off"): _ANSWER,
    ("handoff", "shipment_late"): _ANSWER,
    ("handoff", "left_on_hold"): _ANSWER,
    ("handoff", "shipment_exception"): _ANSWER,
    ("promises", "answer_late"): _ANSWER,
    ("promises", "outcome_late"): _ANSWER,
    ("promises", "refund_late"): _ANSWER,
    ("promises", "delivery_late"): _ANSWER,
    ("paid_out_of_stock", "ask"): _outcome("unanswered_refund"),
    ("paid_out_of_stock", "ask_gift"): _outcome("unanswered_refund"),
    ("paid_out_of_stock", "backordered"): Promised(DELIVERY, "backordered", due="expected_on"),
    ("paid_out_of_stock", "substituted_refund"): _REFUND,
    ("paid_out_of_stock", "cut_refund"): _REFUND,
    ("paid_out_of_stock", "changed_refund"): _REFUND,
    ("paid_out_of_stock", "cancelled_refund"): _REFUND,
    ("partial_payment", "pay_rest"): _outcome("unpaid_refund"),
    ("partial_payment", "cancelled_refund"): _REFUND,
    ("unpaid_order_live", "pay_order"): _outcome("unpaid_cancelled"),
    ("unpaid_order_live", "pay_order_unheld"): _outcome("unpaid_cancelled"),
    ("unpaid_order_live", "unpaid_cancelled_refund"): _REFUND,
    ("duplicate_order", "ordered_twice"): _outcome("one_or_both"),
    ("duplicate_order", "ordered_again"): _outcome("one_or_both"),
    ("duplicate_order", "one_cancelled_refund"): _REFUND,
    ("duplicate_charge", "duplicate_refunded"): _REFUND,
    ("duplicate_charge", "duplicate_returned"): _REFUND,
    ("amount_mismatch", "amount_refunded"): _REFUND,
    ("amount_mismatch", "amount_returned"): _REFUND,
    ("amount_mismatch", "total_corrected_refund"): _REFUND,
    ("coupon_misapplied", "coupon_applied_refund"): _REFUND,
    ("price_mismatch", "price_corrected_refund"): _REFUND,
    ("refund_missing", "refund_made_good"): _REFUND,
    ("reservation_timeout", "closed_refund"): _REFUND,
    ("address_undeliverable", "cancelled_refund"): _REFUND,
}

_CEILING = "a limit on what is charged, not a deed: invariant 2 is checked all the time, an excess opens a case"
_WATCHED = "the order goes its usual way: the deadline of its next step is watched by fulfilment_stalled"
_THEIR_TURN = "begins only when the customer acts, and that event wakes the case at once"
_WHERE = "says which address the parcel goes to, no deed of ours"

NOTHING: dict[tuple[str, str], str] = {
    ("handoff", "settled"): "",
    ("followup", "ask_feedback"): "",
    ("chat", "new_words"): "",
    ("abandoned_checkout", "reminder"): "not reminding again needs no deed: a message exists once per occasion",
    ("address_inaccurate", "address_clarified"): "",
    ("address_undeliverable", "ask_pickup"): "",
    ("address_undeliverable", "ask"): "",
    ("address_undeliverable", "ask_other"): _THEIR_TURN,
    ("address_undeliverable", "pickup_set"): "",
    ("address_undeliverable", "cancelled"): "",
    ("amount_mismatch", "total_corrected"): _CEILING,
    ("coupon_misapplied", "coupon_applied"): _CEILING,
    ("coupon_misapplied", "coupon_refused"): "",
    ("coupon_misapplied", "coupon_refused_given"): "",
    ("coupon_misapplied", "coupon_refused_gift"): "",
    ("duplicate_order", "both_kept"): _WATCHED,
    ("duplicate_order", "one_cancelled"): "",
    ("incomplete_information", "ask"): _THEIR_TURN,
    ("incomplete_information", "ask_or_use"): "",
    ("incomplete_information", "address_completed"): _WHERE,
    ("minor_information_error", "address_corrected"): "",
    ("minor_information_error", "ask"): "",
    ("paid_order_missing", "order_made_good"): _WATCHED,
    ("paid_out_of_stock", "gift"): "",
    ("paid_out_of_stock", "gift_given"): "",
    ("paid_out_of_stock", "substituted"): "",
    ("paid_out_of_stock", "cut"): _CEILING,
    ("paid_out_of_stock", "changed"): "",
    ("paid_out_of_stock", "back_in_stock"): _WATCHED,
    ("paid_out_of_stock", "cancelled_uncharged"): "",
    ("payment_failed", "pay_again"): "",
    ("payment_failed", "payment_over"): "",
    ("payment_failed_stock_held", "payment_failed_retry"): "",
    ("payment_failed_stock_held", "payment_failed"): "",
    ("payment_unconfirmed", "not_confirmed_retry"): "",
    ("payment_unconfirmed", "not_confirmed"): "",
    ("price_mismatch", "price_corrected"): _CEILING,
    ("repeated_submission", "payment_help"): "",
    ("reservation_timeout", "sold_out"): "",
    ("reservation_timeout", "sold_out_alternatives"): "",
    ("reservation_timeout", "closed"): "",
    ("unpaid_order_live", "unpaid_cancelled"): "",
}
"""Phrases that promise nothing; of those whose words look ahead, why."""

LEDGER_TEXTS: Texts = {
    "answer": {
        "zh-CN": "在此之前，专人会给顾客答复",
        "en": "A colleague will have answered the customer by then",
    },
    "unanswered_refund": {
        "zh-CN": "按顾客的选择处理；未收到选择则为无法供货的部分退款",
        "en": "What the customer chooses is done; without an answer, what can't be supplied is refunded",
    },
    "unpaid_refund": {
        "zh-CN": "余款付清则继续；未付则取消并退还已付款项",
        "en": "Once the rest is paid it goes on; if it is not paid, it is cancelled and what was paid is refunded",
    },
    "unpaid_cancelled": {
        "zh-CN": "付清则继续；未付则取消订单，不扣款",
        "en": "Once it is paid the order goes on; if it is not paid, it is cancelled and nothing is charged",
    },
    "one_or_both": {
        "zh-CN": "按顾客的选择取消一单并退款，或两单都发；不选择则都发",
        "en": "One order is cancelled and refunded, or both are delivered, as the customer chooses; without an answer "
        "both are",
    },
    "refund": {"zh-CN": "退款原路退回并到账", "en": "The refund reaches the original payment method"},
    "refund_of": {
        "zh-CN": "退款 {refund} 原路退回并到账",
        "en": "The refund of {refund} reaches the original payment method",
    },
    "backordered": {"zh-CN": "缺货商品到货并发出", "en": "The back-ordered goods have come in and are on their way"},
}
"""What was promised, as the ledger words it for staff."""


def ledger_text(promised: Promised, params: Mapping[str, Any]) -> Words:
    """The promise in both languages; an amount is named where the message named it."""
    key = f"{promised.text}_of"
    named = key if key in LEDGER_TEXTS and amounts_of(params.get("refund")) else promised.text
    return {language: render(LEDGER_TEXTS, named, language, **params) for language in ("zh-CN", "en")}


def due_at(promised: Promised, params: Mapping[str, Any], now: datetime, reply_within: timedelta) -> datetime:
    """When it is due: aware UTC.

    Raises:
        PhraseError: `missing_parameter` where the parameter that says it is missing or no time.
    """
    if promised.within:
        return now + (REFUND_ARRIVES if promised.within == "refund" else reply_within + ACTING)
    value = params.get(promised.due)
    try:
        if isinstance(value, str) and len(value) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(value) + timedelta(days=1), time(), UTC)
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError) as error:
        raise PhraseError("missing_parameter", f"{promised.kind} is due by {promised.due!r}: no time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def amounts_of(value: Any) -> dict[str, int]:
    """Minor units by currency of a money parameter or a list of them; empty where it is neither."""
    sums: dict[str, int] = {}
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and {"amount", "currency"} <= one.keys():
            sums[str(one["currency"])] = sums.get(str(one["currency"]), 0) + int(one["amount"])
    return sums
