"""The `http` connector: contract B over HTTP, to any shop that implements it; wired in the application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from knowledge.vocabulary.errors import ReadRefusedError
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
from tools.connectors.answer import json_of, problem_of
from tools.connectors.gate import Gate, GatePolicy, HealthObserver
from tools.connectors.link import Link, Query
from tools.connectors.outcome import Outcome
from tools.connectors.ports import SYSTEMS, Page, WriteRequest, resource_path, system_of
from tools.connectors.reading import bad_answer, fact_of, facts_of, page_of

F = TypeVar("F", bound=msgspec.Struct)

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
SKUS_A_CALL = 50  # keeps the address line of `/stock?sku=…` well below 8 KiB


class HttpShop:
    """A shop connected over HTTP: `reader` and `writer` share one connection pool and one gate. Thread-safe.

    `url` may end in a path of its own. `close` ends its connections.

    Raises:
        InputError: `invalid_setting` for a URL that is none or an empty token.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        policy: GatePolicy | None = None,
        on_health: HealthObserver | None = None,
    ) -> None:
        policy = policy or GatePolicy()
        self.gate = Gate("shop", policy, on_health)
        self._link = Link(url, token, policy)
        self.reader = HttpReader(self._link, self.gate)
        self.writer = HttpWriter(self._link, self.gate)

    def refusing(self) -> frozenset[str]:
        """The systems whose next call would be refused, because they keep failing."""
        return self.gate.refusing()

    def close(self) -> None:
        """Closes all connections; calls after this fail."""
        self._link.close()

    def __enter__(self) -> HttpShop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class HttpWriter:
    """Sends write requests to the shop, byte by byte as they are. Implements ShopWriter."""

    def __init__(self, link: Link, gate: Gate) -> None:
        self._link, self._gate = link, gate

    def capabilities(self) -> frozenset[str]:
        """All of SYSTEMS: the contract covers them."""
        return SYSTEMS

    def send(self, request: WriteRequest) -> Outcome:
        """Sends it once with its Idempotency-Key (and If-Match); see Outcome for what each ending means."""
        headers = {"Idempotency-Key": request.key, "Content-Type": "application/json"}
        if request.if_match is not None:
            headers["If-Match"] = request.if_match
        return self._gate.write(
            system_of(request.path),
            lambda: self._link.exchange(request.method, request.path, headers=headers, body=request.body),
        )


class HttpReader:
    """Reads the shop. Implements ShopReader: every method raises UnavailableError when the shop can't answer
    (codes: see Gate, and `shop_bad_answer` when the answer breaks the contract)."""

    def __init__(self, link: Link, gate: Gate) -> None:
        self._link, self._gate = link, gate

    def capabilities(self) -> frozenset[str]:
        """All of SYSTEMS: the contract covers them."""
        return SYSTEMS

    def ping(self) -> None:
        """Asks for next to nothing; UnavailableError says why the shop can't be used (down, wrong token)."""
        self.orders_changed(datetime.now(UTC))

    # -- shop

    def checkout(self, checkout_id: str) -> CheckoutFact | None:
        return self._one(CheckoutFact, resource_path("checkouts", checkout_id))

    def order(self, order_id: str) -> OrderFact | None:
        return self._one(OrderFact, resource_path("orders", order_id))

    def orders(self, checkout_id: str) -> list[OrderFact]:
        found = self._many(OrderFact, "/orders", {"checkout_id": checkout_id})
        return sorted(found, key=lambda order: order.created_at or _BEFORE_ALL)

    def checkouts_changed(self, since: datetime, cursor: str | None = None) -> Page[CheckoutFact]:
        return self._page(CheckoutFact, "/checkouts", since, cursor)

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page[OrderFact]:
        return self._page(OrderFact, "/orders", since, cursor)

    # -- payment

    def payment(self, payment_id: str) -> PaymentFact | None:
        return self._one(PaymentFact, resource_path("payments", payment_id))

    def payments(self, checkout_id: str) -> list[PaymentFact]:
        return self._many(PaymentFact, "/payments", {"checkout_id": checkout_id})

    def payments_changed(self, since: datetime, cursor: str | None = None) -> Page[PaymentFact]:
        return self._page(PaymentFact, "/payments", since, cursor)

    def refunds(self, payment_id: str) -> list[RefundFact]:
        return self._many(RefundFact, resource_path("payments", payment_id, "refunds"), {})

    def payment_link(self, link_id: str) -> PaymentLinkFact | None:
        return self._one(PaymentLinkFact, resource_path("payment-links", link_id))

    # -- inventory

    def stock(self, skus: Sequence[str]) -> dict[str, StockFact]:
        wanted = list(dict.fromkeys(skus))
        found: dict[str, StockFact] = {}
        for start in range(0, len(wanted), SKUS_A_CALL):
            found |= self._stock_of(wanted[start : start + SKUS_A_CALL])
        return found

    def _stock_of(self, skus: list[str]) -> dict[str, StockFact]:
        raw = self._get("/stock", {"sku": skus})
        if raw is not None:
            return {one.sku: one for one in facts_of(StockFact, raw)}
        if len(skus) == 1:
            return {}
        # One sku the system doesn't know must not hide the others.
        return {sku: fact for one in skus for sku, fact in self._stock_of([one]).items()}

    def reservations(self, checkout_id: str) -> list[ReservationFact]:
        return self._many(ReservationFact, "/reservations", {"checkout_id": checkout_id})

    def reservations_changed(self, since: datetime, cursor: str | None = None) -> Page[ReservationFact]:
        return self._page(ReservationFact, "/reservations", since, cursor)

    # -- catalogue, customers, promotion

    def product(self, sku: str) -> ProductFact | None:
        return self._one(ProductFact, resource_path("products", sku))

    def products(self, *, category: str | None = None, query: str | None = None, limit: int = 20) -> list[ProductFact]:
        asked = {"category": category, "query": query, "limit": str(limit)}
        return self._many(ProductFact, "/products", {name: value for name, value in asked.items() if value})

    def customer(self, customer_id: str) -> CustomerFact | None:
        return self._one(CustomerFact, resource_path("customers", customer_id))

    def coupon(self, code: str, *, customer_id: str | None = None, checkout_id: str | None = None) -> CouponFact | None:
        asked = {"customer_id": customer_id, "checkout_id": checkout_id}
        raw = self._get(resource_path("coupons", code), {name: value for name, value in asked.items() if value})
        return None if raw is None else fact_of(CouponFact, raw)

    # -- logistics: reads by POST, without a key

    def serviceability(self, address: Address) -> ServiceabilityFact:
        raw = self._ask("/serviceability", {"address": msgspec.to_builtins(address)})
        return fact_of(ServiceabilityFact, raw)

    def pickup_points(self, address: Address, limit: int = 3) -> list[PickupPointFact]:
        raw = self._ask("/pickup-points", {"address": msgspec.to_builtins(address), "limit": limit})
        return facts_of(PickupPointFact, raw)

    # -- how

    def _one(self, kind: type[F], path: str) -> F | None:
        raw = self._get(path, {})
        return None if raw is None else fact_of(kind, raw)

    def _many(self, kind: type[F], path: str, query: Query) -> list[F]:
        raw = self._get(path, query)
        return [] if raw is None else facts_of(kind, raw)

    def _page(self, kind: type[F], path: str, since: datetime, cursor: str | None) -> Page[F]:
        query = {"updated_since": since.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        raw = self._get(path, query | ({"cursor": cursor} if cursor else {}))
        if raw is None:
            raise bad_answer(f"{path}?updated_since= doesn't exist: is HELLOWORD_SHOP_URL right?")
        return page_of(kind, raw)

    def _get(self, path: str, query: Query) -> Any:
        return self._read("GET", path, query, None)

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        raw = self._read("POST", path, {}, msgspec.json.encode(body))
        if raw is None:
            raise ReadRefusedError("shop_not_supported", f"the shop has no {path}", 300.0)
        return raw

    def _read(self, method: str, path: str, query: Query, body: bytes | None) -> Any:
        """The answer's JSON, None for the shop's own 404."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self._gate.read(
            system_of(path),
            lambda: self._link.exchange(method, path, query=query, headers=headers, body=body),
        )
        if answer.status == 404:
            if not problem_of(answer):  # not the shop's: no evidence of absence
                raise bad_answer(f"{method} {path}: not the shop's 404: is HELLOWORD_SHOP_URL right?")
            return None
        try:
            return json_of(answer.body)
        except ValueError as error:
            raise bad_answer(f"{method} {path}: no JSON: {error}") from error
