"""Harm: a check comes to a number by which people could be ranked.

What a verification can say is held by type: a colour of three, codes of a closed list, names of
fields. No number, and nothing that orders one person before another.
"""

from __future__ import annotations

import numbers
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from types import FunctionType, NoneType, UnionType
from typing import Any, get_args, get_origin

import pytest

from pratique import findings
from pratique.findings import Code, Colour, Finding, Severity, Step, Verdict
from pratique.verification import verify
from tools import measure, mutate
from tools.vectors import keys

MAY_SAY = {Colour, Code, Step, Severity, str, NoneType, tuple, Ellipsis}
"""Types of which a verdict is made."""


def types_of(declared: Any) -> Iterator[Any]:
    """List every type that a declaration lets through."""
    if get_origin(declared) in (tuple, UnionType, typing.Union):
        yield tuple if get_origin(declared) is tuple else NoneType
        for part in get_args(declared):
            yield from types_of(part)
    elif isinstance(declared, type) and hasattr(declared, "_fields"):
        for part in typing.get_type_hints(declared).values():
            yield from types_of(part)
    else:
        yield declared


def said(value: object) -> Iterator[object]:
    """List every leaf of a value, and what an enumeration's members hold."""
    if isinstance(value, tuple):
        for part in value:
            yield from said(part)
    else:
        yield value
        if isinstance(value, Code):
            yield from value.value


def test_a_verdict_is_made_of_closed_words_only() -> None:
    assert set(types_of(Verdict)) <= MAY_SAY
    assert numbers.Number not in MAY_SAY
    assert not any(issubclass(t, int | float) for t in MAY_SAY if isinstance(t, type))


def test_the_words_hold_no_number() -> None:
    for words in (Colour, Step, Severity, Code):
        for member in words:
            for leaf in said(member.value):
                assert isinstance(leaf, str), f"{member} holds a {type(leaf).__name__}"


def test_there_are_three_colours_and_no_order_among_them_but_the_alphabet() -> None:
    assert {colour.value for colour in Colour} == {"green", "amber", "red"}
    for words in (Colour, Code):
        assert not any(hasattr(words, name) for name in ("__int__", "__float__", "__index__"))
    for name in ("__lt__", "__gt__"):
        assert getattr(Code, name, None) is getattr(object, name)


def test_no_verdict_of_any_text_holds_a_number() -> None:
    held, at = measure.snapshot(), datetime.fromtimestamp(keys.NOON, UTC)
    for text in mutate.kit_texts():
        for leaf in said(verify(text, snapshot=held, at=at).verdict):
            assert leaf is None or isinstance(leaf, str | Enum)


def test_a_verdict_says_the_same_of_two_people_whose_health_is_the_same() -> None:
    from tools.vectors import content
    from tools.vectors.layers import claims, text

    held, at = measure.snapshot(), datetime.fromtimestamp(keys.NOON, UTC)
    first = None
    for surname, born in (("Sampleová", "1984-02-29"), ("Exemplar", "2001-12-31"), ("Ø", "1920")):
        made = content.vaccinated(nam=content.name(fn=surname, fnt="X"), dob=born)
        found = verify(text(claims(made)), snapshot=held, at=at).verdict
        first = first or found
        assert found == first


@pytest.mark.parametrize("planted", [int, float, list[int], tuple[Colour, int], dict[str, float]])
def test_a_planted_number_is_seen(planted: Any) -> None:
    assert set(types_of(tuple[Colour, Code | None, str])) <= MAY_SAY
    assert not set(types_of(tuple[Colour, planted])) <= MAY_SAY


def test_a_planted_number_in_a_value_is_seen() -> None:
    planted = Verdict(Colour.RED, (Finding(Code.EXPIRED, 3),))  # type: ignore[arg-type]
    assert any(isinstance(leaf, int) for leaf in said(planted))


def test_the_module_offers_nothing_that_counts() -> None:
    functions = [f for f in vars(findings).values() if isinstance(f, FunctionType)]
    own = [f for f in functions if f.__module__ == findings.__name__]
    assert findings.conclude in own
    for function in own:
        returned = typing.get_type_hints(function)["return"]
        assert set(types_of(returned)) <= MAY_SAY | {bool}, function.__name__
