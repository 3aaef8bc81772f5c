"""Drafts of what to write to the customer, in both languages, from the facts alone: never more than is true now.

Before anything was done a draft says what is wrong and what was done so far, and promises only what the ledger of
promises holds. What may be said once the plan was performed are the plan's own messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.cases.records import Case
from assistant.copilot.options import RESOLVE, Option
from assistant.copilot.seeing import Seen
from assistant.copilot.texts import Words, listed, say
from assistant.handoff.audience import may_tell
from assistant.notifications.quiet_hours import zone_of
from assistant.notifications.texts import said
from knowledge.phrases import LANGUAGES, PhraseError, render
from knowledge.phrases.customer_words import DEEDS, NEXT, PROMISED, WRONG
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.plans import PlanStep

Check = Callable[[str, str, str], str]
"""(text, language, case id) to the text as it may be said: the promise guard, where there is one."""

_COMMAS = {"zh-CN": "，", "en": ", "}
PENDING = {"zh-CN": "（执行后填入）", "en": "(known once it is done)"}


def as_it_is(text: str, language: str, case_id: str) -> str:
    """Without a guard: every sentence here comes from records."""
    return text


def draft(option: Option, seen: Seen, check: Check = as_it_is) -> Words:
    """What may be said now: the question itself where the plan asks, else how things stand."""
    steps = option.plan.steps if option.plan else []
    asks = option.plan is not None and option.plan.then == "await_customer"
    question = next((s for s in steps if s.action == "send_message" and s.arguments.get("choices")), None)
    words = message_words(question) if asks and question is not None and not _rests_on_earlier(question) else None
    words = words or _as_it_stands(option, seen)
    return {language: check(words[language], language, str(seen.case["id"])) for language in LANGUAGES}


def after(option: Option) -> Words | None:
    """What the plan itself tells the customer once its steps are done; None where it tells nothing."""
    steps = [s for s in (option.plan.steps if option.plan else []) if s.action == "send_message"]
    told = [words for s in steps if (words := message_words(s)) is not None]
    return {language: "\n\n".join(w[language] for w in told) for language in LANGUAGES} if told else None


def message_words(step: PlanStep) -> Words | None:
    """A message of a plan in both languages; None where its wording is not known."""
    arguments = step.arguments
    try:
        return {language: _said(arguments, language) for language in LANGUAGES}
    except PhraseError:
        return None


def _said(arguments: dict[str, Any], language: str) -> str:
    params = {name: _shown(value, language) for name, value in (arguments.get("params") or {}).items()}
    told = said(arguments["fault"], arguments["phrase"], language, params, arguments.get("choices") or ())
    offered = [f"{number}. {choice['label']}" for number, choice in enumerate(told.choices, 1)]
    return "\n".join([told.text, *offered])


def _shown(value: Any, language: str) -> Any:
    """What an earlier step of the plan makes (a link, a code) is not known yet."""
    pending = isinstance(value, dict) and ("link_from" in value or set(value) == {"from", "field"})
    return PENDING[language] if pending else value


def _rests_on_earlier(step: PlanStep) -> bool:
    params = step.arguments.get("params") or {}
    return any(isinstance(v, dict) and ("link_from" in v or set(v) == {"from", "field"}) for v in params.values())


def _as_it_stands(option: Option, seen: Seen) -> Words:
    case = seen.case
    order = case["order_id"] or case["checkout_id"] or case["subject_id"]
    if option.kind == RESOLVE:
        return say("reply.start", order=order, what=listed([say("reply.whole"), say("reply.sorry")]))
    named = _may_name(case, option) and option.fault in WRONG
    parts = [WRONG[option.fault if named else FaultCode.UNKNOWN_ANOMALY]]
    parts += _done(seen) if named else []
    parts += [*_whose_turn(seen), *_promised(seen), say("reply.sorry")]
    return say("reply.start", order=order, what=listed(parts))


def _done(seen: Seen) -> list[Words]:
    """What was done in this episode, as customers read it; nothing of what they have no reason to hear of."""
    done = [row["step"] for row in seen.done if row["step"]["action"] != "send_message"]
    if not done:
        return [say("reply.nothing_done")]
    told = [_in_words(DEEDS[s["action"]], amount=s["arguments"].get("amount")) for s in done if s["action"] in DEEDS]
    return [say("reply.done", done=_joined(told))] if told else []


def _whose_turn(seen: Seen) -> list[Words]:
    """Who is to act now."""
    status = seen.case["status"]
    if status == CaseStatus.HANDED_OFF:
        return [say("reply.person")]
    if status == CaseStatus.AWAITING_APPROVAL:
        return [NEXT["approval"]]
    return [NEXT["customer" if status == CaseStatus.AWAITING_CUSTOMER else "us"]]


def _promised(seen: Seen) -> list[Words]:
    """The promise that falls due first, by the customer's clock."""
    customer = seen.sight.look.facts.customer if seen.sight else None
    zone = zone_of(customer.time_zone if customer else None, "UTC").key
    return [
        say("reply.promise", promise=_in_words(PROMISED[p["kind"]], zone, by=p["due_at"], text=p["text"]))
        for p in seen.promises[:1] if p["kind"] in PROMISED
    ]  # fmt: skip


def _in_words(words: Words, zone: str = "UTC", **params: Any) -> Words:
    """A customer's wording with its parameters; one that is words by language gives each its own."""
    return {
        language: render({"words": words}, "words", language, zone=zone, **{
            name: value[language] if isinstance(value, dict) and language in value else value
            for name, value in params.items()
        })
        for language in LANGUAGES
    }  # fmt: skip


def _joined(told: list[Words]) -> Words:
    return {language: _COMMAS[language].join(dict.fromkeys(one[language] for one in told)) for language in LANGUAGES}


def _may_name(case: Case, option: Option) -> bool:
    """A blocked account's reason, a dispute and what is only suspected are never told."""
    return may_tell(case) and option.fault not in ("account_blocked", "payment_disputed")
