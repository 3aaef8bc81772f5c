"""The MCP server inside the HTTP application, under `/mcp`; built at its first request, because it takes a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from assistant.problems import problem_of
from assistant.security.principals import Principal
from knowledge.vocabulary.errors import HellowordError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from mcp.server.mcpserver import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"


class MountedMcp:
    """An ASGI application. `running` has to surround its requests: the application's lifespan does.

    Who brings no valid key is told so at once; which tools a key may use, the API decides that they call.
    """

    def __init__(self, authenticate: Callable[[Request], Principal]) -> None:
        self._authenticate = authenticate
        self._api: ASGIApp | None = None  # the application that it calls
        self._app: ASGIApp | None = None
        self._wanted, self._ready, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def mount(self, api: FastAPI) -> None:
        """Serves this application's tools in it, under `/mcp` with and without a slash at the end."""
        self._api = api
        api.router.routes.append(Route(PATH, self, include_in_schema=False))
        api.mount(PATH, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; the first one waits until the server is built."""
        if scope["type"] == "http":
            try:
                await run_in_threadpool(self._authenticate, Request(scope))
            except HellowordError as error:
                await problem_of(error)(scope, receive, send)
                return
        self._wanted.set()
        await self._ready.wait()
        if self._app is None:
            raise RuntimeError("the MCP server could not be built")
        await self._app({**scope, "path": "/", "root_path": ""}, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this lasts, requests are served."""
        self._wanted, self._ready, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(self._serve())
        try:
            yield
        finally:
            self._over.set()
            self._wanted.set()
            await serving

    async def _serve(self) -> None:
        await self._wanted.wait()
        if self._over.is_set():
            return
        try:
            server, self._app = await asyncio.to_thread(self._build)
            async with server.session_manager.run():
                self._ready.set()
                await self._over.wait()
        finally:
            self._app = None
            self._ready.set()

    def _build(self) -> tuple[MCPServer[Any], ASGIApp]:
        from mcp.server.transport_security import TransportSecuritySettings

        from assistant.mcp.gateway import Gateway
        from assistant.mcp.server import make_server

        if self._api is None:
            raise RuntimeError("mounted nowhere")
        server = make_server(Gateway("http://assistant", transport=httpx.ASGITransport(app=self._api)))
        # Every call brings its key; a page that was led here by its DNS has none.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        app = server.streamable_http_app(
            streamable_http_path="/", json_response=True, stateless_http=True, transport_security=security
        )
        return server, app
