"""The `helloword` command. Heavy rooms are imported by the command that needs them, so that `--help` stays quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assistant.settings import SettingError, Settings, load_settings, questionable_settings
from knowledge.vocabulary.errors import HellowordError

app = typer.Typer(
    no_args_is_help=True, help="Finds, diagnoses and repairs broken orders.", pretty_exceptions_enable=False
)
keys_app = typer.Typer(no_args_is_help=True, help="API keys.")
library_app = typer.Typer(no_args_is_help=True, help="The library of past cases.")
audit_app = typer.Typer(no_args_is_help=True, help="Does the real state keep its promises?")
eval_app = typer.Typer(no_args_is_help=True, help="How good is it? Prints the figures the README quotes.")
app.add_typer(keys_app, name="keys")
app.add_typer(library_app, name="library")
app.add_typer(audit_app, name="audit")
app.add_typer(eval_app, name="eval")
models_app = typer.Typer(no_args_is_help=True, help="Trained models: what is in force, and taking one out of it.")
app.add_typer(models_app, name="models")


def main() -> None:
    """Entry point: our own errors end in one line, not in a traceback."""
    _mount()
    try:
        app()
    except HellowordError as error:
        print(f"helloword: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingError) else 1)


def _mount() -> None:
    """Commands that other rooms own, mounted lazily by name."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), "--help")
    if wanted in ("sandbox", "--help"):
        from tools.sandbox.cli import app as sandbox_app

        app.add_typer(sandbox_app, name="sandbox")
    if wanted in ("staff", "--help"):
        from assistant.handoff.staff_cli import app as staff_app

        app.add_typer(staff_app, name="staff")
    if wanted in ("scan", "--help"):
        from assistant.scan.cli import scan_command

        app.command("scan")(scan_command)
    if wanted in ("demo", "--help"):
        from assistant.demo import demo_command

        app.command("demo")(demo_command)
    if wanted in ("report", "--help"):
        from assistant.metrics.cli import report_command

        app.command("report")(report_command)
    if wanted in ("notifications", "--help"):
        from assistant.notifications.cli import mounted

        app.add_typer(mounted(_delivery_reports), name="notifications")
    if wanted in ("mcp", "--help"):
        from assistant.mcp.cli import mcp_command

        app.command("mcp")(mcp_command)
    if wanted in ("library", "--help"):
        from assistant.library.cli import add_commands

        add_commands(library_app, _conversation)
        if "harvest" in sys.argv:
            from assistant.evaluate.harvest import harvest_command
            from tools.sandbox.config import ASSISTANT_SETTINGS
            from tools.sandbox.storyboards import FAULTS

            variants = {fault: board.variants for fault, board in FAULTS.items()}
            library_app.command("harvest")(harvest_command(variants, ASSISTANT_SETTINGS))
    if wanted in ("chat", "--help"):
        from assistant.chatbot.cli import chat_command

        app.command("chat")(chat_command)
    if wanted in ("ask", "--help"):
        from assistant.agent.cli import ask_command

        app.command("ask")(ask_command)
    _mount_measuring(wanted)


def _mount_measuring(wanted: str) -> None:
    if wanted == "eval":
        _mount_evaluations()
    if wanted in ("bench", "--help"):
        from assistant.evaluate.bench import bench_command
        from assistant.evaluate.bench_sla import sla_command
        from assistant.evaluate.copilot_bench import copilot_bench_command
        from tools.sandbox.config import ASSISTANT_SETTINGS

        bench_app = typer.Typer(help="How fast is it? Alone: events per second, and seconds to the first action.")
        bench_app.callback(invoke_without_command=True)(bench_command)
        bench_app.command("sla")(sla_command(ASSISTANT_SETTINGS))
        bench_app.command("copilot")(copilot_bench_command)
        app.add_typer(bench_app, name="bench")


def _mount_evaluations() -> None:
    from assistant.evaluate.addresses import addresses_command
    from assistant.evaluate.agent_eval import agent_command
    from assistant.evaluate.copilot import copilot_command
    from assistant.evaluate.guard import guard_command
    from assistant.evaluate.injection_eval import injection_command
    from assistant.evaluate.injections_report import injections_command
    from assistant.evaluate.intents import intents_command
    from assistant.evaluate.proof import sandbox_command
    from assistant.evaluate.retrieval import retrieval_command
    from assistant.evaluate.substitution import substitution_command
    from tools.sandbox.bench import Bench
    from tools.sandbox.config import ASSISTANT_SETTINGS

    eval_app.command("sandbox")(sandbox_command(ASSISTANT_SETTINGS))
    eval_app.command("agent")(agent_command(ASSISTANT_SETTINGS))
    eval_app.command("injection")(injection_command(ASSISTANT_SETTINGS))
    eval_app.command("injections")(injections_command(Bench))
    eval_app.command("substitution")(substitution_command)
    eval_app.command("addresses")(addresses_command)
    eval_app.command("copilot")(copilot_command(Bench))
    eval_app.command("guard")(guard_command)
    eval_app.command("intents")(intents_command)
    eval_app.command("retrieval")(retrieval_command(_embedder))


def _delivery_reports() -> Any:
    from assistant.app import Application

    return Application(load_settings()).messaging.reports


def _conversation(settings: Settings) -> Any:
    from assistant.app import Application

    return Application(settings).conversation


def _embedder(name: str) -> Any:
    from assistant.library.wiring import build_embedder

    if name not in ("local", "openai"):
        raise HellowordError("invalid_option", "--embedder: must be local or openai")
    return build_embedder(load_settings().model_copy(update={"embedder": name}))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    demo_page: Annotated[bool, typer.Option(help="the page signs in by itself (loopback only)", hidden=True)] = False,
) -> None:
    """API and worker in one process."""
    import structlog
    import uvicorn

    from assistant.app import Application, make_api
    from assistant.logs import configure_logs

    settings = load_settings()
    configure_logs(settings)
    for warning in questionable_settings():
        structlog.get_logger().warning("setting.questionable", detail=warning)
    if demo_page and host not in ("127.0.0.1", "localhost", "::1"):
        raise HellowordError("demo_page", "--demo-page signs everybody in: it is for loopback only")
    application = Application(settings)
    key = settings.api_key.get_secret_value() if demo_page else None
    uvicorn.run(
        make_api(application, demo_key=key), host=host, port=port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, server_header=False,
    )  # fmt: skip


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="to which migration")] = "head",
    down: Annotated[bool, typer.Option("--down", help="go down instead of up")] = False,
) -> None:
    """Migrates the database (serve does so by itself at start)."""
    from assistant.store.migrate import downgrade, upgrade

    settings = load_settings()
    (downgrade if down else upgrade)(settings.database, revision)
    typer.echo(f"{settings.database.split('@')[-1]} is at {revision}")


# -- keys -----------------------------------------------------------------------------------------------------------


def _keys(settings: Settings) -> Any:
    from assistant.security.keys import Keys
    from assistant.store.engine import Store, make_engine
    from assistant.store.migrate import upgrade

    upgrade(settings.database)
    return Keys(Store(make_engine(settings.database)))


@keys_app.command("add")
def add_key(
    name: str,
    scope: Annotated[list[str], typer.Option(help="events:write, cases:read, cases:write, chat, … (repeat)")],
    role: Annotated[str | None, typer.Option(help="agent, senior_agent, supervisor or administrator")] = None,
) -> None:
    """Makes a key and prints its secret once."""
    info, secret = _keys(load_settings()).create_key(name, scope, role)
    typer.echo(f"{info.id}  {name}  {', '.join(info.scopes)}\n{secret}\nIt is shown this once only.")


@keys_app.command("list")
def list_keys() -> None:
    """Lists the keys, without their secrets."""
    for key in _keys(load_settings()).list_keys():
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        typer.echo(f"{key.id}  {key.name}  {', '.join(key.scopes)}  {key.role or '-'}  {state}")


@keys_app.command("revoke")
def revoke_key(key_id: str) -> None:
    """Revokes a key; effective everywhere within two seconds."""
    _keys(load_settings()).revoke_key(key_id)
    typer.echo(f"{key_id} is revoked")


# -- audit, evaluations ------------------------------------------------------------------------------------


@app.command("replay")
def replay_case(
    case: Annotated[str, typer.Argument(help="the case's id")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    language: Annotated[str, typer.Option(help="en or zh-CN")] = "en",
) -> None:
    """What was known when and what was decided, step by step, and what today's rules would have done."""
    from assistant.replay import replay_command

    raise typer.Exit(replay_command(load_settings(), case, as_json=as_json, language=language))


@app.command("learned")
def show_learned(
    fault: Annotated[str | None, typer.Option(help="of this fault only")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    language: Annotated[str, typer.Option(help="en or zh-CN")] = "en",
) -> None:
    """What became of what was done, by fault and option, and how that orders later decisions."""
    from assistant.followup.cli import learned_command

    raise typer.Exit(learned_command(load_settings(), fault, as_json=as_json, language=language))


@audit_app.command("verify")
def verify(
    as_json: Annotated[bool, typer.Option("--json")] = False,
    wait: Annotated[float, typer.Option(help="seconds to wait for the cases to come to rest first")] = 0.0,
) -> None:
    """Checks SPEC.md's invariants on the live database and the connected shop; exit code 1 when one is violated."""
    from assistant.evaluate.audit import audit_command

    raise typer.Exit(audit_command(load_settings(), as_json=as_json, wait=wait))


# -- trained models -------------------------------------------------------------------------------------------------


TrainedKind = Literal["models", "intents", "suggestions"]


def _demo() -> Any:
    """What starts a demo shop, and the names of what it can play."""
    from assistant.training.world import Demo
    from tools.sandbox.config import ASSISTANT_SETTINGS
    from tools.sandbox.hard_negatives import HARD_NEGATIVES
    from tools.sandbox.harness import running_sandbox
    from tools.sandbox.storyboards import FAULTS

    return Demo(running_sandbox, tuple(FAULTS), tuple(HARD_NEGATIVES), ASSISTANT_SETTINGS)


@app.command("train")
def train_models(
    what: Annotated[TrainedKind, typer.Argument(help="models of orders, intents, or suggestions: how sure")] = "models",
    from_sandbox: Annotated[bool, typer.Option(help="learn from the demo shop, whatever is stored")] = False,
    orders: Annotated[int, typer.Option(min=100, help="orders that the demo shop plays, where it has to")] = 2000,
    seed: Annotated[int, typer.Option(help="for the demo shop, and for who is held out")] = 7,
    to: Annotated[Path | None, typer.Option(help="write into this folder instead of the database")] = None,
    samples: Annotated[Path | None, typer.Option(help="suggestions: keep decisions in this file, or read them")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Trains the models of usual amounts and of novelty; running workers take them up without a restart.

    `train intents` fits the weights of knowledge/talk anew from the committed utterances: same data, same weights.
    `train suggestions` lets people decide in sandbox runs and fits how likely each suggestion settles its case.
    """
    if what == "suggestions":
        from assistant.evaluate.copilot import train_suggestions
        from tools.sandbox.bench import Bench

        return train_suggestions(Bench, samples=samples, to=to, as_json=as_json)
    if what == "intents":
        from assistant.evaluate.intents_training import train_intents

        return train_intents(to, as_json=as_json)
    from assistant.training.cli import train_command

    train_command(load_settings(), _demo(), from_sandbox=from_sandbox, orders=orders, seed=seed, as_json=as_json, to=to)


@models_app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Every stored version, what it was trained on, and its false-alarm rate."""
    from assistant.training.cli import list_command

    list_command(load_settings(), as_json=as_json)


@models_app.command("withdraw")
def withdraw_model(kind: str, version: int) -> None:
    """Takes a version out of force: the one before it is used again, else the one that comes with the product."""
    from assistant.training.cli import withdraw_command

    withdraw_command(load_settings(), kind, version)


@eval_app.command("detectors")
def evaluate_detectors(
    orders: Annotated[int, typer.Option(min=50, help="orders of the generated world")] = 2000,
    seed: Annotated[int, typer.Option(help="of the generated world")] = 41,
    data: Annotated[Path, typer.Option(help="folder with the Olist files")] = Path("../shared/data/olist_orders"),
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Precision and recall by fault code with 95 % intervals: on a generated world, and on the Olist orders."""
    from assistant.evaluate.detectors import detectors_command

    raise typer.Exit(detectors_command(_demo(), orders=orders, seed=seed, data=data, as_json=as_json))


@eval_app.command("scan")
def evaluate_scan(
    data: Annotated[Path, typer.Argument(help="folder with the Olist files")] = Path("../shared/data/olist_orders"),
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Recall by label, false alarms and precision of the scan on the Olist orders."""
    from assistant.scan.evaluate import evaluate_command

    raise typer.Exit(evaluate_command(data, as_json=as_json))
