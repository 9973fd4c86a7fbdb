"""Which clock an instant is taken on, and that it is told where nobody named it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cli import options
from pratique.parties.verifier import ZoneFrom, clock


def read(text: str) -> datetime:
    return options.INSTANT.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "zone", "wall", "known"),
    [
        ("2022-07-04T00:30:00+02:00", None, "2022-07-04 00:30", ZoneFrom.OFFSET),
        ("2022-07-03T22:30:00Z", None, "2022-07-03 22:30", ZoneFrom.OFFSET),
        ("2022-07-04", None, "2022-07-04 00:00", ZoneFrom.DEFAULT),
        ("2022-07-03T22:30:00Z", "Europe/Berlin", "2022-07-04 00:30", ZoneFrom.OPTION),
        ("2022-07-04T00:30:00+02:00", "UTC", "2022-07-03 22:30", ZoneFrom.OPTION),
        ("2022-07-04", "Europe/Berlin", "2022-07-04 00:00", ZoneFrom.OPTION),
        ("2022-07-04", "America/New_York", "2022-07-04 00:00", ZoneFrom.OPTION),
        ("2022-07-04", "Pacific/Kiritimati", "2022-07-04 00:00", ZoneFrom.OPTION),
        ("2022-07-04", "UTC", "2022-07-04 00:00", ZoneFrom.OPTION),
    ],
)
def test_the_offset_that_is_given_is_the_place_s(
    text: str, zone: str | None, wall: str, known: ZoneFrom
) -> None:
    found = clock(read(text), zone)
    assert f"{found.at:%Y-%m-%d %H:%M}" == wall
    assert found.known_from is known
    assert bool(found.inferred()) is (known is not ZoneFrom.OPTION)
    assert found.as_json() == {"zone": found.zone, "zone_from": known.value}


@settings(deadline=None)
@given(
    st.integers(-62_104_060_800, 253_370_764_799).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from([None, "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
)
def test_every_instant_of_the_calendar_has_a_clock(
    wall: datetime, offset: int, zone: str | None
) -> None:
    hours, minutes = divmod(abs(offset), 60)
    text = f"{wall.isoformat()[:19]}{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"
    found = clock(read(text), zone)
    assert found.at == wall - timedelta(minutes=offset)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_the_calendar_s_ends_are_no_instants(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read(text)


def test_now_is_taken_in_utc_and_told() -> None:
    found = clock(None, None)
    assert (found.zone, found.known_from) == ("UTC", ZoneFrom.DEFAULT)
    assert "UTC" in found.inferred()
