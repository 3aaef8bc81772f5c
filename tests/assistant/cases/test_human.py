"""What brings a person although the machine could go on, and what it does about sick systems and refusals midway."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.cases.records import ENDED
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import effects, timers
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.desk import AGENT, Desk, finding, message, refund, release
from tools.connectors.outcome import ok, rejected, unknown


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault, repeated_faults=2)


# -- a customer whose orders break again and again ------------------------------------------------------------------


def earlier(desk: Desk, number: int, *, severity: Severity = Severity.MEDIUM, **values: object) -> str:
    case_id = desk.open(finding(severity=severity), checkout_id=f"ck-{number}")
    desk.set_case(case_id, **{"detected_at": utcnow() - timedelta(days=2), **values})
    return case_id


def planned(desk: Desk) -> CaseStatus:
    """How the customer's newest broken order stands after its first look."""
    case_id = desk.open(checkout_id="ck-new")
    desk.says(release("re-1"))
    desk.look(case_id)
    return CaseStatus(desk.case(case_id)["status"])


def test_a_customer_with_repeated_faults_gets_a_person_who_is_told_so(desk: Desk) -> None:
    earlier(desk, 1)
    earlier(desk, 2, status=CaseStatus.RESOLVED, resolution="repaired")
    assert planned(desk) == CaseStatus.HANDED_OFF
    last = desk.views.page({"checkout_id": "ck-new"}, 1, None)["items"][0]["id"]
    assert any("broken again and again" in line for line in desk.said(last))
    desk.commands.release(last, AGENT)
    assert desk.look(last)["next"] == "perform"  # a person has looked and gave it back


@pytest.mark.parametrize(
    "values",
    [
        {"resolution": "false_alarm"}, {"resolution": "self_cleared"}, {"resolution": "merged"},
        {"detected_at": utcnow() - timedelta(days=40)}, {"customer_id": "cu-2"}, {"severity": Severity.LOW},
        {"checkout_id": "ck-1"}, {"detected_at": utcnow() + timedelta(days=1)},
    ],
    ids=lambda values: next(iter(values)) + str(next(iter(values.values())))[:10],
)  # fmt: skip
def test_what_was_no_fault_or_long_ago_or_not_theirs_does_not_count(desk: Desk, values: dict[str, object]) -> None:
    earlier(desk, 1)
    earlier(desk, 2, **values)
    assert planned(desk) != CaseStatus.HANDED_OFF


# -- sick systems ---------------------------------------------------------------------------------------------------


def retry_in(desk: Desk, case_id: str) -> float:
    with desk.store.read() as tx:
        due = {row.kind: row.due_at for row in tx.execute(timers.select().where(timers.c.subject == case_id))}
    return float((due["retry"] - utcnow()).total_seconds())


@pytest.mark.parametrize(("severity", "at_most", "at_least"), [(Severity.HIGH, 5, 3), (Severity.MEDIUM, 30, 20)])
def test_a_silent_shop_is_asked_again_sooner_where_it_matters(
    desk: Desk, severity: Severity, at_most: float, at_least: float
) -> None:
    case_id = desk.open(finding(severity=severity))

    def silent() -> None:
        raise UnavailableError("shop_unavailable", "no answer")

    desk.examiner.during = silent
    for _ in range(9):
        desk.look(case_id)
    assert at_least < retry_in(desk, case_id) <= at_most


def test_no_step_is_begun_while_its_system_is_not_called(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    ahead = desk.look(case_id)
    sick = {"inventory"}
    desk.repair._refusing = lambda: sick
    assert desk.perform(case_id, ahead) == "later"
    assert (desk.writer.sent, desk.effects()) == ([], [])
    desk.journey.conclude(case_id, ahead["version"], "later")
    assert "retry" in desk.timers(case_id)
    sick.clear()
    assert desk.perform(case_id, ahead) == "done"


def test_what_was_only_seen_by_reading_back_has_no_status(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    desk.writer.outcomes = [unknown("lost")]
    monkeypatch.setattr(desk.repair._sending, "_applied", lambda effect, body: True)
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    with desk.store.read() as tx:
        [outcome] = [row.outcome for row in tx.execute(effects.select())]
    assert (outcome["status"], outcome["read_back"]) == (None, True)


# -- refused midway -------------------------------------------------------------------------------------------------


def test_a_plan_refused_midway_whose_fault_is_then_gone_counts_as_ours_and_says_what_it_owes(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), refund("pay-1", 100), message())
    ahead = desk.look(case_id)
    desk.writer.outcomes = [ok({}), rejected("refunded_changed", status=409)]
    assert [desk.perform(case_id, ahead, n) for n in (0, 1)] == ["done", "replan"]
    desk.says()
    desk.journey.conclude(case_id, ahead["version"], "replan")
    assert desk.run(case_id) == ["done"]
    case = desk.case(case_id)
    assert (case["status"], case["resolution"]) == (CaseStatus.RESOLVED, "repaired")
    assert [request.path for request in desk.writer.sent].count("/messages") == 1


def test_a_message_of_a_plan_that_did_nothing_is_not_owed(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), message())
    ahead = desk.look(case_id)
    desk.writer.outcomes = [rejected("already_shipped", status=422)]
    assert desk.perform(case_id, ahead) == "replan"
    desk.says()
    desk.run(case_id)
    assert desk.case(case_id)["status"] in ENDED
    assert desk.case(case_id)["resolution"] in ("self_cleared", "false_alarm")
    assert "/messages" not in [request.path for request in desk.writer.sent]


def test_a_question_is_not_asked_of_a_plan_that_is_over(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), refund("pay-1", 100), message("which", ["yes"]), then="await_customer")
    ahead = desk.look(case_id)
    desk.writer.outcomes = [ok({}), rejected("refunded_changed", status=422)]
    assert [desk.perform(case_id, ahead, n) for n in (0, 1)] == ["done", "replan"]
    desk.says()
    desk.run(case_id)
    assert "/messages" not in [request.path for request in desk.writer.sent]
    assert desk.case(case_id)["status"] in ENDED


def test_a_sku_is_looked_at_like_a_checkout_and_a_payment_is_a_persons(desk: Desk) -> None:
    case_id = desk.open(finding(FaultCode.PRICE_MISMATCH))
    desk.says(release("re-1"))
    desk.set_case(case_id, subject_kind="sku", subject_id="A", checkout_id=None)
    assert desk.look(case_id)["next"] == "perform"
    desk.set_case(case_id, subject_kind="payment")
    assert desk.look(case_id)["next"] == "stop"
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
