"""Keeps tests on this machine: no settings, keys or models of whoever runs them, no network but loopback."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1,::1,localhost"
NOWHERE = "http://127.0.0.1:9"  # the discard port: a program that tries to get out fails at once
OURS = re.compile(r"HELLOWORD_(?!TEST_)")
SECRET = re.compile(
    r".*(API_?KEY|_TOKEN|_SECRET)|(OPENAI|ANTHROPIC|AZURE|LANGSMITH|LANGCHAIN|HF)_.*", re.IGNORECASE
)
FIXED = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
} | {name: NOWHERE for way in ("http", "https", "all") for name in (f"{way}_proxy", f"{way.upper()}_PROXY")}


def isolate(home: Path) -> None:
    """Cleans this process's environment, and so that of every program a test starts.

    Args:
        home: an empty folder that stands in for the product's own (HELLOWORD_HOME).
    """
    for name in foreign(os.environ):
        del os.environ[name]
    os.environ.update(FIXED, HELLOWORD_HOME=str(home))


def foreign(names: Iterable[str]) -> list[str]:
    """The variables among `names` that must not reach a test: our settings, and anybody's keys."""
    return [name for name in names if OURS.match(name) or SECRET.fullmatch(name)]
