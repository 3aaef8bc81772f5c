"""Completing an address: what is implied is filled, nothing that stands is changed, nothing open is decided."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.addresses import complete
from knowledge.addresses.divisions import DISTRICT, index
from knowledge.vocabulary.events import Address

WHOLE = Address(
    recipient="王小明", phone="13800000000", country="CN", province="广东省", city="深圳市", district="南山区",
    street="科技路 1 号",
)  # fmt: skip
PLACES = [d for rows in index().full.values() for d in rows if d.level == DISTRICT and len(d.parents) == 2]


def without(*fields: str) -> Address:
    return msgspec.structs.replace(WHOLE, **dict.fromkeys(fields))


def filled(address: Address) -> dict[str, tuple[str, str]]:
    return {one.field: (one.value, one.source) for one in complete(address).filled}


def test_a_whole_address_is_left_alone() -> None:
    done = complete(WHOLE)
    assert done.address == WHOLE and done.filled == [] and done.missing == [] and done.ambiguous == {}


def test_province_and_country_follow_from_the_city() -> None:
    assert filled(without("province", "country")) == {"province": ("广东省", "implied"), "country": ("CN", "implied")}


def test_the_city_follows_from_a_district_of_one_name() -> None:
    assert filled(Address(district="滨江区", street="滨康路1号"))["city"] == ("杭州市", "implied")


def test_what_the_street_says_is_stated() -> None:
    given = Address(city="深圳市", street="南山区科技路1号")
    assert filled(given)["district"] == ("南山区", "stated")


def test_the_district_follows_from_a_town_of_the_stated_city() -> None:
    given = Address(city="杭州市", street="祥符街道莫干山路928号")
    assert filled(given)["district"] == ("拱墅区", "implied")
    assert "district" not in filled(Address(street="祥符街道莫干山路928号")), "towns share names and are renamed"


def test_a_text_gives_everything_it_says() -> None:
    done = complete(Address(text="收货人：王小明 13800000000 广东深圳南山区科技路1号创新大厦5楼"))
    assert done.missing == [] and done.address.street == "科技路1号创新大厦5楼"
    assert (done.address.recipient, done.address.phone, done.address.district) == ("王小明", "13800000000", "南山区")


@pytest.mark.parametrize(
    "given",
    [
        Address(district="朝阳区", street="建国路1号"),
        Address(city="上海市", street="西湖区文三路1号"),
        Address(city="深圳市", text="浙江省杭州市西湖区文三路1号"),
        Address(city="杭州市", district="江干区新塘路", street="x"),
        Address(street="科技路1号"),
        Address(city="深圳市", district="不存在区", street="科技路1号"),
    ],
)
def test_nothing_is_filled_where_it_is_open_or_contradictory(given: Address) -> None:
    assert not {"city", "district"} & set(filled(given))


def test_what_could_be_meant_is_named() -> None:
    done = complete(Address(district="朝阳区", street="建国路1号"))
    assert set(done.ambiguous) == {"province", "city"} and set(done.ambiguous["province"]) == {"北京市", "吉林省"}
    assert done.missing == ["recipient", "phone", "province", "city"]


def test_a_text_without_a_number_is_no_street() -> None:
    assert "street" not in filled(Address(text="广东省深圳市南山区科技园"))


def test_a_city_without_districts_needs_none() -> None:
    assert "district" not in complete(msgspec.structs.replace(WHOLE, city="东莞市", district=None)).missing
    assert "district" in complete(without("district")).missing


def test_addresses_of_other_countries() -> None:
    given = Address(recipient="A", phone="1", country="US", text="12 Main St, Springfield, IL 62701")
    done = complete(given)
    assert (done.address.city, done.address.province, done.address.postcode, done.address.street) == (
        "Springfield", "IL", "62701", "12 Main St",
    )  # fmt: skip
    assert complete(Address(country="GB", city="London", street="1 A St")).missing == ["recipient", "phone", "postcode"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), st.sets(st.sampled_from(["province", "city", "district"])), st.booleans())
def test_what_is_filled_is_never_wrong_by_the_tables(place: object, hidden: set[str], as_text: bool) -> None:
    names = dict(zip(("province", "city", "district"), (d.name for d in (*place.parents, place)), strict=True))  # type: ignore[attr-defined]
    kept = {name: value for name, value in names.items() if name not in hidden}
    given = Address(text="".join(kept.values()) + "1号") if as_text else Address(**kept, street="1号")
    done = complete(given)
    for one in done.filled:
        if one.field in names:
            assert one.value == names[one.field], (kept, one)
    for field in ("recipient", "phone", "province", "city", "district", "street"):
        before = getattr(given, field)
        assert before is None or getattr(done.address, field) == before
