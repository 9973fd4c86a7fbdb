"""From when, until when, and what would help: the health code looked at over time.

    claims that are certain, and their courses -> every second at which an answer can turn
        -> stretches of green
    claims that somebody could still get (a test, a dose, an exemption) -> the same rules -> advice

1. The stretch is exact to the second, and is what `decide` would say at each second of it: a course
   holds while all that it is counted from is in force. The age of what is held here is left out
   of it: the next sync makes it young again.
2. Advice is what the rules themselves say of a proof that does not exist yet; the cheapest is first:
   waiting, a rapid test, a laboratory test, a dose, an exemption.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from pratique.findings import Code, Weight
from pratique.journeys import advice, horizon
from pratique.journeys.assess import (
    UNSURE_RULES,
    Claim,
    Standing,
    assess,
    claims_of_one,
    courses_of,
    facts_of,
    rules_about,
)
from pratique.journeys.checks import LEEWAY, stands
from pratique.journeys.conclude import Verification
from pratique.journeys.health_code import HealthCode, Help
from pratique.model import Entry
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.verdict import Colour, Finding


def complete_with(
    code: HealthCode, claims: Sequence[Claim], snapshot: Snapshot, at: datetime
) -> HealthCode:
    """Return the code with its stretch of green and, where it is not green, what would help."""
    purse = horizon.Purse(len(claims))
    try:
        stretch = next_green(claims, snapshot, code.place, at, purse)
        if stretch is not None:
            code = code._replace(from_=stretch.begins, until=stretch.ends)
        if code.colour is Colour.GREEN:
            return code
        known = [*claims, *courses_of(claims)]
        ways = tuple(advice.ways(known, stretch, snapshot, code.place, at, purse=purse))
        return code._replace(what_would_help=ways)
    except horizon.TooLong:
        return code._replace(because=(*code.because, Finding(Code.SEARCH_TOO_LONG)))


def helps(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> tuple[Help, ...]:
    """Return what would help the holder of one certificate that the rules refused or left open."""
    if found.certificate is None or not found.outcomes or found.verdict.colour is Colour.GREEN:
        return ()
    if any(finding.code in UNSURE_RULES for finding in found.verdict.findings):
        # By rules that may be others by now nobody is told how long to wait, or what to get.
        return ()
    rules = {outcome.rule.identifier for outcome in found.outcomes}
    doubted = any(
        finding.code.weight is not Weight.NOTE and finding.where not in rules
        for finding in found.verdict.findings
        if finding.code is not Code.SECOND_CERTIFICATE
    )
    # What is in doubt for another reason than a rule does not become green by waiting.
    claims = [] if doubted else claims_of_one(found)
    purse = horizon.Purse(1)
    try:
        stretch = next_green(claims, snapshot, place, at, purse)
        return tuple(advice.ways(claims_of_one(found), stretch, snapshot, place, at, purse=purse))
    except horizon.TooLong:
        return ()


def next_green(
    claims: Sequence[Claim],
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    purse: horizon.Purse | None = None,
) -> horizon.Stretch | None:
    """Return the stretch of green that holds at `at`, or the first one after it."""
    instant = int(at.timestamp() // 1)
    found: list[horizon.Stretch] = []
    for claim in claims:
        found += stretches_of(claim, snapshot, place, at, purse=purse)
    counted = _Courses(claims)
    for claim in courses_of(claims):
        found += stretches_of(claim, snapshot, place, at, among=counted, purse=purse)
    merged = _merged(found)
    return next(
        (one for one in merged if one.ends is None or one.ends >= instant),
        None,
    )


def stretches_of(
    claim: Claim,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    among: _Courses | None = None,
    purse: horizon.Purse | None = None,
) -> list[horizon.Stretch]:
    """Return the stretches in which one claim alone makes it green.

    Where it is counted `among` others, it holds while they come to it.
    """
    zone = at.tzinfo or UTC
    turns = _turns(claim, snapshot, place, at, purse)
    green = _answer(claim, snapshot, place, zone)
    steps = advice.steps_of(claim, snapshot, place)
    if among is None:
        return horizon.stretches(turns, green, purse, steps)
    turns |= set(among.edges)
    return horizon.stretches(
        turns, lambda second: among.hold(claim, second) and green(second), purse, steps
    )


class _Courses:
    """The courses that come of what is in force at a second; between two edges they are the same."""

    def __init__(self, printed: Sequence[Claim]) -> None:
        self.printed = printed
        self.edges = sorted({edge for claim in printed for edge in _edges(claim)})
        self._known: dict[int, set[tuple[int, Entry]]] = {}

    def hold(self, claim: Claim, second: int) -> bool:
        """Tell whether what is in force at `second` comes to a claim."""
        between = bisect_right(self.edges, second)
        if between not in self._known:
            held = [one for one in self.printed if _stands(one, second)]
            found = {(id(one.certificate), one.entries[0]) for one in courses_of(held)}
            self._known[between] = found
        return (id(claim.certificate), claim.entries[0]) in self._known[between]


def _stands(claim: Claim, second: int) -> bool:
    return claim.signer is None or stands(claim.certificate, claim.signer, second)


def _answer(
    claim: Claim, snapshot: Snapshot, place: Destination, zone: tzinfo
) -> Callable[[int], bool]:
    def green(second: int) -> bool:
        if not _stands(claim, second):
            return False
        at = datetime.fromtimestamp(second, UTC).astimezone(zone)
        return assess(claim, snapshot, place, at).standing is Standing.PASSED

    return green


def _turns(
    claim: Claim,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    purse: horizon.Purse | None,
) -> set[int]:
    zone = at.tzinfo or UTC
    certificate = claim.certificate
    rules, data = rules_about(claim, snapshot, place), facts_of(claim, snapshot, place, at)
    found = horizon.turns(rules, data, zone, purse) | snapshot.ruleset.edition_turns
    if certificate.person.birth_date is not None:
        found |= horizon.birthdays(certificate.person.birth_date.last_day(), zone)
    for entry in claim.entries:
        if entry.valid_from is not None:
            found |= horizon.midnights(entry.valid_from.day(), zone)
        if entry.valid_until is not None:
            found |= horizon.midnights(entry.valid_until.last_day(), zone)
    return found | _edges(claim)


def _edges(claim: Claim) -> set[int]:
    # Every second at which a claim's certificate can begin or cease to be in force.
    certificate, found = claim.certificate, set[int]()
    if claim.signer is not None:
        found |= {claim.signer.not_before - LEEWAY, claim.signer.not_after + 1}
        if claim.signer.sca_not_after is not None:
            found.add(claim.signer.sca_not_after + 1)
        if claim.signer.sca_not_before is not None:
            found.add(claim.signer.sca_not_before - LEEWAY)
    if certificate.issued_at is not None:
        found.add(certificate.issued_at - LEEWAY)
    if certificate.not_before is not None:
        found.add(certificate.not_before - LEEWAY)
    if certificate.expires_at is not None:
        found.add(certificate.expires_at + 1)
    return found


def _merged(found: list[horizon.Stretch]) -> list[horizon.Stretch]:
    # Two stretches that overlap or touch are one: another certificate takes over in between.
    merged: list[horizon.Stretch] = []
    for one in sorted(found, key=lambda s: -1 if s.begins is None else s.begins):
        last = merged[-1] if merged else None
        if last is not None and (
            last.ends is None or one.begins is None or one.begins <= last.ends + 1
        ):
            ends = None if last.ends is None or one.ends is None else max(last.ends, one.ends)
            merged[-1] = horizon.Stretch(last.begins, ends)
        else:
            merged.append(one)
    return merged
