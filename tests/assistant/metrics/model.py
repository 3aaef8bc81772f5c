"""The figures once more, the plainest way: from dicts, one loop each, without any of the product's counting."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from assistant.triage.levels import level_of
from tests.assistant.metrics.world import Row, World

REPAIRS = ("repaired", "repaired_with_approval", "alternative_accepted", "by_human", "cancelled_refunded")
Number = tuple[Any, float, int | None]
"""Value, numerator, denominator."""


def expected(world: World, start: datetime, end: datetime, now: datetime) -> dict[str, Number]:
    """Every figure of `[start, end)`, as it is at `now`."""

    def within(rows: list[Row], name: str) -> list[Row]:
        return [r for r in rows if r[name] is not None and start <= r[name] < end]

    ended = [r for r in within(world.episodes, "resolved_at") if r["resolution"]]
    own = [r for r in ended if r["resolution"] != "merged"]
    broken = [r for r in own if r["resolution"] != "false_alarm"]
    fixed = [r for r in broken if r["resolution"] in REPAIRS]
    whole = [r for r in fixed if r["proven_at"] is not None]
    treatable = [r for r in broken if r["live"] and ",payment_disputed," not in r["fault_codes"]]
    goods = [r for r in whole if r["resolution"] != "cancelled_refunded"]
    acted = [r for r in within(world.episodes, "first_action_at") if r["live"]]
    levels = [level_of(r | {"merged_into": r["merged_into"]}, now) for r in within(world.episodes, "detectable_at")]
    decided = [level for level in levels if level.met is not None]
    took = [max(0.0, _seconds(r, "resolved_at") - r["waited_seconds"]) for r in broken]
    began = [max(0.0, _seconds(r, "first_action_at")) for r in acted]
    rated = [a for a in within(world.answers, "answered_at") if a["rating"] is not None]
    asked = within(world.answers, "asked_at")
    due = [p for p in within(world.promises, "due_at") if p["state"] in ("kept", "broken")]
    sent = [m for m in within(world.messages, "at") if m["state"] in ("accepted", "delivered", "failed")]
    return {
        "repair_rate": share(whole, broken),
        "automatic_repair_rate": share([r for r in whole if r["resolution"] == "repaired"], broken),
        "automatic_repair_rate_repairable": share(
            [r for r in treatable if r["resolution"] == "repaired" and r["proven_at"]], treatable
        ),
        "repairs_unproven": count([r for r in fixed if r["proven_at"] is None]),
        "relapse_rate": share([r for r in own if r["reopened_at"] and r["status"] == "resolved"], own),
        "hand_off_rate": share([r for r in own if r["handed_off_at"]], own),
        "self_cleared_rate": share([r for r in own if r["resolution"] == "self_cleared"], own),
        "false_alarm_rate": share([r for r in own if r["resolution"] == "false_alarm"], own),
        "handling_time_mean": mean(took),
        "handling_time_p95": p95(took),
        "customer_wait_mean": mean([r["waited_seconds"] for r in broken]),
        "first_action_time_mean": mean(began),
        "first_action_time_p95": p95(began),
        "sla_attainment": share([level for level in decided if level.met], decided),
        "csat": share([a for a in rated if a["rating"] in (4, 5)], rated),
        "csat_change": change(world, rated, start, end),
        "feedback_response_rate": share([a for a in asked if a["rating"] is not None], asked),
        "promises_open": count([p for p in world.promises if p["state"] == "open"]),
        "promises_broken_rate": share([p for p in due if p["broken_at"]], due),
        "messages_accepted_rate": share([m for m in sent if m["state"] != "failed"], sent),
        "messages_delivered_rate": share([m for m in sent if m["state"] == "delivered"], sent),
        "value_saved": money(
            [(r["value_amount"], r["value_currency"]) for r in goods if r["value_currency"]], len(goods)
        ),
        "money_given": money([(g["amount"], g["currency"]) for g in within(world.given, "at")]),
        "cases_detected": count(within(world.episodes, "detected_at")),
        "cases_ended": count(own),
        "backlog": count([r for r in world.episodes if r["status"] not in ("resolved", "closed")]),
    }  # fmt: skip


def share(hits: list[Any], of: list[Any]) -> Number:
    return (round(len(hits) / len(of), 6) if of else None, len(hits), len(of))


def count(rows: list[Any]) -> Number:
    return (len(rows), len(rows), None)


def mean(values: list[float]) -> Number:
    total = round(math.fsum(round(v, 6) for v in values), 6)
    return (round(total / len(values), 6) if values else None, total, len(values))


def p95(values: list[float]) -> Number:
    """The smallest value that at least 95 % of all values don't exceed."""
    values = [round(v, 6) for v in values]
    fits = [v for v in values if sum(w <= v for w in values) * 100 >= 95 * len(values)]
    least = min(fits, default=None)
    return (least, sum(v >= least for v in values) if least is not None else 0, len(values))


def money(amounts: list[tuple[int, str]], of: int | None = None) -> Number:
    currencies = sorted({currency for _, currency in amounts})
    sums = [{"amount": sum(a for a, c in amounts if c == one), "currency": one} for one in currencies]
    of = len(amounts) if of is None else of
    return (sums if of else None, len(amounts), of)


def change(world: World, rated: list[Row], start: datetime, end: datetime) -> Number:
    before = [
        a for a in world.answers
        if a["rating"] is not None and a["answered_at"] and start - (end - start) <= a["answered_at"] < start
    ]  # fmt: skip
    satisfied: Callable[[list[Row]], int] = lambda rows: sum(a["rating"] > 3 for a in rows)  # noqa: E731
    value = None
    if before and rated:
        value = round(satisfied(rated) / len(rated) - satisfied(before) / len(before), 6)
    return (value, satisfied(rated), len(rated))


def _seconds(row: Row, name: str) -> float:
    return float((row[name] - row["detectable_at"]).total_seconds())
