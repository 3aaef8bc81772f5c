"""What is personal in texts, addresses and contacts, and what of them may be kept outside the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from knowledge.vocabulary.events import ADDRESS_FIELDS
from knowledge.vocabulary.narrow import narrow
from knowledge.vocabulary.personal_numbers import find_cards, find_emails, find_id_cards, find_phones
from knowledge.vocabulary.postal import find_addresses

# Address fields coarse enough to reason with outside the vault (which carrier, which division).
COARSE = ("country", "province", "city")

Span = tuple[int, int]
_FINDERS: tuple[tuple[str, Callable[[str], Iterator[Span]]], ...] = (
    ("email", find_emails), ("card", find_cards), ("id", find_id_cards), ("address", find_addresses),
    ("phone", find_phones),
)  # fmt: skip


def find_personal(text: str) -> list[tuple[str, int, int]]:
    """`(kind, start, end)` of each e-mail, card number, id-card number, postal address and phone number, in order.

    Full-width letters and digits count as narrow ones. Numbers of things (orders, payments, skus), amounts and times
    are not personal; a bare number is a phone only in the form of one, or where the words before it call it one.
    """
    text, found = narrow(text), []
    for kind, find in _FINDERS:
        for start, end in find(text):
            if "\x00" not in text[start:end]:
                found.append((kind, start, end))
                text = text[:start] + "\x00" * (end - start) + text[end:]
    return sorted(found, key=lambda one: one[1])


def replace_personal(text: str, name: Callable[[str, str], str]) -> str:
    """Free text with each piece of personal data (see `find_personal`) replaced by `name(kind, original)`."""
    found = find_personal(text)
    if not found:
        return text
    pieces, at = [], 0
    for kind, start, end in found:
        pieces += [text[at:start], name(kind, text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def mask_text(text: str) -> str:
    """Free text with personal data (see `find_personal`) replaced by ‹email›, ‹phone›, ‹id›, ‹card›, ‹address›."""
    return replace_personal(text, lambda kind, _: f"‹{kind}›")


def is_masked(text: str) -> bool:
    """Whether this stands for a personal value that only the vault keeps."""
    return text.startswith("‹") and text.endswith("›")


def address_view(address: dict[str, Any], ref: str | None) -> dict[str, Any]:
    """What is kept of an address outside the vault: which fields are present, the coarse ones, the vault's ref."""
    view: dict[str, Any] = {"present": [f for f in ADDRESS_FIELDS if str(address.get(f) or "").strip()]}
    view |= {f: address[f] for f in COARSE if address.get(f)}
    if ref:
        view["ref"] = ref
    return view


def contact_view(contact: dict[str, Any], ref: str | None) -> dict[str, Any]:
    """What is kept of a contact: which of e-mail and phone are present, and the language."""
    view: dict[str, Any] = {"present": [f for f in ("email", "phone") if contact.get(f)]}
    if contact.get("language"):
        view["language"] = contact["language"]
    if ref:
        view["ref"] = ref
    return view
