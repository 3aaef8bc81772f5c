"""A desk with carriers of its own: scripted, counting, and crashing where a test says; time goes as the test says."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.notifications.outgoing import Outgoing
from assistant.notifications.routes import Carriers
from assistant.notifications.wiring import Messaging, build_messaging
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import effects, messages, timers
from assistant.timers.timers import Sweep, Timer, timer_of
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact
from tests.assistant.desk import Desk
from tests.assistant.desk import customer as desk_customer
from tools.connectors.carrier import Letter
from tools.connectors.outcome import Outcome, ok


class Crash(BaseException):
    """The process is killed here."""


class CountingCarrier:
    """Takes each letter unless told otherwise. `taken` is what reached the customer's side.

    `outcomes` are the next answers: an Outcome, or where to crash: `before` (the point of no return), `after` it
    (not taken), `taken` (taken, and nobody heard of it).
    """

    def __init__(self, channel: str, name: str) -> None:
        self.channel, self.name = channel, name
        self.taken: list[Letter] = []
        self.calls: list[Letter] = []
        self.outcomes: list[Outcome | str] = []
        self.during: Callable[[], None] = lambda: None

    def provider_ref(self, letter: Letter) -> str:
        return f"{self.name}:{letter.key}"

    def send(self, letter: Letter, committing: Callable[[], None]) -> Outcome:
        self.calls.append(letter)
        told = self.outcomes.pop(0) if self.outcomes else ok()
        self.during()
        if told == "before" or (isinstance(told, Outcome) and told.code == "before"):
            if told == "before":
                raise Crash
            return told  # type: ignore[return-value]
        committing()
        if told == "after":
            raise Crash
        if told == "taken" or (isinstance(told, Outcome) and (told.kind == "ok" or told.code == "perhaps_taken")):
            self.taken.append(letter)
        if isinstance(told, Outcome):
            return told
        raise Crash


class Post(Desk):
    """A desk whose messages go by e-mail and SMS of ours, where the shop sends none."""

    def __init__(self, store: Store, vault: Vault, *, shop_sends: bool = False, ours: bool = True, **settings: Any):
        key = base64.b64encode(os.urandom(32)).decode()
        super().__init__(store, vault, master_key=key, **settings)
        self.now = utcnow()
        self.email, self.sms = CountingCarrier("email", "smtp"), CountingCarrier("sms", "sms")
        self.carriers: Carriers = {"email": self.email, "sms": self.sms} if ours else {}
        self.told: list[dict[str, Any]] = []
        self.messaging = self.started(vault)
        self.vault = vault
        self.outgoing = Outgoing(store)
        self.reader.facts = (CheckoutFact(id="ck-1", customer_id="cu-1"), customer())
        if not shop_sends:
            self.notifications.learn(missing=True)

    def started(self, vault: Vault) -> Messaging:
        """The rooms as they are after a (re)start."""
        messaging = build_messaging(
            self.store, self.settings, vault, self.cases, self.ledger, self.reader, self.writer,
            on_told=lambda tx, case, row, now: self.told.append(row), carriers=self.carriers, clock=lambda: self.now,
        )  # fmt: skip
        self.notifications, self.opening.replies = messaging.notifications, messaging.replies
        self.repair, self.journey = self.with_settings(self.settings)
        return messaging

    # -- time -------------------------------------------------------------------------------------------------------

    def tick(self, **ahead: float) -> None:
        """Lets time pass (`minutes=5`), and fires what is due by then, in order."""
        end = self.now + timedelta(**ahead)
        while (due := self._next(end)) is not None:
            self.now = max(self.now, due)
            self._fire()
        self.now = end

    def _next(self, end: datetime) -> datetime | None:
        with self.store.read() as tx:
            query = sa.select(timers.c.due_at, timers.c.leased_until).where(timers.c.kind.in_(("message", "reply")))
            due = [max(filter(None, row)) for row in tx.execute(query)]
        return min((at for at in due if at <= end), default=None)

    def _fire(self) -> None:
        handlers = {"reply": self.journey.on_reply_timeout}
        Sweep(self.store, handlers, self.messaging.dispatch.deferred_handlers()).run_once(self.now)

    def due(self, key: str) -> Timer | None:
        with self.store.read() as tx:
            return timer_of(tx, "message", key)

    # -- what is written --------------------------------------------------------------------------------------------

    def message(self, occasion: str = "price_corrected") -> dict[str, Any]:
        """The newest row of an occasion."""
        with self.store.read() as tx:
            query = sa.select(messages).where(messages.c.occasion == occasion).order_by(messages.c.at.desc())
            rows = tx.execute(query).mappings().all()
        return dict(rows[0]) if rows else {}

    def message_effects(self) -> list[tuple[str, str]]:
        """(path, state) of the messages' writes."""
        with self.store.read() as tx:
            query = sa.select(effects.c.path, effects.c.state).where(effects.c.action == "send_message")
            return [(row[0], row[1]) for row in tx.execute(query.order_by(effects.c.created_at, effects.c.attempt))]


def customer(**more: Any) -> CustomerFact:
    known = {
        "email": "li@example.com", "phone": "+8613800138000", "preferred_channel": "email",
        "allowed_channels": ["email", "sms", "in_app"], "language": "en", "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    return desk_customer(**{**known, **more})
