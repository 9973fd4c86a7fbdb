"""One part of a bulk job: accept its rows, sign them, register them, then write them down.

    rows -> records | remarks -> signed -> one transaction -> certificates-00007.csv

1. Nothing is written before the register's commit has returned.
2. A part whose lines are committed, but whose file is missing, is made again from its requests: the
   same certificates, byte for byte with a software key.
3. A row that is refused is named by row and column; the others are issued.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.cli.issuer import desk as desks
from pratique.cli.issuer import job as jobs
from pratique.cli.issuer import paper, records
from pratique.edges import disk, tables
from pratique.edges.register.bulk import Bulk
from pratique.intake.accept import Reading
from pratique.journeys.issue import Work, occasion_of
from pratique.journeys.sign import Book, Line, Signed, drafted, finished
from pratique.trust.shards import Shard

Numbered = tuple[int, int, Reading]
"""Number of the row, place of the record in it, what was read."""


class Done(NamedTuple):
    """What became of a part: certificates issued, records refused, with a remark, skipped."""

    issued: int
    refused: int
    remarked: int
    skipped: int


class Parts:
    """Makes the parts of one job."""

    def __init__(self, job: jobs.Job, desk: desks.Desk) -> None:
        self.job, self.desk = job, desk
        self._bulk = Bulk(desk.register)
        self._press: paper.Press | None = None
        self._today = datetime.fromtimestamp(job.at, UTC).date()

    def make(self, number: int, rows: Iterable[tables.Row]) -> Done:
        """Make one part, or make its file again."""
        job = self.job
        read = [
            (row.number, place, reading)
            for row in rows
            for place, reading in enumerate(
                records.readings(self.desk, row, at=self._today, filled=job.filled)
            )
        ]
        shard = self.desk.shard(job.label(number))

        def make(book: Book) -> tuple[list[tuple[int, Signed]], list[Line]]:
            signed = list(self._sign(read, shard, self.desk.own(book)))
            return signed, [one.line for _, one in signed]

        signed = self._bulk.commit(job.name, number, shard, at=job.at, make=make)
        remarks = [
            (row, remark.column, remark.code.name)
            for row, _, reading in read
            for remark in reading.remarks
        ]
        disk.replace(job.report(number), json.dumps(remarks).encode())
        if job.paper:
            self._print(signed)
        disk.replace(job.path(number), _written(job.output, signed))
        remarked = sum(bool(reading.remarks) for _, _, reading in read)
        skipped = sum(reading.is_skipped for _, _, reading in read)
        return Done(len(signed), len(read) - len(signed) - skipped, remarked - skipped, skipped)

    def _print(self, signed: Sequence[tuple[int, Signed]]) -> None:
        if self._press is None:
            self._press = paper.press(variant=self.job.paper, contact=self.desk.issuer.contact)
        (self.job.folder / "pdf").mkdir(mode=0o700, exist_ok=True)
        for row, one in signed:
            # A FHIR document in one row may hold several events.
            name = f"{row:07d}-{one.line.tag:x}.pdf"
            disk.replace(self.job.folder / "pdf" / name, self._press.own(one.text))

    def _sign(
        self, read: Sequence[Numbered], shard: Shard, book: Book
    ) -> Iterator[tuple[int, Signed]]:
        job, numbers, drafts = self.job, [], []
        work = Work(job.site, job.operator)
        for row, place, reading in read:
            if (record := reading.record) is not None:
                occasion = occasion_of(record, shard, at=job.at, work=work, validity=job.validity)
                request = job.request(row, place)
                numbers.append(row)
                drafts.append(
                    drafted(record, request=request, shard=shard, book=book, occasion=occasion)
                )
        signed = finished(drafts, shard=shard, key=self.desk.keys(shard))
        return zip(numbers, signed, strict=True)


def _written(output: str, signed: Sequence[tuple[int, Signed]]) -> bytes:
    if output == "parquet":
        from pyarrow import BufferOutputStream, array, int64, table  # noqa: PLC0415 - the extra
        from pyarrow.parquet import write_table  # noqa: PLC0415

        numbers, texts = [row for row, _ in signed], [one.text for _, one in signed]
        sink = BufferOutputStream()
        write_table(table({"row": array(numbers, int64()), "text": texts}), sink)
        return bytes(sink.getvalue())
    # Neither a number nor a Base45 text has a comma, a quote or a line end in it.
    return "".join(["row,text\r\n", *(f"{row},{one.text}\r\n" for row, one in signed)]).encode()
