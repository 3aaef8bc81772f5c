"""The library finds solved cases in both languages, keeps nothing personal, and says when it can't answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge.faults.catalogue import CATALOGUE
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from knowledge.library.solved import SolvedCase, Tried
from knowledge.vocabulary.errors import UnavailableError
from tests.support.ports import free_port
from tests.support.processes import running

QUESTIONS = {
    "paid_order_missing": ("客户付了钱但是系统里没有订单", "customer paid but there is no order"),
    "payment_failed_stock_held": ("付款没成功，库存还占着", "payment failed but the stock is still reserved"),
    "price_mismatch": ("购物车价格和结算价格不一样", "cart price differs from the price at checkout"),
    "incomplete_information": ("收货地址不完整", "the delivery address is incomplete"),
    "duplicate_charge": ("顾客被重复扣款", "the customer was charged twice"),
}


def solved(code: str, case_id: str = "", **changes: Any) -> SolvedCase:
    fault = next(fault for fault in CATALOGUE.values() if fault.code == code)
    values: dict[str, Any] = {
        "case_id": case_id or f"case_{code}", "fault": code, "step": str(fault.step), "severity": str(fault.severity),
        "summary": dict(fault.texts["title"]), "resolution": "repaired", "tried": [Tried("create_order", "done")],
        "outcome": {"zh-CN": "已修复", "en": "repaired"},
    }  # fmt: skip
    return SolvedCase(**(values | changes))


@pytest.fixture
def filled(library: Library) -> Library:
    for fault in CATALOGUE:
        library.add(solved(fault.value))
    return library


@pytest.mark.parametrize("language", [0, 1], ids=["zh-CN", "en"])
@pytest.mark.parametrize("code", QUESTIONS)
def test_a_question_finds_its_case_first(filled: Library, code: str, language: int) -> None:
    found = filled.search(QUESTIONS[code][language])
    assert found[0].case.fault == code
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert len({s.case.case_id for s in found}) == len(found) == 3


@pytest.mark.parametrize("question", ["今天天气怎么样，适合爬山吗", "please write a poem about the sea"])
def test_off_topic_finds_nothing(library: Library, question: str) -> None:
    library.add(solved("price_mismatch"))
    assert library.search(question) == []


def test_filters(filled: Library) -> None:
    question = QUESTIONS["paid_order_missing"][1]
    assert {s.case.fault for s in filled.search(question, fault="price_mismatch")} == {"price_mismatch"}
    assert {s.case.severity for s in filled.search(question, severity="high", limit=9)} == {"high"}
    found = filled.search(question, fault="paid_order_missing", severity="high")
    assert [s.case.case_id for s in found] == ["case_paid_order_missing"]
    assert filled.search(question, fault="paid_order_missing", exclude="case_paid_order_missing") == []


def test_cases_that_came_back_are_left_out_unless_asked_for(library: Library) -> None:
    library.add(solved("price_mismatch", stayed_resolved=False))
    question = QUESTIONS["price_mismatch"][1]
    assert library.search(question) == []
    assert [s.case.stayed_resolved for s in library.search(question, stayed_only=False)] == [False]


def test_adding_again_replaces(library: Library) -> None:
    library.add(solved("price_mismatch"))
    library.add(solved("price_mismatch", resolution="by_human"))
    assert library.count() == 1
    [found] = library.search(QUESTIONS["price_mismatch"][0])
    assert found.case.resolution == "by_human"
    assert found.json()["outcome"] == "by_human"


def test_remove_and_clear(filled: Library) -> None:
    filled.remove("case_price_mismatch")
    filled.remove("never there")
    assert filled.get("case_price_mismatch") is None
    assert filled.count() == len(CATALOGUE) - 1
    filled.clear()
    assert filled.count() == 0


def test_what_was_added_is_there_after_a_restart(
    library: Library, embedder: UniversalSentenceEmbedder, tmp_path: Path
) -> None:
    case = solved("price_mismatch", metadata={"currency": "CNY", "value": 100})
    library.add(case)
    assert Library(embedder, shop="demo", path=tmp_path / "chroma").get(case.case_id) == case


def test_shops_do_not_see_each_other(library: Library, embedder: UniversalSentenceEmbedder, tmp_path: Path) -> None:
    library.add(solved("price_mismatch"))
    for shop in ("other", "demo!", "商城"):
        assert Library(embedder, shop=shop, path=tmp_path / "chroma").count() == 0


def test_nothing_personal_reaches_the_disk(library: Library, tmp_path: Path) -> None:
    said = {"zh-CN": "顾客电话13800138000请回电", "en": "mail zhang.wei@example.com or +86 138 0013 8000"}
    library.add(solved("price_mismatch", summary=said, outcome=said, metadata={"note": "13800138000"}))
    library.search("13800138000 zhang.wei@example.com")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "chroma").rglob("*") if file.is_file())
    assert "‹phone›".encode() in kept
    for secret in (b"13800138000", b"138 0013 8000", b"zhang.wei"):
        assert secret not in kept


def test_a_server_that_is_down_is_unavailable(embedder: UniversalSentenceEmbedder) -> None:
    library = Library(embedder, chroma_url="http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="library_unavailable"):
        library.search("anything")


def test_a_question_without_content_finds_nothing(filled: Library) -> None:
    assert filled.search("  ") == []
    assert filled.search("price", limit=0) == []


def test_a_chroma_server_is_shared_by_several_processes_libraries(
    embedder: UniversalSentenceEmbedder, tmp_path: Path
) -> None:
    """Two libraries on one server, as two processes have them, see each other's cases at once."""
    port = free_port()
    chroma = Path(sys.executable).parent / "chroma"
    command = [str(chroma), "run", "--path", str(tmp_path / "served"), "--host", "127.0.0.1", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running(command, ready_url=f"{url}/api/v2/heartbeat"):
        one, other = Library(embedder, chroma_url=url), Library(embedder, chroma_url=url)
        assert other.count() == 0
        one.add(solved("price_mismatch"))
        assert [s.case.fault for s in other.search(QUESTIONS["price_mismatch"][0])] == ["price_mismatch"]
        other.remove("case_price_mismatch")
        assert one.count() == 0
    with pytest.raises(UnavailableError, match="library_unavailable"):
        one.count()
