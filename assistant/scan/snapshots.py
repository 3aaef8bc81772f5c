"""Rows into snapshots: the mapping, compiled once, applied to each order of an export."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from assistant.scan.mapping import Interest, Mapping
from assistant.scan.values import CellError, Column, Row, time_zone
from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import ADDRESS_FIELDS, Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import AddressState, Mark, OrderSnapshot, OrderView, PaymentView

TIMES = ("submitted", "ordered", "paid", "shipped", "delivered", "cancelled")
_PARTS = ("shipping_fee", "tax", "fees", "discount")
_TOLD = {
    PaymentStatus.CAPTURED: "payment.captured",
    PaymentStatus.AUTHORIZED: "payment.authorized",
    PaymentStatus.FAILED: "payment.failed",
    PaymentStatus.EXPIRED: "payment.expired",
    PaymentStatus.CANCELLED: "payment.cancelled",
}


class Readings(msgspec.Struct):
    """What an export says about one order.

    `snapshot` is the row as it stands. A row may say two things at once: it lists a payment nobody confirmed, or
    nothing to send that was sent. Then `by_lists` takes the word of its lists (paid, nothing sent) over its times.
    `extent` is the last time of the row.
    """

    snapshot: OrderSnapshot
    by_lists: OrderSnapshot | None
    extent: datetime


class SnapshotBuilder:
    """Applies a mapping to rows. `file` names the export in evidence; `lacking` are columns it doesn't have."""

    def __init__(self, mapping: Mapping, lacking: set[str], file: str) -> None:
        self.mapping, self._file, self._lacking = mapping, file, lacking
        self._zone = time_zone(mapping.time_zone)
        self._order = self._columns("order")
        self._times = [(name, column) for name, column in self._columns("times").items() if name in TIMES]
        self._line, self._payment = self._columns("lines"), self._columns("payments")
        self._address = self._columns("address")
        self._statuses = {word.lower(): status for word, status in mapping.statuses.items()}
        self._words = (
            {w.lower(): PaymentStatus(s) for w, s in mapping.payments.statuses.items()} if mapping.payments else {}
        )

    def _columns(self, part: str) -> dict[str, Column]:
        """A part's columns that the export has; none at all when its list is lacking."""
        spec = getattr(self.mapping, part)
        path = getattr(spec, "path", None)
        if spec is None or (path and path in self._lacking):
            return {}
        named = {f: v for f in spec.__struct_fields__ if f != "empty" and isinstance(v := getattr(spec, f), str)}
        return {f: Column(v) for f, v in named.items() if path or v.split(".")[0] not in self._lacking}

    def exported(self) -> set[str]:
        """The kinds of information this export has, in the words of `checks.NEEDS`."""
        m, found = self.mapping, {name for name, _ in self._times}
        found |= {"checkouts"} if "ordered" in found else set()
        if self._payment:
            found.add("payments")
            found |= {"confirmation"} if "paid" in found or "status" in self._payment else set()
            own = m.payments is not None and m.payments.amount != m.order.total
            found |= {"charged"} if own else set()
        if self._line:
            found.add("lines")
            found |= {"stock"} if m.lines and m.lines.empty == "out_of_stock" else set()
            found |= {"cart_prices"} if "cart_price" in self._line else set()
        if (m.agreed == "total" and "total" in self._order) or (m.agreed == "lines" and self._line):
            found.add("agreed_total")
        if {"recipient", "phone"} <= set(self._address) and {"street", "text"} & set(self._address):
            found.add("address")
        found |= {"refunds"} if "refunded" in self._order else set()
        found |= {"cancelled"} if "status" in self._order and self._statuses else set()
        return found

    def build(self, rows: list[Row], line: int) -> Readings:
        """The readings of one order, told by one row or (line-level exports) several; `line` is the first one's.

        Raises:
            CellError: naming the column and what is wrong with it.
        """
        row = rows[0]
        order_id = self.order_id(row)
        times = {name: at for name, column in self._times if (at := column.moment(row, self._zone)) is not None}
        if "submitted" not in times:
            raise CellError(f"{self.mapping.times.submitted}: no time")
        s = OrderSnapshot(
            checkout_id=order_id, submitted_at=times["submitted"], status="submitted",
            last_activity_at=max(times["submitted"], times.get("paid", times["submitted"])),
        )  # fmt: skip
        s.customer_id = self._text("customer", row)
        currency = self._text("currency", row) or self.mapping.currency
        s.lines, s.cart_lines, asked = self._read_lines(s, rows, currency)
        payments = self._read_payments(row, order_id, currency)
        s.total = self._agreed(row, payments, currency, asked)
        if self._address:
            s.address = self._read_address(row)
        self._note(s, "checkout.submitted", times["submitted"], line, self.mapping.times.submitted)
        self._add_order(s, row, times, Money(asked, currency) if asked is not None else None, line)
        empty = s.lines == [] and self.mapping.lines is not None and self.mapping.lines.empty == "out_of_stock"
        if empty and self.mapping.lines:
            s.reservation_failed_at = times["submitted"]
            self._note(s, "inventory.reservation_failed", times["submitted"], line, self.mapping.lines.path or "")
        by_lists = self._add_payments(s, payments, times, line, empty=empty)
        self._give_back(s, self._minor("refunded", row, s.total.currency) if s.total else None)
        return Readings(s, by_lists, max(times.values()))

    def order_id(self, row: Row) -> str:
        """The order's id.

        Raises:
            CellError: when the row has none.
        """
        order_id = self._text("id", row)
        if order_id is None:
            raise CellError(f"{self.mapping.order.id}: no order id")
        return order_id

    # -- reading --------------------------------------------------------------------------------------------------

    def _text(self, field: str, row: Row) -> str | None:
        column = self._order.get(field)
        return column.text(row) if column else None

    def _minor(self, field: str, row: Row, currency: str) -> int | None:
        column = self._order.get(field)
        return column.minor(row, currency, self.mapping.decimal_mark) if column else None

    def _read_lines(
        self, s: OrderSnapshot, rows: list[Row], currency: str
    ) -> tuple[list[Line] | None, list[Line] | None, int | None]:
        """Lines, the cart's lines where exported, and what they make with fees and discounts in minor units."""
        if not self._line:
            return None, None, None
        columns, mark = self._line, self.mapping.decimal_mark
        parts = (
            columns["path"].items(rows[0])
            if "path" in columns
            else [r for r in rows if columns["price"].raw(r) is not None]
        )
        lines, cart, freight = [], [], 0
        for number, item in enumerate(parts, start=1):
            price = columns["price"].minor(item, currency, mark) or 0
            quantity = columns["quantity"].count(item) if "quantity" in columns else 1
            ship = columns["requires_shipping"].truth(item) if "requires_shipping" in columns else None
            sku = columns["sku"].text(item) or "?"
            line = Line(
                str(number), sku, 1 if quantity is None else quantity, Money(price, currency), ship is not False
            )
            lines.append(line)
            if "freight" in columns:
                freight += columns["freight"].minor(item, currency, mark) or 0
            if "cart_price" in columns and (shown := columns["cart_price"].minor(item, currency, mark)) is not None:
                cart.append(msgspec.structs.replace(line, unit_price=Money(shown, currency)))
        extras = {f: self._minor(f, rows[0], currency) for f in _PARTS}
        if extras["shipping_fee"] is None and freight:
            extras["shipping_fee"] = freight
        for name, amount in extras.items():
            setattr(s, name, Money(amount, currency) if amount is not None else None)
        goods = sum(line.unit_price.amount * line.quantity for line in lines)
        added = sum(extras[f] or 0 for f in ("shipping_fee", "tax", "fees"))
        return lines, cart or None, goods + added - abs(extras["discount"] or 0) if lines else None

    def _read_payments(self, row: Row, order_id: str, currency: str) -> list[tuple[PaymentView, int]]:
        """The payments with what was charged, status still as the row's own word has it, and their instalments."""
        columns, spec = self._payment, self.mapping.payments
        if not columns or spec is None:
            return []
        found = []
        for number, item in enumerate(columns["path"].items(row) if "path" in columns else [row], start=1):
            amount = columns["amount"].minor(item, currency, self.mapping.decimal_mark)
            if amount is None:
                continue
            own = columns["id"].text(item) if "id" in columns else None
            method = columns["method"].text(item) if "method" in columns else None
            view = PaymentView(
                id=f"{order_id}/{own or number}", method=method, currency=currency, amount=amount,
                kind=PaymentKind(spec.kinds.get(method or "", "money")), status=self._status(item),
            )  # fmt: skip
            instalments = columns["instalments"].count(item) if "instalments" in columns else None
            found.append((view, instalments or 1))
        return found

    def _status(self, item: Row) -> PaymentStatus:
        """The payment's own status word; pending where the export has none."""
        column = self._payment.get("status")
        word = column.text(item) if column else None
        if column is None or word is None:
            return PaymentStatus.PENDING
        if word.lower() not in self._words:
            raise CellError(f"{column.name}: {word!r} is not among the mapping's payment statuses")
        return self._words[word.lower()]

    def _agreed(
        self, row: Row, payments: list[tuple[PaymentView, int]], currency: str, asked: int | None
    ) -> Money | None:
        """What the customer agreed to pay; plausible instalment interest above it becomes the payments' surcharge."""
        charged = sum(p.amount for p, _ in payments if p.status not in (PaymentStatus.FAILED, PaymentStatus.CANCELLED))
        total = self._minor("total", row, currency) if self.mapping.agreed == "total" else asked
        if self.mapping.interest and total is not None:
            _take_interest(self.mapping.interest, payments, charged - total)
        if self.mapping.agreed == "payments":
            total = charged - sum(p.surcharge for p, _ in payments) if payments else None
        return Money(total, currency) if total is not None else None

    def _read_address(self, row: Row) -> AddressState:
        told = {f: text for f, column in self._address.items() if (text := column.text(row))}
        present = [f for f in ADDRESS_FIELDS if f in told]
        return AddressState(present, told.get("country"), told.get("province"), told.get("city"))

    # -- what happened --------------------------------------------------------------------------------------------

    def _note(self, s: OrderSnapshot, kind: str, at: datetime, line: int, column: str, entity: str = "") -> None:
        s.marks.append(Mark(kind, f"{self._file}:{line}#{column}", at, at, entity))

    def _add_order(
        self, s: OrderSnapshot, row: Row, times: dict[str, datetime], asked: Money | None, line: int
    ) -> None:
        word = self._statuses.get((self._text("status", row) or "").lower())
        over_at = times.get("cancelled") or (max(times.values()) if word in ("cancelled", "expired") else None)
        columns = self.mapping.times
        if columns.ordered and "ordered" not in times and any(name == "ordered" for name, _ in self._times):
            if over_at:
                s.status, s.ended_at = "expired" if word == "expired" else "cancelled", over_at
                self._note(
                    s, f"checkout.{s.status}", over_at, line, columns.cancelled or self.mapping.order.status or ""
                )
            return
        order = OrderView(
            id=s.checkout_id, created_at=times.get("ordered"), shipped_at=times.get("shipped"),
            delivered_at=times.get("delivered"), cancelled_at=over_at,
            total=asked if self.mapping.agreed == "payments" else None,
        )  # fmt: skip
        order.status = (
            "cancelled"
            if over_at
            else "delivered"
            if order.delivered_at
            else "shipped"
            if order.shipped_at
            else "created"
        )
        s.orders[order.id] = order
        self._note(s, "order.created", times.get("ordered", times["submitted"]), line, self.mapping.order.id, order.id)
        for name in ("shipped", "delivered", "cancelled"):
            at = over_at if name == "cancelled" else times.get(name)
            if at:
                self._note(
                    s, f"order.{name}", at, line, getattr(columns, name) or self.mapping.order.status or "", order.id
                )

    def _add_payments(
        self,
        s: OrderSnapshot,
        payments: list[tuple[PaymentView, int]],
        times: dict[str, datetime],
        line: int,
        *,
        empty: bool,
    ) -> OrderSnapshot | None:
        """Settles the payments' states; returns the reading by the row's lists where it differs."""
        told = "status" in self._payment
        confirmed = any(name == "paid" for name, _ in self._times)
        unconfirmed = not told and confirmed and "paid" not in times
        column = self.mapping.payments.path or self.mapping.payments.amount if self.mapping.payments else ""
        other = _nothing_sent(s) if payments and (unconfirmed or (empty and "shipped" in times)) else None
        for p, _ in payments:
            p.requested_at = times["submitted"]
            self._note(s, "payment.requested", times["submitted"], line, column, p.id)
            if not told and not unconfirmed:
                p.status = PaymentStatus.CAPTURED
            at, source = times.get("paid", times["submitted"]), self.mapping.times.paid or column
            self._settle(s, p, at, line, source)
            if other is not None:
                status = PaymentStatus.CAPTURED if unconfirmed else p.status
                self._settle(
                    other, msgspec.structs.replace(p, status=status), at, line, column if unconfirmed else source
                )
        if unconfirmed and s.total is not None and s.total.amount == 0:
            s.total = None  # nothing charged and nothing confirmed: that doesn't make it free
        return other

    def _settle(self, s: OrderSnapshot, p: PaymentView, at: datetime, line: int, column: str) -> None:
        s.payments[p.id] = p
        if p.status is PaymentStatus.CAPTURED:
            p.captured, p.captured_at = p.amount, at
        elif p.status is PaymentStatus.AUTHORIZED:
            p.authorized, p.authorized_at = p.amount, at
        elif p.status in _TOLD:
            p.ended_at = at
        if p.status in _TOLD:
            self._note(s, _TOLD[p.status], at, line, column, p.id)

    def _give_back(self, s: OrderSnapshot, refunded: int | None) -> None:
        """An order-level refund, spread over the captured payments as they come."""
        left = abs(refunded or 0)
        for p in s.payments.values():
            p.refunded = min(left, p.captured)
            left -= p.refunded


def _nothing_sent(s: OrderSnapshot) -> OrderSnapshot:
    """A copy without payments in which no order has left."""
    orders = {
        o.id: msgspec.structs.replace(o, status="created", shipped_at=None, delivered_at=None)
        if o.status in ("shipped", "delivered") else o
        for o in s.orders.values()
    }  # fmt: skip
    return msgspec.structs.replace(s, payments={}, orders=orders, marks=list(s.marks))


def _take_interest(interest: Interest, payments: list[tuple[PaymentView, int]], excess: int) -> None:
    """Moves an excess that instalment interest can explain into the payments' surcharge; anything else stays."""
    able = [(p, _interest_in(p.amount, n, interest.max_monthly_rate)) for p, n in payments
            if n > 1 and p.method in interest.methods]  # fmt: skip
    if excess <= 0 or excess > sum(most for _, most in able):
        return
    for p, most in able:
        p.surcharge = min(most, excess)
        excess -= p.surcharge


def _interest_in(amount: int, instalments: int, rate: Decimal) -> int:
    """The interest contained in `amount` paid in equal monthly instalments, in minor units (annuity formula)."""
    present = (1 - (1 + rate) ** -instalments) / (rate * instalments)
    return int(amount * (1 - present))
