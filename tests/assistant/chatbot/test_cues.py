"""Cues: charged at all, delivered but not there, the total; and what only looks like them."""

from __future__ import annotations

import pytest

from assistant.chatbot.dialogue_cues import asks_the_total, asks_whether_charged, says_not_received


@pytest.mark.parametrize(
    "words",
    ["扣钱了吗？", "我的钱被扣了吗", "有没有扣款", "那我的钱扣了没有",
     "Was anything taken?", "Did you take my money?", "Was I charged?",
     "So was I charged?", "Did any money leave my card?", "You didn't take the money, did you?"],
)  # fmt: skip
def test_whether_anything_was_charged(words: str) -> None:
    assert asks_whether_charged(words)


@pytest.mark.parametrize(
    "words",
    ["扣了我两次钱", "怎么重复扣款了", "退款到了吗", "Was I charged twice?", "Where is my order?", "Is it on its way?"],
)
def test_other_questions_about_money(words: str) -> None:
    assert not asks_whether_charged(words)


@pytest.mark.parametrize(
    "words",
    ["没收到货怎么就签收了", "显示已签收，可我没收到",
     "快递说送达了，家里根本没有包裹", "It says delivered but I never got it",
     "My parcel was marked as delivered, I haven't received anything", "signed for? nothing came"],
)  # fmt: skip
def test_delivered_and_not_there(words: str) -> None:
    assert says_not_received(words)


@pytest.mark.parametrize(
    "words",
    ["什么时候能送达？", "还没收到退款", "I haven't received my order yet", "已经签收了，谢谢",
     "When will it be delivered?", "my order has not been delivered"],
)  # fmt: skip
def test_under_way_or_well_received(words: str) -> None:
    assert not says_not_received(words)


@pytest.mark.parametrize(
    "words", ["一共多少钱", "总价是多少？", "what is the total price?", "How much is it in total?"]
)
def test_the_total(words: str) -> None:
    assert asks_the_total(words)


@pytest.mark.parametrize(
    "words", ["总价不对，为什么多了", "why is the total different?", "这件多少钱", "the price is wrong"]
)
def test_a_complaint_about_the_price(words: str) -> None:
    assert not asks_the_total(words)
