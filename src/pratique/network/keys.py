"""Keys of roles: ours to The Update Framework's, and signatures by any of our keys.

    SubjectPublicKeyInfo DER -> SSlibKey          Metadata, SigningKey -> signature

1. A key's identifier is the beginning of SHA-256 of its SubjectPublicKeyInfo; the policy refuses two
   keys of one identifier.
2. Nothing is signed but the canonical form of metadata, so a role's key signs no health certificate.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from securesystemslib.signer import Signature, SSlibKey
from tuf.api.metadata import Key, Metadata

from pratique.crypto import spki
from pratique.crypto.primitives import to_der
from pratique.crypto.signing import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Algorithm

_SCHEMES = {Algorithm.ES256: "ecdsa-sha2-nistp256", Algorithm.ES384: "ecdsa-sha2-nistp384"}
_SHAPES = {
    Algorithm.ES256: (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 91),
    Algorithm.ES384: (bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"), 120),
}
"""How SubjectPublicKeyInfo of an uncompressed point begins, and its length (RFC 5480 §2)."""
_ID_SIZE = 24
"""Hexadecimal digits: a second key of one identifier is out of reach, and people still compare them."""
_LINE = 64


def keyid(public_key: bytes) -> str:
    """Return the identifier of a key, given as SubjectPublicKeyInfo DER."""
    return hashlib.sha256(public_key).hexdigest()[:_ID_SIZE]


def public(public_key: bytes) -> SSlibKey:
    """Return the key as metadata holds it; UsageError `key-algorithm` unless of P-256 or P-384."""
    algorithm = spki.read_der(public_key).algorithm
    if algorithm not in _SCHEMES:
        raise UsageError(
            "key-algorithm", f"a key for {algorithm} signs no metadata here", "use one for ES256"
        )
    pem = {"public": to_pem(public_key)}
    return SSlibKey(keyid(public_key), "ecdsa", _SCHEMES[algorithm], pem)


def to_pem(public_key: bytes) -> str:
    """Write a public key as PEM (RFC 7468 §13)."""
    text = base64.b64encode(public_key).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def from_pem(text: str) -> bytes:
    """Return the SubjectPublicKeyInfo DER of a PEM key; DocumentRefused if there is none."""
    try:
        return spki.read_pem(text.encode()).spki
    except UnicodeEncodeError as error:
        raise DocumentRefused("key-unreadable", "there is no public key in it") from error


def is_one(key: Key) -> bool:
    """Tell whether a key in metadata is written as `public` writes it, under its own identifier.

    One key under two identifiers could count for two hands; so there is one spelling of each.
    """
    try:
        lines = key.keyval["public"].splitlines()
        der = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (KeyError, AttributeError, ValueError):
        return False
    for algorithm, (begins, size) in _SHAPES.items():
        if der.startswith(begins) and len(der) == size:
            whole = {
                "keytype": "ecdsa",
                "scheme": _SCHEMES[algorithm],
                "keyval": {"public": to_pem(der)},
            }
            return key.to_dict() == whole and key.keyid == keyid(der)
    return False


def sign(metadata: Metadata[Any], key: SigningKey) -> str:
    """Add a key's signature to metadata; return the key's identifier."""
    own = keyid(key.public_key)
    public(key.public_key)
    signature = to_der(key.sign(metadata.signed_bytes)).hex()
    metadata.signatures[own] = Signature(own, signature)
    return own
