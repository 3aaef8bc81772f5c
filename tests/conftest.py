"""What every test gets: isolation from the outside, fresh databases, and programs such as a browser if installed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hypothesis
import pytest

from tests.support import browser as browsers
from tests.support import kannel as gateways
from tests.support.browser import launched, opened_page
from tests.support.isolation import isolate
from tests.support.kinds import KINDS, Kind

if TYPE_CHECKING:  # imported where they are used: a unit test alone starts without them
    from playwright.sync_api import Browser, Page

    from tests.support.databases import Databases

IN_CI = os.environ.get("CI") == "true"
NEEDS: dict[str, tuple[Callable[[], object], str]] = {
    "browser": (browsers.chromium_path, browsers.REMEDY),
    "kannel": (gateways.kannel_paths, gateways.REMEDY),
}
"""Markers of tests that need a program: what finds it (None: not installed), and what to do when it is missing."""
LEFT_OUT = pytest.StashKey[dict[str, int]]()
"""By marker, how many tests were left out because their program is not installed."""
SERVER = pytest.StashKey[str | None]()
HOME = pytest.StashKey[tempfile.TemporaryDirectory[str]]()

# Machines differ in speed, and in CI a failure must come back on the next try.
hypothesis.settings.register_profile("house", deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: no settings and no keys of whoever runs the tests."""
    home = tempfile.TemporaryDirectory(prefix="helloword-home-")
    config.stash[HOME] = home
    config.stash[LEFT_OUT] = {}
    isolate(Path(home.name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves tests out whose program is not installed; the run's last lines then say so."""
    for marker, (find, _) in NEEDS.items():
        needy = [item for item in items if item.get_closest_marker(marker)]
        if needy and find() is None:
            left_out = set(needy)
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=needy)
            config.stash[LEFT_OUT][marker] = len(needy)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that was left out is a failure; a worker of a parallel run tells the one that it works for."""
    config = session.config
    if told := getattr(config, "workeroutput", None):
        told["left_out"], told["server"] = config.stash[LEFT_OUT], config.stash.get(SERVER, None)
        return
    clean = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if session.config.stash[LEFT_OUT] and IN_CI and clean:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of a parallel run has ended: every worker leaves out the same tests."""
    told = getattr(node, "workeroutput", {})
    node.config.stash[LEFT_OUT].update(told.get("left_out", {}))
    if told.get("server"):
        node.config.stash[SERVER] = told["server"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which PostgreSQL the tests ran on."""
    if config.stash.get(SERVER, None):
        terminalreporter.write_line(f"database server: {config.stash[SERVER]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Has the last word, after pytest's own summary."""
    if not hasattr(config, "workeroutput"):
        for marker, count in config.stash[LEFT_OUT].items():
            print(f"{marker.upper()} TESTS NOT RUN: {count} of them; {NEEDS[marker][1]}", flush=True)
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
    databases.give_back(url)


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


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gateways.Kannel]:
    """A running SMS gateway with a fake SMS centre behind it; mark the test `kannel`."""
    with gateways.running_kannel(tmp_path_factory.mktemp("kannel")) as one:
        yield one
