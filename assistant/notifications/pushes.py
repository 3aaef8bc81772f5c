"""Carries notices beyond the inbox, by e-mail and chat: queued with the notice, sent by a timer, at most once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
import structlog

from assistant.notifications.duty import SUPERVISORS as SUPERVISING
from assistant.notifications.duty import at_work
from assistant.notifications.notices import Audience
from assistant.notifications.push_wording import compose
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables_people import notice_sends, notices, staff
from assistant.timers.timers import Timer, set_timer
from knowledge.phrases import LANGUAGES, language_of
from knowledge.vocabulary.errors import UnavailableError
from tools.connectors.carrier import Carrier, Letter
from tools.connectors.outcome import Outcome, rejected, retryable, unknown

log = structlog.get_logger(__name__)

TIMER = "push"
PUSHED = frozenset(
    {
        "assigned", "high_value", "escalated", "promise_due", "promise_broken", "service_level", "incident",
        "customer_wrote",
    }
)  # fmt: skip
AT_ONCE = 5  # letters per minute to one address; beyond that what waits goes out as one
MINUTE = timedelta(minutes=1)
STALE = timedelta(minutes=5)  # who began to send so long ago and never said how it ended has died over it
ATTEMPTS = 8  # then it has failed: about twenty minutes
LONGEST = 15.0  # seconds after which one firing begins no further letter: its lease is short

Row = dict[str, Any]


class Chat(Protocol):
    """Some chat rooms, behind one address or several."""

    def send(self, title: str, body: str, key: str) -> Outcome:
        """Posts it once; the same `key` is the same message."""


class _Look(NamedTuple):
    letters: list[tuple[str, list[Row]]]  # the channel, and the notices
    addresses: dict[str, str]  # by channel
    languages: list[str]


class _TakenError(Exception):
    """Another worker sends these: nothing was sent here."""


class Pushes:
    """Implements `Pusher`. `mail` is None without SMTP; `chat` makes a service of Apprise addresses."""

    def __init__(
        self, store: Store, vault: Vault, settings: Settings, *,
        mail: Carrier | None = None, chat: Callable[[list[str]], Chat] | None = None,
    ) -> None:  # fmt: skip
        self._store, self._vault, self._mail, self._chat = store, vault, mail, chat
        self._public_url = settings.public_url
        self._team_chat = {
            "service": settings.team_chat.get_secret_value().split(),
            "supervisors": settings.supervisor_chat.get_secret_value().split(),
        }

    # -- queueing, in the notice's transaction ----------------------------------------------------------------------

    def queue(self, tx: sa.Connection, seq: int, audience: Audience, kind: str, now: datetime) -> None:
        """Queues one send per address of the audience; outside a person's shift the inbox has to do.

        Supervisors get what was escalated at any hour.
        """
        if kind not in PUSHED:
            return
        addresses = self._addresses(tx, audience, kind, now)
        if not addresses:
            return
        target = ":".join(audience)
        rows = [
            {"id": f"{seq}:{channel}", "notice": seq, "channel": channel, "target": target, "state": "queued",
             "attempts": 0, "at": now, "next_at": now}
            for channel in sorted(addresses)
        ]  # fmt: skip
        tx.execute(notice_sends.insert(), rows)
        # One timer for each notice: a single one for the audience would make everybody who tells it wait in line.
        set_timer(tx, TIMER, str(seq), now, payload={"target": target})

    def _addresses(
        self, tx: sa.Connection, audience: Audience, kind: str | None = None, now: datetime | None = None
    ) -> dict[str, str]:
        """The audience's addresses by channel; with `kind` and `now`, those that such a notice goes to now."""
        if audience[0] == "team":
            return self._of_contact({"chat": self._team_chat.get(audience[1], [])})
        person = tx.execute(sa.select(staff).where(staff.c.id == audience[1])).mappings().first()
        if person is None or not person["active"] or person["contact_ref"] is None:
            return {}
        whenever = kind == "escalated" and person["role"] in SUPERVISING
        if now is not None and not whenever and not at_work(dict(person), now):
            return {}
        return self._of_contact(self._vault.get(tx, person["contact_ref"]) or {})

    def _of_contact(self, contact: dict[str, Any]) -> dict[str, str]:
        found = {"email": contact["email"]} if contact.get("email") and self._mail is not None else {}
        if self._chat is not None:
            found |= {f"chat:{sha256(url.encode()).hexdigest()[:8]}": url for url in contact.get("chat") or []}
        return found

    # -- sending ----------------------------------------------------------------------------------------------------

    def deferred_handlers(self) -> dict[str, Callable[[Timer, datetime], datetime | None]]:
        """The timer of a notice that is on its way."""
        return {TIMER: self.on_push}

    def on_push(self, timer: Timer, now: datetime) -> datetime | None:
        """Timer: sends what waits for this notice's audience, and comes back while this notice itself still waits."""
        if self._waits(int(timer.subject), now):
            with self._store.begin() as tx:
                look = self._look(tx, timer.payload["target"], now)
            ends = time.monotonic() + LONGEST
            for channel, letter in look.letters:
                if time.monotonic() > ends:
                    break
                self._send(channel, look.addresses.get(channel), letter, look.languages, now)
        return self._again(int(timer.subject), now)

    def _waits(self, seq: int, now: datetime) -> bool:
        mine = notice_sends.c.notice == seq
        due = (notice_sends.c.state == "queued") & (notice_sends.c.next_at <= now)
        stale = (notice_sends.c.state == "sending") & (notice_sends.c.sent_at <= now - STALE)
        with self._store.read() as tx:
            return tx.execute(sa.select(notice_sends.c.id).where(mine, due | stale)).first() is not None

    def _look(self, tx: sa.Connection, target: str, now: datetime) -> _Look:
        """What waits for this target, in letters; where a minute is full already, it waits until that is over."""
        sends = notice_sends.c
        here = sends.target == target
        died = notice_sends.update().where(here, sends.state == "sending", sends.sent_at <= now - STALE)
        tx.execute(died.values(state="unconfirmed", failure="no_answer_known", settled_at=now))
        query = (
            sa.select(notice_sends, notices.c.kind, notices.c.text, notices.c.case_id)
            .join(notices, notices.c.seq == sends.notice)
            .where(here, sends.state == "queued", sends.next_at <= now)
            .order_by(sends.notice)
        )
        waiting: dict[str, list[Row]] = {}
        for row in tx.execute(query).mappings():
            waiting.setdefault(row["channel"], []).append(dict(row))
        lately = sa.select(sends.channel, sa.func.count(sends.letter.distinct()), sa.func.min(sends.sent_at)).where(
            here, sends.sent_at > now - MINUTE, sends.sent_at <= now, sends.letter.is_not(None)
        )
        full = {}
        for channel, number, first in tx.execute(lately.group_by(sends.channel)):
            full[channel] = number
            if number >= AT_ONCE and channel in waiting:
                late = notice_sends.update().where(sends.id.in_([row["id"] for row in waiting.pop(channel)]))
                tx.execute(late.values(next_at=first + MINUTE))
        letters = [(c, one) for c, rows in waiting.items() for one in in_letters(rows, full.get(c, 0))]
        kind, _, name = target.partition(":")
        return _Look(letters, self._addresses(tx, (kind, name)), _languages(tx, (kind, name)))

    def _send(
        self, channel: str, address: str | None, rows: list[Row], languages: list[str], now: datetime
    ) -> None:
        ids = [row["id"] for row in rows]
        if address is None:
            self._settle(ids, {"state": "failed", "failure": "address_gone", "settled_at": now}, ("queued",))
            return
        begun = False

        def committing() -> None:
            nonlocal begun
            self._begin(ids, now)
            begun = True

        try:
            outcome = self._carried(channel, address, rows, languages, committing)
        except _TakenError:
            return
        except UnavailableError:
            if not begun:  # our own database: nothing was sent
                raise
            outcome = unknown("the carrier gave up", code="unavailable")
        except Exception as error:  # its words may hold an address
            log.warning("push.failed", channel=channel, notice=rows[0]["notice"], error=type(error).__name__)
            outcome = unknown("the carrier failed", code="failed") if begun else retryable("carrier_failed")
        self._conclude(rows, outcome, now)

    def _begin(self, ids: list[str], now: datetime) -> None:
        """Right before the point from which it may arrive: from here on it is never sent again."""
        values = {"state": "sending", "letter": secrets.token_hex(8), "sent_at": now}
        with self._store.begin() as tx:
            mine = notice_sends.c.id.in_(ids), notice_sends.c.state == "queued"
            if tx.execute(notice_sends.update().where(*mine).values(**values)).rowcount != len(ids):
                raise _TakenError

    def _carried(
        self, channel: str, address: str, rows: list[Row], languages: list[str], committing: Callable[[], None]
    ) -> Outcome:
        title, body = compose(rows, languages, self._public_url)
        key = f"notice:{rows[0]['id']}" if len(rows) == 1 else f"notice:{rows[0]['id']}+{len(rows) - 1}"
        if channel == "email":
            if self._mail is None:
                return retryable("no_mail")
            letter = Letter(key=key, to=address, text=body, language=languages[0], subject=title)
            return self._mail.send(letter, committing)
        if self._chat is None:
            return retryable("no_chat")
        try:
            service = self._chat([address])
        except ValueError:
            return rejected("invalid_address")
        committing()
        return service.send(title, body, key)

    def _conclude(self, rows: list[Row], outcome: Outcome, now: datetime) -> None:
        ids = [row["id"] for row in rows]
        failure = (outcome.code or outcome.kind)[:128]
        # An answer that comes after everybody gave up on it is still the truth.
        open_states = ("queued", "sending", "unconfirmed")
        if outcome.kind == "ok":
            self._settle(ids, {"state": "accepted", "failure": None, "settled_at": now}, open_states)
        elif outcome.kind == "rejected":
            self._settle(ids, {"state": "failed", "failure": failure, "settled_at": now}, open_states)
        elif outcome.kind == "unknown":
            self._settle(ids, {"state": "unconfirmed", "failure": failure, "settled_at": now}, open_states)
        else:
            attempts = max(row["attempts"] for row in rows) + 1
            values: Row = {"attempts": attempts, "failure": failure, "letter": None, "sent_at": None}
            if attempts >= ATTEMPTS:
                values |= {"state": "failed", "settled_at": now}
            else:
                pause = max(outcome.retry_after, min(5.0 * 2 ** (attempts - 1), 600.0))
                values |= {"state": "queued", "next_at": now + timedelta(seconds=pause)}
            self._settle(ids, values, open_states)

    def _settle(self, ids: list[str], values: Row, states: tuple[str, ...]) -> None:
        with self._store.begin() as tx:
            mine = notice_sends.c.id.in_(ids), notice_sends.c.state.in_(states)
            tx.execute(notice_sends.update().where(*mine).values(**values))

    def _again(self, seq: int, now: datetime) -> datetime | None:
        """When to look after this notice next; None once each of its sends has ended."""
        waiting = notice_sends.c.state.in_(("queued", "sending"))
        with self._store.read() as tx:
            query = sa.select(notice_sends).where(notice_sends.c.notice == seq, waiting)
            rows = tx.execute(query).mappings().all()
        soon = now + timedelta(seconds=1)  # its turn comes after other letters, or another worker has it
        times = [row["sent_at"] + STALE if row["state"] == "sending" else max(row["next_at"], soon) for row in rows]
        return min(times, default=None)


def in_letters(rows: Sequence[Row], lately: int) -> list[list[Row]]:
    """What waits for one address, as letters: one each while no more than `AT_ONCE` go there in a minute, else all as
    one, and none while the minute is full. `lately` counts letters of the last minute."""
    room = AT_ONCE - lately
    if room <= 0 or not rows:
        return []
    return [[row] for row in rows] if len(rows) <= room else [list(rows)]


def _languages(tx: sa.Connection, audience: Audience) -> list[str]:
    """What the audience reads; a team in which nobody has said it gets both languages."""
    query = sa.select(staff.c.reads).distinct().where(staff.c.active.is_(sa.true()))
    if audience[0] == "person":
        query = query.where(staff.c.id == audience[1])
    elif audience[1] == "supervisors":
        query = query.where(staff.c.role.in_(SUPERVISING))
    spoken = {language_of(tag) for tag in tx.execute(query).scalars()}
    return [language for language in LANGUAGES if language in spoken] or list(LANGUAGES)
