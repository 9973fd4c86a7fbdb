"""kill -9 of a monitor: what it keeps is whole, and an alarm that comes once is told at least once."""

from __future__ import annotations

import random
from pathlib import Path

from pratique.network.monitor import MonitorState
from pratique.parties import participant
from tests.killing import acts, killed
from tests.logs import swapped
from tests.networks import State
from tests.often import KILLS
from tests.unit.cli.test_witness import Posted

TIMES = max(4, KILLS // 16)


def _words(posted: Posted) -> list[str]:
    words = [
        "monitor", "--quiet", "--home", posted.place / "home", "--participant", posted.place / "own",
        "--at", posted.authority.now.isoformat(),
    ]  # fmt: skip
    return list(map(str, words))


def test_an_alarm_that_comes_once_is_told_by_a_monitor_that_is_killed(tmp_path: Path) -> None:
    posted, draw = Posted(tmp_path), random.Random(5)
    note, state, kills = tmp_path / "note", tmp_path / "own" / participant.WATCHED, 0
    ended, whole, said = acts(_words(posted), note)
    assert (ended, said) == (0, "")
    for _ in range(TIMES):
        # Swapped, and swapped back: only the log knows of it.
        posted.authority.publish(swapped(posted.authority, "XUA", State("XTX")))
        posted.authority.publish(swapped(posted.authority, "XUA", posted.state))
        posted.show()
        heard = ""
        while "key-swapped" not in heard:
            before = MonitorState.from_bytes(state.read_bytes()).size
            # Where there is news it does more than on a quiet day; at times it comes to its end.
            was_killed, said = killed(_words(posted), draw.randrange(1, 2 * whole), note)
            heard += said
            kills += was_killed
            after = MonitorState.from_bytes(state.read_bytes()).size
            assert after in {before, posted.authority.log.size}
            # It has moved on only if it was told.
            assert after == before or "key-swapped" in heard
        while acts(_words(posted), note)[0]:
            pass
    assert kills > 0
