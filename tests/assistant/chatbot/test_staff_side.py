"""Staff in a customer's conversation: what they read and write, and how customers who are not there hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_sessions
from tests.assistant.chatbot.room import Room, Visitor, opened, said, words

Visiting = Callable[..., Visitor]


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    room = Room(store, vault)
    room.buys("ck-1")
    room.agent.script = lambda context, text: [said("fine")]
    return room


@pytest.fixture
def visitor(room: Room) -> Iterator[Visiting]:
    with opened(room) as visiting:
        yield visiting


def handed(room: Room, anna: Visitor) -> tuple[str, str]:
    """(session, case) of a customer whom a person has."""
    session = anna.begin(checkout_id="ck-1")
    anna.says(session, "my phone is 13800138000")
    case = room.desk(session_id=session).hand_over("ck-1", "please").case_id
    return session, str(case)


def conversation(li: Visitor, case: str, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = li.call("GET", f"/cases/{case}/conversation", params=params).json()["items"]
    return found


def test_staff_read_it_with_real_values_and_answer_in_it(room: Room, visitor: Visiting) -> None:
    anna, li = visitor(), visitor(key="li")
    session, case = handed(room, anna)
    assert [item["text"] for item in conversation(li, case)] == ["my phone is 13800138000", "fine"]
    answer = li.call("POST", f"/cases/{case}/conversation", json={"text": "Hello, I am Li.", "id": "p-1"})
    assert (answer.status_code, answer.json()["role"], answer.json()["author"]) == (201, "staff", "Li Na")
    again = li.call("POST", f"/cases/{case}/conversation", json={"text": "Hello, I am Li.", "id": "p-1"})
    assert again.json() == answer.json()
    shown = anna.reads(session)[-1]
    assert (shown["role"], shown["text"], shown["author"]) == ("staff", "Hello, I am Li.", "Li Na")
    assert "session_id" not in shown
    anna.says(session, "thanks, Li")
    names = [(name, data["text"]) for _, name, data in li.follows("", 5, f"/v1/cases/{case}/conversation/events")]
    assert names[-2:] == [("message", "Hello, I am Li."), ("message", "thanks, Li")] or names[-1][0] == "message"
    assert {"my phone is 13800138000", "Hello, I am Li.", "thanks, Li"} <= {text for _, text in names}
    assert room.states() == ["kept"]  # what was promised was an answer
    assert room.case(case)["first_action_at"] is not None


def test_a_customer_who_is_not_there_is_told_once_that_there_is_something(room: Room, visitor: Visiting) -> None:
    anna, li = visitor(), visitor(key="li")
    session, case = handed(room, anna)
    li.call("POST", f"/cases/{case}/conversation", json={"text": "One"})
    assert room.queued() == []  # they are there
    with room.store.begin() as tx:
        tx.execute(chat_sessions.update().values(seen_at=utcnow() - timedelta(minutes=5)))
    for text in ("Two", "Three"):
        li.call("POST", f"/cases/{case}/conversation", json={"text": text})
    [message] = room.queued()
    assert (message["source"], message["phrase"]) == ("chat", "new_words")
    assert "Two" not in repr(message)
    room.messaging.dispatch.deliver(message["dedupe_key"])
    [item] = room.messaging.inbox.after("cu-1")
    assert "or-ck-1" in item["text"]
    texts = [item["text"] for item in anna.reads(session)]
    assert texts[-3:] == ["One", "Two", "Three"]  # and that notice is no part of the conversation


def test_whoever_never_chatted_finds_staffs_words_at_their_next_visit(room: Room, visitor: Visiting) -> None:
    case, li = room.breaks("ck-1"), visitor(key="li")
    assert li.call("POST", f"/cases/{case}/conversation", json={"text": "About your tea"}).status_code == 201
    assert [message["phrase"] for message in room.queued()] == ["new_words"]
    ben, anna = visitor("cu-2"), visitor("cu-1")
    assert ben.reads(ben.begin()) == []
    session = anna.begin()
    assert [item["text"] for item in anna.reads(session)] == ["About your tea"]
    assert anna.begin() != session
    assert words(anna.says(session, "what about it?")) == "fine"  # no person has the case: the machine answers


def test_who_may_read_and_who_may_write(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    _, case = handed(room, anna)
    path = f"/cases/{case}/conversation"
    statuses = {
        who: (one.call("GET", path).status_code, one.call("POST", path, json={"text": "x"}).status_code)
        for who, one in {
            "anna": anna, "looker": visitor(key="looker"), "robot": visitor(key="robot"), "nobody": visitor(key="x"),
        }.items()
    }  # fmt: skip
    assert statuses == {"anna": (401, 401), "looker": (200, 403), "robot": (200, 403), "nobody": (401, 401)}
    li = visitor(key="li")
    assert li.call("GET", "/cases/case_none/conversation").status_code == 404
    assert li.call("GET", "/cases/case_none/conversation/events").status_code == 404
    for text in ("", "  ", "a\0"):
        assert li.call("POST", path, json={"text": text}).json()["field"] == "text"


def test_a_guest_has_no_chat(room: Room, visitor: Visiting) -> None:
    room.buys("ck-3", "")
    with room.store.begin() as tx:
        snapshot = room.intake.snapshot_of(tx, "ck-3")
        assert snapshot is not None
        snapshot.customer_id = None
    case = room.breaks("ck-3")
    with room.store.begin() as tx:
        room.cases.update(tx, room.cases.lock(tx, case), utcnow(), customer_id=None)
    li = visitor(key="li")
    assert conversation(li, case) == []
    refused = li.call("POST", f"/cases/{case}/conversation", json={"text": "hello"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_customer")
