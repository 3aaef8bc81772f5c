"""What a customer wishes of a replacement, read from their words in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.vocabulary.facts import ProductFact, StockFact
from knowledge.vocabulary.money import Money
from tools.substitution import rank_substitutes
from tools.wishes import Wishes, wishes_in


def shirt(sku: str, price: int = 5_000, title: str = "T-Shirt", **attributes: Any) -> ProductFact:
    return ProductFact(
        sku=sku, title=title, category="shirt", unit_price=Money(price, "CNY"), attributes={
            "colour": "blue", "size": "S", "material": "cotton", **attributes
        },
    )  # fmt: skip


BOUGHT = shirt("A")
OTHERS = [
    shirt("B", colour="purple"), shirt("C", colour="purple", material="polyester"), shirt("D", size="XL"),
    shirt("E", 3_000, colour="red"), shirt("F", size="M"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wished"),
    [
        ("please change my T-Shirt to purple and prefer polyester", {"colour": "purple", "material": "polyester"}),
        ("my small tshirt, blue, should be purple", {"colour": "purple"}),
        ("T-Shirt {'colour': 'blue', 'size': 'S'} to {'size': 'XL'}; Lamp {'colour': 'red'}", {"size": "xl"}),
        ("I'd like it in RED instead.", {"colour": "red"}),
        ("keep the blue one", {}),
        ("whatever you have", {}),
    ],
)
def test_wishes_are_values_that_are_on_offer(text: str, wished: dict[str, str]) -> None:
    assert wishes_in(text, BOUGHT, OTHERS).attributes == wished


def test_chinese_wishes() -> None:
    bought = ProductFact(sku="A", title="保温杯", attributes={"颜色": "黑色", "容量": "350 ml"})
    others = [
        ProductFact(sku="B", title="保温杯", attributes={"颜色": "白色", "容量": "500 ml"}),
        ProductFact(sku="C", title="保温杯", attributes={"颜色": "黑色", "容量": "750 ml"}),
    ]
    wished = wishes_in("保温杯没货的话，换成白色的，500ml", bought, others).attributes
    assert wished == {"颜色": "白色", "容量": "500ml"}
    assert wishes_in("保温杯想要最大的容量", bought, others).attributes == {"容量": "750ml"}


def test_the_name_of_an_attribute_is_no_wish() -> None:
    bagged = ProductFact(sku="A", title="Vacuum", attributes={"bagged/bagless": "bagged", "type": "upright"})
    other = ProductFact(sku="B", title="Vacuum", attributes={"bagged/bagless": "bagless", "type": "robotic"})
    text = "Vacuum {'bagged/bagless': 'bagged', 'type': 'upright'} to {'type': 'robotic'}"
    assert wishes_in(text, bagged, [other]).attributes == {"type": "robotic"}


def offered(text: str, **more: Any) -> list[str]:
    stock = {one.sku: StockFact(sku=one.sku, available=9) for one in OTHERS}
    wishes = wishes_in(text, BOUGHT, OTHERS)
    return [one.sku for one, _ in rank_substitutes(BOUGHT, OTHERS, stock, limit=9, wishes=wishes, **more)]


def test_what_is_wished_outranks_everything_else() -> None:
    assert offered("make it purple polyester")[:2] == ["C", "B"]
    assert offered("I want red")[0] == "E"
    assert offered("the cheapest one please")[0] == "E"


def test_the_next_size_is_likelier_than_one_far_off() -> None:
    names = offered("")
    assert names.index("F") < names.index("D")


def test_the_meaning_of_the_title_decides_where_attributes_say_nothing() -> None:
    mug, tea, cup = (ProductFact(sku=s, title=t, category="x", unit_price=Money(100, "CNY"))
                     for s, t in (("mug", "mug"), ("tea", "tea"), ("cup", "cup")))  # fmt: skip
    stock = {one.sku: StockFact(sku=one.sku, available=9) for one in (tea, cup)}
    ranked = rank_substitutes(mug, [tea, cup], stock, meaning=lambda a, b: 1.0 if b == "cup" else 0.0)
    assert [one.sku for one, _ in ranked] == ["cup", "tea"]
    by_words = rank_substitutes(
        mug, [tea, ProductFact(sku="z", title="big mug", category="x", unit_price=Money(100, "CNY"))],
        {**stock, "z": StockFact(sku="z", available=9)},
    )  # fmt: skip
    assert [one.sku for one, _ in by_words] == ["z", "tea"]


def test_wishes_are_met_in_shares() -> None:
    assert Wishes({"colour": "purple", "size": "s"}).met_by(OTHERS[0]) == 1.0
    assert Wishes({"colour": "purple", "size": "xl"}).met_by(OTHERS[0]) == 0.5
    assert Wishes().met_by(OTHERS[0]) == 1.0
