"""The demo: what it says, how it starts and ends its programs, and one whole run of the command."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from assistant.demo import OPENING, SETTINGS, terminal_language
from assistant.demo_programs import DemoError, Program, Stop, Stopped, any_port, chosen_port, environment
from assistant.demo_report import TEXTS, Report
from assistant.demo_staff import hire
from assistant.handoff.staff import DEFAULTS
from assistant.handoff.staff_checks import checked
from assistant.settings import Settings
from assistant.triage.shifts import hours_of, on_shift
from knowledge.phrases.labels import codes_of
from tools.actions import ACTIONS
from tools.sandbox.storyboards import FAULTS

NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
URL = "http://127.0.0.1:8000"


def a_case(**changes: Any) -> dict[str, Any]:
    """A case that was repaired 0.8 s after it could be seen."""
    case = {
        "id": "case_1", "episode": 1, "status": "resolved", "resolution": "repaired", "owner": None,
        "faults": [{"code": "paid_order_missing"}],
        "plan": [{"action": "create_order", "status": "done"}, {"action": "confirm_order", "status": "done"},
                 {"action": "send_message", "status": "skipped"}],
        "detectable_at": "2026-03-01T12:00:00Z", "resolved_at": "2026-03-01T12:00:00.8Z",
    }  # fmt: skip
    return case | changes


def a_report(language: str = "en") -> tuple[Report, io.StringIO]:
    """A report, and what it has printed."""
    printed = io.StringIO()
    return Report(Console(file=printed, width=60), language, URL), printed


def said(*cases: dict[str, Any], language: str = "en") -> list[str]:
    """The lines about these cases, without their times of day."""
    report, printed = a_report(language)
    report.tell(cases, NOW)
    return [line[10:] for line in printed.getvalue().splitlines()]


# -- what it says ---------------------------------------------------------------------------------------------------


def test_a_repair_is_told_in_one_line_from_fault_to_proof() -> None:
    assert said(a_case()) == [
        "✓ Paid, but no order → order created once, order confirmed → verified by read-back, 0.8 s"
    ]
    assert said(a_case(), language="zh") == ["✓ 已付款但订单缺失 → 补建订单一次、确认订单 → 回读核实，0.8 秒"]


def test_what_people_have_to_do_is_told_with_the_way_there() -> None:
    waiting = a_case(status="awaiting_approval", resolution=None, resolved_at=None)
    assert said(waiting) == [
        f"? Paid, but no order → waits for your approval: {URL}/#view=approval&case=case_1"
    ]  # fmt: skip
    team = {"kind": "team", "id": "service", "name": "Service team"}
    handed = a_case(status="handed_off", resolution=None, resolved_at=None, owner=team)
    assert said(handed) == ["» Paid, but no order → handed to the service team, 10.0 s"]
    assert said(handed, language="zh-CN") == ["» 已付款但订单缺失 → 转交客服团队，10.0 秒"]


def test_a_case_is_told_once_and_again_when_it_ends_or_comes_back() -> None:
    report, printed = a_report()
    waiting = a_case(status="awaiting_approval", resolution=None, resolved_at=None)
    for case in (waiting, waiting, a_case(), a_case(), a_case(status="closed"), a_case(episode=2)):
        report.tell([case], NOW)
    assert [line[10] for line in printed.getvalue().splitlines()] == ["?", "✓", "✓"]


def test_what_is_under_way_is_not_told() -> None:
    assert said(*(a_case(status=status) for status in ("open", "repairing", "awaiting_customer"))) == []


def test_the_totals_name_what_there_is() -> None:
    report, printed = a_report()
    report.tell([a_case(), a_case(id="case_2", resolved_at="2026-03-01T12:00:02Z")], NOW)
    counts = {"status": {"resolved": 3, "handed_off": 1}, "resolution": {"repaired": 2, "self_cleared": 1}}
    csat = {"value": 0.75, "denominator": 4}
    report.totals(75.4, 40, counts, Counter(kept=2, open=1), csat)
    assert printed.getvalue().splitlines()[-1] == (
        "1:15  40 orders, 4 broken · 2 repaired by the assistant alone (median 1.4 s) · 1 ended otherwise"
        " · 1 with people · promises to customers: 2 kept, 1 open, 0 broken · customer satisfaction 75% (ratings: 4)"
    )


def test_every_text_and_every_action_has_words_in_both_languages() -> None:
    for words in TEXTS.values():
        assert words.keys() == {"zh-CN", "en"}
        assert set(re.findall(r"{\w+}", words["zh-CN"])) == set(re.findall(r"{\w+}", words["en"]))
    assert set(ACTIONS) - set(codes_of("action")) == set()


def test_a_hand_off_names_who_has_it_and_why_and_is_told_again_when_it_goes_on() -> None:
    report, printed = a_report()
    bea = {"kind": "person", "id": "st_1", "name": "Bea Long"}
    why = {"why": "speaks English"}
    handed = a_case(status="handed_off", resolution=None, resolved_at=None, owner=bea, assignment=why)
    report.tell([handed], NOW)
    report.tell([handed], NOW)
    report.tell([{**handed, "owner": {**bea, "id": "st_2", "name": "Li Wei"}, "assignment": None}], NOW)
    first, second = printed.getvalue().splitlines()
    assert "handed to Bea Long (speaks English), " in first
    assert "handed to Li Wei, " in second


def test_the_staff_are_hired_once_and_speak_both_languages_at_every_hour() -> None:
    hired: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            hired.append(json.loads(request.content))
        return httpx.Response(200, json=hired)

    with httpx.Client(transport=httpx.MockTransport(answer), base_url=URL) as assistant:
        names = hire(assistant)
        assert hire(assistant) == names
    assert [one["name"] for one in hired] == names
    assert {one["role"] for one in hired} == {"agent", "senior_agent", "supervisor"}
    for one in hired:
        checked({**DEFAULTS, **one})
        assert on_shift(hours_of(one["time_zone"], one["shifts"]), NOW)


def test_an_assistant_that_does_not_answer_has_no_staff() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse), base_url=URL) as assistant:
        assert hire(assistant) == []


@pytest.mark.parametrize(("tag", "words"), [("zh_CN.UTF-8", "就绪"), ("en_GB.UTF-8", "ready"), ("C", "ready")])
def test_the_terminal_chooses_the_language(monkeypatch: pytest.MonkeyPatch, tag: str, words: str) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", tag)
    assert words in a_report(terminal_language())[0].words("ready", seconds="1")


def test_what_it_asks_for_exists() -> None:
    assert {fault for fault, _ in OPENING} <= set(FAULTS)
    assert set(SETTINGS) <= set(Settings.model_fields)


# -- programs -------------------------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_the_option_that_chooses_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=rf"port {port} is taken.*--port {port + 10}"):
            chosen_port(port, "--port")
        assert any_port(port) != port
    assert chosen_port(0, "--port") > 0


def test_the_callers_own_deployment_stays_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_DATABASE_URL", "postgresql://production")
    monkeypatch.setenv("HELLOWORD_LLM_URL", "http://127.0.0.1:9/v1")
    ours = environment({"home": "here"})
    assert "HELLOWORD_DATABASE_URL" not in ours
    assert ours["HELLOWORD_LLM_URL"] == "http://127.0.0.1:9/v1"
    assert ours["HELLOWORD_HOME"] == "here"


def test_a_program_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    port = any_port(0)
    program = Program("a server", "http.server", [str(port), "--bind", "127.0.0.1"], {}, log=tmp_path / "log")
    program.wait_until_ready(f"http://127.0.0.1:{port}/", Stop())
    program.check()
    program.stop(5)
    with pytest.raises(DemoError, match="ended by itself"):
        program.check()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)


def test_a_program_that_ends_by_itself_is_quoted(tmp_path: Path) -> None:
    program = Program("the shop", "this", [], {}, log=tmp_path / "log")
    with pytest.raises(DemoError, match=r"the shop ended by itself \(exit code 0\):\nThe Zen of Python"):
        program.wait_until_ready(f"http://127.0.0.1:{any_port(0)}/", Stop())


def test_nobody_waits_for_a_start_that_is_not_wanted_any_more(tmp_path: Path) -> None:
    program = Program("a server", "http.server", [str(any_port(0)), "--bind", "127.0.0.1"], {}, log=tmp_path / "log")
    with Stop.on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            program.wait_until_ready("http://127.0.0.1:9/", stop)
        assert not stop.hurry
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.hurry
    program.stop(5)


# -- the whole command ----------------------------------------------------------------------------------------------


def started(*arguments: str, **env: str) -> subprocess.Popen[str]:
    """`helloword demo` as somebody types it, its output in a pipe."""
    command = [sys.executable, "-m", "assistant", "demo", "--port", "0", "--shop-port", "0", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True,
        env={**os.environ, "LANG": "en_US.UTF-8", **env},
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    """Ends it together with its programs, if a failed test has left it running."""
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):  # the second one is in a hurry
        if process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=10)


def lines_until(process: subprocess.Popen[str], wanted: str, seconds: float) -> list[str]:
    """What it prints up to the wanted line; fails when that does not come in time."""
    assert process.stdout is not None
    end, lines = time.monotonic() + seconds, []
    for line in process.stdout:
        lines.append(line.rstrip())
        if wanted in line:
            return lines
        assert time.monotonic() < end, "\n".join(lines)
    raise AssertionError(f"it ended without {wanted!r}:\n" + "\n".join(lines))


def test_the_demo_repairs_within_half_a_minute_and_ends_cleanly(tmp_path: Path) -> None:
    process = started("--rate", "1", "--fault-share", "0", TMPDIR=str(tmp_path))
    try:
        welcome = lines_until(process, "What to look at", 60)
        page, shop = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in welcome if "http" in line)
        assert page is not None
        assert shop is not None
        began = datetime.now(UTC)
        assert "demo-key" in httpx.get(f"{page[0]}/", trust_env=False).text
        lines_until(process, "verified by read-back", 30)
        assert datetime.now(UTC) - began < timedelta(seconds=30)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    finally:
        finish(process)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert "How every checkout ended" in rest
    assert rest.splitlines()[-1] == "Ended."
    for url in (page[0], shop[0]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_during_the_start_ends_it_at_once(tmp_path: Path) -> None:
    process = started(TMPDIR=str(tmp_path))
    try:
        lines_until(process, "Starting the demo shop", 30)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    finally:
        finish(process)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_its_programs_do_not_outlive_a_demo_that_was_killed(tmp_path: Path) -> None:
    process = started(TMPDIR=str(tmp_path))
    try:
        lines_until(process, "Starting the demo shop", 30)
        programs = children_of(process.pid)
        assert programs
        process.kill()
        end = time.monotonic() + 15
        while any(is_alive(pid) for pid in programs):
            assert time.monotonic() < end, "a program of the demo is still there"
            time.sleep(0.1)
    finally:
        finish(process)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children_of(pid: int) -> list[int]:
    """The process ids of its children, as `ps` lists them."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in map(str.split, listing.splitlines()) if int(parent) == pid]
