"""What a sentence claims was done or will be done: found in both languages, and nothing found where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistant.evaluate.guard import DATA, FILES, evaluate_guard, labelled
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import LANGUAGES, shown_as
from knowledge.phrases.claimed import CLAIMED, PROVEN
from knowledge.phrases.guard_texts import TEXTS as INSTEAD
from knowledge.phrases.promised import ANSWER, DELIVERY, NOTHING, OUTCOME, PROMISED, REFUND
from knowledge.talk.claims import claims, sentences
from knowledge.talk.deeds import DEEDS, WORDS
from knowledge.vocabulary.money import Money
from tests.knowledge.phrases.test_promised import PHRASES, fields

_PEOPLE = {"contact", "notify", "check", "handle", "hand_over"}
COVERS = {
    REFUND: {"refund"}, ANSWER: _PEOPLE, OUTCOME: {*_PEOPLE, "refund", "cancel", "no_charge"},
    DELIVERY: {"ship", "deliver"},
}  # fmt: skip
MONEY = Money(1999, "CNY")
KNOWN = {
    "refund": MONEY, "total": MONEY, "rest": MONEY, "captured": MONEY, "gift": MONEY, "expected_on": "2026-03-09",
    "reference": "OD-1042", "order": "OD-1042", "other": "OD-1041", "link": "https://shop.example/pay/1",
    "code": "TEA-5", "quantity": 2, "why": "",
}  # fmt: skip
BY = {"zh-CN": "2026年3月8日 14:30（UTC+8）", "en": "8 March 2026, 14:30 (UTC+8)"}
NAMES = {"zh-CN": "龙井茶", "en": "green tea"}


def said(words: Mapping[str, str], language: str) -> str:
    params = {
        name: BY[language] if name == "expected_by" else shown_as(KNOWN.get(name, NAMES[language]), language)
        for name in fields(words[language])
    }
    return words[language].format(**params)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labelled_sentences_are_read_rightly(language: str) -> None:
    tuned = evaluate_guard(half="tune")["languages"][language]
    assert tuned["sentences"] >= 400
    for name in ("sentence_precision", "sentence_recall", "claim_precision", "claim_recall"):
        assert tuned[name]["value"] >= 0.98, (name, tuned["wrong"])
    held = evaluate_guard(half="report")["languages"][language]
    assert held["sentences"] >= 100
    assert held["sentence_precision"]["value"] >= 0.95
    assert held["sentence_recall"]["value"] >= 0.95
    assert held["claim_precision"]["value"] >= 0.9
    assert held["claim_recall"]["value"] >= 0.9


def test_the_languages_are_read_equally_well() -> None:
    held = evaluate_guard(half="report")
    assert max(held["parity_points"].values()) <= 3
    meanings = [[want for _, want in labelled(DATA / f"held_{name}")] for name in FILES.values()]
    assert meanings[0] == meanings[1], "the same meanings in the same order"


def test_the_halves_share_no_sentence() -> None:
    for name in FILES.values():
        tune = {sentence for sentence, _ in labelled(DATA / name)}
        held = {sentence for sentence, _ in labelled(DATA / f"held_{name}")}
        assert not tune & held


def test_words_for_every_deed() -> None:
    assert set(WORDS) == set(DEEDS)
    assert frozenset(DEEDS) >= PROVEN | frozenset().union(*CLAIMED.values())


@pytest.mark.parametrize("key", sorted(PHRASES), ids=".".join)
def test_whatever_a_phrase_claims_is_declared(key: tuple[str, str]) -> None:
    promised = PROMISED.get(key)
    found = {(c.kind, c.deed) for lang in LANGUAGES for c in claims(said(PHRASES[key], lang), lang)}
    done = {deed for kind, deed in found if kind == "done"}
    assert done - CLAIMED.get(key, frozenset()) == set()
    ahead = {deed for kind, deed in found if kind == "will"} - done
    covered = {"no_charge"} | (COVERS[promised.kind] if promised else set(DEEDS) if NOTHING[key] else set())
    assert ahead - covered - CLAIMED.get(key, frozenset()) == set()


@pytest.mark.parametrize("key", sorted(CLAIMED), ids=".".join)
def test_whatever_is_declared_is_claimed(key: tuple[str, str]) -> None:
    found = {c.deed for lang in LANGUAGES for c in claims(said(PHRASES[key], lang), lang)}
    assert CLAIMED[key] <= found


def test_every_source_of_messages_is_looked_at() -> None:
    ours = {"handoff", "followup", "promises", "chat"}
    assert {key[0] for key in CLAIMED} <= {*(code.value for code in CATALOGUE), *ours}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_guard_says_instead_claims_nothing(language: str) -> None:
    for key, words in INSTEAD.items():
        text = words[language].format(orders="OD-1: confirmed", id="OD-1", status="confirmed")
        assert claims(text, language) == [], key


def test_a_claim_is_found_whatever_language_surrounds_it() -> None:
    mixed = claims("Hello, 您的退款已到账。 Your order has been cancelled.", "en")
    assert [(c.kind, c.deed) for c in mixed] == [("done", "refund"), ("done", "cancel")]
    assert [(c.kind, c.deed) for c in claims("已為您退款199元。", "zh-CN")] == [("done", "refund")]
    assert claims("Your order of “已退款套装” costs ¥5.00.", "en") == []


def test_sentences_keep_amounts_addresses_and_the_whole_text() -> None:
    text = "退款 ¥59.00 已办理。See shop.example/a.b now! Total 1,999.50 CNY. 好的"
    assert sentences(text) == ["退款 ¥59.00 已办理。", "See shop.example/a.b now!", "Total 1,999.50 CNY.", "好的"]
    assert not sentences("")
    assert not claims("  \n", "en")


def test_a_claim_does_not_hide_in_a_sentence_without_end() -> None:
    for padding, said in (("or the like ", "your refund has been issued "), ("诸如此类，", "您的退款已办理，")):
        for ahead in range(0, 80, 3):  # wherever the pieces are cut
            text = padding * ahead + said + padding * 80
            assert ("done", "refund") in {(one.kind, one.deed) for one in claims(text)}, ahead
