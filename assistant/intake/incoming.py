"""Turns what was sent into checked, masked events or refusals, before any database is involved; intake calls it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from assistant.intake.masking import mask
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.events import DATA_TYPES, MATCHED_BY_PAYMENT, Event, parse_event
from knowledge.vocabulary.personal import mask_text

_CANONICAL = msgspec.json.Encoder(order="sorted")
# Far above any amount, far below what a database's integer holds.
_LARGEST = 10**15
_NUL = b"\\u0000"
# Digits as zeros, all else as blanks: tells in one look whether a number is long enough for a card or out of range.
_DIGITS = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else ord(" ") for byte in range(256))
_CARD, _HUGE = b"0" * 13, b"0" * 16


class Incoming(msgspec.Struct):
    """One checked event. `event.data` is masked; `personal` is what the vault gets under `ref` (None: nothing)."""

    index: int
    event: Event
    body_hash: str
    raw: Any
    personal: dict[str, Any]
    ref: str | None
    payment_id: str | None
    customer_id: str | None

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two events the same one."""
        return (self.event.source, self.event.id)


class Refusal(msgspec.Struct):
    """One event that can't be taken, and why. `raw` is None when it must not be kept."""

    index: int
    code: str
    detail: str
    body_hash: str
    raw: Any
    id: str | None = None
    source: str | None = None


def prepare(raw: Any, index: int, received_at: datetime, pepper: bytes) -> Incoming | Refusal:
    """Checks, masks and fingerprints one event of a batch."""
    try:
        body = _CANONICAL.encode(raw)
        digest = blake2b(body, key=pepper, digest_size=32).hexdigest()
    except (RecursionError, TypeError, ValueError, msgspec.MsgspecError):
        return Refusal(index, "invalid_event", "event: can't be read as JSON", "", None)
    if not isinstance(raw, dict):
        return Refusal(index, "invalid_event", "event: must be an object", digest, raw)
    try:
        if _NUL in body:
            _refuse_nul(raw, "")
        # Digits other than ASCII's count, too: what isn't ASCII is looked at in any case.
        suspect = not body.isascii() or _CARD in body.translate(_DIGITS, b" -")
        event = parse_event(raw, received_at, may_hold_card=suspect)
        _refuse_long(event)
        if _HUGE in body.translate(_DIGITS) and event.type in DATA_TYPES:
            _refuse_huge(event.data, "data")
        return _incoming(raw, index, event, digest)
    except InputError as error:
        return _refused(raw, index, error, digest)
    except RecursionError:
        return _refused(raw, index, InputError("invalid_event", "event", "is nested too deep"), digest)


def _incoming(raw: dict[str, Any], index: int, event: Event, digest: str) -> Incoming:
    data = event.data
    masked, personal, ref = mask(event.type, data)
    payment_id = data.get("payment_id") if event.type in MATCHED_BY_PAYMENT else None
    customer_id = data.get("customer_id")
    known = msgspec.structs.replace(event, data=masked, at=event.at.astimezone(UTC))
    return Incoming(
        index=index, event=known, body_hash=digest, raw=raw, personal=personal, ref=ref, payment_id=payment_id,
        customer_id=customer_id if isinstance(customer_id, str) and customer_id else None,
    )  # fmt: skip


def _refused(raw: dict[str, Any], index: int, error: InputError, digest: str) -> Refusal:
    # An event with a card number is listed, but nothing of its body is kept.
    kept = None if error.code == "card_number" else raw
    # Nor is what stood in a wrong field repeated: it may be anything.
    detail = mask_text(error.detail.split(", not ")[0])[:500].replace("\x00", "�")
    return Refusal(
        index, error.code, detail, digest, kept,
        id=_name(raw.get("id")), source=_name(raw.get("source")),
    )  # fmt: skip


def _name(value: Any) -> str | None:
    return value[:512].replace("\x00", "�") if isinstance(value, str) else None


def _refuse_long(event: Event) -> None:
    """Ids have to fit their columns and an index entry (PostgreSQL: 2,700 bytes)."""
    if len(event.type) > 128:
        raise InputError("invalid_event", "type", "must have at most 128 characters")
    if len(event.source) + len(event.id) > 500 and len((event.source + event.id).encode()) > 2_000:
        raise InputError("invalid_event", "id", "source and id together must have at most 2,000 bytes")
    for field, value in (("subject", event.subject), ("data.checkout_id", event.checkout_id)):
        if value is not None and len(value) > 500:
            raise InputError("invalid_event", field, "must have at most 500 characters")
    for name in ("customer_id", "order_id", "payment_id"):
        value = event.data.get(name)
        if isinstance(value, str) and len(value) > 500:
            raise InputError("invalid_event", f"data.{name}", "must have at most 500 characters")


def _refuse_nul(value: Any, path: str) -> None:
    """PostgreSQL can't store NUL in text; one such event must not lose its neighbours."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InputError("invalid_event", path or "event", "must not contain NUL characters")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, path or "event")
            _refuse_nul(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_nul(item, f"{path}[{position}]")


def _refuse_huge(value: Any, path: str) -> None:
    if isinstance(value, int):
        if not -_LARGEST <= value <= _LARGEST:
            raise InputError("invalid_data", path, "is out of range")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(item, str):
                _refuse_huge(item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_huge(item, f"{path}[{position}]")
