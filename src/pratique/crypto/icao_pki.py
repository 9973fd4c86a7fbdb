"""Read what ICAO's PKI has beside plain X.509: the certificate in a seal, names, CRLs, master lists.

    certificate in a seal, DER -> seal_certificate -> SealCertificate
    Name, DER -> name_text -> "c=au,o=gov,cn=passport signing authority"
    CertificateList, DER -> crl -> CrlRecord        CscaMasterList, DER -> master_list -> certificates, DER

1. Reading is tolerant of form: parameters that do not belong, bytes behind the certificate. What it says is
   judged elsewhere (`trust.seal`, `trust.csca`), and only once a signing CA's signature over it is good.
2. Whatever cannot be read is a ValueError, and nothing else. Sizes and counts are bounded.
3. No signature is checked here, and no key is loaded: who checks one is `crypto.chain`, or a browser.

Sources: ICAO Doc 9303-12 (PKI, master lists), 9303-13 (seals); RFC 5280.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pratique.crypto import asn1, x509
from pratique.crypto.asn1 import Tlv

SEAL_PURPOSE = "2.23.136.1.1.14.2"
"""Extended key usage of who signs seals for non-constrained environments (9303-13)."""
DOCUMENT_TYPES = "2.23.136.1.1.6.2"
"""Extension that lists the types of documents which a key may sign (9303-12)."""
MASTER_LIST_PURPOSE = "2.23.136.1.1.3"
"""Extended key usage of who signs master lists (9303-12)."""
MASTER_LIST = "2.23.136.1.1.2"
"""Type of content of a master list (9303-12)."""
MOST_OCTETS = 8_192
"""Of a seal's certificate: it lies in a bar code."""
MOST_LISTED = 4_096
"""Certificates of a master list, and serial numbers of a CRL."""
MOST_NAMES, LONGEST_SHOWN = 32, 200
MOST_LIST_OCTETS = 8 * 1024 * 1024


class SealCertificate(NamedTuple):
    """A certificate in a seal, taken apart; nothing in it is believed yet.

    Attributes:
        der: its octets, without what stands behind them.
        serial: number, hex, as `CrlRecord.serials` writes it.
        issuer: name of who signed it, as `name_text` writes it.
        authority_key_id: key identifier of who signed it; empty if it does not say.
        signed, signature_algorithm, signature: what was signed, how, and the outcome.
    """

    der: bytes
    serial: str
    issuer: str
    authority_key_id: bytes
    signed: bytes
    signature_algorithm: bytes
    signature: bytes


@lru_cache(maxsize=128)
def seal_certificate(data: bytes) -> SealCertificate:
    """Take a seal's certificate apart; ValueError if it is none."""
    if len(data) > MOST_OCTETS:
        raise ValueError("too large")
    outer = asn1.read_at(data, 0)[0].expect(asn1.SEQUENCE)
    signed, _, signature = asn1.children(outer.body)
    fields = x509.fields(signed.expect(asn1.SEQUENCE).raw)
    limits = x509.read_extensions(fields.extensions) if fields.extensions else x509.NO_LIMITS
    return SealCertificate(
        outer.raw,
        f"{fields.serial:x}",
        name_text(fields.issuer),
        limits.authority_key_id,
        signed.raw,
        fields.algorithm,
        asn1.bits(signature),
    )


class SealUse(NamedTuple):
    """For what a seal's certificate may be used, by its extensions.

    Attributes:
        record: its names, dates and key, as `crypto.x509` reads them.
        limits: what its extensions say, but for those that are read here.
        purposes: object identifiers of its extended key usage; empty if it has none.
        document_types: of `DOCUMENT_TYPES` ("NV", "NT"); None if it does not say.
    """

    record: x509.X509Record
    limits: x509.X509Limits
    purposes: tuple[str, ...]
    document_types: frozenset[str] | None


@lru_cache(maxsize=128)
def seal_use(certificate: bytes) -> SealUse:
    """Read for what a certificate of ICAO's PKI may be used; ValueError where its extensions cannot be read."""
    record = x509.read(certificate)
    extensions = x509.fields(record.signed).extensions
    if extensions is None:
        return SealUse(record, x509.NO_LIMITS, (), None)
    table = x509.table(extensions, [])
    types = _document_types(table[DOCUMENT_TYPES][1]) if DOCUMENT_TYPES in table else None
    purposes: tuple[str, ...] = ()
    if x509.EXTENDED in table:
        listed = asn1.children(asn1.read_one(table[x509.EXTENDED][1], asn1.SEQUENCE).body)
        purposes = tuple(map(asn1.oid, listed))
    others = (
        extension.raw
        for extension in asn1.children(asn1.read_one(extensions, asn1.SEQUENCE).body)
        if asn1.oid(asn1.children(extension.body)[0]) not in _UNDERSTOOD
    )
    limits = x509.read_extensions(asn1.write(asn1.SEQUENCE, b"".join(others)))
    return SealUse(record, limits, purposes, types)


_UNDERSTOOD = frozenset(
    {DOCUMENT_TYPES, "2.5.29.16", "2.5.29.17", "2.5.29.18", "2.5.29.31", "2.5.29.32"}
)
"""Extensions that limit nothing more than is read here, critical or not: document types, the private key's use
period, other names of subject and issuer, where CRLs lie, policies."""


def _document_types(octets: bytes) -> frozenset[str]:
    """Read DocumentTypeList ::= SEQUENCE { version INTEGER, docTypeList SET OF PrintableString }."""
    version, listed = asn1.children(asn1.read_one(octets, asn1.SEQUENCE).body)
    asn1.integer(version)
    return frozenset(
        name.body.decode("ascii") for name in asn1.children(listed.expect(asn1.SET).body)
    )


# ----------------------------------------------------------------------------------------------------
# Names, as RFC 5280 §7.1 compares them: without regard to case, to blanks, and to the kind of string.

_LETTERS = {
    "2.5.4.3": "cn", "2.5.4.5": "serialnumber", "2.5.4.6": "c", "2.5.4.7": "l", "2.5.4.8": "st",
    "2.5.4.10": "o", "2.5.4.11": "ou",
}  # fmt: skip
_CODINGS = {
    0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}  # fmt: skip
"""Tag of a kind of string -> how its octets are read (X.680 §41; T61String as all write it)."""


@lru_cache(maxsize=256)
def name_text(name: bytes) -> str:
    """Write a Name in the one spelling in which it is compared; ValueError if it is none."""
    parts = []
    for relative in asn1.children(asn1.read_one(name, asn1.SEQUENCE).body):
        pairs = []
        for attribute in asn1.children(relative.expect(asn1.SET).body):
            kind, value = asn1.children(attribute.expect(asn1.SEQUENCE).body)
            identifier = asn1.oid(kind)
            pairs.append(f"{_LETTERS.get(identifier, identifier)}={_string(value)}")
        parts.append("+".join(sorted(pairs)))
    if not 0 < len(parts) <= MOST_NAMES:
        raise ValueError("a name has a part at least, and not too many")
    return ",".join(parts)


def common_name(name: bytes) -> str:
    """Return the common name in a Name as people read it; "" if there is none, or none that can be shown."""
    for relative in asn1.children(asn1.read_one(name, asn1.SEQUENCE).body):
        for attribute in asn1.children(relative.body):
            kind, value = asn1.children(attribute.body)
            if asn1.oid(kind) == "2.5.4.3" and value.tag in _CODINGS:
                text = " ".join(value.body.decode(_CODINGS[value.tag]).split())
                return text if text.isprintable() and len(text) <= LONGEST_SHOWN else ""
    return ""


def _string(value: Tlv) -> str:
    coding = _CODINGS.get(value.tag)
    if coding is None:
        return f"#{value.raw.hex()}"
    text = " ".join(value.body.decode(coding).casefold().split())
    if not text.isprintable():
        return f"#{value.raw.hex()}"
    return "".join(f"\\{sign}" if sign in ',+=#\\"' else sign for sign in text)


# ----------------------------------------------------------------------------------------------------
# CRLs (RFC 5280 §5) and master lists (9303-12).


class CrlRecord(NamedTuple):
    """A list of withdrawn certificates, its signature not checked.

    Attributes:
        issuer: name of who signed it, as `name_text` writes it.
        authority_key_id: key identifier of who signed it; empty if it does not say.
        this_update, next_update: seconds since the epoch; the second is the first where none is stated.
        serials: numbers, hex, of the certificates that it names.
        signed, signature_algorithm, signature: what was signed, how, and the outcome.
    """

    issuer: str
    authority_key_id: bytes
    this_update: int
    next_update: int
    serials: tuple[str, ...]
    signed: bytes
    signature_algorithm: bytes
    signature: bytes


_KNOWN = {x509.AUTHORITY_KEY_ID, "2.5.29.20"}
_TIMES = {asn1.UTC_TIME, asn1.GENERALIZED_TIME}


def crl(data: bytes) -> CrlRecord:
    """Take a CRL apart; ValueError if it is none, or one of some certificates of its issuer only."""
    if len(data) > MOST_LIST_OCTETS:
        raise ValueError("too large")
    signed, _, signature = asn1.children(asn1.read_one(data, asn1.SEQUENCE).body)
    parts = asn1.children(signed.expect(asn1.SEQUENCE).body)
    if parts and parts[0].tag == asn1.INTEGER:
        parts.pop(0)
    algorithm, issuer, first, *rest = parts
    begins = ends = x509.instant(first)
    if rest and rest[0].tag in _TIMES:
        ends = x509.instant(rest.pop(0))
    entries = asn1.children(rest.pop(0).body) if rest and rest[0].tag == asn1.SEQUENCE else []
    if len(entries) > MOST_LISTED or len(rest) > 1:
        raise ValueError("too many entries, or parts that are not a CRL's")
    extensions = rest[0].expect(0xA0).body if rest else None
    table = x509.table(extensions, []) if extensions else {}
    if {name for name, (critical, _) in table.items() if critical} - _KNOWN:
        # A delta, or of one distribution point: it does not speak of all.
        raise ValueError("a critical extension that is not known")
    limits = x509.read_extensions(extensions) if extensions else x509.NO_LIMITS
    return CrlRecord(
        name_text(issuer.raw),
        limits.authority_key_id,
        begins,
        ends,
        tuple(sorted(map(_serial, entries))),
        signed.raw,
        algorithm.expect(asn1.SEQUENCE).raw,
        asn1.bits(signature),
    )


def _serial(entry: Tlv) -> str:
    number, _, *extensions = asn1.children(entry.expect(asn1.SEQUENCE).body)
    for extension in extensions:
        if any(critical for critical, _ in x509.table(extension.raw, []).values()):
            # RFC 5280 §5.3.3: an entry of another issuer.
            raise ValueError("a critical extension of an entry")
    octets = number.expect(asn1.INTEGER).body
    return f"{int.from_bytes(octets, 'big', signed=True):x}"


def master_list(content: bytes) -> tuple[bytes, ...]:
    """Return the certificates of CscaMasterList ::= SEQUENCE { version, SET OF Certificate }, DER; ValueError."""
    version, listed = asn1.children(asn1.read_one(content, asn1.SEQUENCE).body)
    asn1.integer(version)
    certificates = asn1.children(listed.expect(asn1.SET).body)
    if len(certificates) > MOST_LISTED:
        raise ValueError("too many certificates")
    return tuple(certificate.expect(asn1.SEQUENCE).raw for certificate in certificates)
