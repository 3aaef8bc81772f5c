"""The dialogue about changes: options, addresses, requests, hand-overs; each is proposed by a tool that asks first."""

from __future__ import annotations

import re

from assistant.chatbot import consent
from assistant.chatbot.dialogue import Failed, Json, Talk
from assistant.chatbot.dialogue_answers import head, put_question
from assistant.chatbot.dialogue_orders import question_of, read_order
from assistant.chatbot.spoken import sentence
from knowledge.phrases import field_names
from knowledge.talk.choosing import choose

REQUESTS = {
    "cancel_order": "cancel", "request_refund": "refund", "change_address": "change_address",
    "change_item": "change_item",
}  # fmt: skip
_CANCELS = re.compile(r"取消|\bcancel\b", re.IGNORECASE)
_STILL_OPEN = 2  # turns after an address was taken in which its question may not be closed yet
_WORDS = 300  # characters of a message that go along with a hand-over


# -- a person -------------------------------------------------------------------------------------------------------


def to_a_person(talk: Talk, why: str) -> None:
    """Hands over at once, and says so only when it was done. `why` is asked, upset, not_understood or cannot_help."""
    last = talk.before("order_status")
    about = str(last.result["order"]["checkout_id"]) if last is not None else ""
    words = talk.text(f"why.{why}", words=talk.words[:_WORDS])
    if why == "not_understood":
        talk.say("cannot_follow")
    try:
        handed = talk.need("hand_over", why=words, checkout_id=about)
    except Failed:
        talk.say("hand_over_failed")
        return
    key = "handed_over_already" if handed.get("already") else "handed_over"
    talk.tell(sentence(talk.text(key, owner=handed["owner"], expected_by=handed["expected_by"])))


# -- what was asked before ------------------------------------------------------------------------------------------


def decided_before(talk: Talk) -> bool:
    """Takes the customer's answer to what a tool asked in the turn before; False where the message is none."""
    for question in talk.asked:
        option = talk.decided(question)
        if option is not None:
            _carry_out(talk, question, option)
            return True
    plain = talk.choice is None
    if talk.asked and plain and consent.says_no(talk.words):
        _declined(talk, talk.asked)
        return True
    if len(talk.asked) > 1 and plain and consent.says_yes(talk.words):
        talk.say("choose_one_yes")
        return True
    return _picked(talk) if plain else _pressed_later(talk)


def _carry_out(talk: Talk, question: consent.Asked, option: str) -> None:
    if question.tool == "answer_question":
        _outcome(talk, {"dedupe_key": question.dedupe_key, "choice": option})
    elif option == consent.NO:
        _declined(talk, [question])
    elif question.tool == "give_address":
        address_result(talk, talk.need("give_address", **question.arguments))
    else:
        requested(talk, talk.need("request_change", **question.arguments))


def _declined(talk: Talk, questions: list[consent.Asked]) -> None:
    about_address = any(question.tool == "give_address" for question in questions)
    talk.say("address.ask_correct" if about_address else "declined")


def _picked(talk: Talk) -> bool:
    """An option that is named by words of its label: the tool asks for a yes to it."""
    questions = [question for question in talk.asked if question.tool == "answer_question"]
    if len(questions) != 1 or len(talk.asked) != 1:
        return False
    option = choose(talk.words, questions[0].options, "zh-CN" if talk.language == "zh-CN" else "en")
    if option is None:
        return False
    _outcome(talk, {"dedupe_key": questions[0].dedupe_key, "choice": option})
    return True


def _pressed_later(talk: Talk) -> bool:
    """A button of a question that still stands open, or of one that is over."""
    questions = talk.need("open_questions").get("questions") or []
    key = talk.choice.dedupe_key if talk.choice is not None else ""
    if talk.choice is not None and any(question["dedupe_key"] == key for question in questions):
        _outcome(talk, {"dedupe_key": key, "choice": talk.choice.id})
    else:
        talk.say("stale_choice")
    return True


def _outcome(talk: Talk, arguments: Json) -> None:
    try:
        result = talk.need("answer_question", **arguments)
    except Failed as failed:
        if failed.code not in ("question_not_found", "invalid_choice"):
            raise
        talk.say("question_gone")
        return
    if result["state"] == consent.ASKED:
        labels = {option["id"]: option["label"] for option in result["options"]}
        talk.say("confirm.option", label=labels.get(result["proposed"], ""))
        talk.proposed = True
        return
    talk.tell(result["text"])
    if result["state"] == "refused":
        talk.say("offer_person")


def choose_among(talk: Talk) -> bool:
    """A choice in words while options stand open that were not shown right before; False where none fits."""
    given = talk.before("give_address", _STILL_OPEN)  # the case takes a moment to close its question
    over = given.arguments["checkout_id"] if given is not None and given.result.get("state") == "taken" else None
    asked = talk.need("open_questions").get("questions") or []
    questions = [
        one for one in asked if one["options"] and not (one["checkout_id"] == over and "address" in one["dedupe_key"])
    ]  # fmt: skip
    fitting = [(one, choose(talk.words, one["options"])) for one in questions]
    found = [(one, option) for one, option in fitting if option is not None]
    if len(found) == 1:
        _outcome(talk, {"dedupe_key": found[0][0]["dedupe_key"], "choice": found[0][1]})
        return True
    if len(questions) == 1:
        put_question(talk, questions[0])
        return True
    return False


# -- requests -------------------------------------------------------------------------------------------------------


def request(talk: Talk, ref: str, kind: str, words: str = "") -> None:
    """Asks whether to pass this wish on; at most one question in a turn."""
    order = read_order(talk, ref)
    if order is None:
        return
    if kind == "cancel" and order["status"] in ("cancelled", "expired"):
        if order["status"] == "expired":
            head(talk, order)
        else:
            talk.say("already_cancelled", ref=order["ref"])
        return
    if kind in ("cancel", "refund") and not talk.proposed and _offered_anyway(talk, order):
        return
    if talk.proposed:
        talk.say("then_next")
        return
    if kind == "change_item" and (question := question_of(talk, order["checkout_id"])) and question["options"]:
        put_question(talk, question)
        return
    if order["status"] in ("shipped", "delivered") and kind != "other":
        talk.say(f"decides.{order['status']}")
    words = (words or talk.words)[:_WORDS]
    result = talk.need("request_change", checkout_id=order["checkout_id"], kind=kind, words=words)
    if result["state"] == consent.ASKED:
        talk.say(f"confirm.{kind}", ref=order["ref"], goods=order["goods"], total=order["total"])
        talk.proposed = True
    else:
        requested(talk, result)


def _offered_anyway(talk: Talk, order: Json) -> bool:
    """Whether an open question offers to cancel: then that is asked, and nobody has to decide about it."""
    question = question_of(talk, order["checkout_id"])
    options = [one for one in (question or {}).get("options", []) if _CANCELS.search(one["label"])]
    if question is None or len(options) != 1:
        return False
    _outcome(talk, {"dedupe_key": question["dedupe_key"], "choice": options[0]["id"]})
    return True


def requested(talk: Talk, result: Json) -> None:
    """What became of a request: passed on, or asked again because something changed meanwhile."""
    if result["state"] == consent.ASKED:
        order = read_order(talk, result["about"]["checkout_id"])
        if order is not None:
            kind = result["about"]["kind"]
            talk.say(f"confirm.{kind}", ref=order["ref"], goods=order["goods"], total=order["total"])
            talk.proposed = True
        return
    kind, ref = result["kind"], result["ref"]
    talk.say(f"requested.{kind}", ref=ref, owner=result["owner"], expected_by=result["expected_by"])


# -- addresses ------------------------------------------------------------------------------------------------------


def address_result(talk: Talk, result: Json) -> None:
    """What became of the address: something is missing, it is read back, or it was taken."""
    if result["state"] == "incomplete":
        for field, options in result["ambiguous"].items():
            talk.say("address.which", field=field_names([field], talk.language)[0], options=options)
        if result["missing"]:
            talk.say("address.ask", fields=field_names(result["missing"], talk.language))
        else:
            talk.say("address.invalid")
    elif result["state"] == consent.ASKED:
        talk.say("address.read_back", address=result["about"]["address"])
        talk.proposed = True
    else:
        talk.tell(result["text"])
        if result["state"] == "refused":
            talk.say("offer_person")
