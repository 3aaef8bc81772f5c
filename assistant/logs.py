"""Structured logs: one JSON object (or console line) per event, with the case id, and nothing personal."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from assistant.settings import Settings
from knowledge.vocabulary.personal import mask_text


def configure_logs(settings: Settings) -> None:
    """Sets up structlog and routes the standard library's warnings through it; called once at start."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared))  # fmt: skip
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    for noisy in ("httpx", "httpcore", "dbos", "chromadb", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _mask(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """E-mail addresses, phone and id-card numbers never reach a log line, not even inside an error's text."""
    return {
        key: mask_text(value) if isinstance(value, str) and key not in ("timestamp", "case_id") else value
        for key, value in event.items()
    }
