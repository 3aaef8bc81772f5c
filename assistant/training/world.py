"""Plays the demo shop for training and evaluation: what was told when, what the shop says in the end, what was wrong.

Nobody repairs anything here. The shop is handed in by the commands, which alone may start it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

import msgspec

from assistant.settings import Settings
from assistant.training.checks import cross_checks
from knowledge.policies import Policies
from knowledge.vocabulary.background import basket_of
from knowledge.vocabulary.events import Event, parse_event
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.connectors.http import HttpShop
from tools.connectors.ports import ShopReader
from tools.lookups.order_status import read_facts

TIME_SCALE = 0.1  # of the shop's natural delays: its payment window stays longer than the assistant's deadlines
ROUND, CHECKED_ROUND = 100, 60  # orders played together; rounds know nothing of each other
CUSTOMERS = 1_000  # so many that hardly one of them buys twice in a round
PATIENCE = 90.0  # seconds until a round has to be through
QUIET = 7.0  # seconds ahead in which the shop must have nothing to do: longer than its stories' longest pause
READERS = 4

StartShop = Callable[..., AbstractContextManager[Any]]
Told = dict[str, list[tuple[datetime, dict[str, Any]]]]


class Demo(msgspec.Struct, frozen=True):
    """The demo shop as the commands hand it in: what starts one, and the names of its faults and hard negatives.

    `settings` are the assistant's settings that fit its pace, by the names of their environment variables.
    """

    start: StartShop
    faults: tuple[str, ...]
    hard_negatives: tuple[str, ...]
    settings: Mapping[str, str]

    @property
    def policies(self) -> Policies:
        """The rules of an assistant beside this shop."""
        values = {name.removeprefix("HELLOWORD_").lower(): value for name, value in self.settings.items()}
        prefix = "deadline_payment_"
        methods = [name for name in values if name.startswith(prefix)]
        by_method = {name.removeprefix(prefix): float(values.pop(name)) for name in methods}
        return Settings(deadline_payment_by_method=by_method, **values).policies  # type: ignore[arg-type]


class Played(msgspec.Struct, kw_only=True):
    """One checkout of the demo shop. `events` in the order they arrived; `facts` as read back in the end, `reads`
    as cross-checks read it meanwhile, the oldest first (where they were asked for).

    `fault`, `hard_negative` and `variant` are the truth, which no detector sees; `beside` is the fault of the story
    in which this is another checkout than the broken one. `round` says with which others it was played.
    """

    checkout_id: str
    events: list[Event]
    facts: Facts
    reads: list[Facts] = []
    fault: str | None = None
    hard_negative: str | None = None
    variant: str | None = None
    beside: str | None = None
    round: int = 0

    def snapshot(self) -> OrderSnapshot:
        """Everything that was told, corrected by the read-back."""
        return apply_read_back(fold(self.checkout_id, self.events), self.facts)

    def growing(self) -> Iterator[tuple[datetime, OrderSnapshot, bool]]:
        """At each arrival and each read-back: when (UTC), what was known then, and whether it was a read-back."""
        moments = [(e.received_at, None) for e in self.events] + [(f.at, f) for f in [*self.reads, self.facts]]
        latest: Facts | None = None
        for at, facts in sorted(moments, key=lambda moment: moment[0]):
            latest = facts or latest
            snapshot = fold(self.checkout_id, [e for e in self.events if e.received_at <= at])
            yield at, apply_read_back(snapshot, latest) if latest else snapshot, facts is not None


class Thing(msgspec.Struct, kw_only=True):
    """A sku, or a payment that belongs to no checkout: what was told of it, and the truth."""

    kind: Literal["sku", "payment"]
    id: str
    events: list[Event]
    fault: str | None = None
    hard_negative: str | None = None


class World(msgspec.Struct):
    """Everything played, every product's category by sku, and how many natural repeats were left out."""

    played: list[Played]
    things: list[Thing]
    categories: dict[str, str | None]
    repeats: int = 0


class Cast(msgspec.Struct, frozen=True):
    """What to play: the shares of faults and of hard negatives (the rest is healthy), and which kinds of each."""

    fault_share: float
    tricky_share: float
    faults: tuple[str, ...] = ()
    hard_negatives: tuple[str, ...] = ()


def play_world(start: StartShop, cast: Cast, *, orders: int, seed: int, checks: bool = False) -> World:
    """Plays `orders` stories in rounds, each kind of fault and of hard negative in turn; `checks` reads back meanwhile.

    `start` makes a running demo shop (the sandbox's `running_sandbox`). Events that a story loses stay lost. Two plain
    orders of one customer with the same basket within a round would truly be a duplicate: the later is left out.

    Raises:
        TimeoutError: a round was not through within PATIENCE seconds.
    """
    world = World([], [], {})
    with start(time_scale=TIME_SCALE, seed=seed, silent_share=1.0, customers=CUSTOMERS) as shop:
        told: Told = {}
        shop.sandbox.crew.books.outbox = _listener(told)
        connection = HttpShop(shop.base_url, shop.token)
        done: set[str] = set()
        parts = _parts(cast, orders, Random(seed))
        size = CHECKED_ROUND if checks else ROUND
        for number in range(0, len(parts), size):
            begun = set()
            with cross_checks(told, connection.reader, wanted=checks) as reads:
                for fault, hard_negative in parts[number : number + size]:
                    begun.add(shop.scenario(fault, hard_negative, at_once=False)["checkout_id"])
                shop.wait_idle(PATIENCE, QUIET)
            late = [subject for subject in told if subject in done]  # an earlier round's, whose window closed now
            for subject in late:
                del told[subject]
            done |= told.keys()
            played = _collect(shop, told, connection.reader, number // size)
            for one in played:
                one.reads = reads.get(one.checkout_id, [])
            kept = _without_repeats(played, begun)
            world.repeats += len(played) - len(kept)
            world.played += kept
            world.things += _things(shop, told)
            told.clear()
        world.categories = _categories(connection.reader, world.played)
        connection.close()
    return world


def _parts(cast: Cast, orders: int, rng: Random) -> list[tuple[str | None, str | None]]:
    """`(fault, hard negative)` of each order, shuffled."""
    broken = round(orders * cast.fault_share) if cast.faults else 0
    tricky = round(orders * cast.tricky_share) if cast.hard_negatives else 0
    parts: list[tuple[str | None, str | None]] = [(cast.faults[i % len(cast.faults)], None) for i in range(broken)]
    parts += [(None, cast.hard_negatives[i % len(cast.hard_negatives)]) for i in range(tricky)]
    parts += [(None, None)] * (orders - len(parts))
    rng.shuffle(parts)
    return parts


def _listener(told: Told) -> Callable[[dict[str, Any], str | None, Any], None]:
    """Stands where the shop's sender was: notes what would arrive, and when, by checkout, sku or payment."""

    def post(event: dict[str, Any], about: str | None, delivery: Any) -> None:
        subject = about or event["data"].get("payment_id") or event["data"].get("sku")
        if delivery.lost or subject is None:
            return
        arrived = datetime.now(UTC) + timedelta(seconds=delivery.late)
        for extra in (0.0, 0.05) if delivery.twice else (0.0,):
            told.setdefault(subject, []).append((arrived + timedelta(seconds=extra), event))

    return post


def _collect(shop: Any, told: Told, reader: ShopReader, number: int) -> list[Played]:
    """What became of the round's checkouts; stories whose fault never came about are left out."""
    crew = shop.sandbox.crew
    beside = {other: story for story in crew.stage.stories.values() for other in getattr(story, "others", {}).values()}

    def one(checkout_id: str) -> Played | None:
        story = beside.get(checkout_id)
        row = crew.truth.rows.get(checkout_id)
        if row is None and story is None:
            return None
        facts = read_facts(reader, checkout_id, datetime.now(UTC), with_serviceability=True, with_coupon=True)
        known = row or {"hard_negative": story and story.hard_negative}
        return Played(
            checkout_id=checkout_id, events=_parsed(told[checkout_id], checkout_id), facts=facts,
            fault=known.get("fault"), hard_negative=known.get("hard_negative"), variant=known.get("variant"),
            beside=story.fault if story and not row else None, round=number,
        )  # fmt: skip

    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(one, [checkout_id for checkout_id in told if checkout_id in crew.books.checkouts])
        return [played for played in found if played is not None]


def _things(shop: Any, told: Told) -> list[Thing]:
    """The round's skus and stray payments; ordinary skus' levels too."""
    crew = shop.sandbox.crew
    found = []
    for subject in told:
        if subject in crew.books.checkouts:
            continue
        row = crew.truth.rows.get(subject, {})
        events = _parsed(told[subject], None)
        kind: Literal["sku", "payment"] = "sku" if events[0].type.startswith("inventory.") else "payment"
        thing = Thing(kind=kind, id=subject, events=events)
        thing.fault, thing.hard_negative = row.get("fault"), row.get("hard_negative")
        found.append(thing)
    return found


def _parsed(told: list[tuple[datetime, dict[str, Any]]], checkout_id: str | None) -> list[Event]:
    """The events in the order they arrived; anonymous ones are matched, as intake does by the payment's id."""
    arrived = sorted(told, key=lambda pair: pair[0])
    subject = {"subject": checkout_id} if checkout_id else {}
    return [parse_event({**raw, **subject}, at) for at, raw in arrived]


def _without_repeats(played: list[Played], begun: set[str]) -> list[Played]:
    seen: set[tuple[str | None, str]] = set()
    kept = []
    for one in sorted(played, key=lambda p: p.fault is None and p.hard_negative is None):
        snapshot = one.snapshot()
        basket = (snapshot.customer_id, basket_of(snapshot.lines or []))
        plain = not (one.fault or one.hard_negative or one.beside) and one.checkout_id in begun
        if plain and snapshot.customer_id and basket in seen:
            continue
        seen.add(basket)
        kept.append(one)
    return kept


def _categories(reader: ShopReader, played: list[Played]) -> dict[str, str | None]:
    skus = {line.sku for one in played for line in (one.facts.checkout.lines if one.facts.checkout else ())}
    products = {sku: reader.product(sku) for sku in sorted(skus)}
    return {sku: product.category if product else None for sku, product in products.items()}
