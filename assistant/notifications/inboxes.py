"""The inboxes as staff read them: whose they are, pages of them, what was read, and what comes in; the API calls it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.notifications.notices import SERVICE, SUPERVISORS, Audience
from assistant.security.principals import Principal, Role
from assistant.store.engine import Store
from assistant.store.tables_people import notice_reads, notice_sends, notices, staff
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import InputError, NotFoundError

Notice = dict[str, Any]
LIMIT = 100
RECENT = timedelta(days=30)  # older notices that nobody of a team read don't count as unread any more
OVERLAP = timedelta(seconds=30)  # within this a notice with a lower number may still be committed


class Reader(msgspec.Struct, frozen=True):
    """Whose inbox is read. `ref` marks what they have read, `person` is their staff id, `teams` those they are in."""

    ref: str
    person: str | None
    teams: tuple[str, ...]

    def mine(self) -> list[Audience]:
        """Their audiences, the nearest first."""
        person: list[Audience] = [("person", self.person)] if self.person else []
        return [*person, *(("team", team) for team in self.teams)]


class Inboxes:
    """Reads `notices` and marks what was read, each reader for themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reader_of(self, who: Principal) -> Reader:
        """Whose inbox a principal reads: their own as a member of staff, and their teams' by their role."""
        with self._store.read() as tx:
            person = tx.execute(
                sa.select(staff.c.id, staff.c.role).where(
                    staff.c.active.is_(sa.true()), (staff.c.id if who.kind == "staff" else staff.c.key_id) == who.id
                )
            ).first()
        roles = {*who.roles, *([person.role] if person else [])}
        teams = ([SUPERVISORS[1]] if roles & {Role.SUPERVISOR, Role.ADMINISTRATOR} else []) + (
            [SERVICE[1]] if roles else []
        )
        return Reader(who.ref, person.id if person else None, tuple(teams))

    def page(
        self, reader: Reader, language: str, *, audience: str | None = None, unread: bool = False,
        after: int | None = None, before: int | None = None, limit: int = 50, now: datetime,
    ) -> dict[str, Any]:  # fmt: skip
        """The newest notices first: `{items, unread, newest, next}`.

        `audience`: `person` or a team's name, else all that are the reader's. `newest` is the number to follow from;
        `next` goes into `before` for older ones, None at the end.

        Raises:
            InputError: `invalid_filter` for an audience that is not theirs.
        """
        wanted = self._audiences(reader, audience)
        query = sa.select(notices).where(_theirs(wanted))
        query = query.where(notices.c.seq > after) if after is not None else query
        query = query.where(notices.c.seq < before) if before is not None else query
        query = query.where(_unread_by(reader)) if unread else query
        limit = max(1, min(limit, LIMIT))
        with self._store.read() as tx:
            rows = [dict(r) for r in tx.execute(query.order_by(notices.c.seq.desc()).limit(limit + 1)).mappings()]
            items = _shown(tx, rows[:limit], reader, language)
            count = sa.select(sa.func.count()).select_from(notices)
            left = tx.scalar(count.where(_theirs(wanted), _unread_by(reader), notices.c.at > now - RECENT))
            newest = tx.scalar(sa.select(sa.func.max(notices.c.seq)).where(_theirs(wanted)))
        following = rows[limit - 1]["seq"] if len(rows) > limit else None
        return {"items": items, "unread": left or 0, "newest": newest or 0, "next": following}

    def read(self, reader: Reader, seq: int, now: datetime) -> None:
        """Marks one notice as read by this reader; once more changes nothing.

        Raises:
            NotFoundError: `notice_not_found` when there is none of that number in their inbox.
        """
        with self._store.begin() as tx:
            mine = notices.c.seq == seq, _theirs(reader.mine(), once=False)
            if tx.execute(sa.select(notices.c.seq).where(*mine)).first() is None:
                raise NotFoundError("notice_not_found", f"there is no notice {seq} in this inbox")
            self._mark(tx, reader, [seq], now)

    def read_all(self, reader: Reader, now: datetime, *, audience: str | None = None, up_to: int | None = None) -> int:
        """Marks what is unread as read by this reader, up to a notice's number where one is given; how many."""
        query = sa.select(notices.c.seq).where(
            _theirs(self._audiences(reader, audience), once=False), _unread_by(reader), notices.c.at > now - RECENT
        )
        query = query.where(notices.c.seq <= up_to) if up_to is not None else query
        with self._store.begin() as tx:
            seqs = list(tx.execute(query.order_by(notices.c.seq)).scalars())
            self._mark(tx, reader, seqs, now)
        return len(seqs)

    def _mark(self, tx: sa.Connection, reader: Reader, seqs: list[int], now: datetime) -> None:
        for start in range(0, len(seqs), 200):
            some = seqs[start : start + 200]
            rows = [{"notice": seq, "reader": reader.ref, "at": now} for seq in some]
            tx.execute(self._store.insert_new(notice_reads, "notice", "reader").values(rows))
            first = notices.update().where(notices.c.seq.in_(some), notices.c.read_at.is_(None))
            tx.execute(first.values(read_at=now, read_by=reader.ref))

    def _audiences(self, reader: Reader, audience: str | None) -> list[Audience]:
        mine = reader.mine()
        if audience is None:
            return mine
        wanted = [one for one in mine if audience == (one[0] if one[0] == "person" else one[1])]
        if not wanted:
            names = ", ".join(kind if kind == "person" else name for kind, name in mine) or "none"
            raise InputError("invalid_filter", "audience", f"{audience!r} is none of yours: {names}")
        return wanted

    def tail(self, reader: Reader, language: str, after: int | None) -> Tail:
        """What comes into this inbox from now on, or from after a notice's number."""
        return Tail(self._store, reader, language, after)


class Tail:
    """Follows an inbox: each `poll` gives what is new since the one before, oldest first.

    Numbers are given before transactions commit, so a lower one may appear after a higher one: the last `OVERLAP` is
    always looked through again. After a resumption some of it may come a second time; the number tells.
    """

    def __init__(self, store: Store, reader: Reader, language: str, after: int | None) -> None:
        self._store, self._reader, self._language = store, reader, language
        self._after, self._settled = after, -1
        self._seen: set[int] = set()

    def poll(self, now: datetime, limit: int = LIMIT) -> list[dict[str, Any]]:
        """Up to `limit` new notices, as in `Inboxes.page`; one short look at the database.

        Raises:
            UnavailableError: the database doesn't answer.
        """
        with self._store.read() as tx:
            if self._settled < 0:
                self._begin(tx, now)
            query = sa.select(notices).where(_theirs(self._reader.mine()), notices.c.seq > self._settled)
            query = query.where(notices.c.seq.not_in(self._seen)) if self._seen else query
            rows = [dict(r) for r in tx.execute(query.order_by(notices.c.seq).limit(limit)).mappings()]
            shown = _shown(tx, rows, self._reader, self._language)
            self._seen.update(row["seq"] for row in rows)
            self._settle(tx, now)
        return shown

    def _begin(self, tx: sa.Connection, now: datetime) -> None:
        self._settled = self._last_settled(tx, now, self._after)
        if self._after is None:  # from now on: what there is counts as seen
            query = sa.select(notices.c.seq).where(_theirs(self._reader.mine()), notices.c.seq > self._settled)
            self._seen = set(tx.execute(query).scalars())

    def _settle(self, tx: sa.Connection, now: datetime) -> None:
        self._settled = max(self._settled, self._last_settled(tx, now, max(self._seen, default=self._settled)))
        self._seen = {seq for seq in self._seen if seq > self._settled}

    def _last_settled(self, tx: sa.Connection, now: datetime, up_to: int | None) -> int:
        """The highest number below which nothing new can appear."""
        query = sa.select(sa.func.max(notices.c.seq)).where(
            _theirs(self._reader.mine(), once=False), notices.c.at < now - OVERLAP
        )
        return int(tx.scalar(query if up_to is None else query.where(notices.c.seq <= up_to)) or 0)


def _theirs(audiences: Collection[Audience], *, once: bool = True) -> sa.ColumnElement[bool]:
    """In one of these inboxes; with `once`, what a nearer inbox has too is left out of the further ones."""
    ways: list[sa.ColumnElement[bool]] = []
    nearer: list[Audience] = []
    for audience in audiences:
        way = _of(notices, audience)
        if once and nearer:
            other = notices.alias()
            same = sa.select(other.c.seq).where(other.c.dedupe_key.in_(_keys(nearer)))
            way &= ~same.exists()
        ways.append(way)
        nearer.append(audience)
    return sa.or_(sa.false(), *ways)


def _keys(audiences: Iterable[Audience]) -> list[sa.ColumnElement[str]]:
    return [sa.literal(f"{kind}:{name}:") + notices.c.about for kind, name in audiences]


def _of(table: sa.Table, audience: Audience) -> sa.ColumnElement[bool]:
    return (table.c.audience_kind == audience[0]) & (table.c.audience_id == audience[1])


def _unread_by(reader: Reader) -> sa.ColumnElement[bool]:
    mark = sa.select(notice_reads.c.notice).where(
        notice_reads.c.notice == notices.c.seq, notice_reads.c.reader == reader.ref
    )
    return ~mark.exists()


def _shown(tx: sa.Connection, rows: list[Notice], reader: Reader, language: str) -> list[dict[str, Any]]:
    seqs = [row["seq"] for row in rows]
    marks = sa.select(notice_reads.c.notice, notice_reads.c.at).where(
        notice_reads.c.notice.in_(seqs), notice_reads.c.reader == reader.ref
    )
    read_at = {row.notice: row.at for row in tx.execute(marks)} if seqs else {}
    sends: dict[int, list[dict[str, Any]]] = {seq: [] for seq in seqs}
    query = sa.select(notice_sends).where(notice_sends.c.notice.in_(seqs)).order_by(notice_sends.c.id)
    for row in tx.execute(query).mappings() if seqs else ():
        sends[row["notice"]].append(
            {"channel": row["channel"].split(":")[0], "state": row["state"], "failure": row["failure"],
             "at": row["settled_at"] or row["sent_at"] or row["at"]}
        )  # fmt: skip
    return [_notice_json(row, read_at.get(row["seq"]), sends[row["seq"]], language) for row in rows]


def _notice_json(row: Notice, read_at: datetime | None, sends: list[dict[str, Any]], language: str) -> dict[str, Any]:
    text = row["text"]
    return {
        "seq": row["seq"], "kind": row["kind"], "severity": row["severity"], "case_id": row["case_id"],
        "text": text.get(language_of(language), text.get("en", "")), "at": row["at"],
        "audience": {"kind": row["audience_kind"], "id": row["audience_id"]}, "read_at": read_at,
        "first_read": {"at": row["read_at"], "by": row["read_by"]} if row["read_at"] else None, "sends": sends,
    }  # fmt: skip
