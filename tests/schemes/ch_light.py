"""Swiss certificates light of our own: own keys, invented people, and a change for every way to alter one."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from pratique.crypto import cose
from pratique.crypto.cbor import dumps
from pratique.crypto.keys import SigningKey
from pratique.formats import base45
from pratique.model import Entry, Person
from pratique.terms import COSE_ALGORITHMS, Environment, Kind, Scheme
from pratique.trust.certificates import Listed, read_key
from pratique.trust.certificates import signer as signer_of
from pratique.trust.signer import Signer
from tests.schemes.nzcp import changed

ISSUER, KID = "CH BAG", b"light#01"
BEGINS, ENDS = 1_640_000_000, 1_640_000_000 + 24 * 3600
NAME = {"fn": "Bloggs", "gn": "Jo", "fnt": "BLOGGS", "gnt": "JO"}


def signer(
    key: SigningKey,
    *,
    issuer: str = ISSUER,
    kid: bytes = KID,
    environment: Environment = Environment.PRODUCTION,
) -> Signer:
    """Return the signer of a key, as Switzerland's list makes it of a row with `use` "l"."""
    record = read_key(key.public_key)._replace(usages=frozenset({Kind.PASS}))
    listed = Listed(
        record, kid, "CH", Scheme.CH_LIGHT.value, (), True, issuer, "Light of the tests"
    )
    return signer_of(listed, environment=environment)


def content(**changes: Any) -> dict[str, Any]:
    """Return what claim -250 holds under 1."""
    return changed({"ver": "1.0.0", "nam": dict(NAME), "dob": "1980-02-03"}, changes)


def claims(light: object = None, **changes: Any) -> dict[Any, Any]:
    """Return the claims; iss, exp, nbf, iat and content are changed by their names, any other by itself."""
    numbers = {"iss": 1, "exp": 4, "nbf": 5, "iat": 6, "content": -250}
    members = {1: ISSUER, 4: ENDS, 6: BEGINS, -250: {1: content() if light is None else light}}
    return changed(members, {numbers.get(name, name): value for name, value in changes.items()})


def make(
    key: SigningKey,
    payload: bytes | None = None,
    *,
    protected: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    tag: bytes = b"",
    signature: bytes | None = None,
    trailing: bytes = b"",
    prefix: str = "LT1:",
) -> str:
    """Return the text of a certificate; each argument replaces what its name says."""
    body = dumps(claims()) if payload is None else payload
    number = next(code for code, name in COSE_ALGORITHMS.items() if name is key.algorithm)
    header = dumps({1: number, 4: KID} if protected is None else protected)
    made = key.sign(cose.message_of(header, body)) if signature is None else signature
    message = tag + dumps([header, unprotected or {}, body, made]) + trailing
    return prefix + base45.encode(zlib.compress(message))


def text(person: Person, _entries: Iterable[Entry], key: SigningKey, **changes: Any) -> str:
    """Return the certificate of a person: it says nothing of any event. Changes are those of `claims`."""
    names = {"fn": person.surname, "gn": person.forename, "fnt": person.surname_icao, "gnt": person.forename_icao}  # fmt: skip
    said = {name: value for name, value in names.items() if value is not None}
    born = person.birth_date
    light = content(nam=said, dob="" if born is None else born.text())
    return make(key, dumps(claims(light, **changes)))
