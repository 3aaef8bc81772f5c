"""Which of several alternatives goes first, by what became of them before; pure. Playbooks and learning call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from knowledge.vocabulary.codes import FaultCode

# An option is taken to succeed in 8 of 10 cases until it is known better (the mean of Beta(8, 2)).
PRIOR_GOOD, PRIOR_BAD = 8.0, 2.0
MIN_N = 20  # outcomes below which nothing is concluded: the policy's order stands
GAIN = 5.0  # places per 100 percentage points above or below the prior's mean
# Together below 2, so that an option never moves by more than one place from where policy put it; and good figures
# alone never pass an option nobody has tried yet.
RAISE, SINK = 0.7, 1.2

# What playbooks offer to customers side by side, in the policy's order, by the action that does it. What declines
# everything is not among them: it always comes last.
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    FaultCode.PAID_OUT_OF_STOCK: ("substitute_line", "backorder_line"),
    FaultCode.ADDRESS_UNDELIVERABLE: ("choose_pickup", "set_order_address"),
}


class Tally(msgspec.Struct, frozen=True):
    """How often an option's outcome is known (`n`), and how often it was good: it stayed, and nobody complained."""

    n: int = 0
    good: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.n + other.n, self.good + other.good)


def success(tally: Tally) -> float:
    """The expected share of good outcomes, 0 to 1: the mean of the Beta posterior."""
    return (PRIOR_GOOD + tally.good) / (PRIOR_GOOD + PRIOR_BAD + tally.n)


def lift(tally: Tally) -> float:
    """By how many places experience moves an option: above 0 towards the front; 0 while there is too little of it."""
    if tally.n < MIN_N:
        return 0.0
    usual = PRIOR_GOOD / (PRIOR_GOOD + PRIOR_BAD)
    return max(-SINK, min(RAISE, GAIN * (success(tally) - usual)))


def ordered(options: Sequence[str], lifts: Mapping[str, float]) -> list[str]:
    """The options, given in the policy's order, in the order that experience suggests; without lifts as they were."""
    places = sorted(range(len(options)), key=lambda i: (i - lifts.get(options[i], 0.0), i))
    return [options[i] for i in places]
