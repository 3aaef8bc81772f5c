"""Looks up where a customer could fetch a parcel that can't be delivered."""

from __future__ import annotations

from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import PickupPointFact
from tools.connectors.ports import LogisticsReader
from tools.lookups.optional import unless_refused


def pickup_points(reader: LogisticsReader, address: Address, limit: int = 3) -> list[PickupPointFact]:
    """At most `limit` pickup points, nearest first; those of unknown distance last; none where nobody tells.

    Raises:
        UnavailableError: the logistics system doesn't answer.
    """
    found = unless_refused("pickup points", lambda: reader.pickup_points(address, limit)) or []
    far = float("inf")
    return sorted(found, key=lambda point: far if point.distance_m is None else point.distance_m)[:limit]
