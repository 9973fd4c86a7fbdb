"""Conformance cases about the EU's revocation identifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.authenticate import read
from pratique.formats import Envelope, decode
from pratique.revocation.foreign import HashType, hashes
from pratique.store.sources import read_bytes
from pratique.terms import COSE_ALGORITHMS


def revocation_hash(case: dict[str, Any], root: Path) -> Result:
    """The three hashes of a certificate, as its own publisher computed them."""
    envelope = read(strict_json.loads(read_bytes(root / case["files"][0]))["barcodeData"])
    if not isinstance(envelope, Envelope):
        return Result(agree=False, detail=envelope.code.name)
    certificate, _ = decode(envelope.payload)
    algorithm = COSE_ALGORITHMS.get(envelope.algorithm or 0)
    if certificate is None or algorithm is None:
        return Result(agree=False, detail="no certificate")
    seen = hashes(
        identifiers=[entry.identifier for entry in certificate.entries if entry.identifier],
        country=certificate.issuer,
        signature=envelope.signature,
        algorithm=algorithm,
    )
    wrong = [
        kind.value
        for kind in HashType
        if {entry.hex() for entry in seen[kind]} != {case["expected"][kind.value]}
    ]
    return Result(not wrong, ", ".join(wrong) or "all three agree")
