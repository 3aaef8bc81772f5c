"""What customers ask of people: handed over at once, promised, told once, and the machine silent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.agent.ports import StreamEvent
from assistant.agent.voices import TurnContext
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases as cases_table
from assistant.timers.timers import timer_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.errors import InputError, NotFoundError
from tests.assistant.chatbot.room import STAFF, Room, Visitor, opened, said, words
from tests.assistant.desk import SUPERVISOR

Visiting = Callable[..., Visitor]
LI = STAFF["li"]


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    room = Room(store, vault)
    room.buys("ck-1")
    room.agent.script = asks_for_person
    return room


@pytest.fixture
def visitor(room: Room) -> Iterator[Visiting]:
    with opened(room) as visiting:
        yield visiting


def asks_for_person(context: TurnContext, text: str) -> list[StreamEvent]:
    """The agent as it does when somebody wants a person; it answers everything else."""
    if text != "a person please":
        return [said(f"you said {text}")]
    handed = context.desk.hand_over(None, text)
    context.deeds.append("handed_over")
    data = {"owner": handed.owner, "expected_by": handed.expected_by.isoformat()}
    return [said(f"{handed.owner} has it"), StreamEvent("handoff", data)]


def cases_of(room: Room) -> list[dict[str, Any]]:
    return room._rows(sa.select(cases_table).order_by(cases_table.c.id))


def session_of(room: Room, customer_id: str = "cu-1", checkout_id: str | None = None) -> str:
    return str(room.chat.service.begin(customer_id, "en", checkout_id)["id"])


def test_a_healthy_order_gets_a_case_without_a_fault_with_owner_clock_and_promise(room: Room) -> None:
    room.hire("li")
    desk = room.desk(session_id=session_of(room))
    handed = desk.hand_over("or-ck-1", "wants to talk, call 13800138000")
    [case] = cases_of(room)
    assert (case["faults"], case["severity"], case["status"]) == ([], "medium", CaseStatus.HANDED_OFF)
    assert (case["checkout_id"], case["order_id"], case["customer_id"]) == ("ck-1", "or-ck-1", "cu-1")
    assert (handed.case_id, handed.owner, handed.already) == (case["id"], "Li", False)
    [promise] = room.promised()
    assert (promise["kind"], promise["due_at"], promise["owner_id"]) == ("answer", handed.expected_by, "li")
    assert [t["subject"] for t in room.promise_timers()] == [promise["id"]]
    assert room.notified("assigned")[0][0] == "li"
    assert room.queued() == []  # the chat has said it: no message says it again
    lines = " ".join(room.lines(case["id"]))
    assert "call ‹phone›" in lines
    with room.store.read() as tx:
        assert timer_of(tx, "escalate", case["id"]) is not None
    again = desk.hand_over("ck-1", "once more")
    assert (again.already, len(cases_of(room)), len(room.promised())) == (False, 1, 1)  # one turn asks once
    later = room.desk(session_id=session_of(room), turn="turn-2").hand_over("ck-1", "hello?")
    assert (later.already, later.expected_by, len(room.promised())) == (True, handed.expected_by, 1)
    assert [who for who, _ in room.notified("customer_wrote")] == ["li"]


def test_an_open_case_leaves_the_machine_and_its_customer_is_told_once(room: Room) -> None:
    case_id = room.breaks("ck-1", FaultCode.PAID_OUT_OF_STOCK)
    room.desk(session_id=session_of(room)).hand_over("ck-1", "please")
    case = room.case(case_id)
    assert (case["status"], case["handed_off_why"], case["owner_kind"]) == ("handed_off", "customer_asked", "team")
    assert room.queued() == []
    room.hire("li")
    room.commands.hand_off(case_id, SUPERVISOR, "li")
    assert room.queued() == []  # whoever gets it next: the chat has told them


def test_a_watched_case_is_taken_up_and_what_agrees_by_itself_does_not_end_it(room: Room) -> None:
    case_id = room.breaks("ck-1")
    with room.store.begin() as tx:
        room.cases.resolve(tx, room.cases.lock(tx, case_id), Resolution.REPAIRED, utcnow(), [])
    room.desk(session_id=session_of(room)).hand_over("ck-1", "it is still wrong")
    assert room.case(case_id)["status"] == CaseStatus.HANDED_OFF
    with room.store.begin() as tx:
        case = room.cases.lock(tx, case_id)
        room.cases.wake(tx, case, utcnow())
    room.run(case_id)  # the systems agree: that is no answer
    assert room.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_a_conversation_about_no_purchase_is_a_case_of_its_own(room: Room) -> None:
    session = session_of(room, "cu-2")
    handed = room.desk("cu-2", "zh-CN", session_id=session).hand_over(None, "有事咨询")
    [case] = cases_of(room)
    assert (case["subject_kind"], case["subject_id"], case["checkout_id"]) == ("conversation", session, None)
    assert handed.owner == "客服团队"
    assert room.sessions()[0]["state"] == "with_person"
    with room.store.read() as tx:
        timer = timer_of(tx, "escalate", case["id"])
    assert timer is not None
    with room.store.begin() as tx:
        room.staffing.timer_handlers()["escalate"](tx, timer, timer.due_at)
    assert room.case(case["id"])["owner_id"] == "supervisors"
    assert [who for who, _ in room.notified("escalated")] == ["supervisors"]
    room.commands.release(case["id"], LI)
    room.run(case["id"])
    assert room.case(case["id"])["resolution"] == Resolution.BY_HUMAN
    assert room.sessions()[0]["state"] == "open"


def test_views_and_summary_cope_with_a_case_without_a_fault(room: Room) -> None:
    handed = room.desk(session_id=session_of(room)).request("ck-1", "cancel", "no longer needed, mail a@b.cn")
    case_id = str(handed.case_id)
    view = room.views.case(case_id)
    assert (view["faults"], view["root_cause"], view["status"]) == ([], None, "handed_off")
    assert room.views.page({}, 10, None)["items"][0]["id"] == case_id
    for language in ("en", "zh-CN"):
        summary = room.summaries.summary(case_id, language)
        assert summary["facts"]
        assert all(fact["evidence"] for fact in summary["facts"])
        assert summary["next_steps"]
    assert any("cancel the order. no longer needed, mail ‹email›" in line for line in room.lines(case_id))
    room.commands.claim(case_id, LI)
    room.commands.resolve(case_id, "by_human", "done", LI)
    assert room.case(case_id)["resolution"] == "by_human"
    assert room.states() == ["kept"]


def test_a_request_leaves_the_machine_talking_until_a_person_writes(room: Room, visitor: Visiting) -> None:
    def requests(context: TurnContext, text: str) -> list[StreamEvent]:
        if text != "cancel it":
            return [said(f"you said {text}")]
        context.desk.request("ck-1", "cancel", text)
        return [said("passed on")]

    room.agent.script = requests
    anna = visitor()
    session = anna.begin()
    anna.says(session, "cancel it")
    assert words(anna.says(session, "and the weather?")) == "you said and the weather?"
    [case] = cases_of(room)
    assert case["handed_off_why"] == "customer_request"
    visitor(key="li").call("POST", f"/cases/{case['id']}/conversation", json={"text": "Done, it is cancelled."})
    heard = len(room.agent.heard)
    assert "message.delta" not in dict(anna.says(session, "thank you"))
    assert len(room.agent.heard) == heard


def test_while_a_person_has_it_the_machine_is_silent_and_says_so_once(room: Room, visitor: Visiting) -> None:
    room.hire("li")
    anna = visitor()
    session = anna.begin(checkout_id="ck-1")
    events = anna.says(session, "a person please")
    assert [name for name, _ in events][-3:] == ["message.done", "handoff", "done"]
    first = anna.says(session, "are you there?", id="m-1")
    assert [name for name, _ in first] == ["message.done", "handoff", "done"]
    assert "Li" in words(first)
    second = anna.says(session, "it is about my tea")
    assert [name for name, _ in second] == ["handoff", "done"]
    assert dict(second)["handoff"]["owner"] == "Li"
    assert len(room.agent.heard) == 1
    assert [who for who, _ in room.notified("customer_wrote")] == ["li"]  # not of each sentence
    assert [item["text"] for item in anna.reads(session) if item["role"] == "customer"] == [
        "a person please", "are you there?", "it is about my tea",
    ]  # fmt: skip
    [case] = cases_of(room)
    room.commands.claim(case["id"], LI)
    name, data = [(name, data) for _, name, data in anna.follows(session, 5)][-1]
    assert (name, data["owner"], data["accepted"]) == ("handoff", "Li Na", True)
    room.commands.resolve(case["id"], "by_human", "explained", LI)
    assert "assistant is at your service again" in anna.reads(session)[-1]["text"]
    assert words(anna.says(session, "what about my order?")) == "you said what about my order?"


def test_a_case_that_was_given_back_leaves_the_conversation_to_the_machine(room: Room, visitor: Visiting) -> None:
    anna = visitor()
    session = anna.begin(checkout_id="ck-1")
    anna.says(session, "a person please")
    room.commands.claim(cases_of(room)[0]["id"], LI)
    room.commands.release(cases_of(room)[0]["id"], LI)
    assert words(anna.says(session, "hello")) == "you said hello"


def test_nobody_asks_for_anything_about_somebody_elses_order(room: Room) -> None:
    room.buys("ck-2", "cu-2")
    desk = room.desk(session_id=session_of(room))
    with pytest.raises(NotFoundError):
        desk.hand_over("ck-2", "x")
    with pytest.raises(NotFoundError):
        desk.request("or-ck-2", "refund", "x")
    with pytest.raises(InputError):
        desk.request("ck-1", "free_money", "x")
    assert cases_of(room) == []


def test_a_case_under_another_customers_name_is_never_taken_up(room: Room) -> None:
    """The shop says it is theirs, our case says otherwise: nothing is changed and nothing said."""
    case_id = room.breaks("ck-1")
    with room.store.begin() as tx:
        tx.execute(cases_table.update().values(customer_id="cu-2"))
    with pytest.raises(NotFoundError):
        room.desk(session_id=session_of(room)).hand_over("ck-1", "x")
    assert room.case(case_id)["status"] == CaseStatus.OPEN
    assert room.desk().order("ck-1").case is None


def test_a_promise_that_stands_is_the_one_that_is_named(room: Room) -> None:
    case_id = room.breaks("ck-1")
    due = utcnow() + timedelta(hours=2)
    room.make(case_id, "answer", due)
    handed = room.desk(session_id=session_of(room)).hand_over("ck-1", "x")
    assert handed.expected_by == due
    assert len(room.promised()) == 1
