"""A gateway's store does what its protocol says, in memory, on SQLite and on PostgreSQL; what was deleted is gone."""

from __future__ import annotations

import hashlib
import logging
import random
import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from pratique.errors import Unreadable, UsageError
from pratique.gateway.mailbox import (
    TOLD,
    AuditRow,
    CallerRole,
    CertificateGroup,
    Mailbox,
    MailboxReading,
    Party,
    Reference,
    StoredBatch,
    StoredEntry,
    StoredRule,
    ValueSet,
)
from pratique.store import database
from pratique.store.gateway import mailbox, schema
from pratique.store.gateway.mailbox import GatewayStore
from tests.gateway_box import Box
from tests.gateway_stores import sqlite

AT = 1_796_000_000
COUNTRIES = ("XA", "XB")
Opened = Callable[[], AbstractContextManager[Mailbox]]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Return what opens a writing transaction of an empty store."""
    if request.param == "memory":
        box = Box()

        @contextmanager
        def _in_memory() -> Iterator[Mailbox]:
            yield box

        yield _in_memory
        return
    store = GatewayStore(_url(request, request.param, tmp_path))
    yield store.writing
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GatewayStore]:
    """Return an empty store."""
    opened = GatewayStore(_url(request, request.param, tmp_path))
    yield opened
    opened.close()


def _url(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return sqlite(folder)
    url: str = request.getfixturevalue("new_database")()
    return url


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def party(
    name: str,
    country: str = "XA",
    group: CertificateGroup = CertificateGroup.UPLOAD,
    created: int = AT,
) -> Party:
    return Party(country, group, digest(name), name.encode(), b"cms of " + name.encode(), created)


def entry(name: str, country: str = "XA", kid: str = "", created: int = AT) -> StoredEntry:
    return StoredEntry(
        0, country, CertificateGroup.DSC, "DCC", kid or digest(name)[:12], digest(name), name.encode(),
        b"cms", f"message {name}", created, remarks=("few-bits", "no-usage"), properties='{"a":1}',
    )  # fmt: skip


def rule(version: str, created: int, identifier: str = "GR-XA-0001", country: str = "XA") -> StoredRule:  # fmt: skip
    return StoredRule(
        0, country, identifier, version, AT, AT + 9, f"cms {version}", created, ("engine",)
    )


def batch(
    number: int, changed: int, expires: int = AT + 99 * 86_400, country: str = "XA"
) -> StoredBatch:
    identifier = f"00000000-0000-4000-8000-{number:012}"
    return StoredBatch(0, identifier, country, expires, f"hashes of {number}", changed)


# The protocol, by one test for each of its promises


def test_a_party_is_told_by_certificate_country_and_group(opened: Opened) -> None:
    roles = frozenset({CallerRole.READER, CallerRole.DELETER})
    tls = party("tls", group=CertificateGroup.AUTHENTICATION)._replace(roles=roles, domain="ICVP")
    with opened() as box:
        for each in (
            tls,
            party("up"),
            party("up", "XB"),
            party("ca", "XB", CertificateGroup.CSCA, AT + 9),
        ):
            box.add_party(each)
    with opened() as box:
        assert box.party(tls.thumbprint, "XA", CertificateGroup.AUTHENTICATION) == tls
        assert box.party(tls.thumbprint, "XB", CertificateGroup.AUTHENTICATION) is None
        assert box.party(tls.thumbprint, "XA", CertificateGroup.UPLOAD) is None
        assert box.countries() == ["XA", "XB"]
        everyone = list(box.parties())
        assert [one.thumbprint for one in everyone] == sorted(one.thumbprint for one in everyone)
        assert len(everyone) == 4
        assert {one.certificate for one in box.parties(country="XB")} == {b"up", b"ca"}
        assert [one.certificate for one in box.parties(since=AT + 9)] == [b"ca"]
        groups = (CertificateGroup.CSCA, CertificateGroup.AUTHENTICATION)
        assert {one.certificate for one in box.parties(groups=groups)} == {b"ca", b"tls"}
        again = tls._replace(signature=b"of the next anchor", roles=frozenset(), created=AT + 20)
        box.add_party(again)
        assert box.party(tls.thumbprint, "XA", CertificateGroup.AUTHENTICATION) == again
        assert len(box.parties()) == 4
        box.remove_party(tls.thumbprint, "XA", CertificateGroup.AUTHENTICATION)
        assert box.party(tls.thumbprint, "XA", CertificateGroup.AUTHENTICATION) is None
        assert len(box.parties()) == 3


def test_entries_come_by_kid_and_thumbprint_and_in_pages(opened: Opened) -> None:
    kids = ("b", "B", "a+", "a/", "Z", "ä", "0", "b")
    with opened() as box:
        for number, kid in enumerate(kids):
            box.add_entry(entry(f"signer {number}", COUNTRIES[number % 2], kid))
    with opened() as box:
        rows = list(box.entries())
        assert [one.kid for one in rows] == sorted(kids)
        assert rows == sorted(rows, key=lambda one: (one.kid, one.thumbprint))
        pages = [box.entries(skip=at, most=3) for at in range(0, 12, 3)]
        assert [one for page in pages for one in page] == rows
        assert list(box.entries(skip=5)) == rows[5:]
        for at, one in enumerate(rows):
            assert list(box.entries(after=one)) == rows[at + 1 :]
            assert list(box.entries(after=one, skip=1, most=2)) == rows[at + 2 : at + 4]
        # Where one stood that is there no more, those behind it go on.
        assert list(box.entries(after=rows[3]._replace(kid="a-"))) == [
            o for o in rows if o.kid > "a-"
        ]
        assert {one.country for one in box.entries(country="XB")} == {"XB"}
        assert box.entries(groups=[CertificateGroup.SIGN]) == []
        assert len(
            box.entries(groups=[CertificateGroup.SIGN, CertificateGroup.DSC], domain="DCC")
        ) == len(kids)
        assert box.entries(domain="ICVP") == []
        shown = next(one for one in rows if one.country == "XB")
        box.change_entry(shown._replace(is_published=True))
        seen = box.entries(shown_to="XA")
        assert [one.country for one in seen].count("XA") == 4
        assert [one.number for one in seen if one.country == "XB"] == [shown.number]


def test_a_deleted_entry_is_told_of_in_deltas_only_and_may_come_again(opened: Opened) -> None:
    with opened() as box:
        number = box.add_entry(entry("one", kid="K"))
        other = box.add_entry(entry("two", created=AT + 1))
        assert number != other
        assert box.entry(number) == entry("one", kid="K")._replace(number=number)
        assert box.has_kid("K", "XA")
        assert not box.has_kid("K", "XB")
        assert box.entry_of(digest("one"), "XB") is None
        box.delete_entry(number, AT + 5)
    with opened() as box:
        gone = entry("one", kid="K")._replace(number=number, deleted=AT + 5, message="")
        assert box.entry(number) is None
        assert box.entry_of(digest("one"), "XA") is None
        assert not box.has_kid("K", "XA")
        assert [one.number for one in box.entries()] == [other]
        assert [one for one in box.entries(since=AT + 2) if one.deleted] == [gone]
        assert {one.number for one in box.entries(since=AT)} == {number, other}
        assert box.entries(since=AT + 6) == []
        again = box.add_entry(entry("one", kid="K", created=AT + 7))
        assert again not in {number, other}
        assert [one.number for one in box.entries(since=AT + 2)] == [again]


def test_a_live_entry_keeps_its_changes_and_nothing_else(opened: Opened) -> None:
    with opened() as box:
        number = box.add_entry(entry("one"))
        before = box.entry(number)
        assert before is not None
        after = before._replace(
            signature=b"new", message="new", remarks=("other",), is_published=True
        )
        box.change_entry(after)
        assert box.entry(number) == after


def test_rules_come_newest_first_and_go_all_versions_at_once(opened: Opened) -> None:
    with opened() as box:
        first = box.add_rule(rule("1.0.0", AT))
        second = box.add_rule(rule("1.1.0", AT + 1))
        box.add_rule(rule("1.0.0", AT + 2, "VR-XA-0001"))
        box.add_rule(rule("1.0.0", AT + 3, "GR-XA-0001", "XB"))
    with opened() as box:
        assert [(one.identifier, one.version) for one in box.rules("XA")] == [
            ("VR-XA-0001", "1.0.0"), ("GR-XA-0001", "1.1.0"), ("GR-XA-0001", "1.0.0"),
        ]  # fmt: skip
        assert box.rule(second) == rule("1.1.0", AT + 1)._replace(number=second)
        changed = rule("1.1.0", AT + 1)._replace(
            number=second, message="again", is_published=True, remarks=()
        )
        box.change_rule(changed)
        assert box.rule(second) == changed
        assert box.delete_rules("XA", "GR-XA-0001") == 2
        assert box.delete_rules("XA", "GR-XA-0001") == 0
        assert box.rule(first) is None
        assert len(box.rules("XA")) == 1
        assert len(box.rules("XB")) == 1


def test_batches_are_told_by_their_last_change_and_lose_their_message(opened: Opened) -> None:
    with opened() as box:
        numbers = [box.add_batch(batch(n, AT + n)) for n in range(5)]
    with opened() as box:
        listed = box.batches(AT + 1, 2)
        assert [one.changed for one in listed] == [AT + 2, AT + 3]
        assert {one.message for one in listed} == {""}
        kept = batch(1, AT + 1)._replace(number=numbers[1])
        assert box.batch(kept.identifier) == kept
        assert box.batch_numbered(numbers[1]) == kept
        box.delete_batch(kept.identifier, AT + 20)
        gone = kept._replace(message="", changed=AT + 20, is_deleted=True)
        assert box.batch(kept.identifier) == gone
        assert box.batch_numbered(numbers[1]) is None
        assert [one.message for one in box.batches_of("XA")] == [
            f"hashes of {n}" for n in (0, 2, 3, 4)
        ]
        assert list(box.batches_of("XB")) == []
        assert (box.live_batches("XA"), box.live_batches("XB")) == (4, 0)
        assert box.batches(AT + 4, 9) == [gone]
        moved = batch(0, AT + 21)._replace(number=numbers[0], message="signed anew")
        box.change_batch(moved)
        assert box.batch(moved.identifier) == moved
        assert [one.changed for one in box.batches(AT, 9)] == [AT + n for n in (2, 3, 4, 20, 21)]
        assert [one.changed for one in box.batches_of("XA")] == [AT + n for n in (2, 3, 4, 21)]
        assert next(iter(box.batches_of("XA"))).message == "hashes of 2"
        assert box.batch(batch(9, 0).identifier) is None


def test_value_sets_and_references_are_replaced_by_their_names(opened: Opened) -> None:
    first = Reference(batch(1, 0).identifier, "XA", b"{}", "cms", AT)
    second = Reference(batch(2, 0).identifier, "XB", b"{1}", "cms 2", AT + 1)
    with opened() as box:
        for name, document in (("b", b"{}"), ("a", b"[1]"), ("b", b"[2]")):
            box.put_value_set(ValueSet(name, document))
        for each in (second, first, first._replace(message="cms 3")):
            box.add_reference(each)
    with opened() as box:
        assert list(box.value_sets()) == ["a", "b"]
        assert box.value_set("b") == ValueSet("b", b"[2]")
        assert box.value_set("c") is None
        assert list(box.references()) == [first._replace(message="cms 3"), second]
        assert list(box.references("XB")) == [second]
        box.delete_reference(second.identifier)
        assert box.reference(second.identifier) is None
        assert box.reference(first.identifier) == first._replace(message="cms 3")


def test_each_change_has_a_second_of_its_own_and_each_message_is_used_once(opened: Opened) -> None:
    with opened() as box:
        assert [box.instant(AT), box.instant(AT), box.instant(AT - 50)] == [AT, AT + 1, AT + 2]
    with opened() as box:
        assert [box.instant(AT), box.instant(AT + 50)] == [AT + 3, AT + 50]
        assert not box.was_used(digest("m"))
        box.use(digest("m"), AT)
        box.use(digest("m"), AT + 1)
        assert box.was_used(digest("m"))


def test_a_purge_ends_batches_and_forgets_what_was_told_for_long_enough(opened: Opened) -> None:
    with opened() as box:
        old, young, live = (box.add_entry(entry(name)) for name in ("old", "young", "live"))
        box.delete_entry(old, AT)
        box.delete_entry(young, AT + 1)
        for number, expires in enumerate((AT + TOLD, AT + TOLD + 1, AT + TOLD + 2)):
            box.add_batch(batch(number, AT + 1 + number, expires))
        box.add_batch(batch(7, AT + 7))
        box.delete_batch(batch(7, 0).identifier, AT)
        assert box.instant(AT + 10) == AT + 10
        # Two batches have ended; one entry and one batch were told of for 14 days.
        assert box.purge(AT + TOLD + 1) == 4
    with opened() as box:
        assert {one.number for one in box.entries(since=0)} == {young, live}
        assert box.batch(batch(7, 0).identifier) is None
        ended = [box.batch(batch(n, 0).identifier) for n in range(2)]
        assert [(one and one.message, one and one.changed) for one in ended] == [
            ("", AT + TOLD + 1), ("", AT + TOLD + 2),
        ]  # fmt: skip
        assert [one.identifier for one in box.batches_of("XA")] == [batch(2, 0).identifier]
        assert box.purge(AT + TOLD + 1) == 0


def everything(box: MailboxReading) -> list[object]:
    """Ask each question of the protocol."""
    countries = [None, *COUNTRIES]
    found: list[object] = [list(box.countries()), list(box.value_sets())]
    found += [list(box.parties(country=c, since=s)) for c in countries for s in (None, AT + 40)]
    for country in countries:
        found += [_numbered(box.entries(country=country, since=s)) for s in (None, AT + 40)]
    for country in COUNTRIES:
        found += [_numbered(box.rules(country)), _numbered(box.batches_of(country))]
        found += [box.has_kid(f"kid {n}", country) for n in range(6)]
    found += [_numbered(box.batches(since, 3)) for since in (0, AT + 40, AT + 80)]
    found += [
        None if one is None else one._replace(number=0)
        for one in (box.batch(batch(n, 0).identifier) for n in range(30))
    ]
    return [*found, list(box.references()), [box.was_used(digest(str(n))) for n in range(9)]]


def _numbered(rows: Any) -> list[object]:
    # Numbers are the store's own.
    return [row._replace(number=0) for row in rows]


def _act(draw: random.Random, box: Mailbox, step: int) -> None:
    """Do one thing that may be done now."""
    country, at = draw.choice(COUNTRIES), box.instant(AT + step)
    own, batches = list(box.entries(country=country)), list(box.batches_of(country))
    name = f"signer {draw.randrange(9)}"
    match draw.randrange(9):
        case 0:
            box.add_party(party(f"party {draw.randrange(6)}", country, created=at))
        case 1 if parties := list(box.parties()):
            one = draw.choice(parties)
            box.remove_party(one.thumbprint, one.country, one.group)
        case 2 if box.entry_of(digest(name), country) is None:
            box.add_entry(entry(name, country, f"kid {draw.randrange(6)}", at))
        case 3 if own:
            box.delete_entry(draw.choice(own).number, at)
        case 4 if own:
            box.change_entry(draw.choice(own)._replace(message=f"new {step}", is_published=True))
        case 5:
            identifier = f"GR-{country}-000{draw.randrange(3)}"
            box.add_rule(rule(f"1.{step}.0", at, identifier, country))
        case 6:
            box.delete_rules(country, f"GR-{country}-000{draw.randrange(3)}")
        case 7 if step < 60:
            number = step // 2
            if box.batch(batch(number, 0).identifier) is None:
                box.add_batch(batch(number, at, AT + draw.randrange(50, 200), country))
        case 8 if batches:
            box.delete_batch(draw.choice(batches).identifier, at)
        case _:
            box.use(digest(str(draw.randrange(9))), at)
            box.purge(AT + step)


@pytest.mark.parametrize("seed", range(3))
def test_a_database_answers_as_the_memory_does(store: GatewayStore, seed: int) -> None:
    box = Box()
    draws = random.Random(seed), random.Random(seed)
    for step in range(120):
        _act(draws[0], box, step)
        with store.writing() as kept:
            _act(draws[1], kept, step)
        if step % 5 == 0:
            with store.reading() as reading:
                assert everything(reading) == everything(box)


# Transactions


def test_what_failed_leaves_nothing(store: GatewayStore) -> None:
    with store.writing() as box:
        box.add_entry(entry("kept"))
        box.instant(AT)

    def failing() -> None:
        with store.writing() as box:
            box.add_entry(entry("failed"))
            box.instant(AT + 100)
            box.audit(AuditRow(AT, "XA", "signer-upload", digest("failed")))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with store.writing() as box:
        assert [one.certificate for one in box.entries()] == [b"kept"]
        assert box.instant(AT) == AT + 1
        assert list(box.audited()) == []


def test_a_reader_sees_one_instant(store: GatewayStore) -> None:
    with store.writing() as box:
        box.add_entry(entry("first"))
    with store.reading() as before:
        assert len(before.entries()) == 1
        with store.writing() as box:
            box.add_entry(entry("second"))
        assert len(before.entries()) == 1
    with store.reading() as after:
        assert len(after.entries()) == 2


def test_no_second_process_finds_a_writer_half_done(store: GatewayStore) -> None:
    url = store._engine.url.render_as_string(hide_password=False)
    other = GatewayStore(url)
    entered, seen = threading.Event(), list[int]()

    def write() -> None:
        with other.writing() as box:
            entered.set()
            seen.append(len(box.entries()))

    with store.writing() as box:
        box.add_entry(entry("one"))
        thread = threading.Thread(target=write)
        thread.start()
        assert not entered.wait(0.2)
    thread.join()
    other.close()
    assert seen == [1]


def test_what_is_audited_is_read_in_its_order(store: GatewayStore) -> None:
    rows = [AuditRow(AT + n % 3, "XA", f"act-{n}", digest(str(n))) for n in range(1200)]
    with store.writing() as box:
        for row in rows:
            box.audit(row)
    with store.reading() as reading:
        assert list(reading.audited()) == rows
        assert reading.count() == {"entry": 0, "rule": 0, "batch": 0}


# The database itself


def test_the_tables_are_those_of_the_migrations(store: GatewayStore) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_no_column_is_a_persons(store: GatewayStore) -> None:
    names = {f"{t.name}.{c.name}" for t in schema.metadata.sorted_tables for c in t.columns}
    assert not [n for n in names if re.search("name|address|subject|caller|reader|ip$|hash", n)]
    assert [n for n in names if n.startswith("message.")] != []
    assert repr(store).startswith("<GatewayStore on ")


def test_a_later_versions_database_is_left_as_it_is(store: GatewayStore) -> None:
    url = store._engine.url.render_as_string(hide_password=False)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unreadable) as caught:
        GatewayStore(url)
    assert caught.value.code == "gateway-version"


def test_sqlites_files_are_their_owners_alone(tmp_path: Path) -> None:
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as box:
        box.use(digest("a"), AT)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert "gateway.sqlite-wal" in modes
    assert set(modes.values()) == {0o600}
    store.close()


@pytest.mark.parametrize(
    "url", ["", "mysql://u:secret@host/db", "postgresql://u:secret@host:port/db"]
)
def test_a_password_is_in_no_refusal(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        GatewayStore(url)
    assert caught.value.code == "gateway-url"
    assert "secret" not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"


def test_no_error_and_no_log_holds_what_was_to_be_written(
    store: GatewayStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
    canary = "Q2FuYXJ5IG9mIGEgaGFzaA=="

    def twice() -> None:
        with store.writing() as box:
            number = box.add_batch(batch(1, AT)._replace(message=canary))
            again = schema.message.insert().values(number=number, text=canary)
            box._connection.execute(again)

    try:
        with pytest.raises(Unreadable) as caught:
            twice()
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    assert caught.value.code == "gateway-failed"
    assert canary not in caplog.text
    assert "INSERT INTO message" in caplog.text, "the log is looked at where there is one"
    errors: list[BaseException | None] = [caught.value, caught.value.__context__]
    assert not [error for error in errors if canary in f"{error} {error!r}"]


# Reads leave no trace


def reads(box: Any) -> None:
    """Read all that can be read."""
    everything(box)
    box.party(digest("up"), "XA", CertificateGroup.UPLOAD)
    box.entry(1), box.entry_of(digest("a"), "XA"), box.rule(1), box.batch_numbered(1)
    box.value_set("a"), box.reference("r"), list(box.audited()), box.count()


def filled(store: GatewayStore) -> None:
    with store.writing() as box:
        for number in range(20):
            box.add_party(party(f"p{number}"))
            box.add_entry(entry(f"e{number}"))
            box.add_batch(batch(number, box.instant(AT)))


def contents(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        # The index of the log that processes share in memory: locks, and no content.
        if not path.name.endswith("-shm")
    }


@pytest.mark.parametrize("is_fresh", [False, True])
def test_a_hundred_reads_of_each_kind_change_no_byte(tmp_path: Path, is_fresh: bool) -> None:
    store = GatewayStore(sqlite(tmp_path))
    filled(store)
    if is_fresh:
        store.close()
        before = contents(tmp_path)
        assert list(before) == ["gateway.sqlite"]
        store = GatewayStore(sqlite(tmp_path))
    else:
        before = contents(tmp_path)
        assert set(before) == {"gateway.sqlite", "gateway.sqlite-wal"}
    for _ in range(100):
        with store.reading() as box:
            reads(box)
    after = contents(tmp_path)
    if is_fresh:
        # A log of no bytes is there while it is open.
        assert after.pop("gateway.sqlite-wal", digest("")) == digest("")
    assert after == before
    with store.writing() as mailbox_:
        mailbox_.use(digest("one write"), AT)
    assert contents(tmp_path) != before, "a write would have been seen"
    if is_fresh:
        store.close()
        store = GatewayStore(sqlite(tmp_path))
        before = contents(tmp_path)
        with store.reading() as box:
            reads(box)
        store.close()
        before.pop("gateway.sqlite-wal", None)
        assert contents(tmp_path) == before
    store.close()


# What is deleted is gone


HASH = "".join(random.Random(7).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789+/", k=64))
BATCH = [HASH, *("".join(random.Random(n).choices("ABCDEFGHabcdefgh0123456789", k=64)) for n in range(700))]  # fmt: skip


def places_of(folder: Path, canary: str = HASH) -> set[str]:
    """Return the names of the files in which a canary stands, whole or its first half."""
    names = set()
    for path in folder.rglob("*"):
        if path.is_file() and canary[:32].encode() in path.read_bytes():
            names.add(path.name)
    return names


DELETIONS: dict[str, Callable[[Mailbox], object]] = {
    "deleted": lambda box: box.delete_batch(batch(1, 0).identifier, box.instant(AT + 5)),
    "ended": lambda box: box.purge(AT + 100 * 86_400),
    "signed anew": lambda box: box.change_batch(
        batch(1, box.instant(AT + 5))._replace(number=1, message="without it")
    ),
}


@pytest.mark.parametrize("how", DELETIONS)
def test_a_deleted_hash_is_in_no_file_of_sqlite(tmp_path: Path, how: str) -> None:
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as box:
        box.add_batch(batch(1, AT)._replace(message="\n".join(BATCH)))
        box.add_batch(batch(2, AT + 1))
    assert places_of(tmp_path) == {"gateway.sqlite-wal"}, "it would be seen"
    store.close()
    assert places_of(tmp_path) == {"gateway.sqlite"}, "it would be seen"
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as box:
        DELETIONS[how](box)
    assert places_of(tmp_path) == set()
    store.close()
    assert places_of(tmp_path) == set()


def test_a_hash_that_a_reader_still_sees_is_wiped_after_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "PATIENCE", 0.0)
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as box:
        box.add_batch(batch(1, AT)._replace(message="\n".join(BATCH)))
    with store.reading() as reading:
        assert reading.batch(batch(1, 0).identifier) is not None
        with store.writing() as box:
            DELETIONS["deleted"](box)
        assert places_of(tmp_path) == {"gateway.sqlite-wal"}
        assert not store.wipe()
    with store.writing() as box:
        box.use(digest("another"), AT)
    assert places_of(tmp_path) == set()
    store.close()


def _tables(folder: Path) -> set[str]:
    return places_of(folder / "base")


def test_a_deleted_hash_is_in_no_table_of_postgresql(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = GatewayStore(new_database())
    with store._engine.connect() as connection:
        folder = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())

    def flushed() -> set[str]:
        with store._engine.connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")
        return _tables(folder)

    with store.writing() as box:
        number = box.add_batch(batch(1, AT)._replace(message="\n".join(BATCH)))
        box.add_batch(batch(2, AT + 1)._replace(message=HASH + " short"))
    assert flushed() != set(), "it would be seen"
    monkeypatch.setattr(mailbox, "_wipe_postgresql", lambda *_a, **_k: False)
    with store.writing() as box:
        box.delete_batch(batch(1, 0).identifier, box.instant(AT + 5))
        box.delete_batch(batch(2, 0).identifier, box.instant(AT + 5))
    assert flushed() != set(), "PostgreSQL itself leaves it there"
    monkeypatch.undo()
    # Another instant is looked at meanwhile: it is told, and done later.
    monkeypatch.setattr(mailbox, "PATIENCE", 0.0)
    with store.reading() as reading:
        reading.batch_numbered(number)
        with store.writing() as box:
            box.add_batch(batch(3, box.instant(AT)))
            box.delete_batch(batch(3, 0).identifier, box.instant(AT))
    assert store.wipe()
    assert flushed() == set()
    store.close()


def test_without_a_wipe_the_log_would_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "_wipe_sqlite", lambda *_a, **_k: False)
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as box:
        box.add_batch(batch(1, AT)._replace(message="\n".join(BATCH)))
    with store.writing() as box:
        DELETIONS["deleted"](box)
    assert places_of(tmp_path) == {"gateway.sqlite-wal"}
    monkeypatch.undo()
    # A process that is killed here leaves it to the next one's start.
    again = GatewayStore(sqlite(tmp_path))
    assert again.wipe()
    assert places_of(tmp_path) == set()
    again.close()
    store.close()


def test_the_lock_is_the_gateways_own() -> None:
    assert mailbox.LOCK != 0x70726174
    assert mailbox.TABLES.lock == mailbox.LOCK
    assert database.WAIT == 60
