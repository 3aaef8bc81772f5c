"""The demo's programs: ports, starting, waiting, ending with all they started, and the requests to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from knowledge.vocabulary.errors import HellowordError

HOST = "127.0.0.1"
START_SECONDS = 90.0  # the imports alone take many on a slow machine
LOG_TAIL = 1_500  # characters of a program's last words
_TAKEN_OVER = ("HELLOWORD_LLM_", "HELLOWORD_TEST_")  # of the caller's settings; all others are the demo's own


class DemoError(HellowordError):
    """Stop: the demo can't run; the message says what to do."""


# -- being told to stop ---------------------------------------------------------------------------------------------


class Stopped(Exception):
    """Somebody pressed Ctrl-C where nothing but ending makes sense."""


class Stop:
    """Counts the requests to stop: the first ends the demo in good order, the second at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.hurry = False

    @classmethod
    @contextlib.contextmanager
    def on_signals(cls) -> Iterator[Stop]:
        """Listens to SIGINT, SIGTERM and SIGHUP within the block."""
        stop = cls()
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {number: signal.signal(number, stop._on_signal) for number in numbers}
        try:
            yield stop
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, *_: object) -> None:
        self.hurry = self._asked.is_set()
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether somebody wants it to end."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleeps, but wakes up at a request to stop; returns `asked`."""
        return self._asked.wait(seconds)


# -- programs -------------------------------------------------------------------------------------------------------


class Program:
    """A program of ours in a process group of its own: Ctrl-C in the terminal reaches the demo alone."""

    def __init__(
        self, name: str, module: str, arguments: Sequence[str], settings: dict[str, str], *, log: Path | None = None
    ) -> None:
        """Starts it; what it writes goes to `log`, or where ours goes."""
        self.name, self._log = name, log
        sys.stdout.flush()
        command = [sys.executable, "-P", "-m", "assistant.demo_child", str(os.getpid()), module, *arguments]
        with log.open("ab") if log else contextlib.nullcontext() as output:
            self._process = subprocess.Popen(  # noqa: S603  our own program with our own arguments
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT if log else None,
                env=environment(settings), start_new_session=True,
            )  # fmt: skip

    def wait_until_ready(self, url: str, stop: Stop) -> None:
        """Returns once `url` answers well.

        Raises:
            DemoError: it ended, or took too long.
            Stopped: somebody does not want to wait.
        """
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url, timeout=2, trust_env=False).is_success:
                    return
            if stop.wait(0.05):
                raise Stopped
        raise DemoError("not_ready", f"{self.name} did not answer within {START_SECONDS:.0f} s:\n{self._last_words()}")

    def check(self) -> None:
        """Passes while it runs.

        Raises:
            DemoError: it ended by itself.
        """
        if (code := self._process.poll()) is not None:
            raise DemoError("ended", f"{self.name} ended by itself (exit code {code}):\n{self._last_words()}")

    def finished(self, seconds: float, stop: Stop) -> int | None:
        """Its exit code once it has done its work; None when that took too long or somebody is in a hurry."""
        end = time.monotonic() + seconds
        while self._process.poll() is None:
            if stop.hurry or time.monotonic() > end:
                self.stop(0.5)
                return None
            time.sleep(0.05)
        return self._process.returncode

    def stop(self, patience: float) -> None:
        """Asks the whole group to end, and after `patience` seconds ends it."""
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return

    def _last_words(self) -> str:
        written = self._log.read_text(encoding="utf-8", errors="replace") if self._log else ""
        return written[-LOG_TAIL:].strip() or "it wrote nothing"


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of a program: the caller's without the settings of the caller's own deployment, and ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HELLOWORD_") or k.startswith(_TAKEN_OVER)}
    if not sys.stdout.isatty():
        kept.setdefault("COLUMNS", "120")
    return {**kept, "PYTHONUNBUFFERED": "1", **{f"HELLOWORD_{k.upper()}": v for k, v in settings.items()}}


def chosen_port(port: int, option: str) -> int:
    """The port, or for 0 any free one.

    Raises:
        DemoError: `port_taken`, naming the option that chooses another.
    """
    if port and not _is_free(port):
        raise DemoError("port_taken", f"port {port} is taken; choose another one, as in {option} {port + 10}")
    return port or any_port(0)


def any_port(wanted: int) -> int:
    """The wanted port where it is free, else any free one."""
    if wanted and _is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
