"""The `smtp` carrier: one e-mail in one SMTP session, with a known answer to whether the server took it."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tools.connectors.carrier import Letter
from tools.connectors.mail import Composed, MailAddress, address_of, compose, message_id, sender_of
from tools.connectors.mail_codes import Stage, outcome_of, reply_text
from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown

Tls = Literal["implicit", "required", "offered", "off"]
CONNECT_TIMEOUT, TOTAL_TIMEOUT = 10.0, 60.0  # seconds: one address; all up to the final dot, then what follows
CONFIGURED_WRONG = 900.0  # seconds until a server that refuses us, not the letter, is asked again
AGAIN = 60.0
_OPTIONS = ("starttls", "return_path", "receipts")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SmtpServer(msgspec.Struct, frozen=True):
    """Where mail goes. `receipts`: ask for reports of delivery too, not only of failure (RFC 3461)."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""
    return_path: MailAddress | None = None
    receipts: bool = False


def server_of(url: str) -> SmtpServer:
    """Reads `smtp://user:password@host:587` or `smtps://…:465`.

    Options in its query: `starttls=required|offered|off` (offered; required where a password would travel through
    a network), `return_path=` (the address bounces go to), `receipts=on`.

    Raises:
        ValueError: naming what is wrong, and nothing of the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("has no valid host or port (percent-encode special characters of a password)") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError("must begin with smtp:// or smtps://")
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must look like smtp://user:password@host:587")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii() or bool(user) != bool(password):
        raise ValueError("must have a user with a password, both in ASCII, or neither")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(options) - set(_OPTIONS):  # not named: it may be the rest of a password
        raise ValueError(f"has an unknown option; there are {', '.join(_OPTIONS)}")
    tls: str = "implicit"
    if parts.scheme == "smtp":
        tls = options.get("starttls") or ("required" if user and parts.hostname not in _LOOPBACK else "offered")
        if tls not in ("required", "offered", "off"):
            raise ValueError("option 'starttls' must be required, offered or off")
    elif "starttls" in options:
        raise ValueError("option 'starttls' belongs to smtp://; smtps:// is encrypted from the start")
    if options.get("receipts", "off") not in ("on", "off"):
        raise ValueError("option 'receipts' must be on or off")
    try:
        return_path = address_of(options["return_path"]) if options.get("return_path") else None
    except ValueError as error:
        raise ValueError(f"option 'return_path' {error}") from None
    return SmtpServer(
        parts.hostname, port or (587 if parts.scheme == "smtp" else 465), cast(Tls, tls), user, password,
        return_path, options.get("receipts") == "on",
    )  # fmt: skip


class SmtpCarrier:
    """E-mail over SMTP. Implements Carrier; each letter has a connection of its own.

    `sender`: `service@shop.example` or `Name <…>`. `tls`: what to verify certificates with; the system's authorities
    (and those in SSL_CERT_FILE) when not given. `unsubscribe`: the link of a letter that ends such letters.

    Raises:
        ValueError: naming what is wrong with the URL or the sender.
    """

    channel = "email"
    name = "smtp"

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        tls: ssl.SSLContext | None = None,
        total_timeout: float = TOTAL_TIMEOUT,
        unsubscribe: Callable[[Letter], str | None] | None = None,
    ) -> None:
        self._server, self._sender = server_of(url), sender_of(sender)
        self._tls = cache(lambda: tls or ssl.create_default_context())  # reads the authorities' file: when needed
        self._total_timeout, self._unsubscribe = total_timeout, unsubscribe

    def provider_ref(self, letter: Letter) -> str:
        """Its Message-ID, with angle brackets."""
        return message_id(letter.key, self._sender.domain)

    def send(self, letter: Letter, committing: Callable[[], None]) -> Outcome:
        """Sends it; `committing` is called when all but the final dot was sent.

        Rejected: `invalid_address`, or what `mail_codes.failure_code` makes of the server's 5xx. Retryable:
        `unavailable`, `try_later`, and where our own settings are wrong `login_refused`, `sender_refused`,
        `tls_unavailable`, `tls_untrusted`. Unknown: the connection was lost after the dot.
        """
        link = self._unsubscribe(letter) if self._unsubscribe else None
        try:
            mail = compose(letter, self._sender, datetime.now(UTC), link)
        except ValueError as error:
            return rejected("invalid_address", str(error))
        session = _Session(self._server, self._tls, self._sender.domain, self._total_timeout)
        try:
            if failed := self._prepared(session, mail):
                return failed
            committing()
            return self._finished(session, mail)
        finally:
            session.close()  # without the dot the server throws away what it has

    def _prepared(self, session: _Session, mail: Composed) -> Outcome | None:
        """Everything up to the last line of the text; why it won't go, or None."""
        try:
            return session.begin() or session.envelope(mail, self._server, self._sender) or session.text(mail.wire)
        except ssl.SSLCertVerificationError as error:
            return retryable("tls_untrusted", CONFIGURED_WRONG, error.verify_message)
        except smtplib.SMTPAuthenticationError as error:
            return outcome_of("login", error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            return outcome_of("greeting", error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return retryable("unavailable", AGAIN, type(error).__name__)

    def _finished(self, session: _Session, mail: Composed) -> Outcome:
        """Sends the dot and hears what became of the letter."""
        session.allow(self._total_timeout)  # filters work now, and whoever committed may have waited
        try:
            session.raw(b".\r\n")
        except TimeoutError:
            return unknown("no room to send the final dot")
        except OSError as error:  # not a byte of it left this machine
            return retryable("unavailable", AGAIN, type(error).__name__)
        try:
            code, reply = session.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return unknown(f"{type(error).__name__} after the final dot", "no_answer")
        if 400 <= code <= 599:
            return outcome_of("text", code, reply)
        if not 200 <= code <= 299:
            return unknown(reply_text(reply), "bad_answer")
        session.leave()
        return ok({"provider_ref": mail.message_id}, status=code)


class _Session(smtplib.SMTP):
    """One SMTP connection that ends in time, however slowly the other side drips."""

    def __init__(
        self, server: SmtpServer, tls: Callable[[], ssl.SSLContext], our_name: str, total_timeout: float
    ) -> None:
        super().__init__(local_hostname=our_name, timeout=min(CONNECT_TIMEOUT, total_timeout))
        self._server, self._tls = server, tls
        self._host: str = server.host  # whom the certificate must name
        self._ends_at = time.monotonic() + total_timeout
        self._heard = _Lines(self)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = socket.create_connection((host, port), timeout)
        if self._server.tls != "implicit":
            return connected
        return self._tls().wrap_socket(connected, server_hostname=host)

    def begin(self) -> Outcome | None:
        """Connects, says hello, encrypts and logs in, as the server's settings say."""
        server = self._server
        code, reply = self.connect(server.host, server.port)
        if code != 220:
            return outcome_of("greeting", code, reply)
        self.ehlo_or_helo_if_needed()
        if server.tls == "required" or (server.tls == "offered" and self.has_extn("starttls")):
            if not self.has_extn("starttls"):
                return retryable("tls_unavailable", CONFIGURED_WRONG, "the server offers no STARTTLS")
            self.starttls(context=self._tls())
            self.ehlo_or_helo_if_needed()
        if server.user:
            try:
                self.login(server.user, server.password)
            except smtplib.SMTPException as error:
                if type(error) not in (smtplib.SMTPNotSupportedError, smtplib.SMTPException):
                    raise
                return retryable("login_refused", CONFIGURED_WRONG, "the server offers no login that we know")
        return None

    def envelope(self, mail: Composed, server: SmtpServer, sender: MailAddress) -> Outcome | None:
        """MAIL, RCPT and DATA up to the server's go-ahead."""
        if mail.utf8 and not self.has_extn("smtputf8"):
            return rejected("address_unsupported", "the server has no SMTPUTF8")
        reports = self.has_extn("dsn")
        options = [f"SIZE={len(mail.wire)}"] if self.has_extn("size") else []
        options += ["SMTPUTF8"] if mail.utf8 else []
        options += ["RET=HDRS", f"ENVID={mail.message_id.strip('<>')}"] if reports else []
        wanted = [f"NOTIFY={'SUCCESS,' if server.receipts else ''}FAILURE"] if reports else []
        self.command_encoding = "utf-8" if mail.utf8 else "ascii"
        back = (server.return_path or sender).spec
        steps: list[tuple[Stage, str, int]] = [
            ("sender", " ".join([f"MAIL FROM:<{back}>", *options]), 250),
            ("recipient", " ".join([f"RCPT TO:<{mail.to.spec}>", *wanted]), 250),
            ("text", "DATA", 354),
        ]
        for stage, command, wanted_code in steps:
            code, reply = self.docmd(command)
            if code != wanted_code and not (wanted_code == 250 and code == 251):
                return outcome_of(stage, code, reply)
        return None

    def text(self, wire: bytes) -> Outcome | None:
        """The letter without its final dot; an outcome when the server has given up meanwhile."""
        self.raw(wire)
        sock = self._connected()
        sock.settimeout(0)
        early = self._heard.buffer  # of a server that waits for the dot there is nothing to read
        try:
            early += sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            if not early:
                return None
        return retryable("unavailable", AGAIN, reply_text(early) or "the server hung up")

    def raw(self, data: bytes) -> None:
        """Sends bytes as they are; OSError when they can't be sent."""
        sock = self._connected()
        sock.settimeout(self.remaining())
        sock.sendall(data)

    def leave(self) -> None:
        """Says goodbye, without waiting long for an answer."""
        self.allow(1.0)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.quit()

    def allow(self, seconds: float) -> None:
        """From now it may last this long."""
        self._ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; TimeoutError when there are none."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this letter is over")
        return left

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:  # at the start, and again when it is encrypted
            self.file = self._heard = _Lines(self)
        return super().getreply()

    def send(self, s: Any) -> None:
        self._connected().settimeout(self.remaining())
        super().send(s)

    def _connected(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self.sock


class _Lines:
    """Reads a session's lines as smtplib wants them: a time-out for the whole, where a file has one per read."""

    def __init__(self, session: _Session) -> None:
        self._session, self.buffer = session, b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self.buffer and len(self.buffer) < limit:
            sock = self._session._connected()
            sock.settimeout(self._session.remaining())
            if not (more := sock.recv(4096)):
                break
            self.buffer += more
        end = min(self.buffer.find(b"\n") + 1 or len(self.buffer), limit)
        line, self.buffer = self.buffer[:end], self.buffer[end:]
        return line

    def close(self) -> None:
        self.buffer = b""
