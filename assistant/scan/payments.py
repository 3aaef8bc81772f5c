"""The payments of an order, what became of them, and the interest in them; snapshots call it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from assistant.scan.mapping import Interest, Mapping
from assistant.scan.values import CellError, Row, columns_of
from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.snapshot import PaymentView

_NEVER = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED})


class Listed(msgspec.Struct):
    """A payment as the row lists it. `status` is None where the row has no word of its own for it."""

    view: PaymentView
    instalments: int
    status: PaymentStatus | None


class PaymentReader:
    """Reads the payments by the mapping's columns."""

    def __init__(self, mapping: Mapping, lacking: set[str]) -> None:
        spec = mapping.payments
        self.columns = columns_of(spec, lacking)
        self.where = (spec.path or spec.amount) if spec else ""
        self._kinds = {word: PaymentKind(kind) for word, kind in spec.kinds.items()} if spec else {}
        self._words = {word.lower(): PaymentStatus(s) for word, s in spec.statuses.items()} if spec else {}
        self._mark = mapping.decimal_mark

    def read(self, row: Row, order_id: str, currency: str) -> list[Listed]:
        """The payments with what was charged.

        Raises:
            CellError: for a cell that can't be read, a listed payment without an amount, or an unknown status.
        """
        if not self.columns:
            return []
        columns, found = self.columns, {}
        for number, item in enumerate(columns["path"].items(row) if "path" in columns else [row], start=1):
            amount = columns["amount"].minor(item, currency, self._mark)
            if amount is None and "path" in columns:
                raise CellError(f"{columns['amount'].name}: a payment without an amount")
            if amount is None:
                continue
            own = columns["id"].text(item) if "id" in columns else None
            name = f"{order_id}/{own or number}"
            name = f"{name}.{number}" if name in found else name
            method = columns["method"].text(item) if "method" in columns else None
            kind = self._kinds.get(method or "", PaymentKind.MONEY)
            instalments = columns["instalments"].count(item) if "instalments" in columns else None
            view = PaymentView(id=name, method=method, currency=currency, amount=amount, kind=kind)
            found[name] = Listed(view, instalments or 1, self._status(item))
        return list(found.values())

    def _status(self, item: Row) -> PaymentStatus | None:
        column = self.columns.get("status")
        word = column.text(item) if column else None
        if column is None or word is None:
            return None
        if word.lower() not in self._words:
            raise CellError(f"{column.name}: {word!r} is not among the mapping's payment statuses")
        return self._words[word.lower()]


def charged(payments: list[Listed]) -> int:
    """What the payments make that didn't fail, in minor units."""
    return sum(p.view.amount for p in payments if p.status not in _NEVER)


def take_interest(interest: Interest, payments: list[Listed], excess: int) -> None:
    """Moves an excess that instalment interest can explain into the payments' surcharge; anything else stays."""
    able = [
        (p.view, interest_in(p.view.amount, p.instalments, interest.max_monthly_rate))
        for p in payments
        if p.instalments > 1 and p.view.method in interest.methods and p.status not in _NEVER
    ]
    if excess <= 0 or excess > sum(most for _, most in able):
        return
    for view, most in able:
        view.surcharge = min(most, excess)
        excess -= view.surcharge


def interest_in(amount: int, instalments: int, rate: Decimal) -> int:
    """The most interest `amount` can contain when paid in equal monthly instalments, in minor units.

    The present value of an annuity of n payments a is a·(1 − (1 + rate)⁻ⁿ) / rate; the rest of n·a is interest.
    """
    if rate <= 0:
        return 0
    present = (1 - (1 + rate) ** -instalments) / (rate * instalments)
    return int(amount * (1 - present))
