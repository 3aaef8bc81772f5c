"""The shop's memory on disk (one SQLite file), so that it can be stopped and started again; used by the
books only."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

SCHEMA = "CREATE TABLE IF NOT EXISTS record (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"


class Journal:
    """A table of (kind, id, JSON); the newest body of each row wins."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(SCHEMA)

    def load(self) -> Iterator[tuple[str, str, str]]:
        with self._lock:
            rows = self._database.execute("SELECT kind, id, body FROM record").fetchall()
        yield from rows

    def save(self, changed: Iterable[tuple[str, str, str]], gone: Iterable[tuple[str, str]]) -> None:
        """All of it or nothing, in one transaction."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("REPLACE INTO record VALUES (?, ?, ?)", changed)
            self._database.executemany("DELETE FROM record WHERE kind = ? AND id = ?", gone)
            self._database.execute("COMMIT")

    def meta(self, **defaults: str) -> dict[str, str]:
        """The named values as stored before, else as given now."""
        stored = {key: json.loads(body) for kind, key, body in self.load() if kind == "meta"}
        merged = {**defaults, **stored}
        self.save((("meta", key, json.dumps(value)) for key, value in merged.items()), ())
        return merged

    def close(self) -> None:
        with self._lock:
            self._database.close()
