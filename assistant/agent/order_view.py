"""The order as every system sees it: what events told, what the shop said last, what differs. Pure; for get_order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView

Evidence = dict[str, Any]
_Row = Mapping[str, Any]


def order_view(order: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """What a model or person needs of `{checkout_id, snapshot, read_back}`; amounts also as words (`text`).

    `money` sums the payments of the order's own currency; every entry names its evidence (contract C's form).
    """
    snapshot = msgspec.convert(order["snapshot"], OrderSnapshot) if order.get("snapshot") else None
    back = order.get("read_back")
    read_back: _Row = _read(str(order.get("checkout_id")), back) if back else {}
    view: dict[str, Any] = {"checkout_id": order.get("checkout_id")}
    if snapshot is not None:
        view |= _as_told(snapshot, now or datetime.now(UTC))
    view["read_back"] = _as_read(read_back) if read_back else None
    differences = _differences(snapshot, read_back, now or datetime.now(UTC)) if snapshot is not None else ()
    view["differences"] = list(differences)
    return view


# -- what events told -----------------------------------------------------------------------------------------------


def _as_told(s: OrderSnapshot, now: datetime) -> dict[str, Any]:
    paid_at = s.paid_at(now)
    return {
        "status": s.status,
        "submitted_at": s.submitted_at,
        "customer_id": s.customer_id,
        "lines": [msgspec.to_builtins(line) for line in s.lines or []],
        "coupon_code": s.coupon_code,
        "money": _money(s),
        "paid": paid_at is not None,
        "paid_at": paid_at,
        "payments": [_payment(s, p) for p in s.payments.values()],
        "orders": [
            {"id": o.id, "status": o.status, "total": _shown(o.total), "expected_ship_at": o.expected_ship_at,
             "evidence": _last_mark(s, o.id, "order.", "shipment.", "read_back.order")}
            for o in s.orders.values()
        ],
        "reservations": [
            {"id": r.id, "sku": r.sku, "quantity": r.quantity, "status": r.status,
             "evidence": _last_mark(s, None, "inventory.", "read_back.reservations")}
            for r in s.reservations.values()
        ],
        "address": msgspec.to_builtins(s.address) if s.address else None,
        "evidence": _last_mark(s, None, "checkout.", "read_back.checkout"),
    }  # fmt: skip


def _money(s: OrderSnapshot) -> dict[str, Any] | None:
    if s.total is None:
        return None
    payments, currency = s.money_payments(), s.total.currency
    sums = {
        name: sum(getattr(p, name) for p in payments)
        for name in ("captured", "refunded", "refund_pending", "disputed", "kept", "surcharge")
    }
    shown = {name: _shown(Money(amount, currency)) for name, amount in sums.items()}
    left = s.total.amount - s.captured_net()
    return {"due": _shown(s.total), **shown, "left_to_pay": _shown(Money(max(0, left), currency)),
            "kept_above_due": _shown(Money(max(0, -left), currency))}  # fmt: skip


def _payment(s: OrderSnapshot, p: PaymentView) -> dict[str, Any]:
    amounts = {name: _shown(Money(getattr(p, name), p.currency)) if p.currency else None
               for name in ("amount", "captured", "refunded", "refund_pending", "disputed")}  # fmt: skip
    return {
        "id": p.id, "status": p.status, "method": p.method, "kind": p.kind, **amounts,
        "requested_at": p.requested_at, "captured_at": p.captured_at, "failure_code": p.failure_code,
        "evidence": _last_mark(s, p.id, "payment.", "refund.", "read_back.payment"),
    }  # fmt: skip


def _last_mark(s: OrderSnapshot, entity: str | None, *types: str) -> list[Evidence]:
    marks = [mark for kind in types for mark in s.marks_of(kind, entity=entity)]
    return [msgspec.to_builtins(max(marks, key=lambda mark: mark.at).evidence())] if marks else []


# -- what the shop said last ----------------------------------------------------------------------------------------


def _read(checkout_id: str, back: _Row) -> dict[str, Any]:
    """What was read last of each part, as one."""
    values = {name: part["value"] for name, part in back["facts"].items()}
    return {"checkout_id": checkout_id, "at": back["at"], **values}


def _as_read(read_back: _Row) -> dict[str, Any]:
    checkout: _Row = read_back.get("checkout") or {}
    return {
        "at": read_back.get("at"),
        "checkout_status": checkout.get("status"),
        "total": _shown_json(checkout.get("total")),
        "orders": [{"id": o["id"], "status": o.get("status"), "total": _shown_json(o.get("total"))}
                   for o in read_back.get("orders") or []],
        "payments": [
            {"id": p["id"], "status": p.get("status"),
             **{name: _shown_json(p.get(name)) for name in ("amount", "captured", "refunded", "refund_pending")}}
            for p in read_back.get("payments") or []
        ],
        "reservations": [{name: r.get(name) for name in ("id", "sku", "quantity", "status")}
                         for r in read_back.get("reservations") or []],
        "stock": [{"sku": sku, **{name: stock.get(name) for name in ("on_hand", "available", "shop_listed")}}
                  for sku, stock in (read_back.get("stock") or {}).items()],
        "deliverable": (read_back.get("serviceability") or {}).get("deliverable"),
        "evidence": [_read_evidence(read_back)],
    }  # fmt: skip


def _read_evidence(read_back: _Row) -> Evidence:
    at, ref = read_back.get("at"), f"checkout/{read_back.get('checkout_id')}@{read_back.get('at')}"
    return {"kind": "read_back", "ref": ref, "at": at, "value": "read_back"}


# -- what differs ---------------------------------------------------------------------------------------------------


def _differences(s: OrderSnapshot, read: _Row, now: datetime) -> Iterator[dict[str, Any]]:
    evidence = [_read_evidence(read)] if read else []
    yield from _between_events_and_shop(s, read, evidence)
    yield from _prices(s)
    yield from _stock(s, read, evidence)
    money = s.captured_net()
    paid = s.paid_at(now) is not None
    if s.total is not None and money and (money > s.total.amount + 1 or not paid):
        found: dict[str, Any] = {"due": _shown(s.total), "captured": _shown(Money(money, s.total.currency))}
        yield _difference("captured_and_due", "", found, _last_mark(s, None, "payment.captured", "read_back.payment"))
    for order in s.live_orders:
        if s.total is not None and order.total is not None and order.total != s.total:
            found = {"checkout": _shown(s.total), "order": _shown(order.total)}
            yield _difference("order_total", order.id, found, _last_mark(s, order.id, "order.", "read_back.order"))
    if paid and not s.live_orders:
        found = {"payment": "paid", "order": None}
        seen = _last_mark(s, None, "read_back.no_order", "read_back.order") or evidence
        yield _difference("paid_without_order", "", found, seen or _last_mark(s, None, "payment."))


def _between_events_and_shop(s: OrderSnapshot, read: _Row, evidence: list[Evidence]) -> Iterator[dict[str, Any]]:
    checkout: _Row = read.get("checkout") or {}
    if checkout.get("status") and checkout["status"] != s.status:
        statuses: dict[str, Any] = {"events": s.status, "shop": checkout["status"]}
        yield _difference("checkout_status", "", statuses, evidence)
    if s.total is not None and checkout.get("total") and checkout["total"] != s.total.json():
        found = {"events": _shown(s.total), "shop": _shown_json(checkout["total"])}
        yield _difference("checkout_total", "", found, evidence)
    told: list[tuple[str, dict[str, str]]] = [
        ("payment", {p.id: str(p.status) for p in s.payments.values()}),
        ("order", {o.id: o.status for o in s.orders.values()}),
    ]
    for kind, by_events in told:
        rows = read.get(f"{kind}s")
        by_shop: dict[str, str] = {row["id"]: row.get("status", "") for row in rows or []}
        for entity in sorted({*by_events, *by_shop} if rows is not None else ()):
            said, seen = by_events.get(entity), by_shop.get(entity)
            if said != seen:
                yield _difference(f"{kind}_status", entity, {"events": said, "shop": seen}, evidence)


def _prices(s: OrderSnapshot) -> Iterator[dict[str, Any]]:
    cart = {line.line_id: line for line in s.cart_lines or []}
    for line in s.lines or []:
        shown = cart.get(line.line_id)
        if shown is not None and shown.unit_price != line.unit_price:
            found = {"cart": _shown(shown.unit_price), "checkout": _shown(line.unit_price)}
            yield _difference("line_price", line.sku, found, _last_mark(s, None, "checkout.", "read_back.checkout"))


def _stock(s: OrderSnapshot, read: _Row, evidence: list[Evidence]) -> Iterator[dict[str, Any]]:
    held: dict[str, int] = {}
    for reservation in s.held:
        held[reservation.sku] = held.get(reservation.sku, 0) + reservation.quantity
    wanted: dict[str, int] = {}
    for line in s.lines or []:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    for sku, stock in (read.get("stock") or {}).items():
        have = int(stock.get("available", 0)) + held.get(sku, 0)  # our own hold is not in `available`
        if have < wanted.get(sku, 0):
            yield _difference("stock_short", sku, {"wanted": wanted[sku], "available": have}, evidence)
        if stock.get("shop_listed") not in (None, stock.get("available")):
            found: dict[str, Any] = {"shop": stock["shop_listed"], "inventory": stock["available"]}
            yield _difference("stock_listed", sku, found, evidence)
    if held and s.payments and all(p.status in ("failed", "cancelled", "expired") for p in s.payments.values()):
        found = {"payment": "failed", "inventory": sum(held.values())}
        yield _difference("held_unpaid", "", found, _last_mark(s, None, "inventory.", "read_back.reservations"))


def _difference(what: str, about: str, systems: dict[str, Any], evidence: list[Evidence]) -> dict[str, Any]:
    return {"what": what, "about": about, "systems": systems, "evidence": evidence}


# -- amounts --------------------------------------------------------------------------------------------------------


def _shown(money: Money | None) -> dict[str, Any] | None:
    return {**money.json(), "text": str(money)} if money is not None else None


def _shown_json(money: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return _shown(Money(money["amount"], money["currency"])) if money else None


def with_tags(value: Any, cited: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """`value` with every piece of evidence in it (kind, ref, at, value) given its citation tag."""
    if isinstance(value, Mapping):
        copy = {key: with_tags(item, cited) for key, item in value.items()}
        return cited(copy) if {"kind", "ref", "at"} <= copy.keys() else copy
    if isinstance(value, list | tuple):
        return [with_tags(item, cited) for item in value]
    return value
