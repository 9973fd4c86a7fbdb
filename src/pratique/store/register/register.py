"""The issuer's register, without a name in it: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    CTE,
    Connection,
    Engine,
    Insert,
    Select,
    and_,
    bindparam,
    case,
    distinct,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from pratique.audit import Tally
from pratique.errors import Unreadable
from pratique.issue import IssuanceContext, Origin, RegisterEntry
from pratique.renew import CERTIFICATE, Reason, Revoked, Selection
from pratique.revocation import tag_list
from pratique.revocation.tag_list import TagList
from pratique.revocation.tag_list import tag as tag_of
from pratique.store import database
from pratique.store.database import PRAGMAS, Tables
from pratique.store.register import schema
from pratique.trust.issuer import Shard

LOCK = 0x70726174
"""PostgreSQL's advisory lock that a writer of a register holds until its transaction ends."""
HEAD = "0002"
"""The migration that this code is written for."""
TABLES = Tables("register", LOCK, Path(__file__).parent / "migrations", HEAD, "Nothing was issued")

_certificate, _revocation, _edition = schema.certificate.c, schema.revocation.c, schema.edition.c
_REVOKED = (_revocation.shard_id == _certificate.shard_id) & (_revocation.tag == _certificate.tag)
"""Joins a certificate with its revocation."""


def engine_for(url: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """Make the engine of a register's URL; UsageError `register-url`, ExtraMissing."""
    return database.engine_for(url, TABLES, pragmas=pragmas)


# ----------------------------------------------------------------------------------------------------
# One transaction of the register: find tags, add entries.
#
#     register.write(action) -> action(transaction): transaction.find(...), transaction.add(...) -> commit -> its outcome
#
# 1. Nothing that an action made may be shown to anybody before `write` has returned.
# 2. Rows are added and never changed.


class Transaction:
    """What can be done in one transaction; the `RegisterView` that signing asks."""

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

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return the entry that has this tag under this key."""
        number = self.shard_id(kid)
        if number is None:
            return None
        row = self.connection.execute(_ENTRY, {"shard": number, "tag": tag}).first()
        if row is None:
            return None
        parent = None if row.parent_kid is None else (row.parent_kid, row.parent_tag)
        origin = Origin(row.lot, row.site, row.operator)
        context = IssuanceContext(row.issued_at, row.expires_at, origin, parent)
        return RegisterEntry(kid, tag, row.request, row.uci, row.kind, context)

    def numbered(self, identifier: str, shards: Iterable[Shard]) -> RegisterEntry | None:
        """Return the entry of a certificate's number (its identifier), under whichever key it is."""
        uci = sha256(identifier.encode()).digest()[:16]
        for shard in shards:
            found = self.find(shard.kid, tag_of(shard.kid, identifier, shard.width))
            # A tag is short: another's may be the same, its number is not.
            if found is not None and found.uci == uci:
                return found
        return None

    def revoked(self, kid: bytes, tag: int) -> bool:
        """Tell whether a certificate was revoked."""
        wanted = select(_revocation.act_id).where(
            _revocation.shard_id == self.shard_id(kid), _revocation.tag == tag
        )
        return self.connection.scalar(wanted) is not None

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Add entries; the transaction fails where a tag is in use."""
        rows = []
        for kid, tag, request, uci, kind, (issued_at, expires_at, origin, parent) in entries:
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
        of = schema.shard
        for number, more in Counter(numbers).items():
            grown = of.update().where(of.c.id == number).values(issued=of.c.issued + more)
            self.connection.execute(grown)

    def tags(self, kid: bytes) -> Iterator[int]:
        """Yield all tags that are in use under a key."""
        wanted = select(_certificate.tag).where(_certificate.shard_id == self.shard_id(kid))
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
            wanted = select(schema.origin.c.id).filter_by(**origin._asdict())
            known = self.connection.scalar(wanted)
            if known is None:
                known = self.key_of(schema.origin.insert().values(**origin._asdict()))
            self._origins[origin] = known
        return self._origins[origin]


_COLUMNS = tuple(column.name for column in schema.certificate.columns)
_parent = schema.shard.alias()
_ENTRY = (
    select(
        schema.certificate, schema.origin.c.lot, schema.origin.c.site, schema.origin.c.operator,
        _parent.c.kid.label("parent_kid"),
    )
    .join(schema.origin, schema.origin.c.id == _certificate.origin_id)
    .join(_parent, _parent.c.id == _certificate.parent_shard, isouter=True)
    .where(_certificate.shard_id == bindparam("shard"), _certificate.tag == bindparam("tag"))
)  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# Count the register's entries, for audits and for the public.


DAY, HOUR = 86_400, 3_600
NIGHT_FROM, NIGHT_TO = 22, 5
"""Hours, UTC."""


class Act(NamedTuple):
    """One act of revocation, as it is counted in public."""

    at: int
    reason: str
    selection: str
    operator: str
    certificates: int


def tallies(transaction: Transaction) -> list[Tally]:
    """Count by site and operator, in the order of their names."""
    origin, day = schema.origin.c, _certificate.issued_at.op("/")(DAY)
    hour = (_certificate.issued_at.op("%")(DAY)).op("/")(HOUR)
    by_day = (
        select(
            origin.site, origin.operator, day.label("day"),
            func.count().label("issued"), func.count(_revocation.tag).label("revoked"),
            func.sum(case(((hour >= NIGHT_FROM) | (hour < NIGHT_TO), 1), else_=0)).label("night"),
        )
        .join_from(schema.certificate, schema.origin, origin.id == _certificate.origin_id)
        .join(schema.revocation, _REVOKED, isouter=True)
        .group_by(origin.site, origin.operator, day)
        .subquery()
    )  # fmt: skip
    of = by_day.c
    wanted = (
        select(
            of.site, of.operator, func.sum(of.issued), func.sum(of.revoked),
            func.count(distinct(of.day)), func.max(of.issued), func.sum(of.night),
        )
        .group_by(of.site, of.operator)
        .order_by(of.site, of.operator)
    )  # fmt: skip
    rows = transaction.connection.execute(wanted)
    return [Tally(row[0], row[1], *map(int, row[2:])) for row in rows]


class Double(NamedTuple):
    """A certificate whose request has another one, too: its key, tag, and whether it was revoked."""

    kid: bytes
    tag: int
    is_revoked: bool


def doubles(transaction: Transaction) -> list[Double]:
    """Return the certificates of requests that have several, those of one request side by side.

    There are none but in a register in which writers met before the database refused it.
    """
    of, mark = _certificate, func.substr(_certificate.request, 1, 8)
    several = select(mark).group_by(mark).having(func.count() > 1)
    wanted = (
        select(schema.shard.c.kid, of.tag, _revocation.tag)
        .join_from(schema.certificate, schema.shard, schema.shard.c.id == of.shard_id)
        .join(schema.revocation, _REVOKED, isouter=True)
        .where(mark.in_(several))
        .order_by(mark, of.issued_at, of.shard_id, of.tag)
    )
    rows = transaction.connection.execute(wanted)
    return [Double(row[0], row[1], row[2] is not None) for row in rows]


def acts(transaction: Transaction) -> list[Act]:
    """Return all acts of revocation, oldest first."""
    table = schema.act.c
    wanted = select(table.at, table.reason, table.selection, table.operator, table.count)
    return [Act(*row) for row in transaction.connection.execute(wanted.order_by(table.id))]


# ----------------------------------------------------------------------------------------------------
# The register of one issuer: transactions that are on the disk when they return.
#
#     open_register(url) -> migrations -> Register.write(action) | read(action)
#
# 1. `write` returns only after the commit, and the commit only after its fsync (see `engine`).
# 2. Writers come one after the other (see `engine`); where two met all the same, at a tag or a request, the
#    later one's action is run again from its start.
# 3. The tables are made and changed by migrations only; a newer register than this code is refused.


T = TypeVar("T")
TRIES = 8


class Register:
    """An open register. Used by one process; another opens its own.

    Attributes:
        engine: of its database.
        doubles: certificates that share their request with another one, where its tables were updated just
            now and some were found.
    """

    def __init__(self, engine: Engine, doubles: int = 0) -> None:
        self.engine, self.doubles = engine, doubles

    def __repr__(self) -> str:
        return f"<Register on {self.engine.dialect.name}>"

    def write(self, action: Callable[[Transaction], T], *, tries: int = TRIES) -> T:
        """Run an action in one transaction, and return what it returned once that is on the disk.

        Raises:
            Unreadable: `register-contended` where others took the same tags in each of the tries.
        """
        for _ in range(tries):
            try:
                with self.engine.begin() as connection:
                    return action(Transaction(connection))
            except IntegrityError:
                continue
            except DBAPIError as error:
                raise database.failed(error, TABLES) from None
        raise Unreadable(
            "register-contended", "other writers keep taking the same tags", "try again"
        )

    def read(self, action: Callable[[Transaction], T]) -> T:
        """Run an action that only reads."""
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                return action(Transaction(connection))
        except DBAPIError as error:
            raise database.failed(error, TABLES) from None

    def rehearse(self, action: Callable[[Transaction], T]) -> T:
        """Run an action, return what it returned, and undo all that it did."""
        try:
            with self.engine.connect() as connection, connection.begin() as transaction:
                found = action(Transaction(connection))
                transaction.rollback()
                return found
        except DBAPIError as error:
            raise database.failed(error, TABLES) from None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_register(url: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Register:
    """Open a register, and make or update its tables.

    Raises:
        UsageError: `register-url`. ExtraMissing: `postgres`. Unreadable: `register-…`.
    """
    engine = engine_for(url, pragmas=pragmas)
    found = Register(engine)
    try:
        if database.migrated(engine, TABLES):
            found.doubles = len(found.read(doubles))
    except DBAPIError as error:
        raise database.failed(error, TABLES) from None
    return found


# ----------------------------------------------------------------------------------------------------
# Editions of the revocation lists: each is in the register before it is published.
#
#     acts since the last edition -> TagList version n+1, Delta n -> n+1
#
# 1. Tags are only added: an edition holds all acts up to one, and acts are never removed.
# 2. Any edition can be made again, byte for byte, from what the register keeps of it.
# 3. A key that has signed has a list, if only an empty one: its absence is never good news.


class Published(NamedTuple):
    """A key's newest list, and what it adds to the one before; `is_new` if it was made just now."""

    shard: Shard
    listed: TagList
    delta: tag_list.Delta | None
    is_new: bool


def publish(
    transaction: Transaction, shards: Iterable[Shard], *, at: int, lasting: int
) -> list[Published]:
    """Return the newest edition of every key that has signed.

    A new one is made where something was revoked since, or where less than half of the last one's
    time is left.

    Args:
        at: seconds since the epoch.
        lasting: seconds for which a new edition is meant to be used.
    """
    return [
        _newest(transaction, shard, number, at, lasting)
        for shard in shards
        if (number := transaction.shard_id(shard.kid)) is not None
    ]


class _Edition(NamedTuple):
    """What the register keeps of one edition."""

    version: int
    created: int
    expires: int
    last_act: int | None
    digest: str = ""

    @property
    def half(self) -> int:
        """Return the instant from which a new one is due."""
        return self.created + (self.expires - self.created) // 2


def _newest(
    transaction: Transaction, shard: Shard, number: int, at: int, lasting: int
) -> Published:
    rows = transaction.connection.execute(
        select(*(_edition[name] for name in _Edition._fields))
        .where(_edition.shard_id == number)
        .order_by(_edition.version.desc())
        .limit(2)
    )
    editions = [_Edition(*row) for row in rows]
    lists = [_made_again(transaction, shard, number, edition) for edition in editions]
    held = lists[0] if lists else None
    last_act = _last_act(transaction, number)
    if held is not None and editions[0].last_act == last_act and at < editions[0].half:
        before = lists[1] if len(lists) > 1 else None
        return Published(
            shard, held, None if before is None else tag_list.make(before, held), is_new=False
        )
    edition = _Edition(1 if held is None else held.head.version + 1, at, at + lasting, last_act)
    made = _listed(transaction, shard, number, edition)
    row = {**edition._asdict(), "shard_id": number, "digest": made.digest.hex()}
    transaction.connection.execute(schema.edition.insert().values(row))
    return Published(shard, made, None if held is None else tag_list.make(held, made), is_new=True)


def _last_act(transaction: Transaction, number: int) -> int | None:
    wanted = select(func.max(_revocation.act_id)).where(_revocation.shard_id == number)
    last: int | None = transaction.connection.scalar(wanted)
    return last


def _listed(transaction: Transaction, shard: Shard, number: int, edition: _Edition) -> TagList:
    wanted = select(_revocation.tag).where(
        _revocation.shard_id == number, _revocation.act_id <= (edition.last_act or 0)
    )
    return TagList.build(
        transaction.connection.scalars(wanted), participant=shard.participant, kid=shard.kid,
        width=shard.width, version=edition.version, created=edition.created,
        expires=edition.expires,
    )  # fmt: skip


def _made_again(transaction: Transaction, shard: Shard, number: int, edition: _Edition) -> TagList:
    found = _listed(transaction, shard, number, edition)
    if found.digest.hex() != edition.digest:
        raise Unreadable(
            "register-edition",
            "the register no longer gives the revocation list that was published",
            "restore the register from its backup; publish nothing from it",
        )
    return found


def current(transaction: Transaction, shards: Iterable[Shard], *, at: int) -> list[TagList]:
    """Return all that is revoked now, published or not; for this issuer's own use only."""
    return [
        _listed(transaction, shard, number, _Edition(1, at, at, _last_act(transaction, number)))
        for shard in shards
        if (number := transaction.shard_id(shard.kid)) is not None
    ]


def ucis(transaction: Transaction, shard: Shard) -> list[tuple[bytes, int]]:
    """Return hash and end of every certificate of a key that was revoked, for other networks."""
    wanted = (
        select(_certificate.uci, _certificate.expires_at)
        .join_from(schema.revocation, schema.certificate, _REVOKED)
        .where(_certificate.shard_id == transaction.shard_id(shard.kid))
    )
    return [(row[0], row[1]) for row in transaction.connection.execute(wanted)]


# ----------------------------------------------------------------------------------------------------
# Revoke certificates in the register, and count; who they belong to is not in it.
#
#     Selection -> chosen, and what they renew or are renewed by -> act, revocations -> counts
#
# 1. A certificate that is revoked stays so: rows are added, and the database refuses all else.
# 2. Acts are counted in public: reason, by what was selected, how many.


AT_ONCE = 5_000
"""Certificates of one statement: each is two of its values, of which SQLite takes 32,766."""


class _Act(NamedTuple):
    """What is noted of an act of revocation, beside its count."""

    reason: str
    selection: str
    at: int
    operator: str


def revoke(
    transaction: Transaction, selection: Selection, reason: Reason, *, at: int, operator: str
) -> Revoked:
    """Revoke all that is selected; see `Register.rehearse` for a trial."""
    act = _Act(reason.value, selection.name, at, operator)
    return _revoke(transaction, _first(selection, transaction), act)


def revoke_each(
    transaction: Transaction, certificates: Sequence[tuple[bytes, int]], reason: Reason, *, at: int, operator: str
) -> Revoked:  # fmt: skip
    """Revoke certificates by key and tag, as `revoke` does; one act for some thousand."""
    act = _Act(reason.value, CERTIFICATE, at, operator)
    counted: Counter[bytes] = Counter()
    before = 0
    for start in range(0, len(certificates), AT_ONCE):
        pairs = [
            (transaction.shard_id(kid), tag) for kid, tag in certificates[start : start + AT_ONCE]
        ]
        key = (_certificate.shard_id, _certificate.tag)
        revoked = _revoke(transaction, select(*key).where(tuple_(*key).in_(pairs)), act)
        counted.update(dict(revoked.by_kid))
        before += revoked.before
    return Revoked(tuple(sorted(counted.items())), before)


def _revoke(transaction: Transaction, first: Select[Any], act: _Act) -> Revoked:
    chosen, run = _chosen(first), transaction.connection.execute
    gone = exists().where(
        _revocation.shard_id == chosen.c.shard_id, _revocation.tag == chosen.c.tag
    )
    before = run(select(func.count()).select_from(chosen).where(gone)).scalar_one()
    counted = run(
        select(schema.shard.c.kid, func.count())
        .join_from(chosen, schema.shard, schema.shard.c.id == chosen.c.shard_id)
        .where(~gone)
        .group_by(schema.shard.c.kid)
        .order_by(schema.shard.c.kid)
    )
    revoked = Revoked(tuple((row[0], row[1]) for row in counted), before)
    if revoked.total:
        noted = schema.act.insert().values(**act._asdict(), count=revoked.total)
        number = literal(transaction.key_of(noted))
        rows = select(chosen.c.shard_id, chosen.c.tag, number).where(~gone)
        run(insert(schema.revocation).from_select(["shard_id", "tag", "act_id"], rows))
    return revoked


def _chosen(first: Select[Any]) -> CTE:
    chosen = first.cte("chosen", recursive=True)
    renewed = _certificate.parent_tag.is_not(None)
    link = union_all(
        select(
            _certificate.parent_shard.label("from_shard"), _certificate.parent_tag.label("from_tag"),
            _certificate.shard_id.label("to_shard"), _certificate.tag.label("to_tag"),
        ).where(renewed),
        select(
            _certificate.shard_id, _certificate.tag, _certificate.parent_shard, _certificate.parent_tag,
        ).where(renewed),
    ).subquery("link")  # fmt: skip
    return chosen.union(
        select(link.c.to_shard, link.c.to_tag).join(
            chosen,
            and_(link.c.from_shard == chosen.c.shard_id, link.c.from_tag == chosen.c.tag),
        )
    )


def _first(selection: Selection, transaction: Transaction) -> Select[Any]:
    wanted = select(_certificate.shard_id, _certificate.tag)
    origin = {
        name: value
        for name in ("lot", "site", "operator")
        if (value := getattr(selection, name)) is not None
    }
    if origin:
        of = schema.origin.c
        wanted = wanted.join(schema.origin, of.id == _certificate.origin_id)
        wanted = wanted.where(*(of[name] == value for name, value in origin.items()))
    if selection.kid is not None:
        wanted = wanted.where(_certificate.shard_id == transaction.shard_id(selection.kid))
    if selection.tag is not None:
        wanted = wanted.where(_certificate.tag == selection.tag)
    if selection.since is not None:
        wanted = wanted.where(_certificate.issued_at >= selection.since)
    if selection.until is not None:
        wanted = wanted.where(_certificate.issued_at <= selection.until)
    return wanted
