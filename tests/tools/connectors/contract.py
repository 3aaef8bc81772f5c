"""The suite every connector must pass: contract B's promises, checked through reader, writer and actions alone.

A connector's test prepares a `Stage` for each of CHECKS and calls it; see test_http_contract.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact
from knowledge.vocabulary.money import Money
from tools.actions import ACTIONS
from tools.connectors.outcome import Outcome
from tools.connectors.ports import Page, ShopReader, ShopWriter

NOBODY = "nobody-knows-this"


@dataclass(frozen=True)
class Stage:
    """A shop as a check finds it, and two checkouts in it that nobody else touches.

    `captured`: submitted, one captured payment covers the total, stock of all its shippable lines is held, there is
    no order. `authorized`: the same, but the payment is authorised only.
    """

    reader: ShopReader
    writer: ShopWriter
    captured: str
    authorized: str

    def checkout(self) -> CheckoutFact:
        found = self.reader.checkout(self.captured)
        assert found is not None
        return found

    def payment(self, checkout_id: str | None = None) -> PaymentFact:
        (found,) = self.reader.payments(checkout_id or self.captured)
        return found

    def order(self) -> OrderFact:
        """The checkout's order, made now if it isn't there yet."""
        if not self.reader.orders(self.captured):
            self.perform("create_order", checkout_id=self.captured)
        (found,) = self.reader.orders(self.captured)
        return found

    def send(self, name: str, key: str | None = None, **arguments: Any) -> Outcome:
        request = ACTIONS[name].request(arguments).with_key(key or str(uuid.uuid4()))
        return self.writer.send(request)

    def refuse(self, name: str, code: str, **arguments: Any) -> Outcome:
        """Sends what must be refused with this code."""
        outcome = self.send(name, **arguments)
        assert (outcome.kind, outcome.code) == ("rejected", code), outcome
        return outcome

    def perform(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Sends what must succeed, twice with one key, and looks at its effect before and after."""
        action, key = ACTIONS[name], str(uuid.uuid4())
        assert action.applied(arguments, self.reader) is not True
        first = self.send(name, key, **arguments)
        assert first.kind == "ok", first
        assert action.applied(arguments, self.reader) is not False
        again = self.send(name, key, **arguments)
        assert (again.kind, again.value) == ("ok", first.value), "the same key gives the same answer"
        assert action.applied(arguments, self.reader) is not False
        return action.result(first.value)


def money(amount: Money | None, less: int = 0) -> dict[str, Any]:
    assert amount is not None
    return {"amount": amount.amount - less, "currency": amount.currency}


def check_reads_agree(stage: Stage) -> None:
    checkout = stage.checkout()
    assert checkout.id == stage.captured
    assert checkout.total is not None
    assert checkout.version is not None
    payment = stage.payment()
    assert payment.status is PaymentStatus.CAPTURED
    assert payment.captured == payment.amount == checkout.total
    assert stage.reader.payment(payment.id) == payment
    held = {r.sku: r.quantity for r in stage.reader.reservations(stage.captured) if r.status == "held"}
    assert held == {line.sku: line.quantity for line in checkout.lines}
    stock = stage.reader.stock([*held, NOBODY])
    assert set(stock) == set(held)
    for sku, level in stock.items():
        assert level.available == level.on_hand - level.reserved
        product = stage.reader.product(sku)
        assert product is not None
        assert product in stage.reader.products(category=product.category, limit=200)
    assert checkout.customer_id is not None
    customer = stage.reader.customer(checkout.customer_id)
    assert customer is not None
    assert customer.id == checkout.customer_id


def check_what_nobody_knows_is_absent(stage: Stage) -> None:
    reader = stage.reader
    assert reader.checkout(NOBODY) is None
    assert reader.order(NOBODY) is None
    assert reader.payment(NOBODY) is None
    assert reader.payment_link(NOBODY) is None
    assert reader.product(NOBODY) is None
    assert reader.customer(NOBODY) is None
    assert not reader.orders(NOBODY)
    assert not reader.payments(NOBODY)
    assert not reader.reservations(NOBODY)
    coupon = reader.coupon(NOBODY)
    assert coupon is None or coupon.status == "unknown"
    assert stage.send("confirm_order", order_id=NOBODY).kind == "rejected"
    assert stage.send("cancel_payment", payment_id=NOBODY).kind == "rejected"


def check_an_order_is_created_once(stage: Stage) -> None:
    created = stage.perform("create_order", checkout_id=stage.captured)
    (order,) = stage.reader.orders(stage.captured)
    assert created["id"] == order.id
    assert (order.total, order.status) == (stage.checkout().total, "created")
    assert stage.reader.order(order.id) == order
    again = stage.refuse("create_order", "order_exists", checkout_id=stage.captured)
    assert again.value["order_id"] == order.id
    assert ACTIONS["create_order"].applied({"checkout_id": stage.captured}, stage.reader) is True
    assert len(stage.reader.orders(stage.captured)) == 1
    assert stage.payment().captured == order.total, "creating an order moves no money"


def check_a_key_is_bound_to_its_body(stage: Stage) -> None:
    order, key = stage.order(), str(uuid.uuid4())
    assert stage.send("hold_order", key, order_id=order.id, reason="first").kind == "ok"
    other = stage.send("hold_order", key, order_id=order.id, reason="second")
    assert (other.kind, other.code) == ("rejected", "key_reused")


def check_a_refusal_binds_nothing(stage: Stage) -> None:
    order, key = stage.order(), str(uuid.uuid4())
    assert stage.send("unhold_order", key, order_id=order.id).kind == "rejected"
    stage.perform("hold_order", order_id=order.id, reason="check")
    assert stage.send("unhold_order", key, order_id=order.id).kind == "ok"


def check_a_stale_version_changes_nothing(stage: Stage) -> None:
    order = stage.order()
    stage.perform("hold_order", order_id=order.id, reason="check", version=order.version)
    outcome = stage.send("unhold_order", order_id=order.id, version=order.version)
    assert (outcome.kind, outcome.status) == ("rejected", 412)
    assert stage.order().status == "on_hold"
    stage.perform("unhold_order", order_id=order.id, version=stage.order().version)


def check_confirming_commits_what_is_held(stage: Stage) -> None:
    order = stage.order()
    stage.perform("confirm_order", order_id=order.id)
    assert stage.order().status == "confirmed"
    assert {one.status for one in stage.reader.reservations(stage.captured)} == {"committed"}
    assert stage.send("confirm_order", order_id=order.id).kind == "rejected"
    assert ACTIONS["confirm_order"].applied({"order_id": order.id}, stage.reader) is True


def check_cancelling_an_order_moves_neither_money_nor_stock(stage: Stage) -> None:
    order, before = stage.order(), stage.reader.reservations(stage.captured)
    stage.perform("cancel_order", order_id=order.id, reason="test")
    assert stage.order().status == "cancelled"
    assert stage.payment().refunded == Money(0, _currency(stage))
    assert [one.status for one in stage.reader.reservations(stage.captured)] == [one.status for one in before]


def check_lines_and_prices_change_the_total(stage: Stage) -> None:
    order = stage.order()
    line = order.lines[0]
    cheaper = money(line.unit_price, less=1)
    stage.perform("reprice_order", order_id=order.id, lines=[{"line_id": line.line_id, "unit_price": cheaper}])
    repriced = stage.order()
    assert repriced.lines[0].unit_price.json() == cheaper
    assert repriced.total is not None
    assert order.total is not None
    assert repriced.total < order.total
    stage.perform("backorder_line", order_id=order.id, line_id=line.line_id, expected_at="2031-01-02T00:00:00Z")
    stage.perform("add_note", order_id=order.id, text="客户已同意")


def check_a_line_is_substituted(stage: Stage) -> None:
    order = stage.order()
    line = order.lines[0]
    product = stage.reader.product(line.sku)
    assert product is not None
    other = next(
        one
        for one in stage.reader.products(category=product.category, limit=200)
        if one.active
        and one.unit_price is not None
        and one.unit_price.currency == line.unit_price.currency
        and one.sku not in {each.sku for each in order.lines}
    )
    stage.perform(
        "substitute_line", order_id=order.id, line_id=line.line_id, to_sku=other.sku, quantity=line.quantity,
        unit_price=money(line.unit_price), expect={line.line_id: 0},
    )  # fmt: skip
    assert other.sku in {one.sku for one in stage.order().lines}
    held = {one.sku for one in stage.reader.reservations(stage.captured) if one.status == "held"}
    assert line.sku in held
    assert other.sku not in held, "substituting moves no stock"


def check_lines_are_cancelled(stage: Stage) -> None:
    stage.perform("reserve_stock", checkout_id=stage.captured, **_one_more(stage))
    order = stage.order()
    line = max(order.lines, key=lambda one: one.quantity)
    if line.quantity == 1 and len(order.lines) == 1:
        stage.refuse(
            "cancel_lines", "nothing_left", order_id=order.id, reason="test",
            lines=[{"line_id": line.line_id, "quantity": 1}], expect={line.line_id: 0},
        )  # fmt: skip
        return
    stage.perform(
        "cancel_lines", order_id=order.id, reason="test", lines=[{"line_id": line.line_id, "quantity": 1}],
        expect={line.line_id: line.quantity - 1},
    )  # fmt: skip
    left = sum(one.quantity for one in stage.order().lines)
    assert left == sum(one.quantity for one in order.lines) - 1


def _one_more(stage: Stage) -> dict[str, Any]:
    sku = stage.checkout().lines[0].sku
    held = sum(r.quantity for r in stage.reader.reservations(stage.captured) if r.sku == sku and r.status == "held")
    return {"lines": [{"sku": sku, "quantity": 1}], "held_before": {sku: held}}


def check_addresses_and_pickup(stage: Stage) -> None:
    order, checkout = stage.order(), stage.checkout()
    assert order.shipping_address is not None
    address = {"recipient": "李雷", **{f: v for f, v in _fields(order.shipping_address).items() if f != "recipient"}}
    stage.perform("set_order_address", order_id=order.id, address=address)
    stage.perform("set_checkout_address", checkout_id=checkout.id, address=address)
    assert stage.reader.serviceability(order.shipping_address).deliverable
    lacking = stage.reader.serviceability(Address(country=order.shipping_address.country))
    assert not lacking.deliverable
    assert lacking.reason == "incomplete"
    assert lacking.missing
    (point,) = stage.reader.pickup_points(order.shipping_address, 1)
    stage.perform("choose_pickup", order_id=order.id, pickup_point_id=point.id)
    assert stage.order().pickup_point_id == point.id


def _fields(address: Address) -> dict[str, str]:
    names = address.__struct_fields__
    return {name: value for name in names if (value := getattr(address, name))}


def check_refunds_are_exact(stage: Stage) -> None:
    payment = stage.payment()
    assert payment.captured is not None
    currency = payment.captured.currency
    nothing, part = {"amount": 0, "currency": currency}, {"amount": 100, "currency": currency}
    refund = {"payment_id": payment.id, "reason": "test"}
    opened = stage.perform("refund_payment", **refund, amount=part, expected_refunded=nothing)
    assert opened["amount"] == part
    stage.refuse("refund_payment", "refunded_changed", **refund, amount=part, expected_refunded=nothing)
    too_much = money(payment.captured, less=99)
    stage.refuse("refund_payment", "exceeds_captured", **refund, amount=too_much, expected_refunded=part)
    after = stage.payment()
    assert after.refunded is not None
    assert after.refund_pending is not None
    assert after.refunded + after.refund_pending == Money(100, currency)
    (listed,) = stage.reader.refunds(payment.id)
    assert (listed.id, listed.amount) == (opened["id"], Money(100, currency))


def check_an_authorisation_is_captured_once(stage: Stage) -> None:
    payment = stage.payment(stage.authorized)
    assert payment.status is PaymentStatus.AUTHORIZED
    stage.perform("capture_payment", payment_id=payment.id, amount=money(payment.amount))
    assert stage.payment(stage.authorized).captured == payment.amount
    outcome = stage.send("capture_payment", payment_id=payment.id, amount=money(payment.amount))
    assert outcome.kind == "rejected"
    assert stage.payment(stage.authorized).captured == payment.amount


def check_an_authorisation_is_cancelled(stage: Stage) -> None:
    payment = stage.payment(stage.authorized)
    stage.perform("cancel_payment", payment_id=payment.id)
    assert stage.send("capture_payment", payment_id=payment.id, amount=money(payment.amount)).kind == "rejected"


def check_an_expired_checkout_never_becomes_an_order(stage: Stage) -> None:
    stage.perform("expire_checkout", checkout_id=stage.authorized, reason="test")
    stage.refuse("create_order", "checkout_expired", checkout_id=stage.authorized)
    assert stage.reader.orders(stage.authorized) == []
    stage.order()
    stage.refuse("expire_checkout", "order_exists", checkout_id=stage.captured, reason="test")


def check_a_checkout_is_repriced(stage: Stage) -> None:
    checkout = stage.checkout()
    lines = [{"line_id": checkout.lines[0].line_id, "unit_price": money(checkout.lines[0].unit_price, less=1)}]
    stage.perform("reprice_checkout", checkout_id=checkout.id, lines=lines, version=checkout.version)
    repriced = stage.checkout()
    assert repriced.total is not None
    assert checkout.total is not None
    assert repriced.total < checkout.total


def check_payment_links(stage: Stage) -> None:
    made = stage.perform(
        "create_payment_link", checkout_id=stage.captured, amount={"amount": 100, "currency": _currency(stage)}
    )
    link = stage.reader.payment_link(made["id"])
    assert link is not None
    assert (link.status, link.url) == ("open", made["url"])
    stage.perform("cancel_payment_link", link_id=link.id)


def _currency(stage: Stage) -> str:
    total = stage.checkout().total
    assert total is not None
    return total.currency


def check_stock_is_released_and_held_again(stage: Stage) -> None:
    held = stage.reader.reservations(stage.captured)[0]
    before = stage.reader.stock([held.sku])[held.sku]
    where = {"reservation_id": held.id, "checkout_id": stage.captured}
    stage.perform("release_reservation", **where)
    freed = stage.reader.stock([held.sku])[held.sku]
    assert freed.available == before.available + held.quantity
    assert stage.send("release_reservation", **where).kind == "rejected"
    assert ACTIONS["release_reservation"].applied(where, stage.reader) is True
    lines = [{"sku": held.sku, "quantity": held.quantity}]
    (again,) = stage.perform("reserve_stock", checkout_id=stage.captured, lines=lines)["items"]
    stage.perform("commit_reservation", reservation_id=again["id"], checkout_id=stage.captured)
    assert stage.reader.stock([held.sku])[held.sku].available == before.available
    too_many = [{"sku": held.sku, "quantity": before.available + 1}]
    stage.refuse("reserve_stock", "out_of_stock", checkout_id=stage.captured, lines=too_many)
    assert stage.reader.stock([held.sku])[held.sku].available == before.available
    assert stage.send("resync_stock", sku=held.sku).kind == "ok"


def check_coupons(stage: Stage) -> None:
    customer_id = stage.checkout().customer_id
    made = stage.perform(
        "issue_coupon", customer_id=customer_id, percent=10, reason="sorry", expires_at="2031-01-02T00:00:00Z"
    )
    coupon = stage.reader.coupon(made["code"], customer_id=customer_id)
    assert coupon is not None
    assert coupon.status == "valid"
    other = stage.reader.coupon(made["code"], customer_id=NOBODY)
    assert other is not None
    assert other.status == "not_eligible"


def check_a_message_is_sent_once(stage: Stage) -> None:
    message: dict[str, Any] = {
        "customer_id": stage.checkout().customer_id, "checkout_id": stage.captured, "channel": "sms",
        "language": "zh-CN", "text": f"您的订单 {stage.captured} 缺货", "dedupe_key": str(uuid.uuid4()),
        "choices": [{"id": "no", "label": "不换"}],
    }  # fmt: skip
    first = stage.send("send_message", **message)
    if first.status == 501:
        assert first.kind == "rejected", "a shop without messaging says so definitely"
        return
    again = stage.send("send_message", **message)
    assert first.kind == again.kind == "ok"
    assert first.value["id"] == again.value["id"]


def check_listings_show_every_change(stage: Stage) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    order = stage.order()
    assert stage.captured in _all(lambda cursor: stage.reader.checkouts_changed(since, cursor))
    assert order.id in _all(lambda cursor: stage.reader.orders_changed(since, cursor))
    assert stage.payment().id in _all(lambda cursor: stage.reader.payments_changed(since, cursor))
    held = {one.id for one in stage.reader.reservations(stage.captured)}
    assert held <= set(_all(lambda cursor: stage.reader.reservations_changed(since, cursor)))
    future = datetime.now(UTC) + timedelta(days=1)
    assert stage.reader.orders_changed(future).items == []


def _all(read: Callable[[str | None], Page[Any]]) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(1_000):
        page = read(cursor)
        assert page.unreadable == []
        found += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            return found
    raise AssertionError("the listing never ends")


CHECKS: dict[str, Callable[[Stage], None]] = {
    name.removeprefix("check_"): check for name, check in globals().copy().items() if name.startswith("check_")
}
