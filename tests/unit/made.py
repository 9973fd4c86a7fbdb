"""Keys and certificates made for the tests, with the oddities that real ones have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
TEST, VACCINATION, RECOVERY = (f"1.3.6.1.4.1.1847.2021.1.{number}" for number in (1, 2, 3))
EKU = "2.5.29.37"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Made:
    """One certificate and its private key."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self.certificate, self.key = certificate, key
        self.der = certificate.public_bytes(Encoding.DER)
        self.pem = certificate.public_bytes(Encoding.PEM)


def make(
    countries: Sequence[str] = ("DE",),
    *,
    name: str = "signer",
    key: Key | None = None,
    by: Made | None = None,
    ca: bool = False,
    eku: Sequence[str] | None = None,
    raw: Sequence[tuple[str, bytes, bool]] = (),
    start: datetime = START,
    end: datetime = END,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
    names_issuer: bool = True,
    path: int | None = 0,
) -> Made:
    """Make a certificate; `raw` is (OID, octets, critical) of further extensions.

    Without `names_issuer` it has no authority key identifier; `path` is how many CAs may stand below a CA.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, country) for country in countries]
        + [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if by and names_issuer:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path), critical=True)
    if eku is not None:
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in eku])
        builder = builder.add_extension(usage, critical=False)
    for oid, octets, critical in raw:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), octets)
        builder = builder.add_extension(extension, critical=critical)
    return Made(builder.sign(by.key if by else key, digest or hashes.SHA256()), key)
