"""A case's life: what people ended stays ended, nothing is left without owner, timer or run, clocks start afresh."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.plans.limits import Needed
from assistant.plans.planner import Planner
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import plans
from assistant.timers.timers import Timer
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from knowledge.vocabulary.errors import ConflictError
from knowledge.vocabulary.facts import PaymentLinkFact
from tests.assistant.desk import AGENT, SUPERVISOR, Desk, event, finding, link, plan, refund, release


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def fire(desk: Desk, kind: str, case_id: str, generation: int | None = None) -> None:
    handler = {
        "approval": desk.journey.on_approval_timeout, "snooze": desk.journey.on_snooze_over,
        "follow_up": desk.journey.on_follow_up_over,
    }[kind]  # fmt: skip
    with desk.store.begin() as tx:
        handler(tx, Timer(kind=kind, subject=case_id, due_at=utcnow(), generation=generation), utcnow())


# -- what people ended stays ended ----------------------------------------------------------------------------------


def test_what_a_person_resolves_while_the_machine_looks_stays_resolved(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 500))
    desk.examiner.during = lambda: desk.commands.resolve(case_id, "by_human", "done by phone", AGENT)
    assert desk.look(case_id) == {"next": "stop"}
    case = desk.case(case_id)
    assert (case["status"], case["resolution"], case["owner_id"]) == (CaseStatus.RESOLVED, "by_human", "ann")


def test_a_merged_case_is_not_taken_up_again_when_money_moves(desk: Desk) -> None:
    case_id, other = desk.open(), desk.open(checkout_id="ck-2")
    desk.says(release("re-1"))
    desk.run(case_id)
    desk.commands.merge(case_id, other, AGENT)
    desk.tell(event("payment.captured"))
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED


def test_a_case_that_is_only_detected_stays_resolved_when_it_is_looked_at_again(desk: Desk) -> None:
    case_id = desk.open(live=False)
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    desk.tell(event("payment.captured"))
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED


# -- nothing is left without owner, timer or run --------------------------------------------------------------------


def test_writes_switched_off_in_the_middle_of_a_plan_leave_a_timer_that_looks_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), release("re-2"))
    ahead = desk.look(case_id)
    _, off = desk.switched_off()
    assert off.perform(case_id, ahead["version"], 0, ahead["at"]) == "stop"
    assert off.conclude(case_id, ahead["version"], "stop") == {"next": "look"}
    off.look_and_plan(case_id)
    assert (desk.case(case_id)["status"], "retry" in desk.timers(case_id)) == (CaseStatus.OPEN, True)


def test_the_kill_switch_is_noted_once_and_not_at_every_look(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    _, off = desk.switched_off()
    for _ in range(4):
        off.look_and_plan(case_id)
    assert sum("switched off" in line for line in desk.said(case_id)) == 1


def test_a_bug_while_concluding_brings_a_person(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), then="no such thing", resolution="nonsense")
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_a_run_that_comes_to_no_rest_ends_with_a_person(desk: Desk) -> None:
    case_id = desk.open()
    desk.journey.give_up(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.HANDED_OFF, "team")


def test_a_wake_during_a_run_starts_exactly_one_more(desk: Desk) -> None:
    case_id = desk.open()
    for _ in range(3):
        desk.tell(event("payment.failed"))
    assert desk.durable.runs == [(case_id, 1)]
    desk.journey.finish(case_id, 1)
    desk.journey.finish(case_id, 1)  # the step ran twice: a crash between doing and noting
    assert desk.durable.runs == [(case_id, 1), (case_id, 2)]
    desk.journey.finish(case_id, 2)
    assert desk.case(case_id)["running"] is None


def test_a_case_given_back_while_its_run_is_under_way_is_looked_at_and_never_run_twice(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    ahead = desk.look(case_id)
    desk.commands.claim(case_id, AGENT)
    desk.commands.release(case_id, AGENT)
    assert desk.perform(case_id, ahead) == "replan"  # that plan was withdrawn
    assert desk.journey.conclude(case_id, ahead["version"], "replan") == {"next": "look"}
    assert len(desk.durable.runs) == 1
    desk.journey.finish(case_id, 1)
    assert len(desk.durable.runs) == 2


def test_a_claim_while_a_write_is_on_its_way_keeps_the_result_and_stops_there(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 300), refund("pay-2", 300))
    desk.writer.before = lambda _: desk.commands.claim(case_id, AGENT)
    assert desk.run(case_id) == ["done", "stop"]
    assert (desk.steps(case_id), len(desk.writer.sent)) == (["done", "pending"], 1)
    assert desk.case(case_id)["owner_id"] == "ann"


def test_a_watched_case_that_closes_while_it_is_looked_at_stays_closed(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    desk.perform(case_id, desk.look(case_id))
    desk.says()
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED
    desk.says(release("re-2"))
    desk.examiner.during = lambda: fire(desk, "follow_up", case_id, generation=1)
    assert desk.look(case_id) == {"next": "stop"}
    assert desk.case(case_id)["status"] == CaseStatus.CLOSED


def test_a_snooze_that_was_prolonged_is_not_ended_by_the_first_one(desk: Desk) -> None:
    case_id = desk.open()
    desk.commands.snooze(case_id, utcnow() + timedelta(hours=2), AGENT)
    fire(desk, "snooze", case_id)
    assert desk.case(case_id)["snoozed_until"] is not None


# -- approvals ------------------------------------------------------------------------------------------------------


def test_a_plan_that_is_not_wanted_any_more_can_not_be_approved_and_does_not_expire_on_anybody(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    desk.says(then="await_customer")
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    fire(desk, "approval", case_id, generation=1)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    with pytest.raises(ConflictError, match="plan_changed"):
        desk.commands.approve(case_id, 1, SUPERVISOR)


def test_an_approval_of_an_earlier_episode_counts_for_nothing_after_reopening(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    desk.says()
    desk.look(case_id)  # cleared by itself
    desk.commands.reopen(case_id, "again", AGENT)
    with pytest.raises(ConflictError, match="plan_changed"):
        desk.commands.approve(case_id, 1, SUPERVISOR)


def test_an_approved_plan_whose_facts_changed_asks_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    desk.commands.approve(case_id, 1, SUPERVISOR)
    desk.says(refund("pay-1", 6_000))
    desk.run(case_id)
    assert (desk.case(case_id)["status"], desk.writer.sent) == (CaseStatus.AWAITING_APPROVAL, [])


def test_an_expired_approval_can_not_be_given_any_more(store: Store, vault: Vault) -> None:
    desk = Desk(store, vault)
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    with store.begin() as tx:
        tx.execute(plans.update().values(expires_at=utcnow() - timedelta(seconds=1)))
    with pytest.raises(ConflictError, match="plan_changed"):
        desk.commands.approve(case_id, 1, SUPERVISOR)
    fire(desk, "approval", case_id, generation=1)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_approvals_expire_by_the_databases_clock_whatever_a_workers_clock_says(desk: Desk) -> None:
    case_id = desk.open()
    slow = utcnow() - timedelta(days=1)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        needed = Needed(["above_limit"], "agent")
        version = desk.plans.propose(tx, case, plan(refund("pay-1", 500)), needed, slow)
    desk.commands.approve(case_id, version, SUPERVISOR)
    assert desk.case(case_id)["status"] == CaseStatus.REPAIRING


def test_an_approval_during_a_run_is_acted_on_by_the_next_one(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    desk.commands.approve(case_id, 1, SUPERVISOR)
    desk.journey.finish(case_id, 1)
    assert desk.durable.runs == [(case_id, 1), (case_id, 2)]
    assert desk.run(case_id) == ["done"]


# -- clocks ---------------------------------------------------------------------------------------------------------


def test_a_case_reopened_by_hand_starts_its_clocks_afresh(desk: Desk) -> None:
    case_id = desk.open()
    desk.commands.claim(case_id, AGENT)
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    long_ago = utcnow() - timedelta(days=3)
    desk.set_case(case_id, detectable_at=long_ago, detected_at=long_ago, queued_at=long_ago, due_at=long_ago)
    desk.commands.reopen(case_id, "the customer is back", AGENT)
    case = desk.case(case_id)
    assert case["first_action_at"] is None
    clocks = ("detectable_at", "detected_at", "queued_at", "due_at")
    assert all(case[clock] > long_ago + timedelta(days=2) for clock in clocks)
    assert (case["resolution"], case["resolved_at"], case["owner_kind"], case["episode"]) == (None, None, None, 2)


def test_a_relapse_is_as_severe_and_as_live_as_what_came_back(desk: Desk) -> None:
    case_id = desk.open()
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    desk.open(finding(FaultCode.PAID_ORDER_MISSING, "ev-2", severity=Severity.HIGH), live=False)
    case = desk.case(case_id)
    assert case["status"] == CaseStatus.OPEN
    assert (case["severity"], case["severity_rank"], case["live"]) == ("high", 0, False)
    assert case["due_at"] - case["detectable_at"] == timedelta(minutes=1)


def test_a_relapse_of_a_merged_case_belongs_to_itself_again(desk: Desk) -> None:
    case_id, other = desk.open(), desk.open(checkout_id="ck-2")
    desk.commands.merge(case_id, other, AGENT)
    desk.open(finding(FaultCode.PAID_ORDER_MISSING, "ev-2"))
    case = desk.case(case_id)
    assert (case["status"], case["merged_into"]) == (CaseStatus.OPEN, None)


def test_a_payment_link_of_an_earlier_episode_is_still_known(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(link(500))
    desk.perform(case_id, desk.look(case_id))
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    desk.commands.reopen(case_id, "again", AGENT)
    known = PaymentLinkFact(id="made-1", url="u")
    desk.reader.facts = (*desk.reader.facts, known)
    look = desk.examiner.look(desk.case(case_id))
    planner = Planner(desk.store, desk.plans, desk.notifications, desk.reader, desk.settings.policies)
    assert planner.context(desk.case(case_id), look, utcnow()).links == [known]
