"""What a member of staff's entry may hold, field by field; the register calls it before it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from assistant.triage.routing import ANY
from assistant.triage.shifts import hours_of
from knowledge.phrases import LANGUAGES
from knowledge.policies.approvals import RANKS
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import InputError

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^\s@<>*\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,63}")
_CHAT = re.compile(r"[a-z][a-z0-9+.-]{1,30}://[^\s\x00-\x1f\x7f]{1,1000}")
_NO_CHAT = ("file", "javascript", "data", "mailto", "syslog")  # no chat services


def refuse(field: str, why: str) -> NoReturn:
    """Says which field is wrong, and why.

    Raises:
        InputError: `invalid_staff`, always.
    """
    raise InputError("invalid_staff", field, why)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored; every field is checked, and no other may be there.

    Raises:
        InputError: `invalid_staff` names the field.
    """
    for name in values:
        if name not in _CHECKS:
            refuse(name, "is no field of a member of staff")
    if "name" not in values:
        refuse("name", "is missing")
    for name, check in _CHECKS.items():
        check(name, values[name])
    hours_of(values["time_zone"], values["shifts"])
    return dict(values)


def _name(field: str, value: Any) -> None:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 128 or not value.isprintable():
        refuse(field, "must be 1 to 128 printable characters")


def _one_of(*allowed: str) -> Callable[[str, Any], None]:
    def check(field: str, value: Any) -> None:
        if not isinstance(value, str) or value not in allowed:
            refuse(field, f"must be one of {', '.join(allowed)}")

    return check


def _languages(field: str, value: Any) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= 20:
        refuse(field, "must be a list of 1 to 20 languages such as zh-CN")
    for place, tag in enumerate(value):
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            refuse(f"{field}.{place}", "must be a language such as zh-CN or en")


def _skills(field: str, value: Any) -> None:
    known = {*(str(code) for code in FaultCode), ANY}
    if not isinstance(value, list) or not value:
        refuse(field, 'must be a list of fault codes, or ["*"] for all')
    for place, code in enumerate(value):
        if not isinstance(code, str) or code not in known:
            refuse(f"{field}.{place}", 'must be a fault code, or "*" for all')


def _capacity(field: str, value: Any) -> None:
    if type(value) is not int or not 1 <= value <= 200:
        refuse(field, "must be a number from 1 to 200")


def _flag(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        refuse(field, "must be true or false")


def _email(field: str, value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not _EMAIL.fullmatch(value)):
        refuse(field, "must be an e-mail address")


def _chat(field: str, value: Any) -> None:
    if not isinstance(value, list) or len(value) > 20:
        refuse(field, "must be a list of at most 20 Apprise addresses")
    for place, url in enumerate(value):
        if not isinstance(url, str) or not _CHAT.fullmatch(url) or url.split(":", 1)[0] in _NO_CHAT:
            refuse(f"{field}.{place}", "must be an Apprise address such as wecombot://KEY or slack://A/B/C")


def _key(field: str, value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= 64 or "\0" in value):
        refuse(field, "must be a key's id")


def _later(field: str, value: Any) -> None:
    """Checked together with another field: zone and shifts."""


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "name": _name, "role": _one_of(*RANKS), "languages": _languages, "skills": _skills, "time_zone": _later,
    "shifts": _later, "capacity": _capacity, "away": _flag, "active": _flag, "reads": _one_of(*LANGUAGES),
    "email": _email, "chat": _chat, "key_id": _key,
}  # fmt: skip
