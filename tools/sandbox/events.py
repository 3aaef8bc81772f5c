"""Builds the CloudEvents that the shop tells the assistant; called by the books whenever something
changed."""

from dataclasses import dataclass
from typing import Any

from tools.sandbox.model import Json, Line, Priced


@dataclass(slots=True)
class Delivery:
    """How one event travels: never, or twice, or late by some seconds; `anonymous` leaves the checkout
    out."""

    lost: bool = False
    twice: bool = False
    late: float = 0.0
    anonymous: bool = False


def source_of(kind: str) -> str:
    """Which of the shop's systems tells an event of this type."""
    family = kind.split(".", maxsplit=1)[0]
    return {"payment": "sandbox/gateway", "refund": "sandbox/gateway", "inventory": "sandbox/inventory"}.get(
        family, "sandbox/shop"
    )


def envelope(kind: str, identity: str, time: str, subject: str | None, data: Json) -> Json:
    event: Json = {
        "specversion": "1.0",
        "id": identity,
        "source": source_of(kind),
        "type": kind,
        "time": time,
        "datacontenttype": "application/json",
        "data": data,
    }
    if subject is not None:
        event["subject"] = subject
    return event


def money(amount: int, currency: str) -> Json:
    return {"amount": amount, "currency": currency}


def line(item: Line, currency: str) -> Json:
    return {
        "line_id": item.line_id,
        "sku": item.sku,
        "quantity": item.quantity,
        "unit_price": money(item.unit_price, currency),
        "requires_shipping": item.requires_shipping,
    }


def lines(items: list[Line], currency: str) -> list[Json]:
    return [line(item, currency) for item in items]


def totals(priced: Priced) -> Json:
    """The parts of a total and the total, as contract A and B spell them."""
    parts = {name: getattr(priced, name) for name in ("shipping_fee", "tax", "fees", "discount", "total")}
    return {name: money(amount, priced.currency) for name, amount in parts.items()}


def without_none(data: dict[str, Any]) -> Json:
    return {key: value for key, value in data.items() if value is not None}
