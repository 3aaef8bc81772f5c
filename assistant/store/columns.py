"""The columns all tables are made of, and the one `metadata` they belong to."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = sa.String(64)
NAME = sa.String(128)
REF = sa.String(512)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def column(name: str, kind: object, **options: object) -> sa.Column[object]:
    """A column that may not be null unless it says so."""
    options.setdefault("nullable", False)
    return sa.Column(name, kind, **options)  # type: ignore[arg-type]
