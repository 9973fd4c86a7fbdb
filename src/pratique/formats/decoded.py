"""What reading a verified payload comes to."""

from __future__ import annotations

from typing import NamedTuple

from pratique.model import HealthCertificate
from pratique.verdict import Finding


class Decoded(NamedTuple):
    """A certificate if the payload is one, and what was found on the way."""

    certificate: HealthCertificate | None
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return "<Decoded: not shown>"
