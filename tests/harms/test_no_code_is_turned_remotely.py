"""Zhengzhou, June 2022: 1,317 listed people's codes were turned red by officials with a server.

Here an adversary holds a list of names, every key short of the threshold, and the server. What reaches
a wallet is a snapshot; what a wallet computes from is that snapshot and its own certificates. So each
lever is tried, and the listed people's codes are compared with everybody else's.
"""

from __future__ import annotations

import inspect
import typing
from datetime import date, timedelta
from typing import Any

from pratique import decision as decide_module
from pratique.decision import decide
from pratique.findings import Colour
from pratique.model import Moment, Person, Precision
from pratique.snapshot import Snapshot
from pratique.trust.registry import ParticipantState, Registry
from pratique.verification import Verification
from tests import travellers as t

LISTED = 1317


def people(count: int) -> list[Person]:
    """Return so many invented people."""
    start = date(1950, 1, 1)
    return [
        Person(f"N{i}", f"G{i}", f"N{i}", f"G{i}", Moment(Precision.DAY, start + timedelta(days=i)))
        for i in range(count)
    ]


def colours(held: Snapshot, persons: list[Person]) -> list[Colour]:
    """Return everybody's colour, all with the same proof."""
    return [
        decide(
            [t.shown(t.dose(), person)], snapshot=held, place=t.UTOPIA, at=t.NOON, look_ahead=False
        ).colour
        for person in persons
    ]


def test_no_rule_turns_the_listed_and_spares_the_others() -> None:
    listed, others = people(LISTED), people(LISTED + 200)[LISTED:]
    levers: list[Any] = [
        {"!": [{"in": [{"var": "payload.nam.fnt"}, [p.surname_icao for p in listed]]}]},
        {"!": [{"in": [{"var": "payload.dob"}, [f"{1950 + i}-01-01" for i in range(60)]]}]},
        {"!": [{"in": [{"var": "payload.v.0.ci"}, ["URN:UVCI:01:XA:1"]]}]},
        {"!": [{"in": [{"var": "holder.name"}, ["N1"]]}]},
        {"!": [{"in": [{"var": "external.kid"}, ["MTIzNDU2Nzg="]]}]},
    ]
    for lever in levers:
        try:
            held = t.snapshot([t.rule("GR-XU-0001", lever)])
        except Exception:  # noqa: BLE001 - refused at load is as good
            continue
        assert set(colours(held, listed)) == set(colours(held, others)) == {Colour.GREEN}


def test_what_a_rule_can_do_it_does_to_everybody_alike() -> None:
    # Positive control: closing the border is possible, and it hits all, in public.
    held = t.snapshot([t.rule("GR-XU-0001", {"===": [1, 2]})])
    assert set(colours(held, people(50))) == {Colour.RED}


def test_the_decision_has_no_inbound_channel() -> None:
    parameters = inspect.signature(decide).parameters
    assert set(parameters) == {"found", "snapshot", "place", "at", "look_ahead"}
    hints = typing.get_type_hints(decide, vars(decide_module))
    assert hints["snapshot"] is Snapshot
    assert set(Verification._fields) == {"verdict", "certificate", "signer", "outcomes"}


def test_a_snapshot_has_no_place_for_a_person() -> None:
    # Everything a server can send: each field is named here, and none is about a person.
    # What revocations can do, and cannot, is in test_revocation_is_no_switch.py.
    fields = {name for name in Snapshot.__slots__ if not name.startswith("_")}
    assert fields == {
        "number", "created", "environment", "trust", "ruleset", "revocations", "roll", "sources"
    }  # fmt: skip
    # The roll is about participants: whole states and organisations, and keys of theirs. `speakers` and
    # `voiding` name, by country, the participants whose rules count there, each with a code of why they
    # could not be read; `unread` names, of two lists of the network's own, those that could not be.
    assert set(Registry._fields) == {
        "published", "members", "freshness", "choices", "floor", "speakers", "voiding", "unread",
    }  # fmt: skip
    assert set(ParticipantState._fields) == {
        "expires",
        "problem",
        "suspensions",
        "withdrawn",
        "contact",
        # Why its keys of other schemes could not be read.
        "schemes",
    }


def test_the_same_inputs_make_the_same_code_again() -> None:
    held, found = t.snapshot(), [t.shown(t.dose())]
    first = decide(found, snapshot=held, place=t.UTOPIA, at=t.NOON)
    for _ in range(3):
        assert decide(found, snapshot=held, place=t.UTOPIA, at=t.NOON) == first
