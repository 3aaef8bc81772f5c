"""What else could explain each fault, and which read-back rules it out; diagnosis names both. Pure.

A test gives the read-backs that contradict its explanation, or nothing where they leave it open (or were not read).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from knowledge.vocabulary.codes import FaultCode, PaymentStatus
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

Words = dict[str, str]
Test = Callable[[OrderSnapshot, Facts], list[Evidence]]

TAKEN = (PaymentStatus.CAPTURED, PaymentStatus.AUTHORIZED)
OPEN = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION)


class Rival(msgspec.Struct, frozen=True):
    """Another explanation, in both languages, and what would contradict it."""

    zh: str
    en: str
    contradicted_by: Test

    @property
    def words(self) -> Words:
        """Both languages by tag."""
        return {"zh-CN": self.zh, "en": self.en}


def _seen(facts: Facts, kind: str, key: str, value: object) -> Evidence:
    return Evidence("read_back", f"{kind}/{key}", facts.at, value)


def _amount(money: Money | None) -> int:
    return money.amount if money else 0


# -- what read-backs say --------------------------------------------------------------------------------------------


def money_taken(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Captured or authorised payments."""
    return [_seen(facts, "payment", p.id, str(p.status)) for p in facts.payments or [] if p.status in TAKEN]


def nothing_taken(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """No payment is captured or authorised."""
    if facts.payments is None or any(p.status in TAKEN for p in facts.payments):
        return []
    told = [_seen(facts, "payment", p.id, str(p.status)) for p in facts.payments]
    return told or [_seen(facts, "payments", facts.checkout_id, "none")]


def nothing_coming(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """No payment is under way any more."""
    if facts.payments is None or any(p.status in OPEN for p in facts.payments):
        return []
    told = [_seen(facts, "payment", p.id, str(p.status)) for p in facts.payments]
    return told or [_seen(facts, "payments", facts.checkout_id, "none")]


def nothing_given_back(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Money was captured, and none of it refunded, being refunded or disputed."""
    taken = [p for p in facts.payments or [] if _amount(p.captured)]
    if any(_amount(p.refunded) or _amount(p.refund_pending) or _amount(p.disputed) for p in taken):
        return []
    return [_seen(facts, "payment", p.id, {"refunded": 0, "captured": _amount(p.captured)}) for p in taken]


def no_surcharge(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """No payment carries a surcharge, such as interest."""
    taken = [p for p in facts.payments or [] if p.status in TAKEN]
    return [] if any(_amount(p.surcharge) for p in taken) else [
        _seen(facts, "payment", p.id, {"surcharge": 0}) for p in taken
    ]  # fmt: skip


def disputed(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """A payment is disputed."""
    return [
        _seen(facts, "payment", p.id, {"disputed": _amount(p.disputed)}) for p in facts.payments or []
        if _amount(p.disputed)
    ]  # fmt: skip


def no_order(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The shop knows no live order."""
    if facts.orders is None or facts.live_order is not None:
        return []
    told = [_seen(facts, "order", o.id, o.status) for o in facts.orders]
    return told or [_seen(facts, "orders", facts.checkout_id, "none")]


def one_order(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """There is one live order at most: nothing was bought twice here."""
    live = [o for o in facts.orders or [] if o.live]
    return [_seen(facts, "order", o.id, o.status) for o in live] if len(live) == 1 else no_order(s, facts)


def order_stands(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """There is a live order."""
    return [_seen(facts, "order", facts.live_order.id, facts.live_order.status)] if facts.live_order else []


def not_sent(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """No live order has left."""
    live = [o for o in facts.orders or [] if o.live]
    return [] if any(o.status in ("shipped", "delivered") for o in live) else [
        _seen(facts, "order", o.id, o.status) for o in live
    ]  # fmt: skip


def not_held_back(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Nobody put the order on hold."""
    live = [o for o in facts.orders or [] if o.live]
    return [] if any(o.status == "on_hold" for o in live) else [_seen(facts, "order", o.id, o.status) for o in live]


def still_wanted(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The checkout was neither cancelled nor expired."""
    c = facts.checkout
    return [_seen(facts, "checkout", c.id, c.status)] if c and c.status not in ("cancelled", "expired") else []


def stock_set_aside(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Stock is held or committed."""
    return [
        _seen(facts, "reservation", r.id, {"sku": r.sku, "status": r.status}) for r in facts.reservations or []
        if r.status in ("held", "committed")
    ]  # fmt: skip


def nothing_set_aside(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Nothing is held or committed."""
    if facts.reservations is None or stock_set_aside(s, facts):
        return []
    return [_seen(facts, "reservations", facts.checkout_id, "none")]


def shelf_short(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Of something bought, fewer are free than were ordered."""
    need: dict[str, int] = {}
    for line in s.lines or []:
        need[line.sku] = need.get(line.sku, 0) + line.quantity
    return [
        _seen(facts, "stock", sku, {"available": stock.available}) for sku, stock in facts.stock.items()
        if sku in need and stock.available < need[sku]
    ]  # fmt: skip


def shelf_full(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Everything bought is free on the shelf."""
    if not s.lines or any(line.sku not in facts.stock for line in s.lines) or shelf_short(s, facts):
        return []
    return [_seen(facts, "stock", sku, {"available": stock.available}) for sku, stock in facts.stock.items()]


def figures_differ(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Storefront and inventory still show different figures."""
    return [
        _seen(facts, "stock", sku, {"available": one.available, "shop_listed": one.shop_listed})
        for sku, one in facts.stock.items() if one.shop_listed is not None and one.shop_listed != max(0, one.available)
    ]  # fmt: skip


def same_address_still(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The carrier objects to the address as it stands now."""
    answer = facts.serviceability
    if answer is None or (answer.deliverable and answer.reason is None and not answer.missing):
        return []
    return [_seen(facts, "serviceability", facts.checkout_id, answer.reason or "incomplete")]


def carrier_serves(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The carrier delivers there."""
    answer = facts.serviceability
    return [_seen(facts, "serviceability", facts.checkout_id, "deliverable")] if answer and answer.deliverable else []


def must_be_sent(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Something of it must be shipped, and is not fetched by the customer."""
    orders = facts.orders or []
    if not s.requires_shipping or any(o.pickup_point_id for o in orders) or facts.checkout is None:
        return []
    return [_seen(facts, "checkout", facts.checkout.id, "requires_shipping")]


def account_closed(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The customer's account is not active."""
    c = facts.customer
    return [_seen(facts, "customer", c.id, c.status)] if c and c.status != "active" else []


def account_open(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The customer's account is active."""
    return [_seen(facts, "customer", facts.customer.id, "active")] if facts.customer and not account_closed(s, facts) \
        else []  # fmt: skip


def coupon_not_valid(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The promotion system refuses the coupon."""
    c = facts.coupon
    return [_seen(facts, "coupon", c.code, c.status)] if c and c.status != "valid" else []


def coupon_fine(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The promotion system accepts the coupon."""
    c = facts.coupon
    return [_seen(facts, "coupon", c.code, c.status)] if c and c.status == "valid" else []


def prices_differ(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """Cart and checkout still show different prices."""
    c = facts.checkout
    if c is None or c.cart_lines is None:
        return []
    cart = {line.line_id: line.unit_price for line in c.cart_lines}
    same = all(cart.get(line.line_id, line.unit_price) == line.unit_price for line in c.lines)
    return [] if same else [_seen(facts, "checkout", c.id, "cart_and_checkout_differ")]


def total_adds_up(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """The order's total is the one agreed at the checkout: the difference lies in what was taken."""
    order, checkout = facts.live_order, facts.checkout
    if order is None or checkout is None or order.total is None or order.total != checkout.total:
        return []
    return [_seen(facts, "order", order.id, {"total": order.total.amount})]


# -- the rivals of each fault ---------------------------------------------------------------------------------------

NEVER_PAID = Rival("顾客从未付款", "the customer never paid", money_taken)
CANCELLED = Rival("顾客已取消或订单已过期", "the customer cancelled, or it expired", still_wanted)
ORDER_EVENT_LOST = Rival("订单已存在，只是通知丢失", "the order exists and only its event was lost", no_order)
NO_STOCK = Rival("缺货导致无法创建订单", "there was no stock to make the order with", stock_set_aside)
GIVEN_BACK = Rival("款项已退回", "the money has been given back already", nothing_given_back)
STILL_COMING = Rival("款项仍在途中", "the money is still on its way", nothing_coming)
PAID_OTHERWISE = Rival("已用其他方式付款", "it was paid in another way", nothing_taken)
INTEREST = Rival("差额是分期利息或手续费", "the difference is interest or a fee of the method", no_surcharge)
TWO_PURCHASES = Rival("顾客确实购买了两次", "it was bought twice on purpose", one_order)
BACK_ON_SHELF = Rival("货物已重新到位", "the goods are there again", shelf_short)
SECURED_ELSEWHERE = Rival("库存其实已经预留", "the stock is set aside after all", nothing_set_aside)
SOLD_OUT = Rival("商品缺货", "the goods are sold out", shelf_full)
LET_GO = Rival("库存已经释放", "the stock has been let go already", stock_set_aside)
ADDRESS_MENDED = Rival("地址已经更正", "the address has been corrected meanwhile", same_address_still)
NOTHING_TO_SEND = Rival("无需配送（虚拟商品或自提）", "nothing has to be sent (digital, or fetched)", must_be_sent)
NO_CARRIER = Rival("没有承运商可送达", "no carrier goes there", carrier_serves)
SENT_ALREADY = Rival("已经发货，只是通知丢失", "it has left, and only the event was lost", not_sent)
ON_HOLD = Rival("有人有意暂停了订单", "somebody put the order on hold on purpose", not_held_back)
ACCOUNT_MENDED = Rival("账户已恢复正常", "the account is active again", account_closed)
ACCOUNT_STOPS_IT = Rival("顾客账户被停用", "the customer's account is blocked", account_open)
COUPON_STOPS_IT = Rival("优惠券无效", "the coupon is not valid", coupon_fine)
COUPON_MENDED = Rival("优惠券实际有效", "the coupon is valid after all", coupon_not_valid)
ORDER_GONE = Rival("订单已经取消", "the order has been cancelled already", order_stands)
PRICES_AGREE = Rival("价格已经一致", "the prices agree by now", prices_differ)
ORDER_WRONG = Rival("订单总额本身有误", "the order's own total is wrong", total_adds_up)
FIGURES_AGREE = Rival("两个系统的库存已经一致", "both systems agree by now", figures_differ)
DISPUTE_OVER = Rival("争议已经撤销", "the dispute has been withdrawn", disputed)
UNKNOWN_MONEY = Rival("款项下落不明", "nobody knows what became of the money", money_taken)

RIVALS: dict[FaultCode, tuple[Rival, ...]] = {
    FaultCode.PAID_OUT_OF_STOCK: (NEVER_PAID, CANCELLED, BACK_ON_SHELF, GIVEN_BACK, SENT_ALREADY),
    FaultCode.PAID_ORDER_MISSING: (NEVER_PAID, ORDER_EVENT_LOST, CANCELLED, NO_STOCK, GIVEN_BACK),
    FaultCode.DUPLICATE_CHARGE: (TWO_PURCHASES, GIVEN_BACK, INTEREST),
    FaultCode.AMOUNT_MISMATCH: (INTEREST, GIVEN_BACK, ORDER_WRONG),
    FaultCode.PARTIAL_PAYMENT: (STILL_COMING, GIVEN_BACK, CANCELLED),
    FaultCode.REFUND_MISSING: (GIVEN_BACK, ORDER_EVENT_LOST),
    FaultCode.UNPAID_ORDER_LIVE: (PAID_OTHERWISE, STILL_COMING, ORDER_GONE),
    FaultCode.PAYMENT_DISPUTED: (DISPUTE_OVER,),
    FaultCode.PAYMENT_FAILED_STOCK_HELD: (PAID_OTHERWISE, STILL_COMING, LET_GO),
    FaultCode.PAYMENT_FAILED: (PAID_OTHERWISE, STILL_COMING, CANCELLED, ACCOUNT_STOPS_IT),
    FaultCode.PAYMENT_UNCONFIRMED: (PAID_OTHERWISE, CANCELLED),
    FaultCode.RESERVATION_TIMEOUT: (SECURED_ELSEWHERE, SOLD_OUT, CANCELLED),
    FaultCode.COUPON_MISAPPLIED: (COUPON_MENDED, COUPON_STOPS_IT, CANCELLED),
    FaultCode.PRICE_MISMATCH: (PRICES_AGREE, CANCELLED, COUPON_STOPS_IT),
    FaultCode.INCOMPLETE_INFORMATION: (ADDRESS_MENDED, NOTHING_TO_SEND, NO_CARRIER),
    FaultCode.ADDRESS_UNDELIVERABLE: (ADDRESS_MENDED, NOTHING_TO_SEND, SENT_ALREADY),
    FaultCode.ACCOUNT_BLOCKED: (ACCOUNT_MENDED, CANCELLED),
    FaultCode.STOCK_INCONSISTENT: (FIGURES_AGREE,),
    FaultCode.UNUSUAL_AMOUNT: (CANCELLED, ACCOUNT_STOPS_IT),
    FaultCode.REPEATED_SUBMISSION: (PAID_OTHERWISE, ACCOUNT_STOPS_IT, SOLD_OUT),
    FaultCode.DUPLICATE_ORDER: (ORDER_GONE, SENT_ALREADY, GIVEN_BACK),
    FaultCode.FULFILMENT_STALLED: (SENT_ALREADY, ON_HOLD, NO_CARRIER, NEVER_PAID),
    FaultCode.MINOR_INFORMATION_ERROR: (ADDRESS_MENDED, NOTHING_TO_SEND),
    FaultCode.ADDRESS_INACCURATE: (ADDRESS_MENDED, NO_CARRIER),
    FaultCode.ABANDONED_CHECKOUT: (PAID_OTHERWISE, CANCELLED, ACCOUNT_STOPS_IT),
    FaultCode.TIMELINE_CONTRADICTION: (ORDER_GONE,),
    FaultCode.UNKNOWN_ANOMALY: (UNKNOWN_MONEY, ACCOUNT_STOPS_IT),
}
