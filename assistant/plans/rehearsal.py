"""Shows what a plan would change, checks what people make of it, and turns it round; the API's commands ask it.

Everything rests on a fresh read-back, made outside of any transaction; nothing is written outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from assistant.cases.records import Case, Cases
from assistant.plans.limits import Needed, needed_for
from assistant.plans.looks import facts_of_plan
from assistant.plans.store import Plans
from assistant.store.engine import Store, utcnow
from assistant.store.tables import effects
from knowledge.faults.figures import kept
from knowledge.phrases import LANGUAGES
from knowledge.policies import Policies
from knowledge.vocabulary.errors import ConflictError, NotFoundError
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.plans import Plan, PlanStep
from tools.connectors.ports import ShopReader
from tools.lookups.order_status import read_facts
from tools.rehearsal.checking import Edit, edited, too_deep
from tools.rehearsal.lasting import Words
from tools.rehearsal.preview import Change, in_words, preview
from tools.rehearsal.undoing import Performed, undo

_OPEN = ("pending", "running")


class Rehearsed(NamedTuple):
    """A plan made from another version: what it is, what it changes in words, and what stays as it is."""

    plan: Plan
    facts: Facts
    difference: Words
    lasting: Words | None = None


class Rehearsal:
    """Reads the shop and thinks; holds no Writer."""

    def __init__(self, store: Store, cases: Cases, plans: Plans, reader: ShopReader, policies: Policies) -> None:
        self._store, self._cases, self._plans = store, cases, plans
        self._reader, self._policies = reader, policies

    def preview(self, case_id: str, version: int) -> list[tuple[str, Change]]:
        """What the steps still open of a plan version would change now, each with its step's id.

        Raises:
            NotFoundError: `case_not_found`, `plan_not_found`.
            UnavailableError: the shop can't be read.
        """
        case, _, rows, results = self._read(case_id, version)
        waiting = [r for r in rows if r["status"] in _OPEN]
        steps = [msgspec.convert(r["step"], PlanStep) for r in waiting]
        links = [link for link_id in self._links(steps) if (link := self._reader.payment_link(link_id)) is not None]
        facts = self.facts(case, steps)
        return [(waiting[c.step]["id"], c) for c in preview(steps, facts, results=results, links=links)]

    def edited(self, case_id: str, version: int, edits: Sequence[Edit]) -> Rehearsed:
        """The plan version as a person wants it.

        Raises:
            InputError: `invalid_edit` names the field.
            ConflictError: `plan_begun` when part of it is done already.
        """
        case, row, rows, results = self._read(case_id, version)
        if any(r["status"] != "pending" for r in rows):
            raise ConflictError("plan_begun", f"plan {version} is under way: it can't be edited any more")
        planned = [(r["id"], msgspec.convert(r["step"], PlanStep)) for r in rows]
        facts = self.facts(case, [step for _, step in planned])
        return self.changed(msgspec.convert(row["plan"], Plan), planned, edits, facts, results)

    def changed(
        self, plan: Plan, planned: Sequence[tuple[str, PlanStep]], edits: Sequence[Edit], facts: Facts,
        results: dict[str, dict[str, Any]] | None = None,
    ) -> Rehearsed:  # fmt: skip
        """A plan as a person wants it; `planned` are its steps with the ids that the edits name.

        Raises:
            InputError: `invalid_edit` names the field.
        """
        steps = edited(planned, edits, facts, results=results or {})
        before = {c.object + c.field: c for c in preview([step for _, step in planned], facts)}
        after = {c.object + c.field: c for c in preview(steps, facts)}
        return Rehearsed(msgspec.structs.replace(plan, steps=steps), facts, _compared(before, after))

    def undone(self, case_id: str, version: int) -> Rehearsed:
        """A plan that takes back what a plan version has done, as far as the world allows.

        Raises:
            ConflictError: `nothing_to_undo` says why: nothing was done, or none of it can be taken back.
        """
        case, row, rows, _ = self._read(case_id, version)
        facts = self.facts(case, [])
        with self._store.read() as tx:
            before = facts_of_plan(tx, case_id, version)
            performed = [self._performed(tx, r) for r in rows if r["status"] == "done"]
        found = undo(performed, before, facts)
        titles = {one.id: one.step.effect for one in performed}
        lasting = _listed([_because(titles[step_id], why) for step_id, why in found.lasting.items()])
        if not found.steps:
            why = lasting["en"] if performed else "none of its steps was performed"
            raise ConflictError("nothing_to_undo", f"plan {version} can't be undone: {why}")
        summary = {"zh-CN": f"撤销方案 {version}。", "en": f"Plan {version} is undone."}
        plan = Plan(fault=row["fault"], summary=summary, steps=found.steps, then="hand_off", reason="undone",
                    needs_human=["undo"])  # fmt: skip
        return Rehearsed(plan, facts, in_words(preview(found.steps, facts)), lasting if found.lasting else None)

    def needed(self, tx: sa.Connection, case: Case, rehearsed: Rehearsed, more: Sequence[str] = ()) -> Needed:
        """Who must approve it; a plan that a person has made always needs somebody. `more` are further reasons."""
        plan, facts = rehearsed.plan, rehearsed.facts
        deep = too_deep(plan.steps, facts, self._policies.limits.price_drop_share)
        cancels_paid = any(s.action == "cancel_order" for s in plan.steps) and any(map(kept, facts.payments or []))
        return needed_for(
            tx, case, plan, self._policies, utcnow(), more=[*more, *(["price_drop_share"] if deep else [])],
            cancels_paid=cancels_paid,
        )  # fmt: skip

    def facts(self, case: Case, steps: Sequence[PlanStep]) -> Facts:
        """What the shop says of the case's subject now.

        Raises:
            UnavailableError: the shop can't be read.
        """
        now = utcnow()
        if case["checkout_id"] is None:
            sku = case["subject_id"] if case["subject_kind"] == "sku" else None
            return Facts(checkout_id="", at=now, stock=self._reader.stock([sku]) if sku else {})
        asks = any(s.arguments.get("address_from") in ("serviceability", "customer_history") for s in steps)
        coupons = any(s.action == "release_coupon" for s in steps)
        facts = read_facts(self._reader, case["checkout_id"], now, with_serviceability=asks, with_coupon=coupons)
        wanted = {str(s.arguments["to_sku"]) for s in steps if "to_sku" in s.arguments}
        wanted |= {row["sku"] for s in steps if s.action == "reserve_stock" for row in s.arguments["lines"]}
        if more := sorted(wanted - facts.stock.keys()):
            facts = msgspec.structs.replace(facts, stock={**facts.stock, **self._reader.stock(more)})
        return facts

    # -- parts ------------------------------------------------------------------------------------------------------

    def _read(
        self, case_id: str, version: int
    ) -> tuple[Case, dict[str, Any], list[dict[str, Any]], dict[str, dict[str, Any]]]:
        """The case, the plan version, its steps and the results of those that are done."""
        with self._store.read() as tx:
            case = self._cases.find(tx, case_id)
            row = self._plans.plan_row(tx, case_id, version)
            if row is None:
                raise NotFoundError("plan_not_found", f"case {case_id} has no plan {version}")
            return case, row, self._plans.steps(tx, case_id, version), self._plans.results(tx, case_id, version)

    def _performed(self, tx: sa.Connection, row: dict[str, Any]) -> Performed:
        query = sa.select(effects.c.arguments).where(effects.c.step_id == row["id"], effects.c.state == "ok")
        arguments = tx.scalar(query) or {}
        return Performed(
            id=row["id"], step=msgspec.convert(row["step"], PlanStep), result=row["result"] or {},
            former_address=arguments.get("former_ref"),
        )  # fmt: skip

    def _links(self, steps: Sequence[PlanStep]) -> list[str]:
        return [str(s.arguments["link_id"]) for s in steps if s.action == "cancel_payment_link"]


def _compared(before: dict[str, Change], after: dict[str, Change]) -> Words:
    """What the edit makes different, in words: what is not changed any more, and what is changed otherwise."""
    gone = [c for key, c in before.items() if key not in after]
    new = [c for key, c in after.items() if key not in before or before[key].after != c.after]
    parts = []
    if gone:
        words = in_words(gone)
        parts.append({"zh-CN": f"不再执行：{words['zh-CN']}", "en": f"no longer: {words['en']}"})
    if new:
        words = in_words(new)
        parts.append({"zh-CN": f"改为：{words['zh-CN']}", "en": f"instead: {words['en']}"})
    return _listed(parts)


def _because(effect: Words, why: Words) -> Words:
    shown = {language: effect.get(language, "").rstrip("。.") for language in LANGUAGES}
    because = {language: why[language].rstrip("。.") for language in LANGUAGES}
    return {"zh-CN": f"{shown['zh-CN']}（{because['zh-CN']}）", "en": f"{shown['en']} ({because['en']})"}


def _listed(parts: Sequence[Words]) -> Words:
    return {
        language: ("；" if language == "zh-CN" else "; ").join(part[language] for part in parts)
        for language in LANGUAGES
    }
