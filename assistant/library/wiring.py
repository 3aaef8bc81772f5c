"""Builds the library as the settings say: which embedder, where it lies, the shop's figures in its articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from assistant.library.figures import figures
from assistant.settings import SettingError, Settings
from knowledge.library.articles import Articles
from knowledge.library.embedders import Embedder, OpenAIEmbedder, UniversalSentenceEmbedder
from knowledge.library.library import Library


def build_embedder(settings: Settings) -> Embedder:
    """The embedder of the settings; nothing is loaded or called yet.

    Raises:
        SettingError: `openai` without an endpoint.
    """
    if settings.embedder == "local":
        return UniversalSentenceEmbedder()
    if not settings.llm_url:
        raise SettingError("invalid_setting", "HELLOWORD_EMBEDDER=openai needs HELLOWORD_LLM_URL")
    key = settings.llm_key.get_secret_value()
    return OpenAIEmbedder(url=settings.llm_url, model=settings.embedder_model, key=key)


def build_library(settings: Settings, embedder: Embedder) -> Library:
    """The library of the settings' shop; it is opened at its first use."""
    shop = urlsplit(settings.shop_url).netloc or "shop"
    return Library(
        embedder, shop=shop, path=settings.home / "library", chroma_url=settings.chroma_url,
        articles=Articles(figures(settings)),
    )  # fmt: skip


def staff_help(library: Library, limit: int = 3) -> Any:
    """`(query, language) -> articles as JSON`, for the staff's tools."""

    def search(query: str, language: str) -> Sequence[Mapping[str, Any]]:
        hits = library.search_help(query, audience="staff", language=language, limit=limit)
        return [{"id": hit.id, "title": hit.title, "text": hit.text, "score": hit.score} for hit in hits]

    return search
