"""StockLevel: what shop and inventory system last said about one sku, and since when they disagree; pure data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Evidence

_KEPT = 50  # disagreeing observations that are remembered: the first ones and the latest


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What was said about a sku at one moment, in pieces; `ref` names the event or read-back, `at` is aware UTC."""

    at: datetime
    heard_at: datetime
    ref: str
    kind: Literal["event", "read_back"] = "event"
    on_hand: int = 0
    available: int = 0
    shop_listed: int | None = None

    @property
    def difference(self) -> int:
        """Pieces that the shop shows beyond what is there; a shop shows an oversold sku as none."""
        return 0 if self.shop_listed is None else self.shop_listed - max(0, self.available)

    def evidence(self) -> Evidence:
        """Which system said what."""
        value = {"inventory": {"on_hand": self.on_hand, "available": self.available}}
        return Evidence(self.kind, self.ref, self.at, {**value, "shop": {"shop_listed": self.shop_listed}})


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Observations of one sku, folded. `differing` are those after the last agreeing one (`agreed_at`), by time.

    Depends on the set of observations, not on the order they come in, and hearing one twice changes nothing (as long
    as no more than `_KEPT` differ in a row; beyond that those in the middle are forgotten).
    """

    sku: str
    latest: Observation | None = None
    agreed_at: datetime | None = None
    differing: list[Observation] = []

    @property
    def standing(self) -> list[Observation]:
        """Those that tell of one difference: where both figures moved, the shop follows, and its lag starts anew."""
        start = 0
        for index, one in enumerate(self.differing):
            first = self.differing[start]
            if one.shop_listed != first.shop_listed and one.available != first.available:
                start = index
        return self.differing[start:]

    @property
    def differs_since(self) -> datetime | None:
        """When the two systems began to disagree as they do; None while they agree."""
        return self.standing[0].at if self.differing else None

    def observe(self, *observations: Observation) -> StockLevel:
        """The level with these observations; one that doesn't tell the shop's figure says nothing."""
        telling = [o for o in observations if o.shop_listed is not None]
        latest = max([*([self.latest] if self.latest else []), *telling], key=_when, default=None)
        agreeing = [o.at for o in telling if not o.difference]
        agreed_at = max([*([self.agreed_at] if self.agreed_at else []), *agreeing], default=None)
        known = {o.ref: o for o in sorted([*self.differing, *(o for o in telling if o.difference)], key=_when)}
        differing = sorted((o for o in known.values() if agreed_at is None or o.at > agreed_at), key=_when)
        if len(differing) > _KEPT:
            differing = [*differing[: _KEPT - 1], differing[-1]]
        return StockLevel(sku=self.sku, latest=latest, agreed_at=agreed_at, differing=differing)


def _when(o: Observation) -> tuple[datetime, str]:
    return o.at, o.ref


def observed(event: Event) -> Observation:
    """What an `inventory.level` event says."""
    data: dict[str, Any] = event.data
    return Observation(
        at=event.at, heard_at=event.received_at, ref=event.ref, on_hand=data.get("on_hand") or 0,
        available=data.get("available") or 0, shop_listed=data.get("shop_listed"),
    )  # fmt: skip


def level_of(sku: str, events: Iterable[Event]) -> StockLevel:
    """The sku's level as its `inventory.level` events tell it."""
    told = [e for e in events if e.type == "inventory.level" and (e.data.get("sku") or e.subject) == sku]
    return StockLevel(sku=sku).observe(*map(observed, told))
