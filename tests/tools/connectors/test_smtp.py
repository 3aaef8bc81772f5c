"""The smtp carrier against a real mail server: what it hands over, and what each answer and each break means."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.mail import (
    PASSWORD,
    USER,
    MailServer,
    knows_the_user,
    mail_server,
    make_certificate,
    scripted_server,
    up_to_data,
    up_to_dot,
)
from tools.connectors.carrier import Letter
from tools.connectors.smtp import SmtpCarrier, server_of

SENDER = "晨光商城 <service@shop.example>"
CHOICES = [{"id": "refund", "label": "退款"}, {"id": "wait", "label": "等待补货 <3 天>"}]
LETTER = Letter(
    "case-1:1:told", "li@mail.example", "您的订单 SO-1 已修复。\n\n.详情见 https://shop.example/o?a=1&b=2。",
    "zh-CN", "您的订单已恢复正常，无需再次付款；如有疑问请随时与我们联系，我们会尽快答复您", CHOICES,
)  # fmt: skip
NOTHING = Letter("k", "li@mail.example", "Repaired.", "en", "Your order")


class Committed:
    """Counts how often the carrier was about to commit."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with mail_server(enable_SMTPUTF8=True) as server:
        yield server


@pytest.fixture
def server(running: MailServer) -> MailServer:
    """A server that takes everything, and has got nothing yet."""
    running.__init__()  # type: ignore[misc]
    return running


@pytest.fixture(scope="module")
def url(running: MailServer) -> str:
    return running.url


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return make_certificate(Path(tmp_path_factory.mktemp("certificate")))


def test_a_chinese_letter_is_read_back_as_it_was_written(server: MailServer, url: str) -> None:
    carrier, committed = SmtpCarrier(url, SENDER), Committed()
    outcome = carrier.send(LETTER, committed)
    assert (outcome.kind, outcome.value, committed.times) == ("ok", {"provider_ref": carrier.provider_ref(LETTER)}, 1)
    [mail], [envelope] = server.mails, server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("service@shop.example", ["li@mail.example"])
    assert (mail["Subject"], mail["Message-ID"]) == (LETTER.subject, carrier.provider_ref(LETTER))
    assert (mail["From"].addresses[0].display_name, mail["To"]) == ("晨光商城", "li@mail.example")
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "zh-CN")
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == f"{LETTER.text}\n\n1. 退款\n2. 等待补货 <3 天>\n"
    html = page.get_content()
    assert '<a href="https://shop.example/o?a=1&amp;b=2">https://shop.example/o?a=1&amp;b=2</a>。' in html
    assert "<li>退款</li><li>等待补货 &lt;3 天&gt;</li>" in html


def test_the_same_letter_sent_twice_is_the_same_message(server: MailServer, url: str) -> None:
    for carrier in (SmtpCarrier(url, SENDER), SmtpCarrier(url, SENDER)):
        assert carrier.send(LETTER, Committed()).kind == "ok"
    assert SmtpCarrier(url, SENDER).send(NOTHING, Committed()).kind == "ok"
    first, second, other = (mail["Message-ID"] for mail in server.mails)
    assert first == second != other


@pytest.mark.parametrize(
    ("stage", "reply", "kind", "code"),
    [
        ("recipient", "550 5.1.1 <li@mail.example>: no such user", "rejected", "mailbox_unknown"),
        ("recipient", "550 who is that", "rejected", "mailbox_unknown"),
        ("recipient", "550 5.7.1 we don't like you", "rejected", "refused"),
        ("recipient", "552 5.2.2 over quota", "rejected", "mailbox_full"),
        ("recipient", "451 4.7.1 greylisted, come back", "retryable", "try_later"),
        ("recipient", "452 4.2.2 over quota", "retryable", "mailbox_full"),
        ("recipient", "421 4.3.2 shutting down", "retryable", "unavailable"),
        ("recipient", "530 5.7.0 authentication required", "retryable", "login_refused"),
        ("sender", "550 5.7.1 you may not send as this", "retryable", "sender_refused"),
        ("sender", "451 4.3.0 later", "retryable", "try_later"),
        ("text", "451 4.3.0 queue is full", "retryable", "try_later"),
        ("text", "421 4.3.2 shutting down", "retryable", "unavailable"),
        ("text", "550 5.7.1 looks like spam", "rejected", "refused"),
        ("text", "552 5.3.4 too much", "rejected", "too_large"),
        ("text", "554 transaction failed", "rejected", "refused"),
    ],
)
def test_each_answer_has_its_meaning(
    server: MailServer, url: str, stage: str, reply: str, kind: str, code: str
) -> None:  # fmt: skip
    server.replies[stage] = reply
    committed = Committed()
    outcome = SmtpCarrier(url, SENDER).send(NOTHING, committed)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert committed.times == (1 if stage == "text" else 0)
    assert (outcome.retry_after >= 60) == (kind == "retryable")
    assert "li@mail.example" not in outcome.detail


@pytest.mark.parametrize(
    "to",
    ["li@mail.example\r\nBcc: all@mail.example", "li@mail.example\n", "a@mail.example,b@mail.example",
     "Li <li@mail.example>", "li", "@mail.example", "li@", "li mail@mail.example", "li@mail..example", "",
     "li@mail.example>\r\nRCPT TO:<all@mail.example", "li@mail.example SIZE=1", "a..b@mail.example",
     "li\u3000@a.example"],
)  # fmt: skip
def test_what_is_no_single_address_never_reaches_the_server(server: MailServer, url: str, to: str) -> None:
    committed = Committed()
    outcome = SmtpCarrier(url, SENDER).send(Letter("k", to, "x", "en"), committed)
    assert (outcome.kind, outcome.code) == ("rejected", "invalid_address")
    assert (committed.times, server.recipients_asked) == (0, [])


def test_a_subject_cannot_add_a_header(server: MailServer, url: str) -> None:
    letter = Letter("k", "li@mail.example", "x\r\n.\r\nMAIL FROM:<x@y>", "en", "Order\r\nBcc: all@mail.example\x00")
    assert SmtpCarrier(url, SENDER).send(letter, Committed()).kind == "ok"
    [mail] = server.mails
    assert (mail["Subject"], mail["Bcc"]) == ("Order Bcc: all@mail.example", None)
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "\n.\n" in plain.get_content().replace("\r\n", "\n")


def test_when_it_commits_the_text_is_out_and_nothing_is_taken(server: MailServer, url: str) -> None:
    seen: list[int] = []
    SmtpCarrier(url, SENDER).send(NOTHING, lambda: seen.append(len(server.mails)))
    assert (seen, server.recipients_asked, len(server.mails)) == ([0], ["li@mail.example"], 1)


def test_who_fails_to_commit_has_sent_nothing(server: MailServer, url: str) -> None:
    def fail() -> None:
        raise KeyError("database gone")

    with pytest.raises(KeyError):
        SmtpCarrier(url, SENDER).send(NOTHING, fail)
    assert SmtpCarrier(url, SENDER).send(LETTER, Committed()).kind == "ok"  # the server is at rest again
    assert [mail["Message-ID"] for mail in server.mails] == [SmtpCarrier(url, SENDER).provider_ref(LETTER)]


def test_a_connection_lost_after_the_dot_leaves_it_unknown(server: MailServer, url: str) -> None:
    def hang_up(connection: object) -> str:
        connection.transport.abort()  # type: ignore[attr-defined]
        return "250 OK"

    server.replies["text"] = hang_up
    outcome = SmtpCarrier(url, SENDER).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code, len(server.mails)) == ("unknown", "no_answer", 1)


def test_a_server_that_takes_its_time_after_the_dot_leaves_it_unknown_in_time(server: MailServer, url: str) -> None:
    server.delay = 0.6
    before = time.monotonic()
    outcome = SmtpCarrier(url, SENDER, total_timeout=0.3).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code) == ("unknown", "no_answer")
    assert time.monotonic() - before < 0.6


def test_a_connection_lost_in_the_text_is_retried() -> None:
    def cut(connection: socket.socket) -> None:
        up_to_data(connection)
        connection.recv(100)  # the rest stays unread: the client's next bytes meet a reset

    committed = Committed()
    with scripted_server(cut) as url:
        outcome = SmtpCarrier(url, SENDER).send(Letter("k", "li@mail.example", "中" * 1_000_000, "en"), committed)
    assert (outcome.kind, outcome.code, committed.times) == ("retryable", "unavailable", 0)


def test_a_server_that_gives_up_before_the_dot_has_taken_nothing() -> None:
    def give_up(connection: socket.socket) -> None:
        up_to_data(connection)
        connection.recv(100)
        connection.sendall(b"421 4.4.2 that is too much\r\n")
        while connection.recv(65_536):  # the client can only end after it heard that
            pass

    committed = Committed()
    with scripted_server(give_up) as url:
        outcome = SmtpCarrier(url, SENDER).send(Letter("k", "li@mail.example", "中" * 1_000_000, "en"), committed)
    assert (outcome.kind, outcome.code, committed.times) == ("retryable", "unavailable", 0)
    assert outcome.detail == "421 4.4.2 that is too much"


def test_a_server_that_takes_its_go_ahead_back_at_once_gets_nothing() -> None:
    def hesitate(connection: socket.socket) -> None:
        up_to_data(connection, go_ahead=b"354 go on\r\n421 4.3.2 or no\r\n")
        connection.recv(65_536)

    committed = Committed()
    with scripted_server(hesitate) as url:
        outcome = SmtpCarrier(url, SENDER).send(NOTHING, committed)
    assert (outcome.kind, outcome.detail, committed.times) == ("retryable", "421 4.3.2 or no", 0)


def test_garbage_after_the_dot_is_no_answer() -> None:
    def babble(connection: socket.socket) -> None:
        up_to_data(connection)
        up_to_dot(connection)
        connection.sendall(b"hm?\r\n")

    with scripted_server(babble) as url:
        assert SmtpCarrier(url, SENDER).send(NOTHING, Committed()).kind == "unknown"


def test_a_server_that_drips_is_left_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        for _ in range(20):
            connection.sendall(b"2")
            time.sleep(0.05)

    before = time.monotonic()
    with scripted_server(drip) as url:
        outcome = SmtpCarrier(url, SENDER, total_timeout=0.3).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code) == ("retryable", "unavailable")
    assert time.monotonic() - before < 0.9


@pytest.mark.parametrize("greeting", [b"554 5.3.2 no service\r\n", b"421 busy\r\n", b"", b"HTTP/1.1 400 Bad\r\n"])
def test_a_server_that_lets_nobody_in_is_tried_again(greeting: bytes) -> None:
    with scripted_server(lambda connection: connection.sendall(greeting)) as url:
        outcome = SmtpCarrier(url, SENDER).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code) == ("retryable", "unavailable")


def test_where_nobody_listens_it_is_tried_again() -> None:
    with scripted_server(lambda connection: None) as url:
        pass
    outcome = SmtpCarrier(url, SENDER).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code) == ("retryable", "unavailable")


def test_reports_are_asked_for_where_the_server_can_give_them() -> None:
    given: list[list[str]] = []

    def take(connection: socket.socket) -> None:
        given.append(up_to_data(connection, "DSN SIZE"))
        up_to_dot(connection)
        connection.sendall(b"250 OK\r\n")

    with scripted_server(take) as url:
        carrier = SmtpCarrier(f"{url}?receipts=on&return_path=bounces@shop.example", SENDER)
        assert carrier.send(NOTHING, Committed()).kind == "ok"
    ref = carrier.provider_ref(NOTHING).strip("<>")
    [_, sender, recipient, _] = given[0]
    assert sender.startswith("MAIL FROM:<bounces@shop.example> SIZE=")
    assert sender.endswith(f" RET=HDRS ENVID={ref}")
    assert recipient == "RCPT TO:<li@mail.example> NOTIFY=SUCCESS,FAILURE"


def test_a_chinese_mailbox_goes_to_a_server_that_can(server: MailServer, url: str) -> None:
    letter = Letter("k", "李雷@例子.中国", "好", "zh-CN")
    assert SmtpCarrier(url, SENDER).send(letter, Committed()).kind == "ok"
    assert server.envelopes[0].rcpt_tos == ["李雷@xn--fsqu00a.xn--fiqs8s"]
    with mail_server(enable_SMTPUTF8=False) as old:
        outcome = SmtpCarrier(old.url, SENDER).send(letter, Committed())
    assert (outcome.kind, outcome.code) == ("rejected", "address_unsupported")


def test_starttls_is_used_where_offered_and_the_certificate_checked(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = contexts
    with mail_server(tls=serving) as server:
        assert SmtpCarrier(server.url, SENDER, tls=trusting).send(NOTHING, Committed()).kind == "ok"
        stranger = SmtpCarrier(server.url, SENDER).send(NOTHING, Committed())
        assert SmtpCarrier(f"{server.url}?starttls=off", SENDER).send(NOTHING, Committed()).kind == "ok"
    assert (stranger.kind, stranger.code, server.encrypted) == ("retryable", "tls_untrusted", [True, False])


def test_smtps_is_encrypted_from_the_start(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    serving, trusting = contexts
    with mail_server(tls=serving, implicit=True) as server:
        assert SmtpCarrier(server.url, SENDER, tls=trusting).send(NOTHING, Committed()).kind == "ok"
        assert SmtpCarrier(server.url, SENDER).send(NOTHING, Committed()).code == "tls_untrusted"
    assert len(server.mails) == 1


def test_where_encryption_is_required_a_server_without_it_gets_nothing(server: MailServer, url: str) -> None:
    outcome = SmtpCarrier(f"{url}?starttls=required", SENDER).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code, server.recipients_asked) == ("retryable", "tls_unavailable", [])


def test_a_login_opens_the_door_and_a_wrong_one_is_our_fault(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    serving, trusting = contexts
    with mail_server(tls=serving, authenticator=knows_the_user, auth_required=True) as server:
        for password, kind, code in ((PASSWORD, "ok", ""), ("wrong", "retryable", "login_refused")):
            url = server.url.replace("//", f"//{USER}:{quote(password, safe='')}@")
            outcome = SmtpCarrier(url, SENDER, tls=trusting).send(NOTHING, Committed())
            assert (outcome.kind, outcome.code) == (kind, code)
            assert password not in outcome.detail
        outcome = SmtpCarrier(server.url, SENDER, tls=trusting).send(NOTHING, Committed())
        assert (outcome.kind, outcome.code) == ("retryable", "login_refused")
    assert len(server.mails) == 1


def test_a_server_without_login_is_not_the_one_configured(server: MailServer, url: str) -> None:
    outcome = SmtpCarrier(url.replace("//", f"//{USER}:secret@"), SENDER).send(NOTHING, Committed())
    assert (outcome.kind, outcome.code) == ("retryable", "login_refused")


def test_a_login_in_no_way_we_know_is_our_fault() -> None:
    def offer(connection: socket.socket) -> None:
        up_to_data(connection, "AUTH=KERBEROS")

    with scripted_server(offer) as url:
        carrier = SmtpCarrier(url.replace("//", f"//{USER}:secret@"), SENDER)
        assert carrier.send(NOTHING, Committed()).code == "login_refused"


def test_who_takes_long_to_commit_still_sends(server: MailServer, url: str) -> None:
    outcome = SmtpCarrier(url, SENDER, total_timeout=0.4).send(NOTHING, lambda: time.sleep(0.45))
    assert (outcome.kind, len(server.mails)) == ("ok", 1)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, "offered", "", "")),
        ("smtp://u%40x:p%2Fw@mail.example:25", ("mail.example", 25, "required", "u@x", "p/w")),
        ("smtp://u:p@127.0.0.1:25", ("127.0.0.1", 25, "offered", "u", "p")),
        ("smtp://u:p@mail.example?starttls=off", ("mail.example", 587, "off", "u", "p")),
        ("smtps://u:p@mail.example", ("mail.example", 465, "implicit", "u", "p")),
    ],
)
def test_a_url_says_where_and_how(url: str, expected: tuple[str, int, str, str, str]) -> None:
    server = server_of(url)
    assert (server.host, server.port, server.tls, server.user, server.password) == expected


@pytest.mark.parametrize(
    "url",
    ["http://mail.example", "mail.example:587", "smtp://", "smtp://u:geheim/x@mail.example", "smtp://u:geheim@",
     "smtp://u:geheim@mail.example?tls=on", "smtps://u:geheim@mail.example?starttls=off", "smtp://:geheim@mail.example",
     "smtp://u:geheim@mail.example?starttls=maybe", "smtp://u:gehe密im@mail.example", "smtp://u:geheim@mail.example/x",
     "smtp://u:geheim@mail.example?return_path=nobody", "smtp://u:geheim@mail.example?receipts=1"],
)  # fmt: skip
def test_a_wrong_url_is_named_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        SmtpCarrier(url, SENDER)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("sender", ["", "shop", "a@b.example, c@d.example", "x\n<a@b.example>", "李@b.example"])
def test_a_sender_must_be_one_address(sender: str) -> None:
    with pytest.raises(ValueError):
        SmtpCarrier("smtp://mail.example", sender)
