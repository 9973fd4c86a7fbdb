"""Whose certificates are these, and what do they claim, one by one and together?

    Verification, ... -> authentic -> same holder -> a claim each, and one for their course

1. What was refused claims nothing; what is in doubt, or of an unclear holder, carries its doubts.
2. The person is the one whom the first authentic certificate is about; another's is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pratique.findings import Code, Weight
from pratique.journeys.assess import Claim, claim_of, without_no_rules
from pratique.journeys.conclude import Verification
from pratique.journeys.course import complete
from pratique.journeys.holders import Likeness, likeness
from pratique.terms import Kind
from pratique.verdict import Finding


def claims_of(
    found: Sequence[Verification],
) -> tuple[list[tuple[Claim, tuple[Finding, ...]]], tuple[Finding, ...]]:
    """Return the claims, each with its doubts, and what was noted on the way."""
    usable = list(_usable(found))
    if not usable:
        return [], ()
    whose = usable[0][0].certificate.person
    claims: list[tuple[Claim, tuple[Finding, ...]]] = []
    notes: list[Finding] = []
    for claim, doubts in usable:
        person = claim.certificate.person
        alike = Likeness.SAME if person is whose else likeness(whose, person)
        if alike is Likeness.DIFFERENT:
            notes.append(Finding(Code.HOLDER_DIFFERENT))
        elif alike is Likeness.UNCLEAR:
            claims.append((claim, (*doubts, Finding(Code.HOLDER_UNCLEAR))))
        else:
            claims.append((claim, doubts))
    certain = [claim for claim, doubts in claims if not doubts]
    course = complete(claim.certificate for claim in certain)
    if course is not None:
        certificate, entry = course
        signer = next(c.signer for c in certain if c.certificate is certificate)
        claims.append((Claim(Kind.VACCINATION, (entry,), certificate, signer), ()))
    return claims, tuple(notes)


def _usable(found: Sequence[Verification]) -> Iterator[tuple[Claim, tuple[Finding, ...]]]:
    for one in found:
        findings = without_no_rules(one)
        if one.certificate is None or any(f.code.weight is Weight.FAULT for f in findings):
            continue
        doubts = tuple(f for f in findings if f.code.weight is Weight.DOUBT)
        yield claim_of(one), doubts
