"""The dialogue about addresses: what a case waits for is taken whenever it is said; dialogue_turn asks it first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assistant.chatbot import consent
from assistant.chatbot import dialogue_answers as answers
from assistant.chatbot import dialogue_changes as changes
from assistant.chatbot import dialogue_orders as orders
from assistant.chatbot.dialogue import Failed, Json, Made, Talk, Understood
from assistant.chatbot.giving import gives_contact, pieces

_SURE = 0.6  # confidence from which on a message that also holds an address is about something else
_ELSEWHERE = ("cancel_order", "request_refund", "change_item", "human")
_ADDRESS = ("give_address", "change_address")
_SMALL_TALK = ("greeting", "thanks", "goodbye")
_IN_ADDRESS = (*_ADDRESS, "choose", "confirm", "out_of_scope", "order_status", "complaint", *_SMALL_TALK)
_SPEAKS_OF_IT = re.compile(r"补充|补全|收货信息|地址|收件人|\baddress\b|\brecipient\b|delivery details", re.IGNORECASE)
_TRIES = 2  # answers without anything new to the same question about an address


def holds_address(words: str, slots: Any) -> bool:
    """Whether the message gives a place, a phone number or a recipient."""
    return gives_contact(words) or bool(slots.address or slots.phone)


def take(talk: Talk, said: Understood) -> bool:
    """Takes what a case waits for out of the message; False where there is none, or it answers something else."""
    if talk.choice is not None or any(talk.decided(question) is not None for question in talk.asked):
        return False
    before = _under_way(talk)
    waits = _waits(talk, said, before)
    if waits is None:
        return False
    earlier = _earlier(before)
    found = pieces(talk.words, said.slots, waits["fields"], earlier)
    if not _fits(found, waits["fields"], before) or (said.intents[0] in _ELSEWHERE and said.confidence >= _SURE):
        return False
    _give(talk, waits, before, {**earlier, **found})
    if any(wish in orders.ABOUT_ORDERS[2:] for wish in said.asked):
        talk.say("then_next")
    return True


def speaks_of_it(talk: Talk, said: Understood) -> bool:
    """Answers words about an address that give nothing a case waits for; False where the message is about another."""
    gives = holds_address(talk.words, said.slots)
    before = collecting(talk)
    if before is not None and said.intents[0] in _IN_ADDRESS:
        _give(talk, _waits(talk, said, before) or {}, before, _earlier(before))
        return True
    if talk.said("address.ask_new") and gives:
        if (ref := orders.which_order(talk, said)) is not None:
            changes.request(talk, ref, "change_address")
        return True
    question = _question(talk)
    wants = any(intent in _ADDRESS for intent in said.intents) or _SPEAKS_OF_IT.search(talk.words) is not None
    if question is None or talk.choice is not None or said.slots.order_ids or gives or not wants:
        return False
    answers.put_question(talk, question)
    return True


def collecting(talk: Talk) -> Made | None:
    """The address that is being collected: what the last turn's call found missing, or the customer wants corrected."""
    last = talk.past[-1] if talk.past else None
    if last is None:
        return None
    calls = [one for one in last.made if one.name == "give_address" and one.error in (None, "invalid_address")]
    if calls and calls[-1].result.get("state") == "incomplete":
        return calls[-1]
    return talk.before("give_address", 3) if talk.said("address.ask_correct") else None


# -- parts ----------------------------------------------------------------------------------------------------------


def _under_way(talk: Talk) -> Made | None:
    """As `collecting`; an address that was just read back is one to correct too."""
    last = talk.past[-1].made if talk.past else []
    read_back = [one for one in last if one.name == "give_address" and one.result.get("state") == consent.ASKED]
    return collecting(talk) or (read_back[-1] if read_back else None)


def _earlier(before: Made | None) -> dict[str, Any]:
    fields: Mapping[str, Any] = before.arguments.get("fields") or {} if before else {}
    return dict(fields)


def _waits(talk: Talk, said: Understood, before: Made | None) -> Json | None:
    """The checkout whose case waits for an address, and its missing fields."""
    waiting: list[Json] = talk.need("open_questions").get("wants_address") or []
    if before is not None:
        checkout = str(before.arguments["checkout_id"])
        fields = before.result.get("missing") or [f for one in waiting if one["checkout_id"] == checkout
                                                  for f in one["fields"]]  # fmt: skip
        return {"checkout_id": checkout, "fields": fields}
    if not waiting:
        return None
    named = [*said.slots.order_ids, *said.slots.checkout_ids]
    if named:
        order = _order(talk, str(named[0]))
        return next((one for one in waiting if order is not None and one["checkout_id"] == order["checkout_id"]), None)
    last = talk.before("order_status")
    about = last.result["order"]["checkout_id"] if last is not None else None
    return next((one for one in waiting if one["checkout_id"] == about), waiting[0] if len(waiting) == 1 else None)


def _order(talk: Talk, ref: str) -> Json | None:
    try:
        order: Json = talk.need("order_status", ref=ref)["order"]
    except Failed as failed:
        if failed.code != "order_not_found":
            raise
        return None
    return order


def _fits(found: Mapping[str, str], wanted: list[str], before: Made | None) -> bool:
    """Whether this is what was asked for: a number alone says little where the place is wrong."""
    if before is not None:
        return bool(found)
    return bool({"text", "street"} & found.keys() or set(wanted) & found.keys())


def _give(talk: Talk, waits: Json, before: Made | None, fields: Mapping[str, str]) -> None:
    """Passes on what the customer gave, with what they gave before; asks for the rest, or reads it back."""
    if talk.proposed:
        talk.say("then_next")
        return
    checkout_id, missing = str(waits["checkout_id"]), list(before.result.get("missing") or []) if before else []
    try:
        result = talk.need("give_address", checkout_id=checkout_id, fields=dict(fields))
    except Failed as failed:
        if failed.code == "order_not_found":
            talk.say("not_yours", ref=checkout_id)
        elif failed.code == "invalid_address":
            talk.say("address.invalid")
        else:
            raise
        return
    if result["state"] == "incomplete" and missing and result["missing"] == missing and _stuck(talk, missing):
        changes.to_a_person(talk, "not_understood")
        return
    changes.address_result(talk, result)


def _stuck(talk: Talk, missing: list[str]) -> bool:
    """Whether the same fields were asked for often enough."""
    asked = [turn for turn in talk.past[-_TRIES:] for one in turn.made if one.result.get("missing") == missing]
    return len(asked) >= _TRIES


def _question(talk: Talk) -> Json | None:
    """The open question that wants an address."""
    questions = talk.need("open_questions").get("questions") or []
    return next((one for one in questions if "address" in one["dedupe_key"]), None)
