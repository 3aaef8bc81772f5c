"""One cause that breaks many orders is one incident: its cases wait for it, and go on when a person has ended it."""

from __future__ import annotations

import msgspec
import pytest

from assistant.plans.incidents import TIMER, is_incident
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Timer
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.findings import Finding
from tests.assistant.desk import SUPERVISOR, Desk, finding, release


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    one = Desk(store, vault, incident_budget=2)
    one.says(release("re-1"))
    one.planner.finding = finding_of("tea")
    return one


def finding_of(sku: str) -> Finding:
    return msgspec.structs.replace(finding(), details={"skus": [sku]})


def broken(desk: Desk, number: int) -> str:
    case_id = desk.open(checkout_id=f"ck-{number}", customer_id=f"cu-{number}")
    desk.look(case_id)
    desk.journey.finish(case_id, desk.case(case_id)["running"] or 0)
    return case_id


def incident_of(desk: Desk, sku: str = "tea") -> dict[str, object]:
    with desk.store.begin() as tx:
        case = desk.cases.open_case_of(tx, "sku", f"price_mismatch:{sku}")
    assert case is not None
    return case


def over(desk: Desk, incident: str) -> None:
    with desk.store.begin() as tx:
        desk.incidents.on_over(tx, Timer(kind=TIMER, subject=incident, due_at=utcnow()), utcnow())


def test_cases_over_budget_wait_for_one_incident_of_the_team(desk: Desk) -> None:
    repaired = [broken(desk, n) for n in (1, 2)]
    waiting = [broken(desk, n) for n in (3, 4, 5)]
    incident = incident_of(desk)
    assert is_incident(incident)
    assert (incident["status"], incident["owner_kind"], incident["severity"]) == ("handed_off", "team", "high")
    for case_id in repaired:
        assert desk.case(case_id)["status"] != CaseStatus.HANDED_OFF
    for case_id in waiting:
        assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
        assert any(str(incident["id"]) in line for line in desk.said(case_id))
    assert sum("waits for this incident" in line for line in desk.said(str(incident["id"]))) == 3
    assert desk.views.case(str(incident["id"]))["faults"][0]["code"] == "price_mismatch"


def test_another_sku_has_a_budget_of_its_own(desk: Desk) -> None:
    for n in (1, 2, 3):
        broken(desk, n)
    desk.planner.finding = finding_of("cup")
    assert desk.case(broken(desk, 4))["status"] != CaseStatus.HANDED_OFF


def test_whoever_ends_the_incident_lets_its_cases_go_on_with_a_fresh_budget(desk: Desk) -> None:
    for n in (1, 2):
        broken(desk, n)
    waiting = [broken(desk, n) for n in (3, 4, 5)]
    incident = str(incident_of(desk)["id"])
    desk.commands.resolve(incident, "by_human", "the price feed is repaired", SUPERVISOR)
    assert TIMER in desk.timers(incident)
    over(desk, incident)
    assert [desk.case(c)["status"] for c in waiting] == [CaseStatus.OPEN] * 3
    assert all((c, desk.case(c)["running"]) in desk.durable.runs for c in waiting)
    states = []
    for case_id in waiting:
        desk.look(case_id)
        states.append(desk.case(case_id)["status"] == CaseStatus.HANDED_OFF)
    assert states == [False, False, True]  # the budget is fresh, and no larger than before


def test_a_case_that_a_person_has_taken_is_left_to_them(desk: Desk) -> None:
    for n in (1, 2):
        broken(desk, n)
    taken = broken(desk, 3)
    incident = str(incident_of(desk)["id"])
    desk.commands.claim(taken, SUPERVISOR)
    desk.commands.resolve(incident, "by_human", "", SUPERVISOR)
    over(desk, incident)
    assert desk.case(taken)["owner_id"] == SUPERVISOR.id


def test_an_incident_is_never_worked_on_by_the_machine(desk: Desk) -> None:
    for n in (1, 2, 3):
        broken(desk, n)
    incident = str(incident_of(desk)["id"])
    desk.commands.release(incident, SUPERVISOR)
    assert desk.look(incident) == {"next": "stop"}
    assert desk.case(incident)["status"] == CaseStatus.HANDED_OFF
