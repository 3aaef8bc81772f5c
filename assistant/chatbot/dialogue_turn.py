"""next_move: what the offline model does next in a customer's conversation; offline.py asks before every message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from assistant.chatbot import dialogue_address as address
from assistant.chatbot import dialogue_answers as answers
from assistant.chatbot import dialogue_changes as changes
from assistant.chatbot import dialogue_cues as cues
from assistant.chatbot import dialogue_orders as orders
from assistant.chatbot.consent import says_yes, words_of
from assistant.chatbot.dialogue import Call, Failed, Needed, Talk, Understand, Understood

STRONG, FURIOUS = 0.75, 0.95
"""Anger (0 to 1) that is a person's business when the message is a complaint, and whatever it is about."""
_SURE = 0.6  # confidence from which on "none of my business" is that, and not just misunderstood
_SMALL_TALK = ("greeting", "thanks", "goodbye")
_MOST_WISHES = 3
# Where a customer reports something that we don't see, a person may look at it.
_REPORTED = ("payment_problem", "charged_twice", "coupon_problem", "price_problem")
_OF_AN_ORDER = re.compile(
    r"订单|下单|付款|付了|扣款|扣了|扣钱|退款|退钱|发货|快递|包裹|申诉|拒付|争议"
    r"|\b(?:my|the|an?|no) (?:order|parcel|package|payment|refund)\b|\bpaid\b|\bcharged\b|\bchargeback\b|\bdisputed?\b",
    re.IGNORECASE,
)  # fmt: skip
_WHAT_NOW = re.compile(
    r"^\W*(?:那么?|好的?|嗯|所以)?[,，\s]*(?:现在|然后|接下来|下一步|之后)(?:呢|怎么办|该怎么办|要?我?做什么|什么情况)+\W*$"
    r"|^\W*(?:那么?)?(?:现在|处理得|办得|进展)?(?:怎么样了?|如何了?|好了[吗没]|有(?:什么)?(?:进展|消息|结果)[了吗没]*)\W*$"
    r"|^\W*(?:is there )?any (?:news|update|progress)s?\W*$"
    r"|^\W*(?:ok|okay|so|and|well|right)?[,\s]*(?:what (?:now|next|happens (?:now|next))|now what)\W*$", re.IGNORECASE,
)  # fmt: skip
_ACCOUNT = re.compile(
    r"(?:账号|账户|帐号|帐户).{0,6}(?:封|冻结|限制|锁|异常)|\baccount\b.{0,20}\b(?:blocked|suspended|locked|frozen)\b"
    r"|\b(?:blocked?|suspend(?:ed)?|locked?|frozen)\b.{0,10}\baccount\b", re.IGNORECASE,
)  # fmt: skip
_ANSWERS = ("choose", "confirm", "decline")


def next_move(messages: Sequence[BaseMessage], bound: frozenset[str], understand: Understand) -> list[Call] | str:
    """The calls that are needed now, or the answer to the customer's last message.

    Args:
        messages: the conversation, its last turn possibly under way.
        bound: the names of the tools that may be called.
        understand: what a message says.
    """
    talk = Talk(messages, bound)
    try:
        _answer(talk, understand)
    except Needed as needed:
        return list(needed.calls)
    except Failed:
        talk.say("unreadable")
    return "\n".join(talk.lines) or talk.text("not_understood")


def _answer(talk: Talk, understand: Understand) -> None:
    said = understand(talk.words)
    if said.intents[0] == "human" and talk.choice is None and not _means_a_number(said, talk.words):
        changes.to_a_person(talk, "asked")
        return
    situation = talk.need_all(_first_reads(talk, said))[0]
    if (person := situation.get("with_person")) is not None:
        talk.say("with_person", owner=person["owner"])
        return
    if picked := _picked_order(talk, understand):
        _wishes(talk, *picked, understand)
    elif address.take(talk, said) or _decided(talk):
        return
    elif talk.said("offer_person") and says_yes(talk.words):
        changes.to_a_person(talk, "asked")
    elif cues.says_not_received(talk.words):
        changes.to_a_person(talk, "not_received")
    elif not (_upset(talk, said) or address.speaks_of_it(talk, said)):
        _wishes(talk, said, talk.words, understand)


def _decided(talk: Talk) -> bool:
    """Whether the message answers what was asked right before, or is a button."""
    return bool(talk.asked or talk.choice is not None) and changes.decided_before(talk)


def _means_a_number(said: Understood, words: str) -> bool:
    """Whether "you can reach me on …" was only taken for the wish to be called: a real one is never unsure."""
    return said.confidence < _SURE and address.holds_address(words, said.slots)


def _first_reads(talk: Talk, said: Understood) -> list[Call]:
    """What is needed in any case, read at once."""
    reads = [Call("open_questions", {})]
    about = said.intents[0] in orders.ABOUT_ORDERS or said.intents[0] in changes.REQUESTS
    answers = talk.asked or talk.choice is not None or said.slots.order_ids or said.slots.checkout_ids
    if about and not answers and talk.before("order_status") is None:
        reads.append(Call("my_orders", {"offer": False}))
    return reads


def _picked_order(talk: Talk, understand: Understand) -> tuple[Understood, str] | None:
    """After the customer said which order: what they had wanted of it, and their words then."""
    if orders.picked_order(talk) is None or not talk.past:
        return None
    words = talk.past[-1].text
    return understand(words), words


def _upset(talk: Talk, said: Understood) -> bool:
    """Apologises once to somebody who is upset; strong or repeated anger goes to a person. True when that is all."""
    complains, anger = "complaint" in said.intents, said.mood.strength if said.mood.kind == "angry" else 0.0
    if not (complains or anger >= STRONG):
        return False
    apologised = talk.said("sorry", 20)
    if anger >= FURIOUS or (complains and anger >= STRONG) or apologised:
        if not apologised:
            talk.say("sorry")
        changes.to_a_person(talk, "upset")
        return True
    talk.say("sorry")
    return False


# -- wishes ---------------------------------------------------------------------------------------------------------


def _wishes(talk: Talk, said: Understood, words: str, understand: Understand) -> None:
    """Everything the message wants, one after the other."""
    wishes = _in_order(said)
    if _WHAT_NOW.search(words) and talk.before("order_status") is not None:
        wishes = [_last_wish(talk, understand)]
    elif _ACCOUNT.search(words):  # why an account is blocked is never told
        wishes = ["what_happened"]
    if wishes == ["out_of_scope"] and orders.names_order(talk, said, words):
        wishes = [_last_wish(talk, understand)]  # "and the other one?"
    elif wishes == ["out_of_scope"] and _OF_AN_ORDER.search(words):
        wishes = ["what_happened"]  # whatever it is, what we know of the order is the better answer
    if cues.asks_whether_charged(words):
        wishes = ["charged_twice"]  # what was charged, and how often
    for place, wish in enumerate(wishes):
        if wish == "price_problem" and cues.asks_the_total(words):
            _total(talk, said, place)
        elif wish in orders.ABOUT_ORDERS:
            _about_order(talk, said, wish, place, words)
        elif wish in changes.REQUESTS:
            _change(talk, said, wish, place, words)
        else:
            _other(talk, said, wish)
    if talk.lines == [talk.text("sorry")]:
        talk.say("listening")
        talk.say("offer_person")


def _total(talk: Talk, said: Understood, place: int) -> None:
    ref = orders.which_order(talk, said, place)
    order = orders.read_order(talk, ref) if ref is not None else None
    if order is not None:
        talk.say("total", total=order["total"])


def _last_wish(talk: Talk, understand: Understand) -> str:
    """What the customer wanted to know last about an order; its state, if nothing."""
    said = [wish for turn in reversed(talk.past) for wish in understand(words_of(turn.text)).asked]
    return next((wish for wish in said if wish in orders.ABOUT_ORDERS), "order_status")


def _in_order(said: Understood) -> list[str]:
    """The wishes as they were said, without what is part of another: a cancellation returns the money."""
    wishes = [wish for wish in said.asked if wish != "human"][:_MOST_WISHES]
    if "cancel_order" in wishes:
        wishes = [wish for wish in wishes if wish != "request_refund"]
    if len(wishes) > 1:
        idle = ("out_of_scope", "complaint", *_ANSWERS, *_SMALL_TALK)
        wishes = [wish for wish in wishes if wish not in idle] or wishes[:1]
    if "payment_problem" in wishes or "charged_twice" in wishes:
        wishes = [wish for wish in wishes if wish != "pay_now"]  # who has paid asks for no link
    if len(wishes) > 1 and "what_happened" in wishes and any(wish in orders.ABOUT_ORDERS[2:] for wish in wishes):
        wishes.remove("what_happened")  # the particular answer says it
    return wishes or ["out_of_scope"]


def _about_order(talk: Talk, said: Understood, wish: str, place: int, words: str) -> None:
    ref = orders.which_order(talk, said, place)
    order = answers.answer_about(talk, wish, ref) if ref is not None else None
    asks = cues.asks_whether_charged(words)
    if order is not None and wish in _REPORTED and order["case"] is None and not (talk.proposed or asks):
        changes.request(talk, str(ref), "other", words)


def _change(talk: Talk, said: Understood, wish: str, place: int, words: str) -> None:
    ref = orders.which_order(talk, said, place)
    if ref is None:
        return
    if wish == "change_address" and not address.holds_address(words, said.slots):
        if orders.read_order(talk, ref) is not None:
            talk.say("address.ask_new")
        return
    changes.request(talk, ref, changes.REQUESTS[wish], words)


def _other(talk: Talk, said: Understood, wish: str) -> None:
    match wish:
        case "greeting" | "thanks" | "goodbye":
            talk.say(wish)
        case "complaint":
            _complaint(talk, said)
        case "policy_question":
            _policy(talk)
        case "choose" | "confirm" | "decline":
            _loose_answer(talk, wish)
        case "give_address":
            _address_for_nothing(talk, said)
        case _:
            _not_mine(talk, said)


def _complaint(talk: Talk, said: Understood) -> None:
    """What the order shows, where it is clear which one is meant; a person is offered."""
    if said.slots.order_ids or said.slots.checkout_ids or talk.before("order_status") is not None:
        if (ref := orders.which_order(talk, said)) is not None:
            answers.answer_about(talk, "what_happened", ref)
    else:
        talk.say("listening")
    talk.say("offer_person")


def _policy(talk: Talk) -> None:
    items = talk.need("search_help", query=talk.words).get("items") or []
    if not items:
        talk.say("no_help")
        talk.say("offer_person")
        return
    best = items[0]
    talk.say("help", title=best.get("title") or "", text=best.get("text") or best.get("body") or "")


def _loose_answer(talk: Talk, wish: str) -> None:
    """A yes, no or choice that answers nothing we asked right before."""
    if wish != "decline" and changes.choose_among(talk):
        return
    talk.say("anything_else" if wish == "decline" else "nothing_asked")


def _address_for_nothing(talk: Talk, said: Understood) -> None:
    """An address that no question is open for: it may be meant as a change."""
    if (ref := orders.which_order(talk, said)) is None:
        return
    if address.holds_address(talk.words, said.slots):
        changes.request(talk, ref, "change_address")
    elif (order := orders.read_order(talk, ref)) is not None:
        talk.say("address.not_needed", ref=order["ref"])


def _not_mine(talk: Talk, said: Understood) -> None:
    """Says honestly what it can do; twice not understood goes to a person, twice off the subject is offered one."""
    again = talk.said("not_understood") or talk.said("out_of_scope")
    if said.confidence < _SURE and again:
        changes.to_a_person(talk, "not_understood")
        return
    talk.say("out_of_scope" if said.confidence >= _SURE else "not_understood")
    if again:
        talk.say("offer_person")
