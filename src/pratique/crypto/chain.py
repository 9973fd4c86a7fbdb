"""Chains: was this certificate issued by that signing CA, and which keys of signing CAs are believed?

    X509Record, X509Record of an SCA -> issued_by -> True | False | None
    AlgorithmIdentifier, signature, what was signed, a CA's key -> signed_by -> True | False | None
    SubjectPublicKeyInfo, DER -> authority_key -> the same key with a named curve

1. A name or a key identifier makes a candidate (`x509.may_have_issued`); only the signature makes an issuer.
2. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
3. A CA with a critical extension that is not known here has issued what it has issued: its end counts.
   Whether it may is another question.

Sources: RFC 5280; ICAO Doc 9303-12 (keys of CSCAs).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from pratique.crypto import algorithms, asn1, spki
from pratique.crypto.asn1 import Tlv
from pratique.crypto.x509 import X509Record, may_have_issued


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
    return algorithms.check(
        certificate.signature_algorithm, public_key, certificate.signature, certificate.signed
    )


@lru_cache(maxsize=256)
def signed_by(
    algorithm: bytes, signature: bytes, signed: bytes, authority_key: bytes
) -> bool | None:
    """Check a signing CA's signature; None where it is of a kind that proves nothing here.

    `authority_key` is of a signing CA that is held, never a stranger's.
    """
    try:
        return algorithms.check(algorithm, authority_key, signature, signed)
    except Exception:  # noqa: BLE001 - OpenSSL's own classes differ by what it was built without
        return None


# ----------------------------------------------------------------------------------------------------
# Keys of signing CAs: RSA, and curves by their name or by their numbers.

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "08c7a473cd0090d4d4d5f994fcbcf4d1c42915ebe50ba1552743fa5df31a3f5b": ec.SECP256R1,
    "eb6d063e0dd88e645095d16d9d86fb60361d786f15b7d9c57d82835a6d6652f5": ec.SECP384R1,
    "20382f97ebf4049281daf126a89653d5bb61f7bb8df4fd0ac1d3a175b06c2ce2": ec.SECP521R1,
    "916fdd2d3242262b2fa690a4512d27771baafcb72b8b04fc4d61e3e788585140": ec.BrainpoolP256R1,
    "e538133583ddfaff660d5b5ddaa705a360a77cfb1eb04815a9ba3118209d48a5": ec.BrainpoolP384R1,
    "5fa2cfcc3b3c76c4b280f037850ac898df6e2706ecb81dd27af3dc9f436e4214": ec.BrainpoolP512R1,
}
"""SHA-256 of a curve's field, coefficients, base point and order, as DER writes them -> the curve."""
_NAMED = frozenset(curve().name for curve in _CURVES.values())
_EC_KEY = "1.2.840.10045.2.1"


def authority_key(info: bytes) -> bytes:
    """Return a signing CA's SubjectPublicKeyInfo in the one spelling; ValueError if its key is not believed."""
    identifier, point = asn1.children(asn1.read_one(info, asn1.SEQUENCE).body)
    kind, *parameters = asn1.children(identifier.expect(asn1.SEQUENCE).body)
    try:
        if asn1.oid(kind) == _EC_KEY and parameters and parameters[0].tag == asn1.SEQUENCE:
            curve = _curve_of(parameters[0])
            key = ec.EllipticCurvePublicKey.from_encoded_point(curve, asn1.bits(point))
        else:
            loaded = load_der_public_key(info)
            if isinstance(loaded, rsa.RSAPublicKey):
                small = loaded.public_numbers().e.bit_length() <= spki.MOST_EXPONENT
                if loaded.key_size not in spki.RSA_BITS or not small:
                    raise ValueError("an RSA key of a size that is not believed")
                return loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            if not isinstance(loaded, ec.EllipticCurvePublicKey) or loaded.curve.name not in _NAMED:
                raise ValueError("a key of another kind")
            key = loaded
    except ValueError:
        raise
    except Exception as error:  # OpenSSL's own classes differ by kind of damage
        raise ValueError("a public key cannot be read") from error
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _curve_of(parameters: Tlv) -> ec.EllipticCurve:
    """Return the curve that ECParameters spell out (RFC 3279 §2.3.5): one of the named, or ValueError."""
    version, field, coefficients, base, order, *_ = asn1.children(parameters.body)
    asn1.integer(version)
    # A seed, and the cofactor behind, are no part of what a curve is.
    first, second, *_ = asn1.children(coefficients.expect(asn1.SEQUENCE).body)
    spelt = b"".join(part.raw for part in (field, first, second, base, order))
    curve = _CURVES.get(hashlib.sha256(spelt).hexdigest())
    if curve is None:
        raise ValueError("a curve that has no name here")
    return curve()
