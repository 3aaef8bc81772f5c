"""What carriers tell later: SMS delivery reports and bounced e-mails become Reports, for notifications to record."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from tools.connectors.carrier import Report
from tools.connectors.mail_codes import failure_code

SMS_REPORTS = "/v1/delivery-reports/sms"
MAX_MAIL = 2 * 1024 * 1024  # bytes; what matters in a bounce stands in its first few
_REF = re.compile(r"sms-[0-9a-f]{32}")
_MESSAGE_ID = re.compile(r"<([0-9a-f]{32}@[A-Za-z0-9.-]{1,253})>")
_ENVELOPE_ID = re.compile(r"[0-9a-f]{32}@[A-Za-z0-9.-]{1,253}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_STAT = re.compile(r"stat:([A-Z]{3,10})", re.IGNORECASE)  # in the receipts of SMPP 3.4, appendix B
# Kannel's bits: 1 delivered to the phone, 2 not, 4 the SMSC waits, 8 the SMSC took it, 16 the SMSC refused it.
_ACCEPTED, _DELIVERED, _FAILED, _REFUSED = ("4", "8"), "1", "2", "16"
_BY_STAT = {"EXPIRED": "expired", "REJECTD": "refused", "DELETED": "refused"}
_ACTIONS = {"failed": "failed", "delivered": "delivered", "relayed": "accepted", "expanded": "accepted"}


def sms_report_url(public_url: str, ref: str, secret: bytes) -> str:
    """Where the gateway is to report on the message `ref`; %d, %A and %T are filled in by the gateway.

    Raises:
        ValueError: when `public_url` has a `%` or a query: the gateway would read the first as one of its own.
    """
    if "%" in public_url or "?" in public_url or "#" in public_url:
        raise ValueError("must have no %, ? or #")
    base = public_url.rstrip("/") + SMS_REPORTS
    return f"{base}?ref={ref}&type=%d&smsc-reply=%A&at=%T&t={_signature(ref, secret)}"


def verify_sms_report(query: Mapping[str, str], secret: bytes) -> bool:
    """Whether this report's address is one that we gave out for its message."""
    given = query.get("t", "")
    return given.isascii() and hmac.compare_digest(given, _signature(query.get("ref", ""), secret))


def parse_sms_report(query: Mapping[str, str]) -> Report:
    """A delivery report's query, as `sms_report_url` laid it out; verify it first.

    A message gets several, not always in order: `accepted` may come after `delivered`. Codes of failed ones:
    `undelivered`, `expired`, `number_unknown`, `refused`.

    Raises:
        ValueError: naming the parameter that is wrong.
    """
    ref, kind, reply = query.get("ref", ""), query.get("type", ""), query.get("smsc-reply", "")
    if not _REF.fullmatch(ref):
        raise ValueError("ref: none of our messages")
    at = _moment(query.get("at", ""))
    if kind == _DELIVERED:
        return Report(ref, "delivered", at=at)
    if kind in _ACCEPTED:
        return Report(ref, "accepted", at=at)
    if kind == _FAILED:
        found = _STAT.search(reply)
        return Report(ref, "failed", _BY_STAT.get(found.group(1).upper() if found else "", "undelivered"), at)
    if kind == _REFUSED:
        # SMPP's ESME_RINVDSTADR, as Kannel spells it; all else in a reply may hold the text of the message.
        unknown = "0x0000000b" in reply.lower() or "invalid dest" in reply.lower()
        return Report(ref, "failed", "number_unknown" if unknown else "refused", at)
    raise ValueError("type: must be 1, 2, 4, 8 or 16")


def parse_bounce(raw: bytes) -> list[Report]:
    """The reports in a returned e-mail (RFC 3464), matched by the Message-ID of what was sent.

    A final failure is `failed` with a code of `mail_codes.failure_code`, arrival is `delivered`, a mere delay gives
    nothing, and so does anything that is no report on a letter of ours: out-of-office notes, spam, garbage.
    """
    try:
        mail = message_from_bytes(raw[:MAX_MAIL])
        parts = list(mail.walk())
        if not any(part.get_content_type() == "multipart/report" for part in parts):
            return []
        ref = _original(parts)
        found = [report for part in parts for report in _told(part, ref, _when(mail.get("Date")))] if ref else []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # what the e-mail package can't read is garbage
    return list(dict.fromkeys(found))


def _told(part: Message, ref: str, sent_at: datetime | None) -> Iterator[Report]:
    """What one part of a bounce says of each recipient; nothing when it isn't that part."""
    if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
        return
    for block in _blocks(part):
        action = str(block.get("Action", "")).split(";")[0].strip().lower()
        status = _STATUS.search(str(block.get("Status", "")))
        at = _when(block.get("Last-Attempt-Date")) or sent_at
        if action not in _ACTIONS:
            continue
        if action == "failed":
            yield Report(ref, "failed", failure_code(status.group() if status else "", _reply(block)), at)
        elif action == "delivered":
            yield Report(ref, "delivered", at=at)
        else:
            yield Report(ref, "accepted", at=at)


def _original(parts: list[Message]) -> str:
    """The Message-ID of the letter that came back: of the headers in the report, else the envelope's id."""
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            inner: Any = part.get_payload()
            texts = [str(one.get("Message-ID", "")) for one in inner[:1]] if isinstance(inner, list) else []
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            texts = [_header_of(part)]
        else:
            continue
        if found := next(filter(None, map(_MESSAGE_ID.search, texts)), None):
            return f"<{found.group(1)}>"
    envelopes = (str(block.get("Original-Envelope-Id", "")) for part in parts for block in _blocks(part))
    found = next(filter(None, map(_ENVELOPE_ID.search, envelopes)), None)
    return f"<{found.group()}>" if found else ""


def _header_of(part: Message) -> str:
    """The Message-ID in a part that holds the returned letter's headers as text."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        nested: Any = part.get_payload()
        return str(nested[0].get("Message-ID", "")) if isinstance(nested, list) and nested else ""
    return str(message_from_bytes(content.lstrip()).get("Message-ID", ""))


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload() if part.get_content_type().endswith("delivery-status") else []
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _reply(block: Message) -> int:
    """The SMTP reply in `Diagnostic-Code: smtp; 550 …`, 0 without one."""
    found = re.match(r"\s*smtp\s*;\s*([245]\d\d)\b", str(block.get("Diagnostic-Code", "")), re.IGNORECASE)
    return int(found.group(1)) if found else 0


def _when(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _moment(text: str) -> datetime | None:
    """Seconds since 1970 as Kannel writes them."""
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{9,10}", text) else None


def _signature(ref: str, secret: bytes) -> str:
    return hmac.new(secret, b"sms-report:" + ref.encode(), hashlib.sha256).hexdigest()[:40]
