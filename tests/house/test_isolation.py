"""Nothing of whoever runs the tests gets into them, and nothing gets out of this machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pytest_socket import SocketConnectBlockedError

from tests.support.isolation import FIXED, foreign
from tests.support.ports import free_port


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_test_cannot_leave_this_machine() -> None:
    with pytest.raises(SocketConnectBlockedError), socket.socket() as way_out:
        way_out.connect(("192.0.2.1", 80))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_a_program_started_by_a_test_is_sent_nowhere() -> None:
    program = "import urllib.request as u; u.urlopen('http://192.0.2.1/', timeout=20)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "refused" in ended.stderr


def test_the_detour_is_not_taken_for_this_machine() -> None:
    nothing_listens = free_port()
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(httpx.ConnectError, match="refused"):
            httpx.get(f"http://{host}:{nothing_listens}/")


def test_no_key_and_no_setting_of_the_machine_reaches_a_test() -> None:
    assert set(foreign(os.environ)) - set(FIXED) == {"HELLOWORD_HOME"}
    assert list(Path(os.environ["HELLOWORD_HOME"]).glob("*.key")) == []


@pytest.mark.parametrize(
    ("name", "is_kept_out"),
    [
        ("OPENAI_API_KEY", True),
        ("OPENAI_BASE_URL", True),
        ("SOME_VENDOR_APIKEY", True),
        ("LANGSMITH_TRACING_V2", True),
        ("HELLOWORD_LLM_URL", True),
        ("HELLOWORD_DATABASE_URL", True),
        ("HELLOWORD_TEST_POSTGRES_URL", False),
        ("PATH", False),
    ],
)
def test_which_variables_are_kept_out(name: str, is_kept_out: bool) -> None:
    assert bool(foreign([name])) is is_kept_out
