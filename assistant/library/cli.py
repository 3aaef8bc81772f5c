"""`helloword library status|rebuild|forget`: what the library holds, making it again, and taking a customer out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from assistant.settings import Settings, load_settings


def add_commands(app: typer.Typer, opened: Callable[[Settings], Any]) -> None:
    """Adds them to `helloword library`; `opened` gives the library and its feed (`.library`, `.feed`)."""

    @app.command("status")
    def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """What the library holds, where it lies and what has not reached it yet."""
        settings = load_settings()
        found = standing(opened(settings), settings)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False))
            return
        typer.echo(f"{found['cases']} cases of this shop, {found['examples']} examples, {found['articles']} articles")
        typer.echo(f"in {found['server'] or found['folder']}, collection {found['collection']}")
        typer.echo(f"{found['waiting']} changed cases wait to be brought in")

    @app.command("rebuild")
    def rebuild() -> None:
        """Makes the library's index again from the solved cases and the examples (the index is derived data)."""
        typer.echo(f"{opened(load_settings()).feed.rebuild()} cases in the library")

    @app.command("forget")
    def forget(customer: Annotated[str, typer.Option(help="the customer's id")]) -> None:
        """Takes every case of a customer out of the library now; after their erasure they stay out."""
        count = opened(load_settings()).feed.forget(customer)
        typer.echo(f"{count} cases of {customer} are out of the library")


def standing(held: Any, settings: Settings) -> dict[str, Any]:
    """What `status` tells.

    Raises:
        UnavailableError: `library_unavailable`, `store_unavailable`.
    """
    library = held.library
    return {
        "collection": library.collection_name, "server": settings.chroma_url or None,
        "folder": None if settings.chroma_url else str(settings.home / "library"),
        "cases": library.count(examples=False), "examples": library.count(examples=True),
        "articles": len(library.articles.ids()), "waiting": held.feed.waiting(),
    }  # fmt: skip
