"""A sound world to break: one delivered order, repaired once, with its case, plan, write and message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.evaluate.world import Around, Row, World
from knowledge.vocabulary.codes import CaseStatus, PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.money import Money

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=2)
CHECKOUT, CASE, STEP = "chk-1", "case_1", "case_1:1:0"


def cny(amount: int) -> Money:
    return Money(amount, "CNY")


def line(quantity: int = 2, *, line_id: str = "l-1", sku: str = "mug", shipped: bool = True) -> Line:
    return Line(line_id=line_id, sku=sku, quantity=quantity, unit_price=cny(500), requires_shipping=shipped)


def checkout(**changes: Any) -> CheckoutFact:
    values: dict[str, Any] = {
        "id": CHECKOUT, "customer_id": "cus-1", "lines": [line()], "total": cny(1000), "status": "completed",
        "submitted_at": LONG_AGO, "payment_window_ends_at": LONG_AGO + timedelta(minutes=5), "updated_at": LONG_AGO,
    }  # fmt: skip
    return CheckoutFact(**{**values, **changes})


def order(**changes: Any) -> OrderFact:
    values: dict[str, Any] = {
        "id": "ord-1", "checkout_id": CHECKOUT, "status": "confirmed", "lines": [line()], "total": cny(1000),
        "created_at": LONG_AGO, "updated_at": LONG_AGO,
    }  # fmt: skip
    return OrderFact(**{**values, **changes})


def payment(**changes: Any) -> PaymentFact:
    values: dict[str, Any] = {
        "id": "pay-1", "checkout_id": CHECKOUT, "status": PaymentStatus.CAPTURED, "amount": cny(1000),
        "captured": cny(1000), "refunded": cny(0), "refund_pending": cny(0), "disputed": cny(0), "surcharge": cny(0),
        "updated_at": LONG_AGO,
    }  # fmt: skip
    return PaymentFact(**{**values, **changes})


def reservation(quantity: int = 2, status: str = "committed", **changes: Any) -> ReservationFact:
    values: dict[str, Any] = {"id": "res-1", "checkout_id": CHECKOUT, "sku": "mug", "updated_at": LONG_AGO}
    return ReservationFact(quantity=quantity, status=status, **{**values, **changes})


def case(**changes: Any) -> Row:
    return {
        "id": CASE, "checkout_id": CHECKOUT, "customer_id": "cus-1", "status": CaseStatus.RESOLVED, "severity": "high",
        "resolution": "repaired", "owner_kind": None, "owner_id": None, "owner_name": None, "running": None,
        "by_approval": False, "subject_kind": "checkout", "subject_id": CHECKOUT,
        "snoozed_until": None, "faults": [fault("paid_order_missing", cleared_at=NOW)], "episode": 1,
        "updated_at": LONG_AGO, "detectable_at": LONG_AGO, "first_action_at": LONG_AGO,
    } | changes  # fmt: skip


def fault(code: str, **changes: Any) -> Row:
    return {"code": code, "cleared_at": None} | changes


def effect(**changes: Any) -> Row:
    return {
        "id": f"{STEP}:1", "case_id": CASE, "step_id": STEP, "attempt": 1, "action": "create_order",
        "target": f"checkout:{CHECKOUT}", "arguments": {}, "method": "POST", "path": "/orders", "body_hash": "aa",
        "key": f"{STEP}:1", "state": "ok", "principal": "policy:1", "policy_version": "1", "created_at": LONG_AGO,
        "settled_at": LONG_AGO,
    } | changes  # fmt: skip


def step(action: str = "create_order", **changes: Any) -> Row:
    data = {"action": action, "arguments": changes.pop("arguments", {})}
    return {"id": STEP, "case_id": CASE, "version": 1, "status": "done", "step": data, "result": None} | changes


def message(**changes: Any) -> Row:
    return {
        "dedupe_key": f"{CASE}:1:told", "case_id": CASE, "episode": 1, "occasion": "told", "checkout_id": CHECKOUT,
        "customer_id": "cus-1", "channel": "sms", "language": "zh-CN", "state": "accepted", "at": LONG_AGO,
    } | changes  # fmt: skip


def customer(**changes: Any) -> CustomerFact:
    values: dict[str, Any] = {
        "id": "cus-1",
        "language": "zh-CN",
        "allowed_channels": ["sms"],
        "marketing_consent": True,
    }
    return CustomerFact(**{**values, **changes})


def around(**changes: Any) -> Around:
    values: dict[str, Any] = {
        "checkout": checkout(), "orders": [order()], "payments": [payment()], "reservations": [reservation()],
    }  # fmt: skip
    return Around(id=CHECKOUT, **{**values, **changes})


def world(shop: Around | None = None, **changes: Any) -> World:
    """The sound world, with these parts replaced; an added message brings its write along."""
    values: dict[str, Any] = {
        "at": NOW, "since": NOW - timedelta(days=7), "settle": timedelta(seconds=70),
        "shop": {CHECKOUT: shop or around()}, "cases": [case()], "effects": [effect()], "steps": {STEP: step()},
        "plans": {(CASE, 1): {"needs_human": [], "decided_by": None}}, "customers": {"cus-1": customer()},
        "agreed": {CHECKOUT: [(LONG_AGO - timedelta(minutes=1), cny(1000))]},
    }  # fmt: skip
    return World(**{**values, **changes})


def timer(due_at: datetime = NOW + timedelta(minutes=5), generation: int | None = 1) -> Row:
    return {"due_at": due_at, "generation": generation}


def owned(*codes: str) -> Row:
    """A case that a team has."""
    owner = {"owner_kind": "team", "owner_id": "service", "owner_name": "Service team"}
    faults = [fault(code) for code in codes]
    return case(status=CaseStatus.HANDED_OFF, resolution=None, faults=faults, **owner)
