"""Finds the chain of divisions an address begins with, and every reading of it that is equally good; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from knowledge.addresses.divisions import CITY, DISTRICT, TOWN, Division, Index

SEPARATORS = " ,;/|-_.·\t\n"
_BEAM = 40
_ENDINGS = re.compile(r"省|市(?!场|民|政|区)|区|县|州")
# What turns a short name into the name of something else: 南京路, 北京大学, 上海大厦.
_WAYS = (
    r"[东南西北中上下新老大前后]{0,2}[一二三四五六七八九十]{0,2}"
    r"(?:路|街|大街|大道|公路|高速|国道|巷|弄|里|村|庄|大桥|湾|会馆|饭店|商城|商场|大厦|大楼|广场|花园|小区|公寓|大学|中学|小学|"
    r"学院|学校|幼儿园|酒店|宾馆|公司|集团|银行|医院|机场|车站|火车|[东西南北]站|省|市|自治|地区|盟|师范)"
)
_CITY_GUARD = re.compile(_WAYS)
_DISTRICT_GUARD = re.compile(
    _WAYS + r"|(?:[东南西北中上下新老大前后]|[一二三四五六七八九十]{1,2})?"
    r"(?:里|村|社区|镇|乡|街道|桥|江|河|湖|港|岛|苑|名都|豪庭|家园|国际|商|文化|科技|工业|开发|经济|高新|区|县|州|旗|世纪|时代|"
    r"风景|景区|体育|人家|人民|新村|新城|路口|邮政|大润发|万达)"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A division as it stands in the text; `short` when its ending was left off."""

    division: Division
    start: int
    end: int
    short: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the beginning of an address: what is named, where it ends, how much text it explains."""

    names: tuple[Named, ...] = ()
    end: int = 0
    score: int = 0

    @property
    def place(self) -> Division | None:
        """The smallest division named."""
        return self.names[-1].division if self.names else None


def readings(text: str, index: Index, start: int = 0) -> list[Reading]:
    """The best readings of the divisions that begin at `start`; more than one where the text leaves it open."""
    best = [Reading(end=start)]
    beam = best
    while beam:
        grown = [new for one in beam for new in _grow(text, index, one)]
        best = [*best, *grown]
        beam = sorted(grown, key=lambda r: -r.score)[:_BEAM]
    sound = [r for r in best if _holds(r)]
    top = max(r.score for r in sound)
    return [r for r in sound if r.score == top]


def _holds(reading: Reading) -> bool:
    """A district's short name, or one like 南区, is too weak to begin with, unless a full name confirms it."""
    first = reading.names[0] if reading.names else None
    if first is None or first.division.level < DISTRICT or (not first.short and first.end - first.start > 2):
        return True
    return any(not named.short for named in reading.names[1:])


def names_another(text: str, start: int, place: Division, index: Index) -> bool:
    """Whether the text from `start` on names a province or city that neither is, holds, nor lies in `place`."""
    for found in _ENDINGS.finditer(text, start):
        names = [text[begin : found.end()] for begin in range(found.end() - 3, max(start, found.end() - 9) - 1, -1)]
        known = [d for name in names for d in index.full.get(name, ()) if d.level < TOWN]
        if known and not any(_related(division, place) for division in known):
            return True
    begin = start
    while begin < len(text) and text[begin] in SEPARATORS:
        begin += 1
    short = [(d, begin + n) for n in (2, 3) for d in index.short.get(text[begin : begin + n], ()) if d.level <= CITY]
    return bool(short) and not any(
        _related(division, place) or _is_something_else(text, end, division, index) for division, end in short
    )


def _related(one: Division, other: Division) -> bool:
    return one is other or one.within(other) or other.within(one)


def _grow(text: str, index: Index, reading: Reading) -> Iterator[Reading]:
    at = reading.end
    while at < len(text) and text[at] in SEPARATORS:
        at += 1
    for end in range(min(len(text), at + index.longest), at + 1, -1):
        name = text[at:end]
        for division in _own_city(index.full.get(name, [])):
            yield from _extended(reading, Named(division, at, end, short=False))
        for division in _own_city(index.short.get(name, [])):
            if not _is_something_else(text, end, division, index):
                yield from _extended(reading, Named(division, at, end, short=True))


def _own_city(divisions: list[Division]) -> list[Division]:
    """A municipality is meant as the city that it is: the province follows from it."""
    provinces = {one.parents[0] for one in divisions if one.level == CITY and one.parents[0].name == one.name}
    return [one for one in divisions if one not in provinces]


def _is_something_else(text: str, end: int, division: Division, index: Index) -> bool:
    """Whether a short name that ends here only begins another name; a division of its own behind it proves it isn't."""
    guard = _CITY_GUARD if division.level <= CITY else _DISTRICT_GUARD
    if not guard.match(text, end):
        return False
    ahead = (text[end:stop] for stop in range(end + 2, min(len(text), end + index.longest) + 1))
    return not any(child.within(division) for name in ahead for child in index.full.get(name, ()))


def _extended(reading: Reading, named: Named) -> Iterator[Reading]:
    """The reading with one more name, when that lies in the place so far (or repeats it)."""
    place, weight = reading.place, (1 if named.short else 2) * (named.end - named.start)
    again = replace(reading, end=named.end, score=reading.score + 1)
    if place is None or named.division.within(place):
        yield Reading((*reading.names, named), named.end, reading.score + weight)
    elif named.division is place or place.within(named.division):
        yield again


def agreed(found: list[Reading], level: int) -> tuple[Division | None, list[Division]]:
    """The division of this level that all readings lie in, and where they don't agree, those some lie in."""
    places = [reading.place.at(level) if reading.place else None for reading in found]
    some = list(dict.fromkeys(place for place in places if place is not None))
    if len(some) == 1 and None not in places:
        return some[0], []
    return None, some
