"""Dates and date-times as milliseconds, by the rules of the specification and of ECMA-262 §21.4.

    "2021-06" | "2021-06-30" | "2021-06-30T12:00:00.1239+0200" -> int

1. A partial date is the last day that it can be; a missing zone is Z; decimals beyond the third
   are dropped.
2. Months and years overflow as in JavaScript: 2020-02-29 and a year is 2021-03-01.
3. A text that is no date stops the evaluation. The specification leaves it undefined; JavaScript
   makes an Invalid Date, of which every comparison is false, so that a negated one would pass:
   "2021-09-99" is not let through. Nor is "2021-02-30", which V8 alone reads as 2 March.
4. No machine's clock, zone or locale has a part in it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pratique.rules.certlogic.expression import Unit
from pratique.rules.certlogic.values import Reason, Undecided

HOUR = 3_600_000
DAY = 24 * HOUR
FIXED = {"day": DAY, "hour": HOUR}
"""Units that are the same length everywhere: UTC knows no daylight saving."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MILLISECOND = timedelta(milliseconds=1)
_MARKS = ("-", "-", "T", ":", ":", "Z")
_LONGEST = 64
_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?"
)
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def instant(text: Any) -> int:
    """Read a date or date-time as `plusTime` does."""
    if type(text) is not str:
        raise Undecided(Reason.WRONG_TYPE)
    try:
        # The two common forms; fixed separators keep fromisoformat from reading weeks.
        if len(text) == 10 and text[4] == text[7] == "-":
            return (date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL) * DAY
        if len(text) == 20 and (text[4], text[7], text[10], text[13], text[16], text[19]) == _MARKS:
            return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    except ValueError:
        # Still to be read: the year 0000, and 24:00:00 (ECMA-262 §21.4.1.32).
        pass
    return _any_form(text)


def birth_date(text: Any) -> int:
    """Read a date of birth, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as the last day that it can be."""
    if type(text) is not str:
        raise Undecided(Reason.WRONG_TYPE)
    if len(text) > 10:
        raise Undecided(Reason.NO_DATE)
    return _any_form(text)


def later(milliseconds: int, amount: int, unit: Unit) -> int:
    """Add so many units; months and years as `setUTCMonth` and `setUTCFullYear` do."""
    if unit == "day":
        return milliseconds + amount * DAY
    if unit == "hour":
        return milliseconds + amount * HOUR
    days, time = divmod(milliseconds, DAY)
    year, month, day = _civil(days)
    months = year * 12 + month - 1 + amount * (12 if unit == "year" else 1)
    return (_days(months // 12, months % 12 + 1) + day - 1) * DAY + time


def _any_form(text: str) -> int:
    if len(text) > _LONGEST:
        raise Undecided(Reason.NO_DATE)
    if found := _PARTIAL.fullmatch(text):
        year, month = int(found[1]), int(found[2] or 12)
        if not 1 <= month <= 12:
            raise Undecided(Reason.NO_DATE)
        return (_days(year, month) + _length(year, month) - 1) * DAY
    if found := _FORM.fullmatch(text if len(text) > 10 else f"{text}T00:00:00"):
        return _read(found)
    raise Undecided(Reason.NO_DATE)


def _read(found: re.Match[str]) -> int:
    year, month, day, hours, minutes, seconds = (int(found[group]) for group in range(1, 7))
    fraction = int((found[7] or "").ljust(3, "0")[:3])
    ahead, behind = int(found[9] or 0), int(found[10] or 0)
    time = hours * HOUR + minutes * 60_000 + seconds * 1_000 + fraction
    if (
        not (1 <= month <= 12 and 1 <= day <= _length(year, month))
        or minutes > 59
        or seconds > 59
        or time > DAY
        or ahead > 23
        or behind > 59
    ):
        raise Undecided(Reason.NO_DATE)
    offset = (ahead * HOUR + behind * 60_000) * (-1 if found[8] == "-" else 1)
    return (_days(year, month) + day - 1) * DAY + time - offset


def _length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _MONTHS[month - 1] + (month == 2 and leap)


def _days(year: int, month: int) -> int:
    """Count the days from 1970-01-01 to the first of a month, in any year."""
    if month <= 2:
        year -= 1
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _civil(days: int) -> tuple[int, int, int]:
    """Return the year, month and day that lie so many days after 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, day
