"""Experience orders alternatives: bounded, monotone, and not at all while there is little of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.policies.preference import MIN_N, RAISE, SINK, Tally, lift, ordered, success

OPTIONS = ["a", "b", "c", "d", "e"]
tallies = st.integers(0, 400).flatmap(lambda n: st.integers(0, n).map(lambda good: Tally(n, good)))


@given(st.dictionaries(st.sampled_from(OPTIONS), tallies))
def test_an_option_never_moves_by_more_than_one_place(known: dict[str, Tally]) -> None:
    after = ordered(OPTIONS, {option: lift(tally) for option, tally in known.items()})
    assert sorted(after) == OPTIONS
    assert all(abs(after.index(option) - OPTIONS.index(option)) <= 1 for option in OPTIONS)


@given(tallies, st.data())
def test_more_good_outcomes_never_put_an_option_further_back(tally: Tally, data: st.DataObject) -> None:
    better = Tally(tally.n, data.draw(st.integers(tally.good, tally.n)))
    others = data.draw(st.dictionaries(st.sampled_from(["a", "c", "d"]), tallies))
    lifts = {option: lift(other) for option, other in others.items()}
    before = ordered(OPTIONS, {**lifts, "b": lift(tally)}).index("b")
    after = ordered(OPTIONS, {**lifts, "b": lift(better)}).index("b")
    assert success(better) >= success(tally) and after <= before


@given(st.dictionaries(st.sampled_from(OPTIONS), st.integers(0, MIN_N - 1)), st.booleans())
def test_thin_evidence_moves_nothing(known: dict[str, int], good: bool) -> None:
    lifts = {option: lift(Tally(n, n if good else 0)) for option, n in known.items()}
    assert ordered(OPTIONS, lifts) == OPTIONS


@given(tallies)
def test_a_lift_is_bounded_and_success_a_share(tally: Tally) -> None:
    assert -SINK <= lift(tally) <= RAISE and 0 < success(tally) < 1
    assert RAISE < 1 and RAISE + SINK < 2  # what the two promises of the module rest on


def test_good_figures_alone_do_not_pass_what_nobody_has_tried_but_a_clear_failure_is_passed() -> None:
    assert ordered(["new", "good"], {"good": lift(Tally(500, 500))}) == ["new", "good"]
    assert ordered(["bad", "new"], {"bad": lift(Tally(500, 100))}) == ["new", "bad"]
    assert ordered(["poor", "good"], {"poor": lift(Tally(100, 60)), "good": lift(Tally(100, 99))}) == ["good", "poor"]
    assert ordered(["fine", "best"], {"fine": lift(Tally(100, 90)), "best": lift(Tally(100, 99))}) == ["fine", "best"]
