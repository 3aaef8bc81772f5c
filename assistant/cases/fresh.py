"""The row a new case begins with, and how a finding stands in it; whoever opens or examines cases uses these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from assistant.cases.records import new_case_id
from assistant.triage import due_at, terms_of
from knowledge.policies import Policies
from knowledge.vocabulary.codes import CaseStatus, Severity
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot


def fresh_row(
    subject: tuple[str, str], snapshot: OrderSnapshot, findings: Sequence[Finding], severity: Severity,
    policies: Policies, now: datetime, *, live: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """A row of `cases` in its first episode; `subject` is kind and id. Without findings its clocks start at `now`."""
    terms = terms_of([f.code for f in findings], snapshot.total, None, False, policies)
    detectable = min((f.detectable_at for f in findings), default=now)
    return {
        "id": new_case_id(), "subject_kind": subject[0], "subject_id": subject[1],
        "checkout_id": snapshot.checkout_id or None, "order_id": order_id_of(snapshot),
        "customer_id": snapshot.customer_id, "language": snapshot.language,
        "faults": [fault_json(f, now) for f in findings], "fault_codes": codes_text(f.code for f in findings),
        "severity": severity, "severity_rank": severity.rank,
        "priority": terms.priority, "priority_terms": msgspec.to_builtins(terms),
        "value_amount": snapshot.total.amount if snapshot.total else None,
        "value_currency": snapshot.total.currency if snapshot.total else None,
        "status": CaseStatus.OPEN, "root_cause": None, "plan_version": 0,
        "detectable_at": detectable, "detected_at": now, "queued_at": now, "due_at": due_at(severity, detectable),
        "episode": 1, "episode_plan": 1, "rounds": 0, "failed_repairs": 0, "retries": 0,
        "by_approval": False, "settled": [], "live": live,
        "generation": 0, "running": None, "wake": False, "version": 1, "updated_at": now,
        "owner_kind": None, "owner_id": None, "owner_name": None, "first_action_at": None, "told_at": None,
        "claimed_at": None, "handed_off_at": None, "handed_off_why": None, "waiting_since": None,
        "waited_seconds": 0.0, "done_at": None, "done_waited": None,
        "resolution": None, "merged_into": None, "snoozed_until": None,
    }  # fmt: skip


def fault_json(finding: Finding, now: datetime) -> dict[str, Any]:
    """A finding as the case keeps it (contract C's fault, and what we need to go on)."""
    return {
        "code": finding.code, "detected_at": now, "confidence": finding.confidence, "evidence": finding.evidence,
        "severity": finding.severity, "step": finding.step, "cause": finding.cause, "details": finding.details,
        "at_risk": finding.at_risk, "fingerprint": finding.fingerprint, "detectable_at": finding.detectable_at,
        "cleared_at": None,
    }  # fmt: skip


def codes_text(codes: Any) -> str:
    """Codes as `,a,b,`: what the queue filters by."""
    return "," + ",".join(sorted({str(code) for code in codes})) + ","


def order_id_of(snapshot: OrderSnapshot) -> str | None:
    """The order a checkout's case is about: the newest live one, else the newest."""
    orders = snapshot.live_orders or list(snapshot.orders.values())
    return orders[-1].id if orders else None
