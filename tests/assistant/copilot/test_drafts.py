"""Drafted replies: true as they stand, in both languages; the promise guard cuts what nothing backs, and only that."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from assistant.copilot.options import options
from assistant.copilot.replies import draft
from assistant.copilot.suggestions import Suggestions
from assistant.copilot.wiring import Guarded
from assistant.followup.learning import Learning
from assistant.promises.guard import PromiseGuard
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.phrases.customer_words import DEEDS, PROMISED, WRONG
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.copilot.room import Room, short, shortage
from tests.assistant.desk import AGENT, SUPERVISOR, customer

SOON = timedelta(days=3)


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


@pytest.fixture
def guarded(room: Room) -> Guarded:
    return Guarded(PromiseGuard(room.store))


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("en", "Hello. Your refund of $10.00 has been issued. Sorry for the trouble.", "Hello. Sorry for the trouble."),
        ("en", "One line.\nWe have cancelled your order. \n1. Wait", "One line.\n1. Wait"),
        ("zh-CN", "您好。退款 ¥10.00 已办理，预计三天到账。给您添麻烦了。", "您好。给您添麻烦了。"),
        ("zh-CN", "您好。我们会在今天之内为您发货。给您添麻烦了。", "您好。给您添麻烦了。"),
    ],
)
def test_a_sentence_that_nothing_backs_is_cut_and_leaves_no_gap(
    room: Room, guarded: Guarded, language: str, text: str, left: str
) -> None:
    assert guarded(text, language, room.out_of_stock()) == left


def test_what_is_so_stays_word_by_word(room: Room, guarded: Guarded) -> None:
    case_id = room.out_of_stock()
    text = "Hello.  A colleague has taken this over.\n\n1. Wait"
    assert guarded(text, "en", case_id) == text


@pytest.mark.parametrize("status", ["handed_off", "claimed", "awaiting_approval", "awaiting_customer"])
def test_no_draft_needs_cutting_however_the_case_stands(room: Room, guarded: Guarded, status: str) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    if status == "claimed":
        room.commands.claim(case_id, AGENT)
    elif status == "awaiting_approval":
        room.suggestions.propose(case_id, room.one(case_id, "fallback")["id"], AGENT)
    elif status == "awaiting_customer":
        room.set_case(case_id, status=CaseStatus.AWAITING_CUSTOMER, owner_kind=None, owner_id=None)
    seen = room.seer.see(case_id)
    standing = [one for one in options(seen) if one.plan is None or one.plan.then != "await_customer"]
    assert standing
    for one in standing:
        words = draft(one, seen)
        assert words == draft(one, seen, guarded), status
        assert WRONG["paid_out_of_stock"]["en"] in words["en"]
        assert WRONG["paid_out_of_stock"]["zh-CN"] in words["zh-CN"]


def test_a_draft_tells_what_was_done_in_customers_words_and_what_was_promised_by_their_clock(room: Room) -> None:
    there = customer(status="active", marketing_consent=False, time_zone="Asia/Shanghai")
    room.sees(msgspec.structs.replace(short(), customer=there), shortage())
    seen = room.seer.see(room.handed_off())
    done = [{"step": {"action": a, "effect": {}, "arguments": {"amount": {"amount": 8_000, "currency": "CNY"}}}}
            for a in ("refund_payment", "release_reservation", "send_message")]  # fmt: skip
    due = utcnow().replace(year=2026, month=3, day=4, hour=12, minute=30)
    promises = [{"kind": "answer", "due_at": due, "text": {"en": "x", "zh-CN": "某"}}]
    words = draft(options(seen)[-1], msgspec.structs.replace(seen, done=done, promises=promises))
    assert DEEDS["refund_payment"]["en"].format(amount="¥80.00") in words["en"]
    assert PROMISED["answer"]["en"].format(by="4 March 2026, 20:30 (UTC+8)") in words["en"]
    assert PROMISED["answer"]["zh-CN"].format(by="2026年3月4日 20:30（UTC+8）") in words["zh-CN"]
    assert "changed so far" not in words["en"]
    assert "reservation" not in words["en"]


def test_suggestions_show_the_draft_as_the_guard_left_it(room: Room) -> None:
    def shout(text: str, language: str, case_id: str) -> str:
        return f"{language} {case_id} checked"

    case_id = room.out_of_stock()
    checked = Suggestions(room.store, room.seer, room.rehearsal, Learning(room.store), room.deciding, check=shout)
    shown = checked.list(case_id, "en", SUPERVISOR)
    assert {s["reply"]["zh-CN"] for s in shown} == {f"zh-CN {case_id} checked"}
    assert {s["reply"]["en"] for s in shown} == {f"en {case_id} checked"}
