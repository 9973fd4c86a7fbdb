"""Make X.509 certificates by the network's templates, signed by any key.

    SigningKey, Subject -> signing_ca -> DER            Authority, public key -> document_signer -> DER
    SigningKey, Subject -> upload_signer | tls_client -> DER

    | of         | subject           | key usage             | extended      | life | key is used |
    |------------|-------------------|-----------------------|---------------|------|-------------|
    | SCA        | CN, O, C          | keyCertSign, cRLSign  | -             | 4 y  | 1 y         |
    | DSC        | CN, serial, O, C  | digitalSignature      | kinds or none | 2 y  | 6 months    |
    | upload     | CN, O, C          | digitalSignature      | -             | 2 y  | 2 y         |
    | TLS client | CN, O, C          | digitalSignature (*)  | clientAuth    | 1 y  | 1 y         |

    (*) It signs itself, hence keyCertSign and CA:TRUE too: RFC 5280 §4.2.1.9 wants both or neither.

1. Nothing outlives what issued it (shell model): a DSC's end is cut to its SCA's.
2. A subject of the test environment has OU = "test environment"; one of production has no OU.
3. Instants are seconds since the epoch, serial numbers are the caller's: no clock and no draw here.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509 import CertificateBuilder
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pratique.crypto import x509 as crypto_x509
from pratique.crypto.algorithms import ECDSA, to_der
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind

# ----------------------------------------------------------------------------------------------------
# Adapt a signing key to `cryptography`, so that a key in a device signs X.509 certificates too.
#
#     CertificateBuilder, SigningKey -> sign -> DER
#
# 1. Only ES256 and ES384 sign here: the network's checks know no ECDSA with SHA-512, and real
#    programs stumble over RSASSA-PSS in certificates.
# 2. Nothing but signing is offered: the private key is asked for in vain.


_KEYS = {Algorithm.ES256, Algorithm.ES384}


def sign(builder: CertificateBuilder, key: SigningKey) -> bytes:
    """Sign what was built; return the certificate's DER. UsageError `key-algorithm`."""
    return builder.sign(*private(key)).public_bytes(Encoding.DER)


def private(
    key: SigningKey,
) -> tuple[ec.EllipticCurvePrivateKey, Any]:
    """Return the key as the library takes it, and its digest. UsageError `key-algorithm`."""
    if key.algorithm not in _KEYS:
        raise UsageError(
            "key-algorithm",
            f"a key for {key.algorithm} signs no X.509 certificate here",
            "use one for ES256",
        )
    own = ECDSA[key.algorithm]
    return _KeyAdapter(key, own.curve), own.digest


class _KeyAdapter(ec.EllipticCurvePrivateKey):
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
        raise NotImplementedError("only signing is offered")

    exchange = private_numbers = private_bytes = __copy__ = __deepcopy__ = _never


DAY = 24 * 3600
SCA_LIFE, SCA_USE = 1461 * DAY, 365 * DAY
DSC_LIFE, DSC_USE = 730 * DAY, 183 * DAY
UPLOAD_LIFE, TLS_LIFE = 730 * DAY, 365 * DAY


class Subject(NamedTuple):
    """Whom a certificate names: CN, O, exactly one C, and the environment as its OU.

    Attributes:
        serial: the serialNumber attribute; a DSC has one, so that no two have the same name.
    """

    common_name: str
    organisation: str
    country: str
    environment: Environment
    serial: str = ""


class Authority(NamedTuple):
    """A signing CA: its certificate, DER, and its key."""

    certificate: bytes
    key: SigningKey


def signing_ca(key: SigningKey, subject: Subject, *, at: int, serial: int) -> bytes:
    """Make a signing CA's certificate, signed by its own key."""
    builder = _started(key.public_key, _name(subject), at, at + SCA_LIFE, serial)
    builder = _usage(builder, "key_cert_sign", "crl_sign")
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return sign(builder, key)


def document_signer(
    public_key: bytes,
    subject: Subject,
    *,
    by: Authority,
    at: int,
    serial: int,
    usages: Iterable[Kind] = ALL_KINDS,
) -> bytes:
    """Make a document signer's certificate, limited to `usages` if these are not all kinds.

    Raises:
        UsageError: `sca-…`, `usage-unnamed` where a kind has no object identifier,
            `environment-differs`, `country-differs`.
    """
    parent = _fit(by, subject, at)
    issuer = x509.load_der_x509_certificate(by.certificate).subject
    end = min(at + DSC_LIFE, parent.not_after)
    builder = _started(public_key, _name(subject), at, end, serial, issuer=issuer)
    builder = _usage(builder, "digital_signature")
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier(parent.subject_key_id or None, None, None), critical=False
    )
    named = frozenset(usages)
    if named != ALL_KINDS:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in _identifiers(named)]),
            critical=False,
        )
    return sign(builder, by.key)


def signing_request(
    key: SigningKey, subject: Subject, *, usages: Iterable[Kind] = ALL_KINDS
) -> bytes:
    """Make a request for a document signer's certificate (PKCS #10, RFC 2986), as PEM.

    For a state whose signing CA (its CSCA) is kept elsewhere. What is asked for is what `document_signer`
    makes; the CA decides what it grants. UsageError `usage-unnamed`, `key-algorithm`.
    """
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(subject))
    allowed = _key_usage("digital_signature")
    builder = builder.add_extension(allowed, critical=True)
    named = frozenset(usages)
    if named != ALL_KINDS:
        wanted = x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in _identifiers(named)])
        builder = builder.add_extension(wanted, critical=False)
    return builder.sign(*private(key)).public_bytes(Encoding.PEM)


def upload_signer(key: SigningKey, subject: Subject, *, at: int, serial: int) -> bytes:
    """Make the certificate of the key that signs what a participant uploads (UP), self-signed."""
    builder = _started(key.public_key, _name(subject), at, at + UPLOAD_LIFE, serial)
    return sign(_usage(builder, "digital_signature"), key)


def tls_client(key: SigningKey, subject: Subject, *, at: int, serial: int) -> bytes:
    """Make the certificate with which a participant's back end shows itself, self-signed."""
    builder = _started(key.public_key, _name(subject), at, at + TLS_LIFE, serial)
    builder = _usage(builder, "digital_signature", "key_cert_sign")
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return sign(builder.add_extension(purpose, critical=False), key)


def environment_of(certificate: bytes) -> Environment:
    """Return the environment that a certificate made here is marked with."""
    return Environment.TEST if crypto_x509.read(certificate).is_test else Environment.PRODUCTION


def to_pem(certificate: bytes) -> bytes:
    """Write a certificate as PEM (RFC 7468 §5)."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def from_pem(data: bytes) -> bytes:
    """Return the DER of the one certificate in a PEM file; DocumentRefused if there is not one."""
    try:
        return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
    except ValueError as error:
        raise DocumentRefused("x509-none", "there is no X.509 certificate in it") from error


def _fit(by: Authority, subject: Subject, at: int) -> crypto_x509.X509Record:
    record = crypto_x509.read(by.certificate)
    if not record.is_ca or record.reason:
        raise UsageError("sca-unfit", "that certificate is not a signing CA's", "name the SCA's")
    if record.public_key != by.key.public_key:
        raise UsageError(
            "sca-key-differs", "the signing CA's key is not its certificate's", "open the right key"
        )
    if not record.not_before <= at <= record.not_after:
        raise UsageError(
            "sca-dead", "the signing CA is not valid at this instant", "make a new signing CA"
        )
    if environment_of(by.certificate) is not subject.environment:
        raise UsageError(
            "environment-differs",
            f"the signing CA does not belong to the {subject.environment} environment",
            "each environment has a signing CA of its own",
        )
    if record.countries != (subject.country,):
        raise UsageError("country-differs", "the signing CA names another country")
    return record


def _started(
    public_key: bytes,
    subject: x509.Name,
    start: int,
    end: int,
    serial: int,
    *,
    issuer: x509.Name | None = None,
) -> x509.CertificateBuilder:
    key: Any = load_der_public_key(public_key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(start, UTC))
        .not_valid_after(datetime.fromtimestamp(end, UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(subject: Subject) -> x509.Name:
    unit = crypto_x509.TEST_UNIT if subject.environment is Environment.TEST else ""
    parts = [
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.ORGANIZATION_NAME, subject.organisation),
        *([(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []),
        *([(NameOID.SERIAL_NUMBER, subject.serial)] if subject.serial else []),
        (NameOID.COMMON_NAME, subject.common_name),
    ]
    # RFC 5280 appendix A.1: ub-organization-name and its like; the library minds only some of them.
    if all(len(text) <= 64 for _, text in parts):
        with suppress(ValueError):
            return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
    raise UsageError(
        "subject-unfit",
        "a name does not fit into an X.509 certificate",
        "names have 1 to 64 characters, a country two capital letters",
    )


def _usage(builder: x509.CertificateBuilder, *allowed: str) -> x509.CertificateBuilder:
    return builder.add_extension(_key_usage(*allowed), critical=True)


def _key_usage(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _identifiers(kinds: frozenset[Kind]) -> list[str]:
    found = [crypto_x509.IDENTIFIERS[kind] for kind in kinds if kind in crypto_x509.IDENTIFIERS]
    if not kinds or len(found) < len(kinds):
        raise UsageError(
            "usage-unnamed",
            "a key can be limited to vaccination, test and recovery only",
            "a key for anything else is not limited at all",
        )
    return sorted(found)
