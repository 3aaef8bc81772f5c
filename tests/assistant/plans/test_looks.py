"""Every look is kept, masked, and can be replayed: what was known, what was decided, what today's rules would say."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.plans import choosing
from assistant.plans.choosing import Choice, choose
from assistant.plans.looks import facts_of_plan, masked, record
from assistant.replay import replay, replay_command
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import looks
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.events import Address, Contact
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, Facts, OrderFact, ServiceabilityFact
from tests.assistant.desk import Desk, finding, refund, release

SECRETS = ("王小明", "13800138000", "南京东路1号", "Jo Doe", "jo@example.com", "1 High Street", "+44 20 7946 0001")
CHINESE = Address(recipient="王小明", phone="13800138000", province="上海市", street="南京东路1号")
ENGLISH = Address(recipient="Jo Doe", phone="+44 20 7946 0001", city="Leeds", street="1 High Street", text="Jo Doe")


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def personal_facts(at: Any = None) -> Facts:
    return Facts(
        checkout_id="ck-1", at=at or utcnow(),
        checkout=CheckoutFact(id="ck-1", contact=Contact(email="jo@example.com", phone="13800138000"),
                              shipping_address=CHINESE),
        orders=[OrderFact(id="or-1", shipping_address=ENGLISH)],
        customer=CustomerFact(id="cu-1", name="王小明", email="jo@example.com", phone="13800138000",
                              addresses=[CHINESE, ENGLISH]),
        serviceability=ServiceabilityFact(deliverable=True, normalised=ENGLISH),
    )  # fmt: skip


def rows(desk: Desk) -> list[dict[str, Any]]:
    with desk.store.read() as tx:
        return [dict(r) for r in tx.execute(sa.select(looks).order_by(looks.c.seq)).mappings()]


def test_no_personal_value_is_in_a_look_in_either_language(desk: Desk) -> None:
    case_id = desk.open()
    desk.examiner.facts = personal_facts()
    desk.says(release("re-1"))
    desk.look(case_id)
    [row] = rows(desk)
    text = json.dumps(row, ensure_ascii=False, default=str)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "Leeds" in text  # coarse fields are kept


def test_masking_keeps_the_shape_and_which_fields_there_are() -> None:
    facts = masked(personal_facts())
    assert facts.checkout is not None
    assert facts.checkout.shipping_address is not None
    assert facts.checkout.shipping_address.province == "上海市"
    assert facts.checkout.shipping_address.street not in (None, "", "南京东路1号")
    assert facts.customer is not None
    assert len(facts.customer.addresses) == 2


def test_a_look_with_nothing_new_is_not_kept_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    for minute in range(3):
        desk.examiner.facts = personal_facts(utcnow() + timedelta(minutes=minute))
        desk.look(case_id)
    assert len(rows(desk)) == 1
    desk.says(refund("pay-1", 4_000))
    desk.look(case_id)
    assert len(rows(desk)) == 2


def test_a_look_is_kept_with_its_decision_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(desk.plans, "propose", broken)
    desk.look(case_id)
    assert rows(desk) == []


def test_what_was_read_when_a_plan_was_made_is_found_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.examiner.facts = personal_facts()
    desk.says(release("re-1"))
    desk.look(case_id)
    with desk.store.read() as tx:
        facts = facts_of_plan(tx, case_id, 1)
        assert facts_of_plan(tx, case_id, 2) is None
    assert facts is not None
    assert [order.id for order in facts.orders or []] == ["or-1"]


def keep(desk: Desk, case_id: str, look: Look) -> None:
    """One look of the real rules, recorded as the journey does."""
    context = PlanContext(now=utcnow(), policies=desk.settings.policies, snapshot=look.snapshot)
    choice = choose(look.findings, [], look.facts, context)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        record(tx, case, look, [], context, choice, {"status": "open", "plan_version": 0, "next": "stop"}, utcnow())


def look_of(desk: Desk, case_id: str, code: FaultCode = FaultCode.ACCOUNT_BLOCKED) -> Look:
    seen = desk.examiner.look(desk.case(case_id))
    return msgspec.structs.replace(seen, facts=personal_facts(), findings=[finding(code)])


def test_a_replay_says_where_todays_rules_decide_otherwise(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = desk.open()
    keep(desk, case_id, look_of(desk, case_id))
    [moment] = replay(desk.store, case_id)
    assert moment.found == ["account_blocked"]
    assert moment.decided is not None
    assert (moment.decided["then"], moment.decided["reason"]) == ("hand_off", "account_blocked")
    assert (moment.differs, moment.found_today) == (True, [])  # the stored snapshot does not show it to the detectors
    assert any("Case opened" in line for line in moment.events)

    detects = {code: msgspec.structs.replace(fault, detect=lambda s, c: []) for code, fault in CATALOGUE.items()}
    blocked = detects[FaultCode.ACCOUNT_BLOCKED]
    same = [msgspec.convert(f, type(finding())) for f in rows(desk)[0]["findings"]]
    detects[FaultCode.ACCOUNT_BLOCKED] = msgspec.structs.replace(blocked, detect=lambda s, c: same)
    monkeypatch.setattr("knowledge.faults.catalogue.CATALOGUE", detects)
    [moment] = replay(desk.store, case_id)
    assert (moment.differs, moment.found_today, moment.decided_today) == (False, None, None)
    monkeypatch.setattr(choosing, "HUMAN_FIRST", frozenset())
    [moment] = replay(desk.store, case_id)
    assert moment.differs
    assert moment.decided_today is not None
    assert moment.decided_today["reason"] == "human_fault"


def test_the_command_prints_it_for_people_and_programs(
    desk: Desk, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    desk.run(case_id)
    settings = Settings(home=tmp_path, database_url=database_url)
    for language, words in (("en", "decided: release_reservation"), ("zh-CN", "决定: release_reservation")):
        assert replay_command(settings, case_id, as_json=False, language=language) == 0
        assert words in capsys.readouterr().out
    assert replay_command(settings, case_id, as_json=True, language="en") == 0
    assert json.loads(capsys.readouterr().out)[0]["decided"]["steps"][0]["target"] == "reservation:re-1"
    with pytest.raises(NotFoundError):
        replay_command(settings, "case_x", as_json=True, language="en")


def test_a_decision_that_needed_what_is_masked_is_compared_on_what_was_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_street(findings: Any, begun: Any, facts: Facts, context: PlanContext) -> Choice | None:
        street = facts.checkout.shipping_address.street if facts.checkout and facts.checkout.shipping_address else ""
        return Choice(finding(FaultCode.ACCOUNT_BLOCKED), None, "known" if street == "南京东路1号" else "unknown")

    monkeypatch.setattr("assistant.plans.looks.choose", by_street)
    monkeypatch.setattr("assistant.replay.choose", by_street)
    case_id = desk.open()
    look = look_of(desk, case_id)
    monkeypatch.setattr("assistant.replay.detect_all", lambda snapshot, context: look.findings)
    context = PlanContext(now=utcnow(), policies=desk.settings.policies, snapshot=look.snapshot)
    choice = by_street([], [], look.facts, context)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        record(tx, case, look, [], context, choice, {"status": "open", "plan_version": 0, "next": "stop"}, utcnow())
    [moment] = replay(desk.store, case_id)
    assert moment.decided is not None
    assert (moment.decided["reason"], moment.differs) == ("known", False)
