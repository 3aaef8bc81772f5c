"""Events per second through HTTP, beside a bare insert of the same rows into the same database; for the bench."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from assistant.evaluate.processes import House, checked
from assistant.evaluate.stories import bodies, live_stream, one_by_one
from assistant.store.batches import insert_rows
from assistant.store.engine import Store, utcnow
from assistant.store.tables import events as events_table
from knowledge.vocabulary.errors import HellowordError

BATCH = 500  # events of one request, rows of one bare transaction
CONNECTIONS = 4
ROUNDS = 4  # of A then B, after one round that warms up
SHAPES: dict[str, Callable[..., list[dict[str, Any]]]] = {"live stream": live_stream, "order by order": one_by_one}


class Round(msgspec.Struct, frozen=True):
    """One round: as many events by HTTP (A), then their rows bare (B); rates per second."""

    events: int
    http_seconds: float
    bare_seconds: float


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """What one shape of the stream came to."""

    shape: str
    rounds: list[Round]

    @property
    def http(self) -> float:
        """Events per second from HTTP to durable and folded."""
        return sum(r.events for r in self.rounds) / sum(r.http_seconds for r in self.rounds)

    @property
    def bare(self) -> float:
        """Rows per second of the bare batched insert."""
        return sum(r.events for r in self.rounds) / sum(r.bare_seconds for r in self.rounds)

    @property
    def ratio(self) -> float:
        """How much of the bare insert's speed is left."""
        return self.http / self.bare


def measure_throughput(house: House, store: Store, events: int, shape: str) -> Throughput:
    """Sends `events` events in all, in rounds of A/B/A/B, so that both meet the machine in the same moods.

    Raises:
        HellowordError: `evaluation_failed` when not everything was accepted.
    """
    bare = _bare_table(store)
    rounds = [_round(house, store, bare, events // ROUNDS, shape, number) for number in range(ROUNDS + 1)]
    bare.drop(store.engine)
    return Throughput(shape=shape, rounds=rounds[1:])


def _round(house: House, store: Store, bare: sa.Table, events: int, shape: str, number: int) -> Round:
    run = f"{shape[:4]}{number}"
    requests = bodies(SHAPES[shape](events, run, utcnow()), BATCH)
    with store.read() as tx:
        before = tx.scalar(sa.select(sa.func.max(events_table.c.seq))) or 0
    http_seconds, accepted = _send(house, requests)
    rows = _rows_since(store, before)
    if len(rows) != accepted:
        raise HellowordError("evaluation_failed", f"{accepted} events accepted, {len(rows)} in the database")
    return Round(accepted, http_seconds, _insert(store, bare, rows))


def _send(house: House, requests: list[bytes]) -> tuple[float, int]:
    """Seconds, and how many events were accepted, each durable and folded when its answer came."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in requests:
        waiting.put(body)
    accepted: list[int] = []
    failed: list[Exception] = []
    clients = [_connection(house) for _ in range(CONNECTIONS)]
    threads = [threading.Thread(target=_drain, args=(client, waiting, accepted, failed)) for client in clients]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    for client in clients:
        client.close()
    if failed:
        raise HellowordError("evaluation_failed", f"not all events were taken: {failed[0]}")
    return took, sum(accepted)


def _connection(house: House) -> httpx.Client:
    headers = {**house.api.headers, "content-type": "application/cloudevents-batch+json"}
    client = httpx.Client(base_url=house.api.base_url, headers=headers, timeout=120, trust_env=False)
    client.get("/healthz")  # connected before the clock starts
    return client


def _drain(
    client: httpx.Client, waiting: queue.SimpleQueue[bytes], accepted: list[int], failed: list[Exception]
) -> None:
    while True:
        try:
            body = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            accepted.append(_post(client, body))
        except (httpx.HTTPError, HellowordError) as error:
            failed.append(error)
            return


def _post(client: httpx.Client, body: bytes) -> int:
    """How many events of the batch were accepted; an overloaded assistant is asked again when it says."""
    while True:
        answer = client.post("/v1/events", content=body)
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return int(checked(answer)["accepted"])
        time.sleep(float(answer.headers.get("retry-after", "0.1")))


# -- the bare insert ------------------------------------------------------------------------------------------------


def _bare_table(store: Store) -> sa.Table:
    """A table like `events`, with the same indexes and constraints, that nothing reacts to."""
    table = events_table.to_metadata(sa.MetaData(), name="bench_events")
    for index in table.indexes:
        index.name = sa.sql.quoted_name(f"bench_{index.name}", quote=None)
    for constraint in table.constraints:
        constraint.name = sa.sql.quoted_name(f"bench_{constraint.name}", quote=None)
    table.drop(store.engine, checkfirst=True)
    table.create(store.engine)
    return table


def _rows_since(store: Store, seq: int) -> list[dict[str, Any]]:
    with store.read() as tx:
        rows = tx.execute(sa.select(events_table).where(events_table.c.seq > seq).order_by(events_table.c.seq))
        return [{name: value for name, value in row.items() if name != "seq"} for row in rows.mappings()]


def _insert(store: Store, table: sa.Table, rows: list[dict[str, Any]]) -> float:
    started = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        with store.begin() as tx:
            insert_rows(tx, table, rows[start : start + BATCH])
    return time.perf_counter() - started
