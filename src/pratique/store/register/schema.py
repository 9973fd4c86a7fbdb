"""The register's tables. There is no personal column, and a test holds the list of columns.

    shard 1-n certificate n-1 origin        certificate 1-0..1 revocation n-1 act

1. A certificate's name is its key and its tag; neither says anything about a person.
2. Rows are added, never changed or removed: what was issued or revoked stays so. Only a key's count
   of certificates grows.
3. Whole numbers for what is many: an origin (lot, site, operator) is written once.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    func,
)

metadata = MetaData()

register = Table(
    "register",
    metadata,
    # Drawn when the register is made: by it a lost register is told from an empty one.
    Column("id", LargeBinary(16), primary_key=True),
)

shard = Table(
    "shard",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kid", LargeBinary(8), nullable=False, unique=True),
    Column("label", String(80), nullable=False),
    Column("width", SmallInteger, nullable=False),
    # Counted with every line that is added: a key must not sign more than was planned.
    Column("issued", BigInteger, nullable=False),
)

origin = Table(
    "origin",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lot", String(80), nullable=False),
    Column("site", String(80), nullable=False),
    Column("operator", String(80), nullable=False),
    UniqueConstraint("lot", "site", "operator"),
)

certificate = Table(
    "certificate",
    metadata,
    Column("shard_id", ForeignKey("shard.id"), primary_key=True, autoincrement=False),
    Column("tag", BigInteger, primary_key=True, autoincrement=False),
    Column("request", LargeBinary(16), nullable=False),
    Column("uci", LargeBinary(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("origin_id", ForeignKey("origin.id"), nullable=False),
    Column("parent_shard", ForeignKey("shard.id")),
    Column("parent_tag", BigInteger),
    # Tags are random: the tree by tag is the table itself, and no second one is written.
    sqlite_with_rowid=False,
)
# One request, one certificate: its first half is drawn from the request's secret, whatever key signs.
Index("certificate_by_request", func.substr(certificate.c.request, 1, 8), unique=True)
Index(
    "certificate_by_parent",
    certificate.c.parent_shard,
    certificate.c.parent_tag,
    sqlite_where=certificate.c.parent_tag.is_not(None),
    postgresql_where=certificate.c.parent_tag.is_not(None),
)

act = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("selection", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("count", Integer, nullable=False),
)

revocation = Table(
    "revocation",
    metadata,
    Column("shard_id", Integer, primary_key=True, autoincrement=False),
    Column("tag", BigInteger, primary_key=True, autoincrement=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    ForeignKeyConstraint(["shard_id", "tag"], ["certificate.shard_id", "certificate.tag"]),
    sqlite_with_rowid=False,
)

edition = Table(
    "edition",
    metadata,
    Column("shard_id", ForeignKey("shard.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    # Acts up to this one are in it; none where nothing was revoked yet.
    Column("last_act", ForeignKey("act.id")),
    Column("digest", String(64), nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("shard_id", ForeignKey("shard.id"), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("issued", Integer, nullable=False),
)
"""The parts of bulk jobs that are committed; by it a job that was killed goes on where it was."""
