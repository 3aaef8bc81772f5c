"""ScanReport: what a scan found, as plain data; the table, the JSON and the HTML page are made of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from assistant.scan.checks import WORDS
from assistant.scan.files import BadRow
from knowledge.faults.catalogue import CATALOGUE
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money

KEPT_BAD_ROWS = 10_000  # named one by one; all are counted


class Tally(msgspec.Struct):
    """Orders with one fault, and their money at risk in minor units by currency."""

    orders: int = 0
    at_risk: Counter[str] = msgspec.field(default_factory=Counter)
    severity: Severity = Severity.LOW


class BrokenOrder(msgspec.Struct, frozen=True):
    """One line of the findings file. `faults` come gravest first; `suggested` is what would be tried first."""

    order_id: str
    faults: list[FaultCode]
    severity: Severity
    value_at_risk: Money | None
    suggested: dict[str, str]
    evidence: list[dict[str, Any]]


class ScanReport(msgspec.Struct, kw_only=True):
    """Counts of a whole export. `running` are faults whose deadline had not passed `as_of` (UTC)."""

    file: str
    mapping: str
    not_checked: dict[FaultCode, list[str]]
    orders: int = 0
    rows: int = 0
    broken: int = 0
    running: int = 0
    bad_rows: int = 0
    bad: list[BadRow] = []
    first: datetime | None = None
    last: datetime | None = None
    as_of: datetime = datetime.min.replace(tzinfo=UTC)
    seconds: float = 0.0
    value: Counter[str] = msgspec.field(default_factory=Counter)
    at_risk: Counter[str] = msgspec.field(default_factory=Counter)
    by_severity: Counter[str] = msgspec.field(default_factory=Counter)
    faults: dict[FaultCode, Tally] = msgspec.field(default_factory=lambda: defaultdict(Tally))
    months: dict[str, list[int]] = msgspec.field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def count_order(self, at: datetime, extent: datetime, total: Money | None) -> None:
        """One order read, submitted `at`, its last time `extent`."""
        self.orders += 1
        self.months[f"{at:%Y-%m}"][0] += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = extent if self.last is None else max(self.last, extent)
        if total:
            self.value[total.currency] += total.amount

    def count_broken(self, broken: BrokenOrder, findings: list[Finding], at: datetime) -> None:
        """One broken order, submitted `at`."""
        self.broken += 1
        self.months[f"{at:%Y-%m}"][1] += 1
        self.by_severity[broken.severity] += 1
        if risk := broken.value_at_risk:
            self.at_risk[risk.currency] += risk.amount
        worst: dict[FaultCode, Finding] = {}
        for finding in findings:
            worst.setdefault(finding.code, finding)
        for code, finding in worst.items():
            tally = self.faults[code]
            tally.orders += 1
            tally.severity = min(tally.severity, finding.severity, key=lambda s: s.rank)
            if finding.at_risk:
                tally.at_risk[finding.at_risk.currency] += finding.at_risk.amount

    def count_bad(self, bad: BadRow) -> None:
        """One row that could not be used."""
        self.bad_rows += 1
        if len(self.bad) < KEPT_BAD_ROWS:
            self.bad.append(bad)

    def json(self) -> dict[str, Any]:
        """The report for programs: both languages' titles, money in minor units, what was not checked and why."""
        return {
            "file": self.file,
            "mapping": self.mapping,
            "rows": self.rows,
            "orders": self.orders,
            "broken": self.broken,
            "broken_share": round(self.broken / self.orders, 6) if self.orders else None,
            "running": self.running,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
            "as_of": self.as_of.isoformat(),
            "value": _money(self.value),
            "value_at_risk": _money(self.at_risk),
            "severities": {s.value: self.by_severity[s] for s in Severity},
            "faults": [self._fault(code) for code in self.checked()],
            "not_checked": [
                {"code": code.value, "title": _text(code, "title"), "not_exported": [WORDS[n] for n in needs]}
                for code, needs in self.not_checked.items()
            ],
            "bad_rows": {"count": self.bad_rows, "rows": msgspec.to_builtins(self.bad)},
            "seconds": round(self.seconds, 3),
        }

    def checked(self) -> list[FaultCode]:
        """The codes that were checked, most orders first."""
        codes = [code for code in CATALOGUE if code not in self.not_checked]
        return sorted(codes, key=lambda code: -self.faults[code].orders if code in self.faults else 0)

    def _fault(self, code: FaultCode) -> dict[str, Any]:
        tally = self.faults.get(code) or Tally(severity=CATALOGUE[code].severity)
        return {
            "code": code.value,
            "title": _text(code, "title"),
            "severity": tally.severity.value,
            "orders": tally.orders,
            "value_at_risk": _money(tally.at_risk),
            "suggested": _text(code, "suggested"),
            "automatic": CATALOGUE[code].plan is not None,
        }


def _text(code: FaultCode, key: str) -> dict[str, str]:
    return dict(CATALOGUE[code].texts[key])


def _money(amounts: Counter[str]) -> list[dict[str, int | str]]:
    return [Money(amount, currency).json() for currency, amount in sorted(amounts.items())]
