"""Read the cells of one row by column, and gather the remarks.

1. One remark a column at most: the first thing that is wrong with it.
2. What is about one person is never cached; codes, bodies, lots, sites and days are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.intake import cells
from pratique.intake.catalogue import Catalogue
from pratique.intake.remarks import Remark, RemarkCode
from pratique.model import Moment, Precision

_DAY = Precision.DAY


class Row:
    """A row while it is read.

    Attributes:
        domain: "DCC" or "ICVP", once it is known.
        country, authority: taken where the row's own column is empty.
    """

    __slots__ = ("authority", "catalogue", "country", "domain", "remarks", "row")

    def __init__(
        self, row: Mapping[Any, Any], catalogue: Catalogue, country: str, authority: str
    ) -> None:
        self.row, self.catalogue = row, catalogue
        self.country, self.authority = country, authority
        self.domain = ""
        self.remarks: list[Remark] = []

    def remark(self, code: RemarkCode, column: str) -> None:
        """Add a remark about one column."""
        self.remarks.append(Remark(code, column))

    def is_filled(self, column: str) -> bool:
        """Tell whether there is anything in a column."""
        value = self.row.get(column)
        return value is not None and value != "" and cells.text(value) is not None

    def word(self, column: str, otherwise: str = "", *, required: bool = True) -> str | None:
        """Read what repeats from row to row: a code, a body, a lot, a site."""
        value = self.row.get(column)
        found = cells.words(value) if type(value) is str and len(value) <= 80 else cells.text(value)
        if found is None and otherwise:
            found = cells.text(otherwise)
        if type(found) is str:
            return found
        self._tell(found, column, required=required)
        return None

    def name(self, column: str) -> str | None:
        """Read what is about one person; nothing need be there."""
        value = self.row.get(column)
        if value is None:
            return None
        found = cells.text(value)
        if type(found) is str:
            return found
        self._tell(found, column, required=False)
        return None

    def whole(self, column: str) -> int | None:
        """Read a number that must be there."""
        found = cells.whole(self.row.get(column))
        if type(found) is int:
            return found
        self._tell(found, column)
        return None

    def day(self, column: str) -> Moment | None:
        """Read a date that must be there, to the day."""
        found = cells.moment(self.row.get(column))
        if type(found) is Moment:
            if found[0] is _DAY:
                return found
            found = RemarkCode.DATE_INCOMPLETE
        self._tell(found, column)
        return None

    def instant(self, column: str) -> Moment | None:
        """Read an instant that must be there."""
        found = cells.instant(self.row.get(column))
        if type(found) is Moment:
            return found
        self._tell(found, column)
        return None

    def _tell(self, found: object, column: str, *, required: bool = True) -> None:
        if isinstance(found, RemarkCode):
            self.remark(found, column)
        elif required:
            self.remark(RemarkCode.FIELD_MISSING, column)
