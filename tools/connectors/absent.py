"""The shop that is not connected: every read and write says so. Used until `HELLOWORD_SHOP_URL` is set."""

from __future__ import annotations

from typing import Any, NoReturn

from knowledge.vocabulary.errors import UnavailableError
from tools.connectors.outcome import Outcome, retryable
from tools.connectors.ports import WriteRequest

_DETAIL = "no shop is connected: set HELLOWORD_SHOP_URL and HELLOWORD_SHOP_TOKEN"


class _AbsentReader:
    """Raises UnavailableError `shop_not_connected` whatever is read."""

    def __getattr__(self, name: str) -> Any:
        def read(*_: Any, **__: Any) -> NoReturn:
            raise UnavailableError("shop_not_connected", _DETAIL)

        return read


class _AbsentWriter:
    """Sends nothing."""

    def capabilities(self) -> frozenset[str]:
        """None of the systems."""
        return frozenset()

    def send(self, request: WriteRequest) -> Outcome:
        """`retryable`: certainly not applied."""
        return retryable("shop_not_connected", 30.0, _DETAIL)


class AbsentShop:
    """Stands where a connected shop would."""

    def __init__(self) -> None:
        self.reader: Any = _AbsentReader()
        self.writer = _AbsentWriter()

    def refusing(self) -> frozenset[str]:
        """None: what is not there does not keep failing."""
        return frozenset()

    def close(self) -> None:
        """Nothing to close."""
