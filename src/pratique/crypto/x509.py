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
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.crypto import asn1, spki
from pratique.errors import DocumentRefused
from pratique.terms import ALL_KINDS, Algorithm, Kind

# ----------------------------------------------------------------------------------------------------
# What the extensions of an X.509 certificate allow: read tolerantly, judged strictly.
#
#     [3] SEQUENCE OF Extension -> {OID: octets} -> Limits(usages, is_ca, key identifiers)
#
# 1. A certificate without extended key usage may attest every kind (HCERT §3.3.1.1).
# 2. An extended key usage that cannot be read allows nothing: "cannot parse" is not "no restriction".
# 3. Both spellings of the object identifiers count. Seen in the production list: 131 of 438 signers
#    use the legacy one, with an extra 0; 40 the correct one.
# 4. What a key may do is told apart: sign documents (digitalSignature), sign certificates (keyCertSign).
#    A certificate without KeyUsage restricts neither.


HEALTH = "1.3.6.1.4.1.1847."
HEALTH_LEGACY = "1.3.6.1.4.1.0.1847."
_KINDS = {"2021.1.1": Kind.TEST, "2021.1.2": Kind.VACCINATION, "2021.1.3": Kind.RECOVERY}
IDENTIFIERS = {kind: HEALTH + suffix for suffix, kind in _KINDS.items()}
"""What limits a key to a kind. An exemption has none: whoever attests one has a key without limits."""

SUBJECT_KEY_ID, KEY_USAGE, BASIC, AUTHORITY_KEY_ID, EXTENDED = (
    f"2.5.29.{number}" for number in (14, 15, 19, 35, 37)
)
CRITICAL = "critical-extension-unknown"
"""Reason: something that must be understood, and is not (RFC 5280 §4.2)."""
_UNDERSTOOD = {SUBJECT_KEY_ID, KEY_USAGE, BASIC, AUTHORITY_KEY_ID, EXTENDED}


class X509Limits(NamedTuple):
    """What the extensions say of a key."""

    usages: frozenset[Kind] = ALL_KINDS
    is_ca: bool = False
    subject_key_id: bytes = b""
    authority_key_id: bytes = b""
    notes: tuple[str, ...] = ()
    reason: str = ""
    signs: bool = True
    certifies: bool = True
    path_length: int | None = None


NO_LIMITS = X509Limits()
"""A certificate of version 1, which has no extensions."""


def read_extensions(sequence: bytes) -> X509Limits:
    """Read Extensions (RFC 5280 §4.1.2.9); what cannot be read becomes a reason, never a raise."""
    notes: list[str] = []
    try:
        extensions = table(sequence, notes)
    except ValueError:
        return X509Limits(usages=frozenset(), reason="extensions-unreadable")
    unknown = {name for name, (critical, _) in extensions.items() if critical} - _UNDERSTOOD
    found = {name: octets for name, (_, octets) in extensions.items()}
    reason = CRITICAL if unknown else ""
    usages, is_ca, length, identifiers = ALL_KINDS, False, None, (b"", b"")
    signs = certifies = True
    try:
        identifiers = _identifiers(found)
        is_ca, length = _constraints(found[BASIC], notes) if BASIC in found else (False, None)
        if KEY_USAGE in found:
            signs, certifies = _may(found[KEY_USAGE])
        # RFC 5280 §4.2.1.3: only a key with digitalSignature verifies signatures on documents.
        if not is_ca and not signs:
            reason = reason or "key-usage-not-signing"
    except ValueError:
        reason = reason or "extensions-unreadable"
    try:
        usages, other = _usages(found[EXTENDED], notes) if EXTENDED in found else (ALL_KINDS, False)
        signs = signs and not other
    except ValueError:
        reason = "eku-unreadable"
    if reason:
        usages = frozenset()
    noted = tuple(dict.fromkeys(notes))
    return X509Limits(usages, is_ca, *identifiers, noted, reason, signs, certifies, length)


def kinds(identifiers: Iterable[str]) -> tuple[frozenset[Kind], tuple[str, ...]]:
    """Turn the object identifiers of an extended key usage into kinds and notes.

    An identifier under the health arcs that is not known restricts to something unknown, hence
    to nothing. Other identifiers alone (clientAuth: 52 of 438 production signers) restrict nothing.
    """
    named, notes, restricted = set(), [], False
    others = False
    for identifier in identifiers:
        arc = next((a for a in (HEALTH, HEALTH_LEGACY) if identifier.startswith(a)), "")
        others = others or not arc
        if not arc:
            continue
        restricted = True
        if arc == HEALTH_LEGACY:
            notes.append("eku-legacy")
        kind = _KINDS.get(identifier.removeprefix(arc))
        if kind is None:
            notes.append("eku-unknown")
        else:
            named.add(kind)
    if restricted:
        return frozenset(named), tuple(dict.fromkeys(notes))
    return ALL_KINDS, ("eku-foreign",) if others else ("eku-empty",)


def table(sequence: bytes, notes: list[str]) -> dict[str, tuple[bool, bytes]]:
    """Read Extensions into object identifier -> (critical, octets); what is odd goes to `notes`."""
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in asn1.children(asn1.read_one(sequence, asn1.SEQUENCE).body):
        parts = asn1.children(extension.expect(asn1.SEQUENCE).body)
        if len(parts) not in {2, 3}:
            raise ValueError("an extension has two or three parts")
        critical = asn1.boolean(parts[1]) if len(parts) == 3 else False
        if len(parts) == 3 and not critical:
            notes.append("explicit-default")
        name = asn1.oid(parts[0])
        if name in found:
            # Two extensions of one name: two readers could see two contents (RFC 5280 §4.2).
            raise ValueError("an extension is there twice")
        found[name] = critical, parts[-1].expect(asn1.OCTET_STRING).body
    return found


def _constraints(octets: bytes, notes: list[str]) -> tuple[bool, int | None]:
    """Read BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLen INTEGER OPTIONAL }.

    Finnish signers write the default out, which DER forbids and `cryptography` refuses.
    """
    parts = asn1.children(asn1.read_one(octets, asn1.SEQUENCE).body)
    is_ca = bool(parts) and parts[0].tag == asn1.BOOLEAN and asn1.boolean(parts[0])
    if parts and parts[0].tag == asn1.BOOLEAN:
        if not is_ca:
            notes.append("explicit-default")
        parts = parts[1:]
    length = asn1.integer(parts[0]) if parts else None
    if length is not None and not is_ca:
        notes.append("path-length-without-ca")
    if len(parts) > 1 or (length or 0) < 0:
        raise ValueError("BasicConstraints has two parts at most, and no negative length")
    return is_ca, length


def _may(octets: bytes) -> tuple[bool, bool]:
    """Read KeyUsage: whether the key signs documents (bit 0), and certificates (bit 5)."""
    usage = asn1.bits(asn1.read_one(octets, asn1.BIT_STRING))
    first = usage[0] if usage else 0
    return bool(first & 0x80), bool(first & 0x04)


def _usages(octets: bytes, notes: list[str]) -> tuple[frozenset[Kind], bool]:
    """Read an extended key usage: the kinds, and whether it is for services of a PKI alone."""
    listed = asn1.children(asn1.read_one(octets, asn1.SEQUENCE).body)
    identifiers = [asn1.oid(value) for value in listed]
    usages, odd = kinds(identifiers)
    notes.extend(odd)
    return usages, bool(identifiers) and _OF_A_PKI.issuperset(identifiers)


_OF_A_PKI = frozenset({"1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"})
"""timeStamping, OCSPSigning (RFC 5280 §4.2.1.12): keys that answer for a PKI. No list here has such signers."""


def _identifiers(found: dict[str, bytes]) -> tuple[bytes, bytes]:
    subject = authority = b""
    if SUBJECT_KEY_ID in found:
        subject = asn1.read_one(found[SUBJECT_KEY_ID], asn1.OCTET_STRING).body
    if AUTHORITY_KEY_ID in found:
        parts = asn1.children(asn1.read_one(found[AUTHORITY_KEY_ID], asn1.SEQUENCE).body)
        authority = next((part.body for part in parts if part.tag == 0x80), b"")
    return subject, authority


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


class X509Fields(NamedTuple):
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
        signed, _, signature = asn1.children(asn1.read_one(certificate, asn1.SEQUENCE).body)
        found = fields(signed.expect(asn1.SEQUENCE).raw)
        record = record._replace(
            subject=found.subject,
            issuer=found.issuer,
            signed=signed.raw,
            signature_algorithm=found.algorithm,
            signature=asn1.bits(signature),
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


def fields(signed: bytes) -> X509Fields:
    """Take a TBSCertificate apart; ValueError if it is none."""
    parts = asn1.children(asn1.read_one(signed, asn1.SEQUENCE).body)
    if parts and parts[0].tag == 0xA0:
        (version,) = asn1.children(parts.pop(0).body)
        version.expect(asn1.INTEGER)
    if len(parts) < 6:
        raise ValueError("a certificate has six fields at least")
    serial, algorithm, issuer, validity, subject, key = parts[:6]
    serial.expect(asn1.INTEGER)
    rest = {part.tag: part for part in parts[6:]}
    if len(rest) != len(parts) - 6 or not rest.keys() <= {0x81, 0x82, 0xA1, 0xA2, 0xA3}:
        raise ValueError("a certificate has fields that are not its own")
    for field in (algorithm, issuer, validity, subject, key):
        field.expect(asn1.SEQUENCE)
    found = rest[0xA3].body if 0xA3 in rest else None
    number = int.from_bytes(serial.body, "big", signed=True)
    return X509Fields(number, algorithm.raw, issuer.raw, validity.body, subject.raw, key.raw, found)


def named(name: bytes, wanted: str) -> tuple[str, ...]:
    """Return the texts of one kind in a Name, as often as they stand there; ValueError if it is none."""
    found = []
    for relative in asn1.children(asn1.read_one(name, asn1.SEQUENCE).body):
        for attribute in asn1.children(relative.expect(asn1.SET).body):
            kind, value = asn1.children(attribute.expect(asn1.SEQUENCE).body)
            if asn1.oid(kind) == wanted:
                found.append(
                    value.body.decode("ascii" if wanted == COUNTRY_NAME else "latin-1").strip()
                )
    return tuple(text for text in found if text)


def _unarmour(block: bytes) -> bytes:
    try:
        return binascii.a2b_base64(block)
    except binascii.Error:
        return block


def _judge(record: X509Record, found: X509Fields) -> X509Record:
    limits, reason = NO_LIMITS, ""
    if found.extensions is not None:
        limits = read_extensions(found.extensions)
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
    first, last = asn1.children(body)
    return instant(first, notes), instant(last, notes)


def instant(value: asn1.Tlv, notes: list[str] | None = None) -> int:
    """Read a time (RFC 5280 §4.1.2.5): UTC, with two digits of year up to 2049; ValueError if it is none."""
    short = value.tag == asn1.UTC_TIME
    if not short:
        value.expect(asn1.GENERALIZED_TIME)
    match = (_UTC_TIME if short else _GENERAL_TIME).fullmatch(value.body)
    if match is None:
        raise ValueError("a time is malformed")
    if match[6] is None and notes is not None:
        notes.append("time-without-seconds")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if short:
        year += 1900 if year >= 50 else 2000
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())


def may_have_issued(ca: X509Record, certificate: X509Record) -> bool:
    """Say whether a signing CA is a candidate: by key identifier, or by name."""
    by_key = bool(certificate.authority_key_id) and (
        certificate.authority_key_id == ca.subject_key_id
    )
    readable = not ca.reason or ca.reason == CRITICAL
    return ca.is_ca and readable and (by_key or certificate.issuer == ca.subject)
