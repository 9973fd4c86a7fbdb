"""A population that was made up, row by row: what a destination's rules say of each of its travellers.

    kind, product, dose, day or instant, age -> the entry of a proof -> Border.passes -> accepted | refused

1. A row is nobody: there is no column for a name, and none is read.
2. A row that names no proof that can be asked about is told of as such, and is not counted as refused.
3. Rules are asked as `traveller` asks them; rows that agree in what rules read cost one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

from pratique.impact.traveller import Border, vaccination
from pratique.impact.world import VaccineFacts
from pratique.terms import Kind

COLUMNS = ("kind", "product", "dose", "on", "age")
"""What a row has: `on` is the day of the dose or of the first positive test, or the instant of the sample."""
ACCEPTED, REFUSED, UNCLEAR = "accepted", "refused", "unclear"
OLDEST, MOST_DOSES = 130, 10


class MadeUp(NamedTuple):
    """A traveller of a population: cells as they were read, in the order of `COLUMNS`."""

    kind: object
    product: object
    dose: object
    on: object
    age: object


def answers(
    rows: Iterable[MadeUp], border: Border, vaccines: Mapping[str, VaccineFacts]
) -> list[str]:
    """Return what a destination's rules say of each row: `ACCEPTED`, `REFUSED` or `UNCLEAR`."""
    said = []
    for row in rows:
        asked, age = _entry(row, border, vaccines), _whole(row.age)
        if asked is None or age is None or not 0 <= age <= OLDEST:
            said.append(UNCLEAR)
        else:
            said.append(ACCEPTED if border.passes(*asked, age) else REFUSED)
    return said


def _entry(
    row: MadeUp, border: Border, vaccines: Mapping[str, VaccineFacts]
) -> tuple[Kind, dict[str, Any]] | None:
    if row.kind not in set(Kind):
        return None
    kind = Kind(str(row.kind))
    if kind is Kind.EXEMPTION:
        return kind, border.exempted()
    instant = _instant(row.on, border.at)
    if instant is None or instant > border.at:
        return None
    ago = border.at - instant
    if kind is Kind.TEST:
        return kind, border.sample(str(row.product), int(ago.total_seconds() // 3600))
    if kind is Kind.RECOVERY:
        return kind, border.recovered((border.day - instant.date()).days)
    vaccine = vaccines.get(str(row.product))
    if kind is not Kind.VACCINATION or vaccine is None:
        return None
    dose = _whole(row.dose)
    if row.dose not in {None, ""} and (dose is None or not 0 < dose < MOST_DOSES):
        return None
    return kind, vaccination(vaccine, instant.date(), dose)


def _whole(cell: object) -> int | None:
    """Return a whole number, which in CSV is a text; None for anything else."""
    if isinstance(cell, str) and cell.isascii() and cell.isdecimal() and len(cell) < 4:
        return int(cell)
    return cell if type(cell) is int else None


def _instant(cell: object, at: datetime) -> datetime | None:
    """Return a day or an instant, on the clock that rules are asked on; a text is read as ISO 8601."""
    if isinstance(cell, str):
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return None
    if isinstance(cell, datetime):
        return cell if cell.tzinfo is not None else cell.replace(tzinfo=at.tzinfo)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), at.tzinfo)
    return None
