"""The vocabularies of what can be wanted: staff's questions about a case, and what customers say to the chatbot."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Audience = Literal["staff", "customer"]
Language = Literal["zh-CN", "en"]
OUT_OF_SCOPE = "out_of_scope"


class StaffIntent(StrEnum):
    """What can be asked about a case."""

    WRONG = "wrong"
    WHY = "why"
    EVIDENCE = "evidence"
    TRIED = "tried"
    NEXT = "next"
    OWNER = "owner"
    MONEY = "money"
    TOLD = "told"
    SIMILAR = "similar"
    ORDER = "order"
    DO = "do"
    GREETING = "greeting"
    OUT_OF_SCOPE = "out_of_scope"


class CustomerIntent(StrEnum):
    """What a customer may want of the chatbot; `choose`, `confirm` and `decline` answer a question of ours."""

    ORDER_STATUS = "order_status"
    WHAT_HAPPENED = "what_happened"
    REFUND_STATUS = "refund_status"
    CANCEL_ORDER = "cancel_order"
    REQUEST_REFUND = "request_refund"
    CHANGE_ADDRESS = "change_address"
    GIVE_ADDRESS = "give_address"
    CHANGE_ITEM = "change_item"
    PAYMENT_PROBLEM = "payment_problem"
    CHARGED_TWICE = "charged_twice"
    COUPON_PROBLEM = "coupon_problem"
    PRICE_PROBLEM = "price_problem"
    STOCK_QUESTION = "stock_question"
    DELIVERY_TIME = "delivery_time"
    PAY_NOW = "pay_now"
    CHOOSE = "choose"
    CONFIRM = "confirm"
    DECLINE = "decline"
    HUMAN = "human"
    COMPLAINT = "complaint"
    THANKS = "thanks"
    GREETING = "greeting"
    GOODBYE = "goodbye"
    POLICY_QUESTION = "policy_question"
    OUT_OF_SCOPE = "out_of_scope"


# Courtesy: left out beside a real wish in the same message.
SMALL_TALK: dict[Audience, frozenset[str]] = {
    "staff": frozenset({"greeting", "out_of_scope"}),
    "customer": frozenset({"greeting", "thanks", "goodbye", "out_of_scope"}),
}


def vocabulary(audience: Audience) -> tuple[str, ...]:
    """Every intent of an audience, `out_of_scope` last."""
    return tuple(intent.value for intent in (StaffIntent if audience == "staff" else CustomerIntent))


def language_of(text: str) -> Language:
    """The language a person writes in: Chinese as soon as there is a Chinese character, English otherwise."""
    return "zh-CN" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"
