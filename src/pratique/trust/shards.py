"""A shard: one of an issuer's many small signing keys, so that withdrawing one is affordable.

1. Its state is computed from dates and from what was planned for it; only `retired` is ever set.
2. `width` is fixed when the shard is made: tags once drawn cannot be widened.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.terms import Algorithm, Environment, Kind


class Shard(NamedTuple):
    """A document signer as its own issuer knows it.

    Attributes:
        label: the issuer's own name for it ("2026-11-a").
        participant, country: whose key it is ("XXU"), and the country it signs for ("XU").
        key: the key's URI ("file:dsc-2026-11-a.pem", "hsm:...").
        kid: first 8 bytes of SHA-256 of its certificate's DER.
        thumbprint: SHA-256 of its certificate's DER, hex.
        not_before, not_after: of its certificate; seconds since the epoch, both inclusive.
        use_until: the last second at which it signs; it is verified with until `not_after`.
        planned: how many certificates it is to sign at most.
        width: bits of a revocation tag; 2**width is at least 2.5 times `planned`.
        retired: when it was taken out of use for good, or None.
    """

    label: str
    participant: str
    country: str
    environment: Environment
    algorithm: Algorithm
    key: str
    kid: bytes
    thumbprint: str
    usages: frozenset[Kind]
    not_before: int
    not_after: int
    use_until: int
    planned: int
    width: int
    retired: int | None = None
