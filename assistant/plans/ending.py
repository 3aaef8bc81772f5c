"""How a case leaves the machine's hands: resolved, or handed to a person or team; the journey decides which."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.people import CONVERSATION
from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.metrics.past import proven_by
from assistant.plans.choosing import Choice
from assistant.plans.chosen import BACK
from assistant.plans.store import Plans
from assistant.store.engine import utcnow
from assistant.store.tables_people import staff
from knowledge.phrases.labels import in_both
from knowledge.policies import Limits
from knowledge.vocabulary.codes import CaseStatus, Resolution

PATIENCE = 40  # tries without an answer of the shop, after which an overdue case is a person's as well


class Ending:
    """Each ends the case's plan as well: what was planned and not begun is not going to happen."""

    def __init__(self, cases: Cases, plans: Plans) -> None:
        self._cases, self._plans = cases, plans

    def resolve(self, tx: sa.Connection, case: Case, resolution: Resolution, now: datetime) -> None:
        """Ends the episode; what it was about counts as settled."""
        settled = [f["fingerprint"] for f in case["faults"]]
        self._plans.withdraw(tx, case["id"])
        self._cases.resolve(tx, case, resolution, now, settled)
        self._cases.note(tx, case["id"], now, say("resolved", resolution=in_both("resolution", resolution)))

    def hand_off(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> None:
        """To the team, or to the person who has decided what the machine would now do otherwise.

        After a plan that a person chose it is again whose it was before, else whoever chose it.
        """
        if case["status"] == CaseStatus.HANDED_OFF:
            return
        if case["subject_kind"] == CONVERSATION:  # given back by a person: there is nothing to repair
            self.resolve(tx, case, Resolution.BY_HUMAN, now)
            return
        theirs = why == "left_out" or (why in BACK and case["owner_kind"] != "person")
        owner = self._decider(tx, case) if theirs else None
        self._plans.withdraw(tx, case["id"])
        self._cases.hand_off(tx, case, now, why, owner=owner)

    def keeps_failing(self, tx: sa.Connection, case: Case, code: str, limits: Limits) -> bool:
        """Counts a plan that was performed whole and did not make its fault go away; True when that is enough."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        if row is None or row["state"] != "done" or row["fault"] != code or row["plan"]["then"] != "verify":
            return False
        self._plans.set_state(tx, case["id"], row["version"], "failed")
        failed = case["failed_repairs"] + 1
        self._cases.update(tx, case, utcnow(), failed_repairs=failed)
        return bool(failed >= limits.max_failed_repairs)

    def call_off(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """What waits for approval is not what is to be done any more."""
        self._plans.call_off(tx, case["id"])
        if case["status"] == CaseStatus.AWAITING_APPROVAL:
            self._cases.update(tx, case, now, status=CaseStatus.DIAGNOSING)

    def silent(self, tx: sa.Connection, case: Case, now: datetime, *, comes_back: bool) -> int:
        """The shop gave no answer once more: counts that. A case that is long overdue becomes the team's.

        With `comes_back` it is taken up again as soon as the shop answers: until then its `retries` stay above 0, as
        those of no other handed-off case do. Returns how many tries went before.
        """
        tries: int = case["retries"]
        if case["status"] == CaseStatus.HANDED_OFF and not tries:
            return PATIENCE  # a person's, for another reason
        self._cases.update(tx, case, now, retries=tries + 1)
        if tries >= PATIENCE and case["due_at"] < now and case["status"] != CaseStatus.HANDED_OFF:
            self.hand_off(tx, case, "shop_silent", now)
            self._cases.update(tx, case, now, retries=tries + 1 if comes_back else 0)
        return tries

    def is_back(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """The shop answers: a case that people were given only because nothing moved goes on, if nobody took it up."""
        if case["status"] == CaseStatus.HANDED_OFF and case["claimed_at"] is None and case["retries"]:
            self._cases.give_back(tx, case, "resumed", now, status=CaseStatus.DIAGNOSING)
            self._cases.note(tx, case["id"], now, say("shop_answers"))

    def what_came_of_it(self, tx: sa.Connection, case: Case, look: Look, now: datetime) -> Resolution:
        """The resolution of a case in which a read-back finds nothing wrong any more."""
        row = self._plans.last_done(tx, case["id"], case["episode_plan"])
        if case["status"] != CaseStatus.HANDED_OFF and row is not None:
            resolution = Resolution(row["plan"]["resolution"])
            if resolution is Resolution.REPAIRED and case["by_approval"]:
                return Resolution.REPAIRED_WITH_APPROVAL
            return resolution
        if not case["faults"]:  # a customer's wish, which a person has given back
            return Resolution.BY_HUMAN
        told = any(m.received_at > case["detected_at"] for m in look.snapshot.marks
                   if not m.type.startswith("read_back."))  # fmt: skip
        resolution = Resolution.SELF_CLEARED if told or not _was_healthy(case, look) else Resolution.FALSE_ALARM
        self._cases.note(tx, case["id"], now, say(str(resolution)))
        return resolution

    def prove(
        self, tx: sa.Connection, case: Case, look: Look, choice: Choice | None, now: datetime, *, by_this_look: bool
    ) -> None:  # fmt: skip
        """Writes down that a read-back after the last write found a resolved case whole: only such a one is a repair.

        That is the look that ended it. Of a case that had ended before (a person said so) it is one that finds nothing
        at all, not even what counts as settled because somebody said so.
        """
        if case["status"] != CaseStatus.RESOLVED or case["proven_at"] is not None:
            return
        whole = by_this_look or (choice is None and not look.findings and not look.hushed)
        if whole and (proven_at := proven_by(tx, case["id"], look.facts.at)) is not None:
            self._cases.update(tx, case, now, proven_at=proven_at)

    def _decider(self, tx: sa.Connection, case: Case) -> dict[str, str] | None:
        """Whoever decided on the current plan, as an owner."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        kind, _, who = ((row or {}).get("decided_by") or "").partition(":")
        if kind not in ("staff", "key"):
            return None
        name = tx.scalar(sa.select(staff.c.name).where(staff.c.id == who)) or who
        return {"owner_kind": "person", "owner_id": who, "owner_name": name}


def _was_healthy(case: Case, look: Look) -> bool:
    """Whether the read-back shows that it was healthy when we thought it was not (an event was lost)."""
    before = [o.created_at for o in look.facts.orders or [] if o.created_at] + [
        p.updated_at or p.created_at for p in look.facts.payments or [] if p.updated_at or p.created_at
    ]
    return bool(before) and all(at <= case["detected_at"] for at in before if at)
