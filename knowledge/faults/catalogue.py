"""The explicit list of faults in their order of treatment; intake, verification and scan call detect_all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

import msgspec

from knowledge.faults.abandoned_checkout import detector as abandoned_checkout
from knowledge.faults.abandoned_checkout import playbook as abandoned_checkout_playbook
from knowledge.faults.amount_mismatch import detector as amount_mismatch
from knowledge.faults.context import Context
from knowledge.faults.duplicate_charge import detector as duplicate_charge
from knowledge.faults.incomplete_information import detector as incomplete_information
from knowledge.faults.incomplete_information import playbook as incomplete_information_playbook
from knowledge.faults.paid_order_missing import detector as paid_order_missing
from knowledge.faults.paid_order_missing import playbook as paid_order_missing_playbook
from knowledge.faults.paid_out_of_stock import detector as paid_out_of_stock
from knowledge.faults.paid_out_of_stock import playbook as paid_out_of_stock_playbook
from knowledge.faults.partial_payment import detector as partial_payment
from knowledge.faults.partial_payment import playbook as partial_payment_playbook
from knowledge.faults.payment_failed_stock_held import detector as payment_failed_stock_held
from knowledge.faults.payment_failed_stock_held import playbook as payment_failed_stock_held_playbook
from knowledge.faults.payment_unconfirmed import detector as payment_unconfirmed
from knowledge.faults.payment_unconfirmed import playbook as payment_unconfirmed_playbook
from knowledge.faults.planning import PlanContext
from knowledge.faults.price_mismatch import detector as price_mismatch
from knowledge.faults.price_mismatch import playbook as price_mismatch_playbook
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


def _fault(code: FaultCode, detector: ModuleType, plan: Planner | None = None) -> Fault:
    return Fault(
        code=code,
        step=detector.STEP,
        severity=detector.SEVERITY,
        detect=detector.detect,
        texts=texts_of(code),
        plan=plan,
    )


# First what is not known, then what stands between the customer and the goods, then what only has to be
# tidied up, and last what a person has to look at.
_LIST = [
    _fault(FaultCode.PAYMENT_UNCONFIRMED, payment_unconfirmed, payment_unconfirmed_playbook.plan),
    _fault(FaultCode.PAID_OUT_OF_STOCK, paid_out_of_stock, paid_out_of_stock_playbook.plan),
    _fault(FaultCode.PAID_ORDER_MISSING, paid_order_missing, paid_order_missing_playbook.plan),
    _fault(FaultCode.PRICE_MISMATCH, price_mismatch, price_mismatch_playbook.plan),
    _fault(FaultCode.PARTIAL_PAYMENT, partial_payment, partial_payment_playbook.plan),
    _fault(FaultCode.INCOMPLETE_INFORMATION, incomplete_information, incomplete_information_playbook.plan),
    _fault(FaultCode.PAYMENT_FAILED_STOCK_HELD, payment_failed_stock_held, payment_failed_stock_held_playbook.plan),
    _fault(FaultCode.ABANDONED_CHECKOUT, abandoned_checkout, abandoned_checkout_playbook.plan),
    _fault(FaultCode.DUPLICATE_CHARGE, duplicate_charge),
    _fault(FaultCode.AMOUNT_MISMATCH, amount_mismatch),
    _fault(FaultCode.REFUND_MISSING, refund_missing),
    _fault(FaultCode.TIMELINE_CONTRADICTION, timeline_contradiction),
]
CATALOGUE: dict[FaultCode, Fault] = {fault.code: fault for fault in _LIST}
_STEPS = {step: rank for rank, step in enumerate(Step)}


def detect_all(snapshot: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Every detector's findings, the gravest first, then by pipeline step and time.

    A finding whose `detectable_at` is after `ctx.now` is a deadline still running: real unless things change.
    """
    found = [finding for fault in CATALOGUE.values() for finding in fault.detect(snapshot, ctx)]
    return sorted(found, key=lambda f: (f.severity.rank, _STEPS[f.step], f.detectable_at, f.code))
