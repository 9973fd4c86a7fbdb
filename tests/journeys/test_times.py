"""What a certificate says of time is judged, and no time that it holds makes anything raise.

Utopia's key signs whatever a certificate may hold: instants at both ends of the calendar, dates with
times, birth dates of the year 1, negative and huge numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import describe
from pratique.authenticate import LEEWAY, check_plausibility
from pratique.decision import decide
from pratique.findings import Code, Colour
from pratique.model import Exemption, HealthCertificate, Moment, Precision
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from pratique.verification import Verification, verify
from tests import travellers as t
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

PLACE = Destination("XU")
BORDER = measure.snapshot().replace(ruleset=Ruleset(t.utopia()))
NOON = datetime.fromtimestamp(keys.NOON, UTC)

zones = st.sampled_from([-12, -9.5, 0, 2, 5.75, 14]).map(
    lambda hours: timezone(timedelta(hours=hours))
)
instants = st.one_of(
    st.just(NOON),
    st.integers(-62_100_000_000, 253_370_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
texts = st.one_of(
    st.sampled_from([
        "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "0001-01-01", "0001", "0000-01-01",
        "0002-01-01T00:00:00+23:59", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z",
        "9998-12-31T23:59:59-23:59", "9999-12-31", "9999-12", "9999", "2026-02-28T24:00:00Z",
        "2026-02-28 09:30", "2026-02-28T09:30:00.123456789+02", "1984-02-29", "1984", "1984-00-00",
        "2026-02-30", "", "2026-02-28T15:30:00+02:00", "2016-12-31T23:59:60Z",
    ]),
    st.dates().map(date.isoformat),
    st.datetimes(timezones=zones).map(datetime.isoformat),
)  # fmt: skip
numbers = st.one_of(
    st.sampled_from([
        keys.ISSUED, keys.EXPIRES, 0, -1, 253_402_300_799, 253_402_300_800, 99_999_999_999,
        100_000_000_000, -62_135_596_800, -62_135_596_801, 2**63 - 1, -(2**63), 1e300, -1e300, 1.5,
        float("nan"), float("inf"), "2026", True, None,
    ]),
    st.integers(-(2**63), 2**63 - 1),
)  # fmt: skip


@st.composite
def certificates(draw: st.DrawFn) -> str:
    """Sign one certificate of any format, with any times in it."""

    def dated(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
        return {**fields, **{name: draw(texts) for name in names if draw(st.booleans())}}

    born = {"dob": draw(texts)}
    claim, made = draw(st.sampled_from([
        (1, lambda: content.dcc("v", dated(content.dose(), "dt"), **born)),
        (1, lambda: content.dcc("t", dated(content.result(), "sc"), **born)),
        (1, lambda: content.dcc("r", dated(content.illness(), "fr", "df", "du"), **born)),
        (1, lambda: content.dcc("e", dated(content.exemption(), "df", "du"), **born)),
        (-6, lambda: {"n": "Jo Bloggs", **born, "v": "1.0.0", "vx": dated(
            {"vp": "YellowFeverProductd8a09f", "dv": "2026-01-15", "is": "Ministry", "cn": "Dr"},
            "dv", "vls", "vle")}),
        (3, lambda: dated(content.ddcc_dose(), "birthDate", "date", "valid_from", "valid_until",
            "vaccine_valid")),
        (4, lambda: dated(content.ddcc_result(), "birthDate", "valid_from", "valid_until")),
    ]))  # fmt: skip
    head = {"iat": draw(numbers), "exp": draw(numbers)}
    nbf = draw(numbers)
    return text(claims(made(), claim=claim, **head, **({} if nbf is None else {"5": nbf})))


@settings(max_examples=400, deadline=None)
@given(st.lists(certificates(), min_size=1, max_size=3), instants, zones)
def test_no_time_makes_anything_raise(made: list[str], at: datetime, zone: timezone) -> None:
    try:
        at = at.astimezone(zone)
    except OverflowError:
        return
    found = [verify(one, snapshot=BORDER, at=at) for one in made]
    placed = [verify(one, snapshot=BORDER, at=at, place=PLACE) for one in made]
    code = decide(found, snapshot=BORDER, place=PLACE, at=at)
    assert code.colour in Colour
    for one in (*found, *placed):
        assert list(describe.lines("1", "", one, inspect=True))
        assert json.dumps(describe.as_json("1", "", one, inspect=True))
    for one_text in made:
        assert describe.layers(one_text)


# A date with a time is its whole day.


@given(st.dates(date(2022, 1, 1), date(2022, 6, 1)), st.times(), zones)
@settings(deadline=None)
def test_a_date_with_a_time_counts_as_its_day(day: date, time: Any, zone: timezone) -> None:
    written = datetime.combine(day, time.replace(microsecond=0), zone).isoformat()
    for group, name, entry in (("v", "dt", content.dose), ("r", "fr", content.illness)):
        for fields in ({name: written}, {name: day.isoformat()}):
            made = text(claims(content.dcc(group, entry(**fields)), iat=keys.ISSUED))
            found = verify(made, snapshot=BORDER, at=NOON)
            assert found.certificate is not None
            happened = getattr(found.certificate.entries[0], _EVENTS[group])
            assert happened == Moment(Precision.DAY, day)


_EVENTS = {"v": "given", "r": "first_positive"}


def test_a_birth_date_with_a_time_is_compared_with_one_without() -> None:
    with_time = content.vaccinated(dob="1984-02-29T00:00:00+01:00")
    shown = [
        verify(text(claims(one)), snapshot=BORDER, at=NOON)
        for one in (content.vaccinated(), with_time)
    ]
    code = decide(shown, snapshot=BORDER, place=PLACE, at=NOON)
    assert not {f.code.name for f in code.because} & {"HOLDER_DIFFERENT", "HOLDER_UNCLEAR"}


# What it says of its own validity.


def stated(entry: Any, domain: str, **fields: Any) -> Verification:
    day = {name: Moment(Precision.DAY, value) for name, value in fields.items()}
    shown = t.shown(entry._replace(**day))
    assert shown.certificate is not None
    return shown._replace(certificate=shown.certificate._replace(domain=domain))


def anything() -> Snapshot:
    """Return a snapshot in which Utopia's rules let everything in."""
    return t.snapshot([t.rule("GR-XU-0001", {"===": [1, 1]})])


days = st.dates(date(2022, 1, 1), date(2022, 12, 31))


@settings(deadline=None)
@given(
    st.sampled_from(["DCC", "ICVP", "DDCC"]),
    st.sampled_from([t.dose(), t.sample(), t.recovery(), t.exemption()]),
    st.tuples(days, days, days),
    zones,
)
def test_nothing_is_green_outside_of_what_it_says_itself(
    domain: str, entry: Any, dates: tuple[date, date, date], zone: timezone
) -> None:
    start, end, today = dates
    at = datetime(today.year, today.month, today.day, 12, tzinfo=zone)
    found = stated(entry, domain, valid_from=start, valid_until=end)
    code = decide([found], snapshot=anything(), place=t.UTOPIA, at=at, look_ahead=False)
    inside = start <= today <= end
    assert code.colour is (Colour.GREEN if inside else Colour.AMBER)
    names = {f.code for f in code.because}
    assert (Code.STATED_VALIDITY_OVER in names) is (today > end)
    assert (Code.STATED_VALIDITY_NOT_BEGUN in names) is (today < start)


@settings(deadline=None, max_examples=30)
@given(days, st.integers(0, 60), zones)
def test_green_lasts_exactly_as_long_as_it_says(start: date, length: int, zone: timezone) -> None:
    end = start + timedelta(days=length)
    found = stated(t.dose("2021-12-01"), "ICVP", valid_from=start, valid_until=end)
    at = datetime(2022, 1, 1, tzinfo=zone)
    code = decide([found], snapshot=anything(), place=t.UTOPIA, at=at)
    first = datetime(start.year, start.month, start.day, tzinfo=zone)
    last = datetime(end.year, end.month, end.day, tzinfo=zone) + timedelta(days=1, seconds=-1)
    assert code.from_ == int(first.timestamp())
    assert code.until == int(last.timestamp())


def test_a_dose_whose_certificate_says_that_it_is_over_still_counts_in_a_course() -> None:
    over = stated(t.dose("2022-01-01", 1, 2), "DDCC", valid_until=date(2022, 1, 31))
    last = t.shown(t.dose("2022-02-01", 2, 2, t.SPIKEVAX))
    third = {">=": [{"var": "payload.v.0.dn"}, 2]}
    held = t.snapshot([t.rule("VR-XU-0001", third)])
    code = decide([over, last], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert code.colour is Colour.GREEN
    one = decide([over], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert one.colour is not Colour.GREEN


def test_one_more_dose_does_not_end_with_the_one_before_it() -> None:
    over = stated(t.dose(), "DDCC", valid_until=date(2022, 2, 1))
    boosted = t.rule("VR-XU-0001", {">=": [{"var": "payload.v.0.dn"}, 3]})
    code = decide([over], snapshot=t.snapshot([boosted]), place=t.UTOPIA, at=t.NOON)
    assert "DOSE" in {way.code for way in code.what_would_help}


def test_without_rules_it_is_told_too() -> None:
    fields = {"vp": "YellowFeverProductd8a09f", "dv": "2011-12-20", "cn": "Dr", "vle": "2022-01-01"}
    icvp = {"n": "Jo Bloggs", "dob": "1984-02-29", "v": "1.0.0", "vx": fields}
    found = verify(text(claims(icvp, claim=-6)), snapshot=BORDER, at=NOON)
    told = [(f.code, f.where) for f in found.verdict.findings]
    assert (Code.STATED_VALIDITY_OVER, "vle") in told


@pytest.mark.parametrize("name", ["df", "du"])
def test_rules_read_it_of_every_kind(name: str) -> None:
    after = {"after": [{"plusTime": [{"var": f"payload.v.0.{name}"}, 0, "day"]},
                       {"plusTime": ["2022-01-01", 0, "day"]}]}  # fmt: skip
    held = t.snapshot([t.rule("VR-XU-0001", after)])
    found = stated(t.dose(), "DDCC", valid_from=date(2022, 1, 2), valid_until=date(2023, 1, 1))
    assert decide([found], snapshot=held, place=t.UTOPIA, at=t.NOON).colour is Colour.GREEN


def test_an_exemption_ends() -> None:
    entry = Exemption(t.COVID, t.day("2022-01-01"), t.day("2022-02-28"), "XA", "Ministry", None)
    found = t.shown(entry)
    assert decide([found], snapshot=anything(), place=t.UTOPIA, at=t.NOON).colour is Colour.AMBER


# nbf, clocks and claims.


@pytest.mark.parametrize(
    ("ahead", "colour", "code"),
    [
        (LEEWAY + 1, Colour.RED, "NOT_YET_VALID"),
        (LEEWAY, Colour.AMBER, "CLOCK_LEEWAY"),
        (20, Colour.AMBER, "CLOCK_LEEWAY"),
        (0, Colour.AMBER, "NO_RULES"),
    ],
)
def test_a_beginning_may_be_ahead_by_minutes(ahead: int, colour: Colour, code: str) -> None:
    for fields in ({"iat": keys.NOON + ahead}, {"5": keys.NOON + ahead}):
        found = verify(text(claims(content.vaccinated(), **fields)), snapshot=BORDER, at=NOON)
        assert found.verdict.colour is colour
        assert code in {f.code.name for f in found.verdict.findings}


def test_the_stretch_of_green_begins_with_the_leeway() -> None:
    held = anything()
    begins = int(t.NOON.timestamp())
    found = t.shown(t.dose(), issued_at=begins)
    code = decide([found], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert code.from_ == begins - LEEWAY
    later = t.shown(t.dose(), not_before=begins + 10_000)
    code = decide([later], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert code.from_ == begins + 10_000 - LEEWAY


def test_a_beginning_that_is_written_by_its_name_counts() -> None:
    made = text(claims(content.vaccinated()) | {"nbf": keys.NOON + LEEWAY + 1})
    found = verify(made, snapshot=BORDER, at=NOON)
    assert found.verdict.colour is Colour.RED
    assert ("CLAIM_IGNORED", "nbf") in {(f.code.name, f.where) for f in found.verdict.findings}


def test_a_claim_that_is_not_known_is_named() -> None:
    made = text(claims(content.vaccinated(), **{"2": "somebody", "38": 1}))
    found = verify(made, snapshot=BORDER, at=NOON)
    told = [f.where for f in found.verdict.findings if f.code is Code.CLAIM_IGNORED]
    assert sorted(told) == ["2", "38"]
    assert found.verdict.colour is Colour.AMBER


# Dates that contradict each other.


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (content.vaccinated(dob="2026-03-03"), "BORN_AFTER_ISSUE"),
        (content.vaccinated(dob="2027"), "BORN_AFTER_ISSUE"),
        (content.vaccinated({"dt": "2026-03-03"}), "EVENT_AFTER_ISSUE"),
        (content.dcc("t", content.result(sc="2026-03-03T00:00:00Z")), "EVENT_AFTER_ISSUE"),
        (content.dcc("r", content.illness(fr="2026-03-03")), "EVENT_AFTER_ISSUE"),
        (content.vaccinated({"dt": "1984-02-28"}), "EVENT_BEFORE_BIRTH"),
    ],
)
def test_what_cannot_be_true_together_is_in_doubt(made: Any, code: str) -> None:
    found = verify(text(claims(made)), snapshot=BORDER, at=NOON)
    assert found.verdict.colour is Colour.AMBER
    assert code in {f.code.name for f in found.verdict.findings}


@pytest.mark.parametrize(
    "made",
    [
        content.vaccinated(dob="2026-02-20"),
        content.vaccinated(dob="2026"),
        content.vaccinated(dob="2026-02"),
        content.vaccinated({"dt": "2026-03-01"}),
        # One day of difference is the zone's.
        content.vaccinated({"dt": "2026-03-02"}),
    ],
)
def test_what_may_be_true_together_is_in_none(made: Any) -> None:
    found = verify(text(claims(made)), snapshot=BORDER, at=NOON)
    assert [f.code.name for f in found.verdict.findings] == ["NO_RULES"]


def test_a_missing_value_leaves_nothing_to_compare() -> None:
    bare = HealthCertificate(
        "DCC", "1.3.0", Kind.VACCINATION, t.JO._replace(birth_date=None),
        (t.dose()._replace(given=None),), "XA", None, None, {},
    )  # fmt: skip
    assert list(check_plausibility(bare, t.SIGNER, t.SIGNER.environment, 0)) == []


# A number of doses.


@pytest.mark.parametrize("numbers", [(0, 0), (-1, -2), (2, 0), (0, -1), (0.0, 0)])
def test_doses_below_one_are_never_a_complete_course(numbers: tuple[Any, Any]) -> None:
    dn, sd = numbers
    made = text(claims(content.dcc("v", content.dose(dn=dn, sd=sd, dt="2026-01-20"))))
    found = verify(made, snapshot=BORDER, at=NOON, place=PLACE)
    assert found.verdict.colour is not Colour.GREEN
    assert Code.DOSES_BELOW_ONE in {finding.code for finding in found.verdict.findings}
    code = decide([found], snapshot=BORDER, place=PLACE, at=NOON)
    assert code.colour is not Colour.GREEN


# A name.


@pytest.mark.parametrize("blank", [" ", "<", "<<<", "\u00a0", "\u200b", "-", ". ."])
def test_what_names_nobody_is_refused(blank: str) -> None:
    # GREEN for nobody would be GREEN for whoever holds it.
    names = dict.fromkeys(("fn", "gn"), blank) | dict.fromkeys(("fnt", "gnt"), "<<")
    for content_, claim in (
        (content.vaccinated(nam=names), 1),
        (content.vaccinated(nam={"fn": blank, "gn": blank, "fnt": "", "gnt": ""}), 1),
        (content.ddcc_dose(name=blank), 3),
        (content.ddcc_result(name=blank), 4),
        (content.icvp("d", n=blank), -6),
    ):
        found = verify(text(claims(content_, claim=claim)), snapshot=BORDER, at=NOON)
        assert found.verdict.colour is Colour.RED
        assert Code.NAME_MISSING in {finding.code for finding in found.verdict.findings}


@pytest.mark.parametrize("field", ["fn", "gn", "fnt", "gnt"])
def test_one_field_that_names_somebody_is_enough(field: str) -> None:
    names = {"fn": "", "gn": " ", "fnt": "<", "gnt": ""} | {field: "ANNA"}
    found = verify(text(claims(content.vaccinated(nam=names))), snapshot=BORDER, at=NOON)
    assert found.verdict.colour is Colour.AMBER
