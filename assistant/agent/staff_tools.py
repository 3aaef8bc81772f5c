"""What the staff's model may suggest and propose about its case: a proposal waits, nothing here approves."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, tool

from assistant.agent.case_desk import CaseDesk
from assistant.agent.ports import StaffDesk, StreamEvent
from assistant.agent.tools import CASE_TOOLS, answer, desk_of, search_help
from assistant.agent.turn_texts import TEXTS
from assistant.agent.voices import Kind, TurnContext
from assistant.security.principals import Scope
from knowledge.phrases import render
from knowledge.vocabulary.errors import InputError, NotFoundError

PROPOSED, HAND_OFF_PROPOSED = "proposed", "hand_off_proposed"  # deeds of a turn
_MAX_WHY = 500  # characters


@tool
def suggested_actions(runtime: ToolRuntime[TurnContext]) -> str:
    """Lists what could be done about this case next, best first, each with reason, confidence and predicted effect.

    Use it when somebody asks what to do, which option is best, or wants something done. It changes nothing.

    Returns:
        JSON: `items`, best first: `id` (for propose_action), `action`, `reason`, `confidence` (0 to 1), `evidence`,
        `effect`, `plan_version`, `reply` (a drafted message to the customer, by language). Empty when nothing fits.

    Raises:
        An `error` with a code, when they can't be worked out now.
    """
    context = runtime.context

    def read() -> dict[str, Any]:
        desk = desk_of(context)
        return {"items": [dict(one) for one in _actions(desk).list(context.case_id, context.language, desk.principal)]}

    return answer(context, read)


@tool
def propose_action(suggestion_id: str, runtime: ToolRuntime[TurnContext]) -> str:
    """Puts one of the suggested actions up for approval on this case. Only when the person clearly asked for it.

    It performs nothing: a person with the right to approve decides on the case's page.

    Args:
        suggestion_id: the `id` of an item of suggested_actions, for example "sug_3f9a".

    Returns:
        JSON: `state` (awaiting_approval), `plan_version`, `next` (what the person has to do).

    Raises:
        An `error` with a code: `forbidden` when the person may not propose, `suggestion_not_found`, or that the case
        has changed meanwhile.
    """
    return answer(runtime.context, lambda: _propose(runtime.context, suggestion_id))


@tool
def propose_hand_off(why: str, runtime: ToolRuntime[TurnContext]) -> str:
    """Prepares handing this case over to a person. It hands nothing over: the person who asks confirms it by a click.

    Args:
        why: the reason in one sentence, for example "the customer asks for a supervisor".

    Returns:
        JSON: `state` (awaiting_confirmation), `why`, `next` (what the person has to click).

    Raises:
        An `error` with a code: `forbidden` when the person may not change cases.
    """
    return answer(runtime.context, lambda: _hand_off(runtime.context, why))


def tools_for(actions: StaffDesk | None, *, help_searched: bool) -> list[tuple[BaseTool, Kind]]:
    """The tools of a conversation with staff, by what there is to work with."""
    tools: list[tuple[BaseTool, Kind]] = [(one, Kind.READ) for one in CASE_TOOLS]
    if help_searched:
        tools.append((search_help, Kind.READ))
    if actions is not None:
        tools.append((suggested_actions, Kind.READ))
        tools += [(propose_action, Kind.PROPOSE), (propose_hand_off, Kind.PROPOSE)]
    return tools


def _actions(desk: CaseDesk) -> StaffDesk:
    if desk.actions is None:
        raise NotFoundError("no_suggestions", "nothing can be suggested here")
    return desk.actions


def _propose(context: TurnContext, suggestion_id: str) -> dict[str, Any]:
    desk = desk_of(context)
    desk.principal.require(Scope.CASES_WRITE)
    version = _actions(desk).propose(context.case_id, suggestion_id, desk.principal)
    context.deeds.append(PROPOSED)
    following = render(TEXTS, "approve_on_case", context.language, version=version)
    card = {
        "kind": "proposal", "case_id": context.case_id, "suggestion_id": suggestion_id, "plan_version": version,
        "state": "awaiting_approval", "text": following,
    }  # fmt: skip
    context.emit(StreamEvent("card", card))
    return {"state": "awaiting_approval", "plan_version": version, "next": following}


def _hand_off(context: TurnContext, why: str) -> dict[str, Any]:
    desk_of(context).principal.require(Scope.CASES_WRITE)
    words = " ".join(why.split())
    if not words or len(words) > _MAX_WHY:
        raise InputError("invalid_reason", "why", f"must have 1 to {_MAX_WHY} characters")
    context.deeds.append(HAND_OFF_PROPOSED)
    following = render(TEXTS, "hand_off_on_case", context.language)
    card = {"kind": "hand_off_proposal", "case_id": context.case_id, "why": words, "text": following}
    context.emit(StreamEvent("card", card))
    return {"state": "awaiting_confirmation", "why": words, "next": following}
