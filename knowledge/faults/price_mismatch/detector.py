"""Finds checkouts whose lines cost something else than the same lines did in the cart."""

from __future__ import annotations

from collections import Counter

from knowledge.faults.context import Context
from knowledge.faults.reading import ended, evidence, live_total, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Unit prices of cart and checkout differ, and no order that already asks the better price settles it.

    The better price is that of the smaller whole payable total, never of a single line.
    """
    if s.submitted_at is None or s.total is None or not s.lines or not s.cart_lines:
        return []
    if ended(s) or (s.orders and not s.live_orders):
        return []
    pairs = [(line, cart) for line, cart in matched(s.lines, s.cart_lines) if _differ(s.total, line, cart)]
    if not pairs:
        return []
    difference = sum((cart.unit_price.amount - line.unit_price.amount) * line.quantity for line, cart in pairs)
    largest = max(abs(cart.unit_price.amount - line.unit_price.amount) for line, cart in pairs)
    if abs(difference) <= ctx.rounding and largest <= ctx.rounding:
        return []
    checkout, cart = s.total, Money(max(0, _at_cart_prices(s, difference, ctx.rounding)), s.total.currency)
    better = "cart" if cart < checkout else "checkout"
    agreed = live_total(s)
    if better == "cart" and agreed is not None and agreed <= cart.amount - _more_off(s) + ctx.rounding:
        return []  # the order already asks the better price
    marks = said(s, "checkout.submitted", read_back="checkout")[-1:]
    return [
        Finding(
            code=FaultCode.PRICE_MISMATCH,
            severity=SEVERITY,
            step=STEP,
            cause="checkout_dearer" if better == "cart" else "checkout_cheaper",
            detectable_at=heard_at(marks, s.submitted_at),
            evidence=evidence(marks),
            at_risk=Money(abs(checkout.amount - cart.amount), checkout.currency),
            details={
                "cart_total": cart.json(),
                "checkout_total": checkout.json(),
                "better": better,
                "better_total": min(cart, checkout, key=lambda m: m.amount).json(),
                "lines": [
                    {"line_id": line.line_id, "sku": line.sku, "quantity": line.quantity,
                     "cart_price": c.unit_price.json(), "checkout_price": line.unit_price.json()}
                    for line, c in pairs
                ],
            },
        )
    ]  # fmt: skip


def _more_off(s: OrderSnapshot) -> int:
    """How much more the live orders take off than the checkout did (a coupon made good), in minor units."""
    given = sum(o.discount.amount for o in s.live_orders if o.discount)
    return max(0, given - (s.discount.amount if s.discount else 0))


def matched(lines: list[Line], cart_lines: list[Line]) -> list[tuple[Line, Line]]:
    """Each checkout line with its cart line: by line id, else by a sku that stands once in both."""
    by_id = {c.line_id: c for c in cart_lines}
    in_cart, in_lines = Counter(c.sku for c in cart_lines), Counter(line.sku for line in lines)
    by_sku = {c.sku: c for c in cart_lines if in_cart[c.sku] == 1}
    pairs = []
    for line in lines:
        cart = by_id.get(line.line_id)
        if cart is None or cart.sku != line.sku:
            cart = by_sku.get(line.sku) if in_lines[line.sku] == 1 else None
        if cart is not None:
            pairs.append((line, cart))
    return pairs


def _differ(total: Money, line: Line, cart: Line) -> bool:
    same = line.unit_price.currency == cart.unit_price.currency == total.currency
    return same and line.unit_price != cart.unit_price


def _at_cart_prices(s: OrderSnapshot, difference: int, rounding: int) -> int:
    """The whole payable total had the cart's prices held; where the total already is that, it stays."""
    lines = sum(line.unit_price.amount * line.quantity for line in s.lines or [])
    extras = sum(part.amount for part in (s.shipping_fee, s.tax, s.fees) if part)
    payable = lines + extras - (s.discount.amount if s.discount else 0)
    total = s.total.amount if s.total else 0
    if abs(total - payable) > rounding and abs(total - (payable + difference)) <= rounding:
        return total
    return total + difference
