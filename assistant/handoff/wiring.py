"""Builds everything that concerns people, in order; the wiring calls it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from assistant.cases.records import Cases
from assistant.followup.followup import FollowUp
from assistant.handoff.alerts import Alerts
from assistant.handoff.desk import Desk
from assistant.handoff.office import Office
from assistant.handoff.parting import Parting
from assistant.notifications.inboxes import Inboxes
from assistant.notifications.notices import Notices
from assistant.notifications.outgoing import Outgoing
from assistant.notifications.pushes import Pushes
from assistant.promises.apology import Apology
from assistant.promises.batches import Batches
from assistant.promises.ledger import Promises
from assistant.promises.service_levels import ServiceLevels
from assistant.security.vault import Vault
from assistant.settings import SettingError, Settings
from assistant.store.engine import Store
from assistant.timers.timers import Timer
from tools.connectors.carrier import Carrier
from tools.connectors.chat import ChatService, check_url
from tools.connectors.smtp import SmtpCarrier


@dataclass(frozen=True)
class Staffing:
    """The rooms that people use."""

    notices: Notices
    inboxes: Inboxes
    pushes: Pushes
    outgoing: Outgoing
    promises: Promises
    desk: Desk
    levels: ServiceLevels
    batches: Batches
    follow_up: FollowUp
    office: Office

    def timer_handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        """Timers handled in a transaction."""
        return {
            **self.desk.timer_handlers(), **self.promises.timer_handlers(), **self.levels.timer_handlers(),
            **self.batches.timer_handlers(),
            **self.follow_up.timer_handlers(),
        }  # fmt: skip

    def deferred_handlers(self) -> dict[str, Callable[[Timer, datetime], datetime | None]]:
        """Timers that wait for other systems."""
        return {**self.pushes.deferred_handlers()}


def build_staffing(store: Store, settings: Settings, vault: Vault, cases: Cases) -> Staffing:
    """Wires the rooms with each other."""
    pushes = Pushes(store, vault, settings, mail=_mail(settings), chat=_chat(settings))
    notices, outgoing = Notices(store, pushes), Outgoing(store)
    desk = Desk(store, notices, settings)
    reply_within = timedelta(seconds=settings.customer_reply_timeout)
    promises = Promises(store, notices, Apology(outgoing, desk.expected_by), reply_within)
    desk.moved = promises.moved
    levels = ServiceLevels(store, notices, cases, writes=settings.writes == "on")
    follow_up = FollowUp(store, cases, outgoing, notices, vault, settings)
    batches = Batches(cases, settings.low_batch_every)
    office = Office(desk, Alerts(notices, settings), Parting(desk, outgoing, notices), promises, levels, follow_up)
    return Staffing(notices, Inboxes(store), pushes, outgoing, promises, desk, levels, batches, follow_up, office)


def _mail(settings: Settings) -> Carrier | None:
    """What carries the staff's e-mail, where SMTP is set."""
    url = settings.smtp_url.get_secret_value()
    if not url or not settings.smtp_from:
        return None
    try:
        return SmtpCarrier(url, settings.smtp_from)
    except ValueError as error:
        raise SettingError("setting", f"HELLOWORD_SMTP_URL or HELLOWORD_SMTP_FROM: {error}") from None


def _chat(settings: Settings) -> Callable[[list[str]], ChatService]:
    """What posts to chat services; the teams' own addresses are checked at the start."""
    for name in ("team_chat", "supervisor_chat"):
        try:
            for url in getattr(settings, name).get_secret_value().split():
                check_url(url)
        except ValueError as error:
            raise SettingError("setting", f"HELLOWORD_{name.upper()}: {error}") from None
    return ChatService
