"""The explicit list of faults in their order of treatment; intake, verification and scan call detect_all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import msgspec

from knowledge.faults.context import Context
from knowledge.faults.planning import PlanContext
from knowledge.phrases import texts_of
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan
from knowledge.vocabulary.snapshot import OrderSnapshot

Detect = Callable[[OrderSnapshot, Context], list[Finding]]
Planner = Callable[[Finding, Facts, PlanContext], Plan]
Settled = Callable[[Finding, Facts, PlanContext], bool]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of the catalogue. Without a `plan` it is detected only and goes straight to a human.

    `settled` says whether nothing is left to do although the snapshot still shows the fault.
    """

    code: FaultCode
    step: Step
    severity: Severity
    detect: Detect
    texts: Mapping[str, Mapping[str, str]]
    plan: Planner | None = None
    settled: Settled | None = None


# First what forbids everything else, then what is not known, then where money is, then what stands between the
# customer and the goods, then what only has to be tidied up, and last what a person has to look at.
ORDER = (
    FaultCode.PAYMENT_DISPUTED,
    FaultCode.ACCOUNT_BLOCKED,
    FaultCode.PAYMENT_UNCONFIRMED,
    FaultCode.REFUND_MISSING,
    FaultCode.UNPAID_ORDER_LIVE,
    FaultCode.PAID_OUT_OF_STOCK,
    FaultCode.PAID_ORDER_MISSING,
    FaultCode.DUPLICATE_CHARGE,
    FaultCode.COUPON_MISAPPLIED,
    FaultCode.PRICE_MISMATCH,
    FaultCode.AMOUNT_MISMATCH,
    FaultCode.PARTIAL_PAYMENT,
    FaultCode.RESERVATION_TIMEOUT,
    FaultCode.DUPLICATE_ORDER,
    FaultCode.ADDRESS_UNDELIVERABLE,
    FaultCode.INCOMPLETE_INFORMATION,
    FaultCode.MINOR_INFORMATION_ERROR,
    FaultCode.ADDRESS_INACCURATE,
    FaultCode.PAYMENT_FAILED_STOCK_HELD,
    FaultCode.FULFILMENT_STALLED,
    FaultCode.PAYMENT_FAILED,
    FaultCode.REPEATED_SUBMISSION,
    FaultCode.ABANDONED_CHECKOUT,
    FaultCode.STOCK_INCONSISTENT,
    FaultCode.UNUSUAL_AMOUNT,
    FaultCode.TIMELINE_CONTRADICTION,
    FaultCode.UNKNOWN_ANOMALY,
)


def _fault(code: FaultCode) -> Fault:
    """The fault in the folder of its code."""
    detector = import_module(f"{__package__}.{code.value}.detector")
    playbook = _playbook(code)
    return Fault(
        code=code, step=detector.STEP, severity=detector.SEVERITY, detect=detector.detect, texts=texts_of(code),
        plan=playbook.plan if playbook else None, settled=playbook.settled if playbook else None,
    )  # fmt: skip


def _playbook(code: FaultCode) -> ModuleType | None:
    """None for a fault that only a person can treat."""
    name = f"{__package__}.{code.value}.playbook"
    return import_module(name) if find_spec(name) else None


CATALOGUE: dict[FaultCode, Fault] = {
    code: _fault(code) for code in ORDER if find_spec(f"{__package__}.{code.value}")
}
_STEPS = {step: rank for rank, step in enumerate(Step)}


def detect_all(snapshot: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Every detector's findings, the gravest first, then by pipeline step and time.

    A finding whose `detectable_at` is after `ctx.now` is a deadline still running: real unless things change.
    `unknown_anomaly` means "none of the above": any other finding, be it a running deadline, explains it away; but
    that of the shipment runs for every healthy order.
    """
    look = ctx.looking()
    found = [finding for fault in CATALOGUE.values() for finding in fault.detect(snapshot, look)]
    known = [f for f in found if f.code is not FaultCode.UNKNOWN_ANOMALY]
    if any(f.code is not FaultCode.FULFILMENT_STALLED or f.detectable_at <= ctx.now for f in known):
        found = known
    return sorted(found, key=lambda f: (f.severity.rank, _STEPS[f.step], f.detectable_at, f.code))
