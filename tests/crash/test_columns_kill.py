"""Killed at any act, a job on files of columns goes on and leaves the bytes that it would have left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import columns
from tests.killing import acts, killed
from tests.often import share
from tests.steps import until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


def words(folder: Path, out: str, *more: str) -> list[str]:
    return [
        "verify", str(folder / "in"), "--out", str(folder / out), "--trust", str(folder / "trust.json"),
        "--at", columns.AT.isoformat(), *more,
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "trust.json").write_bytes(columns.TRUST.to_bytes())
    return tmp_path


def left(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_killed_before_any_act_the_same_command_ends_in_the_same_bytes(folder: Path) -> None:
    for number in range(3):
        columns.write(folder / "in" / f"{number}.parquet", columns.KIT[number * 4 : number * 4 + 4])
    note = folder / "note"
    _, count, said = acts(words(folder, "whole", "--workers", "1"), note)
    assert "3 parts" in said
    whole = left(folder / "whole")
    assert len(whole) == 4
    assert count > 20
    for act in range(1, count + 1, share(1, 5)):
        out = f"out-{act}"
        cut, _ = killed(words(folder, out, "--workers", "1"), act, note)
        assert cut
        _, _, said = acts(words(folder, out, "--workers", "1"), note)
        # Killed after it had noted that all is done, there is nothing to go on with.
        assert "12 rows" in said or "this job is done" in said, (act, said)
        assert left(folder / out) == whole, act


def test_a_driver_that_is_killed_among_its_workers_goes_on(folder: Path) -> None:
    for number in range(24):
        columns.write(folder / "in" / f"{number:02}.parquet", columns.KIT[:200])
    command = [sys.executable, "-m", "pratique"]
    with subprocess.Popen(
        [*command, *words(folder, "out", "--workers", "2")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as driver:  # fmt: skip
        until(lambda: driver.poll() is not None or len(columns.parts(folder / "out")) > 1)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    assert len(columns.parts(folder / "out")) < 24, "there was nothing left to be killed"
    subprocess.run(
        [*command, *words(folder, "out", "--workers", "2")], check=False, capture_output=True
    )
    columns.work(folder / "in", folder / "whole", asked=columns.ask(keep=()))
    assert columns.parts(folder / "out") == columns.parts(folder / "whole")
