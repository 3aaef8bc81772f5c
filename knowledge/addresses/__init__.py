"""Reading addresses: free text taken apart, and what is missing completed where the rest of it implies it; pure."""

from __future__ import annotations

from knowledge.addresses.completion import Completion, Filled, complete
from knowledge.addresses.parsing import ParsedAddress, Part, parse

__all__ = ["Completion", "Filled", "ParsedAddress", "Part", "complete", "parse"]
