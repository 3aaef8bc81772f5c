"""The commands of the demo shop, mounted as `helloword sandbox`: serve it, and judge how its orders ended."""

import json
import logging
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from tools.sandbox.cases import Cases, ask_assistant
from tools.sandbox.config import MACHINE_LIMIT, Chaos, Config
from tools.sandbox.judge import Verdicts, table
from tools.sandbox.judge import judge as judge_all
from tools.sandbox.sandbox import Sandbox
from tools.sandbox.storyboards import FAULTS
from tools.sandbox.truth import read_truth

app = typer.Typer(help="The demo shop: serves the shop contract, makes traffic and faults, knows the truth.")
Share = Annotated[float, typer.Option(min=0, max=1)]
Deadline = Annotated[float, typer.Option(min=0.01, help="real seconds: the assistant's own, so that stories fit it")]
console = Console()
WORDS = {
    1: "money at rest agrees, or somebody has the case",
    2: "never more back than captured",
    3: "stock is set aside for open orders only",
    4: "no line covered twice",
    5: "no correction costs the customer more",
    7: "no case without an owner or a timer",
    8: "messages once, in the right language, on an allowed channel",
}


@app.command()
def serve(
    host: str = "127.0.0.1",
    port: int = 8100,
    token: Annotated[str, typer.Option(envvar="HELLOWORD_SHOP_TOKEN", help="of the contract")] = Config.token,
    admin_token: Annotated[str, typer.Option(help="of /_sandbox; never the contract's")] = Config.admin_token,
    assistant_url: Annotated[str | None, typer.Option(help="events go to URL/v1/events; none: nowhere")] = None,
    assistant_key: Annotated[str | None, typer.Option(help="scope events:write")] = None,
    public_url: Annotated[str | None, typer.Option(help="in payment links; default: host and port")] = None,
    rate: Annotated[float, typer.Option(min=0, help="new checkouts per second")] = 2.0,
    orders: Annotated[int | None, typer.Option(min=0, help="stop making new ones after so many")] = None,
    fault_share: Share = 0.05,
    hard_negative_share: Annotated[float, typer.Option(min=0, max=1, help="of the healthy ones")] = 0.1,
    fault: Annotated[list[str] | None, typer.Option(help="only these faults; repeatable")] = None,
    seed: int = 7,
    run: Annotated[str | None, typer.Option(help="part of every id; random by default")] = None,
    time_scale: Annotated[float, typer.Option(min=0.001, help="multiplies all natural delays")] = 1.0,
    order_deadline: Annotated[float, typer.Option(help="the assistant's, in seconds; late orders stay inside")] = 3.0,
    reply_delay: Annotated[float, typer.Option(min=0, help="of customers, in natural seconds")] = 2.0,
    silent_share: Annotated[float, typer.Option(min=0, max=1, help="customers who never answer")] = 0.2,
    accept_share: Annotated[float, typer.Option(min=0, max=1, help="of offered choices")] = 0.8,
    messaging: Annotated[bool, typer.Option(help="without: POST /messages answers 501")] = True,
    truth: Annotated[Path | None, typer.Option(help="JSONL; default: beside the state file")] = None,
    state: Annotated[Path | None, typer.Option(help="SQLite file; without it the shop forgets at its end")] = None,
    payment_deadline: Deadline = Config.payment_deadline,
    reservation_deadline: Deadline = Config.reservation_deadline,
    fulfilment_deadline: Deadline = Config.fulfilment_deadline,
    stock_lag: Deadline = Config.stock_lag,
    duplicate_window: Deadline = Config.duplicate_window,
    machine_limit: Annotated[
        str, typer.Option(help="the assistant's limit, minor units by currency as JSON: what a machine may settle")
    ] = json.dumps(MACHINE_LIMIT),
    customers: Annotated[int | None, typer.Option(min=10, help="how many; default: by the number of orders")] = None,
    latency: Annotated[float, typer.Option(min=0, help="seconds before every answer")] = 0.0,
    jitter: Annotated[float, typer.Option(min=0, help="up to so many seconds more")] = 0.0,
    errors: Annotated[float, typer.Option(min=0, max=1, help="share of 503")] = 0.0,
    throttles: Annotated[float, typer.Option(min=0, max=1, help="share of 429")] = 0.0,
    drop_before: Annotated[float, typer.Option(min=0, max=1, help="share cut off, not applied")] = 0.0,
    drop_after: Annotated[float, typer.Option(min=0, max=1, help="share cut off, applied")] = 0.0,
    stall: Annotated[float, typer.Option(min=0, max=1, help="share applied, answered after --stall-seconds")] = 0.0,
    stall_seconds: float = 30.0,
    refunds_pending: Annotated[float, typer.Option(min=0, max=1, help="share of refunds that settle later")] = 0.0,
    refund_settles_after: Annotated[float, typer.Option(help="seconds; negative: never")] = 5.0,
) -> None:
    """Serve the demo shop until interrupted."""
    given = dict(locals())
    unknown = set(fault or ()) - set(FAULTS)
    if unknown:
        raise typer.BadParameter(f"unknown faults: {', '.join(sorted(unknown))}; known: {', '.join(FAULTS)}")
    try:
        config = _config(given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    sandbox = Sandbox(config)
    console.print(f"demo shop at {sandbox.base_url} · run {sandbox.crew.books.run} · seed {seed} · rate {rate:g}/s")
    console.print(f"events to {config.assistant_url or 'nowhere'} · truth in {config.truth or 'memory only'}")
    sandbox.serve()


def _config(given: dict[str, Any]) -> Config:
    chaos_names = (
        "latency",
        "jitter",
        "errors",
        "throttles",
        "drop_before",
        "drop_after",
        "stall",
        "stall_seconds",
        "refunds_pending",
    )
    settles = given.pop("refund_settles_after")
    chaos = Chaos(
        **{name: given.pop(name) for name in chaos_names},
        refund_settles_after=settles if settles >= 0 else None,
    )
    given["faults"] = tuple(given.pop("fault") or ())
    given["machine_limit"] = {str(currency): int(most) for currency, most in json.loads(given["machine_limit"]).items()}
    if given["truth"] is None and given["state"] is not None:
        given["truth"] = given["state"].with_suffix(".truth.jsonl")
    return Config(**given, chaos=chaos)


@app.command()
def judge(
    truth: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="the shop's truth file")],
    url: Annotated[str, typer.Option(help="the running shop")] = "http://127.0.0.1:8100",
    admin_token: Annotated[str, typer.Option()] = Config.admin_token,
    assistant_url: Annotated[str | None, typer.Option(help="ask it which cases have an owner")] = None,
    assistant_key: Annotated[str | None, typer.Option(help="scope to read cases")] = None,
    open_cases: Annotated[
        Path | None, typer.Option(exists=True, help="or: checkout ids that have an owner, one a line")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say how every checkout ended and whether the invariants hold; exit code 1 if anything is wrong."""
    try:
        state = _state(url, admin_token)
        cases = ask_assistant(assistant_url, assistant_key) if assistant_url else None
    except httpx.HTTPError as error:
        raise typer.BadParameter(f"no answer: {error}") from error
    owned = None if cases is None else cases.owned
    if open_cases is not None:
        owned = (owned or set()) | set(open_cases.read_text(encoding="utf-8").split())
    verdicts = judge_all(read_truth(truth), state, owned)
    adrift = {} if cases is None else cases.adrift
    if as_json:
        typer.echo(json.dumps({**verdicts.report(), "adrift": adrift}, ensure_ascii=False))
    else:
        _print(verdicts, cases)
    raise typer.Exit(0 if verdicts.green and not adrift else 1)


def _state(url: str, admin_token: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {admin_token}"}
    answer = httpx.get(f"{url}/_sandbox/state", headers=headers, timeout=60, trust_env=False)
    answer.raise_for_status()
    state: dict[str, Any] = answer.json()
    return state


def _print(verdicts: Verdicts, cases: Cases | None) -> None:
    console.print(table(verdicts))
    for row in verdicts.bad:
        console.print(f"[red]bad[/] {row.checkout_id} {row.fault or row.hard_negative or 'healthy'}: {row.state}")
    for number, subject, what in verdicts.violations:
        console.print(f"[red]invariant {number}[/] {subject}: {what}")
    for case_id, status in (cases.adrift if cases else {}).items():
        console.print(f"[red]invariant 7[/] {case_id}: {status}, and nobody owns it")
    broken = {number for number, _, _ in verdicts.violations} | ({7} if cases and cases.adrift else set())
    for number, words in WORDS.items():
        if number != 7 or cases is not None:
            console.print(f"invariant {number} ({words}): {'[red]violated[/]' if number in broken else 'holds'}")
    console.print(f"healthy customers written to needlessly: {len(verdicts.disturbed)}")
