"""The library of solved cases and help articles: filled by the feed, searched by agent, copilot and API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.library.articles import Article, ArticleHit, Articles, Audience
from knowledge.library.embedders import Embedder, Vectors
from knowledge.library.index import Entry, Hit, Index
from knowledge.library.ranking import TERMS, Candidate, Ranked, centred, ranked
from knowledge.library.reasons import Reason
from knowledge.library.shipped import Shipped
from knowledge.library.solved import LANGUAGES, Similar, SolvedCase
from knowledge.library.weighing import LIKENESS, Like, likeness, turned_out
from knowledge.vocabulary.personal import mask_text

# What a text must reach (meaning and terms together) to be about the question at all: by embedder, set on the
# development set so that of its off-topic questions none passes and of the others few are lost.
OFF_TOPIC = {"use-multilingual-3": 0.15}
OFF_TOPIC_OF_OTHERS = 0.20
# Entries looked at before ranking: terms and words can lift a text from so far down.
CANDIDATES, PER_RESULT = 80, 12
# Scores are shown from 0 to 1: what is said adds up to SAID at best, and with the facts it is compared by to KNOWN.
SAID = 1 + TERMS
KNOWN = SAID + sum(LIKENESS.values())
# Articles are many short passages, of which one always sounds a little alike.
OFF_TOPIC_HELP = 0.55


class Library:
    """Solved cases of one shop, found by their facts and by meaning in any language; and the help articles.

    Each case is kept under one entry per language of its summary, so that a question meets a text of its own
    language; a search merges them. Vectors always come from the embedder given, never from Chroma's default (which
    would download a model). An embedded library belongs to one process; several share one through `chroma_url`.
    """

    def __init__(
        self, embedder: Embedder, *, shop: str = "shop", path: Path | None = None, chroma_url: str = "",
        off_topic: float | None = None, articles: Articles | None = None,
    ) -> None:  # fmt: skip
        """`path` is the folder of the embedded library, `chroma_url` a Chroma server; the server wins."""
        if not (path or chroma_url):
            raise ValueError("a library needs a path or a chroma_url")
        self._embedder, self._shipped = embedder, Shipped(embedder)
        self._off_topic = OFF_TOPIC.get(embedder.name, OFF_TOPIC_OF_OTHERS) if off_topic is None else off_topic
        self.collection_name = _collection_name(shop, embedder)
        self._index = Index(self.collection_name, path=path, url=chroma_url)
        self.articles = articles or Articles()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    # -- keeping ----------------------------------------------------------------------------------------------------

    def add(self, case: SolvedCase) -> None:
        """Adds the case, or replaces what is known of it. Its words are masked before they are kept.

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`; nothing or everything was kept.
        """
        self.add_all([case])

    def add_all(self, cases: Sequence[SolvedCase]) -> None:
        """Adds several cases, as `add` does.

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`.
        """
        entries = [
            Entry(case, language, text) for case in (one.masked() for one in cases)
            for language, text in case.texts().items()
        ]  # fmt: skip
        if entries:
            self._index.put(entries, self._vectors([e.text for e in entries], [e.language for e in entries]))

    def get(self, case_id: str) -> SolvedCase | None:
        """What is known of this case; None when it isn't here.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        return self._index.get(case_id)

    def remove(self, case_id: str) -> None:
        """Forgets the case; a case that isn't here is no error.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        self._index.remove({"case_id": case_id})

    def remove_examples(self) -> None:
        """Forgets every example.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        self._index.remove({"example": True})

    def clear(self) -> None:
        """Forgets every case of this shop and embedder.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        self._index.remove({"case_id": {"$ne": ""}})

    def count(self, *, examples: bool | None = None) -> int:
        """How many cases are here; `examples`: only those, or (False) only the shop's own.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        return self._index.count(None if examples is None else {"example": examples})

    def ids(self) -> set[str]:
        """The ids of all cases here.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        return self._index.ids()

    # -- finding ----------------------------------------------------------------------------------------------------

    def search(
        self, text: str, *, fault: str | None = None, step: str | None = None, severity: str | None = None,
        limit: int = 3, stayed_only: bool = True, exclude: str | None = None, like: Like | None = None,
    ) -> list[Similar]:  # fmt: skip
        """The solved cases that answer `text` best; none when nothing is about it.

        Args:
            text: a question or a case's summary, in any language of the embedder.
            fault, step, severity: only cases with this fault code, pipeline step, severity.
            limit: at most so many.
            stayed_only: leave out cases that came back after they were solved (else they count for less).
            exclude: a case id to leave out (the one that is asked about).
            like: facts of the case that is asked about: those that share them come first.

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`.
        """
        if not text.strip() or limit < 1:
            return []
        text = mask_text(text)
        wanted: list[dict[str, Any]] = [{f"fault:{fault}": True}] if fault else []
        wanted += [{"step": step}] if step else []
        wanted += [{"severity": severity}] if severity else []
        wanted += [{"stayed_resolved": True}] if stayed_only else []
        wanted += [{"case_id": {"$ne": exclude}}] if exclude else []
        language = language_of_text(text)
        hits = self._candidates(self._vectors([text], [language]), wanted, limit, like)
        found = ranked(text, language, [_candidate(hit) for hit in hits])
        structured = like if like is not None and like.faults else None
        cases = {hit.case.case_id: hit.case for hit in hits}
        return self._weighed(found, cases, structured, limit)

    def search_help(
        self, text: str, *, audience: Audience, language: str, limit: int = 3
    ) -> list[ArticleHit]:  # fmt: skip
        """The articles that answer a question best, in the reader's language; customers never get staff's.

        Raises:
            UnavailableError: `embedder_unavailable`.
        """
        if not text.strip() or limit < 1:
            return []
        asked = language_of_text(mask_text(text))
        passages = self.articles.passages(audience)
        vectors = self._vectors([p.text for p in passages], [p.language for p in passages])
        cosines = vectors @ self._vectors([mask_text(text)], [asked])[0]
        candidates = [
            Candidate(passage.article_id, passage.language, passage.text, float(cosine))
            for passage, cosine in zip(passages, cosines, strict=True)
        ]
        best: dict[str, Ranked] = {}
        for one in ranked(text, asked, candidates):
            if one.score >= OFF_TOPIC_HELP:
                best.setdefault(one.candidate.key, one)
        return [self.articles.hit(key, language, min(1.0, one.score / SAID)) for key, one in list(best.items())[:limit]]

    def article(self, article_id: str, audience: Audience) -> Article:
        """One article in both languages.

        Raises:
            NotFoundError: `article_not_found`, also for one that this audience may not read.
        """
        return self.articles.get(article_id, audience)

    def _candidates(
        self, vectors: Vectors, wanted: list[dict[str, Any]], limit: int, like: Like | None
    ) -> list[Hit]:  # fmt: skip
        """Entries worth ranking: those of the same fault first, then those nearest in meaning."""
        most = max(CANDIDATES, limit * PER_RESULT)
        found: dict[tuple[str, str], Hit] = {}
        for fault in like.faults if like is not None else ():
            for hit in self._index.nearest(vectors, most, [{f"fault:{fault}": True}, *wanted]):
                found[hit.case.case_id, hit.language] = hit
        if len({case_id for case_id, _ in found}) < limit:
            for hit in self._index.nearest(vectors, most, wanted):
                found.setdefault((hit.case.case_id, hit.language), hit)
        return list(found.values())

    def _weighed(
        self, found: Sequence[Ranked], cases: dict[str, SolvedCase], like: Like | None, limit: int
    ) -> list[Similar]:  # fmt: skip
        now, best, full = self.now(), dict[str, Similar](), SAID if like is None else KNOWN
        for one in found:
            case = cases[one.candidate.key]
            reasons = list(likeness(like, case)) if like is not None else []
            # whatever shares the fault is on the topic, however it is worded
            if case.case_id in best or (one.score < self._off_topic and not reasons):
                continue
            said = [Reason("meaning", one.candidate.cosine)]
            said += [Reason("terms", one.terms)] if one.terms else []
            said += [Reason("words", one.words)] if one.words else []
            reasons += turned_out(case, now)
            score = max(0.0, min(1.0, (one.score + sum(reason.effect for reason in reasons)) / full))
            best[case.case_id] = Similar(case, score, [*said, *reasons])
        order = sorted(best.values(), key=lambda s: (-s.score, s.case.example, s.case.case_id))
        return order[:limit]

    def _vectors(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        """Unit vectors less the centre of their language."""
        vectors = np.array(self._shipped.embed(texts))
        for language in set(languages):
            rows = [place for place, one in enumerate(languages) if one == language]
            vectors[rows] = centred(vectors[rows], self._shipped.centre(language))
        return vectors


def language_of_text(text: str) -> str:
    """Chinese as soon as there are Chinese characters, else English."""
    return LANGUAGES[0] if any("\u3400" <= character <= "\u9fff" for character in text) else LANGUAGES[1]


def _candidate(hit: Hit) -> Candidate:
    return Candidate(hit.case.case_id, hit.language, hit.text, hit.cosine)


def _collection_name(shop: str, embedder: Embedder) -> str:
    """One collection per shop and embedder, in the characters Chroma allows; the digest keeps shops apart."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", shop).strip("-").lower()[:40]
    digest = hashlib.sha256(shop.encode()).hexdigest()[:8]
    return f"cases2-{readable or 'shop'}-{digest}-{embedder.name}-{embedder.dimensions}"
