"""Programs that tests start are waited for, and nothing of them survives the test."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.processes import NotReady, running

SERVER = """
import http.server, os, sys, time
time.sleep(0.3)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["GREETING"].encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
FAMILY = """
import subprocess, sys, time, pathlib
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", stubborn])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""
POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("up", flush=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether a process lives (a zombie does not)."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip()[:1] not in ("", "Z")


def test_the_block_starts_when_the_program_answers() -> None:
    url = f"http://127.0.0.1:{(port := free_port())}/"
    command = [sys.executable, "-c", SERVER, str(port)]
    with running(command, ready_url=url, env={"GREETING": "你好"}) as server:
        assert httpx.get(url).text == "你好"
        assert server.is_alive()
    assert not server.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_grandchildren_end_too_even_stubborn_ones(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with running([sys.executable, "-c", FAMILY, note]) as family:
        while not (note.exists() and note.read_text()):
            assert family.is_alive(), family.log()
            time.sleep(0.02)
        child = int(note.read_text())
        assert is_running(child)
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)


def test_a_program_that_ends_early_shows_what_it_wrote() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    with (
        pytest.raises(NotReady, match="code 3:\nbad setting"),
        running([sys.executable, "-c", "print('bad setting'); raise SystemExit(3)"], ready_url=url),
    ):
        pytest.fail("the block must not start")


def test_a_program_that_never_answers_is_ended() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    silent = running([sys.executable, "-c", "import time; time.sleep(60)"], ready_url=url, timeout=0.3)
    with pytest.raises(NotReady, match="did not answer within"), silent:
        pytest.fail("the block must not start")


def test_kill_is_a_power_cut_and_stop_is_polite() -> None:
    command = [sys.executable, "-c", POLITE]
    with running(command) as first, running(command) as second:
        while "up" not in first.log() or "up" not in second.log():
            time.sleep(0.02)
        assert first.stop() == 7
        second.kill()
        assert second.process.returncode == -signal.SIGKILL
