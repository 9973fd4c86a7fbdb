"""All published rules and value sets: which apply, and what each says of a certificate.

    rules, value sets -> select(place, issuer, kind, at) -> assess(data) -> Outcome per rule

1. Acceptance rules are those of the country (and region) of arrival, Invalidation rules those of the
   issuer's country; in force at the clock, the highest version of each identifier (CertLogic and the
   EU's rule selection).
2. A rule whose engine, version or logic is not known here, one that is held with a fault, and one that
   errs or runs out of steps, is OPEN: never passed.
3. Value sets are those in force at the instant judged: a code that was taken up later was not
   accepted then. A set that is missing makes a rule OPEN, and is named.
4. No rules for a country is NOT_ASSESSED, which is never green: three peers showed "valid" there.
5. A rule whose logic is not CertLogic, or reads more than it may, never becomes an expression: it is
   refused, or held without one, where rules of others are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

from pratique.rules.rule import Rule, RuleType
from pratique.terms import Kind

__all__ = ["Destination", "Outcome", "Result", "Rule", "RuleType", "Ruleset"]


Editions = Mapping[str, Mapping[int, Iterable[str]]]
"""Value set -> from when an edition of it is in force (seconds since the epoch) -> codes."""

COUNTRIES = "country-2-codes"
"""The value set of countries: it is there even where nobody has published it (ISO 3166-1)."""

NOT_MAPPED = "not-mapped"
"""Why a rule is OPEN: it reads what a certificate does not say in the terms of the DCC."""

SUPPORTED_ENGINE = "CERTLOGIC"
NEWEST_ENGINE = (1, 3, 3)
SCHEMA_MAJOR, NEWEST_SCHEMA_MINOR = 1, 3


MOST_RULES = 256
"""Rules of a participant: each is read at every start. Of seven real destinations the most is 17."""
MOST_STEPS = {RuleType.ACCEPTANCE: 4_096, RuleType.INVALIDATION: 512}
"""Steps that a participant's rules of a type may take at one check. Of seven real destinations the most
is 428. An issuer's own Invalidation rules are asked at every border, wherever what it issued is shown."""
MOST_PARTS = 8_192
"""Steps of all rules of a participant, whatever they are about: real ones have 577 at most."""


class Result(StrEnum):
    """What one rule says."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"


class Outcome(NamedTuple):
    """One rule's result; `reason` is a stable code where it is OPEN.

    `missing` names the value sets that it looks into and that are not there, or not in force yet; `unmapped`
    is the field that it came to and that the certificate does not say in the DCC's terms ("mp"), or "".
    """

    rule: Rule
    result: Result
    reason: str = ""
    missing: tuple[str, ...] = ()
    unmapped: str = ""


class Lack(StrEnum):
    """Why a destination has no rules to ask."""

    NONE = "none published"
    LATER = "none in force yet"
    ENDED = "none in force any more"
    REGIONS = "for regions only"


class Without(NamedTuple):
    """Why no rules can be asked; when the first ones begin, or which regions have some."""

    lack: Lack
    begins: int | None = None
    regions: tuple[str, ...] = ()


class Destination(NamedTuple):
    """Where somebody arrives: a country's code, and a region of it or None."""

    country: str
    region: str | None = None

    @property
    def text(self) -> str:
        """Return it as people write it: "FR", or "FR/IDF" with a region."""
        return f"{self.country}/{self.region}" if self.region else self.country


def _evaluator() -> Any:
    from pratique.rules import evaluator  # noqa: PLC0415 - a check without rules starts fast

    return evaluator.RuleEvaluator


class Ruleset:
    """Every destination's rules, and the value sets they speak of. Immutable."""

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        value_sets: Mapping[str, Iterable[str]] | None = None,
        *,
        compatible: bool = False,
        hold_open: bool = False,
        editions: Editions | None = None,
        like: Iterable[Ruleset] = (),
    ) -> None:
        """Take rules and value sets.

        Args:
            rules: as read; DocumentRefused `rule-logic` if one's logic is not CertLogic,
                `rule-variable` if it reads what is not on the closed list.
            value_sets: name -> codes, in the newest edition.
            editions: name -> from when (seconds since the epoch) -> codes; of the sets whose editions
                are dated. One without is in force at all times.
            compatible: let in what existing rules read beyond the list (`variables.COMPATIBLE`).
            hold_open: hold a rule that has a fault, or reads what is not on the list, as OPEN:
                for rules of others, of which none may get lost.
            like: rulesets in which some of these very rules stand, which are not read once more; as
                `compatible` as this one.
        """
        self.rules = tuple(sorted(rules, key=_place))
        self.value_sets = {name: list(codes) for name, codes in sorted((value_sets or {}).items())}
        self.editions = {
            name: {begins: list(codes) for begins, codes in sorted(dated.items())}
            for name, dated in sorted((editions or {}).items())
        }
        self._sets_at: _Sets | None = None
        self.compatible = compatible
        read = [each.evaluator for each in like if each.evaluator is not None]
        self.evaluator: Any = (
            _evaluator()(self.rules, compatible=compatible, hold_open=hold_open, asked=read)
            if self.rules
            else None
        )
        """The rules as they were read; None where there are none."""
        self._selected: dict[tuple[Destination, str | None, Kind], _Selection] = {}
        self._ready: dict[int, _Ready] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ruleset) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(tuple(rule.name for rule in self.rules))

    def __repr__(self) -> str:
        return f"<Ruleset of {len(self.rules)} rules>"

    def _content(self) -> tuple[object, ...]:
        return self.rules, self.value_sets, self.compatible, self.editions

    def sets_at(self, at: int) -> Mapping[str, list[str]]:
        """Return the value sets in the editions that are in force at `at`.

        A set whose first edition begins later is not there: what will be accepted is not yet.
        """
        if not self.editions:
            return self.value_sets
        held = self._sets_at
        if held is None or not held.begins <= at < held.ends:
            turns = self.edition_turns
            found = dict(self.value_sets)
            for name, dated in self.editions.items():
                begun = max((begins for begins in dated if begins <= at), default=None)
                if begun is None:
                    found.pop(name, None)
                else:
                    found[name] = dated[begun]
            held = self._sets_at = _Sets(
                found,
                max((turn for turn in turns if turn <= at), default=-inf),
                min((turn for turn in turns if turn > at), default=inf),
            )
        return held.value_sets

    @cached_property
    def edition_turns(self) -> frozenset[int]:
        """Return every second at which an edition of a value set begins."""
        return frozenset(begins for dated in self.editions.values() for begins in dated)

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Return the destinations that have published acceptance rules."""
        found = {rule.country for rule in self.rules if rule.type is RuleType.ACCEPTANCE}
        return tuple(sorted(found))

    def regions(self, country: str) -> tuple[str, ...]:
        """Return the regions of a country that have acceptance rules of their own."""
        found = {rule.region for rule in self._acceptance(country) if rule.region is not None}
        return tuple(sorted(found))

    def countrywide(self, country: str) -> bool:
        """Tell whether a country has acceptance rules that hold in all of its regions."""
        return any(rule.region is None for rule in self._acceptance(country))

    def lacks(self, place: Destination) -> bool:
        """Tell whether a place is a region without rules, of a country in which others have some."""
        regions = self.regions(place.country)
        return bool(regions) and bool(place.region) and place.region not in regions

    @cached_property
    def destinations(self) -> tuple[Destination, ...]:
        """Return every place with acceptance rules: each country, and after it its regions."""
        return tuple(
            Destination(country, region)
            for country in self.countries
            for region in (None, *self.regions(country))
        )

    def without(self, place: Destination, at: int) -> Without:
        """Say why no acceptance rule of a place is in force at `at`; asked where none is."""
        rules = self._acceptance(place.country)
        there = [rule for rule in rules if _there(rule, place)]
        elsewhere = [rule for rule in rules if not _there(rule, place)]
        later = min((rule.valid_from for rule in there if rule.valid_from > at), default=None)
        if not rules:
            return Without(Lack.NONE)
        if not there or any(rule.in_force(at) for rule in elsewhere):
            return Without(Lack.REGIONS, regions=self.regions(place.country))
        return Without(Lack.ENDED) if later is None else Without(Lack.LATER, begins=later)

    def _acceptance(self, country: str) -> list[Rule]:
        return [
            rule for rule in self._by_country.get(country, ()) if rule.type is RuleType.ACCEPTANCE
        ]

    def assessed(self, place: Destination, at: int) -> bool:
        """Tell whether the destination has any acceptance rule in force."""
        return any(
            rule.in_force(at) and rule.type is RuleType.ACCEPTANCE and _there(rule, place)
            for rule in self._by_country.get(place.country, ())
        )

    def select(
        self, place: Destination, issuer: str | None, kind: Kind, at: int
    ) -> tuple[Rule, ...]:
        """Return the rules that apply to a certificate of this kind, in a fixed order."""
        key = place, issuer, kind
        held = self._selected.get(key)
        if held is None or not held.begins <= at < held.ends:
            held = self._selected[key] = _select(self.concerning(place, issuer, kind), at)
        return held.rules

    def voided_by_some(self, kind: Kind, at: int) -> bool:
        """Tell whether any issuer has a rule in force by which certificates of a kind are void."""
        return any(
            rule.type is RuleType.INVALIDATION
            and rule.in_force(at)
            and _applies(rule, Destination(""), rule.country, kind)
            for rule in self.rules
        )

    def concerning(self, place: Destination, issuer: str | None, kind: Kind) -> tuple[Rule, ...]:
        """Return the rules that apply to such a certificate at any time, in all their versions."""
        return tuple(
            rule
            for country in sorted({place.country, issuer or ""})
            for rule in self._by_country.get(country, ())
            if _applies(rule, place, issuer, kind)
        )

    def assess(self, rules: Sequence[Rule], data: Mapping[str, Any]) -> tuple[Outcome, ...]:
        """Ask each rule about the data (`{"payload": …, "external": …}`)."""
        unasked = self._unasked(rules, data)
        if not unasked:
            return tuple(map(_outcome, rules, self._values(tuple(rules), data)))
        known = tuple(rule for rule in rules if id(rule) not in unasked)
        said = dict(zip(map(id, known), self._values(known, data), strict=True))
        return tuple(
            _outcome(rule, said[id(rule)]) if id(rule) in said else unasked[id(rule)]
            for rule in rules
        )

    def passes(self, rules: tuple[Rule, ...], data: Mapping[str, Any]) -> bool:
        """Tell whether all rules pass: what `assess` says, without an outcome for each.

        Args:
            rules: as `select` returned them: what they need is looked up once for each such tuple.
            data: as for `assess`.
        """
        ready = self._ready.get(id(rules))
        if ready is None:
            # It keeps the tuple, so that no other one can get its id.
            ready = self._ready[id(rules)] = self._prepared(rules)
        if ready.is_open or not ready.needed <= data["external"]["valueSets"].keys():
            return False
        values = (value for engine, asked in ready.prepared for value in engine.values(asked, data))
        return all(value is want for value, want in zip(values, ready.wanted, strict=True))

    def _prepared(self, rules: tuple[Rule, ...]) -> _Ready:
        is_open = any(id(rule) in self._faults for rule in rules)
        needed = frozenset(
            name for rule in rules for name in self._needed.get(id(rule), frozenset())
        )
        prepared = [] if is_open or self.evaluator is None else self.evaluator.prepared(rules)
        wanted = tuple(rule.type is not RuleType.INVALIDATION for rule in rules)
        return _Ready(rules, is_open, needed, prepared, wanted)

    def unasked(self, rule: Rule) -> str:
        """Return the code of why a rule of this set is OPEN for everybody; empty if it is not."""
        known = self.value_sets.keys() | {COUNTRIES}
        missing = not self._needed.get(id(rule), frozenset()) <= known
        return self._faults.get(id(rule)) or ("value-set-missing" if missing else "")

    def steps(self, rules: Iterable[Rule]) -> int:
        """Return the steps that asking these rules of this set once takes at most."""
        return sum(self._most.get(id(rule), 0) for rule in rules)

    def busiest(self, kind: RuleType) -> int:
        """Return the steps that the rules of one type take at most at one check, of all selections."""
        rules = [rule for rule in self.rules if rule.type is kind]
        found = 0
        for region in {rule.region for rule in rules} | {None}:
            for about in {rule.kind for rule in rules} | {None}:
                newest: dict[str, int] = {}
                for rule in rules:
                    if rule.region in {None, region} and rule.kind in {None, about}:
                        cost = self._most.get(id(rule), 0)
                        newest[rule.identifier] = max(cost, newest.get(rule.identifier, 0))
                found = max(found, sum(newest.values()))
        return found

    @property
    def is_costly(self) -> bool:
        """Tell whether these rules, of one participant, would keep every check busy."""
        busy = any(self.busiest(kind) > most for kind, most in MOST_STEPS.items())
        return busy or self.steps(self.rules) > MOST_PARTS

    @cached_property
    def _most(self) -> dict[int, int]:
        asked = self.evaluator
        return {} if asked is None else {id(rule): asked.most(rule) for rule in self.rules}

    def _unasked(self, rules: Sequence[Rule], data: Mapping[str, Any]) -> dict[int, Outcome]:
        # A value set that is missing reads as nothing, and "not in nothing" would pass.
        there = data.get("external", {}).get("valueSets", self.value_sets)
        found = {}
        for rule in rules:
            if (fault := self._faults.get(id(rule))) is not None:
                found[id(rule)] = Outcome(rule, Result.OPEN, fault)
            elif (needed := self._needed[id(rule)]) and not needed <= there.keys():
                names = tuple(sorted(needed - there.keys()))
                found[id(rule)] = Outcome(rule, Result.OPEN, "value-set-missing", names)
        return found

    @cached_property
    def _faults(self) -> dict[int, str]:
        strange = {
            id(rule): "engine-or-schema-unknown" for rule in self.rules if not _understood(rule)
        }
        return strange if self.evaluator is None else strange | self.evaluator.faults

    @cached_property
    def _needed(self) -> dict[int, frozenset[str]]:
        if self.evaluator is None:
            return {}
        return {
            id(rule): frozenset(self.evaluator.value_sets(rule))
            for rule in self.rules
            if id(rule) not in self._faults
        }

    def _values(self, rules: tuple[Rule, ...], data: Mapping[str, Any]) -> Sequence[Any]:
        return () if self.evaluator is None or not rules else self.evaluator.values(rules, data)

    @cached_property
    def _by_country(self) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            found.setdefault(rule.country, []).append(rule)
        return {country: tuple(rules) for country, rules in found.items()}


class _Sets(NamedTuple):
    """Value sets that are in force together, and between which seconds they are."""

    value_sets: dict[str, list[str]]
    begins: float
    ends: float


class _Ready(NamedTuple):
    """Rules that are asked often: whether one cannot be, what they look into, their queries, what each must say."""

    rules: tuple[Rule, ...]
    is_open: bool
    needed: frozenset[str]
    prepared: list[tuple[Any, list[Any]]]
    wanted: tuple[bool, ...]


class _Selection(NamedTuple):
    """Rules that apply together, and between which seconds they do."""

    rules: tuple[Rule, ...]
    begins: float
    ends: float


def _select(rules: tuple[Rule, ...], at: int) -> _Selection:
    newest: dict[str, Rule] = {}
    for rule in rules:
        held = newest.get(rule.identifier)
        if rule.in_force(at) and (held is None or rule.version > held.version):
            newest[rule.identifier] = rule
    turns = [turn for rule in rules for turn in (rule.valid_from, rule.valid_to)]
    return _Selection(
        tuple(newest[name] for name in sorted(newest)),
        max((turn for turn in turns if turn <= at), default=-inf),
        min((turn for turn in turns if turn > at), default=inf),
    )


def _place(rule: Rule) -> tuple[Any, ...]:
    # Never the logic: to write or compare a stranger's tree is to walk it.
    return (
        rule.country, rule.name, rule.type, rule.region is None, rule.region or "",
        rule.kind or "", rule.engine, rule.engine_version, rule.schema_version, rule.descriptions,
        rule.valid_from, rule.valid_to, rule.affected_fields, rule.fault,
    )  # fmt: skip


def _outcome(rule: Rule, value: object) -> Outcome:
    if type(value) is not bool:
        if unmapped := getattr(value, "unmapped", ""):
            return Outcome(rule, Result.OPEN, NOT_MAPPED, unmapped=unmapped)
        reason = getattr(value, "reason", None)
        return Outcome(rule, Result.OPEN, "not-boolean" if reason is None else str(reason))
    # An Invalidation rule that is true says that the certificate is void (the reference engine in
    # JavaScript; the Android one took it for passed).
    passed = value is not (rule.type is RuleType.INVALIDATION)
    return Outcome(rule, Result.PASSED if passed else Result.FAILED)


def _there(rule: Rule, place: Destination) -> bool:
    return rule.region is None or rule.region == place.region


def _applies(rule: Rule, place: Destination, issuer: str | None, kind: Kind) -> bool:
    # A rule of all kinds was written for what states events: of a pass only rules for passes are asked, and
    # those of which nobody can read what they are for.
    if rule.kind is not kind and (rule.kind is not None or (kind is Kind.PASS and not rule.fault)):
        return False
    if rule.type is RuleType.INVALIDATION:
        return rule.country == issuer
    return rule.country == place.country and _there(rule, place)


def _understood(rule: Rule) -> bool:
    schema = tuple(map(int, rule.schema_version.split(".")))
    return (
        rule.engine == SUPPORTED_ENGINE
        and tuple(map(int, rule.engine_version.split("."))) <= NEWEST_ENGINE
        and schema[0] == SCHEMA_MAJOR
        and schema[1] <= NEWEST_SCHEMA_MINOR
    )
