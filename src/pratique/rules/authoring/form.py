"""A form of keys and values, read so that nothing in it is passed over.

parsed TOML -> Table -> take each key -> done
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pratique.errors import DocumentRefused


def refused(where: str, message: str) -> DocumentRefused:
    """Return the error for a place of the form."""
    place = f"{where}: " if where else ""
    return DocumentRefused(
        "policy-form",
        f"the form is refused: {place}{message}",
        "docs/reference/policy.md describes the form",
    )


class Table:
    """A table of the form. What was asked for is gone; what is left at the end is refused."""

    def __init__(self, where: str, table: Mapping[str, Any]) -> None:
        self.where, self._left = where, dict(table)

    def place(self, name: str) -> str:
        """Return the full name of a key."""
        return f"{self.where}.{name}" if self.where else name

    def names(self) -> list[str]:
        """List the keys that were not asked for yet."""
        return list(self._left)

    def take(self, name: str, kind: type, default: Any, what: str) -> Any:
        """Take a value of this very type; DocumentRefused otherwise."""
        value = self._left.pop(name, default)
        if value is None and default is None:
            return None
        if type(value) is not kind:
            raise refused(self.place(name), f"it must be {what}")
        return value

    def table(self, name: str) -> Table | None:
        """Take a table; None if there is none."""
        value = self.take(name, dict, None, "a table")
        return None if value is None else Table(self.place(name), value)

    def text(
        self, name: str, default: str | None = None, like: re.Pattern[str] | None = None
    ) -> str:
        """Take a text; without a default it must be there."""
        value = self.take(name, str, default, "a text")
        if value is None or (like and not like.fullmatch(value)):
            raise refused(
                self.place(name), "it is missing" if value is None else "it has another form"
            )
        return str(value)

    def number(self, name: str, most: int, default: int | None = None) -> int | None:
        """Take a whole number from 0 to `most`."""
        value: int | None = self.take(name, int, default, "a whole number")
        if value is not None and not 0 <= value <= most:
            raise refused(self.place(name), f"it must be from 0 to {most:,}")
        return value

    def texts(self, name: str, default: list[str]) -> list[str]:
        """Take a list of texts."""
        value: list[str] = self.take(name, list, default, "a list of texts")
        if not all(type(item) is str for item in value):
            raise refused(self.place(name), "it must be a list of texts")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Take true or false."""
        return bool(self.take(name, bool, default, "true or false"))

    def instant(self, name: str) -> datetime:
        """Take an instant with a zone; a date is its midnight in UTC, and what is later than the calendar its end."""
        value = self._left.pop(name, None)
        if type(value) is date:
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise refused(self.place(name), "it must be a date, or an instant with a zone")
        try:
            return value.astimezone(UTC).replace(microsecond=0)
        except OverflowError:
            # "For ever" is written as the calendar's last day, on the writer's own clock.
            if value.year > 1:
                return datetime.max.replace(microsecond=0, tzinfo=UTC)
            raise refused(self.place(name), "it lies before the calendar") from None

    def done(self) -> None:
        """Refuse what was not asked for."""
        if self._left:
            raise refused(self.place(next(iter(self._left))[:40]), "the form has no such key")
