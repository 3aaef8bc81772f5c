"""Nothing counts as repaired without a read-back, and what a case's row forgets stays counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.metrics.figures import count_all, make_query
from assistant.metrics.rows import CURRENT, PAST, Episode
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.triage.levels import COLUMNS
from knowledge.vocabulary.codes import FaultCode
from tests.assistant.desk import AGENT, Desk, finding, release


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def figure(desk: Desk, figure_id: str) -> tuple[Any, float, int | None]:
    now = utcnow() + timedelta(seconds=1)
    tally = count_all(desk.store, make_query("UTC", now), now)[figure_id].whole
    return tally.value, tally.numerator, tally.denominator


def repaired(desk: Desk) -> str:
    """A case that the machine has repaired, and a read-back has proved whole."""
    case_id = desk.open()
    desk.says(release("re-1"))
    desk.examiner.during = lambda: desk.says(*([release("re-1")] if not desk.writer.sent else []))
    desk.run(case_id)
    desk.examiner.during = lambda: None
    desk.says()
    return case_id


def test_the_look_that_ends_a_case_proves_its_repair(desk: Desk) -> None:
    case = desk.case(repaired(desk))
    assert (case["status"], case["resolution"]) == ("resolved", "repaired")
    assert case["proven_at"] is not None
    assert figure(desk, "automatic_repair_rate") == (1.0, 1, 1)


def test_what_a_person_says_is_proven_only_by_a_look_that_finds_nothing_at_all(desk: Desk) -> None:
    case_id = desk.open()
    desk.commands.resolve(case_id, "by_human", "done", AGENT)
    assert desk.durable.runs[-1][0] == case_id  # the read-back that may prove it is on its way
    assert figure(desk, "repair_rate") == (0.0, 0, 1)
    assert figure(desk, "repairs_unproven")[0] == 1
    desk.run(case_id)
    assert desk.case(case_id)["status"] == "resolved"
    assert figure(desk, "repair_rate") == (1.0, 1, 1)


def test_what_a_person_settled_by_word_only_stays_unproven(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.cases.examine import Look

    case_id = desk.open()
    desk.commands.resolve(case_id, "by_human", "looks fine to me", AGENT)
    seen = desk.examiner.look(desk.case(case_id))
    still_wrong = Look(seen.facts, seen.snapshot, [], hushed=(FaultCode.PRICE_MISMATCH,))
    monkeypatch.setattr(desk.examiner, "look", lambda case: still_wrong)
    desk.run(case_id)
    assert desk.case(case_id)["proven_at"] is None
    assert figure(desk, "repair_rate") == (0.0, 0, 1)


def test_a_read_back_from_before_the_last_write_proves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.cases.examine import Look

    case_id = repaired(desk)
    desk.set_case(case_id, status="diagnosing", resolution=None, resolved_at=None, proven_at=None)
    seen = desk.examiner.look(desk.case(case_id))
    early = type(seen.facts)(checkout_id="ck-1", at=utcnow() - timedelta(hours=1))
    monkeypatch.setattr(desk.examiner, "look", lambda case: Look(early, seen.snapshot, []))
    desk.run(case_id)
    assert (desk.case(case_id)["status"], desk.case(case_id)["proven_at"]) == ("resolved", None)


def test_a_relapse_leaves_the_first_ending_counted_and_is_counted_as_one(desk: Desk) -> None:
    case_id = repaired(desk)
    desk.open(finding(FaultCode.PRICE_MISMATCH, "ev-2"))
    assert (desk.case(case_id)["episode"], desk.case(case_id)["proven_at"]) == (2, None)
    assert figure(desk, "cases_ended")[0] == 1
    assert figure(desk, "cases_detected")[0] == 2
    assert figure(desk, "repair_rate") == (1.0, 1, 1)
    assert figure(desk, "relapse_rate") == (1.0, 1, 1)


def test_one_that_goes_on_in_its_episode_had_not_ended(desk: Desk) -> None:
    case_id = repaired(desk)
    _go_on(desk, case_id)
    assert figure(desk, "cases_ended")[0] == 0
    assert figure(desk, "relapse_rate") == (None, 0, 0)
    assert desk.case(case_id)["proven_at"] is None


def test_an_episode_has_every_column_that_a_service_level_is_measured_by() -> None:
    assert set(COLUMNS) - {"id"} <= set(Episode.__struct_fields__)
    assert len(CURRENT) + 2 == len(PAST)


def _go_on(desk: Desk, case_id: str) -> None:
    with desk.store.begin() as tx:
        desk.cases.go_on(tx, desk.cases.lock(tx, case_id), utcnow())
