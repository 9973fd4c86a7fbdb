"""Conclude: read an authentic payload, make every check, weigh what was found.

    Envelope, signers -> decode -> HealthCertificate -> checks, revocations -> findings -> Verdict

1. The payload is parsed here, and only where a signer's key made its signature.
2. Where several signers' keys verify, each is judged and the kindest outcome counts: a stranger can
   add a signer with any kid, but not take one away.
3. Where the snapshot holds revocations, the certificate is looked up by what was signed.
4. Where it is of a network, what that says of the signer counts: suspended, lapsed, withdrawn.
5. A positive test is told: it is never a proof without a word.
6. Without a destination's rules the best outcome is AMBER `NO_RULES`.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique import formats
from pratique.findings import UNREAD, Code, Step
from pratique.formats import Envelope
from pratique.journeys.checks import contradictions, in_force, in_order, judge, nothing_bars
from pratique.model import HealthCertificate
from pratique.rules.ruleset import Outcome
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from pratique.trust.signer import Signer
from pratique.verdict import Colour, Finding, Verdict, conclude


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


def conclude_one(
    envelope: Envelope | Finding, signers: list[Signer] | Finding, snapshot: Snapshot, at: int
) -> Verification:
    """Step 3: read the payload, make every check, weigh what was found."""
    if type(envelope) is not Envelope or type(signers) is not list:
        assert isinstance(signers, Finding)
        notes = _notes(envelope) if type(envelope) is Envelope else ()
        return Verification(conclude((*notes, signers), signers.code.step))
    certificate, findings = formats.decode(envelope.payload)
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
        key=lambda v: (v.verdict.colour is Colour.RED, len(v.verdict.findings)),
    )


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
    envelope: Envelope,
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
    return Verification(verdict, certificate, signer)


def _positive(certificate: HealthCertificate) -> tuple[Finding, ...]:
    # Authentic, in force, and the opposite of what a desk takes a test certificate for. A rule that
    # reads dates only would let it pass.
    for entry in certificate.entries:
        result = getattr(entry, "result", None)
        if result == _NOT_DETECTED:
            continue
        if result is not None and result.strip().casefold() in _POSITIVE:
            return (Finding(Code.TEST_POSITIVE),)
    return ()


def _revoked(
    certificate: HealthCertificate, signer: Signer, snapshot: Snapshot, at: int, envelope: Envelope
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
