"""SMART Health Cards for tests: made of a person and events, with a change for each way of being wrong.

person, entries -> bundle -> claims -> jws -> numeric | chunks
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pratique.crypto import algorithms, jose
from pratique.crypto.keys import SigningKey
from pratique.model import Entry, Person, Test, Vaccination
from pratique.terms import Algorithm, Environment, Scheme
from pratique.trust import scheme_keys
from pratique.trust.certificates import read_key
from pratique.trust.signer import Signer

ISSUER = "https://cards.example/issuer"
NBF = int(datetime(2022, 2, 1, 9, tzinfo=UTC).timestamp())
CARD = "https://smarthealth.cards#health-card"
CVX, SNOMED, LOINC = "http://hl7.org/fhir/sid/cvx", "http://snomed.info/sct", "http://loinc.org"
_CVX = {
    "EU/1/20/1528": "208", "EU/1/20/1507": "207", "EU/1/21/1529": "210", "EU/1/20/1525": "212",
    "EU/1/21/1618": "211", "Covaxin": "502", "CoronaVac": "511", "BBIBP-CorV": "510", "Sputnik-V": "505",
}  # fmt: skip
_LOINC = {"LP6464-4": "94500-6", "LP217198-3": "94558-4"}


def kid_of(key: SigningKey) -> str:
    """Return the kid that a key has."""
    return jose.thumbprint(algorithms.read_der(key.public_key))


def signer(
    key: SigningKey,
    *,
    issuer: str = ISSUER,
    countries: frozenset[str] = frozenset({"XA"}),
    environment: Environment = Environment.PRODUCTION,
) -> Signer:
    """Return the signer of a key, as an import would hold it."""
    made = scheme_keys.pinned(
        Scheme.SHC, issuer, kid_of(key).encode(), read_key(key.public_key), name="Example Health",
        environment=environment,
    )  # fmt: skip
    return made._replace(countries=countries, participant=next(iter(countries), ""))


def bundle(person: Person, entries: Iterable[Entry], **patient: Any) -> dict[str, Any]:
    """Return the bundle of a person's doses and tests; `patient` changes members of the Patient."""
    name = {"family": person.surname, "given": (person.forename or "").split()}
    named = {
        "resourceType": "Patient",
        "name": [{member: value for member, value in name.items() if value}],
        "birthDate": None if person.birth_date is None else person.birth_date.text(),
        **patient,
    }
    resources = [_without_none(named), *map(resource, entries)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"resource:{number}", "resource": one}
            for number, one in enumerate(resources)
        ],
    }


def resource(entry: Entry) -> dict[str, Any]:
    """Return the Immunization or the Observation of an event."""
    if isinstance(entry, Vaccination):
        cvx = _CVX.get(entry.product or "")
        coding = (
            {"system": CVX, "code": cvx} if cvx else {"system": SNOMED, "code": entry.prophylaxis}
        )
        course = {"doseNumberPositiveInt": entry.dose, "seriesDosesPositiveInt": entry.doses}
        return _without_none(
            {
                "resourceType": "Immunization",
                "status": "completed",
                "vaccineCode": {"coding": [coding]},
                "patient": {"reference": "resource:0"},
                "occurrenceDateTime": None if entry.given is None else entry.given.text(),
                "lotNumber": entry.lot,
                "performer": [{"actor": {"display": entry.site or "Harbour Clinic"}}],
                "protocolApplied": [_without_none(course)] if entry.dose or entry.doses else None,
            }
        )
    assert isinstance(entry, Test)
    return _without_none(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": _LOINC[entry.test_type or ""]}]},
            "subject": {"reference": "resource:0"},
            "effectiveDateTime": None if entry.sampled is None else entry.sampled.text(),
            "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": entry.result}]},
            "performer": [{"display": entry.site or "Harbour Laboratory"}],
        }
    )


def claims(content: object, **changes: Any) -> dict[str, Any]:
    """Return the claims around a bundle: `iss`, `nbf`, `exp`, and `type`, `rid`, `subject` of `vc`."""
    subject = changes.pop("subject", {"fhirVersion": "4.0.1", "fhirBundle": content})
    vc = {
        "type": changes.pop("type", [CARD, "https://smarthealth.cards#covid19"]),
        "credentialSubject": subject,
        "rid": changes.pop("rid", None),
    }
    return _without_none({"iss": ISSUER, "nbf": NBF, "vc": _without_none(vc), **changes})


def jws(
    content: object,
    key: SigningKey,
    *,
    header: dict[str, Any] | None = None,
    head: bytes | None = None,
    packed: bytes | None = None,
    signature: bytes | None = None,
    after: bytes = b"",
) -> str:
    """Sign claims.

    Args:
        content: claims, or the bytes of them.
        key: that signs.
        header: members that are changed; None takes one away.
        head: bytes of the header, instead.
        packed: bytes of the payload, instead of the packed content.
        signature: instead of the good one.
        after: appended to the packed content.
    """
    if head is None:
        members = {"zip": "DEF", "alg": Algorithm.ES256.value, "kid": kid_of(key), **(header or {})}
        head = dumps(_without_none(members))
    if packed is None:
        packer = zlib.compressobj(9, wbits=-15)
        data = content if isinstance(content, bytes) else dumps(content)
        packed = packer.compress(data) + packer.flush() + after
    signed = f"{base64url(head)}.{base64url(packed)}"
    return f"{signed}.{base64url(key.sign(signed.encode()) if signature is None else signature)}"


def numeric(text: str) -> str:
    """Write a JWS as the digits of a code."""
    return "shc:/" + "".join(f"{ord(letter) - 45:02d}" for letter in text)


def chunks(text: str, count: int) -> list[str]:
    """Write a JWS as so many codes."""
    digits = numeric(text)[5:]
    size = -(-len(digits) // 2 // count) * 2
    return [
        f"shc:/{number + 1}/{count}/{digits[number * size : (number + 1) * size]}"
        for number in range(count)
    ]


def text(person: Person, entries: Iterable[Entry], key: SigningKey, **changes: Any) -> str:
    """Return the code of a person's doses and tests; `changes` as for `claims`."""
    return numeric(jws(claims(bundle(person, entries), **changes), key))


def dumps(value: object) -> bytes:
    """Write JSON as cards hold it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def base64url(data: bytes) -> str:
    """Write octets as a JWS holds them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
