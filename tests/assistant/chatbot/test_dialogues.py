"""Short dialogues in both languages through the real agent loop: what is said, and what was done for the customer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from assistant.agent.voices import Voice
from tests.assistant.chatbot import scenes
from tests.assistant.chatbot.dialogues import DIALOGUES, Dialogue
from tests.assistant.chatbot.fake_desk import FakeDesk
from tests.assistant.chatbot.talking import Heard, Talker

LANGUAGES = ("zh-CN", "en")


def _short(deed: tuple[Any, ...]) -> str:
    match deed:
        case ("correct_address", _, fields):
            return " ".join(["correct_address", *(name for name in ("recipient", "phone", "street") if name in fields)])
        case ("request", _, kind, _):
            return f"request {kind}"
        case ("answer", _, choice):
            return f"answer {choice}"
    return str(deed[0])


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"¥[\d,.]*\d", text))


def _grounded(heard: Heard, desk: FakeDesk) -> None:
    """No amount that the desk doesn't have, no placeholder and no code is ever shown."""
    money = [card.total for card in desk.mine]
    money += [one for card in desk.mine for p in card.payments for one in (p.amount, p.refunded, p.refund_pending)]
    known = {one.text for one in money if one is not None}
    assert _numbers(heard.text) <= known
    assert not re.search(r"‹|⟦|\{|needs_confirmation|None|substitute:", heard.text)
    assert not heard.errors


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda one: one.name)
def test_a_dialogue(dialogue: Dialogue, language: str, talker: Talker, voice: Voice) -> None:
    chinese = language == "zh-CN"
    desk: FakeDesk = getattr(scenes, dialogue.scene)(language)
    answers = talker.talk(voice, desk, dialogue.turns(language))
    last = answers[-1]
    assert re.search(dialogue.says["zh" if chinese else "en"], last.text, re.DOTALL), last.text
    assert not (dialogue.never and re.search(dialogue.never, last.text)), last.text
    assert [_short(deed) for deed in desk.did] == dialogue.did
    for heard in answers:
        _grounded(heard, desk)
        assert bool(re.search(r"[\u4e00-\u9fff]", heard.text)) == chinese
        assert len(heard.choices) <= 1
    if dialogue.buttons is not None:
        assert [len(choices["options"]) for choices in last.choices] == [dialogue.buttons]
    if "hand_over" in dialogue.did:
        owner = "售后组" if chinese else "After-sales"
        assert last.handoffs == [{"owner": owner, "expected_by": "2026-03-02T10:30:00Z"}]


def test_half_of_at_least_sixty_is_chinese() -> None:
    assert len(DIALOGUES) * len(LANGUAGES) >= 60
    assert len({dialogue.name for dialogue in DIALOGUES}) == len(DIALOGUES)
