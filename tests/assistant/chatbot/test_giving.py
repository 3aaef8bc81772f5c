"""What a message gives of an address, masked or not, in the words customers really use."""

from __future__ import annotations

import pytest

from assistant.chatbot.giving import gives_contact, pieces
from knowledge.talk.intents import language_of
from knowledge.talk.slots import find_slots


def gives(words: str, *wanted: str, earlier: dict[str, str] | None = None) -> dict[str, str]:
    return pieces(words, find_slots(words, language_of(words)), wanted, earlier or {})


@pytest.mark.parametrize(
    ("words", "phone"),
    [("电话是 19900000020", "19900000020"), ("联系电话填 ‹phone:1› 吧", "‹phone:1›"), ("‹phone:2›", "‹phone:2›"),
     ("打这个电话：‹phone:1›，谢谢", "‹phone:1›"), ("my phone is +1 202 555 0135", "+1 202 555 0135"),
     ("You can reach me on ‹phone:1›", "‹phone:1›"), ("sorry, I forgot the phone: ‹phone:1›", "‹phone:1›")],
)  # fmt: skip
def test_a_phone_number_and_nothing_else(words: str, phone: str) -> None:
    assert gives(words, "phone") == gives(words, "recipient", "phone") == {"phone": phone}


@pytest.mark.parametrize(
    ("words", "name"),
    [("收件人叫李雷", "李雷"), ("收货人：朱晨曦", "朱晨曦"), ("收件人写‹name:1›", "‹name:1›"),
     ("名字是欧阳娜娜", "欧阳娜娜"),
     ("寄给朱晨曦收就行", "朱晨曦"), ("我叫李雷", "李雷"), ("李雷", "李雷"), ("收件人李雷", "李雷"),
     ("The recipient is Miles Garnet", "Miles Garnet"), ("It's for Miles Garnet", "Miles Garnet"),
     ("Name on the parcel: Miles Garnet", "Miles Garnet"), ("Please address it to ‹name:1›", "‹name:1›"),
     ("my name is miles garnet", "miles garnet"), ("Miles Garnet", "Miles Garnet")],
)  # fmt: skip
def test_a_recipient(words: str, name: str) -> None:
    assert gives(words, "recipient") == {"recipient": name}


@pytest.mark.parametrize(
    "words",
    ["好的，谢谢", "好嘞，辛苦了", "不用了", "收件人是谁？", "名字没写错吧", "等一下", "我问问", "收件人姓名有什么问题",
     "Great, thanks", "Alright, cheers", "hold on", "the name is wrong?", "ok", "What do you need?", "I don't know"],
)  # fmt: skip
@pytest.mark.parametrize("wanted", ["recipient", "street", "city"])
def test_what_gives_nothing(words: str, wanted: str) -> None:
    assert gives(words, wanted) == {}


@pytest.mark.parametrize(
    ("words", "text"),
    [("门牌是88号3单元", "88号3单元"), ("街道门牌：‹address:1›", "‹address:1›"),
     ("地址补充一下，‹address:1›", "‹address:1›"),
     ("写漏了，是‹address:1›，谢谢", "‹address:1›"), ("浙江省杭州市，‹address:1›", "浙江省杭州市‹address:1›"),
     ("I left that out, it's ‹address:1›", "‹address:1›"),
     ("‹address:1›, Scotland, Edinburgh", "‹address:1›, Scotland, Edinburgh"),
     ("it's 12 Baker Street, flat 3", "12 Baker Street, flat 3"), ("‹address:1›, thanks", "‹address:1›")],
)  # fmt: skip
def test_a_place(words: str, text: str) -> None:
    assert gives(words, "street") == {"text": text}


def test_a_division_that_was_asked_for() -> None:
    assert gives("南山区", "district") == {"district": "南山区"}
    assert gives("Edinburgh", "city") == {"city": "Edinburgh"}


def test_everything_at_once() -> None:
    whole = {"recipient": "李雷", "phone": "‹phone:1›", "text": "‹address:1›"}
    assert gives("收件人李雷，电话‹phone:1›，地址‹address:1›", "recipient", "phone", "street") == whole
    assert gives("‹address:1›，李雷，‹phone:1›", "recipient", "phone", "street") == whole
    said = gives("Name: Jane Smith, phone ‹phone:1›, ‹address:1›", "recipient", "phone", "street")
    assert said == {"recipient": "Jane Smith", "phone": "‹phone:1›", "text": "‹address:1›"}


def test_a_further_piece_goes_behind_the_earlier_one() -> None:
    assert gives("88号3单元", "street", earlier={"text": "文二路"}) == {"text": "文二路，88号3单元"}


def test_a_postcode_that_is_named_needs_no_question() -> None:
    assert gives("邮编是518000", "phone") == {"postcode": "518000"}
    assert gives("the postcode is EH1 1AA", "postcode") == {"postcode": "EH1 1AA"}


@pytest.mark.parametrize("words", ["我的订单怎么了？", "Where is my order?", "谢谢", "send it to me please"])
def test_other_words_name_no_contact(words: str) -> None:
    assert not gives_contact(words)
