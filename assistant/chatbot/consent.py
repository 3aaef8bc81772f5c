"""Consent: whether the customer's last message says yes to exactly what was asked; the PROPOSE tools ask it.

It is decided from the conversation's messages by fixed rules, below any model. A `{choice}` of contract D reaches the
conversation as the text that `choice_text` makes, so that it can't be mistaken for words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from assistant.agent.citations import parse_data

ASKED = "needs_confirmation"
YES, NO = "yes", "no"
_CHOICE = re.compile(r"⟦(?P<key>[^⟦⟧]{1,200})⟧⟦(?P<id>[^⟦⟧]{1,200})⟧")
_AROUND = " .,;:!?。()[]【】「」“”\"'~～"
_LONGEST = 40  # characters: a longer answer may say more than yes
_SPLIT = re.compile(r"[\s,，。.!！~～、;；:：]+")
_YES_WORDS = """
是 是的 对 对的 好 好的 好吧 好啊 好呀 好滴 嗯 嗯嗯 嗯好 嗯好的 行 行的 行吧 可以 可以的 可以啊 没问题 没有问题
没错 确认 确定 同意 我同意 我确认 我确定 要 要的 需要 就这样 就这样吧 就这么办 正确 麻烦了 麻烦您了 麻烦你了 麻烦您
谢谢 谢谢您 谢谢你 拜托了 帮我办吧 办吧 那好 那行 那就这样 请确认 请办理 办理吧
yes y yeah yep yup ok okay sure confirm confirmed correct right agreed absolutely definitely please thanks yes_please
please_do go_ahead do_it sounds_good that's_right thats_right that's_fine thats_fine that_is_right i_agree i_confirm
fine all_right alright of_course it_is_correct it's_correct thank_you ok_thanks that's_correct thats_correct
that_is_correct looks_good yes_i_do yes_i_am i_do i'm_sure im_sure i_am_sure
"""
_COURTESY_WORDS = """
please thanks thank_you 谢谢 谢谢您 谢谢你 麻烦了 麻烦您了 麻烦你了 麻烦您 拜托了 right 请确认
"""
_NO_WORDS = """
不 不是 不对 不用 不用了 不要 不要了 不行 不可以 不需要 不了 算了 先不 先不用 先不要 别 不同意 不确认 还是算了
暂时不用 不必 不必了
no nope nah no_thanks no_thank_you don't dont not_now never_mind nevermind stop wrong incorrect not_correct
that's_wrong not_really i_don't i_do_not leave_it no_need
"""
# What a short "do it" may restate, by the kind of change that was asked about.
_RESTATING_WORDS = {
    "cancel": """取消 取消吧 确认取消 帮我取消 帮我取消吧 那就取消 那就取消吧 请取消 cancel_it cancel please_cancel
        yes_cancel yes_cancel_it cancel_the_order please_cancel_it confirm_cancellation""",
    "refund": """退吧 退款吧 退款 确认退款 申请退款 帮我退 帮我退吧 请退款 refund_it refund_me please_refund yes_refund
        yes_refund_it""",
    "change_address": "改吧 确认修改 帮我改 帮我改吧 请修改 change_it please_change_it",
    "change_item": "换吧 确认更换 帮我换 帮我换吧 change_it please_change_it",
    "other": "转达吧 请转达 核实吧 帮我核实 帮我查 帮我查吧 please_check check_it pass_it_on",
}
_YES, _NO, _COURTESY = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split()), frozenset(_COURTESY_WORDS.split())
_RESTATED = {kind: frozenset(words.split()) for kind, words in _RESTATING_WORDS.items()}


class Choice(msgspec.Struct, frozen=True):
    """A pressed button: `id` of the options that were offered under `dedupe_key`."""

    dedupe_key: str
    id: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question that a tool put to the customer. `proposed` is the option a plain yes takes; empty for none."""

    tool: str
    dedupe_key: str
    options: list[dict[str, str]]
    proposed: str = ""
    about: dict[str, Any] = {}
    arguments: dict[str, Any] = {}


def choice_text(dedupe_key: str, choice: str, label: str = "") -> str:
    """A pressed button as the conversation has it; `label` is what the customer read on it."""
    return f"⟦{dedupe_key}⟧⟦{choice}⟧ {label}".strip()


def choice_of(text: str) -> Choice | None:
    """The button that this message is; None for words."""
    found = _CHOICE.match(text.strip())
    return Choice(found["key"], found["id"]) if found else None


def words_of(text: str) -> str:
    """What the customer wrote, or read on the button."""
    return _CHOICE.sub("", text).strip()


def key_for(tool: str, *parts: Any) -> str:
    """The key of one question: the same only while everything it is about is the same.

    It is made of letters, so that nothing in it can look like somebody's number and be masked.
    """
    digest = sha256(msgspec.json.encode([tool, *parts], order="sorted")).hexdigest()[:20]
    return "confirm-" + "".join(chr(ord("a") + int(digit, 16)) for digit in digest)


def says_yes(text: str, kind: str = "") -> bool:
    """Whether these words are a plain yes and nothing else. `kind` is the change that was asked about."""
    words = _plain(text)
    if not words or len(words) > _LONGEST or re.search(r"[?？]", text):
        return False
    parts = _parts(words, _YES | _RESTATED.get(kind, frozenset()))
    return parts is not None and any(part not in _COURTESY for part in parts)


def says_no(text: str) -> bool:
    """Whether these words are a plain no and nothing else."""
    words = _plain(text)
    parts = _parts(words, _NO | _COURTESY) if 0 < len(words) <= _LONGEST else None
    return parts is not None and any(part in _NO for part in parts)


def named(text: str, options: Sequence[Mapping[str, str]]) -> str | None:
    """The one option that these words name and nothing else: by its number from 1, its label or its id."""
    words = _plain(text)
    number = _number(words)
    found = [
        str(option["id"]) for place, option in enumerate(options, 1)
        if number == place or (words and words in (_plain(str(option["label"])), _plain(str(option["id"]))))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def asked(messages: Sequence[BaseMessage]) -> list[Asked]:
    """What the customer was asked in the turn right before their last message; each key once, the last one counts."""
    _, before, _ = turns(messages)
    calls = {str(call["id"]): call for m in before if isinstance(m, AIMessage) for call in m.tool_calls}
    found: dict[str, Asked] = {}
    for message in before:
        result = parse_data(message.text) if isinstance(message, ToolMessage) else None
        if not isinstance(message, ToolMessage) or not isinstance(result, dict) or result.get("state") != ASKED:
            continue
        call = calls.get(message.tool_call_id)
        if call is None or call["name"] != message.name:
            continue
        key = str(result.get("dedupe_key"))
        found[key] = Asked(
            tool=str(message.name), dedupe_key=key, options=list(result.get("options") or []),
            proposed=str(result.get("proposed") or ""), about=dict(result.get("about") or {}),
            arguments=dict(call["args"]),
        )  # fmt: skip
    return list(found.values())


def decided(
    messages: Sequence[BaseMessage], dedupe_key: str, unmask: Callable[[Any], Any], *, kind: str = ""
) -> str | None:
    """The option that the customer's last message takes of the question `dedupe_key`; None where it takes none.

    A button counts for its own question alone. Words count where that question was the only one of the turn before:
    an option named by its number or label, or a plain yes to what was proposed.
    """
    last, _, _ = turns(messages)
    text = str(unmask(last.text)) if last is not None else ""
    questions = [_unmasked(question, unmask) for question in asked(messages)]
    mine = next((question for question in questions if question.dedupe_key == dedupe_key), None)
    if mine is None:
        return None
    if (choice := choice_of(text)) is not None:
        known = {option["id"] for option in mine.options}
        return choice.id if choice.dedupe_key == dedupe_key and choice.id in known else None
    if len(questions) != 1:
        return None
    if (one := named(text, mine.options)) is not None:
        return one
    return mine.proposed or None if says_yes(text, kind) else None


def turns(
    messages: Sequence[BaseMessage],
) -> tuple[HumanMessage | None, Sequence[BaseMessage], Sequence[BaseMessage]]:
    """The customer's last message, what lies between it and the one before, and what came after it."""
    places = [place for place, message in enumerate(messages) if isinstance(message, HumanMessage)]
    if not places:
        return None, [], messages
    last = places[-1]
    start = places[-2] + 1 if len(places) > 1 else 0
    return _human(messages[last]), messages[start:last], messages[last + 1 :]


def _human(message: BaseMessage) -> HumanMessage | None:
    return message if isinstance(message, HumanMessage) else None


def _unmasked(question: Asked, unmask: Callable[[Any], Any]) -> Asked:
    return msgspec.structs.replace(
        question, dedupe_key=unmask(question.dedupe_key), options=unmask(question.options),
        proposed=unmask(question.proposed),
    )  # fmt: skip


def _plain(text: str) -> str:
    """Lower case, full-width forms folded, without punctuation and courtesy signs around it."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(folded.split()).strip(_AROUND)


def _parts(words: str, known: frozenset[str]) -> list[str] | None:
    """The words as pieces that are all known (phrases of several English words joined by _); None otherwise."""
    if (whole := words.replace(" ", "_")) in known:
        return [whole]
    pieces: list[str] = []
    for clause in (part for part in re.split(r"[,，。.!！~～、;；:：]+", words) if part.strip()):
        joined = clause.strip().replace(" ", "_")
        small = [joined] if joined in known else [piece for piece in _SPLIT.split(clause) if piece]
        if any(piece not in known for piece in small):
            return None
        pieces += small
    return pieces


_NUMBERS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "first": 1, "second": 2, "third": 3, "fourth": 4,
            "one": 1, "two": 2, "three": 3, "four": 4}  # fmt: skip
_NTH = re.compile(
    r"(?:我?(?:要|就|想要)?(?:选择?|第)+)?(?P<zh>[1-9一二三四五六])(?:(?<=[第选择].)个|种|项|号)?(?:吧|就行|好了)?"
    r"|(?:i(?:'ll| will)? (?:take|want|choose|pick) )?(?:the )?(?:option |number |no\.? ?|#)?"
    r"(?P<en>[1-9]|first|second|third|fourth|one|two|three|four)(?: one| option)?(?: please|, please)?"
)


def _number(words: str) -> int | None:
    """The place that these words name: 2 for "第二个", "option 2", "the second one"."""
    found = _NTH.fullmatch(words)
    if not found:
        return None
    name = found["zh"] or found["en"]
    return int(name) if name.isdigit() else _NUMBERS.get(name)
