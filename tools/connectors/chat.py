"""The `chat` channel: tells staff through any service Apprise knows (WeCom, Feishu, DingTalk, Slack, …)."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

CONNECT_TIMEOUT, READ_TIMEOUT, TOTAL_TIMEOUT = 5.0, 8.0, 20.0  # seconds, the last for one service
AGAIN, LATER = 60.0, 300.0  # seconds
# They show something on the machine that runs us, where no member of staff sits.
_OF_THIS_MACHINE = frozenset({"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]{0,19})://")
_STATUS = re.compile(r"\berror=([1-5]\d\d)\b")
_SOCKET = "Socket Exception"
# What requests says when the connection broke after the request may have arrived.
_PERHAPS_SENT = re.compile(r"Read timed out|Connection aborted|Connection broken|RemoteDisconnected|IncompleteRead")


class ChatService:
    """One or more chat services, by their Apprise URLs; thread-safe.

    Give it one URL where what became of each matters: several count as one, and what reached some but not all of
    them is `unknown`.

    Raises:
        ValueError: naming the scheme of a URL that is wrong, and nothing else of it.
    """

    def __init__(self, urls: str | Sequence[str], *, total_timeout: float = TOTAL_TIMEOUT) -> None:
        self._urls = urls.split() if isinstance(urls, str) else list(urls)
        self._total_timeout = total_timeout
        for url in self._urls:
            check_url(url)

    def send(self, title: str, body: str, key: str) -> Outcome:
        """Tells every service; ok `{provider_ref, sent}` when all took it.

        `key` names the notice: no chat service knows one, so whoever sends twice is heard twice. Rejected: `refused`.
        Retryable: `unavailable`, `not_taken`. Unknown: `no_answer`, `partly_sent`.
        """
        outcomes = [self._one(url, title, body) for url in self._urls]
        sent = sum(outcome.kind == "ok" for outcome in outcomes)
        if not outcomes:
            return rejected("no_service", "there is no URL")
        if sent == len(outcomes):
            return ok({"provider_ref": key, "sent": sent})
        if sent:
            return unknown(f"{sent} of {len(outcomes)} services took it", "partly_sent")
        worst = ("unknown", "retryable", "rejected")
        return min(outcomes, key=lambda outcome: worst.index(outcome.kind))

    def _one(self, url: str, title: str, body: str) -> Outcome:
        from apprise import Apprise
        from apprise.common import NotifyFormat
        from apprise.result import AppriseResultStatus

        service = _service(url)
        if service is None:
            return rejected("refused", "no valid address of this service")
        service.socket_connect_timeout = min(service.socket_connect_timeout, CONNECT_TIMEOUT)
        service.socket_read_timeout = min(service.socket_read_timeout, READ_TIMEOUT)
        told = Apprise(asset=service.asset)
        told.add(service)
        result = told.notify(
            body, title, body_format=NotifyFormat.TEXT, timeout=self._total_timeout, log_level=logging.DEBUG
        )
        if result:
            return ok()
        if result.status == AppriseResultStatus.TIMEOUT:
            return unknown(f"no answer in {self._total_timeout:g} s", "no_answer")
        return _why([entry.message for entry in result.logs()])


def check_url(url: str) -> None:
    """Whether Apprise can send to this URL: the service's own form (`wecombot://…`) or its web hook's address.

    Raises:
        ValueError: naming the scheme; never more of the URL, which is a secret.
    """
    found = _SCHEME.match(url)
    if not found:
        raise ValueError("a chat URL must begin with a scheme, as slack:// or wecombot://")
    scheme = found.group(1).lower()
    if scheme in _OF_THIS_MACHINE:
        raise ValueError(f"{scheme}:// shows messages on this server only")
    if _service(url) is None:
        raise ValueError(f"{scheme}:// is no service that Apprise knows, or lacks something it needs")


def _service(url: str) -> NotifyBase | None:
    """What sends to a URL, new each time: one that is kept waits seconds between two messages."""
    _quiet()
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        app_id="helloword", app_desc="helloword", app_url="", image_url_mask="", image_url_logo="",
        async_mode=False, secure_logging=True,
    )  # fmt: skip
    return Apprise.instantiate(url.strip(), asset=asset)


def _quiet() -> None:
    """Keeps Apprise's own words, which may hold a URL, out of every log; results still capture them."""
    logger = logging.getLogger("apprise")
    if logger.propagate:
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # it names the path at DEBUG


def _why(messages: list[str]) -> Outcome:
    """What a failure means, from what Apprise wrote about it; its words themselves stay here."""
    statuses: list[Any] = [found.group(1) for found in map(_STATUS.search, messages) if found]
    if statuses:
        status = int(statuses[-1])
        if status in (408, 502, 504):  # a proxy's: what is behind it may have taken it
            return unknown(f"HTTP {status}", "no_answer", status)
        if status >= 500 or status in (425, 429):
            return retryable("unavailable", AGAIN, f"HTTP {status}", status)
        return rejected("refused", f"HTTP {status}", status)
    broken = [message for message in messages if _SOCKET in message]
    if any(map(_PERHAPS_SENT.search, broken)):
        return unknown("the connection broke after the message was sent", "no_answer")
    if broken:
        return retryable("unavailable", AGAIN, "no connection")
    return retryable("not_taken", LATER, "the service did not take it")
