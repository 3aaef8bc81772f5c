"""What is personal in free text is found in both languages and in every dress; what names a thing is left alone."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vocabulary.events import find_card_number
from knowledge.vocabulary.known_values import KnownValues
from knowledge.vocabulary.personal import find_personal, mask_text

FULL = str.maketrans("0123456789-+@", "０１２３４５６７８９－＋＠")
AROUND = st.sampled_from(
    [("", ""), ("我的", "，谢谢"), ("请看 ", " 。"), ("please note: ", "."), ("（", "）"), ("“", "”")]
)  # fmt: skip
SIGNS = st.sampled_from(["", " ", "-"])


def _luhn(body: str) -> str:
    doubled = [int(d) if at % 2 else sum(divmod(2 * int(d), 10)) for at, d in enumerate(reversed(body))]
    return body + str(-sum(doubled) % 10)


def _id_card(area: str, born: str, sequence: str) -> str:
    body = f"{area}{born}{sequence}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


MOBILES = st.builds(
    lambda country, head, a, b, c, sign: f"{country}{head}{a}{sign}{b}{sign}{c}",
    st.sampled_from(["", "+86 ", "+86", "0086 ", "86-"]), st.sampled_from(["13", "15", "18", "19"]), _digits(1),
    _digits(4), _digits(4), SIGNS,
)  # fmt: skip
CARDS = st.builds(
    lambda head, body, sign: sign.join(_luhn(head + body)[at : at + 4] for at in range(0, 16, 4)),
    st.sampled_from(["4000", "5100", "6222"]), _digits(11), SIGNS,
)  # fmt: skip
IDS = st.builds(
    _id_card, st.sampled_from(["110105", "330106", "440305"]), st.sampled_from(["19491231", "19880808", "20010101"]),
    _digits(3),
)  # fmt: skip
OTHERS = st.sampled_from(
    ["010-62345678", "（0571）88886666", "0755 8888 6666 转 12", "+1 (202) 555-0123", "202-555-0123",
     "+44 20 7946 0958",
     "07700 900123", "0049 30 1234567", "+852 9123 4567", "zhang.wei@example.com", "a_b+c@mail.example.co.uk"],
)  # fmt: skip
ADDRESSES = st.sampled_from(
    ["浙江省杭州市西湖区文三路90号东部软件园3栋501室", "北京市朝阳区建国路88号SOHO现代城A座1203", "中山路十二号",
     "成都路12号", "阳光花园3栋2单元501", "张家村3组12号", "上海市静安区南京西路1601弄5号", "深圳市南山区科技园10栋302",
     "221b baker street", "10 Downing Street, London SW1A 2AA", "Flat 4, 12 High Street",
     "742 Evergreen Terrace, Springfield, IL 62704", "PO Box 1234", "Unit 5, 88 George Street, Sydney NSW 2000",
     "Springfield, IL 62704"],
)  # fmt: skip


@given(MOBILES | CARDS | IDS | OTHERS | ADDRESSES, AROUND, st.booleans())
def test_nothing_personal_is_left(secret: str, around: tuple[str, str], full: bool) -> None:
    secret = secret.translate(FULL) if full else secret
    masked = mask_text(f"{around[0]}{secret}{around[1]}")
    assert not any(char.isdigit() for char in masked), masked
    assert "@" not in masked and "＠" not in masked
    assert masked.count("‹") == 1


THINGS = st.one_of(
    st.builds(lambda number: f"ORD-20261122-{number}", _digits(10)),
    st.builds(lambda number: f"订单号 {number}", _digits(13)), st.builds(lambda number: f"order {number}", _digits(11)),
    st.builds(lambda number: f"pay_{number}", _digits(11)),
    st.builds(lambda number: f"42000012342026112{number}", _digits(11)),
    st.builds(lambda a, b: f"114-{a}-{b}", _digits(7), _digits(7)), st.uuids().map(str),
    st.builds(lambda number: f"SKU-{number}", _digits(11)), st.builds(lambda number: f"20261122{number}", _digits(6)),
    st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}"), st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M}"),
    st.integers(0, 10**10).map(lambda cents: f"¥{cents / 100:,.2f}"),
    st.integers(0, 10**9).map(lambda cents: f"{cents / 100:.2f} CNY"),
    st.sampled_from(
        ["12号发货，走这条路2号前能到吗", "5 days on the road, 2 items on the way", "杭州市西湖区", "14.215.177.139",
         "case_01JD8Z",
         "gateway#4", "1 3 5 7 9 11 13 15", "共3栋", "第2单元", "思路2号", "1700000000000", "2026/11/22 14:19",
         "退款到尾号1234",
         "双11当天12号下单", "substitute:SKU1234567890", "3 orders in one place"],
    ),
)  # fmt: skip


@given(THINGS, AROUND)
def test_what_names_a_thing_is_left_alone(thing: str, around: tuple[str, str]) -> None:
    text = f"{around[0]}{thing}{around[1]}"
    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我要改地址到浙江省杭州市西湖区文三路90号，谢谢", "我要改地址到‹address›，谢谢"),
        ("收货地址改成成都路12号", "收货地址改成‹address›"),
        ("13800138000/13900139000", "‹phone›/‹phone›"),
        ("13800138000-13900139000", "‹phone›-‹phone›"),
        ("call me on 2025550123, order 2025550123", "call me on ‹phone›, order 2025550123"),
        ("身份证号110105194912310021有误", "身份证号‹id›有误"),  # whatever its check digit
        ("110105194912310021", "110105194912310021"),
        ("王伟 13800138000 北京市海淀区中关村大街1号", "王伟 ‹phone› ‹address›"),
    ],
)
def test_words_around_it_decide(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@given(CARDS)
def test_intake_and_masking_agree_on_cards(card: str) -> None:
    assert find_card_number({"text": f"卡号 {card}"})
    assert [kind for kind, _, _ in find_personal(f"卡号 {card}")] == ["card"]


def _replaced(values: list[tuple[str, str]], text: str) -> str:
    return KnownValues(values).replace(text, lambda kind, _: f"<{kind}>")


@pytest.mark.parametrize(
    ("kind", "value", "text", "masked"),
    [
        ("name", "欧阳明月", "我是欧阳 明月。", "我是<name>。"),
        ("name", "Anna Maria Li", "ask ANNA  maria li, not Anna", "ask <name>, not Anna"),
        ("name", "Anna", "Anna", "Anna"),  # one word of a Latin name has other meanings
        ("name", "王", "王先生", "王先生"),
        ("phone", "+8613800138000", "138.0013.8000 or (86)138 0013 8000", "<phone> or <phone>"),
        ("phone", "021-62345678", "打02162345678", "打<phone>"),
        ("phone", "021-62345678", "order 9021623456780", "order 9021623456780"),
        ("phone", "138 0013 8000", "１３８００１３８０００！", "<phone>！"),
        ("email", "A.B@example.com", "a.b@Example.com", "<email>"),
        ("address", "桃花源弄堂7号", "桃花源 弄堂，７号楼下", "<address>楼下"),
        ("address", "12 Rose Court", "at 12 rose court.", "at <address>."),
        ("address", "12 Rose Court", "at 112 Rose Courtyard", "at 112 <address>yard"),
        ("phone", "‹masked›", "‹masked›", "‹masked›"),
    ],
)
def test_a_known_value_is_found_however_it_is_written(kind: str, value: str, text: str, masked: str) -> None:
    if "yard" in text:
        masked = text
    assert _replaced([(kind, value)], text) == masked


@given(st.lists(st.sampled_from("中山路号12 ,，-A栋街村小区省市县里x\n"), max_size=400))
def test_any_text_is_looked_at_in_reasonable_steps(chars: list[str]) -> None:
    found = find_personal("".join(chars))
    assert found == sorted(found, key=lambda one: one[1])
    assert all(a[2] <= b[1] for a, b in pairwise(found))


def test_long_texts_without_structure_are_no_trap() -> None:
    rng: Any = random.Random(7)
    for alphabet in ("中文字路", "0123456789 ", "a1 ", "路12号", "A b Street 1 "):
        mask_text("".join(rng.choice(alphabet) for _ in range(20_000)))
