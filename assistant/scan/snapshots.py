"""Rows into snapshots: the mapping, compiled once, applied to each order of an export."""

from __future__ import annotations

from datetime import datetime

import msgspec

from assistant.scan.lines import EXTRAS, LineReader
from assistant.scan.mapping import Mapping
from assistant.scan.payments import Listed, PaymentReader, charged, take_interest
from assistant.scan.values import CellError, Row, columns_of, time_zone
from knowledge.faults.reading import LATER
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import ADDRESS_FIELDS
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import AddressState, Mark, OrderSnapshot, OrderView, PaymentView

TIMES = ("submitted", "ordered", "paid", "shipped", "delivered", "cancelled")
_TOLD = {
    PaymentStatus.CAPTURED: "payment.captured",
    PaymentStatus.AUTHORIZED: "payment.authorized",
    PaymentStatus.FAILED: "payment.failed",
    PaymentStatus.EXPIRED: "payment.expired",
    PaymentStatus.CANCELLED: "payment.cancelled",
}
Times = dict[str, datetime]


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
        self.mapping, self._file = mapping, file
        self._zone = time_zone(mapping.time_zone)
        self._order = columns_of(mapping.order, lacking)
        self._times = {name: column for name, column in columns_of(mapping.times, lacking).items() if name in TIMES}
        self._address = columns_of(mapping.address, lacking)
        self._lines, self._payments = LineReader(mapping, lacking), PaymentReader(mapping, lacking)
        self._statuses = {word.lower(): status for word, status in mapping.statuses.items()}

    def exported(self) -> set[str]:
        """The kinds of information this export has, in the words of `checks.NEEDS`."""
        m, found = self.mapping, set(self._times)
        lines, payments = self._lines.columns, self._payments.columns
        own_total = (m.agreed == "total" and "total" in self._order) or (m.agreed == "lines" and bool(lines))
        apart = m.payments is not None and m.payments.amount != m.order.total
        where = set(self._address)
        told = {
            "checkouts": "ordered" in found,
            "payments": bool(payments),
            "confirmation": "paid" in found or "status" in payments,
            "charged": bool(payments) and apart,
            "lines": bool(lines),
            "stock": bool(lines) and self._lines.empty_means_out_of_stock,
            "cart_prices": "cart_price" in lines,
            "agreed_total": own_total,
            "items_or_total": own_total or (m.agreed == "payments" and bool(lines)),
            "address": {"recipient", "phone"} <= where and bool({"street", "text"} & where),
            "refunds": "refunded" in self._order,
            "cancelled": "cancelled" in found or ("status" in self._order and bool(self._statuses)),
        }
        return found | {kind for kind, there in told.items() if there}

    def build(self, rows: list[Row], line: int) -> Readings:
        """The readings of one order, told by one row or (line-level exports) several; `line` is the first one's.

        Raises:
            CellError: naming the column and what is wrong with it.
        """
        row, order_id = rows[0], self.order_id(rows[0])
        times = {name: at for name, c in self._times.items() if (at := c.moment(row, self._zone)) is not None}
        if "submitted" not in times:
            raise CellError(f"{self.mapping.times.submitted}: no time")
        submitted = times["submitted"]
        s = OrderSnapshot(checkout_id=order_id, submitted_at=submitted, status="submitted")
        s.last_activity_at = max(submitted, times.get("paid", submitted))
        s.customer_id = self._text("customer", row)
        currency = self._text("currency", row) or self.mapping.currency
        read = self._lines.read(rows, currency)
        s.lines, s.cart_lines = read.lines, read.cart
        for name in EXTRAS:
            setattr(s, name, Money(read.extras[name], currency) if name in read.extras else None)
        payments = self._payments.read(row, order_id, currency)
        s.total = self._agreed(row, payments, currency, read.asked)
        if self._address:
            s.address = self._read_address(row)
        self._note(s, "checkout.submitted", submitted, line, self.mapping.times.submitted)
        asked = Money(read.asked, currency) if read.asked is not None else None
        self._add_order(s, row, times, asked, line)
        nothing = read.lines == [] and self._lines.empty_means_out_of_stock
        if nothing:
            s.reservation_failed_at = submitted
            self._note(s, "inventory.reservation_failed", submitted, line, self._lines.where)
        by_lists = self._add_payments(s, payments, times, line, unsent=nothing and "shipped" in times)
        self._give_back(s, self._minor("refunded", row, currency))
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

    # -- reading --

    def _text(self, field: str, row: Row) -> str | None:
        column = self._order.get(field)
        return column.text(row) if column else None

    def _minor(self, field: str, row: Row, currency: str) -> int | None:
        column = self._order.get(field)
        return column.minor(row, currency, self.mapping.decimal_mark) if column else None

    def _agreed(self, row: Row, payments: list[Listed], currency: str, asked: int | None) -> Money | None:
        """What the customer agreed to pay; plausible instalment interest above it becomes the payments' surcharge."""
        total = self._minor("total", row, currency) if self.mapping.agreed == "total" else asked
        taken = charged(payments)
        if self.mapping.interest and total is not None:
            take_interest(self.mapping.interest, payments, taken - total)
        if self.mapping.agreed == "payments":
            total = taken - sum(p.view.surcharge for p in payments) if payments else None
        return Money(total, currency) if total is not None else None

    def _read_address(self, row: Row) -> AddressState:
        told = {f: text for f, column in self._address.items() if (text := column.text(row))}
        present = [f for f in ADDRESS_FIELDS if f in told]
        return AddressState(present, told.get("country"), told.get("province"), told.get("city"))

    # -- what happened --

    def _note(self, s: OrderSnapshot, kind: str, at: datetime, line: int, column: str, entity: str = "") -> None:
        s.marks.append(Mark(kind, f"{self._file}:{line}#{column}", at, at, entity))

    def _add_order(self, s: OrderSnapshot, row: Row, times: Times, asked: Money | None, line: int) -> None:
        word = self._statuses.get((self._text("status", row) or "").lower(), "")
        over_at = times.get("cancelled") or (max(times.values()) if word in ("cancelled", "expired") else None)
        columns = self.mapping.times
        over_column = columns.cancelled or self.mapping.order.status or ""
        if "ordered" in self._times and "ordered" not in times:
            if over_at:
                s.status, s.ended_at = "expired" if word == "expired" else "cancelled", over_at
                self._note(s, f"checkout.{s.status}", over_at, line, over_column)
            return
        order = OrderView(
            id=s.checkout_id,
            created_at=times.get("ordered"),
            shipped_at=times.get("shipped"),
            delivered_at=times.get("delivered"),
            cancelled_at=over_at,
            total=asked if self.mapping.agreed == "payments" else None,
        )
        s.orders[order.id] = order
        self._note(s, "order.created", times.get("ordered", times["submitted"]), line, self.mapping.order.id, order.id)
        steps = {"shipped": (order.shipped_at, columns.shipped), "delivered": (order.delivered_at, columns.delivered)}
        for status, (at, column) in {**steps, "cancelled": (over_at, over_column)}.items():
            if at is not None:
                order.status = status
                self._note(s, f"order.{status}", at, line, column or "", order.id)

    def _add_payments(
        self, s: OrderSnapshot, payments: list[Listed], times: Times, line: int, *, unsent: bool
    ) -> OrderSnapshot | None:
        """Settles the payments' states; returns the reading by the row's lists where it differs."""
        silent = "paid" in self._times and "paid" not in times  # confirmations are exported, and there is none
        listed, paid_at = self._payments.where, times.get("paid", times["submitted"])
        unconfirmed = [p for p in payments if p.status is None and silent]
        by_lists = _nothing_sent(s) if unconfirmed or (payments and unsent) else None
        for p in payments:
            p.view.requested_at = times["submitted"]
            self._note(s, "payment.requested", times["submitted"], line, listed, p.view.id)
            status = p.status or (PaymentStatus.PENDING if silent else PaymentStatus.CAPTURED)
            if p.view.kind in LATER and status is PaymentStatus.PENDING:
                status = PaymentStatus.AUTHORIZED  # the order was taken on these terms: nobody has to confirm
            if by_lists is not None:
                taken = PaymentStatus.CAPTURED if p in unconfirmed else status
                self._settle(by_lists, msgspec.structs.replace(p.view), taken, paid_at, line)
            self._settle(s, p.view, status, paid_at, line)
        if unconfirmed and s.total is not None and s.total.amount == 0:
            s.total = None  # nothing charged and nothing confirmed: that doesn't make it free
        return by_lists

    def _settle(self, s: OrderSnapshot, p: PaymentView, status: PaymentStatus, at: datetime, line: int) -> None:
        s.payments[p.id], p.status = p, status
        if status is PaymentStatus.CAPTURED:
            p.captured, p.captured_at = p.amount, at
        elif status is PaymentStatus.AUTHORIZED:
            p.authorized, p.authorized_at = p.amount, at
        elif status in _TOLD:
            p.ended_at = at
        if status in _TOLD:
            self._note(s, _TOLD[status], at, line, self.mapping.times.paid or self._payments.where, p.id)

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
