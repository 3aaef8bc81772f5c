"""Reads that what is treated may not need: a definite no means that nothing is known, and stops nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from knowledge.vocabulary.errors import ReadRefusedError

T = TypeVar("T")
_log = logging.getLogger(__name__)


def unless_refused(what: str, read: Callable[[], T], *, needs_right: bool = False) -> T | None:
    """What `read` gives; None and a line in the log when the shop definitely refuses to tell.

    Raises:
        UnavailableError: as `read` raises it: no answer yet; with `needs_right` also when our token is refused.
    """
    try:
        return read()
    except ReadRefusedError as refused:
        if needs_right and refused.code.endswith("_unauthorised"):
            raise
        _log.warning("%s: refused, going on without (%s)", what, refused.code)
        return None
