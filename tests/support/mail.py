"""Mail servers for tests: a real one (aiosmtpd) that answers as told, and a scripted one that breaks off where told."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "shop", "p@ss word"


class MailServer:
    """What a mail server was given, and what it answers: `replies` by stage (sender, recipient, text).

    A reply may be a function that gets the server's side of the connection.
    """

    def __init__(self) -> None:
        self.replies: dict[str, str | Callable[[SMTP], str]] = {}
        self.delay = 0.0
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.recipients_asked: list[str] = []
        self.encrypted: list[bool] = []
        self.url = ""

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        reply = self._reply("sender", server)
        if reply.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self.recipients_asked.append(address)
        reply = self._reply("recipient", server)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)  # it has the letter from here on, whoever hears of it
        self.encrypted.append(session.ssl is not None)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        await asyncio.sleep(self.delay)
        return self._reply("text", server)

    def _reply(self, stage: str, server: SMTP) -> str:
        reply = self.replies.get(stage, "250 OK")
        return reply(server) if callable(reply) else reply


@contextlib.contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any) -> Iterator[MailServer]:
    """A mail server on a free port; `tls` offers STARTTLS, or with `implicit` speaks nothing else."""
    server = MailServer()
    given: dict[str, Any] = {"ssl_context": tls} if implicit else {"tls_context": tls}
    controller = Controller(server, hostname="127.0.0.1", port=0, **given, **options)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        controller.port = probe.getsockname()[1]
    controller.start()
    server.url = f"{'smtps' if implicit else 'smtp'}://127.0.0.1:{controller.port}"
    try:
        yield server
    finally:
        controller.stop()


def knows_the_user(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Lets USER in with PASSWORD."""
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)  # the server itself answers


@contextlib.contextmanager
def scripted_server(script: Callable[[socket.socket], None]) -> Iterator[str]:
    """Runs `script` on each connection in a thread of its own; yields the server's URL."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(10)
                    script(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def up_to_data(connection: socket.socket, features: str = "", go_ahead: bytes = b"354 go on\r\n") -> list[str]:
    """Speaks SMTP up to and with the go-ahead for the text; returns the commands it was given."""
    lines = connection.makefile("rb")
    connection.sendall(b"220 ready\r\n")
    given = []
    for line in lines:
        given.append(line.decode().strip())
        if given[-1].upper().startswith("EHLO"):
            lines_of = ["250-hello", *(f"250-{feature}" for feature in features.split()), "250 HELP", ""]
            connection.sendall("\r\n".join(lines_of).encode())
        elif given[-1] == "DATA":
            connection.sendall(go_ahead)
            break
        else:
            connection.sendall(b"250 OK\r\n")
    return given


def up_to_dot(connection: socket.socket) -> None:
    """Reads the text of a mail and its final dot."""
    read = b""
    while not read.endswith(b"\r\n.\r\n") and (more := connection.recv(65_536)):
        read = read[-5:] + more


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate made by ourselves for 127.0.0.1: the server's context, and that of a client who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(public, private)
    return serving, ssl.create_default_context(cafile=str(public))
