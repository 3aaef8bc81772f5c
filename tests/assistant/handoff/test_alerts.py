"""Who is told at detection: in the transaction that opens the case, the right people, once, in both languages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from assistant.cases.people import Nobody
from assistant.handoff.alerts import Alerts
from assistant.notifications.duty import SENIORS, on_duty
from assistant.notifications.notices import Notices
from assistant.security.principals import Role
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables_people import notices
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.conftest import NOW
from tests.assistant.desk import Desk, finding, release
from tests.assistant.notifications.employees import NIGHT, employ

HIGH = finding(FaultCode.PAID_ORDER_MISSING, "e-high", severity=Severity.HIGH)


class Alerting(Nobody):
    """An office with alerts alone."""

    def __init__(self, alerts: Alerts) -> None:
        self.alerts = alerts

    def opened(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> None:
        self.alerts.opened(tx, case, now)


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    one = Desk(store, vault, incident_budget=1)
    one.cases.people = Alerting(Alerts(Notices(store), one.settings))
    return one


def told(desk: Desk) -> list[tuple[str, str, str]]:
    """Audience, kind and case of every notice."""
    with desk.store.read() as tx:
        rows = tx.execute(sa.select(notices).order_by(notices.c.audience_kind, notices.c.audience_id, notices.c.seq))
        return [(r["audience_id"], r["kind"], r["case_id"]) for r in rows.mappings()]


def texts(desk: Desk) -> list[dict[str, str]]:
    with desk.store.read() as tx:
        return list(tx.scalars(sa.select(notices.c.text).order_by(notices.c.seq)))


def found(desk: Desk, *findings: Finding, checkout: str = "ck-1", total: Money | None = None) -> None:
    snapshot = OrderSnapshot(checkout_id=checkout, customer_id="cu-1", total=total)
    with desk.store.begin() as tx:
        desk.opening.on_findings(tx, snapshot, list(findings), utcnow())


def test_a_high_case_tells_the_team_and_the_seniors_on_duty_who_know_it(desk: Desk) -> None:
    employ(desk.store, "ann")  # an agent reads the team's inbox
    employ(desk.store, "bea", "senior_agent", skills=["paid_order_missing"])
    employ(desk.store, "cai", "senior_agent", skills=["price_mismatch"])
    employ(desk.store, "dan", "supervisor", away=True)
    employ(desk.store, "eve", "supervisor")
    employ(desk.store, "fay", "supervisor", active=False)
    case_id = desk.open(HIGH)
    assert told(desk) == [(who, "high_value", case_id) for who in ("bea", "eve", "service")]
    assert desk.case(case_id)["told_at"] == desk.case(case_id)["detected_at"]


def test_with_nobody_on_duty_the_supervisors_are_told(desk: Desk) -> None:
    night = [{"days": [(utcnow().weekday() + 3) % 7], "start": "10:00", "end": "11:00"}]
    employ(desk.store, "eve", "supervisor", shifts=night)
    desk.open(HIGH)
    assert [who for who, _, _ in told(desk)] == ["service", "supervisors"]


def test_it_says_what_on_which_order_worth_how_much_and_why(desk: Desk) -> None:
    found(desk, HIGH, total=Money(129_900, "CNY"))
    found(desk, finding(), checkout="ck-2", total=Money(600_000, "CNY"))
    by_fault, by_value = texts(desk)[0], texts(desk)[2]
    assert by_fault["en"].startswith("High severity: Paid, but no order. Checkout ck-1, ¥1,299.00. This kind of fault")
    assert by_fault["zh-CN"].startswith("高优先级：已付款但订单缺失。结算 ck-1，金额 ¥1,299.00。此类故障")
    assert "worth ¥5,000.00 or more" in by_value["en"]
    assert "订单金额达到 ¥5,000.00" in by_value["zh-CN"]
    assert "cu-1" not in str(texts(desk))


def test_lower_cases_and_those_that_are_not_live_tell_nobody(desk: Desk) -> None:
    desk.open(finding())
    with desk.store.begin() as tx:
        old = OrderSnapshot(checkout_id="ck-9")
        desk.opening.on_findings(tx, old, [HIGH], utcnow(), live=False)
    assert told(desk) == []


def test_a_case_that_becomes_high_later_tells_then_and_only_once(desk: Desk) -> None:
    case_id = desk.open(finding())
    desk.set_case(case_id, told_at=NOW)  # somebody was told of something else
    found(desk, finding(), HIGH)
    found(desk, finding(), HIGH, finding(FaultCode.REFUND_MISSING, "e-3", severity=Severity.HIGH))
    assert [who for who, _, _ in told(desk)] == ["service", "supervisors"]
    assert desk.case(case_id)["told_at"] == NOW


def test_a_relapse_tells_again(desk: Desk) -> None:
    case_id = desk.open(HIGH)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        desk.cases.new_episode(tx, case, utcnow() + timedelta(hours=1))
    assert [who for who, _, _ in told(desk)] == ["service", "service", "supervisors", "supervisors"]
    assert desk.case(case_id)["told_at"] > utcnow()


def test_what_did_not_open_was_not_told(desk: Desk) -> None:
    class StoppedError(Exception):
        pass

    with pytest.raises(StoppedError), desk.store.begin() as tx:
        desk.opening.on_findings(tx, OrderSnapshot(checkout_id="ck-1"), [HIGH], utcnow())
        raise StoppedError
    assert told(desk) == []


def test_an_incident_tells_the_supervisors_and_its_cases_tell_nobody_more(desk: Desk) -> None:
    of_tea = msgspec.structs.replace(finding(severity=Severity.HIGH), details={"skus": ["tea"]})
    desk.says(release("re-1"))
    desk.planner.finding = of_tea
    for n in (1, 2):
        case_id = desk.open(of_tea, checkout_id=f"ck-{n}", customer_id=f"cu-{n}")
        desk.look(case_id)
    with desk.store.begin() as tx:
        incident = desk.cases.open_case_of(tx, "sku", "price_mismatch:tea")
    assert incident is not None
    before = told(desk)
    assert [(who, kind) for who, kind, about in before if about == incident["id"]] == [("supervisors", "incident")]
    assert "tea" in texts(desk)[-1]["zh-CN"]
    third = desk.open(of_tea, checkout_id="ck-3", customer_id="cu-3")
    assert told(desk) == before
    assert desk.case(third)["told_at"] is not None  # of its cause
    found(desk, of_tea, checkout="ck-4", total=Money(600_000, "CNY"))
    assert len(told(desk)) == len(before) + 2
    other = msgspec.structs.replace(of_tea, details={"skus": ["cup"]})
    desk.open(other, checkout_id="ck-5", customer_id="cu-5")
    assert len(told(desk)) == len(before) + 4


def test_who_is_on_duty_is_chosen_by_role_skill_and_shift() -> None:
    def person(name: str, **more: Any) -> dict[str, Any]:
        row = {"id": name, "role": Role.SENIOR_AGENT, "skills": ["*"], "active": True, "away": False,
               "time_zone": "Asia/Shanghai", "shifts": []}  # fmt: skip
        return {**row, **more}

    people = [
        person("all"), person("agent", role="agent"), person("other", skills=["price_mismatch"]),
        person("night", shifts=NIGHT), person("day", shifts=[{"days": [0], "start": "09:00", "end": "18:00"}]),
    ]  # fmt: skip
    assert on_duty(people, ["paid_order_missing"], SENIORS, NOW) == ["all", "day"]
    assert on_duty(people, ["paid_order_missing", "price_mismatch"], SENIORS, NOW) == ["all", "other", "day"]
