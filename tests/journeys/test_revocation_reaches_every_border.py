"""A recalled lot is refused at every border within twenty minutes of its publication.

A hundred and fifty verifiers each way: each syncs for itself. `python -m benchmarks.border` takes a thousand.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.borders import POLL, Plan, Reached, run

VERIFIERS, MINUTE = 150, timedelta(minutes=1)
GREEN, REVOKED = frozenset({"green"}), frozenset({"red REVOKED"})


@pytest.fixture(scope="module")
def direct() -> list[Reached]:
    return run(Plan(VERIFIERS))


@pytest.fixture(scope="module")
def mirrored() -> list[Reached]:
    return run(Plan(VERIFIERS, copying=4 * MINUTE))


def test_every_verifier_accepts_the_lot_until_its_poll_and_refuses_it_from_then_on(
    direct: list[Reached],
) -> None:
    assert {(one.before, one.after) for one in direct} == {(GREEN, REVOKED)}


def test_another_lot_of_the_same_signer_stays_accepted(
    direct: list[Reached], mirrored: list[Reached]
) -> None:
    assert {one.other for one in (*direct, *mirrored)} == {GREEN}


def test_one_poll_is_enough(direct: list[Reached]) -> None:
    assert {one.polls for one in direct} == {1}
    assert max(one.minutes for one in direct) <= POLL / MINUTE


def test_behind_mirrors_it_is_within_twenty_minutes_too(mirrored: list[Reached]) -> None:
    assert {(one.before, one.after) for one in mirrored} == {(GREEN, REVOKED)}
    assert max(one.minutes for one in mirrored) <= 20


def test_mirrors_that_lag_are_felt(direct: list[Reached], mirrored: list[Reached]) -> None:
    assert max(one.polls for one in mirrored) == 2
    assert sum(one.minutes for one in mirrored) > sum(one.minutes for one in direct)
