"""Invariants 1 to 5 of SPEC.md, on money, stock and prices, as pure functions over a World; the audit calls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from assistant.evaluate.violation import Violation
from assistant.evaluate.world import SENT, Around, Row, World, given_back, minor
from knowledge.vocabulary.facts import CheckoutFact, OrderFact

ROUNDING = 1  # minor units; a total may differ from the sum of its parts by as much
CORRECTIONS = ("reprice_order", "reprice_checkout")


def money_at_rest(world: World) -> Iterator[Violation]:
    """Money at rest: captured + valid authorisations + other tenders − refunded − disputed = due for what the
    customer keeps − recorded goodwill; otherwise an open case with an owner names the difference."""
    for around in world.at_rest():
        for currency in around.currencies:
            have, due = around.tendered(currency, world.at), around.due(currency)
            given = _goodwill(world, around, currency) if due else 0
            if abs(have - (due - given)) <= ROUNDING or world.difference_is_named(around.id):
                continue
            orders = f"{len(around.live_orders)} live orders" if around.live_orders else "no live order"
            off = have - due + given
            yield Violation(1, around.id, f"{off:+d} {currency}: {have} there, {due - given} due for {orders}")


def never_more_back_than_captured(world: World) -> Iterator[Violation]:
    """Refunded + pending + disputed ≤ captured, per payment; never captured more than agreed; no charge without
    consent."""
    ours = world.effects_done("capture_payment")
    for around in world.shop.values():
        for payment in around.payments:
            captured, amount = minor(payment.captured), minor(payment.amount)
            if given_back(payment) > captured:
                yield Violation(2, payment.id, f"{given_back(payment)} given back or disputed of {captured} captured")
            if captured > amount:
                yield Violation(2, payment.id, f"{captured} captured of {amount} agreed")
            mine = [e for e in ours if e["target"] == f"payment:{payment.id}"]
            charged = sum(int(e["arguments"].get("amount", {}).get("amount", 0)) for e in mine)
            if charged > amount:
                yield Violation(2, payment.id, f"we took {charged}, the customer agreed to {amount}")


def stock_is_reserved_for_a_reason(world: World) -> Iterator[Violation]:
    """Reserved stock = open paid orders + checkouts inside their payment window; nothing reserved for a cancelled,
    failed or expired one."""
    for around in world.at_rest():
        found = list(_stock_of(world, around))
        if found and not world.difference_is_named(around.id):
            yield from (Violation(3, around.id, what) for what in found)


def no_line_covered_twice(world: World) -> Iterator[Violation]:
    """Live orders of one checkout never cover a line's quantity twice."""
    for around in world.shop.values():
        if around.checkout is None or not around.live_orders:
            continue
        bought = _by_line([around.checkout])
        promised = _by_line(around.live_orders)
        # A substitute may stand in a line of its own, so that only the pieces can be compared for such a line.
        twice = {line: n for line, n in promised.items() if line in bought and n > bought[line]}
        if twice:
            yield Violation(4, around.id, f"promised {dict(twice)}, bought { {line: bought[line] for line in twice} }")
        elif promised.total() > bought.total():
            yield Violation(4, around.id, f"{promised.total()} pieces promised, {bought.total()} bought")


def corrections_never_cost_more(world: World) -> Iterator[Violation]:
    """Price corrections never cost the customer more in total."""
    for effect in world.effects_done(*CORRECTIONS):
        checkout_id = world.case_by_id[effect["case_id"]]["checkout_id"]
        agreed = world.agreed_before(checkout_id, effect["created_at"])
        after = _total_after(world, effect, checkout_id)
        if agreed is None or after is None:
            continue
        total, currency = after
        if currency != agreed.currency or total > agreed.amount:
            detail = f"{effect['action']} left {total} {currency} to pay, {agreed.amount} {agreed.currency} was agreed"
            yield Violation(5, checkout_id, f"{detail} (write {effect['id']})")


def corrections_without_agreement(world: World) -> int:
    """How many price corrections can't be compared: no event or answer told the totals."""
    made = [(e, world.case_by_id[e["case_id"]]["checkout_id"]) for e in world.effects_done(*CORRECTIONS)]
    return sum(
        world.agreed_before(checkout_id, effect["created_at"]) is None
        or _total_after(world, effect, checkout_id) is None
        for effect, checkout_id in made
    )


# -- parts ----------------------------------------------------------------------------------------------------------


def _goodwill(world: World, around: Around, currency: str) -> int:
    """Refunds of ours that were recorded as goodwill: given without changing any total; minor units."""
    mine = {case["id"] for case in world.cases_of(around.id)}
    given = [
        e["arguments"]["amount"] for e in world.effects_done("refund_payment")
        if e["case_id"] in mine and str(e["arguments"].get("reason", "")).startswith("goodwill")
    ]  # fmt: skip
    return sum(int(money["amount"]) for money in given if money["currency"] == currency)


def _stock_of(world: World, around: Around) -> Iterator[str]:
    aside = around.set_aside()
    if not around.live_orders:
        if aside and not _may_hold(world, around):
            status = around.checkout.status if around.checkout else "unknown to the shop"
            yield f"{dict(aside)} set aside, the checkout is {status} and has no live order"
        return
    if any(order.status in SENT for order in around.live_orders):
        return  # what was committed has left, or is leaving
    need = _needed(around.live_orders)
    ordered = _needed(around.live_orders, digital=True)
    for sku, quantity in aside.items():
        if quantity > ordered[sku]:
            yield f"{sku}: {quantity} set aside, {ordered[sku]} ordered"
    if not _is_paid(world, around):
        return
    later = _backordered(world, around)
    for sku, quantity in need.items():
        if aside[sku] < quantity and sku not in later:
            yield f"{sku}: {quantity} ordered and paid, {aside[sku]} set aside"


def _may_hold(world: World, around: Around) -> bool:
    """Whether a checkout without an order may have stock set aside now."""
    checkout = around.checkout
    if checkout is None or around.orders:
        return False
    if checkout.status == "open":  # a shop that reserves in the cart gives it back by itself
        return all(r.expires_at and r.expires_at > world.at for r in around.reservations if r.status == "held")
    ends = checkout.payment_window_ends_at
    return checkout.status == "submitted" and (ends is None or ends > world.at)


def _is_paid(world: World, around: Around) -> bool:
    return all(around.tendered(c, world.at) >= around.due(c) - ROUNDING for c in around.currencies)


def _needed(orders: list[OrderFact], *, digital: bool = False) -> Counter[str]:
    """Units by sku that must be sent; with `digital`, of what need not be sent too."""
    need: Counter[str] = Counter()
    for order in orders:
        for line in order.lines:
            if line.requires_shipping or digital:
                need[line.sku] += line.quantity
    return need


def _backordered(world: World, around: Around) -> set[str]:
    """Skus that were back-ordered, by us with the customer's consent or by the shop: nothing can be reserved yet."""
    mine = {case["id"] for case in world.cases_of(around.id)}
    lines = {e["arguments"].get("line_id") for e in world.effects_done("backorder_line") if e["case_id"] in mine}
    return {
        line.sku for order in around.live_orders for line in order.lines
        if line.line_id in lines or order.id in world.put_off
    }  # fmt: skip


def _by_line(records: Iterable[CheckoutFact | OrderFact]) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        for line in record.lines:
            found[line.line_id] += line.quantity
    return found


def _total_after(world: World, effect: Row, checkout_id: str) -> tuple[int, str] | None:
    """What the shop answered to a correction; where the answer was lost, what it shows now."""
    answer = (world.steps.get(effect["step_id"], {}).get("result") or {}).get("total")
    if answer:
        return int(answer["amount"]), str(answer["currency"])
    around = world.shop.get(checkout_id)
    if around is None:
        return None
    records: list[CheckoutFact | OrderFact] = [around.checkout] if around.checkout else []
    records += around.live_orders  # the newest order counts, if there is one
    totals = [record.total for record in records if record.total]
    return (totals[-1].amount, totals[-1].currency) if totals else None
