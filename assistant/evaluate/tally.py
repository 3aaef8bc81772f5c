"""Counts what came of a sandbox run: by fault kind, on healthy orders, and how fast; the proof prints it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from assistant.evaluate.violation import Violation
from assistant.evaluate.world import ENDED, Row, World, grouped
from knowledge.vocabulary.codes import Severity

# The promises of row S5, in seconds from `detectable_at` to the first action.
PROMISED = {Severity.HIGH: 60, Severity.MEDIUM: 300, Severity.LOW: 1_800}


class FaultTally(msgspec.Struct, kw_only=True):
    """What came of one kind of fault: `detected` by its own name, `as_other` by another, `missed` altogether."""

    fault: str
    injected: int
    detected: int
    as_other: dict[str, int]
    missed: list[str]
    ended: dict[str, int]  # resolutions, and the states of cases that are still open
    acceptable: int
    unacceptable: list[str]


class HealthyTally(msgspec.Struct, kw_only=True):
    """What was done to orders that were healthy; `kind` is `ordinary` or a hard negative."""

    kind: str
    orders: int
    cases: list[str]  # false alarms
    faults: dict[str, int]
    repaired: list[str]  # checkouts that were written to: must be none
    disturbed: list[str]  # checkouts whose customer got a message: must be none


class Speed(msgspec.Struct, kw_only=True):
    """Seconds from `detectable_at`, by severity."""

    severity: str
    cases: int
    acted_on: int
    p50: float | None
    p95: float | None
    worst: float | None
    within: int  # of `acted_on`, how many within the promise


def by_fault(truth: Iterable[Row], world: World, bad: dict[str, str]) -> list[FaultTally]:
    """One line per kind of fault; `bad` are checkouts that ended unacceptably, and how."""
    broken = [row for row in truth if row["fault"]]
    return [_fault(kind, rows, world, bad) for kind, rows in sorted(grouped(broken, lambda r: r["fault"]).items())]


def _fault(kind: str, rows: list[Row], world: World, bad: dict[str, str]) -> FaultTally:
    detected, as_other, missed, ended = 0, Counter[str](), list[str](), Counter[str]()
    for row in rows:
        cases = world.cases_of(row["checkout_id"])
        codes = {fault["code"] for case in cases for fault in case["faults"]}
        detected += kind in codes
        if not cases:
            missed.append(row["checkout_id"])
        elif kind not in codes:
            as_other.update([", ".join(sorted(codes))])
        ended.update(_ending(case) for case in cases)
    unacceptable = [f"{r['checkout_id']}: {bad[r['checkout_id']]}" for r in rows if r["checkout_id"] in bad]
    return FaultTally(
        fault=kind, injected=len(rows), detected=detected, as_other=dict(as_other), missed=missed,
        ended=dict(ended.most_common()), acceptable=len(rows) - len(unacceptable), unacceptable=unacceptable,
    )  # fmt: skip


def _ending(case: Row) -> str:
    return str(case["resolution"] if case["status"] in ENDED else case["status"])


def on_healthy(truth: Iterable[Row], world: World) -> list[HealthyTally]:
    """One line per kind of healthy order."""
    healthy = grouped([row for row in truth if not row["fault"]], lambda r: r["hard_negative"] or "ordinary")
    written = grouped(world.effects, lambda e: world.case_by_id[e["case_id"]]["checkout_id"])
    return [_healthy(kind, rows, world, written) for kind, rows in sorted(healthy.items())]


def _healthy(kind: str, rows: list[Row], world: World, written: dict[str, list[Row]]) -> HealthyTally:
    ids = [row["checkout_id"] for row in rows]
    cases = [case for checkout_id in ids for case in world.cases_of(checkout_id)]
    codes = Counter(fault["code"] for case in cases for fault in case["faults"])
    verbs = {c: {e["action"] for e in written.get(c, []) if e["state"] != "rejected"} for c in ids}
    return HealthyTally(
        kind=kind, orders=len(rows), cases=[case["id"] for case in cases], faults=dict(codes),
        repaired=[c for c in ids if verbs[c] - {"send_message"}],
        disturbed=[c for c in ids if "send_message" in verbs[c]],
    )  # fmt: skip


def speeds(cases: Iterable[Row]) -> list[Speed]:
    """From `detectable_at` to the first action, by severity; cases that needed none are not acted on."""
    groups = grouped(list(cases), lambda case: case["severity"])
    return [_speed(severity, groups.get(severity, [])) for severity in Severity]


def _speed(severity: Severity, cases: list[Row]) -> Speed:
    took = sorted(
        (case["first_action_at"] - case["detectable_at"]).total_seconds() for case in cases if case["first_action_at"]
    )
    return Speed(
        severity=severity, cases=len(cases), acted_on=len(took), p50=quantile(took, 0.5), p95=quantile(took, 0.95),
        worst=took[-1] if took else None, within=sum(1 for seconds in took if seconds <= PROMISED[severity]),
    )  # fmt: skip


def quantile(ordered: list[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed (nearest rank); None of nothing."""
    if not ordered:
        return None
    rank = -(-len(ordered) * share // 1)  # rounded up
    return ordered[max(0, int(rank) - 1)]


def harm(healthy: Iterable[HealthyTally]) -> list[str]:
    """Healthy checkouts that something was done to."""
    return [checkout_id for kind in healthy for checkout_id in (*kind.repaired, *kind.disturbed)]


def shop_violations(judged: Row) -> list[Violation]:
    """What the shop's own judge found, and the cases it found adrift (7)."""
    found = [Violation(v["invariant"], v["subject"], v["what"]) for v in judged["violations"]]
    return found + [Violation(7, case, f"{status}, and nobody owns it") for case, status in judged["adrift"].items()]


def still_open(cases: Iterable[Row]) -> Counter[str]:
    """Cases that have not ended, by where they stand."""
    return Counter(str(case["status"]) for case in cases if case["status"] not in ENDED)
