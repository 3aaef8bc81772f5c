"""Which detectors an export can feed: what each needs to know, and what to call it when it isn't exported."""

from __future__ import annotations

from knowledge.faults.catalogue import CATALOGUE, Fault
from knowledge.vocabulary.codes import FaultCode

# Each check needs all of these kinds of information; see SnapshotBuilder.exported.
NEEDS: dict[FaultCode, tuple[str, ...]] = {
    FaultCode.PAYMENT_UNCONFIRMED: ("payments", "confirmation"),
    FaultCode.PAID_OUT_OF_STOCK: ("payments", "lines", "stock"),
    FaultCode.PAID_ORDER_MISSING: ("payments", "checkouts"),
    FaultCode.PRICE_MISMATCH: ("cart_prices",),
    FaultCode.PARTIAL_PAYMENT: ("payments", "charged", "agreed_total"),
    FaultCode.INCOMPLETE_INFORMATION: ("address",),
    FaultCode.PAYMENT_FAILED_STOCK_HELD: ("reservations",),
    FaultCode.ABANDONED_CHECKOUT: ("payments", "checkouts"),
    FaultCode.DUPLICATE_CHARGE: ("payments", "charged", "agreed_total"),
    FaultCode.AMOUNT_MISMATCH: ("payments", "charged", "items_or_total"),
    FaultCode.REFUND_MISSING: ("payments", "cancelled", "refunds"),
    FaultCode.TIMELINE_CONTRADICTION: ("shipped",),
}
# Faults that mean "paid, and yet …": where a payment is listed but not confirmed, both readings are examined for them.
PRESUPPOSE_PAID = frozenset({FaultCode.PAID_OUT_OF_STOCK})

WORDS: dict[str, dict[str, str]] = {
    "payments": {"zh-CN": "付款", "en": "payments"},
    "confirmation": {"zh-CN": "付款确认", "en": "payment confirmations"},
    "charged": {"zh-CN": "实收金额", "en": "amounts charged"},
    "lines": {"zh-CN": "商品明细", "en": "items"},
    "stock": {"zh-CN": "库存预留", "en": "stock"},
    "reservations": {"zh-CN": "库存预留", "en": "stock reservations"},
    "checkouts": {"zh-CN": "未成单的结算", "en": "checkouts without an order"},
    "cart_prices": {"zh-CN": "购物车价格", "en": "cart prices"},
    "agreed_total": {"zh-CN": "约定总额", "en": "the agreed total"},
    "items_or_total": {"zh-CN": "商品明细或约定总额", "en": "items or an agreed total"},
    "address": {"zh-CN": "收货信息", "en": "recipient, phone and street"},
    "cancelled": {"zh-CN": "取消记录", "en": "cancellations"},
    "refunds": {"zh-CN": "退款", "en": "refunds"},
    "shipped": {"zh-CN": "发货时间", "en": "shipping times"},
}


def lacking(exported: set[str]) -> dict[FaultCode, list[str]]:
    """The checks that can't be made, each with the kinds of information that are not exported."""
    return {code: gone for code in CATALOGUE if (gone := [need for need in NEEDS[code] if need not in exported])}


def possible(exported: set[str]) -> list[Fault]:
    """The checks that can be made, in order of treatment."""
    not_checked = lacking(exported)
    return [fault for code, fault in CATALOGUE.items() if code not in not_checked]
