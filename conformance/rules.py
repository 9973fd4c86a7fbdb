"""Cases about rules: CertLogic, the rules of real countries, and Corona-Warn-App's common cases."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance import entry_of, read_json
from pratique.authenticate import read
from pratique.decision import Likeness, likeness, parts
from pratique.errors import Issue
from pratique.formats import Envelope, Sealed, decode
from pratique.formats.fields import moment
from pratique.model import Person
from pratique.parties.conformance import ConformanceResult
from pratique.rules.certlogic.evaluate import Open, evaluate
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse

LIMIT = "limit-"
"""Our own limits: an expression that only they refuse has a right form."""


def certlogic_eval(case: dict[str, Any], root: Path) -> ConformanceResult:
    """An expression on data: its value, of the same type."""
    entry = entry_of(case, root)
    return _judge(parse(entry["expression"]), entry["data"], case["expected"]["value"])


def certlogic_form(case: dict[str, Any], root: Path) -> ConformanceResult:
    """An expression alone: is its form right, and if not, how many issues has it?"""
    found = parse(entry_of(case, root)["expression"])
    issues = () if isinstance(found, Expression) else found
    wrong = [issue for issue in issues if not issue.code.startswith(LIMIT)]
    expected = case["expected"]
    agree = len(wrong) == expected["issue_count"] and (not wrong) is expected["valid"]
    return ConformanceResult(agree, _told(issues))


def business_rule(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A country's rule on a payload: true or false.

    A case without a payload has a context without one: `var` gives null there, and the value is
    the rule's.
    """
    document = read_json(root / case["files"][0])
    test = next(test for test in document["tests"] if test["id"] == case["id"])
    rule = next(rule for rule in document["rules"] if rule["Identifier"] == test["rule"])
    return _judge(parse(rule["Logic"]), context(test, root), case["expected"]["value"])


def context(test: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return the data context of a rule's test."""
    listed = read_json(root / "business-rules/valuesets.json").get(test.get("valueSets"))
    external = dict(test.get("external") or {})
    if listed is not None:
        external["valueSets"] = listed
    payload = {"payload": test["payload"]} if "payload" in test else {}
    return {**payload, "external": external}


def _judge(parsed: Expression | tuple[Issue, ...], data: Any, value: Any) -> ConformanceResult:
    if not isinstance(parsed, Expression):
        return ConformanceResult(agree=False, detail=_told(parsed))
    found = evaluate(parsed, data)
    if isinstance(found, Open):
        return ConformanceResult(agree=False, detail=f"open, {found.reason.name}")
    if type(found) is not type(value) or found != value:
        return ConformanceResult(agree=False, detail="another value")
    return ConformanceResult(agree=True, detail="same value")


def _told(issues: tuple[Issue, ...]) -> str:
    return ", ".join(f"{issue.where} {issue.code}" for issue in issues) or "no issue"


VALUE_SETS = "spec/valuesets/valueSets.json"


def rule_context(case: dict[str, Any], root: Path) -> ConformanceResult:
    """How many rules pass, fail and stay open, with every external parameter filled."""
    entry = entry_of(case, root)
    message = read(entry["dcc"])
    if not isinstance(message, Envelope):
        return ConformanceResult(
            agree=False,
            detail=message.code.name if not isinstance(message, Sealed) else "another format",
        )
    certificate = decode(message.payload).certificate
    if certificate is None:
        return ConformanceResult(agree=False, detail="no certificate")
    value_sets = _edition(read_json(root / VALUE_SETS), entry["rules"])
    data = {
        "payload": certificate.payload,
        "external": _external(entry, certificate, message) | {"valueSets": value_sets},
    }
    values = [_value(rule["Logic"], data) for rule in entry["rules"]]
    counts = [values.count(True), values.count(False), sum(type(v) is not bool for v in values)]
    expected = [case["expected"][name] for name in ("passed", "failed", "open")]
    return ConformanceResult(counts == expected, f"passed, failed, open: {counts}")


def _value(logic: object, data: dict[str, Any]) -> object:
    # These rules read what no rule may here (kid, issuer, identifier): only the engine is asked.
    expression = parse(logic)
    return evaluate(expression, data) if isinstance(expression, Expression) else None


def _edition(value_sets: dict[str, list[str]], rules: object) -> dict[str, list[str]]:
    # These cases are older than the value sets beside them: a rule that goes through a value set
    # lists the codes of its day. A set is cut to those, and one that it does not fit is left whole.
    listed = list(_lists(rules))
    cut = {}
    for name, codes in value_sets.items():
        known = next((day for day in listed if day <= set(codes)), None)
        cut[name] = [code for code in codes if known is None or code in known]
    return cut


def _external(entry: dict[str, Any], certificate: Any, message: Envelope) -> dict[str, Any]:
    def instant(seconds: int | None) -> str | None:
        if seconds is None:
            return None
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    return {
        "validationClock": instant(entry["validationClock"]),
        "countryCode": entry["countryOfArrival"],
        "issuerCountryCode": certificate.issuer,
        "iat": instant(certificate.issued_at),
        "exp": instant(certificate.expires_at),
        "kid": base64.b64encode(message.kid or b"").decode(),
    }


def _lists(node: object) -> Iterator[set[str]]:
    if isinstance(node, dict):
        operands = node.get("in")
        if isinstance(operands, list) and isinstance(operands[1], list):
            yield set(operands[1])
        for inner in node.values():
            yield from _lists(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _lists(inner)


def holder_name(case: dict[str, Any], root: Path) -> ConformanceResult:
    """The parts into which a name is taken for comparing."""
    entry = entry_of(case, root)
    found = list(parts(entry["actName"]))
    return ConformanceResult(found == entry["expNameComponents"], f"{len(found)} parts")


def holder_match(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Whether two certificates may be one person's: what is unclear is not "different"."""
    entry = entry_of(case, root)
    found = likeness(_person(entry["actHolderA"]), _person(entry["actHolderB"]))
    may_be = found is not Likeness.DIFFERENT
    return ConformanceResult(may_be is entry["expIsSameHolder"], found.value)


def _person(holder: dict[str, Any]) -> Person:
    names = holder["nam"]
    born = moment(holder["dob"].strip())
    return Person(names.get("fn"), names.get("gn"), names.get("fnt"), names.get("gnt"), born)
