"""Read one X.509 certificate: whatever the bytes, a record, with a reason if it cannot be believed.

    DER | PEM -> read -> X509Record(key, limits, dates, countries, reason)

1. One reader for all certificates, lenient in form and strict in judgement. Two readers with one
   falling back on the other would be two opinions. `cryptography` refuses real ones: explicit
   defaults (FI), an empty extended key usage, extra data in an algorithm identifier (JP).
2. No bytes raise, except a file in which there is no certificate at all.
3. A record with a reason has no usages; the reason is a stable code.
4. Nothing here says that a certificate is to be trusted, or until when: see `crypto.chain`.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.crypto import der, extensions, spki
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm, Kind

KID_SIZE = 8
COUNTRY_NAME = "2.5.4.6"
UNIT_NAME = "2.5.4.11"
TEST_UNIT = "test environment"
"""Organisational unit by which a certificate says that it is no production key."""
MAX_SIZE = 64 * 1024
"""No X.509 certificate of a signer is larger; the largest met has 2.5 kB."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_UTC_TIME = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z")
_GENERAL_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z")


class X509Record(NamedTuple):
    """An X.509 certificate as far as trust needs it.

    Attributes:
        thumbprint: SHA-256 of the DER, hex; `kid` is its first 8 bytes.
        countries: subject's C, upper case, as it stands; mostly one, sometimes none.
        algorithm, public_key: the key; None and empty where it cannot be read.
        not_before, not_after: seconds since the epoch, both inclusive.
        usages: the kinds that it may attest; empty wherever there is a reason.
        is_test: whether it says itself that it belongs to the test environment.
        subject, issuer: names, DER.
        signed, signature_algorithm, signature: what the issuer signed, how, and the outcome.
        notes: stable codes of what was odd but harmless.
        reason: stable code of why it cannot be believed; empty if nothing speaks against it.
        signs, certifies: whether its key usage lets it sign documents, and certificates.
        path_length: how many CAs may stand below it; None if it does not say.
    """

    thumbprint: str
    kid: bytes
    countries: tuple[str, ...] = ()
    algorithm: Algorithm | None = None
    public_key: bytes = b""
    not_before: int = 0
    not_after: int = 0
    usages: frozenset[Kind] = frozenset()
    is_ca: bool = False
    is_test: bool = False
    subject: bytes = b""
    issuer: bytes = b""
    subject_key_id: bytes = b""
    authority_key_id: bytes = b""
    signed: bytes = b""
    signature_algorithm: bytes = b""
    signature: bytes = b""
    notes: tuple[str, ...] = ()
    reason: str = ""
    signs: bool = True
    certifies: bool = True
    path_length: int | None = None


class Fields(NamedTuple):
    """The fields of TBSCertificate that are read (RFC 5280 §4.1.2), as they stand."""

    serial: int
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: bytes | None


def read(certificate: bytes) -> X509Record:
    """Read one DER certificate. No bytes raise: damage is a record with a reason."""
    digest = hashlib.sha256(certificate)
    record = X509Record(digest.hexdigest(), digest.digest()[:KID_SIZE])
    if len(certificate) > MAX_SIZE:
        return record._replace(reason="x509-too-large")
    try:
        signed, _, signature = der.children(der.read_one(certificate, der.SEQUENCE).body)
        found = fields(signed.expect(der.SEQUENCE).raw)
        record = record._replace(
            subject=found.subject,
            issuer=found.issuer,
            signed=signed.raw,
            signature_algorithm=found.algorithm,
            signature=der.bits(signature),
        )
    except ValueError:
        return record._replace(reason="x509-unreadable")
    return _judge(record, found)


def read_file(data: bytes) -> tuple[X509Record, ...]:
    """Read a file of one DER or any number of PEM certificates; DocumentRefused if it holds none."""
    if blocks := armoured(data):
        return tuple(map(read, blocks))
    if data[:1] == b"\x30":
        return (read(data),)
    raise DocumentRefused("x509-none", "there is no X.509 certificate in it")


def armoured(data: bytes) -> tuple[bytes, ...]:
    """Return what each PEM armour of a file holds: DER, if it is sound."""
    return tuple(_unarmour(block) for block in _PEM.findall(data))


def fields(signed: bytes) -> Fields:
    """Take a TBSCertificate apart; ValueError if it is none."""
    parts = der.children(der.read_one(signed, der.SEQUENCE).body)
    if parts and parts[0].tag == 0xA0:
        (version,) = der.children(parts.pop(0).body)
        version.expect(der.INTEGER)
    if len(parts) < 6:
        raise ValueError("a certificate has six fields at least")
    serial, algorithm, issuer, validity, subject, key = parts[:6]
    serial.expect(der.INTEGER)
    rest = {part.tag: part for part in parts[6:]}
    if len(rest) != len(parts) - 6 or not rest.keys() <= {0x81, 0x82, 0xA1, 0xA2, 0xA3}:
        raise ValueError("a certificate has fields that are not its own")
    for field in (algorithm, issuer, validity, subject, key):
        field.expect(der.SEQUENCE)
    found = rest[0xA3].body if 0xA3 in rest else None
    number = int.from_bytes(serial.body, "big", signed=True)
    return Fields(number, algorithm.raw, issuer.raw, validity.body, subject.raw, key.raw, found)


def named(name: bytes, wanted: str) -> tuple[str, ...]:
    """Return the texts of one kind in a Name, as often as they stand there; ValueError if it is none."""
    found = []
    for relative in der.children(der.read_one(name, der.SEQUENCE).body):
        for attribute in der.children(relative.expect(der.SET).body):
            kind, value = der.children(attribute.expect(der.SEQUENCE).body)
            if der.oid(kind) == wanted:
                found.append(
                    value.body.decode("ascii" if wanted == COUNTRY_NAME else "latin-1").strip()
                )
    return tuple(text for text in found if text)


def _unarmour(block: bytes) -> bytes:
    try:
        return binascii.a2b_base64(block)
    except binascii.Error:
        return block


def _judge(record: X509Record, found: Fields) -> X509Record:
    limits, reason = extensions.NO_LIMITS, ""
    if found.extensions is not None:
        limits = extensions.read(found.extensions)
    notes = list(limits.notes)
    try:
        not_before, not_after = _validity(found.validity, notes)
    except ValueError:
        not_before, not_after, reason = 0, 0, "dates-unreadable"
    try:
        countries = tuple(dict.fromkeys(map(str.upper, named(found.subject, COUNTRY_NAME))))
        is_test = TEST_UNIT in named(found.subject, UNIT_NAME)
    except ValueError:
        countries, is_test, reason = (), False, "subject-unreadable"
    algorithm, public_key = None, b""
    try:
        algorithm, public_key = spki.read_der(found.key)
        if public_key != found.key:
            notes.append("key-respelled")
    except DocumentRefused as error:
        reason = error.code
        if reason != "key-unreadable":
            notes.append(spki.unusable(found.key))
    reason = limits.reason or reason
    return record._replace(
        countries=countries,
        algorithm=algorithm,
        public_key=public_key,
        not_before=not_before,
        not_after=not_after,
        usages=frozenset() if reason else limits.usages,
        is_ca=limits.is_ca,
        is_test=is_test,
        subject_key_id=limits.subject_key_id,
        authority_key_id=limits.authority_key_id,
        notes=tuple(dict.fromkeys(notes)),
        reason=reason,
        signs=limits.signs,
        certifies=limits.certifies,
        path_length=limits.path_length,
    )


def _validity(body: bytes, notes: list[str]) -> tuple[int, int]:
    first, last = der.children(body)
    return _instant(first, notes), _instant(last, notes)


def _instant(value: der.Tlv, notes: list[str]) -> int:
    """Read a time (RFC 5280 §4.1.2.5): UTC, with two digits of year up to 2049."""
    short = value.tag == der.UTC_TIME
    if not short:
        value.expect(der.GENERALIZED_TIME)
    match = (_UTC_TIME if short else _GENERAL_TIME).fullmatch(value.body)
    if match is None:
        raise ValueError("a time is malformed")
    if match[6] is None:
        notes.append("time-without-seconds")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if short:
        year += 1900 if year >= 50 else 2000
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
