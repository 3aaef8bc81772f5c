"""The staff's inboxes: told once, read by each for themselves, and followed without missing what is committed late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from assistant.notifications.inboxes import OVERLAP, Inboxes, Reader, Tail
from assistant.notifications.notices import SERVICE, SUPERVISORS, Audience, Notices
from assistant.security.principals import Principal, Role
from assistant.store.engine import Store
from assistant.store.tables_people import notices
from knowledge.vocabulary.errors import InputError, NotFoundError
from tests.assistant.conftest import NOW
from tests.assistant.notifications.employees import employ

TEXT = {"en": "Look at this", "zh-CN": "请看"}
SUE = Reader("staff:sue", "sue", ("supervisors", "service"))
ANN = Reader("staff:ann", "ann", ("service",))


def tell(store: Store, audience: Audience, key: str, at: datetime = NOW, kind: str = "high_value") -> bool:
    with store.begin() as tx:
        return Notices(store).put(tx, audience, kind, TEXT, at, dedupe_key=key)


def seqs(store: Store, reader: Reader, **filters: object) -> list[int]:
    page = Inboxes(store).page(reader, "en", now=NOW, **filters)  # type: ignore[arg-type]
    return [item["seq"] for item in page["items"]]


def test_the_same_is_told_to_one_audience_once_and_to_each_audience(store: Store) -> None:
    assert tell(store, SERVICE, "case_1:1:high")
    assert not tell(store, SERVICE, "case_1:1:high")
    assert tell(store, SUPERVISORS, "case_1:1:high")
    assert tell(store, SERVICE, "case_1:2:high")
    with store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(notices)) == 3


def test_who_is_told_as_a_person_and_as_one_of_a_team_sees_it_once(store: Store) -> None:
    for audience in (SERVICE, ("person", "ann"), SUPERVISORS):
        tell(store, audience, "case_1:1:high")
    tell(store, SERVICE, "case_2:1:high")
    inboxes = Inboxes(store)
    page = inboxes.page(ANN, "zh-CN", now=NOW)
    assert [(i["audience"]["kind"], i["text"]) for i in page["items"]] == [("team", "请看"), ("person", "请看")]
    assert page["unread"] == 2
    assert inboxes.page(SUE, "en", now=NOW)["unread"] == 2  # as a supervisor and as one of the service team
    assert len(seqs(store, SUE, audience="service")) == 2  # asked for one inbox, all of it


def test_each_reads_for_themselves_and_the_first_of_a_team_is_named(store: Store) -> None:
    tell(store, SERVICE, "case_1:1:high")
    inboxes, later = Inboxes(store), NOW + timedelta(minutes=1)
    (seq,) = seqs(store, ANN)
    inboxes.read(ANN, seq, NOW)
    inboxes.read(ANN, seq, later)
    inboxes.read(SUE, seq, later)
    mine = inboxes.page(SUE, "en", now=NOW)["items"][0]
    assert (mine["read_at"], mine["first_read"]) == (later, {"at": NOW, "by": "staff:ann"})
    assert seqs(store, ANN, unread=True) == []
    assert seqs(store, Reader("key:k", None, ("service",)), unread=True) == [seq]


def test_reading_all_stops_at_what_was_seen(store: Store) -> None:
    for n in range(3):
        tell(store, SERVICE, f"case_{n}:1:high")
    newest, _, oldest = seqs(store, ANN)
    assert Inboxes(store).read_all(ANN, NOW, up_to=newest - 1) == 2
    assert seqs(store, ANN, unread=True) == [newest]
    assert Inboxes(store).read_all(ANN, NOW) == 1
    assert Inboxes(store).read_all(ANN, NOW) == 0
    assert oldest < newest


def test_nobody_reads_anothers_inbox(store: Store) -> None:
    tell(store, ("person", "bob"), "case_1:1:assigned")
    tell(store, SUPERVISORS, "case_1:1:escalated")
    assert seqs(store, ANN) == []
    with store.read() as tx:
        first = tx.scalar(sa.select(sa.func.min(notices.c.seq)))
    with pytest.raises(NotFoundError):
        Inboxes(store).read(ANN, first or 0, NOW)
    with pytest.raises(InputError) as wrong:
        seqs(store, ANN, audience="supervisors")
    assert wrong.value.field == "audience"
    assert Inboxes(store).page(Reader("key:k", None, ()), "en", now=NOW)["items"] == []


def test_pages_go_back_from_the_newest(store: Store) -> None:
    for n in range(5):
        tell(store, SERVICE, f"case_{n}:1:high")
    first = Inboxes(store).page(ANN, "en", limit=3, now=NOW)
    rest = Inboxes(store).page(ANN, "en", limit=3, before=first["next"], now=NOW)
    both = [item["seq"] for item in (*first["items"], *rest["items"])]
    assert (both, rest["next"]) == (sorted(both, reverse=True), None)
    assert (len(both), first["newest"]) == (5, both[0])
    assert seqs(store, ANN, after=both[2]) == both[:2]


def test_whose_inbox_it_is_follows_from_the_person_or_the_key(store: Store) -> None:
    employ(store, "ann", key_id="key_ann")
    employ(store, "sue", "supervisor")
    inboxes = Inboxes(store)
    assert inboxes.reader_of(Principal("staff", "sue", "Sue")) == SUE
    assert inboxes.reader_of(Principal("key", "key_ann", "x", frozenset({Role.AGENT}))) == Reader(
        "key:key_ann", "ann", ("service",)
    )
    boss = Principal("key", "key_9", "x", frozenset({Role.ADMINISTRATOR}))
    assert inboxes.reader_of(boss) == Reader("key:key_9", None, ("supervisors", "service"))
    assert inboxes.reader_of(Principal("key", "key_8", "reads only")).teams == ()


# -- following ------------------------------------------------------------------------------------------------------


def polled(tail: Tail, at: datetime = NOW) -> list[int]:
    return [item["seq"] for item in tail.poll(at)]


def test_following_begins_now_and_gives_each_notice_once(store: Store) -> None:
    tell(store, SERVICE, "a")
    tail = Inboxes(store).tail(ANN, "en", None)
    assert polled(tail) == []
    tell(store, SERVICE, "b")
    tell(store, ("person", "ann"), "c")
    tell(store, SUPERVISORS, "d")
    assert polled(tail) == [2, 3]
    assert polled(tail) == []
    assert polled(tail, NOW + timedelta(minutes=5)) == []


def test_following_from_long_ago_remembers_only_what_may_still_be_overtaken(store: Store) -> None:
    for n in range(6):
        tell(store, SERVICE, f"case_{n}", NOW - timedelta(hours=1))
    tail = Inboxes(store).tail(ANN, "en", 0)
    assert [[item["seq"] for item in tail.poll(NOW, 2)] for _ in range(4)] == [[1, 2], [3, 4], [5, 6], []]
    tail = Inboxes(store).tail(ANN, "en", 0)
    tail.poll(NOW, 2)
    assert tail._seen == set()


def test_a_notice_committed_after_one_with_a_higher_number_is_not_missed(store: Store) -> None:
    """Two transactions on PostgreSQL: the first number is given first and committed last."""
    tell(store, SERVICE, "old", NOW - timedelta(hours=1))
    tail = Inboxes(store).tail(ANN, "en", None)
    polled(tail)
    put(store, 12, "late", NOW)
    assert polled(tail) == [12]
    put(store, 11, "early", NOW - timedelta(seconds=3))
    assert polled(tail, NOW + timedelta(seconds=1)) == [11]
    assert polled(tail, NOW + OVERLAP * 2) == []


def test_resuming_goes_on_after_the_last_one_seen_and_repeats_what_may_have_been_overtaken(store: Store) -> None:
    for number, key in ((3, "old"), (5, "seen"), (7, "new")):
        put(store, number, key, NOW - timedelta(hours=1))
    assert polled(Inboxes(store).tail(ANN, "en", 5)) == [7]
    put(store, 9, "fresh", NOW)
    assert polled(Inboxes(store).tail(ANN, "en", 9)) == [9]  # within the overlap: its number tells


def test_a_flood_comes_in_pieces_and_whole(store: Store) -> None:
    tail = Inboxes(store).tail(ANN, "en", None)
    tail.poll(NOW)
    for number in range(1, 8):
        put(store, number, f"k{number}", NOW)
    got = [item["seq"] for _ in range(4) for item in tail.poll(NOW, limit=3)]
    assert got == [1, 2, 3, 4, 5, 6, 7]


def put(store: Store, seq: int, key: str, at: datetime) -> None:
    row = {
        "seq": seq, "dedupe_key": f"team:service:{key}", "about": key, "audience_kind": "team",
        "audience_id": "service", "kind": "high_value", "text": TEXT, "at": at,
    }  # fmt: skip
    with store.begin() as tx:
        tx.execute(notices.insert().values(**row))
