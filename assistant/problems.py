"""Renders every error as RFC 9457 `application/problem+json` with a stable `code`; the wiring installs it."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from knowledge.vocabulary.errors import HellowordError, InputError, UnavailableError

log = structlog.get_logger(__name__)

_CODES = {404: "not_found", 405: "method_not_allowed", 401: "unauthenticated", 403: "forbidden", 406: "not_acceptable"}


class MalformedError(HellowordError):
    """Stop: the body is not what this call takes at all."""

    status = 400


class TooLargeError(HellowordError):
    """Stop: more than one request may carry; send it in pieces."""

    status = 413


class UnsupportedMediaError(HellowordError):
    """Stop: the content type is none this call takes."""

    status = 415


class OverloadedError(UnavailableError):
    """Retry after `retry_after` seconds: too much is waiting already; nothing of the request was taken."""

    status = 429


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """The response; `more` are further members, such as `field`."""
    body = {"type": "about:blank", "title": _title(status), "status": status, "code": code, "detail": detail}
    content = msgspec.json.encode({**body, **{k: v for k, v in more.items() if v is not None}})
    return Response(content, status, headers, media_type="application/problem+json")


def problem_of(error: HellowordError) -> Response:
    """The response for an error of ours."""
    headers: dict[str, str] = {}
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    field = error.field or None if isinstance(error, InputError) else None
    return problem(error.status, error.code, error.detail, headers, field=field)


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""
    app.add_exception_handler(HellowordError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, HellowordError):
        return await _unexpected(request, error)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request.failed", path=request.url.path, code=error.code)
    return problem_of(error)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        return await _unexpected(request, error)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join(place[1:] if place[:1] in (["body"], ["query"], ["path"]) else place) or "body"
    if first["type"] == "json_invalid":
        return problem(400, "broken_json", "the body is no JSON")
    return problem(422, "invalid_request", f"{field}: {first['msg']}", field=field)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return await _unexpected(request, error)
    code = _CODES.get(error.status_code, "http_error")
    return problem(error.status_code, code, str(error.detail), dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request.crashed", path=request.url.path, exc_info=error)
    return problem(500, "internal", "something went wrong here; it was logged")


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
