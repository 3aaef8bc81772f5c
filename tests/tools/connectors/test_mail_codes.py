"""What a mail server's refusal means, by RFC 3463's statuses and the bare replies of older servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.connectors.mail_codes import failure_code, outcome_of, reply_text


@pytest.mark.parametrize(
    ("status", "reply", "code"),
    [
        ("5.1.1", 550, "mailbox_unknown"), ("5.1.2", 550, "domain_unknown"), ("5.1.10", 556, "domain_unknown"),
        ("5.1.7", 550, "invalid_address"), ("5.2.1", 550, "mailbox_disabled"), ("5.2.2", 552, "mailbox_full"),
        ("4.4.7", 0, "expired"), ("5.4.1", 550, "undeliverable"), ("5.7.1", 550, "refused"),
        ("5.3.4", 552, "too_large"),
        ("5.6.1", 554, "content_refused"), ("", 550, "mailbox_unknown"), ("5.0.0", 553, "invalid_address"),
        ("", 554, "refused"), ("", 0, "refused"),
    ],
)  # fmt: skip
def test_a_status_has_a_name(status: str, reply: int, code: str) -> None:
    assert failure_code(status, reply) == code


@given(st.sampled_from(["sender", "recipient", "text"]), st.integers(400, 599), st.text(max_size=60))
def test_only_a_five_is_for_good(stage: str, code: int, text: str) -> None:
    outcome = outcome_of(stage, code, text)  # type: ignore[arg-type]
    assert outcome.kind in ("rejected", "retryable")
    assert code >= 500 or outcome.kind == "retryable"
    assert outcome.kind == "rejected" or outcome.retry_after >= 60


@given(st.integers(-1, 599), st.text(max_size=60))
def test_at_the_door_nothing_is_the_letters_fault(code: int, text: str) -> None:
    assert outcome_of("greeting", code, text).kind == outcome_of("login", code, text).kind == "retryable"


def test_a_reply_is_kept_short_and_without_addresses() -> None:
    text = reply_text("550 5.1.1 <li@mail.example>:\n unknown \xff".encode("latin-1") + b"x" * 500)
    assert "li@" not in text
    assert "\n" not in text
    assert len(text) <= 200
