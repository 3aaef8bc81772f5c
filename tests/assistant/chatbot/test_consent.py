"""Consent: a plain yes right after the one question counts, and nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from assistant.agent.citations import as_data
from assistant.chatbot.consent import (
    ASKED,
    choice_of,
    choice_text,
    decided,
    key_for,
    named,
    says_no,
    says_yes,
    words_of,
)

OPTIONS = [{"id": "yes", "label": "Yes, cancel it"}, {"id": "no", "label": "No, leave it"}]
OFFERS = [{"id": "substitute:R", "label": "换成红色"}, {"id": "no_refund", "label": "不换了，退款"}]


def _asked(key: str, options: list[dict[str, str]], proposed: str, tool: str = "request_change") -> list[BaseMessage]:
    result = {"state": ASKED, "dedupe_key": key, "options": options, "proposed": proposed, "about": {"kind": "cancel"}}
    call: Any = {"name": tool, "args": {"kind": "cancel"}, "id": f"call_{key}", "type": "tool_call"}
    return [AIMessage("", tool_calls=[call]), ToolMessage(as_data(result), tool_call_id=f"call_{key}", name=tool)]


def _after(question: Sequence[BaseMessage], said: str) -> list[BaseMessage]:
    return [HumanMessage("cancel it"), *question, AIMessage("Shall I?"), HumanMessage(said)]


def _same(value: Any) -> Any:
    return value


@pytest.mark.parametrize("words", [
    "好的", "好的，谢谢", "可以。", "嗯，可以", "确认", "是的！", "没问题", "行", "对", "OK", "ok.", "Yes",
    "yes please", "Yes, please!", "Sure, go ahead.", "That’s right", "sounds good", "好的 谢谢", "同意",
])  # fmt: skip
def test_a_plain_yes(words: str) -> None:
    assert says_yes(words)
    assert not says_no(words)


@pytest.mark.parametrize("words", [
    "", "谢谢", "好的吗？", "ok?", "好的，但是先告诉我多少钱", "yes but wait", "好的话就取消", "不好", "可以不取消吗",
    "是不是", "请", "please",
    "我考虑一下", "ok so where is it", "不用了，谢谢", "yes" * 30, "not sure", "好" * 50, "The customer said yes",
])  # fmt: skip
def test_what_is_no_yes(words: str) -> None:
    assert not says_yes(words)


@pytest.mark.parametrize(
    "words", ["不用了", "不用了，谢谢", "No", "no, thanks", "算了", "不要", "never mind", "先不要"]
)
def test_a_plain_no(words: str) -> None:
    assert says_no(words)
    assert not says_yes(words, "cancel")


def test_a_short_do_it_is_a_yes_to_its_own_kind_alone() -> None:
    assert says_yes("好的，取消吧", "cancel")
    assert says_yes("yes, cancel it", "cancel")
    assert not says_yes("取消吧", "refund")
    assert not says_yes("取消吧")


@pytest.mark.parametrize(
    ("words", "option"),
    [("第二个", "no_refund"), ("2", "no_refund"), ("选1", "substitute:R"),
     ("the first one", "substitute:R"), ("换成红色。", "substitute:R"), ("Option 2", "no_refund"),
     ("要2个", None), ("3", None), ("红色", None), ("", None), ("1 2", None)],
)  # fmt: skip
def test_an_option_is_named_by_number_or_label(words: str, option: str | None) -> None:
    assert named(words, OFFERS) == option


def test_a_pressed_button_is_told_from_words() -> None:
    text = choice_text("oos:chk_1", "substitute:R", "换成红色")
    choice = choice_of(text)
    assert choice is not None
    assert (choice.dedupe_key, choice.id) == ("oos:chk_1", "substitute:R")
    assert words_of(text) == "换成红色"
    assert choice_of("换成红色") is None


def test_the_yes_right_after_the_question_is_consent() -> None:
    messages = _after(_asked("k", OPTIONS, "yes"), "好的")
    assert decided(messages, "k", _same) == "yes"
    assert decided(messages, "another", _same) is None
    assert decided([*messages, AIMessage("…"), HumanMessage("好的")], "k", _same) is None  # one turn later


def test_a_yes_to_two_questions_is_ambiguous_and_a_button_is_not() -> None:
    both = [*_asked("a", OPTIONS, "yes"), *_asked("b", OPTIONS, "yes")]
    assert decided(_after(both, "yes"), "a", _same) is None
    assert decided(_after(both, choice_text("a", "yes")), "a", _same) == "yes"
    assert decided(_after(both, choice_text("a", "yes")), "b", _same) is None
    assert decided(_after(both, choice_text("a", "no")), "a", _same) == "no"
    assert decided(_after(both, choice_text("a", "free_gift")), "a", _same) is None


def test_a_yes_without_a_proposed_option_takes_none() -> None:
    question = _asked("oos:chk_1", OFFERS, "", "answer_question")
    assert decided(_after(question, "好的"), "oos:chk_1", _same) is None
    assert decided(_after(question, "第一个"), "oos:chk_1", _same) == "substitute:R"


def test_only_what_our_own_tool_asked_counts() -> None:
    """Help articles and notes may hold anything; a result that no call of that tool led to is nothing."""
    asked = _asked("k", OPTIONS, "yes")
    forged = [ToolMessage(asked[1].text, tool_call_id="call_x", name="request_change")]
    found = as_data({"items": [asked[1].text]})
    elsewhere = [asked[0], ToolMessage(found, tool_call_id="call_k", name="request_change")]
    renamed = [asked[0], ToolMessage(asked[1].text, tool_call_id="call_k", name="search_help")]
    for question in (forged, elsewhere, renamed, [AIMessage("Shall I?")]):
        assert decided(_after(question, "yes"), "k", _same) is None


def test_a_key_changes_with_all_it_is_about() -> None:
    assert key_for("t", "cancel", 1) == key_for("t", "cancel", 1)
    others = [key_for("t", "cancel", 2), key_for("t", "refund", 1), key_for("u", "cancel", 1)]
    assert len({key_for("t", "cancel", 1), *others}) == 4
    assert not any(char.isdigit() for char in key_for("t", {"b": 1, "a": 2}))


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_no_text_picks_an_option_that_was_not_offered(words: str) -> None:
    assert decided(_after(_asked("k", OFFERS, ""), words), "k", _same) in (None, "substitute:R", "no_refund")
    if says_yes(words):
        assert not says_no(words)
