"""What a customer stumbled over in a real house: what is over told as past, promises, quotations, “both”."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine

from assistant.chatbot.spoken import sentence
from assistant.promises.guard import PromiseGuard
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.phrases.customer_words import NEXT, PROMISED, WAS, WRONG
from knowledge.talk.choosing import choose
from knowledge.talk.claims import claims
from tests.assistant.chatbot.room import Room

POLICY = "退款会在三到五个工作日内原路退回。"


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    """A chat room."""
    return Room(store, vault)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_over_is_told_as_past(room: Room, language: str) -> None:
    room.buys("ck-1")
    case_id = room.breaks("ck-1")
    open_note = room.desk(language=language).order("ck-1").case
    with room.store.begin() as tx:
        case = room.cases.lock(tx, case_id)
        room.cases.update(tx, case, utcnow(), status="resolved", resolution="repaired")
    note = room.desk(language=language).order("ck-1").case
    assert open_note.sentence.startswith(WRONG["paid_out_of_stock"][language])
    assert note.sentence.startswith(WAS["paid_out_of_stock"][language])
    assert note.sentence.endswith(note.now)
    assert note.now == NEXT["repaired"][language]


def test_a_promise_with_a_deadline_is_no_claim_that_it_is_done() -> None:
    for kind, words in PROMISED.items():
        for language, text in words.items():
            said = text.format(by="2026-03-02", text="…")
            assert all(claim.kind == "will" for claim in claims(said, language)), kind


def test_the_desk_says_what_is_talked_about(room: Room) -> None:
    room.buys("ck-1")
    room.buys("ck-2")
    desk = room.desk()
    before = desk.checkout_id
    desk.order("ck-1")
    assert (before, desk.checkout_id) == (None, "ck-1")


@pytest.mark.parametrize(
    ("said", "kept"), [(POLICY, True), ("您的退款已经退回。", False), ("退款会在今天原路退回。", False)]
)
def test_an_article_may_be_quoted_word_for_word_and_no_further(said: str, kept: bool) -> None:
    guard = PromiseGuard(Store(create_engine("sqlite://")))
    desk = SimpleNamespace(customer_id="", checkout_id=None, quoted=[f"退款说明。{POLICY}"])
    turn: Any = SimpleNamespace(language="zh-CN", case_id="", deeds=[], desk=desk)
    assert (guard.sentence(said, _Turn(turn)) == said) is kept


class _Turn:
    """A turn that can be weakly referenced."""

    def __init__(self, turn: Any) -> None:
        self.language, self.case_id, self.deeds, self.desk = turn.language, turn.case_id, turn.deeds, turn.desk


@pytest.mark.parametrize(
    ("words", "option"),
    [("keep both please", "keep_both"), ("both", "keep_both"), ("cancel both", None), ("I don't want both", None)],
)
def test_both_is_an_option_where_one_says_so(words: str, option: str | None) -> None:
    options = [{"id": "cancel_one", "label": "Cancel ord-1 and refund it"}, {"id": "keep_both", "label": "Keep both"}]
    assert choose(words, options) == option


def test_a_sentence_begins_with_a_capital() -> None:
    assert sentence("the service team has it.") == "The service team has it."
    assert sentence("客服团队已接手") == "客服团队已接手"
