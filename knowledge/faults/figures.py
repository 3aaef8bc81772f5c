"""The sums playbooks move money and stock by, all exact from what was read back; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money

Priced = CheckoutFact | OrderFact
OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION})
ACCEPTED = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED})
LATER = frozenset({PaymentKind.ON_DELIVERY, PaymentKind.PAY_LATER})
SENT = frozenset({"shipped", "delivered"})
ENDED = frozenset({"expired", "cancelled"})
KEPT_FOR_US = frozenset({"held", "committed"})


# -- money ----------------------------------------------------------------------------------------------------------


def minor(money: Money | None) -> int:
    """The amount in minor units, 0 for none."""
    return money.amount if money else 0


def refunded(payment: PaymentFact) -> int:
    """What went back or is going back: the `expected_refunded` of the next refund."""
    return minor(payment.refunded) + minor(payment.refund_pending)


def kept(payment: PaymentFact) -> int:
    """Captured, less what went or is going back, in minor units: what can still be refunded."""
    return max(0, minor(payment.captured) - refunded(payment) - minor(payment.disputed))


def kept_net(payment: PaymentFact) -> int:
    """`kept` without the surcharge of the method: what counts towards the total."""
    return max(0, kept(payment) - minor(payment.surcharge))


def captured_net(facts: Facts) -> int:
    """Money, gift cards, points and vouchers taken and kept, without surcharges, in minor units."""
    return sum(kept_net(payment) for payment in facts.payments or [])


def valid_authorisation(payment: PaymentFact, now: datetime) -> bool:
    """Whether money is authorised and may still be captured."""
    expired = payment.authorized_until is not None and payment.authorized_until <= now
    return payment.status is PaymentStatus.AUTHORIZED and not expired


def authorised_net(facts: Facts, now: datetime) -> int:
    """Valid authorisations in minor units, without what was captured of them and without what `kept_net` has left of
    their surcharges to take off."""
    worths = (
        minor(p.amount) - minor(p.captured) - max(0, minor(p.surcharge) - kept(p))
        for p in facts.payments or []
        if valid_authorisation(p, now) and p.kind not in LATER
    )
    return sum(max(0, worth) for worth in worths)


def paid_later(facts: Facts) -> bool:
    """Whether cash on delivery or pay later was accepted."""
    return any(p.kind in LATER and p.status in ACCEPTED for p in facts.payments or [])


def lacking(facts: Facts, due: Money, now: datetime) -> int:
    """What is missing until `due` is paid in SPEC's sense, in minor units; 0 when it is."""
    if paid_later(facts):
        return 0
    return max(0, due.amount - captured_net(facts) - authorised_net(facts, now))


def currencies(facts: Facts) -> set[str]:
    """Every currency that stands anywhere in the checkout, its orders and its payments."""
    moneys: list[Money | None] = []
    records: list[Priced] = [*(facts.orders or [])]
    records += [facts.checkout] if facts.checkout else []
    for priced in records:
        moneys += [priced.total, priced.shipping_fee, priced.tax, priced.fees, priced.discount]
        moneys += [line.unit_price for line in priced.lines]
    for p in facts.payments or []:
        moneys += [p.amount, p.captured, p.refunded, p.refund_pending, p.disputed, p.surcharge]
    return {money.currency for money in moneys if money}


def split_agreed(facts: Facts) -> bool:
    """Whether several live orders together ask exactly what was agreed: one purchase, delivered in parts."""
    live = [order for order in facts.orders or [] if order.live]
    agreed = facts.checkout if facts.checkout is not None and facts.checkout.lines else None
    return len(live) > 1 and agreed is not None and sum(map(total_of, live)) == total_of(agreed)


def goods(lines: Iterable[Line]) -> int:
    """Σ unit price × quantity in minor units."""
    return sum(line.unit_price.amount * line.quantity for line in lines)


def sum_of_parts(priced: Priced) -> int:
    """Σ lines + shipping + tax + fees − discount in minor units."""
    extras = minor(priced.shipping_fee) + minor(priced.tax) + minor(priced.fees)
    return goods(priced.lines) + extras - minor(priced.discount)


def total_of(priced: Priced) -> int:
    """The stated total in minor units, the sum of the parts where none is stated."""
    return priced.total.amount if priced.total else sum_of_parts(priced)


def adds_up(priced: Priced, rounding: int) -> bool:
    """Whether the stated total is the sum of its parts; if not, a recomputation could raise it."""
    return abs(total_of(priced) - sum_of_parts(priced)) <= rounding


def total_after(priced: Priced, lines: Iterable[Line], discount: int | None = None) -> int:
    """The total the shop recomputes once the lines (and the discount) are these, in minor units.

    By contract a write changes only what it names: shipping, tax and fees stay, and so does one unit of rounding.
    """
    change = goods(lines) - goods(priced.lines)
    if discount is not None:
        change -= discount - minor(priced.discount)
    return max(0, total_of(priced) + change)


def foreseeable(priced: Priced, *, discount_named: bool) -> bool:
    """Whether `total_after` is certain to the unit.

    Where tax, rounding or a discount that is not named in the call could follow the goods, money waits for a read-back.
    """
    plain = not minor(priced.tax) and priced.total is not None and priced.total.amount == sum_of_parts(priced)
    return plain and (discount_named or not minor(priced.discount))


# -- stock ----------------------------------------------------------------------------------------------------------


def stocked(facts: Facts, finding: Finding) -> Callable[[Line], bool]:
    """Which lines need stock: what is shipped, and anything else that was ever reserved or reported missing."""
    tracked = {r.sku for r in facts.reservations or []} | set(finding.details.get("missing_skus") or ())
    return lambda line: line.requires_shipping or line.sku in tracked


def needed(lines: Iterable[Line], needs_stock: Callable[[Line], bool]) -> Counter[str]:
    """Units by sku that the lines need."""
    need: Counter[str] = Counter()
    for line in lines:
        if needs_stock(line):
            need[line.sku] += line.quantity
    return +need


def own(facts: Facts) -> list[ReservationFact]:
    """The reservations that keep stock for this checkout now."""
    return [r for r in facts.reservations or [] if r.status in KEPT_FOR_US]


def secured(facts: Facts) -> Counter[str]:
    """Units by sku held or committed for this checkout."""
    have: Counter[str] = Counter()
    for reservation in own(facts):
        have[reservation.sku] += reservation.quantity
    return have


def available(facts: Facts, sku: str) -> int:
    """Units anybody may still reserve; 0 when the inventory system doesn't know the sku."""
    stock = facts.stock.get(sku)
    return max(0, stock.available) if stock else 0


def surplus(facts: Facts, need: Mapping[str, int]) -> tuple[list[ReservationFact], list[ReservationFact]]:
    """`(whole, split)`: reservations to release because less is needed.

    `whole` can go without anything being short. `split` hold more than is too much: they are released and what is
    needed of them is reserved again.
    """
    whole: list[ReservationFact] = []
    split: list[ReservationFact] = []
    for sku, have in secured(facts).items():
        excess = have - need.get(sku, 0)
        rows = sorted((r for r in own(facts) if r.sku == sku), key=lambda r: (r.status != "held", -r.quantity, r.id))
        for row in rows:
            if 0 < row.quantity <= excess:
                whole.append(row)
                excess -= row.quantity
        if excess > 0:
            split.append(min((r for r in rows if r not in whole), key=lambda r: (r.quantity, r.id)))
    return whole, split


def reserve_lines(quantities: Mapping[str, int]) -> list[dict[str, Any]]:
    """`[{sku, quantity}]` of what is above zero, by sku."""
    return [{"sku": sku, "quantity": n} for sku, n in sorted(quantities.items()) if n > 0]


def with_price(line: Line, unit_price: Money) -> Line:
    """The line at another unit price."""
    return msgspec.structs.replace(line, unit_price=unit_price)


def with_quantity(line: Line, quantity: int) -> Line:
    """The line in another quantity."""
    return msgspec.structs.replace(line, quantity=quantity)
