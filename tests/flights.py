"""An invented flight: a network of states with rules, signed certificates, and a list of who is aboard.

    seed -> passengers (certificates, names as booked, itinerary) -> rows as an airline has them

1. Certificates are signed for real, by states of an invented network; people are nobody.
2. Three itineraries: to XB; by XB to XC; by XB and XC to XD. Each state has rules of its own.
3. Most are in order. Others are late, of another's name, revoked, of a signer nobody knows, damaged, or missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from pratique.compile import compiled
from pratique.model import Moment, Person, Precision
from pratique.network import view
from pratique.rules import documents
from pratique.snapshot import Snapshot
from tests.issuers import RECORDS
from tests.networks import AT, DAY, HOUR, Authority, State
from tests.travellers import clock, rule

NOW = AT + HOUR
ZONE = "Europe/Paris"
V, T = "payload.v.0", "payload.t.0"
COMPLETE = {">=": [{"var": f"{V}.dn"}, {"var": f"{V}.sd"}]}
NEGATIVE = {"===": [{"var": f"{T}.tr"}, "260415000"]}
ITINERARIES = (("XB",), ("XB", "XC"), ("XB", "XC", "XD"))
LETTERS = "ABCDEFGHIJKLMNOPRSTUVWYZ"


class Invented(NamedTuple):
    """Somebody with certificates.

    Attributes:
        person: as certificates print them.
        texts: their certificates.
        surname, forename, birth_date: as booked.
    """

    person: Person
    texts: tuple[str, ...]
    surname: str
    forename: str
    birth_date: str


class Flight(NamedTuple):
    """What is held at the desk, and who comes."""

    held: Snapshot
    rows: list[dict[str, Any]]


class Certificates(NamedTuple):
    """A network, and people whom its states have certified."""

    authority: Authority
    states: tuple[State, ...]
    people: list[Invented]

    @property
    def held(self) -> Snapshot:
        """Return what a desk holds of the network."""
        return compiled(view.read(self.authority.files, self.authority.anchor))


@lru_cache(maxsize=4)
def certified(count: int, seed: int = 1) -> Certificates:
    """Certify so many people: 1.3 certificates each."""
    draw, authority = Random(seed), Authority()
    states = tuple(State(f"XX{letter}") for letter in "ABCD")
    fresh = {"and": clock(f"{T}.sc", "hour", 0, 72)}
    recent = {"and": clock(f"{V}.dt", "day", 0, 270)}
    states[1].rules = [
        documents.write(one) for one in (rule("VR-XB-0001", COMPLETE), rule("TR-XB-0001", NEGATIVE))
    ]
    states[2].rules = [
        documents.write(one)
        for one in (rule("VR-XC-0001", COMPLETE), rule("VR-XC-0002", recent), rule("TR-XC-0001", fresh))
    ]  # fmt: skip
    states[3].rules = [documents.write(rule("VR-XD-0001", COMPLETE))]
    authority.admit(*states)
    stranger = State("XXE")
    people = [_invented(draw, number, states[0], stranger) for number in range(count)]
    revoked = [
        one.texts[0] for one in people[13::29] if one.texts and one.texts[0] in states[0].tags
    ]
    if revoked:
        states[0].revoke(*revoked)
    for state in states:
        state.publish()
    return Certificates(authority, states, people)


def _invented(draw: Random, number: int, state: State, stranger: State) -> Invented:
    surname, forename = (
        "".join(draw.choice(LETTERS) for _ in range(length)).title()
        for length in (draw.randint(5, 9), draw.randint(4, 7))
    )
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(28_000))
    person = Person(
        surname, forename, surname.upper(), forename.upper(), Moment(Precision.DAY, born)
    )
    texts = tuple(_texts(draw, number, person, state, stranger))
    booked = (surname.upper(), forename.upper(), born.isoformat())
    kind = draw.random()
    if kind < 0.03:
        booked = (booked[0], booked[1][:-1], booked[2])
    elif kind < 0.06:
        booked = ("SOMEBODY", "ELSE", booked[2])
    elif kind < 0.08:
        booked = (booked[0], booked[1], (born + timedelta(days=1)).isoformat())
    elif kind < 0.1:
        booked = ("", "", booked[2])
    elif kind < 0.14:
        booked = (booked[0], booked[1], "")
    return Invented(person, texts, *booked)


def _texts(
    draw: Random, number: int, person: Person, state: State, stranger: State
) -> Iterator[str]:
    def issued(kind: str, nth: int = 0, **entry: Any) -> str:
        record = RECORDS[kind]
        changed = record._replace(person=person, entry=record.entry._replace(**entry))
        by = stranger if kind == "vaccination" and number % 37 == 5 else state
        return by.issue(changed, nth=number * 8 + nth)

    given = Moment(Precision.DAY, (AT - draw.randrange(20, 330) * DAY).date())
    which = draw.random()
    if number % 41 == 7:
        return
    if number % 43 == 9:
        yield "NOT A CERTIFICATE AT ALL"
        return
    if which < 0.12:
        yield issued("vaccination", dose=1, given=given)
    elif which < 0.2:
        yield issued("test")
    elif which < 0.24:
        yield issued("recovery")
    else:
        yield issued("vaccination", given=given)
    if number % 10 < 3:
        sampled = Moment(Precision.INSTANT, AT - draw.randrange(4, 60) * HOUR)
        kind, entry = (
            ("test", {"sampled": sampled})
            if number % 2
            else ("vaccination", {"given": given, "dose": 3})
        )
        yield issued(kind, 1, **entry)  # fmt: skip
    if number % 47 == 3:
        yield "HC1:NCF DAMAGED"


def flight(count: int = 400, seed: int = 1) -> Flight:
    """Return a flight of so many passengers, a row each: codes, and up to three legs."""
    made, draw = certified(count, seed), Random(seed + 1)
    return Flight(made.held, [_row(one, number, draw) for number, one in enumerate(made.people)])


def _row(one: Invented, number: int, draw: Random) -> dict[str, Any]:
    row: dict[str, Any] = {
        "reference": f"PQ{number // 2:04d}",
        "seat": f"{number // 6 + 1}{'ABCDEF'[number % 6]}",
        "surname": one.surname,
        "forename": one.forename,
        "birth_date": one.birth_date,
    }
    for place in range(3):
        row[f"code_{place + 1}" if place else "code"] = (
            one.texts[place] if place < len(one.texts) else ""
        )
    itinerary = ITINERARIES[draw.randrange(3)]
    for place in range(3):
        name = "" if not place else f"_{place + 1}"
        there = itinerary[place] if place < len(itinerary) else ""
        # Flights of one day, hours apart; on the port's clock.
        wall = (AT + (6 + 8 * place) * HOUR).strftime("%Y-%m-%dT%H:%M") if there else ""
        row |= {f"destination{name}": there, f"arrival{name}": wall, f"zone{name}": ZONE if there else ""}  # fmt: skip
    return row
