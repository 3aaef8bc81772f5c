"""Takes the pictures of the documentation from a running demo; `make screenshots` runs it, nothing else."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from assistant.demo_staff import STAFF
from tests.support.browser import launched
from tests.support.ports import free_port
from tests.support.processes import running

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZE = {"width": 1366, "height": 900}
SOMEBODY = re.compile("|".join(one["name"] for one in STAFF))
LOOKS = {"": ("en", "light"), ".zh-CN": ("zh-CN", "dark")}
WARM_UP = 70  # seconds: by then cases were rated, watched and closed
PATIENCE = 60_000  # milliseconds


def a_case(page: Page) -> None:
    """The queue beside a case whose plan waits for approval, with a question asked and answered."""
    row = page.locator("#rows li").filter(has=page.locator(".status-awaiting_approval")).first
    row.locator("a").click(timeout=PATIENCE)
    page.locator('[data-deed="approve"]').wait_for(timeout=PATIENCE)
    page.locator(".starters button").first.click()
    expect(page.locator(".answer summary")).to_be_visible(timeout=PATIENCE)


def figures(page: Page) -> None:
    """The overview with its figures, and the cases behind one of them."""
    expect(page.locator(".levels .tile")).to_have_count(3, timeout=PATIENCE)
    page.locator('[data-figure="repair_rate"]').click(timeout=PATIENCE)
    expect(page.locator(".behind li").first).to_be_visible(timeout=PATIENCE)


def people(page: Page) -> None:
    """A case that a person has, with why they have it, and the notices that came in."""
    page.locator('#views [data-view="people"]').click()
    page.locator("#rows li").filter(has_text=SOMEBODY).first.locator("a").click(timeout=PATIENCE)
    page.locator(".assignment").wait_for(timeout=PATIENCE)
    page.locator("#bell").click()
    expect(page.locator("#notices li").first).to_be_visible(timeout=PATIENCE)


PICTURES: dict[str, Callable[[Page], None]] = {"demo": a_case, "figures": figures, "people": people}


def take(browser: Browser, url: str, file: Path, language: str, scheme: str, arrange: Callable[[Page], None]) -> None:
    """One picture of a page of its own."""
    context = browser.new_context(
        locale=language, color_scheme="dark" if scheme == "dark" else "light", viewport=SIZE, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    page.locator("#figures li").first.wait_for(timeout=PATIENCE)
    arrange(page)
    page.mouse.move(SIZE["width"] - 5, SIZE["height"] - 5)
    page.evaluate("document.activeElement.blur()")
    page.locator("#toast").evaluate("(toast) => { toast.style.visibility = 'hidden'; }")
    page.screenshot(path=file)
    context.close()


def main() -> None:
    """Runs the demo until there is something to see, and takes every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "assistant", "demo", "--port", str(port), "--shop-port", "0"]
    with running(command, ready_url=url, timeout=120) as demo, launched() as browser:
        time.sleep(WARM_UP)
        for name, arrange in PICTURES.items():
            for ending, (language, scheme) in LOOKS.items():
                file = FOLDER / f"{name}{ending}.png"
                take(browser, url, file, language, scheme, arrange)
                print(f"docs/screenshots/{file.name}", flush=True)
        assert demo.process.poll() is None, "the demo ended by itself"
        demo.signal(signal.SIGTERM)  # the one that ends the block is the second: the demo then ends at once


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, subprocess.SubprocessError) as error:
        sys.exit(f"no pictures: {error}")
