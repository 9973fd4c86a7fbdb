"""Was this certificate issued by that signing CA? Found by its signature, not by its name.

    X509Record, X509Record of an SCA -> issued_by -> True | False | None

1. A name or a key identifier makes a candidate; only the signature makes an issuer.
2. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
"""

from __future__ import annotations

from pratique.crypto import identified
from pratique.crypto.x509 import X509Record


def may_have_issued(ca: X509Record, certificate: X509Record) -> bool:
    """Say whether a signing CA is a candidate: by key identifier, or by name."""
    by_key = bool(certificate.authority_key_id) and (
        certificate.authority_key_id == ca.subject_key_id
    )
    return ca.is_ca and not ca.reason and (by_key or certificate.issuer == ca.subject)


def issued_by(certificate: X509Record, ca: X509Record) -> bool | None:
    """Check the certificate's signature with the key of a signing CA.

    Names are not compared: WHO's lists hold CAs whose name is spelled otherwise than in the
    certificates they issued, and the signature says all that the name would.

    Returns:
        True or False; None where the algorithm is not one that proves anything here.
    """
    return ca.is_ca and signed_with(certificate, ca.public_key)


def signed_with(certificate: X509Record, public_key: bytes) -> bool | None:
    """Check a certificate's signature with a key; a self-signed one's with its own."""
    if not (public_key and certificate.signature):
        return False
    return identified.check(
        certificate.signature_algorithm, public_key, certificate.signature, certificate.signed
    )
