"""The counter where every write arrives: idempotency keys, versions, input checks and the log; used by the
API."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from tools.sandbox.clock import rfc3339
from tools.sandbox.model import BoundKey, WriteSeen
from tools.sandbox.problem import Refusal, forbidden, invalid
from tools.sandbox.shop import Shop
from tools.sandbox.writes import Write

KEPT = timedelta(days=30)


@dataclass(slots=True)
class Arrival:
    """One write as it came in; `chaos` is what the wire will do to its answer."""

    path: str
    target: str
    key: str | None
    if_match: str | None
    raw: bytes
    chaos: str | None = None


def receive(shop: Shop, write: Write, arrival: Arrival) -> tuple[int, Any]:
    """Performs the write at most once for its key; returns status and JSON, or raises the refusal. Logs
    either."""
    with shop.books.lock:
        digest = "unreadable"
        try:
            body = _read(arrival.raw)
            digest = body_hash(body)
            status, answer, outcome = _answer(shop, write, arrival, body, digest)
        except Refusal as refusal:
            _log(shop, arrival, digest, refusal.code, refusal.status)
            shop.books.flush()
            raise
        _log(shop, arrival, digest, outcome, status)
        shop.books.flush()
        return status, answer


def body_hash(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _answer(shop: Shop, write: Write, arrival: Arrival, body: Any, digest: str) -> tuple[int, Any, str]:
    if not arrival.key:
        raise invalid("idempotency_key_required", "every write carries an Idempotency-Key")
    bound = shop.books.keys.by_id.get(arrival.key)
    if bound is not None and bound.created_at > rfc3339(shop.books.clock.now() - KEPT):
        if (bound.path, bound.body_hash) != (arrival.path, digest):
            raise forbidden("key_reused", f"{arrival.key} belongs to {bound.method} {bound.path}")
        return bound.status, bound.answer, "replayed"
    try:
        parsed = write.body.model_validate(body)
    except ValidationError as error:
        details = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise invalid("invalid_body", "; ".join(details)) from error
    _check_version(shop, write, arrival, parsed)
    answer = write.perform(shop, arrival.target, parsed)
    shop.books.add(
        BoundKey(
            id=arrival.key,
            method="POST",
            path=arrival.path,
            body_hash=digest,
            status=write.status,
            answer=answer,
            created_at=shop.books.clock.stamp(),
        )
    )
    return write.status, answer, "applied"


def _check_version(shop: Shop, write: Write, arrival: Arrival, parsed: Any) -> None:
    """If-Match names the version of the order or checkout; for a new order, the version of its checkout."""
    if arrival.if_match is None or arrival.if_match.strip() == "*":
        return
    wanted = arrival.if_match.strip().removeprefix("W/").strip('"')
    if write.guards is not None:
        record = shop.books.shelves[write.guards].get(arrival.target)
    elif write.path == "/orders":
        record = shop.books.checkouts.get(parsed.checkout_id)
    else:
        return
    if wanted != str(record.version):
        raise Refusal(412, "stale_version", f"{record.id} is at version {record.version}", version=record.version)


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw.strip() else {}
    except (ValueError, UnicodeDecodeError) as error:
        raise invalid("invalid_json", str(error)) from error


def _log(shop: Shop, arrival: Arrival, digest: str, outcome: str, status: int) -> None:
    shop.books.add(
        WriteSeen(
            id=shop.books.new_id("write"),
            method="POST",
            path=arrival.path,
            key=arrival.key,
            body_hash=digest,
            outcome=outcome,
            status=status,
            chaos=arrival.chaos,
            created_at=shop.books.clock.stamp(),
        )
    )
