"""A plan that a person chose, in the journey: whether it is performed now, waits, or is their case again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.records import ENDED, Case
from assistant.cases.wording import say
from assistant.plans.choosing import Choice
from assistant.plans.planner import same
from assistant.plans.store import Plans
from assistant.plans.variants import variants
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

PERFORM, WAITS = "perform", "waits"
# Why it is handed back; the wording's reasons.
OVER, REFUSED, CHANGED = "chosen_over", "chosen_refused", "evidence_changed"
BACK = (OVER, REFUSED, CHANGED)


class Chosen:
    """Reads the case's current plan version; `plans.suggestion` marks the chosen ones."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    def standing(
        self, tx: sa.Connection, case: Case, look: Look, begun: Sequence[Finding], context: PlanContext,
        choice: Choice | None, now: datetime,
    ) -> str | None:  # fmt: skip
        """`perform`, `waits` (for its approval), why a person gets the case back, or None: it is the playbook's turn.

        It stands while the house's rules still have this very plan for what is seen; begun, it is finished. Whatever
        is still wrong after it is for whoever chose it, not for the playbook.
        """
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        if row is None or row["suggestion"] is None or case["status"] in (*ENDED, CaseStatus.HANDED_OFF):
            return None
        if row["state"] in ("awaiting", "approved"):
            statuses = {step["status"] for step in self._plans.steps(tx, case["id"], row["version"])}
            if row["state"] == "approved" and statuses & {"done", "running"} and statuses & {"pending", "running"}:
                return PERFORM
            if choice is None:
                return None  # nothing is wrong any more
            original = self._plans.plan_row(tx, case["id"], row["edited_from"]) if row["edited_from"] else row
            if still_suggested(msgspec.convert((original or row)["plan"], Plan), look, begun, context):
                return PERFORM if row["state"] == "approved" else WAITS
            self._plans.call_off(tx, case["id"])
            self._plans.set_state(tx, case["id"], row["version"], "superseded")
            self._plans.note(tx, case["id"], now, say("chosen_changed", version=row["version"]))
            return CHANGED
        if choice is None or not case["rounds"] or (choice.plan is not None and _nothing_left(choice.plan)):
            return None
        if row["state"] == "done" and row["plan"]["then"] == "verify":
            return OVER
        return REFUSED if row["state"] == "failed" else None


def still_suggested(plan: Plan, look: Look, begun: Sequence[Finding], context: PlanContext) -> bool:
    """Whether the house's rules have this plan for what is seen now, versions apart."""
    stored = msgspec.to_builtins(plan)
    return any(same(stored, one.plan) for one in variants(look.findings, begun, look.facts, context))


def _nothing_left(plan: Plan) -> bool:
    return plan.then == "resolve" and not plan.steps
