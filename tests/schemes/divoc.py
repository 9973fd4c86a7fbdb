"""DIVOC certificates of invented people, written as DIVOC's own signer writes them, and with every fault.

document(...) -> prove(document, key, ...) -> pack(file, ...) -> a text     make(...) does all three
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from struct import pack as packed_as
from typing import Any, NamedTuple

from pratique.crypto import algorithms, keys, spki
from pratique.formats import credential, rdf
from pratique.model import Entry, Moment, Person, Vaccination
from pratique.terms import Algorithm, Environment, Scheme
from pratique.trust import scheme_keys
from pratique.trust.certificates import bare_key
from pratique.trust.signer import Signer

ISSUER, METHOD = "https://health.arcadia.example/", "did:arcadia"
CONTEXTS = [credential.FIRST_CONTEXT, "https://cowin.gov.in/credentials/vaccination/v2"]
V1 = [credential.FIRST_CONTEXT, "https://cowin.gov.in/credentials/vaccination/v1"]
EDWARDS = keys.from_seed(bytes(range(32)))
BRANDS = {
    "EU/1/20/1528": "COMIRNATY", "EU/1/20/1507": "SPIKEVAX", "EU/1/21/1529": "VAXZEVRIA",
    "EU/1/20/1525": "JCOVDEN", "Covishield": "COVISHIELD", "Covaxin": "COVAXIN", "Sputnik-V": "Sputnik V",
    "CoronaVac": "CoronaVac", "BBIBP-CorV": "BBIBP-CorV",
}  # fmt: skip
"""Product of the EU's value set -> how a certificate names it."""

Key = keys.SigningKey | keys.Ed25519Key
Document = dict[str, Any]


@cache
def rsa() -> keys.SigningKey:
    """Return one RSA key, made once: each takes a while."""
    return keys.generate(Algorithm.PS256)


def public(key: Key) -> spki.PublicKey:
    """Return a key's public half, as a signer has it."""
    if isinstance(key, keys.Ed25519Key):
        return algorithms.of_edwards(key.public_key)
    return spki.PublicKey(key.algorithm, key.public_key)


def signer(
    key: Key = EDWARDS,
    issuer: str = ISSUER,
    method: str = METHOD,
    country: str = "XA",
    **changes: Any,
) -> Signer:
    """Return the record of a key, bound to Arcadia."""
    pinned = scheme_keys.pinned(Scheme.DIVOC, issuer, method.encode(), bare_key(public(key)))
    bound = {"countries": frozenset({country}), "participant": country, **changes}
    return pinned._replace(**{"environment": Environment.PRODUCTION, **bound})


def person(**changes: Any) -> Document:
    """Return a holder."""
    address = {"streetAddress": "", "streetAddress2": "", "district": "", "city": "", "addressRegion": "Harbour",
               "addressCountry": "XA", "postalCode": 176207}  # fmt: skip
    return {
        "type": "Person", "id": "did:in.gov.passport:XA1234567", "refId": "39791185041847", "name": "Jo Bloggs",
        "dob": "1980-02-03", "age": "41", "gender": "Female", "nationality": "Arcadian", "address": address,
        **changes,
    }  # fmt: skip


def dose(**changes: Any) -> Document:
    """Return one entry of evidence."""
    address = {"streetAddress": "1 Quay Street", "streetAddress2": "", "district": "Harbour", "city": "Harbour",
               "addressRegion": "Harbour", "addressCountry": "XA", "postalCode": ""}  # fmt: skip
    return {
        "id": "https://health.arcadia.example/vaccine/244768056",
        "feedbackUrl": "https://health.arcadia.example/?244768056",
        "infoUrl": "https://health.arcadia.example/?244768056",
        "certificateId": "244768056", "type": ["Vaccination"], "batch": "AB348FS", "vaccine": "COVISHIELD",
        "icd11Code": "XM97T2", "prophylaxis": "COVID-19 vaccine, non-replicating viral vector",
        "manufacturer": "Serum Institute of India", "date": "2021-12-10T09:21:19.646Z",
        "effectiveStart": "2021-12-10", "effectiveUntil": "2022-12-10", "dose": 2, "totalDoses": 3,
        "verifier": {"name": "Sam Sample"}, "facility": {"name": "Harbour Clinic", "address": address}, **changes,
    }  # fmt: skip


def document(**changes: Any) -> Document:
    """Return a credential without a proof; a change to None takes a member away."""
    whole = {
        "@context": CONTEXTS, "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
        "credentialSubject": person(), "issuer": ISSUER, "issuanceDate": "2021-12-11T10:00:00.000Z",
        "evidence": [dose()], "nonTransferable": "true", **changes,
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


class Options(NamedTuple):
    """How a proof is made: changes to it and to the JWS's header, and whether its signature is spoilt."""

    proof: Mapping[str, Any] = {}
    header: Mapping[str, Any] = {}
    size: int = 0


def prove(unsigned: Document, key: Key = EDWARDS, options: Options = Options()) -> Document:  # noqa: B008 - immutable
    """Return a credential with its proof; a change of a member to None takes it away."""
    is_edwards = isinstance(key, keys.Ed25519Key)
    proof = {
        "type": "Ed25519Signature2018" if is_edwards else "RsaSignature2018", "created": "2021-12-11T10:00:00Z",
        "verificationMethod": METHOD, "proofPurpose": "assertionMethod", **options.proof,
    }  # fmt: skip
    proof = {name: value for name, value in proof.items() if value is not None}
    header = {
        "alg": public(key).algorithm.value, "b64": False, "crit": ["b64"], **options.header,
    }  # fmt: skip
    header = {name: value for name, value in header.items() if value is not None}
    head = url(json.dumps(header, separators=(",", ":")).encode())
    signature = key.sign(head.encode() + b"." + digests(unsigned, proof))
    signature = signature[: options.size] if options.size < 0 else signature + bytes(options.size)
    return {**unsigned, "proof": {"jws": f"{head}..{url(signature)}", **proof}}


def digests(unsigned: Document, proof: Mapping[str, Any]) -> bytes:
    """Return what is signed behind the header: of what states nothing, of nothing."""
    found = credential.stated(unsigned)
    form = rdf.canonical(found.statements) if isinstance(found, credential.Stated) else ""
    security = "https://w3id.org/security#"
    options = [
        rdf.Statement(0, rdf.TYPE, f"<{security}{proof.get('type')}>"),
        rdf.Statement(0, "<http://purl.org/dc/terms/created>", rdf.literal(str(proof.get("created")), "dateTime")),
        rdf.Statement(0, f"<{security}proofPurpose>", f"<{security}{proof.get('proofPurpose')}>"),
        rdf.Statement(0, f"<{security}verificationMethod>", f"<{proof.get('verificationMethod')}>"),
    ]  # fmt: skip
    return b"".join(
        hashlib.sha256((one or "").encode()).digest() for one in (rdf.canonical(options), form)
    )


def url(octets: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


class Zip(NamedTuple):
    """How an archive is written; every field is a way to spoil it."""

    name: str = "certificate.json"
    local_name: str | None = None
    method: int = 8
    flags: int = 0
    local_flags: int | None = None
    described: bool = False
    signed_descriptor: bool = True
    checksum: int | None = None
    unpacked: int | None = None
    packed: int | None = None
    local: tuple[int, int, int] | None = None
    local_extra: bytes = b""
    extra: bytes = b""
    comment: bytes = b""
    content: bytes | None = None
    before: bytes = b""
    between: bytes = b""
    after: bytes = b""
    entries: int = 1
    twice: bool = False
    offset: int = 0
    disk: int = 0


def archive(file: bytes, how: Zip = Zip()) -> bytes:  # noqa: B008 - immutable
    """Write a zip archive by hand: the standard library's writes none of the faulty ones."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = how.content
    if content is None:
        content = squeezed.compress(file) + squeezed.flush() if how.method == 8 else file
    sizes = (
        zlib.crc32(file) if how.checksum is None else how.checksum,
        len(content) if how.packed is None else how.packed,
        len(file) if how.unpacked is None else how.unpacked,
    )
    flags = how.flags | (8 if how.described else 0)
    local_flags = flags if how.local_flags is None else how.local_flags
    local = how.local or ((0, 0, 0) if how.described else sizes)
    name, local_name = how.name.encode(), (how.local_name or how.name).encode()
    head = packed_as("<4s5H3I2H", b"PK\x03\x04", 20, local_flags, how.method, 0, 33, *local, len(local_name), len(how.local_extra))  # fmt: skip
    data = how.before + head + local_name + how.local_extra + content
    if how.described:
        data += (b"PK\x07\x08" if how.signed_descriptor else b"") + packed_as("<3I", *sizes)
    data += how.between
    entry = packed_as("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, flags, how.method, 0, 33, *sizes, len(name), len(how.extra), 0, how.disk, 0, 0, how.offset)  # fmt: skip
    directory = (entry + name + how.extra) * (2 if how.twice else 1)
    end = packed_as("<4s4H2IH", b"PK\x05\x06", how.disk, 0, how.entries, how.entries, len(directory), len(data), len(how.comment))  # fmt: skip
    return data + directory + end + how.comment + how.after


def pack(file: bytes | Document, how: Zip = Zip()) -> str:  # noqa: B008 - immutable
    """Write the text of a certificate."""
    data = file if isinstance(file, bytes) else json.dumps(file).encode()
    return "B64:" + base64.b64encode(archive(data, how)).decode()


def make(
    key: Key = EDWARDS, *, options: Options = Options(), how: Zip = Zip(), signed: Document | None = None, **changes: Any  # noqa: B008
) -> str:  # fmt: skip
    """Write a certificate: `changes` to the document before it is signed, `signed` to it afterwards."""
    proven = prove(document(**changes), key, options)
    for name, value in (signed or {}).items():
        proven[name] = value
    return pack({name: value for name, value in proven.items() if value is not None}, how)


def text(who: Person, entries: Iterable[Entry], key: Key = EDWARDS, **changes: Any) -> str:
    """Write a certificate of what is known of a person; it holds vaccinations alone."""
    rows = []
    for at, entry in enumerate(entries):
        if not isinstance(entry, Vaccination):
            raise TypeError("a DIVOC certificate attests vaccinations")
        rows.append(
            dose(
                id=f"https://health.arcadia.example/vaccine/{244768056 + at}",
                certificateId=entry.identifier or f"{244768056 + at}",
                vaccine=BRANDS.get(entry.product or "", entry.product or ""),
                manufacturer="",
                icd11Code="",
                prophylaxis="",
                date=_written(entry.given),
                effectiveStart="",
                effectiveUntil="",
                dose=entry.dose or "",
                totalDoses=entry.doses or "",
                facility={
                    "name": entry.site or "",
                    "address": {"addressCountry": entry.country or ""},
                },
            )
        )
    holder = person(
        name=who.display_name(),
        dob=who.birth_date.text() if who.birth_date else "",
        id=f"did:in.gov.passport:{who.identifier or 'XA1234567'}",
    )
    return make(key, credentialSubject=holder, evidence=rows, **changes)


def _written(given: Moment | None) -> str:
    if given is None:
        return ""
    if isinstance(given.first, datetime):
        return given.first.isoformat()
    return f"{given.text()}T09:00:00.000Z"
