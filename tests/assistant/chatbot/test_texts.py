"""The catalogue of the customers' voice: whole in both languages, and no claim that nothing was done for."""

from __future__ import annotations

import re
import string

import pytest

from assistant.chatbot.texts import TEXTS, say
from knowledge.phrases import LANGUAGES
from knowledge.talk.claims import claims

PARAMS = {
    "ref": "ord-1001", "goods": "Tea", "total": "¥98.00", "status": "—", "owner": "Team",
    "expected_by": "2026-03-02 10:30 UTC", "at": "2026-03-05 09:00 UTC", "amount": "¥98.00", "refunded": "¥98.00",
    "pending": "¥98.00", "what": "—", "place": 1, "label": "Red", "link": "https://pay.example/p/1", "title": "Title",
    "text": "Text", "fields": "phone", "field": "city", "options": ["A", "B"], "address": "—", "count": 2,
    "amounts": ["¥98.00", "¥98.00"], "quantity": 1, "price": "¥98.00", "words": "—",
}  # fmt: skip

AFTER_A_HAND_OVER = {"handed_over", "handed_over_already", *(key for key in TEXTS if key.startswith("requested."))}
"""Said only behind a tool that handed over in this very turn."""
STATE_OF_THE_ORDER = {
    *(key for key in TEXTS if key.startswith(("status.", "decides."))), "ship.sent", "already_cancelled", "refund.done",
}  # fmt: skip
"""Said only of an order whose card says so."""


@pytest.mark.parametrize("key", TEXTS)
def test_every_wording_is_whole_in_both_languages(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in TEXTS[key].values()]
    assert fields[0] == fields[1]
    for language in LANGUAGES:
        text = say(key, language, **PARAMS)
        assert text.strip()
        assert not re.search(r"[{}]|TODO|None", text)
        bare = re.sub(r"\{\w+\}", "", TEXTS[key][language])
        if re.search(r"\w", re.sub(r"\d", "", bare)):
            assert bool(re.search(r"[\u4e00-\u9fff]", re.sub(r"“.*?”", "", bare))) == (language == "zh-CN")


@pytest.mark.parametrize("key", TEXTS)
def test_chinese_is_polite_and_neither_says_a_code(key: str) -> None:
    chinese, english = TEXTS[key]["zh-CN"], TEXTS[key]["en"]
    assert "亲" not in chinese
    assert not re.search(r"(?<!我)你(?!们)", chinese)  # 您
    bare = [re.sub(r"\{\w+\}", "", text) for text in (chinese, english)]
    assert not any("_" in text for text in bare)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", TEXTS)
def test_a_wording_claims_only_what_its_place_has_done(key: str, language: str) -> None:
    claimed = {(claim.kind, claim.deed) for claim in claims(say(key, language, **PARAMS), language)}
    if key in AFTER_A_HAND_OVER:
        assert claimed <= {("done", "hand_over"), ("done", "record"), ("will", "contact")}
    elif key not in STATE_OF_THE_ORDER:
        assert claimed == set(), f"{key} claims something"
