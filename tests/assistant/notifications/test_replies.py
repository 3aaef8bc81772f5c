"""What customers write back: STOP by the channel they answer on, a number or label for a choice, else words."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.notifications.opt_outs import opt_in, opt_out, opted_out
from assistant.notifications.replies import choice_in, is_stop
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.events import Event
from tests.assistant.desk import event, message
from tests.assistant.notifications.post import Post, customer

CHOICES = [
    {"id": "substitute:TEA-2", "label": {"en": "Take the green one", "zh-CN": "换成绿茶"}},
    {"id": "no_refund", "label": {"en": "Refund", "zh-CN": "退款"}},
]


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Unsubscribe", "退订", "TD", "ｔｄ", "【退订】", "t", "Stop all"])
def test_stop_is_understood_in_both_languages(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", ["", "please stop the parcel", "cancel", "不要退订", "stop it, keep the order", "2"])
def test_what_may_mean_something_else_is_not_taken_for_stop(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("1", "substitute:TEA-2"), ("2.", "no_refund"), ("２", "no_refund"), ("（2）", "no_refund"),
        ("take the GREEN one!", "substitute:TEA-2"), ("退款。", "no_refund"), ("no_refund", "no_refund"),
        ("3", None), ("0", None), ("", None), ("1 or 2?", None), ("refund both", None), ("1" * 300, None), ("12", None),
    ],
)  # fmt: skip
def test_only_a_number_label_or_id_and_nothing_else_is_a_choice(text: str, choice: str | None) -> None:
    assert choice_in(text, CHOICES) == choice


def test_of_two_choices_with_one_label_none_is_meant() -> None:
    same = [{"id": name, "label": {"en": "Yes", "zh-CN": "好"}} for name in ("a", "b")]
    assert choice_in("yes", same) is None
    assert choice_in("1", same) == "a"


def test_opting_out_and_in_again(store: Store) -> None:
    with store.begin() as tx:
        assert opt_out(tx, store, "c:cu-1", "sms", utcnow(), source="reply")
        assert not opt_out(tx, store, "c:cu-1", "sms", utcnow(), source="reply")
        assert (opted_out(tx, "c:cu-1"), opted_out(tx, "c:cu-2")) == ({"sms"}, frozenset())
        assert opt_in(tx, "c:cu-1", "sms")
        assert not opt_in(tx, "c:cu-1", "sms")
        with pytest.raises(InputError, match="invalid_channel"):
            opt_out(tx, store, "c:cu-1", "fax", utcnow(), source="reply")


# -- on a case ------------------------------------------------------------------------------------------------------


@pytest.fixture
def post(store: Store, vault: Vault) -> Post:
    return Post(store, vault)


def asked(post: Post) -> str:
    case_id = post.open()
    post.says(message("which", ["keep_both", "cancel_one"]), then="await_customer")
    post.run(case_id)
    post.tick()
    return case_id


def writes(post: Post, text: str, **data: Any) -> Event:
    """What intake hands on of words: a reference into the vault."""
    with post.store.begin() as tx:
        ref = post.vault.put(tx, "c:cu-1", "event", {"text": text}, utcnow())
    return event("customer.replied", id=ref, customer_id="cu-1", text={"ref": ref}, **data)


def test_stop_ends_messages_by_that_channel_and_answers_nothing(post: Post) -> None:
    case_id = asked(post)
    post.tell(writes(post, "Stop", in_reply_to=f"{case_id}:1:which"))
    assert post.message("which")["replied_at"] is None
    assert post.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    assert any("no more messages by e-mail" in line for line in post.said(case_id))
    post.tell(writes(post, "stop", in_reply_to=f"{case_id}:1:which"))
    assert sum("no more messages" in line for line in post.said(case_id)) == 1
    second = post.open(checkout_id="ck-2")
    post.reader.facts = (*post.reader.facts, post.reader.facts[0])
    post.says(message())
    post.perform(second, post.look(second))
    post.tick()
    assert (len(post.email.taken), len(post.sms.taken)) == (1, 1)  # the next allowed channel


def test_whoever_opted_out_of_all_is_not_told_and_the_case_says_why(post: Post) -> None:
    post.reader.facts = (post.reader.facts[0], customer(allowed_channels=["email"]))
    with post.store.begin() as tx:
        opt_out(tx, post.store, "c:cu-1", "email", utcnow(), source="staff:ann")
    case_id = post.open()
    post.says(message("which", ["yes"]), then="await_customer")
    post.run(case_id)
    assert post.case(case_id)["status"] == CaseStatus.HANDED_OFF
    assert any("opted" in line for line in post.said(case_id))
    assert post.email.calls == []


def test_an_answer_by_number_is_the_choice_it_stands_for(post: Post) -> None:
    case_id = asked(post)
    post.tell(writes(post, "2", in_reply_to=f"{case_id}:1:which"))
    assert post.message("which")["choice"] == "cancel_one"


def test_words_stay_words_for_a_person(post: Post) -> None:
    case_id = asked(post)
    post.tell(writes(post, "2 would be fine, I think", in_reply_to=f"{case_id}:1:which"))
    assert (post.message("which")["choice"], post.message("which")["replied_at"] is not None) == (None, True)


def test_nobody_answers_a_question_that_is_not_out_yet(store: Store, vault: Vault) -> None:
    post = Post(store, vault)
    case_id = post.open()
    post.says(message("which", ["keep_both", "cancel_one"]), then="await_customer")
    post.run(case_id)
    post.tell(event("customer.replied", choice="keep_both"))
    assert post.message("which")["replied_at"] is None
