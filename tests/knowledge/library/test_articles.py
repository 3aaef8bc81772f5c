"""Help articles: well written, found in both languages, the shop's figures filled in, staff's kept from customers."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.library.figures import figures
from assistant.settings import Settings
from knowledge.library.articles import ArticleError, Articles, figures_named, read, written
from knowledge.library.library import Library
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import NotFoundError

ASKED = {
    "refund-times": ("退款几天能到", "when will my refund arrive"),
    "duplicate-charge": ("怎么扣了我两次", "I was charged twice"),
    "coupon-problems": ("优惠券用不了", "my voucher is not working"),
    "pickup": ("能不能自提", "can I collect my order myself"),
    "address-correction": ("地址写错了要改", "I entered a wrong address"),
    "cancellation": ("不想要了，怎么取消", "how can I cancel my order"),
    "privacy": ("删除我的个人信息", "delete my personal data"),
}


def test_there_are_enough_and_each_is_whole_in_both_languages() -> None:
    articles = written()
    assert len(articles) >= 24
    assert len({article.id for article in articles}) == len(articles)
    for article in articles:
        assert set(article.faults) <= {str(code) for code in FaultCode}, article.id
        assert all(len(article.asks[language]) >= 2 for language in ("zh-CN", "en")), article.id
        assert article.text["zh-CN"].count("\n\n") == article.text["en"].count("\n\n"), article.id


def test_every_figure_an_article_names_is_one_of_the_settings() -> None:
    said = figures(Settings())
    assert figures_named() <= said.keys()
    assert said["reply_timeout"] == {"zh-CN": "24 小时", "en": "24 hours"}
    assert said["high_within"]["en"] == "1 minute"
    text = Articles(figures(Settings(customer_reply_timeout=7_200))).get("partial-payment", "customer").text
    assert "2 小时" in text["zh-CN"] and "2 hours" in text["en"]
    assert not [a.id for a in written() if "{{" in str(Articles(said).get(a.id, "staff").text)]


@pytest.mark.parametrize("language", [0, 1], ids=["zh-CN", "en"])
@pytest.mark.parametrize("article_id", ASKED)
def test_a_customers_question_finds_its_article_in_the_readers_language(
    library: Library, article_id: str, language: int
) -> None:
    shown = ("en", "zh-CN")[language]  # not the question's: the reader's
    found = library.search_help(ASKED[article_id][language], audience="customer", language=shown)
    assert found[0].id == article_id
    assert found[0].language == shown and ("\u4e00" <= found[0].title[0] <= "\u9fff") == (shown == "zh-CN")


def test_customers_never_see_what_is_for_staff(library: Library) -> None:
    for asked in ("顾客账户被冻结该怎么说", "what may I promise", "who approves a big refund", "charge-back evidence"):
        found = library.search_help(asked, audience="customer", language="en", limit=50)
        assert not [hit.id for hit in found if library.article(hit.id, "staff").audience == "staff"]
    assert library.search_help("who approves a big refund", audience="staff", language="en")
    with pytest.raises(NotFoundError, match="article_not_found"):
        library.article("blocked-accounts", "customer")


def test_off_topic_questions_find_no_article(library: Library) -> None:
    assert library.search_help("how long do I boil an egg", audience="staff", language="en") == []


@pytest.mark.parametrize(
    ("head", "named"),
    [("id: x\naudience: both\ntitle.en: T", "title.zh-CN"), ("id x", "'id x'"),
     ("id: x\naudience: all\ntitle.en: T\ntitle.zh-CN: 题", "audience")],
)  # fmt: skip
def test_a_badly_written_article_is_named(tmp_path: Path, head: str, named: str) -> None:
    file = tmp_path / "x.md"
    file.write_text(f"---\n{head}\n---\n## zh-CN\n字\n\n## en\nwords\n", encoding="utf-8")
    with pytest.raises(ArticleError, match=rf"x\.md: .*{named}"):
        read(file)
