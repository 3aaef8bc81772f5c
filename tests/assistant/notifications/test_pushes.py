"""Notices by e-mail and chat: in the reader's language, at most once each, bundled at a peak, quiet after hours."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assistant.notifications.inboxes import Inboxes, Reader
from assistant.notifications.notices import SERVICE, SUPERVISORS, Audience, Notices
from assistant.notifications.pushes import AT_ONCE, ATTEMPTS, MINUTE, STALE, Pushes, in_letters
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables_people import notice_sends, staff
from assistant.timers.timers import Sweep
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.conftest import NOW
from tests.assistant.notifications.employees import NIGHT, employ
from tools.connectors.carrier import Letter
from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown

TEXT = {"en": "Paid, but no order. Order o1.", "zh-CN": "已付款但订单缺失。订单 o1。"}
TEAM = "json://team.example/token"


class Mail:
    """A carrier that answers what the test says, else ok."""

    channel, name = "email", "smtp"

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.outcomes: list[Outcome | BaseException] = []
        self.refuses_before = False

    def provider_ref(self, letter: Letter) -> str:
        return letter.key

    def send(self, letter: Letter, committing: Callable[[], None]) -> Outcome:
        if self.refuses_before:
            return retryable("no_connection")
        committing()
        self.letters.append(letter)
        answer = self.outcomes.pop(0) if self.outcomes else ok()
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Room:
    """The chat services: every post, with its address."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, str]] = []
        self.outcomes: list[Outcome] = []

    def __call__(self, urls: list[str]) -> Any:
        room = self

        class Service:
            def send(self, title: str, body: str, key: str) -> Outcome:
                room.posts.append((" ".join(urls), title, body, key))
                return room.outcomes.pop(0) if room.outcomes else ok()

        return Service()


class Post:
    """The house's pushes with a scripted carrier and chat, and a clock to move."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store, self.vault, self.now = store, vault, NOW
        self.mail, self.room = Mail(), Room()
        self.restart()

    def restart(self) -> None:
        settings = Settings(team_chat=TEAM, public_url="https://desk.example")
        self.pushes = Pushes(self.store, self.vault, settings, mail=self.mail, chat=self.room)
        self.notices = Notices(self.store, self.pushes)
        self.sweep = Sweep(self.store, {}, self.pushes.deferred_handlers())

    def tell(self, audience: Audience, key: str = "k", kind: str = "high_value", *, case: bool = True) -> None:
        with self.store.begin() as tx:
            about = {"id": "case_1", "severity": "high"} if case else None
            self.notices.put(tx, audience, kind, TEXT, self.now, dedupe_key=key, case=about)

    def go_on(self, seconds: float = 0.0) -> None:
        """Lets time pass, and what is due be sent."""
        self.now += timedelta(seconds=seconds)
        self.sweep.run_once(self.now, limit=200)

    def states(self) -> list[str]:
        with self.store.read() as tx:
            return list(tx.scalars(sa.select(notice_sends.c.state).order_by(notice_sends.c.notice, notice_sends.c.id)))


@pytest.fixture
def post(store: Store, vault: Vault) -> Post:
    return Post(store, vault)


ANN = ("person", "ann")


def hire_ann(post: Post, **more: Any) -> None:
    contact = {"email": "ann@example.com", "chat": ["json://a.example/1", "json://b.example/2"]}
    employ(post.store, "ann", **{"vault": post.vault, "contact": contact, "reads": "zh-CN", **more})


def test_a_person_gets_it_once_on_each_of_their_addresses_in_their_language(post: Post) -> None:
    hire_ann(post)
    post.tell(ANN, kind="assigned")
    post.go_on()
    post.go_on(600)
    (letter,) = post.mail.letters
    assert (letter.to, letter.language, letter.subject) == ("ann@example.com", "zh-CN", "Helloword 助手：分派给您")
    assert letter.text == f"{TEXT['zh-CN']}\nhttps://desk.example/#case=case_1"
    assert sorted(p[0] for p in post.room.posts) == ["json://a.example/1", "json://b.example/2"]
    page = Inboxes(post.store).page(Reader("staff:ann", "ann", ()), "en", now=post.now)
    assert [(s["channel"], s["state"]) for s in page["items"][0]["sends"]] == [
        ("chat", "accepted"), ("chat", "accepted"), ("email", "accepted"),
    ]  # fmt: skip
    assert "ann@example.com" not in str(page)
    assert "json://" not in str(page)


def test_a_team_gets_it_in_its_chat_in_the_languages_that_it_reads(post: Post) -> None:
    post.tell(SERVICE)
    post.tell(SUPERVISORS)  # has no chat
    post.go_on()
    ((url, title, body, _),) = post.room.posts
    assert url == TEAM
    assert TEXT["zh-CN"] in body
    assert TEXT["en"] in body
    assert "High-severity case".lower() in title.lower()
    employ(post.store, "bob", reads="en")
    post.tell(SERVICE, "k2")
    post.go_on()
    assert TEXT["zh-CN"] not in post.room.posts[1][2]


def test_outside_the_shift_the_inbox_has_to_do_except_for_what_is_escalated_to_a_supervisor(post: Post) -> None:
    hire_ann(post, shifts=NIGHT)
    for key, kind in (("a", "assigned"), ("b", "escalated")):
        post.tell(ANN, key, kind)
    with post.store.begin() as tx:
        tx.execute(staff.update().values(role="supervisor"))
    post.tell(ANN, "c", "assigned")
    post.go_on()
    assert post.mail.letters == []
    post.tell(ANN, "d", "escalated")
    post.go_on()
    assert len(post.mail.letters) == 1
    with post.store.begin() as tx:
        tx.execute(staff.update().values(away=True, shifts=[], role="agent"))
    post.tell(ANN, "e", "assigned")
    post.go_on()
    assert len(post.mail.letters) == 1


def test_what_is_only_news_stays_in_the_inbox(post: Post) -> None:
    hire_ann(post)
    post.tell(ANN, kind="relapse")
    post.go_on()
    assert (post.mail.letters, post.room.posts, post.states()) == ([], [], [])


def test_a_refused_letter_is_not_tried_again_and_a_full_box_is_tried_with_growing_pauses(post: Post) -> None:
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.mail.outcomes = [rejected("550")]
    post.tell(ANN, "a")
    post.go_on()
    post.go_on(3600)
    assert (len(post.mail.letters), post.states()) == (1, ["failed"])
    post.mail.outcomes = [retryable("451")] * 20
    post.tell(ANN, "b")
    tries = []
    for _ in range(400):
        before = len(post.mail.letters)
        post.go_on(5)
        if len(post.mail.letters) > before:
            tries.append(post.now)
    pauses = [(b - a).total_seconds() for a, b in itertools.pairwise(tries)]
    assert len(tries) == ATTEMPTS
    assert pauses == sorted(pauses)
    assert pauses[0] == 5
    assert post.states() == ["failed", "failed"]


def test_an_unknown_outcome_is_never_followed_by_a_second_letter(post: Post) -> None:
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.mail.outcomes = [unknown("timed out"), RuntimeError("broken pipe")]
    post.tell(ANN, "a")
    post.tell(ANN, "b")
    for _ in range(4):
        post.go_on(600)
    assert len(post.mail.letters) == 2
    assert post.states() == ["unconfirmed", "unconfirmed"]


def test_whoever_dies_while_sending_has_perhaps_sent_it(post: Post) -> None:
    """kill -9 between the commit of `sending` and the answer: found again, it is noted and not repeated."""
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.mail.outcomes = [KeyboardInterrupt()]  # nothing after it runs
    post.tell(ANN)
    with pytest.raises(KeyboardInterrupt):
        post.go_on()
    assert post.states() == ["sending"]
    post.restart()
    post.go_on(61)
    assert post.states() == ["sending"]
    for _ in range(10):
        post.go_on(STALE.total_seconds() / 4)
    assert (post.states(), len(post.mail.letters)) == (["unconfirmed"], 1)


def test_whoever_dies_before_sending_has_sent_nothing_and_another_does(post: Post) -> None:
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.tell(ANN)
    post.mail.refuses_before = True
    post.go_on()
    assert post.states() == ["queued"]
    post.mail.refuses_before = False
    post.restart()
    post.go_on(10)
    assert (post.states(), len(post.mail.letters)) == (["accepted"], 1)


def test_without_the_database_nothing_is_sent(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.tell(ANN)

    def gone(*_: Any) -> None:
        raise UnavailableError("store_unavailable", "gone")

    monkeypatch.setattr(post.pushes, "_begin", gone)
    post.go_on()
    assert (post.mail.letters, post.states()) == ([], ["queued"])
    monkeypatch.undo()
    post.go_on(5)
    assert post.states() == ["accepted"]


def test_two_workers_send_one_letter(post: Post) -> None:
    employ(post.store, "ann", vault=post.vault, contact={"email": "ann@example.com"})
    post.tell(ANN)
    other = Pushes(post.store, post.vault, Settings(), mail=post.mail, chat=None)
    timer = post.sweep._claim(["push"], post.now, 1, timedelta(seconds=60))[0]
    send = post.mail.send

    def meanwhile(letter: Letter, committing: Callable[[], None]) -> Outcome:
        post.mail.send = send  # type: ignore[method-assign]
        other.on_push(timer, post.now)
        return send(letter, committing)

    post.mail.send = meanwhile  # type: ignore[method-assign]
    post.pushes.on_push(timer, post.now)
    assert (len(post.mail.letters), post.states()) == (1, ["accepted"])


def test_a_flood_reaches_the_chat_as_a_few_messages_and_the_inbox_whole(post: Post) -> None:
    for n in range(3):
        post.tell(SERVICE, f"calm-{n}")
    post.go_on()
    assert len(post.room.posts) == 3
    for n in range(40):
        post.tell(SERVICE, f"storm-{n}")
        post.go_on(1)
    assert len(post.room.posts) == AT_ONCE
    post.go_on(60)
    last = post.room.posts[-1]
    assert "× high-severity case" in last[1]
    assert "in the inbox" in last[2]
    assert set(post.states()) == {"accepted"}
    assert len(post.room.posts) <= 2 * AT_ONCE
    assert Inboxes(post.store).page(Reader("key:k", None, ("service",)), "en", now=post.now)["unread"] == 43


def test_a_letter_with_many_says_how_many_of_what(post: Post) -> None:
    for n in range(AT_ONCE + 3):
        post.tell(SERVICE, f"h-{n}")
    post.tell(SERVICE, "i", "incident", case=False)
    post.go_on()
    ((_, title, body, _),) = post.room.posts
    assert f"{AT_ONCE + 4} new notices" in title
    assert f"high-severity case: {AT_ONCE + 3}\nincident: 1" in body.replace("; ", "\n")


def test_an_address_that_is_gone_meanwhile_gets_nothing(post: Post) -> None:
    hire_ann(post)
    post.tell(ANN)
    with post.store.begin() as tx:
        tx.execute(staff.update().values(contact_ref=None))
    post.go_on()
    assert (post.mail.letters, post.room.posts) == ([], [])
    assert set(post.states()) == {"failed"}


def test_an_erased_contact_and_a_stranger_are_told_in_the_inbox_only(post: Post) -> None:
    hire_ann(post)
    with post.store.begin() as tx:
        post.vault.destroy(tx, "s:ann", NOW)
    post.tell(ANN)
    post.tell(("person", "nobody"))
    assert post.states() == []


@given(waiting=st.integers(0, 200), lately=st.integers(0, 20))
def test_no_minute_has_more_letters_than_the_limit_and_nothing_is_left_out(waiting: int, lately: int) -> None:
    rows: list[dict[str, Any]] = [{"id": str(n)} for n in range(waiting)]
    letters = in_letters(rows, lately)
    assert len(letters) + min(lately, AT_ONCE) <= AT_ONCE
    assert not letters or [row for letter in letters for row in letter] == rows
    if waiting and lately < AT_ONCE:
        assert letters


def test_the_limit_counts_the_last_minute_only(post: Post) -> None:
    for n in range(AT_ONCE):
        post.tell(SERVICE, f"a-{n}")
    post.go_on()
    post.tell(SERVICE, "b")
    post.go_on(MINUTE.total_seconds() - 1)
    assert len(post.room.posts) == AT_ONCE
    with post.store.read() as tx:  # it rests until then
        assert tx.scalar(sa.select(notice_sends.c.next_at).where(notice_sends.c.state == "queued")) == NOW + MINUTE
    post.go_on(2)
    assert len(post.room.posts) == AT_ONCE + 1
    assert post.now < NOW + timedelta(minutes=2)


