"""Cursors of pages: a row's place in its order, packed so that callers hand it back; whatever comes back is checked."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

import sqlalchemy as sa

from assistant.store.types import UtcDateTime
from knowledge.vocabulary.errors import InputError

LONGEST = 4_096  # characters; ours are far shorter
_WIDEST = 1 << 62  # of a whole number


def packed(place: Sequence[Any]) -> str:
    """The cursor after the row at this place (times, whole numbers, text)."""
    plain = [one.isoformat() if isinstance(one, datetime) else one for one in place]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def unpacked(cursor: str, *kinds: type) -> list[Any]:
    """The place in a cursor: as many values as `kinds`, each of its kind: `datetime` (aware), `int` or `str`.

    Raises:
        InputError: `invalid_cursor` for anything that no page of ours gave out.
    """
    if len(cursor) > LONGEST:
        _refuse()
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor))
        if not isinstance(values, list) or len(values) != len(kinds):
            _refuse()
        return [_of_kind(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InputError("invalid_cursor", "cursor", "is not one of ours") from error


def literal_time(at: datetime) -> sa.ColumnElement[Any]:
    """A time of a cursor as rows are compared with it."""
    return sa.literal(at, UtcDateTime())


def _of_kind(value: Any, kind: type) -> Any:
    if kind is datetime:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None or not 1970 <= at.year < 9999:  # so that no zone carries it out of what a time can be
            _refuse()
        return at
    if type(value) is not kind:
        _refuse()
    if isinstance(value, int) and abs(value) >= _WIDEST:
        _refuse()
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text
        if "\0" in value:
            _refuse()
    return value


def _refuse() -> NoReturn:
    raise InputError("invalid_cursor", "cursor", "is not one of ours")
