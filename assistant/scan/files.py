"""Reads an export row by row, whatever its format: CSV, JSON Lines or Parquet, each also gzipped. Memory stays flat."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from knowledge.vocabulary.errors import InputError

Row = dict[str, Any]
PEEK = 200  # JSON Lines rows whose keys make the columns
_BATCH = 2_000  # Parquet rows held at once
_DECODE = msgspec.json.Decoder(float_hook=Decimal)
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)


class BadRow(msgspec.Struct, frozen=True):
    """A row that could not be used, and why; `line` counts from 1 as editors do (Parquet: the row's number)."""

    line: int
    reason: str


Rows = Iterator[tuple[int, Row | BadRow]]


class _Opened(msgspec.Struct):
    """What a format makes of a file; `total` rows where the format says it."""

    columns: list[str]
    rows: Any
    total: int | None = None


class Export:
    """An open export: its `columns`, and its rows once, from first to last."""

    def __init__(self, path: Path, raw: IO[bytes], opened: _Opened) -> None:
        self.path, self.columns = path, opened.columns
        self._raw, self._size = raw, path.stat().st_size
        self._rows, self._total, self._line = opened.rows, opened.total, 0

    @property
    def share(self) -> float:
        """How much of it has been read, from 0 to 1: by rows where their number is known, else by bytes."""
        if self._total is not None:
            return self._line / self._total if self._total else 1.0
        return 1.0 if self._raw.closed or not self._size else self._raw.tell() / self._size

    def __iter__(self) -> Rows:
        """Each row with its line.

        Raises:
            InputError: `unreadable_export` where the file breaks off.
        """
        try:
            for line, row in self._rows:
                self._line = line
                yield line, row
        except (*_BROKEN, OSError) as error:
            where = f"{self.path} after line {self._line}"
            raise InputError("unreadable_export", where, f"the file is damaged: {error}") from error


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """The export at `path`; the format follows from its name (`.csv`, `.jsonl`, `.ndjson`, `.parquet`, and `.gz`).

    Raises:
        InputError: `unreadable_export` when it isn't there, has another format, is damaged or has no row.
    """
    suffixes = [s.lower() for s in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if zipped else suffixes)[-1:]
    opener = _FORMATS.get(kind[0] if kind else "")
    if opener is None:
        endings = ", ".join(_FORMATS)
        raise InputError("unreadable_export", str(path), f"the name must end in one of {endings} (or .gz after it)")
    with ExitStack() as exit_stack:
        try:
            raw = exit_stack.enter_context(path.open("rb"))
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if zipped else cast(IO[bytes], raw)
            opened = opener(stream, path, exit_stack)
        except _BROKEN as error:
            raise InputError("unreadable_export", str(path), f"the file is damaged: {error}") from error
        except OSError as error:
            raise InputError("unreadable_export", str(path), error.strerror or str(error)) from error
        yield Export(path, raw, opened)


def _csv(stream: IO[bytes], path: Path, _open: ExitStack) -> _Opened:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    head = text.readline()
    delimiter = max(",;\t|", key=head.count)
    columns = next(csv.reader([head], delimiter=delimiter), [])
    if not any(columns):
        raise InputError("unreadable_export", str(path), "has no header line")
    return _Opened(columns, _csv_rows(csv.reader(text, delimiter=delimiter), columns))


def _csv_rows(reader: Any, columns: list[str]) -> Rows:
    while True:
        line = reader.line_num + 2  # the header was read apart
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow(line, f"not CSV: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(columns):
            yield line, BadRow(line, f"{len(cells)} fields where the header has {len(columns)}")
        elif any("\ufffd" in cell for cell in cells):
            yield line, BadRow(line, "not UTF-8")
        else:
            yield line, dict(zip(columns, cells, strict=True))


def _jsonl(stream: IO[bytes], path: Path, _open: ExitStack) -> _Opened:
    rows = _jsonl_rows(stream)
    first = list(islice(rows, PEEK))
    columns = list(dict.fromkeys(key for _, row in first if isinstance(row, dict) for key in row))
    if not first:
        raise InputError("unreadable_export", str(path), "has no rows")
    if not columns:
        line, bad = first[0]
        reason = bad.reason if isinstance(bad, BadRow) else "has no columns"
        raise InputError("unreadable_export", str(path), f"line {line}: {reason}")
    return _Opened(columns, chain(first, rows))


def _jsonl_rows(stream: IO[bytes]) -> Rows:
    for line, raw in enumerate(stream, start=1):
        text = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
        if not text.strip():
            continue
        try:
            row = _DECODE.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield line, BadRow(line, f"not JSON: {error}")
            continue
        yield line, row if isinstance(row, dict) else BadRow(line, "not a JSON object")


def _parquet(stream: IO[bytes], path: Path, exit_stack: ExitStack) -> _Opened:
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    source: Any = stream
    if path.suffix.lower() == ".gz":  # Parquet is read from its end: unpack it to disk first
        source = Path(exit_stack.enter_context(tempfile.TemporaryDirectory())) / "export.parquet"
        with source.open("wb") as unpacked:
            shutil.copyfileobj(stream, unpacked)
    try:
        file = parquet.ParquetFile(source)
    except pyarrow.ArrowException as error:
        raise InputError("unreadable_export", str(path), f"not Parquet: {error}") from error
    return _Opened(list(file.schema_arrow.names), _parquet_rows(file), file.metadata.num_rows)


def _parquet_rows(file: Any) -> Rows:
    broken = import_module("pyarrow").ArrowException
    line = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                line += 1
                yield line, row
    except broken as error:
        raise OSError(str(error)) from error


_FORMATS: dict[str, Callable[[IO[bytes], Path, ExitStack], _Opened]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
