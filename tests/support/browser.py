"""Finds an installed Chromium, Chrome or Edge and opens pages in it that reach nothing but this machine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMED = "HELLOWORD_TEST_BROWSER"
COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
REMEDY = (
    "install Chromium, Chrome or Edge (Debian, Ubuntu: sudo apt-get install chromium fonts-noto-cjk), "
    f"or name one in {NAMED}"
)
OUTSIDE = re.compile(r"(?:https?|wss?)://(?!127\.0\.0\.1\b|localhost\b|\[::1\])")


def chromium_path() -> str | None:
    """The browser to use: the one named in HELLOWORD_TEST_BROWSER, else the first installed; or None."""
    named = os.environ.get(NAMED)
    if named:
        return shutil.which(named)
    found = (shutil.which(command) for command in (*COMMANDS, *PLACES))
    return next(filter(None, found), None)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """Yields a running browser; for one test module at a time: Playwright keeps the thread's event loop."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    assert path is not None, f"no browser: {REMEDY}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened_page(browser: Browser, language: str = "en") -> Iterator[Page]:
    """Yields an empty page with cookies and storage of its own.

    Fails at the end if a script on it threw, or if it asked for anything outside this machine.
    """
    context = browser.new_context(locale=language, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    context.on("request", lambda request: note_if_outside(request.url, wrong))
    try:
        yield page
    finally:
        context.close()
    assert not wrong, "\n".join(wrong)


def note_if_outside(url: str, wrong: list[str]) -> None:
    """Adds a line to `wrong` when `url` leaves this machine."""
    if OUTSIDE.match(url):
        wrong.append(f"the page asked for {url}")

