"""For every verb: what the preview says is what the demo shop's books show after the step was performed, no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.faults.figures import goods, minor
from knowledge.vocabulary.facts import Facts, PaymentLinkFact
from knowledge.vocabulary.plans import PlanStep
from tests.tools.rehearsal.shop import Difference, Shop, plain, real
from tools.actions import ACTIONS
from tools.rehearsal.preview import preview
from tools.rehearsal.rules import RULES
from tools.rehearsal.world import world_of


@pytest.fixture(scope="module")
def ordered(shop: Shop) -> str:
    """A checkout with a live order that bears no tax, and whose lines nobody else touches."""
    for _ in range(20):
        checkout_id = str(shop.scenario("paid_out_of_stock", variant="part")["checkout_id"])
        [order, *_] = shop.facts(checkout_id).orders or []
        if order.lines[0].unit_price.currency == "CNY":
            return checkout_id
    raise AssertionError("no order without tax")


def foretold(
    action: str, arguments: dict[str, Any], facts: Facts, links: list[PaymentLinkFact]
) -> tuple[Difference, set[tuple[str, str]]]:
    """What must come true, and the figures of which the preview says that the shop works them out."""
    step = PlanStep(action=action, target="", arguments=arguments, effect={})
    changes = preview([step], facts, links=links)
    told = {plain(c.object, c.field, c.before, c.after) for c in changes if c.certain}
    return told, {(c.object, c.field) for c in changes if not c.certain}


def certain(difference: Difference, open_figures: set[tuple[str, str]]) -> Difference:
    return {change for change in difference if change[:2] not in open_figures}


def check(shop: Shop, checkout_id: str, action: str, arguments: dict[str, Any], *skus: str) -> Facts:
    """Previews, performs, reads back; the two differences are the same. Returns what is true afterwards."""
    link_ids = [arguments["link_id"]] if "link_id" in arguments else []
    links = [link for i in link_ids if (link := shop.reader.payment_link(i))]
    facts = shop.facts(checkout_id, *skus)
    expected, unsure = foretold(action, arguments, facts, links)
    before = world_of(facts, links)
    shop.perform(action, arguments)
    read = shop.facts(checkout_id, *skus)
    after = world_of(read, [link for i in link_ids if (link := shop.reader.payment_link(i))])
    assert certain(real(before, after), unsure) == expected
    assert expected, "a step that changes nothing proves nothing"
    return read


REASON = {"reason": "test"}


def test_an_order_is_created_confirmed_held_and_cancelled(shop: Shop) -> None:
    checkout = shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
    order = check(shop, checkout, "create_order", {"checkout_id": checkout}).live_order
    assert order is not None
    on = {"order_id": order.id}
    check(shop, checkout, "hold_order", {**on, **REASON})
    check(shop, checkout, "unhold_order", on)
    check(shop, checkout, "confirm_order", on)
    check(shop, checkout, "hold_order", {**on, **REASON})
    check(shop, checkout, "unhold_order", on)
    check(shop, checkout, "cancel_order", {**on, **REASON})


def test_lines_prices_addresses_and_dates_change_as_foretold(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    checkout, on = ids["checkout_id"], {"order_id": ids["order_ids"][0]}
    [first, *_] = shop.facts(checkout).orders or []
    line = first.lines[0]
    check(shop, checkout, "backorder_line", {**on, "line_id": line.line_id, "expected_at": "2031-01-01T00:00:00Z"})
    check(shop, checkout, "set_order_address", {**on, "address": {"city": "杭州市", "street": "文三路 1 号"}})
    check(shop, checkout, "choose_pickup", {**on, "pickup_point_id": pickup(shop)})
    half = {"amount": line.unit_price.amount // 2, "currency": line.unit_price.currency}
    check(shop, checkout, "reprice_order", {**on, "lines": [{"line_id": line.line_id, "unit_price": half}]})


def pickup(shop: Shop) -> str:
    facts = shop.facts(shop.scenario("paid_out_of_stock")["checkout_id"])
    assert facts.checkout is not None
    assert facts.checkout.shipping_address is not None
    return shop.reader.pickup_points(facts.checkout.shipping_address)[0].id


def test_a_substitute_changes_the_line_and_the_total(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    [order, *_] = shop.facts(ids["checkout_id"]).orders or []
    line = order.lines[0]
    other = next(
        p for p in shop.reader.products(limit=50)
        if p.sku != line.sku and p.unit_price and p.unit_price.currency == line.unit_price.currency and p.active
    )  # fmt: skip
    price = {"amount": max(0, line.unit_price.amount - 1), "currency": line.unit_price.currency}
    wanted = {"order_id": order.id, "line_id": line.line_id, "to_sku": other.sku, "quantity": line.quantity}
    check(shop, ids["checkout_id"], "substitute_line", {**wanted, "unit_price": price}, other.sku)


def test_lines_are_cancelled_as_foretold(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    [order, *_] = shop.facts(ids["checkout_id"]).orders or []
    line = max(order.lines, key=lambda one: one.quantity)
    assert line.quantity > 1 or len(order.lines) > 1
    wanted = {"order_id": order.id, "lines": [{"line_id": line.line_id, "quantity": 1}], **REASON}
    check(shop, ids["checkout_id"], "cancel_lines", {**wanted, "expect": {line.line_id: line.quantity - 1}})


def test_a_refund_shows_as_given_back(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock")
    [paid] = [p for p in shop.facts(ids["checkout_id"]).payments or [] if p.captured and p.captured.amount]
    assert paid.captured is not None
    currency = paid.captured.currency
    wanted = {"payment_id": paid.id, "amount": {"amount": 100, "currency": currency},
              "expected_refunded": {"amount": 0, "currency": currency}, **REASON}  # fmt: skip
    check(shop, ids["checkout_id"], "refund_payment", wanted)


def test_stock_is_reserved_committed_and_given_back_as_foretold(shop: Shop) -> None:
    ids = shop.scenario("paid_order_missing", variant="captured")
    checkout = ids["checkout_id"]
    facts = shop.facts(checkout)
    held = next(r for r in facts.reservations or [] if r.status == "held")
    on = {"reservation_id": held.id, "checkout_id": checkout}
    check(shop, checkout, "release_reservation", on)
    row = {"sku": held.sku, "quantity": held.quantity}
    after = check(shop, checkout, "reserve_stock", {"checkout_id": checkout, "lines": [row]})
    new = next(r for r in after.reservations or [] if r.sku == held.sku and r.status == "held")
    on = {"reservation_id": new.id, "checkout_id": checkout}
    check(shop, checkout, "commit_reservation", on)
    check(shop, checkout, "release_reservation", on)


def test_a_storefront_is_brought_in_line(shop: Shop) -> None:
    checkout = shop.scenario("paid_out_of_stock")["checkout_id"]
    sku, stock = next(iter(shop.facts(checkout).stock.items()))
    body = {"sku": sku, "shop_listed": stock.available + 7}
    assert shop.demo.admin.post("/_sandbox/stock", json=body).is_success
    check(shop, checkout, "resync_stock", {"sku": sku})


def test_checkouts_are_repriced_readdressed_and_closed(shop: Shop) -> None:
    checkout = shop.scenario("abandoned_checkout")["checkout_id"]
    fact = shop.facts(checkout).checkout
    assert fact is not None
    on = {"checkout_id": checkout}
    line = fact.lines[0]
    less = {"amount": line.unit_price.amount - 1, "currency": line.unit_price.currency}
    check(shop, checkout, "reprice_checkout", {**on, "lines": [{"line_id": line.line_id, "unit_price": less}]})
    check(shop, checkout, "set_checkout_address", {**on, "address": {"city": "杭州市", "recipient": "Jo Doe"}})
    check(shop, checkout, "expire_checkout", {**on, **REASON})


def test_payments_are_captured_and_cancelled_as_foretold(shop: Shop) -> None:
    checkout = shop.scenario("paid_order_missing", variant="authorized")["checkout_id"]
    [payment] = [p for p in shop.facts(checkout).payments or [] if p.status == "authorized"]
    assert payment.amount is not None
    check(shop, checkout, "capture_payment", {"payment_id": payment.id, "amount": payment.amount.json()})
    other = shop.scenario("paid_order_missing", variant="authorized")["checkout_id"]
    [payment] = [p for p in shop.facts(other).payments or [] if p.status == "authorized"]
    check(shop, other, "cancel_payment", {"payment_id": payment.id})


def test_a_link_that_is_cancelled_can_not_be_paid_by(shop: Shop) -> None:
    checkout = shop.scenario("partial_payment")["checkout_id"]
    amount = {"amount": 100, "currency": currency_of(shop, checkout)}
    wanted = {"checkout_id": checkout, "amount": amount}
    changes, _ = foretold("create_payment_link", wanted, shop.facts(checkout), [])
    made = shop.perform("create_payment_link", wanted)
    assert ("link:new", "status", "None", repr(made["status"])) in changes
    check(shop, checkout, "cancel_payment_link", {"link_id": made["id"]})


def currency_of(shop: Shop, checkout_id: str) -> str:
    fact = shop.facts(checkout_id).checkout
    assert fact is not None
    assert fact.total is not None
    return fact.total.currency


def test_what_only_words_and_vouchers_change_is_foretold(shop: Shop) -> None:
    facts = shop.facts(shop.scenario("paid_out_of_stock")["checkout_id"])
    [order, *_] = facts.orders or []
    for action, arguments, changed in (
        ("add_note", {"order_id": order.id, "text": "x"}, f"note:{order.id}"),
        ("send_message", {"occasion": "o", "fault": "f", "phrase": "p", "params": {}}, "message:o"),
        ("issue_coupon", {"customer_id": "u", "percent": 10, "expires_at": "2031-01-01T00:00:00Z", **REASON},
         "coupon:new"),
        ("release_coupon", {"code": "C", "checkout_id": facts.checkout_id}, "coupon:C"),
    ):  # fmt: skip
        step = PlanStep(action=action, target="", arguments=arguments, effect={})
        found = preview([step], facts)
        assert {c.object for c in found} <= {changed}
        assert all(c.irreversible and c.reason for c in found)


def test_notes_vouchers_and_messages_are_what_the_shop_then_has(shop: Shop) -> None:
    facts = shop.facts(shop.scenario("paid_out_of_stock")["checkout_id"])
    [order, *_] = facts.orders or []
    assert facts.customer is not None
    shop.perform("add_note", {"order_id": order.id, "text": "hello"})
    assert shop.demo.state(facts.checkout_id)["orders"][0]["notes"] == ["hello"]
    coupon = {"customer_id": facts.customer.id, "percent": 10, "expires_at": "2031-01-01T00:00:00Z", **REASON}
    made = shop.perform("issue_coupon", coupon)
    told, _ = foretold("issue_coupon", coupon, facts, [])
    assert told == {plain("coupon:new", field, None, made[field]) for field in ("status", "percent")}
    message = {"customer_id": facts.customer.id, "channel": "email", "language": "en", "text": "hi", "dedupe_key": "k"}
    assert foretold("send_message", message, facts, [])[0] == {plain("message:k", "sent", None, True)}
    assert shop.perform("send_message", message)["id"]


def test_every_verb_has_its_rule() -> None:
    assert RULES.keys() == ACTIONS.keys()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_repricing_ends_where_it_was_foretold(shop: Shop, ordered: str, data: st.DataObject) -> None:
    """Prices and a discount of any size; the same order again and again, so that each starts where the last ended."""
    facts = shop.facts(ordered)
    [order, *_] = facts.orders or []
    prices = {
        line.line_id: {"amount": data.draw(st.integers(0, 50_000)), "currency": line.unit_price.currency}
        for line in order.lines
    }  # fmt: skip
    currency = order.lines[0].unit_price.currency
    discount = data.draw(st.none() | st.integers(0, 80_000).map(lambda n: {"amount": n, "currency": currency}))
    arguments: dict[str, Any] = {
        "order_id": order.id, "lines": [{"line_id": i, "unit_price": price} for i, price in prices.items()]
    }  # fmt: skip
    if discount is not None:
        arguments["discount"] = discount
    expected, unsure = foretold("reprice_order", arguments, facts, [])
    shop.perform("reprice_order", arguments)
    assert certain(real(world_of(facts), world_of(shop.facts(ordered))), unsure) == expected
    nothing_taxed = goods(order.lines) <= minor(order.discount)
    assert not unsure or nothing_taxed  # only then a tax rate might come to light
