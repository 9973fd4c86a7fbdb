"""From X.509 certificates to signers: what a source lists, bound to what it says of it.

    source -> Reading(listed, authorities) -> collect -> Signer, Signer, ...

1. A signing CA is not a signer: it tells until when the signers it issued may live.
2. The country is the certificate's; where it has none, the list's. Where both speak and disagree,
   it may sign for what both allow.
3. A certificate that names an SCA by its key and was not signed by it is damaged or forged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from pratique.crypto import spki
from pratique.crypto.chain import issued_by, may_have_issued
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import KID_SIZE, X509Record
from pratique.errors import DocumentRefused
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import countries
from pratique.trust.signer import BARE, LIST_ENDS, Signer

DEFAULT_DOMAIN = "DCC"
FOREVER = 253_402_300_799
"""9999-12-31T23:59:59Z: the end of a key that came without a certificate."""


class Listed(NamedTuple):
    """One signer's certificate as a source lists it.

    Attributes:
        record: the certificate.
        kid: the kid that the source gives it; None if it gives none.
        participant: the participant's code as the source spells it; "" if it names none.
        domain: the trust domain that the source names, mostly "DCC".
        notes: stable codes of what was odd in the source.
        bound: the source names that domain itself.
    """

    record: X509Record
    kid: bytes | None = None
    participant: str = ""
    domain: str = DEFAULT_DOMAIN
    notes: tuple[str, ...] = ()
    bound: bool = False


class Reading(NamedTuple):
    """What one source holds.

    Attributes:
        kind: what kind of source it is, in words.
        listed: the signers' certificates.
        authorities: the signing CAs' certificates.
        environment: what the source itself says; None if it says nothing.
        proof: "valid" or "not checked"; a proof that is wrong never gets this far.
        skipped: how many entries were not for signers (keys for TLS, tombstones ...).
        named: (participant, domain) of all that it names, with or without a signer.
        name: that it gives itself; "" if it gives none.
        created, expires: from when its proof is, and until when, in seconds since the epoch; None
            where it does not say.
    """

    kind: str
    listed: tuple[Listed, ...]
    authorities: tuple[X509Record, ...] = ()
    environment: Environment | None = None
    proof: str = "not checked"
    skipped: int = 0
    named: tuple[tuple[str, str], ...] = ()
    name: str = ""
    created: int | None = None
    expires: int | None = None


def bare_key(key: PublicKey, notes: tuple[str, ...] = ()) -> X509Record:
    """Make a record of a key that came without a certificate: no limits but what its list says."""
    digest = hashlib.sha256(key.spki)
    return X509Record(
        thumbprint=digest.hexdigest(),
        kid=digest.digest()[:KID_SIZE],
        algorithm=key.algorithm,
        public_key=key.spki,
        not_after=FOREVER,
        usages=ALL_KINDS,
        notes=(BARE, *notes),
    )


def read_key(der: bytes) -> X509Record:
    """Read a key that came without a certificate. No bytes raise: damage is a record with a reason."""
    try:
        return bare_key(spki.read_der(der))
    except DocumentRefused as error:
        digest = hashlib.sha256(der)
        named = () if error.code == "key-unreadable" else (spki.unusable(der),)
        return X509Record(
            digest.hexdigest(),
            digest.digest()[:KID_SIZE],
            not_after=FOREVER,
            notes=(BARE, *named),
            reason=error.code,
        )


def collect(
    readings: Iterable[Reading], *, environment: Environment, country: str = ""
) -> tuple[Signer, ...]:
    """Turn readings into signers, with every authority of every reading at hand.

    Args:
        readings: what the sources held.
        environment: of the sources that do not tell their own.
        country: of the certificates that name none.
    """
    read = tuple(readings)
    authorities = {ca.thumbprint: ca for reading in read for ca in reading.authorities}
    return tuple(
        signer(
            listed,
            environment=reading.environment or environment,
            authorities=authorities.values(),
            country=country,
            until=reading.expires,
        )
        for reading in read
        for listed in reading.listed
    )


def signer(
    listed: Listed,
    *,
    environment: Environment,
    authorities: Iterable[X509Record] = (),
    country: str = "",
    until: int | None = None,
) -> Signer:
    """Turn one listed certificate into a signer; `until` is when its list ends, if it does."""
    record, notes = listed.record, [*listed.record.notes, *listed.notes]
    signs_for, differs = _signs_for(record.countries, listed.participant, country, notes)
    end, belied = _end_of_authority(record, authorities, notes)
    if until is not None and (end is None or until < end):
        end = until
        notes.append(LIST_ENDS)
    if listed.kid is not None and listed.kid != record.kid:
        notes.append("kid-foreign")
    if record.is_ca:
        notes.append("ca-as-signer")
    reason = record.reason or belied or differs
    return Signer(
        kid=record.kid if listed.kid is None else listed.kid,
        participant=listed.participant or next(iter(record.countries), "") or country,
        countries=signs_for,
        algorithm=record.algorithm or Algorithm.ES256,
        public_key=record.public_key,
        usages=frozenset() if reason else record.usages,
        not_before=record.not_before,
        not_after=record.not_after,
        # What says itself that it is a test key is never made a production key by its source.
        environment=Environment.TEST if record.is_test else environment,
        domain=listed.domain,
        thumbprint=record.thumbprint,
        sca_not_after=end,
        notes=tuple(dict.fromkeys(notes)),
        reason=reason,
        bound=listed.bound,
    )


def _signs_for(
    named: tuple[str, ...], participant: str, country: str, notes: list[str]
) -> tuple[frozenset[str], str]:
    own: frozenset[str] = frozenset().union(*map(countries.may_sign_for, named))
    told = countries.may_sign_for(participant)
    if not named:
        notes.append("country-missing")
    elif not own:
        notes.append("country-unknown")
    if not (own and told):
        return own or told or countries.may_sign_for(country), ""
    both = own & told
    # An organisation's code of three letters has no place in a certificate's C.
    organisation = frozenset(name for name in told if len(name) > 2)
    return (both | organisation, "") if both else (both, "country-differs")


def _end_of_authority(
    record: X509Record, authorities: Iterable[X509Record], notes: list[str]
) -> tuple[int | None, str]:
    """Find the end of the signing CA's life, by signature; and a reason if one is belied."""
    ends, doubtful, belied = [], False, False
    for ca in authorities:
        if ca.thumbprint == record.thumbprint or not may_have_issued(ca, record):
            continue
        issued = issued_by(record, ca)
        if issued:
            ends.append(ca.not_after)
        elif issued is None:
            doubtful = True
        elif record.authority_key_id and record.authority_key_id == ca.subject_key_id:
            belied = True
    if ends:
        # A CA that was renewed with the same key has several ends; the last one holds.
        return max(ends), ""
    if doubtful:
        notes.append("sca-signature-unread")
    return None, "sca-signature-wrong" if belied else ""
