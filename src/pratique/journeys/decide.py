"""Decide: may the holder of these certificates enter there, then?

    certificates of one person -> claims (each as printed, and their courses) -> rules of the place
        -> the best outcome -> HealthCode(colour, because, from_, until, what_would_help)

1. A pure function of the holder's own certificates, public rules, a place and an instant. No inbound
   channel exists by which anybody could turn one person's code.
2. More proof never makes it worse: the best claim counts, and another certificate only adds claims.
   Nor does the order in which one person's are shown matter.
3. Certificates of another person are left out; where that cannot be told, they cannot make it green.
4. GREEN says that rules passed; nothing else can say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pratique.findings import Code, Weight
from pratique.journeys import outlook
from pratique.journeys.assess import (
    Put,
    Standing,
    aged,
    assess,
    best_of,
    inferred,
    second_decides,
    unsure_rules,
    without_no_rules,
)
from pratique.journeys.claims import claims_of
from pratique.journeys.conclude import Verification
from pratique.journeys.health_code import HealthCode
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.verdict import Colour, Finding

_COLOURS = {
    Standing.PASSED: Colour.GREEN,
    Standing.OPEN: Colour.AMBER,
    Standing.FAILED: Colour.RED,
}


def decide(
    found: Sequence[Verification],
    *,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    look_ahead: bool = True,
) -> HealthCode:
    """Return the health code of the person whom the first authentic certificate is about.

    Args:
        found: what `verify` made of each certificate, at the same instant and snapshot.
        snapshot: the rules that are asked.
        place: the destination.
        at: the instant of arrival; aware, in the zone of the port of entry.
        look_ahead: whether to compute from when until when, and what would help.
    """
    claims = claims_of(found)
    instant = int(at.timestamp() // 1)
    old = aged(snapshot, place.country, instant)
    put = [
        Put(
            claim,
            (
                *doubts,
                *old,
                *unsure_rules(snapshot, place.country, claim.certificate, claim.signer, instant),
            ),
            assess(claim, snapshot, place, at),
        )
        for claim, doubts in (*claims.printed, *claims.counted)
    ]
    if not put:
        return _nothing(found, place, instant, snapshot)
    best = best_of(put)
    colour = _COLOURS[best.standing()]
    notes = (*inferred(claims.certain(), best), *claims.notes)
    because = (*best.doubts, *best.answer.findings, *notes)
    if colour is Colour.RED and any(second_decides(one.claim, snapshot, place, at) for one in put):
        colour, because = Colour.AMBER, (*best.doubts, Finding(Code.SECOND_CERTIFICATE), *notes)
    if colour is Colour.RED and any(map(_unseen, found)):
        # What could not be read, or whose signer is not known here, may be what is missing: that is
        # our trouble, and refuses nobody.
        colour = Colour.AMBER
    if colour is not Colour.GREEN:
        unclear = (d for one in put for d in one.doubts if d.code is Code.HOLDER_UNCLEAR)
        because = tuple(dict.fromkeys((*because, *unclear, *_left_out(found))))
    code = HealthCode(
        colour, because, best.answer.outcomes, None, None, (), place, instant, snapshot.number
    )
    if not look_ahead or unsure_rules(snapshot, place.country, None, None, instant):
        # By rules that may be others by now nobody is told how long to wait, or what to get.
        return code
    certain = [
        claim
        for claim in claims.certain()
        if not unsure_rules(snapshot, place.country, claim.certificate, claim.signer, instant)
    ]
    return outlook.complete_with(code, certain, snapshot, at)


def _left_out(found: Sequence[Verification]) -> Iterator[Finding]:
    """Yield which of what was handed in was refused or not read, and why: nobody asks for it again."""
    for number, one in enumerate(found, 1):
        reasons = [f for f in without_no_rules(one) if f.code.weight is not Weight.NOTE]
        if one.certificate is None or any(f.code.weight is Weight.FAULT for f in reasons):
            yield Finding(Code.CERTIFICATE_LEFT_OUT, f"certificate {number}")
            yield from reasons


def _unseen(one: Verification) -> bool:
    """Tell whether what was handed in could not be looked into, which proves nothing against it."""
    return (
        one.certificate is None
        and one.verdict.colour is not Colour.RED
        and any(finding.code.weight is Weight.DOUBT for finding in one.verdict.findings)
    )


def _nothing(
    found: Sequence[Verification], place: Destination, instant: int, snapshot: Snapshot
) -> HealthCode:
    # Nothing authentic was shown: red if all was refused, else amber, with the findings of each.
    findings = tuple(dict.fromkeys(f for one in found for f in without_no_rules(one)))
    undecided = any(one.verdict.colour is not Colour.RED for one in found)
    colour = Colour.AMBER if undecided else Colour.RED
    because = findings or (Finding(Code.TEXT_EMPTY),)
    return HealthCode(colour, because, (), None, None, (), place, instant, snapshot.number)
