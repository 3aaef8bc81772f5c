"""What the systems disagree on about one checkout, each with its evidence; pure, for the order view."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from assistant.agent.amounts import Json, Sums, shown, shown_json
from knowledge.faults.reading import FAILED, over, sent, shortfall
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

Evidence = dict[str, Any]


def differences(s: OrderSnapshot, read: Json, now: datetime) -> Iterator[dict[str, Any]]:
    """Each as `{what, about, systems: {system: what it says}, evidence}`; `read` is what the shop said last, or {}."""
    yield from _between_events_and_shop(s, read)
    yield from _prices(s)
    yield from _stock(s, read)
    yield from _money(s, now)
    for order in s.live_orders:
        if s.total is not None and order.total is not None and order.total != s.total:
            systems = {"checkout": shown(s.total), "order": shown(order.total)}
            yield _difference("order_total", order.id, systems, last_said(s, order.id, "order.", "read_back.order"))


def _money(s: OrderSnapshot, now: datetime) -> Iterator[dict[str, Any]]:
    if s.total is None:
        return
    sums = Sums.of(s, now)
    kept = shown(Money(s.captured_net(), s.total.currency))
    if s.captured_net() and not over(s) and (sums.left_to_pay or sums.kept_above_due):
        evidence = last_said(s, None, "payment.captured", "read_back.payment")
        yield _difference("captured_and_due", "", {"due": shown(s.total), "captured": kept}, evidence)
    if over(s) and sums.kept_above_due:
        evidence = last_said(s, None, "checkout.", "order.", "read_back.checkout", "read_back.order")
        yield _difference("kept_though_over", "", {"captured": kept}, evidence)
    elif s.paid_at(now) is not None and not s.live_orders:
        seen = last_said(s, None, "read_back.no_order") or last_said(s, None, "payment.", "read_back.payment")
        yield _difference("paid_without_order", "", {"payment": "paid", "order": None}, seen)


def _between_events_and_shop(s: OrderSnapshot, read: Json) -> Iterator[dict[str, Any]]:
    """Where what the shop said last differs from the snapshot, and nothing happened since that explains it."""
    if not read:
        return
    at, evidence = msgspec.convert(read["at"], datetime), [read_evidence(read)]
    checkout: Json = read.get("checkout") or {}
    if not _since(s, at, None, "checkout."):
        if checkout.get("status") and checkout["status"] != s.status:
            statuses: dict[str, Any] = {"events": s.status, "shop": checkout["status"]}
            yield _difference("checkout_status", "", statuses, evidence)
        if s.total is not None and checkout.get("total") and checkout["total"] != s.total.json():
            totals = {"events": shown(s.total), "shop": shown_json(checkout["total"])}
            yield _difference("checkout_total", "", totals, evidence)
    told: list[tuple[str, dict[str, str]]] = [
        ("payment", {p.id: str(p.status) for p in s.payments.values()}),
        ("order", {o.id: o.status for o in s.orders.values()}),
    ]
    for kind, by_events in told:
        rows = read.get(f"{kind}s")
        by_shop: dict[str, str] = {row["id"]: row.get("status", "") for row in rows or []}
        for entity in sorted({*by_events, *by_shop} if rows is not None else ()):
            said, seen = by_events.get(entity), by_shop.get(entity)
            if said != seen and not _since(s, at, entity, f"{kind}.", "refund.", "shipment."):
                yield _difference(f"{kind}_status", entity, {"events": said, "shop": seen}, evidence)


def _since(s: OrderSnapshot, at: datetime, entity: str | None, *types: str) -> bool:
    return any(mark.at > at for mark in s.marks_of(*types, entity=entity))


def _prices(s: OrderSnapshot) -> Iterator[dict[str, Any]]:
    cart = {line.line_id: line for line in s.cart_lines or []}
    for line in s.lines or []:
        before = cart.get(line.line_id)
        if before is not None and before.unit_price != line.unit_price:
            systems = {"cart": shown(before.unit_price), "checkout": shown(line.unit_price)}
            yield _difference("line_price", line.sku, systems, last_said(s, None, "checkout.", "read_back.checkout"))


def _stock(s: OrderSnapshot, read: Json) -> Iterator[dict[str, Any]]:
    missing = {} if over(s) or sent(s) else shortfall(s)
    for sku, stock in (read.get("stock") or {}).items():
        available = int(stock.get("available") or 0)  # one's own hold is not in it, nor in what is missing
        if available < missing.get(sku, 0):
            systems: dict[str, Any] = {"wanted": missing[sku], "available": available}
            yield _difference("stock_short", sku, systems, [read_evidence(read)])
        if stock.get("shop_listed") not in (None, stock.get("available")):
            listed: dict[str, Any] = {"shop": stock["shop_listed"], "inventory": stock.get("available")}
            yield _difference("stock_listed", sku, listed, [read_evidence(read)])
    held = sum(reservation.quantity for reservation in s.held)
    if held and s.payments and all(p.status in FAILED for p in s.payments.values()):
        evidence = last_said(s, None, "inventory.", "read_back.reservations")
        yield _difference("held_unpaid", "", {"payment": "failed", "inventory": held}, evidence)


def last_said(s: OrderSnapshot, entity: str | None, *types: str) -> list[Evidence]:
    """The newest mark of these types (about one entity), as evidence; nothing where nobody said anything."""
    marks = [mark for kind in types for mark in s.marks_of(kind, entity=entity)]
    return [msgspec.to_builtins(max(marks, key=lambda mark: mark.at).evidence())] if marks else []


def read_evidence(read: Json) -> Evidence:
    """The last read-back as evidence."""
    ref = f"checkout/{read.get('checkout_id')}@{read.get('at')}"
    return {"kind": "read_back", "ref": ref, "at": read.get("at"), "value": "read_back"}


def _difference(what: str, about: str, systems: dict[str, Any], evidence: list[Evidence]) -> dict[str, Any]:
    return {"what": what, "about": about, "systems": systems, "evidence": evidence}
