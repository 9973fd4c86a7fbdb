"""What the register's own SQL says: tables, counts, selections, bulk jobs; on SQLite, at their edges."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from pratique.audit import Tally
from pratique.errors import ExtraMissing, Unreadable, UsageError
from pratique.issue import ANOTHERS, IssuanceContext, Origin, RegisterEntry, RegisterView
from pratique.renew import Reason, Selection
from pratique.revocation.tag_list import tag as tag_of
from pratique.store.database import OPTIONS, WAIT
from pratique.store.register import register as register_register
from pratique.store.register import schema
from pratique.store.register.bulk import Bitmap, Bulk, Maps
from pratique.store.register.register import (
    LOCK,
    Register,
    Transaction,
    acts,
    current,
    doubles,
    engine_for,
    open_register,
    revoke,
    revoke_each,
    tallies,
    ucis,
)
from tests import issuers

DAY, HOUR = 86_400, 3_600
AT = issuers.AT // DAY * DAY
SHARDS = [issuers.shard(0, width=10), issuers.shard(1, width=10)]
ONE, OTHER = (shard.kid for shard in SHARDS)
QUICK = ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=OFF", "PRAGMA journal_mode=MEMORY")
"""Nobody pulls the plug here: what a commit promises has tests elsewhere."""
HARBOUR = Origin("LOT-1", "harbour", "op-1")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once: each test gets a copy."""
    folder = tmp_path_factory.mktemp("register")
    open_register(issuers.sqlite(folder)).close()
    return folder / "register.sqlite"


@pytest.fixture
def register(empty: Path, tmp_path: Path) -> Iterator[Register]:
    shutil.copy(empty, tmp_path / "register.sqlite")
    found = open_register(issuers.sqlite(tmp_path), pragmas=QUICK)
    yield found
    found.close()


def line(
    tag: int, kid: bytes = ONE, *, at: int = AT, origin: Origin = HARBOUR,
    parent: tuple[bytes, int] | None = None, request: bytes = b"",
) -> RegisterEntry:  # fmt: skip
    mark = request or kid[:4] + tag.to_bytes(4, "big")
    return RegisterEntry(kid, tag, mark.ljust(16, b"."), bytes([tag % 256]) * 16, "test",
                IssuanceContext(at, at + DAY, origin, parent))  # fmt: skip


def add(register: Register, *lines: RegisterEntry) -> None:
    def action(book: Transaction) -> None:
        for shard in SHARDS:
            book.enrol(shard)
        book.add(lines)

    register.write(action)


# Tables


def rows_of(statement: str) -> frozenset[str]:
    """Take a statement apart: which line of a table comes first says nothing."""
    lines = (" ".join(row.strip(" \t,").split()) for row in statement.strip(" ;\n").splitlines())
    return frozenset(row for row in lines if row)


def written(dialect: Dialect) -> set[frozenset[str]]:
    """Return what the schema says, as a database is told it."""
    found = set()
    for table in schema.metadata.sorted_tables:
        found.add(rows_of(str(CreateTable(table).compile(dialect=dialect))))
        found |= {rows_of(str(CreateIndex(one).compile(dialect=dialect))) for one in table.indexes}
    return found


def test_the_tables_of_sqlite_are_the_schemas_to_the_letter(register: Register) -> None:
    with register.engine.connect() as connection:
        wanted = text("SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql > ''")
        made = {rows_of(sql) for sql in connection.scalars(wanted) if "alembic" not in sql}
    assert made == written(sqlite.dialect())


def test_the_tables_of_postgresql_are_the_schemas_to_the_letter() -> None:
    out = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out}
    )
    first = import_module("pratique.store.register.migrations.versions.0001_first")
    with Operations.context(context):
        for part in (first._issued, first._certificates, first._taken_back):
            part()
    made = {rows_of(each) for each in out.getvalue().split(";") if each.strip()}
    own = {
        rows
        for rows in written(postgresql.dialect())  # type: ignore[no-untyped-call]
        if not any("certificate_by_request" in row or "TABLE register " in row for row in rows)
    }
    assert made == own


def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    register = open_register(issuers.sqlite(tmp_path))
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2,
              "cache_size": -65_536, "wal_autocheckpoint": 16_384}  # fmt: skip
    with register.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    assert found == wanted
    register.close()


class Noted:
    """Stands for a connection of PostgreSQL: notes what it is told."""

    def __init__(self, **options: object) -> None:
        self.options, self.told = options, list[str]()

    def get_execution_options(self) -> dict[str, object]:
        return self.options

    def exec_driver_sql(self, sql: str) -> None:
        self.told.append(sql)


def test_a_writer_on_postgresql_has_the_register_to_itself_and_a_reader_sees_one_instant() -> None:
    engine = engine_for("postgresql://desk@invented.example/register")
    asked: list[dict[str, Any]] = []

    class Enough(Exception):
        pass

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, _args: object, how: dict[str, Any]) -> None:
        asked.append(how)
        raise Enough

    with pytest.raises(Enough):
        engine.connect()
    assert (asked[0]["connect_timeout"], asked[0]["host"]) == (20, "invented.example")
    assert asked[0]["options"] == (
        "-c synchronous_commit=on -c lock_timeout=60s -c idle_in_transaction_session_timeout=300s "
        "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    )
    # Of two editions of this program that write at once each must ask for the same lock.
    assert (LOCK, WAIT, len(OPTIONS)) == (1_886_544_244, 60, 4)
    (begin,) = engine.dispatch.begin
    for noted, told in (
        (Noted(), f"SELECT pg_advisory_xact_lock({LOCK})"),
        (Noted(reading=False), f"SELECT pg_advisory_xact_lock({LOCK})"),
        (Noted(reading=True), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
    ):
        begin(noted)
        assert noted.told == [told]
    (begin,) = engine_for("sqlite://").dispatch.begin
    for noted, told in ((Noted(), "BEGIN IMMEDIATE"), (Noted(reading=True), "BEGIN")):
        begin(noted)
        assert noted.told == [told]


@pytest.mark.parametrize("url", ["", "no url", "mysql://desk@invented.example/register"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        engine_for(url)
    assert caught.value.code == "register-url"


def test_without_its_driver_a_register_on_postgresql_is_an_extra_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*_args: object, **_more: object) -> None:
        raise ImportError

    monkeypatch.setattr("pratique.store.database.create_engine", none)
    with pytest.raises(ExtraMissing) as caught:
        engine_for("postgresql://desk@invented.example/register")
    assert "postgres" in caught.value.hint


def test_what_is_in_memory_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite://", "sqlite:///:memory:"):
        with engine_for(url).connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert list(tmp_path.iterdir()) == []


# Lines


def test_a_number_is_found_under_its_own_key_and_not_by_its_tag_alone(register: Register) -> None:
    number = "URN:UVCI:01:XU:EXAMPLE#1"
    uci = sha256(number.encode()).digest()[:16]
    own = line(tag_of(OTHER, number, 10), OTHER)._replace(uci=uci)
    same = line(tag_of(ONE, number, 10))
    add(register, own, same)
    for shards, found in ((SHARDS, own), (SHARDS[:1], None), (SHARDS[1:], own), ([], None)):
        assert (
            register.read(partial(Transaction.numbered, identifier=number, shards=shards)) == found
        )
    assert register.read(lambda b: b.numbered(number + "2", SHARDS)) is None


def test_a_line_is_read_back_as_it_was_added(register: Register) -> None:
    old = line(7)
    renewed = line(8, OTHER, at=AT + 9, origin=Origin("", "airport", "op-2"), parent=(ONE, 7))
    add(register, old, renewed)
    assert register.read(lambda b: [b.find(ONE, 7), b.find(OTHER, 8)]) == [old, renewed]
    assert register.read(lambda b: [b.find(ONE, 8), b.find(b"unknown!", 7)]) == [None, None]
    assert register.read(lambda b: (sorted(b.tags(ONE)), sorted(b.tags(OTHER)))) == ([7], [8])
    assert register.read(Transaction.counts) == {ONE: 1, OTHER: 1}
    add(register, line(9), line(10))
    assert register.read(Transaction.counts) == {ONE: 3, OTHER: 1}
    assert register.read(lambda b: [b.issued(k) for k in (ONE, OTHER, b"unknown!")]) == [3, 1, 0]


def test_a_writer_that_is_late_each_time_is_told_so(register: Register) -> None:
    add(register, line(7))
    tries = []

    def late(book: Transaction) -> None:
        tries.append(book.enrol(SHARDS[0]))
        book.add([line(7)])

    with pytest.raises(Unreadable) as caught:
        register.write(late)
    assert (caught.value.code, len(tries)) == ("register-contended", register_register.TRIES)


# Taken back


def taken(register: Register, selection: Selection) -> Any:
    return register.write(lambda b: revoke(b, selection, Reason.FRAUD, at=AT, operator="head"))


@pytest.mark.parametrize(
    ("selection", "tags"),
    [
        (Selection(since=AT + 1), {2, 3}), (Selection(since=AT + 2), {3}), (Selection(since=AT + 3), set()),
        (Selection(until=AT + 1), {1, 2}), (Selection(until=AT), {1}), (Selection(until=AT - 1), set()),
        (Selection(since=AT + 1, until=AT + 1), {2}), (Selection(ONE, 1), {1}), (Selection(OTHER, 1), set()),
        (Selection(OTHER), {3}), (Selection(site="airport"), {2}), (Selection(lot="LOT-1", site="airport"), set()),
        (Selection(operator="op-1"), {1, 3}), (Selection(lot="LOT-2", operator="op-2"), {2}),
    ],
)  # fmt: skip
def test_just_what_is_selected_is_taken_back(
    register: Register, selection: Selection, tags: set[int]
) -> None:
    away = Origin("LOT-2", "airport", "op-2")
    add(register, line(1), line(2, at=AT + 1, origin=away), line(3, OTHER, at=AT + 2))
    found = taken(register, selection)
    kids = {1: ONE, 2: ONE, 3: OTHER}
    assert dict(found.by_kid) == {
        kid: n for kid in (ONE, OTHER) if (n := sum(kids[tag] == kid for tag in tags))
    }
    assert found.by_kid == tuple(sorted(found.by_kid))
    revoked = register.read(lambda b: {tag for tag, kid in kids.items() if b.revoked(kid, tag)})
    assert (revoked, found.before) == (tags, 0)
    # An act is noted where something was taken back, and counted once.
    assert [act.certificates for act in register.read(acts)] == ([len(tags)] if tags else [])
    again = taken(register, selection)
    assert (again.total, again.before) == (0, len(tags))
    assert len(register.read(acts)) == bool(tags)


def test_many_are_taken_back_some_at_a_time(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What one act holds is told in public; two values each, of which SQLite takes 32,766.
    assert register_register.AT_ONCE == 5_000
    monkeypatch.setattr(register_register, "AT_ONCE", 2)
    add(register, *(line(tag) for tag in range(5)), *(line(tag, OTHER) for tag in range(2)))

    def each(*entries: tuple[bytes, int]) -> Any:
        return register.write(
            lambda b: revoke_each(b, entries, Reason.FRAUD, at=AT + 1, operator="head")
        )

    assert each() == ((), 0)
    assert each((ONE, 0), (OTHER, 0), (ONE, 1), (ONE, 9), (b"unknown!", 0)) == (
        tuple(sorted([(ONE, 2), (OTHER, 1)])), 0,
    )  # fmt: skip
    assert each((ONE, 0), (ONE, 1), (ONE, 2), (OTHER, 0)) == (((ONE, 1),), 3)
    assert [(one.at, one.reason, one.selection, one.operator, one.certificates) for one in register.read(acts)] == [
        (AT + 1, "fraud", "certificate", "head", n) for n in (2, 1, 1)
    ]  # fmt: skip
    assert register.read(lambda b: [tag for tag in range(5) if b.revoked(ONE, tag)]) == [0, 1, 2]
    assert register.read(lambda b: sorted(ucis(b, SHARDS[0]))) == [
        (bytes([tag]) * 16, AT + DAY) for tag in range(3)
    ]
    (own, other) = register.read(lambda b: current(b, SHARDS, at=AT + 5))
    assert (own.head.version, own.head.created, own.head.expires) == (1, AT + 5, AT + 5)
    assert (list(own.tags()), list(other.tags())) == ([0, 1, 2], [0])
    assert register.read(lambda b: current(b, [issuers.shard(2)], at=AT)) == []


# Counted


@pytest.mark.parametrize(
    ("hour", "is_night"), [(0, 1), (4, 1), (5, 0), (6, 0), (12, 0), (21, 0), (22, 1), (23, 1)]
)
def test_a_night_is_from_22_to_5(register: Register, hour: int, is_night: int) -> None:
    add(register, line(1, at=AT + hour * HOUR), line(2, at=AT + hour * HOUR + HOUR - 1))
    assert register.read(tallies) == [Tally("harbour", "op-1", 2, 0, 1, 2, 2 * is_night)]


def test_days_are_counted_and_the_busiest_is_told(register: Register) -> None:
    when = [AT, AT + DAY - 1, AT + DAY, AT + 2 * DAY, AT + 2 * DAY + 1, AT + 3 * DAY - 1]
    add(register, *(line(tag, at=at) for tag, at in enumerate(when)),
        line(9, OTHER, at=AT, origin=HARBOUR._replace(operator="op-0")),
        line(10, at=AT, origin=HARBOUR._replace(lot="LOT-2")),
        line(11, at=AT, origin=HARBOUR._replace(site="airport")))  # fmt: skip
    taken(register, Selection(ONE, 1))
    night = sum(at % DAY < 5 * HOUR or at % DAY >= 22 * HOUR for at in when)
    assert register.read(tallies) == [
        Tally("airport", "op-1", 1, 0, 1, 1, 1),
        Tally("harbour", "op-0", 1, 0, 1, 1, 1),
        Tally("harbour", "op-1", 7, 1, 3, 3, night + 1),
    ]


def test_doubles_have_one_mark_of_eight_octets(register: Register) -> None:
    with register.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX certificate_by_request")
    add(register, line(1, request=b"abcdefgh1"), line(2, OTHER, at=AT - 1, request=b"abcdefgh2"),
        line(3, request=b"abcdefgx"), line(4, request=b"bbcdefgh"))  # fmt: skip
    # Neither the key alone nor the tag alone makes one that was taken back.
    add(register, line(5, request=b"cbcdefgh1"), line(1, OTHER, at=AT + 1, request=b"cbcdefgh2"))
    taken(register, Selection(ONE, 1))
    assert register.read(doubles) == [
        (OTHER, 2, False), (ONE, 1, True), (ONE, 5, False), (OTHER, 1, False),
    ]  # fmt: skip


# In bulk


@pytest.mark.parametrize("width", range(1, 7))
def test_each_tag_has_a_bit_of_its_own(width: int) -> None:
    tags = range(1 << width)
    bits = Bitmap(width, [0, tags[-1]])
    free = [tag for tag in tags if bits.find(b"", tag) is None]
    assert free == [tag for tag in tags if tag not in {0, tags[-1]}]
    assert all(bits.find(b"", tag) is ANOTHERS for tag in tags)
    with pytest.raises(IndexError):
        Bitmap(width).find(b"", max(8, 1 << width))


def test_a_map_knows_what_was_issued_and_what_it_gave_away(register: Register) -> None:
    add(register, line(1), line(2, OTHER))
    maps = Maps(register, SHARDS)
    assert [maps.find(ONE, tag) for tag in (1, 2, 2)] == [ANOTHERS, None, ANOTHERS]
    assert [maps.find(OTHER, tag) for tag in (1, 2)] == [None, ANOTHERS]
    # Loaded anew, it forgets what came to nothing, and knows what others have issued.
    add(register, line(3))
    maps.forget()
    assert [maps.find(ONE, tag) for tag in (1, 2, 3)] == [ANOTHERS, None, ANOTHERS]


def test_a_part_is_made_once_and_made_again_from_its_requests(register: Register) -> None:
    bulk, told = Bulk(register, SHARDS), list[bool]()

    def make(book: RegisterView, again: bool) -> tuple[str, list[RegisterEntry]]:
        told.append(again)
        free = next(tag for tag in range(1024) if book.find(ONE, tag) is None)
        return f"made {free}", [line(free), line(free, OTHER), line(free + 512, OTHER)]

    assert not bulk.done(b"job", 0)
    assert bulk.commit(b"job", 0, at=AT + 7, make=make) == "made 0"
    assert bulk.done(b"job", 0)
    assert not bulk.done(b"job", 1)
    assert not bulk.done(b"jobs", 0)
    assert bulk.commit(b"job", 1, at=AT + 8, make=make) == "made 1"
    # What it returns of a part that is done is what is made again, and nothing is added.
    assert bulk.commit(b"job", 0, at=AT + 9, make=make) == "made 2"
    assert told == [False, False, True]
    assert register.read(Transaction.counts) == {ONE: 2, OTHER: 4}
    with register.engine.connect() as connection:
        rows = connection.execute(schema.job.select().order_by(schema.job.c.number)).all()
        kid = connection.scalar(schema.shard.select().with_only_columns(schema.shard.c.kid).where(
            schema.shard.c.id == rows[0].shard_id))  # fmt: skip
    assert [(row.id, row.number, row.issued_at, row.issued) for row in rows] == [
        (b"job", 0, AT + 7, 3), (b"job", 1, AT + 8, 3),
    ]  # fmt: skip
    assert kid == min(ONE, OTHER)


def test_a_part_that_issues_nothing_is_done_too(register: Register) -> None:
    bulk = Bulk(register, SHARDS)
    assert bulk.commit(b"job", 0, at=AT, make=lambda _book, _again: ("none", [])) == "none"
    assert bulk.done(b"job", 0)
    assert register.read(Transaction.counts) == {ONE: 0}


def test_who_meets_anothers_tag_makes_its_part_over(register: Register) -> None:
    bulk, seen = Bulk(register, SHARDS), list[int]()

    def make(book: RegisterView, _again: bool) -> tuple[int, list[RegisterEntry]]:
        free = next(tag for tag in range(1024) if book.find(ONE, tag) is None)
        if len(seen) < 2:
            add(register, line(free))
        seen.append(free)
        return free, [line(free)]

    assert bulk.commit(b"job", 0, at=AT, make=make) == 2
    assert seen == [0, 1, 2]
    tries = list[int]()

    def never(_book: RegisterView, _again: bool) -> tuple[int, list[RegisterEntry]]:
        tries.append(1)
        return 0, [line(0)]

    with pytest.raises(Unreadable) as caught:
        bulk.commit(b"job", 1, at=AT, make=never)
    assert (caught.value.code, len(tries)) == ("register-contended", 8)


@pytest.mark.parametrize(("planned", "is_full"), [(4, False), (3, True)])
def test_no_part_signs_more_than_was_planned(
    register: Register, planned: int, is_full: bool
) -> None:
    add(register, line(1), line(2))
    bulk = Bulk(register, [SHARDS[0]._replace(planned=planned)])
    made = [line(3), line(4)]
    if not is_full:
        assert bulk.commit(b"job", 0, at=AT, make=lambda _book, _again: ("", made)) == ""
        return
    with pytest.raises(Unreadable) as caught:
        bulk.commit(b"job", 0, at=AT, make=lambda _book, _again: ("", made))
    assert caught.value.code == "keys-full"
    assert re.search(r"key shard-0$", caught.value.message)
    assert not bulk.done(b"job", 0)
    assert register.read(Transaction.counts)[ONE] == 2
