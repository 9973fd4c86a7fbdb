"""NZ COVID Passes of our own: own keys, invented people, and a change for every way to alter one."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from pratique.crypto import cose
from pratique.crypto.cbor import dumps
from pratique.crypto.keys import SigningKey
from pratique.model import Entry, Person
from pratique.terms import Environment, Kind, Scheme
from pratique.trust.certificates import Listed, read_key
from pratique.trust.certificates import signer as signer_of
from pratique.trust.signer import Signer

ISSUER, KID = "did:web:passes.example", b"key-1"
BEGINS, ENDS = 1_640_000_000, 1_660_000_000
CTI = bytes(range(16))
SUBJECT = {"givenName": "Jo", "familyName": "Bloggs", "dob": "1980-02-03"}
LEFT_OUT = object()
"""Value of a change that takes a member away."""


def signer(
    key: SigningKey,
    *,
    issuer: str = ISSUER,
    kid: bytes = KID,
    environment: Environment = Environment.PRODUCTION,
) -> Signer:
    """Return the signer of a key, as a pinned DID document makes it."""
    record = read_key(key.public_key)._replace(usages=frozenset({Kind.PASS}))
    listed = Listed(record, kid, "NZ", Scheme.NZCP.value, (), True, issuer, "Passes of the tests")
    return signer_of(listed, environment=environment)


def changed(members: dict[Any, Any], changes: dict[Any, Any]) -> dict[Any, Any]:
    """Return members with changes made, and without what is left out."""
    both = members | changes
    return {name: value for name, value in both.items() if value is not LEFT_OUT}


def credential(**changes: Any) -> dict[str, Any]:
    """Return the credential; `context` stands for its member "@context"."""
    if "context" in changes:
        changes["@context"] = changes.pop("context")
    return changed(
        {
            "@context": [
                "https://www.w3.org/2018/credentials/v1",
                "https://nzcp.covid19.health.nz/contexts/v1",
            ],
            "version": "1.0.0",
            "type": ["VerifiableCredential", "PublicCovidPass"],
            "credentialSubject": dict(SUBJECT),
        },
        changes,
    )


def claims(vc: object = None, **changes: Any) -> dict[Any, Any]:
    """Return the claims; iss, nbf, exp and cti are changed by their names, any other by itself."""
    numbers = {"iss": 1, "nbf": 5, "exp": 4, "cti": 7}
    members = {1: ISSUER, 5: BEGINS, 4: ENDS, "vc": credential() if vc is None else vc, 7: CTI}
    return changed(members, {numbers.get(name, name): value for name, value in changes.items()})


def make(
    key: SigningKey,
    payload: bytes | None = None,
    *,
    protected: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    tag: bytes = b"\xd2",
    signature: bytes | None = None,
    trailing: bytes = b"",
    prefix: str = "NZCP:/1/",
    padded: bool = False,
) -> str:
    """Return the text of a pass; each argument replaces what its name says."""
    content = dumps(claims()) if payload is None else payload
    header = dumps({4: KID, 1: -7} if protected is None else protected)
    made = key.sign(cose.message_of(header, content)) if signature is None else signature
    message = tag + dumps([header, unprotected or {}, content, made]) + trailing
    text = base64.b32encode(message).decode()
    return prefix + (text if padded else text.rstrip("="))


def text(person: Person, _entries: Iterable[Entry], key: SigningKey, **changes: Any) -> str:
    """Return the pass of a person: it says nothing of any event. Changes are those of `claims`."""
    born = person.birth_date
    subject = {
        "givenName": person.forename,
        "familyName": person.surname,
        "dob": None if born is None else born.text(),
    }
    said = {name: value for name, value in subject.items() if value is not None}
    return make(key, dumps(claims(credential(credentialSubject=said), **changes)))
