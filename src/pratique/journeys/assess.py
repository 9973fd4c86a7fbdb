"""Ask a destination's rules about what an authentic certificate attests.

    kind, entries, certificate -> facts -> Ruleset.select -> Ruleset.assess -> Assessment

1. One engine and one snapshot for the desk and for the holder. Each entry of a certificate is put
   before the rules, and so is every course that the entries come to: the best answer counts.
2. Passed is said only if every rule that applies passed, and at least one did.
3. No rules for the country, none for this kind, or a rule that errs: open, never passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.findings import Code, Weight
from pratique.journeys.checks import stated_validity
from pratique.journeys.conclude import Verification
from pratique.journeys.course import as_counted, courses, printed_twice
from pratique.journeys.facts import data_of
from pratique.journeys.horizon import LAST
from pratique.model import Entry, HealthCertificate, Vaccination
from pratique.rules.ruleset import (
    COUNTRIES,
    Destination,
    Lack,
    Outcome,
    Result,
    Rule,
    RuleType,
    Without,
)
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from pratique.trust import countries
from pratique.trust.roll import IMPORTED, older
from pratique.trust.signer import Signer
from pratique.verdict import Finding, conclude


class Standing(StrEnum):
    """What the rules together say."""

    PASSED = "passed"
    OPEN = "open"
    FAILED = "failed"


class Claim(NamedTuple):
    """What is put before the rules: an entry, and the certificate that carries it.

    `counted` tells that its number is not the printed one, but that of a course.
    """

    kind: Kind
    entries: tuple[Entry, ...]
    certificate: HealthCertificate
    signer: Signer | None = None
    counted: bool = False


class Assessment(NamedTuple):
    """The rules' answer to one claim."""

    standing: Standing
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]


class Put(NamedTuple):
    """A claim that was put before the rules; `doubts` are those of its certificate or its holder."""

    claim: Claim
    doubts: tuple[Finding, ...]
    answer: Assessment

    def standing(self) -> Standing:
        """Return what it comes to: what is doubtful is open at best."""
        if self.doubts and self.answer.standing is Standing.PASSED:
            return Standing.OPEN
        return self.answer.standing


def claims_of_one(found: Verification) -> list[Claim]:
    """Return what a certificate itself claims: each of its entries."""
    certificate = found.certificate
    assert certificate is not None
    return [
        Claim(certificate.kind, (entry,), certificate, found.signer)
        for entry in certificate.entries
    ]


def courses_of(printed: Sequence[Claim]) -> list[Claim]:
    """Return the doses among the claims with every number that doses and recoveries come to."""
    prints = [(claim.certificate, claim.entries[0]) for claim in printed]
    return [
        printed[one.which]._replace(
            entries=(as_counted(printed[one.which].entries[0], one),), counted=True
        )
        for one in courses(prints)
    ]


def inferred(printed: Sequence[Claim], best: Put) -> tuple[Finding, ...]:
    """Return what was concluded from several prints, for the claim that decides."""
    found: list[Finding] = []
    if best.claim.counted:
        found.append(Finding(Code.COURSE_COUNTED))
    if best.claim.kind is Kind.VACCINATION and printed_twice(
        [(claim.certificate, claim.entries[0]) for claim in printed]
    ):
        found.append(Finding(Code.DOSE_PRINTED_TWICE))
    return tuple(found)


def best_of(put: Iterable[Put]) -> Put:
    """Return the one that decides: the best, then the least doubtful, then the first of them."""
    return min(
        put,
        key=lambda one: (
            _BEST_FIRST.index(one.standing()),
            len(one.doubts),
            len(one.answer.findings),
        ),
    )


def assess(claim: Claim, snapshot: Snapshot, place: Destination, at: datetime) -> Assessment:
    """Ask the rules that apply at `at` (aware, in the zone of the port of entry)."""
    ruleset, instant = snapshot.ruleset, int(at.timestamp() // 1)
    stated = stated_validity(claim.certificate.domain, claim.entries, at)
    rules = ruleset.select(place, issuer_of(claim), claim.kind, instant)
    # Not being void is no leave to enter: somebody must say what is accepted.
    if not any(rule.type is RuleType.ACCEPTANCE for rule in rules):
        if ruleset.assessed(place, instant):
            return _open(Finding(Code.NO_RULE_FOR_KIND), *stated)
        return _open(_lacking(ruleset.without(place, instant), at), *stated)
    data = facts_of(claim, snapshot, place, at)
    outcomes = ruleset.assess(rules, data)
    found = stated + tuple(
        Finding(_CODES[outcome.result], outcome.rule.identifier)
        for outcome in outcomes
        if outcome.result is not Result.PASSED
    )
    missing = dict.fromkeys(name for outcome in outcomes for name in outcome.missing)
    found += tuple(Finding(Code.VALUE_SET_MISSING, name) for name in missing)
    results = {outcome.result for outcome in outcomes}
    if Result.FAILED in results:
        return Assessment(Standing.FAILED, outcomes, found)
    standing = Standing.OPEN if Result.OPEN in results or stated else Standing.PASSED
    return Assessment(standing, outcomes, found)


def facts_of(claim: Claim, snapshot: Snapshot, place: Destination, at: datetime) -> dict[str, Any]:
    """Return what the rules see of a claim."""
    ruleset = snapshot.ruleset
    return data_of(
        claim.kind,
        claim.entries,
        claim.certificate,
        place=place,
        at=at,
        value_sets=_sets(snapshot, place, int(at.timestamp() // 1)),
        compatible=ruleset.compatible,
    )


def aged(snapshot: Snapshot, country: str | None, at: int) -> tuple[Finding, ...]:
    """Return what the age of the data takes from an outcome, by the destination's own measure.

    Without a network it is counted from the last import; one whose date is not known says nothing.
    """
    if snapshot.roll is not None:
        found = snapshot.roll.age(country, at)
    else:
        found = older(snapshot.created, at, IMPORTED) if snapshot.created else None
    return () if found is None else (found,)


def unsure_rules(
    snapshot: Snapshot,
    place: str,
    certificate: HealthCertificate | None,
    signer: Signer | None,
    at: int,
) -> tuple[Finding, ...]:
    """Return why the rules held here may not be those that count, for a destination's country.

    As long as one of them is found, no rule of the destination makes anybody green.
    """
    if snapshot.roll is None:
        return ()
    issuer = None if certificate is None else _issuer_of(certificate)
    by = "" if signer is None else signer.participant
    return tuple(snapshot.roll.about_rules(place, issuer, by, at))


def with_age(found: Verification, snapshot: Snapshot, country: str | None, at: int) -> Verification:
    """Return the verification in doubt, if what it was made with is too old for the destination.

    Or if the destination's rules, held here, may not be those that count.
    """
    if found.certificate is None:
        return found
    said = aged(snapshot, country, at)
    if country is not None:
        said += unsure_rules(snapshot, country, found.certificate, found.signer, at)
    if not said:
        return found
    verdict = conclude((*found.verdict.findings, *said), found.verdict.stopped_at)
    return found._replace(verdict=verdict)


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


def issuer_of(claim: Claim) -> str | None:
    """Return the code of the country that issued a claim's certificate, or None."""
    return _issuer_of(claim.certificate)


def rules_about(claim: Claim, snapshot: Snapshot, place: Destination) -> tuple[Rule, ...]:
    """Return the rules that apply to a claim at any time, in all their versions."""
    return snapshot.ruleset.concerning(place, issuer_of(claim), claim.kind)


def second_decides(claim: Claim, snapshot: Snapshot, place: Destination, at: datetime) -> bool:
    """Tell whether a first dose of several would do, were its course complete.

    The person may hold the certificate of the other dose, or of a recovery.
    """
    entry = claim.entries[0]
    if not isinstance(entry, Vaccination) or (entry.dose or 0) >= (entry.doses or 0):
        return False
    whole = claim._replace(entries=(entry._replace(dose=entry.doses),))
    return assess(whole, snapshot, place, at).standing is Standing.PASSED


def with_rules(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> Verification:
    """Return the verification with the destination's rules in place of "no rules were asked"."""
    if found.certificate is None or _refused(found):
        return found
    printed = claims_of_one(found)
    claims = printed if len(printed) == 1 else [*printed, *courses_of(printed)]
    put = [Put(claim, (), assess(claim, snapshot, place, at)) for claim in claims]
    best = best_of(put)
    said = best.answer.findings
    if best.answer.standing is Standing.FAILED and any(
        second_decides(claim, snapshot, place, at) for claim in claims
    ):
        said = (Finding(Code.SECOND_CERTIFICATE),)
    if len(printed) > 1:
        said += inferred(printed, best)
    findings = (*without_no_rules(found), *said)
    met = best.answer.standing is Standing.PASSED
    return found._replace(verdict=conclude(findings, rules_met=met), outcomes=best.answer.outcomes)


def without_no_rules(found: Verification) -> tuple[Finding, ...]:
    """Return the findings but what a destination says anew: no rules, ages, the stated validity."""
    return tuple(f for f in found.verdict.findings if f.code not in _PLACELESS)


def _sets(snapshot: Snapshot, place: Destination, at: int) -> Mapping[str, Sequence[str]]:
    # A destination may recognise other codes of a set than its neighbour does.
    own = {} if snapshot.roll is None else snapshot.roll.choices.get(place.country, {})
    held = snapshot.ruleset.sets_at(at)
    if COUNTRIES not in held:
        # ISO 3166 is known to everybody: rules of all states look into it, and few publish it.
        held = {**held, COUNTRIES: list(countries.alpha2())}
    return {**held, **{name: list(codes) for name, codes in own.items()}} if own else held


def _issuer_of(certificate: HealthCertificate) -> str | None:
    return countries.code(certificate.issuer) if certificate.issuer else None


def _refused(found: Verification) -> bool:
    return any(finding.code.weight is Weight.FAULT for finding in found.verdict.findings)


def _lacking(why: Without, at: datetime) -> Finding:
    match why.lack:
        case Lack.LATER if why.begins is not None:
            begins = datetime.fromtimestamp(min(why.begins, LAST), at.tzinfo)
            return Finding(Code.NO_RULES_YET, f"from {begins:%Y-%m-%d}")
        case Lack.REGIONS:
            return Finding(Code.RULES_FOR_REGIONS_ONLY, ", ".join(why.regions))
        case Lack.ENDED:
            return Finding(Code.RULES_ENDED)
    return Finding(Code.NO_RULES_FOR_COUNTRY)


def _open(*findings: Finding) -> Assessment:
    return Assessment(Standing.OPEN, (), findings)


UNSURE_RULES = frozenset({Code.RULES_LAPSED, Code.RULES_UNVERIFIABLE})
"""What says that a destination's rules, as they are held here, may not be those that count."""
_PLACELESS = UNSURE_RULES | {
    Code.NO_RULES, Code.DATA_OLD, Code.DATA_TOO_OLD, Code.CLOCK_BEHIND,
    Code.STATED_VALIDITY_OVER, Code.STATED_VALIDITY_NOT_BEGUN,
}  # fmt: skip
_BEST_FIRST = [Standing.PASSED, Standing.OPEN, Standing.FAILED]
_CODES = {Result.FAILED: Code.RULE_FAILED, Result.OPEN: Code.RULE_OPEN}
