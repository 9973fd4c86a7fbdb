"""The roll: what dates and lists say of a signer, and how old what is held may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import strict_json
from pratique.findings import Code, Finding, Severity
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import registry
from pratique.trust.registry import (
    CLOCK_SLACK,
    HOUR,
    SUSPENSIONS,
    VALUE_SETS,
    Freshness,
    ParticipantState,
    Registry,
    Suspension,
)
from pratique.trust.signer import Signer

NOW = 1_795_338_000
SIGNER = Signer(
    b"kid", "XUA", frozenset({"XA"}), Algorithm.ES256, b"", ALL_KINDS, 0, 2**33, Environment.TEST,
    "DCC", "00ff",
)  # fmt: skip
INSTANTS = st.integers(NOW - 10**8, NOW + 10**8)


def codes(member: ParticipantState, at: int = NOW, signer: Signer = SIGNER) -> list[Code]:
    return [finding.code for finding in Registry(NOW, {"XUA": member}).standing(signer, at)]


def test_nothing_is_said_against_one_in_good_standing() -> None:
    assert codes(ParticipantState(NOW + 1)) == []
    assert codes(ParticipantState(None)) == []


def test_nothing_is_said_of_who_is_not_in_the_network() -> None:
    bad = ParticipantState(0, "broken", (Suspension(0, 2**33, "forgeries"),), frozenset({"00ff"}))
    assert codes(bad, signer=SIGNER._replace(participant="XUZ")) == []
    assert len(codes(bad)) == 4


@given(INSTANTS, INSTANTS)
def test_lapsed_is_computed_from_a_date(expires: int, at: int) -> None:
    found = codes(ParticipantState(expires), at)
    assert found == ([Code.PARTICIPANT_LAPSED] if at >= expires else [])


@given(INSTANTS, st.integers(1, 14 * 86400), INSTANTS)
def test_suspended_from_its_beginning_to_its_end(since: int, long: int, at: int) -> None:
    member = ParticipantState(None, suspensions=(Suspension(since, since + long, "forgeries"),))
    within = since <= at < since + long
    assert codes(member, at) == ([Code.PARTICIPANT_SUSPENDED] if within else [])
    for edge, found in ((since - 1, 0), (since, 1), (since + long - 1, 1), (since + long, 0)):
        assert len(codes(member, edge)) == found


def test_a_suspension_says_until_when_and_why() -> None:
    member = ParticipantState(None, suspensions=(Suspension(NOW, NOW + 86400, "own-request"),))
    (finding,) = Registry(NOW, {"XUA": member}).standing(SIGNER, NOW)
    assert finding.where == "XUA until 2026-11-23T09:00Z, own-request"


def test_withdrawn_is_a_fault_and_all_else_is_a_doubt() -> None:
    bad = ParticipantState(0, "broken", (Suspension(0, 2**33, "forgeries"),), frozenset({"00ff"}))
    found = Registry(NOW, {"XUA": bad}).standing(SIGNER, NOW)
    severities = {finding.code: finding.code.severity for finding in found}
    assert severities.pop(Code.SIGNER_WITHDRAWN) is Severity.ERROR
    assert {*severities.values()} == {Severity.WARNING}
    other = SIGNER._replace(thumbprint="0000")
    assert Code.SIGNER_WITHDRAWN not in codes(bad, signer=other)


@given(st.integers(1, 744), st.integers(1, 744), INSTANTS)
def test_ages(old: int, too_old: int, at: int) -> None:
    """Old, too old, or ahead of the clock; and at the border itself nobody is stopped."""
    own = Freshness(old * HOUR, max(old, too_old) * HOUR)
    roll = Registry(NOW, freshness={"XB": own})
    for place, freshness in (("XB", own), ("XC", Freshness()), (None, Freshness())):
        found = roll.age(place, at)
        if at < NOW - CLOCK_SLACK:
            expected = Code.CLOCK_BEHIND
        elif at - NOW > freshness.too_old:
            expected = Code.DATA_TOO_OLD
        elif at - NOW > freshness.old:
            expected = Code.DATA_OLD
        else:
            assert found is None
            continue
        assert found is not None
        assert found.code is expected
        assert found.code.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (-CLOCK_SLACK - 1, Code.CLOCK_BEHIND), (-CLOCK_SLACK, None), (0, None), (48 * HOUR, None),
        (48 * HOUR + 1, Code.DATA_OLD), (168 * HOUR, Code.DATA_OLD),
        (168 * HOUR + 1, Code.DATA_TOO_OLD),
    ],
)  # fmt: skip
def test_ages_at_their_edges(at: int, found: Code | None) -> None:
    seen = Registry(NOW).age(None, NOW + at)
    assert (None if seen is None else seen.code) is found


@pytest.mark.parametrize("behind", [0, 1])
@pytest.mark.parametrize(("published", "floor"), [(NOW, 0), (NOW, NOW - 9), (NOW - 10**6, NOW)])
def test_a_clock_is_behind_what_the_network_or_its_witnesses_said_last(
    published: int, floor: int, behind: int
) -> None:
    """Whoever holds back the network's newest and the clock is caught by the witnesses' time."""
    roll = Registry(published, freshness={"": Freshness(10**7, 10**7)}, floor=floor)
    found = roll.age(None, NOW - CLOCK_SLACK - behind)
    assert found == (Finding(Code.CLOCK_BEHIND) if behind else None)


LACKING = Registry(
    NOW,
    {"XUA": ParticipantState(NOW), "XUB": ParticipantState(NOW + 1), "XUC": ParticipantState(None)},
    speakers={"XA": {"XUA": "", "XUB": "network-missing"}, "XB": {"XUB": ""}},
    voiding={"XA": {"XUA": "", "XUB": "network-missing"}, "XC": {"XUC": "", "XUA": ""}},
    unread={SUSPENSIONS: "network-missing"},
)


def about_rules(place: str, issuer: str | None, signer: str, roll: Registry = LACKING) -> list[str]:
    found = roll.about_rules(place, issuer, signer, NOW)
    return [f"{finding.code.name} {finding.where}" for finding in found]


def test_a_destinations_rules_are_those_of_all_who_speak_for_it() -> None:
    own = ["RULES_LAPSED XUA since 2026-11-22T09:00Z", "RULES_UNVERIFIABLE XUB, network-missing"]
    for issuer in (None, "XA", "XB", "XC"):
        assert about_rules("XA", issuer, "XUA") == own
    assert about_rules("XB", None, "XUA") == about_rules("XC", "XC", "XUA") == []


def test_so_are_those_of_the_country_that_issued_it() -> None:
    lapsed = "PARTICIPANT_LAPSED XUA since 2026-11-22T09:00Z"
    missing = "PARTICIPANT_UNVERIFIABLE XUB, network-missing"
    # What is against its own participant is told where its signer is judged.
    for signer, found in (("XUA", [missing]), ("XUB", [lapsed]), ("XUC", [lapsed, missing])):
        assert about_rules("XB", "XA", signer) == found
    # Who has only said what is accepted voids nobody's certificate.
    assert about_rules("XA", "XB", "XUC")[2:] == []
    assert about_rules("XC", "XC", "XUC") == [lapsed]


def test_value_sets_are_everybodys() -> None:
    roll = LACKING._replace(unread={VALUE_SETS: "rules-unknown"})
    assert about_rules("XB", None, "", roll) == ["RULES_UNVERIFIABLE value sets, rules-unknown"]


def test_without_the_list_of_suspensions_anybody_may_be_suspended() -> None:
    for participant in ("XUB", "XUC", "XUZ", ""):
        signer = SIGNER._replace(participant=participant, countries=frozenset({"XB"}))
        (found,) = LACKING.standing(signer, NOW)
        assert (found.code, found.where) == (Code.SUSPENSIONS_UNKNOWN, "network-missing")


def test_a_key_that_is_no_participants_may_be_one_that_is_withdrawn_in_what_is_missing() -> None:
    signer = SIGNER._replace(participant="")
    found = [finding.where for finding in LACKING._replace(unread={}).standing(signer, NOW)]
    assert found == ["XUB, network-missing"]


def test_a_roll_is_written_and_read() -> None:
    row = strict_json.write(LACKING)
    assert registry.from_row(row) == LACKING
    # One that was written before there were any of these.
    earlier = {
        name: value for name, value in row.items() if name not in {"speakers", "voiding", "unread"}
    }
    assert registry.from_row(earlier) == LACKING._replace(speakers={}, voiding={}, unread={})
    assert strict_json.write(Registry(NOW)).keys().isdisjoint({"speakers", "voiding", "unread"})
    for hurt in (
        {**row, "speakers": {"XA": {"XUZ": ""}}}, {**row, "voiding": {"XA": {"XUZ": ""}}}, {**row, "speakers": []}, {**row, "unread": []},
        {**row, "speakers": {"XA": {"XUA": 1}}}, {**row, "unread": {SUSPENSIONS: 1}}, {**row, "more": {}},
        {name: value for name, value in row.items() if name != "floor"},
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            registry.from_row(hurt)
