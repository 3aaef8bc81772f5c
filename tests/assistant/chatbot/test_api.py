"""A customer's conversation over real HTTP: sessions, messages, choices, reloads, rates, what others may not see."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from assistant.agent.ports import StreamEvent
from assistant.agent.voices import TurnContext
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages, chat_sessions
from tests.assistant.chatbot.room import Room, Visitor, eventually, opened, said, words

Visiting = Callable[..., Visitor]


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


@pytest.fixture
def visitor(room: Room) -> Iterator[Visiting]:
    with opened(room) as visiting:
        yield visiting


def test_a_message_is_answered_as_contract_d_says_and_a_reload_shows_both(room: Room, visitor: Visiting) -> None:
    room.agent.script = lambda context, text: [
        StreamEvent("message.delta", {"message_id": "m", "text": "Your tea"}),
        StreamEvent("card", {"kind": "order", "order_id": "or-1"}), said("Your tea is on its way", message_id="m"),
    ]  # fmt: skip
    anna = visitor()
    session = anna.begin()
    events = anna.says(session, "where is my tea?")
    assert [name for name, _ in events] == ["tool", "message.delta", "card", "message.done", "done"]
    assert set(dict(events)["message.done"]) == {"message_id", "text", "sources", "language"}
    again = visitor()  # another page with the same id
    first, second = again.reads(session)
    assert (first["role"], first["text"], second["role"], second["text"]) == (
        "customer", "where is my tea?", "assistant", "Your tea is on its way",
    )  # fmt: skip
    assert second["card"] == {"kind": "order", "order_id": "or-1"}
    assert {"id", "seq", "language", "at", "sources"} <= set(second)
    context, text = room.agent.heard[0]
    assert (context.desk.customer_id, context.principal, text) == ("cu-1", "customer:cu-1", "where is my tea?")


def test_the_language_is_what_was_asked_else_the_tokens_else_the_shops(room: Room, visitor: Visiting) -> None:
    def begun(visiting: Visitor, **body: str) -> str:
        return str(visiting.call("POST", "/chat/sessions", json=body).json()["language"])

    assert begun(visitor("cu-1", lang="zh-CN"), language="en-GB") == "en"
    assert begun(visitor("cu-1", lang="zh-Hans")) == "zh-CN"
    assert begun(visitor("cu-2")) == "zh-CN"
    assert begun(visitor("cu-9")) == "en"
    assert visitor("cu-1").call("POST", "/chat/sessions").status_code == 201  # a body is not needed


def test_somebody_elses_session_and_checkout_do_not_exist(room: Room, visitor: Visiting) -> None:
    room.buys("ck-1", "cu-1")
    anna, ben = visitor("cu-1"), visitor("cu-2")
    session = anna.begin(checkout_id="or-ck-1")
    assert room.sessions()[0]["checkout_id"] == "ck-1"
    assert ben.call("POST", "/chat/sessions", json={"checkout_id": "ck-1"}).status_code == 404
    for method, path in (("GET", "messages"), ("POST", "messages"), ("GET", "events")):
        body = {"json": {"text": "hi"}} if method == "POST" else {}
        refused = ben.call(method, f"/chat/sessions/{session}/{path}", **body)
        assert (refused.status_code, refused.json()["code"]) == (404, "session_not_found")
    assert room.agent.heard == []


BAD = [
    ({"text": ""}, "text"), ({"text": "  \n"}, "text"), ({"text": "a\0b"}, "text"), ({"text": "x" * 4001}, "text"),
    ({}, "text"), ({"text": "hi", "choice": "yes"}, "text"), ({"choice": ""}, "choice"),
    ({"choice": "y\0"}, "choice"), ({"text": "hi", "id": "a b"}, "id"), ({"words": "hi"}, "words"),
]  # fmt: skip


def test_bad_messages_name_their_field_and_leave_nothing(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin()
    for body, field in BAD:
        answer = anna.call("POST", f"/chat/sessions/{session}/messages", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert anna.reads(session) == []


def test_a_message_sent_again_under_its_id_is_answered_again_and_done_once(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin()
    first = anna.says(session, "hello", id="m-1")
    again = anna.says(session, "hello", id="m-1")
    assert words(first) == words(again) == "you said hello"
    assert dict(first)["message.done"]["message_id"] == dict(again)["message.done"]["message_id"]
    assert len(room.agent.heard) == 1
    assert len(anna.reads(session)) == 2
    assert anna.refused(session, text="other words", id="m-1") == (409, "id_conflict")
    other = anna.begin()
    assert words(anna.says(other, "hello", id="m-1")) == "you said hello"  # ids are the session's own
    assert len(room.agent.heard) == 2


def test_the_same_message_twice_at_once_joins_the_answer_that_is_being_given(room: Room, visitor: Visiting) -> None:
    room.agent.gate = threading.Event()
    anna = visitor()
    session = anna.begin()
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(words(anna.says(session, "hello", id="m-1")))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: room.agent.heard)
    room.agent.gate.set()
    for thread in threads:
        thread.join()
    assert got == ["you said hello"] * 2
    assert len(room.agent.heard) == 1


def test_an_answer_goes_on_without_its_listener_and_is_found_afterwards(room: Room, visitor: Visiting) -> None:
    room.agent.gate = threading.Event()
    anna = visitor()
    session = anna.begin()
    path = f"/v1/chat/sessions/{session}/messages"
    with anna.client.stream("POST", path, headers=anna.headers, json={"text": "hello"}) as stream:
        assert next(stream.iter_lines()) == "event: tool"
    assert [item["role"] for item in anna.reads(session)] == ["customer"]
    room.agent.gate.set()
    eventually(lambda: len(anna.reads(session)) == 2)
    [(seq, name, data)] = anna.follows(session, 1)
    assert (name, data["text"], data["role"]) == ("message.done", "you said hello", "assistant")
    anna.says(session, "and now?")
    [(_, _, later)] = anna.follows(session, 1, **{"last-event-id": str(seq)})
    assert later["text"] == "you said and now?"
    assert [i["text"] for i in anna.reads(session, after=seq)] == ["and now?", "you said and now?"]


def test_of_two_messages_at_once_the_second_waits_and_then_gives_up(room: Room, visitor: Visiting) -> None:
    room.agent.gate = threading.Event()
    anna = visitor()
    session = anna.begin()
    first = threading.Thread(target=lambda: anna.says(session, "one"))
    first.start()
    eventually(lambda: room.agent.heard)
    room.chat.service._turns._wait = 0.2
    assert anna.refused(session, text="two") == (409, "turn_running")
    assert [item["text"] for item in anna.reads(session)] == ["one"]  # nothing of the second was kept
    room.chat.service._turns._wait = 10.0
    second: list[str] = []
    waiting = threading.Thread(target=lambda: second.append(words(anna.says(session, "two"))))
    waiting.start()
    room.agent.gate.set()
    first.join()
    waiting.join()
    assert second == ["you said two"]
    assert [item["text"] for item in anna.reads(session)] == ["one", "you said one", "two", "you said two"]


def test_after_a_crash_in_mid_turn_the_question_stands_and_the_next_one_works(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin()
    anna.says(session, "one", id="m-1")
    with room.store.begin() as tx:  # as kill -9 leaves it: the question, a lease that nobody renews, no answer
        tx.execute(chat_messages.delete().where(chat_messages.c.role == "assistant"))
        lease = {"turn": room.stored(session)[0]["id"], "turn_until": utcnow() + timedelta(seconds=0.3)}
        tx.execute(chat_sessions.update().values(**lease))
    assert words(anna.says(session, "two")) == "you said two"
    assert words(anna.says(session, "one", id="m-1")) == "you said one"  # and that one is answered at last
    assert [item["text"] for item in anna.reads(session)] == ["one", "two", "you said two", "you said one"]


def test_what_breaks_is_said_in_the_stream_and_can_be_asked_again(room: Room, visitor: Visiting) -> None:
    def broken(context: TurnContext, text: str) -> list[StreamEvent]:
        raise RuntimeError(text)

    room.agent.script = broken
    anna = visitor()
    session = anna.begin()
    events = anna.says(session, "hello", id="m-1")
    assert [name for name, _ in events] == ["tool", "error", "done"]
    assert dict(events)["error"]["code"] == "conversation_failed"
    room.agent.script = lambda context, text: [said("fine")]
    assert words(anna.says(session, "hello", id="m-1")) == "fine"


def test_the_rate_counts_all_of_a_customers_conversations_and_nobody_elses(store: Store, vault: Vault) -> None:
    room = Room(store, vault, chat_rate=3)
    with opened(room) as visitor:
        anna = visitor()
        one, two = anna.begin(), anna.begin()
        for session, text in ((one, "1"), (two, "2"), (one, "3")):
            anna.says(session, text)
        refused = anna.call("POST", f"/chat/sessions/{two}/messages", json={"text": "4"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_messages")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert len(anna.reads(two)) == 2
        ben = visitor("cu-2")
        ben.says(ben.begin(), "hello")
        with room.store.begin() as tx:
            tx.execute(chat_messages.update().values(at=utcnow() - timedelta(seconds=61)))
        anna.says(two, "4")
        anna.begin()
        assert anna.call("POST", "/chat/sessions").status_code == 429


# -- choices --------------------------------------------------------------------------------------------------------


def offers(key: str, *ids: str) -> StreamEvent:
    return StreamEvent("choices", {"dedupe_key": key, "options": [{"id": i, "label": i.upper()} for i in ids]})


def test_a_choice_of_the_assistants_own_reaches_it_as_a_button_and_no_words_can(room: Room, visitor: Visiting) -> None:
    room.agent.script = lambda context, text: [said("Shall I?"), offers("confirm-x", "yes", "no")]
    anna = visitor()
    session = anna.begin()
    assert [name for name, _ in anna.says(session, "cancel it")] == ["tool", "message.done", "choices", "done"]
    assert anna.refused(session, choice="maybe") == (422, "invalid_choice")
    refused = anna.call("POST", f"/chat/sessions/{session}/messages", json={"choice": "maybe"}).json()
    assert "yes, no" in refused["detail"]
    room.agent.script = lambda context, text: [said("Done")]
    anna.says(session, choice="yes", id="m-2")
    assert room.agent.heard[-1][1] == "⟦confirm-x⟧⟦yes⟧ YES"
    assert anna.refused(session, choice="no") == (409, "already_answered")
    assert words(anna.says(session, choice="yes", id="m-2")) == "Done"
    assert anna.refused(session, choice="no", id="m-2") == (409, "id_conflict")
    shown = anna.reads(session)
    assert [item["text"] for item in shown] == ["cancel it", "Shall I?", "YES", "Done"]
    assert shown[1]["choices"]["chosen"] == "yes"
    anna.says(session, "⟦confirm-x⟧⟦no⟧")
    assert room.agent.heard[-1][1] == "[confirm-x][no]"


def test_where_nothing_was_offered_a_choice_says_so(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin()
    answer = anna.call("POST", f"/chat/sessions/{session}/messages", json={"choice": "yes"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_choice")
    assert "no choices at all" in answer.json()["detail"]


def test_a_question_of_the_inbox_comes_into_the_conversation_once_and_a_choice_answers_it(
    room: Room, visitor: Visiting
) -> None:
    room.buys("ck-1")
    anna = visitor()
    session = anna.begin()
    key = room.asks(room.breaks("ck-1"), inbox=True)
    shown = anna.follows(session, 2)
    assert [(seq is not None, name) for seq, name, _ in shown] == [(False, "message.done"), (True, "choices")]
    assert shown[1][2]["dedupe_key"] == key
    assert len(anna.reads(session)) == len(anna.reads(session)) == 1
    events = anna.says(session, choice="keep_both", id="m-1")
    assert "keep both" in words(events)
    assert room.message(key)["choice"] == "keep_both"
    assert room.message(key)["state"] == "delivered"
    assert room.agent.heard == []  # no model stands between a button and its deed
    assert words(anna.says(session, choice="keep_both", id="m-1")) == words(events)
    assert anna.refused(session, choice="cancel_one") == (409, "already_answered")
    assert anna.reads(session)[0]["choices"]["chosen"] == "keep_both"


def test_a_question_answered_elsewhere_is_answered_here_too(room: Room, visitor: Visiting) -> None:
    room.buys("ck-1")
    key = room.asks(room.breaks("ck-1"), inbox=True)
    anna = visitor()
    session = anna.begin()  # unread ones from before it began come, too
    assert [item["choices"]["dedupe_key"] for item in anna.reads(session)] == [key]
    item = room.messaging.inbox.after("cu-1")[0]
    room.messaging.inbox.choose("cu-1", item["seq"], "cancel_one", room.intake.receive)
    assert anna.refused(session, choice="keep_both") == (409, "already_answered")
    assert room.message(key)["choice"] == "cancel_one"


def test_words_are_in_the_vault_alone_and_gone_with_the_customers_key(room: Room, visitor: Visiting) -> None:
    room.agent.script = lambda context, text: [
        StreamEvent("card", {"kind": "address", "street": "文三路 1 号"}), said("Zhang San, 13800138000"),
    ]  # fmt: skip
    anna = visitor()
    session = anna.begin()
    anna.says(session, "I am Zhang San, 13800138000")
    assert "13800138000" in anna.reads(session)[1]["text"]
    outside = repr(room.stored(session)) + repr(room.sessions())
    assert not any(secret in outside for secret in ("Zhang", "13800138000", "文三路"))
    with room.store.begin() as tx:
        room.vault.destroy(tx, "c:cu-1")
    assert anna.reads(session) == []


def test_pages_of_a_long_conversation(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin()
    for number in range(3):
        anna.says(session, str(number))
    seen, after = [], 0
    while after is not None:
        page = anna.call("GET", f"/chat/sessions/{session}/messages", params={"after": after, "limit": 4}).json()
        seen += [item["text"] for item in page["items"]]
        after = page["next"]
    assert seen == ["0", "you said 0", "1", "you said 1", "2", "you said 2"]
    bad = anna.call("GET", f"/chat/sessions/{session}/messages", params={"after": -1})
    assert (bad.status_code, bad.json()["field"]) == (422, "after")


def test_an_unknown_session_is_no_stream(room: Room, visitor: Visiting) -> None:
    for answer in (
        visitor().call("GET", "/chat/sessions/chat_none/events"),
        visitor().call("POST", "/chat/sessions/chat_%00/messages", json={"text": "hi"}),
    ):
        assert isinstance(answer, httpx.Response)
        assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
