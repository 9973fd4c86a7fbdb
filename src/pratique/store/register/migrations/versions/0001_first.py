"""The first tables; the database itself refuses to change or remove what was added."""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ADD_ONLY = ("register", "certificate", "revocation", "act", "edition")


def upgrade() -> None:
    """Make the tables."""
    made = op.create_table("register", sa.Column("id", sa.LargeBinary(16), primary_key=True))
    op.bulk_insert(made, [{"id": os.urandom(16)}])
    _issued()
    _certificates()
    _taken_back()
    add = {"sqlite": _sqlite_guard, "postgresql": _postgresql_guard}
    for table in ADD_ONLY:
        add[op.get_bind().dialect.name](table)


def _sqlite_guard(table: str) -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the register is add-only'); END"
        )


def _postgresql_guard(table: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION pratique_add_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the register is add-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_add_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION pratique_add_only()"
    )


def _issued() -> None:
    op.create_table(
        "shard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=8), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kid"),
    )
    op.create_table(
        "origin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=80), nullable=False),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lot", "site", "operator"),
    )


def _certificates() -> None:
    op.create_table(
        "certificate",
        sa.Column("shard_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request", sa.LargeBinary(length=16), nullable=False),
        sa.Column("uci", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("parent_shard", sa.Integer(), nullable=True),
        sa.Column("parent_tag", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["origin_id"],
            ["origin.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_shard"],
            ["shard.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shard_id"],
            ["shard.id"],
        ),
        sa.PrimaryKeyConstraint("shard_id", "tag"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "certificate_by_parent",
        "certificate",
        ["parent_shard", "parent_tag"],
        unique=False,
        sqlite_where=sa.text("parent_tag IS NOT NULL"),
        postgresql_where=sa.text("parent_tag IS NOT NULL"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shard_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shard_id"],
            ["shard.id"],
        ),
        sa.PrimaryKeyConstraint("id", "number"),
    )


def _taken_back() -> None:
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("selection", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "revocation",
        sa.Column("shard_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["act_id"],
            ["act.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shard_id", "tag"],
            ["certificate.shard_id", "certificate.tag"],
        ),
        sa.PrimaryKeyConstraint("shard_id", "tag"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edition",
        sa.Column("shard_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("last_act", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["last_act"],
            ["act.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shard_id"],
            ["shard.id"],
        ),
        sa.PrimaryKeyConstraint("shard_id", "version"),
    )
