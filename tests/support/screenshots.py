"""Takes the pictures of the documentation from a running demo; `make screenshots` runs it, nothing else."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.browser import launched
from tests.support.ports import free_port
from tests.support.processes import running

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZE = {"width": 1366, "height": 900}
PICTURES = {"demo.png": ("en", "light"), "demo.zh-CN.png": ("zh-CN", "dark")}
PATIENCE = 60_000  # milliseconds


def take(browser: Browser, url: str, file: Path, language: str, scheme: str) -> None:
    """The queue beside a case whose plan waits for approval, with a question asked and answered."""
    context = browser.new_context(
        locale=language, color_scheme="dark" if scheme == "dark" else "light", viewport=SIZE, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    row = page.locator("#rows li").filter(has=page.locator(".status-awaiting_approval")).first
    row.locator("a").click(timeout=PATIENCE)
    page.locator('[data-deed="approve"]').wait_for(timeout=PATIENCE)
    page.locator(".starters button").first.click()
    expect(page.locator(".answer summary")).to_be_visible(timeout=PATIENCE)
    page.mouse.move(SIZE["width"] - 5, SIZE["height"] - 5)
    page.screenshot(path=file)
    context.close()


def main() -> None:
    """Runs the demo until there is something to see, and takes every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "assistant", "demo", "--port", str(port), "--shop-port", "0"]
    with running(command, ready_url=url, timeout=120) as demo, launched() as browser:
        end = time.monotonic() + 90
        while len(re.findall(r"^\d\d:\d\d:\d\d", demo.log(), re.MULTILINE)) < 20 and time.monotonic() < end:
            time.sleep(1)
        for name, (language, scheme) in PICTURES.items():
            take(browser, url, FOLDER / name, language, scheme)
            print(f"docs/screenshots/{name}", flush=True)
        demo.signal(signal.SIGTERM)  # the one that ends the block is the second: the demo then ends at once


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, subprocess.SubprocessError) as error:
        sys.exit(f"no pictures: {error}")
