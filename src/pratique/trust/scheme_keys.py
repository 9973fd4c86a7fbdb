"""Keys of the schemes beside HCERT, each in its own store: pinned by scheme, issuer and kid together.

    a public key, its scheme, issuer and kid -> pinned -> Signer
    pratique-scheme-keys-1 <-> SchemeKeys -> signers -> Signer, ...

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
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.strict_json import SPARSE, Base64, Codec
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.certificates import FOREVER, MOST_OF_ONE_KID, read_key
from pratique.trust.publication import Bounds
from pratique.trust.signer import Signer

FORMAT = "pratique-scheme-keys-1"
MOST_KEYS = 2_048
"""Each is read at every start. The whole world's directory of SMART Health Cards has 961, of 651 issuers."""
MOST_OCTETS = 384 * 1024
"""Of all its public keys together: one for ES256 has 91, for RSA with 4,096 bits 550."""
LONGEST_ISSUER, LONGEST_KID, LONGEST_NAME = 512, 256, 200

USAGES: dict[Scheme, frozenset[Kind]] = {
    Scheme.SHC: frozenset({Kind.VACCINATION, Kind.TEST}),
    Scheme.NZCP: frozenset({Kind.PASS}),
    Scheme.CH_LIGHT: frozenset({Kind.PASS}),
    Scheme.VDS_NC: frozenset({Kind.VACCINATION, Kind.TEST}),
    Scheme.TWO_D_DOC: frozenset({Kind.VACCINATION, Kind.TEST}),
    Scheme.DIVOC: frozenset({Kind.VACCINATION, Kind.TEST}),
}
"""What a scheme's texts can attest at all: a key of it is for no more."""

TEST_ISSUERS: frozenset[tuple[Scheme, str]] = frozenset(
    {
        # The specification's own examples are signed by it.
        (Scheme.NZCP, "did:web:nzcp.covid19.health.nz"),
        (Scheme.SHC, "https://spec.smarthealth.cards/examples/issuer"),
        # ANTS's authority for tests; its key is published with the specification.
        (Scheme.TWO_D_DOC, "FR00"),
    }
)
"""Issuers that sign nothing but specimens."""

TEST_KEYS: frozenset[str] = frozenset(
    {
        # DIVOC's own tests have the private halves: of RSA, and of Ed25519.
        "2f975886260f860fb38b3d649b6a7d0658e5c24f28e4eafc3a14ca6d9833afae",
        "a2f3a2b8fa1a9c9efae331cb349b278a51cec42c162b51e38c7c87e98171b7a0",
    }
)
"""Keys (SHA-256 of their SubjectPublicKeyInfo) whose private halves are published: whoever lists them, for tests."""


# ----------------------------------------------------------------------------------------------------
# How a scheme's kid is written: in bytes as a text's `Sealed.kid` has it, and as people read it.


def kid_of(scheme: Scheme, text: str) -> bytes:
    """Return a kid as a signer of the scheme has it; ValueError if it is none."""
    if scheme is Scheme.CH_LIGHT:
        return base64.b64decode(text, validate=True)
    return bytes.fromhex(text) if scheme is Scheme.VDS_NC else text.encode()


def kid_text(signer: Signer) -> str:
    """Return a signer's kid as its own world writes it: base64 for HCERT and Swiss light, hex for VDS-NC, text else."""
    if signer.domain == Scheme.VDS_NC.value and signer.issuer:
        return signer.kid.hex()
    if signer.issuer and signer.domain != Scheme.CH_LIGHT.value:
        return signer.kid.decode(errors="backslashreplace")
    return base64.b64encode(signer.kid).decode()


def pinned(
    scheme: Scheme,
    issuer: str,
    kid: bytes,
    record: X509Record,
    *,
    name: str = "",
    usages: frozenset[Kind] | None = None,
    environment: Environment = Environment.PRODUCTION,
    notes: tuple[str, ...] = (),
) -> Signer:
    """Make a scheme's key of a public key or certificate; it is bound to no country yet.

    Args:
        scheme: whose store it stands in.
        issuer: in full, as the scheme writes it.
        kid: as a text of the scheme has it, in bytes.
        record: of `certificates.bare_key`, `certificates.read_key` or `x509.read`: with its dates, and what makes it
            unusable.
        name: what its directory calls the issuer.
        usages: what it may attest [all that the scheme can].
        environment: of its source.
        notes: stable codes of what was odd in the source.
    """
    # By the key itself as well: DIVOC's test keys are named as India's own is.
    is_published = hashlib.sha256(record.public_key).hexdigest() in TEST_KEYS
    is_test = record.is_test or (scheme, issuer) in TEST_ISSUERS or is_published
    return Signer(
        kid=kid,
        participant="",
        countries=frozenset(),
        algorithm=record.algorithm or Algorithm.ES256,
        public_key=record.public_key,
        usages=USAGES[scheme] if usages is None else usages & USAGES[scheme],
        not_before=record.not_before,
        not_after=record.not_after,
        environment=Environment.TEST if is_test else environment,
        domain=scheme.value,
        thumbprint=record.thumbprint,
        notes=tuple(dict.fromkeys((*record.notes, *notes))),
        reason=record.reason,
        bound=True,
        issuer=issuer,
        name=name,
    )


def bound(
    found: Iterable[Signer], *, environment: Environment | None, country: str = ""
) -> tuple[Signer, ...]:
    """Return keys as an import holds them: of an environment, and bound to a country where they name none.

    A key that is for tests stays so. DocumentRefused `scheme-keys-same-name` for more keys under one name than a
    check can try.
    """
    known = countries.may_sign_for(country) if country else frozenset()
    names: dict[object, set[bytes]] = {}
    held = []
    for signer in found:
        keys = names.setdefault(signer.key, set())
        keys.add(signer.public_key)
        if len(keys) > MOST_OF_ONE_KID:
            raise _refused(
                "same-name", f"more than {MOST_OF_ONE_KID} keys have one issuer and one kid"
            )
        is_test = signer.environment is Environment.TEST
        held.append(
            signer._replace(
                environment=signer.environment if is_test or environment is None else environment,
                countries=signer.countries or known,
                participant=signer.participant or country,
            )
        )
    return tuple(held)


# ----------------------------------------------------------------------------------------------------
# The document: what a state publishes of its schemes' keys, and what a person writes by hand.
#
#     {"format": "pratique-scheme-keys-1", "environment": "production", "keys": [
#       {"scheme": "2D-DOC", "issuer": "FR03", "kid": "AV01", "algorithm": "ES256", "public_key": "MFkw…",
#        "name": "…", "usages": ["vaccination"], "countries": ["FR"], "not_before": "2021-04-22T00:00:00Z", …}]}


def _shown(longest: int, value: object) -> str:
    # It is shown at a desk, and compared with what a text says: nothing in it may hide.
    found = strict_json.text(value)
    if not 0 < len(found) <= longest or not found.isprintable() or seen(found) != found:
        raise ValueError("a text that cannot be shown")
    return found


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
        countries: of the issuer; whoever lists it may bind it where nothing is said.
        not_before, not_after: both inclusive.
    """

    scheme: Scheme
    issuer: Issuer
    kid: Kid
    algorithm: Algorithm
    public_key: Base64
    name: Annotated[Name, SPARSE] = ""
    usages: Annotated[frozenset[Kind], SPARSE] = frozenset()
    countries: Annotated[frozenset[Name], SPARSE] = frozenset()
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
    found = strict_json.document(
        data, SchemeKeys, FORMAT, partial(_refused, "malformed"), most=strict_json.OF_ONE
    )
    if len(found.keys) > MOST_KEYS or sum(len(one.public_key) for one in found.keys) > MOST_OCTETS:
        raise _refused("too-many", "its keys would keep every verifier busy")
    names = {(one.scheme, one.issuer, one.kid) for one in found.keys}
    if len(names) < len(found.keys):
        raise _refused("double", "an issuer's kid is there twice")
    return found


def write(environment: Environment, found: Iterable[SchemeKey]) -> bytes:
    """Write the document; the same keys make the same bytes."""
    rows = tuple(sorted(found, key=lambda one: (one.scheme, one.issuer, one.kid)))
    return strict_json.dump(SchemeKeys(environment, rows), FORMAT, ordered=False, ascii_only=False)


def signers(document: SchemeKeys) -> tuple[Signer, ...]:
    """Return the document's keys; DocumentRefused `scheme-keys-…` where one is not what its row says."""
    return tuple(_signer(one, document.environment) for one in document.keys)


def _signer(one: SchemeKey, environment: Environment) -> Signer:
    try:
        kid = kid_of(one.scheme, one.kid)
    except ValueError as error:
        raise _refused("kid", f"a kid is none of {one.scheme}") from error
    record = _record(one)
    if record.algorithm is not one.algorithm:
        raise _refused("algorithm", f"a key of {one.scheme} is not for the algorithm that it names")
    return pinned(
        one.scheme,
        one.issuer,
        kid,
        record._replace(
            not_before=max(one.not_before, record.not_before),
            not_after=min(one.not_after, record.not_after),
        ),
        name=one.name,
        usages=one.usages or None,
        environment=environment,
    )._replace(countries=_known(one.countries))


def _record(one: SchemeKey) -> X509Record:
    if one.scheme is Scheme.VDS_NC:
        record = x509.read(one.public_key)
    else:
        record = read_key(one.public_key, edwards=one.scheme is Scheme.DIVOC)
    if not record.public_key:
        raise _refused("key", f"a public key of {one.scheme} cannot be read")
    return record


def _known(named: frozenset[str]) -> frozenset[str]:
    found = {text: countries.may_sign_for(text) for text in named}
    if not all(found.values()):
        raise _refused("country", "a country is none")
    return frozenset().union(*found.values())


def row_of(signer: Signer) -> SchemeKey:
    """Return how the document holds a scheme's key."""
    usages = frozenset() if signer.usages == USAGES[Scheme(signer.domain)] else signer.usages
    return SchemeKey(
        Scheme(signer.domain), signer.issuer, kid_text(signer), signer.algorithm, signer.public_key,
        signer.name, usages, signer.countries, signer.not_before, signer.not_after,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# In a network: what a participant publishes of them, within its bounds.


class SchemePublication(NamedTuple):
    """Keys that count, and (scheme, issuer, kid as it is written, why) of those that were left out."""

    signers: tuple[Signer, ...]
    left_out: tuple[tuple[str, str, str, str], ...] = ()


def published(data: bytes, bounds: Bounds) -> SchemePublication:
    """Read what a participant publishes; DocumentRefused `scheme-keys-…`.

    A key signs for the participant's countries, or for those of them that its row names. A scheme is a domain: the
    seats let a participant in for it.
    """
    document = read(data)
    if document.environment is not bounds.environment:
        raise _refused("environment", f"they are not of the {bounds.environment} environment")
    counted, left_out = [], []
    for one in signers(document):
        why = _barred(one, bounds)
        if why:
            left_out.append((one.domain, one.issuer, kid_text(one), why))
            continue
        own = one.countries or bounds.countries
        counted.append(one._replace(participant=bounds.participant, countries=own))
    return SchemePublication(tuple(counted), tuple(left_out))


def _barred(one: Signer, bounds: Bounds) -> str:
    if one.domain not in bounds.domains:
        return "domain"
    if not one.countries <= bounds.countries:
        return "country"
    return "" if one.environment is bounds.environment else "environment"


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
