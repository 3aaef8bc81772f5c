"""ChatService: takes a customer's message once; a person, the choice's own deed or the agent answers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec
import sqlalchemy as sa

from assistant.agent.history import Keep, new_message_id
from assistant.agent.ports import StreamEvent
from assistant.agent.voices import TurnContext, Voice
from assistant.chatbot.choosing import Chosen, chosen_from
from assistant.chatbot.desk import Counter, Desk
from assistant.chatbot.sessions import Sessions
from assistant.chatbot.silence import Silence
from assistant.chatbot.spoken import spoken_in
from assistant.chatbot.transcript import Entry, Row, Transcript, conversation_of
from assistant.chatbot.turns import Answering, Running, Turns, is_answering
from assistant.security.vault import customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, messages
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError, NotFoundError, UnavailableError

SERVICE = "service"  # the `model` of sentences that are the service's own
ANSWERED_ELSEWHERE = 60.0  # seconds that a repeated message waits for the answer another process is giving
POLL = 0.2  # seconds


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer sends: `text`, or a `choice` (of the question `dedupe_key`, where they name it).

    `id` is the client's own id of the message: the same one again is the same message.
    """

    text: str | None = None
    choice: str | None = None
    dedupe_key: str | None = None
    id: str | None = None


class TurnMaker(Protocol):
    """What answers: `assistant.agent.engine.Agent` is one."""

    def prepare(self, context: TurnContext, keep: Keep | None) -> None:
        """Gives the masker what earlier turns called things, and what the vault holds of this customer."""

    def turn(
        self, voice: Voice, context: TurnContext, text: str, *, keep: Keep | None = None
    ) -> AsyncIterator[StreamEvent]:
        """Contract D's events for one question, without the final `done`."""


class _Question(NamedTuple):
    """A message that is stored: what it says, in what language it is answered, and the choice it is, if it is one."""

    id: str
    text: str
    language: str
    at: datetime
    chosen: Chosen | None


class ChatService:
    """One per process. `voice` is asked for when the first message comes: it may be heavy."""

    def __init__(
        self, store: Store, sessions: Sessions, transcript: Transcript, turns: Turns, silence: Silence,
        counter: Counter, agent: TurnMaker, voice: Callable[[], Voice],
    ) -> None:  # fmt: skip
        self._store, self._sessions, self._transcript, self._turns = store, sessions, transcript, turns
        self._silence, self._counter, self._agent, self._voice = silence, counter, agent, voice

    # -- beginning --------------------------------------------------------------------------------------------------

    def begin(self, customer_id: str, language: str | None, checkout_id: str | None) -> Row:
        """A conversation in the language asked for, else the customer's at the shop, else English.

        Raises:
            NotFoundError: `checkout_not_found` when it is not theirs.
            OverloadedError: `too_many_sessions`.
        """
        desk = self._desk(customer_id, "en", "", None, "", utcnow())
        if checkout_id is not None:
            try:
                checkout_id = desk.order(checkout_id).checkout_id
            except NotFoundError:
                raise NotFoundError("checkout_not_found", "there is no such checkout") from None
        return self._sessions.begin(customer_id, lambda: language or desk.customer_language() or "en", checkout_id)

    def session(self, session_id: str, customer_id: str) -> Row:
        """The customer's session, who is there now.

        Raises:
            NotFoundError: `session_not_found`.
        """
        session = self._sessions.find(session_id, customer_id)
        self._sessions.seen(session)
        return session

    # -- a message --------------------------------------------------------------------------------------------------

    async def post(self, session: Row, posted: Posted) -> AsyncIterator[StreamEvent]:
        """Takes the message and gives its answer as it is made; the last event is `done`.

        Raises (before the first event):
            ConflictError: `turn_running`, `already_answered`, `id_conflict`.
            InputError: `invalid_choice` names what was offered.
            OverloadedError: `too_many_messages`.
        """
        known = await asyncio.to_thread(self._known, session, posted)
        if known is not None:
            return await self._again(session, known)
        question_id = new_message_id()
        await self._turns.take(session["id"], question_id)
        try:
            question = await asyncio.to_thread(self._accept, session, posted, question_id)
        except BaseException:
            await self._turns.release(session["id"], question_id)
            raise
        if question.id != question_id:  # the same message was taken while this one waited
            await self._turns.release(session["id"], question_id)
            return await self._again(session, question)
        return self._start(session, question).listen()

    async def _again(self, session: Row, question: _Question) -> AsyncIterator[StreamEvent]:
        """A message that came before: its answer once more, the one that is being given, or now at last."""
        ends = asyncio.get_running_loop().time() + ANSWERED_ELSEWHERE
        while asyncio.get_running_loop().time() < ends:
            if (running := self._turns.running(question.id)) is not None:
                return running.listen()
            told, under_way = await asyncio.to_thread(self._answer_of, session, question)
            if told is not None:
                return _replayed(told)
            if not under_way:
                await self._turns.take(session["id"], question.id)
                return self._start(session, question).listen()
            await asyncio.sleep(POLL)
        raise UnavailableError("answer_under_way", "another server is still answering this message", 5.0)

    def _start(self, session: Row, question: _Question) -> Running:
        return self._turns.start(Answering(session["id"], question.id, self._events(session, question)))

    # -- taking it --------------------------------------------------------------------------------------------------

    def _known(self, session: Row, posted: Posted) -> _Question | None:
        """The message that came before under the client's id.

        Raises:
            ConflictError: `id_conflict` when it said something else.
        """
        if posted.id is None:
            return None
        with self._store.read() as tx:
            return self._found(tx, session, posted)

    def _found(self, tx: sa.Connection, session: Row, posted: Posted) -> _Question | None:
        row = self._transcript.by_origin(tx, _origin(session, posted)) if posted.id is not None else None
        kept = self._transcript.kept(tx, row) if row is not None else None
        if row is None or kept is None:
            return None
        chosen = msgspec.convert(kept["extra"]["chose"], Chosen) if kept["extra"].get("chose") else None
        same = chosen.id == posted.choice if chosen else posted.text is not None and kept["text"] == posted.text
        if not same:
            raise ConflictError("id_conflict", "another message came under this id")
        return _Question(row["id"], kept["text"], row["language"], row["at"], chosen)

    def _accept(self, session: Row, posted: Posted, question_id: str) -> _Question:
        """Stores the message, once."""
        self._sessions.take_in(session)
        with self._store.begin() as tx:
            now = utcnow()
            locked = self._sessions.lock(tx, session["id"], session["customer_id"])
            if (known := self._found(tx, locked, posted)) is not None:
                return known
            chosen = None
            if posted.choice is not None:
                offers = self._transcript.offers(tx, session["id"])
                chosen = chosen_from(offers, posted.choice, posted.dedupe_key)
            self._sessions.check_rate(tx, locked, now)
            text = chosen.label if chosen else posted.text or ""
            language = locked["language"] if chosen else spoken_in(text, locked["language"])
            extra = {"chose": msgspec.to_builtins(chosen)} if chosen else {}
            entry = Entry(role="user", text=text, language=language, id=question_id, extra=extra,
                          origin=_origin(locked, posted) if posted.id is not None else None)  # fmt: skip
            self._transcript.add(tx, locked, entry, now)
            self._sessions.change(tx, locked, seen_at=now)
            if chosen is not None and not _is_message(tx, chosen.dedupe_key):
                self._mark(tx, locked, chosen, now)
        return _Question(question_id, text, language, now, chosen)

    def _mark(self, tx: sa.Connection, session: Row, chosen: Chosen, now: datetime) -> None:
        """The buttons are used up. Those of our own messages are once their answer was taken: their rows say so."""
        offer = next(o for o in self._transcript.offers(tx, session["id"]) if o["message_id"] == chosen.message_id)
        extra = {**offer["extra"], "choices": {**offer["extra"]["choices"], "chosen": chosen.id}}
        self._transcript.put_extra(tx, session, chosen.message_id, extra, now)

    def _answer_of(self, session: Row, question: _Question) -> tuple[list[StreamEvent] | None, bool]:
        """The stored answer; and whether one is being given."""
        with self._store.read() as tx:
            row = self._transcript.by_origin(tx, answer_to(question.id))
            if row is None:
                return None, is_answering(tx, session["id"], question.id, utcnow())
            items = self._transcript.items(tx, [session["id"]], row["seq"] - 1, 1)
        return [event for item in items for event in item.events()], False

    # -- answering it -----------------------------------------------------------------------------------------------

    async def _events(self, session: Row, question: _Question) -> AsyncIterator[StreamEvent]:
        """The answer to a stored message."""
        customer_id = session["customer_id"]
        session = await asyncio.to_thread(self._sessions.find, session["id"], customer_id)
        desk = self._desk(
            customer_id, question.language, session["id"], session["checkout_id"], question.id, question.at
        )
        told = await asyncio.to_thread(
            self._silence.keep, session, question.id, question.language, lambda: desk.zone
        )
        if told is None and question.chosen is not None:
            told = await asyncio.to_thread(self._deed, session, desk, question)
        if told is not None:
            for event in told:
                yield event
            return
        async for event in self._asked(session, desk, question):
            yield event

    def _deed(self, session: Row, desk: Desk, question: _Question) -> list[StreamEvent] | None:
        """A choice of one of our own questions is that question's answer, whatever a model would make of it."""
        chosen = question.chosen
        if chosen is None or not desk.is_question(chosen.dedupe_key):
            return None
        outcome = desk.answer(chosen.dedupe_key, chosen.id)
        entry = Entry(role="assistant", text=outcome.text, language=question.language, model=SERVICE,
                      origin=answer_to(question.id))  # fmt: skip
        self._store_answer(session, entry)
        return [message_done(entry)]

    async def _asked(self, session: Row, desk: Desk, question: _Question) -> AsyncIterator[StreamEvent]:
        """The agent's answer, stored before its end is told; what came with it is stored with it."""
        voice = await asyncio.to_thread(self._voice)
        context = TurnContext(
            conversation=conversation_of(session["id"]), principal=f"customer:{session['customer_id']}",
            language=question.language, desk=desk, case_id=await asyncio.to_thread(self._case_of, session),
        )  # fmt: skip
        owner = customer_ref(session["customer_id"], None)
        await asyncio.to_thread(self._agent.prepare, context, Keep(owner=owner, session_id=session["id"]))
        came = _Came()
        kept: tuple[Entry, dict[str, Any]] | None = None
        async for event in self._agent.turn(voice, context, await asyncio.to_thread(_as_typed, question)):
            came.take(event)
            if event.event == "message.done":
                entry = _entry(event.data, question, came.extra(), context)
                await asyncio.to_thread(self._store_answer, session, entry)
                kept = entry, came.extra()
            yield event
        extra = came.extra()
        if kept is None and extra:  # something happened, and no words came of it
            nothing = {"text": "", "language": question.language, "message_id": new_message_id(), "sources": []}
            await asyncio.to_thread(self._store_answer, session, _entry(nothing, question, extra, context))
        elif kept is not None and kept[1] != extra:
            await asyncio.to_thread(self._store_extra, session, kept[0].id, extra)

    def _store_answer(self, session: Row, entry: Entry) -> None:
        with self._store.begin() as tx:
            locked = self._sessions.lock(tx, session["id"], session["customer_id"])
            self._transcript.add(tx, locked, entry, utcnow())

    def _store_extra(self, session: Row, message_id: str, extra: dict[str, Any]) -> None:
        with self._store.begin() as tx:
            locked = self._sessions.lock(tx, session["id"], session["customer_id"])
            self._transcript.put_extra(tx, locked, message_id, extra, utcnow())

    def _case_of(self, session: Row) -> str:
        """The case that claims of deeds are held against: the session's, else its checkout's, else the newest one."""
        if session["case_id"]:
            return str(session["case_id"])
        mine = cases.c.customer_id == session["customer_id"]
        if session["checkout_id"]:
            mine &= cases.c.checkout_id == session["checkout_id"]
        ended = cases.c.status.in_((CaseStatus.RESOLVED, CaseStatus.CLOSED))
        with self._store.read() as tx:
            return str(tx.scalar(sa.select(cases.c.id).where(mine).order_by(ended, cases.c.id.desc()).limit(1)) or "")

    def _desk(
        self, customer_id: str, language: str, session_id: str, checkout_id: str | None, turn: str, at: datetime
    ) -> Desk:
        return Desk(
            self._counter, customer_id=customer_id, language=language, session_id=session_id, checkout_id=checkout_id,
            turn=turn, at=at,
        )  # fmt: skip


class _Came:
    """What came with a message, as it is stored."""

    def __init__(self) -> None:
        self._choices: dict[str, Any] | None = None
        self._cards: list[dict[str, Any]] = []
        self._handoff: dict[str, Any] | None = None

    def take(self, event: StreamEvent) -> None:
        if event.event == "choices":  # the page shows one set of buttons: the last
            self._choices = event.data
        elif event.event == "card":
            self._cards.append(event.data)
        elif event.event == "handoff":
            self._handoff = event.data

    def extra(self) -> dict[str, Any]:
        parts = {"choices": self._choices, "cards": list(self._cards), "handoff": self._handoff}
        return {name: value for name, value in parts.items() if value}


def _is_message(tx: sa.Connection, dedupe_key: str) -> bool:
    query = sa.select(messages.c.dedupe_key).where(messages.c.dedupe_key == dedupe_key)
    return tx.execute(query).first() is not None


def message_done(entry: Entry) -> StreamEvent:
    """The whole message as contract D's stream has it."""
    data = {"message_id": entry.id, "text": entry.text, "sources": entry.sources, "language": entry.language}
    return StreamEvent("message.done", data)


def answer_to(question_id: str) -> str:
    """The origin of a question's answer: it is stored once."""
    return f"answer:{question_id}"


def _entry(done: dict[str, Any], question: _Question, extra: dict[str, Any], context: TurnContext) -> Entry:
    return Entry(
        role="assistant", id=done["message_id"], text=done["text"], language=done["language"], sources=done["sources"],
        extra=extra, masks=dict(context.masker.names), origin=answer_to(question.id),
    )  # fmt: skip


def _origin(session: Row, posted: Posted) -> str:
    return f"client:{session['id']}:{posted.id}"


def _as_typed(question: _Question) -> str:
    """The message as the agent gets it: a pressed button can't be mistaken for words, nor words for a button."""
    if question.chosen is None:
        return question.text.replace("⟦", "[").replace("⟧", "]")
    from assistant.chatbot.consent import choice_text  # loads LangChain

    return choice_text(question.chosen.dedupe_key, question.chosen.id, question.chosen.label)


async def _replayed(events: Iterator[StreamEvent] | list[StreamEvent]) -> AsyncIterator[StreamEvent]:
    for event in events:
        yield event
    yield StreamEvent("done", {})
