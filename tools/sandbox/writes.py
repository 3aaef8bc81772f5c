"""Every write of contract B as a row of one table: path, body, what it does; served by the API under one
set of rules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.sandbox import bodies, wire
from tools.sandbox.clock import rfc3339
from tools.sandbox.model import Address, Coupon, Json, Message
from tools.sandbox.problem import Refusal, invalid
from tools.sandbox.shop import Shop

Perform = Callable[[Shop, str, Any], Any]


@dataclass(frozen=True, slots=True)
class Write:
    """`perform(shop, id of the path, body)` answers JSON; `guards` is the shelf whose version If-Match
    names."""

    path: str
    body: type[bodies.Body]
    perform: Perform
    status: int = 200
    guards: str | None = None


def where(fields: bodies.AddressFields) -> Address:
    return Address(**fields.model_dump())


def prices(shop: Shop, currency: str, body: bodies.Reprice) -> tuple[list[tuple[str, int]], int | None]:
    for amount in [line.unit_price for line in body.lines] + ([body.discount] if body.discount else []):
        if amount.currency != currency:
            raise invalid("currency", f"{currency} expected, {amount.currency} given")
    return [(line.line_id, line.unit_price.amount) for line in body.lines], (
        body.discount.amount if body.discount else None
    )


def reprice_checkout(shop: Shop, key: str, body: bodies.Reprice) -> Json:
    return wire.checkout(shop.checkouts.reprice(key, *prices(shop, shop.books.checkouts.get(key).currency, body)))


def reprice_order(shop: Shop, key: str, body: bodies.Reprice) -> Json:
    return wire.order(shop.orders.reprice(key, *prices(shop, shop.books.orders.get(key).currency, body)))


def substitute(shop: Shop, key: str, body: bodies.Substitute) -> Json:
    order = shop.books.orders.get(key)
    if body.unit_price.currency != order.currency:
        raise invalid("currency", f"{order.currency} expected, {body.unit_price.currency} given")
    changed = shop.orders.substitute(key, body.line_id, body.to_sku, body.quantity, body.unit_price.amount)
    return wire.order(changed)


def cancel_lines(shop: Shop, key: str, body: bodies.CancelLines) -> Json:
    quantities = [(line.line_id, line.quantity) for line in body.lines]
    return wire.order(shop.orders.cancel_lines(key, quantities, body.reason))


def backorder(shop: Shop, key: str, body: bodies.Backorder) -> Json:
    return wire.order(shop.orders.backorder(key, body.line_id, rfc3339(body.expected_at)))


def add_note(shop: Shop, key: str, body: bodies.Note) -> None:
    shop.orders.note(key, body.text)
    shop.on_note(key)


def capture(shop: Shop, key: str, body: bodies.Amount) -> Json:
    return wire.payment(shop.gateway.capture_authorized(key, body.amount.amount, body.amount.currency))


def refund(shop: Shop, key: str, body: bodies.RefundBody) -> Json:
    if body.expected_refunded.currency != body.amount.currency:
        raise invalid("currency", "amount and expected_refunded differ in currency")
    expected = body.expected_refunded.amount
    opened = shop.gateway.refund(key, body.amount.amount, body.amount.currency, body.reason, expected)
    shop.on_refund(opened)
    return wire.refund(shop.books.refunds.get(opened.id))


def open_link(shop: Shop, key: str, body: bodies.Link) -> Json:
    return wire.payment_link(shop.gateway.open_link(body.checkout_id, body.amount.amount, body.amount.currency))


def reserve(shop: Shop, key: str, body: bodies.Reserve) -> list[Json]:
    checkout = shop.books.checkouts.get(body.checkout_id)
    until = checkout.payment_window_ends_at or shop.books.clock.after(shop.config.pace.payment_window)
    wanted = [(line.sku, line.quantity) for line in body.lines]
    return [wire.reservation(held) for held in shop.warehouse.reserve(body.checkout_id, wanted, until)]


def create_coupon(shop: Shop, key: str, body: bodies.NewCoupon) -> Json:
    return shop.marketing.create(
        Coupon(
            id=shop.books.new_id("SORRY").upper(),
            customer_id=body.customer_id,
            percent=body.percent,
            amount=body.amount.amount if body.amount else None,
            currency=body.amount.currency if body.amount else None,
            expires_at=rfc3339(body.expires_at),
            reason=body.reason,
        )
    )


def send_message(shop: Shop, key: str, body: bodies.NewMessage) -> Json:
    if not shop.config.messaging:
        raise Refusal(501, "no_messaging", "this shop sends no messages of its own")
    sent = shop.marketing.send(Message(id=shop.books.new_id("msg"), **body.model_dump()))
    if sent.repeats == 0:
        shop.on_message(sent)
    return {"id": sent.id}


WRITES: tuple[Write, ...] = (
    Write("/checkouts/{key}/reprice", bodies.Reprice, reprice_checkout, guards="checkout"),
    Write(
        "/checkouts/{key}/address",
        bodies.AddressBody,
        lambda shop, key, body: wire.checkout(shop.checkouts.set_address(key, where(body.address))),
        guards="checkout",
    ),
    Write(
        "/checkouts/{key}/expire",
        bodies.Reason,
        lambda shop, key, body: wire.checkout(shop.checkouts.expire(key, body.reason)),
        guards="checkout",
    ),
    Write(
        "/orders",
        bodies.CreateOrder,
        lambda shop, key, body: wire.order(shop.orders.create(body.checkout_id)),
        status=201,
    ),
    Write(
        "/orders/{key}/confirm",
        bodies.Empty,
        lambda shop, key, body: wire.order(shop.orders.confirm(key)),
        guards="order",
    ),
    Write(
        "/orders/{key}/hold",
        bodies.Reason,
        lambda shop, key, body: wire.order(shop.orders.hold(key, body.reason)),
        guards="order",
    ),
    Write(
        "/orders/{key}/unhold",
        bodies.Empty,
        lambda shop, key, body: wire.order(shop.orders.unhold(key)),
        guards="order",
    ),
    Write(
        "/orders/{key}/cancel",
        bodies.Reason,
        lambda shop, key, body: wire.order(shop.orders.cancel(key, body.reason)),
        guards="order",
    ),
    Write("/orders/{key}/cancel-lines", bodies.CancelLines, cancel_lines, guards="order"),
    Write("/orders/{key}/backorder", bodies.Backorder, backorder, guards="order"),
    Write(
        "/orders/{key}/address",
        bodies.AddressBody,
        lambda shop, key, body: wire.order(shop.orders.set_address(key, where(body.address))),
        guards="order",
    ),
    Write(
        "/orders/{key}/pickup",
        bodies.Pickup,
        lambda shop, key, body: wire.order(shop.orders.pickup(key, body.pickup_point_id)),
        guards="order",
    ),
    Write("/orders/{key}/reprice", bodies.Reprice, reprice_order, guards="order"),
    Write("/orders/{key}/substitute", bodies.Substitute, substitute, guards="order"),
    Write("/orders/{key}/notes", bodies.Note, add_note, status=204, guards="order"),
    Write("/payments/{key}/capture", bodies.Amount, capture),
    Write(
        "/payments/{key}/cancel",
        bodies.Empty,
        lambda shop, key, body: wire.payment(shop.gateway.cancel(key)),
    ),
    Write("/payments/{key}/refund", bodies.RefundBody, refund, status=201),
    Write("/payment-links", bodies.Link, open_link, status=201),
    Write(
        "/payment-links/{key}/cancel",
        bodies.Empty,
        lambda shop, key, body: wire.payment_link(shop.gateway.cancel_link(key)),
    ),
    Write("/reservations", bodies.Reserve, reserve, status=201),
    Write(
        "/reservations/{key}/release",
        bodies.Empty,
        lambda shop, key, body: wire.reservation(shop.warehouse.release(key)),
    ),
    Write(
        "/reservations/{key}/commit",
        bodies.Empty,
        lambda shop, key, body: wire.reservation(shop.warehouse.commit(key)),
    ),
    Write(
        "/stock/{key}/resync",
        bodies.Empty,
        lambda shop, key, body: wire.stock(shop.warehouse.resync(key)),
    ),
    Write(
        "/coupons/{key}/release",
        bodies.CouponRelease,
        lambda shop, key, body: shop.marketing.release(key, body.checkout_id),
    ),
    Write("/coupons", bodies.NewCoupon, create_coupon, status=201),
    Write("/messages", bodies.NewMessage, send_message, status=202),
)
