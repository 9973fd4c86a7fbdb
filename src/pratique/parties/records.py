"""Records as a health service hands them in: columns of one, or the rows of a file; read, and never signed.

    issuer's folder, value sets -> Intake -> of_columns | of_row | of_file -> Reading(record | None, remarks)

1. Here no register is opened and no key: a preview needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pratique.errors import DocumentRefused, UsageError
from pratique.intake.accept import accept, together
from pratique.intake.catalogue import Catalogue, parsed
from pratique.intake.columns import AS_THEY_ARE, Headings
from pratique.intake.rows import NOTHING, PERSON, Reading
from pratique.parties import issuer
from pratique.store import sources, tables


class Intake(NamedTuple):
    """What records are read with: the value sets, and whose they become."""

    catalogue: Catalogue
    country: str
    authority: str

    def of_columns(
        self, row: Mapping[str, str], *, at: date, filled: Mapping[str, str] = NOTHING
    ) -> list[Reading]:
        """Read one row of columns: one record, several, or none."""
        return accept(
            row,
            self.catalogue,
            at=at,
            country=self.country,
            authority=self.authority,
            filled=filled,
        )

    def of_row(
        self, row: tables.Row, *, at: date, filled: Mapping[str, str] = NOTHING
    ) -> list[Reading]:
        """Read a row of a table; the row's own remarks come first."""
        if row.cells is None:
            return [Reading(None, row.remarks)]
        readings = self.of_columns(row.cells, at=at, filled=filled)
        if not row.remarks:
            return readings
        return [each._replace(remarks=row.remarks + each.remarks) for each in readings]

    def of_file(
        self,
        source: Path,
        *,
        at: date,
        filled: Mapping[str, str] = NOTHING,
        headings: Headings = AS_THEY_ARE,
    ) -> list[tuple[int, Reading]]:
        """Read a file, or standard input, with its rows' numbers; `filled` is for what it leaves empty.

        What is remarked of several records of one person is said here: a dose that is there twice.
        """
        numbered = [
            (row.number, reading)
            for row in _rows(source, headings)
            for reading in self.of_row(row, at=at, filled=filled)
        ]
        if is_of_a_person(filled):
            records = [reading.record for _, reading in numbered if reading.record is not None]
            if len({record.person for record in records}) > 1 or len(records) != len(numbered) > 1:
                raise of_a_person()
        readings = self.compared([reading for _, reading in numbered])
        return [(number, each) for (number, _), each in zip(numbered, readings, strict=True)]

    def compared(self, readings: Sequence[Reading]) -> list[Reading]:
        """Compare records that are handed in together: what is remarked of several of one person is added."""
        return together(readings, self.catalogue)


def opened(folder: Path, value_sets: tuple[Path, ...]) -> Intake:
    """Open what an issuer's records are read with."""
    of = issuer.load(folder)
    return Intake(catalogue_of(value_sets), of.country, of.authority)


def is_of_a_person(filled: Mapping[str, str]) -> bool:
    """Tell whether columns say something of one person, which no file of several may be filled with."""
    return not filled.keys().isdisjoint(PERSON)


def of_a_person() -> UsageError:
    """Make the refusal of such columns."""
    return UsageError(
        "columns-of-a-person",
        "a column that tells of one person was given for a file of several",
        "beside --from, columns of the event, as doses=2: they fill in what the file leaves empty",
    )


def _rows(source: Path, headings: Headings) -> Iterator[tables.Row]:
    if str(source) != "-":
        yield from tables.rows(source, headings)
        return
    with open(0, "rb", closefd=False) as given:
        yield from tables.rows_from(given, headings)


def catalogue_of(paths: tuple[Path, ...]) -> Catalogue:
    """Return the catalogue of files and folders; what comes with Pratique if there are none."""
    if not paths:
        return Catalogue.builtin()
    documents = []
    for path in paths:
        inside = (*path.glob("*.json"), *path.glob("*.csv")) if path.is_dir() else (path,)
        for file in sorted(inside):
            try:
                document = parsed(sources.read_bytes(file, named=file == path))
                Catalogue.from_documents([document])
            except DocumentRefused as error:
                raise DocumentRefused(
                    "value-sets", f"{file}: {error.message}", error.hint
                ) from error
            documents.append(document)
    if not documents:
        raise UsageError("value-sets", "there is no value set in what was named")
    return Catalogue.from_documents(documents)
