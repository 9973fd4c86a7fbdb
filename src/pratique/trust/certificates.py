"""From X.509 certificates to signers: what a source lists, bound to what it says of it.

    source -> Reading(listed, authorities) -> collect -> Signer, Signer, ...

1. A signing CA is not a signer: it tells until when the signers it issued may live.
2. The country is the certificate's; where it has none, the list's. Where both speak and disagree,
   it may sign for what both allow.
3. A certificate that names an SCA by its key and was not signed by it is damaged or forged.
4. Where an SCA is found, it is judged: a signer whose SCA may not have issued it is in doubt, and says why.
5. In a network every signer has an SCA that its participant has brought in. Other lists may name none: real
   ones mostly do not, and what they do not tell is not held against their signers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from pratique.crypto import algorithms
from pratique.crypto.chain import issued_by, path_holds, signed_with
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import KID_SIZE, X509Record, may_have_issued
from pratique.errors import DocumentRefused
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import countries
from pratique.trust.signer import BARE, LIST_ENDS, SCA_WRONG, Signer, believed_limits

DEFAULT_DOMAIN = "DCC"
MOST_OF_ONE_KID = 16
"""Keys of a source under one kid. In real lists no two keys have one."""
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
        issuer: of a key of a `Scheme`, which `domain` names: the issuer's full identity in it; else "".
        name: what its directory calls that issuer.
    """

    record: X509Record
    kid: bytes | None = None
    participant: str = ""
    domain: str = DEFAULT_DOMAIN
    notes: tuple[str, ...] = ()
    bound: bool = False
    issuer: str = ""
    name: str = ""


class ListReading(NamedTuple):
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
        odd: how many entries could not be read, because a code of theirs is none; they are left out.
        pinned: keys of schemes that their reader has made signers of; of no country where it knows none.
        left_out: (why, how many) of a scheme's keys that were left out; counted in `skipped` too.
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
    odd: int = 0
    pinned: tuple[Signer, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


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


def read_key(der: bytes, *, edwards: bool = False) -> X509Record:
    """Read a key that came without a certificate; one of Ed25519 where `edwards` says so.

    No bytes raise: damage is a record with a reason.
    """
    try:
        return bare_key(algorithms.read_der(der, edwards=edwards))
    except DocumentRefused as error:
        digest = hashlib.sha256(der)
        kind = algorithms.unusable(der)
        return X509Record(
            digest.hexdigest(),
            digest.digest()[:KID_SIZE],
            not_after=FOREVER,
            notes=(BARE, kind) if kind else (BARE,),
            reason=error.code,
        )


def collect(
    readings: Iterable[ListReading],
    *,
    environment: Environment,
    country: str = "",
    within: frozenset[str] | None = None,
) -> tuple[Signer, ...]:
    """Turn readings into signers, with every authority of every reading at hand.

    Args:
        readings: what the sources held.
        environment: of the sources that do not tell their own.
        country: of the certificates that name none.
        within: as for `signer`.
    """
    read = tuple(readings)
    check_kids(listed for reading in read for listed in reading.listed)
    authorities = distinct(ca for reading in read for ca in reading.authorities)
    signers = tuple(
        signer(
            listed,
            environment=reading.environment or environment,
            authorities=authorities,
            country=country,
            until=reading.expires,
            within=within,
        )
        for reading in read
        for listed in reading.listed
    )
    own, known = country.strip().upper(), countries.code(country)
    return signers + tuple(
        pinned._replace(
            participant=pinned.participant or own,
            countries=pinned.countries or frozenset({known} if known else ()),
            environment=_stricter(pinned.environment, reading.environment or environment),
        )
        for reading in read
        for pinned in reading.pinned
    )


def _stricter(one: Environment, other: Environment) -> Environment:
    return Environment.TEST if Environment.TEST in {one, other} else Environment.PRODUCTION


def distinct(authorities: Iterable[X509Record]) -> tuple[X509Record, ...]:
    """Return signing CAs, each once."""
    return tuple({ca.thumbprint: ca for ca in authorities}.values())


def check_kids(rows: Iterable[Listed]) -> None:
    """Refuse more keys under one kid than a check can try; DocumentRefused `signers-same-kid`."""
    keys: dict[tuple[str, str, bytes], set[bytes]] = {}
    for row in rows:
        kid = row.record.kid if row.kid is None else row.kid
        # A scheme's keys are asked for by their full name, HCERT's by kid, whatever their domain.
        same = keys.setdefault((row.domain if row.issuer else "", row.issuer, kid), set())
        same.add(row.record.public_key)
        if len(same) > MOST_OF_ONE_KID:
            raise DocumentRefused(
                "signers-same-kid",
                f"more than {MOST_OF_ONE_KID} keys have one kid: each would be tried at every check",
                "tell whoever publishes the list",
            )


def signer(
    listed: Listed,
    *,
    environment: Environment,
    authorities: Iterable[X509Record] = (),
    country: str = "",
    until: int | None = None,
    within: frozenset[str] | None = None,
) -> Signer:
    """Turn one listed certificate into a signer.

    Args:
        listed: as its source lists it.
        environment: of its source.
        authorities: the signing CAs that are known.
        country: of a certificate that names none.
        until: when its list ends, if it does.
        within: countries that its participant's SCA may name, where it must have one: in a network.
    """
    record, notes = listed.record, [*listed.record.notes, *listed.notes]
    if listed.issuer:
        signs_for, differs = _pinned_for(record.countries, listed.participant or country)
    else:
        signs_for, differs = _signs_for(record.countries, listed.participant, country, notes)
    fault: _Fault = partial(_fault, own=signs_for)
    if within is not None:
        fault = partial(_fault_in_network, within=within)
    above = _above(record, tuple(authorities), notes, fault)
    lacking = "" if within is None else _lacking(above, record)
    if until is not None and (above.end is None or until < above.end):
        above = above._replace(end=until)
        notes.append(LIST_ENDS)
    if listed.kid is not None and listed.kid != record.kid and not listed.issuer:
        notes.append("kid-foreign")
    if record.is_ca:
        notes.append("ca-as-signer")
    other_use = "" if record.signs else "not-for-documents"
    reason = record.reason or other_use or above.belied or differs or lacking or above.fault
    return Signer(
        kid=record.kid if listed.kid is None else listed.kid,
        participant=listed.participant or next(iter(record.countries), "") or country,
        countries=signs_for,
        algorithm=record.algorithm or Algorithm.ES256,
        public_key=record.public_key,
        usages=record.usages if believed_limits(reason) else frozenset(),
        not_before=record.not_before,
        not_after=record.not_after,
        # What says itself that it is a test key is never made a production key by its source.
        environment=Environment.TEST if record.is_test else environment,
        domain=listed.domain,
        thumbprint=record.thumbprint,
        sca_not_after=above.end,
        notes=tuple(dict.fromkeys(notes)),
        reason=reason,
        bound=listed.bound,
        # Told only where it is later than the signer's own: most SCAs are older than what they issue.
        sca_not_before=above.begin if (above.begin or 0) > record.not_before else None,
        issuer=listed.issuer,
        name=listed.name,
    )


class Chain(NamedTuple):
    """What a network's verifiers find above a signer.

    Attributes:
        fault: why no fit signing CA has issued it; empty if one has.
        begin: of the life of the one that has; None if none was found.
    """

    fault: str = ""
    begin: int | None = None


def chain_in_network(
    record: X509Record, authorities: Iterable[X509Record], *, within: frozenset[str]
) -> Chain:
    """Judge what stands above a signer as `signer` does in a network, before it is published."""
    fault: _Fault = partial(_fault_in_network, within=within)
    above = _above(record, tuple(authorities), [], fault)
    return Chain(above.belied or _lacking(above, record) or above.fault, above.begin)


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


def _pinned_for(named: tuple[str, ...], country: str) -> tuple[frozenset[str], str]:
    # A scheme's texts mostly name no country: theirs is the one that the key is pinned for, without its territories.
    own = {code for code in map(countries.code, named) if code is not None}
    given = countries.code(country)
    if given is None:
        return frozenset(own), ""
    return frozenset({given}), "country-differs" if own and given not in own else ""


class _Above(NamedTuple):
    """What stands above a signer.

    Attributes:
        begin, end: of the life of its signing CA; None if none was found.
        belied: that a CA which it names by its key has not signed it.
        fault: why its CA may not have issued it; empty if it may.
        missing: why no CA was found; empty if one was.
    """

    begin: int | None = None
    end: int | None = None
    belied: str = ""
    fault: str = ""
    missing: str = ""


_Fault = Callable[[X509Record, tuple[X509Record, ...]], str]


def _above(
    record: X509Record, authorities: tuple[X509Record, ...], notes: list[str], fault: _Fault
) -> _Above:
    """Find the signing CAs that have issued a certificate, by their signature, and judge them."""
    issuers: list[X509Record] = []
    doubtful, belied, namesake = False, False, False
    for ca in authorities:
        # A CA that is listed as a signer too is not above itself, in whichever certificate of its key.
        if _is_itself(ca, record) or not may_have_issued(ca, record):
            continue
        issued = issued_by(record, ca)
        if issued:
            issuers.append(ca)
        elif issued is None:
            doubtful = True
        elif record.authority_key_id and record.authority_key_id == ca.subject_key_id:
            belied = True
        else:
            namesake = True
    if issuers:
        faults = {ca.thumbprint: fault(ca, authorities) for ca in issuers}
        fit = [ca for ca in issuers if not faults[ca.thumbprint]]
        # A CA that was renewed with the same key has several lives: from the first one to the last.
        living = fit or issuers
        return _Above(
            min(ca.not_before for ca in living),
            max(ca.not_after for ca in living),
            fault="" if fit else min(faults.values()),
        )
    if doubtful:
        notes.append("sca-signature-unread")
    missing = "sca-signature-unread" if doubtful else SCA_WRONG if namesake else "sca-unknown"
    return _Above(belied=SCA_WRONG if belied else "", missing=missing)


def _is_itself(ca: X509Record, record: X509Record) -> bool:
    return ca.thumbprint == record.thumbprint or (
        bool(record.public_key) and ca.public_key == record.public_key
    )


def _fault(ca: X509Record, authorities: tuple[X509Record, ...], *, own: frozenset[str]) -> str:
    """Tell why a CA may not have issued a signer for these countries; empty if nothing speaks against it."""
    if not ca.certifies:
        return "sca-not-certifying"
    named: frozenset[str] = frozenset().union(*map(countries.may_sign_for, ca.countries))
    if named and own and named.isdisjoint(own):
        return "sca-foreign"
    return "" if path_holds(ca, authorities) else "sca-path"


def _fault_in_network(
    ca: X509Record, authorities: tuple[X509Record, ...], *, within: frozenset[str]
) -> str:
    if not within.issuperset(ca.countries):
        return "sca-foreign"
    # What must be understood and is not may forbid the very signer: nobody here can tell.
    return _fault(ca, authorities, own=frozenset()) or ("sca-critical" if ca.reason else "")


def _lacking(above: _Above, record: X509Record) -> str:
    """Say why a signer of a network has no SCA, if it has none."""
    if not above.missing or above.belied:
        return ""
    itself = record.issuer == record.subject and signed_with(record, record.public_key)
    return "self-signed" if itself else above.missing
