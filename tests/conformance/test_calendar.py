"""What ends, as a calendar that another library reads: nothing is lost, nothing is there twice.

status --format ics -> icalendar -> events, alarms = the ends and warnings of status --format json
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from click.testing import CliRunner

from pratique.cli.main import network
from pratique.trust import calendar
from pratique.trust.expiry import DAY, ExpiryItem, ParticipantExpiry, strand

AT = "2026-08-22T18:00:02Z"
NOW = datetime.fromisoformat(AT)


def shown(source: Path, output: str, at: str = AT) -> bytes:
    found = CliRunner().invoke(network, ["status", str(source), "--at", at, "--format", output])
    return found.stdout_bytes


def read(data: bytes) -> list[Any]:
    """Read a calendar strictly: as another library does, and by the letter of its lines."""
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    found: Any = icalendar.Calendar.from_ical(data)
    assert found.errors == []
    events = found.walk("VEVENT")
    assert [event.errors for event in events if event.errors] == []
    for event in events:
        assert event["DTSTAMP"].dt.utcoffset() == timedelta(0)
        assert event.end - event.start == timedelta(days=1)
        assert type(event.start) is date
    assert len({str(event["UID"]) for event in events}) == len(events)
    return list(events)


def expected(source: Path) -> Counter[date]:
    """Count by day what must be there, from the JSON alone."""
    days: Counter[date] = Counter()
    for row in json.loads(shown(source, "json"))["participants"]:
        for one in row["strands"]:
            if one["state"] in {"lapsed", "unverifiable"}:
                days[NOW.date()] += 1
                continue
            end = datetime.fromisoformat(one["until"])
            coming = (end - timedelta(days=ahead) for ahead in (0, 90, 60, 30))
            days.update(day.date() for day in coming if day >= NOW)
    return days


@pytest.mark.parametrize(
    "name", ["tng-trustlist/dev", "tng-participants/dev", "tng-participants/uat"]
)
def test_another_library_reads_each_end_and_each_warning(corpora: Path, name: str) -> None:
    source = corpora / name
    events = read(shown(source, "ics"))
    assert Counter(event.start for event in events) == expected(source)
    ends = [event for event in events if event.walk("VALARM")]
    assert len(ends) > 20
    for event in ends:
        triggers = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
        assert triggers == [timedelta(days=-days) for days in (90, 60, 30)]


def test_taken_in_again_later_it_is_the_same_events_in_a_higher_sequence(corpora: Path) -> None:
    source = corpora / "tng-trustlist/dev"
    first, again = (read(shown(source, "ics", at)) for at in (AT, "2026-08-29T06:00:00Z"))
    assert {str(event["UID"]) for event in again} <= {str(event["UID"]) for event in first}
    assert {event["SEQUENCE"] + 7 for event in first} == {event["SEQUENCE"] for event in again}
    assert shown(source, "ics") == shown(source, "ics")


@pytest.mark.parametrize(
    "name", ["Ünïcode ÅÄÖ 日本語 " * 9, 'a,b;c\\d:e"f', "\\n", "\N{HAMMER AND PICK}\U0001f9ff" * 40]
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    at = int(NOW.timestamp())
    row = ParticipantExpiry(
        name, "DCC", (strand("signer", [ExpiryItem("signer", "a", 0, at + 400 * DAY)], at=at),)
    )
    data = calendar.written({name: [row]}, at=at)
    events = read(data)
    assert [str(event["SUMMARY"]).startswith(f"{name} DCC: ") for event in events] == [True] * 4
