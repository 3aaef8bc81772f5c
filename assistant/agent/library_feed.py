"""Keeps the library in step with the cases: works off the outbox rows of kind `library`; the worker calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.agent.ports import CaseReader
from assistant.agent.precedents import is_precedent, solved_case
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, outbox
from assistant.store.tables_people import outcomes
from knowledge.library.library import Library
from knowledge.library.solved import SolvedCase
from knowledge.vocabulary.codes import LIVE_STATUSES, CaseStatus
from knowledge.vocabulary.errors import NotFoundError, UnavailableError

KIND = "library"
_BATCH = 100
_LONGEST_WAIT = timedelta(hours=1)
_PAGE = 500

_log = structlog.get_logger(__name__)


class LibraryFeed:
    """The outbox's consumer. A row says only that a case changed; what to keep is read from the case itself.

    So a row may be handled twice, late, or by two workers: the library ends as the case is.
    """

    def __init__(self, store: Store, reader: CaseReader, library: Library) -> None:
        self._store, self._reader, self._library = store, reader, library

    def drain(self) -> int:
        """Handles the rows that are due and deletes them; returns how many.

        A row that fails stays, and is due again after a wait that doubles each time (at most an hour). When the
        library or the database doesn't answer, the rest waits too.

        Raises:
            UnavailableError: `store_unavailable`.
        """
        handled = 0
        for seq, case_id in self._due():
            try:
                self.bring_up_to_date(case_id)
            except UnavailableError as error:
                self._failed(seq, case_id, error)
                return handled
            except Exception as error:  # one case must not keep the others waiting; its row stays
                self._failed(seq, case_id, error)
                continue
            with self._store.begin() as tx:
                tx.execute(outbox.delete().where(outbox.c.seq == seq))
            handled += 1
        return handled

    def bring_up_to_date(self, case_id: str) -> None:
        """Adds the case, replaces what is known of it, or removes it: whatever it is now.

        Only what stayed resolved for the whole follow-up time is added. A case that came back stays in the library as
        one that did not, until it has stayed resolved anew; one whose outcome a supervisor has undone is removed.

        Raises:
            UnavailableError: `library_unavailable`, `store_unavailable`.
        """
        try:
            case = self._reader.case(case_id)
        except NotFoundError:
            self._library.remove(case_id)
            return
        past = self._outcomes(case_id)
        if past and past[-1].undone_at is not None:
            self._library.remove(case_id)
        elif case["status"] in LIVE_STATUSES or (case["status"] == CaseStatus.RESOLVED and is_precedent(case)):
            if (known := self._library.get(case_id)) is not None:
                self._library.add(msgspec.structs.replace(known, stayed_resolved=False))
        elif is_precedent(case) and (not past or past[-1].stayed):
            self._library.add(_weighed(solved_case(case), past))
        else:
            self._library.remove(case_id)

    def _outcomes(self, case_id: str) -> Sequence[sa.Row[Any]]:
        """What became of the case's episodes so far, oldest first; none of a case from before they were kept."""
        query = sa.select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.episode)
        with self._store.read() as tx:
            return tx.execute(query).all()

    def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """Empties the library and fills it from every solved case; returns how many it holds then.

        Raises:
            UnavailableError: `library_unavailable`, `store_unavailable`.
        """
        self._library.clear()
        for done, case_id in enumerate(self._solved(), 1):
            self.bring_up_to_date(case_id)
            if progress:
                progress(done)
        return self._library.count()

    def _due(self) -> list[tuple[int, str]]:
        query = (
            sa.select(outbox.c.seq, outbox.c.subject, outbox.c.attempts, outbox.c.created_at)
            .where(outbox.c.kind == KIND)
            .order_by(outbox.c.attempts, outbox.c.seq)
            .limit(_BATCH)
        )
        now = utcnow()
        with self._store.read() as tx:
            rows = tx.execute(query).all()
        return [(row.seq, row.subject) for row in rows if row.created_at + _wait(row.attempts) <= now]

    def _failed(self, seq: int, case_id: str, error: Exception) -> None:
        _log.warning("library_feed_failed", case_id=case_id, error=type(error).__name__)
        with self._store.begin() as tx:
            tx.execute(outbox.update().where(outbox.c.seq == seq).values(attempts=outbox.c.attempts + 1))

    def _solved(self) -> Iterator[str]:
        """Every resolved or closed case's id, page by page."""
        last = ""
        while True:
            query = (
                sa.select(cases.c.id)
                .where(cases.c.id > last, cases.c.status.in_((CaseStatus.RESOLVED, CaseStatus.CLOSED)))
                .order_by(cases.c.id)
                .limit(_PAGE)
            )
            with self._store.read() as tx:
                ids = list(tx.execute(query).scalars())
            if not ids:
                return
            yield from ids
            last = ids[-1]


def _weighed(case: SolvedCase, past: Sequence[sa.Row[Any]]) -> SolvedCase:
    """The precedent with how it turned out: how often it came back before it stayed, and the customer's rating."""
    facts: dict[str, str | int | float | bool] = {"relapses": sum(row.stayed is False for row in past)}
    if past and past[-1].rating is not None:
        facts["rating"] = past[-1].rating
    return msgspec.structs.replace(case, metadata={**case.metadata, **facts})


def _wait(attempts: int) -> timedelta:
    """How long after a row's creation it is due: at once, then 2 s, 4 s, … up to an hour."""
    return min(timedelta(seconds=2**attempts), _LONGEST_WAIT) if attempts else timedelta(0)
