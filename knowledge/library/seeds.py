"""The seeds: solved cases that the demo shop really played, shipped as examples; feed and case route read them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from knowledge.library.solved import SolvedCase

FILE = Path(__file__).with_name("seed") / "cases.jsonl.gz"
PREFIX = "seed_"


@lru_cache(maxsize=1)
def seeds() -> tuple[SolvedCase, ...]:
    """Every seed, by id; none where the file is missing."""
    if not FILE.exists():
        return ()
    lines = gzip.decompress(FILE.read_bytes()).splitlines()
    return tuple(msgspec.json.decode(line, type=SolvedCase) for line in lines)


def seed(case_id: str) -> SolvedCase | None:
    """The seed of this id."""
    return _by_id().get(case_id) if case_id.startswith(PREFIX) else None


@lru_cache(maxsize=1)
def _by_id() -> dict[str, SolvedCase]:
    return {one.case_id: one for one in seeds()}


def write_seeds(cases: Iterable[SolvedCase], file: Path = FILE) -> int:
    """Writes seeds in the order of their ids, the same bytes for the same cases; returns the file's size in bytes."""
    lines = [msgspec.json.encode(case, order="deterministic") for case in sorted(cases, key=lambda c: c.case_id)]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 9, mtime=0))
    seeds.cache_clear()
    _by_id.cache_clear()
    return file.stat().st_size
