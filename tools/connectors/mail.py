"""Mail: composes a letter as an e-mail that nothing in it can break out of, for the `smtp` carrier."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

import msgspec

from tools.connectors.carrier import Letter, whole_text

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+")  # RFC 5321 Atom with RFC 6531's UTF-8
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LINK = re.compile(r"https?://[^\s<>\"'，。；！？、（）「」《》【】]+")
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")  # printable ASCII without blanks and angle brackets
_SENDER = re.compile(r'(?P<name>"[^"<>]*"|[^"<>,;]*?) *<(?P<spec>[^<>]+)>')
_NO_SUBJECT = {"zh-CN": "关于您的订单", "en": "About your order"}


class MailAddress(msgspec.Struct, frozen=True):
    """One e-mail address; `domain` is ASCII (IDNA), `local` may need SMTPUTF8."""

    local: str
    domain: str
    name: str = ""

    @property
    def spec(self) -> str:
        """As it stands in an envelope, without angle brackets."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()


class Composed(msgspec.Struct, frozen=True):
    """An e-mail ready for DATA: `wire` is dot-stuffed, ends in CRLF and lacks the final dot."""

    to: MailAddress
    message_id: str
    wire: bytes
    utf8: bool


def address_of(text: str) -> MailAddress:
    """One bare e-mail address, or an error: a list, a display name, a line break, a blank are none.

    Raises:
        ValueError: without the address in its text.
    """
    local, _, domain = text.rpartition("@")
    if not all(map(_ATOM.fullmatch, local.split("."))) or any(unicodedata.category(c)[0] in "CZ" for c in local):
        raise ValueError("is no e-mail address")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("has no valid domain") from None
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise ValueError("has no valid domain")
    if len(local.encode()) > 64 or len(domain) > 253:
        raise ValueError("is too long")
    return MailAddress(local, domain)


def sender_of(text: str) -> MailAddress:
    """`service@shop.example` or `Our shop <service@shop.example>`.

    Raises:
        ValueError: naming what is wrong.
    """
    if not _printable(text):
        raise ValueError("must be printable, on one line")
    found = _SENDER.fullmatch(text)
    address = address_of(found["spec"] if found else text)
    if address.needs_utf8:
        raise ValueError("must be an ASCII address")  # every reply and bounce has to reach it
    name = found["name"].strip().strip('"') if found else ""
    return MailAddress(address.local, address.domain, name)


def message_id(key: str, domain: str) -> str:
    """The same for the same key, for ever: `<32 hex digits@domain>`; tells nothing of the key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def compose(letter: Letter, sender: MailAddress, now: datetime, unsubscribe: str | None = None) -> Composed:
    """A letter as plain text and HTML; `unsubscribe` is the link that ends such mails (ASCII).

    Raises:
        ValueError: when `to` is no address.
    """
    to = address_of(letter.to)
    clean = _cleaned(letter)
    mail = EmailMessage(policy=SMTPUTF8 if to.needs_utf8 else SMTP)
    mail["Message-ID"] = message_id(letter.key, sender.domain)
    mail["Date"] = format_datetime(now)
    mail["From"] = Address(sender.name, sender.local, sender.domain)
    mail["To"] = Address("", to.local, to.domain)
    mail["Subject"] = clean.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # Exchange's; bounces still come
    plain = whole_text(clean) + "\n"
    # Neither has lines too long or bytes beyond ASCII, so the mail needs no 8BITMIME.
    encoding = "quoted-printable" if sum(not c.isascii() for c in plain) * 6 < len(plain) else "base64"
    mail.set_content(plain, charset="utf-8", cte=encoding)
    mail.add_alternative(html_of(clean), subtype="html", charset="utf-8", cte=encoding)
    mail["Content-Language"] = letter.language
    wire = re.sub(rb"(?m)^\.", b"..", mail.as_bytes())
    if unsubscribe and _URL.fullmatch(unsubscribe):  # as it is: folding would encode a long one
        wire = b"List-Unsubscribe: <" + unsubscribe.encode() + b">\r\n" + wire
    return Composed(to, str(mail["Message-ID"]), wire if wire.endswith(b"\r\n") else wire + b"\r\n", to.needs_utf8)


def html_of(letter: Letter) -> str:
    """The letter as a small page: paragraphs, links, and the choices as a list; everything else is escaped."""
    paragraphs = [part for part in re.split(r"\n{2,}", letter.text.strip()) if part]
    body = "".join(f"<p>{_linked(part)}</p>\n" for part in paragraphs)
    if letter.choices:
        items = "".join(f"<li>{html.escape(choice['label'])}</li>" for choice in letter.choices)
        body += f"<ol>{items}</ol>\n"
    return (
        f'<!doctype html>\n<html lang="{html.escape(letter.language)}">\n<head><meta charset="utf-8">'
        f"<title>{html.escape(letter.subject or '')}</title></head>\n<body>\n{body}</body>\n</html>\n"
    )


def _linked(text: str) -> str:
    """Escaped text; what looks like a web address becomes a link, its closing punctuation stays outside."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        shown = found.group().rstrip(".,;:!?)]}")
        url = html.escape(shown)
        parts += [html.escape(text[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.start() + len(shown)
    return "".join([*parts, html.escape(text[end:])]).replace("\n", "<br>\n")


def _cleaned(letter: Letter) -> Letter:
    """The letter without control characters; its subject on one line, and never empty."""
    subject = _plain(" ".join((letter.subject or "").split())) or _NO_SUBJECT.get(letter.language, _NO_SUBJECT["en"])
    choices = [{"id": c["id"], "label": " ".join(_plain(c["label"]).split())} for c in letter.choices]
    text = _plain("\n".join(letter.text.splitlines()))
    return msgspec.structs.replace(letter, subject=subject, text=text, choices=choices)


def _plain(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _printable(text: str) -> bool:
    return text == _plain(text) and not any(c in text for c in "\n\t\u2028\u2029") and text.strip() == text
