"""A flight's list: what is said of each passenger, leg by leg, and whatever their row holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import manifest as m
from pratique.authenticate import HealthCode, Verification
from pratique.crypto import algorithms
from pratique.decision import decide
from pratique.findings import Colour
from pratique.identify import IdentityReason
from pratique.manifest import BoardingOutcome, BoardingReason, BookingRow, Journeys, Port
from pratique.screen import ReasonKey
from pratique.snapshot import Checker, Snapshot
from pratique.store import words
from pratique.terms import Algorithm
from tests import flights
from tests.issuers import DOSE, RECORDS
from tests.networks import DAY

MADE = flights.certified(3, seed=5)
HELD, STATE = MADE.held, MADE.states[0]
GREEN = STATE.issue(RECORDS["vaccination"], nth=900)
FIRST_DOSE = STATE.issue(RECORDS["vaccination"]._replace(entry=DOSE._replace(dose=1)), nth=901)
TESTED = STATE.issue(RECORDS["test"], nth=902)
JO: Mapping[str, Any] = {
    "reference": "PQ1", "seat": "1A", "surname": "BLOGGS", "forename": "JO", "birth_date": "1980-02-03",
    "code": GREEN, "destination": "XB", "arrival": "2026-11-22T18:00", "zone": "Europe/Paris",
}  # fmt: skip
OK, CHECK, NONE = BoardingOutcome


def said(
    *rows: Mapping[str, Any],
    held: Snapshot = HELD,
    journeys: Journeys | None = None,
    names: bool = True,
    now: datetime = flights.NOW,
) -> m.BoardingCheck:
    booking = m.booking_of(
        [BookingRow(n, row) for n, row in enumerate(rows, 2)], journeys or Journeys()
    )
    return m.ManifestCheck(held, now=now, names=names).check(booking)


def row(**changes: Any) -> dict[str, Any]:
    return {**JO, **changes}


def reasons(checked: m.BoardingCheck) -> list[str]:
    return [reason.value for reason in checked.reasons]


def test_who_meets_the_rules_by_their_own_name_is_ok() -> None:
    assert said(JO) == m.BoardingCheck("PQ1", "1A", OK)


@pytest.mark.parametrize(
    ("changes", "outcome", "why"),
    [
        ({"code": ""}, NONE, ["no-code"]),
        ({"code": "JO BLOGGS"}, NONE, ["code-unread"]),
        ({"code": GREEN[:-40]}, NONE, ["code-unread"]),
        ({"code": FIRST_DOSE}, CHECK, ["rules-unconfirmed"]),
        ({"code": GREEN[:80] + GREEN[81:83] + GREEN[80] + GREEN[83:]}, NONE, ["code-unread"]),
        ({"surname": "SMITH", "forename": "ANN"}, CHECK, ["name-differs"]),
        ({"surname": "BLOGG"}, CHECK, ["name-unsure"]),
        ({"surname": "", "forename": ""}, CHECK, ["name-missing"]),
        ({"birth_date": "1980-02-04"}, CHECK, ["birth-date-differs"]),
        ({"birth_date": "1980"}, CHECK, ["birth-date-unsure"]),
        ({"birth_date": "soon"}, CHECK, ["birth-date-unsure"]),
        ({"destination": "XZ"}, CHECK, ["rules-missing"]),
        ({"destination": "nowhere"}, CHECK, ["destination-unknown"]),
        ({"destination": ""}, CHECK, ["destination-unknown"]),
        ({"arrival": ""}, CHECK, ["arrival-missing"]),
        ({"arrival": "2026-11-22"}, CHECK, ["arrival-unreadable"]),
        ({"arrival": "noon"}, CHECK, ["arrival-unreadable"]),
        ({"zone": ""}, CHECK, ["zone-missing"]),
        ({"zone": "Europe/Nowhere"}, CHECK, ["zone-missing"]),
    ],
)  # fmt: skip
def test_anything_else_is_for_the_desk_or_no_certificate(
    changes: dict[str, Any], outcome: BoardingOutcome, why: list[str]
) -> None:
    checked = said(row(**changes))
    assert (checked.outcome, reasons(checked)) == (outcome, why)


@pytest.mark.parametrize("birth", ["", "03FEB80", "03-FEB-1980", "19800203", "1980-02-03T00:00:00"])
def test_a_birth_date_is_read_as_bookings_write_it(birth: str) -> None:
    assert said(row(birth_date=birth)).outcome is OK


@pytest.mark.parametrize("name", ["BLOGGS/JO MS", "Bloggs/Jo", "bloggs / jo mrs."])
def test_a_whole_name_is_parted_and_its_title_taken_off(name: str) -> None:
    assert said(row(surname="", forename="", name=name)).outcome is OK


def test_a_list_without_names_is_ok_only_where_that_is_asked_for() -> None:
    nameless = row(surname="", forename="", birth_date="")
    assert reasons(said(nameless)) == ["name-missing"]
    assert said(nameless, names=False).outcome is OK
    # Where a name is written, it is compared all the same.
    assert reasons(said(row(surname="SMITH", forename="ANN"), names=False)) == ["name-differs"]


def test_each_leg_is_asked_by_its_own_state_at_its_own_arrival() -> None:
    # XC takes a test of 72 hours: XB has no such limit, and XD takes none.
    legs = {"code": TESTED, "destination_2": "XC", "zone_2": "UTC"}
    assert said(row(**legs, arrival_2="2026-11-24T08:29")).outcome is OK
    late = said(row(**legs, arrival_2="2026-11-24T08:31"))
    assert (late.outcome, reasons(late), late.leg) == (CHECK, ["rules-unconfirmed"], 2)
    third = {"destination_3": "XD", "arrival_3": "2026-11-24T10:00", "zone_3": "UTC"}
    assert said(row(**legs, **third, arrival_2="2026-11-24T08:29")).leg == 3


def test_a_signature_is_checked_once_however_many_the_arrivals() -> None:
    checked: list[bytes] = []

    def counting(algorithm: Algorithm, public_key: bytes) -> Checker:
        check = algorithms.load(algorithm, public_key)

        def counted(signature: bytes, message: bytes) -> bool:
            checked.append(signature)
            return check(signature, message)

        return counted

    legs = {"destination_2": "XC", "arrival_2": "2026-11-23T18:00", "zone_2": "Europe/Paris"}
    counted = HELD.with_primitive(counting)
    three = row(**legs, destination_3="XD", arrival_3="2026-10-25T02:30", zone_3="Europe/Paris")
    # Two codes, and four instants: clocks go back in the third leg's night.
    found = said({**three, "code_2": TESTED}, held=counted)
    assert len(checked) == len(set(checked)) == 2
    assert found == said({**three, "code_2": TESTED})
    said(three, held=counted)
    assert len(checked) == 3


def test_rows_of_one_passenger_are_joined_whether_by_code_or_by_leg() -> None:
    second = {"reference": "PQ1", "seat": "1A", "code": TESTED}
    third = {"reference": "PQ1", "seat": "1A", "destination": "XC", "arrival": "2026-11-23T08:00Z"}
    assert said(JO, second, third).outcome is OK
    differs = said(JO, {**second, "surname": "BLOGGS", "forename": "ANN"})
    assert (differs.outcome, reasons(differs)) == (CHECK, ["rows-differ"])
    rows = [
        BookingRow(n, one) for n, one in enumerate([JO, row(seat="1B"), second, row(seat="1B")])
    ]
    assert [[one.number for one in joined] for joined in m.joined(rows)] == [[0, 2], [1, 3]]


def test_two_rows_without_a_reference_are_two_passengers() -> None:
    rows = [BookingRow(n, {"code": GREEN}) for n in (2, 3)]
    assert [[one.number for one in joined] for joined in m.joined(rows)] == [[2], [3]]
    checked = said({"code": GREEN})
    assert (checked.reference, reasons(checked)[0]) == ("row 2", "reference-missing")


def test_a_code_that_slipped_into_the_reference_is_not_repeated() -> None:
    checked = said(row(reference=GREEN, seat=""))
    assert checked.reference == "row 2"
    assert "row-unreadable" in reasons(checked)


def test_more_codes_or_legs_than_are_checked_are_told() -> None:
    many = row(code=[f"{GREEN}{n}" for n in range(m.MOST_CODES + 1)])
    assert "too-many" in reasons(said(many))
    legs = [{"destination": "XB", "arrival": f"2026-11-22T{n + 1:02d}:00Z"} for n in range(9)]
    assert "too-many" in reasons(said(row(legs=legs)))


def test_what_rows_do_not_say_is_taken_from_the_order() -> None:
    bare = {
        key: value for key, value in JO.items() if key not in ("destination", "arrival", "zone")
    }
    given = Journeys("XB", "2026-11-22T18:00", {"": "UTC"})
    assert said(bare, journeys=given).outcome is OK
    ports = {"XBH": Port("XB", "Europe/Paris")}
    airport = {**bare, "destination": "xbh", "arrival": "2026-11-22T18:00"}
    assert said(airport, journeys=Journeys(ports=ports)).outcome is OK
    assert reasons(said(airport)) == ["destination-unknown", "zone-missing"]


def test_old_data_makes_nobody_ok_and_an_arrival_to_come_is_not_old() -> None:
    assert reasons(said(JO, now=flights.NOW + 3 * DAY)) == ["data-old"]
    assert said(row(arrival="2026-11-30T18:00")).outcome is OK


def test_of_a_fault_of_the_program_nobody_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object, **__: object) -> None:
        raise RuntimeError("BLOGGS")

    monkeypatch.setattr(m, "decide", fault)
    checked = said(JO)
    assert (checked.outcome, reasons(checked)) == (CHECK, ["program-fault"])


# Clocks.


def test_a_local_time_is_read_on_the_ports_clock() -> None:
    (at,), fault = m.instants_of("2026-07-04 09:40", "Europe/Paris")
    assert fault is None
    assert at == datetime(2026, 7, 4, 7, 40, tzinfo=UTC)
    assert at.utcoffset() == timedelta(hours=2)


def test_an_offset_counts_and_is_shown_on_the_ports_clock() -> None:
    (at,), _ = m.instants_of("2026-07-04T00:30:00+02:00", "America/New_York")
    assert (at.hour, at.day) == (18, 3)
    (bare,), _ = m.instants_of("2026-07-04T00:30:00+02:00", "")
    assert bare.day == 4


def test_a_time_that_comes_twice_is_two_instants_and_one_that_is_skipped_is_none() -> None:
    twice, fault = m.instants_of("2026-10-25T02:30", "Europe/Paris")
    assert fault is None
    assert [at.astimezone(UTC).hour for at in twice] == [0, 1]
    assert m.instants_of("2026-03-29T02:30", "Europe/Paris") == (
        (),
        BoardingReason.ARRIVAL_UNREADABLE,
    )
    assert len(m.instants_of("2026-10-25T02:30+01:00", "Europe/Paris")[0]) == 1


@pytest.mark.parametrize(("refused", "outcome"), [(0, OK), (15, CHECK), (16, CHECK)])
def test_of_a_time_that_comes_twice_both_must_be_green(
    monkeypatch: pytest.MonkeyPatch, refused: int, outcome: BoardingOutcome
) -> None:
    asked = list[int]()

    def spy(found: Sequence[Verification], *, at: datetime, **given: Any) -> HealthCode:
        asked.append(at.astimezone(UTC).hour)
        code = decide(found, at=at, **given)
        return code._replace(colour=Colour.RED) if asked[-1] == refused else code

    monkeypatch.setattr(m, "decide", spy)
    assert said(row(arrival="2027-04-04T02:30", zone="Australia/Sydney")).outcome is outcome
    assert asked == [15, 16]


@given(st.text(max_size=24), st.sampled_from(["", "UTC", "Europe/Paris", "../etc", "\0"]))
def test_no_arrival_raises(text: str, zone: str) -> None:
    instants, fault = m.instants_of(text, zone)
    assert bool(instants) is (fault is None)


CELL = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.binary(max_size=4),
    st.lists(st.text(max_size=6), max_size=3), st.datetimes(), st.dates(),
    st.lists(st.dictionaries(st.sampled_from(["to", "arrival", "zone"]), st.text(max_size=8)), max_size=2),
)  # fmt: skip


@settings(max_examples=150)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted({*m.KNOWN.values()})), CELL), min_size=1, max_size=3
    )
)
def test_no_cells_raise_and_every_passenger_is_answered(rows: list[dict[str, Any]]) -> None:
    check = m.ManifestCheck(HELD, now=flights.NOW)
    for group in m.joined([BookingRow(n, one) for n, one in enumerate(rows)]):
        checked = check.check(m.booking_of(group, Journeys()))
        assert checked.outcome is not OK
        assert checked.reasons
        assert BoardingReason.PROGRAM_FAULT not in checked.reasons


# Words.


def test_every_reason_of_an_officer_and_of_a_comparison_has_one_here() -> None:
    assert set(m.OF_SCREEN) == set(ReasonKey)
    assert set(m.OF_IDENTITY) == set(IdentityReason)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_word_is_in_every_language(language: str) -> None:
    table = words.table(words.builtin(language), "manifest")
    assert {one.value for one in (*BoardingOutcome, *BoardingReason)} <= table.keys()
