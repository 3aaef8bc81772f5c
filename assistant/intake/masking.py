"""Splits what is personal from an event's data, before anything of it is stored; intake calls it for every event."""

from __future__ import annotations

import re
from typing import Any

from assistant.security.vault import new_ref
from knowledge.vocabulary.events import DATA_TYPES, Line
from knowledge.vocabulary.personal import address_view, contact_view, mask_text

REDACTED = "‹text›"  # stands where words were that only the vault keeps

# What is kept in the clear of a type nobody knows: the ids that say what it is about.
_IDS = frozenset({"checkout_id", "order_id", "payment_id", "customer_id"})
_KNOWN = {name: frozenset(shape.__struct_fields__) for name, shape in DATA_TYPES.items()}
# Words somebody may have typed. What looks like a code (`customer_request`) stays in the clear.
_WORDS = frozenset({"reason", "page", "failure_code", "method", "kind", "choice", "system"})
_CODE = re.compile(r"[\w.:/+-]{1,128}", re.ASCII)
_SAFE = frozenset({"currency", "amount"})
_LINE = frozenset(Line.__struct_fields__)
_LISTS = frozenset({"lines", "cart_lines"})


def mask(event_type: str, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str | None]:
    """`(masked, personal, ref)`: what may be stored in the clear, what belongs in the vault, and under which new ref.

    `{**masked, **personal}` is `data` again. Only fields the contract names are ever kept in the clear, and of those
    not the personal ones. `ref` is None when nothing is personal.
    """
    known = _KNOWN.get(event_type, _IDS)
    masked: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    ref: str | None = None
    for key, value in data.items():
        if key in known and (value is None or _plain(key, value)):
            masked[key] = value
            continue
        personal[key] = value
        ref = ref or new_ref()
        if key in known and (view := _view(key, value, ref)) is not None:
            masked[key] = view
    return masked, personal, ref


def _plain(key: str, value: Any) -> bool:
    """Whether the value can't be personal."""
    if isinstance(value, str):
        if key in _WORDS:
            return _CODE.fullmatch(value) is not None and mask_text(value) == value
        return key != "text"
    if isinstance(value, dict):
        return value.keys() <= _SAFE
    if isinstance(value, list):
        if key in _LISTS:
            return all(line.keys() <= _LINE and line["unit_price"].keys() <= _SAFE if "unit_price" in line
                       else line.keys() <= _LINE for line in value)  # fmt: skip
        return all(isinstance(item, str) and _CODE.fullmatch(item) for item in value)
    return True


def _view(key: str, value: Any, ref: str) -> Any:
    """What is kept in the clear of a personal field; None for nothing."""
    if key == "shipping_address":
        return address_view(value, ref)
    if key == "contact":
        return contact_view(value, ref)
    if key == "text":
        return {"ref": ref}
    if isinstance(value, str):
        return REDACTED
    if isinstance(value, dict):  # money with something beside amount and currency
        return {k: v for k, v in value.items() if k in _SAFE}
    if key in _LISTS:
        return [_line(line) for line in value]
    return [item if isinstance(item, str) and _CODE.fullmatch(item) else REDACTED for item in value]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in line.items() if k in _LINE}
    if isinstance(price := kept.get("unit_price"), dict):
        kept["unit_price"] = {k: v for k, v in price.items() if k in _SAFE}
    return kept


def whole(masked: dict[str, Any], personal: Any) -> dict[str, Any]:
    """The data as it was sent."""
    return {**masked, **personal} if isinstance(personal, dict) else masked
