"""A sku's stock figure concerns no customer: nobody is told anything."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {}
