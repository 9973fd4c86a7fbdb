"""ICAO VDS-NC: whose is the X.509 certificate that came in a seal?

    certificate (DER), the country that the seal names -> its signing CA among those held (issuer, key identifier, signature) -> Signer

Nothing of that certificate is believed before its chain to a signing CA that is held.
"""

from __future__ import annotations

from pratique.trust.signer import Signer, TrustList


def signers(_certificate: bytes, _issuer: str, _trust: TrustList) -> tuple[Signer, ...]:
    """Return the signers that a seal's certificate makes under the signing CAs that are held."""
    return ()
