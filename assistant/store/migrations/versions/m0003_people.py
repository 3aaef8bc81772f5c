"""People: staff, assignments, notices; messages that wait and their delivery; promises, feedback, outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.types import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Ref, _Name, _Id = sa.String(512), sa.String(128), sa.String(64)
_Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NEW = (
    "past_endings", "past_levels", "inbox", "opt_outs", "promises", "feedback", "outcomes", "staff", "assignments", "notices", "notice_reads",
    "notice_sends",
)
_OF_MESSAGES = (
    ("source", _Name), ("params", Json()), ("via", _Name), ("provider_ref", _Ref), ("text_ref", _Id),
    ("held_until", UtcDateTime(timezone=True)), ("accepted_at", UtcDateTime(timezone=True)),
    ("delivered_at", UtcDateTime(timezone=True)), ("failed_at", UtcDateTime(timezone=True)), ("failure", _Name),
    ("way", Json()),
)
_OF_CASES = ("told_at", "claimed_at", "handed_off_at", "waiting_since", "done_at", "proven_at")

# What a look had ended was proven by it.
_PROVEN = {
    "sqlite": (
        "UPDATE cases SET proven_at = resolved_at WHERE status IN ('resolved', 'closed') AND EXISTS (SELECT 1 FROM looks "
        "WHERE looks.case_id = cases.id AND json_extract(decision, '$.status') = 'resolved' "
        "AND json_extract(decision, '$.resolution') = cases.resolution)"
    ),
    "postgresql": (
        "UPDATE cases SET proven_at = resolved_at WHERE status IN ('resolved', 'closed') AND EXISTS (SELECT 1 FROM looks "
        "WHERE looks.case_id = cases.id AND decision->>'status' = 'resolved' "
        "AND decision->>'resolution' = cases.resolution)"
    ),
}


def upgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        for name in _OF_CASES:
            cases.add_column(sa.Column(name, UtcDateTime(timezone=True), nullable=True))
        cases.add_column(sa.Column("waited_seconds", sa.Float(), nullable=False, server_default="0"))
        cases.add_column(sa.Column("handed_off_why", _Name, nullable=True))
        cases.add_column(sa.Column("done_waited", sa.Float(), nullable=True))
    op.execute("UPDATE cases SET handed_off_at = first_action_at WHERE status = 'handed_off'")
    op.execute("UPDATE cases SET done_at = coalesce(handed_off_at, resolved_at), done_waited = 0")
    op.execute(_PROVEN[op.get_bind().dialect.name])
    op.create_index("ix_cases_detected_at", "cases", ["detected_at"])
    op.create_index("ix_cases_resolved_at", "cases", ["resolved_at"])
    _past_endings()
    running = sa.text("running IS NOT NULL")
    op.create_index(
        "ix_cases_running", "cases", ["severity_rank"], sqlite_where=running, postgresql_where=running,
    )
    with op.batch_alter_table("messages") as messages:
        for name, kind in _OF_MESSAGES:
            messages.add_column(sa.Column(name, kind, nullable=True))
        messages.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        messages.add_column(sa.Column("asks", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_messages_provider_ref", "messages", ["provider_ref"])
    op.create_index("ix_messages_customer_id", "messages", ["customer_id", "at"])
    _people()


def downgrade() -> None:
    for name in _NEW:
        op.drop_table(name)
    op.drop_index("ix_messages_provider_ref", "messages")
    op.drop_index("ix_messages_customer_id", "messages")
    with op.batch_alter_table("messages") as messages:
        for name in (*(n for n, _ in _OF_MESSAGES), "attempts", "asks"):
            messages.drop_column(name)
    for name in ("running", "detected_at", "resolved_at"):
        op.drop_index(f"ix_cases_{name}", "cases")
    with op.batch_alter_table("cases") as cases:
        for name in (*_OF_CASES, "waited_seconds", "done_waited"):
            cases.drop_column(name)


def _past_endings() -> None:
    at = UtcDateTime(timezone=True)
    op.create_table(
        "past_endings",
        sa.Column("seq", _Serial, autoincrement=True, nullable=False),
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("reopened_at", at, nullable=False),
        sa.Column("within", sa.Boolean(), nullable=False),
        sa.Column("severity", _Name, nullable=False),
        sa.Column("fault_codes", sa.Text(), nullable=False),
        sa.Column("status", _Name, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("value_amount", sa.BigInteger(), nullable=True),
        sa.Column("value_currency", sa.String(3), nullable=True),
        sa.Column("detectable_at", at, nullable=False),
        sa.Column("detected_at", at, nullable=False),
        sa.Column("queued_at", at, nullable=False),
        sa.Column("due_at", at, nullable=False),
        sa.Column("first_action_at", at, nullable=True),
        sa.Column("told_at", at, nullable=True),
        sa.Column("handed_off_at", at, nullable=True),
        sa.Column("waited_seconds", sa.Float(), nullable=False),
        sa.Column("done_at", at, nullable=True),
        sa.Column("done_waited", sa.Float(), nullable=True),
        sa.Column("merged_into", _Id, nullable=True),
        sa.Column("resolved_at", at, nullable=False),
        sa.Column("resolution", _Name, nullable=False),
        sa.Column("proven_at", at, nullable=True),
        sa.Column("episode_plan", sa.Integer(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_past_endings"),
    )
    op.create_index("ix_past_endings_case_id", "past_endings", ["case_id", "episode"])
    op.create_index("ix_past_endings_resolved_at", "past_endings", ["resolved_at"])


def _people() -> None:
    op.create_table(
        "past_levels",
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("severity", _Name, nullable=False),
        sa.Column("promise", _Name, nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("kept_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("measured_seconds", sa.Float(), nullable=False),
        sa.Column("waited_seconds", sa.Float(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "episode", name="pk_past_levels"),
    )
    op.create_index("ix_past_levels_settled_at", "past_levels", ["settled_at"])
    op.create_table(
        "inbox",
        sa.Column("seq", _Serial, autoincrement=True, nullable=False),
        sa.Column("customer_ref", _Ref, nullable=False),
        sa.Column("dedupe_key", _Name, nullable=False),
        sa.Column("checkout_id", _Ref, nullable=True),
        sa.Column("case_id", _Id, nullable=True),
        sa.Column("language", _Name, nullable=False),
        sa.Column("text_ref", _Id, nullable=False),
        sa.Column("choices", Json(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_inbox"),
        sa.UniqueConstraint("dedupe_key", name="uq_inbox_dedupe_key"),
    )
    op.create_index("ix_inbox_customer_ref", "inbox", ["customer_ref", "seq"])
    op.create_table(
        "opt_outs",
        sa.Column("customer_ref", _Ref, nullable=False),
        sa.Column("channel", _Name, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("source", _Name, nullable=False),
        sa.PrimaryKeyConstraint("customer_ref", "channel", name="pk_opt_outs"),
    )
    op.create_table(
        "promises",
        sa.Column("id", _Id, nullable=False),
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("kind", _Name, nullable=False),
        sa.Column("text", Json(), nullable=False),
        sa.Column("owner_kind", _Name, nullable=False),
        sa.Column("owner_id", _Name, nullable=False),
        sa.Column("owner_name", _Name, nullable=False),
        sa.Column("source", _Name, nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", _Name, nullable=False),
        sa.Column("kept_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("broken_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        sa.UniqueConstraint("case_id", "episode", "kind", "source", name="uq_promises_case_id_episode_kind_source"),
    )
    op.create_index("ix_promises_case_id", "promises", ["case_id", "made_at"])
    op.create_index("ix_promises_state", "promises", ["state", "due_at"])
    op.create_table(
        "feedback",
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("customer_id", _Ref, nullable=True),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("dedupe_key", _Name, nullable=True),
        sa.Column("channel", _Name, nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("words_ref", _Id, nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "episode", name="pk_feedback"),
    )
    op.create_index("ix_feedback_customer_id", "feedback", ["customer_id"])
    op.create_table(
        "outcomes",
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("fault", _Name, nullable=False),
        sa.Column("option", _Ref, nullable=False),
        sa.Column("resolution", _Name, nullable=False),
        sa.Column("stayed", sa.Boolean(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", _Name, nullable=True),
        sa.Column("undone_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "episode", name="pk_outcomes"),
    )
    op.create_index("ix_outcomes_fault", "outcomes", ["fault", "option"])
    op.create_table(
        "staff",
        sa.Column("id", _Id, nullable=False),
        sa.Column("name", _Name, nullable=False),
        sa.Column("role", _Name, nullable=False),
        sa.Column("languages", Json(), nullable=False),
        sa.Column("skills", Json(), nullable=False),
        sa.Column("time_zone", _Name, nullable=False),
        sa.Column("shifts", Json(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reads", _Name, nullable=False),
        sa.Column("contact_ref", _Id, nullable=True),
        sa.Column("key_id", _Id, nullable=True),
        sa.Column("last_assigned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("key_id", name="uq_staff_key_id"),
    )
    op.create_table(
        "assignments",
        sa.Column("seq", _Serial, autoincrement=True, nullable=False),
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("staff_id", _Id, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("why", Json(), nullable=False),
        sa.Column("terms", Json(), nullable=False),
        sa.Column("by", _Name, nullable=False),
        sa.Column("accepted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended", _Name, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_assignments"),
    )
    op.create_index("ix_assignments_case_id", "assignments", ["case_id", "seq"])
    op.create_index("ix_assignments_staff_id", "assignments", ["staff_id", "ended_at"])
    op.create_index(
        "uq_assignments_open", "assignments", ["case_id"], unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "notices",
        sa.Column("seq", _Serial, autoincrement=True, nullable=False),
        sa.Column("dedupe_key", _Ref, nullable=False),
        sa.Column("about", _Ref, nullable=False),
        sa.Column("audience_kind", _Name, nullable=False),
        sa.Column("audience_id", _Name, nullable=False),
        sa.Column("case_id", _Id, nullable=True),
        sa.Column("kind", _Name, nullable=False),
        sa.Column("severity", _Name, nullable=True),
        sa.Column("text", Json(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("read_by", _Name, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_notices"),
        sa.UniqueConstraint("dedupe_key", name="uq_notices_dedupe_key"),
    )
    op.create_index("ix_notices_audience", "notices", ["audience_kind", "audience_id", "seq"])
    op.create_index("ix_notices_case_id", "notices", ["case_id"])
    op.create_table(
        "notice_reads",
        sa.Column("notice", _Serial, autoincrement=False, nullable=False),
        sa.Column("reader", _Name, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notice", "reader", name="pk_notice_reads"),
    )
    op.create_table(
        "notice_sends",
        sa.Column("id", _Id, nullable=False),
        sa.Column("notice", _Serial, nullable=False),
        sa.Column("channel", _Name, nullable=False),
        sa.Column("target", _Name, nullable=False),
        sa.Column("state", _Name, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", _Name, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("letter", _Id, nullable=True),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice_sends"),
    )
    op.create_index("ix_notice_sends_notice", "notice_sends", ["notice"])
    op.create_index("ix_notice_sends_target", "notice_sends", ["target", "state"])
