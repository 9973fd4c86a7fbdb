"""Conformance cases about rules: the language, its validation, and the rules of real countries.

manifest case -> the engine -> Result
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.rules.certlogic.evaluate import Open, evaluate
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import Issue, parse
from pratique.store.sources import read_bytes

LIMIT = "limit-"
"""Our own limits: an expression that only they refuse has a right form."""


def certlogic_eval(case: dict[str, Any], root: Path) -> Result:
    """An expression on data: its value, of the same type."""
    entry = _entry(case, root)
    return _judge(parse(entry["expression"]), entry["data"], case["expected"]["value"])


def certlogic_form(case: dict[str, Any], root: Path) -> Result:
    """An expression alone: is its form right, and if not, how many issues has it?"""
    found = parse(_entry(case, root)["expression"])
    issues = () if isinstance(found, Expression) else found
    wrong = [issue for issue in issues if not issue.code.startswith(LIMIT)]
    expected = case["expected"]
    agree = len(wrong) == expected["issue_count"] and (not wrong) is expected["valid"]
    return Result(agree, _told(issues))


def business_rule(case: dict[str, Any], root: Path) -> Result:
    """A country's rule on a payload: true or false.

    A case without a payload has a context without one: `var` gives null there, and the value is
    the rule's.
    """
    document = _document(root / case["files"][0])
    test = next(test for test in document["tests"] if test["id"] == case["id"])
    rule = next(rule for rule in document["rules"] if rule["Identifier"] == test["rule"])
    return _judge(parse(rule["Logic"]), context(test, root), case["expected"]["value"])


def context(test: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return the data context of a rule's test."""
    listed = _document(root / "business-rules/valuesets.json").get(test.get("valueSets"))
    external = dict(test.get("external") or {})
    if listed is not None:
        external["valueSets"] = listed
    payload = {"payload": test["payload"]} if "payload" in test else {}
    return {**payload, "external": external}


def _judge(parsed: Expression | tuple[Issue, ...], data: Any, value: Any) -> Result:
    if not isinstance(parsed, Expression):
        return Result(agree=False, detail=_told(parsed))
    found = evaluate(parsed, data)
    if isinstance(found, Open):
        return Result(agree=False, detail=f"open, {found.reason.name}")
    if type(found) is not type(value) or found != value:
        return Result(agree=False, detail="another value")
    return Result(agree=True, detail="same value")


def _told(issues: tuple[Issue, ...]) -> str:
    return ", ".join(f"{issue.where} {issue.code}" for issue in issues) or "no issue"


def _entry(case: dict[str, Any], root: Path) -> dict[str, Any]:
    entries: list[dict[str, Any]] = _document(root / case["files"][0])
    return next(entry for entry in entries if entry["id"] == case["id"])


@cache
def _document(path: Path) -> Any:
    return strict_json.loads(read_bytes(path))
