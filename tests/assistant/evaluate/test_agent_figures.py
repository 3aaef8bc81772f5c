"""pass^k is what drawing k of the n trials would show; languages are compared story by story."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.evaluate.agent_figures import figure, parity, pass_hat, table_of, wilson_of_mean
from assistant.evaluate.agent_trial import Trial
from knowledge.models.intervals import wilson


def trial(story: str, language: str, number: int, *, good: bool, staged: bool = True) -> Trial:
    return Trial(
        task=f"{story}:{language}", story=story, language=language, kind="k", audience="customer", number=number,
        problems=[] if good else ["wrong"], staged=staged,
    )  # fmt: skip


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_pass_hat_is_the_share_of_draws_in_which_all_succeed(outcomes: list[bool], k: int) -> None:
    if k > len(outcomes):
        with pytest.raises(ValueError, match="don't tell"):
            pass_hat(sum(outcomes), len(outcomes), k)
        return
    draws = list(combinations(outcomes, k))
    assert pass_hat(sum(outcomes), len(outcomes), k) == pytest.approx(sum(map(all, draws)) / len(draws))


def test_three_of_four_is_three_quarters_once_and_never_four_times() -> None:
    trials = [trial("a", "en", n, good=n < 4) for n in (1, 2, 3, 4)]
    once, always = figure(trials, 1), figure(trials, 4)
    assert once is not None
    assert always is not None
    assert (once.value, always.value) == (0.75, 0.0)
    assert once.low < 0.75 < once.high


def test_what_could_not_be_staged_is_left_out_and_too_few_trials_tell_nothing() -> None:
    trials = [trial("a", "en", 1, good=True), trial("a", "en", 2, good=False, staged=False)]
    once = figure(trials, 1)
    assert once is not None
    assert once.value == 1.0
    assert figure(trials, 2) is None
    assert table_of(trials, [1])["language en"]["pass^1"] == once


def test_an_interval_of_whole_counts_is_wilsons_and_between_them_lies_between() -> None:
    assert wilson_of_mean(0.5, 10) == pytest.approx(wilson(5, 10))
    low, high = wilson_of_mean(0.55, 10)
    assert wilson(5, 10)[0] < low < wilson(6, 10)[0]
    assert wilson(5, 10)[1] < high < wilson(6, 10)[1]


def test_parity_compares_the_same_story_in_both_languages() -> None:
    trials = [trial("a", "zh-CN", 1, good=True), trial("a", "en", 1, good=False)]
    trials += [trial("b", "zh-CN", 1, good=True), trial("b", "en", 1, good=True), trial("c", "en", 1, good=False)]
    found = parity(trials)
    assert found is not None
    assert (found.stories, found.difference) == (2, 0.5)
    assert parity([trial("a", "en", 1, good=True)]) is None
