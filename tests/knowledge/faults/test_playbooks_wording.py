"""What playbooks say: every message and reason in both languages, with the same parameters."""

from __future__ import annotations

import string
from importlib import import_module

import pytest

from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import REASONS
from knowledge.vocabulary.codes import FaultCode

FOR_A_PERSON = {
    FaultCode.PAYMENT_DISPUTED, FaultCode.ACCOUNT_BLOCKED, FaultCode.UNUSUAL_AMOUNT, FaultCode.TIMELINE_CONTRADICTION,
    FaultCode.UNKNOWN_ANOMALY,
}  # fmt: skip
REPAIRABLE = [code for code, fault in CATALOGUE.items() if fault.plan]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_playbook_says_when_it_is_settled_and_some_faults_are_a_persons_alone() -> None:
    assert not set(REPAIRABLE) & FOR_A_PERSON
    for code in REPAIRABLE:
        assert callable(import_module(f"knowledge.faults.{code.value}.playbook").settled)


@pytest.mark.parametrize("code", REPAIRABLE)
def test_messages_say_the_same_in_both_languages_and_name_what_they_are_about(code: FaultCode) -> None:
    for key, texts in import_module(f"knowledge.faults.{code.value}.messages").MESSAGES.items():
        assert set(texts) == {"zh-CN", "en"}, key
        assert fields(texts["zh-CN"]) == fields(texts["en"]), key
        assert "reference" in fields(texts["en"]), key


def test_reasons_are_said_in_both_languages() -> None:
    for key, texts in REASONS.items():
        assert texts["zh-CN"] and texts["en"], key
