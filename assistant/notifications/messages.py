"""Composes a message for one customer and keeps what was asked and answered; called by repair and the journey."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from assistant.cases.records import Case
from assistant.notifications.opt_outs import FEEDBACK, opted_out
from assistant.notifications.quiet_hours import DISTURBING, quiet_until, window_of, zone_of
from assistant.notifications.routes import SHOP, Carriers, Route, Way, channels_of, routes_for
from assistant.notifications.texts import Said, resolved, said, storable
from assistant.promises.backing import NOT_BACKED, unbacked
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from assistant.timers.timers import set_timer
from knowledge.faults.planning import Asked
from knowledge.phrases import language_of
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact
from tools.connectors.ports import ShopReader
from tools.lookups.customer_history import customer_history

log = structlog.get_logger(__name__)

TRY_AGAIN = 900.0  # seconds after which a shop that said it sends no messages is asked to once more
TIMER = "message"  # kind of timer, by dedupe key: a message that waits, or whose sending was cut off

WAITING = ("held", "queued")  # nobody has been told anything yet
UNDER_WAY = (*WAITING, "intended", "sending")
SENT = ("accepted", "delivered")

Row = dict[str, Any]
OnTold = Callable[[sa.Connection, Case, Row, datetime], None]


class Reach(NamedTuple):
    """How one customer can be told: the routes left, first choice first; `why` says why there are none."""

    customer: CustomerFact | None
    checkout: CheckoutFact | None
    language: str
    zone: str  # IANA
    routes: list[Route]
    why: str


class Later(NamedTuple):
    """A message that the dispatcher sends: by a route of ours, or when quiet hours are over (`until`, aware UTC)."""

    route: Route
    language: str
    dedupe_key: str
    until: datetime | None
    way: Way


class Notifications:
    """Messages to customers: through the shop's own messaging (contract B's `/messages`), else by routes of ours."""

    def __init__(
        self, store: Store, reader: ShopReader, clock: Callable[[], float] = time.monotonic, *,
        vault: Vault | None = None, carriers: Carriers | None = None, quiet_hours: str = "", time_zone: str = "UTC",
        on_told: OnTold | None = None, now: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._reader, self._clock, self._vault = store, reader, clock, vault
        self._carriers: Carriers = carriers or {}
        self._window, self._time_zone, self._on_told, self._now = window_of(quiet_hours), time_zone, on_told, now
        self._missing_until: float | None = None

    def possible(self) -> bool:
        """Whether the shop sends messages at all, as far as is known; asked again `TRY_AGAIN` seconds after a no."""
        return self._missing_until is None or self._clock() >= self._missing_until

    def learn(self, *, missing: bool) -> None:
        """What the shop's last answer to a message said of its messaging."""
        self._missing_until = self._clock() + TRY_AGAIN if missing else None

    # -- whom, how, when --------------------------------------------------------------------------------------------

    def can_reach(self, case: Case, customer: CustomerFact | None, checkout: CheckoutFact | None) -> bool:
        """Whether any route leads to this customer."""
        return bool(self._routes(self._channels(case, customer, checkout), customer, checkout, shop=self.possible()))

    def reach(self, case: Case, over: Collection[Route] = (), *, begun: bool = False, source: str = "") -> Reach:
        """How the case's customer can be told, but for the routes that are `over`.

        Of a message that was `begun` with a shop, its other channels are tried although one said that there is no
        messaging.

        Raises:
            UnavailableError: when customer or checkout can't be read.
        """
        customer = customer_history(self._reader, case["customer_id"]) if case["customer_id"] else None
        checkout = self._reader.checkout(case["checkout_id"]) if case["checkout_id"] else None
        channels = self._channels(case, customer, checkout, source)
        routes = self._routes(channels, customer, checkout, shop=begun or self.possible())
        left = [route for route in routes if route not in over]
        why = "channel_refused" if over else "no_messaging" if channels else "no_channel"
        if not channels and channels_of(customer, checkout):
            why = "opted_out"
        zone = zone_of(customer.time_zone if customer else None, self._time_zone).key
        return Reach(customer, checkout, language_for(case, customer, checkout), zone, left, why)

    def quiet_until(self, route: Route, zone: str, now: datetime) -> datetime | None:
        """Until when nothing may go by this route; None when it may go at once."""
        if route.channel not in DISTURBING:
            return None
        return quiet_until(now, zone_of(zone, self._time_zone), self._window)

    def _channels(
        self, case: Case, customer: CustomerFact | None, checkout: CheckoutFact | None, source: str = ""
    ) -> list[str]:
        with self._store.read() as tx:
            out = opted_out(tx, customer_ref(case["customer_id"], case["checkout_id"]))
        if source == "followup" and FEEDBACK in out:
            return []
        return [channel for channel in channels_of(customer, checkout) if channel not in out]

    def _routes(
        self, channels: Collection[str], customer: CustomerFact | None, checkout: CheckoutFact | None, *, shop: bool
    ) -> list[Route]:
        return routes_for(channels, customer, checkout, self._carriers, shop=shop, inbox=not self.possible())

    # -- a plan's message -------------------------------------------------------------------------------------------

    def compose(
        self, case: Case, wanted: dict[str, Any], results: dict[str, dict[str, Any]], refused: list[str]
    ) -> dict[str, Any] | Later | str:
        """The arguments of `send_message` for one occasion; `Later` for one that the dispatcher sends instead.

        A string says why nobody can be told, `not_backed` that the message would not be true.
        `refused` are channels that the shop has refused for this message.

        Raises:
            UnavailableError: when customer or checkout can't be read.
        """
        over = [Route(channel, SHOP) for channel in refused]
        reach = self.reach(case, over, begun=bool(refused))
        if not reach.routes:
            return reach.why
        params = self._params(case, wanted, results)
        with self._store.read() as tx:
            missing = unbacked(tx, case["id"], wanted["fault"], wanted["phrase"], storable(params))
        if missing:
            log.error("message.not_backed", case_id=case["id"], phrase=wanted["phrase"], deeds=missing)
            return NOT_BACKED
        route = reach.routes[0]
        key = f"{case['id']}:{case['episode']}:{wanted['occasion']}"
        if refused:
            key = f"{key}:{len(refused) + 1}"
        until = self.quiet_until(route, reach.zone, self._now())
        if until is not None or route.via != SHOP:
            way = Way()
            for one in over:
                way = way.leaving(one, "refused")
            return Later(route, reach.language, key, until, way)
        words = said(
            wanted["fault"], wanted["phrase"], reach.language, params, wanted.get("choices") or (), zone=reach.zone,
        )  # fmt: skip
        return {**arguments_for(case, route, reach, words, key), "tried": [*refused, route.channel]}

    def intend(
        self, tx: sa.Connection, case: Case, wanted: dict[str, Any], arguments: dict[str, Any], now: datetime,
        *, results: Mapping[str, Mapping[str, Any]] | None = None, asks: bool = False,
    ) -> None:  # fmt: skip
        """Writes the message down before it is sent to the shop."""
        self._write(
            tx, case, wanted, results or {}, now, dedupe_key=arguments["dedupe_key"], state="intended",
            channel=arguments["channel"], language=arguments["language"], via=SHOP, asks=asks, way=sa.null(),
            text_ref=self.keep_text(tx, case, arguments["text"], arguments.get("subject"), now),
        )  # fmt: skip

    def put_off(
        self, tx: sa.Connection, case: Case, wanted: dict[str, Any], later: Later, now: datetime,
        *, results: Mapping[str, Mapping[str, Any]], asks: bool,
    ) -> None:  # fmt: skip
        """Writes down a message that the dispatcher sends: at once, or when quiet hours are over."""
        self._write(
            tx, case, wanted, results, now, dedupe_key=later.dedupe_key, state="held" if later.until else "queued",
            channel=later.route.channel, language=later.language, asks=asks, held_until=later.until, way=later.way,
        )  # fmt: skip
        set_timer(tx, TIMER, later.dedupe_key, later.until or self._now())

    def is_erased(self, tx: sa.Connection, case: Case) -> bool:
        """Whether the customer was erased, and nothing has come from them since."""
        if self._vault is None:
            return False
        return self._vault.is_erased(tx, customer_ref(case["customer_id"], case["checkout_id"] or case["id"]))

    def keep_text(self, tx: sa.Connection, case: Case, text: str, subject: str | None, now: datetime) -> str | None:
        """Keeps what is said in the vault, under the customer's key; the reference to it."""
        if self._vault is None:
            return None
        kept = {"text": text} | ({"subject": subject} if subject else {})
        owner = customer_ref(case["customer_id"], case["checkout_id"] or case["id"])
        return self._vault.put(tx, owner, "message", kept, now)

    def _write(
        self, tx: sa.Connection, case: Case, wanted: dict[str, Any], results: Mapping[str, Mapping[str, Any]],
        now: datetime, **values: Any,
    ) -> None:  # fmt: skip
        row = {
            "case_id": case["id"], "episode": case["episode"], "occasion": wanted["occasion"],
            "checkout_id": case["checkout_id"], "customer_id": case["customer_id"], "phrase": wanted["phrase"],
            "choices": wanted.get("choices") or [], "at": now, "timed_out": False, "source": wanted["fault"],
            "params": storable(self._params(case, wanted, results)), **values,
        }  # fmt: skip
        new = self._store.insert_new(messages, "dedupe_key").values(**row).returning(messages.c.dedupe_key)
        if tx.execute(new).first() is None:
            gone = (messages.c.dedupe_key == row["dedupe_key"]) & (messages.c.state == "withdrawn")
            tx.execute(messages.update().where(gone).values(**row))  # it was not sent then; now it makes sense again

    def _params(
        self, case: Case, wanted: dict[str, Any], results: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        return {"order": case["order_id"] or case["checkout_id"], **resolved(wanted.get("params"), results)}

    # -- what came of it --------------------------------------------------------------------------------------------

    def settled(
        self, tx: sa.Connection, case: Case, dedupe_key: str, accepted: bool, now: datetime, **values: Any
    ) -> None:
        """Writes down whether the message was taken; who keeps promises is told of one that was."""
        times = {"accepted_at": now} if accepted else {"failed_at": now}
        values = {"state": "accepted" if accepted else "failed", **times, **values}
        tx.execute(messages.update().where(messages.c.dedupe_key == dedupe_key).values(**values))
        row = find(tx, dedupe_key)
        if accepted and row is not None and self._on_told is not None:
            self._on_told(tx, case, row, now)

    def asked(self, tx: sa.Connection, case: Case) -> dict[str, Asked]:
        """What was said in this episode and what came of it, by occasion (of each the one answered, else sent)."""
        query = sa.select(messages).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.state != "withdrawn"
        )
        sent = messages.c.state.in_((*SENT, *WAITING, "sending"))
        telling = sa.case((messages.c.replied_at.is_not(None), 2), (sent, 1), else_=0)
        return {
            row["occasion"]: Asked(
                occasion=row["occasion"], dedupe_key=row["dedupe_key"], at=row["at"],
                choices=[c["id"] for c in row["choices"]], choice=row["choice"],
                replied=row["replied_at"] is not None, timed_out=row["timed_out"], delivered=_on_its_way(row),
            )
            for row in tx.execute(query.order_by(telling, messages.c.at)).mappings()
        }  # fmt: skip

    def was_accepted(self, tx: sa.Connection, case: Case, occasion: str) -> bool:
        """Whether this occasion's message was accepted already, or the dispatcher has it: it is never said twice."""
        query = sa.select(messages).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.occasion == occasion
        )
        return any(_on_its_way(row) for row in tx.execute(query).mappings())

    def goes_out_at(self, tx: sa.Connection, case: Case, now: datetime) -> datetime | None:
        """When a question of this episode that is not out yet goes out at the earliest; None when all are out."""
        query = sa.select(messages.c.held_until).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.asks,
            messages.c.state.in_(UNDER_WAY), messages.c.way.is_not(None),
        )  # fmt: skip
        return max((max(until or now, now) for until in tx.scalars(query)), default=None)

    def time_out(self, tx: sa.Connection, case: Case) -> None:
        """No answer came to what was asked in this episode."""
        tx.execute(
            messages.update()
            .where(
                messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.replied_at.is_(None)
            )
            .values(timed_out=True)
        )


def arguments_for(case: Case, route: Route, reach: Reach, words: Said, dedupe_key: str) -> dict[str, Any]:
    """The arguments of `send_message`: contract B's body of `/messages`."""
    arguments: dict[str, Any] = {
        "checkout_id": case["checkout_id"], "channel": route.channel, "language": reach.language, "text": words.text,
        "dedupe_key": dedupe_key,
    }  # fmt: skip
    if words.subject is not None:
        arguments["subject"] = words.subject
    if words.choices:
        arguments["choices"] = words.choices
    if case["customer_id"]:
        arguments["customer_id"] = case["customer_id"]
    elif reach.checkout is not None and reach.checkout.contact is not None:
        contact = reach.checkout.contact
        fields: Sequence[tuple[str, str | None]] = (
            ("email", contact.email), ("phone", contact.phone), ("language", contact.language)
        )  # fmt: skip
        arguments["contact"] = {name: value for name, value in fields if value}
    return arguments


def find(tx: sa.Connection, dedupe_key: str) -> Row | None:
    """The message's row."""
    row = tx.execute(sa.select(messages).where(messages.c.dedupe_key == dedupe_key)).mappings().first()
    return dict(row) if row else None


def language_for(case: Case, customer: CustomerFact | None, checkout: CheckoutFact | None) -> str:
    """The customer's language: the profile's, the contact's, the case's, else by currency."""
    contact = checkout.contact if checkout else None
    stated = (customer.language if customer else None) or (contact.language if contact else None) or case["language"]
    return language_of(stated or ("zh-CN" if case["value_currency"] == "CNY" else "en"))


def _on_its_way(row: Row | sa.RowMapping) -> bool:
    """Whether it was sent, or is certain to be unless every route fails."""
    return row["state"] in SENT or (row["state"] in UNDER_WAY and row["way"] is not None)
