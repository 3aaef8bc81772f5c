"""The books: every record of the shop with its indexes, its change log and its lock; all rooms write
through here."""

import base64
import binascii
import itertools
import secrets
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any, Generic, TypeVar

from tools.sandbox import model
from tools.sandbox.clock import Clock
from tools.sandbox.events import Delivery, envelope
from tools.sandbox.journal import Journal
from tools.sandbox.model import Json, Record
from tools.sandbox.problem import invalid, missing

R = TypeVar("R", bound=Record)
KINDS: dict[str, type[Record]] = {
    "checkout": model.Checkout,
    "order": model.Order,
    "payment": model.Payment,
    "refund": model.Refund,
    "payment_link": model.PaymentLink,
    "reservation": model.Reservation,
    "stock": model.Stock,
    "product": model.Product,
    "customer": model.Customer,
    "coupon": model.Coupon,
    "message": model.Message,
    "bound_key": model.BoundKey,
    "write": model.WriteSeen,
}
KIND_OF = {cls: kind for kind, cls in KINDS.items()}
UNWRITTEN = 1_000  # ids that a killed run may have given away without writing it down
Listener = Callable[[str, Json], None]
Outbox = Callable[[Json, str | None, Delivery], None]


class Shelf(Generic[R]):
    """All records of one kind, found by id or by what they belong to, and listed by their last change."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.by_id: dict[str, R] = {}
        self._by_owner: dict[str, list[str]] = defaultdict(list)
        self._by_customer: dict[str, list[str]] = defaultdict(list)
        self._changes: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[R]:
        return iter(self.by_id.values())

    def __contains__(self, key: object) -> bool:
        return key in self.by_id

    def get(self, key: str) -> R:
        """The record, or a 404."""
        if key not in self.by_id:
            raise missing(self.kind.replace("_", " "), key)
        return self.by_id[key]

    def of(self, owner: str | None) -> list[R]:
        """The records that belong to a checkout (a refund: to a payment), oldest first."""
        return [self.by_id[key] for key in self._by_owner.get(owner or "", ())]

    def of_customer(self, customer_id: str) -> list[R]:
        return [self.by_id[key] for key in self._by_customer.get(customer_id, ())]

    def put(self, record: R) -> None:
        if record.id not in self.by_id:
            owner = getattr(record, "payment_id", None) if self.kind == "refund" else None
            owner = owner or getattr(record, "checkout_id", None)
            if owner:
                self._by_owner[owner].append(record.id)
            if getattr(record, "customer_id", None):
                self._by_customer[record.customer_id].append(record.id)  # type: ignore[attr-defined]
        self.by_id[record.id] = record
        self._changes.append((record.updated_at, record.id))
        if len(self._changes) > 4 * len(self.by_id) + 1_000:
            self._changes = [entry for entry in self._changes if self._current(entry)]

    def page(self, since: str | None, cursor: str | None, limit: int) -> tuple[list[R], str | None]:
        """Records by last change, oldest first, from `since` on; the cursor names the last one seen."""
        start = (
            bisect_right(self._changes, _decode(cursor)) if cursor else bisect_left(self._changes, (since or "", ""))
        )
        found = (entry for entry in itertools.islice(self._changes, start, None) if self._current(entry))
        page = list(itertools.islice(found, limit + 1))
        following = _encode(page[limit - 1]) if len(page) > limit else None
        return [self.by_id[key] for _, key in page[:limit]], following

    def _current(self, entry: tuple[str, str]) -> bool:
        return self.by_id[entry[1]].updated_at == entry[0]


class Books:
    """State, ids, versions and events of one shop. Hold `lock` around everything that reads and then
    writes."""

    def __init__(self, clock: Clock, run: str | None = None, journal: Journal | None = None) -> None:
        self.clock, self.lock, self.journal = clock, RLock(), journal
        self.run = run or secrets.token_hex(3)
        if journal is not None:
            self.run = journal.meta(run=self.run)["run"]
        self.checkouts = Shelf[model.Checkout]("checkout")
        self.orders = Shelf[model.Order]("order")
        self.payments = Shelf[model.Payment]("payment")
        self.refunds = Shelf[model.Refund]("refund")
        self.links = Shelf[model.PaymentLink]("payment_link")
        self.reservations = Shelf[model.Reservation]("reservation")
        self.stocks = Shelf[model.Stock]("stock")
        self.products = Shelf[model.Product]("product")
        self.customers = Shelf[model.Customer]("customer")
        self.coupons = Shelf[model.Coupon]("coupon")
        self.messages = Shelf[model.Message]("message")
        self.keys = Shelf[model.BoundKey]("bound_key")
        self.writes = Shelf[model.WriteSeen]("write")
        self.shelves: dict[str, Shelf[Any]] = {
            shelf.kind: shelf for shelf in vars(self).values() if isinstance(shelf, Shelf)
        }
        self.listeners: list[Listener] = []
        self.delivery: Callable[[str, str], Delivery] = lambda checkout_id, kind: Delivery()
        self.outbox: Outbox = lambda event, checkout_id, delivery: None
        self._counters: dict[str, int] = defaultdict(int)
        self._dirty: dict[tuple[str, str], str | None] = {}

    def new_id(self, prefix: str) -> str:
        self._counters[prefix] += 1
        return f"{prefix}-{self.run}-{self._counters[prefix]:06d}"

    def add(self, record: R) -> R:
        """Enters a new record into its shelf."""
        record.created_at = record.created_at or self.clock.moment()
        record.updated_at = self.clock.stamp()
        self._put(record)
        return record

    def touch(self, record: R) -> R:
        """Notes that a record changed: next version, now."""
        record.version += 1
        record.updated_at = self.clock.stamp()
        self._put(record)
        return record

    def emit(self, kind: str, subject: str | None, data: Json, time: str | None = None) -> Json:
        """Tells an event to the assistant (unless the story loses it) and to the shop's own listeners."""
        delivery = self.delivery(subject or "", kind)
        told = subject
        if delivery.anonymous:
            told, data = None, {key: value for key, value in data.items() if key != "checkout_id"}
        event = envelope(kind, self.new_id("evt"), time or self.clock.moment(), told, data)
        self.outbox(event, subject, delivery)
        for listener in self.listeners:
            listener(kind, {"checkout_id": subject, **data})
        return event

    def remember(self, kind: str, key: str, body: str | None) -> None:
        """Keeps (or with None forgets) something that is no record, such as a job or an unsent event."""
        if self.journal is not None:
            self._dirty[kind, key] = body

    def flush(self) -> None:
        """Writes what changed since the last time to the journal, if there is one."""
        if self.journal is None:
            return
        with self.lock:
            if not self._dirty:
                return
            dirty, self._dirty = self._dirty, {}
            counters = [("counter", prefix, str(count)) for prefix, count in self._counters.items()]
            self.journal.save(
                [(kind, key, body) for (kind, key), body in dirty.items() if body is not None] + counters,
                [entry for entry, body in dirty.items() if body is None],
            )

    def restore(self) -> list[tuple[str, str, str]]:
        """Reads the journal back; returns what is no record: (kind, key, body)."""
        others: list[tuple[str, str, str]] = []
        records: list[Record] = []
        for kind, key, body in self.journal.load() if self.journal else ():
            if kind in KINDS:
                records.append(KINDS[kind].model_validate_json(body))
            elif kind == "counter":
                self._counters[key] = int(body) + UNWRITTEN
            else:
                others.append((kind, key, body))
        for record in sorted(records, key=lambda one: (one.updated_at, one.id)):
            self.shelf_of(record).put(record)
        return others

    def shelf_of(self, record: Record) -> Shelf[Any]:
        return self.shelves[KIND_OF[type(record)]]

    def _put(self, record: Record) -> None:
        shelf = self.shelf_of(record)
        shelf.put(record)
        if self.journal is not None:
            self._dirty[shelf.kind, record.id] = record.model_dump_json()


def _encode(entry: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode("|".join(entry).encode()).decode()


def _decode(cursor: str) -> tuple[str, str]:
    try:
        at, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise invalid("cursor", "not a cursor of ours") from error
    if not at or not key:
        raise invalid("cursor", "not a cursor of ours")
    return at, key
