"""How records look on the wire, as contract B spells them; called by the API for every answer."""

from tools.sandbox.events import lines, money, totals
from tools.sandbox.model import (
    Address,
    Checkout,
    Customer,
    Json,
    Message,
    Order,
    Payment,
    PaymentLink,
    Product,
    Record,
    Refund,
    Reservation,
    Stock,
)


def stamps(record: Record) -> Json:
    return {
        "id": record.id,
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def address(where: Address | None) -> Json | None:
    return None if where is None else where.model_dump(exclude_none=True)


def checkout(one: Checkout) -> Json:
    return {
        **stamps(one),
        "customer_id": one.customer_id,
        "contact": one.contact,
        "cart_lines": lines(one.cart_lines, one.currency),
        "lines": lines(one.lines, one.currency),
        **totals(one),
        "coupon_code": one.coupon_code,
        "shipping_address": address(one.shipping_address),
        "submitted_at": one.submitted_at,
        "payment_window_ends_at": one.payment_window_ends_at,
        "status": one.status,
    }


def order(one: Order) -> Json:
    return {
        **stamps(one),
        "checkout_id": one.checkout_id,
        "customer_id": one.customer_id,
        "status": one.status,
        "lines": lines(one.lines, one.currency),
        **totals(one),
        "shipping_address": address(one.shipping_address),
        "pickup_point_id": one.pickup_point_id,
        "expected_ship_at": one.expected_ship_at,
        "hold_reason": one.hold_reason,
        "backorders": one.backorders,
        "notes": one.notes,
        "shipped_at": one.shipped_at,
        "delivered_at": one.delivered_at,
        "exception": one.exception,
    }


def payment(one: Payment) -> Json:
    amounts = ("amount", "captured", "refunded", "refund_pending", "disputed", "surcharge")
    return {
        **stamps(one),
        "checkout_id": one.checkout_id,
        "status": one.status,
        "kind": one.kind,
        **{name: money(getattr(one, name), one.currency) for name in amounts},
        "method": one.method,
        "failure_code": one.failure_code,
        "authorized_until": one.authorized_until,
    }


def refund(one: Refund) -> Json:
    return {
        **stamps(one),
        "payment_id": one.payment_id,
        "status": one.status,
        "amount": money(one.amount, one.currency),
        "reason": one.reason,
    }


def payment_link(one: PaymentLink) -> Json:
    return {
        **stamps(one),
        "checkout_id": one.checkout_id,
        "amount": money(one.amount, one.currency),
        "url": one.url,
        "status": one.status,
        "payment_id": one.payment_id,
        "expires_at": one.expires_at,
    }


def reservation(one: Reservation) -> Json:
    return {
        **stamps(one),
        "checkout_id": one.checkout_id,
        "sku": one.sku,
        "quantity": one.quantity,
        "status": one.status,
        "expires_at": one.expires_at,
        "shipped": one.shipped,
    }


def stock(one: Stock) -> Json:
    return {
        "sku": one.id,
        "on_hand": one.on_hand,
        "reserved": one.reserved,
        "available": one.available,
        "shop_listed": one.shop_listed,
        "restock_at": one.restock_at,
    }


def product(one: Product) -> Json:
    return {
        "sku": one.id,
        "title": one.title,
        "category": one.category,
        "attributes": one.attributes,
        "unit_price": money(one.unit_price, one.currency),
        "active": one.active,
        "requires_shipping": one.requires_shipping,
    }


def customer(one: Customer, orders: list[Order]) -> Json:
    """With the orders of before and of now, newest last; the lifetime value leaves cancelled ones out, and those in
    another currency than the customer's own."""
    placed = [past.model_dump() for past in one.history]
    placed = [{**past, "total": money(past["total"], one.currency)} for past in placed]
    placed += [
        {"id": o.id, "total": money(o.total, o.currency), "at": o.created_at, "status": o.status} for o in orders
    ]
    ours = (past["total"] for past in placed if past["status"] != "cancelled")
    worth = sum(total["amount"] for total in ours if total["currency"] == one.currency)
    plain = ("id", "name", "language", "tier", "status", "email", "phone", "preferred_channel")
    return {
        **{name: getattr(one, name) for name in plain},
        "allowed_channels": one.allowed_channels,
        "marketing_consent": one.marketing_consent,
        "time_zone": one.time_zone,
        "addresses": [address(where) for where in one.addresses],
        "orders": placed,
        "lifetime_value": money(worth, one.currency),
    }


def message(one: Message) -> Json:
    return one.model_dump()
