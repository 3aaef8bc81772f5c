"""One customer's purchases as they may see them: what events told, corrected by what the shop says now; the desk asks.

Nothing leaves here whose customer is another one: our rows are chosen by customer in SQL, the shop's answers are looked
at after they came, and the shop's word counts where the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import sqlalchemy as sa
import structlog

from assistant.chatbot.ports import Amount, CaseNote, OrderCard, OrderLine, PaymentNote
from assistant.store.engine import Store
from assistant.store.tables import checkouts
from knowledge.phrases import format_money
from knowledge.vocabulary.errors import NotFoundError, UnavailableError
from knowledge.vocabulary.events import ADDRESS_FIELDS, Address, Line
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, PaymentFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, OrderView
from tools.connectors.ports import ShopReader
from tools.lookups.customer_history import customer_history

REMEMBERED = 100  # of a customer's purchases that are looked through
MAX_LIMIT = 20
_TITLES = 12  # products whose names are asked for per turn
_EARLIEST = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Orders:
    """Reads for one customer during one turn; what the shop said once is not asked again.

    `note` gives a checkout's case as the customer may know it.
    """

    def __init__(
        self, store: Store, reader: ShopReader, customer_id: str, note: Callable[[str], CaseNote | None]
    ) -> None:
        self._store, self._reader, self._customer_id, self._note = store, reader, customer_id, note
        self._silent = False  # the shop did not answer: it is not asked again in this turn
        self._titles: dict[str, str] = {}
        self._checkouts: dict[str, CheckoutFact | None] = {}
        self._customer: CustomerFact | None = None
        self._asked = False

    # -- what the desk asks -----------------------------------------------------------------------------------------

    def newest(self, limit: int) -> list[OrderCard]:
        """Up to `limit` purchases, newest first; those that only the shop knows among them."""
        limit = max(1, min(limit, MAX_LIMIT))
        mine = self._mine()
        known = {order_id for snapshot in mine for order_id in snapshot.orders}
        there = {snapshot.checkout_id for snapshot in mine}
        newest = sorted(mine, key=_placed_at, reverse=True)[:limit]
        cards = [self._card(snapshot) for snapshot in newest if self._is_still_mine(snapshot)]
        for order_id in self._others(known)[:limit]:
            fact = self._ask(lambda one=order_id: self._reader.order(one))  # type: ignore[misc]
            if fact is not None and self._is_mine(fact.customer_id, None) and fact.checkout_id not in there:
                cards.append(self._of_fact(fact))
        return sorted(cards, key=lambda card: card.placed_at or _EARLIEST, reverse=True)[:limit]

    def find(self, ref: str) -> OrderCard:
        """One purchase by order or checkout id, as the shop has it now.

        Raises:
            NotFoundError: `order_not_found`.
        """
        checkout_id = self.checkout_of(ref)
        snapshot = next((one for one in self._mine() if one.checkout_id == checkout_id), None)
        fact = self._checkout(checkout_id)
        if fact is not None and not self._is_mine(fact.customer_id, snapshot):
            raise _not_found()
        if fact is None and snapshot is None:
            raise _not_found()
        return self._whole(checkout_id, snapshot, fact, ref)

    def checkout_of(self, ref: str) -> str:
        """The checkout of an order or checkout id of the customer's.

        Raises:
            NotFoundError: `order_not_found`.
        """
        if not ref or len(ref) > 500 or "\0" in ref:
            raise _not_found()
        for snapshot in self._mine():
            if ref == snapshot.checkout_id or ref in snapshot.orders:
                if self._is_still_mine(snapshot):
                    return snapshot.checkout_id
                raise _not_found()
        order = self._ask(lambda: self._reader.order(ref))
        if order is not None and order.checkout_id and self._is_mine(order.customer_id, None):
            return order.checkout_id
        checkout = self._checkout(ref)
        if checkout is not None and self._is_mine(checkout.customer_id, None):
            return checkout.id
        raise _not_found()

    def address(self, checkout_id: str) -> Address | None:
        """Where the purchase goes, as the shop has it: the live order's address, else the checkout's.

        Raises:
            UnavailableError: the shop does not say.
        """
        live = [order for order in self._reader.orders(checkout_id) if order.live]
        if live and live[-1].shipping_address is not None:
            return live[-1].shipping_address
        checkout = self._reader.checkout(checkout_id)
        return checkout.shipping_address if checkout else None

    def customer(self) -> CustomerFact | None:
        """The customer's profile at the shop; None where it does not say."""
        if not self._asked:
            self._asked = True
            found = self._ask(lambda: customer_history(self._reader, self._customer_id))
            self._customer = found if found is not None and found.id == self._customer_id else None
        return self._customer

    # -- whose it is ------------------------------------------------------------------------------------------------

    def _mine(self) -> list[OrderSnapshot]:
        query = (
            sa.select(checkouts.c.snapshot).where(checkouts.c.customer_id == self._customer_id)
            .order_by(checkouts.c.updated_at.desc()).limit(REMEMBERED)
        )  # fmt: skip
        with self._store.read() as tx:
            rows = [msgspec.convert(row, OrderSnapshot) for row in tx.scalars(query) if row]
        return [row for row in rows if row.customer_id == self._customer_id]

    def _is_mine(self, customer_id: str | None, snapshot: OrderSnapshot | None) -> bool:
        """The shop's word; where it names nobody, ours (a snapshot is only ever this customer's)."""
        return customer_id == self._customer_id if customer_id else snapshot is not None

    def _is_still_mine(self, snapshot: OrderSnapshot) -> bool:
        fact = self._checkout(snapshot.checkout_id)
        return fact is None or self._is_mine(fact.customer_id, snapshot)

    def _checkout(self, checkout_id: str) -> CheckoutFact | None:
        """The checkout as the shop has it, asked for once; None where it has none, or does not answer."""
        if checkout_id not in self._checkouts:
            self._checkouts[checkout_id] = self._ask(lambda: self._reader.checkout(checkout_id))
        return self._checkouts[checkout_id]

    def _others(self, known: set[str]) -> list[str]:
        """Orders in the customer's profile that no event has told of, newest first."""
        customer = self.customer()
        listed = sorted(customer.orders if customer else [], key=lambda one: str(one.get("at") or ""), reverse=True)
        return [str(one["id"]) for one in listed if one.get("id") and str(one["id"]) not in known]

    def _ask(self, read: Callable[[], T | None]) -> T | None:
        """What the shop says; None when it does not answer, and then it is left alone for this turn."""
        if self._silent:
            return None
        try:
            return read()
        except UnavailableError as error:
            log.warning("chat.shop_silent", code=error.code)
            self._silent = True
            return None

    # -- cards ------------------------------------------------------------------------------------------------------

    def _card(self, snapshot: OrderSnapshot) -> OrderCard:
        """From events and the read-backs there were."""
        order = _order_of(snapshot)
        total = (order.total if order else None) or snapshot.total
        return OrderCard(
            order_id=order.id if order else None, checkout_id=snapshot.checkout_id,
            status=order.status if order else snapshot.status, total=_amount(total),
            placed_at=(order.created_at if order else None) or snapshot.submitted_at or snapshot.started_at,
            lines=self._lines((order.lines if order else None) or snapshot.lines or []),
            payments=[
                _payment(p.id, p.amount, p.currency, p.status, p.refunded, p.refund_pending, p.method)
                for p in snapshot.payments.values() if p.currency
            ],
            expected_ship_at=order.expected_ship_at if order else None,
            case=self._note(snapshot.checkout_id), stale=self._silent,
        )  # fmt: skip

    def _whole(
        self, checkout_id: str, snapshot: OrderSnapshot | None, fact: CheckoutFact | None, ref: str
    ) -> OrderCard:
        """As the shop has it now; what it does not say is taken from what we know."""
        orders = self._ask(lambda: self._reader.orders(checkout_id)) if fact is not None else None
        payments = self._ask(lambda: self._reader.payments(checkout_id)) if fact is not None else None
        orders = [one for one in orders or [] if self._is_mine(one.customer_id or self._customer_id, snapshot)]
        base = self._card(snapshot) if snapshot is not None else None
        if fact is None:
            if base is None:
                raise _not_found()
            return base
        named = next((one for one in orders if one.id == ref), None)
        live = [one for one in orders if one.live]
        order = named or next(reversed(live or orders), None)
        total = (order.total if order else None) or fact.total
        address = (order.shipping_address if order else None) or fact.shipping_address
        return OrderCard(
            order_id=order.id if order else None, checkout_id=checkout_id,
            status=order.status if order else fact.status, total=_amount(total),
            placed_at=(order.created_at if order else None) or fact.submitted_at or (base.placed_at if base else None),
            lines=self._lines(order.lines if order else fact.lines),
            payments=_payments(payments) if payments is not None else (base.payments if base else []),
            expected_ship_at=order.expected_ship_at if order else None, address=_fields(address),
            case=self._note(checkout_id), stale=self._silent,
        )  # fmt: skip

    def _of_fact(self, fact: OrderFact) -> OrderCard:
        """An order that only the shop knows, in short."""
        return OrderCard(
            order_id=fact.id, checkout_id=fact.checkout_id or "", status=fact.status, total=_amount(fact.total),
            placed_at=fact.created_at, lines=self._lines(fact.lines), expected_ship_at=fact.expected_ship_at,
            case=self._note(fact.checkout_id) if fact.checkout_id else None,
        )  # fmt: skip

    def _lines(self, lines: Sequence[Line]) -> list[OrderLine]:
        return [
            OrderLine(sku=line.sku, title=self._title(line.sku), quantity=line.quantity, unit_price=price)
            for line in lines if (price := _amount(line.unit_price)) is not None
        ]  # fmt: skip

    def _title(self, sku: str) -> str:
        if sku not in self._titles and len(self._titles) < _TITLES:
            product = self._ask(lambda: self._reader.product(sku))
            self._titles[sku] = product.title if product and product.title else sku
        return self._titles.get(sku, sku)


def _not_found() -> NotFoundError:
    return NotFoundError("order_not_found", "there is no such order")


def _placed_at(snapshot: OrderSnapshot) -> datetime:
    return snapshot.submitted_at or snapshot.started_at or snapshot.last_activity_at or _EARLIEST


def _order_of(snapshot: OrderSnapshot) -> OrderView | None:
    orders = snapshot.live_orders or list(snapshot.orders.values())
    return orders[-1] if orders else None


def _amount(money: Money | None) -> Amount | None:
    return None if money is None else Amount(amount=money.amount, currency=money.currency, text=format_money(money))


def _payment(
    id: str, amount: int, currency: str, status: str, refunded: int, pending: int, method: str | None
) -> PaymentNote:
    shown = [
        Amount(amount=minor, currency=currency, text=format_money(Money(minor, currency)))
        for minor in (amount, refunded, pending)
    ]
    return PaymentNote(
        payment_id=id, amount=shown[0], status=str(status), refunded=shown[1], refund_pending=shown[2], method=method
    )


def _payments(facts: Iterable[PaymentFact]) -> list[PaymentNote]:
    found = []
    for one in facts:
        money = one.amount or one.captured
        if money is not None:
            back = [given.amount if given else 0 for given in (one.refunded, one.refund_pending)]
            found.append(_payment(one.id, money.amount, money.currency, one.status, back[0], back[1], one.method))
    return found


def _fields(address: Address | None) -> dict[str, str]:
    """Field by field, what is there of it."""
    return {name: value for name in ADDRESS_FIELDS if address is not None and (value := getattr(address, name, None))}
