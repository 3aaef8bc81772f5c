"""Accept, edit, reject: one click through plan approval, performed and read back, and of several at once one wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from assistant.security.principals import ForbiddenError, Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError, HellowordError, InputError, NotFoundError
from knowledge.vocabulary.money import Money
from tests.assistant.copilot.room import Room, given_back, short, shortage
from tests.assistant.desk import AGENT, SUPERVISOR
from tools.connectors.outcome import rejected
from tools.connectors.ports import WriteRequest
from tools.rehearsal.checking import Edit

OTHER = Principal("staff", "bob", "Bob Other", frozenset({Role.AGENT}), frozenset(Scope))
READER = Principal("key", "k", "reader", frozenset(), frozenset(Scope))
SOON = timedelta(days=3)


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


def mended_by(room: Room, path: str) -> None:
    """Once this write is made the systems agree."""

    def before(request: WriteRequest) -> None:
        if request.path.endswith(path):
            room.sees(given_back())

    room.writer.before = before


def test_an_accepted_plan_is_stored_approved_performed_and_verified(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    mended_by(room, "/refund")
    room.deciding.accept(case_id, one["id"], SUPERVISOR)
    case, row = room.case(case_id), room.plan_rows(case_id)[-1]
    assert (case["status"], case["owner_id"], case["plan_version"]) == (CaseStatus.REPAIRING, "sup", 1)
    assert (row["state"], row["suggestion"], row["decided_by"]) == ("approved", one["id"], SUPERVISOR.ref)
    assert room.durable.runs[-1][0] == case_id
    assert room.run(case_id)[:2] == ["done", "done"]
    paths = [request.path for request in room.writer.sent]
    assert paths[:2] == ["/orders/or-1/cancel", "/payments/pay-1/refund"]
    case = room.case(case_id)
    assert (case["status"], case["resolution"]) == (CaseStatus.RESOLVED, "cancelled_refunded")
    assert room.row(one["id"])["state"] == "accepted"


def test_what_is_left_after_it_is_whoevers_it_was_and_the_playbook_does_not_go_on(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    room.commands.claim(case_id, AGENT)
    room.deciding.accept(case_id, room.one(case_id, "fallback")["id"], SUPERVISOR)
    room.run(case_id)
    case = room.case(case_id)
    assert (case["status"], case["owner_id"], case["handed_off_why"]) == (CaseStatus.HANDED_OFF, "ann", "chosen_over")
    sent = len(room.writer.sent)
    room.run(case_id)
    assert len(room.writer.sent) == sent


def test_a_refused_step_brings_the_case_back_to_whoever_chose(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    room.writer.outcomes = [rejected("not_allowed", status=422)]
    room.deciding.accept(case_id, room.one(case_id, "fallback")["id"], SUPERVISOR)
    room.run(case_id)
    case = room.case(case_id)
    assert (case["status"], case["owner_id"], case["handed_off_why"]) == (
        CaseStatus.HANDED_OFF, "sup", "chosen_refused"
    )  # fmt: skip
    assert len(room.writer.sent) == 1


def test_evidence_that_changed_before_the_click_is_refused_and_nothing_is_stored(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    room.sees(short(value=9_000), shortage())
    with pytest.raises(ConflictError, match="evidence_changed"):
        room.deciding.accept(case_id, one["id"], SUPERVISOR)
    assert room.plan_rows(case_id) == []
    assert room.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_evidence_that_changes_after_the_click_stops_it_before_the_first_step(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    room.deciding.accept(case_id, room.one(case_id, "fallback")["id"], SUPERVISOR)
    room.sees(short(value=9_000), shortage())
    assert room.run(case_id) == []
    case = room.case(case_id)
    assert (case["handed_off_why"], case["owner_id"]) == ("evidence_changed", "sup")
    assert room.writer.sent == []
    assert room.plan_rows(case_id)[-1]["state"] == "superseded"


def test_a_plan_accepted_with_edits_is_performed_as_edited_and_the_difference_is_kept(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    refund = next(step for step in one["steps"] if step["action"] == "refund_payment")
    with pytest.raises(InputError, match=r"edits\.steps\.0"):
        too_much = Edit(id=refund["id"], arguments={"amount": Money(8_001, "CNY").json()})
        room.deciding.accept(case_id, one["id"], SUPERVISOR, [too_much])
    assert room.row(one["id"])["state"] == "open"
    less = Edit(id=refund["id"], arguments={"amount": Money(5_000, "CNY").json()})
    silent = Edit(id=one["steps"][-1]["id"], remove=True)  # it tells of the whole amount
    room.deciding.accept(case_id, one["id"], SUPERVISOR, [less, silent])
    states = [(r["version"], r["edited_from"], r["suggestion"]) for r in room.plan_rows(case_id)]
    assert states == [(1, None, one["id"]), (2, 1, one["id"])]
    mended_by(room, "/refund")
    room.run(case_id)
    assert b"5000" in next(r.body for r in room.writer.sent if r.path.endswith("/refund"))
    row = room.row(one["id"])
    assert (row["state"], "¥50.00" in row["difference"]["en"]) == ("edited", True)


def test_a_role_that_is_not_enough_stores_nothing(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    for who in (AGENT, READER):
        with pytest.raises(ForbiddenError):
            room.deciding.accept(case_id, one["id"], who)
    assert room.plan_rows(case_id) == []
    assert room.row(one["id"])["state"] == "open"
    assert room.case(case_id)["owner_id"] == "service"


def test_proposing_only_stores_a_version_that_waits(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    assert room.suggestions.propose(case_id, one["id"], AGENT) == 1
    assert room.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    room.set_case(case_id, running=1)
    assert room.run(case_id) == []  # the machine leaves it waiting, and plans nothing else
    assert room.plan_rows(case_id)[-1]["state"] == "awaiting"
    waiting = room.listed(case_id)[0]
    assert (waiting["kind"], waiting["plan_version"], waiting["needs_role"]) == ("approve", 1, "supervisor")
    room.deciding.accept(case_id, waiting["id"], SUPERVISOR)
    mended_by(room, "/refund")
    room.run(case_id)
    assert room.case(case_id)["status"] == CaseStatus.RESOLVED


def test_a_rejection_keeps_its_reason_masked_and_the_suggestion_is_not_shown_again(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    one = room.one(case_id, "fallback")
    room.deciding.reject(case_id, one["id"], "she wants it: call 13812345678", AGENT)
    row = room.row(one["id"])
    assert (row["state"], row["decided_by"]) == ("rejected", AGENT.ref)
    assert "13812345678" not in row["reason"]
    assert "fallback" not in [s["variant"] for s in room.listed(case_id)]
    assert room.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_a_suggestion_of_a_case_that_moved_on_or_of_another_case_is_refused(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    ask, refund = room.one(case_id, "playbook"), room.one(case_id, "fallback")
    with pytest.raises(NotFoundError):
        room.deciding.accept("case_other", refund["id"], SUPERVISOR)
    room.deciding.accept(case_id, ask["id"], SUPERVISOR)
    with pytest.raises(ConflictError, match="suggestion_stale"):
        room.deciding.accept(case_id, refund["id"], SUPERVISOR)
    with pytest.raises(ConflictError, match="suggestion_stale"):
        room.deciding.reject(case_id, ask["id"], "no", SUPERVISOR)


def test_the_case_of_somebody_who_is_at_it_is_not_decided_by_a_colleague(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    room.commands.claim(case_id, AGENT)
    with pytest.raises(ConflictError, match="case_claimed"):
        room.deciding.accept(case_id, room.one(case_id, "playbook", OTHER)["id"], OTHER)


def test_closing_snoozing_and_handing_on_go_through_the_commands(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    room.deciding.accept(case_id, room.one(case_id, "snooze")["id"], AGENT)
    assert room.case(case_id)["snoozed_until"] > utcnow() + timedelta(days=2)
    room.sees(short())
    closing = room.one(case_id, "resolve")
    room.sees(short(), shortage())
    with pytest.raises(ConflictError, match="evidence_changed"):
        room.deciding.accept(case_id, closing["id"], AGENT)
    room.sees(short())
    room.deciding.accept(case_id, closing["id"], AGENT)
    assert room.case(case_id)["resolution"] == "false_alarm"


@pytest.mark.parametrize("second", ["accept", "reject", "another"])
def test_of_several_decisions_at_the_same_time_one_counts(room: Room, second: str) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    refund, ask = room.one(case_id, "fallback")["id"], room.one(case_id, "playbook")["id"]
    deeds: dict[str, Callable[[], None]] = {
        "accept": lambda: room.deciding.accept(case_id, refund, SUPERVISOR),
        "reject": lambda: room.deciding.reject(case_id, refund, "no", SUPERVISOR),
        "another": lambda: room.deciding.accept(case_id, ask, SUPERVISOR),
    }
    start, outcomes = threading.Barrier(4), list[str]()

    def decide(number: int) -> None:
        start.wait()
        try:
            deeds["accept" if number % 2 else second]()
            outcomes.append("won")
        except HellowordError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("won") == 1, outcomes
    assert set(outcomes) <= {"won", "suggestion_stale", "plan_changed", "case_busy"}
    assert len([r for r in room.plan_rows(case_id) if r["state"] == "approved"]) <= 1
