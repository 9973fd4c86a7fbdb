"""Conformance cases about what rules see around a certificate (Corona-Warn-App's common test cases)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.holder_kinds import entry_of
from conformance.result import Result
from pratique import strict_json
from pratique.authenticate import read
from pratique.formats import Envelope, decode
from pratique.rules.certlogic.evaluate import evaluate
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from pratique.store.sources import read_bytes

VALUE_SETS = "spec/valuesets/valueSets.json"


def rule_context(case: dict[str, Any], root: Path) -> Result:
    """How many rules pass, fail and stay open, with every external parameter filled."""
    entry = entry_of(case, root)
    message = read(entry["dcc"])
    if not isinstance(message, Envelope):
        return Result(agree=False, detail=message.code.name)
    certificate = decode(message.payload).certificate
    if certificate is None:
        return Result(agree=False, detail="no certificate")
    value_sets = _edition(strict_json.loads(read_bytes(root / VALUE_SETS)), entry["rules"])
    data = {
        "payload": certificate.payload,
        "external": _external(entry, certificate, message) | {"valueSets": value_sets},
    }
    values = [_value(rule["Logic"], data) for rule in entry["rules"]]
    counts = [values.count(True), values.count(False), sum(type(v) is not bool for v in values)]
    expected = [case["expected"][name] for name in ("passed", "failed", "open")]
    return Result(counts == expected, f"passed, failed, open: {counts}")


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
