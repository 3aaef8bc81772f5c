"""What customers give of an address: taken apart, completed, asked for, read back."""

from __future__ import annotations

import pytest

from assistant.chatbot.addresses import given, is_name, read_back
from knowledge.vocabulary.errors import HellowordError
from tests.assistant.chatbot.fake_desk import HOME


def test_a_chinese_address_in_one_message_is_whole() -> None:
    found = given({"text": "我的地址是上海市浦东新区世纪大道100号5楼，张伟，13800138000"}, {})
    assert found.missing == []
    assert {name: found.fields[name] for name in ("recipient", "phone", "city", "district", "street")} == {
        "recipient": "张伟", "phone": "13800138000", "city": "上海市", "district": "浦东新区",
        "street": "世纪大道100号5楼",
    }  # fmt: skip
    assert read_back(found.fields) == "张伟，13800138000，上海市浦东新区世纪大道100号5楼"


def test_an_english_address_in_one_message_is_whole() -> None:
    found = given({"text": "Jane Smith, 12 Main St, Springfield, IL 62704, +1 217 555 0100"}, {})
    assert found.missing == []
    assert read_back(found.fields) == "Jane Smith, +1 217 555 0100, 12 Main St, Springfield, IL 62704"


@pytest.mark.parametrize(
    ("text", "missing"),
    [("杭州西湖区文三路20号", ["recipient", "phone"]), ("张伟，13800138000，上海市浦东新区", ["street"]),
     ("12 Main St, Springfield, IL 62704", ["recipient", "phone"])],
)  # fmt: skip
def test_it_names_exactly_what_is_missing(text: str, missing: list[str]) -> None:
    assert given({"text": text}, {}).missing == missing


def test_a_part_keeps_the_rest_of_what_the_order_has() -> None:
    found = given({"phone": "13700137000"}, HOME)
    assert (found.fields, found.missing) == ({"phone": "13700137000"}, [])
    street = given({"text": "文二路8号"}, HOME, "street")
    assert (street.fields["street"], street.missing) == ("文二路8号", [])


def test_what_the_case_asked_for_is_all_that_is_missing() -> None:
    base = {"recipient": "Miles Garnet", "phone": "+44 20 7946 0021", "country": "GB", "city": "Edinburgh"}
    assert given({"street": "287 Orchard Drive"}, base, "street").missing == ["postcode"]
    assert given({"street": "287 Orchard Drive"}, base, "street", ["street"]).missing == []
    assert given({"phone": "+44 20 7946 0021"}, HOME, "", ["phone", "street", "postcode"]).missing == ["postcode"]


def test_a_street_is_cut_from_what_the_order_has_already() -> None:
    base = {name: value for name, value in HOME.items() if name != "street"}
    chinese = given({"text": "浙江省杭州市西湖区文二路88号"}, base, "street", ["street"])
    assert (chinese.fields["street"], chinese.missing) == ("文二路88号", [])
    abroad = {"recipient": "M", "phone": "1", "country": "GB", "province": "Scotland", "city": "Edinburgh"}
    english = given({"text": "275 Mill Lane, Apt 5, Scotland, Edinburgh"}, abroad, "street", ["street"])
    assert english.fields == {"street": "275 Mill Lane, Apt 5"}


def test_a_new_place_keeps_the_person_and_none_of_the_old_place() -> None:
    found = given({"text": "上海市浦东新区世纪大道100号"}, HOME)
    assert found.missing == []
    assert "recipient" not in found.fields
    assert found.fields["city"] == "上海市"


def test_a_bare_name_counts_where_a_name_was_asked_for() -> None:
    assert given({"text": "欧阳娜娜"}, {"phone": "1"}, "recipient").fields == {"recipient": "欧阳娜娜"}
    assert given({"text": "My name is Jane Smith"}, {"phone": "1"}, "recipient").fields == {"recipient": "Jane Smith"}


def test_an_ambiguous_place_is_asked_for() -> None:
    found = given({"text": "西湖区文三路20号，张伟，13800138000"}, {})
    assert "city" in found.missing
    assert any("杭州" in one for one in found.ambiguous["city"])


@pytest.mark.parametrize("fields", [{"owner": "me"}, {"street": 5}, {"phone": "1" * 301}])
def test_a_wrong_field_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(HellowordError, match=next(iter(fields))):
        given(fields, {})


@pytest.mark.parametrize("name", ["张伟", "李小龙", "Jane Smith", "Mary Ann Lee"])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "words", ["好的", "可以", "不知道", "是", "yes please", "上海市", "朝阳区", "12 Main St", "ok", ""]
)
def test_what_is_no_name(words: str) -> None:
    assert not is_name(words)
