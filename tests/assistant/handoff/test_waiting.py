"""What waits for a person: whoever doesn't take a case up loses it, and the queue is given out as people come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from assistant.plans.incidents import is_incident
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.timers.timers import set_timer
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from tests.assistant.handoff.routing_desk import AFTER, SUPERVISOR, House, person


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    return House(store, vault)


def until(house: House, moment: datetime) -> None:
    house.later((moment - house.now).total_seconds())


def shift_in(house: House, hours: int) -> tuple[list[dict[str, Any]], datetime]:
    """A shift of four hours that begins so many hours from now, and its first moment."""
    start = (house.now + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=4)
    return [{"days": [start.weekday()], "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}], start


# -- nobody takes it up ---------------------------------------------------------------------------------------------


def test_a_case_goes_on_to_the_next_person_and_in_the_end_to_the_supervisors(house: House) -> None:
    for name in ("Ann", "Bob", "Cem"):
        house.hire(name)
    case_id = house.handed_off()
    first = house.owner(case_id)
    house.later(AFTER - 1)
    assert house.given(case_id) == [(first, None)]
    house.later(1)
    second = house.owner(case_id)
    assert house.given(case_id) == [(first, "escalated"), (second, None)]
    assert "no longer yours" in house.told(first)[-1]
    house.later(AFTER)
    assert house.owner(case_id) == "supervisors"  # two have let it lapse: no third is asked
    assert [how for _, how in house.given(case_id)] == ["escalated", "escalated"]
    assert len(house.told("supervisors")) == 1
    said = house.rooms.said(case_id)
    assert any("did not take it up in time" in line for line in said)
    assert "Nobody took it up in time; it is the supervisors' now" in said
    house.later(10 * AFTER)
    assert len(house.told("supervisors")) == 1
    assert house.rooms.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_where_nobody_else_is_free_the_supervisors_get_it_at_once(house: House) -> None:
    ann = house.hire("Ann")
    case_id = house.handed_off()
    house.later(AFTER)
    assert house.given(case_id) == [(ann, "escalated")]
    assert house.owner(case_id) == "supervisors"
    house.rooms.commands.claim(case_id, person(ann, "Ann"))
    assert house.owner(case_id) == ann


def test_a_case_of_the_team_that_nobody_claims_becomes_the_supervisors(house: House) -> None:
    case_id = house.handed_off()
    house.later(AFTER)
    assert house.owner(case_id) == "supervisors"
    assert len(house.told("supervisors")) == 1


def test_before_it_escalates_whoever_is_free_gets_it_even_without_the_skill(house: House) -> None:
    house.hire("Expert", skills=["price_mismatch"], shifts=shift_in(house, 5)[0])
    helper = house.hire("Helper", skills=["duplicate_charge"])
    case_id = house.handed_off()
    assert house.owner(case_id) == "service"
    house.later(AFTER)
    assert house.owner(case_id) == helper
    assert "given up" in house.rooms.views.case(case_id)["assignment"]["why"]


def test_a_snoozed_case_escalates_after_its_rest(house: House) -> None:
    case_id = house.handed_off()
    house.rooms.commands.snooze(case_id, house.now + timedelta(hours=2), SUPERVISOR)
    house.later(AFTER)
    assert house.owner(case_id) == "service"
    house.later(7200)
    assert house.owner(case_id) == "supervisors"


def test_while_the_shop_is_silent_nobody_is_alarmed_and_the_case_goes_on_by_itself(house: House) -> None:
    house.hire("Ann")
    case_id = house.handed_off(why="shop_silent")
    house.rooms.set_case(case_id, retries=41)
    house.later(AFTER)
    assert house.owner(case_id) == "service"
    house.rooms.set_case(case_id, retries=0)  # it answers, but what we sent stays unknown
    house.later(AFTER)
    assert house.owner(case_id) == "supervisors"


def test_cases_that_wait_for_an_incident_are_nobodys_and_the_incident_is_somebodys(house: House) -> None:
    ann = house.hire("Ann")
    first, waiting = house.open(), house.open()
    with house.store.begin() as tx:
        case = house.rooms.cases.lock(tx, waiting)
        house.rooms.cases.hand_off(tx, case, house.now, "incident")
        incident = house.rooms.incidents.join(tx, case, "price_mismatch", "tea", house.now)
    house.later(1)
    assert is_incident(house.rooms.case(incident))
    assert house.owner(incident) == ann
    house.later(3 * AFTER)
    assert house.owner(waiting) == "service"
    assert house.given(first) == []


def test_a_timer_that_fires_again_after_a_crash_changes_nothing(house: House) -> None:
    house.hire("Ann")
    house.hire("Bob")
    case_id = house.handed_off()
    house.later(AFTER)
    before = house.given(case_id)
    for _ in range(2):
        with house.store.begin() as tx:
            set_timer(tx, "route", "queue", house.now)
        house.later()
    assert house.given(case_id) == before


def test_a_new_episode_is_not_escalated_by_the_old_ones_timer(house: House) -> None:
    case_id = house.handed_off()
    house.rooms.set_case(case_id, episode=2)
    house.later(AFTER)
    assert house.owner(case_id) == "service"


# -- the queue is given out -----------------------------------------------------------------------------------------


def test_at_the_start_of_a_shift_the_most_urgent_cases_are_given_out_first(house: House) -> None:
    house = House(house.store, Vault(b"k" * 32), escalate_after=24 * 3600)
    shifts, start = shift_in(house, 3)
    ann = house.hire("Ann", shifts=shifts, capacity=2)
    house.later()
    plain = [house.handed_off(priority=p) for p in (10, 30)]
    urgent = house.handed_off(FaultCode.PAID_ORDER_MISSING, severity_rank=0, priority=1)
    assert house.due("route", "queue") == start
    until(house, start - timedelta(seconds=1))
    assert {house.owner(c) for c in (*plain, urgent)} == {"service"}
    until(house, start)
    assert [house.owner(c) for c in (urgent, plain[1], plain[0])] == [ann, ann, "service"]
    assert any(line.startswith("Given to Ann:") for line in house.rooms.said(urgent))


def test_whoever_gets_free_gets_the_next_case(house: House) -> None:
    ann = house.hire("Ann", capacity=1)
    first, second = house.handed_off(), house.handed_off()
    house.later()
    assert house.owner(second) == "service"
    house.rooms.commands.resolve(first, "by_human", "", person(ann))
    house.later(1)
    assert house.owner(second) == ann
    assert house.due("escalate", second) == house.now + timedelta(seconds=AFTER)


def test_a_new_colleague_and_one_who_is_back_get_what_waits(house: House) -> None:
    ann = house.hire("Ann", away=True)
    first = house.handed_off()
    house.register.set_away(person(ann), False, house.now)
    house.later()
    assert house.owner(first) == ann
    house.change(ann, away=True)
    second = house.handed_off()
    house.later()
    assert [house.owner(c) for c in (first, second)] == ["service", "service"]
    bob = house.hire("Bob")
    house.later()
    assert [house.owner(c) for c in (first, second)] == [bob, bob]


def test_whoever_goes_away_keeps_what_they_are_at_and_gives_up_the_rest(house: House) -> None:
    ann = house.hire("Ann")
    at_it, waiting = house.handed_off(), house.handed_off()
    house.rooms.commands.claim(at_it, person(ann, "Ann"))
    bob = house.hire("Bob")
    house.register.set_away(person(ann), True, house.now)
    house.later()
    assert [house.owner(c) for c in (at_it, waiting)] == [ann, bob]
    assert house.given(waiting) == [(ann, "reassigned"), (bob, None)]
    assert "Ann is not at work any more; the case is given to somebody else" in house.rooms.said(waiting)
    house.register.remove(ann, SUPERVISOR, house.now)
    house.later()
    assert house.owner(at_it) == bob  # who has left has nothing any more


def test_what_nobody_who_is_free_can_take_does_not_keep_others_waiting(house: House) -> None:
    house.hire("Expert", skills=["price_mismatch"], capacity=1)
    house.handed_off(FaultCode.PRICE_MISMATCH)
    other = house.hire("Other", skills=["duplicate_charge"], away=True)
    stuck = [house.handed_off(FaultCode.PRICE_MISMATCH, priority=99) for _ in range(3)]
    easy = house.handed_off(FaultCode.DUPLICATE_CHARGE, priority=1)
    house.change(other, away=False)
    house.later()
    assert house.owner(easy) == other
    assert {house.owner(c) for c in stuck} == {"service"}


def test_more_cases_than_fit_one_transaction_are_all_given_out(house: House) -> None:
    cases = [house.handed_off() for _ in range(45)]
    people = {house.hire(name, capacity=20): 0 for name in ("Ann", "Bob", "Cem")}
    house.later()
    for case_id in cases:
        people[house.owner(case_id)] += 1
    assert sorted(people.values()) == [15, 15, 15]
