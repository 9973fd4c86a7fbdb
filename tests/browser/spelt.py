"""What came of certificates, spelled out to the last field: the same function on both sides of a comparison.

    snapshot, texts, place, instant -> verify (and decide) -> plain values -> one line of JSON

1. This runs twice: natively with `cryptography`, and as these very lines inside the engine in the page.
2. Nothing is left out: every finding with its place, every field of a certificate, every instant. A value of a
   kind that is not known here is an error, not a blank.
3. Of a rule its identifier and version stand for it, of a signer its key's thumbprint: both lie in the snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from pratique.decision import decide
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.trust.signer import Signer
from pratique.verification import verify


def spelt(snapshot: Snapshot, question: Mapping[str, Any]) -> str:
    """Answer one question, to the last field.

    Args:
        snapshot: what is held.
        question: `texts`; `place` (country, region) or null; `zone`; `at` in seconds; `code`: whether the health code
            is asked too, with all its dates.
    """
    at = datetime.fromtimestamp(question["at"], UTC).astimezone(zone_of(question["zone"]))
    place = None if question["place"] is None else Destination(*question["place"])
    answers: dict[str, Any] = {
        "verified": [
            plain(verify(text, snapshot=snapshot, at=at, place=place)) for text in question["texts"]
        ]
    }
    if question["code"] and place is not None:
        verified = [verify(text, snapshot=snapshot, at=at) for text in question["texts"]]
        answers["code"] = plain(decide(verified, snapshot=snapshot, place=place, at=at))
    return json.dumps(answers, sort_keys=True)


def zone_of(name: str) -> Any:
    """Return a zone; UTC needs no data."""
    return UTC if name == "UTC" else ZoneInfo(name)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; TypeError for a kind that is not known."""
    if isinstance(value, Signer):
        return ["Signer", value.participant, value.kid.hex(), value.thumbprint]
    if isinstance(value, Rule):
        return ["Rule", value.name]
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return [type(value).__name__, {name: plain(one) for name, one in value._asdict().items()}]
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (float, timedelta)) or type(value).__name__ == "Fraction":
        return repr(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ["bytes", bytes(value).hex()]
    return _plain_many(value)


def _plain_many(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ["map", [[plain(key), plain(one)] for key, one in value.items()]]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(json.dumps(plain(one), sort_keys=True) for one in value)]
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    if hasattr(value, "tag") and hasattr(value, "value"):
        return ["tagged", value.tag, plain(value.value)]
    if type(value).__name__ in {"undefined_type", "CBORSimpleValue", "Undefined"}:
        return repr(value)
    raise TypeError(type(value).__name__)
