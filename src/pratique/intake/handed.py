"""Read whatever an issuer is handed: a row, or a FHIR document.

1. What it is, is told by FHIR's own `resourceType`, which is no column.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pratique.intake import fhir
from pratique.intake.catalogue import Catalogue
from pratique.intake.rows import NOTHING, Reading, fill, read_row


def read(
    cells: Mapping[Any, Any], catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> list[Reading]:
    """Read a row (one reading), or a FHIR document (one reading for each event in it)."""
    found = read_places(cells, catalogue, country=country, authority=authority)
    return [reading for _, reading in found]


def read_places(
    cells: Mapping[Any, Any],
    catalogue: Catalogue,
    *,
    country: str = "",
    authority: str = "",
    at: date | None = None,
    filled: Mapping[str, Any] = NOTHING,
) -> list[tuple[str, Reading]]:
    """Read as `read` does, each reading with its place in the document; a row's is ""."""
    if "resourceType" in cells:
        return fhir.read_places(
            cells, catalogue, country=country, authority=authority, at=at, filled=filled
        )
    row = fill(cells, filled)
    return [("", read_row(row, catalogue, country=country, authority=authority))]
