"""Who gets a case that is handed off, what they are told, and what becomes of it when it is claimed or ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.security.principals import ForbiddenError
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.timers.timers import set_timer, timer_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.errors import ConflictError, InputError
from tests.assistant.handoff.routing_desk import AFTER, SUPERVISOR, House, person

VIP = {"order_value": 1, "customer_value": 21, "complexity": 1, "cost": 1}


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    return House(store, vault)


def test_a_case_goes_to_whoever_suits_and_both_say_why(house: House) -> None:
    house.hire("Ann", languages=["en"])
    li = house.hire("Li", languages=["zh-CN"], skills=["price_mismatch"], capacity=3)
    case_id = house.handed_off(language="zh-CN")
    assert house.owner(case_id) == li
    assert house.given(case_id) == [(li, None)]
    shown = house.rooms.views.case(case_id, "en")
    assert shown["owner"] == {"kind": "person", "id": li, "name": "Li"}
    assert shown["assignment"]["staff_id"] == li
    assert "speaks Chinese" in shown["assignment"]["why"]
    assert shown["assignment"]["terms"]["load"] == 0
    assert shown["assignment"]["accepted_at"] is None
    assert "会说中文" in house.rooms.views.case(case_id, "zh-CN")["assignment"]["why"]
    assert any(line.startswith("Why Li:") for line in house.rooms.said(case_id))
    assert len(house.told(li)) == 1
    assert house.told("service") == []
    assert house.due("escalate", case_id) == house.now + timedelta(seconds=AFTER)
    page = house.rooms.views.page({"owner": li}, 10, None)
    assert [item["assignment"]["staff_id"] for item in page["items"]] == [li]


def test_without_a_register_the_team_gets_it_and_is_told(house: House) -> None:
    case_id = house.handed_off()
    assert house.owner(case_id) == "service"
    assert len(house.told("service")) == 1
    assert house.rooms.views.case(case_id)["assignment"] is None


def test_where_nobody_is_free_the_team_gets_it_and_the_case_says_why(house: House) -> None:
    ann = house.hire("Ann", capacity=1)
    first, second = house.handed_off(), house.handed_off()
    assert (house.owner(first), house.owner(second)) == (ann, "service")
    assert any("as many cases as they can" in line for line in house.rooms.said(second))


def test_an_important_customers_case_goes_to_a_senior(house: House) -> None:
    house.hire("Ann")
    senior = house.hire("Sam", role="senior_agent", capacity=2)
    house.handed_off(priority_terms=VIP)
    case_id = house.handed_off(priority_terms=VIP)
    assert house.owner(case_id) == senior
    assert "the customer is important" in house.rooms.views.case(case_id)["assignment"]["why"]


def test_a_high_value_goes_to_a_senior_and_an_unknown_fault_names_similar_cases(house: House) -> None:
    house.hire("Ann")
    senior = house.hire("Sam", role="senior_agent", skills=["price_mismatch"])
    dear = house.handed_off(value_amount=500_000, value_currency="CNY")
    unknown = house.handed_off(FaultCode.UNKNOWN_ANOMALY)
    assert [house.owner(c) for c in (dear, unknown)] == [senior, senior]
    assert "similar past cases" in house.rooms.views.case(unknown)["assignment"]["why"]


@pytest.mark.parametrize("why", ["shop_silent", "not_live", "incident"])
def test_what_waits_for_something_else_than_a_person_stays_with_the_team(house: House, why: str) -> None:
    house.hire("Ann")
    case_id = house.handed_off(why=why, live=why != "not_live")
    house.later(1)
    assert house.owner(case_id) == "service"
    assert len(house.told("service")) == 1


def test_the_team_hears_of_old_cases_once_a_day(house: House) -> None:
    for _ in range(3):
        house.handed_off(why="not_live", live=False)
    assert len(house.told("service")) == 1


def test_claiming_accepts_and_resolving_ends_the_assignment(house: House) -> None:
    ann = house.hire("Ann")
    case_id = house.handed_off()
    house.rooms.commands.claim(case_id, person(ann, "Ann"))
    assert house.rooms.views.case(case_id)["assignment"]["accepted_at"] is not None
    assert house.due("escalate", case_id) is None
    house.later(10 * AFTER)
    assert house.owner(case_id) == ann
    house.rooms.commands.resolve(case_id, "by_human", "", person(ann, "Ann"))
    assert house.given(case_id) == [(ann, "resolved")]
    assert house.rooms.views.case(case_id)["assignment"] is None


def test_a_colleague_may_take_what_nobody_is_at_yet_but_not_what_somebody_is(house: House) -> None:
    ann = house.hire("Ann", skills=["price_mismatch"])
    bob = house.hire("Bob", skills=["duplicate_charge"])
    case_id = house.handed_off()
    house.rooms.commands.claim(case_id, person(bob, "Bob"))
    assert house.given(case_id) == [(ann, "reassigned"), (bob, None)]
    assert "Bob took it over from Ann" in house.rooms.said(case_id)
    assert "Bob has it now" in house.told(ann)[-1]
    with pytest.raises(ConflictError, match="case_claimed"):
        house.rooms.commands.claim(case_id, person(ann, "Ann"))


def test_whoever_has_it_passes_it_on_and_a_supervisor_decides(house: House) -> None:
    ann, bob = house.hire("Ann", skills=["price_mismatch"]), house.hire("Bob", capacity=1, skills=["duplicate_charge"])
    case_id = house.handed_off()
    house.rooms.commands.claim(case_id, person(ann, "Ann"))
    with pytest.raises(ForbiddenError):
        house.rooms.commands.assign(case_id, bob, person(bob, "Bob"))
    house.rooms.commands.assign(case_id, bob, person(ann, "Ann"))
    assert house.given(case_id) == [(ann, "reassigned"), (bob, None)]
    assert house.rooms.case(case_id)["claimed_at"] is None  # Bob has yet to take it up
    assert house.due("escalate", case_id) is not None
    other = house.handed_off()
    with pytest.raises(ConflictError, match="staff_full"):
        house.rooms.commands.assign(other, bob, person(ann, "Ann"))
    house.rooms.commands.assign(other, bob, SUPERVISOR)
    assert house.owner(other) == bob


def test_only_somebody_who_works_here_and_is_there_can_be_given_a_case(house: House) -> None:
    ann, gone = house.hire("Ann"), house.hire("Gone")
    case_id = house.handed_off()
    house.change(gone, active=False)
    house.change(ann, away=True)
    for nobody in (gone, "st_nobody", "a\0b"):
        with pytest.raises(InputError, match="staff_id"):
            house.rooms.commands.assign(case_id, nobody, SUPERVISOR)
    with pytest.raises(ConflictError, match="staff_away"):
        house.rooms.commands.assign(case_id, ann, SUPERVISOR)


def test_a_case_that_was_handed_back_goes_to_somebody_else_the_next_time(house: House) -> None:
    house.hire("Ann")
    house.hire("Bob")
    case_id = house.handed_off()
    first = house.owner(case_id)
    house.rooms.commands.release(case_id, person(first))
    house.hand_off(case_id, "repair_failed")
    second = house.owner(case_id)
    assert second not in (first, "service")
    house.rooms.commands.release(case_id, person(second))
    house.hand_off(case_id, "repair_failed")
    assert house.owner(case_id) in (first, second)  # there is nobody else
    assert "gave it back" in house.rooms.views.case(case_id)["assignment"]["why"]


def test_a_case_comes_back_to_whoever_had_it_unless_they_are_gone(house: House) -> None:
    ann, bob = house.hire("Ann", skills=["price_mismatch"]), house.hire("Bob", skills=["duplicate_charge"])
    kept, moved = house.handed_off(), house.handed_off()
    for case_id in (kept, moved):
        house.rooms.commands.resolve(case_id, "by_human", "", person(ann, "Ann"))
        with house.store.begin() as tx:
            house.rooms.cases.take_up(tx, house.rooms.cases.lock(tx, case_id), house.now)
    house.hand_off(kept, "customer_wrote")
    assert house.given(kept) == [(ann, "resolved"), (ann, None)]
    house.change(ann, away=True)
    house.hand_off(moved, "customer_wrote")
    assert house.owner(moved) == bob


def test_a_person_who_has_a_case_still_is_told_when_it_needs_them_again(house: House) -> None:
    ann = house.hire("Ann")
    case_id = house.handed_off()
    house.rooms.commands.claim(case_id, person(ann))
    house.rooms.set_case(case_id, status=CaseStatus.AWAITING_APPROVAL)
    house.hand_off(case_id, "rejected")
    assert house.given(case_id) == [(ann, None)]
    assert "needs you" in house.told(ann)[-1]


def test_an_answer_is_promised_in_the_working_time_of_those_who_could_give_it(house: House) -> None:
    case_id = house.handed_off()
    case = house.rooms.case(case_id)
    with house.store.read() as tx:
        assert house.desk.expected_by(tx, case, house.now) == house.now + timedelta(hours=4)
    day = (house.now + timedelta(days=1)).weekday()
    house.hire("Ann", shifts=[{"days": [day], "start": "09:00", "end": "17:00"}])
    house.hire("Always", skills=["duplicate_charge"])
    midnight = house.now.replace(hour=0, minute=0, second=0, microsecond=0)
    with house.store.read() as tx:
        assert house.desk.expected_by(tx, case, house.now) == midnight + timedelta(days=1, hours=13)


def test_a_stale_or_repeated_escalation_does_nothing(house: House) -> None:
    house.hire("Ann")
    house.hire("Bob")
    case_id = house.handed_off()
    with house.store.read() as tx:
        old = timer_of(tx, "escalate", case_id)
    assert old is not None
    house.later(AFTER)
    after = house.given(case_id)
    fire = house.desk.timer_handlers()["escalate"]
    with house.store.begin() as tx:
        fire(tx, old, house.now)  # a worker that was killed before it dropped the timer
        set_timer(tx, "escalate", case_id, house.now, generation=1, payload=old.payload)
    house.later()  # and one that was set for an assignment that has ended
    assert house.given(case_id) == after
