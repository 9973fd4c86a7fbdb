"""Measure whole files of columns: the command, beside pyarrow and a pool of processes written by hand.

    python -m benchmarks.bulk [--rows N] [--rounds N]            on this machine's cores
    python -m benchmarks.bulk --spark [--rows N] [--rounds N]    and on a cluster of two workers of one core
    python -m benchmarks.bulk --memory                           how much is held at 1, 3 and 10 million rows

1. Each way is a process of its own, from its start to its end, and writes what it found: wall clock and CPU time.
   A job of two rows in two files, one to each worker, is what the start and the end take; the rest is the rows'.
   The CPU time of a cluster is that of all its programs, the standing ones as well.
2. A round runs every way once, one after the other, so that what slows the machine slows all.
3. What is written by hand reads, judges and writes the same rows, in batches of the same size; it keeps no order of
   what is done, forces nothing to the disk, and loses all if it is killed.
4. Memory is measured with a made-up population, whose rows cost little: what is held does not depend on what is
   done to a batch, but for what the job itself keeps.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as arrow
from pyarrow import parquet

from benchmarks import corpus
from pratique.snapshot import Snapshot
from pratique.verification import verify_many

FILES, BATCH = 10, 10_000
MILLION = 1_000_000
RULES = Path(__file__).resolve().parents[1] / "examples" / "rules-utopia.json"


class Run(NamedTuple):
    """What a way took: seconds by the clock, seconds of CPU of all its processes, and bytes held at most."""

    wall: float
    cpu: float
    held: int


class Way(NamedTuple):
    """One way to do the work: a command, but for the folder of what it reads and that of what it writes.

    Attributes:
        line: gives the command.
        daemons: processes that stand before it is called, and whose work for it is counted as its own.
    """

    line: Callable[[Path, Path], list[str]]
    environment: dict[str, str] | None = None
    daemons: tuple[int, ...] = ()


class Round(NamedTuple):
    """A way's two jobs of one round: of two rows, and of all."""

    few: Run
    whole: Run

    def spent(self, of: str) -> tuple[float, float, float]:
        """Return what was spent (`wall`, `cpu`) on the start and the end, on the rows, and on both."""
        start, both = getattr(self.few, of), getattr(self.whole, of)
        return start, both - start, both


BY_HAND, TWO, ONE = "by hand, 2 processes", "pratique, 2 workers", "pratique, 1 worker"


def main() -> None:
    """Run and print the measurements that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spark", action="store_true", help="also on a cluster of two workers")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--by-hand", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.by_hand:
        by_hand(*map(Path, asked.by_hand))
        return
    with tempfile.TemporaryDirectory() as folder:
        if asked.memory:
            memory(Path(folder))
        else:
            speed(Path(folder), asked.rows, asked.rounds, spark=asked.spark)


def speed(folder: Path, rows: int, rounds: int, *, spark: bool) -> None:
    """Print what each way takes, and its ratio to what is written by hand."""
    adopting()
    few, whole = folder / "few", folder / "whole"
    prepared(few, 2, 2)
    prepared(whole, rows, FILES)

    def ours(*words: str) -> Callable[[Path, Path], list[str]]:
        return lambda source, out: [
            sys.executable, "-m", "pratique", "verify", str(source / "in"), "--at", (source / "at").read_text(),
            "--trust", str(source / "trust.json"), "--environment", "test", "--out", str(out), *words,
        ]  # fmt: skip

    ways = {
        BY_HAND: Way(lambda source, out: [sys.executable, "-m", "benchmarks.bulk", "--by-hand", str(source), str(out)]),
        TWO: Way(ours("--workers", "2")),
        ONE: Way(ours("--workers", "1")),
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        if spark:
            from tests import clusters  # noqa: PLC0415 - it needs the extra dist

            made = stack.enter_context(clusters.cluster(folder / "cluster"))
            ways["spark, 2 workers of 1 core"] = Way(
                ours("--engine", "spark", "--address", made.address), made.environment, made.daemons
            )
        runs: dict[str, list[Round]] = {name: [] for name in ways}
        for number in range(rounds):
            for place, (name, way) in enumerate(ways.items()):
                outs = (folder / f"out-{number}-{place}-{size}" for size in ("few", "whole"))
                ran = Round(
                    *(
                        measured(way.line(source, out), way.environment, way.daemons)
                        for source, out in zip((few, whole), outs, strict=True)
                    )
                )
                runs[name].append(ran)
                print(
                    f"round {number + 1}: {name}: {ran.few.wall:.1f} and {ran.whole.wall:.1f} s",
                    file=sys.stderr,
                )
    print(f"{rows} rows in {FILES} files, {rounds} rounds in turn; medians")
    print("start and end + rows = both, s; to by hand: the rows, both (least to most)")
    for of in ("wall", "cpu"):
        base = [ran.spent(of) for ran in runs[BY_HAND]]
        for name, its in runs.items():
            print(f"{of:4} {name:28} {compared([ran.spent(of) for ran in its], base)}")
    pairs = zip(runs[ONE], runs[TWO], strict=True)
    gain = statistics.median(one.spent("wall")[1] / two.spent("wall")[1] for one, two in pairs)
    print(f"two workers / one: {gain:.2f} times as fast by the clock, of the rows alone")


def compared(
    its: Sequence[tuple[float, float, float]], base: Sequence[tuple[float, float, float]]
) -> str:
    """Return medians of what was spent, and of the ratios to what was spent in the same round by hand."""
    start, row, both = map(statistics.median, zip(*its, strict=True))
    ratios = [
        [mine[place] / hand[place] for mine, hand in zip(its, base, strict=True)]
        for place in (1, 2)
    ]
    told = "; ".join(
        f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})" for each in ratios
    )
    return f"{start:6.1f} + {row:6.1f} = {both:6.1f}   {told}"


def prepared(folder: Path, rows: int, count: int) -> None:
    """Write files of texts, whom to trust, and the instant."""
    found, draw = corpus.load(), Random(1)
    (folder / "in").mkdir(parents=True)
    (folder / "trust.json").write_bytes(found.snapshot.to_bytes())
    for number in range(count):
        texts = draw.choices(found.texts, k=rows // count)
        write(folder / "in" / f"{number}.parquet", [texts])
    (folder / "at").write_text(found.at.isoformat())


def write(path: Path, groups: Sequence[Sequence[str]]) -> None:
    """Write groups of texts as one file, each as row groups of a batch's size."""
    schema = arrow.schema({"text": arrow.string()})
    with parquet.ParquetWriter(path, schema, use_dictionary=False) as file:
        for texts in groups:
            table = arrow.table({"text": texts}, schema)
            file.write_table(table, row_group_size=BATCH)


def measured(
    command: list[str], environment: dict[str, str] | None = None, daemons: tuple[int, ...] = ()
) -> Run:
    """Run a command; its exit code is that of the worst row, and says nothing here."""
    begun, before = time.perf_counter(), spent(daemons)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env=environment, stdout=said, stderr=said, start_new_session=True
        )
        with held(process.pid) as most:
            process.wait()
        wall = time.perf_counter() - begun
        if process.returncode not in {0, 1, 3, 4}:
            said.seek(0)
            raise SystemExit(said.read().decode(errors="replace"))
    # What it leaves running, or has started through a daemon, is counted once that has ended.
    # A shell's child whose parent has become Java is never waited for.
    sessions = process.pid, *daemons
    while sum(fields[0] != "Z" for fields in of_sessions(sessions)) > len(daemons):
        time.sleep(0.1)
    return Run(wall, spent(daemons) - before, sum(most.values()))


def adopting() -> None:
    """Have whatever a command leaves running handed to this process, which then counts its CPU."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def of_sessions(sessions: Sequence[int]) -> list[list[str]]:
    """Return the fields of /proc/PID/stat, from the state on, of all processes of sessions; bury the adopted."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        # One that has ended meanwhile has nothing to say.
        with contextlib.suppress(OSError):
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions:
                if fields[0] == "Z" and int(fields[1]) == os.getpid():
                    os.waitpid(int(path.name), 0)
                else:
                    found.append(fields)
    return found


def spent(daemons: Sequence[int]) -> float:
    """Return seconds of CPU of all that this process has waited for, and of daemons and what they have started."""
    theirs = sum(sum(map(int, fields[11:15])) for fields in of_sessions(daemons))
    times = os.times()
    return times.children_user + times.children_system + theirs / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def held(group: int) -> Iterator[dict[str, int]]:
    """Watch the processes of a group; give the most bytes that each has held (VmHWM of Linux)."""
    most: dict[str, int] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            for path in Path("/proc").glob("[0-9]*"):
                # One that has ended meanwhile has nothing to say.
                with contextlib.suppress(OSError, IndexError, ValueError):
                    if int((path / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                        line = (path / "status").read_text().partition("VmHWM:")[2].split()
                        most[path.name] = int(line[0]) * 1024

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def memory(folder: Path) -> None:
    """Print how much all processes of a command hold at most, by rows, and what a further row adds."""
    seen: list[tuple[int, int]] = []
    for millions in (1, 3, 10):
        source = folder / f"{millions}.parquet"
        population(source, millions * MILLION)
        run = measured(
            [sys.executable, "-m", "pratique", "policy", "population", str(RULES), "--workers", "2",
             "--at", "2026-12-22T12:00:00Z", "--from", str(source), "--out", str(folder / f"out-{millions}")]
        )  # fmt: skip
        seen.append((millions, run.held))
        print(
            f"{millions:3} million rows: {run.held / 1e6:6.1f} MB in all processes, {run.wall:.0f} s",
            flush=True,
        )
        source.unlink()
    (few, least), (many, most) = seen[0], seen[-1]
    slope = (most - least) / (many - few)
    print(
        f"a further million rows holds {slope / 1e6:.2f} MB more: {slope / MILLION:.2f} bytes a row"
    )


def population(path: Path, rows: int) -> None:
    """Write a population: the same ten thousand travellers again and again."""
    draw = Random(1)
    products = ["EU/1/20/1528", "EU/1/20/1525", "EU/1/21/1529", "CoronaVac"]
    group = arrow.table(
        {
            "kind": ["vaccination"] * BATCH,
            "product": draw.choices(products, k=BATCH),
            "dose": [1 + number % 3 for number in range(BATCH)],
            "on": [date(2026, 12, 1) - timedelta(draw.randrange(400)) for _ in range(BATCH)],
            "age": [draw.randrange(90) for _ in range(BATCH)],
        }
    )
    with parquet.ParquetWriter(path, group.schema) as file:
        for _ in range(rows // BATCH):
            file.write_table(group)


# What a programmer would write in an hour.


@lru_cache
def trusted(folder: Path) -> tuple[Snapshot, datetime]:
    """Read whom to trust, once in each process."""
    snapshot = Snapshot.from_bytes((folder / "trust.json").read_bytes())
    return snapshot, datetime.fromisoformat((folder / "at").read_text())


def judged(folder: Path, batch: Any) -> Any:
    """Judge a batch."""
    snapshot, at = trusted(folder)
    colours, codes = [], []
    for found in verify_many(batch.column("text").to_pylist(), snapshot=snapshot, at=at):
        colours.append(found.verdict.colour.value)
        codes.append([finding.code.name for finding in found.verdict.findings])
    return arrow.table({"colour": colours, "codes": codes})


def by_hand(folder: Path, out: Path) -> None:
    """Verify all files of a folder."""
    out.mkdir()
    with ProcessPoolExecutor(2) as pool:
        batches = (
            batch
            for path in sorted((folder / "in").iterdir())
            for batch in parquet.ParquetFile(path).iter_batches(BATCH, columns=["text"])
        )
        for number, table in enumerate(pool.map(judged, repeat(folder), batches)):
            parquet.write_table(table, out / f"{number}.parquet")


if __name__ == "__main__":
    main()
