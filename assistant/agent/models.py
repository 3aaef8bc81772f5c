"""make_model: the configured endpoint's model or the offline one, behind LangChain's one interface."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.agent.intents import IntentClassifier

OFFLINE = "offline"


def make_model(settings: Settings, classifier: IntentClassifier) -> BaseChatModel:
    """`HELLOWORD_LLM_URL`'s model, or the offline model where none is set.

    The endpoint is asked once, without retries of its own: the offline model answers in its place when it fails, is
    overloaded, or stays silent for `HELLOWORD_LLM_TIMEOUT` seconds.
    """
    no_tracing()
    if not settings.llm_url:
        return make_offline(classifier)
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        base_url=settings.llm_url, model=settings.llm_model or "default",
        api_key=settings.llm_key if settings.llm_key.get_secret_value() else SecretStr("none"),
        timeout=settings.llm_timeout, stream_chunk_timeout=settings.llm_timeout, max_retries=0,
        streaming=True, stream_usage=False, use_responses_api=False,
    )  # fmt: skip


def make_offline(classifier: IntentClassifier) -> BaseChatModel:
    """The offline model."""
    from assistant.agent.offline import make_offline_model

    return make_offline_model(classifier)


def no_tracing() -> None:
    """Nothing of a conversation goes to a tracing service, whatever the environment says."""
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
