"""HCERT, the `HC1:` text in the QR code (eHealth Network, Electronic Health Certificate Spec. 1).

    HC1: text -> Base45 -> zlib -> COSE_Sign1 -> Envelope     (unwrap)
    payload -> CWT claims -> -260 -> claim 1 | 3 | 4 | -6 | 5 -> HealthCertificate     (decode)
    payload -> COSE_Sign1 -> zlib -> Base45 -> HC1: text                                 (encode)

1. `decode` is for payloads whose signature was checked; nothing in `unwrap` looks into them.
2. Every refusal is a `Finding`; no text raises.
"""

from __future__ import annotations

import zlib

from pratique.crypto import cose
from pratique.crypto.envelope import Envelope
from pratique.findings import Code
from pratique.formats import base45, cwt
from pratique.terms import Algorithm
from pratique.verdict import Finding

PREFIX = "HC1:"

MAX_TEXT = 4296
"""Characters; a version 40 QR code holds no more in alphanumeric mode (ISO/IEC 18004 §7)."""

MAX_UNPACKED = 16384
"""Bytes; real certificates unpack to at most 870. One code can hold 2.9 MB of zeros."""


def unwrap(text: str) -> Envelope | Finding:
    """Take a text that starts with `PREFIX` apart down to the signed message."""
    if len(text) > MAX_TEXT:
        return Finding(Code.TEXT_TOO_LONG)
    packed = base45.decode(text[4:])
    if packed is None:
        return Finding(Code.BASE45_INVALID)
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, MAX_UNPACKED)
    except zlib.error:
        return Finding(Code.COMPRESSION_INVALID)
    if not inflater.eof:
        bomb = len(data) >= MAX_UNPACKED
        return Finding(Code.COMPRESSION_BOMB if bomb else Code.COMPRESSION_INVALID)
    if inflater.unused_data:
        return Finding(Code.COMPRESSION_TRAILING)
    message = cose.sign1(data)
    return Finding(message) if isinstance(message, Code) else message


decode = cwt.decode


def to_sign(payload: bytes, *, kid: bytes, algorithm: Algorithm) -> bytes:
    """Return the bytes that are to be signed for a payload."""
    return cose.message_of(cose.protected(algorithm, kid), payload)


def encode(payload: bytes, signature: bytes, *, kid: bytes, algorithm: Algorithm) -> str:
    """Return the text of a signed payload; `signature` is in COSE's fixed-length form."""
    return _wrap(cose.encode_sign1(cose.protected(algorithm, kid), payload, signature))


def _wrap(message: bytes) -> str:
    # The window stays that of every zlib (first byte 0x78): readers look for it. A small `memLevel`
    # packs as well at this size, and is set up in a sixth of the time.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 4)
    return PREFIX + base45.encode(packer.compress(message) + packer.flush())
