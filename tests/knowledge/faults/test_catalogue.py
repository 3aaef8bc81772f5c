"""Every fault has its folder: detector, both languages, an example, and a playbook or none on purpose."""

from __future__ import annotations

from string import Formatter

import pytest

from knowledge.faults.catalogue import CATALOGUE, ORDER
from knowledge.phrases import LANGUAGES, describe
from knowledge.vocabulary.codes import FaultCode
from tests.knowledge.faults.examples import FOLDER, example

CODES = [code.value for code in FaultCode]
# Straight to a human, on purpose: a charge-back is answered by people, a blocked account's reason is nobody else's,
# and what nobody can explain nobody should repair by rule.
HUMAN_ONLY = {"payment_disputed", "account_blocked", "unusual_amount", "timeline_contradiction", "unknown_anomaly"}


def test_every_fault_code_has_a_folder_and_a_place_in_the_order_of_treatment() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/detector.py")}
    assert folders == set(CODES) == {code.value for code in CATALOGUE}
    assert sorted(ORDER) == sorted(FaultCode)
    assert all((FOLDER / code / "example.json").is_file() for code in CODES)


def test_what_goes_straight_to_a_human_has_no_playbook_and_everything_else_one() -> None:
    assert {code.value for code, fault in CATALOGUE.items() if fault.plan is None} == HUMAN_ONLY
    assert all((fault.plan is None) == (fault.settled is None) for fault in CATALOGUE.values())


@pytest.mark.parametrize("code", CODES)
def test_the_example_is_found_when_it_says_and_not_before(code: str) -> None:
    story = example(code)
    found, expected = story.found(), story.expected
    assert expected.code == code
    assert [f.code.value for f in found if f.detectable_at <= story.now] == [code]
    finding = next(f for f in found if f.code == code)
    assert finding.cause == expected.cause
    assert finding.detectable_at == expected.detectable_at
    assert finding.step == CATALOGUE[finding.code].step
    others = story.history.purchases if story.history else []
    refs = {e.ref for e in story.told} | {m.ref for m in story.snapshot.marks}
    refs |= {submit.ref for purchase in others for submit in purchase.submits}
    assert {e.ref for e in finding.evidence} <= refs
    assert finding.evidence
    for language in LANGUAGES:
        for key in ("title", "what", "cause", "suggested"):
            assert describe(finding, language, key)


@pytest.mark.parametrize("code", CODES)
def test_texts_exist_in_both_languages_with_the_same_parameters(code: str) -> None:
    texts = CATALOGUE[FaultCode(code)].texts
    assert {"title", "what", "suggested"} <= set(texts)
    for key, wording in texts.items():
        assert set(wording) == set(LANGUAGES), key
        used = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in wording.values()]
        assert used[0] == used[1], key
        assert all(text.strip() for text in wording.values()), key


def test_every_cause_that_has_a_text_can_be_named() -> None:
    shared = (FOLDER / "reading.py").read_text(encoding="utf-8")
    for code, fault in CATALOGUE.items():
        source = (FOLDER / code.value / "detector.py").read_text(encoding="utf-8") + shared
        for key in fault.texts:
            if key.startswith("cause."):
                assert f'"{key.removeprefix("cause.")}"' in source, (code, key)
