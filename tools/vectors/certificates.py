"""Write the X.509 certificates of the kit's seals: an authority's, and those that it has issued.

    key, issuer's key, limits -> DER

The same limits make the same bytes: ECDSA is deterministic here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

from tools.vectors import keys

AUTHORITY, SEALS = "utopia-17", "utopia-15"
"""Names of the keys of Utopia's country signing CA, and of its signer of seals."""
PURPOSE = "2.23.136.1.1.14.2"
TYPES = "2.23.136.1.1.6.2"
_ORDINARY = "Utopia Seals"


def _name(country: str, common: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, country),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])  # fmt: skip


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@cache
def authority(
    key: str = AUTHORITY, *, common: str = "Utopia CSCA", country: str = "XU", until: int = keys.END
) -> bytes:
    """Write a country signing CA's certificate, signed by itself."""
    private = keys.private(key)
    public = private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(country, common))
        .issuer_name(_name(country, common))
        .public_key(public)
        .serial_number(1)
        .not_valid_before(_moment(keys.START))
        .not_valid_after(_moment(until))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_usage(certify=True), critical=True)
    )
    made = builder.sign(private, hashes.SHA384(), ecdsa_deterministic=True)
    return made.public_bytes(Encoding.DER)


def _usage(*, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certify, key_cert_sign=certify, crl_sign=certify, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


@cache
def certificate(  # noqa: PLR0913 - each of its limits
    key: str = SEALS,
    *,
    by: str = AUTHORITY,
    issuer: str = "Utopia CSCA",
    country: str = "XU",
    purposes: tuple[str, ...] = (PURPOSE,),
    types: tuple[str, ...] = ("NT", "NV"),
    is_ca: bool = False,
    signs: bool = True,
    begins: int = keys.START,
    ends: int = keys.END,
    serial: int = 7,
    names_key: str = AUTHORITY,
    points: str = "",
) -> bytes:
    """Write a certificate of seals.

    `names_key` is the authority's key that it names, `by` the one that signs; `points` is an address at which it
    says that its authority has lists.
    """
    private, named = keys.private(by), keys.private(names_key).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(country, _ORDINARY))
        .issuer_name(_name("XU", issuer))
        .public_key(keys.private(key).public_key())
        .serial_number(serial)
        .not_valid_before(_moment(begins))
        .not_valid_after(_moment(ends))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(named), critical=False)
        .add_extension(_usage(certify=not signs), critical=True)
    )
    if points:
        there = [x509.UniformResourceIdentifier(points)]
        point = x509.DistributionPoint(there, None, None, None)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, there[0])
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    if is_ca:
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    if purposes:
        extended = x509.ExtendedKeyUsage([ObjectIdentifier(one) for one in purposes])
        builder = builder.add_extension(extended, critical=True)
    if types:
        # DocumentTypeList ::= SEQUENCE { version INTEGER, docTypeList SET OF PrintableString } (Doc 9303-12)
        listed = b"".join(b"\x13" + bytes([len(one)]) + one.encode() for one in types)
        body = b"\x02\x01\x00\x31" + bytes([len(listed)]) + listed
        extension = x509.UnrecognizedExtension(
            ObjectIdentifier(TYPES), b"\x30" + bytes([len(body)]) + body
        )
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(
        private, hashes.SHA384() if by == AUTHORITY else hashes.SHA256(), ecdsa_deterministic=True
    )
    return made.public_bytes(Encoding.DER)
