"""Names the end state of one checkout from the shop's books alone; called by the judge for every checkout."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tools.sandbox.geography import serviceability
from tools.sandbox.model import Address
from tools.sandbox.places import same_place

Json = dict[str, Any]
LATER = ("on_delivery", "pay_later")
PROGRESS = ("created", "confirmed", "on_hold", "shipped", "delivered")
MONEY_OPEN = ("overpaid", "underpaid", "kept_money", "paid_no_order", "total_differs", "disputed")


@dataclass
class Around:
    """A checkout with everything that belongs to it, as plain JSON of the books."""

    checkout: Json
    now: str
    orders: list[Json] = field(default_factory=list)
    payments: list[Json] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)
    reservations: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    customer: Json | None = None

    @property
    def live(self) -> list[Json]:
        return [order for order in self.orders if order["status"] != "cancelled"]

    @property
    def kept(self) -> int:
        """Money the shop still has, instalment interest left out; pending refunds count as given back."""
        return sum(_kept(payment) for payment in self.payments)

    @property
    def authorised(self) -> int:
        return sum(
            payment["amount"] - payment["surcharge"]
            for payment in self.payments
            if payment["status"] == "authorized"
            and payment["kind"] not in LATER
            and (payment["authorized_until"] or "~") > self.now
        )

    @property
    def accepted_later(self) -> bool:
        return any(p["kind"] in LATER and p["status"] == "authorized" for p in self.payments)

    @property
    def goodwill(self) -> int:
        """Refunds whose reason begins with `goodwill`: given without changing the total."""
        return sum(r["amount"] for r in self.refunds if r["status"] != "failed" and r["reason"].startswith("goodwill"))

    @property
    def set_aside(self) -> Counter[str]:
        """Quantity per sku that is reserved and still in the house."""
        found: Counter[str] = Counter()
        for held in self.reservations:
            if held["status"] in ("held", "committed") and not held["shipped"]:
                found[held["sku"]] += held["quantity"]
        return found

    @property
    def covered(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for held in self.reservations:
            if held["status"] in ("held", "committed"):
                found[held["sku"]] += held["quantity"]
        return found

    @property
    def in_window(self) -> bool:
        ends = self.checkout["payment_window_ends_at"]
        return self.checkout["status"] == "submitted" and (ends or "") > self.now


def end_state(around: Around, agreed_total: int | None = None, addresses: list[Json] | None = None) -> str:
    """One word for where the checkout stands; `agreed_total` is the best of the totals that the customer was shown
    or is entitled to (minor units), `addresses` are those he meant and typed."""
    if any(payment["disputed"] for payment in around.payments):
        return "disputed"
    if not around.live:
        return _without_order(around)
    order = _together(around.live)
    bought = _quantities(around.checkout)
    if len(around.live) > 1 and any(n > bought[sku] for sku, n in _quantities(order).items()):
        return "double_order"
    if any(_contradictory(one) for one in around.live):
        return "contradictory_times"
    if _blocked(around) and order["status"] != "delivered":
        return "account_blocked"
    return _money(around, order, agreed_total) or _goods(around, order, addresses or [])


def _together(orders: list[Json]) -> Json:
    """The live orders of one checkout as one: parts of a split order belong together."""
    if len(orders) == 1:
        return orders[0]
    statuses = [order["status"] for order in orders]
    return {
        **orders[0],
        "lines": [line for order in orders for line in order["lines"]],
        "total": sum(order["total"] for order in orders),
        "backorders": {key: at for order in orders for key, at in order["backorders"].items()},
        "status": "on_hold" if "on_hold" in statuses else min(statuses, key=PROGRESS.index),
    }


def _contradictory(order: Json) -> bool:
    return bool(order["delivered_at"] and order["shipped_at"] and order["delivered_at"] < order["shipped_at"])


def _blocked(around: Around) -> bool:
    return bool((around.customer or {}).get("status", "active") != "active")


def _goods(around: Around, order: Json, addresses: list[Json]) -> str:
    """Where the goods stand, of an order that the money agrees with."""
    if _undeliverable(order):
        return "undeliverable"
    if _misaddressed(order, addresses):
        return "misaddressed"
    if _short(around, order):
        return "paid_short_stock"
    if order["status"] == "on_hold":
        return "on_hold"
    if any(_stalled(one, around.now) for one in around.live):
        return "stalled"
    if order["backorders"]:
        return "backordered"
    return _lines(around, order)


def _misaddressed(order: Json, addresses: list[Json]) -> bool:
    if order["pickup_point_id"] or not any(line["requires_shipping"] for line in order["lines"]):
        return False
    return not same_place(order["shipping_address"] or {}, addresses)


def _stalled(order: Json, now: str) -> bool:
    """The parcel is stuck on its way, or should have left."""
    overdue = (order["expected_ship_at"] or "~") < now and not order["shipped_at"]
    return bool(order["exception"]) or (overdue and not order["backorders"])


def _money(around: Around, order: Json, agreed: int | None) -> str | None:
    paid = around.kept + around.authorised
    if around.accepted_later:
        return "pays_on_delivery" if paid == 0 else None
    same_goods = _quantities(order) == _quantities(around.checkout)
    made_good = paid <= (agreed or 0) and paid + around.goodwill >= order["total"]
    if agreed is not None and same_goods and order["total"] > agreed and not made_good:
        return "total_differs"
    if paid > order["total"]:
        return "overpaid"
    return "underpaid" if paid + around.goodwill < order["total"] else None


def _lines(around: Around, order: Json) -> str:
    agreed, promised = _quantities(around.checkout), _quantities(order)
    if agreed == promised:
        return "fulfilled"
    return "substituted" if set(promised) - set(agreed) else "partly_fulfilled"


def _without_order(around: Around) -> str:
    money = around.kept + around.authorised
    ended = around.checkout["status"] in ("expired", "cancelled") or bool(around.orders)
    if money > 0:
        if ended:
            return "kept_money"
        return "underpaid" if money < around.checkout["total"] else "paid_no_order"
    if any(payment["captured"] for payment in around.payments):
        return "refunded_stock_held" if around.set_aside else "cancelled_refunded"
    if any(payment["status"] in ("pending", "requires_action") for payment in around.payments):
        return "payment_pending"
    return "unpaid_held" if around.set_aside else "unpaid_released"


def _kept(payment: Json) -> int:
    if payment["status"] != "captured":
        return 0
    given = ("refunded", "refund_pending", "disputed", "surcharge")
    left: int = payment["captured"] - sum(payment[name] for name in given)
    return max(0, left)


def _undeliverable(order: Json) -> bool:
    if order["pickup_point_id"] or not any(line["requires_shipping"] for line in order["lines"]):
        return False
    return not serviceability(Address.model_validate(order["shipping_address"] or {}))["deliverable"]


def _short(around: Around, order: Json) -> bool:
    need: Counter[str] = Counter()
    for line in order["lines"]:
        if line["requires_shipping"] and line["line_id"] not in order["backorders"]:
            need[line["sku"]] += line["quantity"]
    return any(quantity > around.covered[sku] for sku, quantity in need.items())


def _quantities(priced: Json) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in priced["lines"]:
        found[line["sku"]] += line["quantity"]
    return found
