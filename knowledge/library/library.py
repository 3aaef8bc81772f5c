"""The library of solved cases in Chroma: added by the feed, searched by the agent's tool and the API."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from knowledge.library.embedders import Embedder
from knowledge.library.solved import LANGUAGES, Similar, SolvedCase
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.personal import mask_text

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

# Cosine below which a text is about something else: in a probe of the embedded encoder, off-topic texts
# stayed under it.
OFF_TOPIC = 0.13


class Library:
    """Solved cases of one shop, found by meaning in any language.

    Each case is kept under one entry per language of its summary, so that a question meets a text of its
    own language; a search merges them. Vectors always come from the embedder given, never from Chroma's
    default (which would download a model). An embedded library belongs to one process; several share one
    through `chroma_url`.
    """

    def __init__(
        self, embedder: Embedder, *, shop: str = "shop", path: Path | None = None, chroma_url: str = "",
        off_topic: float = OFF_TOPIC,
    ) -> None:  # fmt: skip
        """`path` is the folder of the embedded library, `chroma_url` a Chroma server; the server wins."""
        if not (path or chroma_url):
            raise ValueError("a library needs a path or a chroma_url")
        self._embedder, self._path, self._url, self._off_topic = embedder, path, chroma_url, off_topic
        self.collection_name = _collection_name(shop, embedder)
        self._opened: Collection | None = None
        self._lock = threading.Lock()

    def add(self, case: SolvedCase) -> None:
        """Adds the case, or replaces what is known of it. Its words are masked before they are kept.

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`; nothing or everything was kept.
        """
        case = case.masked()
        texts = [case.summary.get(language) or next(iter(case.summary.values())) for language in LANGUAGES]
        vectors = self._embedder.embed(texts)
        record = msgspec.json.encode(case).decode()
        facts: dict[str, str | int | float | bool] = {
            **case.metadata,
            "case_id": case.case_id, "fault": case.fault, "step": case.step, "severity": case.severity,
            "resolution": case.resolution, "stayed_resolved": case.stayed_resolved, "record": record,
        }  # fmt: skip
        with self._collection() as collection:
            collection.upsert(
                ids=[f"{case.case_id}#{language}" for language in LANGUAGES],
                embeddings=vectors,
                documents=texts,
                metadatas=[{**facts, "language": language} for language in LANGUAGES],
            )

    def search(
        self, text: str, *, fault: str | None = None, severity: str | None = None, limit: int = 3,
        stayed_only: bool = True, exclude: str | None = None,
    ) -> list[Similar]:  # fmt: skip
        """The solved cases nearest in meaning to `text`, best first; none when nothing is near.

        Args:
            text: a question or a case's summary, in any language of the embedder.
            fault: only this fault code.
            severity: only this severity.
            limit: at most so many.
            stayed_only: leave out cases that came back after they were solved.
            exclude: a case id to leave out (the one that is asked about).

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`.
        """
        wanted = [{"fault": fault}] if fault else []
        wanted += [{"severity": severity}] if severity else []
        where: list[dict[str, Any]] = [*wanted, *([{"stayed_resolved": True}] if stayed_only else [])]
        where += [{"case_id": {"$ne": exclude}}] if exclude else []
        if not text.strip() or limit < 1:
            return []
        vectors = self._embedder.embed([mask_text(text)])
        with self._collection() as collection:
            found = collection.query(
                query_embeddings=vectors,
                n_results=limit * len(LANGUAGES),
                where=_all_of(where),
                include=["metadatas", "distances"],
            )
        return self._best(found, limit)

    def _best(self, found: Any, limit: int) -> list[Similar]:
        best: dict[str, Similar] = {}
        for facts, distance in zip(found["metadatas"][0], found["distances"][0], strict=True):
            score = max(0.0, min(1.0, 1.0 - float(distance)))
            known = best.get(facts["case_id"])
            if score >= self._off_topic and (known is None or score > known.score):
                best[facts["case_id"]] = Similar(msgspec.json.decode(facts["record"], type=SolvedCase), score)
        return sorted(best.values(), key=lambda s: (-s.score, s.case.case_id))[:limit]

    def get(self, case_id: str) -> SolvedCase | None:
        """What is known of this case; None when it isn't here.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self._collection() as collection:
            rows = collection.get(ids=[f"{case_id}#{LANGUAGES[0]}"], include=["metadatas"])
        facts = rows["metadatas"] or []
        return msgspec.json.decode(str(facts[0]["record"]), type=SolvedCase) if facts else None

    def remove(self, case_id: str) -> None:
        """Forgets the case; a case that isn't here is no error.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self._collection() as collection:
            collection.delete(ids=[f"{case_id}#{language}" for language in LANGUAGES])

    def clear(self) -> None:
        """Forgets every case of this shop and embedder.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self._collection() as collection:
            while ids := collection.get(limit=1000, include=[])["ids"]:
                collection.delete(ids=ids)

    def count(self) -> int:
        """How many cases are here.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self._collection() as collection:
            return collection.count() // len(LANGUAGES)

    @contextmanager
    def _collection(self) -> Iterator[Collection]:
        """The open collection; whatever Chroma or its connection raises means: unavailable, try again."""
        from chromadb.errors import ChromaError
        from httpx import HTTPError

        try:
            with self._lock:
                if self._opened is None:
                    self._opened = self._open()
            yield self._opened
        except (ChromaError, HTTPError, OSError, RuntimeError) as error:
            self._opened = None  # the server may have been replaced: look for the collection anew
            raise _unavailable(error) from error
        except ValueError as error:  # chromadb's own, when its server can't be reached at first
            if self._opened is not None:
                raise
            raise _unavailable(error) from error

    def _open(self) -> Collection:
        client = _client(self._path, self._url)
        return client.get_or_create_collection(
            self.collection_name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )


def _unavailable(error: Exception) -> UnavailableError:
    return UnavailableError("library_unavailable", f"the library of past cases doesn't answer: {error}")


def _client(path: Path | None, url: str) -> ClientAPI:
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if path is not None and not url:
        path.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(path=str(path), settings=settings)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 8000)
    return chromadb.HttpClient(host=parts.hostname or "", port=port, ssl=secure, settings=settings)


def _collection_name(shop: str, embedder: Embedder) -> str:
    """One collection per shop and embedder, in the characters Chroma allows; the digest keeps shops apart."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", shop).strip("-").lower()[:40]
    digest = hashlib.sha256(shop.encode()).hexdigest()[:8]
    return f"cases-{readable or 'shop'}-{digest}-{embedder.name}-{embedder.dimensions}"


def _all_of(conditions: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None
