"""Every figure is what its definition says, adds up over its groups, and names exactly the cases behind it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.metrics.definitions import FIGURES
from assistant.metrics.figures import Counted, GroupBy, count_all, load_for, make_query, members, p95
from assistant.metrics.shown import cases_json, summary_json
from assistant.store.engine import Store
from tests.assistant.conftest import NOW
from tests.assistant.metrics.model import expected
from tests.assistant.metrics.world import clear, fill, make_world

GROUPINGS = get_args(GroupBy)
DAYS = timedelta(days=9)


def ask(store: Store, **query: Any) -> dict[str, Any]:
    asked = make_query("Asia/Shanghai", NOW, start=(NOW - DAYS).isoformat(), **query)
    return summary_json(count_all(store, asked, NOW), asked, "en")


def counted(store: Store, group_by: str | None = None) -> dict[str, Counted]:
    asked = make_query("Asia/Shanghai", NOW, start=(NOW - DAYS).isoformat(), group_by=group_by)
    return count_all(store, asked, NOW)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_every_figure_is_what_a_plain_model_of_its_definition_says(store: Store, random: Random, size: int) -> None:
    clear(store)
    world = make_world(random, size)
    fill(store, world)
    told = {name: (f["value"], f["numerator"], f["denominator"]) for name, f in ask(store).items()}
    assert told == expected(world, NOW - DAYS, NOW, NOW)
    assert set(told) == set(FIGURES)


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_groups_add_up_to_the_whole(store: Store, group_by: str) -> None:
    fill(store, make_world(Random(5), 120))
    for figure in ask(store, group_by=group_by).values():
        groups = figure["groups"]
        if groups is None:  # how things stand now has no days
            assert figure["id"] in ("backlog", "promises_open", "csat_change")
            continue
        assert len({g["group"] for g in groups}) == len(groups)
        if figure["denominator"] is not None:
            assert sum(g["denominator"] for g in groups) == figure["denominator"]
        if not figure["id"].endswith("p95"):
            assert sum(g["numerator"] for g in groups) == pytest.approx(figure["numerator"])
        if figure["unit"] == "money" and figure["value"]:
            assert _added([g["value"] for g in groups]) == _added([figure["value"]])


def test_breakdowns_add_up_to_the_whole(store: Store) -> None:
    fill(store, make_world(Random(6), 120))
    told = ask(store)
    for figure in told.values():
        for parts in figure["by"].values():
            if not figure["id"].endswith("p95"):
                assert sum(p["numerator"] for p in parts.values()) == pytest.approx(figure["numerator"])
    assert set(told["sla_attainment"]["by"]["severity"]) == {"high", "medium", "low"}
    assert set(told["backlog"]["by"]) == {"severity", "status"}


@pytest.mark.parametrize("group_by", [None, *GROUPINGS])
def test_the_cases_behind_every_number_are_exactly_as_many(store: Store, group_by: str | None) -> None:
    fill(store, make_world(Random(7), 90))
    for figure_id, one in counted(store, group_by).items():
        for group, tally in [(None, one.whole), *(one.groups or {}).items()]:
            kind = one.figure.kind
            behind = members(one, "numerator", group)
            if kind == "mean":
                assert sum(one.figure.measure(e) for e in behind) == pytest.approx(tally.numerator)
            else:
                assert len(behind) == tally.numerator, (figure_id, group)
            if kind != "count":
                assert len(members(one, "denominator", group)) == tally.denominator, (figure_id, group)


def test_the_pages_of_a_list_join_into_the_whole_of_it(store: Store) -> None:
    fill(store, make_world(Random(8), 90))
    for one in counted(store).values():
        behind = members(one, "numerator", None)
        items, cursor = [], None
        for _ in range(100):
            page = cases_json(one, behind, 7, cursor, playbooks=False)
            items += page["items"]
            if (cursor := page["next"]) is None:
                break
        assert len(items) == len(behind) == page["total"]
        assert len({(i["case_id"], i["episode"], i["ref"]) for i in items}) == len(items)
        assert all(i["in_numerator"] for i in items)


@pytest.mark.parametrize(("last", "expected"), [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (100, 95), (101, 96)])
def test_the_95th_percentile_is_the_nearest_rank(last: int, expected: int) -> None:
    assert p95(float(n) for n in range(last, 0, -1)) == expected


def test_a_playbook_counts_in_the_episode_in_which_it_was_begun(store: Store) -> None:
    """The last plan of the episode of which a step was done; none where nothing was."""
    world = make_world(Random(9), 60)
    fill(store, world)
    asked = make_query("UTC", NOW, start=(NOW - DAYS).isoformat(), group_by="playbook")
    told = {(e.case_id, e.episode): e.playbook for e in load_for(store, asked, NOW)["episodes"]}
    for row in world.episodes:
        mine = [p for p in world.begun if p["case_id"] == row["case_id"] and p["done"]
                and row["episode_plan"] <= p["version"] <= row["plan_version"]]  # fmt: skip
        expected = max(mine, key=lambda p: p["version"])["fault"] if mine else "none"
        assert told.get((row["case_id"], row["episode"]), expected) == expected
    assert set(told.values()) > {"none"}


def _added(values: list[Any]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for money in (m for value in values for m in value or []):
        sums[money["currency"]] = sums.get(money["currency"], 0) + money["amount"]
    return sums
