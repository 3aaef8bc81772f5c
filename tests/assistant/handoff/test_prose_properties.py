"""Whatever the story: every sentence of the offline note passes the checker, and no mutation of one does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings

from assistant.handoff.checker import POINTER, check, judge
from assistant.handoff.prose import LONGEST, MOST, written
from assistant.handoff.story import Story
from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import codes_of, label
from knowledge.phrases.summary_texts import TEXTS
from tests.assistant.handoff.stories import PEOPLE, facts_of, stories

Mutants = Iterator[tuple[str, str]]  # what was done, and the sentence

_ID = re.compile(r"\b(?:pay|OD|ck|rs|tea|order|payment)-\d+\b")
_NUMBER = re.compile(r"(?<![\w.,\[-])\d+(?:\.\d+)?(?![\w\]])")
_DENIED = (
    ("was not ", "was "), (" not ", " "), (" no ", " some "), ("never ", "once "), ("尚未", "已"), ("没有", "有"),
    ("未成功", "成功"), ("未能", ""), ("无法", "可以"), ("未", "已"),
)  # fmt: skip
_AFFIRMED = (
    (" was ", " was not "), (" were ", " were not "), (" has ", " has not "), (" is ", " is not "),
    (" did ", " did not "), ("已", "未"), ("会给", "不会给"), ("请", "不要"),
)  # fmt: skip


def _status_sets(language: str) -> list[list[str]]:
    kinds = ("message", "promise", "plan_step")
    own = [[both[language] for key, both in TEXTS.items() if key.startswith(group)] for group in ("plan.", "mood.")]
    return [*own, *([label(kind, code, language) for code in codes_of(kind)] for kind in kinds)]


def numbers(said: str, known: str, language: str) -> Mutants:
    for found in _NUMBER.finditer(said):
        other = f"{found.group()}7"
        if other not in known:
            yield "number", said[: found.start()] + other + said[found.end() :]


def ids(said: str, known: str, language: str) -> Mutants:
    for found in _ID.finditer(said):
        yield "id", said[: found.end()] + "9" + said[found.end() :]


def negations(said: str, known: str, language: str) -> Mutants:
    for was, now in (*_DENIED, *_AFFIRMED):
        for found in re.finditer(re.escape(was), said):
            yield f"{was!r} to {now!r}", said[: found.start()] + now + said[found.end() :]


def names(said: str, known: str, language: str) -> Mutants:
    for name in PEOPLE:
        if name in said:
            yield "name", said.replace(name, next(one for one in PEOPLE if one not in known))


def statuses(said: str, known: str, language: str) -> Mutants:
    for words in _status_sets(language):
        for was in words:
            here = re.search(rf"(?<=[（(:：，,;； ]){re.escape(was)}(?=[）);；,，。.\[ ])", said)
            if here is None:
                continue
            for now in words:
                if now not in known and now not in was and was not in now:
                    yield f"{was!r} to {now!r}", said[: here.start()] + now + said[here.end() :]


def pointers(said: str, known: str, language: str) -> Mutants:
    yield "pointer lost", re.sub(r"\s*\[\d+\]", "", said)
    for far in ("[0]", "[99]"):
        yield f"pointer to {far}", re.sub(r"\[\d+\]", far, said)


MUTATIONS: tuple[Callable[[str, str, str], Mutants], ...] = (numbers, ids, negations, names, statuses, pointers)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=40)
@given(story=stories())
def test_every_sentence_passes_and_no_mutation_of_one_does(story: Story, language: str) -> None:
    facts = facts_of(story, language)
    text = written(facts, language)
    checked = check(text, facts, language)
    assert checked.dropped == []
    assert 1 <= len(checked.kept) <= MOST
    assert len(text) <= LONGEST[language]
    for said, pointed in checked.kept:
        assert len(POINTER.findall(said)) == len(pointed) == 1
        known = str(facts[pointed[0]]["text"])
        for mutate in MUTATIONS:
            for what, bad in mutate(said, known, language):
                assert bad == said or judge(bad, facts, language)[0] is not None, (what, bad, known)
