"""The customer's desk: all that the chatbot can see and do, for one customer and one turn (`ports.CustomerDesk`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import ENDED
from assistant.chatbot.notes import Notes
from assistant.chatbot.orders import Orders
from assistant.chatbot.ports import (
    ADDRESS_FIELDS,
    CaseNote,
    HandedOver,
    OpenQuestion,
    OrderCard,
    Outcome,
    RequestKind,
    WantedAddress,
)
from assistant.chatbot.questions import SOURCE, Questions
from assistant.chatbot.requests import Asker, Requests
from assistant.notifications.inbox import Receive
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, checkouts
from knowledge.faults.incomplete_information.addresses import lacks
from knowledge.phrases import local_time, render
from knowledge.phrases.customer_words import REQUESTS, SAID
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import HellowordError, InputError, NotFoundError, UnavailableError
from knowledge.vocabulary.events import Address
from tools.connectors.ports import ShopReader

SearchHelp = Callable[[str, str], list[dict[str, Any]]]
"""Articles and policies for customers: (query, language) → best first."""

MAX_FIELD = 300  # characters of one field of an address
_BY_ADDRESS = frozenset(
    {
        FaultCode.INCOMPLETE_INFORMATION, FaultCode.ADDRESS_UNDELIVERABLE, FaultCode.ADDRESS_INACCURATE,
        FaultCode.MINOR_INFORMATION_ERROR,
    }
)  # fmt: skip

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counter:
    """What every desk works with; nothing in it belongs to a customer."""

    store: Store
    vault: Vault
    reader: ShopReader
    receive: Receive
    requests: Requests
    search_help: SearchHelp
    time_zone: str  # IANA, of customers whose own is not known


class Desk:
    """Implements `CustomerDesk`. `turn` and `at` (aware UTC) are the question's: what it proposes, it proposes once."""

    def __init__(
        self, counter: Counter, *, customer_id: str, language: str, session_id: str, checkout_id: str | None,
        turn: str, at: datetime,
    ) -> None:  # fmt: skip
        self._counter, self._session_id, self._session_about = counter, session_id, checkout_id
        self._read_last: str | None = None
        self.quoted: list[str] = []  # the articles shown in this turn: what they say in general may be said again
        self.customer_id, self.language, self._turn, self._at = customer_id, language, turn, at
        self._done: dict[str, HandedOver] = {}  # what was asked of a person in this turn
        self._orders = Orders(counter.store, counter.reader, customer_id, self._note)

    @cached_property
    def zone(self) -> str:
        """The IANA zone by whose clock the customer reads times."""
        customer = self._orders.customer()
        try:
            return ZoneInfo(customer.time_zone).key if customer and customer.time_zone else self._counter.time_zone
        except (ZoneInfoNotFoundError, ValueError):
            return self._counter.time_zone

    @property
    def checkout_id(self) -> str | None:
        """What is talked about: the purchase read last in this turn, else the session's."""
        return self._read_last or self._session_about

    @cached_property
    def _notes(self) -> Notes:
        return Notes(self._counter.store, self.customer_id, self.language, self.zone)

    @cached_property
    def _questions(self) -> Questions:
        counter = self._counter
        return Questions(counter.store, counter.vault, counter.receive, self.customer_id, self.language, self.zone)

    # -- reading ----------------------------------------------------------------------------------------------------

    def orders(self, limit: int = 5) -> list[OrderCard]:
        """The customer's purchases, newest first."""
        return self._orders.newest(limit)

    def order(self, ref: str | None) -> OrderCard:
        """One purchase; None for the session's, else the newest.

        Raises:
            NotFoundError: `order_not_found`.
        """
        ref = ref or self._session_about
        if ref is None:
            newest = self._orders.newest(1)
            if not newest:
                raise NotFoundError("order_not_found", "there is no order yet")
            ref = newest[0].checkout_id or newest[0].order_id or ""
        found = self._orders.find(ref)
        self._read_last = found.checkout_id
        return found

    def questions(self) -> list[OpenQuestion]:
        """What they were asked and have not answered, newest first."""
        return self._questions.open()

    def address_wanted(self) -> list[WantedAddress]:
        """Their checkouts whose case goes on with a better address, newest case first, and what of it is missing."""
        mine = sa.select(checkouts.c.checkout_id).where(checkouts.c.customer_id == self.customer_id)
        unnamed = cases.c.customer_id.is_(None) & cases.c.subject_id.in_(mine)
        query = _about_addresses().where((cases.c.customer_id == self.customer_id) | unnamed)
        with self._counter.store.read() as tx:
            rows = [dict(row) for row in tx.execute(query.order_by(cases.c.id.desc())).mappings()]
        return [
            WantedAddress(checkout_id=row["subject_id"], fields=self._missing(row))
            for row in rows if _is_about_address(row["faults"]) and self._has(row["subject_id"])
        ]  # fmt: skip

    def is_question(self, dedupe_key: str) -> bool:
        """Whether this key is one of our own messages to them."""
        return self._questions.is_question(dedupe_key)

    def customer_language(self) -> str | None:
        """The language of the customer's profile at the shop; None where it does not say."""
        customer = self._orders.customer()
        return customer.language if customer else None

    def search_help(self, query: str) -> list[dict[str, Any]]:
        """Articles and policies; none where the library does not answer."""
        try:
            found = self._counter.search_help(query[:400], self.language)
        except HellowordError as error:
            log.warning("chat.no_help", code=error.code)
            return []
        self.quoted += [str(item.get("text") or item.get("body") or "") for item in found]
        return found

    # -- proposing --------------------------------------------------------------------------------------------------

    def answer(self, dedupe_key: str, choice: str) -> Outcome:
        """The customer's choice, by an event."""
        return self._questions.answer(dedupe_key, choice)

    def correct_address(self, checkout_id: str, fields: dict[str, str]) -> Outcome:
        """A corrected address, by an event where a case waits for one; else a person is asked to change it."""
        try:
            checkout_id = self._orders.checkout_of(checkout_id)
            given = checked(fields)
            if not self._waits_for_address(checkout_id):
                handed = self.request(checkout_id, "change_address", "")
                by = local_time(handed.expected_by, self.language, self.zone)
                return Outcome(state="taken", code="passed_on", text=self._say("passed_on", owner=handed.owner, by=by))
            before = self._orders.address(checkout_id)
            return self._emit_address(checkout_id, before, given)
        except NotFoundError as error:
            return Outcome(state="refused", code=error.code, text=self._say(error.code))
        except InputError as error:
            return Outcome(state="refused", code=error.code, text=self._say("invalid_address", detail=error.detail))
        except UnavailableError as error:
            log.warning("chat.address_not_taken", code=error.code)
            return Outcome(state="refused", code="not_taken", text=self._say("not_taken"))

    def request(self, checkout_id: str | None, kind: RequestKind, words: str) -> HandedOver:
        """What a person has to decide; asked for twice in a turn it is one request.

        Raises:
            NotFoundError: `order_not_found`.
            InputError: `invalid_kind`.
        """
        if kind not in REQUESTS:
            raise InputError("invalid_kind", "kind", f"must be one of {', '.join(REQUESTS)}")
        about = self._about(checkout_id)
        key = f"{kind}:{about}"
        if key not in self._done:
            self._done[key] = self._counter.requests.request(self._asker, about, kind, words)
        return self._done[key]

    def hand_over(self, checkout_id: str | None, why: str) -> HandedOver:
        """To a person at once.

        Raises:
            NotFoundError: `order_not_found`.
        """
        about = self._about(checkout_id)
        key = f"person:{about}"
        if key not in self._done:
            self._done[key] = self._counter.requests.hand_over(self._asker, about, why)
        return self._done[key]

    # -- parts ------------------------------------------------------------------------------------------------------

    def _note(self, checkout_id: str) -> CaseNote | None:
        return self._notes.of(checkout_id)

    @property
    def _asker(self) -> Asker:
        return Asker(self._session_id, self.customer_id, self.language, self._turn)

    def _about(self, ref: str | None) -> str | None:
        """The checkout that is meant; nobody can ask for anything about somebody else's."""
        ref = ref or self._session_about
        return self._orders.checkout_of(ref) if ref else None

    def _waits_for_address(self, checkout_id: str) -> bool:
        """Whether an open case of this checkout is about its address, and the machine is at it."""
        mine = cases.c.customer_id.is_(None) | (cases.c.customer_id == self.customer_id)
        query = _about_addresses().where(cases.c.subject_id == checkout_id, mine)
        with self._counter.store.read() as tx:
            return any(_is_about_address(row.faults) for row in tx.execute(query))

    def _has(self, checkout_id: str) -> bool:
        """Whether the shop agrees that this purchase is theirs."""
        try:
            return bool(self._orders.checkout_of(checkout_id))
        except NotFoundError:
            return False

    def _missing(self, case: Mapping[str, Any]) -> list[str]:
        """What we asked for; before we did, what the address lacks."""
        if asked := self._questions.asked_fields(case["id"]):
            return asked
        if FaultCode.INCOMPLETE_INFORMATION not in {fault["code"] for fault in case["faults"]}:
            return []
        try:
            return lacks(self._orders.address(case["subject_id"]))
        except UnavailableError as error:
            log.warning("chat.address_not_read", code=error.code)
            return []

    def _emit_address(self, checkout_id: str, before: Address | None, given: Mapping[str, str]) -> Outcome:
        now = msgspec.structs.asdict(before) if before is not None else {}
        known = {name: value for name, value in now.items() if value}
        merged = {**known, **given}
        if merged == known:
            return Outcome(state="already", code="address_same", text=self._say("address_same"))
        digest = sha256(msgspec.json.encode([checkout_id, merged], order="sorted")).hexdigest()[:32]
        event = {
            "specversion": "1.0", "id": f"{self._turn}:{digest}", "source": SOURCE, "type": "checkout.updated",
            "subject": checkout_id, "time": self._at.isoformat(),
            "data": {"checkout_id": checkout_id, "shipping_address": merged},
        }  # fmt: skip
        receipt = self._counter.receive([event], utcnow())
        if receipt.rejected:
            detail = getattr(receipt.rejected[0], "detail", "")
            return Outcome(state="refused", code="invalid_address", text=self._say("invalid_address", detail=detail))
        return Outcome(state="taken", code="address_taken", text=self._say("address_taken"))

    def _say(self, key: str, **params: Any) -> str:
        return render(SAID, key, self.language, **params)


def _about_addresses() -> sa.Select[Any]:
    """Open cases that the machine is at; `_is_about_address` says of each whether an address is what is wrong."""
    return sa.select(cases.c.id, cases.c.subject_id, cases.c.faults).where(
        cases.c.subject_kind == "checkout", cases.c.status.not_in(ENDED), cases.c.owner_kind.is_(None),
    )  # fmt: skip


def _is_about_address(faults: list[dict[str, Any]]) -> bool:
    return any(fault["code"] in _BY_ADDRESS and not fault["cleared_at"] for fault in faults)


def checked(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of an address as they may be taken: stripped, the empty ones left out.

    Raises:
        InputError: `invalid_address` names the field.
    """
    given: dict[str, str] = {}
    for name, value in fields.items():
        if name not in ADDRESS_FIELDS:
            raise InputError("invalid_address", name, f"is no field of an address: {', '.join(ADDRESS_FIELDS)}")
        if not isinstance(value, str) or "\0" in value:
            raise InputError("invalid_address", name, "must be plain text")
        if len(value) > MAX_FIELD:
            raise InputError("invalid_address", name, f"must have at most {MAX_FIELD} characters")
        if value.strip():
            given[name] = value.strip()
    if not given:
        raise InputError("invalid_address", "", "no field of it was given")
    return given
