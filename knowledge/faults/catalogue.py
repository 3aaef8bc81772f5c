"""The explicit list of faults in their order of treatment; intake, verification and scan call detect_all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType

import msgspec

from knowledge.faults.abandoned_checkout import detector as abandoned_checkout
from knowledge.faults.amount_mismatch import detector as amount_mismatch
from knowledge.faults.context import Context
from knowledge.faults.duplicate_charge import detector as duplicate_charge
from knowledge.faults.incomplete_information import detector as incomplete_information
from knowledge.faults.paid_order_missing import detector as paid_order_missing
from knowledge.faults.paid_out_of_stock import detector as paid_out_of_stock
from knowledge.faults.partial_payment import detector as partial_payment
from knowledge.faults.payment_failed_stock_held import detector as payment_failed_stock_held
from knowledge.faults.payment_unconfirmed import detector as payment_unconfirmed
from knowledge.faults.planning import PlanContext
from knowledge.faults.price_mismatch import detector as price_mismatch
from knowledge.faults.refund_missing import detector as refund_missing
from knowledge.faults.timeline_contradiction import detector as timeline_contradiction
from knowledge.phrases import texts_of
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan
from knowledge.vocabulary.snapshot import OrderSnapshot

Detect = Callable[[OrderSnapshot, Context], list[Finding]]
Planner = Callable[[Finding, Facts, PlanContext], Plan]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of the catalogue. Without a `plan` it is detected only and goes straight to a human."""

    code: FaultCode
    step: Step
    severity: Severity
    detect: Detect
    texts: Mapping[str, Mapping[str, str]]
    plan: Planner | None = None


def _fault(code: FaultCode, detector: ModuleType, *, repairable: bool = True) -> Fault:
    return Fault(
        code=code,
        step=detector.STEP,
        severity=detector.SEVERITY,
        detect=detector.detect,
        texts=texts_of(code),
        plan=_planner(code) if repairable else None,
    )


def _planner(code: FaultCode) -> Planner | None:
    try:
        planner: Planner = import_module(f"knowledge.faults.{code.value}.playbook").plan
    except ModuleNotFoundError:
        return None
    return planner


# First what is not known, then what stands between the customer and the goods, then what only has to be
# tidied up, and last what a person has to look at.
_LIST = [
    _fault(FaultCode.PAYMENT_UNCONFIRMED, payment_unconfirmed),
    _fault(FaultCode.PAID_OUT_OF_STOCK, paid_out_of_stock),
    _fault(FaultCode.PAID_ORDER_MISSING, paid_order_missing),
    _fault(FaultCode.PRICE_MISMATCH, price_mismatch),
    _fault(FaultCode.PARTIAL_PAYMENT, partial_payment),
    _fault(FaultCode.INCOMPLETE_INFORMATION, incomplete_information),
    _fault(FaultCode.PAYMENT_FAILED_STOCK_HELD, payment_failed_stock_held),
    _fault(FaultCode.ABANDONED_CHECKOUT, abandoned_checkout),
    _fault(FaultCode.DUPLICATE_CHARGE, duplicate_charge, repairable=False),
    _fault(FaultCode.AMOUNT_MISMATCH, amount_mismatch, repairable=False),
    _fault(FaultCode.REFUND_MISSING, refund_missing, repairable=False),
    _fault(FaultCode.TIMELINE_CONTRADICTION, timeline_contradiction, repairable=False),
]
CATALOGUE: dict[FaultCode, Fault] = {fault.code: fault for fault in _LIST}
_STEPS = {step: rank for rank, step in enumerate(Step)}


def detect_all(snapshot: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Every detector's findings, the gravest first, then by pipeline step and time.

    A finding whose `detectable_at` is after `ctx.now` is a deadline still running: real unless things change.
    """
    found = [finding for fault in CATALOGUE.values() for finding in fault.detect(snapshot, ctx)]
    return sorted(found, key=lambda f: (f.severity.rank, _STEPS[f.step], f.detectable_at, f.code))
