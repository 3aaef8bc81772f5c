"""The way from an MCP tool to our own HTTP API: whoever calls a tool is whoever's key it brought, with its scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from mcp.server.mcpserver.exceptions import ToolError

TIMEOUT = 30.0  # seconds
UNREACHABLE = "unreachable"


class Gateway:
    """Calls the API with the caller's key and gives back its JSON.

    In the server itself no socket lies between (`transport` is the application); a stdio server calls `base_url`.
    """

    def __init__(self, base_url: str, *, key: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._base_url, self._key, self._transport = base_url, key, transport

    async def get(self, headers: Mapping[str, str] | None, path: str, **query: Any) -> Any:
        """The answer to a GET; `path`'s parts must be quoted (see `part`).

        Raises:
            ToolError: what the API refuses, as `code: detail`; `unreachable` when it doesn't answer.
        """
        return await self._call(headers, "GET", path, params={k: v for k, v in query.items() if v is not None})

    async def post(self, headers: Mapping[str, str] | None, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to a POST.

        Raises:
            ToolError: as `get`.
        """
        return await self._call(headers, "POST", path, json=dict(body or {}))

    async def _call(self, headers: Mapping[str, str] | None, method: str, path: str, **more: Any) -> Any:
        bearer = (headers or {}).get("authorization") or (f"Bearer {self._key}" if self._key else "")
        sent = {"authorization": bearer} if bearer else {}
        try:
            async with httpx.AsyncClient(
                base_url=self._base_url, transport=self._transport, timeout=TIMEOUT, headers=sent, trust_env=False
            ) as client:
                answer = await client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise ToolError(f"{UNREACHABLE}: the assistant at {self._base_url} doesn't answer") from error
        if answer.is_error:
            raise ToolError(_refusal(answer))
        return answer.json()


def part(value: str) -> str:
    """One part of a path: an id from a model can't lead anywhere else (`..` neither).

    Raises:
        ToolError: `invalid_id`.
    """
    if not value.strip() or value in (".", ".."):
        raise ToolError("invalid_id: an id is needed")
    return quote(value, safe="")


def _refusal(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['code']}: {problem.get('detail') or problem.get('title')}"
    except (ValueError, KeyError, TypeError):
        return f"http_{answer.status_code}: the assistant refused"
