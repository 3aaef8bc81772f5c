"""Keeps the library in step with the cases: works off the outbox rows of kind `library`; the worker calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec
import sqlalchemy as sa
import structlog

from assistant.library.ports import CaseSource
from assistant.library.precedents import is_precedent
from assistant.library.remembering import ids_of_customer, is_erased, outcomes_of, remembered, solved_ids
from assistant.store.engine import Store, utcnow
from assistant.store.tables import outbox
from knowledge.library.library import Library
from knowledge.library.seeds import seeds
from knowledge.vocabulary.codes import LIVE_STATUSES, CaseStatus
from knowledge.vocabulary.errors import NotFoundError, UnavailableError

KIND = "library"
_BATCH = 100
_LONGEST_WAIT = timedelta(hours=1)

_log = structlog.get_logger(__name__)


class LibraryFeed:
    """The outbox's consumer. A row says only that a case changed; what to keep is read from the case itself.

    So a row may be handled twice, late, or by two workers: the library ends as the case is.
    """

    def __init__(self, store: Store, reader: CaseSource, library: Library, *, examples: bool = False) -> None:
        """`examples`: whether the seeds belong into the library."""
        self._store, self._reader, self._library, self._examples = store, reader, library, examples
        self._examples_checked = False

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
        one that did not, until it has stayed resolved anew; one whose outcome a supervisor has undone, or whose
        customer was erased, is removed.

        Raises:
            UnavailableError: `library_unavailable`, `store_unavailable`.
        """
        try:
            case = self._reader.case(case_id)
        except NotFoundError:
            self._library.remove(case_id)
            return
        past = outcomes_of(self._store, case_id)
        if (past and past[-1]["undone_at"] is not None) or is_erased(self._store, case):
            self._library.remove(case_id)
        elif case["status"] in LIVE_STATUSES or (case["status"] == CaseStatus.RESOLVED and is_precedent(case)):
            if (known := self._library.get(case_id)) is not None:
                self._library.add(msgspec.structs.replace(known, stayed_resolved=False))
        elif is_precedent(case) and (not past or past[-1]["stayed"]):
            self._library.add(remembered(self._store, self._reader, case))
        else:
            self._library.remove(case_id)

    def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """Empties the library and fills it from every solved case (and the seeds); returns how many it holds then.

        Raises:
            UnavailableError: `library_unavailable`, `store_unavailable`.
        """
        self._library.clear()
        if self._examples:
            self._library.add_all(seeds())
        for done, case_id in enumerate(solved_ids(self._store), 1):
            self.bring_up_to_date(case_id)
            if progress:
                progress(done)
        return self._library.count()

    def bring_examples(self) -> None:
        """Puts the seeds in where they are wanted and not there, and takes them out where they are not wanted.

        Done once per process; repeated until the library has answered.

        Raises:
            UnavailableError: `library_unavailable`, `embedder_unavailable`.
        """
        if self._examples_checked:
            return
        there = self._library.count(examples=True)
        if self._examples and there != len(seeds()):
            self._library.remove_examples()  # of an older version of ours
            self._library.add_all(seeds())
        elif not self._examples and there:
            self._library.remove_examples()
        self._examples_checked = True

    def forget(self, customer_id: str) -> int:
        """Removes every case of a customer at once; returns how many cases that concerned.

        They stay out for good once the customer's key is destroyed; without that, the next change of a case or a
        rebuild would bring it back.

        Raises:
            UnavailableError: `library_unavailable`, `store_unavailable`.
        """
        return self.remove(ids_of_customer(self._store, customer_id))

    def remove(self, case_ids: Iterable[str]) -> int:
        """Removes these cases; returns how many they were.

        Raises:
            UnavailableError: `library_unavailable`.
        """
        wanted = list(case_ids)
        for case_id in wanted:
            self._library.remove(case_id)
        return len(wanted)

    def waiting(self) -> int:
        """How many changed cases have not reached the library yet.

        Raises:
            UnavailableError: `store_unavailable`.
        """
        with self._store.read() as tx:
            return tx.scalar(sa.select(sa.func.count()).where(outbox.c.kind == KIND)) or 0

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


def _wait(attempts: int) -> timedelta:
    """How long after a row's creation it is due: at once, then 2 s, 4 s, … up to an hour."""
    return min(timedelta(seconds=2**attempts), _LONGEST_WAIT) if attempts else timedelta(0)
