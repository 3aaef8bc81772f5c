"""What a customer asks of a person: handed over at once with all that was said, promised, and never told twice."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from assistant.cases.asked import AskedCases, Wish
from assistant.cases.people import TEAM
from assistant.cases.records import Case, Cases, owner_words
from assistant.cases.wording import say
from assistant.chatbot.ports import HandedOver, RequestKind
from assistant.chatbot.sessions import WITH_PERSON, Sessions
from assistant.handoff.desk import Desk
from assistant.intake.folding import load_snapshots
from assistant.promises.ledger import Promises
from assistant.store.engine import Store, utcnow
from knowledge.phrases.customer_words import REQUESTS
from knowledge.phrases.promised import ANSWER, PROMISED, ledger_text
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.personal import mask_text

MAX_WORDS = 1_000  # characters of a customer's words on the timeline


class Asker(NamedTuple):
    """Who asks, in which conversation and turn; `turn` makes what one turn asks for happen once."""

    session_id: str
    customer_id: str
    language: str
    turn: str


class Requests:
    """Each is one transaction: the case first, then the session, then whatever routing locks."""

    def __init__(
        self, store: Store, cases: Cases, asked: AskedCases, routing: Desk, promises: Promises, sessions: Sessions
    ) -> None:
        self._store, self._cases, self._asked = store, cases, asked
        self._routing, self._promises, self._sessions = routing, promises, sessions

    def hand_over(self, asker: Asker, checkout_id: str | None, why: str) -> HandedOver:
        """The conversation is a person's from now on: the machine is silent in it until they are done.

        Without a checkout the conversation itself becomes a case, so that it has an owner, a clock and an escalation.
        """
        words = mask_text(why).replace("\0", "")[:MAX_WORDS].strip()
        line = say("wants_person", words=words) if words else None
        wish = Wish(asker.customer_id, asker.language, "customer_asked", line)
        return self._pass_on(asker, checkout_id, wish, silent=True)

    def request(self, asker: Asker, checkout_id: str | None, kind: RequestKind, words: str) -> HandedOver:
        """A person decides about it; the machine goes on answering other questions until they write."""
        what = dict(zip(("zh-CN", "en"), REQUESTS[kind], strict=True))
        said = mask_text(words).replace("\0", "")[:MAX_WORDS].strip()
        line = say("requested", what=what, words=said)
        wish = Wish(asker.customer_id, asker.language, "customer_request", line)
        return self._pass_on(asker, checkout_id, wish, silent=False)

    def _pass_on(self, asker: Asker, checkout_id: str | None, wish: Wish, *, silent: bool) -> HandedOver:
        with self._store.begin() as tx:
            now = utcnow()
            case = self._case(tx, asker, checkout_id, wish, now)
            session = self._sessions.lock(tx, asker.session_id, asker.customer_id)
            promised = self._promises.due_answer(tx, case)
            due = promised or self._routing.expected_by(tx, case, now)
            state = {"state": WITH_PERSON} if silent else {}
            self._sessions.change(  # before the hand-off: whoever tells customers sees that this one knows
                tx, session, case_id=case["id"], checkout_id=checkout_id or session["checkout_id"],
                handed_off_at=now, expected_by=due, **state,
            )  # fmt: skip
            fresh = self._asked.to_person(tx, case, wish, now)
            if promised is None:
                told = PROMISED["handoff", "handed_off"]
                text = ledger_text(told, {"expected_by": due})
                self._promises.make(tx, case, ANSWER, due, now, text=text, source=f"chat:{asker.turn}")
            if not fresh:
                self._cases.people.wrote(tx, case, f"chat:{asker.turn}", now)
        return HandedOver(
            case_id=case["id"], owner=owner_of_case(case, asker.language), expected_by=due, already=not fresh
        )

    def _case(self, tx: sa.Connection, asker: Asker, checkout_id: str | None, wish: Wish, now: datetime) -> Case:
        if checkout_id is None:
            return self._asked.of_conversation(tx, asker.session_id, wish, now)
        snapshot = load_snapshots(tx, [checkout_id]).get(checkout_id)
        case = self._asked.of_checkout(tx, checkout_id, snapshot, wish, now)
        if case["customer_id"] is None:  # the shop says whose it is: the desk has asked
            self._cases.update(tx, case, now, customer_id=asker.customer_id)
        if case["customer_id"] != asker.customer_id:
            raise NotFoundError("order_not_found", "there is no such order")
        return case


def owner_of_case(case: Case, language: str) -> str:
    """Who has the case, by the name a customer reads: a person's own, or the team's."""
    owner = {name: case[name] for name in TEAM} if case["owner_kind"] else dict(TEAM)
    return owner_words(owner)[language]
