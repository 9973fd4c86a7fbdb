"""Where no network tells of its age: lists that were imported long ago make nobody green."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pratique.decision import decide
from pratique.findings import Colour
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.verification import verify
from tests.networks import AT, HOUR, Authority, State, Verifier, codes
from tests.travellers import rule

XA = Destination("XA")


def imported(age: timedelta | None) -> tuple[Snapshot, str]:
    """Return lists that were imported so long before AT, and a text; None: their date is not known."""
    authority, state = Authority(), State("XXA")
    authority.admit(state)
    state.publish()
    text = state.issue()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    created = 0 if age is None else int((AT + HOUR - age).timestamp())
    rules = Ruleset([rule("GR-XA-0001", {"===": [1, 1]})])
    return verifier.snapshot().replace(roll=None, created=created, ruleset=rules), text


@pytest.mark.parametrize(
    ("age", "colour", "found"),
    [
        (timedelta(0), Colour.GREEN, []),
        (timedelta(days=7), Colour.GREEN, []),
        (timedelta(days=7, seconds=1), Colour.AMBER, ["DATA_OLD"]),
        (timedelta(days=30), Colour.AMBER, ["DATA_OLD"]),
        (timedelta(days=30, seconds=1), Colour.AMBER, ["DATA_TOO_OLD"]),
        (timedelta(days=-1), Colour.GREEN, []),
        (None, Colour.GREEN, []),
    ],
)
def test_the_age_of_imported_lists_takes_from_green(
    age: timedelta | None, colour: Colour, found: list[str]
) -> None:
    snapshot, text = imported(age)
    one = verify(text, snapshot=snapshot, at=AT + HOUR, place=XA)
    assert (one.verdict.colour, codes(one)) == (colour, found)
    code = decide(
        [verify(text, snapshot=snapshot, at=AT + HOUR)], snapshot=snapshot, place=XA, at=AT + HOUR
    )
    assert code.colour is colour


def test_without_a_destination_nothing_is_green_and_nothing_is_said_of_ages() -> None:
    snapshot, text = imported(timedelta(days=99))
    assert codes(verify(text, snapshot=snapshot, at=AT + HOUR)) == ["NO_RULES"]
