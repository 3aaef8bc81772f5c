"""The truth about every checkout (or sku, or stray payment), one JSON line each, in a file that is never served;
written by the stage, read by the judge."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class TruthBook:
    """Appends rows to the file (if there is one) and keeps them by what they are about: `checkout_id` is the
    checkout's id, or the sku's or the payment's where `subject` says so. The first row about anything stays."""

    def __init__(self, file: Path | None) -> None:
        self.rows: dict[str, Row] = {}
        self._handle = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self.rows = read_truth(file) if file.exists() else {}
            self._handle = file.open("a", encoding="utf-8")

    def write(self, row: Row) -> None:
        if row["checkout_id"] in self.rows:
            return
        self.rows[row["checkout_id"]] = row
        if self._handle is not None:
            self._handle.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._handle.flush()

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()


def read_truth(file: Path) -> dict[str, Row]:
    """The rows by checkout id; a half-written last line is left out."""
    rows: dict[str, Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows[row["checkout_id"]] = row
    return rows
