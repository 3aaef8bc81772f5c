"""What goes wrong on the wire: an ASGI layer before the contract's routes, set by options and the admin
endpoint."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, fields, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.sandbox.config import Chaos
from tools.sandbox.problem import Refusal

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Effect = Literal[
    "drop_before",
    "drop_after",
    "stall_before",
    "stall_after",
    "error",
    "throttle",
    "refund_pending",
    "refund_fails",
]
SPARED = ("/_sandbox", "/pay/")


class Rule(BaseModel):
    """The next `times` calls that match `method` and `path` (with `*`) meet `effect`; `seconds` is for
    stalls."""

    model_config = ConfigDict(extra="forbid")
    method: str = "*"
    path: str = "*"
    times: int = Field(default=1, ge=1)
    effect: Effect
    seconds: float = Field(default=30.0, ge=0)
    status: int = Field(default=503, ge=500, le=599)


class Weather:
    """The present chaos: shares of everything, and rules for the next calls of one kind."""

    def __init__(self, settings: Chaos, seed: int) -> None:
        self.settings, self.rules = settings, list[Rule]()
        self._rng = Random(f"chaos:{seed}")
        self.unseen_writes: list[dict[str, Any]] = []

    def change(self, changes: dict[str, Any], rules: list[Rule]) -> None:
        """Sets the named figures and adds the rules; an unknown name is a ValueError."""
        unknown = set(changes) - {field.name for field in fields(Chaos)}
        if unknown:
            raise ValueError(f"unknown chaos settings: {', '.join(sorted(unknown))}")
        self.settings = replace(self.settings, **changes)
        self.rules.extend(rules)

    def clear(self) -> None:
        self.settings, self.rules = Chaos(), []

    def report(self) -> dict[str, Any]:
        return {**asdict(self.settings), "rules": [rule.model_dump() for rule in self.rules]}

    def rule_for(self, method: str, path: str, effects: tuple[str, ...] | None = None) -> Rule | None:
        """The first rule that fits, used up by one; `effects` limits the search."""
        for rule in self.rules:
            about_refunds = rule.effect.startswith("refund_")
            wanted = rule.effect in effects if effects else not about_refunds
            if wanted and rule.method in ("*", method) and fnmatchcase(path, rule.path):
                rule.times -= 1
                if rule.times == 0:
                    self.rules.remove(rule)
                return rule
        return None

    def fate_of(self, method: str, path: str) -> Rule | None:
        """What happens to this call: a rule's effect, else one drawn by the shares, else nothing."""
        rule = self.rule_for(method, path)
        if rule is not None:
            return rule
        now = self.settings
        draw = self._rng.random()
        for effect, share in (
            ("error", now.errors),
            ("throttle", now.throttles),
            ("drop_before", now.drop_before),
            ("drop_after", now.drop_after),
            ("stall_after", now.stall),
        ):
            if draw < share:
                return Rule(effect=effect, seconds=now.stall_seconds)
            draw -= share
        return None

    def refund_fate(self, path: str) -> str:
        """`now`, `later`, `never` or `fails`: when and how a new refund settles."""
        rule = self.rule_for("POST", path, ("refund_pending", "refund_fails"))
        if rule is not None:
            return "fails" if rule.effect == "refund_fails" else self._later()
        return self._later() if self._rng.random() < self.settings.refunds_pending else "now"

    def delay(self) -> float:
        return self.settings.latency + self._rng.random() * self.settings.jitter

    def _later(self) -> str:
        return "never" if self.settings.refund_settles_after is None else "later"


class ChaosLayer:
    """Wraps the whole app; the admin endpoint and the customer's payment page are spared."""

    def __init__(self, app: App, weather: Weather) -> None:
        self.app, self.weather = app, weather

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(SPARED):
            await self.app(scope, receive, send)
            return
        if self.weather.settings.down:
            await _drop(receive, send)
            return
        await asyncio.sleep(self.weather.delay())
        fate = self.weather.fate_of(scope["method"], scope["path"])
        if fate is None:
            await self.app(scope, receive, send)
        elif fate.effect in ("drop_before", "error", "throttle"):
            self._note_unseen(scope, fate)
            await self._refuse(fate, receive, send)
        else:
            await self._disturb(fate, scope, receive, send)

    async def _refuse(self, fate: Rule, receive: Receive, send: Send) -> None:
        if fate.effect == "drop_before":
            await _drop(receive, send)
        elif fate.effect == "throttle":
            await _problem(send, Refusal(429, "rate_limited"), self.weather.settings.retry_after)
        else:
            retry_after = self.weather.settings.retry_after if fate.status == 503 else None
            await _problem(send, Refusal(fate.status, "shop_error"), retry_after)

    async def _disturb(self, fate: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        if fate.effect == "stall_before":
            await asyncio.sleep(fate.seconds)
            await self.app(scope, receive, send)
            return
        scope["sandbox.chaos"] = fate.effect
        kept: list[Event] = []

        async def keep(event: Event) -> None:
            kept.append(event)

        await self.app(scope, receive, keep)
        if fate.effect == "drop_after":
            await _drop(receive, send)
            return
        await asyncio.sleep(fate.seconds)
        for event in kept:
            await send(event)

    def _note_unseen(self, scope: Scope, fate: Rule) -> None:
        if scope["method"] == "POST":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.weather.unseen_writes.append(
                {"path": scope["path"], "key": headers.get("idempotency-key"), "effect": fate.effect}
            )


async def _problem(send: Send, refusal: Refusal, retry_after: float | None) -> None:
    headers = [(b"content-type", b"application/problem+json")]
    if retry_after is not None:
        headers.append((b"retry-after", f"{retry_after:g}".encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(refusal.body()).encode()})


async def _drop(receive: Receive, send: Send) -> None:
    """Cuts the connection without a word: uvicorn's `send` belongs to the cycle that holds the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server can't drop a connection")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
