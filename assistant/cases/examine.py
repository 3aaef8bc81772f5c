"""Looks at a case: reads the shop back, detects again on the corrected snapshot, and writes down what it found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.opening import codes_text, fault_json
from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.intake.receive import Intake
from assistant.store.engine import Store, utcnow
from assistant.triage import severity_of, terms_of
from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.phrases import render
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.connectors.ports import ShopReader
from tools.diagnosis import diagnose
from tools.lookups.order_status import read_facts


class Look(msgspec.Struct, frozen=True):
    """What was seen: the read-back, the snapshot it corrected, and what is wrong now (in order of treatment)."""

    facts: Facts
    snapshot: OrderSnapshot
    findings: list[Finding]


class Examiner:
    """Reads back and detects. Personal data stays in memory."""

    def __init__(
        self, store: Store, cases: Cases, intake: Intake, reader: ShopReader, policies: Policies,
        now: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._intake = store, cases, intake
        self._reader, self._policies, self._now = reader, policies, now

    def look(self, case: Case) -> Look:
        """Reads everything about the case's checkout.

        Raises:
            UnavailableError: when the shop can't be read.
        """
        codes = {f["code"] for f in case["faults"]}
        now, address = self._now(), FaultCode.INCOMPLETE_INFORMATION in codes
        facts = read_facts(self._reader, case["checkout_id"], now, with_serviceability=address)
        with self._store.begin() as tx:
            self._intake.apply_facts(tx, facts, now, detect=False, confirms=address)
            snapshot = self._intake.snapshot_of(tx, case["checkout_id"])
        snapshot = snapshot or OrderSnapshot(checkout_id=case["checkout_id"])
        now = self._now()
        context = Context(now=now, policies=self._policies)
        findings = [
            f for f in detect_all(snapshot, context)
            if f.detectable_at <= now and f.fingerprint not in case["settled"]
            and not (f.confirm and f.code not in codes)
        ]  # fmt: skip
        order = list(CATALOGUE)
        return Look(facts, snapshot, sorted(findings, key=lambda f: order.index(f.code)))

    def write_down(self, tx: sa.Connection, case: Case, look: Look, now: datetime) -> None:
        """Brings faults, root cause, severity and priority of a locked case up to date."""
        present = {f.code: f for f in look.findings}
        known = {f["code"] for f in case["faults"]}
        faults = [self._fault_now(f, present.get(f["code"]), now) for f in case["faults"]]
        faults += [fault_json(f, now) for f in look.findings if f.code not in known]
        cause = diagnose(look.snapshot, look.facts, look.findings, now)
        total, customer = look.snapshot.total, look.facts.customer
        severity = min(
            severity_of(look.findings, total, self._policies), Severity(case["severity"]), key=lambda s: s.rank
        )
        vip = customer is not None and customer.tier == "vip"
        terms = terms_of(
            [f["code"] for f in faults], total, customer.lifetime_value if customer else None, vip, self._policies
        )
        orders = look.snapshot.live_orders or list(look.snapshot.orders.values())
        if cause is not None and (case["root_cause"] or {}).get("cause") != cause.cause:
            words = self._cause_words(look.findings, cause.cause)
            what = say("diagnosed", cause=words, step=in_both("step", cause.step))
            self._cases.note(tx, case["id"], now, what, evidence=cause.evidence)
        values: dict[str, Any] = {
            "faults": faults, "fault_codes": codes_text(f["code"] for f in faults), "severity": severity,
            "severity_rank": severity.rank, "priority": terms.priority, "priority_terms": msgspec.to_builtins(terms),
            "order_id": orders[-1].id if orders else case["order_id"],
            "customer_id": look.snapshot.customer_id or case["customer_id"],
            "language": (customer.language if customer else None) or look.snapshot.language or case["language"],
            "value_amount": total.amount if total else case["value_amount"],
            "value_currency": total.currency if total else case["value_currency"], "retries": 0,
        }  # fmt: skip
        if cause is not None:
            values["root_cause"] = msgspec.to_builtins(cause)
        self._cases.update(tx, case, now, **values)

    def _fault_now(self, fault: dict[str, Any], finding: Finding | None, now: datetime) -> dict[str, Any]:
        if finding is None:
            return {**fault, "cleared_at": fault.get("cleared_at") or now}
        fresh = fault_json(finding, now)
        return {**fresh, "detected_at": fault["detected_at"], "detectable_at": fault["detectable_at"]}

    def _cause_words(self, findings: list[Finding], cause: str) -> dict[str, str]:
        finding = next(f for f in findings if f.cause == cause)
        return {
            language: render(finding.code, f"cause.{cause}", language, **finding.details)
            for language in ("zh-CN", "en")
        }
