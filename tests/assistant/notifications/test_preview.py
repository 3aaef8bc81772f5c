"""Every message can be shown: all sources, both languages, no value missing, and times by the customer's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.notifications.cli import mounted
from assistant.notifications.preview import preview
from assistant.notifications.texts import SOURCES, resolved, said, storable
from knowledge.phrases import PhraseError, local_time
from knowledge.vocabulary.errors import InputError

runner = CliRunner()
APP = mounted(lambda: pytest.fail("nothing was to be recorded"))  # type: ignore[arg-type, return-value]


def test_every_message_renders_in_both_languages_with_a_sample_for_each_value() -> None:
    found = preview()
    assert {s.language for s in found} == {"zh-CN", "en"}
    assert set(SOURCES) <= {s.source for s in found}
    assert len({(s.source, s.phrase) for s in found}) * 2 == len(found)
    for shown in found:
        assert "[" not in shown.text, f"{shown.source}/{shown.phrase}: a value without a sample"
        assert "{" not in shown.text


def test_the_same_time_is_shown_by_the_customers_clock_and_in_their_way() -> None:
    at = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
    assert local_time(at, "zh-CN", "Asia/Shanghai") == "2026年3月8日 14:30（UTC+8）"
    assert local_time(at, "en", "Asia/Kathmandu") == "8 March 2026, 12:15 (UTC+5:45)"
    assert local_time(at, "en", "America/St_Johns") == "8 March 2026, 04:00 (UTC-2:30)"  # summer time has begun there
    assert local_time(at, "en", "UTC") == "8 March 2026, 06:30 (UTC)"


def test_times_survive_the_database_and_links_come_from_earlier_steps() -> None:
    params = storable({"order": "or-1", "expected_by": datetime(2026, 3, 8, 6, 30, tzinfo=UTC)})
    assert isinstance(params["expected_by"], str)
    words = said("handoff", "handed_off", "en", params, zone="Asia/Shanghai")
    assert "8 March 2026, 14:30 (UTC+8)" in words.text
    wanted = {"link": {"link_from": "create_payment_link"}, "code": {"from": "issue_coupon", "field": "code"}, "n": 1}
    results = {"create_payment_link": {"url": "https://pay.example/1"}, "issue_coupon": {"code": "C-1"}}
    assert resolved(wanted, results) == {"link": "https://pay.example/1", "code": "C-1", "n": 1}


def test_a_source_that_has_no_messages_is_named() -> None:
    with pytest.raises(PhraseError, match="nowhere"):
        said("nowhere", "x", "en", {})
    for wrong in ({"source": "nowhere"}, {"channel": "fax"}, {"phrase": "no_such"}):
        with pytest.raises(InputError, match="invalid_filter"):
            preview(**wrong)


def test_the_command_prints_what_customers_read() -> None:
    shown = runner.invoke(APP, ["preview", "--fault", "partial_payment", "--phrase", "pay_rest"])
    assert shown.exit_code == 0
    assert "partial_payment/pay_rest [zh-CN]" in shown.output
    assert "$129.00" in shown.output
    as_json = runner.invoke(APP, ["preview", "--fault", "handoff", "--language", "en", "--json"])
    assert as_json.output.startswith("[{")


def test_a_test_letter_needs_a_carrier_and_says_which_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELLOWORD_HOME", str(tmp_path))
    refused = runner.invoke(APP, ["send-test", "--to", "a@example.com"])
    assert refused.exit_code == 2
    assert "HELLOWORD_SMTP_URL" in refused.output
    assert runner.invoke(APP, ["send-test", "--to", "a@example.com", "--channel", "fax"]).exit_code == 2


def test_a_mail_that_is_no_bounce_changes_nothing() -> None:
    done = runner.invoke(APP, ["bounce"], input="Subject: hello\r\n\r\nhow are you?")
    assert (done.exit_code, done.output.strip()) == (0, "no report on a message of ours")
