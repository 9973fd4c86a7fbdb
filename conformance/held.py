"""What a case gives a verifier to hold: its signers, and its clock."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pratique import strict_json
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.terms import Environment
from pratique.trust import certificates, lists
from pratique.trust.certificates import Reading
from pratique.trust.signer import TrustList


def clock(case: dict[str, Any]) -> datetime:
    """Return the case's instant; without a zone it is UTC, without any it is the epoch."""
    text = case.get("clock")
    if not text:
        return datetime.fromtimestamp(0, UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@cache
def snapshot(path: Path, kid: bytes | None = None) -> Snapshot:
    """Return a snapshot of one source's signers, all of the test environment.

    Args:
        path: the source, of any kind that `trust import` reads, or one DID verification method.
        kid: by which a source's only signer is looked up, where the source does not say.
    """
    data = read_bytes(path)
    if data.lstrip()[:1] == b"{" and "publicKeyJwk" in (method := strict_json.loads(data)):
        data = json.dumps({"id": method["id"], "verificationMethod": [method]}).encode()
    reading = lists.read_source(data)
    if kid is not None:
        reading = reading._replace(listed=(reading.listed[0]._replace(kid=kid),))
    return of(reading)


def of(reading: Reading) -> Snapshot:
    """Return a snapshot of what was read."""
    signers = certificates.collect([reading], environment=Environment.TEST)
    alike = (signer._replace(environment=Environment.TEST) for signer in signers)
    return Snapshot(
        number=1, created=0, environment=Environment.TEST, trust=TrustList(alike), sources=()
    )


def kid_in(remark: str) -> bytes | None:
    """Return the kid that a manifest's `trust` remark names ("… (kid MTE=)"), or None."""
    _, found, rest = remark.partition("(kid ")
    return base64.b64decode(rest.partition(")")[0]) if found and "=" in rest else None
