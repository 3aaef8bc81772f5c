"""Compares the shop's own log of writes with the effects ledger: completes invariant 6; the proof calls it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from assistant.evaluate.violation import Violation
from assistant.evaluate.world import Row, grouped

APPLIED = "applied"
READS = ("/serviceability", "/pickup-points")  # contract B's questions that are asked by POST


def compare(log: list[Row], effects: list[Row], stopped: list[Row] | None = None) -> list[Violation]:
    """Violations of invariant 6 between what the shop saw (oldest first) and what was written down here.

    `stopped` are writes that a rough wire kept from the shop: they too were to be written down first.
    """
    return [
        *_unrecorded(log, effects), *_applied_twice(log), *_wrong_outcomes(log, effects),
        *_sent_in_secret(stopped or [], effects),
    ]  # fmt: skip


def _unrecorded(log: list[Row], effects: list[Row]) -> Iterator[Violation]:
    """Every write in the shop's log has exactly one row in the ledger, written before it, with the same bytes."""
    by_key = grouped(effects, lambda e: e["key"])
    for seen in log:
        key = seen["key"] or f"{seen['method']} {seen['path']} without a key"
        rows = by_key.get(seen["key"], [])
        if len(rows) != 1:
            yield Violation(6, key, f"{seen['path']} reached the shop and stands {len(rows)} times in the ledger")
            continue
        row = rows[0]
        if (row["method"], row["path"]) != (seen["method"], seen["path"]):
            yield Violation(6, key, f"written down as {row['method']} {row['path']}, sent as {seen['path']}")
        elif row["body_hash"] != seen["body_hash"]:
            yield Violation(6, key, f"{seen['path']} was sent with other bytes than were written down")
        elif (at := _time(seen["created_at"])) < row["created_at"]:
            yield Violation(6, key, f"reached the shop at {at}, was written down at {row['created_at']}")


def _applied_twice(log: list[Row]) -> Iterator[Violation]:
    for key, seen in grouped(log, lambda w: w["key"]).items():
        times = sum(1 for one in seen if one["outcome"] == APPLIED)
        if times > 1:
            yield Violation(6, str(key), f"{seen[0]['path']} was applied {times} times")


def _wrong_outcomes(log: list[Row], effects: list[Row]) -> Iterator[Violation]:
    """What counts as refused was not applied. (What counts as done may have been so already: a read-back showed it.)"""
    seen = grouped(log, lambda w: w["key"])
    for effect in effects:
        mine = seen.get(effect["key"], [])
        if effect["state"] == "rejected" and any(one["outcome"] == APPLIED for one in mine):
            yield Violation(6, effect["key"], f"{effect['path']} was applied and counts as refused")


def _sent_in_secret(stopped: list[Row], effects: list[Row]) -> Iterator[Violation]:
    known = {(effect["key"], effect["path"]) for effect in effects}
    for one in stopped:
        if one["path"] not in READS and (one["key"], one["path"]) not in known:
            yield Violation(6, str(one["key"]), f"{one['path']} was sent and is not in the ledger")


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
