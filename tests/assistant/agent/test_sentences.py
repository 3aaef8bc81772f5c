"""Sentences as a guard sees them: whole, in both languages, wherever the stream is cut; nothing lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.agent.citations import Citations, Edge
from assistant.agent.masking import Masker
from assistant.agent.sentences import split_sentences

WORDS = st.sampled_from(
    ["已为您退款", "。", "！", "；", "“好的。”", "\n", "- ", "1. ", "It costs 19.99 USD", ". ", "! ", "? ", "...",
     "Mr. Li", "e.g. ", "example.com/?q=1", " ", "[s1]", "【s1；s2】", "‹phone:1›", "Done", "no", "”", ")", "v2.0"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("您好！退款已提交；请稍等。还有问题吗？没有", ["您好！", "退款已提交；", "请稍等。", "还有问题吗？", "没有"]),
        ("It costs 19.99 USD. See example.com/?q=1! Bye.", ["It costs 19.99 USD. ", "See example.com/?q=1! ", "Bye."]),
        ("Mr. Li, e.g. in the U.S. today. Yes", ["Mr. Li, e.g. in the U.S. today. ", "Yes"]),
        ("1. First\n2. Second\n- third", ["1. First\n", "2. Second\n", "- third"]),
        ("他说“好的。”然后走了", ["他说“好的。”", "然后走了"]),
        ("Done [s1].已办【s1；s2】。好", ["Done [s1].", "已办【s1；s2】。", "好"]),
        ("Really?! Yes… no", ["Really?! ", "Yes… ", "no"]),
    ],
)
def test_where_a_sentence_ends(text: str, sentences: list[str]) -> None:
    whole, rest = split_sentences(text)
    assert [*whole, rest] == sentences


def guarded(pieces: list[str]) -> tuple[str, list[str]]:
    citations, seen = Citations(), []
    citations.cited({"kind": "event", "ref": "e1", "at": None, "value": None})

    def guard(sentence: str) -> str:
        seen.append(sentence)
        return sentence.replace("已为您退款", "退款还没有办理")

    edge = Edge(Masker({"‹phone:1›": "13800138000"}), citations, guard=guard)
    shown = "".join([*(edge.feed(piece) for piece in pieces), edge.end()])
    assert shown == edge.text
    return shown, seen


@given(st.lists(WORDS, max_size=14), st.lists(st.integers(0, 300), max_size=25))
def test_where_the_stream_is_cut_changes_neither_sentences_nor_text(words: list[str], cuts: list[int]) -> None:
    text = "".join(words)
    at = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    whole, cut = guarded([text]), guarded([text[a:b] for a, b in pairwise(at)])
    assert whole == cut
    assert "已为您退款" not in whole[0]
    assert all(sentence == sentence.strip() and "[s1]" not in sentence for sentence in whole[1])


@given(st.lists(WORDS, max_size=14))
def test_nothing_is_lost(words: list[str]) -> None:
    text = "".join(words)
    whole, rest = split_sentences(text)
    assert "".join([*whole, rest]) == text


def test_a_forbidden_sentence_is_never_shown_and_its_neighbours_are() -> None:
    edge = Edge(Masker(), Citations(), guard=lambda sentence: "" if "退款" in sentence else sentence)
    shown = [edge.feed(char) for char in "您好。退款已到账。请稍等。"]
    assert "退" not in "".join(shown)
    assert "".join(shown) + edge.end() == "您好。请稍等。"


def test_a_voice_without_numbers_lists_its_sources_only() -> None:
    citations = Citations()
    citations.cited({"kind": "event", "ref": "e1", "at": None, "value": None})
    edge = Edge(Masker(), citations, numbered=False)
    assert edge.feed("Paid [s1].") + edge.end() == "Paid."
    assert [source["ref"] for source in edge.sources] == ["e1"]
