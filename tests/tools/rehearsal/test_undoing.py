"""Undo: after the inverse steps the books are as before; what can't be taken back says why; nothing costs anybody."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.plans import PlanStep
from tests.tools.rehearsal.shop import Shop, real
from tools.actions import ACTIONS
from tools.rehearsal.lasting import LASTING
from tools.rehearsal.undoing import _INVERSES, Performed, Undoing, seen, undo
from tools.rehearsal.world import World, world_of

REASON = {"reason": "test"}
TAKING = {"capture_payment", "create_payment_link", "confirm_order", "commit_reservation"}


def performed(action: str, arguments: dict[str, Any], result: Any = None, former: str | None = None) -> Performed:
    step = PlanStep(action=action, target="x", arguments=arguments, effect={"en": action, "zh-CN": action})
    kept = ACTIONS[action].result(result) if result is not None else {}
    return Performed(id=f"s:{action}", step=step, result=kept, former_address=former)


def do(shop: Shop, checkout: str, *deeds: tuple[str, dict[str, Any]]) -> tuple[Facts, Undoing]:
    """Performs the deeds; the facts before them, and how they would be undone now."""
    before = shop.facts(checkout)
    done = [performed(action, arguments, shop.perform(action, arguments)) for action, arguments in deeds]
    return before, undo(done, before, shop.facts(checkout))


def take_back(shop: Shop, found: Undoing) -> None:
    for step in found.steps:
        shop.perform(step.action, step.arguments)
    assert False not in seen(found.steps, shop.reader).values()


def standing(facts: Facts) -> World:
    """The books without reservations that were let go: a hold taken again is another hold of the same."""
    world = world_of(facts)
    held: dict[str, int] = {}
    for key in [k for k in world if k.startswith("reservation:")]:
        figures = world.pop(key)
        if figures["status"] in ("held", "committed"):
            held[figures["sku"]] = held.get(figures["sku"], 0) + figures["quantity"]
    return {**world, "held": held}


def test_a_created_order_is_cancelled_again(shop: Shop) -> None:
    checkout = shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
    _, found = do(shop, checkout, ("create_order", {"checkout_id": checkout}))
    take_back(shop, found)
    assert shop.facts(checkout).live_order is None
    assert found.lasting == {}


def test_what_was_created_and_confirmed_is_cancelled_once(shop: Shop) -> None:
    checkout = shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
    before = shop.facts(checkout)
    order = shop.perform("create_order", {"checkout_id": checkout})
    shop.perform("confirm_order", {"order_id": order["id"]})
    reference = {"order_id": {"from": "create_order", "field": "id"}}
    done = [performed("create_order", {"checkout_id": checkout}, order), performed("confirm_order", reference)]
    found = undo(done, before, shop.facts(checkout))
    assert [step.action for step in found.steps] == ["cancel_order"]
    take_back(shop, found)


def test_hold_and_release_and_prices_that_were_not_better_come_back_exactly(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    checkout, on = ids["checkout_id"], {"order_id": ids["order_ids"][0]}
    reserved = next(r for r in shop.facts(checkout).reservations or [] if r.status in ("held", "committed"))
    before, found = do(
        shop, checkout, ("hold_order", {**on, **REASON}),
        ("release_reservation", {"reservation_id": reserved.id, "checkout_id": checkout}),
    )  # fmt: skip
    assert [step.action for step in found.steps] == ["reserve_stock", "unhold_order"]
    take_back(shop, found)
    assert real(standing(before), standing(shop.facts(checkout))) == set()


def test_a_substitute_goes_back_for_no_more_than_the_customer_pays(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    [order, *_] = shop.facts(ids["checkout_id"]).orders or []
    line = order.lines[0]
    other = next(
        p for p in shop.reader.products(limit=50)
        if p.sku != line.sku and p.unit_price and p.unit_price.currency == line.unit_price.currency and p.active
    )  # fmt: skip
    less = {"amount": line.unit_price.amount - 1, "currency": line.unit_price.currency}
    wanted = {"order_id": order.id, "line_id": line.line_id, "to_sku": other.sku, "quantity": line.quantity}
    _, found = do(shop, ids["checkout_id"], ("substitute_line", {**wanted, "unit_price": less}))
    take_back(shop, found)
    [again, *_] = shop.facts(ids["checkout_id"]).orders or []
    assert (again.lines[0].sku, again.lines[0].unit_price.amount) == (line.sku, line.unit_price.amount - 1)


def test_a_better_price_is_never_taken_back(shop: Shop) -> None:
    ids = shop.scenario("paid_out_of_stock", variant="part")
    [order, *_] = shop.facts(ids["checkout_id"]).orders or []
    line = order.lines[0]
    less = {"amount": line.unit_price.amount - 1, "currency": line.unit_price.currency}
    prices = {"order_id": order.id, "lines": [{"line_id": line.line_id, "unit_price": less}]}
    _, found = do(shop, ids["checkout_id"], ("reprice_order", prices))
    assert found.steps == []
    assert found.lasting == {"s:reprice_order": LASTING["reprice_order"]}


def test_a_link_is_cancelled_and_a_refund_stays(shop: Shop) -> None:
    checkout = shop.scenario("partial_payment")["checkout_id"]
    facts = shop.facts(checkout)
    paid = next(p for p in facts.payments or [] if p.captured and p.captured.amount)
    assert paid.captured is not None
    amount, nothing = ({"amount": n, "currency": paid.captured.currency} for n in (100, 0))
    refund = {"payment_id": paid.id, "amount": amount, "expected_refunded": nothing, **REASON}
    link = {"checkout_id": checkout, "amount": amount}
    _, found = do(shop, checkout, ("create_payment_link", link), ("refund_payment", refund))
    assert [step.action for step in found.steps] == ["cancel_payment_link"]
    assert found.lasting.keys() == {"s:refund_payment"}
    take_back(shop, found)


def test_an_address_comes_back_from_the_vault_and_a_shipped_order_stays(shop: Shop) -> None:
    facts = shop.facts(shop.scenario("paid_out_of_stock")["checkout_id"])
    [order, *_] = facts.orders or []
    one = performed("set_order_address", {"order_id": order.id, "address_from": "checkout"}, former="v_1")
    [step] = undo([one], None, facts).steps
    assert {k: v for k, v in step.arguments.items() if k != "version"} == {
        "order_id": order.id, "address_from": "vault", "ref": "v_1"
    }  # fmt: skip
    unknown = performed("set_order_address", {"order_id": order.id, "address_from": "checkout"})
    assert undo([unknown], None, facts).steps == []


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_verb_can_be_undone_or_says_why_not_in_both_languages(action: str) -> None:
    assert action in _INVERSES or action in LASTING
    assert action not in LASTING or LASTING[action].keys() == {"zh-CN", "en"}


def test_no_inverse_takes_money_or_ships(shop: Shop) -> None:
    """Whatever was done, nothing that undo plans is among the verbs that take, promise or commit."""
    checkout = shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
    facts = shop.facts(checkout)
    held = next(r for r in facts.reservations or [] if r.status == "held")
    everything = [
        performed("create_order", {"checkout_id": checkout}),
        performed("release_reservation", {"reservation_id": held.id, "checkout_id": checkout}),
        performed("create_payment_link", {"checkout_id": checkout, "amount": {"amount": 1, "currency": "CNY"}}),
        performed("cancel_payment", {"payment_id": "p"}), performed("cancel_payment_link", {"link_id": "l"}),
    ]  # fmt: skip
    assert not TAKING & {step.action for step in undo(everything, facts, facts).steps}
