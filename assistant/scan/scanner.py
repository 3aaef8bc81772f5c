"""scan_file: one pass over an export in event time, with flat memory; the command and the evaluation call it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from assistant.scan.checks import PRESUPPOSE_PAID, lacking, possible
from assistant.scan.files import BadRow, Export, Row, open_export
from assistant.scan.mapping import Mapping, check_columns, in_currency, load_preset, preset_names
from assistant.scan.report import BrokenOrder, ScanReport
from assistant.scan.snapshots import Readings, SnapshotBuilder
from assistant.scan.values import CellError
from knowledge.faults.catalogue import CATALOGUE, Fault
from knowledge.faults.context import Context
from knowledge.policies import Limits, Policies
from knowledge.vocabulary.codes import Severity
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

OnBroken = Callable[[BrokenOrder], None]
OnProgress = Callable[[Export, int], None]
_EVERY = 500  # rows between two words of progress


def scan_file(
    path: Path,
    mapping: Mapping | None = None,
    *,
    currency: str = "",
    limits: Limits | None = None,
    as_of: datetime | None = None,
    on_broken: OnBroken | None = None,
    on_progress: OnProgress | None = None,
) -> ScanReport:
    """Runs every detector the export can feed over every order in it.

    Without a mapping the preset whose columns are all there is taken. A deadline that had not passed `as_of` is
    counted as `running`, not as a fault; unless told, that is when the file was written, or the last time in it
    should that be later. `on_broken` gets each broken order as it is found, `on_progress` the export and the number
    of orders now and then.

    Raises:
        InputError: `unreadable_export`, `missing_columns`, `invalid_mapping`, `unknown_preset`, `no_usable_rows`.
    """
    began = time.monotonic()
    with open_export(path) as export:
        mapping = in_currency(mapping or guess(export, currency), currency)
        builder = SnapshotBuilder(mapping, check_columns(mapping, export.columns, str(path)), path.name)
        exported = builder.exported()
        report = ScanReport(file=path.name, mapping=mapping.name, not_checked=lacking(exported))
        policies = Policies(deadlines=mapping.step_deadlines(), limits=limits or Limits())
        report.as_of = as_of or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        scan = _Scan(possible(exported), policies, report, on_broken, fixed=as_of is not None)
        for number, (line, rows) in enumerate(_orders(export, builder, report)):
            try:
                readings = builder.build(rows, line)
            except CellError as error:
                report.count_bad(BadRow(line, str(error)))
                continue
            scan.examine(readings)
            if on_progress and number % _EVERY == 0:
                on_progress(export, report.orders)
        scan.finish()
        if on_progress:
            on_progress(export, report.orders)
    if report.rows and not report.orders:
        first = report.bad[0]
        raise InputError(
            "no_usable_rows", f"{path}:{first.line}", f"none of {report.rows} rows is usable; {first.reason}"
        )
    report.seconds = time.monotonic() - began
    return report


def guess(export: Export, currency: str = "") -> Mapping:
    """The first preset all of whose columns the export has.

    Raises:
        InputError: `missing_columns`, saying what each preset misses.
    """
    reasons = []
    for name in preset_names():
        mapping = in_currency(load_preset(name), currency)
        try:
            check_columns(mapping, export.columns, str(export.path))
        except InputError:
            missing = sorted(set(mapping.columns()) - set(export.columns) - set(mapping.optional))
            reasons.append(f"{name} misses {', '.join(missing) or 'a currency'}")
        else:
            return mapping
    detail = f"no preset fits ({'; '.join(reasons)}). It has: {', '.join(export.columns)}. Describe it with --mapping"
    raise InputError("missing_columns", str(export.path), detail)


def _orders(export: Export, builder: SnapshotBuilder, report: ScanReport) -> Iterator[tuple[int, list[Row]]]:
    """Each order's rows with the first one's line; consecutive rows of one id belong together where rows are lines."""
    grouped = builder.mapping.rows == "lines"
    start, current = 0, ""
    pending: list[Row] = []
    for line, row in export:
        report.rows += 1
        if isinstance(row, BadRow):
            report.count_bad(row)
            continue
        if not grouped:
            yield line, [row]
            continue
        try:
            order_id = builder.order_id(row)
        except CellError as error:
            report.count_bad(BadRow(line, str(error)))
            continue
        if pending and order_id != current:
            yield start, pending
            pending = []
        if not pending:
            start, current = line, order_id
        pending.append(row)
    if pending:
        yield start, pending


class _Scan:
    """Examines orders one by one. Orders with a deadline past `report.as_of` wait: it grows with the export's times."""

    def __init__(
        self, faults: list[Fault], policies: Policies, report: ScanReport, on_broken: OnBroken | None, *, fixed: bool
    ) -> None:
        self._faults, self._policies, self._report, self._on_broken = faults, policies, report, on_broken
        self._fixed = fixed
        self._waiting: list[tuple[datetime, int, list[Finding], OrderSnapshot]] = []
        self._number = 0

    def examine(self, readings: Readings) -> None:
        """Counts the order, and reports it once all its findings' deadlines have passed."""
        s, report = readings.snapshot, self._report
        report.count_order(s.submitted_at or readings.extent, readings.extent, s.total)
        if not self._fixed:
            report.as_of = max(report.as_of, readings.extent)
        if found := self._findings(readings):
            self._number += 1
            heapq.heappush(self._waiting, (max(f.detectable_at for f in found), self._number, found, s))
        while self._waiting and self._waiting[0][0] <= report.as_of:
            self._report_order(*heapq.heappop(self._waiting)[2:])

    def finish(self) -> None:
        """What still waits has a deadline running; what else is wrong with those orders is reported."""
        while self._waiting:
            self._report_order(*heapq.heappop(self._waiting)[2:])

    def _findings(self, readings: Readings) -> list[Finding]:
        ctx = Context(readings.extent, self._policies)
        found = [f for fault in self._faults for f in fault.detect(readings.snapshot, ctx)]
        if readings.by_lists is not None:
            codes = PRESUPPOSE_PAID - {f.code for f in found}
            found += [f for fault in self._faults if fault.code in codes for f in fault.detect(readings.by_lists, ctx)]
        return found

    def _report_order(self, found: list[Finding], s: OrderSnapshot) -> None:
        due = sorted((f for f in found if f.detectable_at <= self._report.as_of), key=lambda f: f.severity.rank)
        self._report.running += len(found) - len(due)
        if not due:
            return
        broken = _broken_order(s, due, high=self._policies.limits.is_high_value(s.total))
        self._report.count_broken(broken, due, s.submitted_at or due[0].detectable_at)
        if self._on_broken:
            self._on_broken(broken)


_TREATMENT = {code: rank for rank, code in enumerate(CATALOGUE)}


def _broken_order(s: OrderSnapshot, findings: list[Finding], *, high: bool) -> BrokenOrder:
    """The order's line of the findings file; `findings` come gravest first, `high` lifts a high-value order."""
    first = min(findings, key=lambda f: _TREATMENT[f.code])
    return BrokenOrder(
        order_id=s.checkout_id,
        faults=list(dict.fromkeys(f.code for f in findings)),
        severity=Severity.HIGH if high else findings[0].severity,
        value_at_risk=_most([f.at_risk for f in findings if f.at_risk]),
        suggested=dict(CATALOGUE[first.code].texts["suggested"]),
        evidence=[
            {"fault": f.code.value, "kind": e.kind, "ref": e.ref, "at": e.at, "value": e.value}
            for f in findings
            for e in f.evidence
        ],
    )


def _most(amounts: list[Money]) -> Money | None:
    """The largest: an order's faults put the same money at risk, not the sum of it."""
    return max(amounts, key=lambda m: m.amount, default=None)
