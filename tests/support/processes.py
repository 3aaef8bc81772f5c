"""Starts a real program for a test, waits until it answers, and leaves nothing of it running afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

PATIENCE = 10.0  # seconds between asking a process group to end and killing it


class NotReady(AssertionError):
    """The program ended or stayed silent before it answered; the message holds what it wrote."""


@dataclass(frozen=True)
class Running:
    """A program that a test started, with the group of processes it leads."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def pid(self) -> int:
        """The leader's process id."""
        return self.process.pid

    def log(self) -> str:
        """All that it has written so far, both outputs together."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def is_alive(self) -> bool:
        """Whether the leader still runs."""
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """Sends a signal to the whole group; nothing happens when all of it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL to the whole group: what a power cut looks like to the program."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, patience: float = PATIENCE) -> int:
        """SIGTERM, then after `patience` seconds SIGKILL; returns the leader's exit code."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()
        return self.process.returncode


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready_url: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60.0,
) -> Iterator[Running]:
    """Runs `command` while the block lasts, then ends its whole process group.

    Args:
        command: the program and its arguments.
        ready_url: the block starts when this address answers below 500, e.g. `http://127.0.0.1:8123/healthz`.
        env: settings added to this process's environment.
        cwd: where it runs; this process's folder when not given.
        timeout: seconds to wait for `ready_url`.

    Raises:
        NotReady: it ended, or did not answer in time.
    """
    with tempfile.TemporaryDirectory(prefix="helloword-log-") as folder:
        log_file = Path(folder) / "output"
        with log_file.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        started = Running(process, log_file)
        try:
            if ready_url is not None:
                wait_until_ready(started, ready_url, timeout)
            yield started
        finally:
            started.stop()


def wait_until_ready(started: Running, url: str, timeout: float) -> None:
    """Returns once `url` answers below 500; raises NotReady at the program's end, or after `timeout` s."""
    deadline = time.monotonic() + timeout
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            if not started.is_alive():
                raise NotReady(f"ended with code {started.process.returncode}:\n{started.log()}")
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code < 500:
                    return
            time.sleep(0.05)
    raise NotReady(f"{url} did not answer within {timeout:g} s:\n{started.log()}")
