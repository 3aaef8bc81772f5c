"""Reading: turns contract B's JSON into facts; tolerant of the new and the missing, clear on the wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from knowledge.vocabulary.codes import PaymentKind
from knowledge.vocabulary.errors import UnavailableError
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
from tools.connectors.ports import Page

F = TypeVar("F", bound=msgspec.Struct)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The words contract B allows where the facts hold plain text: a new word would be misread by everyone above.
_WORDS: dict[type[msgspec.Struct], dict[str, frozenset[str]]] = {
    CheckoutFact: {"status": _words("open submitted completed expired cancelled")},
    OrderFact: {"status": _words("created confirmed on_hold shipped delivered cancelled")},
    PaymentFact: {"kind": frozenset(PaymentKind)},
    ReservationFact: {"status": _words("held committed released expired")},
    RefundFact: {"status": _words("pending succeeded failed")},
    PaymentLinkFact: {"status": _words("open paid cancelled expired")},
    CouponFact: {"status": _words("valid expired used not_eligible unknown")},
    CustomerFact: {
        "tier": _words("standard vip"),
        "status": _words("active suspended closed"),
        "preferred_channel": _words("sms email in_app"),
    },
    ServiceabilityFact: {
        "reason": _words(
            "incomplete no_carrier postcode_format postcode_mismatch phone_format fields_swapped street_unclear"
        )
    },
}
# What must be there though the fact has a default for it: without it the default would be a lie.
_NEEDED: dict[type[msgspec.Struct], tuple[str, ...]] = {
    CheckoutFact: ("status",),
    OrderFact: ("status",),
    PaymentFact: ("status", "amount"),
    ReservationFact: ("sku", "quantity", "status"),
    StockFact: ("available",),
    CouponFact: ("status",),
    RefundFact: ("status", "amount"),
    PaymentLinkFact: ("status",),
}
_NAMES = {
    CheckoutFact: "checkout",
    OrderFact: "order",
    PaymentFact: "payment",
    ReservationFact: "reservation",
    StockFact: "stock",
    ProductFact: "product",
    CustomerFact: "customer",
    CouponFact: "coupon",
    RefundFact: "refund",
    PaymentLinkFact: "payment_link",
    ServiceabilityFact: "serviceability",
    PickupPointFact: "pickup_point",
}


def bad_answer(detail: str) -> UnavailableError:
    """The error of an answer that breaks the contract: code `shop_bad_answer`."""
    return UnavailableError("shop_bad_answer", detail, 30.0)


def fact_of(kind: type[F], raw: Any) -> F:
    """One fact from its JSON: unknown fields are ignored, a null counts as missing.

    Raises:
        UnavailableError: `shop_bad_answer`, naming the field (`order.status`).
    """
    name = _NAMES.get(kind, kind.__name__)
    if not isinstance(raw, dict):
        raise bad_answer(f"{name}: an object was expected, not {type(raw).__name__}")
    bare = _without_nulls(raw)
    for field in _NEEDED.get(kind, ()):
        if field not in bare:
            raise bad_answer(f"{name}.{field}: is missing")
    for field, words in _WORDS.get(kind, {}).items():
        if isinstance(word := bare.get(field), str) and word not in words:
            raise bad_answer(f"{name}.{field}: {word!r} is none of {', '.join(sorted(words))}")
    try:
        fact = msgspec.convert(bare, kind)
    except msgspec.ValidationError as error:
        raise bad_answer(f"{name}: {error}") from error
    _check_times(fact, name)
    return fact


def facts_of(kind: type[F], raw: Any) -> list[F]:
    """The facts of a bare array.

    Raises:
        UnavailableError: `shop_bad_answer`.
    """
    if not isinstance(raw, list):
        raise bad_answer(f"{_NAMES.get(kind, kind.__name__)}: an array was expected, not {type(raw).__name__}")
    return [fact_of(kind, item) for item in raw]


def page_of(kind: type[F], raw: Any) -> Page[F]:
    """A page of a listing; items that break the contract are named in `unreadable`.

    Raises:
        UnavailableError: `shop_bad_answer` when it is no page at all.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("items"), list):
        raise bad_answer(f"{_NAMES.get(kind, kind.__name__)}: a page with `items` was expected")
    following = raw.get("next")
    if not isinstance(following, str | None):
        raise bad_answer(f"{_NAMES.get(kind, kind.__name__)}.next: a cursor or null was expected")
    items, unreadable = _each(raw["items"], lambda item: fact_of(kind, item))
    return Page(items=items, next=following or None, unreadable=unreadable)


def _each(raw: list[Any], read: Callable[[Any], F]) -> tuple[list[F], list[str]]:
    items: list[F] = []
    unreadable: list[str] = []
    for item in raw:
        try:
            items.append(read(item))
        except UnavailableError as error:
            key = item.get("id") if isinstance(item, dict) else None
            unreadable.append(f"{key}: {error.detail}")
    return items, unreadable


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    return value


def _check_times(fact: msgspec.Struct, name: str) -> None:
    """A time without an offset can't be compared with ours."""
    for field in fact.__struct_fields__:
        at = getattr(fact, field)
        if isinstance(at, datetime) and at.tzinfo is None:
            raise bad_answer(f"{name}.{field}: {at.isoformat()} has no offset (RFC 3339)")
