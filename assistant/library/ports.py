"""What the library needs of the house: a reader of cases and their orders (`assistant.cases.views.Views` is one)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class CaseSource(Protocol):
    """Reads; nothing here writes."""

    def case(self, case_id: str, language: str = "en") -> Mapping[str, Any]:
        """Contract C's case as JSON.

        Raises:
            NotFoundError: there is no such case.
        """
        ...

    def order(self, checkout_id: str) -> Mapping[str, Any]:
        """`{checkout_id, snapshot, read_back}` as JSON; null where nothing is known."""
        ...
