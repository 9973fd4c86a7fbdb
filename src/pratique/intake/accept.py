"""Take what is handed in, and say at once whether it can be issued.

    cells -> handed.read -> records -> examine -> Reading(record | None, all remarks)
    readings of one file -> together -> the same, with what is told of several of one person

1. A record that any remark refuses is not handed on: what comes out of here may be signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pratique.intake import fhir, handed
from pratique.intake.catalogue import Catalogue
from pratique.intake.examine import compare, compared, examine
from pratique.intake.remarks import refuses
from pratique.intake.rows import NOTHING, Reading

__all__ = ["Reading", "accept", "together"]


def accept(
    cells: Mapping[Any, Any],
    catalogue: Catalogue,
    *,
    at: date,
    country: str = "",
    authority: str = "",
    filled: Mapping[str, Any] = NOTHING,
) -> list[Reading]:
    """Read a row or a FHIR document, and examine each record as of a day.

    Args:
        filled: columns that hold for a whole file, where its own cells are empty.
    """
    day = at.date() if isinstance(at, datetime) else at
    return [
        _examined(place, reading, catalogue, at)
        for place, reading in handed.read_places(
            cells, catalogue, country=country, authority=authority, at=day, filled=filled
        )
    ]


def _examined(place: str, reading: Reading, catalogue: Catalogue, at: date) -> Reading:
    if reading.record is None:
        return reading
    more = examine(reading.record, catalogue, at=at)
    if not more:
        return reading._replace(place=place) if place else reading
    told = reading.remarks + fhir.placed(place, more)
    return Reading(None if refuses(more) else reading.record, told, place)


def together(readings: Sequence[Reading], catalogue: Catalogue) -> list[Reading]:
    """Compare the records of one file with each other: remarks of the same person's are added."""
    found = compare([compared(r.record) if r.record else None for r in readings], catalogue)
    return [
        reading._replace(remarks=reading.remarks + fhir.placed(reading.place, more))
        if more
        else reading
        for reading, more in zip(readings, found, strict=True)
    ]
