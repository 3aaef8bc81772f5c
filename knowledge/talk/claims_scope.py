"""How far a question, a condition and an offer reach within a sentence; the readers of both languages walk so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from knowledge.talk import deeds as c
from knowledge.talk.deeds import Kind

Found = tuple[Kind, str]


class Clause(NamedTuple):
    """A clause of a sentence, and what it makes of the others.

    `asked`: the question begins here: from here on nothing is asserted. `depends`: on what the customer wants or has
    yet to do; it and whatever follows is none of our deeds. `offers`: takes back what was said would be done before
    it (“I'll cancel it, okay?”, “… if you like”). `possible`: what we can do; what would be then is no promise either
    (“I can pass it on, they will have your words with it”).
    """

    text: str
    asked: bool = False
    depends: bool = False
    offers: bool = False
    possible: bool = False


def read(clauses: Sequence[Clause], deeds: Callable[[str, Sequence[str]], Iterator[Found]]) -> Iterator[Found]:
    """The claims of a sentence.

    Args:
        clauses: in order.
        deeds: what one clause claims by itself, given the asserted clauses before it.
    """
    offered = max((number for number, one in enumerate(clauses) if one.offers), default=-1)
    before: list[str] = []
    only_possible = False
    for number, clause in enumerate(clauses):
        if clause.asked or clause.depends:
            return
        only_possible = only_possible or clause.possible
        promised = number >= offered and not only_possible
        yield from (one for one in deeds(clause.text, before) if promised or one[0] != c.WILL)
        before.append(clause.text)
