"""Was this certificate issued by that signing CA? Found by its signature, not by its name.

    X509Record, X509Record of an SCA -> issued_by -> True | False | None

1. A name or a key identifier makes a candidate; only the signature makes an issuer.
2. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
3. A CA with a critical extension that is not known here has issued what it has issued: its end counts.
   Whether it may is another question.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pratique.crypto import identified
from pratique.crypto.extensions import CRITICAL
from pratique.crypto.x509 import X509Record


def may_have_issued(ca: X509Record, certificate: X509Record) -> bool:
    """Say whether a signing CA is a candidate: by key identifier, or by name."""
    by_key = bool(certificate.authority_key_id) and (
        certificate.authority_key_id == ca.subject_key_id
    )
    readable = not ca.reason or ca.reason == CRITICAL
    return ca.is_ca and readable and (by_key or certificate.issuer == ca.subject)


def path_holds(ca: X509Record, authorities: Iterable[X509Record]) -> bool:
    """Tell whether no CA above a document signer's has more CAs below it than it allows.

    RFC 5280 §4.2.1.9: pathLenConstraint counts the CAs that stand between it and the last certificate. What
    stands above is judged where it is listed, up to the first that signed itself.
    """
    return _path_holds(ca, tuple(authorities))


@lru_cache(maxsize=1_024)
def _path_holds(ca: X509Record, authorities: tuple[X509Record, ...]) -> bool:
    # Level by level, each CA once at each: several certificates of two keys that have issued each other
    # are as many paths as there are ways through them, and no more CAs than there are certificates.
    here = [ca]
    for below in range(len(authorities) + 2):
        allowed = [one for one in here if one.path_length is None or below <= one.path_length]
        above: dict[str, X509Record] = {}
        for one in allowed:
            # No path is longer than there are CAs: two that have issued each other are no path to a root.
            found = () if one.issuer == one.subject or below > len(authorities) else authorities
            higher = [each for each in found if _stands_above(each, one)]
            if not higher:
                return True
            above |= {each.thumbprint: each for each in higher}
        here = list(above.values())
    return False


@lru_cache(maxsize=4_096)
def _stands_above(one: X509Record, ca: X509Record) -> bool:
    return (
        one.public_key != ca.public_key and may_have_issued(one, ca) and issued_by(ca, one) is True
    )


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
