"""Authenticate a text: which signer's key made this signature?

    text -> format by prefix -> Envelope -> signers with that kid -> checks of the signature -> signers

1. The payload stays bytes here; nobody has read it.
2. The signer's record names the algorithm; a header that names another is refused.
3. Every signer with the kid is tried, since two may share one, and a stranger may add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pratique import formats
from pratique.findings import UNREAD, Code, Colour, Finding, Severity, Step, Verdict, conclude
from pratique.formats import Envelope, Sealed, shapes, wrapping
from pratique.model import KINDS, Entry, HealthCertificate, Moment, Recovery, Test, Vaccination
from pratique.rules.ruleset import Destination, Outcome
from pratique.snapshot import Checker, Snapshot
from pratique.terms import COSE_ALGORITHMS, Environment, Kind, Scheme
from pratique.trust import countries
from pratique.trust.signer import CHAIN, LIST_ENDS, WITHDRAWN, Signer, believed_limits

Signed = Envelope | Sealed
"""A signed message, unread, of HCERT or of another scheme."""


def read(text: str) -> Signed | Finding:
    """Step 1: take the text apart down to the signed message, without believing any of it."""
    reader = formats.FORMATS.get(text[:4])
    if reader is not None:
        return reader.unwrap(text)
    if not text:
        return Finding(Code.TEXT_EMPTY)
    scheme = formats.of(text)
    if scheme is None:
        name = shapes.name_of(text)
        return Finding(Code.PREFIX_UNKNOWN) if name is None else Finding(Code.FORMAT_NOT_READ, name)
    return scheme.unwrap(text)


def read_as_handed(text: str) -> tuple[Signed | Finding, tuple[Finding, ...]]:
    """Step 1 for a text as people and devices hand it in: what is wrapped around the code is taken off.

    Returns with the message, or with why it is not read, what was made good on the way.
    """
    found = read(text)
    if isinstance(found, Finding):
        return unwrapped(text, found)
    return found, ()


def unwrapped(text: str, finding: Finding) -> tuple[Signed | Finding, tuple[Finding, ...]]:
    """Return what `read_as_handed` does, for a text that `read` has not read as it stands."""
    if finding.code.step not in _READING or finding.code in _PROVEN:
        return finding, ()
    # Only now: what is right as it stands, nobody touches.
    code = wrapping.unwrapped(text)
    if code.finding is not None:
        return code.finding, code.notes
    return read(code.text), code.notes


_READING = {Step.TEXT, Step.BASE45, Step.COMPRESSION}
_PROVEN = {Code.COMPRESSION_BOMB, Code.COMPRESSION_TRAILING}
"""Not what a scanner, an e-mail or a spreadsheet does to a code."""


def authenticate(envelope: Signed | Finding, snapshot: Snapshot) -> list[Signer] | Finding:
    """Step 2: return the signers whose key made the signature, or why there is none."""
    if type(envelope) is Envelope:
        algorithm, kid, _, _, message, signature = envelope
        named = COSE_ALGORITHMS.get(algorithm or 0)
        candidates = snapshot.candidates(kid)
    elif type(envelope) is Sealed:
        named, message, signature = envelope.algorithm, envelope.message, envelope.signature
        listed = _of_scheme(envelope, snapshot)
        if isinstance(listed, Finding):
            return listed
        candidates = listed
        if envelope.by_key and candidates:
            named = candidates[0][0].algorithm
    else:
        assert isinstance(envelope, Finding)
        return envelope
    good = []
    failure = _UNKNOWN
    for signer, check in candidates:
        if check is None:
            # Before its algorithm: a key that cannot be used has none that a header could differ from.
            weak = signer.is_weak()
            failure = _worse(failure, Code.SIGNER_WEAK if weak else Code.SIGNER_UNREADABLE)
        # The algorithm is the signer's; a header that names another is an attack on the choice.
        elif signer.algorithm is not named:
            failure = _worse(failure, Code.ALGORITHM_REFUSED)
        elif check(signature, message):
            good.append(signer)
        else:
            failure = _worse(failure, Code.SIGNATURE_INVALID)
    return good or Finding(failure)


def _of_scheme(
    sealed: Sealed, snapshot: Snapshot
) -> tuple[tuple[Signer, Checker | None], ...] | Finding:
    # Its full name in its own scheme, never the kid alone: anybody's key may have any kid.
    if not sealed.certificate:
        return snapshot.candidates((sealed.scheme.value, sealed.issuer, sealed.kid))
    signers = snapshot.seal_signers(sealed.certificate, sealed.issuer)
    if isinstance(signers, Finding):
        return signers
    return tuple((signer, snapshot.checker(signer)) for signer in signers)


_UNKNOWN = Code.SIGNER_UNKNOWN
_GRAVITY = (
    _UNKNOWN,
    Code.ALGORITHM_REFUSED,
    Code.SIGNATURE_INVALID,
    # The signature may be that of the signer that cannot be used, so nothing is proved.
    Code.SIGNER_WEAK,
    Code.SIGNER_UNREADABLE,
)


def _worse(a: Code, b: Code) -> Code:
    return max(a, b, key=_GRAVITY.index)


# ----------------------------------------------------------------------------------------------------
# Judge an authentic certificate: the named steps after the signature.
#
#     certificate, signer, environment, at -> claims' dates -> key's dates -> usage -> domain -> country
#         -> environment -> findings
#
# 1. Each check stands alone and says all it finds; none relies on another having passed.
# 2. `nothing_bars` and `in_force` prove at once that checks would find nothing; tests hold them to
#    what the checks say.
# 3. The signer's record decides; nothing that the certificate says can widen it.
# 4. What a certificate says of its own validity (`df`, `du`, `vls`, `vle`, `valid_until`) is in whole
#    days on the clock of the port of entry: `stated_validity` asks it apart, at an aware instant.


Check = Callable[[HealthCertificate, Signer, Environment, int], Iterable[Finding]]

ENDLESS = frozenset({Scheme.SHC, Scheme.VDS_NC, Scheme.TWO_D_DOC, Scheme.DIVOC})
"""Schemes whose certificates need not say until when they may be read."""
UNDATED = frozenset({Scheme.VDS_NC})
"""Schemes whose certificates do not say when they were issued."""


LEEWAY = 300
"""Seconds by which a certificate's beginning may be ahead: clocks of issuers and doors differ.

A peer allows as much. Its end has no leeway: nobody is harmed by a renewal in time.
"""


def nothing_bars(certificate: HealthCertificate, signer: Signer, environment: Environment) -> bool:
    """Tell whether no check but those of dates would find anything; may say no where it would."""
    entries, countries = certificate.entries, signer.countries
    return (
        certificate.kind in signer.usages
        and certificate.issuer in countries
        and entries[0].country in countries
        and len(entries) == 1
        and signer.environment is environment
        and not signer.reason
        # Mostly equal: the question that is dearer is asked of few.
        and (certificate.domain == signer.domain or signer.speaks_for(certificate.domain))
    )


def in_force(certificate: HealthCertificate, signer: Signer, at: int) -> bool:
    """Tell whether no check that a clock turns would find anything; exact."""
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    return (
        issued_at is not None
        and expires_at is not None
        and signer.not_before <= issued_at <= at <= expires_at <= signer.not_after
        and (certificate.not_before is None or certificate.not_before <= at)
        and (
            signer.sca_not_after is None
            or (
                at <= signer.sca_not_after
                and (signer.sca_not_before is None or signer.sca_not_before - LEEWAY <= at)
            )
        )
    )


def stands(certificate: HealthCertificate, signer: Signer, at: int) -> bool:
    """Tell whether the checks that a clock turns would find nothing but notes.

    What contradicts itself does so at every instant: who asks about a stretch of time knows it.
    """
    return in_force(certificate, signer, at) or all(
        finding.code.severity is Severity.NOTE
        for check in CLOCK_CHECKS
        for finding in check(certificate, signer, signer.environment, at)
    )


def judge(
    certificate: HealthCertificate, signer: Signer, environment: Environment, at: int
) -> list[Finding]:
    """Make every check; `at` is seconds since the epoch."""
    if not nothing_bars(certificate, signer, environment):
        checks = CHECKS
    else:
        checks = DATE_CHECKS if not in_order(certificate) else CLOCK_CHECKS
    return [finding for check in checks for finding in check(certificate, signer, environment, at)]


# Here once: to make one of the commonest findings anew costs more than to find it.
_EXPIRED, _SIGNER_EXPIRED = Finding(Code.EXPIRED, "exp"), Finding(Code.SIGNER_EXPIRED)


def check_validity(
    certificate: HealthCertificate, _signer: Signer, _environment: Environment, at: int
) -> list[Finding]:
    """Is the certificate in force? `exp` is inclusive (RFC 8392 §3.1.4 read with RFC 7519 §4.1.4)."""
    found: list[Finding] = []
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    if issued_at is None:
        found += _undated(certificate, at)
    elif issued_at > at:
        found.append(Finding(_ahead(issued_at, at), "iat"))
    if certificate.not_before is not None and certificate.not_before > at:
        # RFC 8392 §3.1.5: it must not be accepted before.
        found.append(Finding(_ahead(certificate.not_before, at), "nbf"))
    if expires_at is None:
        if certificate.domain not in ENDLESS:
            found.append(Finding(Code.EXPIRY_MISSING, "exp"))
        return found
    if at > expires_at:
        found.append(_EXPIRED)
    if issued_at is not None and expires_at < issued_at:
        found.append(Finding(Code.EXPIRES_BEFORE_ISSUE, "exp"))
    return found


def _undated(certificate: HealthCertificate, at: int) -> Iterator[Finding]:
    if certificate.domain not in UNDATED:
        yield Finding(Code.ISSUED_MISSING, "iat")
        return
    # Elsewhere an event is compared with the issue. Here only a clock tells that it is to come.
    today = at // 86_400 + EPOCH_ORDINAL + 1
    for entry in certificate.entries:
        event = event_of(entry)
        if event is not None and event.first.toordinal() > today:
            yield Finding(Code.EVENT_TO_COME, KINDS[type(entry)].value)


def _ahead(begins: int, at: int) -> Code:
    return Code.CLOCK_LEEWAY if begins - LEEWAY <= at else Code.NOT_YET_VALID


def stated_validity(domain: str, entries: Iterable[Entry], at: datetime) -> tuple[Finding, ...]:
    """Does what is attested count at `at`, by what the certificate says itself?

    A doubt, never a fault: the destination's rules say what is refused. An international certificate
    may say ten years of a yellow fever dose that counts for life since 2016 (IHR 2005, Annex 7), and
    states let recoveries count longer than their `du`. But what says itself that it is over is not
    passed by a rule that did not look.
    """
    found = []
    for entry in entries:
        until, start = entry.valid_until, entry.valid_from
        if until is not None and at.date() > until.last_day():
            found.append(Finding(Code.STATED_VALIDITY_OVER, _STATED.get(domain, _STATED_DCC)[1]))
        if start is not None and at.date() < start.day():
            found.append(
                Finding(Code.STATED_VALIDITY_NOT_BEGUN, _STATED.get(domain, _STATED_DCC)[0])
            )
    return tuple(found)


_STATED_DCC = ("df", "du")
_STATED = {"ICVP": ("vls", "vle"), "DDCC": ("valid_from", "valid_until")}
"""Domain -> the fields in which a certificate says from when until when it counts."""


def check_key_validity(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, at: int
) -> list[Finding]:
    """Did the key live when it signed, does it outlive what it signed (HCERT §3.3.5, §3.3.6)?"""
    found: list[Finding] = []
    begins, ends = signer.not_before, signer.not_after
    issued_at, expires_at = certificate.issued_at, certificate.expires_at
    if at < begins:
        # A new key signs at once: its beginning is as close to this clock as `iat` is.
        ahead = _ahead(begins, at)
        found.append(Finding(Code.SIGNER_NOT_YET if ahead is Code.NOT_YET_VALID else ahead))
    if at > ends:
        # Where certificates have no end of their own, that their key's time is over proves nothing against them.
        endless = certificate.domain in ENDLESS
        found.append(Finding(Code.SIGNER_ENDED) if endless else _SIGNER_EXPIRED)
    if issued_at is not None and issued_at < begins:
        found.append(Finding(Code.ISSUED_BEFORE_SIGNER, "iat"))
    if expires_at is not None and expires_at > ends:
        found.append(Finding(Code.EXPIRES_AFTER_SIGNER, "exp"))
    if signer.sca_not_after is not None:
        if at > signer.sca_not_after:
            listed = LIST_ENDS in signer.notes
            found.append(Finding(Code.SIGNER_LIST_EXPIRED if listed else Code.SCA_DEAD))
        if at + LEEWAY < (signer.sca_not_before or 0):
            found.append(Finding(Code.SCA_NOT_YET))
    if signer.crl_not_after is not None and at > signer.crl_not_after:
        # Which of its seals' keys its signing CA has withdrawn since, nobody here can tell.
        found.append(Finding(Code.REVOCATION_LIST_EXPIRED, "crl"))
    return found


def check_plausibility(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """Do birth, event and issue follow each other?

    A contradiction proves a mistake, not whose: a clerk's slip in one date is commoner than a forgery
    with the issuer's own key. So each is a doubt, never a fault.
    """
    if len(certificate.entries) > 1 or not in_order(certificate):
        yield from contradictions(certificate, signer)


def in_order(certificate: Any) -> Any:
    """Tell whether `check_plausibility` would find nothing in a certificate of one entry; may say no where it would.

    The proof of what nearly all certificates say, in few steps, since every text pays for it.
    """
    try:
        (entry,) = certificate.entries
        first = entry[_EVENTS[type(entry)]].first
        return (
            certificate.person.birth_date.first.year < first.year
            and first.toordinal() <= certificate.issued_at // 86_400 + EPOCH_ORDINAL
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # Of several events each is looked at.
        return False


def contradictions(certificate: HealthCertificate, signer: Signer) -> list[Finding]:
    """Return what `check_plausibility` finds."""
    # A date that is known in part is taken so that it contradicts least. Days of an issue are told in UTC, the others by a
    # local calendar: one day between them is no contradiction.
    found: list[Finding] = []
    birth, issued_at = certificate.person.birth_date, certificate.issued_at
    # An issue before its own key's life is a fault of its own: nothing is compared with it.
    issue = (
        LAST_ORDINAL
        if issued_at is None or issued_at < signer.not_before
        else issued_at // 86_400 + EPOCH_ORDINAL + 1
    )
    born = 0 if birth is None else birth.first.toordinal()
    if born > issue:
        found.append(Finding(Code.BORN_AFTER_ISSUE, "dob"))
    for entry in certificate.entries:
        event = event_of(entry)
        if event is None:
            continue
        if event.first.toordinal() > issue:
            found.append(Finding(Code.EVENT_AFTER_ISSUE, KINDS[type(entry)].value))
        if event.last_day().toordinal() < born:
            found.append(Finding(Code.EVENT_BEFORE_BIRTH, KINDS[type(entry)].value))
    return found


def event_of(entry: Entry) -> Moment | None:
    """Return when what an entry attests happened; None for an exemption, which is no event."""
    if type(entry) is Vaccination:
        return entry.given
    if type(entry) is Test:
        return entry.sampled
    return entry.first_positive if isinstance(entry, Recovery) else None


_EVENTS: dict[type, int] = {
    kind: kind._fields.index(name)
    for kind, name in ((Vaccination, "given"), (Test, "sampled"), (Recovery, "first_positive"))
}
"""Kind of entry -> where in it stands when it happened."""
EPOCH_ORDINAL = 719_163
"""1970-01-01, counted in days of the calendar (`date.toordinal`)."""
LAST_ORDINAL = 3_652_060
"""A day after the calendar's last."""


def check_usage(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """May this key sign this kind? What could not be read about a key never widens it."""
    if signer.reason in CHAIN:
        yield Finding(_OF_CHAIN.get(signer.reason, Code.SCA_UNFIT), signer.reason)
    if signer.reason == WITHDRAWN:
        yield Finding(Code.SIGNER_WITHDRAWN, "crl")
    elif not believed_limits(signer.reason):
        if signer.reason not in CHAIN:
            yield Finding(Code.SIGNER_UNREADABLE)
    elif not {KINDS[type(entry)] for entry in certificate.entries} <= signer.usages:
        yield Finding(Code.USAGE_WRONG)


_OF_CHAIN = {"sca-unknown": Code.SCA_UNKNOWN, "self-signed": Code.SIGNER_SELF_SIGNED}


def check_domain(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """Is the key listed for what it signed? A key for links to records signs no vaccination.

    A doubt, not a fault: lists that name a key once leave its second domain out, and a part of a tree
    is a list as well. That its own state has not listed it for this is no proof of a forgery.
    """
    if not signer.speaks_for(certificate.domain):
        yield Finding(Code.DOMAIN_WRONG)


def check_country(
    certificate: HealthCertificate, signer: Signer, _environment: Environment, _at: int
) -> Iterator[Finding]:
    """Does the key belong to the country that the certificate names as its issuer?

    Forged codes of 2021 were signed by one state's key and named other states. The country of the
    event may differ lawfully (a dose given abroad), so alone it is a note; where the issuer claim
    says no country, it is what the key is bound to.
    """
    if not signer.countries:
        # A key that is pinned by its issuer's full name is bound by that; there is no country to contradict.
        yield Finding(Code.ISSUER_WITHOUT_COUNTRY if signer.issuer else Code.SIGNER_WITHOUT_COUNTRY)
        return
    issuer = countries.code(certificate.issuer) if certificate.issuer else None
    events = {_country(entry.country) for entry in certificate.entries if entry.country}
    abroad = not events <= signer.countries
    if issuer is not None:
        if issuer not in signer.countries:
            yield Finding(Code.COUNTRY_WRONG, "iss")
        elif abroad:
            yield Finding(Code.EVENT_ABROAD, "co")
        return
    if certificate.issuer:
        yield Finding(Code.ISSUER_UNMAPPED, "iss")
    if abroad:
        yield Finding(Code.COUNTRY_WRONG, "co")
    if not events:
        # A key that may name no country could name any: what cannot be compared is not passed.
        yield Finding(Code.COUNTRY_MISSING, "co")


def check_environment(
    _certificate: HealthCertificate, signer: Signer, environment: Environment, _at: int
) -> Iterator[Finding]:
    """A key of the test environment never vouches where production is asked, nor the reverse."""
    if signer.environment is not environment:
        yield Finding(Code.ENVIRONMENT_WRONG)


def _country(text: str) -> str:
    return countries.code(text) or text


CLOCK_CHECKS: tuple[Check, ...] = (check_validity, check_key_validity)
"""What a clock turns."""
DATE_CHECKS: tuple[Check, ...] = (*CLOCK_CHECKS, check_plausibility)
CHECKS: tuple[Check, ...] = (
    *CLOCK_CHECKS,
    check_usage,
    check_domain,
    check_country,
    check_environment,
    check_plausibility,
)


# ----------------------------------------------------------------------------------------------------
# Conclude: read an authentic payload, make every check, weigh what was found.
#
#     Envelope, signers -> decode -> HealthCertificate -> checks, revocations -> findings -> Verdict
#
# 1. The payload is parsed here, and only where a signer's key made its signature.
# 2. Where several signers' keys verify, each is judged and the kindest outcome counts: a stranger can
#    add a signer with any kid, but not take one away.
# 3. Where the snapshot holds revocations, the certificate is looked up by what was signed.
# 4. Where it is of a network, what that says of the signer counts: suspended, lapsed, withdrawn.
# 5. A positive test is told: it is never a proof without a word.
# 6. Without a destination's rules the best outcome is AMBER `NO_RULES`.


Contents = tuple[formats.Decoded, ...]
"""What a payload says: once of HCERT, else for each of its signers; empty where no signer's key made the signature."""


class Verification(NamedTuple):
    """What came of one text. `certificate` is None unless its signature was good."""

    verdict: Verdict
    certificate: HealthCertificate | None = None
    signer: Signer | None = None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def unread(self) -> bool:
        """Tell whether the text could not be read: "scan again", and no word against its holder."""
        return self.certificate is None and any(f.code in UNREAD for f in self.verdict.findings)

    def __repr__(self) -> str:
        return f"<Verification: {self.verdict.colour}>"


# SNOMED CT detected, positive; LOINC answers positive, detected; and the words, of systems without codes.
_POSITIVE = {"260373001", "10828004", "la6576-8", "la11882-0", "positive", "detected"}
_NOT_DETECTED = "260415000"
_TEST = Kind.TEST
_RED = Colour.RED
_NO_RULES = (Finding(Code.NO_RULES),)
_KID_UNPROTECTED = (Finding(Code.KID_UNPROTECTED, "kid"),)
_AUTHENTIC = conclude(_NO_RULES)


def contents_of(envelope: Signed | Finding, signers: list[Signer] | Finding) -> Contents:
    """Step 3: read the payload of a message that a signer's key made; no clock turns what it says."""
    if type(signers) is not list:
        return ()
    if type(envelope) is Envelope:
        return (formats.decode(envelope.payload),)
    assert isinstance(envelope, Sealed)
    reader = formats.reader_of(envelope.scheme)
    return tuple(reader.decode(envelope, signer.countries) for signer in signers)


def conclude_one(
    envelope: Signed | Finding,
    signers: list[Signer] | Finding,
    snapshot: Snapshot,
    at: int,
    contents: Contents | None = None,
) -> Verification:
    """Steps 3 and 4: make every check of what was read, weigh what was found; without `contents` it is read here."""
    if type(envelope) is not Envelope or type(signers) is not list:
        if type(envelope) is Sealed:
            known = contents_of(envelope, signers) if contents is None else contents
            return _conclude_scheme(envelope, signers, known, snapshot, at)
        assert isinstance(signers, Finding)
        notes = _notes(envelope) if type(envelope) is Envelope else ()
        return Verification(conclude((*notes, signers), signers.code.step))
    certificate, findings = contents[0] if contents else formats.decode(envelope.payload)
    if not envelope.kid_protected:
        findings = _KID_UNPROTECTED + findings
    if certificate is None:
        return Verification(conclude(findings, Step.CONTENT), None, signers[0])
    if len(signers) == 1:
        return _judged(certificate, signers[0], findings, snapshot, at, envelope=envelope)
    return min(
        (
            _judged(certificate, signer, findings, snapshot, at, envelope=envelope)
            for signer in signers
        ),
        key=_kindest,
    )


def _kindest(verification: Verification) -> tuple[bool, int]:
    return verification.verdict.colour is _RED, len(verification.verdict.findings)


def _conclude_scheme(
    sealed: Sealed,
    signers: list[Signer] | Finding,
    contents: Contents,
    snapshot: Snapshot,
    at: int,
) -> Verification:
    if isinstance(signers, Finding):
        # Whose it says it is, in the words of the scheme's table: the desk asks for that issuer's keys.
        named = signers._replace(where=sealed.scheme.value)
        finding = named if signers.code is _UNKNOWN else signers
        if sealed.assembled and signers.code is Code.SIGNATURE_INVALID:
            # Chunks of two genuine cards make one as a forger does: only a code that is whole proves it.
            finding = Finding(Code.PARTS_CONFLICT, "signature")
        return Verification(conclude((*sealed.notes, finding), signers.code.step))
    outcomes = []
    for signer, content in zip(signers, contents, strict=True):
        certificate, findings = content
        before = (*sealed.notes, *findings)
        if certificate is not None and certificate.kind is not _TEST:
            # Of several kinds: a test may stand behind a vaccination.
            before += _positive(certificate)
        if certificate is None:
            outcomes.append(Verification(conclude(before, Step.CONTENT), None, signer))
            continue
        if certificate.issuer is None and len(signer.countries) == 1:
            # A scheme whose texts name no country: its issuer's is what the key was pinned for.
            certificate = certificate._replace(issuer=next(iter(signer.countries)))
        if certificate.revocation_id is not None and snapshot.revocations is not None:
            key, rid = (sealed.issuer, sealed.kid.decode()), certificate.revocation_id
            code = snapshot.revocations.of_card(key, rid, certificate.issued_at)
            before = before if code is None else (*before, Finding(code, "rid"))
        outcomes.append(_judged(certificate, signer, before, snapshot, at, envelope=sealed))
    return min(outcomes, key=_kindest)


def noted(found: Verification, notes: tuple[Finding, ...]) -> Verification:
    """Return the verification with notes before its findings; they change no colour."""
    if not notes:
        return found
    verdict = found.verdict
    return found._replace(verdict=verdict._replace(findings=notes + verdict.findings))


def _notes(envelope: Envelope) -> tuple[Finding, ...]:
    return () if envelope.kid_protected or envelope.kid is None else _KID_UNPROTECTED


def _judged(
    certificate: HealthCertificate,
    signer: Signer,
    before: tuple[Finding, ...],
    snapshot: Snapshot,
    at: int,
    *,
    envelope: Signed,
) -> Verification:
    environment = snapshot.environment
    if in_force(certificate, signer, at) and nothing_bars(certificate, signer, environment):
        found = before
        if not in_order(certificate):
            found = (*before, *contradictions(certificate, signer))
    else:
        found = (*before, *judge(certificate, signer, environment, at))
    if snapshot.roll is not None:
        found += tuple(snapshot.roll.standing(signer, at))
    if snapshot.revocations is not None:
        found += _revoked(certificate, signer, snapshot, at, envelope)
    if certificate.kind is _TEST:
        found += _positive(certificate)
    if not found:
        return tuple.__new__(Verification, (_AUTHENTIC, certificate, signer, ()))
    verdict = conclude(found)
    if verdict.colour is not _RED:
        # A doubt more makes no other colour.
        verdict = Verdict(verdict.colour, found + _NO_RULES)
    return tuple.__new__(Verification, (verdict, certificate, signer, ()))


def _positive(certificate: HealthCertificate) -> tuple[Finding, ...]:
    # Authentic, in force, and the opposite of what a desk takes a test certificate for. A rule that
    # reads dates only would let it pass.
    if any(map(is_positive, certificate.entries)):
        return (Finding(Code.TEST_POSITIVE),)
    return ()


def is_positive(entry: Entry) -> bool:
    """Tell whether an entry is a test whose result is positive."""
    result = entry.result if type(entry) is Test else None
    if result is None or result == _NOT_DETECTED:
        return False
    return result.strip().casefold() in _POSITIVE


def _revoked(
    certificate: HealthCertificate, signer: Signer, snapshot: Snapshot, at: int, envelope: Signed
) -> tuple[Finding, ...]:
    # By what was signed, and the signer's record: a twin by another signature, encoding or header
    # has the same identifier, and its signer the same kid.
    found = snapshot.revoked(
        signer,
        identifiers=tuple(e.identifier for e in certificate.entries if e.identifier is not None),
        issuer=certificate.issuer,
        signature=envelope.signature,
        at=at,
    )
    return () if found is None else (Finding(found),)


def with_stated_validity(found: Verification, at: datetime) -> Verification:
    """Return the verification with what the certificate says of its own validity, without rules."""
    certificate = found.certificate
    if certificate is None:
        return found
    for entry in certificate.entries:
        if entry.valid_until is not None or entry.valid_from is not None:
            break
    else:
        # Most say nothing: every text pays for this.
        return found
    said = stated_validity(certificate.domain, certificate.entries, at)
    if not said:
        return found
    verdict = conclude((*found.verdict.findings, *said), found.verdict.stopped_at)
    return found._replace(verdict=verdict)


class Effort(NamedTuple):
    """What a way to green takes of a traveller. No prices: nobody here knows any.

    Attributes:
        documents: that are to be got and shown.
        tests: to be made.
        doses: to be given.
        days: until it counts, begun ones as whole.
    """

    documents: int = 0
    tests: int = 0
    doses: int = 0
    days: int = 0


class Help(NamedTuple):
    """A way to green, in the order of what it costs: a stable code and a plain sentence.

    Attributes:
        code: WAIT, RAPID_TEST, LABORATORY_TEST, DOSE, OTHER_DOSE or EXEMPTION.
        sentence: in English.
        amount: until when to wait (seconds since the epoch), hours that a test may be old, days from which on a dose
            counts; None where there is no such thing.
        strictly: under so many hours, not just as many.
        products: of OTHER_DOSE, codes of the vaccines of which it may be.
        effort: what it takes.
    """

    code: str
    sentence: str
    amount: int | None = None
    strictly: bool = False
    products: tuple[str, ...] = ()
    effort: Effort = Effort()


class HealthCode(NamedTuple):
    """What the holder sees, and what a desk sees of the same certificates.

    Attributes:
        colour: GREEN, AMBER or RED.
        because: findings that made the colour.
        outcomes: every rule that was asked about the certificate that decided, with its result.
        from_: first second (epoch) of the stretch in which it is green: the present one, or the next;
            None if none begins, or none is in sight.
        until: last second of that stretch; None if it does not end.
        what_would_help: ways to green, cheapest first; empty if it is green.
        place: for which it holds.
        at: the instant, seconds since the epoch.
        snapshot: the number of the snapshot that was asked.
        unaccepted: codes of vaccines in hand that the rules refuse whatever the day and the number of doses;
            empty if it is green.
    """

    colour: Colour
    because: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    from_: int | None
    until: int | None
    what_would_help: tuple[Help, ...]
    place: Destination
    at: int
    snapshot: int
    unaccepted: tuple[str, ...] = ()

    def asks_for_second(self) -> bool:
        """Tell whether a second certificate of the same person could decide."""
        return any(finding.code is Code.SECOND_CERTIFICATE for finding in self.because)
