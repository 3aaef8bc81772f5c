"""Help articles and policies in both languages: read from `articles/*.md`, with the shop's own figures filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from knowledge.vocabulary.errors import HellowordError, NotFoundError

Audience = Literal["staff", "customer"]
LANGUAGES = ("zh-CN", "en")
FOLDER = Path(__file__).with_name("articles")
_READERS = {"staff": ("staff", "customer", "both"), "customer": ("customer", "both")}
_FIGURE = re.compile(r"\{\{([a-z_]+)\}\}")
# Where nobody told this shop's figure.
_UNTOLD = {"zh-CN": "本店规定的标准", "en": "what this shop has set"}

Figures = Mapping[str, Mapping[str, str]]
"""What settings say, by name and language, in words: `{"reply_timeout": {"zh-CN": "24 小时", "en": "24 hours"}}`."""


class ArticleError(HellowordError):
    """Stop: an article of ours is badly written (`invalid_article` names file and field)."""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One article; `title`, `text` and the questions it answers (`asks`) by language."""

    id: str
    audience: Literal["staff", "customer", "both"]
    topics: list[str]
    faults: list[str]
    title: dict[str, str]
    text: dict[str, str]
    asks: dict[str, list[str]]

    def json(self) -> dict[str, Any]:
        """Without the questions, which only serve the search."""
        return {
            "id": self.id, "audience": self.audience, "topics": self.topics, "faults": self.faults,
            "title": self.title, "text": self.text,
        }  # fmt: skip


class ArticleHit(msgspec.Struct, frozen=True):
    """An article found, in the reader's language; `score` from 0 to 1."""

    id: str
    title: str
    text: str
    score: float
    language: str


class Passage(msgspec.Struct, frozen=True):
    """A part of an article that can answer a question; without figures, so that its vector is the same everywhere."""

    article_id: str
    language: str
    text: str


class Articles:
    """The articles with one shop's figures."""

    def __init__(self, figures: Figures | None = None) -> None:
        self._figures = figures or {}

    def get(self, article_id: str, audience: Audience) -> Article:
        """One article.

        Raises:
            NotFoundError: `article_not_found`, also for one that this audience may not read.
        """
        found = next((one for one in written() if one.id == article_id), None)
        if found is None or found.audience not in _READERS[audience]:
            raise NotFoundError("article_not_found", f"there is no article {article_id}")
        text = {language: self._told(words, language) for language, words in found.text.items()}
        return msgspec.structs.replace(found, text=text)

    def ids(self) -> list[str]:
        """The ids of every article."""
        return [article.id for article in written()]

    def hit(self, article_id: str, language: str, score: float) -> ArticleHit:
        """A found article in the reader's language."""
        article = self.get(article_id, "staff")
        language = language if language in LANGUAGES else "en"
        return ArticleHit(article.id, article.title[language], article.text[language], round(score, 4), language)

    def passages(self, audience: Audience) -> list[Passage]:
        """Everything this audience's questions may be answered with."""
        return [passage for article, several in _passages() if article.audience in _READERS[audience]
                for passage in several]  # fmt: skip

    def _told(self, words: str, language: str) -> str:
        return _FIGURE.sub(lambda found: self._figures.get(found[1], _UNTOLD)[language], words)


def figures_named() -> set[str]:
    """Every figure that some article asks for."""
    return {name for article in written() for words in article.text.values() for name in _FIGURE.findall(words)}


@lru_cache(maxsize=1)
def written() -> tuple[Article, ...]:
    """Every article as it is written, by file name.

    Raises:
        ArticleError: `invalid_article`.
    """
    return tuple(read(file) for file in sorted(FOLDER.glob("*.md")))


@lru_cache(maxsize=1)
def _passages() -> tuple[tuple[Article, tuple[Passage, ...]], ...]:
    return tuple((article, tuple(_cut(article))) for article in written())


def _cut(article: Article) -> list[Passage]:
    """Title with each paragraph, and the questions by themselves."""
    found = []
    for language in LANGUAGES:
        title = article.title[language]
        paragraphs = [_FIGURE.sub("", part).strip() for part in article.text[language].split("\n\n")]
        found += [Passage(article.id, language, f"{title} {part}") for part in paragraphs if part]
        found += [Passage(article.id, language, asked) for asked in article.asks[language]]
    return found


def read(file: Path) -> Article:
    """One article from its file: fields between `---` lines, then a part `## zh-CN` and a part `## en`.

    Raises:
        ArticleError: `invalid_article` names file and field.
    """
    text = file.read_text("utf-8")
    _, head, body = [*text.split("---\n", 2), "", ""][:3]
    fields = dict(_field(file, line) for line in head.splitlines() if line.strip())
    parts = {part.split("\n", 1)[0].strip(): part.split("\n", 1)[-1].strip() for part in f"\n{body}".split("\n## ")[1:]}
    asks = {language: _list(fields.get(f"asks.{language}", ""), "|") for language in LANGUAGES}
    wanted = {"id", "audience", *(f"title.{language}" for language in LANGUAGES)}
    if missing := sorted(wanted - fields.keys()) + [f"## {one}" for one in LANGUAGES if not parts.get(one)]:
        raise ArticleError("invalid_article", f"{file.name}: {missing[0]} is missing")
    if fields["audience"] not in ("staff", "customer", "both"):
        raise ArticleError("invalid_article", f"{file.name}: audience must be staff, customer or both")
    return Article(
        id=fields["id"], audience=fields["audience"],  # type: ignore[arg-type]  # checked above
        topics=_list(fields.get("topics", "")), faults=_list(fields.get("faults", "")),
        title={language: fields[f"title.{language}"] for language in LANGUAGES},
        text={language: parts[language] for language in LANGUAGES}, asks=asks,
    )  # fmt: skip


def _field(file: Path, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise ArticleError("invalid_article", f"{file.name}: {line!r} is no field")
    return name.strip(), value.strip()


def _list(value: str, separator: str = ",") -> list[str]:
    return [part.strip() for part in value.split(separator) if part.strip()]
