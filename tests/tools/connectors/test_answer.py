"""What each HTTP status means for a write and for a read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tools.connectors.answer import MAX_RETRY_AFTER, Answer, read_error, retry_after_of, write_outcome

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def problem(status: int, code: str, **members: object) -> Answer:
    return Answer(status, json.dumps({"code": code, "detail": "why", **members}).encode())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "ok"), (201, "ok"), (202, "ok"),
        (400, "rejected"), (401, "rejected"), (403, "rejected"), (404, "rejected"), (409, "rejected"),
        (412, "rejected"), (422, "rejected"), (501, "rejected"),
        (425, "retryable"), (429, "retryable"), (503, "retryable"),
        (302, "unknown"), (408, "unknown"), (500, "unknown"), (502, "unknown"), (504, "unknown"),
    ],
)  # fmt: skip
def test_only_what_surely_did_nothing_is_rejected_or_retryable(status: int, kind: str) -> None:
    assert write_outcome(problem(status, "some_code"), "shop").kind == kind


def test_a_refusal_carries_the_shops_code_and_its_further_members() -> None:
    outcome = write_outcome(problem(409, "order_exists", order_id="o-1"), "shop")
    assert (outcome.code, outcome.detail, outcome.status) == ("order_exists", "why", 409)
    assert outcome.value == {"order_id": "o-1"}


def test_a_refusal_without_problem_json_is_named_by_its_status() -> None:
    assert write_outcome(Answer(409, b"<html>"), "shop").code == "http_409"


def test_a_wrong_token_says_so() -> None:
    outcome = write_outcome(Answer(401, b""), "shop")
    assert outcome.code == "shop_unauthorised"
    assert "HELLOWORD_SHOP_TOKEN" in outcome.detail


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": ', b"7", b"null"])
def test_a_success_that_cannot_be_read_may_have_been_applied(body: bytes) -> None:
    assert write_outcome(Answer(201, body), "shop").kind == "unknown"


def test_no_content_is_a_success_without_value() -> None:
    outcome = write_outcome(Answer(204), "shop")
    assert (outcome.kind, outcome.value) == ("ok", None)


def test_a_throttled_write_waits_as_long_as_it_is_told() -> None:
    assert write_outcome(Answer(429, b"", retry_after=7.0), "shop").retry_after == 7.0
    assert write_outcome(Answer(503, b"", retry_after=0.0), "shop").retry_after == 0.0
    assert write_outcome(Answer(503, b""), "shop").retry_after == 1.0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "shop_unauthorised"), (403, "shop_unauthorised"), (429, "shop_rate_limited"),
        (500, "shop_unavailable"), (503, "shop_unavailable"), (501, "shop_not_supported"),
        (422, "shop_refused_read"), (408, "shop_unavailable"),
    ],
)  # fmt: skip
def test_a_read_that_failed_names_its_reason(status: int, code: str) -> None:
    error = read_error(Answer(status, b"{}"), "shop")
    assert error is not None
    assert error.code == code


def test_found_and_not_found_are_answers() -> None:
    assert read_error(Answer(200), "shop") is None
    assert read_error(Answer(404), "shop") is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0), ("0", 0.0), ("0.5", 0.5), ("999999", MAX_RETRY_AFTER),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0), ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("", None), ("soon", None), ("-3", None), ("²", None), ("nan", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: float | None) -> None:
    assert retry_after_of({"retry-after": header} if header else {}, NOW) == seconds
