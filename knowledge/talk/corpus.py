"""What the understanding is learned from and measured on: committed utterances, and the mapping of public labels."""

from __future__ import annotations

import csv
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from knowledge.talk.intents import OUT_OF_SCOPE, Language
from knowledge.vocabulary.errors import InputError, NotFoundError

DATA = Path(__file__).parent / "data"
PUBLIC = "public.en.csv"
Part = Literal["learn", "tuning", "heldout"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
# How many rows of a public set are taken: per label that means one of our intents, per label that is out of scope, and
# of the rows that their makers themselves call out of scope. More would drown what was written for a shop.
_IN_SCOPE, _OUTSIDE, _MADE_OUTSIDE = 30, 6, 90
_FILES = {"banking77": ("banking77_en/banking77.csv", "text", "category"),
          "clinc150": ("clinc150_en/clinc150.csv", "text", "intent")}  # fmt: skip
_LEARNED_FROM = ("train", "val", "oos_train", "oos_val")


class Example(NamedTuple):
    """An utterance, its label, its language, and where it comes from (`own`, or the public set's name)."""

    text: str
    label: str
    language: Language
    source: str = "own"


def own(kind: str, part: Part = "learn") -> list[Example]:
    """The utterances written for this product; `kind` is `customer`, `staff` or `mood`.

    Parts: `learn`, `tuning` (never learned from, looked at while tuning), `heldout` (looked at by nobody).

    Raises:
        InputError: `bad_corpus` where a line stands before the first `[label]`.
    """
    prefix = kind if part == "learn" else f"{part}.{kind}"
    return [
        Example(text, label, language)
        for language in LANGUAGES
        for label, text in _lines(DATA / f"{prefix}.{language}.txt")
    ]


def public() -> list[Example]:
    """The drawn rows of the public English sets, with our labels by today's mapping table."""
    table = mapping()
    with (DATA / PUBLIC).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Example(row["text"], table[row["source"]][row["label"]], "en", row["source"])
        for row in rows if row["label"] in table[row["source"]]
    ]  # fmt: skip


@lru_cache(maxsize=1)
def mapping() -> dict[str, dict[str, str]]:
    """Public set → its label → our customer intent (`data/mapping.toml`)."""
    return tomllib.loads((DATA / "mapping.toml").read_text(encoding="utf-8"))


def label_names(name: str) -> frozenset[str]:
    """Every label of a public set (`data/labels.txt`), mapped or not."""
    names = {one for label, line in _lines(DATA / "labels.txt") if label == name for one in line.split()}
    return frozenset(names | set(mapping()[name]))


def draw_public(folder: Path) -> list[tuple[str, str, str]]:
    """Draws `(text, source, label)` from the public sets in `folder`: the same rows every time, none of a test split.

    Raises:
        NotFoundError: `no_data` when a set isn't there.
    """
    drawn: list[tuple[str, str, str]] = []
    for source, (name, text_column, label_column) in _FILES.items():
        path = folder / name
        if not path.is_file():
            raise NotFoundError("no_data", f"{path} is not there; it is needed to draw public rows from")
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["upstream_split"] in _LEARNED_FROM]
        rows.sort(key=lambda row: zlib.crc32(row[text_column].encode()))
        taken: Counter[str] = Counter()
        for row in rows:
            label, text = row[label_column], re.sub(r"\s+", " ", row[text_column]).strip()
            ours = mapping()[source].get(label)
            most = _MADE_OUTSIDE if label == "oos" else _OUTSIDE if ours == OUT_OF_SCOPE else _IN_SCOPE
            if ours is not None and taken[label] < most and len(text) <= 120:
                taken[label] += 1
                drawn.append((text, source, label))
    return sorted(drawn, key=lambda row: (row[1], row[2], row[0]))


def write_public(rows: list[tuple[str, str, str]]) -> None:
    """Stores drawn rows beside the other data."""
    with (DATA / PUBLIC).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "source", "label"))
        writer.writerows(rows)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    label = ""
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("# "):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            label = found[1]
        elif not label:
            raise InputError("bad_corpus", f"{path.name}:{number}", "a line before the first [label]")
        else:
            yield label, line
