"""Suggestions: what may be done next about a case, best first, kept for a person to pick from; API and agent call it.

Where they come from is in `options` and `plans.variants`; nothing of it is a model's invention.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import Case
from assistant.cases.views import json_ready
from assistant.copilot import replies
from assistant.copilot.confidence import confidence_of
from assistant.copilot.deciding import OPEN, Deciding
from assistant.copilot.options import APPROVE, HAND_OFF, PLAN, Option, options, to_whoever_may
from assistant.copilot.ranking import Place, expected_json, ranked
from assistant.copilot.seeing import Seen, Seer
from assistant.followup.learning import Learning
from assistant.plans.rehearsal import Rehearsal, Rehearsed
from assistant.security.principals import Principal
from assistant.store.engine import Store
from assistant.store.tables import suggestions
from knowledge.library.solved import Similar
from knowledge.phrases import language_of
from knowledge.policies.approvals import enough
from knowledge.vocabulary.errors import HellowordError
from tools.rehearsal.lasting import LASTING
from tools.rehearsal.preview import preview

log = structlog.get_logger(__name__)

Precedents = Callable[[Case], Sequence[Similar]]
Items = list[dict[str, Any]]
Needs = tuple[str | None, list[str]]
"""The least role that may accept a suggestion, and why somebody has to."""
SHOWN_SIMILAR = 3
_CHANGES_NOTHING = frozenset({"version"})
_MINUTE = len("2026-03-02T08:00")  # so much of a time tells one deadline from another


def none_known(case: Case) -> Sequence[Similar]:
    """Without a library there are no precedents."""
    return ()


class Suggestions:
    """Lists, and hands on what people decide."""

    def __init__(
        self, store: Store, seer: Seer, rehearsal: Rehearsal, learning: Learning, deciding: Deciding,
        precedents: Precedents = none_known, check: replies.Check = replies.as_it_is,
    ) -> None:  # fmt: skip
        self._store, self._seer, self._rehearsal = store, seer, rehearsal
        self._learning, self._precedents, self._check = learning, precedents, check
        self.deciding = deciding

    def list(self, case_id: str, language: str, principal: Principal) -> Items:
        """The suggestions, best first, each kept under its `id` (contract D's items, and more).

        Reads the shop where a plan could be chosen. None for a case that has ended; what was rejected in this episode
        is not shown again while it is the same.

        Raises:
            NotFoundError: `case_not_found`.
        """
        seen = self._seer.see(case_id)
        found = options(seen)
        precedents = self._alike(seen.case) if found else ()
        needs = [self._needs(seen, one) for one in found]
        best = next((i for i, one in enumerate(found) if one.kind in (APPROVE, PLAN)), None)
        role = needs[best][0] if best is not None else None
        passed_on = any(one.kind == HAND_OFF for one in found)
        if best is not None and role is not None and not passed_on and not principal.has_role(*enough(role)):
            found.append(to_whoever_may(seen, found[best].fault, role))
            needs.append((None, []))
        needed = {suggestion_id(seen.case, one): need for one, need in zip(found, needs, strict=True)}
        with self._store.begin() as tx:
            places = ranked(tx, self._learning, found, precedents)
            items = [self._item(tx, seen, place, precedents, needed, language, principal) for place in places]
        shown = [item for item in items if item is not None]
        return [{**item, "place": place} for place, item in enumerate(shown, 1)]

    def head(self, case_id: str, language: str) -> Items:
        """What was suggested when somebody looked last and still stands, from our own books; the best three."""
        seen = self._seer.books(case_id)
        query = sa.select(suggestions).where(
            suggestions.c.case_id == case_id, suggestions.c.state == OPEN,
            suggestions.c.episode == seen.case["episode"], suggestions.c.plan_version == seen.case["plan_version"],
        )  # fmt: skip
        with self._store.read() as tx:
            rows = [dict(row) for row in tx.execute(query.order_by(suggestions.c.place).limit(3)).mappings()]
        spoken = language_of(language)
        return [
            {"id": r["id"], "action": r["option"], "kind": r["kind"], "place": r["place"],
             "confidence": r["confidence"], "reason": r["shown"]["why"][spoken], "at": r["at"]}
            for r in rows
        ]  # fmt: skip

    def propose(self, case_id: str, sid: str, principal: Principal) -> int:
        """Stores the suggestion's plan as a version that waits for approval, and never approves; its number.

        Raises:
            NotFoundError: `suggestion_not_found`.
            ConflictError: `suggestion_stale`, `evidence_changed`, `case_claimed`, `case_busy`, `no_plan` for one that
                stands for no plan of its own.
            ForbiddenError: `forbidden` for who is no member of staff.
        """
        return self.deciding.propose(case_id, sid, principal)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _alike(self, case: Case) -> Sequence[Similar]:
        try:
            return self._precedents(case)
        except HellowordError as error:  # a suggestion without precedents is worth more than none
            log.info("copilot.no_precedents", case_id=case["id"], code=error.code)
            return ()

    def _needs(self, seen: Seen, option: Option) -> Needs:
        if option.kind == APPROVE and seen.plan is not None:
            return seen.plan["role"] or enough(None)[0], [*seen.plan["needs_human"]]
        if option.kind != PLAN or option.plan is None or seen.sight is None:
            return None, []
        with self._store.read() as tx:
            rehearsed = Rehearsed(option.plan, seen.sight.look.facts, {})
            needed = self._rehearsal.needed(tx, seen.case, rehearsed, more=("chosen",))
        return needed.role, [reason for reason in needed.reasons if reason != "chosen"]

    def _item(
        self, tx: sa.Connection, seen: Seen, place: Place, precedents: Sequence[Similar],
        needed: dict[str, Needs], language: str, principal: Principal,
    ) -> dict[str, Any] | None:  # fmt: skip
        """One suggestion, kept; None for one that was decided on already."""
        option, sid = place.option, suggestion_id(seen.case, place.option)
        confidence, sample = confidence_of(place, seen, precedents)
        reply = replies.draft(option, seen, self._check)
        features = msgspec.to_builtins(sample)
        row = kept(seen, option, place=place.place, confidence=confidence, features=features, reply=reply)
        tx.execute(self._store.insert_new(suggestions, "id").values(**row))
        mine = (suggestions.c.id == sid) & (suggestions.c.state == OPEN)
        changing = {name: row[name] for name in ("place", "confidence", "features", "shown", "at")}
        if tx.execute(suggestions.update().where(mine).values(**changing)).rowcount != 1:
            return None
        role, reasons = needed[sid]
        spoken = language_of(language)
        item = {
            "id": sid, "action": option.option, "reason": option.why[spoken], "confidence": confidence,
            "evidence": option.evidence, "effect": option.does[spoken],
            "plan_version": option.version or seen.case["plan_version"], "reply": reply,
            "place": place.place, "kind": option.kind, "fault": option.fault, "variant": option.variant,
            "reply_after": replies.after(option), "steps": _steps(sid, option, spoken), **option.deed,
            "changes": _changes(seen, option, spoken), "needs_role": role, "needs_human": reasons,
            "allowed": role is None or principal.has_role(*enough(role)),
            "asks_customer": option.plan is not None and option.plan.then == "await_customer",
            "expected": expected_json(place), "ranked_because": place.why[spoken],
            "similar": [_cited(one, spoken) for one in precedents[:SHOWN_SIMILAR]], "at": seen.at,
        }  # fmt: skip
        ready: dict[str, Any] = json_ready(item)
        return ready


def kept(
    seen: Seen, option: Option, *, place: int = 1, confidence: float = 0.0, features: dict[str, Any] | None = None,
    reply: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The suggestion's row: what a person may pick from now on."""
    shown = {"why": option.why, "does": option.does, "reply": reply, "variant": option.variant, **option.deed}
    return {
        "id": suggestion_id(seen.case, option), "case_id": seen.case["id"], "episode": seen.case["episode"],
        "fault": option.fault, "option": option.option, "kind": option.kind,
        "plan_version": seen.case["plan_version"],
        "plan": msgspec.to_builtins(option.plan) if option.plan else None, "place": place,
        "confidence": confidence, "features": features or {}, "shown": shown, "state": OPEN, "at": seen.at,
    }  # fmt: skip


def suggestion_id(case: Case, option: Option) -> str:
    """The same suggestion on the same footing has the same id: episode, plan version, and what it would do."""
    plan = _without_versions(msgspec.to_builtins(option.plan)) if option.plan else None
    deed = {name: value[:_MINUTE] if name == "until" else value for name, value in option.deed.items()}
    footing = [case["id"], case["episode"], case["plan_version"], option.kind, option.option, plan, deed]
    text = json.dumps(footing, sort_keys=True, default=str)
    return f"sg_{hashlib.sha256(text.encode()).hexdigest()[:28]}"


def _without_versions(plan: dict[str, Any]) -> dict[str, Any]:
    """What changes by itself is left out, as where plans are compared."""
    steps = [
        {**s, "arguments": {k: v for k, v in s["arguments"].items() if k not in _CHANGES_NOTHING}}
        for s in plan["steps"]
    ]
    return {"fault": plan["fault"], "then": plan["then"], "resolution": plan["resolution"], "steps": steps}


def _steps(sid: str, option: Option, language: str) -> list[dict[str, Any]]:
    """What it would do, step by step; `id` is what `edits` name."""
    return [
        {"id": f"{sid}:{n}", "action": s.action, "arguments": s.arguments, "effect": s.effect.get(language, ""),
         "undo": s.undo.get(language) if s.undo and s.action not in LASTING else None, "goodwill": s.goodwill}
        for n, s in enumerate(option.plan.steps if option.plan else [])
    ]  # fmt: skip


def _changes(seen: Seen, option: Option, language: str) -> list[dict[str, Any]]:
    """The exact difference in each system, from the look that the suggestion was made from."""
    if option.plan is None or seen.sight is None:
        return []
    context = seen.sight.context
    return [
        {"step": c.step, "system": c.system, "object": c.object, "field": c.field, "before": c.before,
         "after": c.after, "irreversible": c.irreversible, "reason": c.reason[language] if c.reason else None,
         "certain": c.certain}
        for c in preview(option.plan.steps, seen.sight.look.facts, links=context.links)
    ]  # fmt: skip


def _cited(one: Similar, language: str) -> dict[str, Any]:
    case = one.case
    return {
        "case_id": case.case_id, "score": round(one.score, 4), "outcome": case.resolution,
        "outcome_text": case.outcome.get(language, ""), "stayed_resolved": case.stayed_resolved,
        "summary": case.summary.get(language, ""),
    }  # fmt: skip
