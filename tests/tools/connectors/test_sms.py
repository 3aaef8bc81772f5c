"""The sms carrier: numbers, segments, and what each answer of a gateway and each break means."""

from __future__ import annotations

import logging
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kannel import Listener
from tests.support.mail import scripted_server
from tools.connectors.carrier import Letter
from tools.connectors.reports import verify_sms_report
from tools.connectors.sms import MAX_SEGMENTS, SmsCarrier, is_gsm, phone_of, segments

LETTER = Letter("case-1:1:told", "+8613800138000", "您的订单已修复。", "zh-CN", None, [{"id": "a", "label": "退款"}])
WHERE = "/cgi-bin/sendsms?username=u&password=geheim"


class Gateway(Listener):
    """A gateway that answers every message alike."""

    def __init__(self, status: int = 202, body: str = "0: Accepted for delivery") -> None:
        super().__init__(lambda path, query: (status, body))

    def carrier(self, **options: object) -> SmsCarrier:
        return SmsCarrier(self.url + WHERE, "10690000", **options)  # type: ignore[arg-type]


def test_a_message_is_asked_for_as_kannel_wants_it() -> None:
    gateway = Gateway()
    carrier = gateway.carrier(public_url="https://care.example/x/", secret=b"key")
    committed: list[int] = []
    outcome = carrier.send(LETTER, lambda: committed.append(len(gateway.heard)))
    [(path, query)] = gateway.heard
    gateway.close()
    ref = carrier.provider_ref(LETTER)
    assert (outcome.kind, outcome.value) == ("ok", {"provider_ref": ref, "queued": False})
    assert committed == [0]
    report = query.pop("dlr-url")
    assert (path, query) == (
        "/cgi-bin/sendsms",
        {"username": "u", "password": "geheim", "to": "+8613800138000", "from": "10690000", "charset": "UTF-8",
         "coding": "2", "text": "您的订单已修复。\n\n1. 退款", "dlr-mask": "31"},
    )  # fmt: skip
    where, _, rest = report.partition("?")
    given = dict(part.split("=", 1) for part in rest.split("&"))
    assert where == "https://care.example/x/v1/delivery-reports/sms"
    assert (given["ref"], given["type"], given["smsc-reply"], given["at"]) == (ref, "%d", "%A", "%T")
    assert verify_sms_report(given, b"key")
    assert not verify_sms_report(given, b"other key")


def test_without_an_address_of_ours_no_report_is_asked_for_and_latin_text_goes_as_it_is() -> None:
    gateway = Gateway(body="3: Queued for later delivery")
    outcome = gateway.carrier().send(Letter("k", "+14155552671", "Repaired: 5 € back", "en"), lambda: None)
    [(_, query)] = gateway.heard
    gateway.close()
    assert outcome.value["queued"] is True
    assert not {"coding", "dlr-url", "dlr-mask"} & set(query)


def test_the_same_letter_has_the_same_id_in_every_process() -> None:
    first, second = SmsCarrier("http://a.example" + WHERE, ""), SmsCarrier("http://b.example" + WHERE, "")
    assert first.provider_ref(LETTER) == second.provider_ref(LETTER)
    assert first.provider_ref(LETTER) != first.provider_ref(Letter("other", "", "", ""))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, "0: Accepted for delivery", "ok", ""),
        (400, "Number(s) has/have been denied", "rejected", "refused"),
        (403, "Authorization failed for sendsms", "retryable", "login_refused"),
        (401, "", "retryable", "login_refused"),
        (404, "Not found", "retryable", "wrong_url"),
        (301, "", "retryable", "wrong_url"),
        (429, "", "retryable", "unavailable"),
        (500, "", "retryable", "unavailable"),
        (503, "Temporal failure, try again later.", "retryable", "unavailable"),
        (504, "", "unknown", "no_answer"),
    ],
)
def test_each_answer_has_its_meaning(status: int, body: str, kind: str, code: str) -> None:
    gateway = Gateway(status, body)
    outcome = gateway.carrier().send(LETTER, lambda: None)
    gateway.close()
    assert (outcome.kind, outcome.code) == (kind, code)
    assert (outcome.retry_after >= 60) == (kind == "retryable")


def test_where_nobody_listens_nothing_was_sent() -> None:
    gateway = Gateway()
    gateway.close()
    outcome = gateway.carrier().send(LETTER, lambda: None)
    assert (outcome.kind, outcome.code) == ("retryable", "unavailable")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n0: Acc", b"\x00\xff\r\n\r\n"]
)
def test_no_whole_answer_to_what_was_sent_leaves_it_unknown(answer: bytes) -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(answer)

    with scripted_server(half) as url:
        outcome = SmsCarrier(url.replace("smtp", "http") + WHERE, "").send(LETTER, lambda: None)
    assert (outcome.kind, outcome.code) == ("unknown", "no_answer")


def test_a_slow_gateway_leaves_it_unknown_in_time() -> None:
    def slow(connection: socket.socket) -> None:
        connection.recv(10_000)
        time.sleep(0.6)

    before = time.monotonic()
    with scripted_server(slow) as url:
        carrier = SmsCarrier(url.replace("smtp", "http") + WHERE, "", total_timeout=0.2)
        assert carrier.send(LETTER, lambda: None).kind == "unknown"
    assert time.monotonic() - before < 0.6


def test_who_fails_to_commit_has_sent_nothing() -> None:
    def fail() -> None:
        raise KeyError("database gone")

    gateway = Gateway()
    with pytest.raises(KeyError):
        gateway.carrier().send(LETTER, fail)
    gateway.close()
    assert gateway.heard == []


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        (Letter("k", "+8613800138000,+8613900139000", "x", "en"), "invalid_address"),
        (Letter("k", "+8613800138000\n", "x", "en"), "invalid_address"),
        (Letter("k", "13800138000", "x", "zh-CN"), "invalid_address"),
        (Letter("k", "+861088888888", "x", "zh-CN"), "invalid_address"),
        (Letter("k", "+8613800138000", " \x00\n ", "en"), "empty"),
        (Letter("k", "+8613800138000", "订" * 67 * MAX_SEGMENTS + "单", "zh-CN"), "too_long"),
    ],
)
def test_what_can_never_go_is_not_sent(letter: Letter, code: str) -> None:
    gateway = Gateway()
    committed: list[int] = []
    outcome = gateway.carrier().send(letter, lambda: committed.append(1))
    gateway.close()
    assert (outcome.kind, outcome.code, committed, gateway.heard) == ("rejected", code, [], [])


def test_password_and_number_are_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = Gateway(403, "Authorization failed")
    outcome = gateway.carrier().send(LETTER, lambda: None)
    gateway.close()
    for secret in ("geheim", "13800138000"):
        assert secret not in caplog.text + repr(outcome)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+86 138-0013-8000", "", "+8613800138000"),
        ("0086 13800138000", "", "+8613800138000"),
        ("１３８００１３８０００", "86", "+8613800138000"),
        ("13800138000", "86", "+8613800138000"),
        ("8613800138000", "86", "+8613800138000"),
        ("+44 (0)7911 123456", "", "+447911123456"),
        ("07911 123456", "44", "+447911123456"),
        ("0151.23456789", "49", "+4915123456789"),
        ("347 123 4567", "39", "+393471234567"),
        ("8 916 123-45-67", "7", "+79161234567"),
        ("(415) 555-2671", "1", "+14155552671"),
        ("1 415 555 2671", "1", "+14155552671"),
        ("+65 9123 4567", "86", "+6591234567"),
    ],
)
def test_a_number_is_understood_as_people_write_it(text: str, country: str, number: str) -> None:
    assert phone_of(text, country) == number


@pytest.mark.parametrize(
    ("text", "country"),
    [("", "86"), ("13800138000", ""), ("12800138000", "86"), ("010-88888888", "86"), ("+0123456789", ""), ("+1", ""),
     ("+861380013800", ""), ("+1234567890123456", ""), ("110", "86"), ("abc", "86"), ("13800138000;ext=5", "86"),
     ("+86+13800138000", ""), ("13800138000\r\n", "86"), ("٠١٢٣٤٥٦٧٨٩x", "20")],
)  # fmt: skip
def test_what_is_no_mobile_number_is_told(text: str, country: str) -> None:
    with pytest.raises(ValueError):
        phone_of(text, country)


@given(st.text("+0123456789 -().٠１\n", max_size=24), st.sampled_from(["", "1", "7", "39", "44", "86"]))
def test_a_number_comes_out_as_e164_and_stays_so(text: str, country: str) -> None:
    try:
        number = phone_of(text, country)
    except ValueError:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert 9 <= len(number) <= 16
    assert phone_of(number, "") == number


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
     ("a" * 152 + "€" + "a" * 152, 3), ("订" * 70, 1), ("订" * 71, 2), ("订" * 134, 2), ("订" * 135, 3), ("😀" * 35, 1),
     ("😀" * 36, 2), ("订" * 66 + "😀" + "订" * 66, 3)],
)  # fmt: skip
def test_segments_are_counted_as_they_are_billed(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400))
def test_segments_are_never_fewer_than_the_text_needs(text: str) -> None:
    units = len(text.encode("utf-16-be")) // 2
    assert segments(text) >= (len(text) / 160 if is_gsm(text) else units / 70)
    assert segments(text + "订") >= segments(text)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a.example/?password=geheim", "http:///x?password=geheim", "http://u:geheim@a.example/",
     "http://a.example:port/?password=geheim", f"http://a.example{WHERE}#x", f"http://a.example{WHERE}&to=1",
     f"http://a.example{WHERE}&country=CN", f"http://a.example{WHERE}&dlr-url=x"],
)  # fmt: skip
def test_a_wrong_url_is_named_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        SmsCarrier(url, "")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("sender", ["a name too long", "晨光", "+12345678901234567", "x\n"])
def test_a_sender_must_fit(sender: str) -> None:
    with pytest.raises(ValueError):
        SmsCarrier("http://a.example" + WHERE, sender)
