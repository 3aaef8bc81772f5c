"""A reply picks an option only where it leaves no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.talk.choosing import choose
from knowledge.talk.stance import yes_or_no

COLOURS = [
    {"id": "substitute:A", "label": {"zh-CN": "蓝牙音箱 黑色", "en": "Bluetooth Speaker black"}},
    {"id": "substitute:B", "label": {"zh-CN": "蓝牙音箱 蓝色", "en": "Bluetooth Speaker blue"}},
    {"id": "substitute:C", "label": {"zh-CN": "蓝牙音箱 红色", "en": "Bluetooth Speaker red"}},
    {"id": "no_thanks", "label": {"zh-CN": "不用了，谢谢", "en": "No, thanks"}},
]
OFFER = [
    {"id": "use_address", "label": {"zh-CN": "使用账户中保存的地址", "en": "Use the address saved in my account"}},
    {"id": "no_other", "label": {"zh-CN": "不，我要填写其他地址", "en": "No, I will give another address"}},
]
ORDERS = [
    {
        "id": "cancel_one",
        "label": {"zh-CN": "取消订单 ord-aa-000002 并退款", "en": "Cancel ord-aa-000002 and refund it"},
    },
    {"id": "keep_both", "label": {"zh-CN": "两单都要", "en": "Keep both"}},
]


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("第二个", "substitute:B"),
        ("2", "substitute:B"),
        ("选2", "substitute:B"),
        ("B", "substitute:B"),
        ("我选b吧", "substitute:B"),
        ("换那个蓝色的", "substitute:B"),
        ("就要红色那款", "substitute:C"),
        ("三", "substitute:C"),
        ("第3个吧谢谢", "substitute:C"),
        ("不要黑色，要蓝色的", "substitute:B"),
        ("不要第一个，要第三个", "substitute:C"),
        ("不用了", "no_thanks"),
        ("都不要", None),
        ("不用了，谢谢", "no_thanks"),
        ("好的", None),
        ("随便", None),
        ("第一个或者第二个", None),
        ("音箱", None),
        ("第九个", None),
        ("不要蓝色", None),
        ("蓝色还是红色好呢", None),
        ("什么时候发货", None),
        ("", None),
        ("substitute:C", "substitute:C"),
    ],
)
def test_choices_in_chinese(text: str, picked: str | None) -> None:
    assert choose(text, COLOURS, "zh-CN") == picked


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("the second one", "substitute:B"),
        ("2", "substitute:B"),
        ("option 2 please", "substitute:B"),
        ("B", "substitute:B"),
        ("I'll take the blue one", "substitute:B"),
        ("the red speaker", "substitute:C"),
        ("3rd", "substitute:C"),
        ("number three", "substitute:C"),
        ("not the black, the blue", "substitute:B"),
        ("no thanks", "no_thanks"),
        ("no, thanks", "no_thanks"),
        ("yes", None),
        ("either", None),
        ("the first or the second", None),
        ("the speaker", None),
        ("number nine", None),
        ("don't want the blue", None),
        ("is there a green one?", None),
        ("a", "substitute:A"),
        ("the last one", "no_thanks"),
    ],
)
def test_choices_in_english(text: str, picked: str | None) -> None:
    assert choose(text, COLOURS, "en") == picked


@pytest.mark.parametrize(
    ("text", "language", "picked"),
    [
        ("好的", "zh-CN", "use_address"),
        ("可以，就用保存的那个", "zh-CN", "use_address"),
        ("不，换一个", "zh-CN", "no_other"),
        ("不行", "zh-CN", "no_other"),
        ("yes please", "en", "use_address"),
        ("use the saved one", "en", "use_address"),
        ("no", "en", "no_other"),
        ("maybe", "en", None),
        ("好的，不要用", "zh-CN", "no_other"),
    ],
)
def test_yes_and_no_pick_where_they_can_mean_one_option_only(text: str, language: str, picked: str | None) -> None:
    assert choose(text, OFFER, language) == picked  # type: ignore[arg-type]


def test_both_of_two_orders_is_no_choice_by_words_but_its_own_label_is() -> None:
    assert choose("两单都要", ORDERS, "zh-CN") == "keep_both"
    assert choose("keep both", ORDERS, "en") == "keep_both"
    assert choose("取消后面那个", ORDERS, "zh-CN") == "cancel_one"


@pytest.mark.parametrize(
    "text",
    [
        "好的",
        "可以",
        "嗯嗯",
        "行吧",
        "没问题",
        "同意",
        "OK",
        "yes",
        "sure",
        "go ahead",
        "no problem",
        "why not",
        "I don't mind",
    ],
)
def test_yes(text: str) -> None:
    assert yes_or_no(text) == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "不用了",
        "不要取消",
        "算了",
        "不行",
        "先别",
        "好的，不要取消",
        "no",
        "no thanks",
        "don't cancel",
        "no need",
        "not now",
        "nope",
    ],
)
def test_no(text: str) -> None:
    assert yes_or_no(text) == "no"


@pytest.mark.parametrize(
    "text", ["可以吗？", "要不要取消？", "什么时候发货", "is it ok?", "my order", "", "我要等多久"]
)
def test_neither(text: str) -> None:
    assert yes_or_no(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_choosing(text: str) -> None:
    assert choose(text, COLOURS, "zh-CN") in {None, *(option["id"] for option in COLOURS)}
