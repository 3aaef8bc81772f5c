"""What the server gives to a browser: the page, its words, its policy, and to whom it gives the demo's key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.page import make_router, texts
from assistant.problems import install
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution, Severity, Step

KEY = 'hw_"<key>'


def browser(demo_key: str | None = None, *, url: str = "http://127.0.0.1:8000", peer: str = "127.0.0.1") -> TestClient:
    """A browser at `peer` that asks for `url`."""
    app = FastAPI()
    install(app)
    app.include_router(make_router(demo_key))
    return TestClient(app, base_url=url, client=(peer, 50_000))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every `{language: words}` with its place."""
    if isinstance(value, dict) and "en" in value:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}/{key}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_the_demo_signs_in_a_browser_on_this_machine(url: str) -> None:
    page = browser(KEY, url=url).get("/")
    assert '<meta name="demo-key" content="hw_&quot;&lt;key&gt;">' in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("url", "peer"), [("http://evil.example:8000", "127.0.0.1"), ("http://127.0.0.1:8000", "192.168.1.20")]
)
def test_a_foreign_name_or_machine_gets_no_key(url: str, peer: str) -> None:
    """The first is DNS rebinding: somebody's site whose name leads to this machine."""
    page = browser(KEY, url=url, peer=peer).get("/")
    assert page.status_code == 200
    assert "demo-key" not in page.text
    assert "hw_" not in page.text


def test_without_a_demo_there_is_no_key() -> None:
    assert "demo-key" not in browser().get("/").text


def test_everything_carries_the_policy_and_asks_nothing_outside() -> None:
    client = browser()
    page = client.get("/")
    wanted = ["/", "/ui/texts.json", *re.findall(r'(?:href|src)="(/ui/[^"]+)"', page.text)]
    for module in re.findall(r'from "\./([\w.]+)"', client.get("/ui/app.js").text):
        wanted.append(f"/ui/{module}")
    assert len(wanted) > 8
    for path in wanted:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith("default-src 'self'"), path
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        outside = set(re.findall(r"https?://[^\"'\s)]+", answer.text)) - {"http://www.w3.org/2000/svg"}
        assert not outside, path
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page.text), (
        "the policy forbids inline code"
    )


def test_a_file_that_is_known_is_not_sent_again() -> None:
    client = browser()
    first = client.get("/ui/style.css")
    assert first.headers["content-type"].startswith("text/css")
    again = client.get("/ui/style.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("path", ["/ui/nothing.js", "/ui/index.html", "/ui/..%2f__init__.py", "/ui/__init__.py"])
def test_nothing_else_is_served(path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_everything_has_a_name_in_both_languages() -> None:
    told = texts()
    found = dict(leaves(told))
    assert len(found) > 100
    for path, words in found.items():
        assert words.keys() == {"zh-CN", "en"}, path
        assert all(words.values()), path
        assert re.search(r"[\u4e00-\u9fff]", words["zh-CN"]), path
        assert not re.search(r"[\u4e00-\u9fff{}_]", words["en"]), path
    assert told["faults"].keys() == set(FaultCode)
    for kind, codes in {"severity": Severity, "case": CaseStatus, "step": Step, "resolution": Resolution}.items():
        assert told["labels"][kind].keys() == set(codes)
