"""Cases about a sku or a payment, and cases that rest on other checkouts: opened, looked at, cleared, reopened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn, cast

import pytest
import sqlalchemy as sa

from assistant.cases.examine import Examiner, Look
from assistant.cases.opening import Opening
from assistant.cases.records import Case, Cases
from assistant.durable import Durable
from assistant.intake.background import Background, CustomersIndex
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook, StockWatch
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import cases as cases_table
from assistant.store.tables import timeline
from assistant.timers.timers import Sweep
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Address, Event, Line
from knowledge.vocabulary.facts import CheckoutFact, StockFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.stock import Observation
from tests.assistant.conftest import NOW
from tests.assistant.desk import Enqueued, finding
from tests.assistant.intake.house import event, payment, submitted
from tests.tools.fake_reader import FakeReader

LAG = timedelta(seconds=300)
MINUTE = timedelta(minutes=1)


class Office:
    """Intake, opening, examiner and stock watch, wired by hand around a scripted shop."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store, self.settings, self.now = store, Settings(), NOW
        policies = self.settings.policies
        self.runs = Enqueued()
        self.reader = FakeReader()
        self.cases = Cases(store, cast(Durable, self.runs), 3600)
        self.opening = Opening(self.cases, policies)
        self.stock = StockBook(self.settings, self.opening.on_stock)
        self.index = CustomersIndex(vault, timedelta(seconds=self.settings.duplicate_window))
        self.background = Background()
        self.intake = Intake(
            store, vault, policies, self.settings, on_findings=self.opening.on_findings,
            on_touched=self.opening.on_touched, background=self.background, stock=self.stock,
        )  # fmt: skip
        self.examiner = Examiner(
            store, self.cases, self.intake, self.reader, policies, lambda: self.now,
            background=self.background, stock=self.stock,
        )  # fmt: skip
        watch = StockWatch(store, self.stock, self.reader, clock=lambda: self.now)
        self.timers = Sweep(store, {}, watch.deferred_handlers())

    def stands(self, available: int, shop_listed: int) -> None:
        """What the shop answers from now on."""
        self.reader.facts = (StockFact(sku="TEA", on_hand=9, available=available, shop_listed=shop_listed),)

    def level(self, available: int, shop_listed: int, at: datetime) -> None:
        data = {"sku": "TEA", "on_hand": 9, "available": available, "shop_listed": shop_listed}
        self.intake.receive([event("inventory.level", data, checkout=None, at=at, id=f"{at:%H%M%S}")], at)

    def at(self, now: datetime) -> None:
        self.now = now
        while self.timers.run_once(now):
            pass

    def case_of(self, kind: str, subject: str) -> Case:
        with self.store.read() as tx:
            about = (cases_table.c.subject_kind == kind) & (cases_table.c.subject_id == subject)
            (row,) = tx.execute(sa.select(cases_table).where(about)).mappings().all()
        return dict(row)

    def look(self, case: Case) -> Look:
        """Looks as a journey does, and writes it down."""
        look = self.examiner.look(case)
        with self.store.begin() as tx:
            self.examiner.write_down(tx, self.cases.lock(tx, case["id"]), look, self.now)
        return look

    def finish(self, case: Case) -> None:
        with self.store.begin() as tx:
            locked = self.cases.lock(tx, case["id"])
            self.cases.update(tx, locked, self.now, running=None)

    def resolve(self, case: Case) -> None:
        with self.store.begin() as tx:
            settled = [f["fingerprint"] for f in case["faults"]]
            self.cases.resolve(tx, self.cases.lock(tx, case["id"]), Resolution.BY_HUMAN, self.now, settled)
        self.finish(case)

    def said(self, case: Case) -> list[dict[str, str]]:
        with self.store.read() as tx:
            return list(tx.scalars(sa.select(timeline.c.what).where(timeline.c.case_id == case["id"])))


@pytest.fixture
def office(store: Store, vault: Vault) -> Office:
    return Office(store, vault)


# -- a sku ----------------------------------------------------------------------------------------------------------


def disagree(office: Office, at: datetime = NOW) -> Case:
    office.stands(5, 8)
    office.level(5, 8, at)
    office.at(at + LAG)
    return office.case_of("sku", "TEA")


def test_a_sku_gets_one_case_of_its_own(office: Office) -> None:
    case = disagree(office)
    assert (case["checkout_id"], case["fault_codes"], case["severity"]) == (None, ",stock_inconsistent,", "medium")
    assert case["detectable_at"] == NOW + LAG
    assert office.runs.runs == [(case["id"], 1)]
    office.level(4, 8, NOW + LAG + MINUTE)
    office.at(NOW + 3 * LAG)
    assert office.case_of("sku", "TEA")["id"] == case["id"]


def test_a_look_at_a_sku_says_what_both_systems_say_now(office: Office) -> None:
    case = disagree(office)
    office.now += MINUTE
    look = office.look(case)
    assert look.facts.stock == {"TEA": office.reader.facts[0]}
    assert [f.code for f in look.findings] == [FaultCode.STOCK_INCONSISTENT]
    assert look.findings[0].fingerprint == case["faults"][0]["fingerprint"]
    case = office.case_of("sku", "TEA")
    assert case["root_cause"]["cause"] == "shop_shows_more"


def test_a_look_finds_nothing_once_they_agree(office: Office) -> None:
    case = disagree(office)
    office.stands(5, 5)
    office.now += MINUTE
    assert office.look(case).findings == []
    assert office.case_of("sku", "TEA")["faults"][0]["cleared_at"] is not None


def test_an_agreeing_event_wakes_the_case(office: Office) -> None:
    case = disagree(office)
    office.finish(case)
    office.level(5, 5, NOW + 2 * LAG)
    assert office.runs.runs == [(case["id"], 1), (case["id"], 2)]


def test_what_a_person_settled_is_not_opened_again_until_it_agreed_in_between(office: Office) -> None:
    case = disagree(office)
    office.resolve(case)
    with office.store.begin() as tx:
        office.stock.report(tx, "TEA", office.stock.findings(office.stock.level(tx, "TEA"), office.now), office.now)
    office.level(4, 8, NOW + 2 * LAG)
    office.at(NOW + 4 * LAG)
    assert office.case_of("sku", "TEA")["status"] == CaseStatus.RESOLVED
    office.level(5, 5, NOW + 5 * LAG)
    again = disagree(office, NOW + 6 * LAG)
    assert (again["id"], again["status"], again["episode"]) == (case["id"], CaseStatus.OPEN, 2)


def test_a_difference_known_from_read_backs_alone_reopens_too(office: Office) -> None:
    def read(at: datetime, listed: int) -> Observation:
        return Observation(
            at=at, heard_at=at, ref=f"stock/TEA@{at}", kind="read_back", available=5, shop_listed=listed
        )

    office.stands(5, 8)
    for start in (NOW, NOW + 3 * LAG):
        with office.store.begin() as tx:
            office.stock.observe(tx, {"TEA": [read(start, 8)]}, start)
        office.at(start + LAG)
        case = office.case_of("sku", "TEA")
        assert case["status"] == CaseStatus.OPEN
        office.resolve(case)
        with office.store.begin() as tx:
            office.stock.observe(tx, {"TEA": [read(start + 2 * LAG, 5)]}, start)
    assert case["episode"] == 2


# -- a payment ------------------------------------------------------------------------------------------------------


def test_a_payment_of_nobody_is_named_in_the_words_of_its_fault(office: Office) -> None:
    raw = payment("captured", None)
    told = [Event("/shop", "e1", raw["type"], NOW, NOW, raw["data"])]
    with office.store.begin() as tx:
        office.opening.on_orphan_payment(tx, "pay-1", told, NOW)
        office.opening.on_orphan_payment(tx, "pay-1", told, NOW)
    case = office.case_of("payment", "pay-1")
    assert (case["root_cause"]["step"], case["root_cause"]["cause"]) == ("payment", "payment_without_checkout")
    english = [what["en"] for what in office.said(case)]
    assert "A payment came in that belongs to no checkout we know." in english[-1]
    assert all("payment_without" not in text for what in office.said(case) for text in what.values())


# -- other checkouts ------------------------------------------------------------------------------------------------


def submit_four_times(office: Office) -> None:
    for n in range(4):
        at = NOW + n * MINUTE
        office.intake.receive([submitted(f"ck-{n}", at)], at)
        with office.store.begin() as tx:
            snapshot = office.intake.snapshot_of(tx, f"ck-{n}")
            assert snapshot is not None
            office.index.keep(tx, snapshot, None, at)


def test_a_finding_that_rests_on_other_checkouts_stands_in_every_look(office: Office) -> None:
    submit_four_times(office)
    office.now = NOW + timedelta(hours=1)
    with office.store.begin() as tx:
        office.intake.refold(tx, ["ck-3"], office.now)
    case = office.case_of("checkout", "ck-3")
    assert "repeated_submission" in case["fault_codes"]
    look = office.look(case)
    assert FaultCode.REPEATED_SUBMISSION in {f.code for f in look.findings}
    assert look.history is not None
    assert [p.checkout_id for p in look.history.purchases] == ["ck-0", "ck-1", "ck-2"]


@pytest.mark.parametrize(("code", "wakes"), [("duplicate_order", True), ("price_mismatch", False)])
def test_a_change_elsewhere_wakes_what_rests_on_it(office: Office, code: str, wakes: bool) -> None:
    office.intake.receive([submitted()], NOW)
    with office.store.begin() as tx:
        snapshot: Any = office.intake.snapshot_of(tx, "ck-1")
        office.opening.on_findings(tx, snapshot, [finding(FaultCode(code))], NOW)
    office.finish(office.case_of("checkout", "ck-1"))
    with office.store.begin() as tx:
        office.opening.on_recheck(tx, "ck-1", NOW)
        office.opening.on_recheck(tx, "ck-unknown", NOW)
    assert len(office.runs.runs) == (2 if wakes else 1)


def test_a_look_goes_on_while_the_carrier_is_silent_unless_the_fault_needs_the_carrier(office: Office) -> None:
    case = {**disagree(office), "subject_kind": "checkout", "checkout_id": "ck-9"}
    line = Line("1", "TEA", 1, Money(1_000, "CNY"), True)
    office.reader.facts = (CheckoutFact(id="ck-9", lines=[line], shipping_address=Address(city="上海")),)

    def no_answer(address: Address) -> NoReturn:
        raise UnavailableError("shop_timeout", "no answer")

    office.reader.serviceability = no_answer  # type: ignore[method-assign]
    assert office.examiner.look(case).facts.serviceability is None
    fault = {**case["faults"][0], "code": "address_undeliverable", "cleared_at": None}
    with pytest.raises(UnavailableError):
        office.examiner.look({**case, "faults": [fault]})
