"""World: what the assistant's database and the connected shop say at one moment; the audit's invariants read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from assistant.intake.folding import CROSS_CHECKS
from knowledge.vocabulary.codes import CaseStatus, FaultCode, PaymentKind, PaymentStatus
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.money import Money

Row = dict[str, Any]
K = TypeVar("K")

ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
LATER = (PaymentKind.ON_DELIVERY, PaymentKind.PAY_LATER)
KEPT_ASIDE = ("held", "committed")
SENT = ("shipped", "delivered")
# Timers that mean that the assistant will look at the checkout again by itself.
WILL_LOOK = ("detect", "confirm", "refold", "across", *CROSS_CHECKS)
OVERDUE = timedelta(minutes=1)  # such a timer that is due for longer is not being worked on: nothing moves
# A case with one of these faults says that money or stock of its checkout is not as it should be.
NAMES_A_DIFFERENCE = frozenset(
    {
        FaultCode.PAID_OUT_OF_STOCK, FaultCode.PAID_ORDER_MISSING, FaultCode.DUPLICATE_CHARGE,
        FaultCode.AMOUNT_MISMATCH, FaultCode.PARTIAL_PAYMENT, FaultCode.REFUND_MISSING,
        FaultCode.PAYMENT_FAILED_STOCK_HELD, FaultCode.PAYMENT_UNCONFIRMED, FaultCode.PRICE_MISMATCH,
        FaultCode.UNPAID_ORDER_LIVE, FaultCode.PAYMENT_DISPUTED, FaultCode.PAYMENT_FAILED, FaultCode.DUPLICATE_ORDER,
        FaultCode.RESERVATION_TIMEOUT, FaultCode.COUPON_MISAPPLIED, FaultCode.FULFILMENT_STALLED,
        FaultCode.UNKNOWN_ANOMALY,
    }
)  # fmt: skip


class Around(msgspec.Struct, kw_only=True):
    """One checkout as the shop shows it, with everything that belongs to it."""

    id: str
    checkout: CheckoutFact | None = None
    orders: list[OrderFact] = []
    payments: list[PaymentFact] = []
    reservations: list[ReservationFact] = []

    @property
    def live_orders(self) -> list[OrderFact]:
        """Orders that aren't cancelled."""
        return [order for order in self.orders if order.live]

    @property
    def currencies(self) -> list[str]:
        """Every currency in which something was taken or promised."""
        moneys = [p.amount for p in self.payments] + [o.total for o in self.orders]
        return sorted({money.currency for money in moneys if money})

    @property
    def changed_at(self) -> datetime | None:
        """When anything of it changed last, as far as the shop says so."""
        records = [self.checkout, *self.orders, *self.payments, *self.reservations]
        return max((r.updated_at for r in records if r and r.updated_at), default=None)

    def due(self, currency: str) -> int:
        """Minor units due for what the customer keeps: the totals of live orders."""
        return sum(o.total.amount for o in self.live_orders if o.total and o.total.currency == currency)

    def tendered(self, currency: str, now: datetime) -> int:
        """Minor units captured and kept, authorised and still valid, or accepted to be paid later; no surcharges."""
        mine = [p for p in self.payments if p.amount and p.amount.currency == currency]
        return sum(_worth(payment, now) for payment in mine)

    def set_aside(self) -> Counter[str]:
        """Units by sku that are held or committed (goods that have left may be among the committed ones)."""
        found: Counter[str] = Counter()
        for one in self.reservations:
            if one.status in KEPT_ASIDE:
                found[one.sku] += one.quantity
        return found


class World(msgspec.Struct, kw_only=True, dict=True):
    """Rows of the database as they are stored, by what the invariants look them up by, and the shop beside them."""

    at: datetime
    since: datetime
    settle: timedelta  # what changed in the shop less than this ago may not have reached the assistant yet
    near: timedelta = timedelta.max  # a deadline within this is one of the pipeline's; the parcel's lies further ahead
    shop: dict[str, Around] = {}
    customers: dict[str, CustomerFact] = {}
    customers_left_out: int = 0
    cases: list[Row] = []
    plans: dict[tuple[str, int], Row] = {}
    steps: dict[str, Row] = {}
    effects: list[Row] = []
    messages: list[Row] = []
    timers: dict[tuple[str, str], Row] = {}
    agreed: dict[str, list[tuple[datetime, Money]]] = {}  # totals as submitted, by checkout, oldest first
    put_off: frozenset[str] = frozenset()  # orders that the shop itself promised for later than at first: back-ordered
    orphans: list[tuple[str, str]] = []  # (table, case id) of rows whose case is gone

    @cached_property
    def case_by_id(self) -> dict[str, Row]:
        """The cases by their ids."""
        return {case["id"]: case for case in self.cases}

    @cached_property
    def _by_checkout(self) -> dict[str | None, list[Row]]:
        return grouped(self.cases, lambda case: case["checkout_id"])

    def cases_of(self, checkout_id: str) -> list[Row]:
        """Cases about this checkout."""
        return self._by_checkout.get(checkout_id, [])

    def effects_done(self, *actions: str) -> list[Row]:
        """Writes by these verbs that were accepted."""
        return [e for e in self.effects if e["action"] in actions and e["state"] == "ok"]

    # -- at rest ----------------------------------------------------------------------------------------------------

    def at_rest(self) -> Iterator[Around]:
        """The checkouts at which no step is under way and no deadline is running."""
        busy = self._busy()
        return (around for around in self.shop.values() if around.id not in busy)

    def _busy(self) -> set[str]:
        """Checkouts that move: just changed, about to be looked at, or with a journey under way."""
        fresh = {a.id for a in self.shop.values() if (changed := a.changed_at) and changed > self.at - self.settle}
        watched = {
            subject for (kind, subject), timer in self.timers.items()
            if kind in WILL_LOOK and self.at - OVERDUE < timer["due_at"] and timer["due_at"] - self.at <= self.near
        }  # fmt: skip
        working = {case["checkout_id"] for case in self.cases if self.is_worked_on(case)}
        return fresh | watched | {checkout_id for checkout_id in working if checkout_id}

    def is_worked_on(self, case: Row) -> bool:
        """Whether a journey is under way on it, or will be tried again by itself."""
        ahead = any(self._will_fire(kind, case["id"]) for kind in ("retry", "batch"))
        return case["running"] is not None or ahead

    def _will_fire(self, kind: str, subject: str) -> bool:
        timer = self.timers.get((kind, subject))
        return timer is not None and timer["due_at"] > self.at - OVERDUE

    # -- who has it -------------------------------------------------------------------------------------------------

    def waits(self, case: Row) -> bool:
        """Whether the case waits for somebody under a timer that will really fire."""
        kinds = {CaseStatus.AWAITING_CUSTOMER: "reply", CaseStatus.AWAITING_APPROVAL: "approval"}
        kind = kinds.get(case["status"])
        if kind is not None and self._will_fire(kind, case["id"]):
            return True
        return case["snoozed_until"] is not None and self._will_fire("snooze", case["id"])

    def difference_is_named(self, checkout_id: str) -> bool:
        """Whether an open case that somebody owns, or that waits under a timer, names what is wrong there."""
        return any(
            case["status"] not in ENDED and (case["owner_kind"] or self.waits(case)) and _names(case)
            for case in self.cases_of(checkout_id)
        )

    def agreed_before(self, checkout_id: str, moment: datetime) -> Money | None:
        """The total as last submitted by the customer before a moment; None when no event told it."""
        return next((total for at, total in reversed(self.agreed.get(checkout_id, [])) if at <= moment), None)


def _names(case: Row) -> bool:
    return any(f["code"] in NAMES_A_DIFFERENCE and not f.get("cleared_at") for f in case["faults"])


def _worth(payment: PaymentFact, now: datetime) -> int:
    """What a payment counts for, in minor units; see Around.tendered."""
    if payment.status is PaymentStatus.CAPTURED:
        return kept(payment)
    valid = payment.authorized_until is None or payment.authorized_until > now
    if payment.status is PaymentStatus.AUTHORIZED and (valid or payment.kind in LATER):
        return minor(payment.amount) - minor(payment.surcharge)
    return 0


def kept(payment: PaymentFact) -> int:
    """Captured, less what went or is going back and what is disputed, without the surcharge; minor units."""
    left = minor(payment.captured) - given_back(payment)
    return max(0, left - minor(payment.surcharge)) if left > 0 else left


def given_back(payment: PaymentFact) -> int:
    """Refunded, being refunded or disputed, in minor units."""
    return minor(payment.refunded) + minor(payment.refund_pending) + minor(payment.disputed)


def minor(money: Money | None) -> int:
    """The amount in minor units, 0 for none."""
    return money.amount if money else 0


def grouped(rows: list[Row], key: Callable[[Row], K]) -> dict[K, list[Row]]:
    """Rows by key, in their order."""
    found: dict[K, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
