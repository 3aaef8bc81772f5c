"""Promises that staff make and keep by hand; the API calls it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from assistant.cases.commands import require_staff
from assistant.cases.records import Cases
from assistant.cases.wording import say
from assistant.promises.ledger import Promises, stamp
from assistant.promises.reading import promise_json
from assistant.security.principals import Principal
from assistant.store.engine import Store, utcnow
from knowledge.phrases import LANGUAGES
from knowledge.phrases.promised import KINDS
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError
from knowledge.vocabulary.personal import mask_text

BY_HAND = "by_hand"


class PromisesByHand:
    """Each command is one transaction under the case's lock. Both raise ForbiddenError for who is no staff."""

    def __init__(self, store: Store, cases: Cases, promises: Promises) -> None:
        self._store, self._cases, self._promises = store, cases, promises

    def make(self, case_id: str, text: str, due_at: datetime, who: Principal, kind: str | None = None) -> None:
        """Writes down what somebody has promised the customer; contact data in the words is masked.

        `kind` `by_hand` (the default) is kept when somebody says so, the others by what keeps them.

        Raises:
            InputError: `invalid_time` when `due_at` has passed or has no zone, `invalid_kind`.
        """
        require_staff(who)
        kind = kind or BY_HAND
        if kind not in (BY_HAND, *KINDS):
            raise InputError("invalid_kind", "kind", f"{kind!r} is none of {', '.join((BY_HAND, *KINDS))}")
        if due_at.tzinfo is None or due_at <= utcnow():
            raise InputError("invalid_time", "due_at", "must lie in the future and name its zone")
        words = dict.fromkeys(LANGUAGES, mask_text(text))
        with self._store.begin() as tx:
            case, now = self._cases.lock(tx, case_id), utcnow()
            source = f"{who.ref[:80]}:{secrets.token_hex(8)}"  # the same words twice are two promises
            self._promises.make(tx, case, kind, due_at, now, text=words, source=source)
            self._cases.note(tx, case_id, now, say("promised", due=stamp(due_at), text=words), actor=who.ref)

    def keep(self, promise_id: str, who: Principal, language: str) -> dict[str, Any]:
        """Says that a promise was kept; the promise as it is then. One that was broken counts as kept late.

        Raises:
            NotFoundError: `promise_not_found`.
            ConflictError: `promise_over` when it was kept before, or no longer applies.
        """
        require_staff(who)
        with self._store.begin() as tx:
            found = self._promises.find(tx, promise_id.replace("\0", "?"))
            if found is None:
                raise NotFoundError("promise_not_found", f"there is no promise {promise_id}")
            self._cases.lock(tx, found["case_id"])
            promise = self._promises.find(tx, found["id"])
            if promise is None or promise["ended_at"] is not None:
                raise ConflictError("promise_over", f"promise {promise_id} is {found['state']}")
            self._promises.keep(tx, promise, utcnow(), who.ref)
            return promise_json(self._promises.find(tx, found["id"]) or promise, language)
