"""The tables about people: staff, what they are told, what customers were promised, asked and answered."""

from __future__ import annotations

import sqlalchemy as sa

from assistant.store import columns
from assistant.store.columns import ID as _Id
from assistant.store.columns import NAME as _Name
from assistant.store.columns import REF as _Ref
from assistant.store.columns import SERIAL as _Serial
from assistant.store.columns import column as _col
from assistant.store.types import Json, UtcDateTime

metadata = columns.metadata

# -- customers ------------------------------------------------------------------------------------------------------

inbox = sa.Table(
    "inbox", metadata,  # in-app messages, for the widget to show
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("customer_ref", _Ref), _col("dedupe_key", _Name, unique=True), _col("checkout_id", _Ref, nullable=True),
    _col("case_id", _Id, nullable=True), _col("language", _Name), _col("text_ref", _Id),  # in the vault
    _col("choices", Json), _col("at", UtcDateTime), _col("read_at", UtcDateTime, nullable=True),
    sa.Index("ix_inbox_customer_ref", "customer_ref", "seq"),
)  # fmt: skip

opt_outs = sa.Table(
    "opt_outs", metadata,
    _col("customer_ref", _Ref, primary_key=True),
    _col("channel", _Name, primary_key=True),  # sms, email, in_app, or `feedback`: no questions how we did
    _col("at", UtcDateTime), _col("source", _Name),
)  # fmt: skip

promises = sa.Table(
    "promises", metadata,
    _col("id", _Id, primary_key=True), _col("case_id", _Id), _col("episode", sa.Integer),
    _col("kind", _Name), _col("text", Json),  # in both languages
    _col("owner_kind", _Name), _col("owner_id", _Name), _col("owner_name", _Name),
    _col("source", _Name, default=""),  # the message that made it, by its dedupe key
    _col("made_at", UtcDateTime), _col("due_at", UtcDateTime),
    _col("state", _Name),  # open, kept, broken, cancelled; a broken one may be kept late
    _col("kept_at", UtcDateTime, nullable=True), _col("broken_at", UtcDateTime, nullable=True),
    _col("ended_at", UtcDateTime, nullable=True),
    sa.Index("ix_promises_case_id", "case_id", "made_at"),
    sa.Index("ix_promises_state", "state", "due_at"),
    sa.UniqueConstraint("case_id", "episode", "kind", "source"),
)  # fmt: skip

feedback = sa.Table(
    "feedback", metadata,
    _col("case_id", _Id, primary_key=True), _col("episode", sa.Integer, primary_key=True),
    _col("customer_id", _Ref, nullable=True, index=True), _col("asked_at", UtcDateTime, nullable=True),
    _col("dedupe_key", _Name, nullable=True), _col("channel", _Name, nullable=True),
    _col("rating", sa.Integer, nullable=True),  # 1 (bad) … 5 (good)
    _col("words_ref", _Id, nullable=True), _col("answered_at", UtcDateTime, nullable=True),
)  # fmt: skip

outcomes = sa.Table(
    "outcomes", metadata,  # what became of what was done: one row per episode that ended, for the ranking of actions
    _col("case_id", _Id, primary_key=True), _col("episode", sa.Integer, primary_key=True),
    _col("fault", _Name), _col("option", _Ref),  # the actions performed, as `create_order+confirm_order`
    _col("resolution", _Name), _col("stayed", sa.Boolean, nullable=True),  # None while it is watched
    _col("rating", sa.Integer, nullable=True), _col("at", UtcDateTime), _col("settled_at", UtcDateTime, nullable=True),
    _col("undone_at", UtcDateTime, nullable=True), _col("undone_by", _Name, nullable=True),  # no longer counts
    _col("undone_why", sa.Text, nullable=True),
    sa.Index("ix_outcomes_fault", "fault", "option"),
)  # fmt: skip

# -- staff ----------------------------------------------------------------------------------------------------------

staff = sa.Table(
    "staff", metadata,
    _col("id", _Id, primary_key=True), _col("name", _Name), _col("role", _Name),
    _col("languages", Json),  # of the customers they serve, BCP 47
    _col("skills", Json),  # fault codes, or ["*"] for all
    _col("time_zone", _Name), _col("shifts", Json),  # [{days: [0 Monday … 6], start: "09:00", end: "18:00"}]
    _col("capacity", sa.Integer),  # open cases at a time
    _col("away", sa.Boolean, default=False), _col("active", sa.Boolean, default=True),
    _col("reads", _Name),  # the language their notices are in
    _col("contact_ref", _Id, nullable=True),  # {email, chat: [Apprise URL]}, in the vault: addresses and secrets
    _col("key_id", _Id, nullable=True, unique=True),  # the API key they come with
    _col("last_assigned_at", UtcDateTime, nullable=True),
    _col("created_at", UtcDateTime), _col("updated_at", UtcDateTime), _col("version", sa.Integer, default=1),
)  # fmt: skip

assignments = sa.Table(
    "assignments", metadata,  # who was given which case, and why; the case's own row says whose it is now
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("case_id", _Id), _col("episode", sa.Integer), _col("staff_id", _Id), _col("at", UtcDateTime),
    _col("why", Json), _col("terms", Json),  # in both languages; the figures of the choice
    _col("by", _Name),  # who gave it: `system`, or a principal
    _col("accepted_at", UtcDateTime, nullable=True), _col("ended_at", UtcDateTime, nullable=True),
    _col("ended", _Name, nullable=True),  # resolved, handed_back, reassigned, escalated
    sa.Index("ix_assignments_case_id", "case_id", "seq"),
    sa.Index("ix_assignments_staff_id", "staff_id", "ended_at"),
    sa.Index(
        "uq_assignments_open", "case_id", unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    ),
)  # fmt: skip

notices = sa.Table(
    "notices", metadata,  # what staff are told: the inbox
    _col("seq", _Serial, primary_key=True, autoincrement=True),
    _col("dedupe_key", _Ref, unique=True),  # the audience, and `about`
    _col("about", _Ref),  # the same for every audience that is told of the same thing: each reader sees it once
    _col("audience_kind", _Name), _col("audience_id", _Name),  # or team: service, supervisors
    _col("case_id", _Id, nullable=True, index=True), _col("kind", _Name), _col("severity", _Name, nullable=True),
    _col("text", Json),  # in both languages; nothing personal
    # by the first of its audience who read it; who else did is in `notice_reads`
    _col("at", UtcDateTime), _col("read_at", UtcDateTime, nullable=True), _col("read_by", _Name, nullable=True),
    sa.Index("ix_notices_audience", "audience_kind", "audience_id", "seq"),
)  # fmt: skip

notice_reads = sa.Table(
    "notice_reads", metadata,
    _col("notice", _Serial, primary_key=True, autoincrement=False), _col("reader", _Name, primary_key=True),
    _col("at", UtcDateTime),
)  # fmt: skip

notice_sends = sa.Table(
    "notice_sends", metadata,  # notices on their way by e-mail or chat service
    _col("id", _Id, primary_key=True),  # the notice and the channel
    _col("notice", _Serial), _col("channel", _Name),  # email, or chat:<short hash of the address>
    _col("target", _Name),  # person:<staff id> or team:<name>
    _col("state", _Name),  # queued, sending, accepted, failed, unconfirmed (nobody knows: never sent again)
    _col("attempts", sa.Integer, default=0), _col("failure", _Name, nullable=True), _col("at", UtcDateTime),
    _col("next_at", UtcDateTime), _col("sent_at", UtcDateTime, nullable=True),  # when `sending` began
    _col("letter", _Id, nullable=True),  # of the letter that carries it, together with others at a peak
    _col("settled_at", UtcDateTime, nullable=True),
    sa.Index("ix_notice_sends_notice", "notice"), sa.Index("ix_notice_sends_target", "target", "state"),
)  # fmt: skip
