"""What an order's card says to each question of a customer: one function per wish; facts from tools alone."""

from __future__ import annotations

from collections.abc import Callable

from assistant.chatbot.dialogue import Json, Talk
from assistant.chatbot.dialogue_orders import question_of, read_order
from assistant.chatbot.texts_orders import ORDERS

_NO_ORDER = {"open": "head.unsubmitted", "expired": "head.over", "cancelled": "head.over"}
_SHOWN = 2  # deeds and promises that are told
_BEFORE_SHIPPING = ("created", "confirmed", "submitted", "completed")


def answer_about(talk: Talk, intent: str, ref: str) -> Json | None:
    """Says what the order's card says to this question; the order, None when there is none of this name."""
    order = read_order(talk, ref)
    if order is not None:
        _ANSWERS[intent](talk, order)
    return order


# -- parts of an answer ---------------------------------------------------------------------------------------------


def head(talk: Talk, order: Json) -> None:
    """Which order it is, its state and total."""
    status = str(order["status"])
    key = "head" if f"status.{status}" in ORDERS else "head.unknown"
    if order["order_id"] is None and status != "unknown":
        key = _NO_ORDER.get(status, "head.no_order")
    words = talk.text(f"status.{status}") if key in ("head", "head.over") else ""
    told = talk.text(key, ref=order["ref"], goods=order["goods"], status=words, total=order["total"])
    if not (talk.past and told in talk.past[-1].answer):  # nobody wants to hear it twice in a row
        talk.tell(told)
    if order["known_late"]:
        talk.say("known_late")


def what_is_done(talk: Talk, order: Json) -> bool:
    """What is wrong and what happens about it; False where nothing is known to be wrong."""
    case = order["case"]
    question = question_of(talk, order["checkout_id"])
    if case is None and question is None:
        return False
    if case is not None:
        if question is None:  # a question says itself what it is about
            talk.tell(case["sentence"])
        for deed in case["done"][-_SHOWN:]:
            talk.say("done", what=deed)
        for promise in case["promised"][-_SHOWN:]:
            talk.say("promised", what=promise)
    if question is not None:
        put_question(talk, question)
    elif case is not None:
        _expectation(talk, case)
    return True


def _expectation(talk: Talk, case: Json) -> None:
    waiting, at = case["waiting_for"], case["expected_by"]
    if waiting == "customer":
        talk.say("expected.customer_by" if at else "expected.customer", at=at)
    elif waiting == "person" and at:
        talk.say("expected.person", owner=case["owner"] or talk.text("colleague"), at=at)
    elif waiting == "us" and at:
        talk.say("expected.us", at=at)


def put_question(talk: Talk, question: Json, *, only_these: bool = False) -> None:
    """What we asked the customer, with its options as buttons or its link."""
    talk.tell(question["text"])
    if question["options"] and not talk.proposed:
        talk.need("answer_question", dedupe_key=question["dedupe_key"], choice="")
        talk.say("options.all" if only_these else "options.head")
        for place, option in enumerate(question["options"], 1):
            talk.say("options.item", place=place, label=option["label"])
        talk.say("options.ask")
        talk.proposed = True
    if question["link"]:
        talk.say("question.link", link=question["link"])


def _shipping(talk: Talk, order: Json) -> None:
    status = order["status"]
    if status == "shipped":
        talk.say("ship.sent")
    elif status == "on_hold":
        talk.say("ship.held")
    elif status in _BEFORE_SHIPPING and order["expected_ship_at"]:
        talk.say("ship.expected", at=order["expected_ship_at"])
    elif status in _BEFORE_SHIPPING:
        talk.say("ship.unknown")


def _taken(order: Json) -> list[Json]:
    return [payment for payment in order["payments"] if payment["status"] == "captured"]


# -- one answer per wish --------------------------------------------------------------------------------------------


def _status(talk: Talk, order: Json) -> None:
    head(talk, order)
    if not what_is_done(talk, order):
        _shipping(talk, order)


def _what_happened(talk: Talk, order: Json) -> None:
    head(talk, order)
    if not what_is_done(talk, order):
        talk.say("nothing_wrong")


def _delivery(talk: Talk, order: Json) -> None:
    head(talk, order)
    _shipping(talk, order)
    what_is_done(talk, order)


def _refund(talk: Talk, order: Json) -> None:
    head(talk, order)
    found = False
    for payment in order["payments"]:
        found = _refunded(talk, payment) or found
    if not found:
        talk.say("refund.none" if _taken(order) else "refund.not_charged")
    what_is_done(talk, order)


def _refunded(talk: Talk, payment: Json) -> bool:
    """What went back of this payment, and what is on its way; False for nothing."""
    done, pending = payment["refunded"], payment["refund_pending"]
    if done:
        talk.say("refund.done", amount=payment["amount"], refunded=done)
    if pending:
        talk.say("refund.pending", amount=payment["amount"], pending=pending)
    return bool(done or pending)


def _payment(talk: Talk, order: Json) -> None:
    taken = _taken(order)
    if taken and order["order_id"] is None:
        talk.say("payments.taken_no_order", amount=taken[0]["amount"])
    elif order["payments"]:
        head(talk, order)
        if not taken and all(one["status"] in ("failed", "cancelled", "expired") for one in order["payments"]):
            talk.say("payments.failed")
        _payments(talk, order)
    else:
        head(talk, order)
        talk.say("payments.none")
    what_is_done(talk, order)


def _payments(talk: Talk, order: Json) -> None:
    talk.say("payments.head")
    for payment in order["payments"]:
        status = payment["status_text"] or payment["status"]
        talk.lines.append(talk.text("payments.item", amount=payment["amount"], status=status))


def _charged_twice(talk: Talk, order: Json) -> None:
    head(talk, order)
    taken = [payment["amount"] for payment in _taken(order)]
    if not taken:
        talk.say("payments.failed" if order["payments"] else "payments.none")
    elif len(taken) == 1:
        talk.say("charged.once", amount=taken[0])
    else:
        talk.say("charged.more", count=len(taken), amounts=taken)
    for payment in order["payments"]:
        _refunded(talk, payment)
    what_is_done(talk, order)


def _coupon(talk: Talk, order: Json) -> None:
    head(talk, order)
    if not what_is_done(talk, order):
        talk.say("coupon.nothing")


def _price(talk: Talk, order: Json) -> None:
    head(talk, order)
    if not what_is_done(talk, order):
        talk.say("price.nothing")
        for line in order["lines"]:
            talk.say("prices", title=line["title"], quantity=line["quantity"], price=line["unit_price"])


def _stock(talk: Talk, order: Json) -> None:
    question = question_of(talk, order["checkout_id"])
    if question is not None and question["options"]:
        put_question(talk, question, only_these=True)
        return
    head(talk, order)
    if not what_is_done(talk, order):
        talk.say("options.none")


def _pay(talk: Talk, order: Json) -> None:
    head(talk, order)
    question = question_of(talk, order["checkout_id"])
    if question is not None and question["link"]:
        talk.say("pay.link", link=question["link"])
        return
    talk.say("pay.none")
    what_is_done(talk, order)


_ANSWERS: dict[str, Callable[[Talk, Json], None]] = {
    "order_status": _status, "what_happened": _what_happened, "refund_status": _refund, "payment_problem": _payment,
    "charged_twice": _charged_twice, "coupon_problem": _coupon, "price_problem": _price, "stock_question": _stock,
    "delivery_time": _delivery, "pay_now": _pay,
}  # fmt: skip
