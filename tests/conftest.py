"""What every test gets: isolation from the outside, fresh databases on both engines, and a real browser."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import hypothesis
import pytest

from tests.support.browser import REMEDY, chromium_path, launched, opened_page
from tests.support.isolation import isolate
from tests.support.kinds import KINDS, Kind

if TYPE_CHECKING:  # imported where they are used: a unit test alone starts without them
    from playwright.sync_api import Browser, Page

    from tests.support.databases import Databases

IN_CI = os.environ.get("CI") == "true"
LEFT_OUT = pytest.StashKey[int]()
"""How many browser tests were left out because no browser is installed."""
SERVER = pytest.StashKey[str | None]()
HOME = pytest.StashKey[tempfile.TemporaryDirectory[str]]()

# Machines differ in speed, and in CI a failure must come back on the next try.
hypothesis.settings.register_profile("house", deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: no settings and no keys of whoever runs the tests."""
    home = tempfile.TemporaryDirectory(prefix="helloword-home-")
    config.stash[HOME] = home
    config.stash[LEFT_OUT] = 0
    isolate(Path(home.name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the browser tests out where there is no browser; the run's last line then says so."""
    if chromium_path() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
        config.stash[LEFT_OUT] = len(left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that was left out is a failure."""
    clean = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if session.config.stash[LEFT_OUT] and IN_CI and clean:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which PostgreSQL the tests ran on."""
    if config.stash.get(SERVER, None):
        terminalreporter.write_line(f"database server: {config.stash[SERVER]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Has the last word, after pytest's own summary."""
    if config.stash[LEFT_OUT]:
        print(f"BROWSER TESTS NOT RUN: {config.stash[LEFT_OUT]} of them; {REMEDY}", flush=True)
    config.stash[HOME].cleanup()


def migrate(url: str) -> None:
    """Brings a database's tables up to date, as the product does at its start."""
    from assistant.store.migrate import upgrade

    upgrade(url)


@pytest.fixture(scope="session")
def databases(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Databases]:
    """Makes fresh databases of either kind: `databases.fresh("sqlite")` with tables, `.empty(…)` without."""
    from tests.support.databases import fresh_databases

    with fresh_databases(tmp_path_factory.mktemp("databases"), migrate) as made:
        yield made
        pytestconfig.stash[SERVER] = made.server_description


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a database with all tables and no rows; the test runs once on each engine."""
    url = databases.fresh(cast(Kind, request.param))
    yield url
    databases.drop(url)


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a database without tables; the test runs once on each engine."""
    url = databases.empty(cast(Kind, request.param))
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser; mark the test `browser`."""
    with launched() as one:
        yield one


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """An empty page; the test fails if a script on it throws, or asks for anything outside this machine."""
    with opened_page(browser) as page:
        yield page
