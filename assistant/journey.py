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
from assistant.cases.human import breaks_again_and_again
from assistant.cases.people import stays_theirs
from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import say
from assistant.durable import run_step
from assistant.notifications.messages import Notifications
from assistant.plans import looks
from assistant.plans.choosing import Choice
from assistant.plans.chosen import PERFORM, WAITS, Chosen
from assistant.plans.ending import Ending
from assistant.plans.incidents import Incidents, is_incident
from assistant.plans.limits import Needed
from assistant.plans.planner import Planner
from assistant.plans.store import Plans
from assistant.promises.backing import NOT_BACKED
from assistant.repair.perform import BLOCKED, CANNOT_ASK, DONE, LATER, REPLAN, STOP, Repair
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Timer, set_timer
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.codes import CaseStatus, Resolution, Severity
from knowledge.vocabulary.errors import ConflictError, UnavailableError
from knowledge.vocabulary.plans import Plan

log = structlog.get_logger(__name__)

MAX_TURNS = 12  # look-and-perform turns of one run; the next run goes on where it matters
# Seconds at most between two tries while the shop is silent.
RETRY_CEILING = {Severity.HIGH: 5.0, Severity.MEDIUM: 30.0, Severity.LOW: 30.0}

Next = dict[str, Any]
END: Next = {"next": "stop"}
LOOK: Next = {"next": "look"}
# Verdicts of a step that bring a person, and why.
_TO_A_PERSON = {
    CANNOT_ASK: "cannot_ask", BLOCKED: "target_blocked", NOT_BACKED: NOT_BACKED, "failed": "journey_failed",
}  # fmt: skip


class Journey:
    """The story and its steps. Every step may run twice (a crash between doing and noting): all are idempotent."""

    def __init__(
        self, store: Store, cases: Cases, examiner: Examiner, planner: Planner, plans: Plans, repair: Repair,
        notifications: Notifications, incidents: Incidents, settings: Settings,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._examiner, self._planner = store, cases, examiner, planner
        self._plans, self._repair, self._notifications, self._settings = plans, repair, notifications, settings
        self._incidents, self._ending, self._picked = incidents, Ending(cases, plans), Chosen(plans)

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
            if verdict == CANNOT_ASK and self._plans.has_done(tx, case_id, version):
                self._plans.set_state(tx, case_id, version, "failed")
                return self._next_round(tx, case, now)  # what was prepared for the answer is taken back first
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
            if row["undoes"] is not None:
                return LOOK  # the read-back shows whether it is undone
            return self._afterwards(tx, case, row["plan"], now)

    # -- looking and planning ---------------------------------------------------------------------------------------

    def _look_and_plan(self, case_id: str) -> Next:
        if not self._repair.settle_open(case_id):
            return self._try_later(case_id, "no_definite_answer")
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] == CaseStatus.CLOSED or self._is_snoozed(case):
                return END
            if why := self._untreatable(case):
                return END if case["status"] in ENDED else self._hand_off(tx, case, why, utcnow())
            undoing = self._plans.undoing(tx, case)
            if case["status"] == CaseStatus.OPEN:
                self._cases.update(tx, case, utcnow(), status=CaseStatus.DIAGNOSING)
        seen_at = utcnow()
        if undoing is not None:
            return self._undo(case_id, undoing, seen_at)
        look = self._examiner.look(case)
        context = self._planner.context(case, look, utcnow())
        choice = self._planner.choose(case, look, context)
        with self._store.begin() as tx:
            now = utcnow()
            case = self._cases.lock(tx, case_id)
            begun, before = self._planner.handled(case), case["status"]
            picked = self._picked.standing(tx, case, look, begun, context, choice, now)
            ahead = self._choose_next(tx, case, look, choice, now, picked)
            self._ending.prove(tx, case, look, choice, now, by_this_look=before != CaseStatus.RESOLVED)
            outcome = {name: case[name] for name in ("status", "plan_version", "owner_kind", "resolution")}
            looks.record(tx, case, look, begun, context, choice, {**outcome, "next": ahead["next"]}, now)
        return {**ahead, "at": seen_at.isoformat()} if ahead["next"] == "perform" else ahead

    def _untreatable(self, case: Case) -> str | None:
        """Why the machine has nothing to do with such a case at all."""
        if not case["live"]:
            return "not_live"
        if is_incident(case):
            return "incident"
        return None if case["subject_kind"] in ("checkout", "sku") else "human_fault"

    def _choose_next(
        self, tx: sa.Connection, case: Case, look: Look, choice: Choice | None, now: datetime, picked: str | None
    ) -> Next:
        if case["status"] == CaseStatus.CLOSED or self._is_snoozed(case) or self._plans.undoing(tx, case):
            return END
        if case["status"] == CaseStatus.RESOLVED and not self._goes_on(tx, case, choice, now):
            return END
        self._ending.is_back(tx, case, now)
        self._examiner.write_down(tx, case, look, now)
        if unfinished := self._only_words_left(tx, case):
            return unfinished
        if picked is not None:
            return self._follow(tx, case, picked, now)
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
        if breaks_again_and_again(tx, case, self._settings.policies.limits):
            return self._hand_off(tx, case, "repeated_faults", now)
        if self._ending.keeps_failing(tx, case, choice.finding.code, self._settings.policies.limits):
            return self._hand_off(tx, case, "repair_failed", now)
        if case["rounds"] >= self._settings.policies.limits.max_rounds:
            return self._hand_off(tx, case, "too_many_rounds", now)
        if not plan.steps:
            self._ending.call_off(tx, case, now)
            return self._afterwards(tx, case, msgspec.to_builtins(plan), now)
        known = case["plan_version"]
        stored = self._planner.store(tx, case, plan, choice, look, now)
        if stored.state == "incident":
            self._incidents.join(tx, case, plan.fault, stored.sku, now)  # first: it locks the incident's row
            return self._hand_off(tx, case, "incident", now)
        if stored.state == "left_out":
            return self._hand_off(tx, case, "left_out", now)
        if stored.state == "awaiting":
            return END
        if self._settings.writes == "off":
            return self._kept_back(tx, case, stored.version, now, is_new=stored.version != known)
        return self._perform(tx, case, stored.version)

    def _perform(self, tx: sa.Connection, case: Case, version: int) -> Next:
        steps = self._plans.steps(tx, case["id"], version)
        return {"next": "perform", "version": version, "steps": len(steps)}

    def _follow(self, tx: sa.Connection, case: Case, picked: str, now: datetime) -> Next:
        """What a person chose goes before what the playbook says, and what is left after it is theirs again."""
        if picked == PERFORM and self._settings.writes == "off":
            return self._kept_back(tx, case, case["plan_version"], now, is_new=False)
        if picked == PERFORM:
            return self._perform(tx, case, case["plan_version"])
        return END if picked == WAITS else self._hand_off(tx, case, picked, now)

    def _undo(self, case_id: str, version: int, seen_at: datetime) -> Next:
        """A plan that takes another one back: waits for approval, is performed, is read back, and a person goes on."""
        unseen = self._planner.unseen(case_id, version)
        with self._store.begin() as tx:
            now = utcnow()
            case = self._cases.lock(tx, case_id)
            row = self._plans.plan_row(tx, case_id, version)
            if row is None or self._plans.undoing(tx, case) != version or row["state"] == "awaiting":
                return END
            if row["state"] == "approved" and self._settings.writes == "off":
                return self._kept_back(tx, case, version, now, is_new=False)
            if row["state"] == "approved":
                return {**self._perform(tx, case, version), "at": seen_at.isoformat()}
            self._plans.set_state(tx, case_id, version, "not_undone" if unseen else "undone")
            self._cases.update(tx, case, now, episode_plan=version + 1)  # what was taken back was not done
            undone = {"version": row["undoes"], "what": unseen or ""}
            self._cases.note(tx, case_id, now, say("undone_unseen" if unseen else "undone", **undone))
            return self._hand_off(tx, case, "undone", now)

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
        words = open_steps and all(s["step"]["action"] == "send_message" for s in open_steps)
        if words and any(s["status"] == "done" for s in steps):
            return self._perform(tx, case, case["plan_version"])
        return None

    def _kept_back(self, tx: sa.Connection, case: Case, version: int, now: datetime, *, is_new: bool) -> Next:
        """The kill switch is on: the plan is kept, the case looks again later."""
        if is_new or case["status"] == CaseStatus.REPAIRING:
            self._cases.note(tx, case["id"], now, say("writes_off", version=version))
        if case["status"] != CaseStatus.OPEN:
            self._cases.update(tx, case, now, status=CaseStatus.OPEN)
        set_timer(tx, "retry", case["id"], now + timedelta(seconds=RETRY_CEILING[Severity(case["severity"])]))
        return END

    # -- ending or waiting ------------------------------------------------------------------------------------------

    def _cleared(self, tx: sa.Connection, case: Case, look: Look, now: datetime) -> Next:
        """Nothing is wrong (any more): a read-back proved it."""
        if owed := END if stays_theirs(case) else self._owed_words(tx, case, now):
            return owed
        return self._resolve(tx, case, self._ending.what_came_of_it(tx, case, look, now), now)

    def _owed_words(self, tx: sa.Connection, case: Case, now: datetime) -> Next | None:
        """A step was refused after others were done, and the fault is gone: what was to be said at the end is said."""
        row = self._plans.last_done(tx, case["id"], case["episode_plan"])
        if row is None or row["version"] != case["plan_version"] or self._settings.writes == "off":
            return None
        words = self._plans.unsaid(tx, case["id"], row)
        if not words or case["status"] == CaseStatus.HANDED_OFF:
            return None
        said = msgspec.structs.replace(msgspec.convert(row["plan"], Plan), steps=words, needs_human=[])
        version = self._plans.propose(tx, case, said, Needed([], None), now)
        return self._perform(tx, case, version)

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
                self._await_reply(tx, case, self._notifications.goes_out_at(tx, case, now) or now)
            return END
        if then == "wait":
            if plan["steps"] and self._plans.repeats(tx, case):
                self._cases.update(tx, case, now, rounds=case["rounds"] + 1)
            set_timer(tx, "retry", case["id"], now + timedelta(seconds=plan["wait_seconds"]))
            return END
        if then == "hand_off":
            return self._hand_off(tx, case, plan["reason"], now)
        return self._resolve(tx, case, Resolution(plan["resolution"]), now)

    def _await_reply(self, tx: sa.Connection, case: Case, asked_at: datetime) -> None:
        due = asked_at + timedelta(seconds=self._settings.customer_reply_timeout)
        set_timer(tx, "reply", case["id"], due, generation=case["episode"])

    def _next_round(self, tx: sa.Connection, case: Case, now: datetime) -> Next:
        self._cases.update(tx, case, now, rounds=case["rounds"] + 1)
        return LOOK

    def _resolve(self, tx: sa.Connection, case: Case, resolution: Resolution, now: datetime) -> Next:
        self._ending.resolve(tx, case, resolution, now)
        return END

    def _hand_off(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> Next:
        self._ending.hand_off(tx, case, why, now)
        return END

    def _try_later(self, case_id: str, code: str) -> Next:
        """The shop gives no (definite) answer: wake the case later, with growing pauses."""
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if case["status"] in ENDED:
                return END
            tries = self._ending.silent(tx, case, now, comes_back=code != "no_definite_answer")
            seconds = min(RETRY_CEILING[Severity(case["severity"])], 0.5 * 2 ** min(tries, 6))
            if tries == 0:
                what = say("shop_unavailable", code=in_both("refusal", code), seconds=f"{seconds:g}")
                self._cases.note(tx, case_id, now, what)
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
        if (starts := self._notifications.goes_out_at(tx, case, now)) is not None:
            self._await_reply(tx, case, starts)  # the customer has not been asked yet
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
        if (later := self._cases.people.closing(tx, case, now)) is not None:
            set_timer(tx, "follow_up", case["id"], later, generation=case["episode"])
            return
        self._cases.update(tx, case, now, status=CaseStatus.CLOSED, closed_at=now)
        self._cases.note(tx, case["id"], now, say("closed"))
