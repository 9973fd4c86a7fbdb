"""Whose are these? A DCC beside a card of another scheme: one name field, no birth date, letters of A-Z only.

The same person is never taken for two, two are never taken for one, and where a card says too little it is unclear.
"""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from pratique.decision import Likeness, decide, likeness
from pratique.findings import Code, Colour
from pratique.model import Moment, Person, Precision
from pratique.trust.signer import TrustList
from pratique.verification import verify
from tests import travellers as t
from tests.journeys.test_matrix_of_formats import AT, FORMATS, TRAVELLERS, as_dcc

BORN = Moment(Precision.DAY, date(1980, 2, 3))
YEAR = Moment(Precision.YEAR, date(1980, 1, 1))
SAME, DIFFERENT, UNCLEAR = Likeness.SAME, Likeness.DIFFERENT, Likeness.UNCLEAR

DCC = Person("Citizen", "Jörg", "CITIZEN", "JOERG", BORN)
GREEK = Person("Πολίτης", "Γιώργος", "POLITIS", "GIORGOS", BORN)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Two fields, printed only (SMART Health Card, NZCP, 2D-DOC), or in capitals with its line (VDS-NC).
        (DCC, Person("Citizen", "Joerg", None, None, BORN), SAME),
        (DCC, Person("CITIZEN", "JORG", None, None, BORN), SAME),
        (DCC, Person("CITIZEN", "JOERG", "CITIZEN", "JOERG", BORN), SAME),
        (GREEK, Person("POLITIS", "GIORGOS", "POLITIS", "GIORGOS", BORN), SAME),
        (GREEK, Person("Politis", "Giorgos", None, None, BORN), SAME),
        # One field (DIVOC, DDCC, VDS-NC with single blanks) says not where the surname begins.
        (DCC, Person("Jörg Citizen", None, None, None, BORN), UNCLEAR),
        (DCC, Person("JOERG CITIZEN", None, "JOERG<CITIZEN", None, BORN), UNCLEAR),
        (Person("Joerg Citizen", None, None, None, BORN), Person("JOERG CITIZEN", None, "JOERG<CITIZEN", None, BORN), SAME),
        (Person("Joerg Citizen", None, None, None, BORN), Person("Joerg Citizen", None, None, None, BORN), SAME),
        # A given name alone (NZCP) is what strangers share.
        (DCC, Person(None, "Jörg", None, None, BORN), UNCLEAR),
        # An age only, or nothing: a name alone merges nobody.
        (DCC, Person("Citizen", "Jörg", None, None, None), UNCLEAR),
        (Person("Joerg Citizen", None, None, None, None), Person("Joerg Citizen", None, None, None, None), UNCLEAR),
        (DCC, Person("Citizen", "Jörg", None, None, YEAR), UNCLEAR),
        # And a clear difference stays one.
        (DCC, Person("Anna Bloggs", None, None, None, None), DIFFERENT),
        (DCC, Person("Bloggs", "Anna", None, None, BORN), DIFFERENT),
        (DCC, Person("Citizen", "Jörg", None, None, Moment(Precision.DAY, date(1981, 2, 3))), DIFFERENT),
        # Nothing to compare is not equal.
        (Person(None, None, None, None, BORN), Person(None, None, None, None, BORN), UNCLEAR),
        (Person("", None, None, None, None), Person("", None, None, None, None), UNCLEAR),
    ],
)  # fmt: skip
def test_persons_of_two_formats(one: Person, other: Person, expected: Likeness) -> None:
    assert likeness(one, other) is likeness(other, one) is expected


def person_of(name: str, traveller: str = "comirnaty") -> Person:
    text, signer, _ = FORMATS[name]
    snapshot = t.snapshot(trust=TrustList([signer()]))
    found = verify(text(TRAVELLERS[traveller]), snapshot=snapshot, at=AT)
    assert found.certificate is not None, name
    return found.certificate.person


@pytest.mark.parametrize(("one", "other"), list(product(sorted(FORMATS), repeat=2)))
def test_one_person_in_two_formats_is_never_two(one: str, other: str) -> None:
    first, second = person_of(one), person_of(other)
    is_told = all(who.birth_date and who.forename for who in (first, second))
    assert likeness(first, second) is (SAME if is_told or one == other else UNCLEAR)
    # Her sister, born on the same day.
    assert likeness(first, t.ANN) is not SAME


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"NZCP", "CH-LIGHT"}))
def test_a_card_of_another_scheme_and_a_dcc_are_one_traveller_s(name: str) -> None:
    text, signer, _ = FORMATS[name]
    snapshot = t.snapshot(trust=TrustList([signer()]))
    # Alone the dose is too young to count, and the DCC is good: more proof never makes it worse.
    young = TRAVELLERS["first dose"]
    card = verify(text(young), snapshot=snapshot, at=AT)
    shown = [card, as_dcc(TRAVELLERS["comirnaty"], "XA")]
    code = decide(shown, snapshot=snapshot, place=t.UTOPIA, at=AT)
    codes = {finding.code for finding in code.because}
    if likeness(card.certificate.person, t.JO) is SAME:  # type: ignore[union-attr]
        assert code.colour is Colour.GREEN
    else:
        assert code.colour is Colour.AMBER
        assert Code.HOLDER_UNCLEAR in codes
    assert Code.HOLDER_DIFFERENT not in codes
