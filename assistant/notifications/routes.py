"""The ways a message can go: the customer's channels in order, and who carries each; pure, messages asks it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from knowledge.vocabulary.facts import CheckoutFact, CustomerFact
from tools.connectors.carrier import Carrier

SHOP, INBOX = "shop", "inbox"
_GUEST_CHANNELS = (("email", "email"), ("phone", "sms"))
_FIELDS = {"email": "email", "sms": "phone"}

Carriers = Mapping[str, Carrier]
"""Our own ways out by channel (email, sms)."""


class Route(NamedTuple):
    """A channel, and who carries it: `shop`, the name of a carrier of ours, or `inbox`."""

    channel: str
    via: str


class Tried(msgspec.Struct, frozen=True):
    """A route that is over for a message. `late`: it was accepted there, and came back."""

    channel: str
    via: str
    code: str
    late: bool = False

    @property
    def route(self) -> Route:
        """The route itself."""
        return Route(self.channel, self.via)


class Way(msgspec.Struct, frozen=True):
    """Where a message has been.

    `since` (aware UTC) and `tries`: when the present route was first tried, and how often it was busy. `again`: an SMS
    of which nobody reported anything was sent once more.
    """

    tried: list[Tried] = []
    since: datetime | None = None
    tries: int = 0
    again: bool = False

    @property
    def over(self) -> list[Route]:
        """The routes that are over."""
        return [one.route for one in self.tried]

    def leaving(self, route: Route, code: str, *, late: bool = False) -> Way:
        """The way without this route."""
        return Way(tried=[*self.tried, Tried(route.channel, route.via, code[:128], late)])

    def waiting(self, now: datetime) -> Way:
        """The present route was busy once more."""
        return msgspec.structs.replace(self, since=self.since or now, tries=self.tries + 1)


def channels_of(customer: CustomerFact | None, checkout: CheckoutFact | None) -> list[str]:
    """Allowed channels, the preferred one first; a guest's are those the contact can be reached on."""
    if customer is not None:
        allowed = list(customer.allowed_channels)
        return sorted(allowed, key=lambda c: c != customer.preferred_channel)
    contact = checkout.contact if checkout else None
    return [channel for field, channel in _GUEST_CHANNELS if contact and getattr(contact, field)]


def address_of(channel: str, customer: CustomerFact | None, checkout: CheckoutFact | None) -> str | None:
    """Where they are reached by that channel: an e-mail address or a phone number; None where that is unknown."""
    field = _FIELDS.get(channel)
    contact = checkout.contact if checkout else None
    who = customer if customer is not None else contact
    return (getattr(who, field) or None) if field and who is not None else None


def routes_for(
    channels: Collection[str], customer: CustomerFact | None, checkout: CheckoutFact | None, carriers: Carriers,
    *, shop: bool, inbox: bool,
) -> list[Route]:  # fmt: skip
    """All ways in the order they are tried: for each channel the shop's own messaging, then ours.

    `shop`: it sends messages, as far as is known; `inbox`: it does not, so that ours holds what goes in-app (of
    customers who can sign in).
    """
    found: list[Route] = []
    for channel in channels:
        if shop:
            found.append(Route(channel, SHOP))
        carrier = carriers.get(channel)
        if carrier is not None and address_of(channel, customer, checkout):
            found.append(Route(channel, carrier.name))
        if channel == "in_app" and inbox and customer is not None:
            found.append(Route(channel, INBOX))
    return found
