"""Sends the messages that wait (queued, held, cut off): route by route, each at most once; a timer calls it.

What is sent is a row in the effects ledger before it is a call. A row of `messages` goes held → queued → intended →
sending → accepted → delivered, or ends failed or withdrawn; `attempts` names the present try, so that of two workers
with the same message only one gets past `intended`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import held
from assistant.notifications.inbox import Inbox
from assistant.notifications.messages import TIMER, WAITING, Notifications, Reach, Row, arguments_for, find
from assistant.notifications.moot import is_moot
from assistant.notifications.routes import INBOX, SHOP, Carriers, Route, Way, address_of
from assistant.notifications.sent_effects import Effect, Effects, step_id_of
from assistant.notifications.settling import Settling
from assistant.notifications.texts import Said, said
from assistant.promises.backing import NOT_BACKED, unbacked
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from assistant.timers.timers import Timer, set_timer
from knowledge.phrases import PhraseError
from knowledge.vocabulary.codes import CaseStatus
from tools.actions import ACTIONS
from tools.connectors.carrier import Letter
from tools.connectors.outcome import Outcome, rejected, retryable, unknown
from tools.connectors.ports import ShopWriter, WriteDraft

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)  # between two tries of a busy route
GIVE_UP = timedelta(hours=6)  # so long a route may be busy
CUT_OFF = timedelta(minutes=3)  # after which a message that is still being sent counts as cut off
REPORT_WITHIN = timedelta(minutes=5)  # a gateway reports what became of an SMS
NOT_NOW = timedelta(seconds=30)  # until a message that may not be sent at present is looked at again
SYSTEM = "messaging"
ERASED = "customer_erased"

_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class _TakenError(Exception):
    """Another worker has this message: nothing is sent here."""


class Dispatch:
    """The dispatcher. `clock` is aware UTC."""

    def __init__(
        self, store: Store, cases: Cases, notifications: Notifications, settling: Settling, ledger: Effects,
        inbox: Inbox, writer: ShopWriter, settings: Settings, carriers: Carriers, *,
        refusing: Callable[[], Collection[str]] = frozenset, clock: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._notifications, self._settling = store, cases, notifications, settling
        self._ledger, self._inbox, self._writer, self._settings = ledger, inbox, writer, settings
        self._carriers = {carrier.name: carrier for carrier in carriers.values()}
        self._refusing, self._clock = refusing, clock

    def deferred_handlers(self) -> dict[str, Callable[[Timer, datetime], datetime | None]]:
        """Timers that wait for other systems."""
        return {TIMER: self.on_message}

    def on_message(self, timer: Timer, now: datetime) -> None:
        """Timer: a message is due, or was cut off. What comes next sets its own timer.

        Raises:
            UnavailableError: the customer can't be read now, or the database does not answer.
        """
        self.deliver(timer.subject)

    def deliver(self, dedupe_key: str) -> None:
        """Sends one message by the first route that takes it; does nothing for one that is over."""
        while self._once(dedupe_key):
            pass

    # -- one try ----------------------------------------------------------------------------------------------------

    def _once(self, key: str) -> bool:
        """One route of a message; True when the next one is to be tried at once."""
        with self._store.read() as tx:
            row = find(tx, key)
            case = self._cases.find(tx, row["case_id"]) if row is not None else None
        if row is None or case is None or row["way"] is None or row["state"] not in (*WAITING, "intended", "sending"):
            return False
        if self._settings.writes == "off":
            return self._put_off(row, NOT_NOW)
        if row["state"] == "sending":
            return self._cut_off(row)
        if row["state"] == "intended":
            return self._resume(row)
        return self._begin(row, case)

    def _begin(self, row: Row, case: Case) -> bool:
        """Chooses the route, finds the words, writes both down, and sends."""
        way, now = way_of(row), self._clock()
        with self._store.read() as tx:
            moot = is_moot(tx, row, case)
            missing = unbacked(tx, row["case_id"], row["source"], row["phrase"], row["params"] or {})
            erased = self._notifications.is_erased(tx, case)
        if moot:
            return self._withdraw(row)
        if erased:
            return self._fail(row, ERASED)
        if missing:
            return self._stop(row, missing)
        reach = self._notifications.reach(case, way.over, source=row["source"])
        if not reach.routes:
            return self._fail(row, way.tried[-1].code if way.tried else reach.why)
        route = reach.routes[0]
        until = self._notifications.quiet_until(route, reach.zone, now)
        if until is not None:
            return self._hold(row, route, until)
        if route.via == SHOP and SYSTEM in self._refusing():
            return self._put_off(row, NOT_NOW)
        try:
            params = row["params"] or {}
            words = said(row["source"], row["phrase"], reach.language, params, row["choices"], zone=reach.zone)
        except PhraseError as error:
            log.exception("message.wording", key=row["dedupe_key"])
            return self._fail(row, error.code)
        if route.via == INBOX:
            return self._into_inbox(row, route, reach, words)
        begun = self._intend(row, route, reach, words)
        return self._send(*begun) if begun else False

    def _intend(self, row: Row, route: Route, reach: Reach, words: Said) -> tuple[Row, Effect] | None:
        """Commits what is about to be sent; None when another worker was quicker, or another send is not settled."""
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            if not self._still(tx, row):
                return None
            draft, ref = self._draft(case, row, route, reach, words)
            attempt = row["attempts"] + 1
            effect = self._ledger.intend(
                tx, case=case, step_id=step_id_of(row), attempt=attempt, action="send_message",
                target=f"{case['id']}/message:{row['occasion']}", draft=draft, now=now,
                arguments={
                    "checkout_id": case["checkout_id"], "channel": route.channel, "language": reach.language,
                    "dedupe_key": row["dedupe_key"], "occasion": row["occasion"], "via": route.via,
                },
                principal=f"policy:{self._settings.policies.version}", policy_version=self._settings.policies.version,
            )  # fmt: skip
            if effect is None:
                set_timer(tx, TIMER, row["dedupe_key"], now + NOT_NOW)
                return None
            text_ref = self._notifications.keep_text(tx, case, words.text, words.subject, now)
            values = {
                "state": "intended", "attempts": attempt, "channel": route.channel, "via": route.via,
                "language": reach.language, "provider_ref": ref, "text_ref": text_ref, "held_until": None,
            }  # fmt: skip
            self._change(tx, row, **values)
            set_timer(tx, TIMER, row["dedupe_key"], now + CUT_OFF)
        return row, effect

    def _draft(
        self, case: Case, row: Row, route: Route, reach: Reach, words: Said
    ) -> tuple[WriteDraft, str | None]:
        """The bytes to keep and send, and the carrier's name for them."""
        if route.via == SHOP:
            arguments = arguments_for(case, route, reach, words, row["dedupe_key"])
            return ACTIONS["send_message"].request(arguments), None
        letter = Letter(
            key=row["dedupe_key"], to=address_of(route.channel, reach.customer, reach.checkout) or "", text=words.text,
            language=reach.language, subject=words.subject, choices=words.choices,
        )  # fmt: skip
        carrier = self._carriers[route.via]
        path, body = f"{route.via}:{route.channel}", msgspec.json.encode(letter)
        return WriteDraft(method=route.via.upper(), path=path, body=body), carrier.provider_ref(letter)

    def _send(self, row: Row, effect: Effect) -> bool:
        """The call itself, with what was written down."""
        route = Route(row["channel"], row["via"])
        with self._store.read() as tx:
            request = self._ledger.request(tx, effect)
        if request is None:  # and no other route is tried: nobody is left to be told
            return self._fail(row, ERASED)
        if route.via == SHOP:
            return self._settle(row, effect, ACTIONS["send_message"].judged(self._writer.send(request)))
        carrier = self._carriers.get(route.via)
        if carrier is None:  # configured no more
            return self._settle(row, effect, rejected("no_carrier"))
        letter = msgspec.json.decode(request.body, type=Letter)
        try:
            outcome = carrier.send(letter, partial(self._committing, row))
        except _TakenError:
            return False
        except Exception as error:  # its words may hold an address
            log.warning("message.carrier_failed", via=route.via, error=type(error).__name__)
            outcome = unknown("the carrier failed", "carrier_failed")
        return self._settle(row, effect, outcome)

    def _committing(self, row: Row) -> None:
        """Right before the carrier may take it: from here on it is never sent again by that carrier unasked."""
        mine = (messages.c.dedupe_key == row["dedupe_key"]) & (messages.c.attempts == row["attempts"])
        with self._store.begin() as tx:
            query = messages.update().where(mine, messages.c.state == "intended").values(state="sending")
            if tx.execute(query).rowcount != 1:
                raise _TakenError
            patience = REPORT_WITHIN if self._reports(row) else CUT_OFF
            set_timer(tx, TIMER, row["dedupe_key"], self._clock() + patience)

    def _into_inbox(self, row: Row, route: Route, reach: Reach, words: Said) -> bool:
        """Our own inbox: written and told in one transaction."""
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            if not self._still(tx, row):
                return False
            text_ref = self._notifications.keep_text(tx, case, words.text, words.subject, now)
            self._inbox.put(tx, case, row["dedupe_key"], reach.language, text_ref, words.choices, now)
            values = {"channel": route.channel, "via": INBOX, "language": reach.language, "text_ref": text_ref}
            self._change(tx, row, **values, attempts=row["attempts"] + 1, held_until=None)
            self._settling.accepted(tx, case, row, now)
        return False

    # -- what came of it --------------------------------------------------------------------------------------------

    def _settle(self, row: Row, effect: Effect, outcome: Outcome) -> bool:
        """Writes down how the call ended; True when the next route is to be tried at once."""
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            current = find(tx, row["dedupe_key"])
            if current is None or current["attempts"] != row["attempts"]:
                return False
            if current["state"] not in ("intended", "sending"):
                return False  # a report, or another worker, was quicker
            if row["via"] == SHOP and outcome.status is not None:
                self._notifications.learn(missing=outcome.status == HTTPStatus.NOT_IMPLEMENTED)
            if outcome.kind == "rejected" and effect["state"] == "unknown" and outcome.status in _DENIED:
                outcome = unknown("refused for our token", outcome.code)  # says nothing of what was sent before
            if outcome.kind == "ok":
                self._settling.taken(tx, case, current, outcome, now)
                return False
            if outcome.kind == "rejected":
                self._settling.refused(tx, case, current, outcome.code, now)
                return True
            if outcome.kind == "unknown" and (current["state"] == "sending" or row["via"] == SHOP):
                return self._unknown(tx, case, current, effect, outcome, now)
            return self._busy(tx, case, current, outcome, now)

    def _unknown(
        self, tx: sa.Connection, case: Case, row: Row, effect: Effect, outcome: Outcome, now: datetime
    ) -> bool:
        """Perhaps taken. The shop is asked again under the same key; a carrier of ours is not."""
        if row["via"] != SHOP and not self._reports(row):
            self._settling.taken(tx, case, row, outcome, now)
            return False
        way = way_of(row).waiting(now)
        if row["via"] == SHOP and way.since is not None and now - way.since > GIVE_UP:
            self._settling.refused(tx, case, row, "no_answer", now)
            return True
        self._ledger.settle(tx, effect, "unknown", self._settling.outcome(outcome), now)
        if row["via"] == SHOP:
            self._change(tx, row, way=way)
            set_timer(tx, TIMER, row["dedupe_key"], now + pause(way.tries))
        return False

    def _busy(self, tx: sa.Connection, case: Case, row: Row, outcome: Outcome, now: datetime) -> bool:
        """Certainly not taken: the same route is tried again, with growing pauses, and then the next one."""
        way = way_of(row).waiting(now)
        wait = min(max(pause(way.tries), timedelta(seconds=outcome.retry_after)), LONGEST_PAUSE)
        if way.since is not None and now + wait - way.since > GIVE_UP:
            self._settling.refused(tx, case, row, outcome.code, now)
            return True
        self._settling.not_taken(tx, row, outcome, now)
        self._change(tx, row, state="queued", way=way)
        set_timer(tx, TIMER, row["dedupe_key"], now + wait)
        return False

    # -- after a crash ----------------------------------------------------------------------------------------------

    def _resume(self, row: Row) -> bool:
        """Cut off before the point of no return (or the shop gave no answer): the same bytes once more."""
        with self._store.read() as tx:
            effect = self._ledger.of_step(tx, step_id_of(row))
        return self._send(row, effect) if effect is not None else False

    def _cut_off(self, row: Row) -> bool:
        """Cut off after it: it counts as accepted, but for an SMS that would have been reported on."""
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            if not self._still(tx, row):
                return False
            way = way_of(row)
            if not self._reports(row) or way.again:
                self._settling.taken(tx, case, row, unknown("cut off", "cut_off"), now)
                return False
            self._settling.not_taken(tx, row, retryable("no_report"), now)
            self._change(tx, row, state="queued", way=msgspec.structs.replace(way, again=True))
            set_timer(tx, TIMER, row["dedupe_key"], now)
        return True

    def _reports(self, row: Row) -> bool:
        """Whether a gateway tells what became of it."""
        return bool(row["via"] == "sms" and self._settings.public_url)

    # -- not now, not at all ----------------------------------------------------------------------------------------

    def _still(self, tx: sa.Connection, row: Row) -> bool:
        """Whether nobody has changed the message since; its case is locked."""
        current = find(tx, row["dedupe_key"])
        return current is not None and (current["state"], current["attempts"]) == (row["state"], row["attempts"])

    def _change(self, tx: sa.Connection, row: Row, **values: Any) -> None:
        tx.execute(messages.update().where(messages.c.dedupe_key == row["dedupe_key"]).values(**values))
        row.update(values)

    def _put_off(self, row: Row, wait: timedelta) -> bool:
        with self._store.begin() as tx:
            set_timer(tx, TIMER, row["dedupe_key"], self._clock() + wait)
        return False

    def _hold(self, row: Row, route: Route, until: datetime) -> bool:
        """Quiet hours: it waits for their end."""
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            if not self._still(tx, row):
                return False
            if row["state"] != "held":
                self._cases.note(tx, case["id"], now, held(row["occasion"], until))
            way = msgspec.structs.replace(way_of(row), since=None, tries=0)
            self._change(tx, row, state="held", held_until=until, channel=route.channel, way=way)
            set_timer(tx, TIMER, row["dedupe_key"], until)
        return False

    def _fail(self, row: Row, code: str) -> bool:
        with self._store.begin() as tx:
            case = self._cases.lock(tx, row["case_id"])
            if self._still(tx, row):
                self._settling.failed(tx, case, row, code, self._clock())
        return False

    def _stop(self, row: Row, missing: list[str]) -> bool:
        """It says what the records do not show (P8): it is not sent, and a person gets the case."""
        log.error("message.not_backed", key=row["dedupe_key"], phrase=row["phrase"], deeds=missing)
        with self._store.begin() as tx:
            now = self._clock()
            case = self._cases.lock(tx, row["case_id"])
            if not self._still(tx, row):
                return False
            self._settling.failed(tx, case, row, NOT_BACKED, now)
            if case["status"] in ENDED:
                self._cases.take_up(tx, case, now)
            if case["status"] != CaseStatus.HANDED_OFF:
                self._cases.hand_off(tx, case, now, NOT_BACKED)
        return False

    def _withdraw(self, row: Row) -> bool:
        with self._store.begin() as tx:
            case = self._cases.lock(tx, row["case_id"])
            if self._still(tx, row) and is_moot(tx, row, case):
                self._settling.withdrawn(tx, case, row, self._clock())
                return False
            if self._still(tx, row):  # it makes sense again
                set_timer(tx, TIMER, row["dedupe_key"], self._clock())
        return False


def way_of(row: Row) -> Way:
    """Where the message has been."""
    way = row["way"]
    return way if isinstance(way, Way) else msgspec.convert(way or {}, Way)


def pause(tries: int) -> timedelta:
    """How long a route that was busy `tries` times is left alone."""
    return min(FIRST_PAUSE * (1 << min(max(tries, 1) - 1, 16)), LONGEST_PAUSE)

