"""How the service levels stand: the same figures live, over HTTP and in the case; no miss is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.promises.api import make_router
from assistant.promises.standing import Settled, Standing, figures, quantile
from assistant.security.principals import Principal, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import Severity
from tests.assistant.desk import AGENT, SUPERVISOR
from tests.assistant.promises.watched import Watched

HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


@pytest.fixture
def desk(store: Store, vault: Vault) -> Watched:
    return Watched(store, vault)


def test_what_runs_is_in_danger_and_is_missed_is_counted_as_time_goes_on(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    for seconds, expected in ((1, (1, 0, 0)), (50, (1, 1, 0)), (70, (0, 0, 1))):
        high = Standing(desk.store).now(desk.at(case_id, seconds))["severities"]["high"]
        assert (high["running"], high["at_risk"], high["missed"]) == expected
    assert high["last_hour"] == {
        "settled": 1, "met": 0, "share": 0.0, "p50_seconds": 70.0, "p95_seconds": 70.0, "worst_seconds": 70.0,
        "waited_seconds": 0.0,
    }  # fmt: skip


def test_the_miss_of_an_earlier_episode_still_counts_after_a_relapse(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.set_case(case_id, due_at=desk.at(case_id, -1_800), first_action_at=desk.at(case_id, 0))
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    desk.open_as(HIGH, "ev-2")
    high = Standing(desk.store).now(utcnow())["severities"]["high"]
    assert (high["running"], high["last_hour"]["settled"], high["last_hour"]["met"]) == (1, 1, 0)


def test_what_was_settled_long_ago_is_in_the_day_and_not_in_the_hour(desk: Watched) -> None:
    case_id = desk.open_as(MEDIUM)
    long_ago = utcnow() - timedelta(hours=3)
    desk.set_case(case_id, due_at=long_ago, queued_at=long_ago)
    medium = Standing(desk.store).now(utcnow())["severities"]["medium"]
    assert (medium["last_hour"]["settled"], medium["last_day"]["settled"]) == (0, 1)


def test_the_case_shows_its_own_clock(desk: Watched) -> None:
    shown = desk.views.case(desk.open_as(HIGH))["service_level"]
    assert (shown["promise"], shown["met"], shown["at_risk"], shown["paused"]) == ("acted_and_told", None, False, False)
    assert 59 < shown["left_seconds"] <= 60
    assert desk.views.page({}, 10, None)["items"][0]["service_level"]["due_at"] == shown["due_at"]


def test_quantiles_are_values_that_were_measured() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.5, 0.95, 0.25)] == [2.0, 4.0, 1.0]
    assert quantile([], 0.5) is None
    one = Settled(LOW, True, utcnow(), 10.0, 5.0)
    assert (figures([one, one]).share, figures([one, one]).waited_seconds) == (1.0, 10.0)
    assert figures([]).share is None


def test_over_http_it_needs_the_scope_for_figures(desk: Watched) -> None:
    desk.open_as(LOW)

    def principal() -> Principal:
        return SUPERVISOR

    def require(scope: Scope) -> Callable[[], Principal]:
        assert scope is Scope.METRICS_READ
        return principal

    api = FastAPI()
    api.include_router(make_router(desk.store, require))
    answer = TestClient(api).get("/v1/metrics/service-levels").json()
    assert answer["severities"]["low"]["running"] == 1
    assert answer["severities"]["low"]["within_seconds"] == 1_800
