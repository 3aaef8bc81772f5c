"""The `sms` carrier: text messages through a gateway's HTTP interface, as Kannel's sendsms; called by notifications."""

from __future__ import annotations

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx

from tools.connectors.carrier import Letter, whole_text
from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown
from tools.connectors.reports import sms_report_url

CONNECT_TIMEOUT, TOTAL_TIMEOUT = 5.0, 20.0  # seconds
CONFIGURED_WRONG, AGAIN = 900.0, 60.0  # seconds until it is sent again
MAX_SEGMENTS = 10  # longer ones cost more than they tell, and gateways cut them off silently
MAX_ANSWER = 65_536  # bytes
DLR_MASK = 31  # delivered, failed, buffered, taken by the SMSC, refused by it

# GSM 03.38: one septet each, and those behind the escape, two each.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("^{}\\[~]|€\f")
_OURS = frozenset({"from", "to", "text", "charset", "coding", "dlr-mask", "dlr-url"})
# Countries whose mobile numbers are told from others for certain; of the rest only the length is checked.
_MOBILE = {"86": re.compile(r"861[3-9]\d{9}"), "1": re.compile(r"1[2-9]\d{2}[2-9]\d{6}")}
# What is dialled before a number at home; an empty one: a leading zero belongs to the number.
_TRUNK = {"1": "1", "7": "8", "36": "06", "39": "", "378": "", "225": "", "242": ""}
_CODE = re.compile(r"[1-9]\d{0,2}")


class SmsCarrier:
    """SMS over HTTP. Implements Carrier; thread-safe.

    `url` is the gateway's sendsms address with its `username` and `password` (and anything else it wants, `smsc=…`)
    in the query; a `country=86` there is ours: the calling code of numbers without one. `sender` is a number or a
    name. Delivery reports come back to `public_url`, signed with `secret`; without it none are asked for.

    Raises:
        ValueError: naming what is wrong, and nothing of the URL.
    """

    channel = "sms"
    name = "sms"

    def __init__(
        self, url: str, sender: str, *, public_url: str = "", secret: bytes = b"", total_timeout: float = TOTAL_TIMEOUT
    ) -> None:
        self._url, options = _address(url)
        self._country = options.pop("country", "")
        if self._country and not _CODE.fullmatch(self._country):
            raise ValueError("option 'country' must be a calling code, as 86")
        if taken := sorted(_OURS & set(options)):
            raise ValueError(f"must not set {taken[0]!r}: that is for each message")
        check_sender(sender)
        if public_url and not secret:
            raise ValueError("delivery reports need a secret to sign with")
        self._options, self._sender, self._public_url, self._secret = options, sender, public_url, secret
        self._total_timeout = total_timeout
        # Below httpx.Client: that one logs every address, and ours holds the password and the number.
        # A new connection each time: on a kept one that ends meanwhile nobody knows whether the request arrived.
        self._transport = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def close(self) -> None:
        """Ends its connections."""
        self._transport.close()

    def provider_ref(self, letter: Letter) -> str:
        """Our own id, which the delivery reports bring back."""
        return f"sms-{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}"

    def send(self, letter: Letter, committing: Callable[[], None]) -> Outcome:
        """Sends it; `committing` is called right before the request.

        Rejected: `invalid_address`, `too_long`, `empty`, or `refused` by the gateway. Retryable: `unavailable`, and
        where our own settings are wrong `login_refused`, `wrong_url`. Unknown: no whole answer to what was sent.
        """
        try:
            to = phone_of(letter.to, self._country)
        except ValueError as error:
            return rejected("invalid_address", str(error))
        text = sendable(whole_text(letter))
        if not text:
            return rejected("empty", "there is no text")
        if (count := segments(text)) > MAX_SEGMENTS:
            return rejected("too_long", f"{count} segments; at most {MAX_SEGMENTS} are sent")
        request = self._request(letter, to, text)
        committing()
        try:
            status, body = self._exchange(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return retryable("unavailable", AGAIN, type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            return unknown(f"{type(error).__name__} after the request", "no_answer")
        return self._meant(status, body, letter)

    def _request(self, letter: Letter, to: str, text: str) -> httpx.Request:
        query = self._options | {"to": to, "text": text, "charset": "UTF-8"}
        if self._sender:
            query["from"] = self._sender
        if not is_gsm(text):
            query["coding"] = "2"
        if self._public_url:
            query["dlr-mask"] = str(DLR_MASK)
            query["dlr-url"] = sms_report_url(self._public_url, self.provider_ref(letter), self._secret)
        within = {"connect": CONNECT_TIMEOUT, "read": self._total_timeout, "write": CONNECT_TIMEOUT, "pool": 5.0}
        return httpx.Request("GET", self._url, params=query, extensions={"timeout": within})

    def _exchange(self, request: httpx.Request) -> tuple[int, str]:
        ends_at = time.monotonic() + self._total_timeout
        response = self._transport.handle_request(request)
        try:
            body = b""
            for chunk in response.iter_raw():
                body += chunk
                if time.monotonic() > ends_at:
                    raise TimeoutError("no whole answer in time")
                if len(body) > MAX_ANSWER:
                    break
        finally:
            response.close()
        return response.status_code, body[:MAX_ANSWER].decode("utf-8", "replace").strip()

    def _meant(self, status: int, body: str, letter: Letter) -> Outcome:
        """What the gateway's answer means; its words are kept out, they may name the number."""
        if 200 <= status <= 299:
            # Kannel's 202 `0: Accepted for delivery` and `3: Queued for later delivery`.
            return ok({"provider_ref": self.provider_ref(letter), "queued": body.startswith("3:")}, status=status)
        if status in (401, 403) or "authorization failed" in body.lower():
            return retryable("login_refused", CONFIGURED_WRONG, f"HTTP {status}", status)
        if status in (404, 405, 410) or 300 <= status <= 399:
            return retryable("wrong_url", CONFIGURED_WRONG, f"HTTP {status}", status)
        if status in (408, 502, 504):  # a proxy's: what is behind it may have taken the message
            return unknown(f"HTTP {status}", "no_answer", status)
        if status in (425, 429) or status >= 500:
            return retryable("unavailable", AGAIN, f"HTTP {status}", status)
        return rejected("refused", f"HTTP {status}", status)


def check_sender(sender: str) -> None:
    """Whether messages can come from this: a number, a name, or nothing where the gateway has its own.

    Raises:
        ValueError: when they can't.
    """
    if sender and not re.fullmatch(r"\+?[0-9]{3,15}|[\x20-\x7e]{1,11}", sender):
        raise ValueError("must be a number, or a name of at most 11 characters")


def phone_of(text: str, country: str = "") -> str:
    """A phone number as E.164, `+8613800138000`; `country` is the calling code of numbers without one.

    Blanks, hyphens, dots, brackets and full-width digits are understood; `00` is the `+` of abroad.

    Raises:
        ValueError: it is none, can't receive SMS (a land line, where that shows), or names no country.
    """
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text):
        raise ValueError("has a line break or control character")
    plain = unicodedata.normalize("NFKC", text).replace("(0)", "")
    plain = re.sub(r"[\s().\-\u2010-\u2015\u2212]", "", plain)
    if not re.fullmatch(r"\+?[0-9]{5,20}", plain):
        raise ValueError("is no phone number")
    if plain.startswith("+"):
        digits = plain[1:]
    elif plain.startswith("00"):
        digits = plain[2:]
    elif country in _MOBILE and _MOBILE[country].fullmatch(plain):  # its own calling code, only the + is missing
        digits = plain
    elif country:
        digits = country + plain.removeprefix(_TRUNK.get(country, "0"))
    else:
        raise ValueError("has no country code")
    return f"+{_checked(digits)}"


def _checked(digits: str) -> str:
    if not re.fullmatch(r"[1-9]\d{7,14}", digits):  # E.164; the shortest in use have 8
        raise ValueError("is no phone number")
    for code, mobile in _MOBILE.items():
        if digits.startswith(code) and not mobile.fullmatch(digits):
            raise ValueError("is no mobile number")
    return digits


def sendable(text: str) -> str:
    """The text without control characters (line breaks stay) and blanks around it."""
    lines = "\n".join(text.splitlines())
    return "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def is_gsm(text: str) -> bool:
    """Whether the GSM alphabet has every character of it, so that 160 and not 70 fit into a segment."""
    return all(c in _GSM or c in _GSM_ESCAPED for c in text)


def segments(text: str) -> int:
    """How many SMS it takes (and costs): 160 septets or 70 UTF-16 units in one, 153 or 67 in each of several."""
    gsm = is_gsm(text)
    sizes = [(2 if c in _GSM_ESCAPED else 1) if gsm else (2 if ord(c) > 0xFFFF else 1) for c in text]
    single, each = (160, 153) if gsm else (70, 67)
    if sum(sizes) <= single:
        return 1
    count, room = 1, each
    for size in sizes:  # neither an escaped character nor a surrogate pair is cut in two
        if size > room:
            count, room = count + 1, each
        room -= size
    return count


def _address(url: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(url)
        bare = urlunsplit((parts.scheme, parts.netloc, parts.path or "/cgi-bin/sendsms", "", ""))
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        httpx.URL(bare)
    except (ValueError, httpx.InvalidURL):
        valid = False
    if not valid or parts.fragment or parts.username:
        raise ValueError("must look like http://host:13013/cgi-bin/sendsms?username=…&password=…")
    return bare, dict(parse_qsl(parts.query, keep_blank_values=True))
