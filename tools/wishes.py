"""What a customer wishes of a replacement, read from their words and from what is on offer; used by substitution. Pure.

No model: a wish is a value that some candidate really has, named where the customer speaks of this product. Chinese
and English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from knowledge.vocabulary.facts import ProductFact

Attributes = Mapping[str, str]

NEAR = 30  # characters before a value within which its attribute must be named, where the value alone says too little
_ENDS = re.compile(r"[;；。!！?？\n]|\.(?=\s+[A-Z]|\s*$)")
_INSTEAD = re.compile(
    r"\bto\b|\bfor\b|\binto\b|\binstead\b|\bwant|\bprefer|\blike\b|换成|改成|换为|改为|想要|希望|最好"
)
_CHEAPEST = re.compile(r"\bcheapest\b|\bleast expensive\b|\blowest[- ]price|最便宜|价格最低")
_DEAREST = re.compile(r"\bmost expensive\b|\bpriciest\b|最贵")
_MOST = "maximum|most|largest|biggest|highest|longest|最大|最多|最长"
_LEAST = "minimum|fewest|smallest|lowest|shortest|least|最小|最少|最短"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")


class Wishes(msgspec.Struct, frozen=True):
    """Attributes the replacement should have, by name, and whether the price decides: `lowest`, `highest`."""

    attributes: dict[str, str] = {}
    price: Literal["lowest", "highest"] | None = None

    def met_by(self, product: ProductFact) -> float:
        """The share of the wished attributes that the product has; 1 without wishes."""
        if not self.attributes:
            return 1.0
        has = attributes_of(product)
        return sum(has.get(name) == value for name, value in self.attributes.items()) / len(self.attributes)


def attributes_of(product: ProductFact) -> dict[str, str]:
    """Names and values, both as they are compared."""
    return {name.strip().casefold(): folded(value) for name, value in product.attributes.items()}


def folded(value: object) -> str:
    """A value as it is compared: no case, and no space between a number and its unit."""
    text = " ".join(str(value).casefold().split())
    return re.sub(r"(?<=\d)[\s-]+(?=[a-z\u4e00-\u9fff])", "", text)


def wishes_in(text: str, original: ProductFact, candidates: Iterable[ProductFact]) -> Wishes:
    """What the text wishes of a replacement for `original`, in terms of what the candidates have.

    Looked for where the product is named, up to the end of that sentence; if nothing is wished there, in what follows,
    and then in all of the text.
    """
    every = [attributes_of(one) for one in (original, *candidates)]
    known = {name: sorted({a[name] for a in every if name in a}, key=len, reverse=True) for a in every for name in a}
    old = attributes_of(original)
    price: Literal["lowest", "highest"] | None = None
    for part in _parts(folded(text), text, original.title):
        if found := _wished(part, known, old):
            return Wishes(found)
        price = price or ("lowest" if _CHEAPEST.search(part) else "highest" if _DEAREST.search(part) else None)
    return Wishes({}, price)


def _parts(lowered: str, text: str, title: str) -> list[str]:
    """From the narrowest part that speaks of the product to the whole text."""
    starts = [match.start() for match in re.finditer(_loosely(title), lowered)] if title else []
    ends = [match.end() for match in _ENDS.finditer(folded_keeping_case(text))]
    parts = [lowered[start : next((end for end in ends if end > start), len(lowered))] for start in starts]
    return [*parts, *(lowered[start:] for start in starts[:1]), lowered]


def folded_keeping_case(text: str) -> str:
    """As `folded`, but with its capitals, so that the places are the same."""
    text = " ".join(text.split())
    return re.sub(r"(?<=\d)[\s-]+(?=[A-Za-z\u4e00-\u9fff])", "", text)


def _loosely(title: str) -> str:
    """A pattern for a product's name, however it is spaced or hyphenated."""
    return r"[\s-]*".join(re.escape(word) for word in _WORD.findall(title.casefold()))


def _wished(part: str, known: Mapping[str, list[str]], old: Attributes) -> dict[str, str]:
    """Values named after the word that says what it is to be, else those that are not the old ones."""
    mentions = _mentions(part, known)
    extremes = _extremes(part, known)
    turns = [match.end() for match in _INSTEAD.finditer(part)]
    found: dict[str, str] = {}
    for name, places in mentions.items():
        new = [(at, value) for at, value in places if value != old.get(name)]
        if new:
            found[name] = new[-1][1]
        elif turns and any(at >= turns[0] for at, _ in places) and _says_again(places):
            found[name] = places[-1][1]
    found |= extremes
    return {} if all(value == old.get(name) for name, value in found.items()) else found


def _extremes(part: str, known: Mapping[str, list[str]]) -> dict[str, str]:
    """The most or the least of an attribute that is an amount, where the words before its name ask for that."""
    found: dict[str, str] = {}
    for name, values in known.items():
        amounts = {value: float(match[0]) for value in values if (match := _NUMBER.search(value))}
        if len(amounts) < len(values):
            continue
        for words, choose in ((_MOST, max), (_LEAST, min)):
            if re.search(rf"(?:{words})(?:\s+available)?(?:\s+|的)?{re.escape(name)}", part):
                found[name] = choose(amounts, key=lambda value: amounts[value])
    return found


def _says_again(places: list[tuple[int, str]]) -> bool:
    """Whether the old value is named a second time: once to say what it is, once to keep it."""
    return len(places) > 1


def _mentions(part: str, known: Mapping[str, list[str]]) -> dict[str, list[tuple[int, str]]]:
    """Where which values are named; a longer value hides the shorter ones within it."""
    owners: dict[str, list[str]] = {}
    for name, values in known.items():
        for value in values:
            owners.setdefault(value, []).append(name)
    taken: list[tuple[int, int]] = []
    found: dict[str, list[tuple[int, str]]] = {}
    for text in sorted({*owners, *known}, key=len, reverse=True):
        for match in re.finditer(_whole(text), part):
            start, end = match.span()
            if any(start < b and a < end for a, b in taken):
                continue
            if text in owners:
                owner = _owner(part[max(0, start - NEAR) : start], text, owners[text])
                if owner is None:
                    continue
                found.setdefault(owner, []).append((start, text))
            taken.append((start, end))  # what names an attribute ("bagged/bagless") is no value of it
    return {name: sorted(places) for name, places in found.items()}


def _owner(before: str, value: str, names: list[str]) -> str | None:
    """Whose value it is: the attribute named last before it; alone only where the value says enough."""
    near = [(before.rfind(name), name) for name in names if name in before]
    if near:
        return max(near)[1]
    return names[0] if len(names) == 1 and _says_enough(value) else None


def _says_enough(value: str) -> bool:
    return value not in ("yes", "no", "none", "是", "否", "有", "无") and not value.isdigit() and len(value) > 1


def _whole(value: str) -> str:
    pattern = re.escape(value)
    return rf"(?<![a-z0-9]){pattern}(?![a-z0-9])" if re.search(r"[a-z0-9]", value) else pattern
