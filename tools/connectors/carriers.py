"""Builds the carriers to customers from the settings; wired in the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from tools.connectors.carrier import Carrier
from tools.connectors.mail import sender_of
from tools.connectors.sms import SmsCarrier, check_sender
from tools.connectors.smtp import SmtpCarrier

C = TypeVar("C")


def build_carriers(
    smtp_url: str, smtp_from: str, sms_url: str, sms_from: str, public_url: str, secret: bytes
) -> list[Carrier]:
    """The carriers whose URLs are set, e-mail first. Without `public_url` no SMS delivery reports are asked for.

    Raises:
        ValueError: beginning with the name of the setting that is wrong, and holding none of its value.
    """
    carriers: list[Carrier] = []
    if smtp_url and not smtp_from:
        raise ValueError("smtp_from: is needed with smtp_url")
    if public_url and (sms_url or smtp_url):
        _named("public_url", lambda: _public(public_url))
    if smtp_url:
        _named("smtp_from", lambda: sender_of(smtp_from))
        carriers.append(_named("smtp_url", lambda: SmtpCarrier(smtp_url, smtp_from)))
    if sms_url:
        _named("sms_from", lambda: check_sender(sms_from))
        carriers.append(_named("sms_url", lambda: SmsCarrier(sms_url, sms_from, public_url=public_url, secret=secret)))
    return carriers


def _named(setting: str, build: Callable[[], C]) -> C:
    try:
        return build()
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def _public(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c in url for c in "%?# "):
        raise ValueError("must be an http(s):// address without %, ? and #")
