"""Whether a changed object of the shop is what the events told already; the sweep reads back only what is not. Pure."""

from __future__ import annotations

import msgspec

from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.personal import address_view
from knowledge.vocabulary.snapshot import OrderSnapshot


def agrees(snapshot: OrderSnapshot | None, fact: CheckoutFact | OrderFact | PaymentFact | ReservationFact) -> bool:
    """Whether the snapshot says of it what the shop says."""
    if snapshot is None:
        return False
    if isinstance(fact, CheckoutFact):
        return _checkout(snapshot, fact)
    if isinstance(fact, OrderFact):
        return _order(snapshot, fact)
    if isinstance(fact, PaymentFact):
        return _payment(snapshot, fact)
    return _reservation(snapshot, fact)


def _checkout(s: OrderSnapshot, fact: CheckoutFact) -> bool:
    # Nobody sends an event for "completed": it is what a submitted checkout becomes by its order.
    status = "submitted" if fact.status == "completed" and s.live_orders and s.status != "completed" else fact.status
    return (
        s.status == status
        and _same(s.total, fact.total)
        and (s.coupon_code or None) == (fact.coupon_code or None)
        and (s.submitted_at is None) == (fact.submitted_at is None)
        and (not fact.lines or _lines(s.lines) == _lines(fact.lines))
        and _address(s, fact)
    )


def _address(s: OrderSnapshot, fact: CheckoutFact) -> bool:
    """As far as it is known outside the vault: which fields there are, and the coarse ones."""
    if fact.shipping_address is None:
        return True
    view = address_view(msgspec.to_builtins(fact.shipping_address), None)
    known = s.address
    return known is not None and (
        known.present == view["present"]
        and (known.country, known.province, known.city) == (view.get("country"), view.get("province"), view.get("city"))
    )


def _order(s: OrderSnapshot, fact: OrderFact) -> bool:
    known = s.orders.get(fact.id)
    return known is not None and known.status == fact.status and _same(known.total, fact.total)


def _payment(s: OrderSnapshot, fact: PaymentFact) -> bool:
    known = s.payments.get(fact.id)
    return known is not None and (
        known.status == fact.status
        and known.captured == _amount(fact.captured)
        and known.refunded == _amount(fact.refunded)
        and known.refund_pending == _amount(fact.refund_pending)
        and known.disputed == _amount(fact.disputed)
    )


def _reservation(s: OrderSnapshot, fact: ReservationFact) -> bool:
    known = s.reservations.get(f"{fact.id}/{fact.sku}")
    return known is not None and known.status == fact.status and known.quantity == fact.quantity


def _same(told: Money | None, fact: Money | None) -> bool:
    return told is None or fact is None or told == fact


def _amount(money: Money | None) -> int:
    return money.amount if money else 0


def _lines(lines: list[Line] | None) -> list[tuple[str, str, int, int]]:
    return sorted((line.line_id, line.sku, line.quantity, line.unit_price.amount) for line in lines or [])
