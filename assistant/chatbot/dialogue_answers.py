"""What an order's card says to each question of a customer: one function per wish; facts from tools alone."""

from __future__ import annotations

from collections.abc import Callable

from assistant.chatbot.dialogue import Json, Talk
from assistant.chatbot.dialogue_orders import question_of, read_order
from assistant.chatbot.texts_orders import ORDERS

_NO_ORDER = {"open": "head.unsubmitted", "expired": "head.over", "cancelled": "head.over"}
_SHOWN = 2  # deeds and promises that are told
_REMEMBERED = 4  # turns after which an order is named in full again
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
    if not any(told in turn.answer for turn in talk.past[-_REMEMBERED:]):  # nobody wants to hear it again and again
        talk.tell(told)
    if order["known_late"]:
        talk.say("known_late")


def what_is_done(talk: Talk, order: Json) -> bool:
    """What is wrong and what happens about it; False where nothing is known to be wrong."""
    case = order["case"]
    question = question_of(talk, order["checkout_id"])
    if case is None and question is None:
        return False
    if question is not None:  # a question says itself what it is about, and nothing is promised before its answer
        put_question(talk, question)
    elif case is not None:
        _case(talk, case)
    return True


def _case(talk: Talk, case: Json) -> None:
    """The case in a few sentences; told right before, only how it stands."""
    last = talk.past[-1].answer if talk.past else ""
    over = case["waiting_for"] == "nobody"
    facts = [case["sentence"]]
    if case["done"]:
        joined = _clauses(case["done"][-_SHOWN:], talk.language)
        facts.append(talk.text("done.over" if over else "done", what=joined))
    if case["promised"]:
        facts.append(talk.text("promised", what=_clauses(case["promised"][-_SHOWN:], talk.language)))
    news = [fact for fact in facts if fact not in last]
    for fact in news:
        talk.tell(fact)
    if not news:
        if over:  # what was done is the answer to what they ask now
            talk.tell(facts[-1] if case["done"] else case["now"] or case["sentence"])
        else:
            talk.say("unchanged")
            talk.tell(case["now"] or case["sentence"])
        if case["waiting_for"] == "person":
            talk.say("offer_person")
    _expectation(talk, case)


def _clauses(clauses: list[str], language: str) -> str:
    return ("，" if language == "zh-CN" else "; ").join(clauses)


def _expectation(talk: Talk, case: Json) -> None:
    waiting, at = case["waiting_for"], case["expected_by"]
    if waiting == "customer":
        talk.say("expected.customer_by" if at else "expected.customer", at=at)
    elif waiting == "person" and at and at not in " ".join(talk.lines):
        talk.say("expected.person", owner=case["owner"] or talk.text("colleague"), at=at)
    elif waiting == "us" and at:
        talk.say("expected.us", at=at)


def put_question(talk: Talk, question: Json, *, only_these: bool = False) -> None:
    """What we asked the customer, with its options as buttons or its link."""
    told = bool(talk.past) and question["text"] in talk.past[-1].answer
    if question["link"]:
        _put_link(talk, question, told)
        return
    if not told:
        talk.tell(question["text"])
    if question["options"] and not talk.proposed:
        talk.need("answer_question", dedupe_key=question["dedupe_key"], choice="")
        talk.say("options.all" if only_these else "options.which" if told else "options.head")
        for place, option in enumerate(question["options"], 1):
            talk.say("options.item", place=place, label=option["label"])
        talk.say("options.ask")
        talk.proposed = True
    waiting = talk.need("open_questions").get("wants_address") or []
    if any(one["checkout_id"] == question["checkout_id"] for one in waiting):
        talk.say("address.send_here")


def _put_link(talk: Talk, question: Json, told: bool) -> None:
    """A question that a link answers; its options are what else can be done, and stand on the buttons."""
    if told:
        talk.say("pay.link", link=question["link"])
    else:
        talk.tell(question["text"])
        if question["link"] not in question["text"]:
            talk.say("question.link", link=question["link"])
    if question["options"] and not talk.proposed:
        talk.need("answer_question", dedupe_key=question["dedupe_key"], choice="")
        talk.proposed = True


def _shipping(talk: Talk, order: Json) -> None:
    status = order["status"]
    if status == "shipped":
        if talk.text("ship.sent") not in (talk.past[-1].answer if talk.past else ""):
            talk.say("ship.sent")
    elif status == "on_hold":
        talk.say("ship.held")
    elif status in _BEFORE_SHIPPING and order["expected_ship_at"]:
        talk.say("ship.overdue" if order["ship_overdue"] else "ship.expected", at=order["expected_ship_at"])
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
        failed = not taken and all(one["status"] in ("failed", "cancelled", "expired") for one in order["payments"])
        if failed and order["case"] is None:  # else the case says it
            talk.say("payments.failed")
        if not failed or len(order["payments"]) > 1:
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
        _not_taken(talk, order)
    elif len(taken) == 1:
        talk.say("charged.once", amount=taken[0])
    else:
        talk.say("charged.more", count=len(taken), amounts=taken)
    for payment in order["payments"]:
        _refunded(talk, payment)
    what_is_done(talk, order)


def _not_taken(talk: Talk, order: Json) -> None:
    """Nothing was charged; a payment that is neither over nor taken is named with its state."""
    talk.say("charged.nothing" if order["payments"] else "payments.none")
    if any(one["status"] not in ("failed", "cancelled", "expired") for one in order["payments"]):
        _payments(talk, order)


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
        put_question(talk, question)
        return
    if order["status"] == "expired" and question is None:
        talk.say("pay.over")
        return
    talk.say("pay.none")
    what_is_done(talk, order)


_ANSWERS: dict[str, Callable[[Talk, Json], None]] = {
    "order_status": _status, "what_happened": _what_happened, "refund_status": _refund, "payment_problem": _payment,
    "charged_twice": _charged_twice, "coupon_problem": _coupon, "price_problem": _price, "stock_question": _stock,
    "delivery_time": _delivery, "pay_now": _pay,
}  # fmt: skip
