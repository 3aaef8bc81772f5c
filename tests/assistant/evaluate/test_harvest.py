"""The harvest keeps what tests and citations name; its staff gives a case back once and comes back to what failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from assistant.evaluate import harvest_people
from assistant.evaluate.harvest import MOST_ALIKE, as_seed, distinct
from assistant.evaluate.harvest_people import Staff
from knowledge.library.seeds import seeds
from knowledge.library.solved import SolvedCase

FAULT = "payment_failed_stock_held"


def alike(case_id: str) -> SolvedCase:
    return SolvedCase(case_id=case_id, fault="f", step="payment", severity="low", summary={"en": case_id})


def test_a_later_run_pushes_no_seed_out() -> None:
    there = [alike(f"seed_z{number}") for number in range(MOST_ALIKE)]
    new = [alike(f"seed_a{number}") for number in range(3)]
    assert distinct([*new, *there], {case.case_id for case in there}) == there
    assert len(distinct([*new, *there])) == MOST_ALIKE
    assert {case.case_id for case in distinct(seeds())} == {case.case_id for case in seeds()}


def test_the_same_story_has_the_same_name_and_no_time() -> None:
    case = SolvedCase(**{**vars_of(alike("case_1")), "metadata": {"resolved_at": "2026-03-02T09:00:00Z", "rating": 4}})
    first, second = as_seed(case, True), as_seed(SolvedCase(**{**vars_of(case), "case_id": "case_2"}), True)
    assert first == second
    assert (first.example, first.metadata) == (True, {"rating": 4})


def vars_of(case: SolvedCase) -> dict[str, Any]:
    return {name: getattr(case, name) for name in case.__struct_fields__}


def staff_over(answers: Any, monkeypatch: pytest.MonkeyPatch, share: float) -> tuple[Staff, list[str]]:
    """Staff in front of one case that is handed off; what it did, and `answers(deed)` for each."""
    case = {"id": "c", "status": "handed_off", "episode": 1, "plan_version": 1, "language": "en", "checkout_id": None,
            "customer_id": None, "detected_at": "2026-03-02T09:00:00Z", "faults": [{"code": FAULT}]}  # fmt: skip
    done: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"items": [case]})
        done.append(request.url.path.rpartition("/")[2])
        return httpx.Response(answers(done), json={})

    api = httpx.Client(transport=httpx.MockTransport(reply), base_url="http://shop.test")
    secret = SimpleNamespace(get_secret_value=lambda: "token")
    house: Any = SimpleNamespace(api=api, shop_url="http://shop.test", settings=SimpleNamespace(shop_token=secret))
    staff = Staff(house, 1)
    monkeypatch.setattr(staff, "_rng", SimpleNamespace(random=lambda: share))
    return staff, done


def test_a_case_given_back_that_returns_as_it_was_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    staff, done = staff_over(lambda done: 200, monkeypatch, harvest_people.GIVEN_BACK / 2)
    for _ in range(3):
        staff.look()
    assert done == ["claim", "release", "claim", "resolve"]
    staff.close()


def test_what_was_refused_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    staff, done = staff_over(lambda done: 409 if len(done) == 1 else 200, monkeypatch, 0.9)
    for _ in range(3):
        staff.look()
    assert done == ["claim", "claim", "resolve"]
    staff.close()
