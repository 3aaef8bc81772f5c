"""Faults across checkouts and about skus, trained models, what was known when, roles and edits of plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.types import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Ref, _Name, _Id = sa.String(512), sa.String(128), sa.String(64)


def upgrade() -> None:
    _background()
    _decisions()


def _background() -> None:
    op.create_table(
        "purchases",
        sa.Column("checkout_id", _Ref, nullable=False),
        sa.Column("customer_id", _Ref, nullable=False),
        sa.Column("basket", _Name, nullable=False),
        sa.Column("purchase", Json(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("checkout_id", name="pk_purchases"),
    )
    op.create_index("ix_purchases_customer", "purchases", ["customer_id", "submitted_at"])
    op.create_table(
        "stock_watch",
        sa.Column("sku", _Ref, nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("shop_listed", sa.BigInteger(), nullable=True),
        sa.Column("differs_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("evidence", Json(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_stock_watch"),
    )
    op.create_table(
        "models",
        sa.Column("kind", _Name, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("card", Json(), nullable=False),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "version", name="pk_models"),
    )


def _decisions() -> None:
    op.create_table(
        "looks",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", _Id, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("snapshot", Json(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("context", Json(), nullable=False),
        sa.Column("findings", Json(), nullable=False),
        sa.Column("decision", Json(), nullable=False),
        sa.Column("policy_version", _Name, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_looks"),
    )
    op.create_index("ix_looks_case_id", "looks", ["case_id", "seq"])
    with op.batch_alter_table("plans") as plans:
        plans.add_column(sa.Column("role", _Name, nullable=True))
        plans.add_column(sa.Column("edited_from", sa.Integer(), nullable=True))
        plans.add_column(sa.Column("undoes", sa.Integer(), nullable=True))
    with op.batch_alter_table("incidents") as incidents:
        incidents.add_column(sa.Column("incident", _Id, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("incidents") as incidents:
        incidents.drop_column("incident")
    with op.batch_alter_table("plans") as plans:
        for name in ("undoes", "edited_from", "role"):
            plans.drop_column(name)
    for name in ("looks", "models", "stock_watch", "purchases"):
        op.drop_table(name)
