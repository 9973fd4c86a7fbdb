"""Check a signature whose algorithm an AlgorithmIdentifier names, as in X.509 and CMS.

    AlgorithmIdentifier, SPKI, signature, message -> check -> True | False | None

1. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
2. An algorithm that does not fit the key, or the digest that was announced, proves nothing either.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.crypto import der

HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
_RSA: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
}
RSA_PSS = "1.2.840.113549.1.1.10"
_BARE = {"1.2.840.113549.1.1.1": _RSA, "1.2.840.10045.2.1": _ECDSA}
"""Names of a key, which signers put for the algorithm where a digest stands beside it (RFC 3370 §3.2)."""


def name(identifier: bytes) -> str:
    """Return the object identifier of an AlgorithmIdentifier; ValueError if it is none."""
    return _parts(identifier)[0]


def check(
    identifier: bytes, spki: bytes, signature: bytes, message: bytes, *, announced: str = ""
) -> bool | None:
    """Check a signature.

    Args:
        identifier: AlgorithmIdentifier, DER.
        spki: a key that `crypto.spki` has read.
        signature: as X.509 and CMS hold it: ECDSA's in DER.
        message: what was signed.
        announced: object identifier of the digest that stands beside it, which must be the same.

    Returns:
        True or False; None where the algorithm is not one that proves anything here.
    """
    try:
        algorithm, parts = _parts(identifier)
        digest = _pss_hash(parts) if algorithm == RSA_PSS else (_ECDSA | _RSA).get(algorithm)
    except (ValueError, IndexError):
        return None
    if announced:
        stated = HASHES.get(announced)
        digest = digest or (stated if algorithm in _BARE else None)
        if digest is None or stated is None or digest.name != stated.name:
            return None
    key = load_der_public_key(spki)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and digest and _is(algorithm, _ECDSA):
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and digest and algorithm == RSA_PSS:
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(signature, message, pss, digest)
        elif isinstance(key, rsa.RSAPublicKey) and digest and _is(algorithm, _RSA):
            key.verify(signature, message, padding.PKCS1v15(), digest)
        else:
            return None
    except InvalidSignature:
        return False
    return True


def _is(algorithm: str, family: dict[str, hashes.HashAlgorithm]) -> bool:
    return algorithm in family or _BARE.get(algorithm) is family


def _parts(identifier: bytes) -> tuple[str, list[der.Tlv]]:
    parts = der.children(der.read_one(identifier, der.SEQUENCE).body)
    if not parts:
        raise ValueError("an algorithm without a name")
    return der.oid(parts[0]), parts


def _pss_hash(parts: list[der.Tlv]) -> hashes.HashAlgorithm | None:
    """Read hashAlgorithm of RSASSA-PSS-params (RFC 4055 §3.1); its default is SHA-1."""
    for field in der.children(parts[1].expect(der.SEQUENCE).body):
        if field.tag == 0xA0:
            return HASHES.get(name(field.body))
    return None
