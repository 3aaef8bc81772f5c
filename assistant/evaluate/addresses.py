"""How well addresses are read and completed, on gold-tagged Chinese ones; `helloword eval addresses` prints it."""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge.addresses import complete, parse
from knowledge.addresses.divisions import CITY, DISTRICT, PROVINCE, TOWN, Division, Index, index
from knowledge.models.intervals import wilson
from knowledge.vocabulary.errors import HellowordError, NotFoundError
from knowledge.vocabulary.events import Address

DATA = Path("../shared/data/zh_address/addresses.jsonl.gz")
FIELDS = {
    "province": "prov", "city": "city", "district": "district", "town": "town", "road": "road", "number": "roadno",
}  # fmt: skip
DIVISIONS = ("province", "city", "district")
LEVEL = {"province": PROVINCE, "city": CITY, "district": DISTRICT}
_ENDING = re.compile(r"(?:省|市|区|县|旗|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$")

Row = dict[str, Any]


def addresses_command(
    file: Annotated[Path, typer.Option("--set", help="gold-tagged addresses, JSON Lines (.gz)")] = DATA,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    half: Annotated[str, typer.Option(help="report (held out), tune (the rules were written on it) or all")] = "report",
) -> None:
    """Accuracy of reading Chinese addresses by field, and how often completing one fills in something wrong."""
    try:
        figures = evaluate_addresses(file, half)
    except HellowordError as error:
        print(f"{error.code}: {error.detail}", file=sys.stderr)
        raise typer.Exit(2) from error
    print(json.dumps(figures, ensure_ascii=False, indent=2) if as_json else "\n".join(summary(figures)))


def evaluate_addresses(file: Path, half: str = "report") -> dict[str, Any]:
    """Figures on one half of `file` (rows `{id, text, components: [[label, text]]}`), chosen by the id's checksum.

    Raises:
        NotFoundError: `no_data` when the file isn't there; `no_rows` when nothing in it belongs to the half.
    """
    if not file.is_file():
        raise NotFoundError("no_data", f"{file} is not there; give gold-tagged addresses with --set")
    rows = [row for row in _rows(file) if half in ("all", half_of(row["id"]))]
    if not rows:
        raise NotFoundError("no_rows", f"{file} has no rows of the half {half!r}")
    index()
    started = time.perf_counter()
    parsed = [parse(row["text"]) for row in rows]
    seconds = time.perf_counter() - started
    fields = {name: _field(rows, parsed, name, label) for name, label in FIELDS.items()}
    return {
        "half": half, "addresses": len(rows), "milliseconds_each": round(1000 * seconds / len(rows), 3),
        "fields": fields, "completion": _completion(rows),
    }  # fmt: skip


def half_of(row_id: str) -> str:
    """Whether the rules may be written looking at this row (`tune`) or it is held out (`report`)."""
    return "report" if zlib.crc32(row_id.encode()) % 2 else "tune"


def _rows(file: Path) -> Iterator[Row]:
    raw = file.read_bytes()
    text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode()
    return (json.loads(line) for line in text.splitlines() if line)


# -- reading --------------------------------------------------------------------------------------------------------


def gold(row: Row, label: str) -> str | None:
    """The first component with this label."""
    return next((text for name, text in row["components"] if name == label), None)


def _field(rows: list[Row], parsed: list[Any], name: str, label: str) -> dict[str, Any]:
    """`accuracy`: rows whose field is exactly right, absent ones included; precision and recall of stated parts."""
    seen: Counter[str] = Counter()
    for row, one in zip(rows, parsed, strict=True):
        wanted, got = gold(row, label), one.stated(name)
        seen["right"] += wanted == got
        seen["wanted"] += wanted is not None
        seen["got"] += got is not None
        seen["both"] += got is not None and wanted == got
    return {
        "accuracy": _share(seen["right"], len(rows)), "precision": _share(seen["both"], seen["got"]),
        "recall": _share(seen["both"], seen["wanted"]),
    }  # fmt: skip


# -- completing -----------------------------------------------------------------------------------------------------


def _completion(rows: list[Row]) -> dict[str, Any]:
    """Levels that the gold tags name are taken away; what `complete` then fills is compared with them.

    Left out are rows whose own divisions don't lie in each other by today's tables (a district dissolved or moved
    since the addresses were tagged): no answer there would be right. `redrawn` are those among the wrong ones where
    today's tables know the address' own town in the district that was filled in, and not in the tagged one.
    """
    tables = index()
    result: dict[str, Any] = {}
    outdated = 0
    seen: dict[str, Counter[str]] = {name: Counter() for name in DIVISIONS}
    wrong: list[dict[str, str]] = []
    for row in rows:
        named = {name: text for name in DIVISIONS if (text := gold(row, FIELDS[name]))}
        if not named:
            continue
        if not consistent(named, tables):
            outdated += 1
            continue
        for hidden, tagged in named.items():
            if not any(d.level == LEVEL[hidden] for d in _known(tagged, tables)):
                continue  # tagged on another level than the tables have it
            for keep in ([n for n in named if n != hidden], []):
                filled = _filled_without(row, named, hidden, keep)
                seen[hidden]["tried"] += 1
                seen[hidden]["filled"] += filled is not None
                if filled is not None and bare(filled) != bare(tagged):
                    seen[hidden]["wrong"] += 1
                    seen[hidden]["redrawn"] += hidden == "district" and _redrawn(row, filled, tables)
                    wrong.append({"id": row["id"], "field": hidden, "filled": filled, "gold": tagged})
    for name, counts in seen.items():
        result[name] = {
            "filled": _share(counts["filled"], counts["tried"]), "wrong": _share(counts["wrong"], counts["filled"]),
            "redrawn": counts["redrawn"],
        }  # fmt: skip
    total = sum((counts for counts in seen.values()), Counter())
    result["all"] = {
        "filled": _share(total["filled"], total["tried"]), "wrong": _share(total["wrong"], total["filled"]),
        "redrawn": total["redrawn"],
    }  # fmt: skip
    return result | {"left_out_as_outdated": outdated, "wrong_examples": wrong[:50]}


def _filled_without(row: Row, named: dict[str, str], hidden: str, keep: list[str]) -> str | None:
    """What `complete` fills in for the hidden level, given the kept ones as fields and the rest as the street."""
    rest = "".join(text for label, text in row["components"] if label not in {FIELDS[name] for name in DIVISIONS})
    address = Address(street=rest or None, **{name: named[name] for name in keep})
    if not keep:  # everything but the hidden level, as one text
        address = Address(text="".join(text for label, text in row["components"] if label != FIELDS[hidden]))
    found = complete(address).filled
    return next((one.value for one in found if one.field == hidden), None)


def bare(name: str) -> str:
    """A division's name without its ending."""
    return _ENDING.sub("", name) or name


def consistent(named: dict[str, str], tables: Index) -> bool:
    """Whether today's tables know the named divisions, one within the other."""
    place = None
    for level, name in ((PROVINCE, "province"), (CITY, "city"), (DISTRICT, "district")):
        text = named.get(name)
        if text is None:
            continue
        known = _known(text, tables)
        levels = (level, DISTRICT) if level == CITY else (level, CITY) if level == DISTRICT else (level,)
        fitting = [d for d in known if d.level in levels and (place is None or d.within(place) or d is place)]
        if not fitting:
            return False
        place = fitting[0] if len(fitting) == 1 else place
    return True


def _known(name: str, tables: Index) -> list[Division]:
    return [*tables.full.get(name, ()), *tables.short.get(name, ())]


def _redrawn(row: Row, filled: str, tables: Index) -> bool:
    towns = [d for d in tables.full.get(gold(row, "town") or "", ()) if d.level == TOWN]
    tagged = gold(row, "district") or ""
    above = [town.parents[-1].name for town in towns]
    return filled in above and not any(bare(name) == bare(tagged) for name in above)


def _share(hits: int, of: int) -> dict[str, Any]:
    low, high = wilson(hits, of)
    value = round(hits / of, 4) if of else None
    return {"value": value, "hits": hits, "of": of, "interval": [round(low, 4), round(high, 4)]}


# -- printing -------------------------------------------------------------------------------------------------------


def summary(figures: dict[str, Any]) -> list[str]:
    """The figures in lines, shares with their 95 % Wilson intervals."""
    held = {"report": "held out: no rule was written looking at them", "tune": "the rules were written on these"}
    lines = [
        f"{figures['addresses']:,} addresses ({held.get(figures['half'], 'both halves')}), "
        f"{figures['milliseconds_each']} ms each",
        f"  {'field':<10}{'accuracy':>26}{'precision':>26}{'recall':>26}",
    ]
    for name, one in figures["fields"].items():
        shown = "".join(f"{_text(one[key]):>26}" for key in ("accuracy", "precision", "recall"))
        lines.append(f"  {name:<10}{shown}")
    lines.append("Completing what was taken away:")
    completion = figures["completion"]
    for name in (*DIVISIONS, "all"):
        one = completion[name]
        lines.append(f"  {name:<10}filled {_text(one['filled'])}, of these wrong {_text(one['wrong'])}: "
                     f"{one['wrong']['hits']}, {one['redrawn']} of them redrawn since")
    lines.append(f"  {completion['left_out_as_outdated']} left out: today's tables no longer know their divisions so")
    return lines


def _text(share: dict[str, Any]) -> str:
    if share["value"] is None:
        return "-"
    low, high = share["interval"]
    return f"{share['value']:.2%} [{low:.2%}, {high:.2%}]"
