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
from assistant.notifications.texts import said
from knowledge.phrases import LANGUAGES, PhraseError
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.plans import PlanStep

Check = Callable[[str, str, str], str]
"""(text, language, case id) to the text as it may be said: the promise guard, where there is one."""

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
    parts: list[Words] = []
    if option.kind == RESOLVE:
        parts.append(say("reply.whole"))
    else:
        title = in_both("fault", option.fault)
        parts.append(say("reply.wrong", title=title) if _may_name(case, option) else say("reply.hidden"))
    done = [row["step"]["effect"] for row in seen.done if row["step"]["action"] != "send_message"]
    if _may_name(case, option):
        parts.append(say("reply.done", done=listed(done)) if done else say("reply.nothing_done"))
    if option.kind != RESOLVE:
        parts.append(say("reply.look"))
    parts += [say("reply.promise", due=p["due_at"]) for p in seen.promises[:1]]
    parts.append(say("reply.sorry"))
    return say("reply.start", order=order, what=listed(parts))


def _may_name(case: Case, option: Option) -> bool:
    """A blocked account's reason, a dispute and what is only suspected are never told."""
    return may_tell(case) and option.fault not in ("account_blocked", "payment_disputed")
