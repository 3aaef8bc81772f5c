"""The scrape says what the definitions say, never lets a counter go down, and costs one look every few seconds."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random

import sqlalchemy as sa

from assistant.metrics.figures import count_all, make_query
from assistant.metrics.prometheus import Exposition
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, past_endings
from tests.assistant.metrics.world import case_row, clear, ended_case, fill, make_world, put

SAMPLE = re.compile(r"^(helloword_\w+)(\{[^}]*\})? (\S+)$", re.MULTILINE)
COUNTERS = re.compile(r"helloword_\w+(_total|_bucket|_count|_sum)")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def scrape(exposition: Exposition) -> dict[str, float]:
    text = exposition.render().decode()
    return {f"{name}{labels}": float(value) for name, labels, value in SAMPLE.findall(text)}


def total(told: dict[str, float], name: str, *labels: str) -> float:
    return sum(v for k, v in told.items() if k.split("{")[0] == name and all(label in k for label in labels))


def test_it_counts_by_the_same_definitions_as_the_report(store: Store) -> None:
    now = utcnow()
    fill(store, make_world(Random(11), 80, now=now))
    told = scrape(Exposition(store))
    asked = make_query("UTC", now, start=(now - timedelta(days=365)).isoformat(), end=(now + timedelta(1)).isoformat())
    figures = {name: one.whole for name, one in count_all(store, asked, now).items()}
    assert total(told, "helloword_cases_repaired_total") == figures["repair_rate"].numerator
    assert total(told, "helloword_cases_detected_total") == figures["cases_detected"].value
    assert total(told, "helloword_backlog") == figures["backlog"].value
    assert total(told, "helloword_cases_ended_total") - total(told, "helloword_cases_ended_total", "merged") == (
        figures["cases_ended"].value
    )
    assert total(told, "helloword_handling_seconds_count") == figures["handling_time_mean"].denominator
    met = total(told, "helloword_service_levels_met_total") + total(told, "helloword_service_levels_open", '"met"')
    assert met == figures["sla_attainment"].numerator
    assert total(told, "helloword_promises", '"open"') == figures["promises_open"].value


def test_handling_times_fall_into_their_buckets(store: Store) -> None:
    now = utcnow()
    put(store, ended_case("a", now), ended_case("b", now, waited_seconds=3_541.0), ended_case("c", now, "false_alarm"))
    told = scrape(Exposition(store))
    of = {le: told[f'helloword_handling_seconds_bucket{{le="{le}",severity="medium"}}'] for le in ("30", "60", "1800")}
    assert of == {"30": 0.0, "60": 1.0, "1800": 1.0}
    assert told['helloword_handling_seconds_bucket{le="3600",severity="medium"}'] == 2.0
    assert told['helloword_handling_seconds_sum{severity="medium"}'] == 3_659.0


def test_counters_never_go_down_whatever_becomes_of_cases(store: Store) -> None:
    """Ended, proven late, opened again, gone on with: what was counted stays counted, and nothing counts twice."""
    exposition, random, seen = Exposition(store, kept=0), Random(4), scrape(Exposition(store))
    put(store, *(ended_case(f"c{n}", utcnow(), proven_at=None) for n in range(12)))
    for _ in range(40):
        _something_happens(store, random)
        told = scrape(exposition)
        assert {k for k, v in seen.items() if COUNTERS.match(k) and told[k] < v} == set()
        seen = told
    afresh = scrape(Exposition(store))
    assert {k: v for k, v in seen.items() if COUNTERS.match(k)} == {
        k: v for k, v in afresh.items() if COUNTERS.match(k)
    }


def _something_happens(store: Store, random: Random) -> None:
    now = utcnow()
    with store.begin() as tx:
        row = dict(random.choice(tx.execute(sa.select(cases)).mappings().all()))
        mine = cases.update().where(cases.c.id == row["id"])
        if row["resolved_at"] is None:
            end = {"status": "resolved", "resolution": "repaired", "resolved_at": now, "updated_at": now}
            tx.execute(mine.values(**end))
        elif row["proven_at"] is None and random.random() < 0.5:
            tx.execute(mine.values(proven_at=now, updated_at=now))
        else:
            from assistant.metrics.past import keep_ending

            within = random.random() < 0.5
            keep_ending(tx, row, now, within=within)
            fresh = {"status": "open", "resolution": None, "resolved_at": None, "proven_at": None, "updated_at": now}
            tx.execute(mine.values(episode=row["episode"] + (not within), **fresh))


def test_several_scrapes_within_seconds_cost_one_look(store: Store) -> None:
    clock = Clock()
    exposition = Exposition(store, clock, kept=5.0)
    assert total(scrape(exposition), "helloword_backlog") == 0
    put(store, case_row("a"))
    assert total(scrape(exposition), "helloword_backlog") == 0
    clock.now = 5.0
    assert total(scrape(exposition), "helloword_backlog") == 1


def test_clocks_that_jump_lose_nothing_for_longer_than_an_hour(store: Store) -> None:
    now = utcnow()
    exposition = Exposition(store, kept=0)
    scrape(exposition)
    put(store, ended_case("a", now - timedelta(days=2)))  # written by a clock two days late
    exposition._endings._afresh_at = now - timedelta(hours=1)
    assert total(scrape(exposition), "helloword_cases_repaired_total") == 1


def test_the_old_names_are_still_there(store: Store) -> None:
    clear(store)
    put(store, case_row("a", severity="high"))
    text = Exposition(store).render().decode()
    for name in ("helloword_cases", "helloword_events_kept", "helloword_timers_due", "helloword_outside_writes"):
        assert f"# TYPE {name} gauge" in text
    assert 'helloword_cases{severity="high",status="open"} 1.0' in text
    with store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(past_endings)) == 0
