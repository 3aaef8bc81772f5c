"""Performs one step of a plan: intend, send, settle. Called by the journey only; may run twice for the same step."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import Case, Cases
from assistant.cases.wording import held, not_told
from assistant.notifications.messages import Later, Notifications
from assistant.plans.limits import take
from assistant.plans.store import Plans, StepRow
from assistant.promises.backing import NOT_BACKED
from assistant.repair.arguments import ArgumentsError, resolve
from assistant.repair.ledger import Effect, Ledger
from assistant.repair.sending import AGAIN, DONE, LATER, REPLAN, Sending
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus
from tools.actions import ACTIONS
from tools.connectors.ports import ShopReader, ShopWriter

log = structlog.get_logger(__name__)

STOP, CANNOT_ASK, BLOCKED = "stop", "cannot_ask", "blocked"
FRESH = timedelta(minutes=2)  # so long what was seen counts as still true; a step begun later needs a new look
_NOT_OURS = (CaseStatus.HANDED_OFF, CaseStatus.RESOLVED, CaseStatus.CLOSED)
_PERSONAL = ("address", "contact", "text", "subject", "choices")


class Repair:
    """Sends the writes of approved or permitted plans, each at most once, and reads back what is unclear."""

    def __init__(
        self, store: Store, cases: Cases, plans: Plans, ledger: Ledger, notifications: Notifications,
        reader: ShopReader, writer: ShopWriter, settings: Settings, sleep: Callable[[float], None] = time.sleep,
        refusing: Callable[[], Collection[str]] = frozenset,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._plans, self._ledger = store, cases, plans, ledger
        self._notifications, self._reader, self._settings = notifications, reader, settings
        self._refusing = refusing  # the systems that are not called at present
        self._sending = Sending(store, cases, plans, ledger, notifications, reader, writer, sleep)

    def perform(self, case_id: str, version: int, position: int, seen_at: datetime) -> str:
        """Performs a step of a plan that was made from what was seen at `seen_at` (aware UTC).

        `done`, `replan` (refused, the world changed, the look is too old), `later` (no definite answer), `stop`,
        `cannot_ask`, `blocked` (a write of another case on the same target is not settled), `not_backed` (a message
        says what the records do not show: a person gets the case).
        """
        while (verdict := self._once(case_id, version, position, seen_at)) == AGAIN:
            pass
        return verdict

    def _once(self, case_id: str, version: int, position: int, seen_at: datetime) -> str:
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
            if effect is not None and effect["state"] == "ok":
                return DONE
            if effect is None and self._is_said(tx, case, step):
                self._plans.mark_step(tx, step.id, "done", {"told": True})
                return DONE
            fresh = effect is None or effect["state"] == "rejected"
            ours = isinstance(prepared, Later)
            if fresh and not ours and ACTIONS[step.step.action].system in self._refusing():
                return LATER
            if fresh:
                if prepared is None or utcnow() - seen_at > FRESH:
                    return REPLAN
                if isinstance(prepared, str):
                    return self._cannot(tx, case, step, prepared)
                if isinstance(prepared, Later):
                    return self._put_off(tx, case, step, prepared)
                if not self._within_limits(tx, case, step):
                    return REPLAN
                effect = self._intend(tx, case, step, prepared, attempt=(effect["attempt"] + 1 if effect else 1))
            if effect is None:
                return BLOCKED
        return self._sending.carry_out(effect, step, fresh=fresh)

    def settle_open(self, case_id: str) -> bool:
        """Settles what an earlier run sent and never heard of. False when the machine has to wait for that.

        With writes off, or in a case that a person has or that has ended, it only reads back.
        """
        with self._store.read() as tx:
            case = self._cases.find(tx, case_id)
            unsettled = self._ledger.unsettled_of(tx, case_id)
        ours = self._settings.writes != "off" and case["live"] and case["status"] not in _NOT_OURS
        for effect in unsettled:
            step = self._plans.step_by_id(effect["step_id"])
            current = step is not None and self._is_current(case, step.row["version"])
            if self._sending.settle_up(effect, step, ours=ours, current=current) == LATER and ours:
                return False
        return True

    def _is_current(self, case: Case, version: int) -> bool:
        with self._store.read() as tx:
            state = self._plans.state(tx, case["id"], version)
        return bool(case["plan_version"] == version) and state in ("ready", "approved")

    # -- before the call --------------------------------------------------------------------------------------------

    def _forbidden(self, tx: sa.Connection, case: Case, version: int) -> str | None:
        """Concurrency rule 3: what must hold before each step."""
        if case["status"] in _NOT_OURS:
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

    def _prepare(self, case_id: str, step: StepRow) -> dict[str, Any] | Later | str | None:
        """The step's final arguments, read outside any transaction; `Later` for a message that is sent otherwise.

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
            if step.step.arguments.get("address_from") == "vault":
                return self._with_kept_address(step.step.arguments)
            if step.step.arguments.get("address_from") == "conversation":
                arguments = self._with_given_address(case, step.step.arguments)
                return arguments | self._replaced(step.step.action, arguments)
            arguments = resolve(self._reader, case, step.step.arguments, results)
            return arguments | self._replaced(step.step.action, arguments)
        except ArgumentsError as error:
            log.info("step.arguments_gone", case_id=case_id, action=step.step.action, reason=str(error))
            return None

    def _with_kept_address(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with the address that an earlier step replaced."""
        with self._store.read() as tx:
            address = self._ledger.kept_address(tx, arguments["ref"])
        if address is None:
            raise ArgumentsError("the former address was erased")
        return {k: v for k, v in arguments.items() if k not in ("address_from", "ref")} | {"address": address}

    def _with_given_address(self, case: Case, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with the address that the customer gave us; the one they gave last, should it have changed."""
        with self._store.read() as tx:
            address = self._ledger.given_address(tx, case)
        if address is None:
            raise ArgumentsError("the customer's own address is gone")
        return {k: v for k, v in arguments.items() if k != "address_from"} | {"address": address}

    def _replaced(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The address that this step is about to replace, so that it can be brought back."""
        if action == "set_order_address":
            order = self._reader.order(arguments["order_id"])
            former = order.shipping_address if order else None
        elif action == "set_checkout_address":
            checkout = self._reader.checkout(arguments["checkout_id"])
            former = checkout.shipping_address if checkout else None
        else:
            former = None
        return {"former": former} if former is not None else {}

    def _within_limits(self, tx: sa.Connection, case: Case, step: StepRow) -> bool:
        """Counts what the step gives away before it is sent; False when the rest of its plan needs a person now."""
        version = step.row["version"]
        rest = self._plans.steps_from(tx, case["id"], version, step.row["position"])
        approver = self._plans.approver(tx, case["id"], version)
        return take(
            tx, self._store, case, step.id, step.step, rest, self._settings.policies, utcnow(), approved_by=approver
        )

    def _intend(
        self, tx: sa.Connection, case: Case, step: StepRow, arguments: dict[str, Any], attempt: int
    ) -> Effect | None:
        now = utcnow()
        tried, former = arguments.pop("tried", []), arguments.pop("former", None)
        kept = {k: v for k, v in arguments.items() if k not in _PERSONAL}
        if step.step.action == "send_message":
            kept |= {"occasion": step.step.arguments["occasion"], "tried": tried}
        if former is not None:
            kept["former_ref"] = self._ledger.keep_address(tx, case, msgspec.to_builtins(former), now)
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
            version = step.row["version"]
            self._notifications.intend(
                tx, case, step.step.arguments, arguments, now, results=self._plans.results(tx, case["id"], version),
                asks=self._plans.asks(tx, case["id"], version),
            )  # fmt: skip
        if case["status"] != CaseStatus.REPAIRING:
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING)
        return effect

    def _put_off(self, tx: sa.Connection, case: Case, step: StepRow, later: Later) -> str:
        """The dispatcher tells the customer: the case goes on meanwhile."""
        now, version, wanted = utcnow(), step.row["version"], step.step.arguments
        self._notifications.put_off(
            tx, case, wanted, later, now, results=self._plans.results(tx, case["id"], version),
            asks=self._plans.asks(tx, case["id"], version),
        )  # fmt: skip
        if later.until is not None:
            self._cases.note(tx, case["id"], now, held(wanted["occasion"], later.until))
        told = "held" if later.until else "queued"
        self._plans.mark_step(tx, step.id, "done", {"told": told, "channel": later.route.channel})
        if case["status"] != CaseStatus.REPAIRING:
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING)
        return DONE

    def _cannot(self, tx: sa.Connection, case: Case, step: StepRow, why: str) -> str:
        """The customer can't be told: goes on without, unless the message asks for something or would not be true."""
        now = utcnow()
        occasion = step.step.arguments["occasion"]
        what = not_told(occasion, why)
        self._cases.note(tx, case["id"], now, what)
        self._plans.mark_step(tx, step.id, "skipped", {"told": False, "reason": why})
        if why == NOT_BACKED:
            return NOT_BACKED
        return CANNOT_ASK if self._plans.asks(tx, case["id"], step.row["version"]) else DONE


def _target(case: Case, step: StepRow) -> str:
    """What the effect locks: an outside object, or this case's message."""
    return f"{case['id']}/{step.step.target}" if step.step.action == "send_message" else step.step.target


__all__ = ["BLOCKED", "CANNOT_ASK", "DONE", "LATER", "REPLAN", "STOP", "Repair"]
