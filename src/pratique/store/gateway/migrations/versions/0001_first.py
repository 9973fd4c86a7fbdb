"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SORTED = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _certificates()
    _rules()
    _batches()
    _noted()
    op.execute("INSERT INTO gateway (id, last, moment) VALUES (1, 0, 0)")


def _certificates() -> None:
    op.create_table(
        "party",
        sa.Column("thumbprint", _SORTED, primary_key=True),
        sa.Column("country", sa.String(2), primary_key=True),
        sa.Column("group", sa.String(20), primary_key=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.String(80), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
    )
    op.create_table(
        "entry",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("group", sa.String(20), nullable=False),
        sa.Column("domain", sa.String(80), nullable=False),
        sa.Column("kid", _SORTED, nullable=False),
        sa.Column("thumbprint", _SORTED, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger()),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
    )
    asked = ["deleted", "created", "group", "domain", "is_published", "number"]
    op.create_index("entry_by_kid", "entry", ["kid", "thumbprint", "country", *asked], unique=False)
    asked = ["group", "domain", "is_published", "number"]
    live = ["country", "deleted", "kid", "thumbprint", *asked]
    op.create_index("entry_live", "entry", live, unique=False)
    op.create_index("entry_of", "entry", ["thumbprint", "country"], unique=True)


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("identifier", sa.String(80), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("rule_of", "rule", ["country", "identifier"], unique=False)
    op.create_table(
        "value_set",
        sa.Column("identifier", sa.String(200), primary_key=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "reference",
        sa.Column("identifier", _SORTED, primary_key=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
    )


def _batches() -> None:
    op.create_table(
        "batch",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("identifier", sa.String(36), nullable=False, unique=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("batch_live", "batch", ["country", "is_deleted", "changed"], unique=False)
    op.create_table(
        "message",
        sa.Column(
            "number",
            sa.Integer(),
            sa.ForeignKey("batch.number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
    )


def _noted() -> None:
    op.create_table(
        "used",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gateway",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
    )
