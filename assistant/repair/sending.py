"""Sends one intended effect and settles it: the same bytes and key until the answer is definite. Repair calls it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.records import Case, Cases
from assistant.cases.wording import not_told, occasion_words, refused, say
from assistant.notifications.messages import Notifications
from assistant.plans.limits import give_back
from assistant.plans.store import Plans, StepRow
from assistant.repair.ledger import UNSETTLED, Effect, Ledger, outcome_json
from assistant.store.engine import Store, utcnow
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.errors import InputError, UnavailableError
from tools.actions import ACTIONS
from tools.connectors.outcome import Outcome, ok, rejected
from tools.connectors.ports import ShopReader, ShopWriter, WriteRequest

SENDS = 4  # of the same bytes, within one run of a step
PAUSES = (0.1, 0.4, 1.0, 2.0)  # seconds between them
WITHDRAWN_AFTER = timedelta(minutes=2)  # what was never applied by then is not under way any more

DONE, REPLAN, LATER, AGAIN = "done", "replan", "later", "again"
_OURS = ("occasion", "tried", "former_ref")  # kept with an effect, no arguments of the call
_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Sending:
    """Verdicts: `done`, `replan` (refused), `later` (no definite answer), `again` (a message's next channel)."""

    def __init__(
        self, store: Store, cases: Cases, plans: Plans, ledger: Ledger, notifications: Notifications,
        reader: ShopReader, writer: ShopWriter, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._plans, self._ledger = store, cases, plans, ledger
        self._notifications, self._reader, self._writer, self._sleep = notifications, reader, writer, sleep

    def carry_out(self, effect: Effect, step: StepRow | None, *, fresh: bool) -> str:
        """Sends it until it is settled; `fresh` when it has certainly never been sent."""
        request = self._request(effect)
        if request is None:
            return self._refused(effect, step, rejected("customer_erased"), b"", doubt=not fresh)
        doubt = not fresh  # whether an earlier send may have been applied
        for attempt in range(SENDS):
            if doubt and self._seen(effect, request.body) is True:
                return self._settle(effect, step, ok({"read_back": True}))
            outcome = ACTIONS[effect["action"]].judged(self._writer.send(request))
            if outcome.kind == "ok":
                return self._settle(effect, step, outcome)
            if outcome.kind == "rejected":
                return self._refused(effect, step, outcome, request.body, doubt=doubt)
            doubt = doubt or outcome.kind == "unknown"
            self._remember(effect, outcome)
            self._sleep(min(max(PAUSES[attempt], outcome.retry_after), 2.0))
        return LATER

    def settle_up(self, effect: Effect, step: StepRow | None, *, ours: bool, current: bool) -> str:
        """Settles what an earlier run may have sent.

        It is sent again while it is still planned (`current`), or when reading can't tell what came of it, and only
        in a case that is `ours` to act on. Else reading it back decides: what was never applied is withdrawn.
        """
        if ours and current:
            return self.carry_out(effect, step, fresh=False)
        request = self._request(effect)
        try:
            applied = self._applied(effect, request.body if request else b"")
        except UnavailableError:
            return LATER
        if applied:
            return self._settle(effect, step, ok({"read_back": True}))
        if applied is None and ours:
            return self.carry_out(effect, step, fresh=False)
        if applied is False and utcnow() - effect["created_at"] > WITHDRAWN_AFTER:
            return self._settle(effect, step, rejected("withdrawn"))
        return LATER

    # -- parts ------------------------------------------------------------------------------------------------------

    def _request(self, effect: Effect) -> WriteRequest | None:
        with self._store.read() as tx:
            return self._ledger.request(tx, effect)

    def _applied(self, effect: Effect, body: bytes) -> bool | None:
        try:
            return ACTIONS[effect["action"]].applied(_call_arguments(effect, body), self._reader)
        except InputError:
            if body:
                raise
            return None  # what was sent is erased, and the rest is not enough to recognise it by

    def _seen(self, effect: Effect, body: bytes) -> bool | None:
        """Read-back after an unknown outcome; None also when reading can't tell (the same key is sent again)."""
        try:
            return self._applied(effect, body)
        except UnavailableError:
            return None

    def _refused(self, effect: Effect, step: StepRow | None, outcome: Outcome, body: bytes, *, doubt: bool) -> str:
        """A refusal says that this send changed nothing. In `doubt` an earlier one may have: that is read back."""
        if doubt and outcome.status in _DENIED:
            return LATER  # about our token, not about the write
        if not doubt and outcome.status != HTTPStatus.CONFLICT:
            return self._settle(effect, step, outcome)
        try:
            applied = self._applied(effect, body)
        except UnavailableError:
            if doubt:
                return LATER
            applied = None
        return self._settle(effect, step, outcome, already=applied is True)

    def _remember(self, effect: Effect, outcome: Outcome) -> None:
        """Writes down that there was no definite answer (yet)."""
        if outcome.kind != "unknown" or effect["state"] == "unknown":
            return
        now = utcnow()
        with self._store.begin() as tx:
            self._cases.lock(tx, effect["case_id"])
            if self._ledger.state(tx, effect) in UNSETTLED:
                self._ledger.settle(tx, effect, "unknown", outcome_json(outcome), now)
                what = say("step_unknown", action=in_both("action", effect["action"]))
                self._cases.note(tx, effect["case_id"], now, what)

    def _settle(self, effect: Effect, step: StepRow | None, outcome: Outcome, *, already: bool = False) -> str:
        done = already or outcome.kind == "ok"
        now = utcnow()
        with self._store.begin() as tx:
            case = self._cases.lock(tx, effect["case_id"])
            state = self._ledger.state(tx, effect)
            if state not in UNSETTLED:  # another worker was quicker
                return DONE if state == "ok" else REPLAN
            self._ledger.settle(tx, effect, "ok" if done else "rejected", outcome_json(outcome), now)
            if effect["action"] == "send_message":
                return self._settled_message(tx, case, effect, step, outcome, now)
            if not done:
                give_back(tx, effect["step_id"])
            if step is None:
                return DONE if done else REPLAN
            if not done:
                self._plans.mark_step(tx, step.id, "failed", {"code": outcome.code, "status": outcome.status})
                self._plans.fail(tx, case["id"], step.row["version"])
                self._cases.note(tx, case["id"], now, refused(effect["action"], outcome.code))
                return REPLAN
            self._settled_step(tx, case, effect, step, outcome, now, already=already)
        return DONE

    def _settled_step(
        self, tx: sa.Connection, case: Case, effect: Effect, step: StepRow, outcome: Outcome, now: datetime,
        *, already: bool,
    ) -> None:  # fmt: skip
        answered = outcome.kind == "ok" and "read_back" not in (outcome.value or {})
        result = ACTIONS[effect["action"]].result(outcome.value) if answered else {}
        self._plans.mark_step(tx, step.id, "done", result | {"already": already})
        approved = self._plans.approver(tx, case["id"], step.row["version"]) is not None
        self._cases.update(
            tx, case, now, by_approval=case["by_approval"] or approved, **self._cases.first_action(case, now)
        )
        self._cases.note(tx, case["id"], now, say("step_already" if already else "step_done", effect=step.step.effect))

    def _settled_message(
        self, tx: sa.Connection, case: Case, effect: Effect, step: StepRow | None, outcome: Outcome, now: datetime
    ) -> str:
        accepted = outcome.kind == "ok"
        arguments = effect["arguments"]
        channel = arguments.get("channel")
        failure = None if accepted else outcome.code
        self._notifications.settled(tx, case, arguments["dedupe_key"], accepted, now, failure=failure)
        if outcome.status is not None:
            self._notifications.learn(missing=outcome.status == HTTPStatus.NOT_IMPLEMENTED)
        if accepted:
            what = say("told", occasion=occasion_words(arguments["occasion"]), channel=in_both("channel", channel))
            self._cases.update(tx, case, now, **self._cases.first_action(case, now))
            self._cases.note(tx, case["id"], now, what)
            if step is not None:
                self._plans.mark_step(tx, step.id, "done", {"told": True, "channel": channel})
            return DONE
        what = not_told(arguments["occasion"], outcome.code)
        self._cases.note(tx, case["id"], now, what)
        return AGAIN if step is not None else DONE


def _call_arguments(effect: Effect, body: bytes) -> dict[str, Any]:
    """What `applied` compares with: the step's stored arguments and the fields that were sent."""
    sent = msgspec.json.decode(body) if body.strip() else {}
    return {**{k: v for k, v in effect["arguments"].items() if k not in _OURS}, **sent}
