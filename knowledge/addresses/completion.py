"""complete: fills an address' missing fields where what the customer gave implies them, and names what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from knowledge.addresses.contacts import holds_phone, plain
from knowledge.addresses.divisions import CITY, PROVINCE, index
from knowledge.addresses.parsing import ParsedAddress, Part, parse
from knowledge.vocabulary.events import ADDRESS_FIELDS, Address

Source = Literal["stated", "implied"]
_DIVISIONS = ("province", "city", "district")
_ABROAD = ("香港特别行政区", "澳门特别行政区", "台湾省")  # no country is filled in for them
_CHINA = frozenset({"", "cn", "chn", "china", "中国", "中华人民共和国"})
_NEEDS_POSTCODE = frozenset({"US", "GB", "AU", "DE"})
_CJK = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True)
class Filled:
    """A field that was empty. `stated`: its value stands elsewhere in what the customer gave; `implied`: only that."""

    field: str
    value: str
    source: Source


@dataclass(frozen=True, slots=True)
class Completion:
    """`address` with what could be filled; `missing` is what a carrier still wants, `ambiguous` what it could be."""

    address: Address
    filled: list[Filled] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)


def complete(address: Address) -> Completion:
    """Fills what is missing from the address' own words and the division tables, and nothing that they leave open.

    A field that holds anything is never changed. Where the given parts contradict each other nothing is filled.
    """
    given = {name: value for name in ADDRESS_FIELDS if (value := (getattr(address, name) or "").strip())}
    chinese = _is_chinese(given)
    sources = [given[name] for name in ("street", "text") if name in given]
    head = " ".join(given[name] for name in _DIVISIONS if name in given) if chinese else ""
    found: dict[str, Filled] = {}
    ambiguous: dict[str, list[str]] = {}
    for source in sources or [""]:
        parsed = parse(f"{head} {source}" if head else source, given.get("country"))
        if parsed.contradictory or _disagrees(parsed, given):
            return Completion(address, missing=_missing(given, chinese=chinese))
        for one in _offered(parsed, len(head), given, chinese=chinese, free=source == given.get("text")):
            if found.setdefault(one.field, one).value != one.value:
                return Completion(address, missing=_missing(given, chinese=chinese))
        ambiguous |= {name: some for name, some in parsed.ambiguous.items() if name in _DIVISIONS and name not in given}
    filled = [one for one in found.values() if one.field not in given]
    whole = given | {one.field: one.value for one in filled}
    ambiguous = {name: some for name, some in ambiguous.items() if name not in whole}
    completed = msgspec.convert({**msgspec.to_builtins(address), **{one.field: one.value for one in filled}}, Address)
    return Completion(completed, filled, _missing(whole, chinese=chinese), ambiguous)


def _offered(parsed: ParsedAddress, head: int, given: dict[str, str], *, chinese: bool, free: bool) -> list[Filled]:
    """What one source can fill; `head` is how much of the parsed text was taken from the fields themselves."""
    found: list[Filled] = []
    names = [*(_DIVISIONS if chinese else ("province", "city")), "postcode", "recipient", "phone"]
    for name in names:
        part = parsed.parts.get(name)
        if part is not None and part.known and name not in given:
            inside = part.span is not None and part.span[0] >= head
            found.append(Filled(name, part.value, "stated" if inside else "implied"))
    if free and "street" not in given and (street := _street(parsed, head)):
        found.append(Filled("street", street, "stated"))
    if "country" not in given and (country := _country(parsed, chinese=chinese)):
        found.append(Filled("country", country.value, "stated" if country.stated else "implied"))
    return found


def _street(parsed: ParsedAddress, head: int) -> str | None:
    """Town, road, number and the rest as they stand in the text; only what has a number can be delivered to."""
    spans = [part.span for name in ("town", "rest") if (part := parsed.parts.get(name)) and part.span]
    spans = [span for span in spans if span[0] >= head]
    rest = parsed.get("rest") or ""
    if not spans or not re.search(r"\d|[一二三四五六七八九十]号", rest):
        return None
    begin, stop = min(start for start, _ in spans), max(end for _, end in spans)
    text = parsed.text[begin:stop]
    taken = [part.span for name in ("recipient", "phone", "postcode") if (part := parsed.parts.get(name)) and part.span]
    if any(begin <= start and end <= stop for start, end in taken) or holds_phone(plain(text)):
        return None  # somebody's name or number stands in the middle: a person cuts it better
    return re.sub(r"\s+", " ", text).strip(" ,;，；") or None


def _country(parsed: ParsedAddress, *, chinese: bool) -> Part | None:
    if not chinese or "country" in parsed.parts:
        return parsed.parts.get("country")
    province = parsed.get("province")
    return Part("CN") if province and province not in _ABROAD else None


def _disagrees(parsed: ParsedAddress, given: dict[str, str]) -> bool:
    """Whether the divisions read are not those the fields name (a field's own words were not understood)."""
    return any(
        name in given and (part := parsed.parts.get(name)) is not None and not part.value.startswith(given[name][:2])
        for name in _DIVISIONS
    )


def _is_chinese(given: dict[str, str]) -> bool:
    at_home = given.get("country", "").casefold() in _CHINA or given.get("country", "").upper() in ("HK", "MO", "TW")
    return at_home and any(_CJK.search(given.get(name, "")) for name in (*_DIVISIONS, "street", "text"))


def _missing(whole: dict[str, str], *, chinese: bool) -> list[str]:
    """What carriers want and is not there; a city without districts needs none."""
    wanted = ["recipient", "phone", *(_DIVISIONS if chinese else ("city",)), "street"]
    if whole.get("country", "").upper() in _NEEDS_POSTCODE:
        wanted.append("postcode")
    missing = [name for name in wanted if name not in whole]
    if "district" in missing and "city" in whole and not _parted(whole["city"], whole.get("province")):
        missing.remove("district")
    return missing


def _parted(city: str, province: str | None) -> bool:
    """Whether the city has districts; one that no table knows counts as having some."""
    rows = [d for d in [*index().full.get(city, ()), *index().short.get(city, ())] if d.level == CITY]
    rows = [d for d in rows if not province or d.parents[PROVINCE].name.startswith(province[:2])]
    return not rows or any(index().has_districts(row) for row in rows)
