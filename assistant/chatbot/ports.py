"""What the chatbot's voice and its service agree on: one customer's desk, and the small records it answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

RequestKind = Literal["cancel", "refund", "change_address", "change_item", "other"]
"""What a customer may ask for; a person decides about each of them."""

WaitingFor = Literal["us", "customer", "person", "nobody"]
"""Whose turn it is in a case: the system's, the customer's, one of our people's, or no one's (it is over)."""

ADDRESS_FIELDS = (
    "recipient", "phone", "country", "province", "city", "district", "street", "postcode", "text",
)  # fmt: skip
"""What `correct_address` takes; `text` is free text as the customer typed it."""


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """Money: `amount` in minor units of `currency`; `text` is how the customer reads it in the desk's language."""

    amount: int
    currency: str
    text: str


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order; `title` is the sku where the shop did not say what it is called."""

    sku: str
    title: str
    quantity: int
    unit_price: Amount


class PaymentNote(msgspec.Struct, frozen=True, kw_only=True):
    """One payment: contract B's `status`; `refunded` counts money sent back, `refund_pending` money on its way."""

    payment_id: str
    amount: Amount
    status: str
    refunded: Amount
    refund_pending: Amount
    method: str | None = None


class CaseNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may know of the case of their order.

    `sentence` says what is wrong and what happens next, without internals; `now` is its second half alone. `done` are
    clauses about performed steps, `promised` the open promises of the ledger; all in the desk's language.
    """

    case_id: str
    sentence: str
    status: str
    waiting_for: WaitingFor
    expected_by: datetime | None = None
    owner: str | None = None
    done: list[str] = []
    promised: list[str] = []
    now: str = ""


class OrderCard(msgspec.Struct, frozen=True, kw_only=True):
    """One purchase of the customer's. `order_id` is None while the shop has no order for the checkout.

    `status` is contract B's status of the order, else that of the checkout (`open`, `submitted`, `expired`, …), or
    `unknown`. `stale` says that the shop did not answer: what is here is what we knew before.
    """

    order_id: str | None
    checkout_id: str
    status: str
    total: Amount | None
    placed_at: datetime | None
    lines: list[OrderLine] = []
    payments: list[PaymentNote] = []
    expected_ship_at: datetime | None = None
    address: dict[str, str] = {}
    case: CaseNote | None = None
    stale: bool = False


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that a question offers; ids that decline begin with `no`."""

    id: str
    label: str


class OpenQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What we asked the customer and they have not answered; `link` is where they can do it themselves (pay, say)."""

    dedupe_key: str
    checkout_id: str
    text: str
    options: list[Option] = []
    link: str | None = None


class WantedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An open case that goes on as soon as the customer gives more of the address of this checkout.

    `fields` are what is missing, of `ADDRESS_FIELDS`; empty where nothing is missing and the address itself is wrong.
    """

    checkout_id: str
    fields: list[str] = []


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer or a correction.

    `code` says why it was refused (`question_not_found`, `invalid_choice`, `invalid_address`, …) or what was taken;
    `text` is a sentence for the customer in the desk's language.
    """

    state: Literal["taken", "already", "refused"]
    code: str
    text: str


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """Who has it now. `owner` is a team's or a person's name in the desk's language; `already` that they had it."""

    case_id: str | None
    owner: str
    expected_by: datetime
    already: bool = False


@runtime_checkable  # pydantic checks the tools' runtime by it
class CustomerDesk(Protocol):
    """Everything the chatbot can see and do, for ONE customer; what is somebody else's does not exist here."""

    @property
    def customer_id(self) -> str: ...

    @property
    def language(self) -> str:
        """zh-CN or en: what every sentence given back is in."""
        ...

    @property
    def checkout_id(self) -> str | None:
        """What is talked about: the purchase read last in this turn, else the session's; None where it is open."""
        ...

    def orders(self, limit: int = 5) -> list[OrderCard]:
        """The customer's purchases, newest first."""
        ...

    def order(self, ref: str | None) -> OrderCard:
        """One purchase by order id or checkout id; None for the one the session is about, else the newest.

        Raises:
            NotFoundError: `order_not_found`: there is none, or it is somebody else's.
        """
        ...

    def questions(self) -> list[OpenQuestion]:
        """What the customer was asked and has not answered, newest first."""
        ...

    def address_wanted(self) -> list[WantedAddress]:
        """Their checkouts whose case the machine can finish with a better address, asked for or not yet."""
        ...

    def answer(self, dedupe_key: str, choice: str) -> Outcome:
        """Takes the customer's choice for one open question (PROPOSE: an event, handled like any reply)."""
        ...

    def correct_address(self, checkout_id: str, fields: dict[str, str]) -> Outcome:
        """Takes a corrected delivery address (PROPOSE: an event; the case decides what is done with it).

        Args:
            checkout_id: whose address it is.
            fields: any of `ADDRESS_FIELDS`; what is not named stays as it was.
        """
        ...

    def request(self, checkout_id: str | None, kind: RequestKind, words: str) -> HandedOver:
        """Passes on what the customer wants and a person has to decide (PROPOSE).

        Raises:
            NotFoundError: `order_not_found`.
        """
        ...

    def hand_over(self, checkout_id: str | None, why: str) -> HandedOver:
        """Hands the conversation to a person at once, with everything said so far (PROPOSE).

        Args:
            checkout_id: the purchase it is about; None for the session's, or none at all.
            why: one short sentence for the person who takes it.

        Raises:
            NotFoundError: `order_not_found`.
        """
        ...

    def search_help(self, query: str) -> list[dict[str, Any]]:
        """Articles and policies written for customers, best first."""
        ...
