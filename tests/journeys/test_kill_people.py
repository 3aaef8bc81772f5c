"""SIGKILL amid letters: nobody is told twice, every promise keeps its timer, every hand-off an owner who was told."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.notifications.messages import UNDER_WAY
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.tables import cases, messages, timers
from assistant.store.tables_people import assignments, inbox, notice_sends, notices, promises
from tests.journeys.house import KEY
from tests.journeys.test_kill import Victim
from tests.support.mail import MailServer, mail_server
from tests.support.ports import free_port
from tools.connectors.mail import message_id
from tools.sandbox.config import Config
from tools.sandbox.harness import running_sandbox

DOMAIN = "shop.example"
FAULTS = (
    {"fault": "partial_payment", "variant": "never_asked", "customer": "silent"},
    {"fault": "incomplete_information", "customer": "silent"},
    {"fault": "account_blocked"},
    {"fault": "payment_disputed"},
    {"fault": "paid_out_of_stock", "customer": "silent"},
    {"fault": "payment_failed_stock_held", "customer": "silent"},
    {"fault": "duplicate_charge"},
)  # fmt: skip
STAFF = (("Bea", "agent"), ("Cho", "senior_agent"), ("Dan", "supervisor"))
THREADS = 4  # of one process, that carry letters: each has at most one in its hands when it dies
ON_THE_WAY = ("queued", "sending")  # of a notice's letters

Row = dict[str, Any]


class Books:
    """What the database says, and a clock's hands that are put forward while the assistant is dead."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rows(self, table: sa.Table) -> list[Row]:
        with self._store.read() as tx:
            return [dict(row) for row in tx.execute(sa.select(table)).mappings()]

    def time_passes(self, *, dead: bool) -> None:
        """Half an hour for what waits in line; for whatever a dead process had in its hands as well."""
        now, earlier = utcnow(), timedelta(minutes=30)
        with self._store.begin() as tx:
            for row in tx.execute(sa.select(notice_sends)).mappings().all():
                if not dead and row["state"] == "sending":
                    continue
                sent_at = row["sent_at"] - earlier if row["sent_at"] else None
                values = {"next_at": row["next_at"] - earlier, "sent_at": sent_at}
                tx.execute(notice_sends.update().where(notice_sends.c.id == row["id"]).values(**values))
            waiting = timers.c.kind.in_(("message", "push") if dead else ("push",))
            free = sa.true() if dead else timers.c.leased_until.is_(None)
            tx.execute(timers.update().where(waiting, free).values(due_at=now, leased_until=None))

    def under_way(self) -> list[Row]:
        """What is still to be sent."""
        letters = [row for row in self.rows(messages) if row["state"] in UNDER_WAY]
        return letters + [row for row in self.rows(notice_sends) if row["state"] in ON_THE_WAY]

    def wait_until_sent(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while left := self.under_way():
            assert time.monotonic() < end, [(row.get("dedupe_key") or row["id"], row["state"]) for row in left]
            self.time_passes(dead=False)
            time.sleep(0.3)


@contextmanager
def books_of(database_url: str) -> Iterator[Books]:
    engine = make_engine(database_url)
    try:
        yield Books(Store(engine))
    finally:
        engine.dispose()


def kill_amid_letters(database_url: str, home: Path, *, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    port = free_port()
    shop_config = Config(
        port=0, time_scale=0.2, seed=seed, messaging=False, silent_share=1.0, assistant_key=KEY,
        assistant_url=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    with mail_server() as mail, running_sandbox(shop_config) as shop, books_of(database_url) as books:
        ours = {"smtp_url": mail.url, "smtp_from": f"desk@{DOMAIN}"}
        victim = Victim(database_url, home, shop, port, **ours)
        broken: set[str] = set()
        for number in range(kills):
            with victim.alive() as process:
                if not number:
                    employ(victim)
                mail.delay = dice.uniform(0.0, 0.3)
                for options in dice.sample(FAULTS, 4):
                    broken.add(shop.scenario(**options)["checkout_id"])
                kill_at_a_letter(process, mail, dice)
            books.time_passes(dead=True)
        mail.delay = 0.0
        with victim.alive():
            wait_for_people(books, broken, timeout=60)
            books.wait_until_sent(30)
        check_letters(books, mail, kills)
        check_people(books)


def employ(victim: Victim) -> None:
    for name, role in STAFF:
        body = {
            "name": name, "role": role, "skills": ["*"], "languages": ["en", "zh-CN"], "capacity": 100,
            "email": f"{name.lower()}@{DOMAIN}",
        }  # fmt: skip
        victim.api.post("/v1/staff", json=body).raise_for_status()


def kill_at_a_letter(process: Any, mail: MailServer, dice: random.Random) -> None:
    """Kills at a random moment after the next few letters, or somewhat later when there are none."""
    enough, end = len(mail.mails) + dice.randint(1, 4), time.monotonic() + dice.uniform(1.5, 4.0)
    while len(mail.mails) < enough and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(dice.uniform(0.0, 0.2))
    process.kill()


def wait_for_people(books: Books, broken: set[str], timeout: float) -> None:
    """Until every broken order has a case on which the machine is not at work."""
    end = time.monotonic() + timeout
    while True:
        found = books.rows(cases)
        busy = [row["id"] for row in found if row["running"] is not None or row["status"] in ("open", "diagnosing")]
        missing = broken - {row["checkout_id"] for row in found}
        if not busy and not missing:
            return
        assert time.monotonic() < end, (busy, missing)
        time.sleep(0.2)


def check_letters(books: Books, mail: MailServer, kills: int) -> None:
    """Each occasion was mailed exactly once; what nobody can know (killed at the dot) says so, and was never repeated.

    Letters are counted at the mail server, by their Message-ID.
    """
    arrived = Counter(str(one["Message-ID"]) for one in mail.mails)
    assert [key for key, times in arrived.items() if times > 1] == []
    told = [row for row in books.rows(messages) if row["state"] in ("accepted", "delivered")]
    sure = {row["provider_ref"] for row in told if row["via"] == "smtp" and not row["failure"]}
    unsure = {row["provider_ref"] for row in told if row["via"] == "smtp" and row["failure"]}
    carried: dict[str, list[Row]] = defaultdict(list)
    for row in books.rows(notice_sends):
        assert row["state"] in ("accepted", "unconfirmed"), row
        carried[f"{row['target']} {row['letter']}"].append(row)
    for rows in carried.values():
        first = min(rows, key=lambda row: row["notice"])
        name = f"notice:{first['id']}" + (f"+{len(rows) - 1}" if len(rows) > 1 else "")
        (sure if first["state"] == "accepted" else unsure).add(message_id(name, DOMAIN))
    assert sure <= set(arrived), "counted as sent, and never came"
    assert set(arrived) <= sure | unsure, "nobody knows why this was sent"
    assert len(unsure - set(arrived)) <= THREADS * kills
    assert len(sure) > kills, "too little was sent for a test"
    in_app = [row["dedupe_key"] for row in told if row["via"] == "inbox"]
    assert sorted(in_app) == sorted(row["dedupe_key"] for row in books.rows(inbox))
    occasions = Counter((row["case_id"], row["episode"], row["occasion"]) for row in told)
    assert [one for one, times in occasions.items() if times > 1] == []


def check_people(books: Books) -> None:
    """Every promise that stands has its timer; whoever has a case was given it once, and told."""
    waiting = {(row["kind"], row["subject"]) for row in books.rows(timers)}
    made = books.rows(promises)
    assert [row["id"] for row in made if not row["ended_at"] and ("promise", row["id"]) not in waiting] == []
    assert made, "nothing was promised"
    given = {row["case_id"]: row["staff_id"] for row in books.rows(assignments) if not row["ended_at"]}
    told = {(row["case_id"], row["audience_kind"], row["audience_id"]) for row in books.rows(notices)}
    handed = [row for row in books.rows(cases) if row["status"] == "handed_off"]
    assert handed, "nothing was handed off"
    for case in handed:
        assert (case["id"], case["owner_kind"], case["owner_id"]) in told, case["id"]
        assert given.get(case["id"]) == (case["owner_id"] if case["owner_kind"] == "person" else None)
        assert case["claimed_at"] or case["owner_id"] == "supervisors" or ("escalate", case["id"]) in waiting


def test_killed_amid_letters_nobody_is_told_twice_and_nobody_is_forgotten(database_url: str, tmp_path: Path) -> None:
    kill_amid_letters(database_url, tmp_path, kills=3, seed=int(time.time()))


@pytest.mark.proof
def test_killed_thirty_times_amid_letters_nobody_is_told_twice(database_url: str, tmp_path: Path) -> None:
    kill_amid_letters(database_url, tmp_path, kills=30, seed=int(time.time()))
