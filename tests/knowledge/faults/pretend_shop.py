"""A strict little shop in memory that obeys contract B; for the playbooks' tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import msgspec

from knowledge.addresses import complete
from knowledge.faults.delivering import corrected
from knowledge.phrases import render
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import Facts, PickupPointFact, ProductFact
from knowledge.vocabulary.plans import PlanStep
from knowledge.vocabulary.snapshot import Mark
from tests.knowledge.faults.pretend_money import MoneyDesk, RefusedError, yuan
from tools.actions import ACTIONS

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CHECKOUT = "chk-1"


def line(line_id: str, sku: str, quantity: int = 1, price: int = 1000, *, ships: bool = True) -> dict[str, Any]:
    return {
        "line_id": line_id, "sku": sku, "quantity": quantity, "unit_price": yuan(price), "requires_shipping": ships,
    }  # fmt: skip


@dataclass
class Shop(MoneyDesk):
    """State as JSON-like dicts. Every write is checked the way contract B says it is, and noted in `writes`."""

    lines: list[dict[str, Any]] = field(default_factory=lambda: [line("L1", "A")])
    cart: list[dict[str, Any]] | None = None
    shipping: int = 0
    discount: int = 0
    tax_percent: int = 0
    status: str = "submitted"
    on_hand: dict[str, int] = field(default_factory=dict)
    restock_at: datetime | None = None
    customer: dict[str, Any] | None = field(
        default_factory=lambda: {"id": "cus-1", "allowed_channels": ["email"], "marketing_consent": True}
    )
    address: dict[str, Any] | None = None
    serviceability: dict[str, Any] | None = None
    verdict_after: dict[str, Any] = field(default_factory=lambda: {"deliverable": True})  # once an address was set
    given: dict[str, Any] | None = None  # what the customer said in a conversation
    now: datetime = NOW
    payments: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    reservations: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    substitutes: dict[str, list[ProductFact]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    pickup_points: list[PickupPointFact] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)  # what its events told
    listed: dict[str, int] = field(default_factory=dict)  # what the shop shows, by sku, where it differs
    writes: list[PlanStep] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # action → code, for the next call of it
    meanwhile: Callable[[Shop, PlanStep], None] | None = None  # the shop's own pipeline, before each of our writes

    def __post_init__(self) -> None:
        parts = {"lines": self.lines, "shipping_fee": yuan(self.shipping), "discount": yuan(self.discount)}
        self.carriers_form: dict[str, Any] | None = (self.serviceability or {}).get("normalised")
        self.checkout: dict[str, Any] = {
            "id": CHECKOUT, "version": 1, "customer_id": "cus-1", "status": self.status, "cart_lines": self.cart,
            "submitted_at": NOW - timedelta(hours=1), "shipping_address": self.address, **parts,
        }  # fmt: skip
        recompute(self.checkout, self.tax_percent)
        for one in self.lines:
            self.on_hand.setdefault(one["sku"], 0)

    # -- setting the scene ------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return int(self.checkout["total"]["amount"])

    def pay(self, amount: int | None = None, status: str = "captured", **more: Any) -> Shop:
        amount = self.total if amount is None else amount
        row = {
            "id": f"pay-{len(self.payments) + 1}", "checkout_id": CHECKOUT, "status": status, "kind": "money",
            "amount": yuan(amount), "captured": yuan(amount if status == "captured" else 0), "refunded": yuan(0),
            "refund_pending": yuan(0), "disputed": yuan(0), "created_at": NOW - timedelta(minutes=50), **more,
        }  # fmt: skip
        self.payments.append(row)
        return self

    def tell(self, type_: str, entity: str = "") -> None:
        """An event of this type comes in."""
        ref = f"shop:{type_}:{len(self.marks)}"
        self.marks.append(Mark(type_, ref, self.now, self.now, entity))

    def hold(self, sku: str, quantity: int, status: str = "held") -> Shop:
        number = len(self.reservations) + 1
        self.reservations.append(
            {"id": f"res-{number}", "checkout_id": CHECKOUT, "sku": sku, "quantity": quantity, "status": status}
        )
        self.on_hand[sku] = self.on_hand.get(sku, 0) + quantity
        return self

    def order(self, status: str = "created", **more: Any) -> Shop:
        parts = {k: msgspec.convert(msgspec.to_builtins(self.checkout[k]), Any) for k in PARTS}
        address = dict(self.checkout["shipping_address"]) if self.checkout["shipping_address"] else None
        self.orders.append(
            {"id": f"ord-{len(self.orders) + 1}", "checkout_id": CHECKOUT, "version": 1, "status": status,
             "shipping_address": address, **parts, **more}
        )  # fmt: skip
        self.checkout["status"] = "completed"
        return self

    # -- reading ----------------------------------------------------------------------------------------------------

    def reserved(self, sku: str) -> int:
        return sum(r["quantity"] for r in self.reservations if r["sku"] == sku and r["status"] in SET_ASIDE)

    def facts(self) -> Facts:
        stock = {
            sku: {"sku": sku, "on_hand": n, "reserved": self.reserved(sku), "available": n - self.reserved(sku),
                  "restock_at": self.restock_at, "shop_listed": self.listed.get(sku)}
            for sku, n in self.on_hand.items()
        }  # fmt: skip
        raw = {
            "checkout_id": CHECKOUT, "at": self.now, "checkout": self.checkout, "orders": self.orders,
            "payments": self.payments, "reservations": self.reservations, "stock": stock, "customer": self.customer,
            "serviceability": self.serviceability, "given": self.given,
            "coupon": self.coupon, "coupon_holder": self.coupon_holder,
        }  # fmt: skip
        return msgspec.convert(msgspec.to_builtins(raw), Facts)

    def kept(self, payment: dict[str, Any]) -> int:
        gone = payment["refunded"]["amount"] + payment["refund_pending"]["amount"] + payment["disputed"]["amount"]
        return int(payment["captured"]["amount"] - gone)

    @property
    def money(self) -> int:
        """Everything kept, in minor units."""
        return sum(self.kept(p) for p in self.payments)

    @property
    def live(self) -> list[dict[str, Any]]:
        return [o for o in self.orders if o["status"] != "cancelled"]

    # -- writing ----------------------------------------------------------------------------------------------------

    def apply(self, step: PlanStep, results: dict[str, dict[str, Any]]) -> None:
        """Performs one step as repair would, or raises RefusedError."""
        if self.meanwhile is not None:
            self.meanwhile(self, step)
        arguments = {k: _filled(v, results) for k, v in step.arguments.items()}
        if "address_from" not in arguments and step.action != "send_message":
            ACTIONS[step.action].check(arguments)
        if code := self.refuse.pop(step.action, None):
            raise RefusedError(code)
        totals = {o["id"]: o["total"]["amount"] for o in [*self.orders, self.checkout]}
        result = getattr(self, f"_{step.action}")(**arguments)
        for one in [*self.orders, self.checkout]:
            assert one["total"]["amount"] <= totals.get(one["id"], one["total"]["amount"]), f"{step.action} raised it"
        results[step.action] = result or {}
        self.writes.append(step)

    def _order(self, order_id: str, version: Any, *statuses: str) -> dict[str, Any]:
        order = next(o for o in self.orders if o["id"] == order_id)
        if version is not None and version != order["version"]:
            raise RefusedError("stale")
        if order["status"] not in statuses:
            raise RefusedError(f"already_{order['status']}")
        order["version"] += 1
        return order

    def _checkout(self, checkout_id: str, version: Any = None) -> dict[str, Any]:
        assert checkout_id == CHECKOUT
        if version is not None and version != self.checkout["version"]:
            raise RefusedError("stale")
        self.checkout["version"] += 1
        return self.checkout

    def _create_order(self, checkout_id: str) -> dict[str, Any]:
        if self.orders:
            raise RefusedError("order_exists")
        if self.checkout["status"] in ("expired", "cancelled"):
            raise RefusedError("checkout_expired")
        self._checkout(checkout_id)
        self.order()
        return {"id": self.orders[-1]["id"]}

    def _confirm_order(self, order_id: str, version: Any = None) -> None:
        self._order(order_id, version, "created")["status"] = "confirmed"
        for r in self.reservations:
            r["status"] = "committed" if r["status"] == "held" else r["status"]

    def _cancel_order(self, order_id: str, reason: str, version: Any = None) -> None:
        self._order(order_id, version, "created", "confirmed", "on_hold")["status"] = "cancelled"

    def _cancel_lines(self, order_id: str, lines: Any, reason: str, expect: Any, version: Any = None) -> None:
        order = self._order(order_id, version, "created", "confirmed", "on_hold")
        for cut in lines:
            one = next(x for x in order["lines"] if x["line_id"] == cut["line_id"])
            assert 0 < cut["quantity"] <= one["quantity"]
            one["quantity"] -= cut["quantity"]
            assert expect[one["line_id"]] == one["quantity"]
        order["lines"] = [x for x in order["lines"] if x["quantity"]]
        assert order["lines"], "cancel the order instead"
        recompute(order, self.tax_percent)

    def _backorder_line(self, order_id: str, line_id: str, expected_at: str, version: Any = None) -> None:
        order = self._order(order_id, version, "created", "confirmed", "on_hold")
        assert any(x["line_id"] == line_id for x in order["lines"])
        order["expected_ship_at"] = expected_at

    def _substitute_line(
        self, order_id: str, line_id: str, to_sku: str, quantity: int, unit_price: Any, expect: Any,
        version: Any = None,
    ) -> None:  # fmt: skip
        order = self._order(order_id, version, "created", "confirmed", "on_hold")
        one = next(x for x in order["lines"] if x["line_id"] == line_id)
        assert quantity == one["quantity"]
        one |= {"sku": to_sku, "unit_price": unit_price}
        recompute(order, self.tax_percent)

    def _reprice_order(self, order_id: str, lines: Any, discount: Any = None, version: Any = None) -> None:
        self._reprice(self._order(order_id, version, "created", "confirmed", "on_hold"), lines, discount)

    def _reprice_checkout(self, checkout_id: str, lines: Any, discount: Any = None, version: Any = None) -> None:
        if self.orders:
            raise RefusedError("order_exists")
        checkout = self._checkout(checkout_id, version)
        self._reprice(checkout, lines, discount)
        agreed = {x["line_id"]: x["unit_price"] for x in lines}
        for one in checkout["cart_lines"] or []:
            one["unit_price"] = agreed.get(one["line_id"], one["unit_price"])

    def _reprice(self, priced: dict[str, Any], lines: Any, discount: Any) -> None:
        for new in lines:
            next(x for x in priced["lines"] if x["line_id"] == new["line_id"])["unit_price"] = new["unit_price"]
        assert discount is not None, "a threshold discount would be lost"
        priced["discount"] = discount
        recompute(priced, self.tax_percent)

    def _expire_checkout(self, checkout_id: str, reason: str, version: Any = None) -> None:
        if self.orders:
            raise RefusedError("order_exists")
        self._checkout(checkout_id, version)["status"] = "expired"

    def _set_order_address(self, order_id: str, address_from: str, version: Any = None) -> None:
        order = self._order(order_id, version, "created", "confirmed", "on_hold")
        order["shipping_address"] = self._address(address_from, order)
        self.serviceability = dict(self.verdict_after)

    def _set_checkout_address(self, checkout_id: str, address_from: str, version: Any = None) -> None:
        address = self._address(address_from, self.checkout)
        self._checkout(checkout_id, version)["shipping_address"] = address
        if not self.live:
            self.serviceability = dict(self.verdict_after)

    def _address(self, source: str, base: dict[str, Any]) -> dict[str, Any]:
        if source == "checkout":
            return dict(self.checkout["shipping_address"])
        if source == "conversation":
            assert self.given is not None
            return dict(self.given)
        given = base["shipping_address"] or {}
        if source == "serviceability":
            assert self.carriers_form is not None
            return {**given, **self.carriers_form}
        if source in ("completed", "corrected"):
            address = msgspec.convert(given, Address)
            done = complete(address).address if source == "completed" else corrected(address)
            return dict(msgspec.to_builtins(done))
        assert self.customer is not None
        return {**self.customer["addresses"][0], **given}

    def _choose_pickup(self, order_id: str, pickup_point_id: str, version: Any = None) -> None:
        order = self._order(order_id, version, "created", "confirmed", "on_hold")
        assert any(point.id == pickup_point_id for point in self.pickup_points), "no such point"
        order["pickup_point_id"] = pickup_point_id

    def _add_note(self, order_id: str, text: str) -> None:
        assert any(order["id"] == order_id for order in self.orders)
        self.notes.append(text)

    def _resync_stock(self, sku: str) -> None:
        self.listed[sku] = max(0, self.on_hand[sku] - self.reserved(sku))

    def _payment(self, payment_id: str) -> dict[str, Any]:
        return next(p for p in self.payments if p["id"] == payment_id)

    def _cancel_payment(self, payment_id: str) -> None:
        payment = self._payment(payment_id)
        if payment["status"] not in ("pending", "requires_action", "authorized"):
            raise RefusedError(f"already_{payment['status']}")
        payment["status"] = "cancelled"

    def _refund_payment(self, payment_id: str, amount: Any, reason: str, expected_refunded: Any) -> None:
        payment = self._payment(payment_id)
        if expected_refunded["amount"] != payment["refunded"]["amount"] + payment["refund_pending"]["amount"]:
            raise RefusedError("refunded_changed")
        assert 0 < amount["amount"] <= self.kept(payment), "exceeds_captured"
        payment["refund_pending"] = yuan(payment["refund_pending"]["amount"] + amount["amount"])

    def _create_payment_link(self, checkout_id: str, amount: Any) -> dict[str, Any]:
        link = {"id": f"link-{len(self.links) + 1}", "status": "open", "amount": amount["amount"]}
        self.links.append(link | {"url": f"https://shop.example/{link['id']}"})
        return self.links[-1]

    def _cancel_payment_link(self, link_id: str) -> None:
        link = next(one for one in self.links if one["id"] == link_id)
        if link["status"] != "open":
            raise RefusedError(f"already_{link['status']}")
        link["status"] = "cancelled"

    def _reserve_stock(self, checkout_id: str, lines: Any, held_before: Any) -> None:
        if self.checkout["status"] in ("expired", "cancelled"):
            raise RefusedError("checkout_expired")
        for one in lines:
            assert held_before[one["sku"]] == self.reserved(one["sku"])
            if self.on_hand.get(one["sku"], 0) - self.reserved(one["sku"]) < one["quantity"]:
                raise RefusedError("out_of_stock")
        for one in lines:
            self.hold(one["sku"], one["quantity"])
            self.on_hand[one["sku"]] -= one["quantity"]

    def _release_reservation(self, reservation_id: str, checkout_id: str) -> None:
        self._set_aside(reservation_id, "released", "held", "committed")

    def _commit_reservation(self, reservation_id: str, checkout_id: str) -> None:
        self._set_aside(reservation_id, "committed", "held")

    def _set_aside(self, reservation_id: str, status: str, *allowed: str) -> None:
        row = next(r for r in self.reservations if r["id"] == reservation_id)
        if row["status"] not in allowed:
            raise RefusedError(f"already_{row['status']}")
        row["status"] = status

    def _send_message(self, fault: str, occasion: str, phrase: str, params: Any, choices: Any = None) -> None:
        assert occasion not in self.messages, "nothing is said twice"
        texts = import_module(f"knowledge.faults.{FaultCode(fault).value}.messages").MESSAGES
        for language in ("zh-CN", "en"):
            said = {k: v[language] if isinstance(v, dict) and "en" in v else v for k, v in params.items()}
            assert render(texts, phrase, language, **said)
        self.messages.append(occasion)


PARTS = ("lines", "shipping_fee", "tax", "discount", "total")
SET_ASIDE = ("held", "committed")


def recompute(priced: dict[str, Any], tax_percent: int) -> None:
    goods = sum(x["unit_price"]["amount"] * x["quantity"] for x in priced["lines"])
    priced["discount"] = yuan(min(priced["discount"]["amount"], goods))
    tax = goods * tax_percent // 100
    priced["tax"] = yuan(tax)
    priced["total"] = yuan(goods + priced["shipping_fee"]["amount"] + tax - priced["discount"]["amount"])


def _filled(value: Any, results: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, dict) and set(value) == {"from", "field"}:
        return results[value["from"]][value["field"]]
    return value
