"""Test sets of intents: reads a CSV of texts and labels, and finds out whose labels they are; for `eval intents`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal, NamedTuple

from knowledge.talk.corpus import label_names, mapping
from knowledge.talk.intents import OUT_OF_SCOPE, Audience, vocabulary
from knowledge.vocabulary.errors import InputError, NotFoundError

Mode = Literal["direct", "mapped", "recipe"]
# How other people's sets call what nobody should answer.
OUTSIDE = frozenset({"oos", "out_of_scope", "out-of-scope", "outofscope", "NO_NODES_DETECTED", "none"})
_COLUMNS = (("text", "intent"), ("sentence", "label"), ("text", "category"), ("text", "label"), ("utterance", "intent"))
# The share of a set's labels that a mapping table must know for the set to count as one of that table's.
_KNOWN_LABELS = 0.9


class Row(NamedTuple):
    """A text and its label as the file has it."""

    text: str
    label: str


def read_set(path: Path) -> list[Row]:
    """The rows of a CSV with a header naming `text,intent` (or `sentence,label`, …); other columns are ignored.

    Raises:
        NotFoundError: `no_data` when there is no such file.
        InputError: `invalid_csv` naming the line and the column, or what is missing in the header.
    """
    if not path.is_file():
        raise NotFoundError("no_data", f"{path} is not there")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("invalid_csv", path.name, f"is not UTF-8: {error.reason} at byte {error.start}") from error
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        text_at, label_at = _columns(path, header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(path, header, cells, reader.line_num, text_at, label_at))
    except csv.Error as error:
        raise InputError("invalid_csv", f"{path.name}, line {reader.line_num}", str(error)) from error
    if not rows:
        raise InputError("invalid_csv", path.name, "has a header and no rows")
    return rows


def _columns(path: Path, header: list[str]) -> tuple[int, int]:
    for text, label in _COLUMNS:
        if text in header and label in header:
            return header.index(text), header.index(label)
    missing = "intent" if "text" in header else "label" if "sentence" in header else "text"
    raise InputError(
        "invalid_csv", f"{path.name}, line 1",
        f"column {missing!r} is missing: text,intent (or sentence,label) are needed, there are {','.join(header)!r}",
    )  # fmt: skip


def _row(path: Path, header: list[str], cells: list[str], line: int, text_at: int, label_at: int) -> Row:
    place = f"{path.name}, line {line}"
    if len(cells) != len(header):
        raise InputError("invalid_csv", place, f"{len(cells)} columns where the header has {len(header)}")
    for at in (text_at, label_at):
        if not cells[at].strip():
            raise InputError("invalid_csv", place, f"column {header[at]!r} is empty")
    return Row(cells[text_at].strip(), cells[label_at].strip())


def translated(rows: list[Row]) -> tuple[Mode, str, list[Row]]:
    """The mode, what the labels are, and the rows with our labels.

    `direct`: every label is one of ours (`what` is the audience). `mapped`: a committed table knows the set's labels
    (`what` is the set); labels that it leaves out become "" (nothing of ours means the same). `recipe`: nobody knows
    them, and the rows come back as they are.
    """
    labels = {row.label for row in rows}
    ours: tuple[Audience, ...] = ("customer", "staff")
    for audience in ours:
        if {label for label in labels if label not in OUTSIDE} <= set(vocabulary(audience)):
            return "direct", audience, [Row(r.text, OUT_OF_SCOPE if r.label in OUTSIDE else r.label) for r in rows]
    known = {name: len(labels & label_names(name)) / len(labels) for name in mapping()}
    best = max(known, key=lambda name: known[name])
    if known[best] < _KNOWN_LABELS:
        return "recipe", "", rows
    return "mapped", best, [Row(row.text, mapping()[best].get(row.label, "")) for row in rows]
