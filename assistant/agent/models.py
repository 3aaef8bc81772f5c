"""The models behind LangChain's one interface: the configured endpoint's; and no tracing of any of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OFFLINE = "offline"


def make_endpoint(settings: Settings) -> BaseChatModel:
    """`HELLOWORD_LLM_URL`'s model.

    It is asked once, without retries of its own: the offline model answers in its place when it fails, is
    overloaded, or stays silent for `HELLOWORD_LLM_TIMEOUT` seconds. It is asked to report what it used. Its
    connections are its own and belong to the event loop that uses it first.
    """
    no_tracing()
    from langchain_openai import ChatOpenAI
    from openai import DefaultAsyncHttpxClient
    from pydantic import SecretStr

    return ChatOpenAI(
        base_url=settings.llm_url, model=settings.llm_model or "default",
        api_key=settings.llm_key if settings.llm_key.get_secret_value() else SecretStr("none"),
        timeout=settings.llm_timeout, stream_chunk_timeout=settings.llm_timeout, max_retries=0,
        streaming=True, stream_usage=True, use_responses_api=False,
        http_async_client=DefaultAsyncHttpxClient(timeout=settings.llm_timeout),
    )  # fmt: skip


def no_tracing() -> None:
    """Nothing of a conversation goes to a tracing service, whatever the environment says."""
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
