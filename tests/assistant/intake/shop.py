"""A shop in memory that the sweep reads: what it says, when it is down, and what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    ProductFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from tools.connectors.ports import SYSTEMS, Page


class Shop:
    """What it has is in its lists; `asked` names each read."""

    def __init__(self) -> None:
        self.checkout_facts: dict[str, CheckoutFact] = {}
        self.order_facts: list[OrderFact] = []
        self.payment_facts: list[PaymentFact] = []
        self.reservation_facts: list[ReservationFact] = []
        self.customer_facts: dict[str, CustomerFact] = {}
        self.coupon_facts: dict[str, CouponFact] = {}
        self.product_facts: dict[str, ProductFact] = {}
        self.stock_facts: dict[str, StockFact] = {}
        self.deliverable = ServiceabilityFact(deliverable=True)
        self.page_size = 100
        self.down: set[str] = set()
        self.asked: list[tuple[str, Any]] = []

    def capabilities(self) -> frozenset[str]:
        return SYSTEMS

    def _asked(self, name: str, argument: Any) -> None:
        self.asked.append((name, argument))
        if name in self.down or "everything" in self.down:
            raise UnavailableError("shop_down", f"{name}: no answer")

    def checkout(self, checkout_id: str) -> CheckoutFact | None:
        self._asked("checkout", checkout_id)
        return self.checkout_facts.get(checkout_id)

    def orders(self, checkout_id: str) -> list[OrderFact]:
        self._asked("orders", checkout_id)
        return [o for o in self.order_facts if o.checkout_id == checkout_id]

    def payments(self, checkout_id: str) -> list[PaymentFact]:
        self._asked("payments", checkout_id)
        return [p for p in self.payment_facts if p.checkout_id == checkout_id]

    def payment(self, payment_id: str) -> PaymentFact | None:
        self._asked("payment", payment_id)
        return next((p for p in self.payment_facts if p.id == payment_id), None)

    def reservations(self, checkout_id: str) -> list[ReservationFact]:
        self._asked("reservations", checkout_id)
        return [r for r in self.reservation_facts if r.checkout_id == checkout_id]

    def stock(self, skus: Sequence[str]) -> dict[str, StockFact]:
        self._asked("stock", tuple(skus))
        return {sku: self.stock_facts[sku] for sku in skus if sku in self.stock_facts}

    def customer(self, customer_id: str) -> CustomerFact | None:
        self._asked("customer", customer_id)
        return self.customer_facts.get(customer_id)

    def coupon(self, code: str, *, customer_id: str | None = None, checkout_id: str | None = None) -> CouponFact | None:
        self._asked("coupon", (code, customer_id, checkout_id))
        return self.coupon_facts.get(code)

    def product(self, sku: str) -> ProductFact | None:
        self._asked("product", sku)
        return self.product_facts.get(sku)

    def serviceability(self, address: Address) -> ServiceabilityFact:
        self._asked("serviceability", address)
        return self.deliverable

    def checkouts_changed(self, since: datetime, cursor: str | None = None) -> Page[CheckoutFact]:
        return self._page("checkouts_changed", list(self.checkout_facts.values()), since, cursor)

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page[OrderFact]:
        return self._page("orders_changed", self.order_facts, since, cursor)

    def payments_changed(self, since: datetime, cursor: str | None = None) -> Page[PaymentFact]:
        return self._page("payments_changed", self.payment_facts, since, cursor)

    def reservations_changed(self, since: datetime, cursor: str | None = None) -> Page[ReservationFact]:
        return self._page("reservations_changed", self.reservation_facts, since, cursor)

    def _page(self, name: str, facts: list[Any], since: datetime, cursor: str | None) -> Page[Any]:
        self._asked(name, (since, cursor))
        changed = sorted((f for f in facts if f.updated_at and f.updated_at >= since), key=lambda f: f.updated_at)
        start = int(cursor or 0)
        end = start + self.page_size
        return Page(items=changed[start:end], next=str(end) if end < len(changed) else None)
