"""Preview a certificate: what would be signed, and what the clerk should look at; never a signature.

    Record -> intake.examine -> remarks, and the fields as they would stand in it

1. Nothing here can reach a key: forged codes of 2021 came out of a preview that signed. A contract
   in pyproject.toml holds it.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pratique.intake.catalogue import Catalogue
from pratique.intake.examine import examine
from pratique.intake.record import Record
from pratique.intake.remarks import Remark
from pratique.model import Moment, silent


@silent
class Preview(NamedTuple):
    """What a clerk confirms: names and texts of the fields, and remarks."""

    fields: tuple[tuple[str, str], ...]
    remarks: tuple[Remark, ...]


def preview(record: Record, *, catalogue: Catalogue, at: date) -> Preview:
    """Return what a certificate of this record would say."""
    said = {"kind": record.kind.value, "domain": record.domain}
    said |= {**record.person._asdict(), **record.entry._asdict()}
    fields = tuple((name, _text(value)) for name, value in said.items() if value is not None)
    return Preview(fields, examine(record, catalogue, at=at))


def _text(value: object) -> str:
    return value.text() if isinstance(value, Moment) else str(value)
