"""Stores plans and their steps, and decides approvals by compare-and-set; used by journey, repair and the API."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import reasons, say
from assistant.plans.limits import Needed
from assistant.security.principals import ForbiddenError
from assistant.store.engine import Store
from assistant.store.tables import plan_steps, plans
from assistant.timers.timers import cancel_timer, set_timer
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.policies.approvals import RANKS, enough
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError
from knowledge.vocabulary.plans import Plan, PlanStep

MAX_CHUNKS = 24  # of one episode, before each further one counts as a round


class StepRow(NamedTuple):
    """A step as stored and as data."""

    id: str
    row: dict[str, Any]
    step: PlanStep


class Plans:
    """The plan store.

    States: ready, awaiting, approved, rejected, expired, done, failed, superseded; a plan that takes another one back
    ends as undone or not_undone.
    """

    def __init__(self, store: Store, cases: Cases, policies: Policies, approval_seconds: float) -> None:
        self._store, self._cases, self._policies = store, cases, policies
        self._approval = timedelta(seconds=approval_seconds)

    # -- proposing --------------------------------------------------------------------------------------------------

    def propose(
        self, tx: sa.Connection, case: Case, plan: Plan, needed: Needed, now: datetime, *, undoes: int | None = None,
        suggestion: str | None = None,
    ) -> int:  # fmt: skip
        """Stores a new version; above the limits it waits for approval. Returns the version.

        `suggestion` is the one that a person chose it from.
        """
        waits = bool(needed.reasons)
        expires_at = self.clock(tx) + self._approval if waits else None
        version = self._add(
            tx, case, plan, now, state="awaiting" if waits else "ready", needs_human=needed.reasons,
            role=needed.role, expires_at=expires_at, undoes=undoes, suggestion=suggestion,
        )  # fmt: skip
        self._cases.note(tx, case["id"], now, say("planned", version=version, summary=plan.summary))
        status = CaseStatus.AWAITING_APPROVAL if waits else case["status"]
        self._cases.update(tx, case, now, plan_version=version, status=status)
        if waits:
            what = say(
                "needs_approval", version=version, reasons=reasons(needed.reasons), role=in_both("role", needed.role)
            )
            self._cases.note(tx, case["id"], now, what)
            set_timer(tx, "approval", case["id"], now + self._approval, generation=version)
        else:
            cancel_timer(tx, "approval", case["id"])
        return version

    def add_edited(
        self, tx: sa.Connection, case: Case, plan: Plan, needed: Needed, now: datetime, *, edited_from: int, by: str,
        suggestion: str | None = None,
    ) -> int:  # fmt: skip
        """Stores what a person made of the version just approved, as a version of its own that is approved, too."""
        version = self._add(
            tx, case, plan, now, state="approved", needs_human=needed.reasons, role=needed.role,
            edited_from=edited_from, decided_by=by, decided_at=now, suggestion=suggestion,
        )  # fmt: skip
        self._cases.update(tx, case, now, plan_version=version)
        return version

    def _add(self, tx: sa.Connection, case: Case, plan: Plan, now: datetime, **more: Any) -> int:
        version: int = case["plan_version"] + 1
        tx.execute(
            plans.update()
            .where(plans.c.case_id == case["id"], plans.c.state.in_(("ready", "awaiting", "approved")))
            .values(state="superseded")
        )
        row = {
            "case_id": case["id"], "version": version, "fault": plan.fault, "plan": plan,
            "policy_version": self._policies.version, "created_at": now, **more,
        }  # fmt: skip
        tx.execute(plans.insert().values(**row))
        steps = [
            {
                "id": f"{case['id']}:{version}:{position}", "case_id": case["id"], "version": version,
                "position": position, "step": step, "needs_approval": bool(more["needs_human"]),
                "status": "pending", "result": None,
            }
            for position, step in enumerate(plan.steps)
        ]  # fmt: skip
        if steps:
            tx.execute(plan_steps.insert(), steps)
        return version

    # -- deciding ---------------------------------------------------------------------------------------------------

    def decide(
        self, tx: sa.Connection, case: Case, version: int, state: str, by: str, now: datetime,
        reason: str | None = None, *, roles: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        """Approves, rejects or expires a plan version: one compare-and-set, the first wins.

        `roles` are those of whoever decides; without them (the house itself, a rejection) none is asked for.

        Raises:
            ConflictError: `plan_changed` when that version is not waiting for a decision (any more).
            ForbiddenError: `forbidden` names the role it needs.
        """
        waiting = (plans.c.case_id == case["id"]) & (plans.c.version == version) & (plans.c.state == "awaiting")
        query = plans.update().where(waiting)
        if state != "expired":
            query = query.where(plans.c.expires_at > self.clock(tx))
        if roles is not None:
            allowed = [role for role in RANKS if set(enough(role)) & set(roles)]
            unnamed = plans.c.role.is_(None) if set(enough(None)) & set(roles) else sa.false()
            query = query.where(plans.c.role.in_(allowed) | unnamed)
        won = tx.execute(query.values(state=state, decided_by=by, decided_at=now, reason=reason)).rowcount
        if not won and roles is not None:
            self._allowed(tx, waiting, roles, version)
        if not won or case["plan_version"] != version:
            raise ConflictError("plan_changed", f"plan {version} is not waiting for a decision; read the case again")
        cancel_timer(tx, "approval", case["id"])

    def _allowed(
        self, tx: sa.Connection, waiting: sa.ColumnElement[bool], roles: Collection[str], version: int
    ) -> None:
        """Raises ForbiddenError when the plan waits for somebody with another role."""
        row = tx.execute(sa.select(plans.c.role).where(waiting, plans.c.expires_at > self.clock(tx))).first()
        if row is not None and not set(enough(row[0])) & set(roles):
            raise ForbiddenError("forbidden", f"plan {version} needs the role {enough(row[0])[0]}")

    def clock(self, tx: sa.Connection) -> datetime:
        """The database's clock, one for all workers."""
        if self._store.is_sqlite:
            text = str(tx.scalar(sa.text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")))
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        now: datetime = tx.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now

    # -- reading ----------------------------------------------------------------------------------------------------

    def plan_row(self, tx: sa.Connection, case_id: str, version: int) -> dict[str, Any] | None:
        """The stored plan version."""
        query = sa.select(plans).where(plans.c.case_id == case_id, plans.c.version == version)
        row = tx.execute(query).mappings().first()
        return dict(row) if row else None

    def state(self, tx: sa.Connection, case_id: str, version: int) -> str | None:
        """The plan version's state."""
        row = self.plan_row(tx, case_id, version)
        return row["state"] if row else None

    def asks(self, tx: sa.Connection, case_id: str, version: int) -> bool:
        """Whether the plan ends by waiting for the customer."""
        row = self.plan_row(tx, case_id, version)
        return row is not None and row["plan"]["then"] == "await_customer"

    def approver(self, tx: sa.Connection, case_id: str, version: int) -> str | None:
        """Who approved it (also when it was replaced since); None when policy allowed it."""
        row = self.plan_row(tx, case_id, version)
        return row["decided_by"] if row and row["state"] not in ("rejected", "expired") else None

    def permitted_by(self, tx: sa.Connection, case_id: str, version: int) -> str:
        """The approver, or the policy version that allowed it: what the audit trail names."""
        return self.approver(tx, case_id, version) or f"policy:{self._policies.version}"

    def step(self, case_id: str, version: int, position: int) -> StepRow | None:
        """One step of a plan version."""
        return self.step_by_id(f"{case_id}:{version}:{position}")

    def step_by_id(self, step_id: str) -> StepRow | None:
        """One step by its id."""
        with self._store.read() as tx:
            row = tx.execute(sa.select(plan_steps).where(plan_steps.c.id == step_id)).mappings().first()
        return StepRow(step_id, dict(row), msgspec.convert(row["step"], PlanStep)) if row else None

    def steps(self, tx: sa.Connection, case_id: str, version: int) -> list[dict[str, Any]]:
        """All steps of a plan version in order."""
        query = sa.select(plan_steps).where(plan_steps.c.case_id == case_id, plan_steps.c.version == version)
        return [dict(row) for row in tx.execute(query.order_by(plan_steps.c.position)).mappings()]

    def steps_from(self, tx: sa.Connection, case_id: str, version: int, position: int) -> list[PlanStep]:
        """The steps of a plan version from a position on, as data."""
        rows = self.steps(tx, case_id, version)
        return [msgspec.convert(row["step"], PlanStep) for row in rows if row["position"] >= position]

    def results(self, tx: sa.Connection, case_id: str, version: int) -> dict[str, dict[str, Any]]:
        """Results of a plan version's finished steps by action."""
        return {
            row["step"]["action"]: row["result"] or {}
            for row in self.steps(tx, case_id, version) if row["status"] == "done"
        }  # fmt: skip

    def done_in(self, tx: sa.Connection, case_id: str, since_version: int) -> frozenset[str]:
        """`action|target` of every step performed from a version on."""
        query = sa.select(plan_steps).where(
            plan_steps.c.case_id == case_id, plan_steps.c.version >= since_version, plan_steps.c.status == "done"
        )
        rows = tx.execute(query).mappings()
        return frozenset(f"{row['step']['action']}|{row['step']['target']}" for row in rows)

    def refused_in(self, tx: sa.Connection, case_id: str, since_version: int) -> dict[str, str]:
        """Codes of definite refusals by `action|target`, from a version on.

        A stale version (412) says nothing about the deed itself: it is simply tried again.
        """
        query = sa.select(plan_steps).where(
            plan_steps.c.case_id == case_id, plan_steps.c.version >= since_version, plan_steps.c.status == "failed"
        )
        rows = tx.execute(query.order_by(plan_steps.c.version)).mappings()
        return {
            f"{row['step']['action']}|{row['step']['target']}": (row["result"] or {}).get("code", "")
            for row in rows if (row["result"] or {}).get("status") != HTTPStatus.PRECONDITION_FAILED
        }  # fmt: skip

    def repeats(self, tx: sa.Connection, case: Case) -> bool:
        """Whether the chunk just performed came to nothing: its writes were all done before, or there are too many.

        A chunk is a plan that is known not to be the last one (`wait` with steps).
        """
        query = sa.select(plans.c.plan).where(
            plans.c.case_id == case["id"], plans.c.version >= case["episode_plan"], plans.c.state == "done"
        )
        done = [plan for plan in tx.scalars(query.order_by(plans.c.version)) if plan["then"] == "wait"]
        chunks = [_writes(plan) for plan in done if plan["steps"]]
        return len(chunks) > MAX_CHUNKS or bool(chunks and chunks[-1] and chunks[-1] in chunks[:-1])

    def has_done(self, tx: sa.Connection, case_id: str, version: int) -> bool:
        """Whether any step of the version was performed."""
        return any(row["status"] == "done" for row in self.steps(tx, case_id, version))

    def created(self, tx: sa.Connection, case_id: str, since_version: int, action: str) -> list[str]:
        """Ids of what an action created, from a version on."""
        query = sa.select(plan_steps).where(
            plan_steps.c.case_id == case_id, plan_steps.c.version >= since_version, plan_steps.c.status == "done"
        )
        rows = tx.execute(query).mappings()
        return [r["result"]["id"] for r in rows if r["step"]["action"] == action and (r["result"] or {}).get("id")]

    def last_done(self, tx: sa.Connection, case_id: str, since_version: int) -> dict[str, Any] | None:
        """The newest plan of the episode that changed anything outside; None when none did.

        A write that was done stays ours even if a later step of its plan failed; words alone of a plan that failed
        do not count.
        """
        joined = (plan_steps.c.case_id == plans.c.case_id) & (plan_steps.c.version == plans.c.version)
        query = sa.select(plans, plan_steps.c.step).join(plan_steps, joined).where(
            plans.c.case_id == case_id, plans.c.version >= since_version, plan_steps.c.status == "done"
        )  # fmt: skip
        for row in tx.execute(query.order_by(plans.c.version.desc())).mappings():
            if row["state"] != "failed" or row["step"]["action"] != "send_message":
                return {name: value for name, value in row.items() if name != "step"}
        return None

    def unsaid(self, tx: sa.Connection, case_id: str, row: dict[str, Any]) -> list[PlanStep]:
        """The closing messages of a plan that failed after it had changed something: they are still owed.

        None of a plan that asks, or whose words rest on a step that was not done.
        """
        if row["state"] != "failed" or row["plan"]["then"] not in ("verify", "resolve"):
            return []
        waiting = [s for s in self.steps(tx, case_id, row["version"]) if s["status"] == "pending"]
        steps = [msgspec.convert(s["step"], PlanStep) for s in waiting if s["step"]["action"] == "send_message"]
        return [s for s in steps if not s.arguments.get("choices") and "link_from" not in str(s.arguments)]

    def faults_acted_on(self, tx: sa.Connection, case_id: str, since_version: int) -> set[str]:
        """Faults for which a step was performed, from a version on."""
        query = (
            sa.select(plans.c.fault)
            .join(plan_steps, (plan_steps.c.case_id == plans.c.case_id) & (plan_steps.c.version == plans.c.version))
            .where(plans.c.case_id == case_id, plans.c.version >= since_version, plan_steps.c.status == "done")
        )
        return set(tx.execute(query.distinct()).scalars())

    def undoing(self, tx: sa.Connection, case: Case) -> int | None:
        """The case's current plan version where it takes another one back and is not over."""
        row = self.plan_row(tx, case["id"], case["plan_version"])
        if row is None or row["undoes"] is None or case["status"] in (*ENDED, CaseStatus.HANDED_OFF):
            return None
        return row["version"] if row["state"] in ("awaiting", "approved", "done", "failed") else None

    def withdraw(self, tx: sa.Connection, case_id: str) -> None:
        """A human takes over: what was planned and not begun is no longer going to happen."""
        tx.execute(
            plans.update()
            .where(plans.c.case_id == case_id, plans.c.state.in_(("ready", "awaiting", "approved")))
            .values(state="superseded")
        )

    def call_off(self, tx: sa.Connection, case_id: str) -> None:
        """What waits for approval is not wanted any more: nobody can approve it from now on."""
        awaiting = (plans.c.case_id == case_id) & (plans.c.state == "awaiting")
        tx.execute(plans.update().where(awaiting).values(state="superseded"))
        cancel_timer(tx, "approval", case_id)

    def note(self, tx: sa.Connection, case_id: str, now: datetime, what: dict[str, str]) -> None:
        """A line on the case's timeline."""
        self._cases.note(tx, case_id, now, what)

    # -- marking ----------------------------------------------------------------------------------------------------

    def mark_step(self, tx: sa.Connection, step_id: str, status: str, result: dict[str, Any] | None = None) -> None:
        """Sets a step's status: pending, running, done, failed or skipped."""
        tx.execute(plan_steps.update().where(plan_steps.c.id == step_id).values(status=status, result=result))

    def fail(self, tx: sa.Connection, case_id: str, version: int) -> None:
        """A step was refused: the version, if it is still in force, has failed."""
        in_force = plans.c.state.in_(("ready", "approved"))
        query = plans.update().where(plans.c.case_id == case_id, plans.c.version == version, in_force)
        tx.execute(query.values(state="failed"))

    def set_state(self, tx: sa.Connection, case_id: str, version: int, state: str) -> None:
        """Sets a plan version's state."""
        tx.execute(plans.update().where(plans.c.case_id == case_id, plans.c.version == version).values(state=state))


def _writes(plan: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """What a stored plan changes at the shop, versions and messages apart."""
    return [
        (step["action"], step["target"], {k: v for k, v in step["arguments"].items() if k != "version"})
        for step in plan["steps"] if step["action"] != "send_message"
    ]  # fmt: skip
