"""Rules written for the tests."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from pratique.rules.rule import Rule, read

ROOT = Path(__file__).resolve().parents[3]
CLOCK = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
DOSE = {"var": "payload.v.0.dt"}


def rule(logic: object, identifier: str = "VR-XU-0001", **changed: Any) -> dict[str, Any]:
    """Write a rule of Utopia; keywords change its members, None leaves one out."""
    kinds = {"VR": "Vaccination", "TR": "Test", "RR": "Recovery", "ER": "Exemption"}
    found = {
        "Identifier": identifier,
        "Type": "Acceptance",
        "Country": "XU",
        "Version": "1.0.0",
        "SchemaVersion": "1.3.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "1.3.3",
        "CertificateType": kinds.get(identifier[:2], "General"),
        "Description": [{"lang": "en", "desc": "A rule that was written for a test."}],
        "ValidFrom": "2026-12-01T00:00:00Z",
        "ValidTo": "2027-12-01T00:00:00Z",
        "AffectedFields": ["v.0", "v.0.dt"],
        "Logic": logic,
        **changed,
    }
    return {name: value for name, value in found.items() if value is not None}


def after(days: int) -> dict[str, Any]:
    """Demand that the dose was given at least so many days ago."""
    return {"not-before": [CLOCK, {"plusTime": [DOSE, days, "day"]}]}


def before(days: int) -> dict[str, Any]:
    """Demand that the dose was given at most so many days ago."""
    return {"not-after": [CLOCK, {"plusTime": [DOSE, days, "day"]}]}


def utopia() -> list[dict[str, Any]]:
    """Return the example's rules, to be changed at will."""
    text = (ROOT / "examples/rules-utopia.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = copy.deepcopy(json.loads(text))
    return found


def utopias(**logic: object) -> list[Rule]:
    """Read the example's rules, of which some have another logic: VR_XU_0003=..."""
    changed = {name.replace("_", "-"): value for name, value in logic.items()}
    return [
        read({**one, "Logic": changed.get(one["Identifier"], one["Logic"])}) for one in utopia()
    ]
