"""What is coming is said in words that promise no more than is known."""

from __future__ import annotations

from datetime import date

from pratique.impact import calendar
from pratique.impact.doses import Course, DoseWindow
from pratique.impact.timeline import Affected, ComingChange, DoseGroup, is_cliff
from pratique.rules.ruleset import Destination
from tests.unit.impact import small

WINDOW = DoseWindow(date(2021, 1, 1), date(2021, 6, 30))
NOBODY = Affected((), (0, 0), {}, {})
AT = small.second("2022-03-01")


def affected(
    *codes: str, people: tuple[int, int] = (0, 0), untold: tuple[str, ...] = ()
) -> Affected:
    return Affected((DoseGroup(codes, Course.PRIMARY, WINDOW),), people, {}, {}, untold)


def change(
    lost: Affected = NOBODY, gained: Affected = NOBODY, *, ways: bool = False
) -> ComingChange:
    return ComingChange(
        Destination("FR", "IDF"), AT, ("VR-FR-0001@1.0.0 begins",), lost, gained, ways
    )


def effects(*changes: ComingChange) -> list[str]:
    names = {code: f"Vaccine {code}" for code in "ABCDEFGH"}
    return [effect for _, _, _, effect, _ in calendar.rows(changes, names)]


def test_a_row_for_whoever_loses_and_one_for_whoever_gains() -> None:
    both = change(affected("A", people=(2_000_000, 3_400_000)), affected("B", people=(0, 900)))
    assert effects(both) == ["refused: 2.0 to 3.4 million people", "accepted: at most 900 people"]


def test_what_turns_no_dose_is_told_as_that() -> None:
    assert effects(change(), change(ways=True)) == ["no dose turns", "other proofs may turn"]


def test_doses_that_nobody_tells_are_named_and_not_called_nobody() -> None:
    said = effects(change(affected("A", untold=("PRK", "ERI"))))
    assert said == ["refused: nobody who is counted, and those of 2 countries that tell no doses"]


def test_of_many_products_some_are_named() -> None:
    names = {code: f"Vaccine {code}" for code in "ABCDEFGH"}
    said = calendar.who(affected(*"ABCDEFGH"), names)
    assert said == (
        "complete course of Vaccine A, Vaccine B, Vaccine C, Vaccine D, Vaccine E, Vaccine F and 2 more, "
        "given 2021-01-01 to 2021-06-30"
    )


def test_who_gains_is_no_cliff() -> None:
    many = (5_000_000, 5_000_000)
    assert is_cliff(change(affected("A", people=many)))
    assert not is_cliff(change(NOBODY, affected("A", people=many)))


def test_the_same_that_happens_twice_is_two_events() -> None:
    twice = calendar.written([change(), change()], name="rules", at=AT)
    uids = {line for line in twice.splitlines() if line.startswith(b"UID:")}
    assert len(uids) == 2
    assert b"X-WR-CALNAME:rules" in twice
    assert b"FR/IDF" in twice
