"""Issue a whole file of people over a pool of processes, and go on where a killed run was.

    file -> job.json -> workers: rows -> kinds, domains -> here: a key for each -> workers: parts -> report.csv

1. Keys go to a worker by URI; their password goes in memory, and no key leaves a process.
2. Which key signs a row is chosen here, in the order of the file, by what chooses for one certificate.
   Workers draw from tags of their own, so that none waits for another.
3. A file of one part is made in this process: nothing is gained by another.
4. Ctrl-C ends the workers; what is in the register stays, and the same command goes on from there.
5. When the job is done its secret is forgotten, and the folder holds certificates and a report only.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique.cli.issuer import job as jobs
from pratique.cli.issuer import opening, paper, worker
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.part import Done, Parts, Wanted, report
from pratique.cli.issuer.remarked import skipped_text
from pratique.cli.issuer.where import place_of, secret_of
from pratique.crypto import strict_json
from pratique.edges import disk, files, tables
from pratique.edges.paper import present
from pratique.errors import Unreadable, UsageError
from pratique.intake.remarks import RemarkCode
from pratique.terms import Kind
from pratique.trust.shards import Choice, Shard

PART = 2500
"""Rows of a part: one commit, one file."""
STEPS, EACH = 20, 25_000
"""Lines that tell how far it is, where nobody sees a bar; rows to a line where their number is not known."""
PATIENCE = 10
"""Seconds that a worker has to end before it is killed."""
REPORT = ("row", "column", "code", "refused", "meaning", "next step")
INTERRUPTED = 130


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
    """Issue all rows of a file; return 1 if a row was refused or a sheet not printed."""
    place, secrets = place_of(**where), _Remembered(secret_of(**where))
    desk = opening.opened(place, secrets)
    merged = out if out.suffix == ".parquet" else None
    folder = out.with_suffix(".parts") if merged else out
    several = _look(source, desk, shard, asked["at"])
    ways = workers or (os.cpu_count() or 1) if several else 1
    if merged is not None:
        jobs.see_free(folder, merged)
    job = jobs.begin(
        jobs.Job(
            folder.absolute(), source.absolute(), jobs.digest_of(source), os.urandom(32),
            asked["at"], asked["validity"], PART, ways, shard or "", asked["work"].site,
            asked["work"].operator, "parquet" if merged else "csv", _paper(desk, asked["paper"]),
            filled,
        )
    )  # fmt: skip
    begun = time.monotonic()
    try:
        done = made(
            job, desk, asked["at"], Crew(place, secrets.held, min(workers or job.ways, job.ways))
        )
        desk.note()
        # What was skipped is told of in the report, and is no record.
        remarked = _report(job, desk) - done.skipped
        if merged is not None:
            _merge(job, merged)
        jobs.finish(job)
    except KeyboardInterrupt:
        click.echo("error: interrupted; what is done is in the register and stays so", err=True)
        click.echo("hint: give the same command again, and it goes on where it was", err=True)
        return INTERRUPTED
    seconds = time.monotonic() - begun
    click.echo(
        f"{done.issued} issued, {done.refused} refused, {remarked} remarked on, "
        f"in {seconds:.1f} s: {merged or folder}"
    )
    if done.skipped:
        click.echo(f"note: {skipped_text(done.skipped)}")
    if done.unprinted:
        click.echo(f"{done.unprinted} of them not printed; the report says which", err=True)
    click.echo(f"remarks by row and column: {folder / 'report.csv'}")
    return 1 if done.refused or done.unprinted else 0


def _look(source: Path, desk: Desk, label: str | None, at: int) -> bool:
    """See, before a folder is made, that the file is a table, that a key is live, and that all open.

    Return whether there are more rows than one part has.
    """
    if not source.is_file() and not source.is_dir():
        raise UsageError(
            "source-missing", f"{source}: there is no such file", "for one record: leave out --out"
        )
    several = len(list(islice(tables.rows(source), PART + 1))) > PART
    choice = desk.choice(at, label=label)
    if not choice.live:
        choice.one(Kind.VACCINATION)
    for live in choice.live:
        # A password that does not open the keys is told here, once, and not by each worker.
        desk.keys(live)
    return several


def _paper(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what sheets are asked for, once it is seen that they can be made; nothing if none are."""
    if asked["variant"] is None:
        return {}
    present()
    contact = asked["contact"] or desk.issuer.contact
    press = paper.press(**{**asked, "contact": contact}, catalogue=desk.catalogue)
    return paper.as_json(press, asked["words"])


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


class Crew(NamedTuple):
    """What workers are given beside the job."""

    place: opening.Place
    secrets: dict[str, str]
    workers: int

    def __repr__(self) -> str:
        return f"<crew of {self.workers}>"


class Planner:
    """Chooses keys part by part, in the order of the file, as for one certificate after the other."""

    def __init__(
        self, choice: Choice, doubt: Callable[[Shard, str], str | None] = lambda *_: None
    ) -> None:
        self.done = Done()
        self.doubts: list[str] = []
        self._choice, self._doubt, self._next = choice, doubt, 0
        self._asked: dict[int, tuple[list[Wanted | None], Callable[[Any], None]]] = {}

    def hear(self, said: tuple[Any, ...], answer: Callable[[Any], None]) -> bool:
        """Take what a worker says, and answer whom it is the turn of; return whether it has ended."""
        match said:
            case "ask", number, wanted:
                self._asked[number] = wanted, answer
                while (asked := self._asked.pop(self._next, None)) is not None:
                    self._next += 1
                    asked[1]([self._label(one) for one in asked[0]])
            case "done", done:
                self.done = Done(*map(sum, zip(self.done, done, strict=True)))
            case "failed", error:
                raise error
            case "broken", name:
                raise RuntimeError(f"a worker failed: {name}")
        return said == ("end",)

    def _label(self, wanted: Wanted | None) -> str | None:
        shard = None if wanted is None else self._choice.next(wanted[0])
        if wanted is None or shard is None:
            return None
        if (doubt := self._doubt(shard, wanted[1])) is not None:
            self.doubts.append(doubt)
        return shard.label


class Here:
    """Both ends of the talk, where the parent is its own worker."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._answers: deque[Any] = deque()

    def send(self, said: Any) -> None:
        """Tell the parent."""
        self._planner.hear(said, self._answers.append)

    def recv(self) -> Any:
        """Return the keys of the oldest part that was asked for."""
        return self._answers.popleft()


def made(job: jobs.Job, desk: Desk, now: int, crew: Crew) -> Done:
    """Make all parts of a job that are not made yet; return what became of all."""
    # A job that goes on is of its first call's time, but no key signs that was retired since.
    choice = desk.choice(max(now, job.at), label=job.label or None, since=job.at)
    planner = Planner(choice, desk.doubt)
    if before := len(list(job.folder.glob(".remarks-*.json"))):
        click.echo(f"going on: {before} parts of {job.size} rows were begun before", err=True)
    if job.ways == 1:
        worker.work(Parts(job, desk), Here(planner), 0, 1, lambda _: None)
    else:
        _pooled(job, crew, planner)
    for doubt in planner.doubts:
        click.echo(f"note: {doubt}", err=True)
    return planner.done


def _pooled(job: jobs.Job, crew: Crew, planner: Planner) -> None:
    context = multiprocessing.get_context("spawn")
    counted = context.Value("q", 0)
    ends: dict[Any, Any] = {}
    running = []
    # Blocked, and so in each program that is started meanwhile: a worker never hears of Ctrl-C.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for number in range(crew.workers):
            end, its = context.Pipe()
            given = (its, job, crew.place, crew.secrets, (number, crew.workers, counted))
            process = context.Process(target=worker.run, args=given, daemon=True)
            process.start()
            its.close()
            ends[end] = process
            running.append(process)
        # From here on Ctrl-C is heard again, one that came meanwhile as well.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        with _Progress(job.source) as told:
            while ends:
                ready: list[Any] = wait(list(ends), timeout=0.1)
                for talk in ready:
                    if planner.hear(_said(talk), talk.send):
                        del ends[talk]
                told.at(counted.value)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _end(running, ended=not ends)


def _said(end: Any) -> tuple[Any, ...]:
    try:
        found: tuple[Any, ...] = end.recv()
    except (EOFError, ConnectionError) as error:
        raise Unreadable(
            "job-worker",
            "a worker ended before its work was done; what is done is in the register and stays so",
            "is there enough memory? Give the same command again, and it goes on where it was",
        ) from error
    return found


def _end(running: list[Any], *, ended: bool) -> None:
    for process in running:
        if not ended:
            process.terminate()
    for process in running:
        process.join(None if ended else PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()


class _Progress:
    """Tells on stderr how far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, source: Path) -> None:
        self._total = _lines(source)
        self._step = max(1, self._total // STEPS) if self._total else EACH
        self._told = 0
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        from rich.console import Console  # noqa: PLC0415 - only here is a bar drawn
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        console = Console(stderr=True)
        if console.is_terminal:
            done = TextColumn("{task.completed} rows")
            columns = (TextColumn("issuing"), BarColumn(), done, TimeRemainingColumn())
            self._bar = Progress(*columns, console=console)
            self._bar.add_task("issuing", total=self._total)
            self._bar.start()
        return self

    def at(self, rows: int) -> None:
        """Tell that so many rows are done."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=rows)
        elif rows - self._told >= self._step:
            self._told = rows
            of = f" of {self._total}" if self._total else ""
            with suppress(BrokenPipeError):
                click.echo(f"{rows}{of} rows done", err=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _lines(path: Path) -> int | None:
    if path.is_dir():
        return None
    with disk.opened(path) as file:
        start = file.read(4)
        if start in (b"PAR1", b"PK\3\4"):
            return None
        header = 0 if start[:1] in (b"{", b"[") else 1
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - header


def _report(job: jobs.Job, desk: Desk) -> int:
    """Write what is told of each row; return how many records something is told of."""
    drafts = sorted(job.folder.glob(".remarks-*.json"))
    told = report((strict_json.loads(files.read_bytes(draft)) for draft in drafts), desk.catalogue)
    lines = []
    for row, _, column, name in told:
        code = RemarkCode[name]
        refused = "yes" if code.refuses else "no"
        lines.append((row, column, name, refused, code.meaning, code.next_step))
    written = io.StringIO(newline="")
    tables.write_csv_safe(written, REPORT, lines)
    disk.replace(job.folder / "report.csv", written.getvalue().encode())
    for draft in drafts:
        draft.unlink()
    return len({one[:2] for one in told})


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
