"""Turns findings into cases: opens, extends or reopens the one case of a checkout; called inside intake."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.records import Case, Cases, new_case_id
from assistant.cases.wording import say
from assistant.store.tables import cases as cases_table
from assistant.store.tables import messages
from assistant.triage import due_at, severity_of, terms_of
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity, Step
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

# Events after which a waiting case looks again.
_WAKING = ("checkout.", "payment.", "refund.", "order.", "inventory.", "customer.", "address.", "shipment.")


class Opening:
    """Opens and extends cases. `on_findings` and `on_touched` are what intake calls."""

    def __init__(self, cases: Cases, policies: Policies) -> None:
        self._cases = cases
        self._policies = policies

    def on_findings(
        self, tx: sa.Connection, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, *, live: bool = True
    ) -> None:
        """Opens the checkout's case, adds what is new to the open one, or reopens the one that is being watched."""
        if not findings:
            return
        case = self._cases.open_case_of(tx, "checkout", snapshot.checkout_id)
        if case is not None:
            self._extend(tx, case, snapshot, findings, now)
            return
        past = self._past(tx, "checkout", snapshot.checkout_id)
        settled = {fingerprint for row in past for fingerprint in row["settled"]}
        fresh = [f for f in findings if f.fingerprint not in settled]
        if not fresh:
            return
        watched = next((row for row in past if row["status"] == CaseStatus.RESOLVED), None)
        if watched is not None:
            self._reopen(tx, watched, snapshot, fresh, now, live)
        else:
            self._open(tx, "checkout", snapshot.checkout_id, snapshot, fresh, now, live)

    def on_touched(self, tx: sa.Connection, touched: dict[str, list[Event]], now: datetime) -> None:
        """New events of checkouts: a reply is written down, and a case that waits looks again."""
        for checkout_id, events in touched.items():
            if not any(e.type.startswith(_WAKING) for e in events):
                continue
            case = self._cases.open_case_of(tx, "checkout", checkout_id)
            if case is None:
                self._recheck(tx, checkout_id, events, now)
                continue
            for event in events:
                if event.type == "customer.replied":
                    self._reply(tx, case, event, now)
            if case["snoozed_until"] is None or case["snoozed_until"] <= now:
                self._cases.wake(tx, case, now)

    def on_orphan_payment(self, tx: sa.Connection, payment_id: str, events: list[Event], now: datetime) -> None:
        """A payment that belongs to no known checkout: a case about the payment, for a human."""
        subject = ("payment", payment_id)
        if self._cases.open_case_of(tx, *subject) is not None:
            return
        amount = next((e.data.get("amount") for e in events if e.data.get("amount")), None)
        money = Money(amount["amount"], amount["currency"]) if amount else None
        finding = Finding(
            code=FaultCode.UNKNOWN_ANOMALY, severity=Severity.MEDIUM, step=Step.PAYMENT,
            cause="payment_without_checkout", detectable_at=now, at_risk=money,
            evidence=[Evidence("event", e.ref, e.at, e.type) for e in events], details={"payment_id": payment_id},
        )  # fmt: skip
        if any(finding.fingerprint in row["settled"] for row in self._past(tx, *subject)):
            return
        self._open(tx, *subject, OrderSnapshot(checkout_id="", total=money), [finding], now, live=True)

    def _recheck(self, tx: sa.Connection, checkout_id: str, events: list[Event], now: datetime) -> None:
        """Money that moves after a repair: the watched case is looked at again."""
        if any(e.type.startswith(("payment.", "refund.failed")) for e in events):
            case = self._cases.watched_case_of(tx, "checkout", checkout_id)
            if case is not None and case["first_action_at"] is not None:
                self._cases.wake(tx, case, now)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _past(self, tx: sa.Connection, kind: str, subject_id: str) -> list[Case]:
        query = (
            sa.select(cases_table)
            .where(cases_table.c.subject_kind == kind, cases_table.c.subject_id == subject_id)
            .order_by(cases_table.c.id.desc())
        )
        return [dict(row) for row in tx.execute(query).mappings()]

    def _open(
        self, tx: sa.Connection, kind: str, subject_id: str, snapshot: OrderSnapshot, findings: list[Finding],
        now: datetime, live: bool,
    ) -> None:  # fmt: skip
        severity = severity_of(findings, snapshot.total, self._policies)
        terms = terms_of([f.code for f in findings], snapshot.total, None, False, self._policies)
        detectable = min(f.detectable_at for f in findings)
        row: dict[str, Any] = {
            "id": new_case_id(), "subject_kind": kind, "subject_id": subject_id,
            "checkout_id": snapshot.checkout_id or None, "order_id": _order_id(snapshot),
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
        }  # fmt: skip
        tx.execute(cases_table.insert().values(**row))
        evidence = [e for f in findings for e in f.evidence]
        self._cases.note(tx, row["id"], now, say("opened", codes=_codes(findings)), evidence=evidence)
        self._cases.wake(tx, row, now)

    def _extend(
        self, tx: sa.Connection, case: Case, snapshot: OrderSnapshot, findings: list[Finding], now: datetime
    ) -> None:
        if case["status"] == CaseStatus.REPAIRING:  # our own steps may look like faults: the journey will see
            self._cases.wake(tx, case, now)
            return
        known = {f["code"]: f for f in case["faults"]}
        fresh = [
            f for f in findings
            if f.fingerprint not in case["settled"]
            and (f.code not in known or (known[f.code]["fingerprint"] != f.fingerprint and known[f.code]["cleared_at"]))
        ]  # fmt: skip
        if not fresh:
            return
        faults = [f for f in case["faults"] if f["code"] not in {n.code for n in fresh}]
        severity = min(
            severity_of(fresh, snapshot.total, self._policies), Severity(case["severity"]), key=lambda s: s.rank
        )
        self._cases.update(
            tx, case, now, faults=[*faults, *(fault_json(f, now) for f in fresh)],
            fault_codes=codes_text([*known, *(f.code for f in fresh)]), severity=severity, severity_rank=severity.rank,
            due_at=min(case["due_at"], due_at(severity, min(f.detectable_at for f in fresh))),
            order_id=case["order_id"] or _order_id(snapshot), customer_id=case["customer_id"] or snapshot.customer_id,
        )  # fmt: skip
        evidence = [e for f in fresh for e in f.evidence]
        self._cases.note(tx, case["id"], now, say("extended", codes=_codes(fresh)), evidence=evidence)
        self._cases.wake(tx, case, now)

    def _reopen(
        self, tx: sa.Connection, case: Case, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, live: bool
    ) -> None:
        severity = severity_of(findings, snapshot.total, self._policies)
        detectable = min(f.detectable_at for f in findings)
        self._cases.new_episode(
            tx, case, now, severity=severity, severity_rank=severity.rank, live=live, detectable_at=detectable,
            due_at=due_at(severity, detectable), faults=[fault_json(f, now) for f in findings],
            fault_codes=codes_text(f.code for f in findings),
        )  # fmt: skip
        evidence = [e for f in findings for e in f.evidence]
        self._cases.note(tx, case["id"], now, say("reopened", codes=_codes(findings)), evidence=evidence)
        self._cases.wake(tx, case, now)

    def _reply(self, tx: sa.Connection, case: Case, event: Event, now: datetime) -> None:
        """Writes a customer's answer to the message that it answers; the first answer to each stands."""
        choice, who = event.data.get("choice"), event.data.get("customer_id")
        if who is not None and case["customer_id"] is not None and who != case["customer_id"]:
            return  # somebody else's words decide nothing here
        actor = f"customer:{case['customer_id'] or 'guest'}"
        asked = self._question(tx, case, event.data.get("in_reply_to"), choice)
        if asked is None or asked["replied_at"] is not None:
            evidence = [Evidence("event", event.ref, event.at, "words")]
            self._cases.note(tx, case["id"], now, say("replied_again"), actor=actor, evidence=evidence)
            return
        if choice not in _offered(asked):
            choice = None  # nothing that was not offered is ever performed
        text = event.data.get("text")
        ref = text.get("ref") if isinstance(text, dict) else None
        tx.execute(
            messages.update()
            .where(messages.c.dedupe_key == asked["dedupe_key"])
            .values(replied_at=now, choice=choice, reply_ref=ref)
        )
        evidence = [Evidence("event", event.ref, event.at, choice or "words")]
        self._cases.note(tx, case["id"], now, say("replied", choice=choice or "…"), actor=actor, evidence=evidence)

    def _question(self, tx: sa.Connection, case: Case, key: Any, choice: Any) -> dict[str, Any] | None:
        """The message of this episode that a reply answers.

        The one it names, else the newest that offers the choice, else the newest question that is still open, else
        the newest message of all.
        """
        query = sa.select(messages).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.state != "failed"
        )
        sent = [dict(row) for row in tx.execute(query.order_by(messages.c.at.desc())).mappings()]
        if key:
            return next((m for m in sent if m["dedupe_key"] == key), None)
        offers = (m for m in sent if choice in _offered(m))
        asks = (m for m in sent if m["choices"] and m["replied_at"] is None)
        return next(offers, None) or next(asks, None) or next(iter(sent), None)


def _offered(message: dict[str, Any]) -> list[str]:
    return [c["id"] for c in message["choices"]]


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


def _codes(findings: list[Finding]) -> dict[str, str]:
    return in_both("fault", *(f.code for f in findings))


def _order_id(snapshot: OrderSnapshot) -> str | None:
    orders = snapshot.live_orders or list(snapshot.orders.values())
    return orders[-1].id if orders else None
