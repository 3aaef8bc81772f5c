"""`helloword demo`: a demo shop with traffic and the assistant, each a program of its own, told line by line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import sys
import tempfile
import time
import webbrowser
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from assistant.demo_programs import HOST, Program, Stop, Stopped, any_port, chosen_port
from assistant.demo_report import ENDED, WORKING, Report
from assistant.demo_staff import hire

SHOP_PORT = 8100  # another one is taken where this one is not free
LOOK_EVERY = 0.5  # seconds between two looks at the cases
TOTALS_EVERY = 10.0
SETTLE_SECONDS = 15.0  # at the end, for orders and cases under way
FAREWELL_SECONDS = 10.0
JUDGE_SECONDS = 60.0

# The shop lives its orders in seconds, not in hours; so the assistant's deadlines are short, too (seconds).
SETTINGS: dict[str, Any] = {
    "deadline_payment": 4, "deadline_reservation": 4, "deadline_order": 3, "deadline_abandoned": 15,
    "deadline_refund": 3, "retry_grace": 2, "customer_reply_timeout": 30, "approval_timeout": 900,
    "follow_up_after": 45, "feedback_after": 10, "escalate_after": 150, "low_batch_every": 5, "sweep_every": 5,
    "quiet_hours": "", "log_level": "warning", "log_format": "console",
}  # fmt: skip
# What happens first, so that a visitor sees each kind soon: the fault, and what is fixed about its story. A customer
# who wants the money back for goods above the limit makes a refund that waits for approval.
OPENING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("paid_order_missing", {"variant": "captured"}),
    ("price_mismatch", {"variant": "paid"}),
    ("payment_failed_stock_held", {}),
    ("incomplete_information", {"variant": "implied"}),
    ("paid_out_of_stock", {"variant": "whole", "customer": "declines", "language": "en",
                           "lines": [{"sku": "US-HEADPHONES-6", "quantity": 1}]}),
    ("duplicate_charge", {}),
    ("paid_out_of_stock", {"variant": "whole", "customer": "declines", "language": "zh-CN",
                           "lines": [{"sku": "CN-RUNNINGSHOES-6", "quantity": 2}]}),
    ("partial_payment", {"customer": "answers"}),
    ("payment_unconfirmed", {"variant": "captured"}),
    ("account_blocked", {"language": "zh-CN"}),
    ("payment_disputed", {"language": "en"}),
)  # fmt: skip
OPENING_EVERY = 1.0  # seconds between two of them


@dataclass
class Options:
    """What the command line says. Times in seconds; port 0 is any free one."""

    port: int = 8000
    shop_port: int | None = None
    rate: float = 2.0
    fault_share: float = 0.2
    seed: int = 7
    home: Path | None = None
    open_browser: bool = False
    seconds: float | None = None
    language: str | None = None


def demo_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="of the live page")] = 8000,
    shop_port: Annotated[int | None, typer.Option(min=0, max=65535, help="default: 8100, or any free one")] = None,
    rate: Annotated[float, typer.Option(min=0, max=50, help="new orders per second")] = 2.0,
    fault_share: Annotated[float, typer.Option(min=0, max=1, help="share of orders that break")] = 0.2,
    seed: Annotated[int, typer.Option(help="the same seed brings the same orders")] = 7,
    home: Annotated[Path | None, typer.Option(help="keep the data here; default: a temporary folder")] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="open the live page in the browser")] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="end by itself after so long")] = None,
    language: Annotated[str | None, typer.Option(help="zh-CN or en; default: the terminal's")] = None,
) -> None:
    """A demo shop, its traffic and the assistant in one go; Ctrl-C ends it."""
    options = Options(port, shop_port, rate, fault_share, seed, home, open_browser, seconds, language)
    raise typer.Exit(run_demo(options))


def run_demo(options: Options) -> int:
    """Runs until Ctrl-C (SIGINT, SIGTERM, SIGHUP) or for `seconds`; returns the exit code, 0 for a clean end.

    Raises:
        DemoError: a port is taken, or a program doesn't start or ends by itself; its last words are in the message.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign shows another one
    port = chosen_port(options.port, "--port")
    shop_port = any_port(SHOP_PORT) if options.shop_port is None else chosen_port(options.shop_port, "--shop-port")
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(Stop.on_signals())
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="helloword-demo-")))
        report = Report(Console(), options.language or terminal_language(), f"http://{HOST}:{port}")
        demo = Demo(options, home, port, shop_port, report, stop)
        with contextlib.suppress(Stopped, BrokenPipeError):
            try:
                demo.start()
                demo.live()
                demo.finish()
            finally:
                demo.end()
        with contextlib.suppress(BrokenPipeError):
            if options.home is not None:
                report.say("kept", home=home)
            report.say("bye")
    return 0


def terminal_language() -> str:
    """The terminal's language by the usual variables."""
    tag = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")
    return tag.replace("_", "-")


@dataclass
class Demo:
    """The two programs, and what is asked of them while they run."""

    options: Options
    home: Path
    port: int
    shop_port: int
    report: Report
    stop: Stop
    keys: dict[str, str] = field(default_factory=lambda: {
        "api": f"hw_{secrets.token_urlsafe(24)}", "shop": secrets.token_urlsafe(24), "admin": secrets.token_urlsafe(24),
        "chat": secrets.token_urlsafe(32),
    })  # fmt: skip
    programs: list[Program] = field(default_factory=list)
    _begun: float = 0.0
    _ended_before: int = -1

    def __post_init__(self) -> None:
        self.url, self.shop_url = f"http://{HOST}:{self.port}", f"http://{HOST}:{self.shop_port}"
        self.truth = self.home / "shop.truth.jsonl"
        self._api = _client(self.url, self.keys["api"])
        self._admin = _client(self.shop_url, self.keys["admin"])

    def start(self) -> None:
        """Starts both programs, says what there is to see, and lets the orders come."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._launch("starting_shop", "tools.sandbox", self._shop_arguments(), {}, f"{self.shop_url}/openapi.json")
        settings = {name: str(value) for name, value in SETTINGS.items()}
        settings |= {"home": str(self.home), "shop_url": self.shop_url, "shop_token": self.keys["shop"]}
        settings |= {"api_key": self.keys["api"], "chat_secret": self.keys["chat"]}
        arguments = ["serve", "--host", HOST, "--port", str(self.port), "--demo-page"]
        self._launch("starting_assistant", "assistant", arguments, settings, f"{self.url}/readyz")
        self.report.welcome(
            shop_url=self.shop_url, rate=self.options.rate, share=self.options.fault_share, home=str(self.home),
            staff=hire(self._api), chat=self._as_customer(),
        )  # fmt: skip
        self._set_rate(self.options.rate)
        if self.options.open_browser:
            webbrowser.open(self.url)

    def _as_customer(self) -> str:
        """The command that talks to the chatbot as one of the shop's customers."""
        return f"helloword chat --customer ID --url {self.url} --secret {self.keys['chat']}"

    def live(self) -> None:
        """Tells what happens until somebody wants it to end, or the time is over."""
        self._begun = time.monotonic()
        opening, told_at = list(OPENING), 0.0
        while not self.stop.asked and (self.options.seconds is None or self._running() < self.options.seconds):
            for program in self.programs:
                program.check()
            if opening and self._running() >= OPENING_EVERY * (len(OPENING) - len(opening)):
                self._play(*opening.pop(0))
            self._look()
            if self._running() - told_at >= TOTALS_EVERY:
                told_at = self._running()
                self._totals()
            self.stop.wait(LOOK_EVERY)

    def finish(self) -> None:
        """Lets what is under way come to rest, and asks the shop how everything ended."""
        self.report.line()
        self.report.say("stopping")
        self._set_rate(0)
        end = time.monotonic() + SETTLE_SECONDS
        while not self.stop.hurry and time.monotonic() < end and not self._is_at_rest():
            self._look()
            time.sleep(LOOK_EVERY)
        self._look()
        self._totals()
        if self.stop.hurry or not self._judge():
            self.report.say("not_judged")

    def end(self) -> None:
        """Ends both programs; the assistant first, so that it is not left without its shop."""
        for program in reversed(self.programs):
            program.stop(0.5 if self.stop.hurry else FAREWELL_SECONDS)
        self._api.close()
        self._admin.close()

    # -- its parts --------------------------------------------------------------------------------------------------

    def _launch(self, words: str, module: str, arguments: list[str], settings: dict[str, str], ready_url: str) -> None:
        began = time.monotonic()
        name = self.report.words(words).rstrip(" .…")
        program = Program(name, module, arguments, settings, log=self.home / f"{module}.log")
        self.programs.append(program)
        program.wait_until_ready(ready_url, self.stop)
        ready = self.report.words("ready", seconds=f"{time.monotonic() - began:.1f}")
        self.report.line(f"{self.report.words(words)} {ready}")

    def _shop_arguments(self) -> list[str]:
        arguments = [
            "serve", "--host", HOST, "--port", str(self.shop_port), "--token", self.keys["shop"],
            "--admin-token", self.keys["admin"], "--assistant-url", self.url, "--assistant-key", self.keys["api"],
            "--rate", "0", "--fault-share", str(self.options.fault_share), "--seed", str(self.options.seed),
            "--order-deadline", str(SETTINGS["deadline_order"]), "--truth", str(self.truth),
        ]  # fmt: skip
        return arguments if self.options.home is None else [*arguments, "--state", str(self.home / "shop.sqlite")]

    def _play(self, fault: str, story: dict[str, Any]) -> None:
        body = {"fault": fault, "options": {"at_once": False, **story}}
        with contextlib.suppress(httpx.HTTPError):
            self._admin.post("/_sandbox/scenario", json=body)

    def _set_rate(self, rate: float) -> None:
        with contextlib.suppress(httpx.HTTPError):
            self._admin.post("/_sandbox/traffic", json={"rate": rate})

    def _look(self) -> None:
        """Prints what is new. Ended cases are listed only when there are more of them than before."""
        counts = self._counts()
        if counts is None:
            return
        ended = sum(counts["status"].get(status, 0) for status in ENDED)
        wanted = [("awaiting_approval", "handed_off"), *([ENDED] if ended != self._ended_before else [])]
        found: list[dict[str, Any]] = []
        for statuses in wanted:
            query = {"status": ",".join(statuses), "limit": "200", "order": "newest", "language": self.report.language}
            page = self._read(self._api, "/v1/cases", query)
            if page is None:
                return
            found += page["items"]
        self.report.tell(found, datetime.now(UTC))
        self._ended_before = ended

    def _totals(self) -> None:
        counts, stats = self._counts(), self._read(self._admin, "/_sandbox/stats")
        if counts is not None and stats is not None:
            promises = self._read(self._api, "/v1/promises", {"state": "kept,open,broken", "limit": "200"}) or {}
            figures = self._read(self._api, "/v1/metrics/summary") or {}
            states = Counter(one["state"] for one in promises.get("items", ()))
            self.report.totals(self._running(), int(stats["stories"]), counts, states, figures.get("csat"))

    def _is_at_rest(self) -> bool:
        counts, idle = self._counts(), self._read(self._admin, "/_sandbox/idle", {"seconds": "2"})
        if counts is None or idle is None:
            return True  # nobody answers any more: there is nothing to wait for
        return bool(idle["idle"]) and not any(counts["status"].get(status) for status in WORKING)

    def _counts(self) -> dict[str, dict[str, int]] | None:
        counts: dict[str, dict[str, int]] | None = self._read(self._api, "/v1/cases/counts")
        return counts

    def _read(self, client: httpx.Client, path: str, query: dict[str, str] | None = None) -> Any:
        """The answer; None when there is none now (the next look comes soon)."""
        try:
            answer = client.get(path, params=query)
            return answer.json() if answer.is_success else None
        except (httpx.HTTPError, json.JSONDecodeError):
            return None

    def _judge(self) -> bool:
        """Shows what the shop's judge says; False when it could not say it."""
        if not self.truth.exists():
            return False
        self.report.line()
        self.report.say("judging")
        arguments = [
            "judge", "--truth", str(self.truth), "--url", self.shop_url, "--admin-token", self.keys["admin"],
            "--assistant-url", self.url, "--assistant-key", self.keys["api"],
        ]  # fmt: skip
        judge = Program(self.report.words("judging"), "tools.sandbox", arguments, {})
        return judge.finished(JUDGE_SECONDS, self.stop) in (0, 1)

    def _running(self) -> float:
        return time.monotonic() - self._begun if self._begun else 0.0


def _client(url: str, key: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=5, trust_env=False)
