"""Harm: whoever takes a border post's browser over finds in the engine's memory who was checked before.

Travellers who were invented to be found are checked, refused, asked about and given up in the middle. Then every
object that Python still holds is looked at, and all that it holds. The control is a text that somebody keeps.
"""

from __future__ import annotations

import gc
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from pratique.authenticate import read
from pratique.web.bridge import METHODS, Bridge
from tests import pages
from tests import travellers as t
from tests.harms import canary
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

BORDER = measure.snapshot().replace(ruleset=t.snapshot().ruleset, created=keys.NOON)
MARK = canary.MARK


def names(number: int) -> dict[str, str]:
    one = canary.people(number + 1)[number]
    surname, forename = one.surname, one.forename
    return {"fn": surname.title(), "gn": forename.title(), "fnt": surname, "gnt": forename}


def certificate(number: int, **how: Any) -> str:
    return text(
        claims({**content.vaccinated(), "nam": names(number), "dob": canary.BIRTHS[0]}), **how
    )


def held() -> Iterator[str]:
    """Yield each text and each string of octets that any object holds, in one form."""
    seen: set[int] = set()
    waiting: list[Any] = gc.get_objects()
    own = {id(waiting), id(seen)}
    while waiting:
        one = waiting.pop()
        if id(one) in seen or id(one) in own:
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, (bytes, bytearray)):
            yield bytes(one).decode("latin-1")
        else:
            waiting.extend(gc.get_referents(one))


def sought() -> frozenset[str]:
    """Return what is looked for: names as they are written and kept, parts of texts, signatures."""
    shown = (certificate(0), certificate(1), certificate(2, key="stranger"))
    signatures = [read(one).signature for one in shown]  # type: ignore[union-attr]
    parts = [one[40:80] for one in shown]
    parts += [one.decode("latin-1") for one in signatures]
    parts += [b64encode(one).decode()[:40] for one in signatures]
    return frozenset((*parts, MARK, MARK.title(), MARK.lower()))


def leaks() -> int:
    gc.collect()
    needles = sought()
    longer = (one for one in held() if len(one) > len(MARK) and one not in needles)
    return sum(any(needle in one for needle in needles) for one in longer)


def request(method: str, *texts: str) -> dict[str, Any]:
    """Return a request for any method: with all of the fields that it has."""
    fields: dict[str, Any] = {
        "texts": texts, "place": "XU", "zone": "Europe/Paris", "at": keys.NOON, "days": 60, "language": "en",
        "arrival": "", "nameless": False,
        "rows": [
            {"number": 2, "cells": {"reference": "1A", "surname": f"{MARK}A", "forename": f"{MARK}B", "code": text}, "whole": True}
            for text in texts
        ],
        "mrz": [f"P<UTO{MARK}A<<{MARK}B<<<<<<<<<<<<<<<<<<<<<<<<<"[:44], "0" * 44],
    }  # fmt: skip
    form, _ = METHODS[method]
    return {name: fields[name] for name in form._fields if name in fields}


def day(bridge: Bridge) -> int:
    """Spend a day at a border post; return how many answers came."""
    answers = 0
    for method in METHODS:
        first, second, forged = certificate(0), certificate(1), certificate(2, key="stranger")
        for texts in (
            (first,),
            (first, second),
            (forged,),
            (first[:-20],),
            (f"see {second} there",),
        ):
            answers += "result" in pages.call(bridge, method, request(method, *texts))
        # Given up: nobody answers what is asked.
        bridge.handle(method, json.dumps(request(method, first)), "{}")
        bridge.handle(method, json.dumps(request(method, first)), '{"a": 1}')
        bridge.handle(method, json.dumps({**request(method, first), f"{MARK}": first}), "{}")
    return answers


@pytest.fixture
def bridge() -> Bridge:
    opened = Bridge()
    opened.open(BORDER.to_bytes())
    return opened


def test_a_name_is_seen_while_it_is_checked(bridge: Bridge) -> None:
    shown = json.dumps(pages.call(bridge, "border.check", request("border.check", certificate(0))))
    assert MARK in shown.upper()


def test_nothing_of_a_traveller_stays(bridge: Bridge) -> None:
    before = leaks()
    assert day(bridge) == 5 * len(METHODS)
    assert leaks() == before
    # The control: what somebody keeps is found, whichever of it that is.
    for keep in (lambda: certificate(0), lambda: read(certificate(2, key="stranger"))):
        kept = [keep()]
        assert leaks() > before
        del kept
    assert leaks() == before
