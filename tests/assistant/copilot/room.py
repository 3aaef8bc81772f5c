"""A desk with a copilot: the real suggestions and commands; a scripted shop, real playbooks."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.records import Case
from assistant.copilot.deciding import Deciding
from assistant.copilot.ranking import ACCEPTED, REJECTED
from assistant.copilot.seeing import Seer
from assistant.copilot.suggestions import Suggestions
from assistant.followup.learning import Learning
from assistant.plans.planner import Planner
from assistant.security.principals import Principal
from assistant.security.vault import Vault, new_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import plans, suggestions
from knowledge.library.solved import Similar
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact, StockFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import SUPERVISOR, Desk, SeenExaminer, customer, finding

LINE = Line("L1", "A", 1, Money(8_000, "CNY"))


class LookingExaminer(SeenExaminer):
    """Sees what the test says, with the lines of the order."""

    def look(self, case: Case) -> Look:
        look = super().look(case)
        return Look(look.facts, OrderSnapshot(checkout_id="ck-1", lines=[LINE]), look.findings)


class Room(Desk):
    """The desk, and the copilot beside it. The playbooks are the real ones."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        super().__init__(store, vault, **settings)
        self.examiner = LookingExaminer(store, self.cases, cast(Any, None), self.reader, self.settings.policies)
        self.planner = Planner(  # type: ignore[assignment]
            store, self.plans, self.notifications, self.reader, self.settings.policies, learned=Learning(store)
        )
        self.repair, self.journey = self.with_settings(self.settings)
        self.precedents: list[Similar] = []
        self.seer = Seer(store, self.cases, self.plans, self.examiner, self.planner)
        self.deciding = Deciding(store, self.commands, self.seer, self.rehearsal)
        self.suggestions = Suggestions(
            store, self.seer, self.rehearsal, Learning(store), self.deciding, lambda case: self.precedents
        )

    def out_of_stock(self, **more: Any) -> str:
        """A paid order whose goods are not there; claimed by nobody, with the team."""
        self.sees(short(**more), shortage())
        return self.handed_off()

    def handed_off(self) -> str:
        case_id = self.open(*self.examiner.findings)
        self.set_case(case_id, running=None)
        self.commands.hand_off(case_id, SUPERVISOR, "service")
        return case_id

    def sees(self, facts: Facts, *found: Finding) -> None:
        self.examiner.facts, self.examiner.findings = facts, list(found)
        self.reader.facts = (  # what previews and edits read
            cast(Any, facts.checkout), cast(Any, facts.customer), *(facts.payments or []), *(facts.orders or []),
            *facts.stock.values(),
        )  # fmt: skip

    def listed(self, case_id: str, who: Principal = SUPERVISOR, language: str = "en") -> list[dict[str, Any]]:
        return self.suggestions.list(case_id, language, who)

    def one(self, case_id: str, variant: str, who: Principal = SUPERVISOR) -> dict[str, Any]:
        return next(s for s in self.listed(case_id, who) if s["variant"] == variant)

    def row(self, sid: str) -> dict[str, Any]:
        with self.store.read() as tx:
            return dict(tx.execute(sa.select(suggestions).where(suggestions.c.id == sid)).mappings().one())

    def plan_rows(self, case_id: str) -> list[dict[str, Any]]:
        with self.store.read() as tx:
            query = sa.select(plans).where(plans.c.case_id == case_id).order_by(plans.c.version)
            return [dict(row) for row in tx.execute(query).mappings()]

    def decided_before(self, fault: str, option: str, *, accepted: int = 0, rejected: int = 0) -> None:
        """So many people took or rejected this suggestion in other cases."""
        blank = {
            "episode": 1, "fault": fault, "option": option, "kind": "plan", "plan_version": 0, "plan": None,
            "place": 1, "confidence": 0.5, "features": {}, "shown": {}, "at": utcnow(), "decided_at": utcnow(),
            "decided_by": "staff:x", "reason": None, "difference": None,
        }  # fmt: skip
        states = [ACCEPTED] * accepted + [REJECTED] * rejected
        rows = [{**blank, "id": new_ref(), "case_id": f"other_{n}", "state": s} for n, s in enumerate(states)]
        with self.store.begin() as tx:
            tx.execute(suggestions.insert(), rows)


def shortage() -> Finding:
    """What the detector says of it."""
    one = finding(FaultCode.PAID_OUT_OF_STOCK, severity=Severity.HIGH)
    return msgspec.structs.replace(
        one, cause="reservation_lost", step=Step.RESERVATION,
        details={"total": Money(8_000, "CNY").json(), "skus": ["A"]},
    )  # fmt: skip


def short(
    *, disputed: int = 0, status: str = "active", restock: Any = None, consent: bool = False, value: int = 8_000
) -> Facts:
    """Paid in full, nothing of it in stock."""
    line = Line("L1", "A", 1, Money(value, "CNY"))
    money = Money(value, "CNY")
    checkout = CheckoutFact(id="ck-1", customer_id="cu-1", lines=[line], total=money, status="completed")
    order = OrderFact(id="or-1", checkout_id="ck-1", lines=[line], total=money, version=3)
    paid = PaymentFact(
        id="pay-1", checkout_id="ck-1", status="captured", amount=money, captured=money,  # type: ignore[arg-type]
        refunded=Money(0, "CNY"), disputed=Money(disputed, "CNY"),
    )  # fmt: skip
    stock = StockFact(sku="A", on_hand=0, reserved=0, available=0, shop_listed=0, restock_at=restock)
    return Facts(
        checkout_id="ck-1", at=utcnow(), checkout=checkout, orders=[order], payments=[paid], reservations=[],
        stock={"A": stock}, customer=customer(status=status, marketing_consent=consent),
    )  # fmt: skip


def given_back() -> Facts:
    """The same once the order is cancelled and everything refunded."""
    facts = short()
    orders = [msgspec.structs.replace(order, status="cancelled") for order in facts.orders or []]
    payments = [msgspec.structs.replace(p, refunded=p.captured) for p in facts.payments or []]
    return msgspec.structs.replace(facts, orders=orders, payments=payments)
