"""Delivery reports and bounces: what each says of a letter, and that nothing else says anything."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.connectors.carrier import Letter, Report
from tools.connectors.mail import compose, message_id, sender_of
from tools.connectors.reports import parse_bounce, parse_sms_report, sms_report_url, verify_sms_report
from tools.connectors.sms import SmsCarrier

REF = SmsCarrier("http://a.example/?username=u", "").provider_ref(Letter("k", "", "", ""))
MAIL_REF = message_id("k", "shop.example")
SENT = compose(
    Letter("k", "li@mail.example", "您好", "zh-CN", "您的订单"), sender_of("a@shop.example"), datetime.now(UTC)
)
AT = datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC)


def query(kind: str, reply: str = "", at: str = "") -> dict[str, str]:
    """The query as the gateway fills it in."""
    url = sms_report_url("https://care.example", REF, b"secret")
    filled = url.replace("%d", kind).replace("%A", reply).replace("%T", at)
    return dict(parse_qsl(urlsplit(filled).query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("kind", "reply", "state", "code"),
    [
        ("1", "", "delivered", ""),
        ("2", "", "failed", "undelivered"),
        ("2", "id:1 sub:001 dlvrd:000 stat:EXPIRED err:005 text:Your order", "failed", "expired"),
        ("2", "id:1 sub:001 dlvrd:000 stat:REJECTD err:005 text:", "failed", "refused"),
        ("2", "id:1 sub:001 dlvrd:000 stat:UNDELIV err:005 text:", "failed", "undelivered"),
        ("4", "", "accepted", ""),
        ("8", "ACK/", "accepted", ""),
        ("16", "NACK/no such number", "failed", "refused"),
        ("16", "NACK/0x0000000b/Invalid Destination Address", "failed", "number_unknown"),
    ],
)
def test_each_type_of_report_is_read(kind: str, reply: str, state: str, code: str) -> None:
    given_query = query(kind, reply, "1772438405")
    assert verify_sms_report(given_query, b"secret")
    assert parse_sms_report(given_query) == Report(REF, state, code, AT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"type": "3"}, "type"), ({"type": ""}, "type"), ({"type": "%d"}, "type"), ({"ref": ""}, "ref"),
     ({"ref": "sms-1' or 1=1"}, "ref")],
)  # fmt: skip
def test_a_report_that_is_none_is_told_by_its_field(changed: dict[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        parse_sms_report({**query("1"), **changed})


def test_a_report_needs_no_time() -> None:
    assert parse_sms_report(query("1", at="%T")).at is None


@given(st.dictionaries(st.sampled_from(["ref", "t", "type", "at", "smsc-reply"]), st.text(max_size=60)))
def test_nobody_makes_up_a_report(made_up: dict[str, str]) -> None:
    assert not verify_sms_report(made_up, b"secret")
    assert not verify_sms_report({**query("1"), "t": made_up.get("t", "")}, b"secret")
    other = query("1")["t"]
    assert not verify_sms_report({"ref": made_up.get("ref", "") + "x", "t": other}, b"secret")


@pytest.mark.parametrize("url", ["https://care.example/%41", "https://care.example/?a=1", "https://care.example/#x"])
def test_an_address_that_the_gateway_would_misread_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        sms_report_url(url, REF, b"secret")


def bounce(*blocks: str, returned: str = "message/rfc822", envelope: str = "", mail: bytes = SENT.wire) -> bytes:
    """A report as mail servers write it: words, the status of each recipient, and what was sent."""
    heads = mail.partition(b"\r\n\r\n")[0] + b"\r\n"
    part = mail if returned.endswith(("rfc822", "global")) else heads
    lines = [
        "Return-Path: <>", "From: Mail Delivery System <MAILER-DAEMON@relay.example>", "To: a@shop.example",
        "Date: Mon, 02 Mar 2026 09:00:05 +0100", "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
        "--b", "Content-Type: text/plain; charset=us-ascii", "", "I'm sorry to have to inform you …", "",
        "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.example",
        *([envelope] * bool(envelope)), "", *[line for block in blocks for line in (*block.splitlines(), "")],
        "--b", f"Content-Type: {returned}", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n" + part + b"\r\n--b--\r\n"


def status(action: str, code: str, diagnostic: str = "") -> str:
    more = f"\nDiagnostic-Code: smtp; {diagnostic}" if diagnostic else ""
    return f"Final-Recipient: rfc822; li@mail.example\nAction: {action}\nStatus: {code}{more}"


FAILED = status("failed", "5.1.1", "550 5.1.1 <li@mail.example>: unknown")


@pytest.mark.parametrize(
    ("block", "state", "code"),
    [
        (FAILED, "failed", "mailbox_unknown"),
        (status("failed", "5.0.0", "550 no such user"), "failed", "mailbox_unknown"),
        (status("failed", "5.2.2", "552 over quota"), "failed", "mailbox_full"),
        (status("failed", "4.4.7"), "failed", "expired"),
        (status("Failed", "5.7.1 (delivery not authorised)"), "failed", "refused"),
        (status("failed", ""), "failed", "refused"),
        (status("delivered", "2.0.0"), "delivered", ""),
        (status("relayed", "2.0.0"), "accepted", ""),
    ],
)
def test_a_bounce_tells_what_became_of_the_letter(block: str, state: str, code: str) -> None:
    assert parse_bounce(bounce(block)) == [Report(MAIL_REF, state, code, AT)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "returned", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"]
)
def test_the_letter_is_known_by_its_message_id_however_it_comes_back(returned: str) -> None:
    assert [report.provider_ref for report in parse_bounce(bounce(FAILED, returned=returned))] == [MAIL_REF]


def test_the_envelopes_id_will_do_where_nothing_comes_back() -> None:
    raw = bounce(
        FAILED, returned="text/plain", envelope=f"Original-Envelope-Id: {MAIL_REF.strip('<>')}", mail=b"x\r\n\r\n"
    )
    assert [report.provider_ref for report in parse_bounce(raw)] == [MAIL_REF]


def test_the_time_is_that_of_the_last_attempt() -> None:
    block = FAILED + "\nLast-Attempt-Date: Sun, 1 Mar 2026 23:59:59 -0800"
    assert parse_bounce(bounce(block))[0].at == datetime(2026, 3, 2, 7, 59, 59, tzinfo=UTC)


def test_a_delay_is_no_end_and_the_same_is_not_told_twice() -> None:
    assert parse_bounce(bounce(status("delayed", "4.4.1"))) == []
    assert len(parse_bounce(bounce(FAILED, FAILED, status("delayed", "4.4.1")))) == 1


def test_a_bounce_of_somebody_elses_mail_tells_nothing() -> None:
    other = b"Message-ID: <CAF123@mail.example>\r\nSubject: hi\r\n\r\nhello\r\n"
    assert parse_bounce(bounce(FAILED, mail=other)) == []


def test_out_of_office_tells_nothing() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["Auto-Submitted"], mail["In-Reply-To"] = "自动回复：我在休假", "auto-replied", MAIL_REF
    mail.set_content("Status: 5.1.1\nAction: failed\n我在休假")
    assert parse_bounce(mail.as_bytes()) == []


def test_a_letter_of_ours_sent_back_by_hand_tells_nothing() -> None:
    assert parse_bounce(SENT.wire) == []


@given(st.binary(max_size=400), st.integers(0, 2_000), st.integers(0, 60))
def test_garbage_tells_nothing_and_breaks_nothing(garbage: bytes, at: int, cut: int) -> None:
    assert parse_bounce(garbage) == []
    raw = bounce(FAILED)
    mangled = raw[:at] + garbage + raw[at + cut :]
    assert all(report.provider_ref == MAIL_REF for report in parse_bounce(mangled))


def test_a_mail_nested_without_end_breaks_nothing() -> None:
    nested = b"".join(b'Content-Type: multipart/report; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(3_000))
    assert parse_bounce(nested) == []
