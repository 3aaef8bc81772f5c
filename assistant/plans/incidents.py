"""One cause that breaks many orders is one incident: a case for the team that the cases over budget wait for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.people import TEAM
from assistant.cases.records import Case, Cases, new_case_id
from assistant.cases.wording import say
from assistant.store.engine import Store
from assistant.store.tables import cases as cases_table
from assistant.store.tables import incidents
from assistant.timers.timers import Timer, set_timer
from assistant.triage import due_at
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from knowledge.vocabulary.findings import Evidence, Finding

TIMER = "incident"
_AT_ONCE = 200  # cases taken up again in one transaction
_CODES = frozenset(str(code) for code in FaultCode)


def is_incident(case: Case) -> bool:
    """Whether this case stands for many: its subject is a fault and a sku."""
    return bool(case["subject_kind"] == "sku" and case["subject_id"].split(":", 1)[0] in _CODES
                and ":" in case["subject_id"])  # fmt: skip


def end_incident(tx: sa.Connection, case: Case, now: datetime) -> None:
    """Whoever ended the incident's case has dealt with its cause: the cases that wait for it are taken up again."""
    if is_incident(case):
        set_timer(tx, TIMER, case["id"], now)


class Incidents:
    """Opens and extends incidents, and takes their cases up again afterwards."""

    def __init__(self, store: Store, cases: Cases, policies: Policies) -> None:
        self._store, self._cases, self._policies = store, cases, policies

    def join(self, tx: sa.Connection, case: Case, fault: str, sku: str, now: datetime) -> str:
        """Makes a locked case wait for the incident of this fault and sku, opening it if need be; its id."""
        incident = self._cases.open_case_of(tx, "sku", f"{fault}:{sku}")
        if incident is None:
            incident = self._open(tx, case, fault, sku, now)
        values = {"case_id": case["id"], "fault": fault, "sku": sku, "at": now, "incident": incident["id"]}
        tx.execute(self._store.upsert(incidents, ["case_id", "fault", "sku"], values, ["at", "incident"]))
        self._cases.note(tx, case["id"], now, say("incident_waits", incident=incident["id"]))
        self._cases.note(tx, incident["id"], now, say("incident_joined", other=case["id"]))
        if incident["priority"] < case["priority"]:
            priority = {"priority": case["priority"], "priority_terms": case["priority_terms"]}
            self._cases.update(tx, incident, now, **priority)
        return str(incident["id"])

    def on_over(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: the incident has ended; its cases go on, with a fresh budget."""
        waiting = incidents.c.incident == timer.subject
        rows = tx.execute(sa.select(incidents).where(waiting).order_by(incidents.c.case_id).limit(_AT_ONCE + 1)).all()
        if timer.payload is None:
            for fault, sku in {(row.fault, row.sku) for row in rows}:
                spent = (incidents.c.fault == fault) & (incidents.c.sku == sku) & incidents.c.incident.is_(None)
                tx.execute(incidents.update().where(spent).values(at=now - timedelta(hours=1)))
        for row in rows[:_AT_ONCE]:
            tx.execute(incidents.delete().where(waiting, incidents.c.case_id == row.case_id))
            self._take_up(tx, row.case_id, timer.subject, now)
        if len(rows) > _AT_ONCE:
            set_timer(tx, TIMER, timer.subject, now, payload={"going_on": True})

    def _take_up(self, tx: sa.Connection, case_id: str, incident: str, now: datetime) -> None:
        case = self._cases.lock(tx, case_id)
        if case["status"] != CaseStatus.HANDED_OFF or case["owner_kind"] != "team":
            return  # somebody has it, or it is over
        fresh = {"rounds": 0, "failed_repairs": 0, "retries": 0}
        self._cases.give_back(tx, case, "resumed", now, status=CaseStatus.OPEN, **fresh)
        self._cases.note(tx, case_id, now, say("incident_over", incident=incident))
        self._cases.wake(tx, case, now)

    def _open(self, tx: sa.Connection, first: Case, fault: str, sku: str, now: datetime) -> Case:
        code = FaultCode(fault)
        finding = Finding(
            code=code, severity=Severity.HIGH, step=CATALOGUE[code].step, cause="incident", detectable_at=now,
            evidence=[Evidence("event", first["id"], now, "case")], details={"skus": [sku]},
        )  # fmt: skip
        fault_row: dict[str, Any] = {
            "code": code, "detected_at": now, "confidence": finding.confidence, "evidence": finding.evidence,
            "severity": Severity.HIGH, "step": finding.step, "cause": finding.cause, "details": finding.details,
            "at_risk": None, "fingerprint": finding.fingerprint, "detectable_at": now, "cleared_at": None,
        }  # fmt: skip
        row: dict[str, Any] = {
            "id": new_case_id(), "subject_kind": "sku", "subject_id": f"{fault}:{sku}",
            "faults": [fault_row], "fault_codes": f",{fault},", "severity": Severity.HIGH,
            "severity_rank": Severity.HIGH.rank, "priority": first["priority"],
            "priority_terms": first["priority_terms"], "status": CaseStatus.HANDED_OFF, **TEAM,
            "detectable_at": now, "detected_at": now, "queued_at": now, "due_at": due_at(Severity.HIGH, now),
            "first_action_at": now, "live": True, "version": 1, "updated_at": now, "settled": [],
        }  # fmt: skip
        tx.execute(cases_table.insert().values(**msgspec.to_builtins(row, builtin_types=(datetime,))))
        what = say("incident_opened", budget=self._policies.limits.incident_budget, fault=in_both("fault", fault),
                   sku=sku)  # fmt: skip
        self._cases.note(tx, row["id"], now, what, evidence=finding.evidence)
        opened = self._cases.open_case_of(tx, "sku", row["subject_id"])
        assert opened is not None  # noqa: S101  just inserted
        self._cases.people.opened(tx, opened, now)
        self._cases.people.handed(tx, opened, "incident", now, "system")
        return opened
