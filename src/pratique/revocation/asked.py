"""What is asked about one certificate, and what can answer. Loads no list and no hash.

Asked -> Recall.find -> Code | None
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pratique.findings import Code
from pratique.terms import Algorithm


class Asked(NamedTuple):
    """A certificate as its signer and its content show it; nothing here is the text's to choose.

    Attributes:
        kids: every kid under which the signer's participant lists the key.
        participant, countries, algorithm: of the signer's record.
        identifiers: as the entries spell them.
        issuer: the issuer claim.
        signature: in COSE's form.
        at: seconds since the epoch.
    """

    kids: frozenset[bytes]
    participant: str
    countries: frozenset[str]
    algorithm: Algorithm
    identifiers: tuple[str, ...]
    issuer: str | None
    signature: bytes
    at: int

    def __repr__(self) -> str:
        return "<Asked: not shown>"


class Recall(Protocol):
    """All revocations that a verifier holds: `pratique.revocation.held.Revocations`."""

    def find(self, asked: Asked) -> Code | None:
        """Tell whether the certificate was revoked, or why that cannot be told; None if it was not."""
        ...
