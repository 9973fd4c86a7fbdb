"""Invented countries that use a gateway: their keys, their certificates, and what their back ends send.

    world(at) -> World: an anchor, and XA, XB, XC, DX, DE -> State(tls, upload, upload_again, authority)
    world.box() -> Box in which all but XC are onboarded, with all roles
    world.state("XA").signer("P-256") -> Keyed         of "P-256", "P-384", "RSA-2048", "RSA-4092"
    pyca(content, by) | bouncy(content, by) -> CMS     body(CMS) -> Base64, one line
    request("POST", "/signerCertificate", by=state.tls, body=..., at=at) -> WireRequest

1. Keys are real and made once; certificates are valid around `at`, by the network's templates.
2. `pyca` writes DER with signed attributes, S/MIME capabilities among them, as both public suites do; `bouncy`
   writes what BouncyCastle does: indefinite lengths (30 80), the content in pieces, CMS of the same meaning.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509.oid import NameOID

from pratique.crypto import asn1, x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Subject
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CallerRole, CertificateGroup, Party
from pratique.gateway.wire import CMS, WireRequest
from pratique.terms import Environment
from tests.gateway_box import Box

AT = 1_800_000_000
"""An instant for tests that need no real clock: 2027-01-15."""
DAY = 24 * 3600
COUNTRIES = ("XA", "XB", "XC", "DX", "DE")
ONBOARDED = ("XA", "XB", "DX", "DE")
DRAW = "0b6f6ad4-5a7c-4ac6-8f3f-5d0c7b1f1a2e"

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Keyed:
    """A certificate and its private key."""

    def __init__(self, der: bytes, key: Private) -> None:
        self.der, self.key = der, key
        self.certificate = x509.load_der_x509_certificate(der)
        self.thumbprint = hashlib.sha256(der).hexdigest()
        self.kid = base64.b64encode(hashlib.sha256(der).digest()[:8]).decode()

    @property
    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Return the key as an open PEM, for a TLS client."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class State:
    """A country: its TLS client, two upload signers, its signing CA, and signers as many as are asked for."""

    def __init__(self, code: str, at: int) -> None:
        self.code, self.at = code, at
        begun = at - 30 * DAY
        environment = Environment.TEST

        def subject(role: str) -> Subject:
            return Subject(f"{code} {role}", f"Ministry of {code}", code, environment)

        keys = [ec_key(f"{code} {number}") for number in range(4)]
        tls, upload, again, authority = map(SoftwareKey, keys)
        self.tls = Keyed(
            x509_write.tls_client(tls, subject("TLS"), at=begun, serial=_serial(code, 1)), keys[0]
        )
        self.upload = Keyed(
            x509_write.upload_signer(upload, subject("UP"), at=begun, serial=_serial(code, 2)),
            keys[1],
        )
        self.upload_again = Keyed(
            x509_write.upload_signer(again, subject("UP 2"), at=begun, serial=_serial(code, 3)),
            keys[2],
        )
        self.authority = Keyed(
            x509_write.signing_ca(authority, subject("CSCA"), at=begun, serial=_serial(code, 4)),
            keys[3],
        )

    def signer(
        self,
        kind: str = "P-256",
        number: int = 1,
        *,
        countries: tuple[str, ...] | None = None,
        begin: int | None = None,
        life: int = 2 * 365 * DAY,
        templated: bool = True,
        by: Keyed | None = None,
    ) -> Keyed:
        """Make a document signer's certificate.

        Args:
            kind: of the key.
            number: another one is another certificate, of the same key.
            countries: each C of it; the state's own.
            begin, life: of its validity, seconds.
            templated: with the extensions of the network's template; both suites' signers have none.
            by: who signs it; the state's signing CA.
        """
        key = signer_key(kind)
        authority = by or self.authority
        begun = self.at - DAY if begin is None else begin
        names = [x509.NameAttribute(NameOID.COUNTRY_NAME, c) for c in countries or (self.code,)]
        names = names if countries != () else []
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, f"DSC {kind} {number}"))
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(names))
            .issuer_name(authority.certificate.subject)
            .public_key(key.public_key())
            .serial_number(_serial(self.code, 100 + number))
            .not_valid_before(datetime.fromtimestamp(begun, UTC))
            .not_valid_after(datetime.fromtimestamp(begun + life, UTC))
        )
        if templated:
            usage = dict.fromkeys(
                (
                    "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
                ),
                False,
            )  # fmt: skip
            builder = builder.add_extension(
                x509.KeyUsage(digital_signature=True, **usage), critical=True
            ).add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
                critical=False,
            )
        made = builder.sign(authority.key, hashes.SHA256())
        return Keyed(made.public_bytes(Encoding.DER), key)


class World:
    """All countries, and the anchor that has signed their certificates."""

    def __init__(self, at: int) -> None:
        self.at = at
        key = ec_key("anchor")
        subject = Subject("Trust anchor", "Secretariat", "XX", Environment.TEST)
        made = x509_write.upload_signer(
            SoftwareKey(key), subject, at=at - 60 * DAY, serial=_serial("XX", 1)
        )
        self.anchor = Keyed(made, key)
        self._states = {code: State(code, at) for code in COUNTRIES}
        self._anchored: dict[str, bytes] = {}

    def state(self, code: str) -> State:
        """Return a country."""
        return self._states[code]

    def anchored(self, certificate: bytes) -> bytes:
        """Return the anchor's CMS of a certificate, its content inside."""
        digest = hashlib.sha256(certificate).hexdigest()
        if digest not in self._anchored:
            self._anchored[digest] = pyca(certificate, self.anchor)
        return self._anchored[digest]

    def parties(self, code: str, created: int | None = None) -> list[Party]:
        """Return a country's onboarded certificates: TLS with all roles, two UP, its CSCA."""
        state = self.state(code)
        created = self.at - 20 * DAY if created is None else created
        rows = (
            (CertificateGroup.AUTHENTICATION, state.tls, frozenset(CallerRole)),
            (CertificateGroup.UPLOAD, state.upload, frozenset[CallerRole]()),
            (CertificateGroup.UPLOAD, state.upload_again, frozenset[CallerRole]()),
            (CertificateGroup.CSCA, state.authority, frozenset[CallerRole]()),
        )
        return [
            Party(
                code, group, one.thumbprint, one.der, self.anchored(one.der), created, "DCC", roles
            )
            for group, one, roles in rows
        ]

    def box(self, settings: Settings | None = None) -> Box:
        """Return a mailbox in which all countries but XC are onboarded."""
        parties = [party for code in ONBOARDED for party in self.parties(code)]
        return Box(parties, settings)


@cache
def world(at: int = AT) -> World:
    """Return the countries, with certificates that are valid around `at`."""
    return World(at)


@cache
def ec_key(name: str, curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    """Return the one EC key of a name."""
    del name
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[curve])


@cache
def signer_key(kind: str) -> Private:
    """Return the one signer's key of a kind: RSA keys take their time."""
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))
    return ec_key("signer", kind)


def pyca(content: bytes, by: Keyed, *, attributes: bool = True, detached: bool = False) -> bytes:
    """Sign content as the public suites do: DER, with signed attributes."""
    options = [pkcs7.PKCS7Options.Binary]
    options += [] if attributes else [pkcs7.PKCS7Options.NoAttributes]
    options += [pkcs7.PKCS7Options.DetachedSignature] if detached else []
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(by.certificate, by.key, hashes.SHA256()).sign(Encoding.DER, options)


def bouncy(content: bytes, by: Keyed) -> bytes:
    """Sign content as BouncyCastle does in the old clients: BER, with indefinite lengths."""
    return indefinite(pyca(content, by))


def indefinite(data: bytes) -> bytes:
    """Write a DER SignedData as BouncyCastle does: 30 80, and the content in pieces of 1,000 octets."""
    kind, wrapped = asn1.children(asn1.read_one(data, asn1.SEQUENCE).body)
    version, digests, encapsulated, certificates, signers = asn1.children(
        asn1.read_one(wrapped.body, asn1.SEQUENCE).body
    )
    inner, *rest = asn1.children(encapsulated.body)
    pieces = b""
    for part in rest:
        octets = asn1.read_one(part.body, asn1.OCTET_STRING).body
        cut = [octets[at : at + 1000] for at in range(0, len(octets), 1000)]
        pieces = _open(0x24, b"".join(asn1.write(asn1.OCTET_STRING, piece) for piece in cut))
        pieces = _open(0xA0, pieces)
    signed = _open(
        asn1.SEQUENCE,
        version.raw
        + digests.raw
        + _open(asn1.SEQUENCE, inner.raw + pieces)
        + _open(0xA0, certificates.body)
        + signers.raw,
    )
    return _open(asn1.SEQUENCE, kind.raw + _open(0xA0, signed))


def body(message: bytes) -> bytes:
    """Write CMS as a request's body: Base64 in one line."""
    return base64.b64encode(message)


def presented(certificate: Keyed) -> dict[str, str]:
    """Return the headers with which nginx hands a client certificate on."""
    return {"X-SSL-Client-Cert": quote(certificate.pem.decode(), safe="")}


def request(
    method: str,
    path: str,
    *,
    by: Keyed | None = None,
    body: bytes = b"",
    query: str = "",
    headers: Mapping[str, str | tuple[str, ...]] | None = None,
    at: int = AT,
    draw: str = DRAW,
) -> WireRequest:
    """Return a request; a body is `application/cms` unless a header says otherwise."""
    given: dict[str, str | tuple[str, ...]] = {"Content-Type": CMS} if body else {}
    given |= presented(by) if by else {}
    given |= headers or {}
    rows = {
        name.lower(): (value,) if isinstance(value, str) else value for name, value in given.items()
    }
    return WireRequest(method, path, query, rows, body, at, draw)


def _open(tag: int, inside: bytes) -> bytes:
    return bytes((tag, 0x80)) + inside + b"\0\0"


def _serial(code: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{code} {number}".encode()).digest()[:8], "big") >> 1 | 1
