"""Whatever happens to a case and whenever the timers fire: no open promise without a timer and an owner, no breach
told twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.promises.ledger import TIMER
from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.tables_people import notices
from assistant.timers.timers import Timer
from knowledge.phrases.promised import KINDS
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.errors import ConflictError
from tests.assistant.desk import AGENT, SUPERVISOR, finding
from tests.assistant.handoff.manned import Manned
from tests.support.databases import Databases

HOUR = timedelta(hours=1)
PHRASES = (
    ("paid_out_of_stock", "cancelled_refund"), ("paid_out_of_stock", "ask"), ("paid_out_of_stock", "gift"),
    ("handoff", "handed_off"), ("promises", "answer_late"), ("paid_out_of_stock", "backordered"),
)  # fmt: skip
DEEDS = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(KINDS), st.integers(-2, 50)),
    st.tuples(st.just("told"), st.sampled_from(PHRASES), st.integers(1, 50)),
    st.tuples(st.just("command"), st.sampled_from(["claim", "release", "resolve", "clear", "reopen", "hand_off"])),
    st.tuples(st.just("pass"), st.integers(-30, 200)),  # hours by which the clock moves, also backwards
    st.tuples(st.just("fire"), st.integers(0, 5), st.integers(1, 3)),  # any promise's timer, several times
    st.tuples(st.just("send")),
)


class Story:
    """One case to which things happen, and a clock of its own."""

    _numbers = itertools.count()

    def __init__(self, desk: Manned) -> None:
        number = next(self._numbers)
        self.desk, self.now = desk, utcnow()
        self.case_id = desk.open(finding(FaultCode.PAID_OUT_OF_STOCK, f"ev-{number}"), checkout_id=f"ck-p{number}")
        self._messages = itertools.count()

    def make(self, kind: str, hours: int) -> None:
        with self.desk.store.begin() as tx:
            case = self.desk.cases.lock(tx, self.case_id)
            words = {"en": kind, "zh-CN": kind}
            source = f"s{next(self._messages)}"
            self.desk.promises.make(tx, case, kind, self.now + hours * HOUR, self.now, text=words, source=source)

    def told(self, phrase: tuple[str, str], hours: int) -> None:
        at = self.now + hours * HOUR
        params = {"expected_by": at.isoformat(), "expected_on": at.date().isoformat()}
        self.desk.accepts(self.case_id, *phrase, self.now, occasion=f"o{next(self._messages)}", **params)

    def command(self, deed: str) -> None:
        commands = self.desk.commands
        try:
            if deed in ("resolve", "clear"):
                resolution = "by_human" if deed == "resolve" else "self_cleared"
                commands.resolve(self.case_id, resolution, "", AGENT)
            elif deed == "reopen":
                commands.reopen(self.case_id, "again", AGENT)
            elif deed == "hand_off":
                commands.hand_off(self.case_id, SUPERVISOR)
            else:
                getattr(commands, deed)(self.case_id, AGENT)
        except ConflictError:
            return  # the state forbids it

    def send(self) -> None:
        self.desk.accept_queued(self.now)

    def fire(self, which: int, times: int) -> None:
        mine = self.desk.promised(self.case_id)
        if mine:
            for _ in range(times):
                promise_id = mine[which % len(mine)]["id"]
                with self.desk.store.begin() as tx:
                    timer = Timer(kind=TIMER, subject=promise_id, due_at=self.now)
                    self.desk.promises.on_time(tx, timer, self.now)

    def check(self) -> None:
        timers = {t["subject"]: t for t in self.desk.promise_timers()}
        case = self.desk.case(self.case_id)
        for p in self.desk.promised(self.case_id):
            assert p["owner_kind"] and p["owner_id"] and p["owner_name"]
            if p["state"] == "open":
                assert p["id"] in timers, "an open promise without a timer"
                assert timers[p["id"]]["due_at"] <= max(p["due_at"], p["made_at"])
                if case["status"] == CaseStatus.HANDED_OFF and case["owner_kind"]:
                    assert (p["owner_kind"], p["owner_id"]) == (case["owner_kind"], case["owner_id"])
            if p["state"] in ("kept", "cancelled"):
                assert p["ended_at"] is not None
                assert p["id"] not in timers


@pytest.fixture(scope="module")
def desk(databases: Databases) -> Iterator[Manned]:
    store = Store(make_engine(databases.fresh("sqlite")))
    yield Manned(store, Vault(bytes(32)))
    store.engine.dispose()


@settings(max_examples=25)
@given(deeds=st.lists(DEEDS, min_size=1, max_size=12))
def test_no_open_promise_is_without_timer_and_owner_whatever_happens(
    desk: Manned, deeds: list[tuple[object, ...]]
) -> None:
    story = Story(desk)
    for name, *arguments in deeds:
        if name == "pass":
            [hours] = arguments
            assert isinstance(hours, int)
            story.now += hours * HOUR
            if hours > 0:
                desk.pass_time(story.now)
        else:
            getattr(story, str(name))(*arguments)
        story.check()
    at_the_end(desk, story)


def at_the_end(desk: Manned, story: Story) -> None:
    """When all time has passed every promise came to an end, and every breach was told exactly once to each."""
    story.now = max(story.now, utcnow())
    desk.pass_time(story.now + timedelta(days=500))
    story.check()
    mine = desk.promised(story.case_id)
    assert all(p["state"] != "open" for p in mine)
    with desk.store.read() as tx:
        rows = tx.execute(
            notices.select().where(notices.c.case_id == story.case_id, notices.c.kind == "promise_broken")
        ).all()
    told = Counter(row.dedupe_key.split(":", 2)[2] for row in rows)
    late = {f"promise:{p['id']}:promise_broken" for p in mine if p["state"] == "broken"}
    assert set(told) <= late
    assert all(times <= 2 for times in told.values())


def test_a_leap_of_the_clock_is_as_good_as_a_slow_one(desk: Manned) -> None:
    outcomes: list[tuple[str, bool]] = []
    for hours in ([1] * 30, [30]):
        story = Story(desk)
        story.make("answer", 10)
        for step in hours:
            story.now += step * HOUR
            desk.pass_time(story.now)
        [promise] = desk.promised(story.case_id)
        outcomes.append((promise["state"], promise["broken_at"] > datetime.min.replace(tzinfo=story.now.tzinfo)))
    assert outcomes[0] == outcomes[1]
