"""Conversations: customers' sessions, what came with a message, and what the copilot suggested to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.types import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Ref, _Name, _Id = sa.String(512), sa.String(128), sa.String(64)
_At = UtcDateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("chat_messages") as messages:
        messages.add_column(sa.Column("session_id", _Id, nullable=True))
        messages.add_column(sa.Column("extra", Json(), nullable=True))
        messages.add_column(sa.Column("origin", _Ref, nullable=True))
        messages.create_unique_constraint("uq_chat_messages_origin", ["origin"])
    op.create_index("ix_chat_messages_session_id", "chat_messages", ["session_id", "seq"])
    with op.batch_alter_table("plans") as plans:
        plans.add_column(sa.Column("suggestion", _Id, nullable=True))
    _sessions()
    _suggestions()


def downgrade() -> None:
    op.drop_table("suggestions")
    op.drop_table("chat_sessions")
    with op.batch_alter_table("plans") as plans:
        plans.drop_column("suggestion")
    op.drop_index("ix_chat_messages_session_id", "chat_messages")
    with op.batch_alter_table("chat_messages") as messages:
        messages.drop_constraint("uq_chat_messages_origin", type_="unique")
        for name in ("session_id", "extra", "origin"):
            messages.drop_column(name)


def _sessions() -> None:
    op.create_table(
        "chat_sessions",
        sa.Column("id", _Id, nullable=False),
        sa.Column("customer_id", _Ref, nullable=False),
        sa.Column("language", _Name, nullable=False),
        sa.Column("checkout_id", _Ref, nullable=True),
        sa.Column("case_id", _Id, nullable=True),
        sa.Column("state", _Name, nullable=False),
        sa.Column("handed_off_at", _At, nullable=True),
        sa.Column("expected_by", _At, nullable=True),
        sa.Column("seen_at", _At, nullable=True),
        sa.Column("turn", _Id, nullable=True),
        sa.Column("turn_until", _At, nullable=True),
        sa.Column("created_at", _At, nullable=False),
        sa.Column("last_at", _At, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_sessions"),
    )
    op.create_index("ix_chat_sessions_customer_id", "chat_sessions", ["customer_id"])
    op.create_index("ix_chat_sessions_case_id", "chat_sessions", ["case_id"])


def _suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", _Id, nullable=False),
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("fault", _Name, nullable=False),
        sa.Column("option", _Ref, nullable=False),
        sa.Column("kind", _Name, nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan", Json(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("features", Json(), nullable=False),
        sa.Column("shown", Json(), nullable=False),
        sa.Column("state", _Name, nullable=False),
        sa.Column("at", _At, nullable=False),
        sa.Column("decided_at", _At, nullable=True),
        sa.Column("decided_by", _Name, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("difference", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
    )
    op.create_index("ix_suggestions_case_id", "suggestions", ["case_id"])
    op.create_index("ix_suggestions_fault", "suggestions", ["fault", "option", "state"])
