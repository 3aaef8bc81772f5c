"""Mapping: which column of an export says what; presets are such files shipped in presets/."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from knowledge.policies import Deadlines
from knowledge.vocabulary.errors import InputError

PRESETS = Path(__file__).parent / "presets"


class OrderColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns about the order as a whole; amounts in major units, as people write them.

    Columns are names, or dotted paths into nested objects, here and below.
    """

    id: str
    customer: str | None = None
    currency: str | None = None
    total: str | None = None
    shipping_fee: str | None = None
    tax: str | None = None
    fees: str | None = None
    discount: str | None = None
    refunded: str | None = None
    status: str | None = None


class TimeColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When what happened. Without `ordered`, each row is an order; with it, a row without that time has none."""

    submitted: str
    ordered: str | None = None
    paid: str | None = None
    shipped: str | None = None
    delivered: str | None = None
    cancelled: str | None = None


class LineColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lines: a list at `path` (JSON text in a cell does, too), or columns of the row itself.

    `empty` says what an order without lines means where the export has the column.
    """

    path: str | None = None
    sku: str
    quantity: str | None = None
    price: str
    cart_price: str | None = None
    freight: str | None = None
    requires_shipping: str | None = None
    empty: Literal["out_of_stock", "nothing"] = "nothing"


class PaymentColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payments: a list at `path`, or columns of the row itself. `statuses` and `kinds` translate its words."""

    path: str | None = None
    id: str | None = None
    amount: str
    method: str | None = None
    instalments: str | None = None
    status: str | None = None
    statuses: dict[str, str] = {}
    kinds: dict[str, str] = {}


class AddressColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only whether each field is there is kept, and country, province and city."""

    recipient: str | None = None
    phone: str | None = None
    country: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    postcode: str | None = None
    text: str | None = None


class Interest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Instalment interest: an excess up to `max_monthly_rate` (annuity) on these methods is a surcharge, no fault."""

    methods: list[str]
    max_monthly_rate: Decimal


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an export's columns become snapshots.

    `agreed` is what the customer agreed to pay: the `total` column, the `lines` with fees and discounts, or (for an
    export that has neither) the `payments`; then the lines' sum is the order's total. `optional` lists columns an
    export may lack; what needs them is not checked then. `rows = "lines"`: consecutive rows with one id are one order.
    """

    name: str = ""
    order: OrderColumns
    times: TimeColumns
    lines: LineColumns | None = None
    payments: PaymentColumns | None = None
    address: AddressColumns | None = None
    interest: Interest | None = None
    agreed: Literal["total", "lines", "payments"] = "lines"
    rows: Literal["orders", "lines"] = "orders"
    statuses: dict[str, str] = {}
    currency: str = ""
    time_zone: str = "UTC"
    decimal_mark: Literal[".", ","] = "."
    optional: list[str] = []
    deadlines: dict[str, float] = {}
    payment_deadlines: dict[str, float] = {}
    clock_skew: float = 0.0  # seconds; one export has one clock

    def columns(self) -> dict[str, list[str]]:
        """Every top-level column the mapping reads, with what it reads there (`times.paid`)."""
        found: dict[str, list[str]] = {}
        for part in ("order", "times", "lines", "payments", "address"):
            columns = getattr(self, part)
            path = getattr(columns, "path", None)
            for field in columns.__struct_fields__ if columns else ():
                value = getattr(columns, field)
                if not isinstance(value, str) or field == "empty" or (path and field != "path"):
                    continue
                found.setdefault(value if field == "path" else value.split(".")[0], []).append(f"{part}.{field}")
        return found

    def step_deadlines(self) -> Deadlines:
        """The mapping's deadlines over the defaults, in seconds."""
        return msgspec.structs.replace(
            Deadlines(), **self.deadlines, payment_by_method=self.payment_deadlines, clock_skew=self.clock_skew
        )


def preset_names() -> list[str]:
    """The presets that ship with the product."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_preset(name: str) -> Mapping:
    """A mapping that ships with the product.

    Raises:
        InputError: `unknown_preset`, naming those there are.
    """
    if name not in preset_names():
        raise InputError("unknown_preset", "preset", f"{name!r} is none of {', '.join(preset_names())}")
    return load_mapping(PRESETS / f"{name}.toml")


def load_mapping(path: Path) -> Mapping:
    """A mapping from a TOML or JSON file.

    Raises:
        InputError: `invalid_mapping` with the file and the place in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        mapping = msgspec.convert({"name": path.stem} | raw, Mapping)
        mapping.step_deadlines()
        ZoneInfo(mapping.time_zone)
    except OSError as error:
        raise InputError("invalid_mapping", str(path), error.strerror or "can't be read") from error
    except (ValueError, TypeError, ZoneInfoNotFoundError) as error:
        raise InputError("invalid_mapping", str(path), str(error)) from error
    return mapping


def in_currency(mapping: Mapping, currency: str) -> Mapping:
    """The mapping for an export whose rows don't say their currency; unchanged when none is given."""
    return msgspec.structs.replace(mapping, currency=currency.upper()) if currency else mapping


def check_columns(mapping: Mapping, present: Iterable[str], file: str) -> set[str]:
    """The columns that are missing and may be.

    Raises:
        InputError: `missing_columns`, naming each missing column, what it was to say, and the file.
    """
    there = set(present)
    missing = {column: roles for column, roles in mapping.columns().items() if column not in there}
    wanted = {column: roles for column, roles in missing.items() if column not in mapping.optional}
    if wanted:
        named = "; ".join(f"no column {column!r} (for {', '.join(roles)})" for column, roles in sorted(wanted.items()))
        having = ", ".join(sorted(there)) or "none"
        raise InputError("missing_columns", file, f"{named}. It has: {having}. Describe your columns with --mapping")
    if not mapping.currency and (mapping.order.currency is None or mapping.order.currency in missing):
        raise InputError("missing_columns", file, "says no currency: map a column to order.currency, or name one")
    return set(missing)
