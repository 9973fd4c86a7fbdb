"""The gateway's tables. There is no personal column but one: a batch's message, in a table of its own.

    party      entry      rule      batch 1-0..1 message      value_set      reference      used      audit      gateway

1. The hashes of a revocation batch are in `message` and nowhere else: what was deleted can be wiped there.
2. Texts that lists are sorted by are sorted by their code points, whatever the server's language.
3. Numbers are not used again: `/cms-migration` names rows by them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

SORTED = String(64).with_variant(String(64, collation="C"), "postgresql")
"""A text whose order is that of its code points."""

gateway = Table(
    "gateway",
    metadata,
    Column("id", Integer, primary_key=True),
    # The last whole second that a batch's change has had, and the last of all others.
    Column("last", BigInteger, nullable=False),
    Column("moment", BigInteger, nullable=False),
)

party = Table(
    "party",
    metadata,
    Column("thumbprint", SORTED, primary_key=True),
    Column("country", String(2), primary_key=True),
    Column("group", String(20), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("domain", String(80), nullable=False),
    Column("roles", Text, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("country", String(2), nullable=False),
    Column("group", String(20), nullable=False),
    Column("domain", String(80), nullable=False),
    Column("kid", SORTED, nullable=False),
    Column("thumbprint", SORTED, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("message", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("deleted", BigInteger),
    Column("properties", Text, nullable=False),
    Column("remarks", Text, nullable=False),
    Column("is_published", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Index("entry_of", entry.c.thumbprint, entry.c.country, unique=True)
# All that a list is narrowed by, in its order: a page that is skipped is stepped over here, and no row is read for it.
Index(
    "entry_live", entry.c.country, entry.c.deleted, entry.c.kid, entry.c.thumbprint,
    entry.c.group, entry.c.domain, entry.c.is_published, entry.c.number,
)  # fmt: skip
Index(
    "entry_by_kid", entry.c.kid, entry.c.thumbprint, entry.c.country, entry.c.deleted, entry.c.created,
    entry.c.group, entry.c.domain, entry.c.is_published, entry.c.number,
)  # fmt: skip

rule = Table(
    "rule",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("country", String(2), nullable=False),
    Column("identifier", String(80), nullable=False),
    Column("version", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("remarks", Text, nullable=False),
    Column("is_published", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Index("rule_of", rule.c.country, rule.c.identifier)

batch = Table(
    "batch",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("identifier", String(36), nullable=False, unique=True),
    Column("country", String(2), nullable=False),
    Column("expires", BigInteger, nullable=False),
    # Its own: no two changes of batches share a second.
    Column("changed", BigInteger, nullable=False, unique=True),
    Column("is_deleted", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Index("batch_live", batch.c.country, batch.c.is_deleted, batch.c.changed)

message = Table(
    "message",
    metadata,
    Column("number", ForeignKey("batch.number"), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

value_set = Table(
    "value_set",
    metadata,
    Column("identifier", String(200), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

reference = Table(
    "reference",
    metadata,
    Column("identifier", SORTED, primary_key=True),
    Column("country", String(2), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("message", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

used = Table(
    "used",
    metadata,
    # Kept for good: a message of a year ago must not add again what was deleted since.
    Column("digest", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("country", String(2), nullable=False),
    Column("act", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    sqlite_autoincrement=True,
)
