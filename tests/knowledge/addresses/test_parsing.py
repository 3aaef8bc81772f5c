"""Free text taken apart: levels missing, abbreviated, run together, ambiguous, with name and phone in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.addresses import parse
from knowledge.addresses.divisions import CITY, DISTRICT, TOWN, index, short_name

NAMES = sorted(index().full)


@pytest.mark.parametrize(
    ("text", "stated", "implied"),
    [
        ("广东深圳南山区科技园路1号", ("广东", "深圳", "南山区"), ()),
        ("广东省深圳市南山区科技园路1号", ("广东省", "深圳市", "南山区"), ()),
        ("深圳市南山区科技园路1号", (None, "深圳市", "南山区"), ("广东省",)),
        ("长春朝阳区人民大街1号", (None, "长春", "朝阳区"), ("吉林省",)),
        ("北京市朝阳区建国路88号", (None, "北京市", "朝阳区"), ("北京市",)),
        ("北京朝阳建国路88号", (None, "北京", "朝阳"), ("北京市",)),
        ("义乌佛堂镇渡馨中路104号", (None, None, "义乌"), ("浙江省", "金华市")),
        ("内蒙古呼和浩特新城区1号", ("内蒙古", "呼和浩特", "新城区"), ()),
        ("吉林吉林市船营区", ("吉林", "吉林市", "船营区"), ()),
        ("湖北仙桃沙嘴街道1号", ("湖北", "仙桃", None), ()),
        ("香港九龙观塘区1号", ("香港", "九龙", "观塘区"), ()),
        ("浙江省杭州市杭州西湖区文三路", ("浙江省", "杭州市", "西湖区"), ()),
    ],
)
def test_divisions(text: str, stated: tuple[str | None, ...], implied: tuple[str, ...]) -> None:
    parsed = parse(text)
    assert tuple(parsed.stated(level) for level in ("province", "city", "district")) == stated
    assert tuple(part.value for part in parsed.parts.values() if not part.stated) == implied
    assert not parsed.contradictory and not parsed.ambiguous


@pytest.mark.parametrize("text", ["朝阳区建国路88号", "西湖区文三路1号", "鼓楼区中山路1号"])
def test_a_name_of_two_places_implies_neither(text: str) -> None:
    parsed = parse(text)
    assert parsed.get("province") is None and parsed.get("city") is None
    assert len(parsed.ambiguous["province"]) >= 2 and parsed.stated("district") == text[:3]


@pytest.mark.parametrize(
    "text",
    [
        "南京东路100号", "中山北一路1号", "北京西路12弄", "吉林大路1号", "长沙湾道5号", "西湖大道3号", "朝阳路2号",
        "人民大街9号", "some place",
    ],
)
def test_a_road_that_has_a_citys_name_is_no_city(text: str) -> None:
    assert parse(text).get("city") is None and parse(text).get("province") is None


@pytest.mark.parametrize(
    "text",
    ["上海市西湖区文三路1号", "四川省达州市宣汉县中国浙江省嘉兴市龙源路827号", "江苏省徐州市浙江省昌化镇东塔街1号"],
)
def test_places_that_do_not_lie_in_each_other_contradict(text: str) -> None:
    assert parse(text).contradictory


@pytest.mark.parametrize(
    ("text", "town", "road", "number"),
    [
        ("杭州市余杭区良渚街道金德路191号赞成美树14-9-1456室", "良渚街道", "金德路", "191号"),
        ("新镇路1060弄73号1338室", None, "新镇路", "1060弄"),
        ("海宁市斜桥镇庆云街大桥南路143", "斜桥镇", "庆云街", None),
        ("苍南县龙港镇文一西路964号", "龙港镇", "文一西路", "964号"),
        ("温州市永嘉县王家坞村135", None, None, "135"),
        ("广东省深圳市龙岗区横岗街道大康村沙荷路110号", "横岗街道", "沙荷路", "110号"),
        ("杭州市滨江区逸天广场52幢413", None, None, None),
    ],
)
def test_what_stands_behind_the_divisions(text: str, town: str | None, road: str | None, number: str | None) -> None:
    parsed = parse(text)
    assert (parsed.stated("town"), parsed.stated("road"), parsed.stated("number")) == (town, road, number)


@pytest.mark.parametrize(
    ("text", "recipient", "phone", "postcode"),
    [
        ("收货人：王小明 电话：138-0013-8000 地址：浙江省杭州市西湖区文三路100号", "王小明", "13800138000", None),
        ("浙江省杭州市西湖区文三路100号，张伟，+86 13800138000", "张伟", "13800138000", None),
        ("李娜女士 13800138000 浙江省杭州市西湖区文三路100号", "李娜女士", "13800138000", None),
        ("310012 浙江省杭州市西湖区文三路100号", None, None, "310012"),
        ("浙江省杭州市西湖区文三路100号 0571-88881234", None, "0571-88881234", None),
        ("浙江省杭州市西湖区文三路100号 西湖区 13800138000", None, "13800138000", None),
        ("13800138000 13900139000 浙江省杭州市西湖区文三路100号", None, None, None),
        ("浙江省杭州市西湖区文三路100138号", None, None, None),
    ],
)
def test_name_phone_and_postcode(text: str, recipient: str | None, phone: str | None, postcode: str | None) -> None:
    parsed = parse(text)
    assert (parsed.get("recipient"), parsed.get("phone"), parsed.get("postcode")) == (recipient, phone, postcode)
    assert parsed.get("province") == "浙江省" and parsed.get("district") == "西湖区"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12 Main St, Springfield, IL 62701",
         {"rest": "12 Main St", "city": "Springfield", "province": "IL", "postcode": "62701"}),
        ("Flat 3, 10 Downing Street, London SW1A 2AA, UK",
         {"rest": "Flat 3, 10 Downing Street", "city": "London", "postcode": "SW1A 2AA", "country": "GB"}),
        ("5 George St, Sydney NSW 2000",
         {"rest": "5 George St", "city": "Sydney", "province": "NSW", "postcode": "2000"}),
        ("Hauptstr. 5, 10115 Berlin, Germany",
         {"rest": "Hauptstr. 5", "city": "Berlin", "postcode": "10115", "country": "DE"}),
        ("Hauptstr. 5, 10115 Berlin", {}),
        ("12 Main St Springfield IL 62701", {}),
        ("somewhere near the river", {}),
    ],
)  # fmt: skip
def test_other_countries_addresses_are_split_only_where_their_form_is_plain(text: str, parts: dict[str, str]) -> None:
    assert {name: part.value for name, part in parse(text).parts.items()} == parts


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*NAMES[::37], "路", "1号", " ", "张伟", "13800138000", "A", "，"]), max_size=8))
def test_any_text_is_read_and_every_part_stands_where_it_says(pieces: list[str]) -> None:
    text = "".join(pieces)
    parsed = parse(text)
    for part in parsed.parts.values():
        assert part.value
        if part.span is not None:
            start, end = part.span
            assert 0 <= start < end <= len(text)


# What stands in brackets after a name is for the tables' readers; nobody writes it.
WRITTEN = [d for n in NAMES for d in index().full[n] if d.level in (DISTRICT, TOWN) and "（" not in d.name]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WRITTEN), st.booleans())
def test_a_division_written_out_is_read_as_itself(division: object, spaced: bool) -> None:
    names = [d.name for d in (*division.parents, division)]  # type: ignore[attr-defined]
    parsed = parse((" " if spaced else "").join([*names, "1号"]))
    for level, name in ((CITY, "city"), (DISTRICT, "district"), (TOWN, "town")):
        above = division.at(level)  # type: ignore[attr-defined]
        assert above is None or parsed.get(name) == above.name, repr(division)


def test_short_names_are_what_people_say() -> None:
    said = {"广西壮族自治区": "广西", "延边朝鲜族自治州": "延边", "忠县": "忠县", "喀什地区": "喀什"}
    assert {name: short_name(index().full[name][0]) for name in said} == said


def test_it_is_quick() -> None:
    text = "浙江省杭州市余杭区良渚街道金德路191号赞成美树14-9-1456室"
    parse(text)
    started = time.perf_counter()
    for _ in range(200):
        parse(text)
    assert (time.perf_counter() - started) / 200 < 0.005  # well below a millisecond on a quiet machine
