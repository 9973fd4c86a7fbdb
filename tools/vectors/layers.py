"""Write HC1 texts layer by layer, so that any one layer can be wrong on purpose.

    claims -> payload -> COSE_Sign1 -> zlib -> Base45 -> "HC1:..."

1. Nothing here is Pratique's: what is written by other code is what tests the reader.
2. The same input makes the same text; only RSA-PSS draws, and `make_vectors` keeps what it drew.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import cbor2

from tools.vectors import keys

KID, ALGORITHM = 4, 1
TAGGED, UNTAGGED, CWT_TAGGED = b"\xd2", b"", b"\xd8\x3d\xd2"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

Sign = Callable[[bytes], bytes]


def cbor(value: object) -> bytes:
    """Write plain CBOR; maps keep their order."""
    return cbor2.dumps(value)


def base45(data: bytes) -> str:
    """Write Base45 (RFC 9285 §4)."""
    out = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            out.append(_DIGITS[digit])
    return "".join(out)


def pack(data: bytes) -> bytes:
    """Compress as issuers do."""
    return zlib.compress(data, 9)


def hc1(packed: bytes) -> str:
    """Write the text of compressed bytes."""
    return "HC1:" + base45(packed)


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Write the Sig_structure (RFC 9052 §4.4)."""
    return cbor(["Signature1", b"" if protected == b"\xa0" else protected, b"", payload])


def cose(
    payload: bytes,
    *,
    key: str,
    protected: bytes,
    unprotected: Mapping[Any, Any] | None = None,
    tag: bytes = TAGGED,
    sign: Sign | None = None,
) -> bytes:
    """Write a COSE_Sign1 message signed with the key of that name, or with `sign`."""
    message = to_be_signed(protected, payload)
    signature = sign(message) if sign else keys.sign(key, message)
    return tag + cbor([protected, dict(unprotected or {}), payload, signature])


def claims(
    content: object,
    *,
    iss: object = "XU",
    iat: object = keys.ISSUED,
    exp: object = keys.EXPIRES,
    claim: object = 1,
    **more: object,
) -> dict[Any, Any]:
    """Write CWT claims around a content; a claim that is None is left out."""
    head = {1: iss, 4: exp, 6: iat}
    found: dict[Any, Any] = {key: value for key, value in head.items() if value is not None}
    return found | {-260: {claim: content}} | {int(k): v for k, v in more.items()}


def signed(  # noqa: PLR0913 - each part of a message
    payload: object,
    *,
    by: str = "utopia",
    alg: int | None = None,
    kid: bytes | None = None,
    protected: bytes | None = None,
    unprotected: Mapping[Any, Any] | None = None,
    tag: bytes = TAGGED,
    sign: Sign | None = None,
    key: str | None = None,
) -> bytes:
    """Write the message of a signer of the kit; every part may be given otherwise."""
    signer = keys.SIGNERS[by]
    named = keys.COSE[signer.algorithm] if alg is None else alg
    if protected is None:
        protected = cbor({ALGORITHM: named, KID: signer.kid if kid is None else kid})
    data = payload if isinstance(payload, bytes) else cbor(payload)
    return cose(
        data,
        key=key or signer.key,
        protected=protected,
        unprotected=unprotected,
        tag=tag,
        sign=sign,
    )


def text(payload: object, **how: Any) -> str:
    """Write the whole text of claims (or of payload bytes)."""
    return hc1(pack(signed(payload, **how)))
