"""The offline model's words: both languages have every sentence, label and parameter, and histories are recognised."""

from __future__ import annotations

import string

import pytest

from assistant.agent.answers import sentence_key
from assistant.agent.texts import TEXTS
from assistant.agent.wording import Speaker
from assistant.cases.wording import SENTENCES, say
from knowledge.phrases.labels import _LABELS, cause_words, fault_title, label, words_of
from knowledge.vocabulary.codes import CaseStatus, PaymentStatus, Resolution, Severity, Step


def _parameters(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("key", TEXTS)
def test_every_sentence_is_in_both_languages_with_the_same_parameters(key: str) -> None:
    assert set(TEXTS[key]) == {"zh-CN", "en"}
    assert _parameters(TEXTS[key]["zh-CN"]) == _parameters(TEXTS[key]["en"])
    assert TEXTS[key]["zh-CN"] != TEXTS[key]["en"]


def test_every_state_of_the_vocabulary_has_a_name_in_both_languages() -> None:
    for kind, codes in {
        "case": CaseStatus, "resolution": Resolution, "severity": Severity, "step": Step, "payment": PaymentStatus,
    }.items():  # fmt: skip
        assert {str(code) for code in codes} <= set(_LABELS[kind])
    for names in _LABELS.values():
        assert all(chinese != english for chinese, english in names.values())


def test_codes_nobody_named_stand_for_themselves() -> None:
    assert label("order", "half_packed", "en") == "half packed"
    assert label("order", None, "zh-CN") == "—"
    assert fault_title("our_own_fault", "zh-CN") == "our own fault"
    assert cause_words("odd_cause", ["price_mismatch", "our_own_fault"], "en") == "odd cause"
    assert cause_words({"en": "x", "zh-CN": "y"}, [], "zh-CN") == "y"
    assert words_of(None, "en") == ""


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_of_the_history_is_recognised(key: str, language: str) -> None:
    parameters = {name: f"the {name}" for name in _parameters(SENTENCES[key]["en"])}
    found = sentence_key(say(key, **parameters)[language])
    assert found == key or SENTENCES[str(found)][language].startswith(SENTENCES[key][language].split("{")[0])


def test_values_times_and_citations_are_written_as_people_read_them() -> None:
    say_it = Speaker("en")
    assert say_it.value({"amount": 123456, "currency": "USD"}) == "$1,234.56"
    assert say_it.value({"status": "paid", "n": 2}) == "status paid; n 2"
    assert say_it.time("2026-03-02T08:00:00+01:00") == "2026-03-02 07:00 UTC"
    assert (say_it.time(None), say_it.money(None)) == ("—", "—")
    assert say_it.cite([{"cite": "s1"}, None, {"cite": "s1"}, {"cite": "s2"}]) == "[s1, s2]"
    assert say_it("owner", owner="Li", cite="") == "Owner: Li."
    assert Speaker("zh-CN")("owner", owner="李", cite="") == "负责人：李。"
