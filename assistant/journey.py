"""READ THIS FIRST: the whole story of one broken order, from looking at it to proving that it is whole again.

A journey is one durable run: it looks, plans, performs, looks again, and ends as soon as it has to wait for somebody.
Events, timers, approvals and replies wake the case, which starts the next run (its `generation`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.examine import Examiner, Look
from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import reason, say
from assistant.durable import run_step
from assistant.notifications.messages import Notifications
from assistant.plans.planner import Choice, Planner
from assistant.plans.store import Plans
from assistant.repair.perform import BLOCKED, CANNOT_ASK, DONE, LATER, REPLAN, STOP, Repair
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Timer, set_timer
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.errors import ConflictError, UnavailableError

log = structlog.get_logger(__name__)

MAX_TURNS = 12  # look-and-perform turns of one run; the next run goes on where it matters
RETRY_CEILING = 30.0  # seconds between two tries while the shop is silent

Next = dict[str, Any]
END: Next = {"next": "stop"}
LOOK: Next = {"next": "look"}
# Verdicts of a step that bring a person, and why.
_TO_A_PERSON = {CANNOT_ASK: "cannot_ask", BLOCKED: "target_blocked", "failed": "journey_failed"}


class Journey:
    """The story and its steps. Every step may run twice (a crash between doing and noting): all are idempotent."""

    def __init__(
        self, store: Store, cases: Cases, examiner: Examiner, planner: Planner, plans: Plans, repair: Repair,
        notifications: Notifications, settings: Settings,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._examiner, self._planner = store, cases, examiner, planner
        self._plans, self._repair, self._notifications, self._settings = plans, repair, notifications, settings

    # -- the story --------------------------------------------------------------------------------------------------

    def run(self, case_id: str, generation: int) -> None:
        """One run of a case's journey (the durable workflow)."""
        with structlog.contextvars.bound_contextvars(case_id=case_id, generation=generation):
            for _ in range(MAX_TURNS):
                ahead = run_step("look_and_plan", self.look_and_plan, case_id)
                if ahead["next"] != "perform":
                    break
                verdict = DONE
                for position in range(ahead["steps"]):
                    verdict = run_step("perform", self.perform, case_id, ahead["version"], position, ahead["at"])
                    if verdict != DONE:
                        break
                after = run_step("conclude", self.conclude, case_id, ahead["version"], verdict)
                if after["next"] != "look":
                    break
            else:
                run_step("give_up", self.give_up, case_id)
            run_step("finish", self.finish, case_id, generation)

    # -- its steps --------------------------------------------------------------------------------------------------

    def look_and_plan(self, case_id: str) -> Next:
        """Reads back, detects again, plans: `perform` a plan version's steps, or `stop` (ended or waiting).

        With `perform` comes `at`, the time (RFC 3339) of the look that the plan was made from.
        """
        try:
            return self._look_and_plan(case_id)
        except UnavailableError as error:
            return self._try_later(case_id, error.code)
        except Exception as error:
            return self._failed(case_id, error)

    def perform(self, case_id: str, version: int, position: int, seen_at: str) -> str:
        """Performs one step of a plan version, made from what was seen at `seen_at`; see Repair.perform."""
        try:
            return self._repair.perform(case_id, version, position, datetime.fromisoformat(seen_at))
        except UnavailableError as error:
            log.warning("step.unavailable", code=error.code)
            return LATER
        except Exception:
            log.exception("step.failed", case_id=case_id, version=version, position=position)
            return "failed"

    def conclude(self, case_id: str, version: int, verdict: str) -> Next:
        """Decides what follows a plan's steps: look again, wait for the customer, try later, or stop."""
        try:
            if verdict == LATER:
                return self._try_later(case_id, "no_definite_answer")
            return self._conclude(case_id, version, verdict)
        except UnavailableError as error:
            return self._try_later(case_id, error.code)
        except Exception as error:
            return self._failed(case_id, error)

    def give_up(self, case_id: str) -> None:
        """So many turns without coming to rest: a human gets the case."""
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] not in ENDED:
                self._hand_off(tx, case, "too_many_rounds", utcnow())

    def finish(self, case_id: str, generation: int) -> None:
        """The last transaction: clears `running`, or starts the next run when the case was woken meanwhile."""
        with self._store.begin() as tx:
            self._cases.finish_run(tx, case_id, generation)

    def _conclude(self, case_id: str, version: int, verdict: str) -> Next:
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] in (*ENDED, CaseStatus.HANDED_OFF):
                return END
            if verdict in _TO_A_PERSON:
                return self._hand_off(tx, case, _TO_A_PERSON[verdict], now)
            if verdict == REPLAN:
                return self._next_round(tx, case, now)
            if verdict == STOP:  # snoozed, or writes were switched off: the look finds out, and sees to the waiting
                return LOOK
            row = self._plans.plan_row(tx, case_id, version)
            if row is None or row["state"] not in ("ready", "approved", "done"):
                return LOOK
            self._cases.update(tx, case, now, by_approval=case["by_approval"] or row["decided_by"] is not None)
            self._plans.set_state(tx, case_id, version, "done")
            return self._afterwards(tx, case, row["plan"], now)

    # -- looking and planning ---------------------------------------------------------------------------------------

    def _look_and_plan(self, case_id: str) -> Next:
        if not self._repair.settle_open(case_id):
            return self._try_later(case_id, "no_definite_answer")
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] == CaseStatus.CLOSED or self._is_snoozed(case):
                return END
            if case["subject_kind"] != "checkout" or not case["live"]:
                why = "human_fault" if case["live"] else "not_live"
                return END if case["status"] in ENDED else self._hand_off(tx, case, why, utcnow())
            if case["status"] == CaseStatus.OPEN:
                self._cases.update(tx, case, utcnow(), status=CaseStatus.DIAGNOSING)
        seen_at = utcnow()
        look = self._examiner.look(case)
        context = self._planner.context(case, look, utcnow())
        choice = self._planner.choose(case, look, context)
        ahead = self._choose_next(case_id, look, choice)
        return {**ahead, "at": seen_at.isoformat()} if ahead["next"] == "perform" else ahead

    def _choose_next(self, case_id: str, look: Look, choice: Choice | None) -> Next:
        with self._store.begin() as tx:
            now = utcnow()
            case = self._cases.lock(tx, case_id)
            if case["status"] == CaseStatus.CLOSED or self._is_snoozed(case):
                return END
            if case["status"] == CaseStatus.RESOLVED and not self._goes_on(tx, case, choice, now):
                return END
            self._examiner.write_down(tx, case, look, now)
            if unfinished := self._only_words_left(tx, case):
                return unfinished
            if choice is None:
                return self._cleared(tx, case, look, now)
            return self._decide(tx, case, look, choice, now)

    def _decide(self, tx: sa.Connection, case: Case, look: Look, choice: Choice, now: datetime) -> Next:
        """What to do about the leading finding, within the limits."""
        plan = choice.plan
        if case["status"] == CaseStatus.HANDED_OFF:
            return END  # a person has it
        if plan is None:
            return self._hand_off(tx, case, choice.reason, now)
        if self._keeps_failing(tx, case, choice.finding.code):
            return self._hand_off(tx, case, "repair_failed", now)
        if case["rounds"] >= self._settings.policies.limits.max_rounds:
            return self._hand_off(tx, case, "too_many_rounds", now)
        if not plan.steps:
            self._call_off(tx, case, now)
            return self._afterwards(tx, case, msgspec.to_builtins(plan), now)
        known = case["plan_version"]
        state, version = self._planner.store(tx, case, plan, choice, look, now)
        if state == "incident":
            return self._hand_off(tx, case, "incident", now)
        if state == "awaiting":
            return END
        if self._settings.writes == "off":
            return self._kept_back(tx, case, version, now, is_new=version != known)
        return {"next": "perform", "version": version, "steps": len(plan.steps)}

    def _goes_on(self, tx: sa.Connection, case: Case, choice: Choice | None, now: datetime) -> bool:
        """A watched case: what we did turned out to be unfinished (the old price was captured after our price cut).

        What a person has ended, or merged into another case, stays ended: only a new fault opens it again.
        """
        if case["owner_kind"] is not None or case["merged_into"] is not None:
            return False
        if choice is None or choice.plan is None or choice.finding.code not in {f["code"] for f in case["faults"]}:
            return False
        if not choice.plan.steps:
            return False
        self._cases.go_on(tx, case, now)
        return True

    def _is_snoozed(self, case: Case) -> bool:
        return case["snoozed_until"] is not None and case["snoozed_until"] > utcnow()

    def _only_words_left(self, tx: sa.Connection, case: Case) -> Next | None:
        """A plan whose writes are all done still owes the customer its message: finish it before anything else."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        if row is None or row["state"] not in ("ready", "approved") or self._settings.writes == "off":
            return None
        if case["status"] == CaseStatus.HANDED_OFF or case["rounds"] >= self._settings.policies.limits.max_rounds:
            return None
        steps = self._plans.steps(tx, case["id"], case["plan_version"])
        open_steps = [s for s in steps if s["status"] in ("pending", "running")]
        begun = any(s["status"] == "done" for s in steps)
        if begun and open_steps and all(s["step"]["action"] == "send_message" for s in open_steps):
            return {"next": "perform", "version": case["plan_version"], "steps": len(steps)}
        return None

    def _keeps_failing(self, tx: sa.Connection, case: Case, code: str) -> bool:
        """Counts a plan that was performed whole and did not make its fault go away."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        if row is None or row["state"] != "done" or row["fault"] != code or row["plan"]["then"] != "verify":
            return False
        self._plans.set_state(tx, case["id"], row["version"], "failed")
        failed = case["failed_repairs"] + 1
        self._cases.update(tx, case, utcnow(), failed_repairs=failed)
        return bool(failed >= self._settings.policies.limits.max_failed_repairs)

    def _kept_back(self, tx: sa.Connection, case: Case, version: int, now: datetime, *, is_new: bool) -> Next:
        """The kill switch is on: the plan is kept, the case looks again later."""
        if is_new or case["status"] == CaseStatus.REPAIRING:
            self._cases.note(tx, case["id"], now, say("writes_off", version=version))
        if case["status"] != CaseStatus.OPEN:
            self._cases.update(tx, case, now, status=CaseStatus.OPEN)
        set_timer(tx, "retry", case["id"], now + timedelta(seconds=RETRY_CEILING))
        return END

    def _call_off(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """What waits for approval is not what is to be done any more."""
        self._plans.call_off(tx, case["id"])
        if case["status"] == CaseStatus.AWAITING_APPROVAL:
            self._cases.update(tx, case, now, status=CaseStatus.DIAGNOSING)

    # -- ending or waiting ------------------------------------------------------------------------------------------

    def _cleared(self, tx: sa.Connection, case: Case, look: Look, now: datetime) -> Next:
        """Nothing is wrong (any more): a read-back proved it."""
        if case["status"] == CaseStatus.HANDED_OFF and case["owner_kind"] == "person":
            return END  # whoever works on it closes it
        row = self._plans.last_done(tx, case["id"], case["episode_plan"])
        if case["status"] == CaseStatus.HANDED_OFF or row is None:
            ever = look.snapshot.marks and any(m.received_at > case["detected_at"] for m in look.snapshot.marks
                                               if not m.type.startswith("read_back."))  # fmt: skip
            resolution = (
                Resolution.SELF_CLEARED if ever or not self._was_healthy(case, look) else Resolution.FALSE_ALARM
            )
            self._cases.note(tx, case["id"], now, say(str(resolution)))
        else:
            resolution = Resolution(row["plan"]["resolution"])
            if resolution is Resolution.REPAIRED and case["by_approval"]:
                resolution = Resolution.REPAIRED_WITH_APPROVAL
        return self._resolve(tx, case, resolution, now)

    def _was_healthy(self, case: Case, look: Look) -> bool:
        """Whether the read-back shows that it was healthy when we thought it was not (an event was lost)."""
        before = [o.created_at for o in look.facts.orders or [] if o.created_at] + [
            p.updated_at or p.created_at for p in look.facts.payments or [] if p.updated_at or p.created_at
        ]
        return bool(before) and all(at <= case["detected_at"] for at in before if at)

    def _afterwards(self, tx: sa.Connection, case: Case, plan: dict[str, Any], now: datetime) -> Next:
        """What a plan says comes after its steps."""
        then = plan["then"]
        if then == "verify":
            return self._next_round(tx, case, now)
        if then == "await_customer":
            if case["status"] != CaseStatus.AWAITING_CUSTOMER:
                what = say("asked", occasion=in_both("fault", case["faults"][0]["code"]))
                self._cases.note(tx, case["id"], now, what)
                self._cases.update(tx, case, now, status=CaseStatus.AWAITING_CUSTOMER)
                due = now + timedelta(seconds=self._settings.customer_reply_timeout)
                set_timer(tx, "reply", case["id"], due, generation=case["episode"])
            return END
        if then == "wait":
            set_timer(tx, "retry", case["id"], now + timedelta(seconds=plan["wait_seconds"]))
            return END
        if then == "hand_off":
            return self._hand_off(tx, case, plan["reason"], now)
        return self._resolve(tx, case, Resolution(plan["resolution"]), now)

    def _next_round(self, tx: sa.Connection, case: Case, now: datetime) -> Next:
        self._cases.update(tx, case, now, rounds=case["rounds"] + 1)
        return LOOK

    def _resolve(self, tx: sa.Connection, case: Case, resolution: Resolution, now: datetime) -> Next:
        settled = [f["fingerprint"] for f in case["faults"]]
        self._plans.withdraw(tx, case["id"])
        self._cases.resolve(tx, case, resolution, now, settled)
        self._cases.note(tx, case["id"], now, say("resolved", resolution=in_both("resolution", resolution)))
        return END

    def _hand_off(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> Next:
        if case["status"] != CaseStatus.HANDED_OFF:
            self._plans.withdraw(tx, case["id"])
            self._cases.hand_off(tx, case, now, reason(why))
        return END

    def _try_later(self, case_id: str, code: str) -> Next:
        """The shop gives no (definite) answer: wake the case later, with growing pauses."""
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] in ENDED:
                return END
            seconds = min(RETRY_CEILING, 0.5 * 2 ** min(case["retries"], 6))
            if case["retries"] == 0:
                what = say("shop_unavailable", code=code, seconds=seconds)
                self._cases.note(tx, case_id, now, what)
            self._cases.update(tx, case, now, retries=case["retries"] + 1)
            set_timer(tx, "retry", case_id, now + timedelta(seconds=seconds))
        return END

    def _failed(self, case_id: str, error: Exception) -> Next:
        """A bug of ours must not lose the case: a human gets it."""
        log.exception("journey.failed", case_id=case_id)
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] in (*ENDED, CaseStatus.HANDED_OFF):
                return END
            self._cases.note(tx, case_id, now, say("journey_failed", error=type(error).__name__))
            return self._hand_off(tx, case, "journey_failed", now)

    # -- what wakes it ----------------------------------------------------------------------------------------------

    def on_retry(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: look again."""
        case = self._cases.lock(tx, timer.subject)
        if case["status"] not in ENDED:
            self._cases.wake(tx, case, now)

    def on_reply_timeout(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: the customer did not answer in time."""
        case = self._cases.lock(tx, timer.subject)
        if case["status"] != CaseStatus.AWAITING_CUSTOMER or timer.generation != case["episode"]:
            return
        self._notifications.time_out(tx, case)
        self._cases.note(tx, case["id"], now, say("no_reply"))
        self._cases.wake(tx, case, now)

    def on_approval_timeout(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: nobody decided; that counts as a denial and a human takes over."""
        case = self._cases.lock(tx, timer.subject)
        version = timer.generation or 0
        try:
            self._plans.decide(tx, case, version, "expired", "system", now)
        except ConflictError:
            return  # decided in time
        self._cases.note(tx, case["id"], now, say("approval_expired", version=version))
        self._hand_off(tx, case, "approval_expired", now)

    def on_snooze_over(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: the snooze is over."""
        case = self._cases.lock(tx, timer.subject)
        until = case["snoozed_until"]
        if case["status"] in ENDED or until is None or until > now:  # snoozed anew meanwhile: that timer comes
            return
        self._cases.update(tx, case, now, snoozed_until=None)
        self._cases.note(tx, case["id"], now, say("woke"))
        self._cases.wake(tx, case, now)

    def on_follow_up_over(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: it stayed resolved for the whole follow-up time."""
        case = self._cases.lock(tx, timer.subject)
        if case["status"] != CaseStatus.RESOLVED or timer.generation != case["episode"]:
            return
        self._cases.update(tx, case, now, status=CaseStatus.CLOSED, closed_at=now)
        self._cases.note(tx, case["id"], now, say("closed"))
