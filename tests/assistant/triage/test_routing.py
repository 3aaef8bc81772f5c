"""Who a case goes to: who can, who is there, who has the least to do; important customers to seniors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.triage.routing import ANY, SENIOR, Candidate, Needs, could_take, rank
from knowledge.policies.approvals import RANKS
from knowledge.vocabulary.codes import FaultCode

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PAID = "paid_order_missing"
PLAIN = Needs(fault=PAID, language="zh-CN")


def someone(id: str, **more: Any) -> Candidate:
    known: dict[str, Any] = {"name": id.title(), "languages": ("zh-CN", "en"), **more}
    if "skills" in known:
        known["skills"] = frozenset(known["skills"])
    return Candidate(id=id, **known)


def order(*people: Candidate, needs: Needs = PLAIN, waits: bool = True) -> list[str]:
    return [one.candidate.id for one in rank(people, needs, waits=waits).people]


def test_the_least_loaded_for_their_capacity_then_whoever_waited_longest() -> None:
    half, third = someone("half", load=2, capacity=4), someone("third", load=3, capacity=9)
    fresh, tired = (someone(n, load=3, capacity=9, last_assigned_at=NOW - timedelta(hours=h))
                    for n, h in (("fresh", 1), ("tired", 0)))  # fmt: skip
    assert order(half, tired, fresh, third) == ["third", "fresh", "tired", "half"]


def test_nobody_gets_more_than_they_can_do_nor_anything_while_away_or_off() -> None:
    gone = [someone("full", load=8), someone("away", away=True), someone("off", on_shift=False)]
    assert order(*gone) == []
    assert order(*gone, someone("free")) == ["free"]


def test_a_fault_waits_for_those_who_know_it_where_anybody_does() -> None:
    expert, helper = someone("expert", skills={PAID}, load=8), someone("helper", skills={"price_mismatch"})
    waiting = rank([expert, helper], PLAIN)
    assert (waiting.people, waiting.nobody) == ([], "full")
    late = rank([expert, helper], PLAIN, waits=False).people  # nobody took it up: whoever is free
    assert [one.candidate.id for one in late] == ["helper"]
    assert late[0].terms["relaxed"] == ["skill"]
    assert "given up" in late[0].why["en"]
    assert "放宽" in late[0].why["zh-CN"]


def test_the_language_is_kept_before_the_skill() -> None:
    knows, speaks = someone("knows", languages=("en",)), someone("speaks", skills={"price_mismatch"})
    assert order(knows, speaks) == ["speaks"]
    assert order(knows) == ["knows"]
    assert rank([knows], PLAIN).people[0].terms["relaxed"] == ["language"]
    assert order(someone("taipei", languages=("zh-TW",)), knows) == ["taipei"]


def test_without_a_known_language_everybody_will_do() -> None:
    assert order(someone("one", languages=("pt-BR",)), needs=Needs(fault=PAID)) == ["one"]


@pytest.mark.parametrize("why", ["vip", "high_value"])
def test_important_customers_and_high_values_go_to_seniors_first(why: str) -> None:
    needs = Needs(fault=PAID, language="zh-CN", **{why: True})
    agent, senior, boss = someone("agent"), someone("senior", role="senior_agent", load=7), someone(
        "boss", role="supervisor")  # fmt: skip
    assert order(agent, boss, senior, needs=needs) == ["senior", "boss", "agent"]
    assert order(agent, boss, senior) == ["agent", "senior", "boss"]  # nobody in particular: supervisors last
    assert rank([agent], needs).people[0].why["en"].count("no senior is free") == 1


def test_what_is_unknown_goes_to_seniors_then_to_those_who_can_do_everything() -> None:
    needs = Needs(fault="unknown_anomaly", language="zh-CN")
    people = [
        someone("expert", skills={PAID}), someone("trained", skills={"unknown_anomaly"}), someone("all", skills={ANY}),
        someone("senior", role="senior_agent", skills={PAID}, load=5),
    ]  # fmt: skip
    assert order(*people, needs=needs) == ["senior", "all", "trained"]
    why = rank(people, needs).people[0].why
    assert "similar past cases are on the case" in why["en"]
    assert "相似历史个案" in why["zh-CN"]


def test_whoever_gave_it_back_gets_it_again_only_if_there_is_nobody_else() -> None:
    refuser, busy = someone("refuser", refused=True), someone("busy", load=8)
    assert order(refuser, someone("other", load=7)) == ["other"]
    assert order(refuser, busy) == []  # somebody else comes free in time
    assert order(refuser, busy, waits=False) == ["refuser"]
    alone = rank([refuser], PLAIN).people
    assert alone[0].terms["relaxed"] == ["refused"]
    assert "gave it back" in alone[0].why["en"]


def test_the_reason_says_what_it_was_chosen_by_in_both_languages() -> None:
    needs = Needs(fault=PAID, language="zh-CN", vip=True)
    seniors = [someone(name, role="senior_agent", load=load) for name, load in (("li", 2), ("xu", 3))]
    best = rank(seniors, needs).people[0]
    assert best.why["en"] == (
        "handles “Paid, but no order”; speaks Chinese; a senior agent, because the customer is important; "
        "has 2 of 8 cases; the least loaded of 2"
    )
    assert best.why["zh-CN"].startswith("能处理“")
    assert (best.terms["load"], best.terms["capacity"], best.terms["considered"], best.terms["vip"]) == (2, 8, 2, True)


def test_it_says_why_nobody_has_it() -> None:
    off = someone("off", on_shift=False)
    assert rank([], PLAIN).nobody == rank([someone("a", away=True)], PLAIN).nobody == "no_staff"
    assert rank([off], PLAIN).nobody == "off_shift"
    assert rank([off, someone("en", languages=("en",))], PLAIN).nobody == "suited_off_shift"
    assert rank([someone("full", load=8)], PLAIN).nobody == "full"


def test_who_could_take_it_is_asked_whether_or_not_they_are_at_work() -> None:
    off = someone("off", on_shift=False, load=9)
    assert could_take([off, someone("en", languages=("en",)), someone("gone", away=True)], PLAIN) == [off]


codes = st.sampled_from([str(c) for c in FaultCode])
candidates = st.lists(
    st.builds(
        Candidate, id=st.uuids().map(str), name=st.just("Somebody"), role=st.sampled_from(RANKS),
        skills=st.frozensets(codes | st.just(ANY), min_size=1, max_size=3),
        languages=st.sampled_from([("zh-CN",), ("en",), ("zh-CN", "en")]), on_shift=st.booleans(), away=st.booleans(),
        load=st.integers(0, 5), capacity=st.integers(1, 5), refused=st.booleans(),
        last_assigned_at=st.none() | st.integers(0, 99).map(lambda n: NOW - timedelta(minutes=n)),
    ), max_size=6, unique_by=lambda one: one.id,
)  # fmt: skip
cases = st.builds(
    Needs, fault=codes, language=st.sampled_from([None, "zh-CN", "en"]), vip=st.booleans(), high_value=st.booleans()
)


@given(candidates, cases, st.booleans())
def test_whoever_is_ranked_is_free_and_suits_as_well_as_anybody(
    people: list[Candidate], needs: Needs, waits: bool
) -> None:
    ranking = rank(people, needs, waits=waits)
    assert (ranking.nobody is None) == bool(ranking.people)
    for one in ranking.people:
        assert one.candidate.is_free
        assert one.why.keys() == {"en", "zh-CN"}
        assert all("{" not in words for words in one.why.values())
    if not waits:  # in the end somebody gets it, if there is anybody at all
        assert bool(ranking.people) == any(one.is_free for one in people)


@given(candidates, cases.filter(lambda needs: needs.vip))
def test_an_important_customer_gets_a_senior_whenever_a_suitable_one_is_free(
    people: list[Candidate], needs: Needs
) -> None:
    ranked = rank(people, needs).people
    if any(one.candidate.role in SENIOR for one in ranked):
        assert ranked[0].candidate.role in SENIOR


@given(candidates.filter(bool), cases, st.booleans(), st.data())
def test_knowing_more_or_speaking_more_never_costs_anybody_their_place(
    people: list[Candidate], needs: Needs, waits: bool, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(people) - 1))
    before = order(*people, needs=needs, waits=waits)
    one = people[at]
    better = [*people]
    spoken = (*one.languages, *([needs.language] if needs.language and data.draw(st.booleans()) else []))
    better[at] = msgspec.structs.replace(one, skills=one.skills | {needs.fault}, languages=spoken)
    after = order(*better, needs=needs, waits=waits)
    if one.id in before:
        assert one.id in after
        assert after.index(one.id) <= before.index(one.id)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 60))
def test_equals_differ_by_one_case_at_most_and_nobody_has_more_than_they_can(
    heads: int, capacity: int, arrivals: int
) -> None:
    people = {f"p{n}": someone(f"p{n}", capacity=capacity) for n in range(heads)}
    given_out = 0
    for number in range(arrivals):
        ranked = rank(people.values(), PLAIN).people
        if not ranked:
            break
        best = ranked[0].candidate
        people[best.id] = msgspec.structs.replace(
            best, load=best.load + 1, last_assigned_at=NOW + timedelta(seconds=number)
        )
        given_out += 1
        loads = [one.load for one in people.values()]
        assert max(loads) - min(loads) <= 1
        assert max(loads) <= capacity
    assert given_out == min(arrivals, heads * capacity)
