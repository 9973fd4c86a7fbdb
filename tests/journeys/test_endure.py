"""A network over a year: with renewal nobody meets a dead signer, and without it many do."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from pratique.findings import Code
from pratique.trust import issuer
from tests.enduring import START, Lived, Met, Practice, lived, verified


def year(practice: Practice) -> Lived:
    return lived(practice, states=12, travellers=2)


def test_with_renewal_no_traveller_meets_a_dead_or_unknown_signer() -> None:
    found = year(Practice(renews=True))
    assert len(found.met) > 8_000
    assert [one for one in found.met if one.codes] == []
    assert sum(found.unissued) == 0
    assert set(found.live) == {12}


def test_without_it_they_do() -> None:
    found = year(Practice(renews=False, limited=False))
    dead = [one for one in found.met if one.is_dead]
    assert len(dead) > 500
    assert found.live[-1] < 8
    assert sum(found.unissued) > 1_000
    # Each of them from a state whose signers have ended, and after that day.
    assert {one.state for one in dead} <= {one.state for one in found.met}
    assert all(Code.SIGNER_EXPIRED in one.codes for one in dead)


def test_without_it_and_with_our_limits_nobody_is_issued_what_would_die() -> None:
    found = year(Practice(renews=False))
    assert not any(one.is_dead for one in found.met)
    assert sum(found.unissued) > 5_000


@pytest.mark.parametrize(
    "practice",
    [
        Practice(renews=True),
        Practice(renews=False, limited=False),
        Practice(renews=False),
        Practice(renews=True, hands=60),
    ],
)
def test_the_real_verifier_says_the_same_of_real_texts(practice: Practice) -> None:
    found = year(practice)
    groups: dict[frozenset[Code], list[Met]] = {}
    for one in found.met:
        groups.setdefault(one.codes, []).append(one)
    draw = random.Random(1)
    for codes, members in groups.items():
        for one in draw.sample(members, min(60, len(members))):
            # A verification without rules of a destination is AMBER, whatever the key.
            assert verified(one, found.states) - {Code.NO_RULES} == codes


def test_hands_that_take_longer_than_the_lead_in_are_felt() -> None:
    found = year(Practice(renews=True, hands=60))
    assert any(Code.SIGNER_UNKNOWN in one.codes for one in found.met)
    assert not any(one.is_dead for one in found.met)


def test_the_years_begin_when_they_say() -> None:
    assert datetime.fromtimestamp(START, UTC) == datetime(2027, 1, 1, tzinfo=UTC)
    assert START % issuer.DAY == 0
