"""Composes a message for one customer and keeps what was asked and answered; called by repair and the journey."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import Case
from assistant.store.engine import Store
from assistant.store.tables import messages
from knowledge.faults.planning import Asked
from knowledge.phrases import language_of, render
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact
from tools.connectors.ports import ShopReader

_GUEST_CHANNELS = (("email", "email"), ("phone", "sms"))


class Notifications:
    """Messages to customers through the shop's own messaging (contract B's `/messages`)."""

    def __init__(self, store: Store, reader: ShopReader) -> None:
        self._store, self._reader = store, reader

    def compose(
        self, case: Case, wanted: dict[str, Any], results: dict[str, dict[str, Any]], refused: list[str]
    ) -> dict[str, Any] | str:
        """The arguments of `send_message` for one occasion; a string says why nobody can be told.

        `refused` are channels that the shop has refused for this message already.

        Raises:
            UnavailableError: when customer or checkout can't be read.
        """
        customer = self._reader.customer(case["customer_id"]) if case["customer_id"] else None
        checkout = self._reader.checkout(case["checkout_id"])
        channels = [c for c in channels_of(customer, checkout) if c not in refused]
        if not channels:
            return "channel_refused" if refused else "no_channel"
        language = language_for(case, customer, checkout)
        texts = import_module(f"knowledge.faults.{FaultCode(wanted['fault']).value}.messages").MESSAGES
        params = {k: _param(v, results, language) for k, v in (wanted.get("params") or {}).items()}
        params.setdefault("order", case["order_id"] or case["checkout_id"])
        key = f"{case['id']}:{case['episode']}:{wanted['occasion']}"
        arguments: dict[str, Any] = {
            "checkout_id": case["checkout_id"], "channel": channels[0], "language": language,
            "text": render(texts, wanted["phrase"], language, **params),
            "dedupe_key": f"{key}:{len(refused) + 1}" if refused else key, "tried": [*refused, channels[0]],
        }  # fmt: skip
        if (subject := f"{wanted['phrase']}_subject") in texts:
            arguments["subject"] = render(texts, subject, language, **params)
        if wanted.get("choices"):
            arguments["choices"] = [
                {"id": c["id"], "label": c["label"].get(language, c["label"]["en"])} for c in wanted["choices"]
            ]
        if case["customer_id"]:
            arguments["customer_id"] = case["customer_id"]
        elif checkout is not None and checkout.contact is not None:
            contact = checkout.contact
            arguments["contact"] = {
                k: v
                for k, v in (("email", contact.email), ("phone", contact.phone), ("language", contact.language))
                if v
            }
        return arguments

    def intend(
        self, tx: sa.Connection, case: Case, wanted: dict[str, Any], arguments: dict[str, Any], now: datetime
    ) -> None:
        """Writes the message down before it is sent."""
        row = {
            "dedupe_key": arguments["dedupe_key"], "case_id": case["id"], "episode": case["episode"],
            "occasion": wanted["occasion"], "checkout_id": case["checkout_id"], "customer_id": case["customer_id"],
            "channel": arguments["channel"], "language": arguments["language"], "phrase": wanted["phrase"],
            "choices": wanted.get("choices") or [], "state": "intended", "at": now, "timed_out": False,
        }  # fmt: skip
        tx.execute(self._store.insert_new(messages, "dedupe_key").values(**row))

    def settled(self, tx: sa.Connection, dedupe_key: str, accepted: bool) -> None:
        """Writes down whether the shop accepted it."""
        state = "accepted" if accepted else "failed"
        tx.execute(messages.update().where(messages.c.dedupe_key == dedupe_key).values(state=state))

    def asked(self, tx: sa.Connection, case: Case) -> dict[str, Asked]:
        """What was said in this episode and what came of it, by occasion (of each the one answered, else accepted)."""
        query = sa.select(messages).where(messages.c.case_id == case["id"], messages.c.episode == case["episode"])
        telling = sa.case((messages.c.replied_at.is_not(None), 2), (messages.c.state == "accepted", 1), else_=0)
        return {
            row["occasion"]: Asked(
                occasion=row["occasion"], dedupe_key=row["dedupe_key"], at=row["at"],
                choices=[c["id"] for c in row["choices"]], choice=row["choice"],
                replied=row["replied_at"] is not None, timed_out=row["timed_out"],
                delivered=row["state"] == "accepted",
            )
            for row in tx.execute(query.order_by(telling, messages.c.at)).mappings()
        }  # fmt: skip

    def was_accepted(self, tx: sa.Connection, case: Case, occasion: str) -> bool:
        """Whether this occasion's message has been accepted already: it is never said twice."""
        query = sa.select(messages.c.dedupe_key).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"],
            messages.c.occasion == occasion, messages.c.state == "accepted",
        )  # fmt: skip
        return tx.scalar(query) is not None

    def time_out(self, tx: sa.Connection, case: Case) -> None:
        """No answer came to what was asked in this episode."""
        tx.execute(
            messages.update()
            .where(
                messages.c.case_id == case["id"], messages.c.episode == case["episode"], messages.c.replied_at.is_(None)
            )
            .values(timed_out=True)
        )


def channels_of(customer: CustomerFact | None, checkout: CheckoutFact | None) -> list[str]:
    """Allowed channels, the preferred one first; a guest's are those the contact can be reached on."""
    if customer is not None:
        allowed = list(customer.allowed_channels)
        return sorted(allowed, key=lambda c: c != customer.preferred_channel)
    contact = checkout.contact if checkout else None
    return [channel for field, channel in _GUEST_CHANNELS if contact and getattr(contact, field)]


def language_for(case: Case, customer: CustomerFact | None, checkout: CheckoutFact | None) -> str:
    """The customer's language: the profile's, the contact's, the case's, else by currency."""
    contact = checkout.contact if checkout else None
    stated = (customer.language if customer else None) or (contact.language if contact else None) or case["language"]
    return language_of(stated or ("zh-CN" if case["value_currency"] == "CNY" else "en"))


def _param(value: Any, results: dict[str, dict[str, Any]], language: str) -> Any:
    if isinstance(value, dict) and "link_from" in value:
        return results.get(value["link_from"], {}).get("url", "")
    if isinstance(value, dict) and "en" in value:
        return value.get(language, value["en"])
    return value
