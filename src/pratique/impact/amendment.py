"""What rules would be with a floor: products that they must accept are added, and nothing is taken away.

    Ruleset, place, at, floor -> who refuses what -> the part that names products -> rule, next version
                              -> asked: all that was accepted still is, the floor's products now are -> Amendment

1. A rule is changed only where it names products, their makers or their kind: a list grows, or "or" is written as
   CertLogic allows. Doses, days and tests that it demands of others it demands of these as well.
2. What was changed is proved by asking, before it is shown. What cannot be proved is not shown, and says why.
3. The next version is greater than any that is held; when it begins is for the state to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.impact.doses import Course, DoseQuestions
from pratique.impact.matrix import PROFILES, products_accepted
from pratique.impact.shut_out import Range, shut_out
from pratique.impact.world import VaccineFacts, World
from pratique.rules import documents
from pratique.rules.build import any_of
from pratique.rules.cases import data_of, generate, judge
from pratique.rules.evaluator import expression_of, refusal
from pratique.rules.logic import GROUPS, Constants
from pratique.rules.rule import Rule, read
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind
from pratique.text import rfc3339

CASES = 400
"""Generated cases of each kind of proof that are asked before and after."""
NAMING = ("mp", "ma", "vp")
Logic = dict[str, Any]
_Way = tuple[str | int, ...]


class Hindrance(NamedTuple):
    """Why a product of the floor is not let in by construction, or what to look at where it is.

    Attributes:
        rule: its name; empty where no single rule is the reason.
        products: codes.
        code: stable.
        sentence: why.
    """

    rule: str
    products: tuple[str, ...]
    code: str
    sentence: str


class Amendment(NamedTuple):
    """Rules with a floor.

    Attributes:
        place, at: whose, and when they were asked (seconds since the epoch).
        floor: the products that are to be accepted.
        missing: those of them that the rules refuse.
        rules: the changed rules, as documents.
        added: what the changed rules accept beyond what was accepted.
        hindrances: what could not be added, and why.
        notes: what was added, and is to be looked at.
        published, amended: whom the rules shut out before and after.
        let_in: alpha-3 of the places let in: surely, and at most.
        people: of those places.
        asked: cases that were put to both, before it was shown.
    """

    place: Destination
    at: int
    floor: tuple[str, ...]
    missing: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]
    added: tuple[str, ...]
    hindrances: tuple[Hindrance, ...]
    notes: tuple[Hindrance, ...]
    published: Range
    amended: Range
    let_in: tuple[tuple[str, ...], tuple[str, ...]]
    people: tuple[int, int]
    asked: int


def amend(
    world: World,
    questions: DoseQuestions,
    floor: Collection[str],
    *,
    begins: int | None = None,
) -> Amendment:
    """Return what a place's rules would be with a floor.

    Args:
        world: who was offered what.
        questions: the rules, at the place and instant at which they are asked.
        floor: codes of the products that they must accept.
        begins: when the changed rules begin, in seconds since the epoch; as the ones before by default.

    Raises:
        DocumentRefused: `floor-no-rules` where no rule for vaccinations is in force there.
    """
    ruleset, place, at = questions.ruleset, questions.place, questions.at
    if not questions.answers:
        raise DocumentRefused(
            "floor-no-rules",
            f"{place.country} has no rules for vaccinations at {rfc3339(at)}: there is nothing to add a floor to",
            "--at INSTANT asks at another time",
        )
    accepted = products_accepted(questions, world.vaccines)
    missing = tuple(sorted(set(floor) - accepted))
    changed, hindrances = _changed(world, questions, missing)
    after, asked = ruleset, 0
    if changed:
        changed = _evened(world, questions, changed, missing)
        after = _with(ruleset, changed)
        asked, lost = _proved(world, questions, after, changed)
        if lost:
            hindrances.append(Hindrance("", missing, "floor-takes-away", lost))
            changed, after = {}, ruleset
    late = DoseQuestions(after, place, at)
    now = products_accepted(late, world.vaccines)
    notes: tuple[Hindrance, ...] = ()
    if easier := _easier(world, questions, late, missing):
        sentence = "it would be accepted on days of dose on which no product accepted so far is: look at such limits"
        notes = (Hindrance("", easier, "floor-easier", sentence),)
    before, then = (shut_out(world, codes, questions.day) for codes in (accepted, now))
    # Let in for certain: shut out before whatever was on offer, and not after. At most: perhaps shut out, perhaps not.
    let_in = (
        tuple(sorted(set(before.low.places) - set(then.high.places))),
        tuple(sorted(set(before.high.places) - set(then.low.places))),
    )
    low, high = (sum(world.places[iso3].people for iso3 in places) for places in let_in)
    rules = sorted((rule for _, rule in changed.values()), key=lambda rule: rule.name)
    return Amendment(
        place, at, tuple(sorted(floor)), missing, tuple(_document(rule, begins) for rule in rules),
        tuple(sorted(now - accepted)), tuple(hindrances), notes, before, then, let_in, (low, high), asked,
    )  # fmt: skip


def to_json(amendment: Amendment) -> dict[str, Any]:
    """Return an amendment as a JSON document."""
    return {
        "country": amendment.place.country,
        "region": amendment.place.region,
        "at": rfc3339(amendment.at),
        "floor": list(amendment.floor),
        "missing": list(amendment.missing),
        "added": list(amendment.added),
        "rules": list(amendment.rules),
        "hindrances": [hindrance._asdict() for hindrance in amendment.hindrances],
        "notes": [note._asdict() for note in amendment.notes],
        "let_in": {
            end: {"places": list(places), "people": people}
            for end, places, people in zip(
                ("low", "high"), amendment.let_in, amendment.people, strict=True
            )
        },
        "shut_out": _people_shut_out(amendment.published),
        "with_floor": _people_shut_out(amendment.amended),
        "asked": amendment.asked,
    }


def _people_shut_out(range_: Range) -> dict[str, Any]:
    return {
        end: {"countries": total.countries, "people": total.people, "places": list(total.places)}
        for end, total in range_._asdict().items()
    }


_Changed = dict[int, tuple[Rule, Rule]]
"""id of a rule -> it, and what takes its place."""


def _changed(
    world: World, questions: DoseQuestions, missing: Sequence[str]
) -> tuple[_Changed, list[Hindrance]]:
    """Change every rule that refuses one of the missing products."""
    given = questions.day - timedelta(PROFILES[0].days)
    refused: dict[int, tuple[Rule, list[VaccineFacts]]] = {}
    for code in missing:
        vaccine = world.vaccines[code]
        for rule in questions.refused_by(vaccine, Course.PRIMARY, given):
            refused.setdefault(id(rule), (rule, []))[1].append(vaccine)
    changed: _Changed = {}
    hindrances = []
    for rule, vaccines in refused.values():
        codes = tuple(vaccine.code for vaccine in vaccines)
        if open_ := questions.ruleset.unasked(rule):
            sentence = f"it cannot be asked here ({open_})"
            hindrances.append(Hindrance(rule.name, codes, "floor-open-rule", sentence))
        elif rule.country != questions.place.country:
            sentence = "it is the issuer's own, and declares certificates void"
            hindrances.append(Hindrance(rule.name, codes, "floor-issuers-rule", sentence))
        elif (amended := _amended(rule, questions, vaccines)) is None:
            sentence = "no list of products in it can be made longer so that it passes them"
            hindrances.append(Hindrance(rule.name, codes, "floor-no-list", sentence))
        else:
            changed[id(rule)] = rule, amended
    return changed, hindrances


def _amended(rule: Rule, questions: DoseQuestions, vaccines: Sequence[VaccineFacts]) -> Rule | None:
    """Return the next version of a rule that passes these products; None if no change of a list does it."""
    ruleset, codes = questions.ruleset, [vaccine.code for vaccine in vaccines]
    given = questions.day - timedelta(PROFILES[0].days)
    places = sorted(_naming(rule.logic, (), guarded=False), key=lambda place: place[0])
    ways = [way for _, way in places]
    for several in [*([way] for way in ways), ways]:
        logic = rule.logic
        # Deepest first: a way stays good while what lies below it is written anew.
        for way in sorted(several, key=len, reverse=True):
            logic = _put(logic, way, _longer(_at(logic, way), codes))
        amended = _next(ruleset, rule, logic, [vaccine.name for vaccine in vaccines])
        if not several or refusal(amended, compatible=ruleset.compatible) is not None:
            continue
        asked = DoseQuestions(
            _with(ruleset, {id(rule): (rule, amended)}), questions.place, questions.at
        )
        if all(
            amended not in asked.refused_by(vaccine, Course.PRIMARY, given) for vaccine in vaccines
        ):
            return amended
    return None


def _evened(
    world: World, questions: DoseQuestions, changed: _Changed, missing: Sequence[str]
) -> _Changed:
    """Put the products into the conditions of other rules, too, where those ask more of the products they list.

    "If it is one of these, seven days must have passed": who is not listed there would have it easier.
    """
    ruleset, place, at = questions.ruleset, questions.place, questions.at
    amended_so_far = DoseQuestions(_with(ruleset, changed), place, at)
    reached = products_accepted(amended_so_far, world.vaccines)
    easier = _easier(world, questions, amended_so_far, missing)
    for rule in questions.rules if easier else ():
        if id(rule) in changed or rule.country != place.country:
            continue
        ways = [way for guarded, way in _naming(rule.logic, (), guarded=False) if guarded]
        lists = [way for way in ways if "in" in _at(rule.logic, way)]
        logic = rule.logic
        for way in sorted(lists, key=len, reverse=True):
            logic = _put(logic, way, _longer(_at(logic, way), easier))
        amended = _next(ruleset, rule, logic, [world.vaccines[code].name for code in easier])
        if not lists or refusal(amended, compatible=ruleset.compatible) is not None:
            continue
        tried = {**changed, id(rule): (rule, amended)}
        asked = DoseQuestions(_with(ruleset, tried), place, at)
        left = _easier(world, questions, asked, missing)
        if len(left) < len(easier) and reached <= products_accepted(asked, world.vaccines):
            changed, easier = tried, left
    return changed


def _easier(
    world: World, before: DoseQuestions, after: DoseQuestions, missing: Sequence[str]
) -> tuple[str, ...]:
    """Return the added products that pass on a day on which no product of as many doses passed so far."""
    days = [before.day - timedelta(day) for day in range(365)]
    easier = []
    for code in missing:
        added = world.vaccines[code]
        alike = [
            other
            for other in world.vaccines.values()
            if other.doses == added.doses
            and before.windows(other, Course.PRIMARY, days[-1], days[0])
        ]
        if alike and any(
            after.accepted(added, Course.PRIMARY, day)
            and not any(before.accepted(other, Course.PRIMARY, day) for other in alike)
            for day in days
        ):
            easier.append(code)
    return tuple(easier)


def _naming(node: Any, way: _Way, *, guarded: bool) -> Iterator[tuple[bool, _Way]]:
    """Yield where products, makers or kinds of vaccine are looked up; those in a condition are `guarded`."""
    if isinstance(node, Mapping):
        for operator, operands in node.items():
            if (
                operator in {"in", "==="}
                and isinstance(operands, list)
                and _names_product(operands[0])
            ):
                yield guarded, way
            inner = operands if isinstance(operands, list) else [operands]
            for index, operand in enumerate(inner):
                step: _Way = (operator, index) if isinstance(operands, list) else (operator,)
                within = guarded or (operator == "if" and index == 0)
                yield from _naming(operand, (*way, *step), guarded=within)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _naming(item, (*way, index), guarded=guarded)


def _names_product(node: Any) -> bool:
    return isinstance(node, Mapping) and str(node.get("var", "")).rpartition(".")[2] in NAMING


def _longer(node: Logic, codes: Sequence[str]) -> Logic:
    """Return a look-up that holds for these products as well."""
    operator, (field, listed) = next(iter(node.items()))
    path = f"{field['var'].rpartition('.')[0]}.mp"
    if operator == "in" and field["var"] == path and isinstance(listed, list):
        return {"in": [field, [*listed, *(code for code in codes if code not in listed)]]}
    return any_of([node, {"in": [{"var": path}, list(codes)]}])


def _at(node: Any, way: _Way) -> Any:
    for step in way:
        node = node[step]
    return node


def _put(node: Any, way: _Way, value: Any) -> Any:
    if not way:
        return value
    first, rest = way[0], way[1:]
    if isinstance(node, list):
        return [
            _put(item, rest, value) if index == first else item for index, item in enumerate(node)
        ]
    return {name: _put(item, rest, value) if name == first else item for name, item in node.items()}


def _next(ruleset: Ruleset, rule: Rule, logic: Logic, names: Sequence[str]) -> Rule:
    major, minor, _ = max(
        other.version for other in ruleset.rules if other.identifier == rule.identifier
    )
    # In every language alike: names and WHO's own abbreviations need no translation.
    note = f" (+ WHO EUL/PQ: {', '.join(names)})"
    fields = rule.affected_fields
    if "v.0.mp" not in fields:
        fields = tuple(sorted([*fields, "v.0.mp"]))
    return rule._replace(
        version=(major, minor + 1, 0),
        logic=logic,
        affected_fields=fields,
        descriptions=tuple((language, text + note) for language, text in rule.descriptions),
    )


def _with(ruleset: Ruleset, changed: _Changed) -> Ruleset:
    rules = [changed[id(rule)][1] if id(rule) in changed else rule for rule in ruleset.rules]
    return Ruleset(
        rules,
        ruleset.value_sets,
        compatible=ruleset.compatible,
        hold_open=True,
        editions=ruleset.editions,
        like=[ruleset],
    )


def _document(rule: Rule, begins: int | None) -> dict[str, Any]:
    document = documents.write(rule)
    if begins is not None:
        document["ValidFrom"] = rfc3339(begins)
    read(document)
    return document


def _proved(
    world: World, questions: DoseQuestions, after: Ruleset, changed: _Changed
) -> tuple[int, str]:
    """Put doses and generated cases to both; return how many, and the first that is not accepted any more."""
    asked = 0
    late = DoseQuestions(after, questions.place, questions.at)
    days = sorted(questions.dose_turns | late.dose_turns)
    given = [day for day in days if timedelta(0) <= questions.day - day <= timedelta(1_100)]
    for course in Course:
        for vaccine in world.vaccines.values():
            for day in given:
                asked += 1
                if questions.accepted(vaccine, course, day) and not late.accepted(
                    vaccine, course, day
                ):
                    return (
                        asked,
                        f"{course} of {vaccine.name} of {day} would not be accepted any more",
                    )
    kinds = {rule.kind for rule, _ in changed.values()}
    for kind in Kind if None in kinds else (Kind.VACCINATION,):
        for accepted, accepted_after in _cases(questions, after, kind, changed):
            asked += 1
            if accepted and not accepted_after:
                return asked, f"a generated case of {kind} would not be accepted any more"
    return asked, ""


def _cases(
    questions: DoseQuestions, after: Ruleset, kind: Kind, changed: _Changed
) -> Iterator[tuple[bool, bool]]:
    before = questions.ruleset
    rules: Iterable[Rule] = [rule for pair in changed.values() for rule in pair]
    sets = before.sets_at(questions.at)
    constants = Constants(map(expression_of, rules), sets)
    clock = datetime.fromtimestamp(questions.at, UTC)
    for case in generate(constants, (GROUPS[kind],), limit=CASES):
        data = data_of(case, clock=clock, country=questions.place.country, value_sets=sets)
        yield tuple(  # type: ignore[misc]
            judge(each, questions.place, kind, questions.at, data).result is Result.PASSED
            for each in (before, after)
        )
