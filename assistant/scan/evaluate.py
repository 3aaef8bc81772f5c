"""evaluate_olist: how well the scan finds what is known of real orders; `helloword eval scan` prints it."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from assistant.scan.mapping import load_preset
from assistant.scan.report import BrokenOrder
from assistant.scan.scanner import scan_file
from knowledge.vocabulary.errors import HellowordError, NotFoundError

WITH_ITEMS = "orders.jsonl.gz"  # every non-delivered order, and some delivered: no base rates
NATURAL = "orders_light_unbiased.jsonl.gz"  # orders as they come, without items

# The data's own labels, and the fault that has to be found where one is true.
LABELS = {
    "paid_no_items": "paid_out_of_stock",
    "never_approved": "payment_unconfirmed",
    "carrier_before_approval": "timeline_contradiction",
    "delivered_before_carrier": "timeline_contradiction",
    "amount_mismatch": "amount_mismatch",
}


def evaluate_olist(folder: Path) -> dict[str, Any]:
    """Recall per label, alarms on clean delivered orders, and precision at the natural base rate.

    The labels are read here only, never by the scan. Mismatches that plausible instalment interest explains are
    counted apart: they are surcharges, and an alarm on one would be false.

    Raises:
        NotFoundError: `no_data` when the folder hasn't both files.
    """
    missing = [name for name in (WITH_ITEMS, NATURAL) if not (folder / name).is_file()]
    if missing:
        raise NotFoundError("no_data", f"{folder} has no {', '.join(missing)}")
    found, seconds = _scan(folder / WITH_ITEMS)
    rows = list(_rows(folder / WITH_ITEMS))
    return {
        "orders": len(rows),
        "seconds": round(seconds, 2),
        "recall": {label: _recall(rows, found, label, code) for label, code in LABELS.items()},
        "interest": _interest(rows, found),
        "clean_delivered": _clean_delivered(rows, found),
        "natural": _natural(folder / NATURAL),
        "all_checks_at_natural_rate": _all_checks_at_natural_rate(rows, found, folder / NATURAL),
    }


def evaluate_command(folder: Path, *, as_json: bool = False) -> int:
    """Prints the evaluation (`helloword eval scan`); 0 when nothing known to be wrong was missed, 1 when something
    was, 2 when there is no data in `folder`.
    """
    try:
        figures = evaluate_olist(folder)
    except HellowordError as error:
        print(f"{error.code}: {error.detail}", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        print("\n".join(summary(figures)))
    missed = any(figure["missed"] for figure in figures["recall"].values())
    return 1 if missed or figures["interest"]["alarms"] else 0


def summary(figures: dict[str, Any]) -> list[str]:
    """The figures in lines; development figures where the data are a development half."""
    interest, clean, natural = figures["interest"], figures["clean_delivered"], figures["natural"]
    silent, delivered = natural["payment_unconfirmed"], natural["delivered"]
    whole = figures["all_checks_at_natural_rate"]
    lines = [f"{figures['orders']:,} orders with items in {figures['seconds']} s; found of what the labels say:"]
    lines += [f"  {label:<26}{f['code']:<24}{f['found']:>5} of {f['of']}" for label, f in figures["recall"].items()]
    lines += [
        f"Instalment interest recognised as a surcharge: {interest['recognised']} of {interest['orders']}",
        f"Alarms on delivered orders without any of these: {clean['alarms']} of {clean['orders']:,}",
        f"At the natural base rate, {natural['orders']:,} orders without items: {natural['alarms']} alarms "
        f"({natural['alarm_rate']:.2%}), precision {natural['precision']:.3f}; {delivered['alarms']} of "
        f"{delivered['orders']:,} delivered orders; {silent['never_fulfilled']} of {silent['alarms']} orders with an "
        "unconfirmed payment were never fulfilled",
        f"All checks, weighted to the natural base rate: {whole['alarm_rate']:.2%} alarms, "
        f"precision {whole['precision']:.3f}",
    ]
    return lines


def _scan(path: Path) -> tuple[dict[str, BrokenOrder], float]:
    found: dict[str, BrokenOrder] = {}
    report = scan_file(path, load_preset("olist"), on_broken=lambda broken: found.update({broken.order_id: broken}))
    return found, report.seconds


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line, parse_float=Decimal)


def _has(found: dict[str, BrokenOrder], row: dict[str, Any], code: str) -> bool:
    return row["order_id"] in found and code in found[row["order_id"]].faults


def _explained_by_interest(row: dict[str, Any]) -> bool:
    """More was charged than items and freight make, by credit card in instalments."""
    more = Decimal(row["payment_total"]) > Decimal(row["items_plus_freight_total"])
    return more and any(p["type"] == "credit_card" and p["installments"] > 1 for p in row["payments"])


def _recall(rows: list[dict[str, Any]], found: dict[str, BrokenOrder], label: str, code: str) -> dict[str, Any]:
    wanted = [row for row in rows if row["labels"][label]]
    if label == "amount_mismatch":
        wanted = [row for row in wanted if not _explained_by_interest(row)]
    missed = [row["order_id"] for row in wanted if not _has(found, row, code)]
    hits = len(wanted) - len(missed)
    return {"code": code, "found": hits, "of": len(wanted), "recall": _ratio(hits, len(wanted)), "missed": missed}


def _interest(rows: list[dict[str, Any]], found: dict[str, BrokenOrder]) -> dict[str, Any]:
    surcharged = [r for r in rows if r["labels"]["amount_mismatch"] and _explained_by_interest(r)]
    alarms = [r["order_id"] for r in surcharged if _has(found, r, "amount_mismatch")]
    return {"orders": len(surcharged), "recognised": len(surcharged) - len(alarms), "alarms": alarms}


def _wrong(row: dict[str, Any]) -> set[str]:
    """The codes the labels justify."""
    codes = {code for label, code in LABELS.items() if row["labels"][label] and label != "amount_mismatch"}
    mismatch = row["labels"]["amount_mismatch"] and not _explained_by_interest(row)
    return codes | ({"amount_mismatch"} if mismatch else set())


def _clean_delivered(rows: list[dict[str, Any]], found: dict[str, BrokenOrder]) -> dict[str, Any]:
    """Alarms on delivered orders none of whose labels says that anything is wrong."""
    clean = [row for row in rows if row["labels"]["final_status"] == "delivered" and not _wrong(row)]
    alarms = [
        {
            "order_id": row["order_id"],
            "faults": list(found[row["order_id"]].faults),
            "exact_difference": str(Decimal(row["payment_total"]) - Decimal(row["items_plus_freight_total"])),
        }
        for row in clean
        if row["order_id"] in found
    ]
    return {"orders": len(clean), "alarms": len(alarms), "rate": _ratio(len(alarms), len(clean)), "which": alarms}


def _all_checks_at_natural_rate(
    rows: list[dict[str, Any]], found: dict[str, BrokenOrder], natural: Path
) -> dict[str, Any]:
    """All checks' precision were the orders with items as common as their final states are by nature.

    Each state's alarms, and those of them that the labels justify, weighted by the state's natural share.
    """
    share = Counter(row["labels"]["final_status"] for row in _rows(natural))
    orders, alarms, right = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        state = row["labels"]["final_status"]
        orders[state] += 1
        if broken := found.get(row["order_id"]):
            alarms[state] += 1
            right[state] += set(broken.faults) <= _wrong(row)
    everything = sum(share[state] for state in orders)
    rate, justified = (
        sum(share[state] / everything * count[state] / orders[state] for state in orders) for count in (alarms, right)
    )
    return {"alarm_rate": round(rate, 6), "precision": round(justified / rate, 6) if rate else None}


def _natural(path: Path) -> dict[str, Any]:
    """Precision where orders come as they come.

    The file has no labels for these faults. The truth is read off its own fields, independently of the scan: never
    approved, or handed over before the approval or purchase, or delivered before it was handed over.
    """
    found, _ = _scan(path)
    orders, delivered, by_code = 0, Counter[bool](), Counter[str]()
    false, unfulfilled = [], Counter[bool]()
    for row in _rows(path):
        orders += 1
        broken = found.get(row["order_id"])
        delivered[broken is not None] += row["labels"]["final_status"] == "delivered"
        if broken is None:
            continue
        by_code.update(broken.faults)
        silent = "payment_unconfirmed" in broken.faults
        if (silent and row["approved_at"]) or ("timeline_contradiction" in broken.faults and not _contradicts(row)):
            false.append(row["order_id"])
        if silent:
            unfulfilled[row["labels"]["unfulfilled"]] += 1
    return {
        "orders": orders,
        "alarms": len(found),
        "alarm_rate": _ratio(len(found), orders),
        "by_code": dict(by_code),
        "false": false,
        "precision": _ratio(len(found) - len(false), len(found)),
        "delivered": {"orders": sum(delivered.values()), "alarms": delivered[True]},
        "payment_unconfirmed": {"alarms": sum(unfulfilled.values()), "never_fulfilled": unfulfilled[True]},
    }


def _contradicts(row: dict[str, Any]) -> bool:
    at = {k: datetime.fromisoformat(row[k]) if row[k] else None for k in
          ("purchased_at", "approved_at", "handed_to_carrier_at", "delivered_at")}  # fmt: skip
    handed, delivered = at["handed_to_carrier_at"], at["delivered_at"]
    before = [t for t in (at["purchased_at"], at["approved_at"]) if t]
    too_early = any(handed < t for t in before) if handed else False
    return too_early or any(delivered < t for t in [*before, *([handed] if handed else [])] if delivered)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
