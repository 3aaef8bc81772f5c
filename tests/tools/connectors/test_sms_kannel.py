"""The sms carrier through a real Kannel: what its SMS centres are given, and what it reports back, of each type."""

from __future__ import annotations

import pytest

from tests.support.kannel import Kannel, wait_for
from tools.connectors.carrier import Letter, Report
from tools.connectors.outcome import Outcome
from tools.connectors.reports import parse_sms_report, verify_sms_report
from tools.connectors.sms import SmsCarrier, segments

pytestmark = pytest.mark.kannel
SECRET = b"secret"


def carrier_of(kannel: Kannel, url: str = "") -> SmsCarrier:
    return SmsCarrier(url or kannel.sms_url, "10690000", public_url=kannel.reports.url, secret=SECRET)


def send(carrier: SmsCarrier, letter: Letter) -> Outcome:
    return carrier.send(letter, lambda: None)


def reported(kannel: Kannel, ref: str, kind: str) -> Report:
    """The report of this type, checked and read as the product does."""
    query = kannel.await_report(ref, kind)
    assert verify_sms_report(query, SECRET)
    return parse_sms_report(query)


@pytest.mark.parametrize(
    ("number", "text", "coding"),
    [
        ("+8613800000001", "您的订单 SO-1 已恢复正常，无需再次付款。😀", "utf-16-be"),
        ("+8613800000002", "您的订单已恢复正常，请放心😀。" * 12, "utf-16-be"),
        ("+8613800000003", "Refunded: 5 € @ café [x] 100% &+=?#", "utf-8"),
        ("+8613800000004", "Your order is repaired. " * 16, "utf-8"),
    ],
)
def test_a_text_arrives_whole_in_as_many_segments_as_counted(
    kannel: Kannel, number: str, text: str, coding: str
) -> None:  # fmt: skip
    letter = Letter(f"arrives:{number}", number, text, "zh-CN")
    carrier = carrier_of(kannel)
    outcome = send(carrier, letter)
    ref = carrier.provider_ref(letter)
    assert (outcome.kind, outcome.value) == ("ok", {"provider_ref": ref, "queued": False})
    report = reported(kannel, ref, "1")
    assert (report.provider_ref, report.state) == (ref, "delivered")
    assert report.at is not None
    assert kannel.text_to(number, coding) == text.strip()
    assert len(kannel.segments(number)) == segments(text.strip())
    assert reported(kannel, ref, "8").state == "accepted"


def test_choices_stand_below_the_text(kannel: Kannel) -> None:
    number = "+8613800000010"
    choices = [{"id": "refund", "label": "退款"}, {"id": "wait", "label": "等待补货"}]
    letter = Letter("choices", number, "商品缺货，请选择：", "zh-CN", choices=choices)
    carrier = carrier_of(kannel)
    assert send(carrier, letter).kind == "ok"
    kannel.await_report(carrier.provider_ref(letter), "1")
    assert kannel.text_to(number, "utf-16-be") == "商品缺货，请选择：\n\n1. 退款\n2. 等待补货"


def test_a_long_message_is_reported_on_once(kannel: Kannel) -> None:
    letter = Letter("long", "+8613800000011", "您的订单已恢复正常。" * 30, "zh-CN")
    carrier = carrier_of(kannel)
    assert send(carrier, letter).kind == "ok"
    ref = carrier.provider_ref(letter)
    wait_for(lambda: len(kannel.reports_on(ref)) >= 2, "both reports")
    assert sorted(query["type"] for query in kannel.reports_on(ref)) == ["1", "8"]


def test_a_number_the_centre_refuses_is_reported_failed(kannel: Kannel) -> None:
    letter = Letter("refused", "+8613800000404", "x", "en")
    carrier = carrier_of(kannel, kannel.operator_url)
    assert send(carrier, letter).kind == "ok"
    report = reported(kannel, carrier.provider_ref(letter), "16")
    assert (report.state, report.code) == ("failed", "refused")


@pytest.mark.parametrize(
    ("kind", "state", "code"), [(2, "failed", "undelivered"), (1, "delivered", ""), (4, "accepted", "")]
)
def test_what_the_centre_says_later_is_passed_on(kannel: Kannel, kind: int, state: str, code: str) -> None:
    number = f"+861380000002{kind}"
    letter = Letter(number, number, "您好", "zh-CN")
    carrier = carrier_of(kannel, kannel.operator_url)
    assert send(carrier, letter).kind == "ok"
    ref = carrier.provider_ref(letter)
    assert reported(kannel, ref, "8").state == "accepted"
    kannel.report_from_operator(f"m{number[-6:]}", kind, "001")
    report = reported(kannel, ref, str(kind))
    assert (report.state, report.code) == (state, code)


def test_while_the_centre_is_away_the_gateway_keeps_the_message(kannel: Kannel) -> None:
    kannel.stop_centre()
    letter = Letter("away", "+8613800000030", "稍后送达", "zh-CN")
    carrier = carrier_of(kannel)
    ref = carrier.provider_ref(letter)
    try:
        outcome = send(carrier, letter)
        assert (outcome.kind, outcome.value) == ("ok", {"provider_ref": ref, "queued": True})
        assert kannel.reports_on(ref) == []
    finally:
        kannel.start_centre()
    assert reported(kannel, ref, "1").state == "delivered"
    assert kannel.text_to(letter.to, "utf-16-be") == letter.text


def test_a_wrong_password_is_our_fault_and_a_bad_parameter_the_messages(kannel: Kannel) -> None:
    letter = Letter("wrong", "+8613800000040", "x", "en")
    wrong = send(carrier_of(kannel, kannel.sms_url.replace("password=", "password=not-")), letter)
    assert (wrong.kind, wrong.code) == ("retryable", "login_refused")
    bad = send(carrier_of(kannel, f"{kannel.sms_url}&validity=-5"), letter)
    assert (bad.kind, bad.code) == ("rejected", "refused")
    assert kannel.segments(letter.to) == []
