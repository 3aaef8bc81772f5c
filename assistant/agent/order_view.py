"""The order as every system sees it: what events told, what the shop said last, what differs. Pure; for get_order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from assistant.agent.amounts import Json, Sums, shown, shown_json
from assistant.agent.order_differences import differences, last_said, read_evidence
from knowledge.faults.reading import lines_to_cover, over
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView


def order_view(order: Json, now: datetime | None = None) -> dict[str, Any]:
    """What a model or person needs of `{checkout_id, snapshot, read_back}`; amounts also as words (`text`).

    `money` sums the payments of the order's own currency; every entry names its evidence (contract C's form).
    """
    snapshot = msgspec.convert(order["snapshot"], OrderSnapshot) if order.get("snapshot") else None
    back, now = order.get("read_back"), now or datetime.now(UTC)
    read = _read(str(order.get("checkout_id")), back) if back else {}
    view: dict[str, Any] = {"checkout_id": order.get("checkout_id")}
    if snapshot is not None:
        view |= _as_told(snapshot, now)
    view["read_back"] = _as_read(read) if read else None
    view["differences"] = list(differences(snapshot, read, now)) if snapshot is not None else []
    return view


def _as_told(s: OrderSnapshot, now: datetime) -> dict[str, Any]:
    paid_at = s.paid_at(now)
    return {
        "status": s.status,
        "over": over(s),
        "submitted_at": s.submitted_at,
        "customer_id": s.customer_id,
        "lines": [msgspec.to_builtins(line) for line in lines_to_cover(s)],
        "coupon_code": s.coupon_code,
        "money": _money(s, now),
        "paid": paid_at is not None,
        "paid_at": paid_at,
        "payments": [_payment(s, p) for p in s.payments.values()],
        "orders": [
            {"id": o.id, "status": o.status, "total": shown(o.total), "expected_ship_at": o.expected_ship_at,
             "evidence": last_said(s, o.id, "order.", "shipment.", "read_back.order")}
            for o in s.orders.values()
        ],
        "reservations": [
            {"id": r.id, "sku": r.sku, "quantity": r.quantity, "status": r.status,
             "evidence": last_said(s, None, "inventory.", "read_back.reservations")}
            for r in s.reservations.values()
        ],
        "address": msgspec.to_builtins(s.address) if s.address else None,
        "evidence": last_said(s, None, "checkout.", "read_back.checkout"),
    }  # fmt: skip


def _money(s: OrderSnapshot, now: datetime) -> dict[str, Any] | None:
    if s.total is None:
        return None
    sums = Sums.of(s, now)
    amounts = {name: shown(Money(getattr(sums, name), s.total.currency)) for name in Sums.__struct_fields__}
    return {"due": shown(s.total), **amounts}


def _payment(s: OrderSnapshot, p: PaymentView) -> dict[str, Any]:
    names = ("amount", "authorized", "captured", "refunded", "refund_pending", "disputed")
    amounts = {name: shown(Money(getattr(p, name), p.currency)) if p.currency else None for name in names}
    return {
        "id": p.id, "status": p.status, "method": p.method, "kind": p.kind, **amounts,
        "requested_at": p.requested_at, "captured_at": p.captured_at, "failure_code": p.failure_code,
        "evidence": last_said(s, p.id, "payment.", "refund.", "read_back.payment"),
    }  # fmt: skip


def _read(checkout_id: str, back: Json) -> dict[str, Any]:
    """What was read last of each part, as one."""
    values = {name: part["value"] for name, part in back["facts"].items()}
    return {"checkout_id": checkout_id, "at": back["at"], **values}


def _as_read(read: Json) -> dict[str, Any]:
    checkout: Json = read.get("checkout") or {}
    return {
        "at": read.get("at"),
        "checkout_status": checkout.get("status"),
        "total": shown_json(checkout.get("total")),
        "orders": [{"id": o["id"], "status": o.get("status"), "total": shown_json(o.get("total"))}
                   for o in read.get("orders") or []],
        "payments": [
            {"id": p["id"], "status": p.get("status"),
             **{name: shown_json(p.get(name)) for name in ("amount", "captured", "refunded", "refund_pending")}}
            for p in read.get("payments") or []
        ],
        "reservations": [{name: r.get(name) for name in ("id", "sku", "quantity", "status")}
                         for r in read.get("reservations") or []],
        "stock": [{"sku": sku, **{name: stock.get(name) for name in ("on_hand", "available", "shop_listed")}}
                  for sku, stock in (read.get("stock") or {}).items()],
        "deliverable": (read.get("serviceability") or {}).get("deliverable"),
        "evidence": [read_evidence(read)],
    }  # fmt: skip


def with_tags(value: Any, cited: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """`value` with every piece of evidence in it (kind, ref, at, value) given its citation tag."""
    if isinstance(value, Mapping):
        copy = {key: with_tags(item, cited) for key, item in value.items()}
        return cited(copy) if {"kind", "ref", "at"} <= copy.keys() else copy
    if isinstance(value, list | tuple):
        return [with_tags(item, cited) for item in value]
    return value
