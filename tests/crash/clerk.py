"""A clerk who issues and revokes without end, and says of each act when it is done: to be killed.

python -m tests.crash.clerk URL COUNT [unsafe]        one line on stdout for each acknowledged act
"""

from __future__ import annotations

import hmac
import os
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from pratique.issue import IssueRequest, Signed, registered
from pratique.renew import Reason, Selection
from pratique.store.database import PRAGMAS
from pratique.store.register.register import Register, Transaction, open_register, revoke
from tests import issuers

SECRET = b"a clerk's own secret"
UNSAFE = tuple(p.replace("synchronous=FULL", "synchronous=OFF") for p in PRAGMAS)
SHARD = issuers.shard()


def request(number: int) -> bytes:
    """Return the request of the number-th certificate."""
    return hmac.digest(SECRET, b"%d" % number, "sha256")


def issued(register: Register, number: int) -> Signed:
    """Issue the number-th certificate, or issue it again."""

    def action(book: Transaction) -> Signed:
        asked = IssueRequest(request(number), issuers.AT + number, issuers.WORK)
        record = issuers.RECORDS["vaccination"]
        return registered(record, asked, shards=[SHARD], keys=issuers.keys, register=book)

    return register.write(action)


def taken_back(register: Register, signed: Signed) -> None:
    """Revoke one certificate."""
    chosen = Selection(signed.entry.kid, signed.entry.tag)
    register.write(
        lambda book: revoke(book, chosen, Reason.DUPLICATE, at=issuers.AT, operator="op")
    )


def is_taken_back(register: Register, signed: Signed) -> bool:
    """Ask whether it is revoked."""
    return register.read(lambda book: book.revoked(signed.entry.kid, signed.entry.tag))


def work(register: Register, first: int, count: int, tell: Callable[[str], object]) -> None:
    """Issue from the first-th on; revoke every third; tell what is done."""
    for number in range(first, first + count):
        signed = issued(register, number)
        tell(f"issued {number}\n")
        if number % 3 == 0:
            taken_back(register, signed)
            tell(f"revoked {number}\n")


def carelessly(register: Register) -> None:
    """Let a server acknowledge before its fsync."""

    @event.listens_for(register.engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute("SET synchronous_commit = off")
        connection.commit()

    register.engine.dispose()


if __name__ == "__main__":
    url, count, *mode = sys.argv[1:]
    held = open_register(url, pragmas=UNSAFE if mode else PRAGMAS)
    if mode and held.engine.dialect.name == "postgresql":
        carelessly(held)
    issued(held, 0)
    work(held, 1, int(count), lambda text: os.write(1, text.encode()))
