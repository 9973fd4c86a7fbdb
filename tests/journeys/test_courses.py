"""One traveller's certificates: no order matters, more never makes it worse, one dose is one.

Sets are generated (`tests/sets.py`); a hundred thousand of them are asked by
`python -m tools.random_sets`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.assess import with_rules
from pratique.authenticate import HealthCode, Verification
from pratique.decision import decide
from pratique.findings import Code, Colour, Finding, conclude
from pratique.model import Entry, Vaccination
from tests import sets
from tests import travellers as t
from tools import random_sets

SNAPSHOT = t.snapshot(t.utopia())


def pick(data: st.DataObject) -> sets.Pick:
    return lambda choices: data.draw(st.sampled_from(choices))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_order_matters(data: st.DataObject) -> None:
    one = sets.traveller(pick(data))
    assert list(sets.disorder(one, pick(data))) == []


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_more_proof_never_makes_it_worse(data: st.DataObject) -> None:
    one = sets.traveller(pick(data))
    assert list(sets.loss(one, pick(data))) == []


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_one_dose_printed_again_is_one_dose(data: st.DataObject) -> None:
    assert list(sets.gain(sets.one_dose(pick(data)))) == []


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_green_begins_and_ends_alike_in_any_order_and_with_more(data: st.DataObject) -> None:
    one = sets.traveller(pick(data), most=3)
    assert list(sets.disorder(one, pick(data), look_ahead=True)) == []
    assert list(sets.loss(one, pick(data), look_ahead=True)) == []


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_stretch_is_what_every_second_says_of_a_course_too(data: st.DataObject) -> None:
    one = sets.traveller(pick(data), most=3)
    code = sets.decided(one, look_ahead=True)
    if code.until is None:
        return
    # What is over at the instant is not looked at; what will be over takes a course with it.
    live = tuple(each for each in one.shown if not over(each, one.at))
    for second, green in ((code.until, True), (code.until + 1, False)):
        then = one._replace(at=datetime.fromtimestamp(second, UTC), shown=live)
        assert (sets.decided(then).colour is Colour.GREEN) is green


def over(one: Verification, at: datetime) -> bool:
    assert one.certificate is not None
    return (one.certificate.expires_at or 0) < int(at.timestamp())


def test_the_checks_can_fail() -> None:
    # Counted by days and in the order shown, each kind of violation is met.
    assert random_sets.main(["--sets", "150", "--seed", "1", "--ahead", "0", "--control"]) == 0
    assert random_sets.main(["--sets", "20", "--seed", "1", "--ahead", "0"]) == 0


def code(*shown: Verification, at: datetime = t.NOON) -> HealthCode:
    return decide(shown, snapshot=SNAPSHOT, place=t.UTOPIA, at=at)


def codes(found: HealthCode) -> set[Code]:
    return {finding.code for finding in found.because}


def test_a_dose_and_its_correction_ask_for_the_second_certificate() -> None:
    first = t.dose("2022-01-12", 1, 2)
    corrected = first._replace(given=t.day("2022-01-10"), identifier="URN:UVCI:01:XA:9")
    found = code(t.shown(first), t.shown(corrected))
    assert found.colour is Colour.AMBER
    assert codes(found) == {Code.SECOND_CERTIFICATE, Code.DOSE_PRINTED_TWICE}


def test_what_was_counted_is_told() -> None:
    found = code(
        t.shown(t.dose("2021-12-01", 1, 2, t.SPIKEVAX)), t.shown(t.dose("2022-01-10", 1, 2))
    )
    assert found.colour is Colour.GREEN
    assert codes(found) == {Code.COURSE_COUNTED}


def test_a_course_ends_with_the_certificate_it_needs() -> None:
    # The first dose's certificate may be read until 20 March: then the course is not shown any more.
    ends = int(datetime(2022, 3, 20, tzinfo=UTC).timestamp())
    first = t.shown(t.dose("2021-12-01", 1, 2, t.SPIKEVAX), expires_at=ends)
    second = t.shown(t.dose("2022-01-10", 1, 2))
    assert code(first, second).until == ends
    renewed = t.shown(t.dose("2021-12-01", 1, 2, t.SPIKEVAX))
    whole = int(datetime(2022, 10, 7, tzinfo=UTC).timestamp())
    assert code(first, second, renewed).until == whole
    assert code(renewed, second, first).until == whole


def test_what_is_not_known_here_refuses_nobody() -> None:
    # Its signer is not in the trust list: the one that is missing may be this one.
    unknown = Verification(conclude([Finding(Code.SIGNER_UNKNOWN)]))
    found = code(t.shown(t.dose("2022-02-25")), unknown)
    assert found.colour is Colour.AMBER
    assert Code.SIGNER_UNKNOWN in codes(found)


def several(*entries: Entry) -> Verification:
    return t.shown(entries[0], entries=entries)


FIRST, SECOND = t.dose("2021-12-01", 1, 2), t.dose("2022-01-10", 2, 2)
TOO_LATE: list[tuple[Vaccination, ...]] = [
    (FIRST, t.dose("2022-02-25", 1, 2)), (t.dose("2021-12-01", 2, 3), t.dose("2021-12-05", 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("entries", [(FIRST, SECOND), (SECOND, FIRST), (FIRST, SECOND, FIRST)])
def test_the_best_entry_of_one_certificate_decides(entries: tuple[Vaccination, ...]) -> None:
    desk = with_rules(several(*entries), SNAPSHOT, t.UTOPIA, t.NOON)
    assert desk.verdict.colour is Colour.GREEN
    assert code(several(*entries)).colour is Colour.GREEN


def test_entries_of_one_certificate_are_a_course() -> None:
    entries = (t.dose("2021-12-01", 1, 2, t.SPIKEVAX), t.dose("2022-01-10", 1, 2))
    desk = with_rules(several(*entries), SNAPSHOT, t.UTOPIA, t.NOON)
    assert desk.verdict.colour is Colour.GREEN
    assert Finding(Code.COURSE_COUNTED) in desk.verdict.findings
    assert code(several(*entries)).colour is Colour.GREEN


@pytest.mark.parametrize("entries", TOO_LATE)
def test_entries_of_which_none_would_do_are_not_green(entries: tuple[Vaccination, ...]) -> None:
    desk = with_rules(several(*entries), SNAPSHOT, t.UTOPIA, t.NOON)
    assert desk.verdict.colour is code(several(*entries)).colour is not Colour.GREEN
    assert {finding.code for finding in desk.verdict.findings} == codes(code(several(*entries)))


def test_the_best_of_several_tests_decides() -> None:
    old, fresh = t.sample(t.NOON - timedelta(hours=90)), t.sample(t.NOON - timedelta(hours=5))
    assert (
        with_rules(several(old, fresh), SNAPSHOT, t.UTOPIA, t.NOON).verdict.colour is Colour.GREEN
    )
