"""A case as its customer may know it: what is wrong in a sentence, whose turn it is, what was done and promised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import ENDED
from assistant.chatbot.ports import CaseNote, WaitingFor
from assistant.chatbot.requests import owner_of_case
from assistant.handoff.audience import faults_now
from assistant.store.engine import Store
from assistant.store.tables import cases, plan_steps, plans
from assistant.store.tables_people import promises
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import format_money, render
from knowledge.phrases.customer_words import DEEDS, NEXT, PROMISED, WAS, WRONG
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.money import Money

_TURNS: dict[str, WaitingFor] = {
    CaseStatus.AWAITING_CUSTOMER: "customer", CaseStatus.AWAITING_APPROVAL: "person", CaseStatus.HANDED_OFF: "person",
    CaseStatus.RESOLVED: "nobody", CaseStatus.CLOSED: "nobody",
}  # fmt: skip
_ENDINGS = {
    Resolution.REPAIRED: "repaired", Resolution.REPAIRED_WITH_APPROVAL: "repaired",
    Resolution.ALTERNATIVE_ACCEPTED: "repaired", Resolution.SELF_CLEARED: "self_cleared",
    Resolution.FALSE_ALARM: "self_cleared", Resolution.CANCELLED_REFUNDED: "cancelled",
}  # fmt: skip

_WHILE_OPEN = ("create_payment_link", "hold_order")
"""Deeds that mean nothing any more once the case is over: the link has run out, or was used."""

Case = dict[str, Any]


class Notes:
    """Reads cases of one customer; a case of another customer's is none."""

    def __init__(self, store: Store, customer_id: str, language: str, zone: str) -> None:
        self._store, self._customer_id, self._language, self._zone = store, customer_id, language, zone

    def of(self, checkout_id: str) -> CaseNote | None:
        """The open case of this checkout, else the last one; None where there was never any."""
        mine = cases.c.customer_id.is_(None) | (cases.c.customer_id == self._customer_id)
        query = sa.select(cases).where(
            cases.c.checkout_id == checkout_id, cases.c.subject_kind == "checkout", mine, cases.c.merged_into.is_(None)
        )
        order = (cases.c.status.in_(ENDED), cases.c.id.desc())
        with self._store.read() as tx:
            row = tx.execute(query.order_by(*order).limit(1)).mappings().first()
            return self._note(tx, dict(row)) if row is not None else None

    def _note(self, tx: sa.Connection, case: Case) -> CaseNote:
        standing = self._promises(tx, case)
        due = min((p["due_at"] for p in standing if p["kind"] == "answer"), default=None)
        turn: WaitingFor = _TURNS.get(case["status"], "us")
        handed = case["status"] == CaseStatus.HANDED_OFF
        now = self._now(case, due)
        gap = "" if self._language == "zh-CN" else " "
        return CaseNote(
            case_id=case["id"], sentence=gap.join([*self._faults(case), now]), now=now, status=case["status"],
            waiting_for=turn, expected_by=due if handed else None,
            owner=owner_of_case(case, self._language) if handed else None, done=self._done(tx, case),
            promised=[
                self._say(PROMISED, p["kind"], by=p["due_at"], text=self._words(p))
                for p in standing if not (handed and p["kind"] == "answer")  # `now` names that time already
            ],
        )  # fmt: skip

    def _faults(self, case: Case) -> list[str]:
        """What is wrong, or was, the most important first."""
        over = case["status"] in ENDED
        codes = sorted(faults_now(case), key=_place)
        return list(dict.fromkeys(self._wrong(code, over) for code in codes))[:2] or [self._say(NEXT, "no_fault")]

    def _now(self, case: Case, due: datetime | None) -> str:
        """Whose turn it is, or how it ended."""
        if case["status"] in ENDED:
            return self._say(NEXT, _ENDINGS.get(case["resolution"], "ended"))
        if case["status"] == CaseStatus.HANDED_OFF:
            owner = owner_of_case(case, self._language)
            return self._say(NEXT, "person_by" if due else "person", owner=owner, by=due)
        if case["status"] == CaseStatus.AWAITING_APPROVAL:
            return self._say(NEXT, "approval")
        return self._say(NEXT, _TURNS.get(case["status"], "us"))

    def _wrong(self, code: str, over: bool) -> str:
        """A fault of a deployment's own has no words for customers."""
        known = code if code in WRONG else "unknown_anomaly"
        return self._say(WAS if over and known in WAS else WRONG, known)

    def _done(self, tx: sa.Connection, case: Case) -> list[str]:
        """Deeds of this episode that a read-back or a definite answer has shown to be done."""
        joined = (plans.c.case_id == plan_steps.c.case_id) & (plans.c.version == plan_steps.c.version)
        query = (
            sa.select(plan_steps.c.step).join(plans, joined)
            .where(plan_steps.c.case_id == case["id"], plan_steps.c.version >= case["episode_plan"],
                   plan_steps.c.status == "done", plans.c.undoes.is_(None))
            .order_by(plan_steps.c.version, plan_steps.c.position)
        )  # fmt: skip
        left_out = _WHILE_OPEN if case["status"] in ENDED else ()
        steps = [step for step in tx.scalars(query) if step["action"] in DEEDS and step["action"] not in left_out]
        return [self._say(DEEDS, step["action"], amount=_amount_of(step["arguments"])) for step in steps]

    def _promises(self, tx: sa.Connection, case: Case) -> list[dict[str, Any]]:
        query = sa.select(promises).where(
            promises.c.case_id == case["id"], promises.c.state == "open", promises.c.kind.in_(list(PROMISED))
        )
        return [dict(row) for row in tx.execute(query.order_by(promises.c.due_at)).mappings()]

    def _words(self, promise: dict[str, Any]) -> str:
        return str(promise["text"].get(self._language, ""))

    def _say(self, texts: Any, key: str, **params: Any) -> str:
        return render(texts, key, self._language, zone=self._zone, **params)


def _place(code: str) -> int:
    order = [str(one) for one in CATALOGUE]
    return order.index(code) if code in order else len(order)


def _amount_of(arguments: Any) -> str:
    amount = arguments.get("amount") if isinstance(arguments, dict) else None
    if not isinstance(amount, dict) or not {"amount", "currency"} <= amount.keys():
        return ""
    return format_money(Money(int(amount["amount"]), str(amount["currency"])))
