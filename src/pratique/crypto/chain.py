"""Was this certificate issued by that signing CA? Found by its signature, not by its name.

    X509Record, X509Record of an SCA -> issued_by -> True | False | None

1. A name or a key identifier makes a candidate; only the signature makes an issuer.
2. SHA-1 and MD5 prove nothing here: the answer is None, "cannot tell".
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.crypto import der
from pratique.crypto.x509 import X509Record

_HASHES: dict[str, hashes.HashAlgorithm] = {
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
_RSA_PSS = "1.2.840.113549.1.1.10"


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
    if not (ca.is_ca and ca.public_key and certificate.signature):
        return False
    try:
        parts = der.children(der.read_one(certificate.signature_algorithm, der.SEQUENCE).body)
        name = der.oid(parts[0])
        digest = _pss_hash(parts) if name == _RSA_PSS else (_ECDSA | _RSA).get(name)
    except (ValueError, IndexError):
        return None
    key = load_der_public_key(ca.public_key)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and digest and name in _ECDSA:
            key.verify(certificate.signature, certificate.signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and digest and name == _RSA_PSS:
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(certificate.signature, certificate.signed, pss, digest)
        elif isinstance(key, rsa.RSAPublicKey) and digest and name in _RSA:
            key.verify(certificate.signature, certificate.signed, padding.PKCS1v15(), digest)
        else:
            return None
    except InvalidSignature:
        return False
    return True


def _pss_hash(parts: list[der.Tlv]) -> hashes.HashAlgorithm | None:
    """Read hashAlgorithm of RSASSA-PSS-params (RFC 4055 §3.1); its default is SHA-1."""
    for field in der.children(parts[1].expect(der.SEQUENCE).body):
        if field.tag == 0xA0:
            identifier = der.read_one(field.body, der.SEQUENCE)
            return _HASHES.get(der.oid(der.children(identifier.body)[0]))
    return None
