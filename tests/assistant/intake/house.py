"""Builds an intake whose findings and touched checkouts are written down, and the events to send into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.intake.background import Background
from assistant.intake.receive import Intake, Receipt
from assistant.intake.stock import StockBook
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import cases, metadata
from assistant.timers.timers import Sweep, Timer, timer_of
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.vocabulary.background import Scores
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.conftest import NOW

ADDRESS = {
    "recipient": "欧阳小明", "phone": "13912345678", "country": "CN", "province": "浙江省", "city": "杭州市",
    "district": "西湖区", "street": "翠苑路 77 弄", "postcode": "310012",
}  # fmt: skip
CONTACT = {"email": "xiaoming.ouyang@example.com", "phone": "13912345678", "language": "zh-CN"}
# Strings that may stand nowhere but in the vault's ciphertext.
PLANTED = ("欧阳小明", "13912345678", "翠苑路", "xiaoming.ouyang", "西湖区")


def cny(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


def line(sku: str = "TEA", quantity: int = 2, price: int = 5000) -> dict[str, Any]:
    return {"line_id": "1", "sku": sku, "quantity": quantity, "unit_price": cny(price), "requires_shipping": True}


def event(
    kind: str,
    data: dict[str, Any],
    *,
    id: str | None = None,
    at: datetime = NOW,
    checkout: str | None = "ck-1",
    **more: Any,
) -> dict[str, Any]:
    """One CloudEvents object."""
    given = {"checkout_id": checkout, **data} if checkout else data
    raw = {
        "specversion": "1.0", "id": id or f"{kind}:{checkout}:{at:%H%M%S}", "source": "/shop", "type": kind,
        "time": at.isoformat(), "data": given,
    }  # fmt: skip
    return raw | more


def submitted(checkout: str = "ck-1", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    data = {
        "customer_id": "cu-1", "contact": CONTACT, "lines": [line()], "total": cny(10_000), "shipping_address": ADDRESS,
    } | more  # fmt: skip
    return event("checkout.submitted", data, checkout=checkout, at=at)


def payment(kind: str, checkout: str | None = "ck-1", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    data = {"payment_id": "pay-1", "amount": cny(10_000), "method": "card", "kind": "money"} | more
    return event(f"payment.{kind}", data, checkout=checkout, at=at)


def life(checkout: str = "ck-1", start: datetime = NOW) -> list[dict[str, Any]]:
    """A healthy order from start to delivery; a minute between events."""
    pay, order = {"payment_id": f"pay-{checkout}"}, {"order_id": f"or-{checkout}"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("checkout.started", {"customer_id": "cu-1", "lines": [line()]}),
        ("checkout.updated", {"contact": CONTACT, "shipping_address": {**ADDRESS, "postcode": ""}}),
        ("checkout.submitted", {
            "customer_id": "cu-1", "contact": CONTACT, "lines": [line()], "total": cny(10_000),
            "shipping_address": ADDRESS,
        }),
        ("inventory.reserved", {"reservation_id": f"re-{checkout}", "lines": [{"sku": "TEA", "quantity": 2}]}),
        ("payment.requested", {**pay, "amount": cny(10_000), "method": "card", "kind": "money"}),
        ("payment.captured", {**pay, "amount": cny(10_000), "method": "card", "kind": "money", "capture_id": "1"}),
        ("order.created", {**order, "total": cny(10_000)}),
        ("order.confirmed", order),
        ("refund.requested", {**pay, "refund_id": "rf", "amount": cny(100), "reason": "goodwill"}),
        ("refund.succeeded", {**pay, "refund_id": "rf", "amount": cny(100)}),
        ("inventory.committed", {"reservation_id": f"re-{checkout}"}),
        ("order.shipped", order),
        ("order.delivered", order),
    ]  # fmt: skip
    return [
        event(kind, data, checkout=checkout, at=start + timedelta(minutes=n), id=f"{checkout}/{n}")
        for n, (kind, data) in enumerate(steps)
    ]


def finding(code: FaultCode, at: datetime, *, confirm: bool = False) -> Finding:
    """A finding that is detectable from `at` on."""
    return Finding(
        code=code, severity=Severity.LOW, step=Step.ORDER, cause="test", detectable_at=at, evidence=[], confirm=confirm
    )


class Models:
    """Stands for the trained models and the catalogue: says `said`, remembers what it was asked."""

    def __init__(self) -> None:
        self.said: Scores | None = None
        self.asked: list[tuple[str, dict[str, str | None]]] = []
        self.categories: dict[str, str | None] = {}

    def scores(self, snapshot: OrderSnapshot, categories: Mapping[str, str | None], now: datetime) -> Scores | None:
        self.asked.append((snapshot.checkout_id, dict(categories)))
        return self.said

    def known(self, skus: set[str]) -> dict[str, str | None]:
        return {sku: category for sku, category in self.categories.items() if sku in skus}


class House:
    """An intake and what it handed on."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        self.store, self.vault = store, vault
        self.settings = Settings(**settings)
        self.found: list[tuple[str, Finding, bool]] = []
        self.touched: list[tuple[str, Event]] = []
        self.stock_found: list[tuple[str, list[Finding]]] = []
        self.nudges = 0
        self.fails: Callable[[str], Exception | None] = lambda checkout_id: None
        self.detected: Callable[[OrderSnapshot, Context], list[Finding]] = detect_all
        self.models = Models()
        self.stock = StockBook(self.settings, self._on_stock)
        self.intake = Intake(
            store, vault, self.settings.policies, self.settings,
            on_findings=self._on_findings, on_touched=self._on_touched, nudge=self._on_nudge,
            detect=self._detect, background=Background(self.models, self.models), stock=self.stock,
        )  # fmt: skip

    def _detect(self, snapshot: OrderSnapshot, context: Context) -> list[Finding]:
        return self.detected(snapshot, context)

    def _on_findings(
        self, tx: sa.Connection, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, *, live: bool
    ) -> None:
        if error := self.fails(snapshot.checkout_id):
            raise error
        self.found += [(snapshot.checkout_id, finding, live) for finding in findings]

    def _on_stock(self, tx: sa.Connection, sku: str, findings: list[Finding], now: datetime) -> None:
        self.stock_found.append((sku, findings))

    def _on_touched(self, tx: sa.Connection, touched: dict[str, list[Event]], now: datetime) -> None:
        self.touched += [(checkout_id, e) for checkout_id, events in touched.items() for e in events]

    def _on_nudge(self) -> None:
        self.nudges += 1

    # -- doing ------------------------------------------------------------------------------------------------------

    def receive(self, *raw: Any, at: datetime = NOW) -> Receipt:
        return self.intake.receive(raw, at)

    def apply(self, facts: Facts, at: datetime = NOW, **more: bool) -> None:
        with self.store.begin() as tx:
            self.intake.apply_facts(tx, facts, at, **more)

    def open_case(self, checkout_id: str = "ck-1", status: str = "open") -> None:
        """A row of a case, as far as intake looks at it."""
        row = {
            "id": f"case-{checkout_id}", "subject_kind": "checkout", "subject_id": checkout_id,
            "checkout_id": checkout_id, "faults": [], "fault_codes": ",", "severity": "low", "severity_rank": 2,
            "priority": 0, "priority_terms": {}, "status": status, "plan_version": 0, "detectable_at": NOW,
            "detected_at": NOW, "queued_at": NOW, "due_at": NOW,
            "episode": 1, "rounds": 0, "failed_repairs": 0, "settled": [], "live": True, "generation": 0, "wake": False,
            "version": 1, "updated_at": NOW,
        }  # fmt: skip
        with self.store.begin() as tx:
            tx.execute(cases.insert().values(**row))

    def run_timers(self, now: datetime) -> int:
        return Sweep(self.store, self.intake.timer_handlers()).run_once(now)

    # -- looking ----------------------------------------------------------------------------------------------------

    @property
    def codes(self) -> list[str]:
        return [finding.code.value for _, finding, _ in self.found]

    def snapshot(self, checkout_id: str = "ck-1") -> OrderSnapshot | None:
        with self.store.read() as tx:
            return self.intake.snapshot_of(tx, checkout_id)

    def events(self, checkout_id: str = "ck-1", *, unmask: bool = False) -> list[Event]:
        with self.store.read() as tx:
            return self.intake.events_of(tx, checkout_id, unmask=unmask)

    def timer(self, kind: str, subject: str = "ck-1") -> Timer | None:
        with self.store.read() as tx:
            return timer_of(tx, kind, subject)

    def count(self, table: sa.Table) -> int:
        with self.store.read() as tx:
            return int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    def everything(self, *, but: Sequence[str] = ()) -> str:
        """All rows of all tables as text."""
        with self.store.read() as tx:
            rows = {t.name: tx.execute(sa.select(t)).all() for t in metadata.sorted_tables if t.name not in but}
        return str(rows)


def without_refs(snapshot: OrderSnapshot | None) -> OrderSnapshot | None:
    """A copy of a snapshot without the vault's refs, which are random."""
    if snapshot is None:
        return None
    plain = msgspec.convert(msgspec.to_builtins(snapshot), OrderSnapshot)
    plain.contact_ref = None
    if plain.address is not None:
        plain.address.ref = None
    return plain
