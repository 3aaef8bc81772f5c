"""What of a conversation's messages is sent and kept: no call without its answer, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from assistant.agent.masking import Masker


def answered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages without tool calls that nobody answered (a turn broke off), nor answers without a call."""
    results = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    kept: list[AnyMessage] = []
    open_calls: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage) and message.tool_calls:
            ids = {str(call["id"]) for call in message.tool_calls}
            if not ids <= results:
                continue
            open_calls |= ids
        if isinstance(message, ToolMessage) and message.tool_call_id not in open_calls:
            continue
        kept.append(message)
    return kept


def masked(message: AIMessage, masker: Masker) -> AIMessage:
    """A model's message as it may be kept: what it made up or copied of personal data becomes placeholders too."""
    calls: list[Any] = [call | {"args": masker.mask_again(call["args"])} for call in message.tool_calls]
    broken: list[Any] = [call | {"args": masker.mask_again(call["args"])} for call in message.invalid_tool_calls]
    return AIMessage(
        content=masker.mask_again(message.content), tool_calls=calls, invalid_tool_calls=broken, id=message.id,
        response_metadata=message.response_metadata, usage_metadata=message.usage_metadata,
    )  # fmt: skip
