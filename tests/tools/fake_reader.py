"""A reader over facts that a test lays out; what isn't laid out doesn't exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    PaymentLinkFact,
    PickupPointFact,
    ProductFact,
    RefundFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from tools.connectors.ports import SYSTEMS, Page

Fact = (
    CheckoutFact
    | OrderFact
    | PaymentFact
    | ReservationFact
    | StockFact
    | ProductFact
    | CustomerFact
    | CouponFact
    | PaymentLinkFact
)


class FakeReader:
    """Implements ShopReader; `asked` lists the reads in order."""

    def __init__(self, *facts: Fact) -> None:
        self.facts = facts
        self.asked: list[str] = []
        self.serviceable = ServiceabilityFact(deliverable=True)
        self.points: list[PickupPointFact] = []

    def capabilities(self) -> frozenset[str]:
        return SYSTEMS

    def checkout(self, checkout_id: str) -> CheckoutFact | None:
        self.asked.append(f"checkout {checkout_id}")
        return next((f for f in self.facts if isinstance(f, CheckoutFact) and f.id == checkout_id), None)

    def order(self, order_id: str) -> OrderFact | None:
        return next((f for f in self.facts if isinstance(f, OrderFact) and f.id == order_id), None)

    def orders(self, checkout_id: str) -> list[OrderFact]:
        self.asked.append(f"orders {checkout_id}")
        return [f for f in self.facts if isinstance(f, OrderFact) and f.checkout_id == checkout_id]

    def payment(self, payment_id: str) -> PaymentFact | None:
        return next((f for f in self.facts if isinstance(f, PaymentFact) and f.id == payment_id), None)

    def payments(self, checkout_id: str) -> list[PaymentFact]:
        self.asked.append(f"payments {checkout_id}")
        return [f for f in self.facts if isinstance(f, PaymentFact) and f.checkout_id == checkout_id]

    def refunds(self, payment_id: str) -> list[RefundFact]:
        return []

    def payment_link(self, link_id: str) -> PaymentLinkFact | None:
        return next((f for f in self.facts if isinstance(f, PaymentLinkFact) and f.id == link_id), None)

    def stock(self, skus: Sequence[str]) -> dict[str, StockFact]:
        self.asked.append(f"stock {' '.join(skus)}")
        return {f.sku: f for f in self.facts if isinstance(f, StockFact) and f.sku in skus}

    def reservations(self, checkout_id: str) -> list[ReservationFact]:
        self.asked.append(f"reservations {checkout_id}")
        return [f for f in self.facts if isinstance(f, ReservationFact) and f.checkout_id == checkout_id]

    def product(self, sku: str) -> ProductFact | None:
        return next((f for f in self.facts if isinstance(f, ProductFact) and f.sku == sku), None)

    def products(self, *, category: str | None = None, query: str | None = None, limit: int = 20) -> list[ProductFact]:
        self.asked.append(f"products {category or ''} {query or ''}")
        products = [f for f in self.facts if isinstance(f, ProductFact)]
        return [p for p in products if category in (None, p.category)][:limit]

    def customer(self, customer_id: str) -> CustomerFact | None:
        self.asked.append(f"customer {customer_id}")
        return next((f for f in self.facts if isinstance(f, CustomerFact) and f.id == customer_id), None)

    def coupon(self, code: str, *, customer_id: str | None = None, checkout_id: str | None = None) -> CouponFact | None:
        return next((f for f in self.facts if isinstance(f, CouponFact) and f.code == code), None)

    def serviceability(self, address: Address) -> ServiceabilityFact:
        self.asked.append(f"serviceability {address.city}")
        return self.serviceable

    def pickup_points(self, address: Address, limit: int = 3) -> list[PickupPointFact]:
        return self.points

    def checkouts_changed(self, since: datetime, cursor: str | None = None) -> Page[CheckoutFact]:
        return Page(items=[])

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page[OrderFact]:
        return Page(items=[])

    def payments_changed(self, since: datetime, cursor: str | None = None) -> Page[PaymentFact]:
        return Page(items=[])

    def reservations_changed(self, since: datetime, cursor: str | None = None) -> Page[ReservationFact]:
        return Page(items=[])
