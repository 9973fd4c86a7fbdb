"""Whether two certificates are about one person."""

from __future__ import annotations

from datetime import date

import pytest

from pratique.journeys.holders import Likeness, likeness, parts
from pratique.model import Moment, Person, Precision

BORN = Moment(Precision.DAY, date(1980, 2, 3))


def person(surname: str, forename: str, born: Moment | None = BORN) -> Person:
    return Person(None, None, surname, forename, born)


@pytest.mark.parametrize(
    ("one", "other"),
    [("MULLER", "MUELLER"), ("SORENSEN", "SOERENSEN"), ("AAGAARD", "AGARD"), ("STRAUSS", "STRAUß"),
     ("Østergård", "OESTERGAARD"), ("Łukasz", "LUKASZ"), ("O'NEILL", "O<NEILL")],
)  # fmt: skip
def test_a_letter_written_in_two_ways_is_the_same(one: str, other: str) -> None:
    assert likeness(person(one, "ANNA"), person(other, "ANNA")) is Likeness.SAME


def test_twins_are_never_merged() -> None:
    assert likeness(person("BLOGGS", "ANN"), person("BLOGGS", "JO")) is Likeness.DIFFERENT
    shared = likeness(person("BLOGGS", "ANN<MARY"), person("BLOGGS", "JO<MARY"))
    assert shared is Likeness.UNCLEAR


def test_a_birth_date_that_contradicts_decides() -> None:
    later = Moment(Precision.DAY, date(1981, 2, 3))
    assert likeness(person("A", "B"), person("A", "B", later)) is Likeness.DIFFERENT


@pytest.mark.parametrize(
    ("partial", "outcome"),
    [(Moment(Precision.YEAR, date(1980, 1, 1)), Likeness.UNCLEAR),
     (Moment(Precision.MONTH, date(1980, 2, 1)), Likeness.UNCLEAR),
     (Moment(Precision.MONTH, date(1980, 3, 1)), Likeness.DIFFERENT),
     (None, Likeness.UNCLEAR)],
)  # fmt: skip
def test_a_partial_birth_date_merges_nobody(partial: Moment | None, outcome: Likeness) -> None:
    assert likeness(person("A", "B"), person("A", "B", partial)) is outcome


def test_swapped_names_are_one_person() -> None:
    assert likeness(person("BLOGGS", "ANN"), person("ANN", "BLOGGS")) is Likeness.SAME


def test_titles_are_no_part_of_a_name() -> None:
    assert parts("Prof. Dr. Erika") == ("ERIKA",)


def test_a_missing_name_is_no_match() -> None:
    assert likeness(person("BLOGGS", ""), person("BLOGGS", "ANN")) is Likeness.DIFFERENT
