"""The kit's invented states, their signers, and the private keys that are for tests only.

    vectors/keys/TEST-ONLY-*.pem -> sign(name, message)
    SIGNERS -> vectors/signers.json

1. The private keys are published: what they sign proves nothing to anybody.
2. ECDSA is deterministic (RFC 6979), so that the same case is the same text.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import SubjectKeyIdentifier

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
EVENTS = ("test", "vaccination")
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
    issuer: str = ""

    @property
    def kid(self) -> bytes:
        """Return the kid: given, or made of the key.

        RFC 7638's thumbprint (SHC), the subject key identifier (VDS-NC), or the first 8 bytes of SHA-256.
        """
        if self.domain == "SHC":
            return thumbprint(self.key)
        if self.domain == "VDS-NC":
            return SubjectKeyIdentifier.from_public_key(private(self.key).public_key()).digest
        return self.given_kid or hashlib.sha256(public_key(self.key)).digest()[:8]


@cache
def private(name: str) -> Any:
    """Return a private key of the kit."""
    return load_pem_private_key((KIT / f"keys/TEST-ONLY-{name}.pem").read_bytes(), None)


@cache
def public_key(name: str) -> bytes:
    """Return a key's SubjectPublicKeyInfo, DER."""
    spki: bytes = (
        private(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return spki


@cache
def thumbprint(name: str) -> bytes:
    """Return an EC key's identifier as SMART Health Cards write it (RFC 7638 §3)."""
    numbers = private(name).public_key().public_numbers()
    x, y = (
        base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
        for number in (numbers.x, numbers.y)
    )
    text = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")


def sign(name: str, message: bytes, digest: int = 0) -> bytes:
    """Sign as COSE asks: r and s of fixed length (RFC 9053 §2.1), or RSASSA-PSS (RFC 8230 §2)."""
    key = private(name)
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return key.sign(message, pss, hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    size = (key.key_size + 7) // 8
    r, s = decode_dss_signature(sign_der(name, message, digest))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def sign_der(name: str, message: bytes, digest: int = 0) -> bytes:
    """Sign with an EC key, and leave the signature as DER; `digest` in bits, if not the usual."""
    key = private(name)
    algorithm = ec.ECDSA(_DIGEST[digest or key.key_size], deterministic_signing=True)
    signature: bytes = key.sign(message, algorithm)
    return signature


SHARED_KID = bytes.fromhex("5eed5eed5eed5eed")

# fmt: off
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
    "utopia-cards": TestSigner(
        "utopia-13", "XXU", ("XU",), usages=EVENTS, domain="SHC", issuer="https://cards.utopia.example/issuer",
    ),
    "utopia-cards-over": TestSigner(
        "utopia-14", "XXU", ("XU",), usages=EVENTS, domain="SHC", issuer="https://cards.utopia.example/issuer",
        not_after=NOON - DAY,
    ),
    "nowhere-cards": TestSigner(
        "arcadia-4", "", (), usages=EVENTS, domain="SHC", issuer="https://cards.nowhere.example/",
    ),
    "policy-passes": TestSigner(
        "arcadia-5", "NZ", ("NZ",), usages=("pass",), domain="NZCP", issuer="did:web:passes.policy.example",
        given_kid=b"key-1",
    ),
    "swiss-light": TestSigner(
        "ruritania-3", "CH", ("CH",), usages=("pass",), domain="CH-LIGHT", issuer="CH BAG",
    ),
    "french-doses": TestSigner(
        "sylvania-2", "FR", ("FR",), usages=("vaccination",), domain="2D-DOC", issuer="FR99", given_kid=b"XV01",
    ),
    "french-tests": TestSigner(
        "sylvania-3", "FR", ("FR",), usages=("test",), domain="2D-DOC", issuer="FR99", given_kid=b"XT01",
    ),
    "utopia-csca": TestSigner(
        "utopia-17", "XXU", ("XU",), "ES384", usages=EVENTS, domain="VDS-NC", issuer="c=xu,cn=utopia csca",
    ),
    "brobdingnag-health": TestSigner(
        "brobdingnag-2", "XXB", ("XB",), "EdDSA", usages=EVENTS, domain="DIVOC",
        issuer="https://health.brobdingnag.example/", given_kid=b"did:brobdingnag",
    ),
    "brobdingnag-health-rsa": TestSigner(
        "brobdingnag-3", "XXB", ("XB",), "PS256", usages=EVENTS, domain="DIVOC",
        issuer="https://health.brobdingnag.example/", given_kid=b"did:brobdingnag:rsa",
    ),
    "future": TestSigner("utopia-11", "XXU", ("XU",), not_before=NOON + DAY),
}
# fmt: on
"""By the names that the cases' makers use; a text knows a signer by its kid only."""

STRANGERS = ("stranger",)
"""Keys that are in no trust list."""
