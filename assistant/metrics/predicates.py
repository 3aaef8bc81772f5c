"""What the definitions of figures ask of an episode; pure."""

from __future__ import annotations

from assistant.metrics.rows import Episode
from knowledge.faults.catalogue import CATALOGUE
from knowledge.vocabulary.codes import FaultCode, Resolution

REPAIRS = frozenset({
    Resolution.REPAIRED, Resolution.REPAIRED_WITH_APPROVAL, Resolution.ALTERNATIVE_ACCEPTED, Resolution.BY_HUMAN,
    Resolution.CANCELLED_REFUNDED,
})  # fmt: skip
"""Endings after which the systems agree again; a repair only where a read-back proved it."""
SAVED = REPAIRS - {Resolution.CANCELLED_REFUNDED}
"""Of them those after which the customer has the goods."""
_NOT_BROKEN = (Resolution.MERGED, Resolution.FALSE_ALARM)
_CODES = frozenset(str(code) for code in FaultCode)


def ended(e: Episode) -> bool:
    """It has ended, however."""
    return e.resolved_at is not None and e.resolution is not None


def not_merged(e: Episode) -> bool:
    """It has ended, and not as part of another case."""
    return ended(e) and e.resolution != Resolution.MERGED


def was_broken(e: Episode) -> bool:
    """It has ended and was about a broken order of its own: neither merged nor a false alarm."""
    return ended(e) and e.resolution not in _NOT_BROKEN


def proven(e: Episode) -> bool:
    """A repair that a read-back after the last write proved."""
    return was_broken(e) and e.resolution in REPAIRS and e.proven_at is not None


def by_itself(e: Episode) -> bool:
    """Proven, and by the system alone."""
    return proven(e) and e.resolution == Resolution.REPAIRED


def repairable(e: Episode) -> bool:
    """It was broken, its leading fault has a playbook, and it was recent enough to be touched."""
    fault = CATALOGUE.get(FaultCode(e.fault)) if e.fault in _CODES else None
    return was_broken(e) and e.live and fault is not None and fault.plan is not None


def saved(e: Episode) -> bool:
    """A proven repair after which the customer has the goods."""
    return proven(e) and e.resolution in SAVED


def promised(e: Episode) -> bool:
    """Its service level was met or missed."""
    return e.level is not None and e.level.met is not None


def acted(e: Episode) -> bool:
    """Something was done about it, live."""
    return e.live and e.first_action_at is not None


def relapsed(e: Episode) -> bool:
    """It came back while it was still watched."""
    return e.reopened_at is not None and e.status == "resolved"


def handling_seconds(e: Episode) -> float:
    """From when the fault could be known to its end, without the waits for the customer."""
    end = e.resolved_at or e.detectable_at
    return max(0.0, (end - e.detectable_at).total_seconds() - e.waited_seconds)


def first_action_seconds(e: Episode) -> float:
    """From when the fault could be known to the first action."""
    return max(0.0, ((e.first_action_at or e.detectable_at) - e.detectable_at).total_seconds())


def kept_promise(e: Episode) -> bool:
    """Its service level was met."""
    return e.level is not None and e.level.met is True
