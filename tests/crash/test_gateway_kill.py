"""Killed at any moment, a gateway has lost no upload that it acknowledged, and kept none by half."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pratique.gateway.mailbox import AuditRow, MailboxReading
from pratique.store.gateway.mailbox import GatewayStore, SqlMailbox
from tests.gateway_stores import databases, sqlite
from tests.killing import killed_at_work
from tests.often import KILLS
from tests.unit.gateway.test_store import AT, batch, digest, entry, places_of, rule

MOMENTS = KILLS * 3 // 5
"""Of killing, for each kind of database."""
AFTER = 0.02
"""Seconds after an answer within which it is killed: some acts of a machine of today."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite(tmp_path)
        return
    with databases() as new:
        yield new()


def canary(number: int) -> str:
    """Return what stands for the hashes of a batch."""
    return digest(f"hash {number}")


def uploaded(box: SqlMailbox, number: int) -> None:
    """Keep all that one upload leaves: five rows."""
    at = box.instant(AT)
    box.add_entry(entry(f"signer {number}", created=at))
    box.add_rule(rule(f"1.{number}.0", at))
    kept = batch(number, at)._replace(message=f"{number} {canary(number)} " * 300)
    box.add_batch(kept)
    box.use(digest(f"{number}"), at)
    box.audit(AuditRow(at, "XA", "upload", digest(f"{number}")))


def parts(box: MailboxReading, number: int) -> list[bool]:
    """Tell which parts of an upload are there."""
    kept = box.batch(batch(number, 0).identifier)
    return [
        box.entry_of(digest(f"signer {number}"), "XA") is not None,
        any(row.version == f"1.{number}.0" for row in box.rules("XA")),
        kept is not None and (kept.is_deleted or kept.message.count(canary(number)) == 300),
        box.was_used(digest(f"{number}")),
    ]


def deleted(box: SqlMailbox, number: int) -> None:
    """Delete a batch."""
    box.delete_batch(batch(number, 0).identifier, box.instant(AT))


def work(url: str, tell: Callable[[bytes], object]) -> None:
    """Upload without end from where the last process was; delete every third batch."""
    store = GatewayStore(url)
    with store.reading() as box:
        number = box.count()["rule"]
    while True:
        with store.writing() as mailbox:
            uploaded(mailbox, number)
        tell(b"uploaded %d\n" % number)
        if number % 3 == 0:
            with store.writing() as mailbox:
                deleted(mailbox, number)
            tell(b"deleted %d\n" % number)
        number += 1


def numbers(said: list[str], what: str) -> set[int]:
    return {int(line.split()[1]) for line in said if line.startswith(what)}


def test_what_was_acknowledged_is_there_and_nothing_is_there_by_half(
    url: str, tmp_path: Path
) -> None:
    GatewayStore(url).close()
    draw, said = random.Random(20261130), list[str]()
    for _ in range(MOMENTS):
        said += killed_at_work(
            lambda tell: work(url, tell), draw.randrange(5), draw.uniform(0, AFTER)
        )
    told, gone = numbers(said, "uploaded"), numbers(said, "deleted")
    print(f"{MOMENTS} kills, {len(told)} uploads, {len(gone)} deletions", file=sys.stderr)
    assert len(told) > MOMENTS / 2
    assert len(gone) > MOMENTS / 8

    store = GatewayStore(url)
    with store.reading() as box:
        count = box.count()["rule"]
        # Of each process one more may be there than it could say.
        assert max(told) + 1 <= count <= max(told) + 1 + MOMENTS
        assert [parts(box, number) for number in range(count)] == [[True] * 4] * count
        assert parts(box, count) == [False] * 4
        assert box.count() == {
            "entry": count, "rule": count, "batch": box.live_batches("XA"),
        }  # fmt: skip
        assert [row.digest for row in box.audited()] == [digest(f"{n}") for n in range(count)]
        ended = [box.batch(batch(number, 0).identifier) for number in sorted(gone)]
        assert all(one is not None and one.is_deleted and not one.message for one in ended)
        changed = [one.changed for one in box.batches(0, 9 * count)]
        assert sorted(set(changed)) == changed
    assert store.wipe()
    store.close()
    if url.startswith("sqlite"):
        live = next(n for n in range(count) if n % 3)
        assert places_of(tmp_path, canary(live)) == {"gateway.sqlite"}, "it would be seen"
        assert [n for n in gone if places_of(tmp_path, canary(n))] == []


def test_half_an_upload_would_be_seen(tmp_path: Path) -> None:
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as mailbox:
        uploaded(mailbox, 0)
        mailbox.add_entry(entry("signer 1"))
    with store.reading() as box:
        assert parts(box, 0) == [True] * 4
        assert parts(box, 1) == [True, False, False, False]
    store.close()
