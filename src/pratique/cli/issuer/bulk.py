"""Issue a whole file of people over a pool of processes, and go on where a killed run was.

    file -> job.json -> workers, each opening its own keys and register -> parts -> report.csv

1. Keys go to a worker by URI; their password goes in memory, and no key leaves a process.
2. A worker signs with shards that no other worker signs with, so that none waits for another.
3. When the job is done its secret is forgotten, and the folder holds certificates and a report only.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

from pratique.cli.issuer import job as jobs
from pratique.cli.issuer import opening, worker
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.remarked import skipped_text
from pratique.cli.issuer.where import place_of, secret_of
from pratique.edges import disk, tables
from pratique.errors import UsageError
from pratique.intake.remarks import RemarkCode
from pratique.terms import Kind
from pratique.trust.shards import Shard

PART = 2500
"""Rows of a part: one commit, one file."""
REPORT = ("row", "column", "code", "refused", "meaning", "next step")


def run(
    source: Path,
    out: Path,
    *,
    filled: dict[str, str],
    workers: int | None,
    shard: str | None,
    where: Any,
    **asked: Any,
) -> int:
    """Issue all rows of a file; return 1 if a row was refused."""
    place, secrets = place_of(**where), _Remembered(secret_of(**where))
    desk = opening.opened(place, secrets)
    merged = out if out.suffix == ".parquet" else None
    folder = out.with_suffix(".parts") if merged else out
    labels = tuple(one.label for one in _shards(desk, shard, asked["at"]))
    _look(source, desk, labels)
    job = jobs.begin(
        jobs.Job(
            folder.absolute(), source.absolute(), jobs.digest_of(source), os.urandom(32),
            asked["at"], asked["validity"], PART, labels,  asked["work"].site, asked["work"].operator,
            "parquet" if merged else "csv", asked["pdf"] or "", filled,
        )
    )  # fmt: skip
    for label in job.labels:
        # A password that does not open the keys is told here, once, and not by each worker.
        desk.keys(desk.shard(label))
    begun = time.monotonic()
    done = _pooled(job, place, secrets.held, _workers(workers, job))
    desk.note()
    _report(job)
    if merged is not None:
        _merge(job, merged)
    jobs.finish(job)
    seconds = time.monotonic() - begun
    click.echo(
        f"{done.issued} issued, {done.refused} refused, {done.remarked} remarked on, "
        f"in {seconds:.1f} s: {merged or folder}"
    )
    if done.skipped:
        click.echo(f"note: {skipped_text(done.skipped)}")
    click.echo(f"remarks by row and column: {folder / 'report.csv'}")
    return 1 if done.refused else 0


def _look(source: Path, desk: Desk, labels: tuple[str, ...]) -> None:
    """See, before a folder is made, that the file is a table and that the keys open."""
    if not source.is_file() and not source.is_dir():
        raise UsageError(
            "source-missing", f"{source}: there is no such file", "for one record: leave out --out"
        )
    next(tables.rows(source), None)
    for label in labels:
        desk.keys(desk.shard(label))


class _Remembered:
    """Secrets as they were told, for the workers."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self.held: dict[str, str] = {}

    def __call__(self, uri: str) -> str:
        if uri not in self.held:
            self.held[uri] = self._ask(uri)
        return self.held[uri]

    def __repr__(self) -> str:
        return "<secrets: not shown>"


def _shards(desk: Desk, label: str | None, at: int) -> tuple[Shard, ...]:
    return desk.live(at) if label is None else (desk.choose(Kind.VACCINATION, at=at, label=label),)


def _workers(asked: int | None, job: jobs.Job) -> int:
    return max(1, min(asked or os.cpu_count() or 1, len(job.labels)))


def _pooled(
    job: jobs.Job, place: opening.Place, secrets: dict[str, str], workers: int
) -> worker.Done:
    context = multiprocessing.get_context("spawn")
    counted = context.Value("q", 0)
    told = (job, place, secrets, counted, os.getpid())
    with ProcessPoolExecutor(workers, context, worker.begin, told) as pool:
        running = [pool.submit(worker.run, number, workers) for number in range(workers)]
        _watch(running, counted, job)
        found = [one.result() for one in running]
    return worker.Done(*(sum(column) for column in zip(*found, strict=True)))


def _watch(running: list[Future[worker.Done]], counted: Any, job: jobs.Job) -> None:
    from rich.console import Console  # noqa: PLC0415 - only here is a bar drawn
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (
        TextColumn("issuing"),
        BarColumn(),
        TextColumn("{task.completed} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("issuing", total=_lines(job.source) if console.is_terminal else None)
        while not all(one.done() for one in running):
            bar.update(task, completed=counted.value)
            time.sleep(0.1)


def _lines(path: Path) -> int | None:
    if path.is_dir():
        return None
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return None
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _report(job: jobs.Job) -> None:
    lines = []
    drafts = sorted(job.folder.glob(".remarks-*.json"))
    for draft in drafts:
        for row, column, name in json.loads(draft.read_bytes()):
            code = RemarkCode[name]
            refused = "yes" if code.refuses else "no"
            lines.append((row, column, name, refused, code.meaning, code.next_step))
    told = io.StringIO(newline="")
    tables.write_csv_safe(told, REPORT, lines)
    disk.replace(job.folder / "report.csv", told.getvalue().encode())
    for draft in drafts:
        draft.unlink()


def _merge(job: jobs.Job, out: Path) -> None:
    from pyarrow.parquet import ParquetWriter, read_table  # noqa: PLC0415 - the extra `parquet`

    parts = sorted(job.folder.glob("certificates-*.parquet"))
    if not parts:
        return
    draft = out.with_name(f".{out.name}.draft")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with ParquetWriter(draft, read_table(parts[0]).schema) as writer:
        for part in parts:
            writer.write_table(read_table(part))
    disk.adopt(draft, out)
    for part in parts:
        part.unlink()
