"""Contract C's JSON of cases, and what the agent's tools may read of them. Nothing personal in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.commands import owner_of
from assistant.cases.records import Case, Cases
from assistant.plans.rehearsal import Rehearsal
from assistant.plans.store import Plans
from assistant.promises.reading import promises_of
from assistant.store.batches import among
from assistant.store.cursors import literal_time, packed, unpacked
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases as cases_table
from assistant.store.tables import checkouts, messages, read_backs, timeline
from assistant.store.tables_people import assignments
from assistant.triage.levels import level_of
from knowledge.phrases import language_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from knowledge.vocabulary.errors import InputError
from tools.rehearsal.lasting import LASTING

LIMIT = 200
_TIMES = (
    "detectable_at", "detected_at", "queued_at", "due_at", "first_action_at", "resolved_at", "snoozed_until",
)  # fmt: skip


class Views:
    """Reads cases for people and for the agent."""

    def __init__(self, store: Store, cases: Cases, plans: Plans) -> None:
        self._store, self._cases, self._plans = store, cases, plans
        # What a case id that is no case of this shop stands for (an example of the library); the wiring sets it.
        self.examples: Callable[[str, str], dict[str, Any] | None] = lambda case_id, language: None

    def case(self, case_id: str, language: str = "en") -> dict[str, Any]:
        """One case, whole (contract C).

        Raises:
            NotFoundError: `case_not_found`.
        """
        if (example := self.examples(case_id, language)) is not None:
            return example
        with self._store.read() as tx:
            row = self._cases.find(tx, case_id)
            steps = self._plans.steps(tx, case_id, row["plan_version"])
            plan = self._plans.plan_row(tx, case_id, row["plan_version"])
            lines = tx.execute(
                sa.select(timeline).where(timeline.c.case_id == case_id).order_by(timeline.c.seq)
            ).mappings()
            history = [
                {"at": line["at"], "actor": line["actor"], "what": _spoken(line["what"], language),
                 "evidence": line["evidence"]}
                for line in lines
            ]  # fmt: skip
            promises = promises_of(tx, [case_id], language)[case_id]
            said = self._messages(tx, [case_id])[case_id]
            assigned = _assignments(tx, [case_id], language)[case_id]
        view = _case_json(row)
        view["plan"] = [_step_json(s, language) for s in steps]
        view["plan_state"] = _plan_json(plan, language) if plan else None
        view["promises"], view["messages"], view["timeline"] = promises, said, history
        view["assignment"] = assigned
        whole: dict[str, Any] = json_ready(view)
        return whole

    def page(
        self, filters: dict[str, str | None], limit: int, cursor: str | None, language: str = "en",
        order: str = "urgent",
    ) -> dict[str, Any]:  # fmt: skip
        """A page of the queue, the timeline left out: most urgent first, or with `newest` latest change first.

        Raises:
            InputError: names the filter, order or cursor that makes no sense.
        """
        if order not in _ORDERS:
            raise InputError("invalid_filter", "order", f"{order!r} is none of {', '.join(_ORDERS)}")
        limit = max(1, min(limit, LIMIT))
        columns, read, write = _ORDERS[order]
        query = _filtered(filters)
        place = sa.tuple_(*columns)
        if cursor:
            position = sa.tuple_(*read(cursor))
            query = query.where(place < position if order == "newest" else place > position)
        sort = [c.desc() for c in columns] if order == "newest" else columns
        with self._store.read() as tx:
            rows = [dict(r) for r in tx.execute(query.order_by(*sort).limit(limit + 1)).mappings()]
            steps = {r["id"]: self._plans.steps(tx, r["id"], r["plan_version"]) for r in rows[:limit]}
            promises = promises_of(tx, [r["id"] for r in rows[:limit]], language)
            said = self._messages(tx, [r["id"] for r in rows[:limit]])
            assigned = _assignments(tx, [r["id"] for r in rows[:limit]], language)
        items = []
        for row in rows[:limit]:
            item = _case_json(row)
            item["plan"] = [_step_json(s, language) for s in steps[row["id"]]]
            item["promises"], item["messages"] = promises[row["id"]], said[row["id"]]
            item["assignment"] = assigned[row["id"]]
            items.append(json_ready(item))
        following = packed(write(rows[limit - 1])) if len(rows) > limit else None
        return {"items": items, "next": following}

    def preview(
        self, case_id: str, version: int | None, rehearsal: Rehearsal, language: str = "en"
    ) -> dict[str, Any]:
        """What the open steps of a plan version (else the current one) would change now.

        Raises:
            NotFoundError: `case_not_found`, `plan_not_found`.
            UnavailableError: the shop can't be read.
        """
        with self._store.read() as tx:
            version = version or self._cases.find(tx, case_id)["plan_version"]
        changes = [
            {"step": step_id, "system": c.system, "object": c.object, "field": c.field, "before": c.before,
             "after": c.after, "irreversible": c.irreversible,
             "reason": _spoken(c.reason, language) if c.reason else None, "certain": c.certain}
            for step_id, c in rehearsal.preview(case_id, version)
        ]  # fmt: skip
        shown: dict[str, Any] = json_ready({"case_id": case_id, "plan_version": version, "changes": changes})
        return shown

    def order(self, checkout_id: str) -> dict[str, Any]:
        """The order as every system sees it: the snapshot, and the last read-back; personal fields are left out."""
        with self._store.read() as tx:
            row = tx.execute(sa.select(checkouts).where(checkouts.c.checkout_id == checkout_id)).mappings().first()
            back = tx.execute(sa.select(read_backs).where(read_backs.c.checkout_id == checkout_id)).mappings().first()
        seen: dict[str, Any] = json_ready(
            {
                "checkout_id": checkout_id,
                "snapshot": row["snapshot"] if row else None,
                "read_back": {"at": back["at"], "facts": back["facts"]} if back else None,
            }
        )
        return seen

    def counts(self) -> dict[str, Any]:
        """How many cases stand where: by status and by resolution."""
        with self._store.read() as tx:
            by_status = tx.execute(
                sa.select(cases_table.c.status, sa.func.count()).group_by(cases_table.c.status)
            ).all()
            ended = tx.execute(
                sa.select(cases_table.c.resolution, sa.func.count())
                .where(cases_table.c.resolution.is_not(None)).group_by(cases_table.c.resolution)
            ).all()  # fmt: skip
        return {"status": dict(map(tuple, by_status)), "resolution": dict(map(tuple, ended))}

    def _messages(self, tx: sa.Connection, case_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
        """What each case's customer was told and when, by occasion."""
        found: dict[str, list[dict[str, Any]]] = {case_id: [] for case_id in case_ids}
        query = sa.select(messages).where(among(tx, messages.c.case_id, case_ids)).order_by(messages.c.at)
        for r in tx.execute(query).mappings():
            found[r["case_id"]].append(
                {"occasion": r["occasion"], "channel": r["channel"], "state": r["state"], "at": r["at"],
                 "replied_at": r["replied_at"], "choice": r["choice"], "via": r["via"],
                 "delivered_at": r["delivered_at"], "failure": r["failure"]}
            )  # fmt: skip
        return found


def _assignments(tx: sa.Connection, case_ids: list[str], language: str) -> dict[str, dict[str, Any] | None]:
    """Who was given each case that somebody has, and why they."""
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(case_ids)
    query = sa.select(assignments).where(among(tx, assignments.c.case_id, case_ids), assignments.c.ended_at.is_(None))
    for row in tx.execute(query).mappings():
        found[row["case_id"]] = {
            "staff_id": row["staff_id"], "why": _spoken(row["why"], language), "terms": row["terms"], "at": row["at"],
            "accepted_at": row["accepted_at"],
        }  # fmt: skip
    return found


def _case_json(row: Case) -> dict[str, Any]:
    faults = [
        {k: f[k] for k in ("code", "detected_at", "confidence", "evidence")} | {"cleared_at": f.get("cleared_at")}
        for f in row["faults"]
    ]
    cause = row["root_cause"]
    view: dict[str, Any] = {
        "id": row["id"], "subject": {"kind": row["subject_kind"], "id": row["subject_id"]},
        "checkout_id": row["checkout_id"], "order_id": row["order_id"], "customer_id": row["customer_id"],
        "faults": faults, "severity": row["severity"], "priority": row["priority"],
        "priority_terms": row["priority_terms"], "status": row["status"],
        "root_cause": cause and {"step": cause["step"], "cause": cause["cause"], "evidence": cause["evidence"],
                                 "pipeline": cause.get("pipeline", []), "ruled_out": cause.get("ruled_out", []),
                                 "certainty": cause.get("certainty")},
        "plan_version": row["plan_version"], "owner": owner_of(row), "merged_into": row["merged_into"],
        "resolution": row["resolution"], "language": row["language"], "episode": row["episode"],
        "value": {"amount": row["value_amount"], "currency": row["value_currency"]} if row["value_currency"] else None,
    }  # fmt: skip
    return view | {"service_level": level_of(row, utcnow()).json()} | {name: row[name] for name in _TIMES}


def _step_json(row: dict[str, Any], language: str) -> dict[str, Any]:
    step = row["step"]
    return {
        "id": row["id"], "action": step["action"], "arguments": step["arguments"],
        "effect": _spoken(step["effect"], language),
        "undo": _spoken(step["undo"], language) if step["undo"] and step["action"] not in LASTING else None,
        "needs_approval": row["needs_approval"], "status": row["status"],
    }  # fmt: skip


def _plan_json(row: dict[str, Any], language: str) -> dict[str, Any]:
    return {
        "version": row["version"], "state": row["state"], "fault": row["fault"],
        "summary": _spoken(row["plan"]["summary"], language), "needs_human": row["needs_human"],
        "expires_at": row["expires_at"], "decided_by": row["decided_by"], "role": row["role"],
        "edited_from": row["edited_from"], "undoes": row["undoes"],
    }  # fmt: skip


def _spoken(text: Any, language: str) -> str:
    return str(text.get(language_of(language)) or text.get("en")) if isinstance(text, dict) else str(text)


def json_ready(value: Any) -> Any:
    """Times as RFC 3339 UTC with Z, structs as objects."""
    return json.loads(msgspec.json.encode(value))


def _filtered(filters: dict[str, str | None]) -> sa.Select[Any]:
    query = sa.select(cases_table)
    allowed = {"status": CaseStatus, "severity": Severity, "fault": None}
    for name, value in filters.items():
        if not value:
            continue
        if name == "fault":
            query = query.where(cases_table.c.fault_codes.contains(f",{_one_of(name, value, FaultCode)},"))
        elif (kind := allowed.get(name)) is not None:
            values = [_one_of(name, one, kind) for one in value.split(",")]
            query = query.where(cases_table.c[name].in_(values))
        elif "\0" in value:
            raise InputError("invalid_filter", name, "holds a NUL character")
        else:
            query = query.where(cases_table.c["owner_id" if name == "owner" else name] == value)
    return query


def _one_of(name: str, value: str, kind: type[CaseStatus] | type[Severity] | type[FaultCode]) -> str:
    if value not in {str(v) for v in kind}:
        raise InputError("invalid_filter", name, f"{value!r} is none of {', '.join(str(v) for v in kind)}")
    return value


def _newest(cursor: str) -> list[Any]:
    at, case_id = unpacked(cursor, datetime, str)
    return [literal_time(at), case_id]


# What a page can be ordered by: the columns, a cursor's place in them, and a row's.
_ORDERS: dict[str, tuple[tuple[Any, ...], Callable[[str], list[Any]], Callable[[Case], list[Any]]]] = {
    "urgent": (
        (cases_table.c.severity_rank, -cases_table.c.priority, cases_table.c.id),
        lambda cursor: unpacked(cursor, int, int, str),
        lambda row: [row["severity_rank"], -row["priority"], row["id"]],
    ),
    "newest": (
        (cases_table.c.updated_at, cases_table.c.id), _newest, lambda row: [row["updated_at"], row["id"]],
    ),
}  # fmt: skip


def parse_time(name: str, value: str) -> datetime:
    """A time with its zone.

    Raises:
        InputError: `invalid_time`.
    """
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise InputError("invalid_time", name, "must be RFC 3339") from error
    if at.tzinfo is None:
        raise InputError("invalid_time", name, "must name its zone")
    if not 1970 <= at.year < 9999:  # so that no zone carries it out of what a time can be
        raise InputError("invalid_time", name, "lies beyond any calendar of ours")
    return at
