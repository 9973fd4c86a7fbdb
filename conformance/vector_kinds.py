"""Conformance cases of Pratique's own kit (`vectors/README.md` describes it).

manifest case -> the kit's case and signers -> verify -> Result
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from conformance.kit_networks import roll
from conformance.kit_revocations import revocations
from conformance.result import Result
from pratique import strict_json
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.terms import Algorithm, Environment, Kind
from pratique.trust.certificates import read_key
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, verify


def pratique_vector(case: dict[str, Any], root: Path) -> Result:
    """Verify one text at its clock, and compare the colour, the codes and the facts."""
    vector = _cases(root / case["files"][0])[case["id"]]
    held = snapshot_of(vector, root / case["trust"])
    found = verify(vector["text"], snapshot=held, at=datetime.fromisoformat(vector["clock"]))
    seen = outcome(found)
    expected = vector["expected"]
    facts = expected.get("facts")
    agree = all(seen[name] == expected[name] for name in ("colour", "findings")) and (
        facts is None or facts.items() <= (seen["facts"] or {}).items()
    )
    return Result(agree, f"{seen['colour']}: {', '.join(seen['findings'])}")


def snapshot_of(vector: dict[str, Any], signers: Path) -> Snapshot:
    """Return what the verifier of a case holds."""
    return snapshot(signers, Environment(vector["environment"]), vector.get("network", ""))


def outcome(found: Verification) -> dict[str, Any]:
    """Say in the kit's words what a verification came to."""
    codes = sorted({finding.code.name for finding in found.verdict.findings})
    seen: dict[str, Any] = {"colour": found.verdict.colour.value, "findings": codes}
    certificate, signer = found.certificate, found.signer
    if certificate is not None and signer is not None:
        birth = certificate.person.birth_date
        seen["facts"] = {
            "kind": certificate.kind.value,
            "domain": certificate.domain,
            "signed_by": signer.participant,
            "name": certificate.person.display_name(),
            "birth_date": None if birth is None else birth.text(),
        }
    else:
        seen["facts"] = None
    return seen


@cache
def snapshot(path: Path, environment: Environment, network: str = "") -> Snapshot:
    """Make the snapshot of the kit's signers, of the revocations beside them, and of a network."""
    rows = strict_json.loads(read_bytes(path))["signers"]
    trust = TrustList(map(_signer, rows))
    revoked = path.with_name("revocations.json")
    held = revocations(revoked) if revoked.exists() else None
    found = Snapshot(number=1, created=0, environment=environment, trust=trust, revocations=held)
    if not network:
        return found
    names = ((row["name"], _signer(row).thumbprint) for row in rows)
    return found.replace(roll=roll(path.with_name("networks.json"), network, names))


@cache
def _cases(path: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in strict_json.loads(read_bytes(path), halves=True)["cases"]}


def _signer(row: dict[str, Any]) -> Signer:
    key = base64.b64decode(row["spki"])
    end = row["sca_not_after"]
    return Signer(
        kid=bytes.fromhex(row["kid"]),
        participant=row["participant"],
        countries=frozenset(row["countries"]),
        algorithm=Algorithm(row["algorithm"]),
        public_key=key,
        usages=frozenset(map(Kind, row["usages"])),
        not_before=_seconds(row["not_before"]),
        not_after=_seconds(row["not_after"]),
        environment=Environment(row["environment"]),
        domain=row["domain"],
        thumbprint=hashlib.sha256(key).hexdigest(),
        sca_not_after=None if end is None else _seconds(end),
        reason="unreadable" if row["unreadable"] else read_key(key).reason,
    )


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
