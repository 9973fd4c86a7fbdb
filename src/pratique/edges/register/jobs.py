"""What the register knows of a bulk job: which of its parts are committed."""

from __future__ import annotations

from sqlalchemy import select

from pratique.edges.register import schema
from pratique.edges.register.writing import Writing
from pratique.trust.shards import Shard


def is_done(book: Writing, job: bytes, number: int) -> bool:
    """Tell whether a part of a job was committed."""
    table = schema.job.c
    wanted = select(table.issued).where(table.id == job, table.number == number)
    return book.connection.scalar(wanted) is not None


def add(book: Writing, job: bytes, number: int, shard: Shard, *, at: int, issued: int) -> None:
    """Note that a part is done, in the transaction that holds its lines."""
    row = {
        "id": job,
        "number": number,
        "shard_id": book.enrol(shard),
        "issued_at": at,
        "issued": issued,
    }
    book.connection.execute(schema.job.insert().values(row))
