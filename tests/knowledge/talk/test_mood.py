"""How customers feel is heard in both languages."""

from __future__ import annotations

import pytest

from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.talk.corpus import LANGUAGES, own
from knowledge.talk.mood import MoodKind
from knowledge.talk.understand import understand

LEAST = 0.8


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_moods_are_heard(embedder: UniversalSentenceEmbedder, language: str) -> None:
    held = [one for one in own("mood", "heldout") if one.language == language]
    wrong = [one for one in held if understand(one.text, "customer", embedder).mood.kind != one.label]
    assert len(wrong) <= (1 - LEAST) * len(held), wrong


def test_anger_is_stronger_when_it_is_louder_and_calm_has_no_strength(embedder: UniversalSentenceEmbedder) -> None:
    calm = understand("请问退货地址是哪里", "customer", embedder).mood
    angry = understand("你们这群骗子", "customer", embedder).mood
    furious = understand("你们这群骗子，垃圾店，退钱！！！", "customer", embedder).mood
    assert (calm.kind, calm.strength) == (MoodKind.CALM, 0.0)
    assert angry.kind is furious.kind is MoodKind.ANGRY
    assert angry.strength < furious.strength <= 1.0
