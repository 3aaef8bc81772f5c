"""Nothing of its own: who takes it over says how the order stands (`knowledge/phrases/handoff_messages.py`)."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {}
