"""What may be done next about a case, in policy's order: never more than the house's own rules allow. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from assistant.cases.people import SUPERVISORS, TEAM
from assistant.copilot.seeing import Seen, is_over
from assistant.copilot.texts import Words, listed, say
from assistant.plans.choosing import HUMAN_FIRST
from assistant.plans.planner import same
from assistant.plans.variants import ASKS_FIRST, FALLBACK, OTHER_FAULT, PLAYBOOK, Variant, variants
from knowledge.phrases.labels import in_both
from knowledge.policies.preference import ALTERNATIVES
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.plans import Plan

APPROVE, PLAN, SNOOZE, WAIT, HAND_OFF, RESOLVE, CALL_OFF = (
    "approve", "plan", "snooze", "wait", "hand_off", "resolve", "call_off"
)  # fmt: skip
SOON = timedelta(minutes=1)  # a deadline nearer than this is not worth a snooze
# Ranks are moved within a tier only: what declines everything, and what does nothing, stays last.
DEEDS, DECLINES, RESTS = 0, 1, 2


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may be done.

    `option` names it for what is learned (an action, or several as `create_order+confirm_order`; a question as
    `ask:substitute_line`), `learned` is what its outcomes are kept under. `plan` is what would be performed, `version`
    the stored plan that it stands for (0 for none). `deed` are the arguments of what is no plan.
    """

    kind: str
    option: str
    learned: str
    fault: str
    tier: int
    variant: str
    why: Words
    does: Words
    plan: Plan | None = None
    version: int = 0
    deed: dict[str, Any] = {}
    evidence: list[Evidence] = []
    certainty: float = 1.0


def options(seen: Seen) -> list[Option]:
    """Everything that may be done, in policy's order; nothing for a case that has ended."""
    if is_over(seen.case):
        return []
    whole = seen.sight is not None and seen.sight.choice is None and not seen.sight.look.findings
    if whole:
        return [*_resolve(seen), *_rests(seen, whole=True)]
    found = [*_waiting_plan(seen), *_plans(seen)]
    return [*found, *_rests(seen, planned=any(one.kind in (APPROVE, PLAN) for one in found))]


def name_of(plan: Plan, first: str = "") -> str:
    """What a plan is called: the question it asks, else its actions in their order, messages apart."""
    if plan.then == "await_customer":
        asked = [s.arguments["occasion"].split(":", 1)[0] for s in plan.steps if s.action == "send_message"]
        return f"ask:{first or (asked[0] if asked else 'customer')}"
    actions = dict.fromkeys(s.action for s in plan.steps if s.action != "send_message")
    return "+".join(actions) or "send_message"


# -- plans ----------------------------------------------------------------------------------------------------------


def _waiting_plan(seen: Seen) -> Iterator[Option]:
    """The version that waits for a decision; calling it off where it does not fit any more."""
    row = seen.plan
    if seen.case["status"] != CaseStatus.AWAITING_APPROVAL or row is None or row["state"] != "awaiting":
        return
    plan = msgspec.convert(row["plan"], Plan)
    evidence = [_own(seen, f"/plan/{row['version']}", row["created_at"], row["state"]), *_seen_evidence(seen)]
    name = name_of(plan)
    sight = seen.sight
    if sight is not None and row["undoes"] is None:
        now = variants(sight.look.findings, sight.begun, sight.look.facts, sight.context)
        if not any(same(row["plan"], one.plan) for one in now):
            yield Option(
                kind=CALL_OFF, option=CALL_OFF, learned=CALL_OFF, fault=plan.fault, tier=DEEDS, variant=CALL_OFF,
                why=say("why.call_off"), does=say("does.call_off", version=row["version"]), version=row["version"],
                evidence=evidence,
            )  # fmt: skip
            return
    yield Option(
        kind=APPROVE, option=name, learned=_learned(plan, name), fault=plan.fault, tier=DEEDS, variant=APPROVE,
        why=say("why.approve", summary=plan.summary), does=_effects(plan), plan=plan, version=row["version"],
        evidence=evidence, certainty=_certainty(seen, plan.fault),
    )  # fmt: skip


def _plans(seen: Seen) -> Iterator[Option]:
    sight = seen.sight
    waiting = seen.plan if seen.plan is not None and seen.plan["state"] == "awaiting" else None
    if sight is None or (waiting is not None and waiting["undoes"] is not None):
        return
    for one in variants(sight.look.findings, sight.begun, sight.look.facts, sight.context):
        if waiting is not None and same(waiting["plan"], one.plan):
            continue  # that is the one which waits
        name = name_of(one.plan, one.first)
        yield Option(
            kind=PLAN, option=name, learned=one.first or _learned(one.plan, name), fault=str(one.finding.code),
            tier=DECLINES if one.name == FALLBACK else DEEDS, variant=one.name, why=_why(one), does=_effects(one.plan),
            plan=one.plan, evidence=[*one.finding.evidence, *_seen_evidence(seen)], certainty=one.finding.confidence,
        )  # fmt: skip


def _why(one: Variant) -> Words:
    fault = in_both("fault", one.finding.code)
    if one.name == ASKS_FIRST:
        return say("why.asks_first", action=in_both("action", one.first))
    key = {PLAYBOOK: "why.playbook", OTHER_FAULT: "why.other_fault", FALLBACK: "why.fallback"}[one.name]
    return listed([one.plan.summary, say(key, fault=fault)])


def _effects(plan: Plan) -> Words:
    return listed([step.effect for step in plan.steps])


def _learned(plan: Plan, name: str) -> str:
    """An offered alternative is learned under the action that does it."""
    action = name.removeprefix("ask:")
    return action if action in ALTERNATIVES.get(plan.fault, ()) else name


def _certainty(seen: Seen, fault: str) -> float:
    return next((float(f["confidence"]) for f in seen.case["faults"] if f["code"] == fault), 1.0)


# -- everything else ------------------------------------------------------------------------------------------------


def _rests(seen: Seen, *, planned: bool = False, whole: bool = False) -> Iterator[Option]:
    case = seen.case
    fault = _fault(seen)
    if seen.silent:
        yield _plain(seen, WAIT, fault, "why.wait.shop_silent")
    elif case["status"] not in (CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL):
        asked = case["status"] == CaseStatus.AWAITING_CUSTOMER
        yield _plain(seen, WAIT, fault, "why.wait.awaiting_customer" if asked else "why.wait.working")
    elif case["status"] == CaseStatus.HANDED_OFF and not whole and (found := _deadline(seen)):
        key, until = found
        why = say("why.snooze", until=until, because=say(f"until.{key}"))
        yield Option(
            kind=SNOOZE, option=SNOOZE, learned=SNOOZE, fault=fault, tier=RESTS, variant=SNOOZE, why=why,
            does=say("does.snooze", until=until), deed={"until": until.isoformat()}, evidence=[_own(seen)],
        )  # fmt: skip
    if not whole:
        yield from _hand_off(seen, fault, planned=planned)


def _plain(seen: Seen, kind: str, fault: str, key: str) -> Option:
    return Option(kind=kind, option=kind, learned=kind, fault=fault, tier=RESTS, variant=kind, why=say(key),
                  does=say(f"does.{kind}"), evidence=[_own(seen)])  # fmt: skip


def _deadline(seen: Seen) -> tuple[str, datetime] | None:
    """The next moment at which something is known to change; never after what a customer was promised."""
    found = [("reply", at) for kind, at in seen.due.items() if kind == "reply"]
    found += [("promise", p["due_at"]) for p in seen.promises[:1]]
    sight = seen.sight
    if sight is not None:
        skus = {line.sku for line in sight.look.snapshot.lines or []}
        stock = [fact for sku, fact in sight.look.facts.stock.items() if sku in skus]
        found += [("restock", fact.restock_at) for fact in stock if fact.restock_at and fact.available <= 0]
        plan = sight.choice.plan if sight.choice else None
        if plan is not None and plan.then == "wait" and not plan.steps:
            found.append(("playbook", seen.at + timedelta(seconds=plan.wait_seconds)))
    ahead = [(at, key) for key, at in found if at > seen.at + SOON]
    return (min(ahead)[1], min(ahead)[0]) if ahead else None


def _hand_off(seen: Seen, fault: str, *, planned: bool) -> Iterator[Option]:
    """To somebody who knows this fault, or may decide more; for a case that the machine has, to the team."""
    case, human = seen.case, _needs_people(seen)
    if case["status"] not in (CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL):
        to, why = TEAM, say("why.hand_off.service")
        yield _to(seen, fault, to["owner_id"], in_both("team", to["owner_id"]), why)
        return
    if human and seen.skilled:
        staff_id, name = seen.skilled[0]
        why = say("why.hand_off.skill", fault=in_both("fault", fault), name=name)
        yield _to(seen, fault, staff_id, {"zh-CN": name, "en": name}, why)
    if case["owner_id"] != SUPERVISORS["owner_id"] and (human or not planned):
        team = SUPERVISORS["owner_id"]
        why = say("why.hand_off.asked" if _waits_for_an_answer(seen) else "why.hand_off.supervisors")
        yield _to(seen, fault, team, in_both("team", team), why)


def to_whoever_may(seen: Seen, fault: str, role: str) -> Option:
    """A hand-off to the supervisors, because the plan suggested first needs a role that the reader has not."""
    team = SUPERVISORS["owner_id"]
    return _to(seen, fault, team, in_both("team", team), say("why.hand_off.role", role=in_both("role", role)))


def _to(seen: Seen, fault: str, to: str, name: Words, why: Words) -> Option:
    return Option(
        kind=HAND_OFF, option=f"{HAND_OFF}:{to}", learned=HAND_OFF, fault=fault, tier=RESTS, variant=HAND_OFF, why=why,
        does=say("does.hand_off", name=name), deed={"to": to}, evidence=[_own(seen)],
    )  # fmt: skip


def _waits_for_an_answer(seen: Seen) -> bool:
    """Whether our rules have no plan because the customer was asked and may still answer."""
    plan = seen.sight.choice.plan if seen.sight is not None and seen.sight.choice is not None else None
    return plan is not None and plan.then == "await_customer" and not plan.steps


def _needs_people(seen: Seen) -> bool:
    """Whether a fault is open that people decide on by nature."""
    sight = seen.sight
    return sight is not None and sight.choice is not None and sight.choice.plan is None


def _resolve(seen: Seen) -> Iterator[Option]:
    resolution = _resolution(seen)
    why = say("why.resolve")
    does = say("does.resolve", resolution=in_both("resolution", resolution))
    yield Option(
        kind=RESOLVE, option=RESOLVE, learned=RESOLVE, fault=_fault(seen), tier=DEEDS, variant=RESOLVE, why=why,
        does=does, deed={"resolution": str(resolution)}, evidence=_seen_evidence(seen) or [_own(seen)],
    )  # fmt: skip


def _resolution(seen: Seen) -> Resolution:
    """What became of it: a person's work, where one had it and something changed since; else it cleared by itself.

    A false alarm is one of which no system has said anything since it was found.
    """
    case, sight = seen.case, seen.sight
    marks = [m for m in sight.look.snapshot.marks if not m.type.startswith("read_back.")] if sight else []
    if case["claimed_at"] is not None and any(m.received_at > case["claimed_at"] for m in marks):
        return Resolution.BY_HUMAN
    told = any(m.received_at > case["detected_at"] for m in marks)
    return Resolution.SELF_CLEARED if told else Resolution.FALSE_ALARM


def _fault(seen: Seen) -> str:
    """The code the case is about now: a person's business first, else what leads."""
    sight = seen.sight
    if sight is not None and sight.choice is not None:
        return str(sight.choice.finding.code)
    codes = [f["code"] for f in seen.case["faults"] if not f["cleared_at"]] or [f["code"] for f in seen.case["faults"]]
    first = next((code for code in codes if code in HUMAN_FIRST), None)
    return str(first or (codes[0] if codes else "unknown_anomaly"))


def _seen_evidence(seen: Seen) -> list[Evidence]:
    """That every system was read back just now."""
    sight = seen.sight
    if sight is None:
        return []
    facts = sight.look.facts
    subject = f"checkout/{facts.checkout_id}" if facts.checkout_id else f"stock/{seen.case['subject_id']}"
    status = facts.checkout.status if facts.checkout else None
    found = [Evidence("read_back", subject, facts.at, status)]
    return found + [Evidence("read_back", f"order/{o.id}", facts.at, o.status) for o in facts.orders or []]


def _own(seen: Seen, path: str = "", at: datetime | None = None, value: Any = None) -> Evidence:
    """A record of ours, as the hand-off's summary cites them."""
    case = seen.case
    return Evidence("read_back", f"case/{case['id']}{path}", at or case["updated_at"], value or case["status"])
