"""Wording: both languages, parameters filled in the language's way, and a clear error for what is missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from knowledge.phrases import PhraseError, field_names, format_money, language_of, render
from knowledge.vocabulary.money import Money

TEXTS = {"hello": {"zh-CN": "应付 {total}，截至 {at}（{skus}）", "en": "{total} due by {at} ({skus})"}}
PARAMS = {"total": Money(123450, "CNY"), "at": datetime(2026, 3, 2, 8, tzinfo=UTC), "skus": ["A", "B"]}


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("zh-Hant-TW", "zh-CN"),
        ("ZH_hk", "zh-CN"),
        ("en-GB", "en"),
        ("pt-BR", "en"),
        ("", "en"),
        (None, "en"),
        ("zha", "en"),
    ],
)
def test_languages_fall_back_by_prefix(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


def test_parameters_are_written_the_languages_way() -> None:
    assert render(TEXTS, "hello", "zh", **PARAMS) == "应付 ¥1,234.50，截至 2026-03-02 08:00 UTC（A、B）"
    assert render(TEXTS, "hello", "fr", **PARAMS) == "¥1,234.50 due by 2026-03-02 08:00 UTC (A, B)"
    assert "¥0.05" in render(TEXTS, "hello", "en", **{**PARAMS, "total": {"amount": 5, "currency": "CNY"}})


def test_a_faults_wording_is_found_by_its_code() -> None:
    assert render("refund_missing", "title", "zh-CN") == "已取消但未退款"


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(5, "CNY"), "¥0.05"),
        (Money(-1999, "USD"), "-$19.99"),
        (Money(1999, "JPY"), "1,999 JPY"),
        (Money(1234, "KWD"), "1.234 KWD"),
        (Money(10**17 + 1, "CNY"), "¥1,000,000,000,000,000.01"),
        (Money(100, "SEK"), "1.00 SEK"),
    ],
)
def test_money_is_exact_at_any_size(money: Money, text: str) -> None:
    assert format_money(money) == text


def test_what_is_missing_is_named() -> None:
    with pytest.raises(PhraseError, match="total") as missing:
        render(TEXTS, "hello", "en", at="now", skus="A")
    assert missing.value.code == "missing_parameter"
    for texts, key in [(TEXTS, "bye"), ("refund_missing", "bye"), ("no_such_fault", "title")]:
        with pytest.raises(PhraseError) as unknown:
            render(texts, key, "en")
        assert unknown.value.code == "unknown_phrase"


def test_address_fields_have_names_people_use() -> None:
    assert field_names(["phone", "street", "buzzer"], "zh-CN") == ["联系电话", "街道门牌", "buzzer"]
