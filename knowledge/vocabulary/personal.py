"""What is personal in texts, addresses and contacts, and what of them may be kept outside the vault."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from knowledge.vocabulary.events import ADDRESS_FIELDS

# Address fields coarse enough to reason with outside the vault (which carrier, which division).
COARSE = ("country", "province", "city")

# No Latin letter, digit or underscore around it; a Chinese character may touch it ("电话13800138000请").
_APART, _ENDS = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_DATE = r"(?!\d{4}-\d{2}-\d{2}(?!\d))"
_KINDS = (
    ("email", re.compile(r"(?:(?![\u3400-\u9fff])[\w.+-])+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    ("id", re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")),
    ("phone", re.compile(rf"{_APART}{_DATE}\+?\d[\d\s()-]{{8,16}}\d{_ENDS}")),
)


def replace_personal(text: str, name: Callable[[str, str], str]) -> str:
    """Free text with each e-mail address, id-card and phone number replaced by `name(kind, original)`."""
    for kind, pattern in _KINDS:
        text = pattern.sub(partial(_named, kind, name), text)
    return text


def _named(kind: str, name: Callable[[str, str], str], found: re.Match[str]) -> str:
    return name(kind, found.group())


def mask_text(text: str) -> str:
    """Free text with e-mail addresses, phone and id-card numbers replaced by ‹email›, ‹phone›, ‹id›."""
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
