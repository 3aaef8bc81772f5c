"""Every fault has its folder: detector, both languages, an example, and a playbook or none on purpose."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import knowledge.faults
from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.phrases import LANGUAGES, describe
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import parse_event
from knowledge.vocabulary.fold import fold

FOLDER = Path(knowledge.faults.__file__).parent
HUMAN_ONLY = {"amount_mismatch", "duplicate_charge", "refund_missing", "timeline_contradiction"}


def example(code: str) -> dict[str, Any]:
    return json.loads((FOLDER / code / "example.json").read_text(encoding="utf-8"))


def test_every_folder_is_in_the_catalogue() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/detector.py")}
    assert folders == {code.value for code in CATALOGUE}
    assert set(FaultCode) - set(CATALOGUE) == {FaultCode.UNKNOWN_ANOMALY}


def test_what_goes_straight_to_a_human_has_no_playbook() -> None:
    assert {code.value for code, fault in CATALOGUE.items() if fault.plan is None} == HUMAN_ONLY


@pytest.mark.parametrize("code", [c.value for c in CATALOGUE])
def test_the_example_is_found_when_it_says_and_not_before(code: str) -> None:
    story = example(code)
    events = [parse_event(raw, datetime.fromisoformat(raw["time"])) for raw in story["events"]]
    ctx = Context(datetime.fromisoformat(story["now"]), Policies())
    found = detect_all(fold(events[0].checkout_id or "", events), ctx)
    expected = story["expected"]
    assert [f.code.value for f in found if f.detectable_at <= ctx.now] == [code]
    finding = next(f for f in found if f.code == code)
    assert finding.cause == expected["cause"]
    assert finding.detectable_at == datetime.fromisoformat(expected["detectable_at"])
    assert finding.step == CATALOGUE[finding.code].step
    assert {e.ref for e in finding.evidence} <= {e.ref for e in events}
    assert finding.evidence
    for language in LANGUAGES:
        for key in ("title", "what", "cause", "suggested"):
            assert describe(finding, language, key)


@pytest.mark.parametrize("code", [c.value for c in CATALOGUE])
def test_texts_exist_in_both_languages_with_the_same_parameters(code: str) -> None:
    texts = CATALOGUE[FaultCode(code)].texts
    assert {"title", "what", "suggested"} <= set(texts)
    for key, wording in texts.items():
        assert set(wording) == set(LANGUAGES), key
        used = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in wording.values()]
        assert used[0] == used[1], key
        assert all(text.strip() for text in wording.values()), key


def test_every_cause_a_detector_can_name_has_a_text() -> None:
    for code, fault in CATALOGUE.items():
        source = (FOLDER / code.value / "detector.py").read_text(encoding="utf-8")
        for key in fault.texts:
            if key.startswith("cause."):
                assert f'"{key.removeprefix("cause.")}"' in source, (code, key)
