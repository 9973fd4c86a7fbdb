"""Check rules before they are published: each by itself, then all together.

    documents -> envelope -> logic -> variables -> outcomes -> versions, thresholds, ways
        -> codes, products (`rules.accepted`) -> LintReport

1. Nothing raises: whatever is wrong with a document is a diagnostic with its place and a code.
2. An error is what must not be published; a warning is what the author should know.
3. What can be proved is an error; what was only never met in generated cases is a warning.
4. The constraints on an upload are those of the EU gateway's rules specification (dgc-gateway), which
   tells the first that fails: this tells all.
5. The highest version in force counts; so an older one returns when the newer ends before it.
6. A way other than vaccination is searched, not proved. A country may demand vaccination only where it
   says why; the reason is told to travellers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations, groupby
from types import MappingProxyType
from typing import NamedTuple

from pratique.rules import accepted
from pratique.rules import rule as form
from pratique.rules.cases import Ago, Case, Value, data_of, diagnose, generate, judge
from pratique.rules.certlogic import variables
from pratique.rules.logic import (
    GROUPS,
    Constants,
    Diagnostic,
    ParsedRule,
    accepting,
    alone,
    by_country,
    constant,
    cuts,
    error,
    given,
    read_logic,
    warning,
)
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import Destination, Editions, Result, Ruleset
from pratique.terms import Kind
from pratique.text import rfc3339

HOUR = 3600
NOTICE, AHEAD, LIFETIME = 48 * HOUR, 14 * 24 * HOUR, 72 * HOUR


def upload(
    rules: Sequence[Rule], earlier: Sequence[Rule], *, at: int | None
) -> Iterator[Diagnostic]:
    """Yield what keeps rules from being uploaded.

    Args:
        rules: to be uploaded.
        earlier: what was published before.
        at: seconds since the epoch; None to compare with the earlier rules only.
    """
    for rule in rules:
        if at is not None:
            yield from _times(rule, at)
        before = [one for one in earlier if one.identifier == rule.identifier]
        yield from _follows(rule, before)


def _times(rule: Rule, at: int) -> Iterator[Diagnostic]:
    begins = rule.valid_from
    if begins > at + AHEAD:
        latest = rfc3339(at + AHEAD)
        yield error(rule.name, "ValidFrom", "gateway-too-far", f"it must not begin after {latest}")
    if rule.type is RuleType.ACCEPTANCE and begins < at + NOTICE:
        earliest = rfc3339(at + NOTICE)
        message = f"48 hours of notice: it must not begin before {earliest}"
        yield error(rule.name, "ValidFrom", "gateway-notice", message)
    if rule.type is RuleType.INVALIDATION and begins <= at:
        yield error(rule.name, "ValidFrom", "gateway-past", "it must begin in the future")
    if rule.valid_to - begins < LIFETIME:
        message = "it must be in force for at least 72 hours"
        yield error(rule.name, "ValidTo", "gateway-lifetime", message)
    if len(rule.country) != 2:
        yield error(rule.name, "Country", "gateway-country", "the EU's gateway wants two letters")
    if rule.kind is Kind.EXEMPTION:
        message = "the EU's gateway knows no exemption certificates"
        yield warning(rule.name, "CertificateType", "gateway-exemption", message)
    if rule.kind is Kind.PASS:
        message = "the EU's gateway knows no passes that state no event"
        yield warning(rule.name, "CertificateType", "gateway-pass", message)


def _follows(rule: Rule, before: Sequence[Rule]) -> Iterator[Diagnostic]:
    if not before:
        return
    newest = max(before, key=lambda one: one.version)
    if newest == rule:
        # Named again, unchanged: there is nothing to upload.
        return
    if rule.version <= newest.version:
        message = f"it must be greater than that of {newest.name}, which is published"
        yield error(rule.name, "Version", "gateway-version", message)
    if rule.valid_from < newest.valid_from:
        message = f"it must not begin before {newest.name} does, {rfc3339(newest.valid_from)}"
        yield error(rule.name, "ValidFrom", "gateway-before", message)


def over_time(rules: list[ParsedRule]) -> Iterator[Diagnostic]:
    """Yield what is odd about the validity of versions, and of a country's rules together."""
    ordered = sorted(
        (one.rule for one in rules),
        key=lambda rule: (rule.identifier, rule.region or "", rule.version),
    )
    for _, several in groupby(ordered, key=lambda rule: (rule.identifier, rule.region)):
        versions = list(several)
        for older, newer in combinations(versions, 2):
            yield from _pair(older, newer)
        if len(versions) > 1 and (gap := _first_gap(versions)):
            message = f"no version is in force from {rfc3339(gap[0])} to {rfc3339(gap[1])}"
            yield warning(versions[-1].name, "ValidFrom", "version-gap", message)
    for country, listed in by_country(rules):
        if gap := _first_gap([one.rule for one in accepting(listed)]):
            message = (
                f"no acceptance rule is in force from {rfc3339(gap[0])} to {rfc3339(gap[1])}: "
                "nobody can be admitted by rules then"
            )
            yield warning(f"ruleset {country}", "", "country-gap", message)


def _pair(older: Rule, newer: Rule) -> Iterator[Diagnostic]:
    if older.version == newer.version:
        yield error(newer.name, "Version", "version-twice", "this version is there twice")
        return
    starts, ends = newer.valid_from, newer.valid_to
    if starts >= older.valid_to or ends <= older.valid_from:
        return
    if starts <= older.valid_from and ends >= older.valid_to:
        message = f"it is never in force: {newer.name} is, all the while"
        yield warning(older.name, "ValidFrom", "version-shadowed", message)
    elif ends < older.valid_to:
        message = f"it returns at {rfc3339(ends)}, when {newer.name} ends"
        yield warning(older.name, "ValidTo", "version-returns", message)
    else:
        message = f"until {rfc3339(older.valid_to)}, {older.name} is in force too; the newer counts"
        yield warning(newer.name, "ValidFrom", "version-overlap", message)


def _first_gap(rules: list[Rule]) -> tuple[int, int] | None:
    covered = None
    for rule in sorted(rules, key=lambda one: one.valid_from):
        if covered is not None and rule.valid_from > covered:
            return covered, rule.valid_from
        covered = max(covered or rule.valid_to, rule.valid_to)
    return None


LIMIT = 1_500
INSTANTS = 6
"""The latest changes of a ruleset that are looked at."""
ADULT: dict[str, Value] = {"holder.ageYears": 30, "payload.dob": "1980-06-15"}
"""A way for children alone is none."""
AFTER = Ago(-48)
EVENTS = {
    Kind.VACCINATION: ("payload.v.0.dt", "a dose"),
    Kind.TEST: ("payload.t.0.sc", "a test"),
    Kind.RECOVERY: ("payload.r.0.fr", "a first positive test"),
}
OTHER = (Kind.TEST, Kind.RECOVERY, Kind.EXEMPTION)


def only_vaccination(
    rules: list[ParsedRule], value_sets: Mapping[str, list[str]], reason: str
) -> Iterator[Diagnostic]:
    """Yield each country to which no test, recovery or exemption leads."""
    readable = [one for one in rules if not variables.check(one.expression, compatible=True)]
    for country, listed in by_country(readable):
        admitting = accepting(listed)
        changes = sorted({one.rule.valid_from for one in admitting})[-INSTANTS:]
        for at in changes:
            if any(way_of(admitting, country, kind, at, value_sets=value_sets) for kind in OTHER):
                continue
            severity = error if not reason else warning
            message = f"from {rfc3339(at)}, no test, recovery or exemption is enough" + (
                f"; the reason: {reason}" if reason else ": give another way, or say why (--reason)"
            )
            yield severity(f"ruleset {country}", "", "no-other-way", message)
            break


def from_the_future(
    rules: list[ParsedRule], value_sets: Mapping[str, list[str]]
) -> Iterator[Diagnostic]:
    """Yield each kind of proof that passes though it is dated two days after arrival."""
    readable = [one for one in rules if not variables.check(one.expression, compatible=True)]
    for country, listed in by_country(readable):
        at = max(one.rule.valid_from for one in listed)
        for kind, (path, event) in EVENTS.items():
            dated: dict[str, Value] = {path: AFTER}
            if way_of(listed, country, kind, at, value_sets=value_sets) and way_of(
                listed, country, kind, at, value_sets=value_sets, fixed=dated
            ):
                message = f"{event} dated two days after arrival is enough"
                yield warning(f"ruleset {country}", "", "from-the-future", message)


def way_of(
    rules: list[ParsedRule],
    country: str,
    kind: Kind,
    at: int,
    *,
    value_sets: Mapping[str, list[str]],
    fixed: Mapping[str, Value] | None = None,
) -> Case | None:
    """Return the plainest case of a kind that passes at `at`; None if none was found.

    Args:
        rules: of the country.
        country: where the case arrives.
        kind: of the proof.
        at: seconds since the epoch.
        value_sets: name -> codes; stand-ins where there are none.
        fixed: values that the case must have.
    """
    place = Destination(country)
    concerned = [one for one in rules if one.rule.kind in {None, kind} and one.rule.region is None]
    constants = Constants([one.expression for one in concerned], value_sets)
    known, clock = constants.sets(), clock_of(at)
    ruleset = Ruleset([one.rule for one in concerned], known, compatible=True)
    if not ruleset.select(place, None, kind, at):
        return None

    def against(case: Case) -> int:
        data = data_of(case, clock=clock, country=country, value_sets=known)
        judged = judge(ruleset, place, kind, at, data)
        return 0 if judged.result is Result.PASSED else max(1, len(judged.against))

    cases = list(generate(constants, (GROUPS[kind],), limit=LIMIT))
    held = {**ADULT, **(fixed or {})}
    cases = [case._replace(values=tuple((dict(case.values) | held).items())) for case in cases]
    return _searched(cases, against)


def clock_of(at: int) -> datetime:
    """Return the noon of an instant's day."""
    return datetime.fromtimestamp(at, UTC).replace(hour=12, minute=0, second=0)


def _searched(cases: list[Case], against: Callable[[Case], int]) -> Case | None:
    """Look at the cases in turn, then change the nearest one field by field."""
    nearest, fewest = None, 0
    for case in cases:
        number = against(case)
        if not number:
            return case
        if nearest is None or number < fewest:
            nearest, fewest = case, number
    return _descended(nearest, fewest, _options(cases), against) if nearest else None


def _options(cases: list[Case]) -> dict[str, list[Value]]:
    found: dict[str, dict[Value, None]] = {}
    for case in cases:
        for path, value in case.values:
            found.setdefault(path, {})[value] = None
    return {path: list(values) for path, values in found.items()}


def _descended(
    nearest: Case, fewest: int, options: dict[str, list[Value]], against: Callable[[Case], int]
) -> Case | None:
    better = True
    while better:
        better = False
        for path, values in options.items():
            for value in values:
                changed = {**dict(nearest.values), path: value}
                tried = nearest._replace(values=tuple(changed.items()))
                number = against(tried)
                if not number:
                    return tried
                if number < fewest:
                    nearest, fewest, better = tried, number, True
    return None


class LintReport(NamedTuple):
    """What a check found.

    Attributes:
        rules: how many documents were checked.
        remarks: in the order of the rules, the whole ruleset's last.
    """

    rules: int
    remarks: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """Count what must not be published."""
        return sum(remark.error for remark in self.remarks)


class Terms(NamedTuple):
    """How to check.

    Attributes:
        compatible: let pass, and list, what existing rules read beyond the closed list.
        value_sets: name -> codes; stand-ins where there are none.
        reason: why a country takes vaccination only.
        publish_at: check the EU gateway's constraints for an upload at this instant.
        previous: documents that were published before, of this country and of others.
        editions: name -> from when -> codes, of the value sets whose editions are dated.
        issued: products that the country's own certificates are issued for.
    """

    compatible: bool = False
    value_sets: Mapping[str, list[str]] = {}
    reason: str = ""
    publish_at: datetime | None = None
    previous: Sequence[object] = ()
    editions: Editions = MappingProxyType({})
    issued: Sequence[str] = ()


def lint(documents: Sequence[object], terms: Terms | None = None) -> LintReport:
    """Check parsed rules."""
    terms = terms or Terms()
    found: list[Diagnostic] = []
    checked: list[ParsedRule] = []
    for number, document in enumerate(documents, 1):
        diagnostics, parsed = diagnosed(document, terms, unnamed=f"rule {number}")
        found += diagnostics
        checked += parsed
    found += over_time(checked)
    found += cuts(checked)
    found += only_vaccination(checked, terms.value_sets, terms.reason)
    found += from_the_future(checked, terms.value_sets)
    found += _of_products(checked, terms)
    found += _upload(checked, terms)
    places = {name: place for place, name in enumerate(dict.fromkeys(map(_name, documents)))}
    found.sort(key=lambda remark: places.get(remark.rule, len(places)))
    return LintReport(len(documents), tuple(found))


def diagnosed(
    document: object, terms: Terms, *, unnamed: str = "rule 1"
) -> tuple[list[Diagnostic], list[ParsedRule]]:
    """Check one rule by itself: what is said of the ruleset that it belongs to is left out."""
    name = _name(document) or unnamed
    found = [error(name, *issue) for issue in form.issues(document)]
    readable = not form.hindrances(document)
    logic = document.get("Logic") if isinstance(document, Mapping) else None
    if not isinstance(logic, Mapping):
        return found, []
    expression, more = read_logic(name, logic, compatible=terms.compatible)
    found += more
    if expression is None or not readable:
        return found, []
    checked = ParsedRule(form.read(document), expression)
    found += alone(checked)
    if constant(expression, given(checked)) is None:
        found += diagnose(checked, clock_of(checked.rule.valid_from), terms.value_sets)
    return found, [checked]


def _name(document: object) -> str:
    if not isinstance(document, Mapping):
        return ""
    identifier, version = document.get("Identifier"), document.get("Version")
    if not isinstance(identifier, str) or not isinstance(version, str):
        return ""
    return f"{identifier}@{version}"[:60]


def _of_products(checked: list[ParsedRule], terms: Terms) -> Iterator[Diagnostic]:
    codebook = accepted.Codebook(terms.value_sets, terms.editions)
    rules = accepted.readable(checked)
    yield from accepted.codes(rules, codebook)
    published = [
        parsed
        for number, document in enumerate(terms.previous)
        for parsed in diagnosed(document, terms, unnamed=f"rule {number}")[1]
    ]
    at = 0 if terms.publish_at is None else int(terms.publish_at.timestamp())
    others = accepted.readable(published)
    yield from accepted.products(accepted.Scope(rules, others, codebook, tuple(terms.issued), at))


def _upload(checked: list[ParsedRule], terms: Terms) -> Iterator[Diagnostic]:
    if terms.publish_at is None and not terms.previous:
        return
    at = None if terms.publish_at is None else int(terms.publish_at.timestamp())
    earlier = [form.read(document) for document in terms.previous if not form.hindrances(document)]
    yield from upload([one.rule for one in checked], earlier, at=at)
