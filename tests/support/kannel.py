"""Runs Debian's Kannel with its fake SMS centre, and hears the delivery reports it sends; for tests marked `kannel`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import httpx

from tests.support.ports import free_port
from tests.support.processes import NotReady, running

NAMED = "HELLOWORD_TEST_KANNEL"
PROGRAMS = ("usr/sbin/bearerbox", "usr/sbin/smsbox", "usr/lib/kannel/test/fakesmsc")
REMEDY = (
    "install Kannel (Debian, Ubuntu: sudo apt-get install kannel kannel-extras), "
    f"or name the folder that its usr/ lies in with {NAMED}"
)
USER, PASSWORD = "tester", "secret-word"
PATIENCE = 20.0  # seconds for anything to happen

CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = *.*.*.*
dlr-storage = internal
sms-resend-freq = 1

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
host = 127.0.0.1
connect-allow-ip = 127.0.0.1
preferred-smsc-id = fake
denied-smsc-id = operator

group = smsc
smsc = http
smsc-id = operator
system-type = generic
send-url = "{operator}/send?to=%p&text=%b&mid=%I"
port = {reports}
connect-allow-ip = 127.0.0.1
status-success-regex = "taken"
status-permfail-regex = "no such number"
generic-foreign-id-regex = "taken ([0-9a-z-]+)"
preferred-smsc-id = operator
denied-smsc-id = fake

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
global-sender = 10690000
http-request-retry = 10
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
text = ""
max-messages = 0
"""


def kannel_paths() -> list[Path] | None:
    """Bearerbox, smsbox and the fake SMS centre; None unless all three are installed."""
    root = Path(os.environ.get(NAMED) or "/")
    paths = [root / program for program in PROGRAMS]
    return paths if all(os.access(path, os.X_OK) for path in paths) else None


class Listener:
    """A small HTTP server that keeps every query it is asked, and answers what `answer` says."""

    def __init__(self, answer: Callable[[str, dict[str, str]], tuple[int, str]] | None = None) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []
        heard, answer_of = self.heard, answer or (lambda path, query: (200, ""))

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                heard.append((parts.path, query))
                status, body = answer_of(parts.path, query)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Kannel:
    """A gateway that runs. `sms_url` is what the product is configured with, `reports` hears what it reports.

    `operator_url` leads to a second SMS centre that refuses numbers ending in 404, and reports itself.
    """

    def __init__(self, folder: Path, sendsms: int, admin: int, smsc: int, operator_reports: int) -> None:
        address = f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms?username={USER}&password={PASSWORD}"
        self.sms_url = f"{address}&smsc=fake"
        self.operator_url = f"{address}&smsc=operator"
        self.reports = Listener()
        self._admin, self._smsc, self._operator_reports = admin, smsc, operator_reports
        self._folder, self._number = folder, 0
        self._centre: subprocess.Popen[bytes] | None = None

    def start_centre(self) -> None:
        """The fake SMS centre connects."""
        paths = kannel_paths()
        assert paths is not None, REMEDY
        with (self._folder / "fakesmsc.log").open("ab") as log:
            # It sends one message of its own: with none at all it ends.
            command = [str(paths[2]), "-H", "127.0.0.1", "-r", str(self._smsc), "-m", "0", "1 2 text nop"]
            self._centre = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: re.search(r"fake\[fake\].*\(online", self.status()), "the SMS centre to connect")

    def stop_centre(self) -> None:
        """The fake SMS centre goes away, and the gateway notices."""
        if self._centre is not None:
            self._centre.send_signal(signal.SIGKILL)
            self._centre.wait()
            self._centre = None
        wait_for(lambda: "re-connecting" in self.status(), "the SMS centre to be gone")

    def status(self) -> str:
        """What the gateway's own status page says."""
        answer = httpx.get(f"http://127.0.0.1:{self._admin}/status.txt?password={PASSWORD}", trust_env=False)
        return answer.text

    def segments(self, receiver: str) -> list[bytes]:
        """What the fake SMS centre was given for a number so far, segment by segment: UTF-16 or plain bytes."""
        written = (self._folder / "fakesmsc.log").read_bytes()
        # Line by line: plain text with a line break, which the fake centre's protocol can't carry, is not found.
        lines = re.findall(rb"Got message \d+: <(.* .* .* .*)>\n", written)
        return [content for to, content in map(_segment, lines) if to == receiver]

    def text_to(self, receiver: str, coding: str) -> str:
        """All of it together; `coding` is utf-16-be or utf-8."""
        return b"".join(self.segments(receiver)).decode(coding)

    def report_from_operator(self, message: str, kind: int, reply: str) -> None:
        """The second SMS centre tells the gateway what became of a message it took."""
        query = {"username": "", "dlr-mask": str(kind), "dlr-mid": message, "dlr-err": reply, "to": "1", "from": "2"}
        httpx.get(f"http://127.0.0.1:{self._operator_reports}/", params=query, trust_env=False).raise_for_status()

    def reports_on(self, ref: str) -> list[dict[str, str]]:
        """The delivery reports on one message so far."""
        return [query for _, query in self.reports.heard if query.get("ref") == ref]

    def await_report(self, ref: str, kind: str) -> dict[str, str]:
        """The report of this type on this message, as soon as it is there."""
        found = [query for query in self.reports_on(ref) if query["type"] == kind]
        if not found:
            wait_for(lambda: any(q["type"] == kind for q in self.reports_on(ref)), f"report {kind} on {ref}")
            found = [query for query in self.reports_on(ref) if query["type"] == kind]
        return found[0]

    def close(self) -> None:
        if self._centre is not None:
            self._centre.kill()
            self._centre.wait()
        self.reports.close()


@contextlib.contextmanager
def running_kannel(folder: Path) -> Iterator[Kannel]:
    """Starts the gateway and its fake SMS centre, all on free loopback ports, and ends them afterwards."""
    paths = kannel_paths()
    assert paths is not None, REMEDY
    bearerbox, smsbox, _ = paths
    admin, box, smsc, sendsms, reports = (free_port() for _ in range(5))
    operator = Listener(operator_answer)
    configuration = folder / "kannel.conf"
    configuration.write_text(
        CONFIGURATION.format(
            admin=admin, box=box, smsc=smsc, sendsms=sendsms, reports=reports, operator=operator.url,
            user=USER, password=PASSWORD,
        )
    )  # fmt: skip
    ready = f"http://127.0.0.1:{admin}/status.txt?password={PASSWORD}"
    gateway = Kannel(folder, sendsms, admin, smsc, reports)
    try:
        with (
            running([bearerbox, configuration], ready_url=ready, cwd=folder, timeout=PATIENCE),
            running([smsbox, configuration], ready_url=f"http://127.0.0.1:{sendsms}/", cwd=folder, timeout=PATIENCE),
        ):
            wait_for(lambda: "smsbox:" in gateway.status(), "the two halves of the gateway to meet")
            gateway.start_centre()
            yield gateway
    finally:
        gateway.close()
        operator.close()


def operator_answer(path: str, query: dict[str, str]) -> tuple[int, str]:
    """The second SMS centre: it takes every message but those to numbers that end in 404."""
    if query.get("to", "").endswith("404"):
        return 200, "no such number"
    return 200, f"taken m{query.get('to', '')[-6:]}"


def wait_for(happened: Callable[[], object], what: str) -> None:
    """Returns once `happened()` is true; fails after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(0.02)
    raise NotReady(f"waited {PATIENCE:g} s for {what}")


def _segment(line: bytes) -> tuple[str, bytes]:
    """Receiver and content of `from to kind content`; all kinds but `text` are percent-encoded."""
    _, receiver, kind, content = line.split(b" ", 3)
    if kind == b"udh":  # part of a longer message
        _, kind, content = content.split(b" ", 2)
    return receiver.decode(), content if kind == b"text" else unquote_to_bytes(content.replace(b"+", b" "))
