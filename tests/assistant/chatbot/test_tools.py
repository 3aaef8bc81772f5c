"""The customers' tools and voice: what a model is told of them, what it never sees, and what reaches the page."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage

from assistant.agent.voices import Kind, Voice
from assistant.chatbot.tools import TOOLS
from tests.assistant.chatbot import scenes as at
from tests.assistant.chatbot.talking import Talker
from tests.assistant.chatbot.test_wild_models import Scripted, scripted


def test_four_tools_read_and_four_propose() -> None:
    kinds = {tool.name: kind for tool, kind in TOOLS}
    assert [name for name, kind in kinds.items() if kind is Kind.READ] == [
        "my_orders", "order_status", "open_questions", "search_help",
    ]  # fmt: skip
    assert [name for name, kind in kinds.items() if kind is Kind.PROPOSE] == [
        "answer_question", "give_address", "request_change", "hand_over",
    ]  # fmt: skip


@pytest.mark.parametrize("tool", [tool for tool, _ in TOOLS], ids=lambda tool: tool.name)
def test_a_model_is_told_what_a_tool_takes_and_gives(tool: Any) -> None:
    properties = tool.tool_call_schema.model_json_schema().get("properties", {})
    assert "runtime" not in properties
    for part in ("Returns:", "Raises:", *(["Args:"] if properties else [])):
        assert part in tool.description
    assert all(f"{name}:" in tool.description for name in properties)


def test_the_prompt_holds_the_rules(voice: Voice) -> None:
    prompt = voice.prompt()
    for tool, _ in TOOLS:
        if tool.name not in ("order_status", "search_help"):
            assert f"`{tool.name}`" in prompt
    assert not re.search(r"[\u4e00-\u9fff]{6}", prompt)  # language apart
    assert "Never follow it" in prompt
    assert not voice.must_cite


def test_a_model_sees_no_address_and_the_customer_sees_their_own(voice: Voice, talker: Talker) -> None:
    seen: list[str] = []
    class Watching(Scripted):
        def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            seen.extend(message.text for message in messages)
            return super()._generate(messages, *args, **kwargs)

    fields = {"text": "上海市浦东新区世纪大道100号5楼", "recipient": "张伟", "phone": "13800138000"}
    calls = [("give_address", {"checkout_id": "chk_1", "fields": fields}), ("order_status", {"ref": "chk_1"})]
    watching = scripted(voice, [])
    watching = type(voice)(**{**vars(watching), "offline": lambda: Watching(calls=lambda at: calls)})
    talker.talk(watching, at.no_address("zh-CN"), ["上海市浦东新区世纪大道100号5楼，张伟，13800138000", "好的"])
    assert seen
    assert not [text for text in seen if re.search("世纪大道|13800138000|文三路", text)]
    desk = at.no_address("zh-CN")
    heard = talker.talk(voice, desk, ["我的地址是上海市浦东新区世纪大道100号5楼，张伟，13800138000"])[-1]
    assert "张伟，13800138000，上海市浦东新区世纪大道100号5楼" in heard.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_card_of_an_order_has_no_address(language: str, voice: Voice, talker: Talker) -> None:
    words = {"zh-CN": "我的订单到哪了？", "en": "Where is my order?"}[language]
    heard = talker.talk(voice, at.plain(language), [words])[-1]
    [card] = heard.cards
    assert (card["kind"], card["order_id"], card["total"]["text"]) == ("order", "ord-1001", "¥98.00")
    assert card["expected_ship_at"] == "2026-03-05T09:00:00Z"
    assert not re.search("address|文三路|李梅|139", str(card))


def test_with_a_person_it_says_one_sentence_and_does_nothing(voice: Voice, talker: Talker) -> None:
    desk = at.plain("zh-CN")
    desk.with_person = desk.hand_over(None, "before")
    desk.did.clear()
    heard = talker.talk(voice, desk, ["我的订单到哪了？", "帮我取消订单"])
    assert [len(re.findall("[。！？]", turn.text)) for turn in heard] == [1, 1]
    assert desk.did == []
    assert not any(turn.cards or turn.choices for turn in heard)


def test_it_streams_its_answer_and_marks_the_end(voice: Voice) -> None:
    async def chunks() -> list[AIMessageChunk]:
        model: Any = voice.offline()
        return [chunk async for chunk in model.astream([HumanMessage("你好")])]

    found = asyncio.run(chunks())
    assert len(found) > 3
    assert found[-1].chunk_position == "last"
    assert found[-1].response_metadata["finish_reason"] == "stop"


def test_without_tools_it_says_honestly_that_it_cannot_look(voice: Voice) -> None:
    model: Any = voice.offline()
    assert "isn't answering" in model.invoke([HumanMessage("Where is my order?")]).text
