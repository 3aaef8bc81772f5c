"""The Chroma collection behind the library: one entry per case and language, its vector and the case's record."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from knowledge.library.embedders import Vectors
from knowledge.library.solved import SolvedCase
from knowledge.vocabulary.errors import UnavailableError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

BATCH = 500  # entries per write
WIDER = 2  # times as many entries are looked through as are wanted, before Chroma is asked to filter
_SERVER_SECONDS = 5.0  # a Chroma server that is silent for longer counts as away
Where = Mapping[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """A case's text in one language, as it is indexed."""

    case: SolvedCase
    language: str
    text: str


class Hit(msgspec.Struct, frozen=True):
    """An entry found again; `cosine` of its vector with the question's, -1 to 1."""

    case: SolvedCase
    language: str
    text: str
    cosine: float


class Index:
    """One collection. Whatever Chroma or its connection raises becomes UnavailableError `library_unavailable`.

    An embedded index belongs to one process; several processes share one through a server's `url`.
    """

    def __init__(self, name: str, *, path: Path | None = None, url: str = "") -> None:
        """`path` is the folder of an embedded index, `url` a Chroma server; the server wins."""
        self.name, self._path, self._url = name, path, url
        self._opened: Collection | None = None
        self._lock = threading.Lock()

    def put(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Adds the entries, or replaces those of the same case and language.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self.open() as collection:
            for start in range(0, len(entries), BATCH):
                some = entries[start : start + BATCH]
                collection.upsert(
                    ids=[f"{entry.case.case_id}#{entry.language}" for entry in some],
                    embeddings=vectors[start : start + BATCH],
                    documents=[entry.text for entry in some],
                    metadatas=[_facts(entry) for entry in some],
                )

    def nearest(self, vectors: Vectors, most: int, wanted: Sequence[Where] = ()) -> list[Hit]:
        """The entries nearest to one vector (shape (1, dimensions)) that meet all conditions, nearest first.

        Chroma gathers every entry that meets its filter before it looks at any vector, ten times as long as the search
        itself. So the nearest few are looked through first; where too few of them meet the conditions, Chroma filters
        by the first condition alone, and only then by all: give the one that fewest meet first.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        conditions = [dict(one) for one in wanted]
        met: list[tuple[Where, str, float]] = []
        for asked in dict.fromkeys((0, min(1, len(conditions)), len(conditions))):
            few = most if asked == len(conditions) else WIDER * most
            near = self._query(vectors, few, all_of(conditions[:asked]))
            met = [row for row in near if all(_meets(row[0], one) for one in conditions)]
            if len(met) >= most or len(near) < few:  # enough, or there are no more
                break
        cases: dict[str, SolvedCase] = {}
        hits = []
        for fact, text, distance in met[:most]:
            record = str(fact["record"])
            case = cases.get(record) or cases.setdefault(record, _case(record))
            hits.append(Hit(case, str(fact["language"]), text, 1.0 - distance))
        return hits

    def _query(self, vectors: Vectors, most: int, where: dict[str, Any] | None) -> list[tuple[Where, str, float]]:
        """Facts, text and distance of the nearest."""
        with self.open() as collection:
            found = collection.query(
                query_embeddings=vectors, n_results=most, where=where, include=["metadatas", "documents", "distances"]
            )
        rows: Any = zip(found["metadatas"] or [[]], found["documents"] or [[]], found["distances"] or [[]], strict=True)
        facts, texts, distances = next(iter(rows))
        return [(fact, str(text), float(far)) for fact, text, far in zip(facts, texts, distances, strict=True)]

    def get(self, case_id: str) -> SolvedCase | None:
        """What is known of this case; None when it isn't here.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self.open() as collection:
            rows = collection.get(where={"case_id": case_id}, limit=1, include=["metadatas"])
        facts = rows["metadatas"] or []
        return _case(str(facts[0]["record"])) if facts else None

    def remove(self, where: Where) -> None:
        """Deletes every entry with these facts; none is no error.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self.open() as collection:
            collection.delete(where=dict(where))

    def count(self, where: Where | None = None) -> int:
        """How many cases are here (with these facts).

        Raises:
            UnavailableError: `library_unavailable`.
        """
        first: list[Where] = [{"first": True}]
        with self.open() as collection:
            wanted = all_of([*first, *([where] if where else [])])
            return len(collection.get(where=wanted, include=[])["ids"])

    def ids(self) -> set[str]:
        """The ids of all cases.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        with self.open() as collection:
            return {entry.rpartition("#")[0] for entry in collection.get(include=[])["ids"]}

    @contextmanager
    def open(self) -> Iterator[Collection]:
        """The open collection.

        Raises:
            UnavailableError: `library_unavailable`: try again.
        """
        from chromadb.errors import ChromaError
        from httpx import HTTPError

        try:
            with self._lock:
                if self._opened is None:
                    self._opened = self._open()
                opened = self._opened
            yield opened
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
            self.name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )


def all_of(conditions: Sequence[Where]) -> dict[str, Any] | None:
    """Chroma's filter that asks for all of them."""
    if len(conditions) > 1:
        return {"$and": [dict(one) for one in conditions]}
    return dict(conditions[0]) if conditions else None


def _meets(facts: Where, condition: Where) -> bool:
    """Whether an entry's facts meet one of our conditions: `{name: value}` or `{name: {"$ne": value}}`."""
    return all(
        facts.get(name) != value["$ne"] if isinstance(value, dict) else facts.get(name) == value
        for name, value in condition.items()
    )


def _facts(entry: Entry) -> dict[str, str | int | float | bool]:
    """What an entry can be filtered by, and the whole case."""
    case = entry.case
    return {
        **{f"fault:{code}": True for code in {case.fault, *case.faults}},
        "case_id": case.case_id, "step": case.step, "severity": case.severity, "resolution": case.resolution,
        "stayed_resolved": case.stayed_resolved, "example": case.example, "language": entry.language,
        "first": entry.language == next(iter(case.summary)), "record": msgspec.json.encode(case).decode(),
    }  # fmt: skip


def _case(record: str) -> SolvedCase:
    return msgspec.json.decode(record, type=SolvedCase)


def _client(path: Path | None, url: str) -> ClientAPI:
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if path is not None and not url:
        path.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(path=str(path), settings=settings)
    return _server(url, settings)


def _server(url: str, settings: Any) -> ClientAPI:
    """A client that gives a silent server up after _SERVER_SECONDS; Chroma's own would wait for ever."""
    import chromadb
    import httpx

    httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=_SERVER_SECONDS, trust_env=False).raise_for_status()
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 8000)
    client = chromadb.HttpClient(host=parts.hostname or "", port=port, ssl=secure, settings=settings)
    session = getattr(getattr(client, "_server", None), "_session", None)
    if isinstance(session, httpx.Client):
        session.timeout = httpx.Timeout(_SERVER_SECONDS)
    return client


def _unavailable(error: Exception) -> UnavailableError:
    return UnavailableError("library_unavailable", f"the library of past cases doesn't answer: {error}")
