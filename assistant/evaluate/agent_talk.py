"""Speaks contract D as a shop's page and a helpdesk do: signs customers in, sends words, reads the stream."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from knowledge.vocabulary.errors import HellowordError

TURN_SECONDS = 90.0  # longest silence of one answer
TOKEN_SECONDS = 3_600


class Option(msgspec.Struct, frozen=True):
    """One option of a question."""

    id: str
    label: str


class Heard(msgspec.Struct, kw_only=True):
    """What came back for one thing said: the last text of each message, and everything else the stream had."""

    texts: list[str] = []
    choices: list[Option] = []
    cards: list[dict[str, Any]] = []
    handoff: dict[str, Any] | None = None
    tools: list[dict[str, Any]] = []
    sources: list[dict[str, Any]] = []
    errors: list[str] = []
    done: bool = False
    seconds: float = 0.0
    first_word: float | None = None  # seconds

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.texts)

    @property
    def shown(self) -> str:
        """All that a person saw: text, options and cards."""
        labels = [option.label for option in self.choices]
        return "\n".join([*self.texts, *labels, *(json.dumps(card, ensure_ascii=False) for card in self.cards)])


def signed_token(customer_id: str, language: str, secret: str, *, now: float | None = None) -> str:
    """A shop's token for its customer: a JWT (HS256) with `sub`, `lang` and `exp`."""
    issued = int(time.time() if now is None else now)
    claims = {"sub": customer_id, "lang": language, "iat": issued, "exp": issued + TOKEN_SECONDS}
    head, body = (_part(msgspec.json.encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(secret.encode(), head + b"." + body, hashlib.sha256).digest()
    return b".".join((head, body, _part(signature))).decode()


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class CustomerLine:
    """One customer's session, through the API only."""

    def __init__(
        self, client: httpx.Client, customer_id: str, language: str, secret: str, checkout_id: str | None = None
    ) -> None:
        """Opens the session.

        Raises:
            HellowordError: `evaluation_failed` when it isn't opened.
        """
        self._client = client
        self._headers = {"authorization": f"Bearer {signed_token(customer_id, language, secret)}"}
        body = {"language": language} | ({"checkout_id": checkout_id} if checkout_id else {})
        answer = client.post("/v1/chat/sessions", json=body, headers=self._headers)
        if answer.status_code != httpx.codes.CREATED:
            refused = f"{answer.status_code} {answer.text[:300]}"
            raise HellowordError("evaluation_failed", f"POST /v1/chat/sessions: {refused}")
        self.session_id = str(answer.json()["id"])

    @property
    def _path(self) -> str:
        return f"/v1/chat/sessions/{self.session_id}/messages"

    def say(self, text: str) -> Heard:
        """Sends words and reads the answer to its end."""
        return listen(self._client, self._path, {"text": text}, self._headers)

    def choose(self, option_id: str) -> Heard:
        """Presses an option."""
        return listen(self._client, self._path, {"choice": option_id}, self._headers)

    def conversation(self) -> list[dict[str, Any]]:
        """What a reload of the page shows: everything, also what came by itself; empty where it can't be read."""
        answer = self._client.get(self._path, headers=self._headers)
        if answer.is_error:
            return []
        found = answer.json()
        return list(found["items"] if isinstance(found, dict) else found)


def ask_copilot(client: httpx.Client, case_id: str, text: str, language: str) -> Heard:
    """A member of staff asks about a case."""
    return listen(client, f"/v1/cases/{case_id}/chat", {"text": text, "language": language}, {})


def listen(client: httpx.Client, path: str, body: dict[str, Any], headers: dict[str, str]) -> Heard:
    """Posts and reads the whole stream; a broken or refused one is an error in what was heard."""
    heard, began = Heard(), time.monotonic()
    texts: dict[str, str] = {}
    try:
        with client.stream("POST", path, json=body, headers=headers, timeout=TURN_SECONDS) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                heard.errors.append(f"{answer.status_code} {answer.text[:300]}")
            else:
                for name, data in _events(answer.iter_lines()):
                    if heard.first_word is None and name in ("message.delta", "message.done"):
                        heard.first_word = time.monotonic() - began
                    _take(heard, texts, name, data)
    except httpx.HTTPError as error:
        heard.errors.append(f"{type(error).__name__}: {error}")
    heard.texts = [text for text in texts.values() if text.strip()]
    heard.seconds = time.monotonic() - began
    if not heard.done and not heard.errors:
        heard.errors.append("the stream ended without done")
    return heard


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name, data = "", ""
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and name:
            yield name, json.loads(data or "{}")
            name, data = "", ""


def _take(heard: Heard, texts: dict[str, str], name: str, data: dict[str, Any]) -> None:
    match name:
        case "message.delta":
            key = str(data["message_id"])
            texts[key] = texts.get(key, "") + data["text"]
        case "message.done":
            texts[str(data["message_id"])] = data["text"]
            heard.sources += data.get("sources") or []
        case "choices":
            heard.choices = [Option(o["id"], o["label"]) for o in data["options"]]
        case "card":
            heard.cards.append(data)
        case "handoff":
            heard.handoff = data
        case "tool":
            heard.tools.append(data)
        case "error":
            heard.errors.append(str(data.get("code") or data))
        case "done":
            heard.done = True
