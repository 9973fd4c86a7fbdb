"""A gateway's store: SQLite by default, PostgreSQL by URL.

    GatewayStore(url).reading() -> SqlReading, one instant
    GatewayStore(url).writing() -> SqlMailbox, alone -> commit, on the disk -> what was forgotten is wiped

1. `writing` keeps all at a clean end, and nothing after an exception.
2. Writers come one after the other (`store.database`); in one process they wait in their order, and hold no
   connection meanwhile.
3. Readers write nothing: not a byte of SQLite's file or of its log changes.
4. The hashes of a batch that was deleted are wiped once the deletion is on the disk. SQLite overwrites what it
   frees (secure_delete), and its log is cut to nothing. PostgreSQL writes the table of messages anew and drops the
   old file; its own log (WAL) has the upload until the server uses that segment again, as have its archive and
   every backup: whoever runs the server sees to their age.
5. Readers who come while it is wiped wait for it, those who are there end first. A wipe that cannot be done now
   (one of them looks at the instant before for long) is tried again after each change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pratique.gateway.mailbox import (
    TOLD,
    AuditRow,
    CallerRole,
    CertificateGroup,
    Party,
    Reference,
    StoredBatch,
    StoredEntry,
    StoredRule,
    ValueSet,
)
from pratique.store import database
from pratique.store.database import Tables
from pratique.store.gateway import schema

LOCK = 0x67617465
"""PostgreSQL's advisory lock that a writer of a gateway holds until its transaction ends."""
TABLES = Tables(
    "gateway", LOCK, Path(__file__).parent / "migrations", "0001", "Nothing was kept", threads=64
)
PRAGMAS = tuple(each for each in database.PRAGMAS if "cache" not in each and "auto" not in each)
"""Its changes are small and many read at once: SQLite's own sizes of a connection's memory and of the log serve better."""
PATIENCE = 1.0
"""Seconds that a wipe waits for readers who still see what was deleted; all others wait with it."""
LARGE = 256 << 20
"""Bytes of messages beyond which PostgreSQL's table is not written anew for each deletion, but by `wipe(whole=True)`."""
AT_ONCE = 500
"""Rows that a list too long for the memory is read by."""
MESSAGES_AT_ONCE = 50
"""Of batches: the same, of rows with their messages."""

_party, _entry, _rule = schema.party.c, schema.entry.c, schema.rule.c
_batch, _message, _reference = schema.batch.c, schema.message.c, schema.reference.c
_TEXT = func.coalesce(_message.text, "").label("message")
_BATCH = select(schema.batch, _TEXT).outerjoin(schema.message)


class SqlReading:
    """One reading transaction (`gateway.mailbox.Reading`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def party(self, thumbprint: str, country: str, group: CertificateGroup) -> Party | None:
        """Return an onboarded certificate."""
        wanted = select(schema.party).filter_by(
            thumbprint=thumbprint, country=country, group=group.value
        )
        row = self._connection.execute(wanted).first()
        return None if row is None else _party_of(row)

    def parties(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        since: int | None = None,
    ) -> Sequence[Party]:
        """Return onboarded certificates, by thumbprint: of a country, of some groups (none: all), created at or after."""
        wanted = _narrowed(select(schema.party), _party, country, groups)
        if since is not None:
            wanted = wanted.where(_party.created >= since)
        order = (_party.thumbprint, _party.country, _party.group)
        return [_party_of(row) for row in self._connection.execute(wanted.order_by(*order))]

    def countries(self) -> Sequence[str]:
        """Return C of all parties, sorted."""
        return sorted(self._connection.scalars(select(_party.country).distinct()))

    def uploading(self) -> Sequence[str]:
        """Return the countries that a live entry or a rule is of, sorted; some may take part no more."""
        live = select(_entry.country).where(_entry.deleted.is_(None))
        return sorted(self._connection.scalars(live.union(select(_rule.country))))

    def entries(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        domain: str | None = None,
        since: int | None = None,
        shown_to: str | None = None,
        after: StoredEntry | None = None,
        skip: int = 0,
        most: int | None = None,
    ) -> Sequence[StoredEntry]:
        """Return live entries, by kid and thumbprint; with `since` those created or deleted at or after, deleted ones too."""
        wanted = _narrowed(select(schema.entry), _entry, country, groups)
        if domain is not None:
            wanted = wanted.where(_entry.domain == domain)
        if shown_to is not None:
            wanted = wanted.where(or_(_entry.country == shown_to, _entry.is_published))
        if since is None:
            wanted = wanted.where(_entry.deleted.is_(None))
        else:
            wanted = wanted.where(or_(_entry.created >= since, _entry.deleted >= since))
        if after is not None:
            place = tuple_(after.kid, after.thumbprint, after.country)
            wanted = wanted.where(tuple_(_entry.kid, _entry.thumbprint, _entry.country) > place)
        order = (_entry.kid, _entry.thumbprint, _entry.country)
        # SQLite has no OFFSET without a LIMIT; SQLAlchemy writes one of -1.
        wanted = wanted.order_by(*order).offset(skip or None).limit(most)
        if skip:
            # What is skipped is stepped over in the index, which has all that is asked for; a row has some kilobytes.
            page = wanted.with_only_columns(_entry.number).subquery()
            rows = select(schema.entry).join(page, page.c.number == _entry.number)
            wanted = rows.order_by(*order)
        return [_entry_of(row) for row in self._connection.execute(wanted)]

    def entry(self, number: int) -> StoredEntry | None:
        """Return a live entry by its number."""
        return self._live(_entry.number == number)

    def entry_of(self, thumbprint: str, country: str) -> StoredEntry | None:
        """Return a country's live entry of a certificate."""
        return self._live(_entry.thumbprint == thumbprint, _entry.country == country)

    def _live(self, *wanted: ColumnElement[bool]) -> StoredEntry | None:
        live = select(schema.entry).where(_entry.deleted.is_(None), *wanted)
        row = self._connection.execute(live).first()
        return None if row is None else _entry_of(row)

    def has_kid(self, kid: str, country: str) -> bool:
        """Tell whether a live entry of the country has the kid."""
        return self._live(_entry.kid == kid, _entry.country == country) is not None

    def rules(self, country: str) -> Sequence[StoredRule]:
        """Return all versions of a country's rules, the newest upload first."""
        wanted = select(schema.rule).where(_rule.country == country)
        newest = wanted.order_by(_rule.created.desc(), _rule.number.desc())
        return [_rule_of(row) for row in self._connection.execute(newest)]

    def rule(self, number: int) -> StoredRule | None:
        """Return a rule by its number."""
        wanted = select(schema.rule).where(_rule.number == number)
        row = self._connection.execute(wanted).first()
        return None if row is None else _rule_of(row)

    def batches(self, since: int, most: int) -> Sequence[StoredBatch]:
        """Return batches changed after `since` (not at), ascending, at most `most`; without their messages."""
        wanted = select(schema.batch).where(_batch.changed > since)
        rows = self._connection.execute(wanted.order_by(_batch.changed).limit(most))
        return [_batch_of(row, "") for row in rows]

    def batch(self, identifier: str) -> StoredBatch | None:
        """Return a batch, deleted or not, with its message; None if there never was one, or it is told of no longer."""
        return self._one_batch(_batch.identifier == identifier)

    def batch_numbered(self, number: int) -> StoredBatch | None:
        """Return a live batch by its number."""
        return self._one_batch(_batch.number == number, _batch.is_deleted.is_(False))

    def _one_batch(self, *wanted: ColumnElement[bool]) -> StoredBatch | None:
        row = self._connection.execute(_BATCH.where(*wanted)).first()
        return None if row is None else _batch_of(row, row.message)

    def batches_of(self, country: str) -> Iterator[StoredBatch]:
        """Yield a country's live batches, with their messages, what has not changed for the longest first."""
        live = _BATCH.where(_batch.country == country, _batch.is_deleted.is_(False))
        wanted = live.order_by(_batch.changed)
        with self._connection.execute(
            wanted, execution_options={"yield_per": MESSAGES_AT_ONCE}
        ) as rows:
            for row in rows:
                yield _batch_of(row, row.message)

    def live_entries(self, country: str) -> int:
        """Return how many live entries a country has."""
        wanted = select(func.count()).where(_entry.country == country, _entry.deleted.is_(None))
        return self._connection.scalar(wanted) or 0

    def live_batches(self, country: str) -> int:
        """Return how many live batches a country has."""
        live = _batch.country == country, _batch.is_deleted.is_(False)
        return self._connection.scalar(select(func.count()).where(*live)) or 0

    def value_sets(self) -> Sequence[str]:
        """Return the identifiers, sorted."""
        return sorted(self._connection.scalars(select(schema.value_set.c.identifier)))

    def value_set(self, identifier: str) -> ValueSet | None:
        """Return a value set."""
        wanted = select(schema.value_set).filter_by(identifier=identifier)
        row = self._connection.execute(wanted).first()
        return None if row is None else ValueSet(row.identifier, row.document)

    def references(self, country: str | None = None) -> Sequence[Reference]:
        """Return references, by their identifiers."""
        wanted = _narrowed(select(schema.reference), _reference, country, ())
        rows = self._connection.execute(wanted.order_by(_reference.identifier))
        return [Reference(*row) for row in rows]

    def reference(self, identifier: str) -> Reference | None:
        """Return a reference."""
        wanted = select(schema.reference).where(_reference.identifier == identifier)
        row = self._connection.execute(wanted).first()
        return None if row is None else Reference(*row)

    def was_used(self, digest: str) -> bool:
        """Tell whether a message with this SHA-256 (hex) was taken before; of a deleted entry's upload too."""
        wanted = select(schema.used.c.at).where(schema.used.c.digest == digest)
        return self._connection.scalar(wanted) is not None

    def audited(self) -> Iterator[AuditRow]:
        """Yield what was noted of acts, in their order."""
        of = schema.audit.c
        wanted = select(of.at, of.country, of.act, of.digest).order_by(of.number)
        rows = self._connection.execute(wanted, execution_options={"yield_per": AT_ONCE})
        return (AuditRow(*row) for row in rows)

    def count(self) -> dict[str, int]:
        """Return how many live rows there are of what participants upload, by the tables' names."""
        live = {
            "entry": select(func.count()).where(_entry.deleted.is_(None)),
            "rule": select(func.count()).select_from(schema.rule),
            "batch": select(func.count()).where(_batch.is_deleted.is_(False)),
        }
        return {name: self._connection.scalar(wanted) or 0 for name, wanted in live.items()}


class SqlMailbox(SqlReading):
    """One writing transaction (`gateway.mailbox.Mailbox`).

    Attributes:
        has_forgotten: messages of batches were deleted or replaced in it.
    """

    has_forgotten = False

    def instant(self, at: int) -> int:
        """Return a whole second that no other change of a batch has: `max(at, last + 1)`; it is the last one now."""
        last = schema.gateway.c.last
        before: int = self._connection.execute(select(last)).scalar_one()
        instant = max(at, before + 1)
        self._connection.execute(schema.gateway.update().values(last=instant))
        return instant

    def moment(self, at: int) -> int:
        """Return the second of another change: `max(at, last)`, of several perhaps, and never one before the last."""
        last = schema.gateway.c.moment
        before: int = self._connection.execute(select(last)).scalar_one()
        if at > before:
            self._connection.execute(schema.gateway.update().values(moment=at))
        return max(at, before)

    def add_party(self, party: Party) -> None:
        """Add an onboarded certificate, or put it in the place of the one with its thumbprint, country and group."""
        self.remove_party(party.thumbprint, party.country, party.group)
        row = {
            **party._asdict(),
            "group": party.group.value,
            "roles": " ".join(sorted(role.value for role in party.roles)),
        }
        self._connection.execute(schema.party.insert().values(row))

    def remove_party(self, thumbprint: str, country: str, group: CertificateGroup) -> None:
        """Remove a certificate that is onboarded no longer."""
        removed = schema.party.delete().where(
            _party.thumbprint == thumbprint,
            _party.country == country,
            _party.group == group.value,
        )
        self._connection.execute(removed)

    def add_entry(self, entry: StoredEntry) -> int:
        """Add an entry, in the place of a deleted one with its thumbprint and country; return its number."""
        before = schema.entry.delete().where(
            _entry.thumbprint == entry.thumbprint,
            _entry.country == entry.country,
            _entry.deleted.is_not(None),
        )
        self._connection.execute(before)
        row = {
            **entry._asdict(),
            "group": entry.group.value,
            "remarks": " ".join(entry.remarks),
        }
        return self._added(schema.entry, row)

    def change_entry(self, entry: StoredEntry) -> None:
        """Keep new values of a live entry (its number): signature and message, `created`, `is_published`, remarks."""
        changed = (
            schema.entry.update()
            .where(_entry.number == entry.number, _entry.deleted.is_(None))
            .values(
                signature=entry.signature,
                message=entry.message,
                created=entry.created,
                is_published=entry.is_published,
                remarks=" ".join(entry.remarks),
            )
        )
        self._connection.execute(changed)

    def delete_entry(self, number: int, at: int) -> None:
        """Note a live entry as deleted at that instant, and forget its message."""
        live = schema.entry.update().where(_entry.number == number, _entry.deleted.is_(None))
        self._connection.execute(live.values(deleted=at, message=""))

    def add_rule(self, rule: StoredRule) -> int:
        """Add a version of a rule; return its number."""
        row = {**rule._asdict(), "remarks": " ".join(rule.remarks)}
        return self._added(schema.rule, row)

    def change_rule(self, rule: StoredRule) -> None:
        """Keep a new message of a rule, `is_published`, remarks."""
        changed = (
            schema.rule.update()
            .where(_rule.number == rule.number)
            .values(
                message=rule.message,
                is_published=rule.is_published,
                remarks=" ".join(rule.remarks),
            )
        )
        self._connection.execute(changed)

    def delete_rules(self, country: str, identifier: str) -> int:
        """Delete all versions of a rule; return how many there were."""
        versions = schema.rule.delete().where(
            _rule.country == country, _rule.identifier == identifier
        )
        return int(self._connection.execute(versions).rowcount)

    def add_batch(self, batch: StoredBatch) -> int:
        """Add a batch; return its number."""
        row = batch._asdict()
        text = row.pop("message")
        number = self._added(schema.batch, row)
        if text:
            self._connection.execute(schema.message.insert().values(number=number, text=text))
        return number

    def change_batch(self, batch: StoredBatch) -> None:
        """Keep a new message of a live batch, and when."""
        changed = (
            schema.batch.update()
            .where(_batch.number == batch.number, _batch.is_deleted.is_(False))
            .values(changed=batch.changed)
        )
        if not self._connection.execute(changed).rowcount:
            return
        self._connection.execute(
            update(schema.message).where(_message.number == batch.number).values(text=batch.message)
        )
        self.has_forgotten = True

    def delete_batch(self, identifier: str, at: int) -> None:
        """Note a batch as deleted at that instant, and forget its message."""
        its = _batch.identifier == identifier
        number = select(_batch.number).where(its).scalar_subquery()
        self._connection.execute(schema.message.delete().where(_message.number == number))
        live = schema.batch.update().where(its, _batch.is_deleted.is_(False))
        self._connection.execute(live.values(is_deleted=True, changed=at))
        self.has_forgotten = True

    def put_value_set(self, value_set: ValueSet) -> None:
        """Add a value set, or put it in the place of the one before it."""
        before = schema.value_set.delete().filter_by(identifier=value_set.identifier)
        self._connection.execute(before)
        self._connection.execute(schema.value_set.insert().values(value_set._asdict()))

    def add_reference(self, reference: Reference) -> None:
        """Add a reference, or put it in the place of the one with its identifier."""
        self.delete_reference(reference.identifier)
        self._connection.execute(schema.reference.insert().values(reference._asdict()))

    def delete_reference(self, identifier: str) -> None:
        """Delete a reference."""
        self._connection.execute(
            schema.reference.delete().where(_reference.identifier == identifier)
        )

    def use(self, digest: str, at: int) -> None:
        """Note that a message with this SHA-256 (hex) was taken."""
        if not self.was_used(digest):
            self._connection.execute(schema.used.insert().values(digest=digest, at=at))

    def audit(self, row: AuditRow) -> None:
        """Note an act."""
        self._connection.execute(schema.audit.insert().values(row._asdict()))

    def purge(self, at: int) -> int:
        """Note batches as deleted that have ended, and forget rows deleted more than `TOLD` seconds ago; return how many."""
        ended = select(_batch.identifier, _batch.country).where(
            _batch.expires <= at, _batch.is_deleted.is_(False)
        )
        rows = self._connection.execute(ended.order_by(_batch.number)).all()
        for identifier, country in rows:
            self.delete_batch(identifier, self.instant(at))
            digest = sha256(identifier.encode()).hexdigest()
            self.audit(AuditRow(at, country, "batch-ended", digest))
        forgotten = (
            schema.entry.delete().where(_entry.deleted < at - TOLD),
            schema.batch.delete().where(_batch.is_deleted, _batch.changed < at - TOLD),
        )
        counts = [int(self._connection.execute(each).rowcount) for each in forgotten]
        return len(rows) + sum(counts)

    def _added(self, table: Any, row: dict[str, Any]) -> int:
        """Add a row that gets its own number; return it."""
        del row["number"]
        key = self._connection.execute(table.insert().values(row)).inserted_primary_key
        assert key is not None
        number: int = key[0]
        return number


def _narrowed(
    wanted: Select[Any], columns: Any, country: str | None, groups: Iterable[CertificateGroup]
) -> Select[Any]:
    if country is not None:
        wanted = wanted.where(columns.country == country)
    if names := [group.value for group in groups]:
        wanted = wanted.where(columns.group.in_(names))
    return wanted


def _party_of(row: Any) -> Party:
    roles = frozenset(map(CallerRole, row.roles.split()))
    return Party(**{**row._asdict(), "group": CertificateGroup(row.group), "roles": roles})


def _entry_of(row: Any) -> StoredEntry:
    remarks = tuple(row.remarks.split())
    return StoredEntry(
        **{**row._asdict(), "group": CertificateGroup(row.group), "remarks": remarks}
    )


def _rule_of(row: Any) -> StoredRule:
    return StoredRule(**{**row._asdict(), "remarks": tuple(row.remarks.split())})


def _batch_of(row: Any, text: str) -> StoredBatch:
    return StoredBatch(**{**row._asdict(), "message": text})


class GatewayStore:
    """An open store. Used by one process, in any of its threads; another process opens its own."""

    def __init__(self, url: str) -> None:
        """Open a database, and make or update its tables.

        Raises:
            UsageError: `gateway-url`. ExtraMissing: `postgres`. Unreadable: `gateway-…`.
        """
        self._engine = database.engine_for(url, TABLES, pragmas=PRAGMAS)
        self._writer = threading.Lock()
        self._admits = threading.Event()
        self._admits.set()
        self._is_owed = False
        # The transaction that deleted last, on PostgreSQL.
        self._deletion = ""
        try:
            database.migrated(self._engine, TABLES)
        except BaseException as error:
            self._engine.dispose()
            if isinstance(error, DBAPIError):
                raise database.failed(error, TABLES) from None
            raise

    def __repr__(self) -> str:
        return f"<GatewayStore on {self._engine.dialect.name}>"

    @contextmanager
    def reading(self) -> Iterator[SqlReading]:
        """Read, all of one instant."""
        self._admits.wait(PATIENCE)
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                yield SqlReading(connection)
        except (DBAPIError, PoolTimeout) as error:
            raise database.failed(error, TABLES) from None

    @contextmanager
    def writing(self) -> Iterator[SqlMailbox]:
        """Write alone; it is on the disk when this ends. Nothing is kept after an exception."""
        with self._writer:
            try:
                with self._engine.begin() as connection:
                    box = SqlMailbox(connection)
                    yield box
                    if box.has_forgotten:
                        self._note_deletion(connection)
            except (DBAPIError, PoolTimeout) as error:
                raise database.failed(error, TABLES) from None
            if self._is_owed:
                self._wipe(whole=False, patience=PATIENCE if box.has_forgotten else 0.0)

    def wipe(self) -> bool:
        """Wipe what was deleted, however large the table of messages is; tell whether it could be done.

        Done when a server starts and after a purge: an earlier process may have been killed before it could.
        """
        with self._writer:
            self._is_owed = True
            return self._wipe(whole=True, patience=PATIENCE)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _note_deletion(self, connection: Connection) -> None:
        self._is_owed = True
        if connection.dialect.name == "postgresql":
            self._deletion = connection.exec_driver_sql(_TRANSACTION).scalar_one()

    def _wipe(self, *, whole: bool, patience: float) -> bool:
        """Wipe what was deleted; what cannot be done now stays owed."""
        wipe = _wipe_postgresql if self._engine.dialect.name == "postgresql" else _wipe_sqlite
        # Past SQLAlchemy, which would open a transaction: neither act may stand in one.
        raw = self._engine.raw_connection()
        self._admits.clear()
        try:
            wiped = wipe(raw.driver_connection, patience, self._deletion, whole=whole)
        except self._engine.dialect.loaded_dbapi.Error:
            # The change itself is on the disk: it must not be told as a failure.
            wiped = False
        finally:
            self._admits.set()
            raw.close()
        self._is_owed = not wiped
        return wiped


_TRANSACTION = "SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)"
_SEEN_BY = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid() "
    "AND age(backend_xmin) >= age(CAST(%s AS xid))"
)
"""Counts those who still look at an instant before a deletion: their rows would be written anew, too."""
_LATEST = (
    "SELECT CAST(CAST(CAST(CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) - 1 "
    "AS text) AS xid8) AS xid)::text"
)
"""The newest transaction: of an earlier process's deletion nothing else is known."""
_SIZE = "SELECT pg_total_relation_size('message')"


def _wipe_sqlite(connection: Any, patience: float, _deletion: str, *, whole: bool) -> bool:
    del whole
    # It waits for readers of an earlier instant; with writers it would hold them up as well.
    connection.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
    try:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout={database.WAIT * 1000}")
    return not busy


def _wipe_postgresql(connection: Any, patience: float, deletion: str, *, whole: bool) -> bool:
    connection.autocommit = True
    try:
        if not whole and connection.execute(_SIZE).fetchone()[0] > LARGE:
            return False
        deletion = deletion or connection.execute(_LATEST).fetchone()[0]
        until = time.monotonic() + patience
        while connection.execute(_SEEN_BY, (deletion,)).fetchone()[0]:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        # A plain VACUUM leaves the bytes where they were, and only counts their place as free.
        connection.execute("VACUUM (FULL) message")
        return True
    finally:
        connection.autocommit = False
