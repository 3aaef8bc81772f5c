"""Cells into values: exact minor units, aware UTC times, counts. Every error says what the cell held."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from knowledge.vocabulary.money import Money

Row = dict[str, Any]
T = TypeVar("T")
_DIGITS = 15  # whole digits of the largest amount taken seriously
_TRUE = frozenset({"true", "yes", "y", "1", "t"})
_FALSE = frozenset({"false", "no", "n", "0", "f"})


class CellError(ValueError):
    """A cell that can't be what its column is mapped to."""


def decimal(value: Any, mark: str = ".") -> Decimal:
    """An exact decimal; a binary float counts as the number it is written as.

    Raises:
        CellError: for what is no number.
    """
    if isinstance(value, Decimal):
        return _sane(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CellError(f"{value!r} is no amount")
    text = str(value)
    if mark == "," and isinstance(value, str):
        text = text.replace(".", "").replace(",", ".")
    try:
        number = Decimal(text.replace("\u00a0", "").replace(" ", ""))
    except InvalidOperation as error:
        raise CellError(f"{value!r} is no amount") from error
    return _sane(number)


def _sane(number: Decimal) -> Decimal:
    if not number.is_finite() or number.adjusted() > _DIGITS:
        raise CellError(f"{number} is no amount")
    return number


@lru_cache(maxsize=64)
def _scale(currency: str) -> int:
    try:
        return Money(0, currency).exponent
    except ValueError as error:
        raise CellError(str(error)) from error


def minor(value: Any, currency: str, mark: str = ".") -> int:
    """Minor units of an amount in major units.

    Raises:
        CellError: when it is no amount, or has more decimals than the currency.
    """
    scaled = decimal(value, mark).scaleb(_scale(currency))
    units = int(scaled)
    if units != scaled:
        raise CellError(f"{value} has more decimals than {currency}")
    return units


def moment(value: Any, zone: tzinfo) -> datetime:
    """Aware UTC; a time without an offset is in `zone`.

    Raises:
        CellError: for what is no ISO 8601 date and time.
    """
    if isinstance(value, str):
        text = value.removesuffix(" UTC")
        if len(text) > 20 and text[-6] == " " and text[-5] in "+-":  # "2024-05-01 10:00:00 -0400"
            text = text[:-6] + text[-5:]
        try:
            value = datetime.fromisoformat(text)
        except ValueError as error:
            raise CellError(f"{value!r} is no ISO 8601 time") from error
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), zone)
    if not isinstance(value, datetime):
        raise CellError(f"{value!r} is no time")
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    try:
        return aware if aware.tzinfo is UTC else aware.astimezone(UTC)
    except OverflowError as error:
        raise CellError(f"{value} is no time") from error


def time_zone(name: str) -> tzinfo:
    """The zone by its IANA name."""
    return UTC if name == "UTC" else ZoneInfo(name)


def count(value: Any) -> int:
    """A whole number of pieces or instalments.

    Raises:
        CellError: when it is none, or negative.
    """
    number = decimal(value)
    if number != int(number) or number < 0:
        raise CellError(f"{value!r} is no count")
    return int(number)


def truth(value: Any) -> bool:
    """Yes or no, as exports write it.

    Raises:
        CellError: for anything else.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise CellError(f"{value!r} is neither yes nor no")


def items(value: Any) -> list[Row]:
    """A nested list of objects, also from JSON text in a cell.

    Raises:
        CellError: when it is something else.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=Decimal)
        except ValueError as error:
            raise CellError(f"{value[:40]!r} is no JSON list") from error
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise CellError(f"{str(value)[:40]!r} is no list of objects")


class Column:
    """One mapped column, by name or dotted path. Absent, null and blank cells are None; errors name the column."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = name.split(".")

    def raw(self, row: Row) -> Any:
        """The cell as it is."""
        value = row.get(self.name)
        if value is None and len(self._path) > 1:
            value = row
            for step in self._path:
                value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            value = value.strip()
        return None if value == "" else value

    def text(self, row: Row) -> str | None:
        """The cell as text."""
        value = self.raw(row)
        return None if value is None else str(value)

    def minor(self, row: Row, currency: str, mark: str) -> int | None:
        """Minor units; see `minor`."""
        return self._as(row, lambda value: minor(value, currency, mark))

    def moment(self, row: Row, zone: tzinfo) -> datetime | None:
        """Aware UTC; see `moment`."""
        return self._as(row, lambda value: moment(value, zone))

    def count(self, row: Row) -> int | None:
        """A whole number; see `count`."""
        return self._as(row, count)

    def truth(self, row: Row) -> bool | None:
        """Yes or no; see `truth`."""
        return self._as(row, truth)

    def items(self, row: Row) -> list[Row]:
        """A nested list; see `items`."""
        return self._as(row, items) or []

    def _as(self, row: Row, convert: Callable[[Any], T]) -> T | None:
        value = self.raw(row)
        if value is None:
            return None
        try:
            return convert(value)
        except CellError as error:
            raise CellError(f"{self.name}: {error}") from error


def columns_of(spec: Any, lacking: set[str]) -> dict[str, Column]:
    """The columns of a mapping's part that the export has, by field; none at all when its list is lacking."""
    path = getattr(spec, "path", None)
    if spec is None or (path and path in lacking):
        return {}
    named = {f: v for f in spec.__struct_fields__ if f != "empty" and isinstance(v := getattr(spec, f), str)}
    return {f: Column(v) for f, v in named.items() if path or v.split(".")[0] not in lacking}
