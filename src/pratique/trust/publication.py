"""What a participant publishes about its signers: their X.509 certificates, and those it withdrew.

    signers.json -> read -> Announced(signers, withdrawn)          -> write -> signers.json

1. The X.509 certificates are the ones that every other network gets: no second description of a key.
2. A signer speaks for the countries that the authority lists for the participant, whatever its own
   certificate says; one whose C is another's is left out, and told.
3. A domain that the participant is not active for is left out.
4. What was withdrawn stays listed, so that a certificate of it is told from an unknown issuer's.
5. The signatures of the signing CAs are checked when a signer is first asked for: of a thousand
   signers a check meets one, and a start none.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import partial
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.crypto.x509 import may_have_issued
from pratique.errors import DocumentRefused, code_of
from pratique.strict_json import SPARSE, Base64
from pratique.terms import Environment
from pratique.trust import certificates
from pratique.trust.certificates import Listed, ListReading
from pratique.trust.signer import Judge, Signer, Unjudged, unread

FORMAT = "pratique-signers-1"
KEY_COMPROMISE = "key-compromise"
REASONS = (KEY_COMPROMISE, "key-lost", "superseded")
"""Why a signer may be withdrawn; there is no other."""
_OF_THE_KEY = frozenset({KEY_COMPROMISE, "key-lost"})
"""Reasons that are the key's, and not only its certificate's."""

MOST_SIGNERS, MOST_AUTHORITIES = 256, 8
"""Each is read at every start. Of real lists the longest has 58 of one participant, under three authorities."""
MOST_CHAINS = 2 * MOST_SIGNERS + MOST_AUTHORITIES**2
"""Each signer's signature is checked with each authority that may have made it: two for each signer, as
where a signing CA is renewed; and the authorities' own."""
MOST_OCTETS = 384 * 1024
"""Of all its X.509 certificates together, which are walked octet by octet: 1,450 of each. Real ones have 800."""


class PublishedSigner(NamedTuple):
    """A signer's certificate, DER, with its domain; `since` and `reason` if it is withdrawn."""

    certificate: Base64
    domain: str
    since: Annotated[str, SPARSE] = ""
    reason: Annotated[str, SPARSE] = ""


class SignerPublication(NamedTuple):
    """What was read.

    Attributes:
        unjudged: those that count, withdrawn ones among them.
        withdrawn: thumbprints.
        left_out: thumbprints of those that were left out, and why.
        judge: looks at what stands above one of them.
    """

    unjudged: tuple[Unjudged, ...]
    withdrawn: frozenset[str]
    left_out: tuple[tuple[str, str], ...] = ()
    judge: Judge = unread

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Return those that count, judged."""
        return tuple(map(self.judge, self.unjudged))


class Bounds(NamedTuple):
    """What the authority lets a participant speak for.

    Attributes:
        participant: its code.
        countries: whose certificates its signers may sign.
        subject: C that its own X.509 certificates carry.
        domains: that it is active for.
        environment: of the network.
    """

    participant: str
    countries: frozenset[str]
    subject: str
    domains: frozenset[str]
    environment: Environment


def write(
    participant: str,
    environment: Environment,
    authorities: Iterable[bytes],
    signers: Iterable[PublishedSigner],
) -> bytes:
    """Write the document."""
    rows = sorted(signers)
    found = SignerList(
        participant,
        environment.value,
        tuple(sorted(authorities, key=b64encode)),
        tuple(one for one in rows if not one.reason),
        tuple(one for one in rows if one.reason),
    )
    return strict_json.dump(found, FORMAT)


def read(data: bytes, bounds: Bounds) -> SignerPublication:
    """Read the document; DocumentRefused `signers-…`."""
    found = parts(data)
    if found.participant != bounds.participant:
        raise _refused("participant", "it is another participant's")
    if found.environment != bounds.environment.value:
        raise _refused("environment", f"it is not of the {bounds.environment} environment")
    left_out: list[tuple[str, str]] = []
    listed = []
    records = {one.certificate: x509.read(one.certificate) for one in found.rows}
    for one in found.rows:
        record = records[one.certificate]
        why = _barred(record, one.domain, bounds)
        # A withdrawal counts in a domain too that its participant is no longer active for: the key
        # stays known as withdrawn where another list names it.
        if why and not (why == "domain" and one.reason):
            left_out.append((record.thumbprint, why))
        else:
            listed.append(Listed(record, domain=one.domain, bound=True))
    # An SCA of the test environment has issued no signer of production.
    authorities = tuple(
        ca
        for ca in map(x509.read, found.authorities)
        if bounds.environment is Environment.TEST or not ca.is_test
    )
    reading = ListReading("announced", tuple(listed), authorities)
    _check_chains(reading)
    certificates.check_kids(listed)
    unjudged = tuple(
        Unjudged(*certificates.signer(one, environment=bounds.environment))._replace(
            participant=bounds.participant, countries=bounds.countries
        )
        for one in listed
    )
    gone = {one: records[one.certificate] for one in found.rows if one.reason}
    return SignerPublication(
        unjudged, _gone(gone, unjudged), tuple(left_out), _Judge(reading, bounds)
    )


class _Judge:
    """Judges signers of one reading, each when it is asked for."""

    def __init__(self, reading: ListReading, bounds: Bounds) -> None:
        self._listed = {(one.record.thumbprint, one.domain): one for one in reading.listed}
        self._authorities, self._bounds = certificates.distinct(reading.authorities), bounds

    def __call__(self, signer: Unjudged) -> Signer:
        try:
            found = certificates.signer(
                self._listed[signer.thumbprint, signer.domain],
                environment=self._bounds.environment,
                authorities=self._authorities,
                within=self._bounds.countries | {self._bounds.subject},
            )
        except Exception as error:  # noqa: BLE001 - whatever a document raises ends nobody's check
            return Signer(*signer)._replace(usages=frozenset(), reason=code_of(error))
        return Signer(*signer)._replace(
            usages=found.usages,
            sca_not_after=found.sca_not_after,
            notes=tuple(dict.fromkeys((*found.notes, *signer.notes))),
            reason=found.reason,
            sca_not_before=found.sca_not_before,
        )


def _check_chains(reading: ListReading) -> None:
    # Counted before the first is checked: authorities of one name are candidates for every signer.
    left = MOST_CHAINS
    for record in (*(one.record for one in reading.listed), *reading.authorities):
        left -= sum(may_have_issued(ca, record) for ca in reading.authorities)
        if left < 0:
            raise _refused("too-many", "its signing CAs of one name would keep every verifier busy")


def _gone(
    records: dict[PublishedSigner, x509.X509Record], signers: Iterable[Signer]
) -> frozenset[str]:
    # A stolen key is stolen in each certificate: a kid that is not signed could name another one. Where a
    # certificate was superseded, the key may live on in the one that took its place.
    stolen_keys = stolen(records)
    return frozenset(record.thumbprint for record in records.values()) | {
        signer.thumbprint for signer in signers if signer.public_key in stolen_keys
    }


def stolen(withdrawn: Iterable[PublishedSigner]) -> frozenset[bytes]:
    """Return the public keys that are withdrawn themselves, and not only a certificate of theirs."""
    ders = (one.certificate for one in withdrawn if one.reason in _OF_THE_KEY)
    return frozenset(x509.read(der).public_key for der in ders) - {b""}


class SignerList(NamedTuple):
    """The document, unjudged."""

    participant: str
    environment: str
    authorities: tuple[Base64, ...]
    signers: tuple[PublishedSigner, ...]
    withdrawn: tuple[PublishedSigner, ...]

    @property
    def rows(self) -> tuple[PublishedSigner, ...]:
        """Return the signers, those that are withdrawn last."""
        return (*self.signers, *self.withdrawn)


def parts(data: bytes) -> SignerList:
    """Take the document apart; DocumentRefused `signers-malformed`, `signers-too-many`."""
    found = strict_json.document(
        data, SignerList, FORMAT, partial(_refused, "malformed"), most=strict_json.OF_ONE
    )
    if any(one.since or one.reason for one in found.signers) or not all(
        one.since and one.reason in REASONS for one in found.withdrawn
    ):
        raise _refused(
            "malformed", "of what was withdrawn, since when and why is said, in its place"
        )
    own = [one.certificate for one in found.rows]
    if (
        len(own) > MOST_SIGNERS
        or len(found.authorities) > MOST_AUTHORITIES
        or sum(map(len, (*own, *found.authorities))) > MOST_OCTETS
    ):
        raise _refused("too-many", "its X.509 certificates would keep every verifier busy")
    return found


def _barred(record: x509.X509Record, domain: str, bounds: Bounds) -> str:
    if domain not in bounds.domains:
        return "domain"
    if any(c not in {bounds.subject, *bounds.countries} for c in record.countries):
        return "country"
    return "environment" if record.is_test and bounds.environment is not Environment.TEST else ""


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"signers-{code}", f"the list of signers was refused: {why}")
