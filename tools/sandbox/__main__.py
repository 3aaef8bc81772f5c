"""Lets the demo shop be started by itself: `python -m tools.sandbox serve`."""

from tools.sandbox.cli import app

app()
