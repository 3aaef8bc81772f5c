"""What the customer's tools show: views of orders and questions for a model, and contract D's events for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from assistant.agent.ports import StreamEvent
from assistant.chatbot.ports import CaseNote, CustomerDesk, HandedOver, OpenQuestion, OrderCard
from knowledge.phrases import local_time
from knowledge.phrases.labels import codes_of, label

PICK_ORDER = "order-pick"
"""The key of the buttons that ask which order is meant; their ids are checkout ids."""

_ZONES = {"zh-CN": "Asia/Shanghai", "en": "UTC"}  # where nobody knows the customer's own
_SHOWN_LINES = 3


def zone_of(desk: CustomerDesk) -> str:
    """The IANA zone by whose clock this customer is told times."""
    return str(getattr(desk, "zone", None) or _ZONES[desk.language])


def time_text(at: datetime | None, desk: CustomerDesk) -> str | None:
    """A time with its date, as the customer reads it; None for none."""
    return local_time(at, desk.language, zone_of(desk)) if at is not None else None


def status_text(status: str, language: str) -> str | None:
    """An order's or checkout's status in words; None where we don't know it."""
    kind = next((kind for kind in ("order", "checkout") if status in codes_of(kind)), None)
    return label(kind, status, language) if kind else None


def goods_text(order: OrderCard, language: str) -> str:
    """The goods in a few words: `红茶 × 2、茶杯`; the rest is counted."""
    shown = [
        line.title + (f" × {line.quantity}" if line.quantity > 1 else "") for line in order.lines[:_SHOWN_LINES]
    ]  # fmt: skip
    left = len(order.lines) - len(shown)
    if left:
        shown.append(f"等 {len(order.lines)} 种商品" if language == "zh-CN" else f"{left} more")
    return ("、" if language == "zh-CN" else ", ").join(shown)


def order_view(order: OrderCard, desk: CustomerDesk) -> dict[str, Any]:
    """An order as a model reads it: amounts and times in the words to quote; of the address only what is there."""
    language = desk.language
    return brief_view(order, desk) | {
        "lines": [
            {"sku": one.sku, "title": one.title, "quantity": one.quantity, "unit_price": one.unit_price.text}
            for one in order.lines
        ],
        "payments": [
            {"amount": one.amount.text, "status": one.status, "status_text": payment_text(one.status, language),
             "refunded": one.refunded.text if one.refunded.amount else None,
             "refund_pending": one.refund_pending.text if one.refund_pending.amount else None}
            for one in order.payments
        ],
        "expected_ship_at": time_text(order.expected_ship_at, desk),
        "ship_overdue": order.expected_ship_at is not None and order.expected_ship_at < datetime.now(UTC),
        "known_late": order.stale,
        "address_has": sorted(name for name, value in order.address.items() if value),
        "case": _case_view(order.case, desk) if order.case else None,
    }  # fmt: skip


def brief_view(order: OrderCard, desk: CustomerDesk) -> dict[str, Any]:
    """An order in a list: enough to recognise it."""
    return {
        "ref": order.order_id or order.checkout_id, "order_id": order.order_id, "checkout_id": order.checkout_id,
        "status": order.status, "status_text": status_text(order.status, desk.language),
        "goods": goods_text(order, desk.language), "total": order.total.text if order.total else None,
        "placed_at": time_text(order.placed_at, desk),
    }  # fmt: skip


def payment_text(status: str, language: str) -> str | None:
    """A payment's status in words; None where we don't know it."""
    return label("payment", status, language) if status in codes_of("payment") else None


def _case_view(case: CaseNote, desk: CustomerDesk) -> dict[str, Any]:
    return {
        "sentence": case.sentence, "status": case.status, "waiting_for": case.waiting_for, "owner": case.owner,
        "expected_by": time_text(case.expected_by, desk), "done": case.done, "promised": case.promised,
        "now": case.now,
    }  # fmt: skip


def question_view(question: OpenQuestion) -> dict[str, Any]:
    """An open question as a model reads it."""
    view: dict[str, Any] = msgspec.to_builtins(question)
    return view


def handed_view(handed: HandedOver, desk: CustomerDesk) -> dict[str, Any]:
    """A hand-over as a model reads it."""
    by = time_text(handed.expected_by, desk)
    return {"state": "handed_over", "owner": handed.owner, "expected_by": by, "already": handed.already}


# -- events of contract D -------------------------------------------------------------------------------------------


def choices_event(dedupe_key: str, options: Iterable[Mapping[str, str]]) -> StreamEvent:
    """Buttons; the next `{choice}` refers to `dedupe_key`."""
    shown = [{"id": option["id"], "label": option["label"]} for option in options]
    return StreamEvent("choices", {"dedupe_key": dedupe_key, "options": shown})


def order_event(order: OrderCard, desk: CustomerDesk) -> StreamEvent:
    """The card of one order. It holds no address and no contact: it is kept beside the conversation, unencrypted."""
    data: dict[str, Any] = {
        "kind": "order", "order_id": order.order_id, "checkout_id": order.checkout_id, "status": order.status,
        "status_text": status_text(order.status, desk.language), "total": msgspec.to_builtins(order.total),
        "placed_at": _stamp(order.placed_at), "expected_ship_at": _stamp(order.expected_ship_at),
        "lines": [
            {"sku": line.sku, "title": line.title, "quantity": line.quantity,
             "unit_price": msgspec.to_builtins(line.unit_price)} for line in order.lines
        ],
        "note": order.case.sentence if order.case else None,
    }  # fmt: skip
    return StreamEvent("card", data)


def handoff_event(handed: HandedOver) -> StreamEvent:
    """A person has it now."""
    return StreamEvent("handoff", {"owner": handed.owner, "expected_by": _stamp(handed.expected_by)})


def order_options(orders: Sequence[OrderCard], language: str) -> list[dict[str, str]]:
    """One button per order: its number and goods."""
    return [
        {"id": order.checkout_id, "label": " · ".join(filter(None, [order.order_id or order.checkout_id,
                                                                    goods_text(order, language)]))}
        for order in orders
    ]  # fmt: skip


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at is not None else None
