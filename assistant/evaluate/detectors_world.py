"""Runs the product's own detection over a generated world and compares it with the truth; no repairs, no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from assistant.intake.background import purchase_of
from assistant.training.fitting import amounts_of
from assistant.training.world import Played, Thing, World
from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.models.amounts import AmountModel
from knowledge.models.novelty import NoveltyModel
from knowledge.policies import Policies
from knowledge.vocabulary.background import History, Purchase, Scores
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import level_of

HORIZON = timedelta(seconds=30)  # the demo shop's faults show within some ten seconds, its hard negatives never
LOOKS = 12  # at one checkout after its last event


class Named(msgspec.Struct, kw_only=True):
    """What detection said of one subject, beside the truth."""

    subject: str
    codes: set[str]
    fault: str | None = None
    hard_negative: str | None = None
    beside: str | None = None
    novelty: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether every word about it is a false alarm."""
        return self.fault is None and self.beside is None


def look_at_world(world: World, policies: Policies, novelty: NoveltyModel) -> list[Named]:
    """What detection says of every checkout, sku and stray payment.

    A checkout is looked at after each arrival, then with everything read back, then whenever a deadline would end.
    Usual amounts are learned from the world's sound orders, as a shop's stored history.
    """
    snapshots = {played.checkout_id: played.snapshot() for played in world.played}
    sound = [snapshots[p.checkout_id] for p in world.played if p.fault is None and p.beside is None]
    amounts = AmountModel.fit(amounts_of(sound, world.categories))
    history = _histories(world.played, snapshots)
    named = []
    for played in world.played:
        snapshot = snapshots[played.checkout_id]
        scores = Scores(amount=amounts.score(snapshot, world.categories), novelty=novelty.score(snapshot))
        context = Context(
            now=played.facts.at, policies=policies, history=history.get(played.checkout_id), scores=scores
        )
        codes = _while_growing(played, policies)
        end = context.now + HORIZON
        codes |= _named(snapshot, context, end, confirmed=end, fault=played.fault)
        named.append(Named(
            subject=played.checkout_id, codes=codes, fault=played.fault, hard_negative=played.hard_negative,
            beside=played.beside, novelty=scores.novelty.score if scores.novelty else 0.0,
        ))  # fmt: skip
    return named + [_look_at_thing(thing, policies) for thing in world.things]


def _while_growing(played: Played, policies: Policies) -> set[str]:
    """Codes that would have opened a case on the way: at each arrival and read-back, and at deadlines in between.

    What wants confirming counts when a read-back left it standing.
    """
    codes: set[str] = set()
    moments = list(played.growing())
    for (at, snapshot, read), (end, _, _) in pairwise(moments):
        codes |= _named(snapshot, Context(now=at, policies=policies), end, confirmed=at if read else None)
    return codes


def _named(
    snapshot: OrderSnapshot, context: Context, end: datetime, *,
    confirmed: datetime | None = None, fault: str | None = None,
) -> set[str]:  # fmt: skip
    """Codes due now or at a deadline that ends before `end`; stops once `fault` is among them.

    What wants confirming counts only where it was due when everything was read back (`confirmed`).
    """
    codes: set[str] = set()
    for _ in range(LOOKS):
        found = detect_all(snapshot, context)
        due = [f for f in found if f.detectable_at <= context.now]
        codes |= {f.code.value for f in due if not f.confirm or (confirmed and f.detectable_at <= confirmed)}
        ahead = [f.detectable_at for f in found if context.now < f.detectable_at < end]
        if fault in codes or not ahead:
            break
        context = _at(context, min(ahead))
    return codes


def _at(context: Context, now: datetime) -> Context:
    """The same context at another moment."""
    return Context(now=now, policies=context.policies, history=context.history, scores=context.scores)


def _look_at_thing(thing: Thing, policies: Policies) -> Named:
    """A sku by what its levels say; a payment that matches no checkout is an unknown anomaly by itself."""
    codes: set[str] = set()
    if thing.kind == "payment":
        codes = {FaultCode.UNKNOWN_ANOMALY.value}
    elif (fault := CATALOGUE.get(FaultCode.STOCK_INCONSISTENT)) is not None:
        level = level_of(thing.id, thing.events)
        now = max(e.received_at for e in thing.events) + HORIZON
        context = Context(now=now, policies=policies, stock=level)
        codes = {f.code.value for f in fault.detect(OrderSnapshot(checkout_id=""), context) if f.detectable_at <= now}
    return Named(subject=thing.id, codes=codes, fault=thing.fault, hard_negative=thing.hard_negative)


def _histories(played: Iterable[Played], snapshots: Mapping[str, OrderSnapshot]) -> dict[str, History]:
    """Each customer's other purchases within a round, as the customers' index would give them."""
    by_customer: dict[tuple[int, str], list[Purchase]] = defaultdict(list)
    addresses: dict[str, str] = {}
    for one in played:
        snapshot = snapshots[one.checkout_id]
        if snapshot.customer_id is None or snapshot.submitted_at is None:
            continue
        checkout = one.facts.checkout
        address = repr(checkout.shipping_address) if checkout and checkout.shipping_address else ""
        addresses[one.checkout_id] = address
        by_customer[one.round, snapshot.customer_id].append(purchase_of(snapshot, address, one.facts.at))
    found = {}
    for purchases in by_customer.values():
        purchases.sort(key=lambda p: p.submits[-1].at if p.submits else datetime.max.replace(tzinfo=UTC))
        for own in purchases:
            others = [p for p in purchases if p is not own]
            found[own.checkout_id] = History(purchases=others, address=addresses[own.checkout_id])
    return found
