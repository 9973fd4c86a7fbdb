"""One part of a bulk job: accept its rows, sign them, register them, then write them down.

    rows -> records | remarks -> (a key for each) -> signed -> one transaction -> certificates-00007.csv

1. Nothing is written before the register's commit has returned.
2. A part whose lines are committed, but whose file is missing, is made again from its requests: the
   same certificates, under the same keys, byte for byte with a software key.
3. A row that is refused is named by row and column; the others are issued. So with a row that no key may
   attest, and with a sheet that cannot be printed.
4. What is kept of a person until the whole file is compared is a digest under the job's secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pratique.cli.issuer import desk as desks
from pratique.cli.issuer import job as jobs
from pratique.cli.issuer import paper, records
from pratique.crypto import strict_json
from pratique.edges import disk, files, tables
from pratique.edges.register.bulk import Bulk
from pratique.errors import UsageError
from pratique.intake.accept import Reading
from pratique.intake.catalogue import Catalogue
from pratique.intake.examine import Compared, compare, compared
from pratique.intake.fhir import placed
from pratique.intake.remarks import RemarkCode
from pratique.journeys.issue import Work, earlier, occasion_of
from pratique.journeys.sign import Book, Draft, Line, Signed, drafted, finished
from pratique.model import silent
from pratique.terms import Kind
from pratique.trust.shards import Shard

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

    def __init__(self, job: jobs.Job, desk: desks.Desk) -> None:
        self.job, self.desk = job, desk
        self._bulk = Bulk(desk.register, desk.shards)
        self._press: paper.Press | None = None
        self._today = datetime.fromtimestamp(job.at, UTC).date()

    def read(self, number: int, rows: Iterable[tables.Row]) -> Part:
        """Read a part; nothing of one whose files are there."""
        if self.job.is_written(number):
            return Part(number, (), is_new=False)
        read = tuple(
            Numbered(row.number, place, reading)
            for row in rows
            for place, reading in enumerate(
                records.readings(self.desk, row, at=self._today, filled=self.job.filled)
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
            return Done(*strict_json.loads(files.read_bytes(job.report(number)))["done"])
        chosen = [None if label is None else self.desk.shard(label) for label in labels]

        def make(book: Book, again: bool) -> tuple[list[tuple[Numbered, Signed]], list[Line]]:
            seen = self.desk.own(job.apart(book, number))
            keys = [self._signed_by(one, seen) for one in part.read] if again else chosen
            signed = self._sign(part.read, keys, seen)
            return signed, [one.line for _, one in signed]

        signed = self._bulk.commit(job.name, number, at=job.at, make=make)
        told = _told(part.read, {(one.row, one.place) for one, _ in signed})
        unprinted = self._print(signed) if job.paper else []
        skipped = sum(one.reading.is_skipped for one in part.read)
        refused = len(part.read) - len(signed) - skipped
        done = Done(len(signed), refused, skipped, len(unprinted))
        draft = {"done": done, "told": told + unprinted, "compared": self._compared(part.read)}
        disk.replace(job.report(number), json.dumps(draft).encode())
        disk.replace(job.path(number), _written(job.output, signed))
        return done

    def _signed_by(self, one: Numbered, book: Book) -> Shard | None:
        if one.reading.record is None:
            return None
        return earlier(self.job.request(one.row, one.place), self.desk.shards, book)

    def _sign(
        self, read: Sequence[Numbered], keys: Sequence[Shard | None], book: Book
    ) -> list[tuple[Numbered, Signed]]:
        """Sign key by key, and return what was signed in the rows' order."""
        job, work = self.job, Work(self.job.site, self.job.operator)
        drafts: dict[Shard, list[tuple[int, Draft]]] = {}
        for place, (one, key) in enumerate(zip(read, keys, strict=True)):
            record = one.reading.record
            if record is not None and key is not None:
                occasion = occasion_of(record, key, at=job.at, work=work, validity=job.validity)
                request = job.request(one.row, one.place)
                draft = drafted(record, request=request, shard=key, book=book, occasion=occasion)
                drafts.setdefault(key, []).append((place, draft))
        signed: list[tuple[int, Signed]] = []
        for key, its in drafts.items():
            made = finished([draft for _, draft in its], shard=key, key=self.desk.keys(key))
            signed += zip((place for place, _ in its), made, strict=True)
        signed.sort(key=lambda found: found[0])
        return [(read[place], one) for place, one in signed]

    def _print(self, signed: Sequence[tuple[Numbered, Signed]]) -> list[Told]:
        """Print sheets; return which could not be: one name costs its own sheet, not the others."""
        if self._press is None:
            self._press = paper.press(
                **paper.of_json(self.job.paper), catalogue=self.desk.catalogue, say=lambda _: None
            )
        (self.job.folder / "pdf").mkdir(mode=0o700, exist_ok=True)
        unprinted = []
        for of, one in signed:
            # A FHIR document in one row may hold several events.
            name = f"{of.row:07d}-{one.line.tag:x}.pdf"
            try:
                sheet = self._press.own(one.text)
            except UsageError:
                code = RemarkCode.NOT_PRINTED.name
                unprinted.append((of.row, of.place, of.reading.place, code))
            else:
                disk.replace(self.job.folder / "pdf" / name, sheet)
        return unprinted

    def _compared(self, read: Sequence[Numbered]) -> list[list[Any]]:
        rows = []
        for row, place, reading in read:
            if reading.record is not None:
                found = compared(reading.record, self.job.secret)
                whose = (found.person.hex(), found.event.hex())
                rows.append([row, place, reading.place, *whose, *found[2:]])
        return rows


def _told(read: Sequence[Numbered], signed: set[tuple[int, int]]) -> list[Told]:
    told = [
        (one.row, one.place, remark.column, remark.code.name)
        for one in read
        for remark in one.reading.remarks
    ]
    told += [
        (one.row, one.place, one.reading.place, RemarkCode.KEY_MISSING.name)
        for one in read
        if one.reading.record is not None and (one.row, one.place) not in signed
    ]
    return told


def report(drafts: Iterable[dict[str, Any]], catalogue: Catalogue) -> list[Told]:
    """Return all that is told of a whole file, in the order of its rows; its doses are compared here."""
    told: list[Told] = []
    rows: list[tuple[int, int, str]] = []
    found: list[Compared | None] = []
    for draft in drafts:
        told += [(row, place, column, code) for row, place, column, code in draft["told"]]
        for row, place, where, person, event, *dose in draft["compared"]:
            rows.append((row, place, where))
            found.append(Compared(bytes.fromhex(person), bytes.fromhex(event), *dose))
    for (row, place, where), remarks in zip(rows, compare(found, catalogue), strict=True):
        told += [(row, place, remark.column, remark.code.name) for remark in placed(where, remarks)]
    return sorted(told, key=lambda one: one[:2])


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
