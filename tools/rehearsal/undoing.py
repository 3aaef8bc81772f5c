"""Takes back what a plan has done, as steps of another plan, or says why the world allows no taking back. Pure but
for `seen`, which reads back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from knowledge.faults.figures import available, goods, minor, total_of, with_price
from knowledge.faults.planning import versioned
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact
from knowledge.vocabulary.plans import PlanStep
from tools.actions import ACTIONS
from tools.connectors.ports import ShopReader
from tools.rehearsal.lasting import (
    COVERED,
    DEARER,
    GONE,
    LASTING,
    NOT_SET_BEFORE,
    SHIPPED,
    TAKEN,
    UNKNOWN_BEFORE,
    Words,
)
from tools.rehearsal.preview import in_words, preview, resolved

REASON = "undone"  # what the shop is told; a code, never somebody's words


class Performed(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was performed: its `result` as stored, and where the vault keeps the address it replaced."""

    id: str
    step: PlanStep
    result: dict[str, Any] = {}
    former_address: str | None = None


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """The steps that take a plan back, last one first, and what can't be taken back, by step id."""

    steps: list[PlanStep]
    lasting: dict[str, Words]


def undo(performed: Sequence[Performed], before: Facts | None, now: Facts) -> Undoing:
    """Takes the steps back in reverse order. `before` is what was read when they were decided, `now` what is true.

    Nothing it returns takes money, raises a price or ships anything.
    """
    results = {one.step.action: one.result for one in performed}
    cancelled = any(one.step.action == "create_order" for one in performed)
    steps: list[PlanStep] = []
    lasting: dict[str, Words] = {}
    for one in reversed(performed):
        if one.step.action == "confirm_order" and cancelled:
            lasting[one.id] = COVERED
            continue
        arguments = resolved(one.step.arguments, results)
        found = _inverse(one, arguments, before, now)
        if isinstance(found, dict):
            lasting[one.id] = found
        else:
            steps += [_worded(step, now) for step in ([found] if isinstance(found, PlanStep) else found)]
    return Undoing(steps=versioned(steps, now), lasting=lasting)


def seen(steps: Sequence[PlanStep], reader: ShopReader) -> dict[int, bool | None]:
    """By position, whether the shop shows the step's effect; None where reading can't tell.

    Raises:
        UnavailableError: the shop doesn't answer.
    """
    found: dict[int, bool | None] = {}
    for position, step in enumerate(steps):
        try:
            found[position] = ACTIONS[step.action].applied(step.arguments, reader)
        except InputError:
            found[position] = None  # an address that only the vault knows
    return found


# -- one verb at a time ---------------------------------------------------------------------------------------------

Found = PlanStep | list[PlanStep] | Words
Inverse = Callable[[Performed, dict[str, Any], Facts | None, Facts], Found]


def _inverse(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    rule = _INVERSES.get(one.step.action)
    return rule(one, arguments, before, now) if rule else LASTING[one.step.action]


def _create_order(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order = _order(now, one.result.get("id")) or now.live_order
    if order is None or not order.live:
        return GONE
    return SHIPPED if _left(order) else _on_order("cancel_order", order, reason=REASON)


def _hold_order(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order = _order(now, arguments["order_id"])
    return _on_order("unhold_order", order) if order is not None and order.status == "on_hold" else GONE


def _unhold_order(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order = _order(now, arguments["order_id"])
    if order is None or order.status not in ("created", "confirmed"):
        return GONE
    return _on_order("hold_order", order, reason=REASON)


def _substitute_line(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    """The former product comes back for no more than the customer pays now."""
    order, former = _order(now, arguments["order_id"]), _line(before, arguments["order_id"], arguments["line_id"])
    if order is None or former is None:
        return UNKNOWN_BEFORE
    line = next((row for row in order.lines if row.line_id == former.line_id), None)
    if line is None or line.sku != arguments["to_sku"] or line.quantity != former.quantity:
        return GONE
    if _left(order):
        return SHIPPED
    price = min(former.unit_price, line.unit_price, key=lambda money: money.amount)
    return _on_order(
        "substitute_line", order, line_id=line.line_id, to_sku=former.sku, quantity=line.quantity,
        unit_price=price.json(), expect={line.line_id: 0},
    )  # fmt: skip


def _set_order_address(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order = _order(now, arguments["order_id"])
    if order is None or not order.live:
        return GONE
    if _left(order):
        return SHIPPED
    if one.former_address is None:
        return NOT_SET_BEFORE
    return _on_order("set_order_address", order, address_from="vault", ref=one.former_address)


def _set_checkout_address(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    if now.checkout is None or now.checkout.status not in ("open", "submitted", "completed"):
        return GONE
    if one.former_address is None:
        return NOT_SET_BEFORE
    checkout_id = arguments["checkout_id"]
    wanted = {"checkout_id": checkout_id, "address_from": "vault", "ref": one.former_address}
    return _step("set_checkout_address", f"checkout:{checkout_id}", wanted)


def _choose_pickup(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order, former = _order(now, arguments["order_id"]), _order(before, arguments["order_id"])
    if order is None or order.pickup_point_id != arguments["pickup_point_id"]:
        return GONE
    if former is None:
        return UNKNOWN_BEFORE
    if former.pickup_point_id is None:
        return NOT_SET_BEFORE
    return SHIPPED if _left(order) else _on_order("choose_pickup", order, pickup_point_id=former.pickup_point_id)


def _reprice_order(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    order, former = _order(now, arguments["order_id"]), _order(before, arguments["order_id"])
    if order is None or not order.live:
        return GONE
    prices = _former_prices(order, former, arguments)
    return _on_order("reprice_order", order, **prices) if "lines" in prices else prices


def _reprice_checkout(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    if now.checkout is None or now.checkout.status not in ("open", "submitted"):
        return GONE
    prices = _former_prices(now.checkout, before.checkout if before else None, arguments)
    if "lines" not in prices:
        return prices
    checkout_id = now.checkout.id
    return _step("reprice_checkout", f"checkout:{checkout_id}", {"checkout_id": checkout_id, **prices})


def _create_payment_link(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    link_id = one.result.get("id")
    return _step("cancel_payment_link", f"link:{link_id}", {"link_id": link_id}) if link_id else UNKNOWN_BEFORE


def _reserve_stock(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    ids = {row.get("id") for row in one.result.get("items", [])}
    if not ids:
        return UNKNOWN_BEFORE
    mine = [r for r in now.reservations or [] if r.id in ids and r.status in ("held", "committed")]
    checkout_id = arguments["checkout_id"]
    steps = [
        _step("release_reservation", f"reservation:{r.id}", {"reservation_id": r.id, "checkout_id": checkout_id})
        for r in mine
    ]
    return steps or GONE


def _release_reservation(one: Performed, arguments: dict[str, Any], before: Facts | None, now: Facts) -> Found:
    former = next((r for r in now.reservations or [] if r.id == arguments["reservation_id"]), None)
    if former is None or now.checkout is None:
        return UNKNOWN_BEFORE
    if now.checkout.status in ("expired", "cancelled") or former.status != "released":
        return GONE
    if available(now, former.sku) < former.quantity:
        return TAKEN
    held = sum(r.quantity for r in now.reservations or [] if r.sku == former.sku and r.status in ("held", "committed"))
    wanted = {
        "checkout_id": now.checkout.id, "lines": [{"sku": former.sku, "quantity": former.quantity}],
        "held_before": {former.sku: held},
    }  # fmt: skip
    return _step("reserve_stock", f"checkout:{now.checkout.id}", wanted)


_INVERSES: dict[str, Inverse] = {
    "create_order": _create_order, "hold_order": _hold_order, "unhold_order": _unhold_order,
    "substitute_line": _substitute_line, "set_order_address": _set_order_address,
    "set_checkout_address": _set_checkout_address, "choose_pickup": _choose_pickup, "reprice_order": _reprice_order,
    "reprice_checkout": _reprice_checkout, "create_payment_link": _create_payment_link,
    "reserve_stock": _reserve_stock, "release_reservation": _release_reservation,
}  # fmt: skip


# -- parts ----------------------------------------------------------------------------------------------------------


def _former_prices(
    priced: CheckoutFact | OrderFact, former: CheckoutFact | OrderFact | None, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The former prices and discount as arguments, or the words that say why they can't come back."""
    if former is None:
        return dict(UNKNOWN_BEFORE)
    prices = {line.line_id: line.unit_price for line in former.lines}
    changed = [line for line in priced.lines if line.line_id in {row["line_id"] for row in arguments["lines"]}]
    if any(line.line_id not in prices for line in changed):
        return dict(GONE)
    dearer = goods([with_price(line, prices[line.line_id]) for line in changed]) > goods(changed)
    if dearer or minor(former.discount) < minor(priced.discount) or total_of(former) > total_of(priced):
        return dict(DEARER)
    rows = [{"line_id": line.line_id, "unit_price": prices[line.line_id].json()} for line in changed]
    return {"lines": rows, **({"discount": former.discount.json()} if former.discount else {})}


def _order(facts: Facts | None, order_id: Any) -> OrderFact | None:
    return next((order for order in (facts.orders if facts else None) or [] if order.id == order_id), None)


def _line(facts: Facts | None, order_id: Any, line_id: Any) -> Line | None:
    order = _order(facts, order_id)
    return next((line for line in order.lines if line.line_id == line_id), None) if order else None


def _left(order: OrderFact) -> bool:
    return order.status in ("shipped", "delivered")


def _on_order(action: str, order: OrderFact, **arguments: Any) -> PlanStep:
    return _step(action, f"order:{order.id}", {"order_id": order.id, **arguments})


def _step(action: str, target: str, arguments: dict[str, Any]) -> PlanStep:
    return PlanStep(action=action, target=target, arguments=arguments, effect={})


def _worded(step: PlanStep, facts: Facts) -> PlanStep:
    """The step with its effect in words, which is the difference it makes."""
    changes = preview([step], facts)
    return msgspec.structs.replace(step, effect=in_words(changes))
