"""From the deciding event to the open case and to the first action, one broken order at a time; for the bench."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import msgspec

from assistant.evaluate.processes import House, checked
from assistant.evaluate.tally import quantile
from knowledge.vocabulary.codes import Severity
from knowledge.vocabulary.errors import HellowordError

# High-severity faults that the machine repairs: one found by a deadline, one by an event.
FAULTS = ("paid_order_missing", "paid_out_of_stock")
PATIENCE = 30.0  # seconds for one order
POLL = 0.1
BREATH = 0.5  # seconds of quiet between two orders


class Sample(msgspec.Struct, frozen=True):
    """One broken order; seconds from `detectable_at`."""

    fault: str
    to_case: float
    to_action: float


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """p50, p95 and p99 of one distance, in seconds; `fault` is `all` for both kinds together."""

    fault: str
    samples: int
    to_case: dict[str, float | None]
    to_action: dict[str, float | None]


def measure_latency(house: House, samples: int) -> list[Latency]:
    """Breaks `samples` orders, one after the other, alternating between the faults.

    Raises:
        HellowordError: `evaluation_failed` when an order got no high-severity case, or nobody acted on it.
    """
    _sample(house, FAULTS[0])  # warms up: the first journey loads what the others find loaded
    found = [_sample(house, FAULTS[number % len(FAULTS)]) for number in range(samples)]
    return [_summary(fault, found) for fault in (*FAULTS, "all")]


def _sample(house: House, fault: str) -> Sample:
    wish = {"fault": fault, "options": {"customer": "answers", "variant": _VARIANTS.get(fault)}}
    checkout_id = house.ask_shop("POST", "scenario", json=wish)["checkout_id"]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(POLL)
        items = checked(house.api.get("/v1/cases", params={"checkout_id": checkout_id}))["items"]
        if items and items[0]["first_action_at"]:
            time.sleep(BREATH)
            return _sampled(fault, items[0])
    raise HellowordError("evaluation_failed", f"nobody acted on {checkout_id} ({fault}) within {PATIENCE:.0f} s")


_VARIANTS = {"paid_order_missing": "captured"}


def _sampled(fault: str, case: dict[str, Any]) -> Sample:
    if case["severity"] != Severity.HIGH:
        raise HellowordError("evaluation_failed", f"case {case['id']} ({fault}) is {case['severity']}, not high")
    detectable, detected, acted = (
        datetime.fromisoformat(case[name]) for name in ("detectable_at", "detected_at", "first_action_at")
    )
    return Sample(fault, (detected - detectable).total_seconds(), (acted - detectable).total_seconds())


def _summary(fault: str, found: list[Sample]) -> Latency:
    mine = [sample for sample in found if fault in (sample.fault, "all")]
    return Latency(
        fault=fault, samples=len(mine), to_case=_quantiles([s.to_case for s in mine]),
        to_action=_quantiles([s.to_action for s in mine]),
    )  # fmt: skip


def _quantiles(values: list[float]) -> dict[str, float | None]:
    ordered = sorted(values)
    return {name: quantile(ordered, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
