"""COSE_Sign1 (RFC 9052 §4.2): take a signed message apart, without believing any of it.

    bytes -> [protected, unprotected, payload, signature] -> Envelope -> checker(signature, message)

1. Tagged (18), untagged, and CWT over COSE (61, 18): all three are met in real certificates.
2. The protected header wins over the unprotected one; a kid in either is only a hint.
3. The payload is left as bytes: nobody reads it before its signature is known to be good.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pratique.crypto.cbor import dumps, loads
from pratique.findings import Code
from pratique.terms import COSE_ALGORITHMS, Algorithm

# ----------------------------------------------------------------------------------------------------
# A signed message before any signature is checked: bytes, and hints where to look.
#
# 1. An `Envelope` is not a certificate: its payload is unread and may be anybody's invention.
# 2. `kid` and `algorithm` are hints from a stranger; the signer's record decides.


class Envelope(NamedTuple):
    """A signed message, unread.

    Attributes:
        algorithm: COSE identifier that the message names, or None; compared, never obeyed.
        kid: hint for the look-up of signers, or None.
        kid_protected: whether the signature covers the kid.
        payload: the signed content, still encoded.
        message: the bytes that were signed.
        signature: in COSE's fixed-length form (RFC 9053 §2.1).
    """

    algorithm: int | None
    kid: bytes | None
    kid_protected: bool
    payload: bytes
    message: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "<Envelope: not shown>"


ALGORITHM, KID, _CRITICAL = 1, 4, 2
"""Labels of headers (RFC 9052 §3.1)."""
_SIGNATURE1 = b"\x84\x6aSignature1"

# What nearly all certificates begin with: four parts, the first 13 bytes long, {alg: ES256, kid: 8
# bytes} in either order.
_ALGORITHM_KID = b"\x84\x4d\xa2\x01\x26\x04\x48"
_KID_ALGORITHM = b"\x84\x4d\xa2\x04\x48", b"\x01\x26"
_ES256 = -7


def sign1(data: bytes) -> Envelope | Code:
    """Take a COSE_Sign1 message apart, or return the `Code` that refuses it."""
    if data[:1] == b"\xd2":
        data = data[1:]
    elif data[:3] == b"\xd8\x3d\xd2":
        data = data[3:]
    try:
        return _plain(data) or _general(data)
    except IndexError:
        return _general(data)


def _plain(data: bytes) -> Envelope | None:
    # [{alg, kid}, {}, payload, 64 bytes] in shortest form and nothing after: nearly all
    # certificates. Its length bytes fix every part and the end; `_general` is the reference.
    if data[:7] == _ALGORITHM_KID:
        kid = data[7:15]
    elif (data[:5], data[13:15]) == _KID_ALGORITHM:
        kid = data[5:13]
    else:
        return None
    width = data[15:17]
    if width == b"\xa0\x59":
        start, least = 19, 256
        end = start + (data[17] << 8 | data[18])
    elif width == b"\xa0\x58":
        start, least = 18, 24
        end = start + data[17]
    else:
        return None
    if len(data) != end + 66 or data[end : end + 2] != b"\x58\x40":
        return None
    # What is signed is encoded anew (RFC 9052 §9): a length written too long stays on the wire.
    if end - start < least:
        return None
    message = _SIGNATURE1 + data[1:15] + b"\x40" + data[16:end]
    parts = (_ES256, kid, True, data[start:end], message, data[end + 2 :])
    return tuple.__new__(Envelope, parts)


class SignedParts(NamedTuple):
    """The parts of an untagged COSE_Sign1, their headers read; nothing in them is believed.

    Attributes:
        protected, unprotected: headers by label.
        payload: the signed content, still encoded.
        message: the bytes that were signed.
        signature: as it stands.
    """

    protected: Mapping[Any, Any]
    unprotected: Mapping[Any, Any]
    payload: bytes
    message: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "<SignedParts: not shown>"


def parts(data: bytes) -> SignedParts | Code:
    """Take an untagged COSE_Sign1 message apart, or return the `Code` that refuses it."""
    read = loads(data)
    if type(read) is not list:
        return read if type(read) is Code else Code.COSE_INVALID
    if len(read) != 4:
        return Code.COSE_INVALID
    protected, unprotected, payload, signature = read
    if not (type(protected) is type(payload) is type(signature) is bytes):
        return Code.COSE_INVALID
    if not payload or not signature:
        return Code.COSE_INVALID
    covered = loads(protected) if protected else {}
    if type(covered) is Code:
        return covered
    if not isinstance(covered, dict) or not hasattr(unprotected, "get"):
        return Code.COSE_INVALID
    # RFC 9052 §3.1: a message with a critical header that is not understood is refused. None is.
    if _CRITICAL in covered:
        return Code.COSE_INVALID
    return SignedParts(covered, unprotected, payload, message_of(protected, payload), signature)


def _general(data: bytes) -> Envelope | Code:
    read = parts(data)
    if isinstance(read, Code):
        return read
    covered, unprotected, payload, message, signature = read
    algorithm = covered.get(ALGORITHM, unprotected.get(ALGORITHM))
    kid = covered.get(KID)
    kid_protected = type(kid) is bytes
    if not kid_protected:
        kid = unprotected.get(KID)
    return Envelope(
        algorithm if type(algorithm) is int else None,
        kid if type(kid) is bytes else None,
        kid_protected,
        payload,
        message,
        signature,
    )


def message_of(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure, which is what a signer signs (RFC 9052 §4.4)."""
    # An empty map on the wire (a0) counts as the empty string here.
    if protected == b"\xa0":
        protected = b""
    return b"%b%b%b\x40%b%b" % (
        _SIGNATURE1,
        _head(len(protected)),
        protected,
        _head(len(payload)),
        payload,
    )


def _head(size: int) -> bytes:
    if size < 24:
        return b"%c" % (0x40 | size)
    if size < 256:
        return b"\x58%c" % size
    return b"\x59" + size.to_bytes(2, "big")


@lru_cache(maxsize=1024)
def protected(algorithm: Algorithm, kid: bytes) -> bytes:
    """Return the protected header that an issuer writes: the algorithm and the kid."""
    number = next(code for code, name in COSE_ALGORITHMS.items() if name is algorithm)
    return dumps({ALGORITHM: number, KID: kid})


def encode_sign1(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Return the tagged message of these parts, its unprotected header empty."""
    return b"\xd2\x84%b%b\xa0%b%b%b%b" % (
        _head(len(protected)),
        protected,
        _head(len(payload)),
        payload,
        _head(len(signature)),
        signature,
    )
