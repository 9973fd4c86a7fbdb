"""Write texts of the schemes beside HCERT layer by layer, so that any one layer can be wrong on purpose.

    claims -> raw DEFLATE -> JWS -> "shc:/" digits            claims -> CBOR -> COSE_Sign1 -> Base32 -> "NZCP:/1/"
    claims -> COSE_Sign1 -> zlib -> Base45 -> "LT1:"          fields -> ECDSA -> Base32 behind US -> "DC04…"
    data -> JCS -> ECDSA, with its certificate -> JSON        credential -> URDNA2015 -> proof -> zip -> "B64:"

1. Nothing here is Pratique's but the order of a DIVOC document's statements, which its own tests hold to PyLD's:
   other code tests the reader.
2. The same input makes the same text; only RSA-PSS draws, and `make_vectors` keeps what it drew.
"""

from __future__ import annotations

import base64
import io
import json
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pratique.formats.divoc import unwrap
from pratique.formats.fields import Sealed
from tools.vectors import certificates, keys, layers

Sign = Callable[[bytes], bytes]
Fields = dict[str, Any]


def base64url(data: bytes) -> str:
    """Write base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def base32(data: bytes) -> str:
    """Write Base32 without padding (RFC 4648 §6)."""
    return base64.b32encode(data).decode().rstrip("=")


def compact(value: object) -> bytes:
    """Write JSON without white space; bytes stay what they are."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


# SMART Health Cards.


def deflated(data: bytes) -> bytes:
    """Compress as SMART Health Cards are: raw DEFLATE (RFC 1951)."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def jws(
    claims: object,
    *,
    by: str = "utopia-cards",
    header: object = None,
    packed: bytes | None = None,
    sign: Sign | None = None,
    **head: object,
) -> str:
    """Write a card's JWS; a member of its head that is None is left out."""
    signer = keys.SIGNERS[by]
    if header is None:
        usual: Fields = {"zip": "DEF", "alg": "ES256", "kid": signer.kid.decode()}
        header = {name: value for name, value in (usual | head).items() if value is not None}
    body = deflated(compact(claims)) if packed is None else packed
    signed = f"{base64url(compact(header))}.{base64url(body)}"
    signature = (sign or (lambda message: keys.sign(signer.key, message)))(signed.encode())
    return f"{signed}.{base64url(signature)}"


def numeric(text: str) -> str:
    """Write a card as its QR code has it: two digits a character."""
    return "shc:/" + "".join(f"{ord(letter) - 45:02d}" for letter in text)


def chunks(text: str, count: int) -> list[str]:
    """Write a card as several codes, each of the same length but the last."""
    size = -(-len(text) // count)
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    return [
        f"shc:/{number}/{len(parts)}/{numeric(part)[5:]}" for number, part in enumerate(parts, 1)
    ]


def card(*resources: Fields, rid: object = None, **changes: object) -> Fields:
    """Write a card's claims around its FHIR resources, the first a patient; None leaves a claim out."""
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"resource:{number}", "resource": resource}
            for number, resource in enumerate(resources)
        ],
    }
    credential: Fields = {
        "type": [
            "https://smarthealth.cards#health-card",
            "https://smarthealth.cards#immunization",
            "https://smarthealth.cards#covid19",
        ],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle},
    }
    if rid is not None:
        credential["rid"] = rid
    claims = {
        "iss": keys.SIGNERS["utopia-cards"].issuer,
        "nbf": keys.ISSUED + 0.25,
        "vc": credential,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def patient(**changes: object) -> Fields:
    """Write the kit's usual person as FHIR has one."""
    usual = {
        "resourceType": "Patient",
        "name": [{"family": "Sampleová", "given": ["Testina"]}],
        "birthDate": "1984-02-29",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def immunization(code: str = "208", system: str = "CVX", **changes: object) -> Fields:
    """Write a dose as FHIR has one."""
    usual = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": _SYSTEMS[system], "code": code}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": "2026-02-20",
        "lotNumber": "XU-0007",
        "performer": [{"actor": {"display": "Harbour Clinic of Utopia"}}],
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


_SYSTEMS = {
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "ICD-11": "http://id.who.int/icd11/mms",
    "SNOMED": "http://snomed.info/sct",
}


def observation(code: str = "94500-6", result: str = "260415000", **changes: object) -> Fields:
    """Write a test as FHIR has one."""
    usual = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "resource:0"},
        "effectiveDateTime": "2026-02-28T09:30:00Z",
        "valueCodeableConcept": {"coding": [{"system": _SYSTEMS["SNOMED"], "code": result}]},
        "performer": [{"display": "Harbour Test Site"}],
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


# NZ COVID Pass.


def policy(**changes: object) -> dict[object, object]:
    """Write a pass's claims; None leaves one out. `sub`, `vc` and `more` change what is inside."""
    subject: Fields = {"givenName": "Testina", "familyName": "Sampleová", "dob": "1984-02-29"}
    subject.update(changes.pop("sub", {}))  # type: ignore[call-overload]
    credential: Fields = {
        "@context": [
            "https://www.w3.org/2018/credentials/v1",
            "https://nzcp.covid19.health.nz/contexts/v1",
        ],
        "version": "1.0.0",
        "type": ["VerifiableCredential", "PublicCovidPass"],
        "credentialSubject": {name: said for name, said in subject.items() if said is not None},
    }
    credential.update(changes.pop("vc", {}))  # type: ignore[call-overload]
    usual: dict[object, object] = {
        1: keys.SIGNERS["policy-passes"].issuer,
        5: keys.ISSUED,
        4: keys.EXPIRES,
        "vc": credential,
        7: bytes.fromhex("60a4f54d4e304332be33ad78b1eafa4b"),
    }
    usual |= {
        {"iss": 1, "nbf": 5, "exp": 4, "cti": 7}[name]: said for name, said in changes.items()
    }
    return {name: said for name, said in usual.items() if said is not None}


def nzcp(payload: object, *, by: str = "policy-passes", version: str = "1", **how: Any) -> str:
    """Write a pass's text; `how` is that of `layers.signed`."""
    signer = keys.SIGNERS[by]
    if "protected" not in how:
        how["protected"] = layers.cbor({4: how.pop("kid", signer.kid), 1: how.pop("alg", -7)})
    return f"NZCP:/{version}/" + base32(layers.signed(payload, by=by, **how))


# Swiss certificate light.


def light_claims(**changes: object) -> dict[object, object]:
    """Write a Swiss certificate light's claims; `nam` and `dob` change what is inside, None leaves a claim out."""
    name = {"fn": "Sampleová", "gn": "Testina", "fnt": "SAMPLEOVA", "gnt": "TESTINA"}
    content = {
        "ver": "1.0.0",
        "nam": changes.pop("nam", name),
        "dob": changes.pop("dob", "1984-02-29"),
    }
    usual: dict[object, object] = {
        1: keys.SIGNERS["swiss-light"].issuer,
        4: keys.NOON + keys.DAY,
        6: keys.NOON - 3600,
        -250: {1: content},
    }
    usual |= {
        {"iss": 1, "exp": 4, "iat": 6, "claim": -250}[name]: said for name, said in changes.items()
    }
    return {name: said for name, said in usual.items() if said is not None}


def light(payload: object, *, by: str = "swiss-light", prefix: str = "LT1:", **how: Any) -> str:
    """Write a Swiss certificate light's text."""
    how.setdefault("tag", layers.UNTAGGED)
    return prefix + layers.base45(layers.pack(layers.signed(payload, by=by, **how)))


# French 2D-DOC.

GS, RS, US = "\x1d", "\x1e", "\x1f"
_FIXED = {"L2", "L7", "L8", "L9", "LA", "F2", "F3", "F5", "F6"}
"""Fields of a fixed length: the next follows at once."""


def two_d_doc(  # noqa: PLR0913 - each part of a code
    fields: Mapping[str, str],
    kind: str,
    *,
    by: str,
    version: str = "04",
    authority: str | None = None,
    identifier: str | None = None,
    issued: str = "2558",
    signed: str = "2558",
    perimeter: str = "01",
    country: str = "FR",
    annex: str = "",
    sign: Sign | None = None,
) -> str:
    """Write a 2D-DOC; dates are hexadecimal days since 2000-01-01."""
    signer = keys.SIGNERS[by]
    head = f"DC{version}{signer.issuer if authority is None else authority}"
    head += f"{signer.kid.decode() if identifier is None else identifier}{issued}{signed}{kind}"
    if version >= "03":
        head += perimeter
    if version >= "04":
        head += country
    names = list(fields)
    body = "".join(
        name + fields[name] + ("" if name in _FIXED or name == names[-1] else GS) for name in names
    )
    message = (head + body).encode()
    signature = (sign or (lambda data: keys.sign(signer.key, data)))(message)
    return head + body + US + base32(signature) + (GS + annex if annex else "")


def dose_2d(**changes: str | None) -> dict[str, str]:
    """Write the fields of an L1; None leaves one out."""
    usual: dict[str, str | None] = {
        "L0": "SAMPLEOVA", "L1": "TESTINA", "L2": "29021984", "L3": "COVID-19", "L4": "J07BX03",
        "L5": "COMIRNATY PFIZER/BIONTECH", "L6": "COMIRNATY PFIZER/BIONTECH", "L7": "2", "L8": "2",
        "L9": "20022026", "LA": "TE",
    }  # fmt: skip
    return {name: said for name, said in (usual | changes).items() if said is not None}


def test_2d(**changes: str | None) -> dict[str, str]:
    """Write the fields of a B2; None leaves one out."""
    usual: dict[str, str | None] = {
        "F0": "TESTINA", "F1": "SAMPLEOVA", "F2": "29021984", "F3": "F", "F4": "945006", "F5": "N",
        "F6": "280220260930",
    }  # fmt: skip
    return {name: said for name, said in (usual | changes).items() if said is not None}


# ICAO VDS-NC.


def jcs(value: object) -> bytes:
    """Write canonical JSON (RFC 8785) of what has ASCII names and whole numbers only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def seal_data(kind: str = "icao.vacc", issuer: str = "XXU", **message: object) -> Fields:
    """Write a seal's data: its head and its message."""
    return {"hdr": {"t": kind, "v": 1, "is": issuer}, "msg": message}


def seal_person(**changes: object) -> Fields:
    """Write the kit's usual person as a seal has one."""
    usual = {"n": "SAMPLEOVA  TESTINA", "dob": "1984-02-29", "sex": "F", "i": "XU0000007"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def seal_doses(*days: str, des: str = "XM8NQ0", nam: str = "Comirnaty") -> list[Fields]:
    """Write doses of one vaccine as a seal has them."""
    doses = [
        {"dvc": day, "seq": number, "ctr": "XXU", "adm": "Harbour Clinic of Utopia", "lot": f"XU-{number}"}
        for number, day in enumerate(days, 1)
    ]  # fmt: skip
    return [{"des": des, "nam": nam, "dis": "RA01.0", "vd": doses}]


def vaccinated_seal(**changes: object) -> Fields:
    """Write the data of the kit's usual proof of vaccination."""
    message: Fields = {
        "uvci": "XU-SEAL-1",
        "pid": seal_person(),
        "ve": seal_doses("2026-01-20", "2026-02-20"),
    }
    return seal_data(**(message | changes))


def tested_seal(**changes: object) -> Fields:
    """Write the data of the kit's usual proof of testing."""
    message: Fields = {
        "utci": "XU-SEAL-2",
        "pid": seal_person(),
        "sp": {"spn": "Harbour Test Site", "ctr": "XXU", "cd": {"p": "+000", "e": "a@b.example", "a": "1"}},
        "dat": {"sc": "2026-02-28T09:30:00Z", "ri": "2026-02-28T20:00:00Z"},
        "tr": {"tc": "molecular(PCR)", "r": "negative", "m": "nasopharyngeal"},
    }  # fmt: skip
    return seal_data("icao.test", **(message | changes))


def seal(
    data: Fields,
    *,
    key: str = certificates.SEALS,
    certificate: bytes | None = None,
    alg: object = "ES256",
    sign: Sign | None = None,
    raw: bytes | None = None,
    **sig: object,
) -> str:
    """Write a seal: `raw` is the data as it stands in the text, where that is not how it was signed."""
    signature = (sign or (lambda message: keys.sign(key, message)))(jcs(data))
    der = certificates.certificate(key) if certificate is None else certificate
    beside = {"alg": alg, "cer": base64url(der), "sigvl": base64url(signature)} | sig
    body = raw if raw is not None else compact(data)
    shown = compact({name: value for name, value in beside.items() if value is not None})
    return (b'{"data":%b,"sig":%b}' % (body, shown)).decode("utf-8", "surrogatepass")


# DIVOC.

V1 = "https://www.w3.org/2018/credentials/v1"


def credential(**changes: object) -> Fields:
    """Write a DIVOC certificate of one dose, without its proof; `sub` and `dose` change what is inside."""
    subject: Fields = {
        "type": "Person",
        "id": "did:Passport:XB0000007",
        "name": "Testina Sampleová",
        "gender": "Female",
        "age": "42",
        "nationality": "Brobdingnag",
    }
    dose: Fields = {
        "id": "https://health.brobdingnag.example/vaccine/7",
        "certificateId": "700000007",
        "type": ["Vaccination"],
        "batch": "XB-0007",
        "vaccine": "COVISHIELD",
        "manufacturer": "Serum Institute of India",
        "date": "2026-02-20T09:00:00.000Z",
        "effectiveStart": "2026-02-20",
        "effectiveUntil": "2026-02-20",
        "dose": 2,
        "totalDoses": 2,
        "verifier": {"name": "Verena Vaccinator"},
        "facility": {"name": "Harbour Clinic", "address": {"addressCountry": "XB"}},
    }
    subject.update(changes.pop("sub", {}))  # type: ignore[call-overload]
    dose.update(changes.pop("dose", {}))  # type: ignore[call-overload]
    usual = {
        "@context": [V1, "https://cowin.gov.in/credentials/vaccination/v1"],
        "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
        "credentialSubject": {name: said for name, said in subject.items() if said is not None},
        "issuer": keys.SIGNERS["brobdingnag-health"].issuer,
        "issuanceDate": "2026-03-01T08:00:00.000Z",
        "evidence": [{name: said for name, said in dose.items() if said is not None}],
    }
    return {name: said for name, said in (usual | changes).items() if said is not None}


def proven(
    document: Fields,
    *,
    by: str = "brobdingnag-health",
    header: object = None,
    sign: Sign | None = None,
    **options: object,
) -> Fields:
    """Return a credential with its proof; what the signature is over where nothing else is wrong with it."""
    signer = keys.SIGNERS[by]
    is_rsa = signer.algorithm == "PS256"
    usual: Fields = {
        "type": "RsaSignature2018" if is_rsa else "Ed25519Signature2018",
        "created": "2026-03-01T08:00:00Z",
        "verificationMethod": signer.kid.decode(),
        "proofPurpose": "assertionMethod",
    }
    proof = {name: said for name, said in (usual | options).items() if said is not None}
    if header is None:
        header = {"alg": "PS256" if is_rsa else "EdDSA", "b64": False, "crit": ["b64"]}
    head = base64url(compact(header))
    blank = base64url(bytes(keys.RSA_BYTES if is_rsa else 64))
    sealed = unwrap(divoc(document | {"proof": {"jws": f"{head}..{blank}"} | proof}))
    message = sealed.message if isinstance(sealed, Sealed) else b""
    signature = (sign or (lambda data: keys.sign(signer.key, data)))(message)
    return document | {"proof": {"jws": f"{head}..{base64url(signature)}"} | proof}


def zipped(entries: Iterable[tuple[str, bytes]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Write a zip archive; the same entries make the same bytes."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        # Two entries of one name are among what is to be refused.
        warnings.simplefilter("ignore")
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2026, 3, 1, 8, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def divoc(document: object, **how: Any) -> str:
    """Write a DIVOC text of a document with its proof."""
    archive = zipped([("certificate.json", compact(document))], **how)
    return "B64:" + base64.b64encode(archive).decode()
