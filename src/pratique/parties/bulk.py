"""Issue a whole file of people over a pool of processes, and go on where a killed job was.

    file -> job.json -> workers: rows -> kinds, domains -> here: a key for each -> workers: parts -> report.csv

1. Keys go to a worker by URI; their password goes in memory, and no key leaves a process.
2. Which key signs a row is chosen here, in the order of the file, by what chooses for one certificate.
   Workers draw from tags of their own, so that none waits for another.
3. A file of one part is made in this process: nothing is gained by another.
4. Ctrl-C ends the workers; what is in the register stays, and the same command goes on from there.
5. When the job is done its secret is forgotten, and the folder holds certificates and a report only.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import heapq
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pratique import strict_json
from pratique.errors import PratiqueError, Unreadable, UsageError
from pratique.intake.accept import Compared, Reading, compare, compared
from pratique.intake.catalogue import Catalogue
from pratique.intake.columns import AS_THEY_ARE, Headings, heading
from pratique.intake.remarks import RemarkCode, placed
from pratique.intake.rows import NOTHING
from pratique.issue import (
    Apart,
    Draft,
    RegisterEntry,
    RegisterView,
    Signed,
    Work,
    context_of,
    drafted,
    earlier,
    finished,
)
from pratique.model import silent
from pratique.parties import issuing, paper
from pratique.parties.issuing import IssuingSession, Place, Say, Signing
from pratique.parties.paper import Paper
from pratique.parties.records import is_of_a_person, of_a_person
from pratique.store import columnar, files, sources, tables, workers
from pratique.store.keys import Secret
from pratique.store.pdf import present
from pratique.store.register.bulk import Bulk
from pratique.terms import Kind
from pratique.text import Notice, printable
from pratique.trust.issuer import Choice, Shard

# ----------------------------------------------------------------------------------------------------
# A bulk job: what is asked, in a file beside its outcome, so that a killed one goes on.
#
#     job.json (secret, instant, --shard) -> part 0, part 1, ... -> report.csv, then the secret is gone
#
# 1. Row n's request is made from the job's secret and n: done again, it gives the same certificate.
# 2. A part's file appears whole or not at all, and only after its lines are on the register's disk.
# 3. The folder holds certificates, which are personal: it is its owner's alone (0700, 0600).


FORMAT = "pratique-job-2"
LONGEST_PATH = 4096
FILE = "job.json"


class Job(NamedTuple):
    """One bulk job, as every worker needs it. Its secret is in the folder until the job is done.

    Attributes:
        size: rows of a part: one commit, one file.
        ways: classes of tags that parts draw from in turn, so that as many workers never meet.
        label: the shard that was named, or empty.
        paper: what sheets are asked for (`paper.as_json`), or nothing.
        keep: columns of the source that stand beside the certificates in the end.
    """

    folder: Path
    source: Path
    digest: str
    secret: bytes
    at: int
    validity: int
    size: int
    ways: int
    label: str
    site: str
    operator: str
    output: str
    paper: dict[str, Any]
    filled: Mapping[str, str] = NOTHING
    headings: Headings = AS_THEY_ARE
    keep: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"<Job in {self.folder}>"

    @property
    def name(self) -> bytes:
        """Return the name by which the register knows it; the secret cannot be told from it."""
        return hashlib.sha256(b"pratique-job" + self.secret).digest()[:16]

    def request(self, row: int, place: int = 0) -> bytes:
        """Return the request of a row, or of a record in it where it holds several."""
        return hashlib.blake2b(b"%d.%d" % (row, place), key=self.secret, digest_size=32).digest()

    def apart(self, register: RegisterView, number: int) -> RegisterView:
        """Return a register as the maker of a part sees it: no part of another way draws the same."""
        if self.ways == 1:
            return register
        return Apart(register, int.from_bytes(self.name[:8], "big"), self.ways, number % self.ways)

    def path(self, number: int) -> Path:
        """Return where a part's certificates go."""
        return self.folder / f"certificates-{number:05d}.{self.output}"

    def report(self, number: int) -> Path:
        """Return where a part's remarks go until the job is done."""
        return self.folder / f".remarks-{number:05d}.json"

    def is_written(self, number: int) -> bool:
        """Tell whether a part is done, files and all: its certificates are written last."""
        return self.path(number).exists() and self.report(number).exists()


def see_free(folder: Path, merged: Path) -> None:
    """See that the one file of a new job replaces nothing that was there; UsageError `out-taken`."""
    if merged.exists() and not (folder / FILE).exists():
        raise UsageError(
            "out-taken",
            "the file for the certificates is there already, and is no result of this job",
            "nothing is overwritten; name a new file",
        )


def begin(job: Job) -> Job:
    """Keep a new job, or return the one that was begun in this folder with the same source."""
    if job.folder.exists() and not job.folder.is_dir():
        raise UsageError(
            "out-taken",
            "there is a file where the folder for the certificates is to be",
            "nothing is overwritten; name a new folder",
        )
    job.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = job.folder / FILE
    if path.exists():
        return _resumed(job, strict_json.loads(sources.read_bytes(path)))
    # Who was killed before the job was kept has left no more than a draft of it.
    if any(not left.name.startswith(f".{FILE}-") for left in job.folder.iterdir()):
        raise UsageError(
            "job-folder", "the folder for the certificates is not empty", "name a new folder"
        )
    kept = {
        "format": FORMAT,
        **{name: value for name, value in job._asdict().items() if name != "folder"},
        "source": printable(str(job.source), LONGEST_PATH),
        "secret": job.secret.hex(),
        "filled": dict(job.filled),
        "headings": job.headings.document(),
    }
    files.replace(path, json.dumps(kept, indent=1).encode())
    return job


_STAYS = ("at", "validity", "size", "ways", "label", "site", "operator", "output", "paper")


def _resumed(job: Job, kept: dict[str, Any]) -> Job:
    asked = job.digest, dict(job.filled), job.headings.document(), list(job.keep)
    headed, columns = kept.get("headings", AS_THEY_ARE.document()), kept.get("keep", [])
    is_other = asked != (kept.get("digest"), kept.get("filled", {}), headed, columns)
    if kept.get("format") != FORMAT or is_other:
        raise UsageError(
            "job-other",
            "the folder holds the certificates of another file, or of an earlier state of this one",
            "name a new folder; what was issued is in the register and stays so",
        )
    if not kept["secret"]:
        raise UsageError(
            "job-done",
            "this job is done: all certificates are in the folder",
            "name a new folder; verify, print and revoke read what is in this one",
        )
    return job._replace(
        secret=bytes.fromhex(kept["secret"]),
        **{name: kept[name] for name in _STAYS},
    )


_DRAFTS = (f".{FILE}-*", ".certificates-*", "..remarks-*", ".compared-*", "pdf/.*.pdf-*")
"""What a process that was killed over a file may have left beside it: certificates, too."""


def finish(job: Job) -> None:
    """Drop what killed processes have left, and forget the job's secret: its certificates cannot be made again from now on."""
    for left in (path for drafts in _DRAFTS for path in job.folder.glob(drafts)):
        left.unlink(missing_ok=True)
    path = job.folder / FILE
    kept = strict_json.loads(sources.read_bytes(path))
    files.replace(path, json.dumps({**kept, "secret": ""}, indent=1).encode())


def digest_of(source: Path) -> str:
    """Return SHA-256 of a file, hex; of a folder, that of its files' digests."""
    if source.is_dir():
        parts = [digest_of(file) for file in tables.files_of(source)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()
    with files.opened(source) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ----------------------------------------------------------------------------------------------------
# One part of a bulk job: accept its rows, sign them, register them, then write them down.
#
#     rows -> records | remarks -> (a key for each) -> signed -> one transaction -> certificates-00007.csv
#
# 1. Nothing is written before the register's commit has returned.
# 2. A part whose lines are committed, but whose file is missing, is made again from its requests: the
#    same certificates, under the same keys, byte for byte with a software key.
# 3. A row that is refused is named by row and column; the others are issued. So with a row that no key may
#    attest, and with a sheet that cannot be printed.
# 4. What is kept of a person until the whole file is compared is a digest under the job's secret.


Told = tuple[int, int, str, str]
"""Number of the row, place of the record in it, column, code of a remark."""


class Done(NamedTuple):
    """What became of a part: certificates issued, records refused, skipped, sheets not printed."""

    issued: int = 0
    refused: int = 0
    skipped: int = 0
    unprinted: int = 0


@silent
class Numbered(NamedTuple):
    """What was read of a row: its number, the place of the record in it, the record or its remarks."""

    row: int
    place: int
    reading: Reading


Wanted = tuple[Kind, str]
"""What a record is to attest, and in which domain: all that the choice of its key needs of it."""


@silent
class Part(NamedTuple):
    """A part that was read; `is_new` if there are keys to choose for it."""

    number: int
    read: tuple[Numbered, ...]
    is_new: bool

    @property
    def wanted(self) -> list[Wanted | None]:
        """Return what each record is to attest, in which domain; None for what is refused already."""
        if not self.is_new:
            return []
        records = (one.reading.record for one in self.read)
        return [None if record is None else (record.kind, record.domain) for record in records]


class Parts:
    """Makes the parts of one job."""

    def __init__(self, job: Job, session: IssuingSession) -> None:
        self.job, self.session = job, session
        self._bulk = Bulk(session.register, session.shards)
        self._renderer: paper.Renderer | None = None
        self._today = datetime.fromtimestamp(job.at, UTC).date()

    def read(self, number: int, rows: Iterable[tables.Row]) -> Part:
        """Read a part; nothing of one whose files are there."""
        if self.job.is_written(number):
            return Part(number, (), is_new=False)
        read = tuple(
            Numbered(row.number, place, reading)
            for row in rows
            for place, reading in enumerate(
                self.session.intake.of_row(row, at=self._today, filled=self.job.filled)
            )
        )
        return Part(number, read, is_new=not self._bulk.done(self.job.name, number))

    def make(self, part: Part, labels: Sequence[str | None]) -> Done:
        """Make one part with a key for each of its records, or make its files again.

        Args:
            labels: of the keys, in the records' order; None where there is none. For a part that is
                registered already they are not looked at.
        """
        job, number = self.job, part.number
        if job.is_written(number):
            return Done(*strict_json.loads(sources.read_bytes(job.report(number)))["done"])
        chosen = [None if label is None else self.session.issuer.shard(label) for label in labels]

        def make(
            register: RegisterView, again: bool
        ) -> tuple[list[tuple[Numbered, Signed]], list[RegisterEntry]]:
            seen = self.session.own(job.apart(register, number))
            keys = [self._signed_by(one, seen) for one in part.read] if again else chosen
            signed = self._sign(part.read, keys, seen)
            return signed, [one.entry for _, one in signed]

        signed = self._bulk.commit(job.name, number, at=job.at, make=make)
        told = remarked(part.read, {(one.row, one.place) for one, _ in signed})
        unprinted = self._print(signed) if job.paper else []
        skipped = sum(one.reading.is_skipped for one in part.read)
        refused = len(part.read) - len(signed) - skipped
        done = Done(len(signed), refused, skipped, len(unprinted))
        draft = {
            "done": done,
            "told": told + unprinted,
            "compared": comparable(part.read, job.secret),
        }
        files.replace(job.report(number), json.dumps(draft).encode())
        files.replace(job.path(number), _written(job.output, signed))
        return done

    def _signed_by(self, one: Numbered, register: RegisterView) -> Shard | None:
        if one.reading.record is None:
            return None
        return earlier(self.job.request(one.row, one.place), self.session.shards, register)

    def _sign(
        self, read: Sequence[Numbered], keys: Sequence[Shard | None], register: RegisterView
    ) -> list[tuple[Numbered, Signed]]:
        """Sign key by key, and return what was signed in the rows' order."""
        job, work = self.job, Work(self.job.site, self.job.operator)
        drafts: dict[Shard, list[tuple[int, Draft]]] = {}
        for place, (one, key) in enumerate(zip(read, keys, strict=True)):
            record = one.reading.record
            if record is not None and key is not None:
                context = context_of(record, key, at=job.at, work=work, validity=job.validity)
                request = job.request(one.row, one.place)
                draft = drafted(
                    record, request=request, shard=key, register=register, context=context
                )
                drafts.setdefault(key, []).append((place, draft))
        signed: list[tuple[int, Signed]] = []
        for key, its in drafts.items():
            made = finished([draft for _, draft in its], shard=key, key=self.session.keys(key))
            signed += zip((place for place, _ in its), made, strict=True)
        signed.sort(key=lambda found: found[0])
        return [(read[place], one) for place, one in signed]

    def _print(self, signed: Sequence[tuple[Numbered, Signed]]) -> list[Told]:
        """Print sheets; return which could not be: one name costs its own sheet, not the others."""
        if self._renderer is None:
            self._renderer = paper.renderer(
                paper.of_json(self.job.paper), self.session.catalogue, note=lambda _: None
            )
        (self.job.folder / "pdf").mkdir(mode=0o700, exist_ok=True)
        unprinted = []
        for of, one in signed:
            # A FHIR document in one row may hold several events.
            name = f"{of.row:07d}-{one.entry.tag:x}.pdf"
            try:
                sheet = self._renderer.own(one.text)
            except UsageError:
                code = RemarkCode.NOT_PRINTED.name
                unprinted.append((of.row, of.place, of.reading.place, code))
            else:
                files.replace(self.job.folder / "pdf" / name, sheet)
        return unprinted


def comparable(read: Sequence[Numbered], secret: bytes) -> list[list[Any]]:
    """Return what of records is compared with the others of their file, as JSON; a secret hides whose it is."""
    rows = []
    for row, place, reading in read:
        if reading.record is not None:
            found = compared(reading.record, secret)
            whose = (found.person.hex(), found.event.hex())
            rows.append([row, place, reading.place, *whose, *found[2:]])
    return rows


def remarked(read: Sequence[Numbered], signed: set[tuple[int, int]] | None = None) -> list[Told]:
    """Return what is remarked of rows; with those that were signed, also of whom no key signed."""
    told = [
        (one.row, one.place, remark.column, remark.code.name)
        for one in read
        for remark in one.reading.remarks
    ]
    told += [
        (one.row, one.place, one.reading.place, RemarkCode.KEY_MISSING.name)
        for one in read
        if signed is not None
        and one.reading.record is not None
        and (one.row, one.place) not in signed
    ]
    return told


LARGEST_COMPARED = 16 << 20
"""Bytes of drafts whose records are compared at a time: some hundred thousand records, and 100 MB of memory."""
_MOST_FILES = 512


def report(drafts: Iterable[dict[str, Any]], catalogue: Catalogue) -> list[Told]:
    """Return all that is told of a whole file, in the order of its rows; its doses are compared here."""
    told: list[Told] = []
    entries: list[list[Any]] = []
    for draft in drafts:
        told += [(row, place, column, code) for row, place, column, code in draft["told"]]
        entries += draft["compared"]
    return sorted([*told, *_between_records(entries, catalogue)], key=_of_record)


def _between_records(entries: Iterable[list[Any]], catalogue: Catalogue) -> list[Told]:
    """Compare the records of people all of whose records are here."""
    rows: list[tuple[int, int, str]] = []
    records: list[Compared | None] = []
    for row, place, where, person, event, *dose in entries:
        rows.append((row, place, where))
        records.append(Compared(bytes.fromhex(person), bytes.fromhex(event), *dose))
    return [
        (row, place, remark.column, remark.code.name)
        for (row, place, where), remarks in zip(rows, compare(records, catalogue), strict=True)
        for remark in placed(where, remarks)
    ]


def _told_of(job: Job, catalogue: Catalogue) -> Iterator[Told]:
    """Yield what `report` returns, and hold no more of a large file than of a small one.

    What is compared is written apart by whose it is, so that all of one person's is in one file.
    """
    paths = _by_number(job.folder.glob(".remarks-*.json"))
    drafts = (strict_json.loads(sources.read_bytes(path)) for path in paths)
    count = min(sum(path.stat().st_size for path in paths) // LARGEST_COMPARED, _MOST_FILES)
    if count == 0:
        yield from report(drafts, catalogue)
        return
    said, *apart = (job.folder / f".compared-{number:03d}" for number in range(count + 2))
    with contextlib.ExitStack() as stack:
        of_parts, *of_people = (
            stack.enter_context(os.fdopen(files.begin(path), "wb")) for path in (said, *apart)
        )
        for draft in drafts:
            of_parts.write(_line(sorted(draft["told"], key=_of_record)))
            groups: dict[int, list[Any]] = {}
            for entry in draft["compared"]:
                # Of its digest under the job's secret: as good as drawn.
                groups.setdefault(int(entry[3][:8], 16) % len(apart), []).append(entry)
            for place, entries in groups.items():
                of_people[place].write(_line(entries))
    between: list[Told] = []
    for path in apart:
        between += _between_records(_lines_of(path), catalogue)
        path.unlink()
    between.sort(key=_of_record)
    by_parts = ((row, place, column, code) for row, place, column, code in _lines_of(said))
    yield from heapq.merge(by_parts, between, key=_of_record)
    said.unlink()


def _line(entries: Sequence[Any]) -> bytes:
    return json.dumps(entries).encode() + b"\n"


def _lines_of(path: Path) -> Iterator[Any]:
    with files.opened(path) as file:
        for line in file:
            yield from strict_json.loads(line)


def _of_record(told: Sequence[Any]) -> tuple[int, int]:
    return told[0], told[1]


def _by_number(parts: Iterable[Path]) -> list[Path]:
    """Return parts' files in the order of their numbers, of which a large job has longer ones."""
    return sorted(parts, key=lambda path: (len(path.name), path.name))


def _written(output: str, signed: Sequence[tuple[Numbered, Signed]]) -> bytes:
    if output == "parquet":
        from pyarrow import BufferOutputStream, array, int64, string, table  # noqa: PLC0415 - the extra
        from pyarrow.parquet import write_table  # noqa: PLC0415

        numbers, texts = [of.row for of, _ in signed], [one.text for _, one in signed]
        sink = BufferOutputStream()
        write_table(table({"row": array(numbers, int64()), "text": array(texts, string())}), sink)
        return bytes(sink.getvalue())
    # Neither a number nor a Base45 text has a comma, a quote or a line end in it.
    return "".join(["row,text\r\n", *(f"{of.row},{one.text}\r\n" for of, one in signed)]).encode()


# ----------------------------------------------------------------------------------------------------
# A worker of a bulk job: a process that makes every part that is its own.
#
#     rows -> part -> ("ask", number, wanted) -> keys -> part made -> ("done", counts) ... -> ("end",)
#
# 1. The parent chooses the keys, in the order of the file: what a row is signed with does not depend on how
#    many workers there are. A part is read ahead, so that nobody waits for the next answer.
# 2. A worker hears no Ctrl-C: the parent does, and ends it. It ends by itself where the parent is gone.
# 3. What fails in a worker is told by the parent; of what was not foreseen its class, and no content.


AHEAD = 1
"""Parts that a worker reads before the one is made whose keys it waits for."""


class Exchange(Protocol):
    """How a worker and its parent talk: a pipe's end, or calls where there is one process."""

    def send(self, said: Any) -> None:
        """Tell the parent."""

    def recv(self) -> Any:
        """Return the keys of the oldest part that was asked for."""


def work(
    parts: Parts, talk: Exchange, worker: int, workers: int, count: Callable[[int], None]
) -> None:
    """Make all parts of one worker: those whose way is its own. `count` is told of rows that are done."""
    waiting: deque[tuple[Part, int]] = deque()

    def finish() -> None:
        part, size = waiting.popleft()
        done = parts.make(part, talk.recv())
        count(size)
        talk.send(("done", done))

    rows, number = tables.rows(parts.job.source, parts.job.headings), 0
    while some := list(islice(rows, parts.job.size)):
        if number % parts.job.ways % workers == worker:
            part = parts.read(number, some)
            talk.send(("ask", number, part.wanted))
            waiting.append((part, len(some)))
            if len(waiting) > AHEAD:
                finish()
        number += 1
    while waiting:
        finish()
    talk.send(("end",))


def run_worker(
    talk: Any,
    job: Job,
    place: Place,
    secrets: dict[str, str],
    own: tuple[int, int, Any],
) -> None:
    """Open the desk in a process of its own, and work: `own` is its number, of how many, what counts."""
    worker, crew, counted = own
    workers.ready()

    def count(rows: int) -> None:
        with counted.get_lock():
            counted.value += rows

    # A parent that is gone is told nothing: its job goes on when it is called again.
    with contextlib.suppress(*workers.GONE):
        try:
            session = issuing.opened(place, secrets.__getitem__)
            # What is opened stays: the collector of circles need not look through it for every part.
            gc.freeze()
            work(Parts(job, session), talk, worker, crew, count)
        except PratiqueError as error:
            talk.send(("failed", error))
        except workers.GONE:
            raise
        except Exception as error:  # noqa: BLE001 - a traceback may show somebody's record
            talk.send(("broken", type(error).__name__))


PART = 2500
"""Rows of a part: one commit, one file."""
Progress = Callable[[int, int | None], None]
REPORT = ("row", "column", "code", "refused", "meaning", "next step")


def look(order: FileOrder, session: IssuingSession) -> bool:
    """See, before a folder is made, that the file is a table, that a key is live, and that all open.

    Return whether there are more rows than one part has.
    """
    source, size = order.source, order.size
    if not source.is_file() and not source.is_dir():
        raise UsageError(
            "source-missing", f"{source}: there is no such file", "for one record: leave out --out"
        )
    # Where no signal can be blocked, Ctrl-C would end a worker in the midst of a part: all is made in this process.
    first = list(islice(tables.rows(source, order.headings), size + 1))
    several = len(first) > size and files.POSIX
    choice = session.choice(order.signing.at, label=order.signing.label)
    if not choice.live:
        choice.one(Kind.VACCINATION)
    for live in choice.live:
        # A password that does not open the keys is told here, once, and not by each worker.
        session.keys(live)
    return several


class FileOrder(NamedTuple):
    """A file of records that is to be issued: into a new folder, or into one file that ends in .parquet.

    Attributes:
        filled: columns of the event that hold where the file's own cells are empty.
        workers: how many processes; None for one a core.
        paper: how sheets are to look, or None where none are printed.
        headings: what its columns are, where their names do not say it.
        size: rows of a part.
        secret: of a job that was begun elsewhere with the same file; none for a new one.
        is_apart: whether even one worker is a process of its own, for whom this one has other work.
        keep: columns of Parquet files that are handed on into the one file.
    """

    source: Path
    out: Path
    signing: Signing
    filled: Mapping[str, str] = NOTHING
    workers: int | None = None
    paper: Paper | None = None
    headings: Headings = AS_THEY_ARE
    size: int = PART
    secret: bytes = b""
    is_apart: bool = False
    keep: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<FileOrder into {self.out}>"


class Outcome(NamedTuple):
    """What became of a file: counts, of how many records something is remarked, and where all lies."""

    done: Done
    remarked: int
    out: Path
    report: Path


def issue_file(
    place: Place, secret: Secret, order: FileOrder, *, note: Say, progress: Progress
) -> Outcome:
    """Issue all rows of a file, or go on with that where a job was killed."""
    if is_of_a_person(order.filled):
        raise of_a_person()
    secrets, signing, source = Remembered(secret), order.signing, order.source
    session = issuing.opened(place, secrets, note)
    # Value sets that cannot be read are refused before a folder is made.
    _ = session.catalogue
    merged = order.out if order.out.suffix == ".parquet" else None
    folder = order.out.with_suffix(".parts") if merged else order.out
    ways = 1
    if look(order, session):
        ways = order.workers or os.cpu_count() or 1
    if merged is not None:
        see_free(folder, merged)
    headings = _see_kept(order) if order.keep else order.headings
    sheets: dict[str, Any] = {}
    if order.paper is not None:
        # That sheets can be made is seen before the folder is.
        present()
        contact = order.paper.contact or session.issuer.contact
        asked = order.paper._replace(contact=contact)
        sheets = paper.as_json(paper.renderer(asked, session.catalogue, note=note))
    job = begin(
        Job(
            folder.absolute(), source.absolute(), digest_of(source), order.secret or os.urandom(32), signing.at,
            signing.validity, order.size, ways, signing.label or "", *signing.work,
            "parquet" if merged else "csv", sheets, order.filled, headings, order.keep,
        )
    )  # fmt: skip
    crew = Crew(
        place, secrets.held, min(order.workers or job.ways, job.ways), progress, order.is_apart
    )
    done = made(job, session, signing.at, crew)
    session.save_marks()
    # What was skipped is told of in the report, and is no record.
    remarked = write_report(job, session) - done.skipped
    if merged is not None:
        merge(job, merged)
    finish(job)
    return Outcome(done, remarked, merged or folder, folder / "report.csv")


class Remembered:
    """Secrets as they were told, for the workers."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self.held: dict[str, str] = {}

    def __call__(self, uri: str) -> str:
        """Return the secret of a key, asked for once."""
        if uri not in self.held:
            self.held[uri] = self._ask(uri)
        return self.held[uri]

    def __repr__(self) -> str:
        return "<secrets: not shown>"


class Crew(NamedTuple):
    """What workers are given beside the job.

    Attributes:
        progress: is called with the rows that are done, and of how many; what it raises ends the workers.
        is_apart: whether one worker is a process of its own, too.
    """

    place: Place
    secrets: dict[str, str]
    workers: int
    progress: Progress = lambda _done, _total: None
    is_apart: bool = False

    def __repr__(self) -> str:
        return f"<crew of {self.workers}>"


class Planner:
    """Chooses keys part by part, in the order of the file, as for one certificate after the other."""

    def __init__(
        self, choice: Choice, doubt: Callable[[Shard, str], Notice | None] = lambda *_: None
    ) -> None:
        self.done = Done()
        self.doubts: list[Notice] = []
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


def made(job: Job, session: IssuingSession, now: int, crew: Crew) -> Done:
    """Make all parts of a job that are not made yet; return what became of all."""
    # A job that goes on is of its first call's time, but no key signs that was retired since.
    choice = session.choice(max(now, job.at), label=job.label or None, since=job.at)
    planner = Planner(choice, session.doubt)
    if before := len(list(job.folder.glob(".remarks-*.json"))):
        text = "going on: {n} parts of {rows} rows were begun before"
        session.note(Notice("going_on", text, n=before, rows=job.size))
    if job.ways == 1 and not crew.is_apart:
        work(Parts(job, session), Here(planner), 0, 1, lambda _: None)
    else:
        _pooled(job, crew, planner)
    for doubt in planner.doubts:
        session.note(doubt)
    return planner.done


def _pooled(job: Job, crew: Crew, planner: Planner) -> None:
    with workers.ProcessPool() as pool:
        counted = pool.value("q", 0)
        for number in range(crew.workers):
            own = number, crew.workers, counted
            pool.start(run_worker, job, crew.place, crew.secrets, own)
        total = _lines(job.source)
        while pool.ends:
            ready: list[Any] = wait(list(pool.ends), timeout=0.1)
            for talk in ready:
                if planner.hear(_said(talk), partial(workers.tell, talk)):
                    del pool.ends[talk]
            crew.progress(counted.value, total)


def _said(end: Any) -> tuple[Any, ...]:
    try:
        found: tuple[Any, ...] = end.recv()
    except workers.GONE as error:
        raise Unreadable(
            "job-worker",
            "a worker ended before its work was done; what is done is in the register and stays so",
            "is there enough memory? Give the same command again, and it goes on where it was",
        ) from error
    return found


def _lines(path: Path) -> int | None:
    if path.is_dir():
        return None
    with files.opened(path) as file:
        start = file.read(4)
        if start in (b"PAR1", b"PK\3\4"):
            return None
        header = 0 if start[:1] in (b"{", b"[") else 1
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - header


def write_report(job: Job, session: IssuingSession) -> int:
    """Write what is told of each row; return how many records something is told of."""
    path, records, before = job.folder / "report.csv", 0, None
    draft = path.with_name(f".{path.name}.draft")
    with os.fdopen(files.begin(draft), "w", encoding="utf-8", newline="") as file:

        def lines() -> Iterator[tuple[Any, ...]]:
            nonlocal records, before
            for row, place, column, name in _told_of(job, session.catalogue):
                records, before = records + ((row, place) != before), (row, place)
                code = RemarkCode[name]
                refused = "yes" if code.refuses else "no"
                yield row, column, name, refused, code.meaning, code.next_step

        tables.write_csv_safe(file, REPORT, lines())
    files.adopt(draft, path)
    for left in job.folder.glob(".remarks-*.json"):
        left.unlink()
    return records


def _see_kept(order: FileOrder) -> Headings:
    """See, before a folder is made, that the columns that are handed on are there; return headings that know of them."""
    if order.out.suffix != ".parquet":
        raise UsageError(
            "keep-columns", "a column is handed on into a Parquet file only",
            "name one: --out signed.parquet",
        )  # fmt: skip
    if taken := {"row", "text"} & set(order.keep):
        raise UsageError(
            "keep-taken", f"the outcome has a column '{min(taken)}' of its own",
            "give yours another name",
        )  # fmt: skip
    columnar.Beside(tables.files_of(order.source), order.keep).read_through()
    # What is handed on is not left out: nothing is to be remarked of it.
    others = {heading(name): "" for name in order.keep if tables.unnamed(name, order.headings)}
    return order.headings._replace(columns={**others, **order.headings.columns})


def merge(job: Job, out: Path) -> None:
    """Write all parts of a job into one Parquet file, beside them the columns that are handed on."""
    from pyarrow import schema, table  # noqa: PLC0415 - the extra `parquet`
    from pyarrow.parquet import ParquetWriter, read_table  # noqa: PLC0415

    if job.keep and digest_of(job.source) != job.digest:
        # What stands beside a certificate would be another row's.
        raise Unreadable(
            "columns-changed", "the source was changed while it was issued",
            "put it back as it was, and give the same command again",
        )  # fmt: skip
    parts = _by_number(job.folder.glob("certificates-*.parquet"))
    if not parts:
        return
    draft = out.with_name(f".{out.name}.draft")
    os.close(files.begin(draft))
    kept = columnar.Beside(tables.files_of(job.source) if job.keep else [], job.keep)
    number, text = read_table(parts[0]).schema
    written = schema([number, *kept.fields, text])
    with ParquetWriter(draft, written) as writer:
        for part in parts:
            signed = read_table(part)
            beside = kept.rows(signed["row"].to_pylist())
            writer.write_table(table([signed["row"], *beside, signed["text"]], schema=written))
    files.adopt(draft, out)
    for part in parts:
        part.unlink()
