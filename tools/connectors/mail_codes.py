"""What a mail server's refusal means: SMTP replies for the `smtp` carrier, and statuses in bounces for reports."""

from __future__ import annotations

import re
from typing import Literal

from knowledge.vocabulary.personal import mask_text
from tools.connectors.outcome import Outcome, rejected, retryable

Stage = Literal["greeting", "login", "sender", "recipient", "text"]

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
_CONFIGURED_WRONG, _LATER, _SOON = 900.0, 300.0, 60.0  # seconds; five minutes get past most greylists
_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954
# By RFC 3463's subject and detail; whether it is for good says the class before them.
_BY_STATUS = {
    "1.0": "mailbox_unknown", "1.1": "mailbox_unknown", "1.2": "domain_unknown", "1.3": "invalid_address",
    "1.4": "invalid_address", "1.6": "mailbox_unknown", "1.10": "domain_unknown",
    "2.0": "mailbox_unknown", "2.1": "mailbox_disabled", "2.2": "mailbox_full", "2.3": "too_large",
    "3.4": "too_large", "4.4": "domain_unknown", "4.6": "undeliverable", "4.7": "expired",
    "6.7": "address_unsupported",
}  # fmt: skip
_BY_SUBJECT = {"1": "invalid_address", "2": "mailbox_disabled", "4": "undeliverable", "6": "content_refused"}
_BY_REPLY = {
    551: "mailbox_unknown", 552: "mailbox_full", 553: "invalid_address", 550: "mailbox_unknown", 556: "domain_unknown",
}  # fmt: skip


def failure_code(status: str, reply: int = 0) -> str:
    """Our code for an enhanced status (`5.1.1`, may be empty) or, failing that, an SMTP reply to RCPT.

    mailbox_unknown, mailbox_disabled, mailbox_full, domain_unknown, invalid_address, address_unsupported, too_large,
    content_refused, expired, undeliverable, or `refused` for all else.
    """
    _, _, detail = status.partition(".")
    if detail and detail != "0.0":
        return _BY_STATUS.get(detail) or _BY_SUBJECT.get(detail.split(".")[0], "refused")
    return _BY_REPLY.get(reply, "refused")


def outcome_of(stage: Stage, code: int, reply: bytes | str) -> Outcome:
    """What an SMTP reply that is no success means for the letter, by what it answered."""
    text = reply_text(reply)
    found = _ENHANCED.match(text)
    status = found.group(1) if found else ""
    if code in _LOGIN or (stage == "login" and code >= 500):
        return retryable("login_refused", _CONFIGURED_WRONG, text, code)
    if stage in ("greeting", "login") or code == 421:  # it refuses us, not the letter
        return retryable("unavailable", _LATER if code >= 500 else _SOON, text, code)
    if not 500 <= code <= 599:
        full = stage == "recipient" and (status == "4.2.2" or code == 452)
        return retryable("mailbox_full" if full else "try_later", _LATER, text, code)
    meant = failure_code(status, code if stage == "recipient" else 0)
    if stage != "recipient" and code == 552:
        meant = "too_large"
    if stage == "sender" and meant != "too_large":
        return retryable("sender_refused", _CONFIGURED_WRONG, text, code)
    return rejected(meant, text, code)


def reply_text(reply: bytes | str) -> str:
    """A server's words on one line, short, without addresses."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return mask_text(" ".join(text.split()))[:200]
