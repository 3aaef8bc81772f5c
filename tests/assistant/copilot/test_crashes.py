"""The process dies around every commit after the click: the accepted plan is performed, and every write once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.tables import metadata
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError
from tests.assistant.copilot.room import Room, given_back
from tests.assistant.desk import SUPERVISOR
from tools.connectors.ports import WriteRequest

LEAST_COMMITS, MOST_COMMITS = 8, 60


class Died(BaseException):
    """The process is gone: nothing handles this."""


class Dying(Store):
    """A store whose process dies at one of its commits: `kept` just after it, else just before."""

    left = 0  # commits until then; 0 for never
    kept = True
    died = False

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        self.left -= 1
        last = self.left == 0
        with super().begin() as tx:
            yield tx
            if last and not self.kept:
                self.died = True
                raise Died
        if last:
            self.died = True
            raise Died


@pytest.mark.parametrize("kept", [True, False], ids=["after", "before"])
def test_whenever_the_process_dies_the_accepted_plan_is_done_once(database_url: str, vault: Vault, kept: bool) -> None:
    store = Dying(make_engine(database_url))
    try:
        for commits in range(1, MOST_COMMITS):
            empty(store)
            if not dies_at(Room(store, vault), store, commits, kept):
                assert commits > LEAST_COMMITS, "it died at too few places for a test"
                return
        pytest.fail(f"more than {MOST_COMMITS} commits")
    finally:
        store.engine.dispose()


def empty(store: Store) -> None:
    with store.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())


def dies_at(room: Room, store: Dying, commits: int, kept: bool) -> bool:
    """Accepts and performs, dying at that commit; checks what came of it. False where there was no such commit."""
    case_id = room.out_of_stock(restock=utcnow() + timedelta(days=3))
    sid = room.one(case_id, "fallback")["id"]
    shop = Shop(room)
    store.died, store.left, store.kept = False, commits, kept

    def click() -> None:
        if room.case(case_id)["status"] == CaseStatus.HANDED_OFF:
            room.deciding.accept(case_id, sid, SUPERVISOR)

    until_done(click)
    until_done(Run(room, case_id))
    died, store.left = store.died, 0
    case, where = room.case(case_id), (commits, kept)
    assert (case["status"], case["resolution"]) == (CaseStatus.RESOLVED, "cancelled_refunded"), where
    assert shop.applied == {"/orders/or-1/cancel": 1, "/payments/pay-1/refund": 1}, where
    assert [row["state"] for row in room.plan_rows(case_id)] == ["done"], where
    assert (room.row(sid)["state"], room.row(sid)["decided_by"]) == ("accepted", SUPERVISOR.ref), where
    with pytest.raises(ConflictError, match="suggestion_stale"):
        room.deciding.accept(case_id, sid, SUPERVISOR)
    return died


def until_done(deed: Callable[[], Any]) -> None:
    """Once more after a death, as the next process does."""
    try:
        deed()
    except Died:
        deed()


class Run:
    """A run of the journey as the durable engine makes it: what a step gave is kept, a step that died is run again."""

    def __init__(self, room: Room, case_id: str) -> None:
        self._room, self._case_id = room, case_id
        self._kept: dict[str, Any] = {}

    def __call__(self) -> None:
        room, case_id = self._room, self._case_id
        for turn in range(12):
            ahead = self._step(f"{turn}:look", lambda: room.look(case_id))
            if ahead["next"] != "perform":
                break
            verdict = "done"
            for n in range(ahead["steps"]):
                verdict = self._step(f"{turn}:{n}", partial(room.perform, case_id, ahead, n))
                if verdict != "done":
                    break
            conclude = partial(room.journey.conclude, case_id, ahead["version"], verdict)
            done = self._step(f"{turn}:conclude", conclude)
            if done["next"] != "look":
                break
        running = self._step("running", lambda: room.case(case_id)["running"] or 0)
        room.journey.finish(case_id, running)

    def _step(self, name: str, deed: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = deed()
        return self._kept[name]


class Shop:
    """Applies each key once, as the contract with shops demands, and shows what was applied."""

    def __init__(self, room: Room) -> None:
        self.applied: Counter[str] = Counter()
        self._keys: set[str] = set()
        self._room = room
        room.writer.before = self.on_send

    def on_send(self, request: WriteRequest) -> None:
        if request.path.endswith("/messages") or request.key in self._keys:
            return
        self._keys.add(request.key)
        self.applied[request.path] += 1
        if request.path.endswith("/refund"):
            self._room.sees(given_back())
