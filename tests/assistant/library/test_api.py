"""The library over HTTP: searches, articles, examples that open like cases and count nowhere, citations that open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.app import Application, make_api
from assistant.settings import Settings
from knowledge.library.articles import written
from knowledge.library.seeds import seeds
from knowledge.vocabulary.codes import FaultCode
from tests.assistant.desk import Desk

KEY = "hw_test_bootstrap_key"
ASKED = {"zh-CN": "顾客被扣了两次钱，怎么处理的", "en": "the customer was charged twice, how was it handled"}


class Reading:
    """The whole API with the examples in its library; nothing works on its own."""

    def __init__(self, application: Application) -> None:
        self.desk = Desk(application.store, application.vault)
        self.client = TestClient(make_api(application), headers={"authorization": f"Bearer {KEY}"})
        application.conversation.feed.bring_examples()

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, **params: Any) -> tuple[int, str]:
        answer = self.client.get(path, params=params)
        assert answer.headers["content-type"].startswith("application/problem+json")
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    """One for all: examples and articles lie in the library, not in the database, and nobody here changes them."""
    application = Application(Settings(home=tmp_path_factory.mktemp("home"), api_key=KEY))
    yield Reading(application)
    application.store.engine.dispose()


@pytest.fixture(scope="module")
def mine(api: Reading) -> str:
    """A case of the shop's own."""
    return api.desk.open()


def test_a_search_finds_cases_and_articles_in_either_language_and_every_find_opens(api: Reading) -> None:
    for language, question in ASKED.items():
        found = api.get("/v1/library/search", q=question, limit=5)
        assert [case["fault"] for case in found["cases"]][:3] == ["duplicate_charge"] * 3
        assert found["articles"][0]["id"] == "duplicate-charge"
        assert {article["language"] for article in found["articles"]} == {language}
        assert all(case["why"] and 0 <= case["score"] <= 1 for case in found["cases"])
        for case in found["cases"]:
            opened = api.get(f"/v1/cases/{case['case_id']}", language=language)
            assert (opened["id"], opened["example"]) == (case["case_id"], True)
            assert case["summary"][language] in opened["timeline"][0]["what"]
        for article in found["articles"]:
            assert api.get(f"/v1/library/articles/{article['id']}")["title"][language] == article["title"]
    shown = api.get("/v1/library/search", q=ASKED["zh-CN"], language="en")["articles"]
    assert {article["language"] for article in shown} == {"en"}
    filters = {"fault": "price_mismatch", "severity": "medium", "limit": 4}
    only = api.get("/v1/library/search", q="the price at checkout was not the cart's", **filters)["cases"]
    assert len(only) == 4 and {case["fault"] for case in only} == {"price_mismatch"}


def test_a_search_that_asks_nothing_or_for_nothing_known_is_refused_with_the_field(api: Reading) -> None:
    for wrong, field in (
        ({"q": "  "}, "q"), ({"q": "a\0b"}, "q"), ({"q": ""}, "q"), ({"q": "x" * 1001}, "q"), ({}, "q"),
        ({"q": "x", "fault": "broken"}, "fault"), ({"q": "x", "step": "lunch"}, "step"),
        ({"q": "x", "severity": "huge"}, "severity"), ({"q": "x", "limit": 0}, "limit"),
    ):  # fmt: skip
        status, said = api.refused("/v1/library/search", **wrong)
        assert (status, f'"{field}"' in said or f"{field}:" in said) == (422, True), said
    for path in ("/v1/library/search?q=x", "/v1/library/articles/privacy"):
        assert api.client.get(path, headers={"authorization": "Bearer nobody"}).status_code == 401


def test_every_article_opens_in_both_languages_with_this_shops_figures(api: Reading) -> None:
    for article in written():
        shown = api.get(f"/v1/library/articles/{article.id}")
        assert set(shown["title"]) == set(shown["text"]) == {"zh-CN", "en"}
        assert "{{" not in str(shown)
    assert api.refused("/v1/library/articles/nothing")[0] == 404


def test_examples_open_in_both_languages_and_are_in_no_list_and_no_figure(api: Reading, mine: str) -> None:
    for case in seeds()[::60]:
        told = {language: api.get(f"/v1/cases/{case.case_id}", language=language) for language in ("zh-CN", "en")}
        assert all(one["example"] is True and one["status"] == "closed" for one in told.values())
        assert all(case.summary[language] in one["timeline"][0]["what"] for language, one in told.items())
        assert told["zh-CN"]["timeline"] != told["en"]["timeline"]
    assert api.refused("/v1/cases/seed_nothing")[0] == 404
    assert [case["id"] for case in api.get("/v1/cases", limit=200)["items"]] == [mine]
    assert api.get("/v1/cases", limit=200, status="closed,resolved")["items"] == []
    assert "seed_" not in str(api.get("/v1/metrics/summary"))


def test_every_citation_of_similar_cases_resolves(api: Reading, mine: str) -> None:
    cited = api.get(f"/v1/cases/{mine}/similar", limit=20)
    fault = api.get(f"/v1/cases/{mine}")["faults"][0]["code"]
    assert cited and cited[0]["fault"] == fault
    for one in cited:
        opened = api.get(f"/v1/cases/{one['case_id']}")
        assert opened["example"] is one["example"] is True
        assert one["fault"] in [found["code"] for found in opened["faults"]]
        assert [step["action"] for step in opened["plan"]] == [step["action"] for step in one["tried"]]


def test_every_fault_that_was_played_to_an_end_has_examples() -> None:
    have = {code for case in seeds() for code in (case.fault, *case.faults)}
    assert have == {str(code) for code in FaultCode}
