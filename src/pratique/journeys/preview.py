"""Preview a certificate: what it would say; never a signature.

    Record -> the fields as they would stand in it

1. Nothing here can reach a key: forged codes of 2021 came out of a preview that signed. A contract
   in pyproject.toml holds it.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.intake.record import Record
from pratique.intake.told import row_of
from pratique.model import silent


@silent
class Preview(NamedTuple):
    """What a clerk confirms: names and texts of the fields."""

    fields: tuple[tuple[str, str], ...]


def preview(record: Record) -> Preview:
    """Return what a certificate of this record would say."""
    return Preview(tuple(row_of(record).items()))
