"""Let several processes of one issuer race for one register, and count what the law forbids.

    URL, tries, processes -> requests · renewals against recalls · a key's plan -> counts, all of which must be 0

Run it on a register that is empty: `python -m tools.race --url sqlite:////tmp/race.sqlite --tries 10000`.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import queue
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from pratique.errors import UsageError
from pratique.issue import IssueRequest, RegisterEntry, registered
from pratique.renew import Reason, Selection
from pratique.store.register import schema
from pratique.store.register.register import Register, Transaction, open_register, revoke
from pratique.trust.issuer import Shard
from tests import issuers

PROCESSES = 8
SHARDS = 3
PLANNED = 50
"""What the key of the last race is to sign at most; many more are asked for."""
RECORD = issuers.RECORDS["vaccination"]


class Counts(NamedTuple):
    """What came of the races. All but the first three must be 0.

    Attributes:
        tries: transactions that were tried.
        issued: certificates in the register.
        refused: tries that were refused by name, since another one came first.
        doubles: requests that have more than one certificate.
        escaped: certificates that are good though the one that they renew was taken back.
        beyond: certificates beyond what was planned for a key.
    """

    tries: int
    issued: int
    refused: int
    doubles: int
    escaped: int
    beyond: int

    @property
    def is_lawful(self) -> bool:
        """Tell whether nothing that is forbidden came of it."""
        return not (self.doubles or self.escaped or self.beyond)


class Threads:
    """Desks in threads instead of processes: they race no less for the database, and begin at once."""

    Process = staticmethod(threading.Thread)
    Barrier = staticmethod(threading.Barrier)
    SimpleQueue: Any = staticmethod(queue.SimpleQueue)


THREADS = Threads()


def raced(url: str, tries: int, processes: int = PROCESSES, context: Any = None) -> Counts:
    """Race on a register: a third each of equal requests, of renewals and recalls, and for a key's plan."""
    open_register(url).close()
    context = context or multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    rounds = -(-tries // (len(RACES) * processes))
    answers = context.SimpleQueue()
    running = [
        context.Process(target=_run, args=(url, one, rounds, barrier, answers))
        for one in range(processes)
    ]
    for process in running:
        process.start()
    refused = sum(answers.get() for _ in running)
    for process in running:
        process.join()
    tried = rounds * len(RACES) * processes
    register = open_register(url)
    try:
        return register.read(lambda book: counted(book, tried, refused))
    finally:
        register.close()


def counted(book: Transaction, tries: int, refused: int) -> Counts:
    """Count what is in a register."""
    line = schema.certificate.c
    rows = book.connection.execute(
        select(line.shard_id, line.tag, line.request, line.parent_shard, line.parent_tag)
    ).all()
    table = schema.revocation.c
    gone = {tuple(row) for row in book.connection.execute(select(table.shard_id, table.tag))}
    marks = Counter(row.request[:8] for row in rows)
    signed = Counter(row.shard_id for row in rows)
    narrow = book.shard_id(_narrow().kid)
    escaped = [
        row
        for row in rows
        if (row.parent_shard, row.parent_tag) in gone and (row.shard_id, row.tag) not in gone
    ]
    return Counts(
        tries, len(rows), refused, sum(times > 1 for times in marks.values()), len(escaped),
        max(0, signed[narrow] - PLANNED) if narrow is not None else 0,
    )  # fmt: skip


Worker = Callable[[Register, int, int], bool]
"""work(register, round, process) -> was it done, and not refused by name?"""


def _run(url: str, own: int, rounds: int, barrier: Any, answers: Any) -> None:
    register, refused = open_register(url), 0
    for work in RACES:
        for number in range(rounds):
            barrier.wait()
            refused += not work(register, number, own)
    register.close()
    answers.put(refused)


def _requests(register: Register, number: int, own: int) -> bool:
    # Each desk takes the key that it believes to have most room.
    shards = list(_wide())
    random.Random(own).shuffle(shards)  # noqa: S311 - which key is tried, and no secret
    asked = IssueRequest(_secret("one", number), issuers.AT + own, issuers.WORK)
    register.write(
        lambda book: registered(RECORD, asked, shards=shards, keys=issuers.keys, register=book)
    )
    return True


def _renewals(register: Register, number: int, own: int) -> bool:
    first = IssueRequest(_secret("old", number), issuers.AT, issuers.WORK)
    act = partial(registered, RECORD, shards=_wide()[:1], keys=issuers.keys)
    old: RegisterEntry = register.write(lambda book: act(first, register=book)).entry
    if own == 0:
        selection = Selection(old.kid, old.tag)
        register.write(
            lambda book: revoke(book, selection, Reason.FRAUD, at=issuers.AT, operator="op")
        )
        return True
    asked = IssueRequest(_secret(f"new {own}", number), issuers.AT, issuers.WORK, parent=old)
    return _is_done(register, lambda book: act(asked, register=book))


def _plan(register: Register, number: int, own: int) -> bool:
    asked = IssueRequest(_secret(f"plan {own}", number), issuers.AT, issuers.WORK)
    return _is_done(
        register,
        lambda book: registered(
            RECORD, asked, shards=[_narrow()], keys=issuers.keys, register=book
        ),
    )


RACES: tuple[Worker, ...] = (_requests, _renewals, _plan)


def _is_done(register: Register, act: Callable[[Transaction], object]) -> bool:
    try:
        register.write(act)
    except UsageError:
        return False
    return True


def _secret(what: str, number: int) -> bytes:
    return hashlib.sha256(f"{what} {number}".encode()).digest()


def _wide() -> tuple[Shard, ...]:
    return tuple(_named(number, 1_000_000) for number in range(SHARDS))


def _narrow() -> Shard:
    return _named(SHARDS, PLANNED)


def _named(number: int, planned: int) -> Shard:
    # Each process has made keys of its own; they are one shard all the same.
    digest = hashlib.sha256(b"race %d" % number)
    own = issuers.shard(number, planned=planned)
    return own._replace(kid=digest.digest()[:8], thumbprint=digest.hexdigest())


def _urls(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield issuers.sqlite(Path(folder))
    with issuers.postgresql() as own:
        yield own


def main() -> int:
    """Race, and say what came of it; 1 if the law was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty register [default: one of each kind, made here]")
    parser.add_argument("--tries", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    asked = parser.parse_args()
    lawful = True
    for url in _urls(asked.url):
        found = raced(url, asked.tries, asked.processes)
        lawful = lawful and found.is_lawful
        print(url.partition(":")[0], found._asdict())
    return 0 if lawful else 1


if __name__ == "__main__":
    sys.exit(main())
