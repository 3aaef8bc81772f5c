"""The enumerations of SPEC.md and the contracts: fault codes, severities, steps, states."""

from __future__ import annotations

from enum import StrEnum


class FaultCode(StrEnum):
    """What can be wrong with a checkout, a payment or a sku; the same word in events, cases, tests and reports."""

    PAID_OUT_OF_STOCK = "paid_out_of_stock"
    PAID_ORDER_MISSING = "paid_order_missing"
    DUPLICATE_CHARGE = "duplicate_charge"
    AMOUNT_MISMATCH = "amount_mismatch"
    PARTIAL_PAYMENT = "partial_payment"
    REFUND_MISSING = "refund_missing"
    UNPAID_ORDER_LIVE = "unpaid_order_live"
    PAYMENT_DISPUTED = "payment_disputed"
    PAYMENT_FAILED_STOCK_HELD = "payment_failed_stock_held"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_UNCONFIRMED = "payment_unconfirmed"
    RESERVATION_TIMEOUT = "reservation_timeout"
    COUPON_MISAPPLIED = "coupon_misapplied"
    PRICE_MISMATCH = "price_mismatch"
    INCOMPLETE_INFORMATION = "incomplete_information"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"
    ACCOUNT_BLOCKED = "account_blocked"
    STOCK_INCONSISTENT = "stock_inconsistent"
    UNUSUAL_AMOUNT = "unusual_amount"
    REPEATED_SUBMISSION = "repeated_submission"
    DUPLICATE_ORDER = "duplicate_order"
    FULFILMENT_STALLED = "fulfilment_stalled"
    MINOR_INFORMATION_ERROR = "minor_information_error"
    ADDRESS_INACCURATE = "address_inaccurate"
    ABANDONED_CHECKOUT = "abandoned_checkout"
    TIMELINE_CONTRADICTION = "timeline_contradiction"
    UNKNOWN_ANOMALY = "unknown_anomaly"


class Severity(StrEnum):
    """The three promises of row S5."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most severe; sorts queues."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}


class Step(StrEnum):
    """The pipeline's steps, in order, that diagnosis walks."""

    SUBMIT = "submit"
    PAYMENT = "payment"
    RESERVATION = "reservation"
    ORDER = "order"
    FULFILMENT = "fulfilment"


class CaseStatus(StrEnum):
    """Where a case stands (contract C)."""

    OPEN = "open"
    DIAGNOSING = "diagnosing"
    REPAIRING = "repairing"
    AWAITING_CUSTOMER = "awaiting_customer"
    AWAITING_APPROVAL = "awaiting_approval"
    HANDED_OFF = "handed_off"
    RESOLVED = "resolved"
    CLOSED = "closed"


LIVE_STATUSES = frozenset(CaseStatus) - {CaseStatus.RESOLVED, CaseStatus.CLOSED}


class Resolution(StrEnum):
    """How a case ended (contract C)."""

    REPAIRED = "repaired"
    REPAIRED_WITH_APPROVAL = "repaired_with_approval"
    ALTERNATIVE_ACCEPTED = "alternative_accepted"
    BY_HUMAN = "by_human"
    SELF_CLEARED = "self_cleared"
    CANCELLED_REFUNDED = "cancelled_refunded"
    NO_RESPONSE = "no_response"
    MERGED = "merged"
    FALSE_ALARM = "false_alarm"


class PaymentStatus(StrEnum):
    """A payment's states (contract B)."""

    REQUIRES_ACTION = "requires_action"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CAPTURED = "captured"


class PaymentKind(StrEnum):
    """What a payment is made of (contract A)."""

    MONEY = "money"
    GIFT_CARD = "gift_card"
    POINTS = "points"
    VOUCHER = "voucher"
    ON_DELIVERY = "on_delivery"
    PAY_LATER = "pay_later"
