"""Seals of our own (ICAO VDS-NC): a CSCA, links, seal signers with each oddity of real ones, and texts.

    Authority -> certificate(...) -> make(...) -> text

Everything is written octet by octet, since what is to be read here no library would write.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.crypto.asn1 import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    write,
)
from pratique.model import Entry, Person, Vaccination
from pratique.model import Test as TestResult
from pratique.strict_json import canonical
from pratique.terms import Environment
from pratique.trust import csca
from pratique.trust.signer import Signer

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
START, END = datetime(2021, 8, 1, tzinfo=UTC), datetime(2031, 8, 1, tzinfo=UTC)
NULL = b"\x05\x00"
PURPOSE, TYPES = "2.23.136.1.1.14.2", "2.23.136.1.1.6.2"
KEY_USAGE, BASIC, SKI, AKI, EKU = (f"2.5.29.{n}" for n in (15, 19, 14, 35, 37))


def key(number: int = 7, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """Return a key that is the same in every run."""
    return ec.derive_private_key(number, curve or ec.SECP256R1())


def oid(dotted: str) -> bytes:
    """Write an object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    octets = b""
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.insert(0, arc & 0x7F | 0x80)
        octets += bytes(groups)
    return write(OID, octets)


def integer(number: int) -> bytes:
    """Write an integer."""
    return write(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def sequence(*parts: bytes) -> bytes:
    """Write a sequence."""
    return write(SEQUENCE, b"".join(parts))


def name(*parts: tuple[str, str], tag: int = 0x0C) -> bytes:
    """Write a Name of (type, text); a country is a PrintableString, the others of the kind `tag`."""
    return sequence(
        *(
            write(
                SET, sequence(oid(kind), write(0x13 if kind == "2.5.4.6" else tag, text.encode()))
            )
            for kind, text in parts
        )
    )


def named(country: str, common: str) -> bytes:
    """Write the name of a country's authority."""
    return name(("2.5.4.6", country), ("2.5.4.10", "Harbour Office"), ("2.5.4.3", common))


def time(instant: datetime) -> bytes:
    """Write a UTCTime."""
    return write(UTC_TIME, instant.strftime("%y%m%d%H%M%SZ").encode())


def info(private: Key) -> bytes:
    """Write a SubjectPublicKeyInfo."""
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def extension(kind: str, octets: bytes, *, critical: bool = False) -> bytes:
    """Write an extension."""
    flag = write(BOOLEAN, b"\xff") if critical else b""
    return sequence(oid(kind), flag, write(OCTET_STRING, octets))


# Digest -> ECDSA, RSA of PKCS #1 v1.5, and the digest itself.
_OIDS = {
    "sha1": ("1.2.840.10045.4.1", "1.2.840.113549.1.1.5", "1.3.14.3.2.26"),
    "sha256": ("1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11", "2.16.840.1.101.3.4.2.1"),
    "sha384": ("1.2.840.10045.4.3.3", "1.2.840.113549.1.1.12", "2.16.840.1.101.3.4.2.2"),
    "sha512": ("1.2.840.10045.4.3.4", "1.2.840.113549.1.1.13", "2.16.840.1.101.3.4.2.3"),
}
_DIGESTS: dict[str, Any] = {
    "sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
}  # fmt: skip


def algorithm(private: Key, digest: str, *, pss: bool = False, odd: bool = False) -> bytes:
    """Write an AlgorithmIdentifier; `odd`: with the NULL that ECDSA's has no place for, as Japan's."""
    ecdsa, pkcs1, hashed = _OIDS[digest]
    if isinstance(private, rsa.RSAPrivateKey) and pss:
        inner = sequence(oid(hashed), NULL)
        mask = sequence(oid("1.2.840.113549.1.1.8"), inner)
        size = _DIGESTS[digest].digest_size
        parameters = sequence(write(0xA0, inner), write(0xA1, mask), write(0xA2, integer(size)))
        return sequence(oid("1.2.840.113549.1.1.10"), parameters)
    if isinstance(private, rsa.RSAPrivateKey):
        return sequence(oid(pkcs1), NULL)
    return sequence(oid(ecdsa), NULL if odd else b"")


def sign(private: Key, digest: str, message: bytes, *, pss: bool = False) -> bytes:
    """Sign as X.509 does."""
    found = _DIGESTS[digest]
    if isinstance(private, rsa.RSAPrivateKey):
        salted = padding.PSS(padding.MGF1(found), found.digest_size)
        return private.sign(message, salted if pss else padding.PKCS1v15(), found)
    return private.sign(message, ec.ECDSA(found, deterministic_signing=True))


def certified(
    signed_parts: Sequence[bytes],
    by: Key,
    digest: str = "sha256",
    *,
    pss: bool = False,
    odd: bool = False,
) -> bytes:
    """Sign a list of parts, of which the algorithm is the one at the mark `...` (b"")."""
    written = algorithm(by, digest, pss=pss, odd=odd)
    signed = sequence(*(part or written for part in signed_parts))
    signature = write(BIT_STRING, b"\x00" + sign(by, digest, signed, pss=pss))
    return sequence(signed, written, signature)


@dataclass(frozen=True)
class Authority:
    """A CSCA: its key, name, key identifier and certificate."""

    key: Key = field(default_factory=lambda: key(11))
    country: str = "XA"
    common: str = "Seal Signing Authority"
    identifier: bytes = b"csca-key-identifier1"
    digest: str = "sha256"
    pss: bool = False
    odd: bool = False
    start: datetime = START
    end: datetime = END

    @property
    def name(self) -> bytes:
        """Return its name, DER."""
        return named(self.country, self.common)

    def certificate(self, by: Authority | None = None, **changes: Any) -> bytes:
        """Return its certificate: signed by itself, or by another (a link)."""
        above = by or self
        return certificate(
            above,
            private=self.key,
            **{
                "subject": self.name,
                "extensions": authority_extensions(self.identifier, above.identifier),
                "start": self.start,
                "end": self.end,
                "serial": 1,
                **changes,
            },
        )

    def signers(self, environment: Environment = Environment.PRODUCTION) -> tuple[Signer, ...]:
        """Return it as it is held."""
        return csca.read(self.certificate(), environment=environment).pinned


def authority_extensions(own: bytes, above: bytes, *, usage: int = 0x06) -> list[bytes]:
    """Return the extensions of a CSCA's certificate."""
    return [
        extension(BASIC, sequence(write(BOOLEAN, b"\xff"), integer(0)), critical=True),
        extension(KEY_USAGE, write(BIT_STRING, bytes((1, usage))), critical=True),
        extension(SKI, write(OCTET_STRING, own)),
        extension(AKI, sequence(write(0x80, above))),
    ]


def seal_extensions(
    above: bytes,
    *,
    purposes: Iterable[str] | None = (PURPOSE,),
    types: Iterable[str] | None = ("NV", "NT"),
    types_critical: bool = False,
    authority: bool | None = None,
    usage: int | None = None,
    more: Iterable[bytes] = (),
) -> list[bytes]:
    """Return the extensions of a seal signer's certificate."""
    found = []
    if types is not None:
        listed = write(SET, b"".join(write(0x13, one.encode()) for one in types))
        found.append(extension(TYPES, sequence(integer(0), listed), critical=types_critical))
    if purposes is not None:
        found.append(extension(EKU, sequence(*map(oid, purposes)), critical=True))
    if authority is not None:
        flag = write(BOOLEAN, b"\xff") if authority else b""
        found.append(extension(BASIC, sequence(flag), critical=True))
    if usage is not None:
        found.append(extension(KEY_USAGE, write(BIT_STRING, bytes((0, usage))), critical=True))
    if above:
        found.append(extension(AKI, sequence(write(0x80, above))))
    return [*found, *more]


def certificate(
    by: Authority,
    *,
    private: Key | None = None,
    extensions: Sequence[bytes] | None = None,
    subject: bytes | None = None,
    issuer: bytes | None = None,
    start: datetime = START,
    end: datetime = END,
    serial: int = 6317,
    validity: bytes | None = None,
    spki: bytes | None = None,
    signing: Key | None = None,
    digest: str | None = None,
    behind: bytes = b"",
    **limits: Any,
) -> bytes:
    """Make a certificate: of a seal's signer unless told otherwise; `behind` stands after its end."""
    written = seal_extensions(by.identifier, **limits) if extensions is None else extensions
    parts = [
        write(0xA0, integer(2)),
        integer(serial),
        b"",
        issuer or by.name,
        validity or sequence(time(start), time(end)),
        subject or name(("2.5.4.6", by.country), ("2.5.4.3", "Seals")),
        spki or info(private or key()),
        write(0xA3, sequence(*written)) if written else write(0xA3, sequence()),
    ]
    found = certified(parts, signing or by.key, digest or by.digest, pss=by.pss, odd=by.odd)
    return found + behind


def crl(
    by: Authority,
    serials: Iterable[int] = (),
    *,
    start: datetime = START,
    end: datetime | None = END,
    signing: Key | None = None,
    more: Iterable[bytes] = (),
) -> bytes:
    """Make a CRL."""
    entries = [sequence(integer(one), time(start)) for one in serials]
    extensions = [
        extension("2.5.29.20", integer(64)),
        extension(AKI, sequence(write(0x80, by.identifier))),
        *more,
    ]
    parts = [
        integer(1), b"", by.name, time(start), *([time(end)] if end else []),
        *([sequence(*entries)] if entries else []), write(0xA0, sequence(*extensions)),
    ]  # fmt: skip
    return certified(parts, signing or by.key, by.digest, pss=by.pss, odd=by.odd)


def master_list(
    certificates: Iterable[bytes], by: Authority, *, private: Key | None = None, signer: bytes | None = None,
    content_type: str = "2.23.136.1.1.2", signing: Key | None = None, digest: str = "sha256",
) -> bytes:  # fmt: skip
    """Make a master list: a CMS that brings its signer's certificate and the CSCA's above."""
    private = private or key(23)
    own = signer or certificate(
        by, private=private, serial=99, subject=named(by.country, "Master List Signer"),
        extensions=seal_extensions(by.identifier, purposes=("2.23.136.1.1.3",), types=None),
    )  # fmt: skip
    content = sequence(integer(0), write(SET, b"".join(sorted(certificates))))
    hashed = sequence(oid(_OIDS[digest][2]))
    made = hashes.Hash(_DIGESTS[digest])
    made.update(content)
    attributes = b"".join(
        sequence(oid(kind), write(SET, value))
        for kind, value in (
            ("1.2.840.113549.1.9.3", oid(content_type)),
            ("1.2.840.113549.1.9.4", write(OCTET_STRING, made.finalize())),
        )
    )
    info_of = sequence(
        integer(1),
        sequence(by.name, integer(99)),
        hashed,
        write(0xA0, attributes),
        algorithm(private, digest),
        write(OCTET_STRING, sign(signing or private, digest, write(SET, attributes))),
    )
    signed = sequence(
        integer(3),
        write(SET, hashed),
        sequence(oid(content_type), write(0xA0, write(OCTET_STRING, content))),
        write(0xA0, own + by.certificate()),
        write(SET, info_of),
    )
    return sequence(oid("1.2.840.113549.1.7.2"), write(0xA0, signed))


# ----------------------------------------------------------------------------------------------------
# Texts.

DATA: dict[str, Any] = {
    "hdr": {"t": "icao.vacc", "v": 1, "is": "XXA"},
    "msg": {
        "uvci": "XA-SEAL-1",
        "pid": {"n": "BLOGGS  JO", "dob": "1980-02-03", "sex": "F", "i": "PA1234567"},
        "ve": [
            {
                "des": "XM68M6", "dis": "RA01.0", "nam": "Pfizer Comirnaty",
                "vd": [
                    {"dvc": "2021-06-13", "seq": 1, "ctr": "XXA", "adm": "Harbour", "lot": "L1"},
                    {"dvc": "2021-07-01", "seq": 2, "ctr": "XXA", "adm": "Harbour", "lot": "L2"},
                ],
            }
        ],
    },
}  # fmt: skip
"""A seal of two doses."""

TEST_DATA: dict[str, Any] = {
    "hdr": {"t": "icao.test", "v": 1, "is": "XXA"},
    "msg": {
        "utci": "XA-SEAL-2",
        "pid": {"n": "BLOGGS  ANN", "dob": "1980-02-03", "sex": "F", "dt": "P", "dn": "PA1234568"},
        "sp": {"spn": "Harbour Laboratory", "ctr": "XXA", "cd": {"p": "+99 1", "e": "a@b", "a": "Quay 1"}},
        "dat": {"sc": "2022-03-01T02:00:00Z", "ri": "2022-03-01T06:00:00Z"},
        "tr": {"tc": "molecular(PCR)", "r": "negative", "m": "nasopharyngeal"},
    },
}  # fmt: skip

_SIZES = {"ES256": (32, "sha256"), "ES384": (48, "sha384"), "ES512": (66, "sha512")}
AUTHORITY = Authority()
CERTIFICATE = certificate(AUTHORITY)


def base64(octets: bytes, *, ends: bool = False) -> str:
    """Write base64 for URLs."""
    text = urlsafe_b64encode(octets).decode()
    return text if ends else text.rstrip("=")


def make(
    data: Mapping[str, Any] = DATA,
    *,
    cer: bytes = CERTIFICATE,
    private: ec.EllipticCurvePrivateKey | None = None,
    alg: Any = "ES256",
    signs: str = "",
    shown: Mapping[str, Any] | None = None,
    sig: Mapping[str, Any] | None = None,
    ends: bool = False,
    indent: int | None = None,
) -> str:
    """Write a seal.

    Args:
        data: what is signed.
        cer: the signer's certificate.
        private: its key.
        alg: what the seal names.
        signs: the algorithm that is signed with, where it is another.
        shown: what the text says instead of `data`.
        sig: members of `sig` that are others.
        ends: base64 with its end.
        indent: blanks of a text that is written for people.
    """
    size, digest = _SIZES[signs or alg]
    der = sign(private or key(), digest, canonical(data))
    r, s = decode_dss_signature(der)
    value = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    signature = {"alg": alg, "cer": base64(cer, ends=ends), "sigvl": base64(value, ends=ends)}
    document = {"data": shown or data, "sig": signature | dict(sig or {})}
    return json.dumps(document, ensure_ascii=False, indent=indent)


def signer(environment: Environment = Environment.PRODUCTION) -> Signer:
    """Return the CSCA above the seals of `make`, as it is held."""
    return AUTHORITY.signers(environment)[0]


def text(person: Person, entries: Sequence[Entry], private: Any = None, **changes: Any) -> str:
    """Write a seal of neutral values: doses, or one test."""
    surname, forename = person.surname_icao or "", person.forename_icao or ""
    pid = {"n": f"{surname}  {forename}".replace("<", " ")}
    if person.birth_date is not None:
        pid["dob"] = person.birth_date.text()
    message: dict[str, Any] = {"pid": pid}
    first = entries[0]
    country = _alpha3(first.country)
    if isinstance(first, TestResult):
        assert first.sampled is not None
        result = {"260415000": "negative", "260373001": "positive"}.get(
            first.result or "", "unclear"
        )
        kind = {"LP6464-4": "molecular(PCR)", "LP217198-3": "antigen"}.get(
            first.test_type or "", "other"
        )
        message |= {
            "utci": first.identifier or "", "sp": {"spn": first.site or "", "ctr": country},
            "dat": {"sc": first.sampled.text(), "ri": first.sampled.text()}, "tr": {"tc": kind, "r": result},
        }  # fmt: skip
    else:
        doses = [one for one in entries if isinstance(one, Vaccination)]
        message |= {
            "uvci": doses[0].identifier or "",
            "ve": [_vaccine(one, country) for one in doses],
        }
    header = {
        "t": "icao.test" if isinstance(first, TestResult) else "icao.vacc",
        "v": 1,
        "is": "XXA",
    }
    return make({"hdr": header, "msg": message}, private=private, **changes)


_CODES = {
    "EU/1/20/1528": ("XM8NQ0", "Comirnaty"), "EU/1/20/1507": ("XM3DT5", "Spikevax"),
    "EU/1/21/1529": ("XM4YL8", "Vaxzevria"), "EU/1/20/1525": ("XM6QV1", "Jcovden"),
}  # fmt: skip


def _vaccine(dose: Vaccination, country: str) -> dict[str, Any]:
    code, brand = _CODES.get(dose.product or "", ("XM68M6", "not stated"))
    row: dict[str, Any] = {
        "dvc": dose.given.text() if dose.given else "",
        "ctr": country,
        "adm": "Harbour",
    }
    if dose.dose is not None:
        row["seq"] = dose.dose
    if dose.lot:
        row["lot"] = dose.lot
    return {"des": code, "dis": "RA01.0", "nam": brand, "vd": [row]}


def _alpha3(country: str | None) -> str:
    return f"X{country}" if country and len(country) == 2 else country or "XXA"
