"""`helloword eval injections`: every write of every repair, disturbed in every way, driven on to rest and judged.

Each trial has a shop, a database and an assistant of its own. The story is played once undisturbed to learn which
writes it makes; then again for each write and each injection.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import structlog

from assistant.evaluate import tally, write_log
from assistant.evaluate.invariants import judge
from assistant.evaluate.loading import DELIVERY, load_world
from assistant.evaluate.threadwork import SET_BACK, CrashError, Homes, Send, ShopFactory, ThreadHouse
from assistant.evaluate.violation import Violation
from assistant.evaluate.world import ENDED, World
from assistant.store.engine import utcnow
from knowledge.faults.catalogue import CATALOGUE
from tools.connectors.outcome import Outcome, unknown
from tools.connectors.ports import WriteRequest

# What is done to one write, and what it stands for.
INJECTIONS: dict[str, str] = {
    "crash_before": "our process dies before the call",
    "crash_after": "it dies after the call, before the answer is noted",
    "crash_noted": "it dies when the answer is noted, before the step is",
    "timeout_before": "no answer, and the shop never got it",
    "timeout_after": "no answer, and the shop has done it",
    "duplicate": "the request is delivered twice",
    "changed_by_others": "somebody changes the order just before (412)",
    "done_by_others": "somebody does the same just before (409)",
    "taken_over_late_answer": "another worker takes the case over, then the first one's answer comes",
    "taken_over_late_request": "another worker takes the case over, then the first one's request arrives",
}
BY_OTHERS = ("changed_by_others", "done_by_others")
OURS_ALONE = ("/messages", "/payment-links", "/coupons")  # nobody else changes what these writes are about
CUSTOMERS = ("answers", "declines", "silent")
UNACCEPTABLE = 0  # the number under which an end that the shop's judge does not accept is listed
# Deadlines a code needs that would break the stories of the others.
SETTINGS: dict[str, dict[str, Any]] = {"fulfilment_stalled": {"deadline_fulfilment": 1.0}}


class Injection(msgspec.Struct, frozen=True):
    """What happens to which write of a journey; `write` counts from 0."""

    kind: str
    write: int


class Story(msgspec.Struct, frozen=True):
    """One story of the demo shop, and how its customer behaves."""

    code: str
    variant: str
    customer: str
    seed: int

    def __str__(self) -> str:
        variant = f" --variant {self.variant}" if self.variant else ""
        return f"--fault {self.code}{variant} --customer {self.customer} --seed {self.seed}"


class Trial(msgspec.Struct, kw_only=True):
    """How one played story ended. `reached`: the injection's write was made; `writes` are their paths in order."""

    story: Story
    injection: Injection | None
    reached: bool
    writes: list[str]
    found: list[str]
    ended: list[str]
    at_rest: bool
    violations: list[Violation]

    @property
    def reproduce(self) -> str:
        """The command that plays it again."""
        how = f" --injection {self.injection.kind} --write {self.injection.write}" if self.injection else ""
        return f"helloword eval injections {self.story}{how}"


class _Disturber:
    """Stands between the assistant and the shop and does the injection once."""

    def __init__(self, injection: Injection | None) -> None:
        self._injection, self._used = injection, injection is None
        self._die_after_step = False
        self.house: ThreadHouse | None = None
        self.checkout_id = ""
        self.paths: list[str] = []
        self.reached = False

    def on_send(self, request: WriteRequest, send: Send) -> Outcome:
        number = len(self.paths)
        self.paths.append(request.path)
        if self._used or self._injection is None or number != self._injection.write:
            return send(request)
        self._used = self.reached = True
        disturbed: Callable[[WriteRequest, Send], Outcome] = getattr(self, f"_{self._injection.kind}")
        return disturbed(request, send)

    def after_step(self, name: str) -> None:
        if self._die_after_step and name == "perform":
            self._die_after_step = False
            raise CrashError

    def _crash_before(self, request: WriteRequest, send: Send) -> Outcome:
        raise CrashError

    def _crash_after(self, request: WriteRequest, send: Send) -> Outcome:
        send(request)
        raise CrashError

    def _crash_noted(self, request: WriteRequest, send: Send) -> Outcome:
        self._die_after_step = True
        return send(request)

    def _timeout_before(self, request: WriteRequest, send: Send) -> Outcome:
        return unknown("injected", "shop_timeout")

    def _timeout_after(self, request: WriteRequest, send: Send) -> Outcome:
        send(request)
        return unknown("injected", "shop_timeout")

    def _duplicate(self, request: WriteRequest, send: Send) -> Outcome:
        send(request)
        return send(request)

    def _changed_by_others(self, request: WriteRequest, send: Send) -> Outcome:
        self.reached = self._house.shop.changed_by_others(request.path, self.checkout_id)
        return send(request)

    def _done_by_others(self, request: WriteRequest, send: Send) -> Outcome:
        self.reached = self._house.shop.done_by_others(request.path, request.body, len(self.paths))
        return send(request)

    def _taken_over_late_answer(self, request: WriteRequest, send: Send) -> Outcome:
        outcome = send(request)
        self._take_over()
        return outcome

    def _taken_over_late_request(self, request: WriteRequest, send: Send) -> Outcome:
        self._take_over()
        return send(request)

    def _take_over(self) -> None:
        self._house.restart()
        self._house.settle()

    @property
    def _house(self) -> ThreadHouse:
        if self.house is None:
            raise RuntimeError("the disturber has no house yet")
        return self.house


class Suite:
    """Plays stories, disturbed and not."""

    def __init__(self, make_shop: ShopFactory, folder: Path) -> None:
        self._make_shop, self._homes = make_shop, Homes(folder, make_shop)
        self._shop_of_names = make_shop(1)

    def stories(self, codes: list[str], seed: int) -> Iterator[Story]:
        """Every variant of these codes with every kind of customer."""
        for code in codes:
            for variant in self._shop_of_names.variants(code):
                yield from (Story(code, variant, customer, seed) for customer in CUSTOMERS)

    def codes(self) -> list[str]:
        """Codes with a storyboard, those with a playbook first, in the catalogue's order."""
        told = set(self._shop_of_names.codes())
        known = [code for code in CATALOGUE if str(code) in told]
        return [str(code) for code in sorted(known, key=lambda code: CATALOGUE[code].plan is None)]

    def play(self, story: Story, injection: Injection | None = None) -> Trial:
        """One trial from the first event to rest."""
        home = self._homes.next()
        disturber = _Disturber(injection)
        shop = self._make_shop(story.seed)
        settings = SETTINGS.get(story.code, {})
        house = ThreadHouse(home, shop, disturber.on_send, **settings)
        try:
            disturber.house, house.after_step = house, disturber.after_step
            disturber.checkout_id = shop.play(story.code, story.variant, story.customer, SET_BACK)
            at_rest = house.settle()
            return _judged(story, injection, disturber, house, at_rest=at_rest)
        finally:
            house.close()
            shutil.rmtree(home, ignore_errors=True)


def _judged(
    story: Story, injection: Injection | None, disturber: _Disturber, house: ThreadHouse, *, at_rest: bool
) -> Trial:
    later = utcnow() + DELIVERY + timedelta(seconds=house.settings.sweep_every + 1)
    worker = house.worker
    world = load_world(worker.store, worker.shop.reader, house.settings, later)
    return Trial(
        story=story, injection=injection, reached=disturber.reached, writes=disturber.paths, at_rest=at_rest,
        found=sorted({f["code"] for case in world.cases for f in case["faults"]}),
        ended=[str(c["resolution"] if c["status"] in ENDED else c["status"]) for c in world.cases],
        violations=[*violations_in(world, house), *_restless(house, disturber.checkout_id, at_rest=at_rest)],
    )  # fmt: skip


def violations_in(world: World, house: ThreadHouse) -> list[Violation]:
    """What the eight invariants, the shop's judge and the comparison of both logs of writes say."""
    found = [violation for verdict in judge(world) for violation in verdict.violations]
    owned = {
        case["subject_id"] for case in world.cases
        if case["status"] not in ENDED and (case["owner_kind"] or world.waits(case))
    }  # fmt: skip
    judged = house.shop.judged(owned)
    found += tally.shop_violations({**judged, "adrift": {}})
    found += [Violation(UNACCEPTABLE, subject, f"{fault}: ended as {state}") for subject, fault, state in judged["bad"]]
    return [*found, *write_log.compare(house.shop.writes(), world.effects)]


def _restless(house: ThreadHouse, checkout_id: str, *, at_rest: bool) -> list[Violation]:
    return [] if at_rest else [Violation(7, checkout_id, f"did not come to rest in {house.moves} moves")]


def _verb(path: str) -> str:
    """A write's path without ids."""
    parts = path.strip("/").split("/")
    return parts[0] if len(parts) == 1 else f"{parts[0]}/{parts[-1]}"


# -- the whole suite ------------------------------------------------------------------------------------------------


class CodeTally(msgspec.Struct, kw_only=True):
    """What came of one code's trials: `tried` are injections that were really made, `steps` writes of calm stories."""

    code: str
    stories: int = 0
    not_found: int = 0
    other_name: int = 0  # stories that were found under another name: reading back told more than the events
    steps: int = 0
    tried: int = 0
    violations: int = 0
    ended: Counter[str] = msgspec.field(default_factory=Counter)


class Run(msgspec.Struct, kw_only=True):
    """A whole run: what was tried, and every violation with how to play it again."""

    seed: int
    took_seconds: float
    codes: list[CodeTally]
    by_injection: dict[str, int]
    failures: list[dict[str, Any]]

    @property
    def tried(self) -> int:
        """Injections that were really made."""
        return sum(code.tried for code in self.codes)

    @property
    def not_found(self) -> list[str]:
        """Codes of which a story was not found to be broken."""
        return [code.code for code in self.codes if code.not_found]

    @property
    def passed(self) -> bool:
        """No invariant was violated, and every story was found."""
        return not self.failures and not self.not_found


class Wanted(msgspec.Struct, kw_only=True):
    """What to try: everything, unless narrowed; `sample` draws so many of the injections."""

    codes: list[str] = []
    variant: str | None = None
    customer: str | None = None
    only: Injection | None = None
    sample: int | None = None
    seed: int = 7
    jobs: int = 1

    def wants(self, story: Story) -> bool:
        """Whether this story is among them."""
        return self.variant in (None, story.variant) and self.customer in (None, story.customer)


def run_suite(make_shop: ShopFactory, wanted: Wanted, told: Callable[[Trial], None] = lambda trial: None) -> Run:
    """Plays each story undisturbed, then the injections; `told` hears of each trial."""
    started = time.monotonic()
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="helloword-injections-") as folder:
        suite = Suite(make_shop, Path(folder) / "names")
        stories = [s for s in suite.stories(wanted.codes or suite.codes(), wanted.seed) if wanted.wants(s)]
        with _players(make_shop, folder, suite, wanted.jobs) as play:
            for trial in play([(story, wanted.only) for story in stories]):
                told(trial)
                trials.append(trial)
            for trial in play(_injections(trials, wanted) if wanted.only is None else []):
                told(trial)
                trials.append(trial)
    return _counted(trials, wanted.seed, round(time.monotonic() - started, 1))


def _injections(calm: list[Trial], wanted: Wanted) -> list[tuple[Story, Injection | None]]:
    """Every write by every injection; a customer whose ways make no difference to the writes is tried once."""
    different = {(t.story.code, t.story.variant, tuple(map(_verb, t.writes))): t for t in reversed(calm)}
    known = [t for t in calm if t in different.values()]
    every: list[tuple[Story, Injection | None]] = [
        (trial.story, Injection(kind, write)) for trial in known for write in range(len(trial.writes))
        for kind in INJECTIONS if not (kind in BY_OTHERS and trial.writes[write].startswith(OURS_ALONE))
    ]  # fmt: skip
    if wanted.sample is None or wanted.sample >= len(every):
        return every
    return random.Random(wanted.seed).sample(every, wanted.sample)


Pair = tuple[Story, Injection | None]
Play = Callable[[list[Pair]], Iterator[Trial]]
_suites: list[Suite] = []  # of a helping process


@contextmanager
def _players(make_shop: ShopFactory, folder: str, suite: Suite, jobs: int) -> Iterator[Play]:
    """Plays here, or in so many processes."""
    if jobs <= 1:
        gc.freeze()
        yield lambda pairs: (suite.play(*pair) for pair in pairs)
        gc.unfreeze()
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (make_shop, folder)) as pool:
        yield lambda pairs: pool.map(_play, pairs, chunksize=4)


def be_quiet() -> None:
    """Thousands of refusals are on purpose here: nobody wants to read of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _prepare(make_shop: ShopFactory, folder: str) -> None:
    be_quiet()
    gc.freeze()  # what was imported need not be looked through again and again
    _suites.append(Suite(make_shop, Path(folder) / str(os.getpid())))


def _play(pair: Pair) -> Trial:
    return _suites[0].play(*pair)


def _counted(trials: list[Trial], seed: int, took: float) -> Run:
    tallies: dict[str, CodeTally] = {}
    by_injection: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    for trial in trials:
        one = tallies.setdefault(trial.story.code, CodeTally(code=trial.story.code))
        one.violations += len(trial.violations)
        one.ended.update(trial.ended or ["no case"])
        if trial.injection is None:
            one.stories += 1
            one.steps += len(trial.writes)
            one.not_found += not trial.found
            one.other_name += bool(trial.found) and trial.story.code not in trial.found
        elif trial.reached:
            one.tried += 1
            by_injection[trial.injection.kind] += 1
        failures += [{"reproduce": trial.reproduce, **msgspec.to_builtins(one)} for one in trial.violations]
    return Run(
        seed=seed, took_seconds=took, codes=list(tallies.values()), by_injection=dict(by_injection), failures=failures
    )
