"""The effects ledger: every outside write is a row before it is a call, and ends as ok, rejected or unknown."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from assistant.intake.given import given_address
from assistant.notifications.sent_effects import MARK
from assistant.security.vault import Vault, customer_ref
from assistant.store.tables import cases, effects
from tools.connectors.outcome import Outcome
from tools.connectors.ports import WriteDraft, WriteRequest

REST = timedelta(seconds=30)  # a case changed since then has a run or a timer of its own
UNSETTLED = ("intended", "unknown")
_OF_STEPS = effects.c.step_id.not_like(f"%{MARK}%")  # the messages' own effects are the dispatcher's to settle
Effect = dict[str, Any]


class Ledger:
    """Writes and reads effect rows. The exact bytes of a call are kept in the vault: they may hold personal data."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of_step(self, tx: sa.Connection, step_id: str) -> Effect | None:
        """The step's newest effect."""
        query = sa.select(effects).where(effects.c.step_id == step_id).order_by(effects.c.attempt.desc()).limit(1)
        row = tx.execute(query).mappings().first()
        return dict(row) if row else None

    def state(self, tx: sa.Connection, effect: Effect) -> str:
        """The effect's state now."""
        return str(tx.scalar(sa.select(effects.c.state).where(effects.c.id == effect["id"])))

    def unsettled_of(self, tx: sa.Connection, case_id: str) -> list[Effect]:
        """Effects of the case's steps whose outcome nobody knows yet, oldest first."""
        query = sa.select(effects).where(effects.c.case_id == case_id, effects.c.state.in_(UNSETTLED), _OF_STEPS)
        return [dict(row) for row in tx.execute(query.order_by(effects.c.created_at)).mappings()]

    def intend(
        self, tx: sa.Connection, *, case: dict[str, Any], step_id: str, attempt: int, action: str, target: str,
        arguments: dict[str, Any], draft: WriteDraft, now: datetime, principal: str, policy_version: str,
    ) -> Effect | None:  # fmt: skip
        """Commits (with `tx`) that this write is about to be sent, byte by byte.

        Returns None when another effect on the same target is not settled yet: nothing else may start there.
        """
        key = f"{step_id}:{attempt}"
        owner = customer_ref(case["customer_id"], case["checkout_id"] or case["id"])
        body_ref = self._vault.put(tx, owner, "effect_body", draft.body.decode(), now)
        row = {
            "id": key, "case_id": case["id"], "step_id": step_id, "attempt": attempt, "action": action,
            "target": target, "arguments": arguments, "method": draft.method, "path": draft.path, "body_ref": body_ref,
            "body_hash": hashlib.sha256(draft.body).hexdigest(), "if_match": draft.if_match, "key": key,
            "state": "intended", "outcome": None, "principal": principal, "policy_version": policy_version,
            "created_at": now, "settled_at": None,
        }  # fmt: skip
        try:
            with tx.begin_nested():
                tx.execute(effects.insert().values(**row))
        except IntegrityError:
            return None
        return row

    def request(self, tx: sa.Connection, effect: Effect) -> WriteRequest | None:
        """The same bytes and key as the first time; None when the customer was erased meanwhile."""
        body = self._vault.get(tx, effect["body_ref"])
        if body is None:
            return None
        return WriteRequest(
            method=effect["method"], path=effect["path"], body=str(body).encode(), key=effect["key"],
            if_match=effect["if_match"],
        )  # fmt: skip

    def keep_address(self, tx: sa.Connection, case: dict[str, Any], address: Any, now: datetime) -> str:
        """Keeps the address that a step is about to replace, in the vault; the reference to it."""
        owner = customer_ref(case["customer_id"], case["checkout_id"] or case["id"])
        return self._vault.put(tx, owner, "former_address", address, now)

    def kept_address(self, tx: sa.Connection, ref: str) -> Any:
        """The address kept there; None when its customer was erased."""
        return self._vault.get(tx, ref)

    def given_address(self, tx: sa.Connection, case: dict[str, Any]) -> Any:
        """The address that the customer gave in a conversation about this case; None when there is none any more."""
        given = given_address(tx, self._vault, case["checkout_id"], case["queued_at"])
        return msgspec.to_builtins(given) if given is not None else None

    def settle(self, tx: sa.Connection, effect: Effect, state: str, outcome: dict[str, Any], now: datetime) -> None:
        """Writes how the effect ended (`ok`, `rejected`), or that nobody knows (`unknown`)."""
        settled_at = now if state in ("ok", "rejected") else None
        tx.execute(
            effects.update()
            .where(effects.c.id == effect["id"])
            .values(state=state, outcome=outcome, settled_at=settled_at)
        )
        effect.update(state=state, outcome=outcome, settled_at=settled_at)


def left_unsettled(tx: sa.Connection, now: datetime) -> list[str]:
    """Ids of cases with a write whose outcome nobody knows, that no run is looking after.

    Each is named again and again, ever more rarely: when it has rested for a quarter of the write's age.
    """
    query = (
        sa.select(effects.c.case_id, sa.func.min(effects.c.created_at), sa.func.max(cases.c.updated_at))
        .join(cases, cases.c.id == effects.c.case_id).group_by(effects.c.case_id)
        .where(effects.c.state.in_(UNSETTLED), cases.c.running.is_(None), cases.c.updated_at < now - REST, _OF_STEPS)
    )  # fmt: skip
    return [row[0] for row in tx.execute(query) if now - row[2] > (now - row[1]) / 4]


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What the ledger keeps of an outcome: no answer bodies, they may be personal.

    What was only seen by reading back was never answered: it has no status.
    """
    read_back = isinstance(outcome.value, dict) and outcome.value.get("read_back") is True
    status = None if read_back else outcome.status
    return {"kind": outcome.kind, "code": outcome.code, "status": status, "read_back": read_back}
