"""Keys of the schemes beside HCERT, each in its own store: pinned by scheme, issuer and kid together.

    a public key, its scheme, issuer and kid -> listed -> Listed
    pratique-scheme-keys-1 <-> SchemeKeys -> reading -> ListReading | published -> Signer, ...

1. Such a key verifies nothing of another scheme, nor of another issuer, whatever else it is listed for.
2. A document names each key once, and public keys alone: one with a private key in it is refused by name.
3. What is known to be for tests is of the test environment, whoever lists it, and for what.
4. A key is bound to countries by whoever lists it, in a network to the participant's own: its scheme's texts
   mostly name none.
5. A document that is not exactly of its form is refused whole.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.crypto import jose
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.strict_json import SPARSE, Base64, Codec
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.certificates import (
    FOREVER,
    Listed,
    ListReading,
    check_kids,
    read_key,
    signer,
)
from pratique.trust.publication import Bounds
from pratique.trust.signer import Signer

FORMAT = "pratique-scheme-keys-1"
MOST_KEYS = 2_048
"""Each is read at every start. The whole world's directory of SMART Health Cards has 961, of 651 issuers."""
MOST_OCTETS = 384 * 1024
"""Of all its public keys together: one for ES256 has 91, for RSA with 4,096 bits 550."""
LONGEST_ISSUER, LONGEST_KID, LONGEST_NAME = 512, 256, 200

# ----------------------------------------------------------------------------------------------------
# What a key of a scheme is for, by its names there and by itself.


_NZCP_TEST = {"nzcp.covid19.health.nz", "mattrglobal.github.io"}
"""Hosts of the specification's examples, whose private keys are published."""
DID_WEB = re.compile(r"did:web:([A-Za-z0-9.-]+)(?:%3[Aa][0-9]+)?(?::[A-Za-z0-9._%-]+)*", re.ASCII)
"""A host, a port and a path (did:web method §3.1); nothing else of a host is percent-encoded."""
_SHC_TEST = {"https://spec.smarthealth.cards/examples/issuer"}
_TEST_NAME = re.compile(r"FR00.{4}|.{4}DHI0|.*TST", re.ASCII)
_FOR_L1, _FOR_B2 = re.compile(r"FR03AV[0-9]{2}"), re.compile(r"FR03AHP[0-9]")
_TEST_KEYS = frozenset(
    {
        # DIVOC's own tests have the private halves: of RSA, and of Ed25519.
        "2f975886260f860fb38b3d649b6a7d0658e5c24f28e4eafc3a14ca6d9833afae",
        "a2f3a2b8fa1a9c9efae331cb349b278a51cec42c162b51e38c7c87e98171b7a0",
    }
)
"""Keys (SHA-256 of their SubjectPublicKeyInfo) whose private halves are published: whoever lists them, for tests."""
EVENTS = frozenset({Kind.VACCINATION, Kind.TEST})
PASSES = frozenset({Scheme.NZCP, Scheme.CH_LIGHT})
"""Schemes whose texts state no event."""


def may_attest(scheme: Scheme, issuer: str, kid: str) -> frozenset[Kind]:
    """Return what a key of a scheme can attest at all, by its names there."""
    if scheme in PASSES:
        return frozenset({Kind.PASS})
    if scheme is Scheme.VDS_NC:
        # Its keys are signing CAs: none signs a seal itself.
        return frozenset()
    both = f"{issuer}{kid}" if scheme is Scheme.TWO_D_DOC else ""
    if _FOR_L1.fullmatch(both):
        return frozenset({Kind.VACCINATION})
    return frozenset({Kind.TEST}) if _FOR_B2.fullmatch(both) else EVENTS


def is_for_tests(scheme: Scheme, issuer: str, kid: str) -> bool:
    """Tell whether a key signs nothing but specimens, by its names in its scheme."""
    if scheme is Scheme.NZCP:
        web = DID_WEB.fullmatch(issuer)
        # A capital letter and a final dot make no other host (RFC 3986 §3.2.2).
        return web is not None and web[1].rstrip(".").casefold() in _NZCP_TEST
    if scheme is Scheme.SHC:
        return issuer in _SHC_TEST
    return scheme is Scheme.TWO_D_DOC and _TEST_NAME.match(f"{issuer}{kid}") is not None


_DAY, _PARIS_AHEAD = 86_400, 7_200
"""Seconds; Paris is at most two hours ahead of UTC."""


def beginning(scheme: Scheme, not_before: int) -> int:
    """Return from when on a key signs, as texts of its scheme can say it.

    Those of 2D-DOC are dated in whole days of Paris, which begin up to two hours before those of UTC: what is signed
    on a key's first day is not signed before it. Their last day needs nothing: a day's beginning is within it.
    """
    if scheme is not Scheme.TWO_D_DOC:
        return not_before
    return max(0, not_before // _DAY * _DAY - _PARIS_AHEAD)


# ----------------------------------------------------------------------------------------------------
# How a scheme's kid is written: in bytes as a text's `Sealed.kid` has it, and as people read it.


def kid_of(scheme: Scheme, text: str) -> bytes:
    """Return a kid as a signer of the scheme has it; ValueError if it is none."""
    if scheme is Scheme.CH_LIGHT:
        return base64.b64decode(text, validate=True)
    return bytes.fromhex(text) if scheme is Scheme.VDS_NC else text.encode()


def listed(
    scheme: Scheme,
    issuer: str,
    kid: str,
    record: X509Record,
    *,
    name: str = "",
) -> Listed:
    """List a scheme's key under its names.

    Args:
        scheme: whose store it stands in.
        issuer: in full, as the scheme writes it.
        kid: as people write it; "" for SHC, where the key itself tells it.
        record: a public key or certificate, with its dates and what makes it unusable.
        name: what its directory calls the issuer.

    Raises:
        DocumentRefused: `scheme-keys-kid`: it is none of the scheme, or not the key's.
    """
    if scheme is Scheme.SHC and record.algorithm is not None:
        own = jose.thumbprint(PublicKey(record.algorithm, record.public_key))
        if kid not in {"", own}:
            raise _refused("kid", "a kid of SMART Health Cards is not its key's (RFC 7638)")
        kid = own
    try:
        name_of_key = kid_of(scheme, kid)
    except ValueError as error:
        raise _refused("kid", f"a kid is none of {scheme}") from error
    return Listed(
        record._replace(
            usages=may_attest(scheme, issuer, kid),
            # By the key itself as well: DIVOC's test keys are named as India's own is.
            not_before=beginning(scheme, record.not_before),
            is_test=record.is_test
            or is_for_tests(scheme, issuer, kid)
            or hashlib.sha256(record.public_key).hexdigest() in _TEST_KEYS,
        ),
        kid=name_of_key,
        domain=scheme.value,
        bound=True,
        issuer=issuer,
        name=name,
    )


def pinned(
    scheme: Scheme,
    issuer: str,
    kid: bytes,
    record: X509Record,
    *,
    name: str = "",
    environment: Environment = Environment.PRODUCTION,
) -> Signer:
    """Return a scheme's key as the signer that it is, of no country before it is bound to one."""
    row = listed(scheme, issuer, kid.decode(), record, name=name)
    return signer(row, environment=environment)


# ----------------------------------------------------------------------------------------------------
# The document: what a state publishes of its schemes' keys, and what a person writes by hand.
#
#     {"format": "pratique-scheme-keys-1", "environment": "production", "keys": [
#       {"scheme": "2D-DOC", "issuer": "FR03", "kid": "AV01", "algorithm": "ES256", "public_key": "MFkw…",
#        "name": "…", "usages": ["vaccination"], "country": "FR", "not_before": "2021-04-22T00:00:00Z", …}]}


def _shown(longest: int, value: object) -> str:
    # It is shown at a desk, and compared with what a text says: nothing in it may hide.
    shown = strict_json.text(value)
    if not 0 < len(shown) <= longest or not shown.isprintable() or seen(shown) != shown:
        raise ValueError("a text that cannot be shown")
    return shown


_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def _seconds(value: object) -> int:
    return int(datetime.strptime(strict_json.text(value), _INSTANT).replace(tzinfo=UTC).timestamp())


Issuer = Annotated[str, Codec(partial(_shown, LONGEST_ISSUER))]
Kid = Annotated[str, Codec(partial(_shown, LONGEST_KID))]
Name = Annotated[str, Codec(partial(_shown, LONGEST_NAME))]
Instant = Annotated[
    int, Codec(_seconds, lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime(_INSTANT))
]


class SchemeKey(NamedTuple):
    """One key of a scheme.

    Attributes:
        scheme: whose texts it signs.
        issuer: in full, as the scheme writes it: an `iss`, a DID, a CA's id, an alpha-3 code.
        kid: as people write it: base64 for CH-LIGHT, hex for VDS-NC, as in the text else.
        algorithm: that it signs with.
        public_key: SubjectPublicKeyInfo, DER; for VDS-NC the X.509 certificate of the signing CA.
        name: what the issuer is called.
        usages: what it may attest; all that the scheme can where nothing is said.
        country: of the issuer; where nothing is said, whoever imports it says, or the participant that publishes it.
        not_before, not_after: both inclusive.
    """

    scheme: Scheme
    issuer: Issuer
    kid: Kid
    algorithm: Algorithm
    public_key: Base64
    name: Annotated[Name, SPARSE] = ""
    usages: Annotated[frozenset[Kind], SPARSE] = frozenset()
    country: Annotated[Name, SPARSE] = ""
    not_before: Annotated[Instant, SPARSE] = 0
    not_after: Annotated[Instant, SPARSE] = FOREVER


class SchemeKeys(NamedTuple):
    """The document."""

    environment: Environment
    keys: tuple[SchemeKey, ...]


def is_one(document: object) -> bool:
    """Say whether a parsed document calls itself one."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def read(data: bytes) -> SchemeKeys:
    """Read the document; DocumentRefused `scheme-keys-…`, or `private-key` if it holds one."""
    refuse_private(data)
    document = strict_json.document(
        data, SchemeKeys, FORMAT, partial(_refused, "malformed"), most=strict_json.OF_ONE
    )
    if (
        len(document.keys) > MOST_KEYS
        or sum(len(key.public_key) for key in document.keys) > MOST_OCTETS
    ):
        raise _refused("too-many", "its keys would keep every verifier busy")
    names = {(key.scheme, key.issuer, key.kid) for key in document.keys}
    if len(names) < len(document.keys):
        raise _refused("double", "an issuer's kid is there twice")
    return document


def write(environment: Environment, keys: Iterable[SchemeKey]) -> bytes:
    """Write the document; the same keys make the same bytes."""
    rows = tuple(sorted(keys, key=lambda key: (key.scheme, key.issuer, key.kid)))
    return strict_json.dump(SchemeKeys(environment, rows), FORMAT, ordered=False, ascii_only=False)


def reading(document: SchemeKeys) -> ListReading:
    """Return the document's keys; DocumentRefused `scheme-keys-…` where one is not what its row says."""
    rows = tuple(map(_listed, document.keys))
    return ListReading("list of schemes' keys", rows, environment=document.environment)


def _listed(key: SchemeKey) -> Listed:
    record = read_key(key.public_key, edwards=key.scheme is Scheme.DIVOC)
    if key.scheme is Scheme.VDS_NC and not record.public_key:
        # A signing CA's key may be of a curve that signs nothing else here; the chain of a seal reads it.
        record = X509Record(
            record.thumbprint,
            record.kid,
            algorithm=key.algorithm,
            public_key=key.public_key,
            notes=record.notes,
        )
    if not record.public_key:
        raise _refused("key", f"a public key of {key.scheme} cannot be read")
    if record.algorithm is not key.algorithm:
        raise _refused("algorithm", f"a key of {key.scheme} is not for the algorithm that it names")
    if key.country and countries.code(key.country) is None:
        raise _refused("country", f"a key of {key.scheme} names a country that is none")
    record = record._replace(not_before=key.not_before, not_after=key.not_after)
    row = listed(key.scheme, key.issuer, key.kid, record, name=key.name)
    kinds = row.record.usages & key.usages if key.usages else row.record.usages
    return row._replace(record=row.record._replace(usages=kinds), participant=key.country)


# ----------------------------------------------------------------------------------------------------
# In a network: what a participant publishes of them, within its bounds.


class SchemePublication(NamedTuple):
    """Keys that count, and (scheme, issuer, kid as it is written, why) of those that were left out."""

    signers: tuple[Signer, ...]
    left_out: tuple[tuple[str, str, str, str], ...] = ()


def published(data: bytes, bounds: Bounds) -> SchemePublication:
    """Read what a participant publishes; DocumentRefused `scheme-keys-…`.

    A key signs for the country that its row names; else for the one that the participant's own X.509 certificates
    name, or for all of its countries where they name none of them. A scheme is a domain: the seats let a participant
    in for it.
    """
    document = read(data)
    if document.environment is not bounds.environment:
        raise _refused("environment", f"they are not of the {bounds.environment} environment")
    keys = reading(document)
    check_kids(keys.listed)
    counted, left_out = [], []
    for row in keys.listed:
        key = signer(row, environment=bounds.environment)
        why = _barred(row, key, bounds)
        if why:
            left_out.append((row.domain, row.issuer, key.kid_text, why))
            continue
        own = key.countries or frozenset({bounds.subject}) & bounds.countries or bounds.countries
        counted.append(key._replace(participant=bounds.participant, countries=own))
    return SchemePublication(tuple(counted), tuple(left_out))


def _barred(row: Listed, key: Signer, bounds: Bounds) -> str:
    if row.domain not in bounds.domains:
        return "domain"
    if row.participant and countries.code(row.participant) not in bounds.countries:
        return "country"
    return "" if key.environment is bounds.environment else "environment"


# ----------------------------------------------------------------------------------------------------
# Private keys: nobody's trust list holds one, and one that was handed on is lost.

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that are secret (RFC 7518 §6.2.2, §6.3.2, §6.4)."""


def refuse_private(data: bytes) -> None:
    """Refuse a source with a private key in it; DocumentRefused `private-key`. JSON that cannot be read passes."""
    if b"PRIVATE KEY-----" in data or (data[:1] == b"\x30" and is_private(data)):
        raise _private()
    if data.lstrip()[:1] not in {b"{", b"["}:
        return
    try:
        left: list[object] = [strict_json.loads(data)]
    except ValueError:
        return
    while left:
        value = left.pop()
        if isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            if value.keys() & _PRIVATE_MEMBERS and value.keys() & {"kty", "crv"}:
                raise _private()
            left.extend(value.values())
            der = strict_json.octets(value.get("public_key"))
            if der and is_private(der):
                raise _private()


def is_private(der: bytes) -> bool:
    """Tell whether DER begins as a private key does: a version number, where a public key has its algorithm.

    PKCS #8 (RFC 5958 §2), SEC 1 (RFC 5915 §3) and PKCS #1 (RFC 8017 A.1.2) all begin with a small number.
    """
    if len(der) < 8 or der[0] != 0x30:
        return False
    start = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    return der[start : start + 2] == b"\x02\x01" and der[start + 2 : start + 3] in {b"\0", b"\1"}


def _private() -> DocumentRefused:
    return DocumentRefused(
        "private-key",
        "there is a private key in it, and a trust list holds public keys alone",
        "whoever has seen it can sign: make another key, and hand out its public half",
    )


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"scheme-keys-{code}", f"the keys of schemes were refused: {why}")
