"""The figures over HTTP: contract C's shape, drill-down, filters, scopes, and errors that name their field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.metrics.api import make_router
from assistant.metrics.definitions import FIGURES
from assistant.problems import install
from assistant.security.principals import Principal, Scope
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from tests.assistant.conftest import NOW
from tests.assistant.metrics.world import case_row, ended_case, fill, make_world, put

PERIOD = {"from": (NOW - timedelta(days=9)).isoformat(), "to": NOW.isoformat()}


def client(store: Store, scopes: frozenset[Scope] = frozenset(Scope)) -> TestClient:
    app = FastAPI()
    install(app)

    def require(scope: Scope) -> Any:
        def principal() -> Principal:
            who = Principal("key", "k", "k", scopes=scopes)
            who.require(scope)
            return who

        return principal

    app.include_router(make_router(store, "Asia/Shanghai", require))
    return TestClient(app)


def summary(store: Store, **query: str) -> dict[str, Any]:
    answer = client(store).get("/v1/metrics/summary", params={**PERIOD, **query})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_every_figure_has_value_numerator_denominator_and_definition(store: Store) -> None:
    fill(store, make_world(Random(1), 60))
    told = summary(store)
    assert set(told) == set(FIGURES)
    for figure in told.values():
        assert {"value", "numerator", "denominator", "definition"} <= set(figure)
        assert figure["definition"].endswith(".")
    assert told["repair_rate"]["value"] == pytest.approx(
        told["repair_rate"]["numerator"] / told["repair_rate"]["denominator"], abs=1e-6
    )
    low, high = told["repair_rate"]["interval"]
    assert low <= told["repair_rate"]["value"] <= high


def test_an_empty_house_has_no_values_but_counts_of_nought(store: Store) -> None:
    for figure in summary(store).values():
        assert figure["value"] == (0 if figure["unit"] == "count" else None), figure["id"]


def test_money_is_never_added_up_across_currencies(store: Store) -> None:
    at = NOW - timedelta(days=1)
    put(
        store, ended_case("a", at, value_amount=100, value_currency="CNY"),
        ended_case("b", at, value_amount=7, value_currency="USD"),
        ended_case("c", at, value_amount=11, value_currency="CNY"), ended_case("d", at),
        ended_case("e", at, "cancelled_refunded", value_amount=1_000, value_currency="CNY"),
    )  # fmt: skip
    saved = summary(store)["value_saved"]
    assert saved["value"] == [{"amount": 111, "currency": "CNY"}, {"amount": 7, "currency": "USD"}]
    assert (saved["numerator"], saved["denominator"]) == (3, 4)


def test_only_what_a_read_back_proved_counts_as_repaired(store: Store) -> None:
    at = NOW - timedelta(days=1)
    put(
        store, ended_case("a", at), ended_case("b", at, proven_at=None), ended_case("c", at, "by_human"),
        ended_case("d", at, "by_human", proven_at=None), ended_case("e", at, "no_response"),
        ended_case("f", at, "merged", merged_into="a"), ended_case("g", at, "false_alarm"),
    )  # fmt: skip
    told = summary(store)
    assert (told["repair_rate"]["numerator"], told["repair_rate"]["denominator"]) == (2, 5)
    assert (told["automatic_repair_rate"]["numerator"], told["repairs_unproven"]["value"]) == (1, 2)
    assert told["cases_ended"]["value"] == 6


def test_waits_for_the_customer_are_shown_apart(store: Store) -> None:
    put(store, ended_case("a", NOW - timedelta(days=1), waited_seconds=3_000.0))
    told = summary(store)
    assert (told["handling_time_mean"]["value"], told["customer_wait_mean"]["value"]) == (600.0, 3_000.0)


def test_the_list_behind_a_number_names_its_cases(store: Store) -> None:
    at = NOW - timedelta(days=1)
    put(store, ended_case("a", at), ended_case("b", at, proven_at=None), case_row("c", detectable_at=at))
    asked = client(store)
    whole = asked.get("/v1/metrics/repair_rate/cases", params=PERIOD | {"part": "denominator"}).json()
    assert [(i["case_id"], i["in_numerator"]) for i in whole["items"]] == [("a", True), ("b", False)]
    assert (whole["total"], whole["next"]) == (2, None)
    assert [i["case_id"] for i in asked.get("/v1/metrics/backlog/cases", params=PERIOD).json()["items"]] == ["c"]


def test_lists_over_http_are_as_long_as_the_numbers_of_their_groups(store: Store) -> None:
    fill(store, make_world(Random(2), 40))
    asked = client(store)
    for figure_id in ("repair_rate", "sla_attainment", "messages_delivered_rate", "money_given"):
        for group in summary(store, group_by="playbook")[figure_id]["groups"]:
            query = PERIOD | {"group_by": "playbook", "group": group["group"], "limit": "1000"}
            told = asked.get(f"/v1/metrics/{figure_id}/cases", params=query).json()
            assert len(told["items"]) == told["total"] == group["cases"]["numerator"]


def test_a_filter_is_the_group_of_the_same_name(store: Store) -> None:
    fill(store, make_world(Random(3), 80))
    for name, code in (("severity", "high"), ("fault", "coupon_misapplied"), ("playbook", "none")):
        groups = {f["id"]: {g["group"]: g for g in f["groups"]} for f in summary(store, group_by=name).values()}
        for figure_id, figure in summary(store, **{name: code}).items():
            assert figure["numerator"] == groups[figure_id][code]["numerator"]


def test_both_languages_are_spoken(store: Store) -> None:
    told = {language: summary(store, language=language)["repair_rate"] for language in ("en", "zh-CN")}
    assert told["en"]["name"] == "repair rate"
    assert told["zh-CN"]["name"] == "修复率"
    listed = client(store).get("/v1/metrics/figures").json()["items"]
    assert {f["id"] for f in listed} == set(FIGURES)
    assert all(set(f["definition"]) == {"en", "zh-CN"} for f in listed)


BAD: list[tuple[str, dict[str, str], int, str | None]] = [
    ("summary", {"from": "soon"}, 422, "from"),
    ("summary", {"to": "2026-03-01T00:00"}, 422, "to"),
    ("summary", {"tz": "Nowhere/Land"}, 422, "tz"),
    ("summary", {"group_by": "colour"}, 422, "group_by"),
    ("summary", {"from": "1990-01-01", "group_by": "day"}, 422, "group_by"),
    ("summary", {"severity": "high,awful"}, 422, "severity"),
    ("summary", {"fault": "bad_luck"}, 422, "fault"),
    ("summary", {"playbook": "bad_luck"}, 422, "playbook"),
    ("repair_rate/cases", {"part": "half"}, 422, "part"),
    ("backlog/cases", {"part": "denominator"}, 422, "part"),
    ("repair_rate/cases", {"group": "high"}, 422, "group"),
    ("repair_rate/cases", {"group_by": "severity", "group": "awful"}, 422, "group"),
    ("repair_rate/cases", {"limit": "0"}, 422, "limit"),
    ("repair_rate/cases", {"cursor": "x"}, 422, "cursor"),
    ("repair_rate/cases", {"cursor": "WzFd"}, 422, "cursor"),
    ("luck/cases", {}, 404, None),
]


def test_bad_input_names_its_field(store: Store) -> None:
    asked = client(store)
    for path, query, status, field in BAD:
        answer = asked.get(f"/v1/metrics/{path}", params=query)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (path, query, answer.text)


def test_without_the_scope_nothing_is_told(store: Store) -> None:
    reader = client(store, frozenset({Scope.CASES_READ}))
    for path in ("summary", "figures", "repair_rate/cases"):
        assert reader.get(f"/v1/metrics/{path}").status_code == 403


def test_the_application_serves_figures_and_scrape(database_url: str, tmp_path: Path) -> None:
    from assistant.app import Application, make_api

    application = Application(Settings(home=tmp_path, database_url=database_url, api_key="hw_test_key"))
    put(application.store, ended_case("a", utcnow() - timedelta(hours=1)))
    served = TestClient(make_api(application), headers={"authorization": "Bearer hw_test_key"})
    assert served.get("/v1/metrics/summary").json()["repair_rate"]["value"] == 1.0
    scraped = served.get("/metrics")
    assert scraped.headers["content-type"].startswith("text/plain")
    assert 'helloword_cases_repaired_total{fault="coupon_misapplied",severity="medium"} 1.0' in scraped.text
    assert TestClient(make_api(application)).get("/v1/metrics/summary").status_code == 401
    application.store.engine.dispose()


def test_groups_stand_in_the_order_in_which_people_read_them(store: Store) -> None:
    fill(store, make_world(Random(1), 60))
    assert _groups(store, "severity") == ["high", "medium", "low"]
    assert _groups(store, "fault")[:2] == ["payment_disputed", "paid_order_missing"]  # the order of treatment
    days = _groups(store, "day")
    assert (len(days), days) == (10, sorted(days))


def _groups(store: Store, group_by: str) -> list[str]:
    return [g["group"] for g in summary(store, group_by=group_by)["repair_rate"]["groups"]]
