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
    FaultCode.PAYMENT_FAILED: ("payments", "confirmation", "checkouts"),
    FaultCode.UNPAID_ORDER_LIVE: ("payments", "terms"),
    FaultCode.PAYMENT_DISPUTED: ("disputes",),
    FaultCode.RESERVATION_TIMEOUT: ("reservations",),
    FaultCode.COUPON_MISAPPLIED: ("coupons",),
    FaultCode.ACCOUNT_BLOCKED: ("accounts",),
    FaultCode.FULFILMENT_STALLED: ("payments", "promised"),
    FaultCode.MINOR_INFORMATION_ERROR: ("carrier",),
    FaultCode.ADDRESS_INACCURATE: ("carrier",),
    FaultCode.ADDRESS_UNDELIVERABLE: ("carrier",),
    FaultCode.STOCK_INCONSISTENT: ("levels",),
    FaultCode.UNUSUAL_AMOUNT: ("history",),
    FaultCode.REPEATED_SUBMISSION: ("history",),
    FaultCode.DUPLICATE_ORDER: ("history",),
    FaultCode.UNKNOWN_ANOMALY: ("history",),
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
    "terms": {"zh-CN": "付款条件（货到付款、先享后付）", "en": "payment terms (on delivery, later)"},
    "disputes": {"zh-CN": "拒付争议", "en": "charge-backs"},
    "coupons": {"zh-CN": "优惠券状态", "en": "coupons' validity"},
    "accounts": {"zh-CN": "账户状态", "en": "account status"},
    "promised": {"zh-CN": "承诺发货时间", "en": "promised shipping times"},
    "carrier": {"zh-CN": "承运商的地址核验", "en": "the carrier's word on the address"},
    "levels": {"zh-CN": "两个系统的库存数量", "en": "stock levels of both systems"},
    "history": {"zh-CN": "顾客的其他购买", "en": "the customer's other purchases"},
}


def lacking(exported: set[str]) -> dict[FaultCode, list[str]]:
    """The checks that can't be made, each with the kinds of information that are not exported."""
    return {code: gone for code in CATALOGUE if (gone := [need for need in NEEDS[code] if need not in exported])}


def possible(exported: set[str]) -> list[Fault]:
    """The checks that can be made, in order of treatment."""
    not_checked = lacking(exported)
    return [fault for code, fault in CATALOGUE.items() if code not in not_checked]
