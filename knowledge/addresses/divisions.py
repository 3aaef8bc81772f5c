"""China's divisions (province, city, district, town) as an index of names; loaded at first use, about 20 MB."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PROVINCE, CITY, DISTRICT, TOWN = range(4)
LEVELS = ("province", "city", "district", "town")
DATA = Path(__file__).with_name("divisions.txt.gz")

_MUNICIPAL = frozenset({"北京市", "天津市", "上海市", "重庆市"})
_NO_CITY = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
# What people leave off, longest first; the minorities of an autonomous area go with it.
_PEOPLES = (
    "壮|回|维吾尔|藏|蒙古|朝鲜|土家|苗|布依|侗|傣|景颇|彝|白|傈僳|羌|哈萨克|哈尼|柯尔克孜|黎|畲|瑶|满|土|撒拉|东乡|保安|裕固|"
    "仡佬|水|毛南|仫佬|拉祜|佤|纳西|普米|独龙|怒|布朗|锡伯|塔吉克|达斡尔|鄂温克|鄂伦春"
)
_SUFFIXES = (
    re.compile(r"^(?P<name>.{2,3}?)(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$"),
    re.compile(rf"^(?P<name>.{{2,}}?)(?:(?:{_PEOPLES})族?)*(?:自治州|自治县|地区|盟|市|县|林区)$"),
    re.compile(rf"^(?P<name>.{{2,}}?)(?:(?:{_PEOPLES})族?)*(?:自治县|自治旗|县|区|市|旗|特区|林区)$"),
)  # fmt: skip
_TOWN_ENDING = re.compile(r"(?<=..)(?:街道办事处|街道|民族乡|镇|乡)$")


class Division:
    """One province, city, district or town. `parents` leads from the province down to the one above it."""

    __slots__ = ("level", "name", "parents")

    def __init__(self, name: str, level: int, parents: tuple[Division, ...]) -> None:
        self.name, self.level, self.parents = name, level, parents

    def at(self, level: int) -> Division | None:
        """This division or the one above it at `level`; None where there is none (a municipality has no city)."""
        return next((one for one in (*self.parents, self) if one.level == level), None)

    def within(self, other: Division) -> bool:
        """Whether it lies in `other`."""
        return other in self.parents

    def __repr__(self) -> str:
        return "".join(one.name for one in (*self.parents, self))


class Index:
    """All divisions by full name and by the name without its ending."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self.full: dict[str, list[Division]] = {}
        self.short: dict[str, list[Division]] = {}
        self._towns: dict[str, list[Division]] = {}
        self._parted: set[Division] = set()
        for one in divisions:
            self.full.setdefault(one.name, []).append(one)
            if one.level < TOWN and (name := short_name(one)) != one.name:
                self.short.setdefault(name, []).append(one)
            if one.level == TOWN:
                self._towns.setdefault(_TOWN_ENDING.sub("", one.name), []).append(one)
            if one.level == DISTRICT and one.parents:
                self._parted.add(one.parents[-1])
        self.longest = max(map(len, self.full), default=0)

    def namesakes(self, town: Division, city: Division) -> bool:
        """Whether the city has another town of the same name, whatever its ending (义和镇 and 义和街道)."""
        alike = self._towns.get(_TOWN_ENDING.sub("", town.name), ())
        return any(one is not town and one.within(city) for one in alike)

    def has_districts(self, city: Division) -> bool:
        """Whether the city is parted into districts (东莞市 is not)."""
        return city in self._parted


def short_name(division: Division) -> str:
    """The name as people say it: 广东 for 广东省, 延边 for 延边朝鲜族自治州; two characters at least."""
    found = _SUFFIXES[division.level].match(division.name)
    return found["name"] if found else division.name


@cache
def index() -> Index:
    """The index; the first call takes a fraction of a second."""
    text = gzip.decompress(DATA.read_bytes()).decode()
    return Index(read(text.splitlines()))


def read(lines: Iterable[str]) -> Iterator[Division]:
    """Divisions of lines `LEVEL NAME` in preorder; a town line holds all towns of its district, apart by commas.

    Municipalities stand as province and again as city, so that both levels can be named.
    """
    above: list[Division] = []
    for line in lines:
        if line.startswith("#"):
            continue
        level = int(line[0])
        above = [one for one in above if one.level < level]
        for name in line[1:].split(","):
            division = Division(name, level, tuple(above))
            yield division
        above.append(division)


def condense(folder: Path) -> bytes:
    """The shipped file made from the tables of modood/Administrative-divisions-of-China (`dist/` in `folder`).

    `python -c "from knowledge.addresses.divisions import *; DATA.write_bytes(condense(Path('FOLDER')))"`
    """
    lines = ["# modood/Administrative-divisions-of-China@57a0aa9, licence WTFPL; see divisions.condense"]
    towns: dict[str, list[str]] = {}
    for row in _rows(folder / "streets.csv"):
        towns.setdefault(row["areaCode"], []).append(row["name"])
    areas: dict[str, list[dict[str, str]]] = {}
    for row in _rows(folder / "areas.csv"):
        areas.setdefault(row["cityCode"], []).append(row)
    cities = _rows(folder / "cities.csv")
    for province in _rows(folder / "provinces.csv"):
        lines.append(f"{PROVINCE}{province['name']}")
        if province["name"] in _MUNICIPAL:
            lines.append(f"{CITY}{province['name']}")
        for city in (c for c in cities if c["provinceCode"] == province["code"]):
            lines += _city(city, areas.get(city["code"], []), towns)
    regions = json.loads((folder / "HK-MO-TW.json").read_text(encoding="utf-8"))
    for name, parts in regions.items():
        lines.append(f"{PROVINCE}{name}")
        for part, districts in parts.items():
            lines.append(f"{CITY}{part}")
            lines += [f"{DISTRICT}{re.sub('（.*）', '', district)}" for district in districts]
    return gzip.compress("\n".join(lines).encode(), 9, mtime=0)


def _city(city: dict[str, str], areas: list[dict[str, str]], towns: dict[str, list[str]]) -> Iterator[str]:
    named = city["name"] not in _NO_CITY
    direct = city["name"].endswith("直辖县级行政区划")
    if named:
        yield f"{CITY}{city['name']}"
    for area in areas:
        if direct:  # belongs to no city: it is its own
            yield f"{CITY}{area['name']}"
        elif area["name"] != city["name"]:  # a city without districts is listed as its own only one
            yield f"{DISTRICT}{area['name']}"
        if known := towns.get(area["code"]):
            yield f"{TOWN}{','.join(known)}"


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
