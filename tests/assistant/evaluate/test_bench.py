"""The bench's parts: its stream is one that intake takes whole and finds nothing wrong with; its figures are right."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from rich.console import Console

from assistant.evaluate import latency, throughput
from assistant.evaluate.bench import Bench, machine_facts, measure, report, show
from assistant.evaluate.stories import PER_ORDER, bodies, live_stream, one_by_one
from assistant.store.engine import Store
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.errors import HellowordError
from knowledge.vocabulary.events import parse_event
from knowledge.vocabulary.fold import fold

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_live_stream_mixes_orders_and_the_other_one_does_not() -> None:
    mixed, whole = live_stream(900, "run", NOW), one_by_one(900, "run", NOW)
    assert len(mixed) == 900
    assert sorted(e["id"] for e in mixed) == sorted(e["id"] for e in whole)
    assert [e["time"] for e in mixed] == sorted(e["time"] for e in mixed)
    assert max(e["time"] for e in mixed) <= NOW.isoformat()
    first = [e["subject"] for e in whole[:PER_ORDER]]
    assert len(set(first)) == 1
    assert len({e["subject"] for e in mixed[:PER_ORDER]}) > 1


def test_every_event_of_the_stream_is_one_that_contract_a_knows() -> None:
    events = [parse_event(one, NOW) for one in live_stream(90, "run", NOW)]
    assert Counter(e.type for e in events)["order.confirmed"] == 10


def test_nothing_is_wrong_with_the_orders_of_the_stream() -> None:
    for start in range(0, 90, PER_ORDER):
        story = [parse_event(one, NOW) for one in one_by_one(90, "run", NOW)[start : start + PER_ORDER]]
        snapshot = fold(story[0].checkout_id or "", story)
        now = NOW + timedelta(minutes=30)
        found = detect_all(snapshot, Context(now=now, policies=Policies()))
        assert [f.code for f in found if f.detectable_at <= now] == []


def test_batches_hold_everything_once() -> None:
    events = live_stream(100, "run", NOW)
    sizes = [len(msgspec.json.decode(body)) for body in bodies(events, 30)]
    assert sizes == [30, 30, 30, len(events) - 90]


def test_a_ratio_weighs_the_rounds_by_their_time() -> None:
    rounds = [throughput.Round(100, 1.0, 0.1), throughput.Round(100, 3.0, 0.3)]
    found = throughput.Throughput(shape="live stream", rounds=rounds)
    assert (found.http, round(found.bare), found.ratio) == (50.0, 500, pytest.approx(0.1))


def test_an_overloaded_assistant_is_asked_again_and_a_refusal_ends_the_bench() -> None:
    answers = [httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(202, json={"accepted": 3})]
    with httpx.Client(base_url="http://a", transport=httpx.MockTransport(lambda _: answers.pop(0))) as client:
        assert throughput._post(client, b"[]") == 3
    broken = httpx.Client(base_url="http://a", transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    with broken, pytest.raises(HellowordError, match="503"):
        throughput._post(broken, b"[]")


def test_latency_is_told_by_fault_and_for_all() -> None:
    found = [latency.Sample("paid_order_missing", 0.1, float(n)) for n in range(1, 5)]
    found += [latency.Sample("paid_out_of_stock", 0.0, 9.0)]
    mine, everything = (latency._summary(name, found) for name in ("paid_order_missing", "all"))
    assert (mine.samples, mine.to_action) == (4, {"p50": 2.0, "p95": 4.0, "p99": 4.0})
    assert (everything.samples, everything.to_action["p99"]) == (5, 9.0)


def test_a_case_that_is_not_high_is_no_sample() -> None:
    with pytest.raises(HellowordError, match="is low"):
        latency._sampled("paid_order_missing", {"id": "c", "severity": "low"})


def test_the_figures_name_their_machine(store: Store) -> None:
    facts = machine_facts(store)
    assert ("SQLite" if store.is_sqlite else "PostgreSQL") in facts["database"]
    bench = Bench(
        machine=facts, latency=[latency._summary("all", [latency.Sample("all", 0.1, 0.2)])],
        throughput=[throughput.Throughput(shape="live stream", rounds=[throughput.Round(500, 1.0, 0.1)])],
    )  # fmt: skip
    written = io.StringIO()
    show(Console(file=written, width=200), bench)
    assert "cores" in written.getvalue()
    assert report(bench)["rates"][0]["ratio"] == pytest.approx(0.1)


@pytest.mark.proof
def test_the_bench_runs(database_url: str, tmp_path: Path) -> None:
    bench = measure(tmp_path, 2_000, 2, database_url)
    assert [t.shape for t in bench.throughput] == list(throughput.SHAPES)
    assert all(t.http > 0 and t.bare > t.http for t in bench.throughput)
    assert bench.latency[-1].samples == 2
