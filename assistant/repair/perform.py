"""Performs one step of a plan: intend, send, settle. Called by the journey only; may run twice for the same step."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.notifications.messages import Notifications
from assistant.plans.store import Plans, StepRow
from assistant.repair.arguments import ArgumentsError, resolve
from assistant.repair.ledger import Effect, Ledger, outcome_json
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import spending
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import HellowordError, UnavailableError
from tools.actions import ACTIONS
from tools.connectors.outcome import Outcome, ok
from tools.connectors.ports import ShopReader, ShopWriter

log = structlog.get_logger(__name__)

SENDS = 4  # of the same bytes, within one run of a step
PAUSES = (0.1, 0.4, 1.0, 2.0)  # seconds between them

DONE, REPLAN, LATER, STOP, CANNOT_ASK = "done", "replan", "later", "stop", "cannot_ask"
_AGAIN = "again"  # a channel refused: the next allowed one, at once
_OURS = ("occasion", "tried")  # kept with a message's effect, no arguments of the call
_PERSONAL = ("address", "contact", "text", "subject", "choices")


class Repair:
    """Sends the writes of approved or permitted plans, each at most once, and reads back what is unclear."""

    def __init__(
        self, store: Store, cases: Cases, plans: Plans, ledger: Ledger, notifications: Notifications,
        reader: ShopReader, writer: ShopWriter, settings: Settings, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._plans, self._ledger = store, cases, plans, ledger
        self._notifications, self._reader, self._writer = notifications, reader, writer
        self._settings, self._sleep = settings, sleep

    def perform(self, case_id: str, version: int, position: int) -> str:
        """Performs a step: `done`, `replan` (refused, the world changed), `later` (no answer), `stop`, `cannot_ask`."""
        while (verdict := self._once(case_id, version, position)) == _AGAIN:
            pass
        return verdict

    def _once(self, case_id: str, version: int, position: int) -> str:
        step = self._plans.step(case_id, version, position)
        if step is None:
            return STOP
        if step.row["status"] == "done":
            return DONE
        prepared = self._prepare(case_id, step)
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if verdict := self._forbidden(tx, case, version):
                return verdict
            effect = self._ledger.of_step(tx, step.id)
            if effect is None and self._is_said(tx, case, step):
                self._plans.mark_step(tx, step.id, "done", {"told": True})
                return DONE
            if effect is not None and effect["state"] == "rejected" and prepared is None:
                return REPLAN
            fresh = effect is None or effect["state"] == "rejected"
            if fresh:
                if isinstance(prepared, str):
                    return self._cannot(tx, case, step, prepared)
                if prepared is None:
                    return REPLAN
                effect = self._intend(tx, case, step, prepared, attempt=(effect["attempt"] + 1 if effect else 1))
            if effect is None:
                return LATER  # something else on the same target is unsettled
        return self._carry_out(effect, step, fresh=fresh)

    def settle_open(self, case_id: str) -> bool:
        """Settles what an earlier run sent and never heard of. False when that is still not possible."""
        with self._store.read() as tx:
            unsettled = self._ledger.unsettled_of(tx, case_id)
        for effect in unsettled:
            step = self._plans.step_by_id(effect["step_id"])
            if self._carry_out(effect, step, fresh=False) == LATER:
                return False
        return True

    # -- before the call --------------------------------------------------------------------------------------------

    def _forbidden(self, tx: sa.Connection, case: Case, version: int) -> str | None:
        """Concurrency rule 3: what must hold before each step."""
        if case["status"] in (CaseStatus.HANDED_OFF, CaseStatus.RESOLVED, CaseStatus.CLOSED):
            return STOP
        if case["plan_version"] != version or self._plans.state(tx, case["id"], version) not in ("ready", "approved"):
            return REPLAN
        if self._settings.writes == "off" or not case["live"]:
            return STOP
        if case["snoozed_until"] is not None and case["snoozed_until"] > utcnow():
            return STOP
        return None

    def _is_said(self, tx: sa.Connection, case: Case, step: StepRow) -> bool:
        return step.step.action == "send_message" and self._notifications.was_accepted(
            tx, case, step.step.arguments["occasion"]
        )

    def _prepare(self, case_id: str, step: StepRow) -> dict[str, Any] | str | None:
        """The step's final arguments, read outside any transaction.

        A string says why a customer can't be told; None that the step can't be done as planned.
        """
        with self._store.read() as tx:
            case = self._cases.find(tx, case_id)
            results = self._plans.results(tx, case_id, step.row["version"])
            effect = self._ledger.of_step(tx, step.id)
        if effect is not None and effect["state"] in ("intended", "unknown"):
            return None
        if step.step.action == "send_message":
            refused = effect["arguments"].get("tried", []) if effect else []
            return self._notifications.compose(case, step.step.arguments, results, refused)
        if effect is not None:
            return None  # refused: plan anew
        try:
            return resolve(self._reader, case, step.step.arguments, results)
        except ArgumentsError as error:
            log.info("step.arguments_gone", case_id=case_id, action=step.step.action, reason=str(error))
            return None

    def _intend(
        self, tx: sa.Connection, case: Case, step: StepRow, arguments: dict[str, Any], attempt: int
    ) -> Effect | None:
        now = utcnow()
        tried = arguments.pop("tried", [])
        kept = {k: v for k, v in arguments.items() if k not in _PERSONAL}
        if step.step.action == "send_message":
            kept |= {"occasion": step.step.arguments["occasion"], "tried": tried}
        effect = self._ledger.intend(
            tx, case=case, step_id=step.id, attempt=attempt, action=step.step.action, target=_target(case, step),
            arguments=kept, draft=ACTIONS[step.step.action].request(arguments), now=now,
            principal=self._plans.permitted_by(tx, case["id"], step.row["version"]),
            policy_version=self._settings.policies.version,
        )  # fmt: skip
        if effect is None:
            return None
        self._plans.mark_step(tx, step.id, "running")
        if step.step.action == "send_message":
            self._notifications.intend(tx, case, step.step.arguments, arguments, now)
        if case["status"] != CaseStatus.REPAIRING:
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING)
        return effect

    def _cannot(self, tx: sa.Connection, case: Case, step: StepRow, why: str) -> str:
        """The customer can't be told: goes on without, unless the message asks for something."""
        now = utcnow()
        occasion = step.step.arguments["occasion"]
        what = say("not_told", occasion=occasion, reason=why)
        self._cases.note(tx, case["id"], now, what)
        self._plans.mark_step(tx, step.id, "skipped", {"told": False, "reason": why})
        return CANNOT_ASK if self._plans.asks(tx, case["id"], step.row["version"]) else DONE

    # -- the call ---------------------------------------------------------------------------------------------------

    def _carry_out(self, effect: Effect, step: StepRow | None, *, fresh: bool) -> str:
        with self._store.read() as tx:
            request = self._ledger.request(tx, effect)
        if request is None:
            return self._settle(effect, step, Outcome(kind="rejected", code="customer_erased"))
        for attempt in range(SENDS):
            if (attempt or not fresh) and self._is_applied(effect, request.body):
                return self._settle(effect, step, ok({"read_back": True}))
            outcome = self._writer.send(request)
            if outcome.kind in ("ok", "rejected"):
                return self._settle(effect, step, outcome, request.body)
            self._remember(effect, outcome)
            self._sleep(min(max(PAUSES[attempt], outcome.retry_after), 2.0))
        return LATER

    def _is_applied(self, effect: Effect, body: bytes) -> bool:
        """Read-back after an unknown outcome; False also when reading can't tell (the same key is sent again)."""
        action = ACTIONS[effect["action"]]
        try:
            return action.applied(_call_arguments(effect, body), self._reader) is True
        except UnavailableError:
            return False

    def _remember(self, effect: Effect, outcome: Outcome) -> None:
        """Writes down that there was no definite answer (yet)."""
        if outcome.kind != "unknown" or effect["state"] == "unknown":
            return
        now = utcnow()
        with self._store.begin() as tx:
            self._ledger.settle(tx, effect, "unknown", outcome_json(outcome), now)
            self._cases.note(tx, effect["case_id"], now, say("step_unknown", action=effect["action"]))

    # -- after the call ---------------------------------------------------------------------------------------------

    def _settle(self, effect: Effect, step: StepRow | None, outcome: Outcome, body: bytes = b"{}") -> str:
        action = ACTIONS[effect["action"]]
        done = outcome.kind == "ok"
        already = False
        if not done and outcome.status == HTTPStatus.CONFLICT and self._is_applied(effect, body):
            done = already = True
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, effect["case_id"])
            self._ledger.settle(tx, effect, "ok" if done else "rejected", outcome_json(outcome), now)
            if effect["action"] == "send_message":
                return self._settled_message(tx, case, effect, step, outcome, now)
            if step is None:
                return DONE if done else REPLAN
            if not done:
                self._plans.mark_step(tx, step.id, "failed", {"code": outcome.code, "status": outcome.status})
                self._plans.set_state(tx, case["id"], step.row["version"], "failed")
                self._cases.note(tx, case["id"], now, say("step_refused", action=effect["action"], code=outcome.code))
                return REPLAN
            result = action.result(outcome.value) if outcome.kind == "ok" and "read_back" not in (outcome.value or {}) else {}
            self._plans.mark_step(tx, step.id, "done", result | {"already": already})
            self._count(tx, case, step, now)
            self._cases.update(tx, case, now, **self._cases.first_action(case, now))
            self._cases.note(
                tx, case["id"], now, say("step_already" if already else "step_done", effect=step.step.effect)
            )
        return DONE

    def _settled_message(
        self, tx: sa.Connection, case: Case, effect: Effect, step: StepRow | None, outcome: Outcome, now: datetime
    ) -> str:
        accepted = outcome.kind == "ok"
        arguments = effect["arguments"]
        channel = arguments.get("channel")
        self._notifications.settled(tx, arguments["dedupe_key"], accepted)
        if accepted:
            what = say("told", occasion=arguments["occasion"], channel=channel or "")
            self._cases.update(tx, case, now, **self._cases.first_action(case, now))
            self._cases.note(tx, case["id"], now, what)
            if step is not None:
                self._plans.mark_step(tx, step.id, "done", {"told": True, "channel": channel})
            return DONE
        what = say("not_told", occasion=arguments["occasion"], reason=outcome.code)
        self._cases.note(tx, case["id"], now, what)
        return _AGAIN if step is not None else DONE

    def _count(self, tx: sa.Connection, case: Case, step: StepRow, now: datetime) -> None:
        """Counts what the step gave away against the cumulative limits."""
        goodwill = step.step.goodwill
        if goodwill is None or step.step.repays or goodwill.amount <= 0:
            return
        row = {
            "step_id": step.id, "case_id": case["id"], "customer_id": case["customer_id"], "amount": goodwill.amount,
            "currency": goodwill.currency, "at": now,
            "approved_by": self._plans.approver(tx, case["id"], step.row["version"]),
        }  # fmt: skip
        tx.execute(self._store.insert_new(spending, "step_id").values(**row))


def _target(case: Case, step: StepRow) -> str:
    """What the effect locks: an outside object, or this case's message."""
    return f"{case['id']}/{step.step.target}" if step.step.action == "send_message" else step.step.target


def _call_arguments(effect: Effect, body: bytes) -> dict[str, Any]:
    """What `applied` compares with: the step's stored arguments and the fields that were sent."""
    sent = msgspec.json.decode(body) if body.strip() else {}
    return {**{k: v for k, v in effect["arguments"].items() if k not in _OURS}, **sent}


__all__ = ["CANNOT_ASK", "DONE", "LATER", "REPLAN", "STOP", "HellowordError", "Repair"]
