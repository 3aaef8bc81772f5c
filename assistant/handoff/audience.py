"""Which customers may be told that a person is at work on their case, and which have reason to know; pure."""

from __future__ import annotations

from typing import Any

from knowledge.vocabulary.codes import FaultCode

Case = dict[str, Any]

# Whatever else is wrong: a blocked account's reason is never told, and a dispute is between bank and lawyer.
_HUSHED = frozenset({FaultCode.ACCOUNT_BLOCKED, FaultCode.PAYMENT_DISPUTED})
# Ours to look into: nothing the customer did or sees is wrong.
_INTERNAL = frozenset(
    {
        FaultCode.UNUSUAL_AMOUNT, FaultCode.UNKNOWN_ANOMALY, FaultCode.TIMELINE_CONTRADICTION,
        FaultCode.STOCK_INCONSISTENT,
    }
)  # fmt: skip
# A customer notices these without being told: money, order or delivery is stuck.
_NOTICED = frozenset(
    {
        FaultCode.PAID_OUT_OF_STOCK, FaultCode.PAID_ORDER_MISSING, FaultCode.DUPLICATE_CHARGE,
        FaultCode.AMOUNT_MISMATCH, FaultCode.PARTIAL_PAYMENT, FaultCode.REFUND_MISSING, FaultCode.FULFILMENT_STALLED,
        FaultCode.ADDRESS_UNDELIVERABLE,
    }
)  # fmt: skip
# Reasons that are about us or the shop, that pass, or that say nobody can be reached.
_SILENT_REASONS = frozenset(
    {
        "shop_silent", "incident", "not_live", "disputed", "payment_disputed", "account_blocked", "cannot_ask",
        "cannot_reach",
    }
)  # fmt: skip


def may_tell(case: Case) -> bool:
    """Whether this case's customer may hear of it at all."""
    if not case["live"] or case["subject_kind"] != "checkout" or case["checkout_id"] is None:
        return False
    codes = faults_now(case)
    return not codes & _HUSHED and not codes <= _INTERNAL


def has_reason_to_know(case: Case, why: str, *, in_touch: bool) -> bool:
    """Whether the customer waits for somebody: they are `in_touch` (told, asked, or wrote), or see it themselves."""
    if why in _SILENT_REASONS or not may_tell(case):
        return False
    return in_touch or bool(faults_now(case) & _NOTICED)


def faults_now(case: Case) -> set[str]:
    """Codes of what is wrong; when all has cleared, of what was."""
    standing = {str(f["code"]) for f in case["faults"] if not f["cleared_at"]}
    return standing or {str(f["code"]) for f in case["faults"]}
