"""Plays sandbox stories until a person has the case, accepts a suggestion, and sees what comes of it: for training and
for `helloword eval copilot`.

Half the stories are disturbed: writes are refused, answered too late, or overtaken by somebody else's.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from assistant.copilot.confidence import sample_of
from assistant.copilot.options import Option, options
from assistant.copilot.seeing import can_be_chosen_for
from assistant.copilot.suggestions import kept
from assistant.evaluate.injections import CUSTOMERS, SETTINGS, be_quiet, violations_in
from assistant.evaluate.loading import DELIVERY, load_world
from assistant.evaluate.threadwork import SET_BACK, SUPERVISOR, Homes, Send, ShopFactory, ThreadHouse, Worker
from assistant.evaluate.world import ENDED
from assistant.store.engine import utcnow
from assistant.store.tables import cases, suggestions, timeline
from knowledge.models.confidence import Sample
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.errors import HellowordError
from tools.connectors.outcome import Outcome, rejected, unknown
from tools.connectors.ports import WriteRequest

DISTURBED = 0.5  # of the stories
PER_WRITE = 0.25  # of a disturbed story's writes
MOVES_BEFORE = (0, 0, 0, 1, 2, 4)  # with an open case, until a person takes it
MOST_MOVES = 60
DECISIONS = 3  # at most, in one story
_RUNS = 5  # of a journey that has nothing to do


class _Claimed(ThreadHouse):
    """A house in which nobody approves by themselves: the person who has the case decides.

    Each story has an engine of its own, but what was compiled for one is good for all: half of a story's time.
    """

    compiled: ClassVar[dict[Any, Any]] = {}

    def _new_worker(self) -> Worker:
        worker = super()._new_worker()
        worker.store.engine = worker.store.engine.execution_options(compiled_cache=self.compiled)
        return worker

    def approve(self) -> bool:
        """Nobody does."""
        return False


def harvest(
    make_shop: ShopFactory, seeds: Sequence[int], *, codes: Sequence[str] = (), stories: int | None = None
) -> Iterator[Sample]:
    """What became of suggestions, one sample each, as they become known.

    Every seed plays every variant of these codes (`stories` draws so many of them) with one sort of customer.
    """
    be_quiet()
    with tempfile.TemporaryDirectory(prefix="helloword-harvest-") as folder:
        homes = Homes(Path(folder), make_shop)
        for seed, code, variant, customer in _stories(make_shop, seeds, codes, stories):
            yield from _play(make_shop, homes.next(), seed, code, variant, customer)


def _stories(
    make_shop: ShopFactory, seeds: Sequence[int], codes: Sequence[str], stories: int | None
) -> Iterator[tuple[int, str, str, str]]:
    shop = make_shop(1)
    names = [(code, variant) for code in (codes or shop.codes()) for variant in shop.variants(code)]
    shop.close()
    for seed in seeds:
        rng = random.Random(f"stories:{seed}")
        drawn = names if stories is None else rng.sample(names, min(stories, len(names)))
        for code, variant in drawn:
            yield seed, code, variant, rng.choice(CUSTOMERS)


def _play(make_shop: ShopFactory, home: Path, seed: int, code: str, variant: str, customer: str) -> Iterator[Sample]:
    rng = random.Random(f"{seed}:{code}:{variant}:{customer}")
    shop = make_shop(seed)
    disturber = _Disturber(rng) if rng.random() < DISTURBED else None
    more: dict[str, Any] = dict(SETTINGS.get(code, {}))
    house = _Claimed(home, shop, disturber.on_send if disturber else None, **more)
    try:
        shop.play(code, variant, customer, SET_BACK)
        _lead_in(house, rng)
        yield from _decide(house, rng, seed)
    finally:
        house.close()
        shutil.rmtree(home, ignore_errors=True)


def _lead_in(house: ThreadHouse, rng: random.Random) -> None:
    """Until a case is open, and then as far as it goes before a person takes it."""
    left = rng.choice(MOVES_BEFORE)
    while house.moves < MOST_MOVES:
        if house.rows(cases, cases.c.status.notin_(ENDED)):
            if left == 0:
                return
            left -= 1
        if not house.move():
            return


def _decide(house: ThreadHouse, rng: random.Random, seed: int) -> Iterator[Sample]:
    """Takes the case, accepts one suggestion after the other, and says of each what came of it."""
    for _ in range(DECISIONS):
        case_id = _taken(house)
        if case_id is None:
            return
        seen = house.worker.copilot.seer.see(case_id)
        found = options(seen)
        if not found:
            return
        one = _drawn(found, rng)
        row = kept(seen, one)
        with house.worker.store.begin() as tx:
            tx.execute(house.worker.store.insert_new(suggestions, "id").values(**row))
        before = _lines(house, case_id)
        try:
            house.worker.copilot.suggestions.deciding.accept(case_id, row["id"], SUPERVISOR)
        except HellowordError:
            return  # the world moved between the two looks: nobody's decision was performed
        if not house.settle():
            return
        settled = _stays_settled(house, case_id, before)
        yield msgspec.structs.replace(sample_of(one, seen), settled=settled, seed=seed)
        if settled:
            return


def _drawn(found: Sequence[Option], rng: random.Random) -> Option:
    """Mostly what a person would look at: plans before everything else."""
    weights = [4.0 if one.plan is not None or one.kind in ("resolve", "call_off") else 1.0 for one in found]
    return rng.choices(list(found), weights)[0]


def _taken(house: ThreadHouse) -> str | None:
    """The open case for which something can be chosen; the machine's is claimed first."""
    people = (CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL)
    for case in house.rows(cases, cases.c.status.notin_(ENDED)):
        if case["status"] not in people:
            house.worker.commands.claim(case["id"], SUPERVISOR)
        _at_rest(house, case["id"])
    for case in house.rows(cases, cases.c.status.in_(people)):
        if can_be_chosen_for(case):
            return str(case["id"])
    return None


def _at_rest(house: ThreadHouse, case_id: str) -> None:
    """Runs what is queued for it: each run finds that a person has it."""
    for _ in range(_RUNS):
        running = house.rows(cases, cases.c.id == case_id)[0]["running"]
        if running is None:
            return
        house.run(case_id, running)


def _lines(house: ThreadHouse, case_id: str) -> int:
    return len(house.rows(timeline, timeline.c.case_id == case_id))


def _stays_settled(house: ThreadHouse, case_id: str, before: int) -> bool:
    """Resolved, nobody was needed since, and every system agrees: invariants and the shop's judge."""
    case = house.rows(cases, cases.c.id == case_id)[0]
    if case["status"] not in ENDED or case["resolution"] == Resolution.MERGED:
        return False
    since = house.rows(timeline, timeline.c.case_id == case_id)[before:]
    if any("Handed to" in str(line["what"].get("en", "")) for line in since):
        return False
    worker = house.worker
    later = utcnow() + DELIVERY + timedelta(seconds=house.settings.sweep_every + 1)
    world = load_world(worker.store, worker.shop.reader, house.settings, later)
    mine = {case["checkout_id"], case["id"], case["order_id"], case["subject_id"]}
    return not any(one.subject in mine for one in violations_in(world, house))


class _Disturber:
    """Refuses some writes, or lets their answers get lost."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def on_send(self, request: WriteRequest, send: Send) -> Outcome:
        draw = self._rng.random()
        if draw > PER_WRITE or request.path.endswith("/messages"):
            return send(request)
        if draw < PER_WRITE * 0.5:
            return rejected("not_allowed", "refused by the shop's own rules", 422)
        if draw < PER_WRITE * 0.8:
            send(request)
            return unknown("injected", "shop_timeout")
        return unknown("injected", "shop_timeout")
