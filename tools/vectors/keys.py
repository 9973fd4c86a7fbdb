"""The kit's invented states, their signers, and the private keys that are for tests only.

    vectors/keys/TEST-ONLY-*.pem -> sign(name, message)
    SIGNERS -> vectors/signers.json

1. The private keys are published: what they sign proves nothing to anybody.
2. ECDSA is deterministic (RFC 6979), so that the same case is the same text.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

KIT = Path(__file__).resolve().parents[2] / "vectors"

COSE = {"ES256": -7, "ES384": -35, "ES512": -36, "PS256": -37}
_DIGEST: dict[int, hashes.HashAlgorithm] = {
    256: hashes.SHA256(),
    384: hashes.SHA384(),
    521: hashes.SHA512(),
}
RSA_BYTES = 256
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def seconds(text: str) -> int:
    """Return the seconds since the epoch of "2026-06-01" or "2026-06-01T12:00:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


START, END = seconds("2026-01-01"), seconds("2028-01-01")
ISSUED, EXPIRES = seconds("2026-03-01T08:00:00"), seconds("2027-03-01T08:00:00")
NOON = seconds("2026-06-01T12:00:00")
DAY = 86_400
ALL = ("exemption", "recovery", "test", "vaccination")


class TestSigner(NamedTuple):
    """A row of `signers.json` before it is written; the README says what each field means."""

    key: str
    participant: str
    countries: tuple[str, ...]
    algorithm: str = "ES256"
    usages: tuple[str, ...] = ALL
    not_before: int = START
    not_after: int = END
    environment: str = "production"
    domain: str = "DCC"
    sca_not_after: int | None = None
    unreadable: bool = False
    given_kid: bytes = b""

    @property
    def kid(self) -> bytes:
        """Return the kid: given, or the first 8 bytes of SHA-256 of the key."""
        return self.given_kid or hashlib.sha256(public_key(self.key)).digest()[:8]


@cache
def _private(name: str) -> Any:
    return load_pem_private_key((KIT / f"keys/TEST-ONLY-{name}.pem").read_bytes(), None)


@cache
def public_key(name: str) -> bytes:
    """Return a key's SubjectPublicKeyInfo, DER."""
    spki: bytes = (
        _private(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return spki


def sign(name: str, message: bytes, digest: int = 0) -> bytes:
    """Sign as COSE asks: r and s of fixed length (RFC 9053 §2.1), or RSASSA-PSS (RFC 8230 §2)."""
    key = _private(name)
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return key.sign(message, pss, hashes.SHA256())
    size = (key.key_size + 7) // 8
    r, s = decode_dss_signature(sign_der(name, message, digest))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def sign_der(name: str, message: bytes, digest: int = 0) -> bytes:
    """Sign with an EC key, and leave the signature as DER; `digest` in bits, if not the usual."""
    key = _private(name)
    algorithm = ec.ECDSA(_DIGEST[digest or key.key_size], deterministic_signing=True)
    signature: bytes = key.sign(message, algorithm)
    return signature


SHARED_KID = bytes.fromhex("5eed5eed5eed5eed")

SIGNERS: dict[str, TestSigner] = {
    "utopia": TestSigner("utopia", "XXU", ("XU",)),
    "utopia-vaccination": TestSigner("utopia-2", "XXU", ("XU",), usages=("vaccination",)),
    "utopia-test": TestSigner("utopia-3", "XXU", ("XU",), usages=("test",)),
    "utopia-recovery": TestSigner("utopia-4", "XXU", ("XU",), usages=("recovery",)),
    "utopia-islands": TestSigner("utopia-5", "XXU", ("XI", "XU")),
    "utopia-specimen": TestSigner("utopia-6", "XXU", ("XU",), environment="test"),
    "arcadia": TestSigner("arcadia", "XXA", ("XA",)),
    "freedonia": TestSigner("freedonia", "XXF", ("XF",), "PS256"),
    "ruritania": TestSigner("ruritania", "XXR", ("XR",), "ES384", given_kid=b"XXR-2026-1"),
    "brobdingnag": TestSigner("brobdingnag", "XXB", ("XB",), "ES512"),
    "shared-utopia": TestSigner("utopia-7", "XXU", ("XU",), given_kid=SHARED_KID),
    "shared-arcadia": TestSigner("arcadia-2", "XXA", ("XA",), given_kid=SHARED_KID),
    "shared-ruritania": TestSigner("ruritania-2", "XXR", ("XR",), "ES384", given_kid=SHARED_KID),
    "twice-dcc": TestSigner("sylvania", "XXS", ("XS",), usages=("vaccination",)),
    "twice-ddcc": TestSigner("sylvania", "XXS", ("XS",), usages=("test",), domain="DDCC"),
    "sca-dead": TestSigner("utopia-8", "XXU", ("XU",), sca_not_after=NOON - DAY),
    "sca-alive": TestSigner("utopia-9", "XXU", ("XU",), sca_not_after=NOON),
    "unreadable": TestSigner("erewhon", "XXE", ("XE",), usages=(), unreadable=True),
    "misfit": TestSigner("erewhon", "XXE", ("XE",), "PS256", given_kid=b"misfit"),
    "weak": TestSigner("erewhon-3", "XXE", ("XE",)),
    "mixed": TestSigner("erewhon-2", "XXE", ("XE",), "ES384"),
    "nowhere": TestSigner("nowhere", "", ()),
    "listing": TestSigner("utopia-12", "XXU", ("XU",)),
    "listing-again": TestSigner("utopia-12", "XXU", ("XU",), given_kid=b"XXU-2"),
    "listing-late": TestSigner("arcadia-3", "XXA", ("XA",)),
    "over": TestSigner("utopia-10", "XXU", ("XU",), not_after=NOON - DAY),
    "future": TestSigner("utopia-11", "XXU", ("XU",), not_before=NOON + DAY),
}
"""By the names that the cases' makers use; a text knows a signer by its kid only."""

STRANGERS = ("stranger",)
"""Keys that are in no trust list."""
