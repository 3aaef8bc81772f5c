"""What a message names is found: ids, amounts, contacts, addresses, goods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.talk.intents import language_of
from knowledge.talk.numerals import chinese_number, ordinal
from knowledge.talk.slots import Slots, amounts, find_slots, match_products, order_ids
from knowledge.vocabulary.money import Money


def slots(text: str) -> Slots:
    return find_slots(text, language_of(text))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("我的订单ord-3fa2b1-000123怎么还没到", ["ord-3fa2b1-000123"]),
        ("ORD-3FA2B1-000123 and ord-3fa2b1-000124?", ["ORD-3FA2B1-000123", "ord-3fa2b1-000124"]),
        ("单号：202411229876543，在哪", ["202411229876543"]),
        ("订单编号是A10023", ["A10023"]),
        ("where is order #10023", ["10023"]),
        ("order number 884213 please", ["884213"]),
        ("#48213 refund", ["48213"]),
        ("支付宝单2024112298765432101", ["2024112298765432101"]),
        ("我的卡号4111111111111111", []),
        ("身份证110101199003074514", []),
        ("电话13800138000", []),
        ("in order to pay 200", []),
        ("chk-aa11bb-000002 还没付款", []),
        ("I ordered 3 of them in 2024", []),
    ],
)
def test_order_ids(text: str, ids: list[str]) -> None:
    assert order_ids(text) == ids


def test_other_ids_have_their_own_slots() -> None:
    one = slots("chk-aa11bb-000002 pay-aa11bb-000007 都没成功")
    assert (one.checkout_ids, one.payment_ids, one.order_ids) == (["chk-aa11bb-000002"], ["pay-aa11bb-000007"], [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("退我¥1,299.50", [Money(129950, "CNY")]),
        ("多收了20块", [Money(2000, "CNY")]),
        ("3块5", [Money(350, "CNY")]),
        ("两百五十元", [Money(25000, "CNY")]),
        ("两百五块钱", [Money(25000, "CNY")]),
        ("1.2万元", [Money(1200000, "CNY")]),
        ("CNY 88", [Money(8800, "CNY")]),
        ("$19.90 or 30 euros", [Money(1990, "USD"), Money(3000, "EUR")]),
        ("charged USD 1,200", [Money(120000, "USD")]),
        ("€5", [Money(500, "EUR")]),
        ("20 bucks", [Money(2000, "USD")]),
        ("买了两块手表", []),
        ("一起买的3个", []),
        ("订单2024112298765432", []),
        ("at 10:30", []),
    ],
)
def test_amounts(text: str, found: list[Money]) -> None:
    assert amounts(text) == found


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "改到浙江省杭州市西湖区文三路123号5幢201室，张三 13800138000，谢谢",
            {
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "street": "文三路123号5幢201室",
                "recipient": "张三",
                "phone": "13800138000",
            },
        ),
        ("麻烦把地址改成上海市浦东新区张江路88弄3号402", {"district": "浦东新区", "street": "张江路88弄3号402"}),
        ("漏写了，是12栋702室", {"street": "12栋702室"}),
        (
            "please ship it to 12 Oak Street, Springfield, IL 62704 instead",
            {"street": "12 Oak Street", "city": "Springfield", "province": "IL", "postcode": "62704"},
        ),
        ("my flat is apt 5B, postcode SW1A 1AA", {"street": "apt 5B", "postcode": "SW1A 1AA"}),
        ("the zip code is 10001", {"postcode": "10001"}),
    ],
)
def test_addresses(text: str, fields: dict[str, str]) -> None:
    found = slots(text).address
    assert {name: found.get(name) for name in fields} == fields


@pytest.mark.parametrize(
    "text",
    [
        "我的订单到哪了",
        "订单号123号",
        "第3个",
        "要2楼的自提点吗",
        "I paid 20 dollars",
        "option 5",
        "where is my order 12345",
    ],
)
def test_what_is_no_address_gives_none(text: str) -> None:
    assert slots(text).address == {}


def test_contacts_also_masked_ones() -> None:
    assert slots("电话13800138000").phone == "13800138000"
    assert slots("call +1 415-555-0100 or a.b@c.co").phone == "+14155550100"
    assert slots("call +1 415-555-0100 or a.b@c.co").email == "a.b@c.co"
    masked = slots("‹phone:2› ‹email:1› 上海市浦东新区张江路88弄3号402")
    assert (masked.phone, masked.email, masked.address["phone"]) == ("‹phone:2›", "‹email:1›", "‹phone:2›")
    assert slots("订单202411229876543").phone is None


def test_products_are_matched_by_sku_or_by_telling_words() -> None:
    goods: list[dict[str, Any]] = [
        {"sku": "KB-0001", "title": "机械键盘 红轴 Mechanical Keyboard red"},
        {"sku": "KB-0002", "title": "机械键盘 茶轴 Mechanical Keyboard brown"},
        {"sku": "LAMP-1", "title": "护眼台灯 暖光 LED Desk Lamp warm"},
    ]
    assert match_products("kb-0002 还有吗", goods) == ["KB-0002"]
    assert match_products("我要茶轴的", goods) == ["KB-0002"]
    assert match_products("the lamp please", goods) == ["LAMP-1"]
    assert match_products("键盘有货吗", goods) == []
    assert match_products("天气怎么样", goods) == []


@pytest.mark.parametrize(
    ("text", "number"), [("两百五", 250), ("三千零二十", 3020), ("十二", 12), ("一万二千", 12000), ("二十", 20)]
)
def test_chinese_numbers(text: str, number: int) -> None:
    assert chinese_number(text) == number


def test_ordinals() -> None:
    assert [ordinal(word) for word in ("second", "2nd", "二", "3", "Three", "blue")] == [2, 2, 2, 3, 3, None]


@given(st.text(max_size=200))
def test_no_text_breaks_the_slots(text: str) -> None:
    found = slots(text)
    assert all(name and name in text for name in found.order_ids)
    assert all(one.amount >= 0 for one in found.amounts)
