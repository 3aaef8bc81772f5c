"""Every phrase a customer can read says what it promises, or that it promises nothing."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

import knowledge.phrases
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import LANGUAGES, PhraseError, Texts
from knowledge.phrases.promised import (
    ACTING,
    KINDS,
    LEDGER_TEXTS,
    NOTHING,
    PROMISED,
    REFUND_ARRIVES,
    Promised,
    amounts_of,
    due_at,
    ledger_text,
)  # fmt: skip

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
MONEY = {"amount": 1999, "currency": "CNY"}
# Words that look ahead; a phrase that has one promises something, or says why it does not.
AHEAD = re.compile(
    r"\b(will|shall|going to|within|on (its|their) way|been refunded|refund has been issued|expected on)\b"
    r"|(?<!已)将|[我们不]会|稍后|之内|以内|预计|最迟|正在退回|办理退款"
)


def sources() -> Iterator[tuple[str, Texts]]:
    for code, fault in CATALOGUE.items():
        if fault.plan:
            yield code.value, import_module(f"knowledge.faults.{code.value}.messages").MESSAGES
    for file in sorted(Path(knowledge.phrases.__file__).parent.glob("*_messages.py")):
        yield file.stem.removesuffix("_messages"), import_module(f"knowledge.phrases.{file.stem}").MESSAGES


PHRASES = {
    (source, phrase): words for source, texts in sources() for phrase, words in texts.items()
    if not (phrase.endswith("_subject") and phrase.removesuffix("_subject") in texts)
}  # fmt: skip


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_phrase_is_declared_one_way_or_the_other_and_nothing_else_is() -> None:
    assert PROMISED.keys() | NOTHING.keys() == PHRASES.keys()
    assert not PROMISED.keys() & NOTHING.keys()


@pytest.mark.parametrize("key", [k for k, why in NOTHING.items() if not why], ids=".".join)
def test_what_promises_nothing_without_a_reason_does_not_look_ahead(key: tuple[str, str]) -> None:
    for language in LANGUAGES:
        assert AHEAD.search(PHRASES[key][language]) is None, language


def test_words_that_look_ahead_are_noticed() -> None:
    for said in ("You will hear from us", "我们会全额退款", "退款将原路退回", "within two days", "最迟明天答复"):
        assert AHEAD.search(said), said


@pytest.mark.parametrize(("key", "promised"), PROMISED.items(), ids=[".".join(k) for k in PROMISED])
def test_a_promise_names_what_keeps_it_and_when_from_what_its_phrase_says(
    key: tuple[str, str], promised: Promised
) -> None:
    assert promised.kind in KINDS
    assert bool(promised.due) is not bool(promised.within)
    for language in LANGUAGES:
        assert not promised.due or promised.due in fields(PHRASES[key][language])
    assert set(ledger_text(promised, {})) == set(LANGUAGES)
    due = due_at(promised, {promised.due: (NOW + DAY).isoformat()}, NOW, DAY)
    assert due > NOW


def test_the_ledger_speaks_both_languages_with_the_same_parameters() -> None:
    for key, words in LEDGER_TEXTS.items():
        assert set(words) == set(LANGUAGES), key
        assert fields(words["zh-CN"]) == fields(words["en"]), key


def test_when_a_promise_is_due_is_what_was_said() -> None:
    answer, backorder = PROMISED["handoff", "handed_off"], PROMISED["paid_out_of_stock", "backordered"]
    at = "2026-03-02T18:30:00+08:00"
    assert due_at(answer, {"expected_by": at}, NOW, DAY) == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    assert due_at(answer, {"expected_by": "2026-03-02T10:30:00"}, NOW, DAY).tzinfo is UTC
    assert due_at(backorder, {"expected_on": "2026-03-09"}, NOW, DAY) == datetime(2026, 3, 10, tzinfo=UTC)
    assert due_at(PROMISED["paid_out_of_stock", "ask"], {}, NOW, DAY) == NOW + DAY + ACTING
    assert due_at(PROMISED["refund_missing", "refund_made_good"], {}, NOW, DAY) == NOW + REFUND_ARRIVES


@pytest.mark.parametrize("said", [None, "", "soon", "2026-13-01", "9999-12-31", 5])
def test_a_time_that_is_none_is_refused(said: object) -> None:
    with pytest.raises(PhraseError, match="expected_on"):
        due_at(PROMISED["paid_out_of_stock", "backordered"], {"expected_on": said}, NOW, DAY)


def test_amounts_are_summed_by_currency_and_named_where_they_are_known() -> None:
    assert amounts_of([MONEY, MONEY, {"amount": 5, "currency": "USD"}]) == {"CNY": 3998, "USD": 5}
    assert amounts_of({"from": "refund", "field": "amount"}) == amounts_of(None) == {}
    refund = PROMISED["price_mismatch", "price_corrected_refund"]
    assert ledger_text(refund, {"refund": MONEY})["en"] == "The refund of ¥19.99 reaches the original payment method"
    assert "¥19.99" in ledger_text(refund, {"refund": [MONEY]})["zh-CN"]
    assert ledger_text(refund, {"refund": "?"})["en"] == "The refund reaches the original payment method"
