"""The clocks of the service levels: people hear of a danger in time, and what can still be kept is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import past_levels, timers
from assistant.triage.levels import level_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from tests.assistant.desk import AGENT, SUPERVISOR, finding, refund, release
from tests.assistant.promises.watched import Watched

HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


@pytest.fixture
def desk(store: Store, vault: Vault) -> Watched:
    return Watched(store, vault)


def met(desk: Watched, case_id: str, seconds: float = 9_000) -> bool | None:
    return level_of(desk.case(case_id), desk.at(case_id, seconds)).met


# -- high -----------------------------------------------------------------------------------------------------------


def test_a_high_case_behind_a_silent_shop_is_with_people_before_its_minute_is_over(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.silent_shop(case_id)
    desk.pass_time(case_id, 44)
    assert desk.case(case_id)["status"] == CaseStatus.OPEN
    desk.pass_time(case_id, 46)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"], case["handed_off_why"]) == ("handed_off", "team", "shop_silent")
    assert case["first_action_at"] <= desk.at(case_id, 46)
    assert met(desk, case_id) is True
    (told,) = desk.notices()
    assert told[0] == "service"
    assert told[1].startswith("Checkout ")
    assert told[1].endswith(": Service level in danger: no first action yet; 15 s left of 60 s")
    desk.pass_time(case_id, 7_000)
    assert len(desk.notices()) == 1


def test_and_goes_on_by_machine_as_soon_as_the_shop_answers(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.silent_shop(case_id)
    desk.pass_time(case_id, 46)
    desk.says(release("re-1"))
    case = desk.shop_answers(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.DIAGNOSING, None)
    assert "retry" in desk.timers(case_id)


def test_unless_a_person_took_it_up_meanwhile(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.silent_shop(case_id)
    desk.pass_time(case_id, 46)
    desk.commands.claim(case_id, AGENT)
    desk.says(release("re-1"))
    case = desk.shop_answers(case_id)
    assert (case["status"], case["owner_id"]) == (CaseStatus.HANDED_OFF, "ann")


def test_a_journey_under_way_is_given_a_few_seconds_more_then_the_team_watches_while_it_goes_on(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.pass_time(case_id, 50)
    assert (desk.case(case_id)["owner_kind"], len(desk.notices())) == (None, 1)
    desk.pass_time(case_id, 52)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"], met(desk, case_id)) == (CaseStatus.OPEN, "team", True)
    assert "the team watches it" in desk.notices()[-1][1]
    desk.says(release("re-1"))
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    desk.says()
    desk.look(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.RESOLVED, None)


def test_whoever_acted_in_time_is_left_alone(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.says(release("re-1"), then="wait", wait_seconds=5.0)
    desk.run(case_id)
    desk.pass_time(case_id, 600)
    assert (desk.notices(), met(desk, case_id)) == ([], True)


def test_a_plan_that_waits_for_approval_stays_approvable_and_its_decision_is_the_teams(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    desk.pass_time(case_id, 46)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.AWAITING_APPROVAL, "team")
    assert met(desk, case_id) is True
    assert "waits for a decision" in desk.notices()[-1][1]
    desk.commands.approve(case_id, 1, SUPERVISOR)
    assert desk.case(case_id)["owner_kind"] is None
    assert desk.run(case_id) == ["done"]


def test_with_the_kill_switch_on_people_keep_what_they_were_given(store: Store, vault: Vault) -> None:
    desk = Watched(store, vault, writes="off")
    case_id = desk.open_as(HIGH)
    desk.says(release("re-1"))
    desk.look(case_id)
    desk.pass_time(case_id, 52)
    assert (desk.case(case_id)["status"], met(desk, case_id)) == (CaseStatus.HANDED_OFF, True)
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_what_a_person_has_snoozed_stays_asleep_and_is_said_to_be_missed(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.commands.snooze(case_id, desk.at(case_id, 7_200), AGENT)
    desk.pass_time(case_id, 70)
    assert (desk.case(case_id)["status"], met(desk, case_id)) == (CaseStatus.OPEN, False)
    assert [audience for audience, _ in desk.notices()] == ["service", "supervisors", "service"]


def test_a_fault_found_too_late_is_said_at_once_and_the_machine_still_gets_its_chance(desk: Watched) -> None:
    late = finding(FaultCode.PAID_ORDER_MISSING, severity=HIGH)
    late = type(late)(**{f: getattr(late, f) for f in late.__struct_fields__} | {
        "detectable_at": late.detectable_at - timedelta(minutes=10)})  # fmt: skip
    case_id = desk.open(late)
    desk.pass_time(case_id, 605)
    assert [audience for audience, _ in desk.notices()] == ["supervisors", "service"]
    assert desk.case(case_id)["status"] == CaseStatus.OPEN
    desk.pass_time(case_id, 620)
    assert desk.case(case_id)["owner_kind"] == "team"
    desk.pass_time(case_id, 9_000)
    assert len([text for _, text in desk.notices() if "missed" in text]) == 2
    assert any("missed" in line for line in desk.said(case_id))


# -- low ------------------------------------------------------------------------------------------------------------


def test_a_low_case_that_is_not_done_is_with_a_person_before_its_half_hour_is_over(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.journey.finish(case_id, 1)
    desk.pass_time(case_id, 1_349)
    assert desk.case(case_id)["status"] == CaseStatus.OPEN
    desk.pass_time(case_id, 1_351)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    assert met(desk, case_id) is True
    assert ": Service level in danger:" in desk.notices()[0][1]


def test_waiting_for_the_customer_puts_its_alarm_off(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.says(then="await_customer")
    desk.look(case_id)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        desk.cases.update(tx, case, desk.at(case_id, 0), waiting_since=desk.at(case_id, 600))
    desk.pass_time(case_id, 4_000)
    assert (desk.notices(), desk.case(case_id)["status"]) == ([], CaseStatus.AWAITING_CUSTOMER)
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        desk.cases.update(tx, case, desk.at(case_id, 4_600), status=CaseStatus.DIAGNOSING, running=None)
    desk.pass_time(case_id, 4_600 + 740)
    assert desk.notices() == []
    desk.pass_time(case_id, 4_600 + 751)
    case = desk.case(case_id)
    assert (case["status"], case["done_waited"]) == (CaseStatus.HANDED_OFF, 4_000.0)
    assert level_of(case, desk.at(case_id, 9_000)).measured_seconds == pytest.approx(1_350, abs=2)


def test_a_resolved_case_keeps_no_clock(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    assert (desk.standing(case_id), met(desk, case_id)) == ([], True)


# -- getting worse, and again ---------------------------------------------------------------------------------------


def test_a_case_that_gets_worse_has_a_new_clock(desk: Watched) -> None:
    case_id = desk.open_as(MEDIUM)
    assert desk.standing(case_id) == []
    desk.open_as(HIGH, "ev-2")
    case = desk.case(case_id)
    assert (case["severity"], case["told_at"] is not None) == ("high", True)
    assert desk.standing(case_id)[0].due_at - case["due_at"] == timedelta(seconds=-15)


def test_each_episode_has_its_clock_and_none_is_forgotten(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.pass_time(case_id, 44)
    desk.set_case(case_id, due_at=desk.at(case_id, -60), first_action_at=desk.at(case_id, 0))
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    desk.open_as(HIGH, "ev-2")
    case = desk.case(case_id)
    assert (case["episode"], level_of(case, case["detectable_at"]).running) == (2, True)
    assert desk.standing(case_id)[0].generation == 2
    with desk.store.read() as tx:
        row = tx.execute(sa.select(past_levels)).mappings().one()
    assert (row["case_id"], row["episode"], row["met"]) == (case_id, 1, False)


def test_an_alarm_of_an_episode_that_is_over_says_nothing(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.set_case(case_id, episode=2)
    desk.pass_time(case_id, 3_600)
    assert (desk.notices(), desk.case(case_id)["status"]) == ([], CaseStatus.OPEN)


# -- clocks that jump -----------------------------------------------------------------------------------------------


def test_a_clock_set_forward_an_hour_says_it_once_and_people_have_the_case(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    desk.sweep.run_once(desk.at(case_id, 3_600))
    assert desk.case(case_id)["owner_kind"] == "team"
    said = desk.notices()
    desk.pass_time(case_id, 9_000)
    assert desk.notices() == said


def test_a_clock_set_back_an_hour_starts_the_cases_time_afresh(desk: Watched) -> None:
    case_id, other = desk.open_as(HIGH), "ck-2"
    back = timedelta(hours=-1)
    desk.levels._checked_at = float("-inf")
    with desk.store.begin() as tx:  # the next case opens, an hour earlier by the clock
        desk.opening.on_findings(tx, _snapshot(other), [_earlier(back)], desk.at(case_id, -3_590))
    desk.sweep.run_once(desk.at(case_id, -3_590))
    level = level_of(desk.case(case_id), desk.at(case_id, -3_590))
    assert (level.measured_seconds, level.running) == (0.0, True)
    for seconds in (-3_580, -3_544, -3_538):
        desk.sweep.run_once(desk.at(case_id, seconds))
    assert desk.case(case_id)["owner_kind"] == "team"
    assert not level_of(desk.case(case_id), desk.at(case_id, -3_530)).missed


def test_an_alarm_that_fires_twice_says_it_once(desk: Watched) -> None:
    case_id = desk.open_as(HIGH)
    for _ in range(3):
        with desk.store.begin() as tx:
            tx.execute(timers.update().values(due_at=desk.at(case_id, 46)))
        desk.sweep.run_once(desk.at(case_id, 46))
    assert len(desk.notices()) == 1
    assert sum("in danger" in line for line in desk.said(case_id)) == 1


def _snapshot(checkout_id: str) -> object:
    from knowledge.vocabulary.snapshot import OrderSnapshot

    return OrderSnapshot(checkout_id=checkout_id)


def _earlier(by: timedelta) -> object:
    import msgspec

    found = finding(FaultCode.PAID_ORDER_MISSING, "ev-9", severity=HIGH)
    return msgspec.structs.replace(found, detectable_at=found.detectable_at + by)
