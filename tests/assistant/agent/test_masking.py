"""Personal data never reaches a model, a checkpoint or a log; the person sees it; chunk boundaries change nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.agent.citations import Citations, Edge
from assistant.agent.history import ChatLog
from assistant.agent.masking import Masker
from assistant.agent.staff import CaseAgent
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from knowledge.vocabulary.personal import mask_text
from tests.assistant.agent import endpoint as fake
from tests.assistant.agent.conftest import FakeReader, answer, as_shown, ask, ask_all, make_agent

CASE = "case_paid_order_missing"
PHONE, MAIL, ID = "13800138000", "zhang.wei@example.com", "11010519491231002X"
PIECES = st.sampled_from(
    [
        PHONE,
        MAIL,
        ID,
        "+86 138-0013-8000",
        "电话",
        "请回电",
        "call ",
        "‹phone:1›",
        "‹phone›",
        "‹",
        "[s1]",
        "[s9]",
        "[",
        " ",
    ]
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800138000请回", "电话‹phone›请回"),
        ("邮箱zhang.wei@example.com请查收", "邮箱‹email›请查收"),
        ("+86 138 0013 8000.", "‹phone›."),
        ("证件11010519491231002X", "证件‹id›"),
        ("2026-11-22 14:19 到 2026-11-23", "2026-11-22 14:19 到 2026-11-23"),
        ("pay_13800138000x, ¥1,234.50", "pay_13800138000x, ¥1,234.50"),
    ],
)
def test_personal_data_touching_chinese_is_found_and_times_are_left(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@given(st.lists(PIECES, max_size=12))
def test_masking_is_reversible_and_complete(pieces: list[str]) -> None:
    masker = Masker()
    text = " ".join(pieces)
    masked = masker.mask({"a": [text], PHONE: 1})
    for secret in (PHONE, MAIL, ID, "138-0013-8000"):
        assert secret not in str(masked)
    whole = masker.unmask(masked)
    assert PHONE in whole
    if "‹phone:1›" not in text:
        assert whole["a"] == [text]


def test_one_value_has_one_placeholder_and_earlier_ones_keep_theirs() -> None:
    masker = Masker({"‹phone:1›": PHONE})
    assert masker.mask(f"{PHONE} {PHONE}") == "‹phone:1› ‹phone:1›"
    assert masker.mask("13900139000") == "‹phone:2›"
    assert Masker().unmask("call ‹phone:7›") == "call ‹phone›"


def test_a_placeholder_typed_by_somebody_names_nobody() -> None:
    masker = Masker({"‹phone:1›": PHONE})
    assert masker.unmask(masker.mask("what is ‹phone:1›?")) == "what is ‹phone›?"


@given(st.lists(PIECES, max_size=8), st.lists(st.integers(0, 200), max_size=30))
def test_where_a_stream_is_cut_changes_nothing(pieces: list[str], cuts: list[int]) -> None:
    def edge() -> Edge:
        citations = Citations()
        citations.cited({"kind": "event", "ref": "e1", "at": None, "value": None})
        return Edge(Masker({"‹phone:1›": PHONE, "‹email:1›": MAIL}), citations)

    text = "".join(pieces)
    whole = edge()
    expected = whole.feed(text) + whole.end()
    at = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    cut = edge()
    shown = "".join(cut.feed(text[a:b]) for a, b in pairwise(at)) + cut.end()
    assert shown == expected == cut.text
    assert cut.sources == whole.sources


def test_citations_are_numbered_by_first_use_and_keep_their_tags() -> None:
    citations = Citations()
    for ref in ("a", "b", "c", "a"):
        citations.cited({"kind": "event", "ref": ref, "at": "t", "value": 1})
    edge = Edge(Masker(), citations)
    assert edge.feed("x [s3], y [s1, s3] z[s2;s9]") + edge.end() == "x [1], y [2, 1] z[3]"
    assert [s["ref"] for s in edge.sources] == ["c", "a", "b"]


@pytest.fixture
def with_secrets(reader: FakeReader) -> FakeReader:
    """A case whose texts hold what no model may see."""
    note = f"customer rang from {PHONE}, mail {MAIL}"
    reader.cases[CASE]["timeline"][1]["what"] = {"en": f"Done: {note}", "zh-CN": f"已完成：{note}"}
    reader.cases[CASE]["plan"] = []
    reader.cases[CASE]["root_cause"]["evidence"][0]["value"] = f"id {ID}"
    return reader


def _written(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


def _nothing_personal_in(home: Path) -> None:
    written = _written(home)
    assert b"messages" in written
    for secret in (PHONE, MAIL, ID, "13900139000"):
        assert secret.encode() not in written


@pytest.mark.parametrize(
    "question", ["what was tried already? my number is 13900139000", "已经做了什么？电话13900139000"]
)
def test_offline_the_person_sees_it_and_no_file_holds_it(
    agent: CaseAgent, settings: Settings, store: Store, vault: Vault, with_secrets: FakeReader, question: str
) -> None:
    events = ask(agent, CASE, question)
    text = answer(events)["text"]
    assert PHONE in text and MAIL in text
    assert as_shown(events) == text
    assert PHONE in answer(ask(agent, CASE, "what was tried already"))["text"]  # the next turn knows it still
    store.engine.dispose()
    _nothing_personal_in(settings.home)
    said = ChatLog(store, vault).messages(f"case:{CASE}:staff:anna")
    assert [m.role for m in said] == ["user", "assistant", "user", "assistant"]
    assert said[0].text == question
    assert PHONE in said[1].text


def test_an_endpoint_never_sees_it_and_the_person_does(
    settings: Settings, store: Store, vault: Vault, with_secrets: FakeReader, library: Library,
    embedder: UniversalSentenceEmbedder,
) -> None:  # fmt: skip
    with fake.running() as endpoint:
        settings = settings.model_copy(update={"llm_url": endpoint.url, "llm_model": "m"})
        agent = make_agent(settings, store, vault, with_secrets, library, embedder)
        endpoint.replies = [
            fake.calls("get_case"), fake.says("You are ‹phone:1›, they rang from ‹phone:2› (‹email:1›), ‹id:1›.", 3),
            fake.says("It was ‹phone:2›.", 2),
        ]  # fmt: skip
        events, again = ask_all(agent, CASE, ["I am 13900139000. who rang?", "again?"])
        assert answer(events)["text"] == f"You are 13900139000, they rang from {PHONE} ({MAIL}), {ID}."
        assert as_shown(events) == answer(events)["text"]
        assert answer(again)["text"] == f"It was {PHONE}."
        for secret in (PHONE, MAIL, ID, "13900139000"):
            assert secret not in endpoint.asked
    store.engine.dispose()
    _nothing_personal_in(settings.home)


def test_an_erased_customers_words_are_gone(
    agent: CaseAgent, store: Store, vault: Vault, with_secrets: FakeReader
) -> None:
    ask(agent, CASE, "what was tried already? call 13900139000")
    with store.begin() as tx:
        vault.destroy(tx, "c:c-1")
    said = ChatLog(store, vault).messages(f"case:{CASE}:staff:anna")
    assert [m.text for m in said] == ["", ""]
    assert ChatLog(store, vault).masks(f"case:{CASE}:staff:anna") == {}
    assert answer(ask(agent, CASE, "hello"))["text"]
