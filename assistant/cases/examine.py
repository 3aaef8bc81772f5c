"""Looks at a case: reads the shop back, detects again on the corrected snapshot, and writes down what it found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.fresh import codes_text, fault_json
from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.intake.background import Background
from assistant.intake.given import given_address
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook
from assistant.store.engine import Store, utcnow
from assistant.triage import severity_of, terms_of
from assistant.triage.levels import due_when_worse
from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.phrases import LANGUAGES, describe
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.vocabulary.background import History, Scores
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import StockLevel
from tools.connectors.ports import ShopReader
from tools.diagnosis import diagnose
from tools.lookups.order_status import read_facts
from tools.lookups.stock_level import stock_level

log = structlog.get_logger(__name__)

# The faults that can't be treated without what a system tells that others can do without.
_NEEDS = {
    FaultCode.ADDRESS_UNDELIVERABLE: "logistics", FaultCode.ADDRESS_INACCURATE: "logistics",
    FaultCode.INCOMPLETE_INFORMATION: "logistics", FaultCode.MINOR_INFORMATION_ERROR: "logistics",
    FaultCode.COUPON_MISAPPLIED: "promotion",
}  # fmt: skip


class Look(msgspec.Struct, frozen=True):
    """What was seen: the read-back, the snapshot it corrected, and what is wrong now (in order of treatment).

    `history` and `scores` are what was known beside it, `stock` what of a sku that is looked at instead of a checkout.
    `hushed` is what is wrong as well, and counts as dealt with: evidence that was settled before.
    """

    facts: Facts
    snapshot: OrderSnapshot
    findings: list[Finding]
    history: History | None = None
    scores: Scores | None = None
    stock: StockLevel | None = None
    hushed: tuple[FaultCode, ...] = ()


class Examiner:
    """Reads back and detects. Personal data stays in memory."""

    def __init__(
        self, store: Store, cases: Cases, intake: Intake, reader: ShopReader, policies: Policies,
        now: Callable[[], datetime] = utcnow, *, background: Background | None = None, stock: StockBook | None = None,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._intake = store, cases, intake
        self._reader, self._policies, self._now = reader, policies, now
        self._background, self._stock = background or Background(), stock

    def look(self, case: Case) -> Look:
        """Reads everything about the case's checkout or sku.

        Raises:
            UnavailableError: when the shop can't be read, or carrier or promotion system where a fault needs them.
        """
        if case["subject_kind"] == "sku":
            return self._look_at_stock(case)
        now = self._now()
        outages: dict[str, UnavailableError] = {}
        facts = read_facts(
            self._reader, case["checkout_id"], now, with_serviceability=True, with_coupon=True, outages=outages
        )
        with self._store.begin() as tx:
            folded = self._intake.apply_facts(tx, facts, now, detect=False, confirms=True)
            snapshot = self._intake.snapshot_of(tx, case["checkout_id"])
            snapshot = snapshot or OrderSnapshot(checkout_id=case["checkout_id"])
            history, scores = self._background.of(tx, snapshot, now)
            given = given_address(tx, self._intake.vault, case["checkout_id"], case["queued_at"])
        facts = msgspec.structs.replace(facts, given=given)
        self._intake.remember(folded)
        now = self._now()
        context = Context(now=now, policies=self._policies, history=history, scores=scores)
        everything = detect_all(snapshot, context)
        found = _standing(case, everything, now)
        check_needs(case, found, outages)
        found.sort(key=lambda f: list(CATALOGUE).index(f.code))
        return Look(facts, snapshot, found, history, scores, hushed=_hushed(case, everything, now))

    def _look_at_stock(self, case: Case) -> Look:
        sku, at = case["subject_id"], self._now()
        fact = stock_level(self._reader, sku)
        facts = Facts(checkout_id="", at=at, stock={sku: fact} if fact else {})
        findings: list[Finding] = []
        level = None
        if self._stock is not None:
            with self._store.begin() as tx:
                findings = self._stock.look(tx, sku, fact, at, self._now())
                level = self._stock.level(tx, sku)
        now = self._now()
        return Look(
            facts, OrderSnapshot(checkout_id=""), _standing(case, findings, now), stock=level,
            hushed=_hushed(case, findings, now),
        )  # fmt: skip

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
        worse = severity.rank < case["severity_rank"]
        if worse:
            since = min((f.detectable_at for f in look.findings if f.severity is severity), default=now)
            values["due_at"] = due_when_worse(case, severity, since)
        self._cases.update(tx, case, now, **values)
        if worse:
            self._cases.people.opened(tx, case, now)

    def _fault_now(self, fault: dict[str, Any], finding: Finding | None, now: datetime) -> dict[str, Any]:
        if finding is None:
            return {**fault, "cleared_at": fault.get("cleared_at") or now}
        fresh = fault_json(finding, now)
        return {**fresh, "detected_at": fault["detected_at"], "detectable_at": fault["detectable_at"]}

    def _cause_words(self, findings: list[Finding], cause: str) -> dict[str, str]:
        finding = next(f for f in findings if f.cause == cause)
        return {language: describe(finding, language, "cause") for language in LANGUAGES}


def check_needs(case: Case, findings: list[Finding], outages: dict[str, UnavailableError]) -> None:
    """Raises the outage that what is wrong can't be treated without."""
    wrong = {f.code for f in findings} | {FaultCode(f["code"]) for f in case["faults"] if not f["cleared_at"]}
    for system, outage in outages.items():
        if any(_NEEDS.get(code) == system for code in wrong):
            raise outage
        log.warning("look.without", system=system, code=outage.code, case_id=case["id"])


def _standing(case: Case, findings: list[Finding], now: datetime) -> list[Finding]:
    """What is due and was not dealt with before.

    A case that knows what is wrong needs no "unlike anything seen": in the middle of a repair few things look usual.
    """
    explained = any(f["code"] != FaultCode.UNKNOWN_ANOMALY for f in case["faults"])
    return [
        f for f in findings
        if f.detectable_at <= now and f.fingerprint not in case["settled"]
        and not (explained and f.code is FaultCode.UNKNOWN_ANOMALY)
    ]  # fmt: skip


def _hushed(case: Case, findings: list[Finding], now: datetime) -> tuple[FaultCode, ...]:
    """What is due and counts as dealt with."""
    return tuple(f.code for f in findings if f.detectable_at <= now and f.fingerprint in case["settled"])
