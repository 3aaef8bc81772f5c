"""Answer: what came back over the wire, and what each HTTP status means; used by the gate."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from knowledge.vocabulary.errors import ReadRefusedError, UnavailableError
from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown

MAX_RETRY_AFTER = 3_600.0  # seconds; a longer Retry-After is a mistake of the other side
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")  # whole ones by the RFC; some send fractions
_LATER = frozenset({425, 429, 503})  # definitely not applied, says the contract (425: RFC 8470)
_MAYBE_APPLIED = frozenset({408})  # the other side gave up waiting; a proxy may have passed the request on
_DENIED = frozenset({401, 403})
_PROBLEM_MEMBERS = frozenset({"type", "title", "status", "code", "detail", "instance"})


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer read to its end; `retry_after` in seconds, None without a readable header."""

    status: int
    body: bytes = b""
    retry_after: float | None = None

    @property
    def success(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    @property
    def healthy(self) -> bool:
        """Whether the system did its work: a refusal is work; an error, a throttle, a wrong token is not."""
        return (self.status < 500 or self.status == 501) and self.status not in _LATER | _DENIED | _MAYBE_APPLIED

    @property
    def passing(self) -> bool:
        """Whether the same call may do better in a moment."""
        return self.broken or self.status in _LATER | _MAYBE_APPLIED

    @property
    def broken(self) -> bool:
        """Whether it counts against the circuit: the system failed, as against answering no."""
        return self.status >= 500 and self.status != 501


class CallFailedError(Exception):
    """There is no whole answer. `sent` says whether the request may have reached the other side."""

    def __init__(self, reason: str, detail: str, *, sent: bool) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason  # unavailable, timeout or bad_answer
        self.detail = detail
        self.sent = sent


def retry_after_of(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - (now or datetime.now(UTC))).total_seconds()), MAX_RETRY_AFTER)


def json_of(body: bytes) -> Any:
    """The body's JSON.

    Raises:
        ValueError: when it is none (msgspec's and json's errors are ValueErrors).
    """
    return json.loads(body)


def problem_of(answer: Answer) -> dict[str, Any]:
    """The members of a problem+json body; empty when the body is no JSON object."""
    try:
        body = json_of(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def write_outcome(answer: Answer, name: str) -> Outcome:
    """What a write's answer means. `name` (`shop`) starts the codes that are ours and not the shop's."""
    status = answer.status
    if answer.success:
        return _applied(answer)
    problem = problem_of(answer)
    detail = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
    if status in _LATER:
        code = f"{name}_rate_limited" if status == 429 else f"{name}_unavailable"
        return retryable(code, 1.0 if answer.retry_after is None else answer.retry_after, detail, status)
    if status in _DENIED:
        return rejected(f"{name}_unauthorised", _denied(name, status), status)
    if status == 501 or (400 <= status < 500 and status not in _MAYBE_APPLIED):
        code = str(problem.get("code") or f"http_{status}")
        further = {key: value for key, value in problem.items() if key not in _PROBLEM_MEMBERS}
        return rejected(code, detail, status, further or None)
    return unknown(f"HTTP {status}: {detail}", f"{name}_error", status)


def _applied(answer: Answer) -> Outcome:
    if answer.status == 204:
        return ok(None, 204)
    try:
        value = json_of(answer.body)
    except ValueError as error:
        return unknown(f"HTTP {answer.status}, body is no JSON: {error}", "bad_answer", answer.status)
    if not isinstance(value, dict | list):
        return unknown(f"HTTP {answer.status} with neither object nor list", "bad_answer", answer.status)
    return ok(value, answer.status)


def read_error(answer: Answer, name: str) -> UnavailableError | None:
    """The error a read's answer stands for; None for a 2xx and for a 404, which is the caller's to judge.

    What would be answered again is a ReadRefusedError.
    """
    status = answer.status
    if answer.success or status == 404:
        return None
    wait = 1.0 if answer.retry_after is None else answer.retry_after
    if status == 429:
        return UnavailableError(f"{name}_rate_limited", f"the {name} asks to wait {wait:g} s", wait)
    if status in _DENIED:
        return ReadRefusedError(f"{name}_unauthorised", _denied(name, status), 30.0)
    if status == 501:
        return ReadRefusedError(f"{name}_not_supported", f"the {name} doesn't offer this", 300.0)
    problem = problem_of(answer)
    words = (problem.get("code"), problem.get("detail") or problem.get("title"))
    detail = " ".join([f"HTTP {status}", *(str(word) for word in words if word)])
    if answer.passing:
        return UnavailableError(f"{name}_unavailable", detail, wait)
    return ReadRefusedError(f"{name}_refused_read", detail, 60.0)


def _denied(name: str, status: int) -> str:
    return f"the {name} refuses our token (HTTP {status}): check HELLOWORD_{name.upper()}_TOKEN"
