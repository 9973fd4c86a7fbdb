"""The engine and its reference: what is asked of one is asked of the other."""

from __future__ import annotations

from typing import Any

from pratique.rules.certlogic import evaluate as certlogic_evaluate
from pratique.rules.certlogic.evaluate import Instant, Open, OpenReason
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tests.unit.rules.certlogic.reference import interpret


def read(logic: object) -> Expression:
    found = parse(logic)
    assert isinstance(found, Expression), found
    return found


def codes(logic: object) -> list[str]:
    found = parse(logic)
    return [] if isinstance(found, Expression) else [issue.code for issue in found]


def evaluate(logic: object, data: Any = None) -> Any:
    """Evaluate by both; they must agree, to the type and the reason."""
    expression = read(logic)
    walked = interpret(expression, data)
    ran = certlogic_evaluate.evaluate(expression, data)
    assert alike(walked, ran), (walked, ran)
    return walked


def alike(one: Any, other: Any) -> bool:
    """Compare two outcomes; lists and instants by what is in them."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Instant):
        return bool(one.milliseconds == other.milliseconds)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return bool(one == other or repr(one) == repr(other) == "nan")


def reason(logic: object, data: Any = None) -> OpenReason | None:
    found = evaluate(logic, data)
    return found.reason if isinstance(found, Open) else None
