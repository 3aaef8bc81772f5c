"""What became of what was done is kept, ordered by, shown and undone; on both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from assistant.followup.cli import learned_command
from assistant.followup.learning import NONE, covers
from assistant.plans.planner import Planner
from assistant.security.principals import ForbiddenError
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import outbox
from assistant.store.tables_people import outcomes
from knowledge.policies.preference import ALTERNATIVES, MIN_N
from knowledge.vocabulary.codes import FaultCode, Resolution
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError
from tests.assistant.desk import AGENT, SUPERVISOR, finding, link, release
from tests.assistant.followup.aftercare import Aftercare

OOS, AWAY = FaultCode.PAID_OUT_OF_STOCK, FaultCode.ADDRESS_UNDELIVERABLE


@pytest.fixture
def desk(store: Store, vault: Vault) -> Aftercare:
    return Aftercare(store, vault)


def order_of(desk: Aftercare, fault: str = OOS) -> list[str]:
    with desk.store.read() as tx:
        return [one.option for one in desk.follow_up.learning.rank(tx, fault, ALTERNATIVES[fault])]


# -- outcomes -------------------------------------------------------------------------------------------------------


def test_an_outcome_names_what_was_done_in_the_episode_and_is_open_while_it_is_watched(desk: Aftercare) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), link(500), release("re-2"), then="resolve", resolution="repaired")
    desk.run(case_id)
    (row,) = desk.outcomes(case_id)
    assert (row["fault"], row["resolution"]) == ("price_mismatch", "repaired")
    assert row["option"] == "release_reservation+create_payment_link"
    assert (row["stayed"], row["settled_at"]) == (None, None)
    desk.close(case_id)
    (row,) = desk.outcomes(case_id)
    assert row["stayed"] is True and row["settled_at"] is not None


def test_what_cleared_by_itself_and_what_a_person_did_have_their_own_options(desk: Aftercare) -> None:
    alone = desk.resolved("ck-1", Resolution.SELF_CLEARED)
    by_hand = desk.resolved("ck-2", Resolution.BY_HUMAN)
    assert [desk.outcomes(c)[0]["option"] for c in (alone, by_hand)] == [NONE, "by_human"]


def test_a_relapse_settles_the_last_episode_and_the_next_one_has_an_outcome_of_its_own(desk: Aftercare) -> None:
    case_id = desk.resolved()
    desk.come_back(case_id)
    assert [row["stayed"] for row in desk.outcomes(case_id)] == [False]
    desk.resolve(case_id)
    desk.close(case_id)
    assert [(row["episode"], row["stayed"]) for row in desk.outcomes(case_id)] == [(1, False), (2, True)]


def test_a_closed_case_that_a_person_reopens_did_not_stay_resolved_after_all(desk: Aftercare) -> None:
    case_id = desk.resolved()
    desk.close(case_id)
    desk.commands.reopen(case_id, "the parcel never came", AGENT)
    assert [row["stayed"] for row in desk.outcomes(case_id)] == [False]


def test_a_case_that_goes_on_within_its_episode_keeps_one_outcome_with_its_rating(desk: Aftercare) -> None:
    case_id = desk.resolved()
    desk.follow_up.asking.given(case_id, 2, None, AGENT)
    with desk.store.begin() as tx:
        desk.cases.go_on(tx, desk.cases.lock(tx, case_id), utcnow())
    desk.resolve(case_id, Resolution.CANCELLED_REFUNDED)
    (row,) = desk.outcomes(case_id)
    assert (row["resolution"], row["rating"], row["stayed"]) == ("cancelled_refunded", 2, None)


def test_whoever_had_the_case_is_told_of_the_relapse_once(desk: Aftercare) -> None:
    machine = desk.resolved("ck-1")
    desk.come_back(machine)
    person = desk.open(checkout_id="ck-2")
    desk.commands.claim(person, AGENT)
    desk.resolve(person, Resolution.BY_HUMAN)
    desk.come_back(person)
    with desk.store.begin() as tx:  # another fault in the same episode is no second relapse
        desk.follow_up.opened(tx, desk.cases.lock(tx, person), utcnow())
    assert desk.told_staff() == [("team", "service", "relapse"), ("person", "ann", "relapse")]


def test_the_library_is_told_when_an_outcome_settles(desk: Aftercare) -> None:
    case_id = desk.resolved()
    with desk.store.begin() as tx:
        tx.execute(outbox.delete())
    desk.close(case_id)
    with desk.store.read() as tx:
        assert list(tx.scalars(sa.select(outbox.c.subject).where(outbox.c.kind == "library"))) == [case_id]


# -- order ----------------------------------------------------------------------------------------------------------


def test_alternatives_keep_the_policys_order_until_enough_is_known(desk: Aftercare) -> None:
    desk.add_outcomes(OOS, "substitute_line+refund_payment", good=0, bad=MIN_N - 1)
    assert order_of(desk) == list(ALTERNATIVES[OOS])
    desk.add_outcomes(OOS, "reserve_stock+substitute_line", good=0, bad=1)  # the twentieth, by another way
    assert order_of(desk) == ["backorder_line", "substitute_line"]
    assert order_of(desk, AWAY) == list(ALTERNATIVES[AWAY])


def test_bad_ratings_count_against_what_stayed(desk: Aftercare) -> None:
    desk.add_outcomes(AWAY, "choose_pickup", good=40, rating=1)
    assert order_of(desk, AWAY) == ["set_order_address", "choose_pickup"]


def test_outcomes_still_watched_false_alarms_and_merged_cases_count_for_nothing(desk: Aftercare) -> None:
    desk.add_outcomes(OOS, "substitute_line", good=0, bad=60)
    with desk.store.begin() as tx:
        teaches_nothing: dict[str, dict[str, Any]] = {"x-paid_out_of_stock-substitute_line-0": {"stayed": None}}
        for n in range(1, 25):
            teaches_nothing[f"x-paid_out_of_stock-substitute_line-{n}"] = {"resolution": "false_alarm"}
        for n in range(25, 45):
            teaches_nothing[f"x-paid_out_of_stock-substitute_line-{n}"] = {"resolution": "merged"}
        for case_id, values in teaches_nothing.items():
            tx.execute(outcomes.update().where(outcomes.c.case_id == case_id).values(**values))
    with desk.store.read() as tx:
        assert desk.follow_up.learning.tallies(tx, OOS)["substitute_line"].n == 15
    assert order_of(desk) == list(ALTERNATIVES[OOS])


def test_a_ranking_says_why_in_both_languages(desk: Aftercare) -> None:
    desk.add_outcomes(OOS, "substitute_line", good=10, bad=30)
    with desk.store.read() as tx:
        first, second = desk.follow_up.learning.rank(tx, OOS, ["substitute_line", "backorder_line"])
    assert (first.option, first.place, first.policy_place) == ("backorder_line", 1, 2)
    assert "policy" in first.reason["en"] and "既定顺序" in first.reason["zh-CN"]
    assert "10 of 40" in second.reason["en"] and "10" in second.reason["zh-CN"]
    assert second.good["of"] == 40 and second.good["low"] < 0.25 < second.good["high"]


def test_planning_gets_the_lifts_of_the_faults_at_hand(desk: Aftercare) -> None:
    desk.add_outcomes(OOS, "substitute_line", good=0, bad=40)
    learning = desk.follow_up.learning
    policies = desk.settings.policies
    planner = Planner(desk.store, desk.plans, desk.notifications, desk.reader, policies, learned=learning)
    case_id = desk.open(finding(OOS))
    desk.examiner.findings = [finding(OOS)]
    case = desk.case(case_id)
    context = planner.context(case, desk.examiner.look(case), utcnow())
    assert context.lifts == {OOS: {"substitute_line": -1.2}}


def test_covers_means_that_everything_of_the_option_was_done() -> None:
    assert covers("reserve_stock+create_order", "create_order")
    assert not covers("create_order", "reserve_stock+create_order")
    assert not covers("create_order", NONE) and covers(NONE, NONE)


# -- seen and undone ------------------------------------------------------------------------------------------------


def test_a_supervisor_sees_what_was_learned_and_the_cases_behind_it(desk: Aftercare) -> None:
    watched = desk.resolved(code=OOS)
    desk.add_outcomes(OOS, "substitute_line", good=3, bad=1, rating=4)
    seen = desk.follow_up.learned.view(OOS)
    by_option = {item["option"]: item for item in seen["items"]}
    assert by_option[NONE]["watched"] == 1 and by_option[NONE]["cases"] == [watched]
    substitute = by_option["substitute_line"]
    assert (substitute["outcomes"], substitute["stayed"]["hits"], substitute["stayed"]["of"]) == (4, 3, 4)
    assert substitute["rating"] == {"mean": 4.0, "n": 4} and substitute["effect"]["places"] == 0
    assert [one.option for one in seen["rankings"][OOS]] == list(ALTERNATIVES[OOS])
    assert desk.follow_up.learned.view(AWAY) == {"items": [], "rankings": {}}
    with pytest.raises(InputError, match="paid_out_of_stock"):
        desk.follow_up.learned.view("nonsense")


def test_undoing_an_option_takes_all_so_far_out_and_says_so_on_the_cases(desk: Aftercare) -> None:
    case_id = desk.resolved(code=OOS)
    with desk.store.begin() as tx:
        tx.execute(outcomes.update().values(option="reserve_stock+substitute_line"))
    desk.close(case_id)
    learned = desk.follow_up.learned
    with pytest.raises(ForbiddenError):
        learned.undo(OOS, "substitute_line", "a bad month", AGENT)
    done = learned.undo(OOS, "substitute_line", "a bad month", SUPERVISOR)
    assert done == {"undone": 1, "options": {"reserve_stock+substitute_line": 1}, "cases": [case_id]}
    assert any("a bad month" in line for line in desk.said(case_id))
    (row,) = desk.outcomes(case_id)
    assert (row["undone_by"], row["undone_why"]) == (SUPERVISOR.ref, "a bad month")
    with pytest.raises(ConflictError):
        learned.undo(OOS, "substitute_line", "again", SUPERVISOR)


def test_one_cases_outcome_can_be_undone_alone(desk: Aftercare) -> None:
    case_id, other = desk.resolved("ck-1"), desk.resolved("ck-2")
    assert desk.follow_up.learned.undo_case(case_id, "a test order", SUPERVISOR)["undone"] == 1
    assert [desk.outcomes(c)[0]["undone_at"] is None for c in (case_id, other)] == [False, True]
    with pytest.raises(NotFoundError):
        desk.follow_up.learned.undo_case("case_none", "x", SUPERVISOR)


@how(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ALTERNATIVES[OOS]), st.integers(0, 60), st.integers(0, 60)), max_size=3))
def test_undoing_everything_restores_the_policys_order_exactly(
    desk: Aftercare, known: Sequence[tuple[str, int, int]]
) -> None:
    with desk.store.begin() as tx:
        tx.execute(outcomes.delete())
    for number, (option, good, bad) in enumerate(known):
        if good + bad:
            desk.add_outcomes(OOS, option, good=good, bad=bad, prefix=str(number))
    for option in {option for option, good, bad in known if good + bad}:
        desk.follow_up.learned.undo(OOS, option, "start afresh", SUPERVISOR)
    assert order_of(desk) == list(ALTERNATIVES[OOS])
    with desk.store.read() as tx:
        assert desk.follow_up.learning.lifts(tx, [OOS]) == {}


@pytest.mark.parametrize(("language", "said"), [("en", "stayed resolved"), ("zh-CN", "未复发")])
def test_the_command_prints_it_in_both_languages_and_as_json(
    desk: Aftercare, database_url: str, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    settings = Settings(database_url=database_url)
    assert learned_command(settings, None, as_json=False, language=language) == 0
    assert capsys.readouterr().out.strip()
    desk.add_outcomes(OOS, "substitute_line", good=10, bad=30)
    learned_command(settings, OOS, as_json=False, language=language)
    printed = capsys.readouterr().out
    assert said in printed and "backorder_line" in printed and "25%" in printed
    learned_command(settings, OOS, as_json=True, language=language)
    assert json.loads(capsys.readouterr().out)["items"][0]["option"] == "substitute_line"
