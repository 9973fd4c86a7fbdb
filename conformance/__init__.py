"""Readers of other people's collections of test cases, for `pratique conformance` in a clone of the source.

    manifest case, folder -> the kind's reader -> public code -> ConformanceResult

1. A reader asks the public code what a verifier would be told, and compares it with what the case expects.
2. Each case has its own clock; what it does not state is not judged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pratique import strict_json
from pratique.store.sources import read_bytes

READERS = {
    "2d-doc": "schemes:certificate",
    "business-rule": "rules:business_rule",
    "cbor-bad": "primitives:cbor_bad",
    "cbor-good": "primitives:cbor_good",
    "certlogic-eval": "rules:certlogic_eval",
    "certlogic-validate": "rules:certlogic_form",
    "ch-light": "schemes:certificate",
    "cose": "primitives:cose_example",
    "crypto-vectors": "primitives:wycheproof",
    "dcc-layered": "certificates:layered",
    "dcc-payload-schema": "certificates:payload_schema",
    "dcc-qr": "certificates:dcc_qr",
    "divoc": "schemes:certificate",
    "holder-match": "rules:holder_match",
    "holder-name": "rules:holder_name",
    "icvp": "certificates:by_text",
    "nl-coronacheck": "schemes:certificate",
    "nzcp": "schemes:certificate",
    "revocation-hash": "certificates:revocation_hash",
    "rule-context": "rules:rule_context",
    "shc-case": "schemes:certificate",
    "shc-jws": "schemes:certificate",
    "shc-part": "schemes:certificate",
    "shl": "schemes:certificate",
    "signed-trustlist": "trust:signed_trustlist",
    "tng-did": "trust:tng_did",
    "tng-onboarding": "trust:tng_onboarding",
    "vds-nc": "schemes:certificate",
    "who-ddcc": "certificates:by_text",
}
"""Kind -> module of this room, and its reader."""


@lru_cache(maxsize=32)
def read_json(path: Path) -> Any:
    """Return a document of a collection; many cases lie in one."""
    return strict_json.loads(read_bytes(path))


def entry_of(case: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return a case's own entry of its file."""
    entries: list[dict[str, Any]] = read_json(root / case["files"][0])
    return next(one for one in entries if one["id"] == case["id"])


def clock(case: dict[str, Any]) -> datetime:
    """Return the case's instant; without a zone it is UTC, without any it is the epoch."""
    text = case.get("clock")
    if not text:
        return datetime.fromtimestamp(0, UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
