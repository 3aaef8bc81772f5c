"""The customers' offline model: a chat model without network or weights of its own; the agent drives it like any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from assistant.agent.offline_model import OfflineModel, calling, saying
from assistant.chatbot.dialogue import Understand
from assistant.chatbot.dialogue_turn import next_move


class OfflineCustomerModel(OfflineModel):
    """Talks with customers by the tools it is bound to, in the words of the catalogue; it keeps no state."""

    understand: Any  # Understand; not a pydantic type

    @property
    def _llm_type(self) -> str:
        return "helloword-offline-chatbot"

    def _reply(self, messages: list[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> AIMessage:
        """The next message: the calls that are needed now, or the answer."""
        move = next_move(messages, frozenset(str(tool["function"]["name"]) for tool in tools), self.understand)
        return saying(move) if isinstance(move, str) else calling([(call.name, call.arguments) for call in move])


def make_offline_model(understand: Understand) -> OfflineCustomerModel:
    """The offline model; `understand` says what a customer's message means."""
    return OfflineCustomerModel(understand=understand)
