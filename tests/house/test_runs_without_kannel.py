"""A machine without the SMS gateway Kannel: the tests that need it are left out loudly, and CI fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = "tests/tools/connectors/test_sms_kannel.py"


def test_the_last_line_says_so_and_in_ci_that_is_a_failure(tmp_path: Path) -> None:
    env = {**os.environ, "HELLOWORD_TEST_KANNEL": str(tmp_path), "CI": "true"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", FILE]
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    last = ended.stdout.splitlines()[-1]
    found = re.match(r"KANNEL TESTS NOT RUN: (\d+) of them; install Kannel", last)
    assert found is not None, last
    assert f"{found.group(1)} deselected" in ended.stdout
