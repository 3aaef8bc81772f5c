"""Serves the plain live page at / with its files and words under /ui; the wiring mounts it."""

from __future__ import annotations

import hashlib
import html
import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from assistant.cases.wording import REASONS
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import REASONS as PLAYBOOK_REASONS
from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import codes_of, label
from knowledge.vocabulary.codes import CaseStatus, PaymentStatus, Resolution, Severity, Step
from knowledge.vocabulary.errors import NotFoundError

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PLACE = "<!-- demo-key -->"  # in index.html

# Codes whose names have no enumeration of their own.
_CODES: dict[str, Iterable[str]] = {
    "severity": Severity,
    "case": CaseStatus,
    "step": Step,
    "resolution": Resolution,
    "plan_step": ("pending", "running", "done", "failed", "skipped", "unknown"),
    "evidence": ("event", "read_back"),
    "checkout": ("open", "submitted", "completed", "expired", "cancelled"),
    "order": ("created", "confirmed", "on_hold", "shipped", "delivered", "cancelled"),
    "payment": PaymentStatus,
    "reservation": ("held", "committed", "released", "expired"),
    **{kind: codes_of(kind) for kind in ("notice", "message", "occasion", "channel", "not_told", "promise",
                                           "action", "choice")},
}

def make_router(demo_key: str | None = None) -> APIRouter:
    """The page's routes.

    Args:
        demo_key: an API key that the page signs in with by itself; it is given only to a browser on this machine
            that asked for this machine by name (a foreign site that resolves to it gets a page without the key).
    """
    router = APIRouter(include_in_schema=False)
    folder = files("ui") / "console"
    page = (folder / "index.html").read_text(encoding="utf-8")
    served = {
        one.name: (one.read_bytes(), TYPES[_ending(one.name)]) for one in folder.iterdir() if _ending(one.name) in TYPES
    }
    served["texts.json"] = (msgspec.json.encode(texts()), "application/json")

    @router.get("/")
    def index(request: Request) -> HTMLResponse:
        """The page."""
        key = demo_key if demo_key and _is_at_home(request) else ""
        meta = f'<meta name="demo-key" content="{html.escape(key)}">' if key else ""
        return HTMLResponse(page.replace(PLACE, meta), headers={**HEADERS, "Cache-Control": "no-store"})

    @router.get("/ui/{name}")
    def file(name: str, request: Request) -> Response:
        """One of the page's files, or its words (`texts.json`)."""
        if name not in served:
            raise NotFoundError("not_found", f"there is no file {name} here")
        content, kind = served[name]
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return router


def texts() -> dict[str, Any]:
    """What things are called, in both languages.

    `{faults: {code: {title, suggested, causes: {cause}}}, labels: {kind: {code}}, reasons: {code}}`; each leaf is
    `{language: words}`.
    """
    faults: dict[str, Any] = {}
    for code, fault in CATALOGUE.items():
        causes = {key.removeprefix("cause."): words for key, words in fault.texts.items() if key.startswith("cause.")}
        faults[code] = {"title": fault.texts["title"], "suggested": fault.texts["suggested"], "causes": causes}
    labels = {kind: {str(code): _spoken(kind, code) for code in codes} for kind, codes in _CODES.items()}
    return {"faults": faults, "labels": labels, "reasons": {**PLAYBOOK_REASONS, **REASONS}}


def _spoken(kind: str, code: str | StrEnum) -> dict[str, str]:
    return {language: label(kind, str(code), language) for language in LANGUAGES}


def _ending(name: str) -> str:
    return name[name.rfind(".") :]


def _is_at_home(request: Request) -> bool:
    """Whether both ends of the request are this machine, by address and by the name the browser used."""
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and (request.url.hostname == "localhost" or _is_loopback(request.url.hostname or ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
