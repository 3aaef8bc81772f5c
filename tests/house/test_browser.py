"""The browser that tests get: real, able to show Chinese, and shut in on this machine."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import NAMED, chromium_path, opened_page

PAGE = """<!doctype html><meta charset="utf-8"><title>Queue</title>
<h1>破损订单</h1><button onclick="this.textContent = 'Approved 已批准'">Approve</button>
<script>
if (location.search === '?broken') undefinedFunction();
if (location.search === '?outside') fetch('https://shop.example/').catch(() => document.title = 'refused');
</script>"""


class Answer(http.server.BaseHTTPRequestHandler):
    """Serves the page."""

    def do_GET(self) -> None:
        """Answers every path alike."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: object) -> None:
        """Stays silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_a_page_is_shown_and_clicked(browser_page: Page, address: str) -> None:
    browser_page.goto(address)
    assert browser_page.get_by_role("heading").inner_text() == "破损订单"
    browser_page.get_by_role("button", name="Approve").click()
    assert browser_page.get_by_role("button").inner_text() == "Approved 已批准"


@pytest.mark.browser
def test_chinese_is_drawn_and_not_boxes(browser_page: Page) -> None:
    browser_page.set_content('<p style="font: 40px sans-serif"><span id=a>破</span><span id=b>损</span></p>')
    first, second = (browser_page.locator(name).screenshot() for name in ("#a", "#b"))
    assert first != second, "no Chinese font: install fonts-noto-cjk"


@pytest.mark.browser
def test_a_script_error_fails_the_test(browser: Browser, address: str) -> None:
    with pytest.raises(AssertionError, match="undefinedFunction"), opened_page(browser) as page:
        page.goto(f"{address}?broken")


@pytest.mark.browser
def test_a_page_that_asks_outside_fails_the_test(browser: Browser, address: str) -> None:
    with pytest.raises(AssertionError, match=r"https://shop\.example"), opened_page(browser) as page:
        page.goto(f"{address}?outside")
        page.wait_for_function("document.title === 'refused'")


def test_a_named_browser_that_is_not_there_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED, "no-such-browser")
    assert chromium_path() is None
