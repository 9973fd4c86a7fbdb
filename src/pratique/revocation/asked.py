"""What is asked about one certificate, and what can answer. Loads no list and no hash.

Asked -> Recall.find -> Code | None
"""

from __future__ import annotations

from pratique.findings import Code
from pratique.terms import Algorithm


class Asked:
    """A certificate as its signer and its content show it; nothing here is the text's to choose.

    Attributes:
        kids: every kid under which the key is listed.
        participants: whose lists count for the key, in every spelling.
        countries, algorithm: of the signer's record.
        identifiers: as the entries spell them.
        issuer: the issuer claim.
        signature: in COSE's form.
        at: seconds since the epoch.
    """

    __slots__ = (
        "algorithm", "at", "countries", "identifiers", "issuer", "kids", "participants",
        "signature",
    )  # fmt: skip

    def __init__(
        self,
        *,
        kids: frozenset[bytes],
        participants: frozenset[str],
        countries: frozenset[str],
        algorithm: Algorithm,
        identifiers: tuple[str, ...],
        issuer: str | None,
        signature: bytes,
        at: int,
    ) -> None:
        self.kids, self.participants, self.countries = kids, participants, countries
        self.algorithm, self.identifiers, self.issuer = algorithm, identifiers, issuer
        self.signature, self.at = signature, at

    def __repr__(self) -> str:
        return "<Asked: not shown>"


class Recall:
    """All revocations that a verifier holds: `pratique.revocation.held.Revocations` is one."""

    __slots__ = ()

    def find(self, asked: Asked) -> Code | None:
        """Tell whether the certificate was revoked, or why that cannot be told; None if it was not."""
        raise NotImplementedError
