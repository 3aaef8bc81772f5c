"""Every fault's folder is whole: detector, playbook or hand-off, wording in both languages, and an example."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import knowledge.faults
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import LANGUAGES
from knowledge.vocabulary.codes import FaultCode

FOLDERS = Path(knowledge.faults.__file__).parent
TO_A_HUMAN = frozenset({"amount_mismatch", "duplicate_charge", "refund_missing", "timeline_contradiction"})
"""Faults that are detected only; a person repairs them. Every other one has a playbook."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def problems(folder: Path, texts: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What a fault's folder lacks, in words."""
    found = [f"no {name}" for name in ("detector.py", "example.json") if not (folder / name).is_file()]
    if (folder / "playbook.py").is_file() == (folder.name in TO_A_HUMAN):
        found.append("needs a playbook, or a place in TO_A_HUMAN, and not both")
    if (folder / "example.json").is_file() and not is_example(folder / "example.json", folder.name):
        found.append("example.json needs `events` and an `expected` with this code")
    for key, wording in texts.items():
        missing = [language for language in LANGUAGES if not wording.get(language, "").strip()]
        found += [f"{key}: nothing in {language}" for language in missing]
        if not missing and not CHINESE.search(wording["zh-CN"]):
            found.append(f"{key}: no Chinese in the Chinese text")
        if CHINESE.search(wording.get("en", "")):
            found.append(f"{key}: Chinese in the English text")
    return found if texts else [*found, "no texts"]


def is_example(path: Path, code: str) -> bool:
    """Whether a file tells a story and what must be found in it."""
    example = json.loads(path.read_text(encoding="utf-8"))
    return bool(example.get("events")) and example.get("expected", {}).get("code") == code


@pytest.mark.parametrize("code", list(CATALOGUE), ids=str)
def test_the_folder_is_whole(code: FaultCode) -> None:
    assert problems(FOLDERS / code.value, CATALOGUE[code].texts) == []


def test_an_incomplete_folder_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "paid_order_missing"
    shutil.copytree(FOLDERS / "paid_order_missing", folder, ignore=shutil.ignore_patterns("playbook.py"))
    (folder / "detector.py").unlink()
    (folder / "example.json").write_text('{"events": []}', encoding="utf-8")
    assert problems(folder, {"title": {"zh-CN": "Paid", "en": "已付款"}, "what": {"en": "…"}}) == [
        "no detector.py",
        "needs a playbook, or a place in TO_A_HUMAN, and not both",
        "example.json needs `events` and an `expected` with this code",
        "title: no Chinese in the Chinese text",
        "title: Chinese in the English text",
        "what: nothing in zh-CN",
    ]
