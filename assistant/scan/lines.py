"""The lines of an order, and what they make together; snapshots call it."""

from __future__ import annotations

import msgspec

from assistant.scan.mapping import Mapping
from assistant.scan.values import CellError, Column, Row, columns_of
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.money import Money

EXTRAS = ("shipping_fee", "tax", "fees", "discount")


class Lines(msgspec.Struct):
    """`lines` is None where the export has none at all; amounts in minor units. `asked` is what everything makes."""

    lines: list[Line] | None = None
    cart: list[Line] | None = None
    extras: dict[str, int] = {}
    asked: int | None = None


class LineReader:
    """Reads the lines by the mapping's columns."""

    def __init__(self, mapping: Mapping, lacking: set[str]) -> None:
        self.columns = columns_of(mapping.lines, lacking)
        self.empty_means_out_of_stock = mapping.lines is not None and mapping.lines.empty == "out_of_stock"
        self.where = mapping.lines.path or mapping.lines.sku if mapping.lines else ""
        order = columns_of(mapping.order, lacking)
        self._extras: dict[str, Column] = {f: order[f] for f in EXTRAS if f in order}
        self._mark = mapping.decimal_mark

    def read(self, rows: list[Row], currency: str) -> Lines:
        """The lines with fees and discounts.

        Raises:
            CellError: for a cell that can't be read, or a line without a price.
        """
        found = Lines(extras=self._read_extras(rows[0], currency))
        if not self.columns:
            return found
        found.lines, freight = [], 0
        for number, item in enumerate(self._items(rows), start=1):
            line = self._line(str(number), item, currency)
            found.lines.append(line)
            freight += self._minor("freight", item, currency) or 0
            shown = self._minor("cart_price", item, currency)
            if shown is not None:
                found.cart = [*(found.cart or []), msgspec.structs.replace(line, unit_price=Money(shown, currency))]
        if freight:
            found.extras.setdefault("shipping_fee", freight)
        if found.lines:
            goods = sum(line.unit_price.amount * line.quantity for line in found.lines)
            extras = found.extras
            added = sum(extras.get(f, 0) for f in ("shipping_fee", "tax", "fees"))
            found.asked = goods + added - abs(extras.get("discount", 0))
        return found

    def _items(self, rows: list[Row]) -> list[Row]:
        if "path" in self.columns:
            return self.columns["path"].items(rows[0])
        return [row for row in rows if self.columns["price"].raw(row) is not None]

    def _line(self, number: str, item: Row, currency: str) -> Line:
        columns = self.columns
        price = self._minor("price", item, currency)
        if price is None:
            raise CellError(f"{columns['price'].name}: a line without a price")
        quantity = columns["quantity"].count(item) if "quantity" in columns else None
        ship = columns["requires_shipping"].truth(item) if "requires_shipping" in columns else None
        sku = columns["sku"].text(item) if "sku" in columns else None
        return Line(number, sku or "?", 1 if quantity is None else quantity, Money(price, currency), ship is not False)

    def _minor(self, field: str, item: Row, currency: str) -> int | None:
        column = self.columns.get(field)
        return column.minor(item, currency, self._mark) if column else None

    def _read_extras(self, row: Row, currency: str) -> dict[str, int]:
        read = {field: column.minor(row, currency, self._mark) for field, column in self._extras.items()}
        return {field: amount for field, amount in read.items() if amount is not None}
