"""One transaction of the register: find tags, add lines.

    register.write(action) -> action(book): book.find(...), book.add(...) -> commit -> its outcome

1. Nothing that an action made may be shown to anybody before `write` has returned.
2. Rows are added and never changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from operator import itemgetter

from sqlalchemy import Connection, Insert, bindparam, select

from pratique.edges.register import schema
from pratique.journeys.sign import Line, Occasion, Origin
from pratique.revocation.tags import tag as tag_of
from pratique.trust.shards import Shard


class Writing:
    """What can be done in one transaction; the `Book` that signing asks."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._shards: dict[bytes, int] = {}
        self._origins: dict[Origin, int] = {}

    def identity(self) -> bytes:
        """Return what this register was given when it was made, and no other one has."""
        found: bytes = self.connection.scalars(select(schema.register.c.id)).one()
        return found

    def shard_id(self, kid: bytes) -> int | None:
        """Return the number of a key, or None if this register has not seen it."""
        if kid not in self._shards:
            wanted = select(schema.shard.c.id).where(schema.shard.c.kid == kid)
            found = self.connection.scalar(wanted)
            if found is None:
                return None
            self._shards[kid] = found
        return self._shards[kid]

    def enrol(self, shard: Shard) -> int:
        """Return the number of a shard's key, which is added if it is new."""
        known = self.shard_id(shard.kid)
        if known is not None:
            return known
        added = schema.shard.insert().values(
            kid=shard.kid, label=shard.label, width=shard.width, issued=0
        )
        self._shards[shard.kid] = self.key_of(added)
        return self._shards[shard.kid]

    def find(self, kid: bytes, tag: int) -> Line | None:
        """Return the line that has this tag under this key."""
        number = self.shard_id(kid)
        if number is None:
            return None
        row = self.connection.execute(_LINE, {"shard": number, "tag": tag}).first()
        if row is None:
            return None
        parent = None if row.parent_kid is None else (row.parent_kid, row.parent_tag)
        origin = Origin(row.lot, row.site, row.operator)
        occasion = Occasion(row.issued_at, row.expires_at, origin, parent)
        return Line(kid, tag, row.request, row.uci, row.kind, occasion)

    def numbered(self, identifier: str, shards: Iterable[Shard]) -> Line | None:
        """Return the line of a certificate's number (its identifier), under whichever key it is."""
        uci = sha256(identifier.encode()).digest()[:16]
        for shard in shards:
            found = self.find(shard.kid, tag_of(shard.kid, identifier, shard.width))
            # A tag is short: another's may be the same, its number is not.
            if found is not None and found.uci == uci:
                return found
        return None

    def revoked(self, kid: bytes, tag: int) -> bool:
        """Tell whether a certificate was taken back."""
        table = schema.revocation.c
        number = self.shard_id(kid)
        wanted = select(table.act_id).where(table.shard_id == number, table.tag == tag)
        return self.connection.scalar(wanted) is not None

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines; the transaction fails where a tag is in use."""
        rows = []
        for kid, tag, request, uci, kind, (issued_at, expires_at, origin, parent) in lines:
            rows.append(
                (
                    self._shards[kid], tag, request, uci, kind, issued_at, expires_at,
                    self._origins.get(origin) or self._origin(origin),
                    None if parent is None else self.shard_id(parent[0]),
                    None if parent is None else parent[1],
                )
            )  # fmt: skip
        if rows:
            # In the tree's order: neighbours go to one page.
            rows.sort(key=itemgetter(0, 1))
            mark = "?" if self.connection.dialect.name == "sqlite" else "%s"
            marks = ", ".join([mark] * len(_COLUMNS))
            names = ", ".join(_COLUMNS)
            # Past SQLAlchemy's own conversions, which here change nothing: bulk issuing pays for them.
            self.connection.exec_driver_sql(
                f"INSERT INTO certificate ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                rows,
            )
            self._count(row[0] for row in rows)

    def _count(self, numbers: Iterable[int]) -> None:
        table = schema.shard
        for number, more in Counter(numbers).items():
            counted = (
                table.update().where(table.c.id == number).values(issued=table.c.issued + more)
            )
            self.connection.execute(counted)

    def tags(self, kid: bytes) -> Iterator[int]:
        """Yield all tags that are in use under a key."""
        table = schema.certificate.c
        wanted = select(table.tag).where(table.shard_id == self.shard_id(kid))
        yield from self.connection.execution_options(yield_per=10_000).scalars(wanted)

    def counts(self) -> dict[bytes, int]:
        """Return how many certificates each key has signed."""
        rows = self.connection.execute(select(schema.shard.c.kid, schema.shard.c.issued))
        return {row[0]: row[1] for row in rows}

    def issued(self, kid: bytes) -> int:
        """Return how many certificates a key has signed."""
        wanted = select(schema.shard.c.issued).where(schema.shard.c.kid == kid)
        return self.connection.scalar(wanted) or 0

    def key_of(self, added: Insert) -> int:
        """Add a row, and return its number."""
        key = self.connection.execute(added).inserted_primary_key
        assert key is not None
        number: int = key[0]
        return number

    def _origin(self, origin: Origin) -> int:
        if origin not in self._origins:
            table = schema.origin.c
            wanted = select(table.id).where(
                table.lot == origin.lot,
                table.site == origin.site,
                table.operator == origin.operator,
            )
            found = self.connection.scalar(wanted)
            if found is None:
                added = schema.origin.insert().values(**origin._asdict())
                found = self.key_of(added)
            self._origins[origin] = found
        return self._origins[origin]


_COLUMNS = tuple(column.name for column in schema.certificate.columns)
_parent = schema.shard.alias()
_LINE = (
    select(
        schema.certificate,
        schema.origin.c.lot,
        schema.origin.c.site,
        schema.origin.c.operator,
        _parent.c.kid.label("parent_kid"),
    )
    .join(schema.origin, schema.origin.c.id == schema.certificate.c.origin_id)
    .join(_parent, _parent.c.id == schema.certificate.c.parent_shard, isouter=True)
    .where(
        schema.certificate.c.shard_id == bindparam("shard"),
        schema.certificate.c.tag == bindparam("tag"),
    )
)
