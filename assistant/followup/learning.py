"""What became of what was done: one outcome per episode, its figures, and how they order options; FollowUp calls it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.store.tables import outbox, plan_steps, plans
from assistant.store.tables_people import outcomes
from knowledge.models.intervals import rate
from knowledge.phrases import LANGUAGES
from knowledge.phrases.followup_messages import RANKING
from knowledge.policies.preference import ALTERNATIVES, MIN_N, Tally, lift, ordered, success
from knowledge.vocabulary.codes import Resolution

NONE, BY_HUMAN = "none", "by_human"  # options in which the machine performed nothing
TEACHES_NOTHING = (Resolution.MERGED, Resolution.FALSE_ALARM)
CONTENT = 3  # a rating below it speaks against what was done, though it stayed
_WIDTH = 512  # of the column `option`

Case = dict[str, Any]


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One option in its place (from 1), the place policy gave it, and why. `expected`: the share of good outcomes.

    `good`: `{hits, of, rate, low, high}`, the good outcomes among those known, with the 95 % interval. `lift`: by how
    many places experience moves it, 0 where too little is known.
    """

    option: str
    place: int
    policy_place: int
    good: dict[str, float]
    expected: float
    lift: float
    reason: dict[str, str]


class Learning:
    """The outcomes table. Everything works in the caller's transaction and may be done twice."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- writing ----------------------------------------------------------------------------------------------------

    def resolved(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """An episode of a locked case was resolved: what was done in it; whether it stays is not known yet.

        Resolved once more within the episode, it is watched anew; rating and a supervisor's undoing stand.
        """
        fault, option = self._done(tx, case)
        row = {
            "case_id": case["id"], "episode": case["episode"], "fault": fault, "option": option,
            "resolution": case["resolution"], "stayed": None, "at": now, "settled_at": None,
        }  # fmt: skip
        changed = ["fault", "option", "resolution", "stayed", "at", "settled_at"]
        tx.execute(self._store.upsert(outcomes, ["case_id", "episode"], row, changed))

    def stayed(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """The case is closed: it stayed resolved."""
        self._settle(tx, case["id"], case["episode"], True, outcomes.c.stayed.is_(None), now)

    def unknown(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """The case is closed, but nobody could see whether it stayed resolved: that says nothing."""
        self._settle(tx, case["id"], case["episode"], None, outcomes.c.stayed.is_(None), now)

    def relapsed(self, tx: sa.Connection, case: Case, now: datetime) -> bool:
        """A new episode began: the one before did not stay resolved. False where that was known."""
        not_known = outcomes.c.stayed.is_distinct_from(sa.false())
        return self._settle(tx, case["id"], case["episode"] - 1, False, not_known, now)

    def rated(self, tx: sa.Connection, case_id: str, episode: int, rating: int, now: datetime) -> None:
        """The customer rated the episode, 1 to 5."""
        mine = (outcomes.c.case_id == case_id) & (outcomes.c.episode == episode)
        if tx.execute(outcomes.update().where(mine).values(rating=rating)).rowcount:
            to_library(tx, [case_id], now)

    def _settle(
        self, tx: sa.Connection, case_id: str, episode: int, stayed: bool | None, still: sa.ColumnElement[bool],
        now: datetime,
    ) -> bool:  # fmt: skip
        mine = (outcomes.c.case_id == case_id) & (outcomes.c.episode == episode)
        changed = tx.execute(outcomes.update().where(mine, still).values(stayed=stayed, settled_at=now)).rowcount
        to_library(tx, [case_id], now)
        return bool(changed)

    def _done(self, tx: sa.Connection, case: Case) -> tuple[str, str]:
        """The episode's leading fault, and the actions performed in it, in their order, messages apart."""
        joined = (plan_steps.c.case_id == plans.c.case_id) & (plan_steps.c.version == plans.c.version)
        query = (
            sa.select(plans.c.fault, plan_steps.c.step).join(plan_steps, joined)
            .where(plans.c.case_id == case["id"], plans.c.version >= case["episode_plan"],
                   plan_steps.c.status == "done")
            .order_by(plan_steps.c.version, plan_steps.c.position)
        )  # fmt: skip
        done = [(r.fault, str(r.step["action"])) for r in tx.execute(query) if r.step["action"] != "send_message"]
        actions = list(dict.fromkeys(action for _, action in done))
        if case["resolution"] == Resolution.BY_HUMAN:
            actions.append(BY_HUMAN)
        while len("+".join(actions)) > _WIDTH:
            actions.pop()
        fault = done[-1][0] if done else str(case["faults"][0]["code"]) if case["faults"] else "unknown_anomaly"
        return fault, "+".join(actions) or NONE

    # -- what experience says ---------------------------------------------------------------------------------------

    def tallies(self, tx: sa.Connection, fault: str) -> dict[str, Tally]:
        """Of one fault, by what was done: how many outcomes are known, and how many of them are good."""
        good = outcomes.c.stayed & (outcomes.c.rating.is_(None) | (outcomes.c.rating >= CONTENT))
        query = (
            sa.select(outcomes.c.option, sa.func.count(), sa.func.sum(sa.case((good, 1), else_=0)))
            .where(outcomes.c.fault == fault, outcomes.c.stayed.is_not(None), counts())
            .group_by(outcomes.c.option)
        )  # fmt: skip
        return {option: Tally(int(n), int(g or 0)) for option, n, g in tx.execute(query)}

    def lifts(self, tx: sa.Connection, faults: Collection[str]) -> dict[str, dict[str, float]]:
        """By fault and action, by how many places an alternative of a playbook moves; those that stay are missing."""
        found: dict[str, dict[str, float]] = {}
        for fault in sorted(faults):
            known = self.tallies(tx, fault)
            lifted = {option: lift(tally_of(option, known)) for option in ALTERNATIVES.get(fault, ())}
            if moved := {option: by for option, by in lifted.items() if by}:
                found[fault] = moved
        return found

    def rank(self, tx: sa.Connection, fault: str, options: Sequence[str]) -> list[Ranked]:
        """Options in the order that experience suggests, with the reason; given in the order policy has them in.

        An option is an action, or several joined by `+`: every outcome in which all of them were performed counts. Who
        may do it, what it may cost and what needs consent is decided elsewhere, before and after.
        """
        known = self.tallies(tx, fault)
        found = {option: tally_of(option, known) for option in options}
        order = ordered(options, {option: lift(tally) for option, tally in found.items()})
        return [
            Ranked(
                option=option, place=place, policy_place=list(options).index(option) + 1, lift=lift(found[option]),
                good=rate(found[option].good, found[option].n), expected=success(found[option]),
                reason=why(found[option]),
            )
            for place, option in enumerate(order, 1)
        ]  # fmt: skip


def counts() -> sa.ColumnElement[bool]:
    """Which outcomes count: those of faults that were real, and that nobody has undone."""
    return outcomes.c.undone_at.is_(None) & outcomes.c.resolution.notin_(TEACHES_NOTHING)


def covers(done: str, option: str) -> bool:
    """Whether all of the option's actions were performed."""
    return set(option.split("+")) <= set(done.split("+"))


def tally_of(option: str, known: dict[str, Tally]) -> Tally:
    """What is known of an option: every outcome in which all its actions were performed."""
    return sum((tally for done, tally in known.items() if covers(done, option)), Tally())


def why(tally: Tally) -> dict[str, str]:
    """Why an option has its place, in both languages."""
    by = lift(tally)
    key = "thin" if tally.n < MIN_N else "raised" if by > 0 else "sunk" if by < 0 else "steady"
    return {tag: RANKING[key][tag].format(n=tally.n, good=tally.good, least=MIN_N) for tag in LANGUAGES}


def to_library(tx: sa.Connection, case_ids: Iterable[str], now: datetime) -> None:
    """The library looks at these cases again."""
    rows = [{"kind": "library", "subject": case_id, "created_at": now, "attempts": 0} for case_id in case_ids]
    if rows:
        tx.execute(outbox.insert(), rows)
