"""`helloword mcp`: an MCP server on standard input and output, in front of a running assistant."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

DEFAULT_URL = "http://127.0.0.1:8000"


def mcp_command(
    url: Annotated[str, typer.Option(help="a running `helloword serve`")] = DEFAULT_URL,
    key: Annotated[str, typer.Option(envvar="HELLOWORD_API_KEY", help="an API key; its scopes hold")] = "",
) -> None:
    """Serves the MCP tools on stdin and stdout, for clients that start their servers themselves."""
    from assistant.mcp.gateway import Gateway
    from assistant.mcp.server import make_server

    asyncio.run(make_server(Gateway(url.rstrip("/"), key=key)).run_stdio_async())
