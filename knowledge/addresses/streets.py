"""Finds what stands behind the divisions: a town no table knows, road, number and the rest; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

Span = tuple[int, int]

_WAY = r"(?:大道|大街|公路|国道|省道|县道|高速|路|街|巷|胡同|里弄)"
_TOWN = re.compile(
    rf"(?P<town>[一-鿿]{{1,6}}?(?:街道办事处|街道办|街道|民族乡|镇|乡|苏木))(?!{_WAY}|[东南西北中]?(?:路|街)|村|政府)"
)
_DISTRICT = re.compile(
    r"(?P<district>[一-鿿]{1,5}?(?:自治县|自治旗|区|县|市|旗))"
    r"(?<!小区)(?<!社区)(?<!园区)(?<!业区)(?<!发区)(?<!景区)(?<!校区)(?<!术区)(?<!厂区)(?<!片区)(?<!库区)(?<!城市)(?<!超市)(?<!门市)"
    r"(?<![一二三四五六七八九十东南西北ABCD]区)(?!场|民|政|域|委|道|块|部|路|街|中学)"
)
_ROAD = re.compile(
    rf"(?P<road>(?:[GS]?\d{{1,3}}(?=国道|省道)|[^\s,;。()（）\d#/-]{{1,12}}?){_WAY}"
    rf"(?:[东南西北中](?:[路段街](?![一-鿿]*?{_WAY})|(?=\d))|[一二三四五六七八九十]{{1,2}}[路巷街弄]|\d{{1,3}}巷)?)"
)
_NOT_A_HOUSE = r"(?!\s*(?:栋|幢|楼|室|层|单元|座|米|路|街|组|队|[A-Za-z]))"
_NUMBER = re.compile(rf"\s*(?P<number>\d+(?:(?:之|附)\d+)?[甲乙丙丁]?(?:号|弄)?){_NOT_A_HOUSE}")
_VILLAGE_NUMBER = re.compile(rf"(?:村|社区|组)\s*(?P<number>\d+号?){_NOT_A_HOUSE}")
# Where the name of a road can't have begun: behind the name of something else.
_CUT = re.compile(
    r".*(?:村|社区|工业区|开发区|园区|景区|小区|新区|居委会|市场|广场|花园|工业园|科技园|街道|镇|[一-鿿]{2,}乡)(?=[一-鿿]{2,})"
)


@dataclass(frozen=True, slots=True)
class Street:
    """Where each part stands in the text; None where there is none. `rest` is all from the end of the divisions."""

    town: Span | None = None
    road: Span | None = None
    number: Span | None = None
    rest: Span | None = None


def unknown_district(text: str, start: int) -> Span | None:
    """A district's, county's or city's name at `start` that no table knows."""
    found = _DISTRICT.match(text, _skip(text, start))
    return found.span("district") if found and len(found["district"]) > 2 else None


def street_at(text: str, start: int, *, town_known: bool) -> Street:
    """The parts behind the divisions, which end at `start`."""
    begin = _skip(text, start)
    town = None
    if not town_known and (found := _TOWN.match(text, begin)):
        town, begin = found.span("town"), _skip(text, found.end())
    rest = _trimmed(text, begin)
    road, number = None, None
    if (way := _ROAD.search(text, begin)) is not None:
        first, last = way.span("road")
        if (cut := _CUT.match(text[first:last])) and len(text[first:last]) - cut.end() >= 2:
            first += cut.end()
        road = (first, last)
        if (house := _NUMBER.match(text, last)) is not None:
            number = house.span("number")
    elif (house := _VILLAGE_NUMBER.search(text, begin)) is not None:
        number = house.span("number")
    return Street(town, road, number, rest)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " ,;/|-_.·。\t\n":
        at += 1
    return at


def _trimmed(text: str, start: int) -> Span | None:
    stop = len(text)
    while stop > start and text[stop - 1] in " ,;/|-_.·。\t\n":
        stop -= 1
    return (start, stop) if stop > start else None
