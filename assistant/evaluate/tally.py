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
    """What came of one kind of fault: `detected` by its own name, `as_other` by another, `missed` altogether.

    `for_machine` were marked as repairable by a machine before anybody looked; `alone` ended well without a human,
    `alone_of_those` among the marked ones. `acceptable` ends include those with a human where the story needs one.
    """

    fault: str
    injected: int
    detected: int
    as_other: dict[str, int]
    missed: list[str]
    ended: dict[str, int]  # resolutions, and the states of cases that are still open
    for_machine: int
    alone: int
    alone_of_those: int
    by_itself: int  # of `alone`, those that were right again before we did anything
    not_alone: list[str]  # marked, and yet not repaired without a human
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


class Aim(msgspec.Struct, kw_only=True):
    """One figure of the measure, with what is aimed at: at least (or for harm, at most) `aim`; None where none is."""

    name: str
    hits: int
    of: int
    aim: float | None = None
    at_most: bool = False

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def met(self) -> bool:
        """Whether the aim is reached; without one, or without anything to measure, yes."""
        if self.aim is None or self.value is None:
            return True
        return self.value <= self.aim if self.at_most else self.value >= self.aim


def aims(faults: list[FaultTally], healthy: list[HealthyTally], violations: int) -> list[Aim]:
    """The measure of a run: what is found, what is done in vain, what is repaired, how it ends."""
    def total(name: str) -> int:
        return sum(getattr(one, name) for one in faults)

    injected = total("injected")
    orders = sum(one.orders for one in healthy)
    return [
        Aim(name="faults found, by any name", hits=injected - sum(len(f.missed) for f in faults), of=injected),
        Aim(name="faults found by their own name", hits=total("detected"), of=injected),
        Aim(name="cases on healthy orders", hits=sum(len(h.cases) for h in healthy), of=orders),
        Aim(name="healthy orders written to or disturbed", hits=len(harm(healthy)), of=orders, aim=0.0, at_most=True),
        Aim(
            name="repaired without a human, of what a machine could", hits=total("alone_of_those"),
            of=total("for_machine"), aim=0.90,
        ),
        Aim(name="repaired without a human, of all", hits=total("alone"), of=injected, aim=0.65),
        Aim(name="… of which right again by itself", hits=total("by_itself"), of=injected),
        Aim(name="acceptable ends, with alternatives and approval", hits=total("acceptable"), of=injected, aim=0.97),
        Aim(name="violations of the invariants", hits=violations, of=1, aim=0.0, at_most=True),
    ]  # fmt: skip


class Speed(msgspec.Struct, kw_only=True):
    """Seconds from `detectable_at`, by severity."""

    severity: str
    cases: int
    acted_on: int
    p50: float | None
    p95: float | None
    worst: float | None
    within: int  # of `acted_on`, how many within the promise


class Ends(msgspec.Struct, frozen=True):
    """How the shop's judge found each checkout: (state, verdict) by id."""

    states: dict[str, tuple[str, str]] = {}

    @classmethod
    def of(cls, judged: Row) -> Ends:
        """From the judge's report."""
        found = {subject: (state, verdict) for subject, (state, verdict) in judged.get("states", {}).items()}
        bad = {checkout_id: (state, "bad") for checkout_id, _, state in judged["bad"]}
        return cls(found | bad)

    def accepted(self, row: Row, cases: list[Row]) -> bool:
        """Whether this end is one the story allows; what the judge does not see ends as its cases do."""
        if row["checkout_id"] not in self.states:
            return bool(cases) and all(case["status"] in ENDED or case["owner_kind"] for case in cases)
        state, verdict = self.states[row["checkout_id"]]
        return verdict == "ok" or (verdict == "owned" and f"{state}+owner" in row["acceptable"])

    def told(self, row: Row) -> str:
        """The end in words."""
        state, verdict = self.states.get(row["checkout_id"], ("unknown to the judge", ""))
        return f"{state} ({verdict})" if verdict else state


def by_fault(truth: Iterable[Row], world: World, ends: Ends) -> list[FaultTally]:
    """One line per kind of fault."""
    broken = [row for row in truth if row["fault"]]
    return [_fault(kind, rows, world, ends) for kind, rows in sorted(grouped(broken, lambda r: r["fault"]).items())]


def _fault(kind: str, rows: list[Row], world: World, ends: Ends) -> FaultTally:
    detected, as_other, missed, ended = 0, Counter[str](), list[str](), Counter[str]()
    alone, unacceptable, by_itself = set[str](), list[str](), 0
    for row in rows:
        cases = cases_about(row, world)
        codes = {fault["code"] for case in cases for fault in case["faults"]}
        detected += kind in codes
        if not cases:
            missed.append(row["checkout_id"])
        elif kind not in codes:
            as_other.update([", ".join(sorted(codes))])
        ended.update(_ending(case) for case in cases)
        accepted = ends.accepted(row, cases)
        if not accepted:
            unacceptable.append(f"{row['checkout_id']}: {ends.told(row)}")
        elif cases and all(without_human(case) for case in cases):
            alone.add(row["checkout_id"])
            by_itself += all(case["resolution"] == "self_cleared" for case in cases)
    marked = [row["checkout_id"] for row in rows if row["machine_repairable"]]
    return FaultTally(
        fault=kind, injected=len(rows), detected=detected, as_other=dict(as_other), missed=missed,
        ended=dict(ended.most_common()), for_machine=len(marked), alone=len(alone),
        alone_of_those=sum(subject in alone for subject in marked),
        by_itself=by_itself, not_alone=[subject for subject in marked if subject not in alone],
        acceptable=len(rows) - len(unacceptable), unacceptable=unacceptable,
    )  # fmt: skip


def cases_about(row: Row, world: World) -> list[Row]:
    """The cases about what the truth's row is about: a checkout, a payment or a sku."""
    subject = row.get("subject") or {"kind": "checkout", "id": row["checkout_id"]}
    if subject["kind"] == "checkout":
        return world.cases_of(subject["id"])
    return [c for c in world.cases if (c["subject_kind"], c["subject_id"]) == (subject["kind"], subject["id"])]


ALONE = ("repaired", "alternative_accepted", "cancelled_refunded", "self_cleared", "no_response")


def without_human(case: Row) -> bool:
    """Whether the case ended with nobody of ours having decided or owned anything."""
    return (
        case["status"] in ENDED and case["resolution"] in ALONE and not case["by_approval"] and not case["owner_kind"]
    )


def _ending(case: Row) -> str:
    return str(case["resolution"] if case["status"] in ENDED else case["status"])


def on_healthy(truth: Iterable[Row], world: World) -> list[HealthyTally]:
    """One line per kind of healthy order."""
    healthy = grouped([row for row in truth if not row["fault"]], _kind)
    written = grouped(world.effects, lambda e: world.case_by_id[e["case_id"]]["checkout_id"])
    return [_healthy(kind, rows, world, written) for kind, rows in sorted(healthy.items())]


def _kind(row: Row) -> str:
    if row["hard_negative"]:
        return str(row["hard_negative"])
    return "beside a broken one" if row.get("others") else "ordinary"


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
