"""A machine without a browser: the tests that need one are left out loudly, and CI fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = "tests/house/test_browser.py"
LAST_LINE = "BROWSER TESTS NOT RUN: 4 of them; install Chromium"


def run(*arguments: str, browser: str = "no-such-browser", ci: str = "") -> subprocess.CompletedProcess[str]:
    """Runs pytest on the browser's own tests as a machine would that has (or lacks) a browser."""
    env = {**os.environ, "HELLOWORD_TEST_BROWSER": browser, "CI": ci}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_last_line_says_that_they_did_not_run_and_how_to_run_them() -> None:
    ended = run(FILE)
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1].startswith(LAST_LINE)
    assert "4 deselected" in ended.stdout


def test_in_ci_that_is_a_failure() -> None:
    ended = run(FILE, ci="true")
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert ended.stdout.splitlines()[-1].startswith(LAST_LINE)


def test_who_did_not_ask_for_them_is_not_told() -> None:
    ended = run(FILE, "-m", "not browser", ci="true")
    assert ended.returncode == 0
    assert "NOT RUN" not in ended.stdout
