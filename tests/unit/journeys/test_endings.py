"""What ends soon, on its own date and clock, and a calendar of it that tells nothing unless it is asked to."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import decision, endings
from pratique import wallet as w
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from tests import travellers as t
from tests.unit.journeys.test_wallet import AT, DOSE, ILLNESS, KIT, PAGE, held
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

DAY = timedelta(days=1)


def ends(
    *texts: str, days: int = 3650, trips: tuple[endings.Trip, ...] = (), snapshot: Snapshot = KIT
) -> list[tuple[str, str]]:
    found = endings.ends(texts, snapshot=snapshot, at=AT, days=days, trips=trips)
    return [(one.kind.value, one.at.local) for one in found]


def test_the_end_of_the_code_and_of_what_it_says_stand_apart() -> None:
    assert ends(ILLNESS) == [
        ("stated-ends", "2026-07-09T23:59:59+02:00"), ("code-ends", "2027-03-01T09:00:00+01:00"),
    ]  # fmt: skip


def test_only_what_ends_soon_is_told() -> None:
    assert ends(ILLNESS, days=38) == []
    assert ends(ILLNESS, days=39) == [("stated-ends", "2026-07-09T23:59:59+02:00")]
    assert ends(ILLNESS, days=-4) == []


def test_nothing_is_told_of_what_lies_ten_years_ahead() -> None:
    for days, kinds in ((endings.MOST_DAYS - 1, ["stated-ends"]), (endings.MOST_DAYS, [])):
        until = (AT + days * DAY).date().isoformat()
        far = text(claims(content.dcc("r", content.illness(du=until))))
        found = endings.ends([far], snapshot=KIT, at=AT, days=10**6)
        assert [one.kind.value for one in found if one.kind.value != "code-ends"] == kinds, days


def test_what_says_that_it_never_ends_ends_nowhere() -> None:
    endless = text(claims(content.dcc("r", content.illness(du="9999-12-31"))))
    assert [kind for kind, _ in ends(endless)] == ["code-ends"]


def test_what_is_refused_ends_nothing() -> None:
    assert ends(text(claims(content.vaccinated(), iss="XA"))) == []


def trip(days: int = 10, zone: str = "Asia/Tokyo", place: Destination = t.UTOPIA) -> endings.Trip:
    return endings.Trip(place, (AT + days * DAY).astimezone(ZoneInfo(zone)))


def test_a_trips_green_ends_on_its_ports_clock() -> None:
    assert ("green-ends", "2026-11-17T00:00:00+09:00") in ends(DOSE, trips=(trip(),))
    issued = claims(content.vaccinated({"dt": "2026-05-30"}), iat=keys.NOON - 86_400)
    assert ("green-begins", "2026-06-13T00:00:00+09:00") in ends(text(issued), trips=(trip(),))


def test_rules_that_turn_the_colour_are_told_once() -> None:
    july = "2026-07-01T00:00:00Z"
    stricter = t.rule("VR-XU-0004", {"===": [1, 2]}, ValidFrom=july)
    harmless = t.rule("VR-XU-0005", {"===": [1, 1]}, ValidFrom="2026-07-02T00:00:00Z")
    found = endings.ends(
        [DOSE], snapshot=held([*t.utopia(), stricter, harmless]), at=AT, days=200, trips=[trip()]
    )
    assert [(one.kind.value, one.at.local, one.colour) for one in found] == [
        ("rules-turn", "2026-07-01T09:00:00+09:00", "red")
    ]


def test_rules_that_end_are_told() -> None:
    rules = [t.rule("VR-XU-0001", {"===": [1, 1]}, ValidTo="2026-08-01T00:00:00Z")]
    found = endings.ends([DOSE], snapshot=held(rules), at=AT, days=100, trips=[trip(zone="UTC")])
    assert [(one.kind.value, one.colour) for one in found] == [("rules-turn", "amber")]


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [
        t.rule(f"VR-XU-{n:04}", {"===": [1, 1]}, ValidFrom=(AT + n * DAY).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        for n in range(1, 100)
    ]  # fmt: skip
    asked = 0
    real = decision.decide

    def counted(*args: Any, **fields: Any) -> Any:
        nonlocal asked
        asked += 1
        return real(*args, **fields)

    monkeypatch.setattr(endings, "decide", counted)
    endings.ends(
        [DOSE],
        snapshot=held([t.rule("VR-XU-0000", {"===": [1, 1]}), *rules]),
        at=AT,
        days=400,
        trips=[trip()],
    )
    assert asked == 1 + 2 * endings.MOST_TURNS
    asked = 0
    endings.ends([DOSE], snapshot=KIT, at=AT, days=400, trips=[trip()] * 50)
    assert asked <= endings.MOST_TRIPS * 3


# The calendar


def diary(*texts: str, **fields: Any) -> str:
    ending = endings.ends(texts, snapshot=KIT, at=AT, days=3650, trips=(trip(),))
    return endings.calendar(ending, at=AT, **fields)


def test_the_calendar_is_one_that_others_read() -> None:
    written = diary(DOSE, ILLNESS, name="Ärzte, Reisen; \\")
    read = icalendar.Calendar.from_ical(written)
    assert "X-WR-CALNAME:Ärzte\\, Reisen\\; \\\\\r\n" in written
    events = read.walk("VEVENT")
    days = [str(event.decoded("DTSTART")) for event in events]
    assert days == ["2026-07-09", "2026-11-17", "2027-03-01", "2027-03-01"]
    assert len({str(event["UID"]) for event in events}) == 4
    assert [alarm.decoded("TRIGGER") for alarm in read.walk("VALARM")] == [-7 * DAY] * 4


def test_an_event_says_whose_it_is_where_it_is_asked_for() -> None:
    read = icalendar.Calendar.from_ical(diary(DOSE, who="Jo"))
    summaries = [str(event["SUMMARY"]) for event in read.walk("VEVENT")]
    assert summaries == [
        "Jo, XU: Entry rules of a trip are met until today",
        "Jo: A code can be read until today: ask for a new one",
    ]
    assert {str(event["SEQUENCE"]) for event in read.walk("VEVENT")} == {str(keys.NOON // 86_400)}


SECRETS = ["Sample", "SAMPLEOVA", "TESTINA", "XU", "COVID", "840539006", "vaccin", "dose", "test", "recover", "EU/1/20/1528", "1984", "Utopia"]  # fmt: skip


def test_the_calendar_tells_nothing_unless_it_is_asked_for() -> None:
    whole = (
        icalendar.Calendar.from_ical(diary(DOSE, ILLNESS)).to_ical().decode().replace("\r\n ", "")
    )
    assert [secret for secret in SECRETS if secret.casefold() in whole.casefold()] == []
    named = diary(DOSE, ILLNESS, who=w.name_of([DOSE], snapshot=KIT, at=AT)).replace("\r\n ", "")
    assert [secret for secret in SECRETS if secret in named] == ["Sample", "XU"]


def test_the_calendar_is_in_the_holders_words() -> None:
    words = {"code-ends": "Код действует до сегодня", "green-ends": "\u202eevil\r\nBEGIN:VEVENT"}
    written = diary(DOSE, words=words).replace("\r\n ", "")
    assert "SUMMARY:Код действует до сегодня" in written
    assert written.split("\r\n").count("BEGIN:VEVENT") == 2
    assert "\u202e" not in written


def uids(written: str) -> set[str]:
    return {line for line in written.split("\r\n") if line.startswith("UID:")}


def test_an_event_that_has_moved_is_the_same_event_for_one_wallet() -> None:
    later = held(
        [*t.utopia()[:2], t.rule("VR-XU-0003", {"and": t.clock("payload.v.0.dt", "day", 14, 300)})]
    )
    moved = endings.calendar(
        endings.ends([DOSE], snapshot=later, at=AT, days=3650, trips=(trip(),)), at=AT, seed="a"
    )
    assert uids(diary(DOSE, seed="a")) == uids(moved)
    assert diary(DOSE, seed="a") != moved
    assert not uids(diary(DOSE, seed="a")) & uids(diary(DOSE, seed="b"))
    assert diary(DOSE) == diary(DOSE)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=3), st.integers(-10, 10**12))
def test_what_is_no_certificate_ends_nothing(texts: list[str], days: int) -> None:
    assert endings.ends(texts, snapshot=KIT, at=AT, days=days, trips=[trip()]) == ()


def test_the_handbook_names_every_kind() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind in endings.EndKind:
        assert f"`{kind.value}`" in page
