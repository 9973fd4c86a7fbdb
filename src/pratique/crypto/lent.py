"""Lend a signing key to `cryptography`, so that a key in a device signs X.509 certificates too.

    CertificateBuilder, SigningKey -> sign -> DER

1. Only ES256 and ES384 sign here: the network's checks know no ECDSA with SHA-512, and real
   programs stumble over RSASSA-PSS in certificates.
2. Nothing but the signature is lent: the private key is asked for in vain.
"""

from __future__ import annotations

from typing import Any, NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509 import CertificateBuilder

from pratique.crypto.primitives import to_der
from pratique.crypto.signing import SigningKey
from pratique.errors import UsageError
from pratique.terms import Algorithm

_KEYS: dict[Algorithm, tuple[ec.EllipticCurve, hashes.SHA256 | hashes.SHA384]] = {
    Algorithm.ES256: (ec.SECP256R1(), hashes.SHA256()),
    Algorithm.ES384: (ec.SECP384R1(), hashes.SHA384()),
}


def sign(builder: CertificateBuilder, key: SigningKey) -> bytes:
    """Sign what was built; return the certificate's DER. UsageError `key-algorithm`."""
    return builder.sign(*private(key)).public_bytes(Encoding.DER)


def private(
    key: SigningKey,
) -> tuple[ec.EllipticCurvePrivateKey, hashes.SHA256 | hashes.SHA384]:
    """Return the key as the library takes it, and its digest. UsageError `key-algorithm`."""
    if key.algorithm not in _KEYS:
        raise UsageError(
            "key-algorithm",
            f"a key for {key.algorithm} signs no X.509 certificate here",
            "use one for ES256",
        )
    curve, digest = _KEYS[key.algorithm]
    return _Lent(key, curve), digest


class _Lent(ec.EllipticCurvePrivateKey):
    def __init__(self, key: SigningKey, curve: ec.EllipticCurve) -> None:
        self._key, self._curve = key, curve

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._curve

    @property
    def key_size(self) -> int:
        return self._curve.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        key = load_der_public_key(self._key.public_key)
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return key

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        # The algorithm is the one that `sign` above asks for: the key knows no other.
        del signature_algorithm
        return to_der(self._key.sign(bytes(data)))

    def _never(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("only signing is lent")

    exchange = private_numbers = private_bytes = __copy__ = __deepcopy__ = _never
