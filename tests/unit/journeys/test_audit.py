"""What stands out in an issuer's work, and what does not."""

from __future__ import annotations

import pytest

from pratique.audit import Mark, Tally, outliers


def work(operator: str, issued: int = 400, **changes: int) -> Tally:
    """Return an operator's work of ten usual days."""
    usual = {"revoked": 1, "days": 10, "busiest": 45, "night": 0}
    return Tally("harbour", operator, issued, **{**usual, **changes})


USUAL = [work("op-1"), work("op-2", 350), work("op-3", 420, revoked=0)]


@pytest.mark.parametrize(
    ("tally", "mark"),
    [
        (work("op-9", 9000, busiest=1000), Mark.MANY),
        (work("op-9", 700, busiest=400), Mark.RUSH),
        (work("op-9", 400, revoked=40), Mark.REVOKED),
        (work("op-9", 400, night=300), Mark.NIGHT),
    ],
)
def test_an_insider_stands_out(tally: Tally, mark: Mark) -> None:
    assert outliers([*USUAL, tally]) == {("harbour", "op-9"): (mark,)}


def test_usual_work_does_not() -> None:
    assert outliers(USUAL) == {}


def test_a_single_operator_has_nobody_to_be_compared_with() -> None:
    assert outliers([work("op-1", 9000, revoked=900, night=5000, busiest=1000)]) == {}


def test_a_night_clinic_among_night_clinics_does_not() -> None:
    assert outliers([work(f"op-{n}", night=390) for n in range(4)]) == {}
