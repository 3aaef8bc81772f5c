"""Figures of the agent's tasks: pass^k with intervals, by language and kind, and how far the languages lie apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from operator import attrgetter
from statistics import fmean, stdev
from typing import Any

import msgspec

from assistant.evaluate.agent_trial import Trial
from knowledge.models.intervals import Z95, wilson

AIM_PARITY = 0.03  # Chinese and English within three points


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A share between 0 and 1 with its 95 % interval, over so many tasks."""

    tasks: int
    value: float
    low: float
    high: float


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """pass^1 in Chinese less pass^1 in English, story by story, with its 95 % interval."""

    stories: int
    difference: float
    low: float
    high: float


def pass_hat(passed: int, trials: int, k: int) -> float:
    """The chance that k of k trials of a task succeed, estimated without bias from `passed` of `trials` (Yao et al.,
    τ-bench, 2024): C(passed, k) / C(trials, k).

    Raises:
        ValueError: fewer than k trials.
    """
    if trials < k:
        raise ValueError(f"{trials} trials don't tell pass^{k}")
    return math.comb(passed, k) / math.comb(trials, k)


def figure(trials: Iterable[Trial], k: int) -> Figure | None:
    """pass^k over tasks; None where no task has k trials that could be staged.

    The interval is Wilson's with the tasks as observations: trials of one task are alike, so that counting them singly
    would promise too much.
    """
    counts = _by(trials, lambda trial: trial.task).values()
    values = [pass_hat(sum(t.passed for t in of), len(of), k) for of in counts if len(of) >= k]
    if not values:
        return None
    low, high = wilson_of_mean(fmean(values), len(values))
    return Figure(tasks=len(values), value=fmean(values), low=low, high=high)


def wilson_of_mean(mean: float, of: int) -> tuple[float, float]:
    """Wilson's interval for a mean of shares: between those of the two nearest whole counts."""
    hits = mean * of
    below, above = wilson(math.floor(hits + 1e-9), of), wilson(math.ceil(hits - 1e-9), of)
    part = hits - math.floor(hits + 1e-9)
    return (below[0] + part * (above[0] - below[0]), below[1] + part * (above[1] - below[1]))


def parity(trials: Iterable[Trial]) -> Parity | None:
    """None without a story that was staged in both languages."""
    differences = []
    for of in _by(trials, lambda trial: trial.story).values():
        shares = {lang: [t.passed for t in of if t.language == lang] for lang in ("zh-CN", "en")}
        if all(shares.values()):
            differences.append(fmean(shares["zh-CN"]) - fmean(shares["en"]))
    if not differences:
        return None
    mean = fmean(differences)
    half = Z95 * stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else 1.0
    return Parity(stories=len(differences), difference=mean, low=max(-1.0, mean - half), high=min(1.0, mean + half))


def table_of(trials: list[Trial], ks: Iterable[int]) -> dict[str, dict[str, Figure | None]]:
    """`{group: {"pass^k": figure}}` for all, by language, by audience and by kind."""
    staged = [trial for trial in trials if trial.staged]
    groups = {"all": staged}
    for name in ("language", "audience", "kind"):
        groups |= {f"{name} {value}": of for value, of in sorted(_by(staged, attrgetter(name)).items())}
    return {name: {f"pass^{k}": figure(of, k) for k in ks} for name, of in groups.items()}


def _by(trials: Iterable[Trial], key: Callable[[Trial], Any]) -> dict[Any, list[Trial]]:
    found: dict[Any, list[Trial]] = {}
    for trial in trials:
        if trial.staged:
            found.setdefault(key(trial), []).append(trial)
    return found
