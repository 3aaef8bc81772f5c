"""How a case stands at this moment: its rows, and where a plan could be made, a fresh look. Suggestions call it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.examine import Examiner, Look
from assistant.cases.records import ENDED, Case, Cases
from assistant.plans.choosing import Choice
from assistant.plans.incidents import is_incident
from assistant.plans.planner import Planner
from assistant.plans.store import Plans
from assistant.store.engine import Store, utcnow
from assistant.store.tables import timers
from assistant.store.tables_people import promises, staff
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.findings import Finding

log = structlog.get_logger(__name__)

Row = dict[str, Any]


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What was read back and what the playbooks say to it."""

    look: Look
    context: PlanContext
    choice: Choice | None
    begun: list[Finding]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One case at one moment. `sight` is None where no plan of a person's choice could be performed anyway.

    `silent` says that the shop did not answer. `plan` and `steps` are the current version's rows, `promises` the open
    ones, `due` the case's timers by kind, `skilled` staff (id, name) who are trained for one of its faults.
    """

    case: Case
    at: datetime
    sight: Sight | None = None
    silent: bool = False
    plan: Row | None = None
    steps: list[Row] = []
    done: list[Row] = []
    promises: list[Row] = []
    due: dict[str, datetime] = {}
    skilled: list[tuple[str, str]] = []


class Seer:
    """Reads our books, then the shop; holds no transaction while it reads outside."""

    def __init__(self, store: Store, cases: Cases, plans: Plans, examiner: Examiner, planner: Planner) -> None:
        self._store, self._cases, self._plans = store, cases, plans
        self._examiner, self._planner = examiner, planner

    def see(self, case_id: str) -> Seen:
        """The case with a fresh look, where a person could choose a plan for it.

        Raises:
            NotFoundError: `case_not_found`.
        """
        seen = self.books(case_id)
        if not can_be_chosen_for(seen.case):
            return seen
        try:
            return msgspec.structs.replace(seen, sight=self.look(seen.case), at=utcnow())
        except UnavailableError as error:
            log.info("copilot.no_look", case_id=case_id, code=error.code)
            return msgspec.structs.replace(seen, silent=True)

    def look(self, case: Case) -> Sight:
        """Reads the shop back and asks the playbooks.

        Raises:
            UnavailableError: the shop can't be read.
        """
        look = self._examiner.look(case)
        context = self._planner.context(case, look, utcnow())
        choice = self._planner.choose(case, look, context)
        return Sight(look=look, context=context, choice=choice, begun=self._planner.handled(case))

    def books(self, case_id: str) -> Seen:
        """What our own database says; nothing outside is asked."""
        with self._store.read() as tx:
            case = self._cases.find(tx, case_id)
            version, since = case["plan_version"], case["episode_plan"]
            steps = self._plans.steps(tx, case_id, version)
            done = [s for v in range(since, version + 1) for s in self._plans.steps(tx, case_id, v)]
            return Seen(
                case=case, at=utcnow(), plan=self._plans.plan_row(tx, case_id, version), steps=steps,
                done=[s for s in done if s["status"] == "done"],
                promises=_rows(
                    tx,
                    sa.select(promises).where(promises.c.case_id == case_id, promises.c.state == "open")
                    .order_by(promises.c.due_at),
                ),
                due={r["kind"]: r["due_at"] for r in _rows(tx, sa.select(timers).where(timers.c.subject == case_id))},
                skilled=_skilled(tx, case),
            )  # fmt: skip


def can_be_chosen_for(case: Case) -> bool:
    """Whether a plan that a person chooses could be performed: the case waits for people, and the machine may act."""
    waits = case["status"] in (CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL)
    return bool(
        waits and case["live"] and not is_incident(case)
        and case["subject_kind"] in ("checkout", "sku")
    )  # fmt: skip


def is_over(case: Case) -> bool:
    """Whether nothing is to be decided any more."""
    return case["status"] in ENDED


def _skilled(tx: sa.Connection, case: Case) -> list[tuple[str, str]]:
    """Members of staff at work who are trained for one of the open faults by name, but whoever has the case."""
    codes = {f["code"] for f in case["faults"] if not f["cleared_at"]}
    rows = _rows(tx, sa.select(staff).where(staff.c.active, staff.c.away.is_(sa.false())).order_by(staff.c.id))
    return [(r["id"], r["name"]) for r in rows if codes & set(r["skills"]) and r["id"] != case["owner_id"]]


def _rows(tx: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in tx.execute(query).mappings()]
