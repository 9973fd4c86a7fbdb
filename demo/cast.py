"""Who takes part in the demo: nine seats, five states, their travellers. All invented.

1. Codes are of the network's own test states (X?, XX?), so the network is one for tests.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

NETWORK = "Invented network"
SEATS = (
    ("XXA", "NORTH"), ("XXB", "NORTH"), ("XXF", "EAST"), ("XXG", "EAST"), ("XXP", "SOUTH"),
    ("XXR", "SOUTH"), ("XXS", "WEST"), ("XXU", "WEST"), ("XXZ", "ISLES"),
)  # fmt: skip
"""Who holds a seat, and the region that counts against the cap."""

COVID, COMIRNATY, SPIKEVAX, VALNEVA = "840539006", "EU/1/20/1528", "EU/1/20/1507", "EU/1/21/1624"
RECALLED, KEPT, EARLIER = "LOT-BAD", "LOT-GOOD", "LOT-OLD"
"""Arcadia has recalled the last one before the demo begins, so that its list is not empty."""
RECALLED_ROW, KEPT_ROW, EVERY = 8, 9, 8
"""Of Arcadia's people: the first of each lot, and one in how many is of the recalled one."""
NOBODY = ("kind=vaccination", "surname=Nobody", "forename=Real", "birth_date=1980-01-01",
          f"product={COMIRNATY}", "dose=2", "doses=2", "given_on=2027-01-10", "lot=NONE")  # fmt: skip
"""A person who does not exist, as thieves have them."""
Row = dict[str, str]


class State(NamedTuple):
    """A state of the demo.

    Attributes:
        code, country, name: "XXA", "XA", "Arcadia".
        policy: its form, in the folder of examples.
        travellers: how many certificates it issues.
        carries: what its usual traveller carries, in words.
        place: on the picture, in its units.
    """

    code: str
    country: str
    name: str
    policy: str
    travellers: int
    carries: str
    place: tuple[int, int]


ARCADIA = State("XXA", "XA", "Arcadia", "policies/arcadia.toml", 1000,
                "a course of Comirnaty, six weeks old", (325, 215))  # fmt: skip
FREEDONIA = State("XXF", "XF", "Freedonia", "policies/freedonia.toml", 60,
                  "a course of Spikevax, five months old", (765, 200))  # fmt: skip
RURITANIA = State("XXR", "XR", "Ruritania", "policies/ruritania.toml", 60,
                  "a laboratory test of yesterday", (855, 560))  # fmt: skip
SYLVANIA = State("XXS", "XS", "Sylvania", "policies/sylvania.toml", 60,
                 "a recovery, three months old", (510, 765))  # fmt: skip
UTOPIA = State("XXU", "XU", "Utopia", "policy-utopia.toml", 60,
               "a course of Valneva, six weeks old", (190, 565))  # fmt: skip
STATES = (ARCADIA, FREEDONIA, RURITANIA, SYLVANIA, UTOPIA)
BY_COUNTRY = {state.country: state for state in STATES}

COLUMNS = (
    "kind", "domain", "surname", "forename", "birth_date", "sex", "nationality", "product", "dose",
    "doses", "given_on", "lot", "site", "clinician", "test_type", "test_name", "sampled_at", "result",
    "first_positive_on", "disease", "valid_from", "valid_until",
)  # fmt: skip
SURNAMES = ("Muster", "Specimen", "Example", "Ejemplo", "Образцов", "Δείγμα")
FORENAMES = ("Grace", "Alan", "Noor", "Wei", "Iris", "Omar")
ADA = {"surname": "Sample", "forename": "Ada", "birth_date": "1984-02-29"}
"""Utopia's usual traveller; Ruritania tests her too."""
PRINTED = (
    ("vaccination", 0, "a4"), ("vaccination-card", 0, "card"), ("vaccination-large", 0, "large"),
    ("test", 1, "a4"), ("recovery", 2, "a4"), ("exemption", 3, "a4"), ("yellow-fever", 4, "a4"),
    ("arabic", 5, "a4"), ("chinese", 6, "a4"),
)  # fmt: skip
"""PDF, which of Arcadia's people, and the form."""


def people(state: State, at: datetime) -> list[Row]:
    """Return whom a state certifies; its usual traveller comes first."""
    usual = _usual(state, at)
    if state is ARCADIA:
        special = _special(at)
    elif state is RURITANIA:
        special = [ADA | _tested(at)]
    else:
        special = []
    rows = [usual, *special]
    for number in range(len(rows), state.travellers):
        lot = RECALLED if number % EVERY == 0 else KEPT if number % 2 else EARLIER
        rows.append(_named(number) | _vaccinated(COMIRNATY, _day(at, 30 + number * 7 % 150), lot))
    return rows


def _usual(state: State, at: datetime) -> Row:
    match state:
        case s if s is ARCADIA:
            return _named(0) | _vaccinated(COMIRNATY, _day(at, 42), KEPT)
        case s if s is FREEDONIA:
            return _named(1) | _vaccinated(SPIKEVAX, _day(at, 150), KEPT)
        case s if s is RURITANIA:
            return _named(2) | _tested(at)
        case s if s is SYLVANIA:
            return _named(3) | _recovered(at)
    return ADA | _vaccinated(VALNEVA, _day(at, 42), KEPT)


def _special(at: datetime) -> list[Row]:
    year, good = at.year, _vaccinated(COMIRNATY, _day(at, 42), KEPT)
    return [
        _named(1) | _tested(at),
        _named(2) | _recovered(at),
        _named(3) | {"kind": "exemption", "disease": COVID, "valid_from": f"{year}-01-01",
                     "valid_until": f"{year}-12-31"},
        _named(4) | {"kind": "vaccination", "domain": "ICVP", "sex": "female",
                     "nationality": "XXA", "birth_date": "1984-02-29", "given_on": _day(at, 300),
                     "product": "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
                     "lot": "YF-9", "clinician": "Dr Vera Sample"},
        {"surname": "نموذج", "forename": "Noor", "birth_date": "1990-05"} | good,
        {"surname": "样本", "forename": "Wei", "birth_date": "1971"} | good,
    ]  # fmt: skip


def _named(number: int) -> Row:
    return {
        "surname": SURNAMES[number % len(SURNAMES)],
        "forename": FORENAMES[number // 2 % len(FORENAMES)],
        "birth_date": f"{1940 + number % 60}-0{1 + number % 9}-1{number % 10}",
    }


def _vaccinated(product: str, day: str, lot: str) -> Row:
    return {"kind": "vaccination", "product": product, "dose": "2", "doses": "2", "given_on": day,
            "lot": lot}  # fmt: skip


def _tested(at: datetime) -> Row:
    return {"kind": "test", "test_type": "LP6464-4", "test_name": "Invented PCR",
            "sampled_at": f"{_day(at, 1)}T12:00:00Z", "result": "260415000"}  # fmt: skip


def _recovered(at: datetime) -> Row:
    return {"kind": "recovery", "disease": COVID, "first_positive_on": _day(at, 95),
            "valid_from": _day(at, 84), "valid_until": (at + timedelta(days=80)).date().isoformat()}  # fmt: skip


def _day(at: datetime, before: int) -> str:
    return (at - timedelta(days=before)).date().isoformat()
