"""kill -9 of a monitor: what it keeps is whole, and an alarm that comes once is told at least once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from pratique.cli.participant import published
from pratique.network.record import Watched
from tests.logs import swapped
from tests.networks import State
from tests.unit.cli.test_witness import Posted

KILLS = max(4, int(os.environ.get("PRATIQUE_KILLS", "200")) // 16)


def _look(posted: Posted, kill_after: float | None = None) -> tuple[int, str]:
    words = [
        "monitor", "--quiet", "--home", posted.place / "home", "--participant", posted.place / "own",
        "--at", posted.authority.now.isoformat(),
    ]  # fmt: skip
    with (posted.place / "said").open("w+") as said:
        command = [sys.executable, "-m", "pratique", *map(str, words)]
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        if kill_after is not None:
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        ended = process.wait(60)
        said.seek(0)
        return ended, said.read()


def test_an_alarm_that_comes_once_is_told_by_a_monitor_that_is_killed(tmp_path: Path) -> None:
    posted, draw = Posted(tmp_path), random.Random(5)
    began = time.monotonic()
    assert _look(posted) == (0, "")
    whole, state, killed = time.monotonic() - began, tmp_path / "own" / published.WATCHED, 0
    for _ in range(KILLS):
        # Swapped, and swapped back: only the log knows of it.
        posted.authority.publish(swapped(posted.authority, "XUA", State("XTX")))
        posted.authority.publish(swapped(posted.authority, "XUA", posted.state))
        posted.show()
        heard = ""
        while "key-swapped" not in heard:
            before = Watched.from_bytes(state.read_bytes()).size
            ended, said = _look(posted, draw.uniform(0.5, 1.1) * whole)
            heard += said
            killed += ended == -signal.SIGKILL
            after = Watched.from_bytes(state.read_bytes()).size
            assert after in {before, posted.authority.log.size}
            # It has moved on only if it was told.
            assert after == before or "key-swapped" in heard
        while _look(posted)[0]:
            pass
    assert killed > 0
