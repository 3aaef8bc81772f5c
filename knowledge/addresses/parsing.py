"""parse: takes the free text of an address apart, each part with its place in the text and whether it was stated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from knowledge.addresses.contacts import plain, take_contacts
from knowledge.addresses.divisions import CITY, DISTRICT, LEVELS, PROVINCE, TOWN, Division, index
from knowledge.addresses.foreign import parse_foreign
from knowledge.addresses.places import Reading, agreed, names_another, readings
from knowledge.addresses.streets import Span, street_at, unknown_district

PARTS = ("country", "province", "city", "district", "town", "road", "number", "rest", "postcode", "recipient", "phone")
_COUNTRY = re.compile(r"[\s,]*(?:中华人民共和国|中国(?!银行|移动|电信|联通|石化|人民|建设|工商|农业))")
_CJK = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an address. `value` is its full form; `span` its place in the text, None where it is implied.

    `known`: the tables know it for certain. A district named short counts only if a full name follows it, and what
    a town's name implies only within a stated city: towns share names, are renamed and merged.
    """

    value: str
    span: Span | None = None
    known: bool = True

    @property
    def stated(self) -> bool:
        """Whether the text itself says it."""
        return self.span is not None


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """A text taken apart. `parts` is by the names in PARTS; `rest` is everything behind the divisions.

    `ambiguous` gives, by level, the full names of the divisions that could be meant where the text leaves it open.
    `contradictory`: it names divisions that don't lie in each other.
    """

    text: str
    parts: dict[str, Part] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    contradictory: bool = False

    def get(self, name: str) -> str | None:
        """The part's value, None without."""
        part = self.parts.get(name)
        return part.value if part else None

    def stated(self, name: str) -> str | None:
        """What the text says of this part, in its own words; None when it doesn't."""
        part = self.parts.get(name)
        return self.text[slice(*part.span)] if part and part.span else None


def parse(text: str, country: str | None = None) -> ParsedAddress:
    """Takes an address apart: Chinese ones wholly, others only where their form leaves no doubt.

    Chinese texts may lack levels and separators and may abbreviate. A division counts as implied where everything
    the text names lies in it and in no other. `country` is ISO 3166 or its name, if it stands elsewhere.
    """
    if not _CJK.search(text):
        return ParsedAddress(text, {name: Part(value, span) for name, value, span in parse_foreign(text, country)})
    found, bare = take_contacts(plain(text))
    parts = {name: Part(value, (start, end)) for name, (value, start, end) in found.items()}
    start = 0
    if named := _COUNTRY.match(bare):
        start = named.end()
        parts["country"] = Part("CN", (named.end() - len(named.group().strip(" ,\t\n")), start))
    begun = len(bare) - len(bare[start:].lstrip(" ,;/|-_.·。\t\n"))
    best = readings(bare, index(), begun)
    end = max(reading.end for reading in best)
    parts |= _divisions(best)
    ambiguous = {LEVELS[level]: [repr(one) for one in some] for level in range(4) if (some := agreed(best, level)[1])}
    contradictory = False
    if not any(reading.place and reading.place.level >= DISTRICT for reading in best):
        stray = unknown_district(bare, end)
        if stray is not None:
            contradictory = _elsewhere(bare[slice(*stray)])
            parts["district"], end = Part(bare[slice(*stray)], stray, known=False), stray[1]
    settled = best[0].place if len(best) == 1 else None
    contradictory = contradictory or (settled is not None and names_another(bare, end, settled, index()))
    parts |= _street(bare, end, town_known="town" in parts)
    return ParsedAddress(text, parts, ambiguous, contradictory)


def _elsewhere(name: str) -> bool:
    """Whether the tables know this name: just not in the place the text names."""
    return any(one.level in (CITY, DISTRICT) for one in index().full.get(name, ()))


def _divisions(best: list[Reading]) -> dict[str, Part]:
    """The levels on which all readings agree, and the stated names where they don't."""
    parts: dict[str, Part] = {}
    named = {LEVELS[n.division.level]: n for n in best[0].names}
    levels = [tuple(n.division.level for n in reading.names) for reading in best]
    if len(set(levels)) == 1:
        last = best[0].names[-1] if best[0].names else None
        weak = last is not None and last.short and last.division.level == DISTRICT
        parts |= {
            level: Part(one.division.name, (one.start, one.end), known=not (weak and one is last))
            for level, one in named.items()
        }
    for level in (PROVINCE, CITY, DISTRICT, TOWN):
        place, _ = agreed(best, level)
        if place is not None and LEVELS[level] not in parts:
            parts[LEVELS[level]] = Part(place.name, None, known=_follows(place, best))
    return parts


def _follows(place: Division, best: list[Reading]) -> bool:
    """Whether what the text names above the towns, or a town of a stated city, is enough to imply this division."""
    for reading in best:
        above = [named.division for named in reading.names if named.division.level < TOWN]
        if any(one.within(place) for one in above):
            continue
        town, city = reading.place, reading.place.at(CITY) if reading.place else None
        if town is None or city is None or city not in above or index().namesakes(town, city):
            return False
    return True


def _street(text: str, end: int, *, town_known: bool) -> dict[str, Part]:
    street = street_at(text, end, town_known=town_known)
    spans = {"town": street.town, "road": street.road, "number": street.number, "rest": street.rest}
    return {name: Part(text[slice(*span)].strip(), span) for name, span in spans.items() if span}
