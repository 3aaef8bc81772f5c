"""`helloword notifications …`: see what customers read, try a carrier, take in a bounce; mounted by the cli."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from assistant.notifications.reports import Reports
from assistant.settings import load_settings
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import UnavailableError

app = typer.Typer(no_args_is_help=True, help="Messages to customers: preview, a test letter, bounces.")

_TEST = {
    "zh-CN": ("测试邮件", "这是 Helloword 助手发出的测试消息。收到即表示发送通道工作正常，您无需任何操作。"),
    "en": (
        "A test",
        "This is a test message of Helloword Assistant. The channel works; there is nothing you need to do.",
    ),
}


def mounted(reports: Callable[[], Reports]) -> typer.Typer:
    """The commands; `reports` makes what records delivery reports."""

    @app.command("bounce")
    def bounce_command() -> None:
        """Takes in a returned e-mail from standard input: for a mail server's pipe. What is no bounce changes nothing.

        Exit code 75 (EX_TEMPFAIL, the mail server tries again) while the database can't take it.
        """
        from tools.connectors.reports import MAX_MAIL, parse_bounce

        found = parse_bounce(sys.stdin.buffer.read(MAX_MAIL))
        try:
            recorded = reports().record(found) if found else None
        except UnavailableError as error:
            typer.echo(f"helloword: {error}", err=True)
            raise typer.Exit(75) from error
        typer.echo(msgspec.json.encode(recorded).decode() if recorded else "no report on a message of ours")

    return app


@app.command("preview")
def preview_command(
    fault: Annotated[str | None, typer.Option(help="a fault's code, or handoff, promises, followup")] = None,
    phrase: Annotated[str | None, typer.Option(help="one message's name")] = None,
    language: Annotated[str | None, typer.Option(help="en or zh-CN; both without it")] = None,
    channel: Annotated[str | None, typer.Option(help="email, sms or in_app: as it looks there")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Prints every message to customers with sample values, in both languages."""
    from assistant.notifications.preview import preview

    found = preview(fault, phrase, language, channel)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        cost = f" ({one.segments} SMS)" if one.segments else ""
        typer.echo(f"{one.source}/{one.phrase} [{one.language}]{cost}")
        if one.subject:
            typer.echo(f"    {one.subject}\n")
        typer.echo("".join(f"    {line}\n" for line in one.text.splitlines()))


@app.command("send-test")
def send_test_command(
    to: Annotated[str, typer.Option(help="an e-mail address, or a phone number with its country code")],
    channel: Annotated[str, typer.Option(help="email or sms")] = "email",
    language: Annotated[str, typer.Option(help="en or zh-CN")] = "en",
) -> None:
    """Sends one test letter by our own carrier, and says what became of it; exit code 1 when it was not taken."""
    from assistant.notifications.wiring import carriers_of, report_secret
    from tools.connectors.carrier import Letter

    settings = load_settings()
    carrier = carriers_of(settings, report_secret(settings)).get(channel)
    if carrier is None:
        needed = {"email": "HELLOWORD_SMTP_URL and HELLOWORD_SMTP_FROM", "sms": "HELLOWORD_SMS_URL"}.get(channel)
        missing = f"{channel} is not connected: set {needed} (see docs/operations.md)"
        typer.echo(missing if needed else "--channel: must be email or sms", err=True)
        raise typer.Exit(2)
    subject, text = _TEST[language_of(language)]
    letter = Letter(
        key=f"test:{secrets.token_hex(8)}", to=to, text=text, language=language_of(language), subject=subject
    )
    outcome = carrier.send(letter, lambda: None)
    said = {"ok": "taken", "rejected": "refused", "retryable": "not now", "unknown": "no answer, perhaps taken"}
    typer.echo(" ".join(filter(None, [said[outcome.kind], outcome.code, outcome.detail])))
    if outcome.kind != "ok":
        raise typer.Exit(1)
