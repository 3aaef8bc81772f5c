"""Builds what concerns messages to customers; the application calls it once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from assistant.cases.records import Cases
from assistant.notifications.dispatch import Dispatch
from assistant.notifications.inbox import Inbox
from assistant.notifications.messages import Notifications, OnTold
from assistant.notifications.replies import Replies
from assistant.notifications.reports import Reports
from assistant.notifications.routes import Carriers
from assistant.notifications.sent_effects import Effects
from assistant.notifications.settling import Settling
from assistant.security.master_key import load_master_key
from assistant.security.vault import Vault
from assistant.settings import SettingError, Settings
from assistant.store.engine import Store, utcnow
from tools.connectors.carriers import build_carriers
from tools.connectors.ports import ShopReader, ShopWriter


@dataclass(frozen=True)
class Messaging:
    """The rooms that messages to customers go through."""

    notifications: Notifications
    dispatch: Dispatch
    inbox: Inbox
    reports: Reports
    replies: Replies
    carriers: Carriers
    secret: bytes  # what addresses for SMS delivery reports are signed with


def build_messaging(
    store: Store, settings: Settings, vault: Vault, cases: Cases, ledger: Effects, reader: ShopReader,
    writer: ShopWriter, *, on_told: OnTold | None = None, refusing: Callable[[], Collection[str]] = frozenset,
    carriers: Carriers | None = None, clock: Callable[[], datetime] = utcnow,
) -> Messaging:  # fmt: skip
    """Wires them; `carriers` stand in for those that the settings name. `clock` is aware UTC.

    Raises:
        SettingError: names the setting of a carrier that is wrong.
    """
    secret = report_secret(settings)
    ours = carriers if carriers is not None else carriers_of(settings, secret)
    notifications = Notifications(
        store, reader, vault=vault, carriers=ours, quiet_hours=settings.quiet_hours, time_zone=settings.time_zone,
        on_told=on_told, now=clock,
    )  # fmt: skip
    settling = Settling(cases, notifications, ledger, settings.customer_reply_timeout)
    inbox = Inbox(store, vault)
    dispatch = Dispatch(
        store, cases, notifications, settling, ledger, inbox, writer, settings, ours, refusing=refusing, clock=clock,
    )  # fmt: skip
    return Messaging(
        notifications, dispatch, inbox, Reports(store, cases, settling, clock), Replies(store, vault), ours, secret
    )


def carriers_of(settings: Settings, secret: bytes) -> Carriers:
    """Our own carriers by channel.

    Raises:
        SettingError: names the setting that is wrong.
    """
    try:
        built = build_carriers(
            settings.smtp_url.get_secret_value(), settings.smtp_from, settings.sms_url.get_secret_value(),
            settings.sms_from, settings.public_url, secret,
        )  # fmt: skip
    except ValueError as error:
        name, _, why = str(error).partition(": ")
        raise SettingError("setting", f"HELLOWORD_{name.upper()}: {why}") from error
    return {carrier.channel: carrier for carrier in built}


def report_secret(settings: Settings) -> bytes:
    """What delivery reports are signed with: follows from the master key, so that every process knows it."""
    return hashlib.blake2b(load_master_key(settings), person=b"delivery reports", digest_size=32).digest()
