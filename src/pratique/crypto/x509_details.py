"""What an X.509 certificate shows to those who examine it before it is trusted.

    DER -> read -> Features(key, signature algorithm, usage, extended usage, constraints, countries)

1. Nothing is judged here, and no bytes raise: what cannot be read is absent, and said to be.
2. `crypto.x509` is what believes or disbelieves a certificate; this is for a governance check only.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from cryptography import x509 as strict
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.crypto import asn1, chain, spki, x509

EC, RSA, DSA = "EC", "RSA", "DSA"
_EC_KEY = "1.2.840.10045.2.1"
SIGNS, SIGNS_CERTIFICATES, SIGNS_CRLS = USAGES = "digital_signature", "key_cert_sign", "crl_sign"
"""Bits of KeyUsage that matter here (RFC 5280 §4.2.1.3)."""


class Features(NamedTuple):
    """What a certificate shows.

    Attributes:
        key_digest: SHA-256, hex, of the public key in its one spelling: the same key is the same digest.
        key_kind: EC, RSA or DSA; empty for any other, and for one that cannot be read.
        key_bits: size of the key.
        modulus, exponent: of an RSA key, else 0.
        explicit_curve: whether it spells out a curve's parameters instead of naming it.
        signature_algorithm: object identifier; empty if unreadable.
        self_signed: whether its own key has signed it.
        usages: which of USAGES KeyUsage has; None without that extension.
        purposes: object identifiers of the extended key usage.
        is_ca, path_length: BasicConstraints.
        countries: C of the subject, as it stands, and as often.
        strict: whether every extension is as its standard wants it; if not, none of them is read.
    """

    record: x509.X509Record
    key_digest: str = ""
    key_kind: str = ""
    key_bits: int = 0
    modulus: int = 0
    exponent: int = 0
    explicit_curve: bool = False
    signature_algorithm: str = ""
    self_signed: bool = False
    usages: frozenset[str] | None = None
    purposes: frozenset[str] = frozenset()
    is_ca: bool = False
    path_length: int | None = None
    countries: tuple[str, ...] = ()
    strict: bool = False


def read(certificate: bytes) -> Features:
    """Read what a DER certificate shows; no bytes raise."""
    found = Features(x509.read(certificate))
    try:
        fields = x509.fields(found.record.signed)
    except ValueError:
        return found
    record = found.record
    found = _with_key(found, fields.key)._replace(
        self_signed=chain.signed_with(record, record.public_key) is True,
        signature_algorithm=_algorithm(fields.algorithm),
        countries=_countries(fields.subject),
    )
    return _with_extensions(found, certificate)


def _algorithm(identifier: bytes) -> str:
    try:
        return spki.identifier_of(identifier)
    except ValueError:
        return ""


def _countries(subject: bytes) -> tuple[str, ...]:
    try:
        return x509.named(subject, x509.COUNTRY_NAME)
    except ValueError:
        return ()


def _with_key(found: Features, info: bytes) -> Features:
    kept = found.record.public_key or info
    found = found._replace(
        key_digest=hashlib.sha256(kept).hexdigest(), explicit_curve=_is_explicit(info)
    )
    try:
        key: Any = load_der_public_key(info)
    except Exception:  # noqa: BLE001 - OpenSSL's own classes differ by kind of damage
        return found
    kinds = {ec.EllipticCurvePublicKey: EC, rsa.RSAPublicKey: RSA, dsa.DSAPublicKey: DSA}
    kind = next((name for type_, name in kinds.items() if isinstance(key, type_)), "")
    if kind:
        found = found._replace(key_kind=kind, key_bits=key.key_size)
    if kind == RSA:
        numbers = key.public_numbers()
        found = found._replace(modulus=numbers.n, exponent=numbers.e)
    return found


def _is_explicit(info: bytes) -> bool:
    """Say whether ECParameters are anything but a named curve (RFC 5480 §2.1.1: they must not be)."""
    try:
        identifier = asn1.children(asn1.read_one(info, asn1.SEQUENCE).body)[0]
        parts = asn1.children(identifier.expect(asn1.SEQUENCE).body)
        return asn1.oid(parts[0]) == _EC_KEY and not (len(parts) == 2 and parts[1].tag == asn1.OID)
    except (ValueError, IndexError):
        return False


def _with_extensions(found: Features, certificate: bytes) -> Features:
    # The network's own checks read with this library: what it refuses, they refuse.
    try:
        table = strict.load_der_x509_certificate(certificate).extensions
        values = {type(extension.value): extension.value for extension in table}
    except Exception:  # noqa: BLE001 - the library's own classes differ by kind of damage
        return found
    usage: Any = values.get(strict.KeyUsage)
    purposes: Any = values.get(strict.ExtendedKeyUsage, ())
    constraints: Any = values.get(strict.BasicConstraints)
    return found._replace(
        strict=True,
        usages=None if usage is None else frozenset(u for u in USAGES if getattr(usage, u)),
        purposes=frozenset(purpose.dotted_string for purpose in purposes),
        is_ca=constraints is not None and constraints.ca,
        path_length=None if constraints is None else constraints.path_length,
    )
