"""Sixty-four who upload, delete and read at once: nothing is lost or doubled, and each change has its own second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pratique.gateway.mailbox import StoredEntry
from pratique.store.gateway import mailbox
from pratique.store.gateway.mailbox import GatewayStore, SqlMailbox
from tests.gateway_stores import sqlite
from tests.steps import until
from tests.unit.gateway.test_store import AT, batch, digest, entry, rule

PROCESSES = {"sqlite": 1, "postgresql": 4}
"""Stores, as if each were a server's process of its own; a file of SQLite has one server."""
WRITERS, READERS = 32, 32
EACH = 3
"""Uploads of each writer; the last but one is deleted again."""
QUIET = 30
"""Signers of a country that changes nothing meanwhile."""


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[GatewayStore]]:
    url = (
        sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("new_database")()
    )
    opened = [GatewayStore(url) for _ in range(PROCESSES[request.param])]
    yield opened
    for store in opened:
        store.close()


def upload(store: GatewayStore, writer: int) -> list[int]:
    """Upload signers, rules and batches, and delete one signer and one batch; return the seconds."""
    seconds = []
    for number in range(EACH):
        name = writer * EACH + number
        with store.writing() as box:
            at = box.instant(AT)
            box.add_entry(entry(f"signer {name}", kid=f"{name:04}", created=at))
            box.add_rule(rule(f"1.{name}.0", at, country="XA"))
            box.add_batch(batch(name, at))
        seconds.append(at)
    with store.writing() as box:
        name = writer * EACH + EACH - 2
        gone = box.entry_of(digest(f"signer {name}"), "XA")
        assert gone is not None, "what was acknowledged is not there"
        at = box.instant(AT)
        box.delete_entry(gone.number, at)
        box.delete_batch(batch(name, 0).identifier, at)
    return [*seconds, at]


class Reader:
    """A client that pages through the list, and follows the batches by their dates, until all is done."""

    def __init__(self, store: GatewayStore) -> None:
        self.store = store
        self.since = 0
        self.seen: list[tuple[str, bool, int]] = []
        self.wrong: list[str] = []

    def read(self) -> None:
        """Read once: a list in one instant, another country's page by page in several, and the next batches."""
        with self.store.reading() as box:
            whole = list(box.entries())
            paged = [
                one for skip in range(0, len(whole), 50) for one in box.entries(skip=skip, most=50)
            ]
            if paged != whole or len({one.thumbprint for one in whole}) != len(whole):
                self.wrong.append("pages of one instant differ from the whole")
        quiet: list[StoredEntry] = []
        while True:
            with self.store.reading() as box:
                page = box.entries(country="XB", skip=len(quiet), most=7)
            quiet += page
            if not page:
                break
        if [one.kid for one in quiet] != [f"quiet {n:02}" for n in range(QUIET)]:
            self.wrong.append("pages of what nobody changes differ")
        self.follow()

    def follow(self) -> int:
        """Ask for the batches after the last date that was seen; return how many came."""
        with self.store.reading() as box:
            page = box.batches(self.since, 10)
        self.seen += [(one.identifier, one.is_deleted, one.changed) for one in page]
        self.since = page[-1].changed if page else self.since
        return len(page)


def test_sixty_four_at_once_lose_and_double_nothing(stores: list[GatewayStore]) -> None:
    with stores[0].writing() as box:
        for number in range(QUIET):
            box.add_entry(entry(f"quiet {number}", "XB", f"quiet {number:02}"))
    readers = [Reader(stores[n % len(stores)]) for n in range(READERS)]
    done, start = threading.Event(), threading.Barrier(WRITERS + READERS)

    def write(writer: int) -> list[int]:
        start.wait()
        return upload(stores[writer % len(stores)], writer)

    def read(reader: Reader) -> None:
        start.wait()
        while not done.is_set():
            reader.read()

    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        reading = [pool.submit(read, reader) for reader in readers]
        writing = [pool.submit(write, writer) for writer in range(WRITERS)]
        try:
            seconds = [second for one in writing for second in one.result()]
        finally:
            done.set()
        for one in reading:
            one.result()

    assert len(set(seconds)) == len(seconds) == WRITERS * (EACH + 1)
    assert sorted(seconds) == list(range(AT, AT + len(seconds)))
    assert [reader.wrong for reader in readers if reader.wrong] == []
    names = {n for n in range(WRITERS * EACH) if n % EACH != EACH - 2}
    with stores[-1].reading() as view:
        assert [one.kid for one in view.entries(country="XA")] == [f"{n:04}" for n in sorted(names)]
        assert len(view.entries(country="XA", since=0)) == WRITERS * EACH
        assert {one.version for one in view.rules("XA")} == {
            f"1.{n}.0" for n in range(WRITERS * EACH)
        }
        live = {one.identifier for one in view.batches_of("XA")}
        last = [(one.identifier, one.is_deleted, one.changed) for one in view.batches(0, 9_999)]
    assert live == {batch(n, 0).identifier for n in names}
    for reader in readers:
        while reader.follow():
            pass
        dates = [changed for _, _, changed in reader.seen]
        assert dates == sorted(set(dates)), "a date came twice"
        # By its dates alone each has learned of every batch's last state.
        assert {name: (gone, at) for name, gone, at in reader.seen} == {
            name: (gone, at) for name, gone, at in last
        }


def test_without_its_lock_two_changes_would_share_a_second(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    first = GatewayStore(url)
    monkeypatch.setattr(mailbox, "TABLES", mailbox.TABLES._replace(lock=mailbox.LOCK + 1))
    second = GatewayStore(url)
    instants = []

    def change() -> None:
        with second.writing() as box:
            instants.append(box.instant(AT))

    def is_waiting(box: SqlMailbox) -> bool:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(box._connection.exec_driver_sql(waiting).scalar())

    with ThreadPoolExecutor(1) as pool:
        with first.writing() as box:
            instants.append(box.instant(AT))
            other = pool.submit(change)
            until(lambda: is_waiting(box))
        other.result()
    first.close()
    second.close()
    assert instants == [AT, AT]
