"""The one loop for any voice: switching to the offline model and back, budgets, the guard, events in order, kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.tools import ToolRuntime
from langchain_core.language_models import FakeListChatModel
from langchain_core.tools import tool
from pydantic import SecretStr

from assistant.agent.breaker import Breaker
from assistant.agent.checkpoints import open_checkpoints
from assistant.agent.engine import Agent
from assistant.agent.history import Keep
from assistant.agent.offline import OfflineChatModel
from assistant.agent.ports import StreamEvent
from assistant.agent.turn_texts import TEXTS
from assistant.agent.voices import Kind, TurnContext, Voice
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.agent import endpoint as fake
from tests.assistant.agent.conftest import answer, as_shown

SILENCE = 2.0  # seconds: the default, and more than a busy machine needs for a token
OFFLINE = "我是离线助手，已经查到您的订单。"


class Desk:
    """Counts what tools asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []


@tool
def look(runtime: ToolRuntime[TurnContext]) -> str:
    """Reads something."""
    runtime.context.desk.asked.append("look")
    runtime.context.emit(StreamEvent("card", {"kind": "order", "phone": runtime.context.masker.mask("13800138000")}))
    return "the phone is 13800138000"


@tool
def request_refund(checkout_id: str, runtime: ToolRuntime[TurnContext]) -> str:
    """Asks a person to decide on a refund.

    Args:
        checkout_id: for example "ck-1".
    """
    runtime.context.desk.asked.append(checkout_id)
    if checkout_id == "ck-down":
        raise UnavailableError("shop_down", "the shop does not answer, call 13800138000")
    return "passed on"


class Offline(FakeListChatModel):
    """Says its sentence; calls no tool."""

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self


def voice(**more: Any) -> Voice:
    settled = {"prompt": lambda: "You help.", "offline": lambda: Offline(responses=[OFFLINE])} | more
    return Voice("chatbot", tools=lambda: [(look, Kind.READ), (request_refund, Kind.PROPOSE)], **settled)


@pytest.fixture
def endpoint() -> Iterator[fake.Endpoint]:
    with fake.running() as one:
        yield one


@pytest.fixture
def settings(settings: Settings, endpoint: fake.Endpoint) -> Settings:
    found = {"llm_url": endpoint.url, "llm_model": "m", "llm_timeout": SILENCE, "llm_key": SecretStr("k")}
    return settings.model_copy(update=found)


class Talk:
    """One customer's conversation."""

    def __init__(self, agent: Agent, **more: Any) -> None:
        self.agent, self.voice, self.desk = agent, voice(**more), Desk()
        self.deeds: list[str] = []

    def ask(self, *texts: str, language: str = "en", keep: Keep | None = None) -> list[list[StreamEvent]]:
        async def turns() -> list[list[StreamEvent]]:
            return [[event async for event in self.agent.turn(self.voice, self.context(language), text, keep=keep)]
                    for text in texts]  # fmt: skip

        return asyncio.run(turns())

    def context(self, language: str = "en") -> TurnContext:
        return TurnContext("chat:1", "customer:c-1", language, self.desk, deeds=self.deeds)


def make(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, rest: float = 60.0, **more: Any
) -> Talk:
    return Talk(Agent(settings, store, vault, embedder, breaker=Breaker(rest)), **more)


@pytest.fixture
def talk(settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder) -> Talk:
    return make(settings, store, vault, embedder)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (fake.hangs, "silent"), (fake.stalls_after("I think"), "silent"), (fake.refuses(503, "1"), "status_503"),
        (fake.drops_after("I think"), "unreachable"), (fake.refuses(429, "90"), "rate_limited"),
    ],
    ids=["hangs", "stalls", "503", "drops", "429"],
)  # fmt: skip
def test_an_outage_switches_in_the_turn_opens_the_breaker_and_leaves_the_endpoint_alone(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint,
    reply: fake.Reply, reason: str,
) -> None:  # fmt: skip
    # A busy machine may be silent for a while without being an outage: patience where silence isn't the story.
    patience = settings.llm_timeout if reason == "silent" else 20.0
    talk = make(settings.model_copy(update={"llm_timeout": patience}), store, vault, embedder)
    endpoint.replies = [fake.says("Hello!"), reply, fake.says("never asked")]
    well, switched, resting = talk.ask("hi", "and now?", "again?", language="zh-CN")
    assert answer(well)["text"] == "Hello!"
    for events in (switched, resting):
        assert answer(events)["text"] == as_shown(events) == OFFLINE
    assert {event.data["message_id"] for event in switched} == {answer(switched)["message_id"]}
    state = talk.agent.breaker.state()
    assert (state["state"], state["reason"]) == ("open", reason)
    assert state["rests_for"] > 60 if reason == "rate_limited" else state["rests_for"] <= 60
    assert len(endpoint.bodies) == 2


def test_a_port_where_nobody_listens_is_an_outage(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = settings.model_copy(update={"llm_url": f"http://127.0.0.1:{free.getsockname()[1]}/v1"})
    talk = make(dead, store, vault, embedder)
    [events] = talk.ask("hi")
    assert answer(events)["text"] == OFFLINE
    assert talk.agent.breaker.state()["reason"] == "unreachable"


def test_it_switches_back_by_itself_with_one_probing_turn(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint
) -> None:
    talk = make(settings, store, vault, embedder, rest=0.2)
    endpoint.replies = [fake.refuses(503, "0"), fake.says("Back again.")]
    [down] = talk.ask("hi")
    assert answer(down)["text"] == OFFLINE
    time.sleep(0.25)
    assert talk.agent.breaker.state()["state"] == "half_open"
    [back] = talk.ask("hi")
    assert answer(back)["text"] == "Back again."
    assert talk.agent.breaker.state()["state"] == "closed"


def test_what_tools_said_is_kept_over_a_switch_and_shown_in_order(talk: Talk, endpoint: fake.Endpoint) -> None:
    endpoint.replies = [fake.calls("look", before="One moment."), fake.drops_after("Your order is")]
    [events] = talk.ask("where is my order?")
    assert [event.event for event in events if event.event != "message.delta"] == [
        "tool", "card", "tool", "message.done",
    ]  # fmt: skip
    assert events[0].data["text"] and [e.event for e in events].index("card") > 0
    [card] = [event.data for event in events if event.event == "card"]
    assert card["phone"] == "13800138000"  # the person sees the real one
    assert talk.desk.asked == ["look"]
    assert "13800138000" not in endpoint.asked
    assert "the phone is ‹phone:1›" in endpoint.asked  # what the tool forgot to mask is masked at the edge


def test_the_same_proposal_is_made_once_a_turn_and_a_refused_one_may_be_tried_again(
    talk: Talk, endpoint: fake.Endpoint
) -> None:
    refund = fake.calls("request_refund", {"checkout_id": "ck-1"})
    down = fake.calls("request_refund", {"checkout_id": "ck-down"})
    endpoint.replies = [refund, refund, down, down, fake.says("Passed on.")]
    [events] = talk.ask("refund me")
    assert answer(events)["text"] == "Passed on."
    assert talk.desk.asked == ["ck-1", "ck-down", "ck-down"]
    assert "13800138000" not in endpoint.asked and "shop_down" in endpoint.asked


def test_a_turn_makes_only_a_few_proposals(talk: Talk, endpoint: fake.Endpoint) -> None:
    wishes = [fake.calls("request_refund", {"checkout_id": f"ck-{number}"}) for number in range(5)]
    endpoint.replies = [*wishes, fake.says("That was it.")]
    talk.ask("refund everything")
    assert talk.desk.asked == ["ck-0", "ck-1", "ck-2"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_turn_whose_time_is_up_says_so_in_place_of_half_an_answer(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint,
    language: str,
) -> None:  # fmt: skip
    talk = make(settings.model_copy(update={"llm_turn_seconds": 0.9}), store, vault, embedder)
    talk.deeds.append("handed_over")
    endpoint.replies = [fake.drips("word " * 40, 0.2)]
    [events] = talk.ask("tell me everything", language=language)
    said = TEXTS["out_of_seconds"][language] + ("" if language == "zh-CN" else " ") + TEXTS["deeds_stand"][language]
    assert answer(events)["text"] == as_shown(events) == said


def test_a_slow_drip_within_the_time_is_an_answer(talk: Talk, endpoint: fake.Endpoint) -> None:
    endpoint.replies = [fake.drips("your order is on its way", 0.2)]
    [events] = talk.ask("where?")
    assert answer(events)["text"] == "your order is on its way"


def test_tokens_the_endpoint_measured_are_what_counts(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint
) -> None:
    talk = make(settings.model_copy(update={"llm_turn_tokens": 6000}), store, vault, embedder)
    endpoint.replies = [fake.calls("look"), fake.measures("Enough.", 900), fake.says("no")]
    [events] = talk.ask("hi")
    assert answer(events)["text"] == "Enough."
    endpoint.replies = [fake.says("never asked")]
    asked = len(endpoint.bodies)
    [events] = talk.ask("很长的问题" * 900)
    assert answer(events)["text"] == TEXTS["out_of_tokens"]["en"]
    assert len(endpoint.bodies) == asked


def test_old_turns_leave_the_request_before_the_new_question_does(talk: Talk, endpoint: fake.Endpoint) -> None:
    endpoint.replies = [fake.says("ok")]
    talk.ask(*[f"{number}" + "说来话长" * 900 for number in range(3)], "and now?")
    asked = [message["content"] for message in endpoint.bodies[-1]["messages"] if message["role"] == "user"]
    assert asked[-1] == "and now?" and len(asked) < 4


def test_the_guard_sees_each_sentence_before_anybody_does(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint
) -> None:
    def guard(sentence: str, context: TurnContext) -> str:
        return "退款还没有办理，我已转给同事。" if "已退款" in sentence else sentence

    talk = make(settings, store, vault, embedder, guard=guard)
    endpoint.replies = [fake.says("您好。您的19.99元已退款成功。请放心", 2), fake.says("已退款。")]
    [events] = talk.ask("退款了吗", language="zh-CN")
    streamed = "".join(event.data.get("text", "") for event in events)
    assert "退款成功" not in streamed and "已退款" not in streamed
    assert answer(events)["text"] == as_shown(events) == "您好。退款还没有办理，我已转给同事。请放心"


def test_a_guard_that_leaves_nothing_or_breaks_is_neither_silence_nor_a_leak(
    settings: Settings, store: Store, vault: Vault, embedder: UniversalSentenceEmbedder, endpoint: fake.Endpoint
) -> None:
    endpoint.replies = [fake.says("已退款。")]
    [events] = make(settings, store, vault, embedder, guard=lambda *_: "").ask("退款了吗", language="zh-CN")
    assert answer(events)["text"] == as_shown(events) == TEXTS["nothing_certain"]["zh-CN"]

    def broken(sentence: str, context: TurnContext) -> str:
        raise KeyError(sentence)

    talk = make(settings, store, vault, embedder, guard=broken)
    [events] = talk.ask("退款了吗")
    assert [event.data["code"] for event in events if event.event == "error"] == ["guard_failed"]
    assert "退款" not in str([event.data for event in events])
    assert talk.agent.breaker.state()["state"] == "closed"  # the endpoint is not to blame


def test_what_the_vault_knows_of_the_customer_is_masked_however_it_is_typed(
    talk: Talk, endpoint: fake.Endpoint, store: Store, vault: Vault, settings: Settings
) -> None:
    address = {"recipient": "欧阳明月", "street": "桃花源弄堂7号", "phone": "021-6234 5678"}
    with store.begin() as tx:
        vault.put(tx, "c:c-1", "event", {"shipping_address": address}, utcnow())
    endpoint.replies = [fake.says("‹name:1›您好", 2)]
    question = "我是欧阳 明月，住桃花源弄堂 ７号，电话０２１６２３４５６７８，<data>ck-1</data>"
    [events] = talk.ask(question, language="zh-CN", keep=Keep("c:c-1", session_id="s-1"))
    assert answer(events)["text"] == "欧阳 明月您好"
    for secret in ("欧阳", "桃花源", "６２３４", "6234", "<data>"):
        assert secret not in endpoint.asked
    assert "ck-1" in endpoint.asked
    said = talk.agent.log.messages("chat:1")
    assert [message.text for message in said] == [question, "欧阳 明月您好"]
    store.engine.dispose()
    written = b"".join(file.read_bytes() for file in settings.home.rglob("*") if file.is_file())
    assert "桃花源".encode() not in written and "欧阳".encode() not in written


def test_personal_data_a_model_makes_up_stands_in_no_checkpoint(talk: Talk, endpoint: fake.Endpoint) -> None:
    endpoint.replies = [
        fake.calls("request_refund", {"checkout_id": "电话 13700137000"}), fake.says("Call 13600136000."),
    ]  # fmt: skip

    async def remembered() -> str:
        async with open_checkpoints(talk.agent.settings) as saver:
            kept = await saver.aget_tuple({"configurable": {"thread_id": "chat:1"}})
            assert kept is not None
            return str(kept.checkpoint["channel_values"]["messages"])

    [events] = talk.ask("hi")
    assert answer(events)["text"] == "Call 13600136000."
    text = asyncio.run(remembered())
    assert "13700137000" not in text and "13600136000" not in text
    assert "‹phone:" in text


def test_a_conversation_killed_in_the_middle_of_a_tool_goes_on(
    talk: Talk, endpoint: fake.Endpoint, settings: Settings
) -> None:
    """The process dies with SIGKILL while its tool runs; the next one answers on the same checkpoints."""
    endpoint.replies = [fake.calls("look"), fake.says("I am back.")]
    source = f"""
import asyncio, os, signal, sys
from pathlib import Path
from assistant.settings import Settings
from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine
from tests.assistant.agent import test_engine as t
class Killer:
    asked = property(lambda self: os.kill(os.getpid(), signal.SIGKILL))
settings = Settings(home=Path({str(settings.home)!r}), llm_url={endpoint.url!r}, llm_model="m")
talk = t.make(settings, Store(make_engine(settings.database)), Vault(bytes(range(32))), None)
talk.desk = Killer()
talk.ask("where is my order?")
"""
    here = os.environ | {"PYTHONPATH": "."}
    died = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True, env=here)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-500:]
    [events] = talk.ask("hello?")
    assert answer(events)["text"] == "I am back."
    roles = [message["role"] for message in endpoint.bodies[-1]["messages"]]
    assert roles == ["system", "user", "user"]  # the call nobody answered is not sent


def test_the_offline_model_of_a_voice_is_made_once(talk: Talk) -> None:
    made = [talk.agent.offline(talk.voice) for _ in range(2)]
    assert made[0] is made[1] and not isinstance(made[0], OfflineChatModel)
