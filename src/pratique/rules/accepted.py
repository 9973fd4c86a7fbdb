"""Check the codes that rules name, and which vaccines they accept: at home, from abroad, and beside other states.

    literals beside a field -> value sets held, or the facts of products -> what no certificate carries
    place, issuer, product  -> cases around the rules' own dates and doses -> accepted | refused by … | open
        -> WHO's list, the value set, what is issued at home, other destinations -> Diagnostic, ...

1. A code is known if any edition held has it, or the table of facts: an old file of value sets makes no false alarm.
2. Without a value set, the facts are complete for COVID-19 vaccines, types of tests and results only. Of any other
   field, and of rules about other diseases, only a known code that is written otherwise is told.
3. A product is refused if no case with it passes though some case with another product does. A rule that is OPEN
   refuses nothing, and where no vaccination passes at all, nothing is said of products.
4. The traveller is an adult who holds the one certificate, with the maker that the value sets have for the product.
5. The instant is that of the latest change of a country's rules, or of the upload if that is later.
6. Work is bounded by counts: what is left when the steps are spent is said to be neither accepted nor refused.

Apart because it asks about vaccines, over editions of value sets and other states' rules; `lint` reads one country's documents.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import pairwise
from itertools import product as pairs
from typing import Any, NamedTuple

from pratique.rules import policy
from pratique.rules.cases import HOURS, Ago, Case, Value, candidates, data_of
from pratique.rules.certlogic import variables
from pratique.rules.certlogic.describe import listing
from pratique.rules.logic import Constants, Diagnostic, ParsedRule, accepting, warning
from pratique.rules.products import (
    ANTIGEN,
    MADE,
    MRNA,
    PRODUCTS,
    VECTOR,
    ProductFacts,
    floor,
    product_name,
)
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import Destination, Editions, Result, Ruleset
from pratique.terms import Kind
from pratique.text import plural, rfc3339

NAMES, MAKERS, PLATFORMS = (
    "vaccines-covid-19-names", "vaccines-covid-19-auth-holders", "sct-vaccines-covid-19"
)  # fmt: skip
DISEASES, TYPES, RESULTS = (
    "disease-agent-targeted", "covid-19-lab-test-type", "covid-19-lab-result"
)  # fmt: skip

_SETS = {
    "v.mp": NAMES, "v.ma": MAKERS, "v.vp": PLATFORMS, "t.ma": policy.DEVICES, "t.tt": TYPES, "t.tr": RESULTS,
    "v.tg": DISEASES, "t.tg": DISEASES, "r.tg": DISEASES, "e.tg": DISEASES,
}  # fmt: skip
"""Group and field -> the value set that its codes are of."""
_FIELD = re.compile(r"payload\.([vtre])\.[0-9]{1,2}\.(mp|ma|vp|tg|tt|tr)")
_ISSUED = {"external.countryCode", "external.issuerCountryCode", "payload.v.0.co", "payload.t.0.co"}
_WRITTEN = {"EL": "GR", "UK": "GB"}
"""Codes of countries that certificates carry, and rules see as ISO 3166-1 has them."""

_PLATFORMS = (
    MRNA, ANTIGEN, VECTOR, "29061000087103", "1157024006", "1162643001", "1187593009", "30141000087107",
    "28531000087107",
)  # fmt: skip
_RARE = (
    "CVnCoV", "NVX-CoV2373", "Vidprevtyn", "VLA2001", "AZD2816", "EpiVacCorona-N", "NVSI-06-08", "YS-SC2-010",
    "SCTV01C", "Covifenz", "Inactivated-SARS-CoV-2-Vero-Cell",
)  # fmt: skip
"""Codes of the EU's value set of which no more is known here, among them first names of products."""

MOST_PLACES = 12
"""Countries and regions whose products are looked at."""
MOST_PRODUCTS = 64
MOST_DATES, MOST_NUMBERS = 10, 6
"""Days of the last dose, and counts of doses, that a product is tried with."""
_VARIED = {
    "payload",
    "payload.v",
    "payload.v.0",
    *(f"payload.v.0.{name}" for name in ("dn", "sd", "dt")),
}
"""What of a vaccination differs between the cases of one product."""
NOBODY = ""
"""Stands for the rules that refuse a product together, and none of them always."""
MOST_STEPS = 6_000_000
"""Steps that the rules of one place are asked: the largest ruleset of the seven that are tested with takes a third."""
CLOSE = 0.72


class Codebook(NamedTuple):
    """The value sets that a check goes by: codes by name, and dated editions of them."""

    value_sets: Mapping[str, list[str]]
    editions: Editions

    def every(self, name: str) -> set[str]:
        """Return the codes of a set, of all its editions."""
        dated = self.editions.get(name, {}).values()
        return {*self.value_sets.get(name, ()), *(code for codes in dated for code in codes)}


def codes(rules: Sequence[ParsedRule], codebook: Codebook) -> Iterator[Diagnostic]:
    """Yield the codes that a rule looks for and no certificate carries, or none while it is in force."""
    read = [(each.rule, Constants([each.expression]).literals) for each in rules]
    diseases: dict[str, set[str | int]] = defaultdict(set)
    for rule, literals in read:
        for path in literals:
            if path.endswith(".tg"):
                diseases[rule.country] |= literals[path]
    for rule, literals in read:
        elsewhere = bool(diseases[rule.country] - {policy.DISEASE})
        for path, listed in sorted(literals.items()):
            field = _FIELD.fullmatch(path)
            if path in _ISSUED:
                yield from _countries(rule, path, listed)
            elif field and (name := _SETS.get(f"{field[1]}.{field[2]}")) is not None:
                known = _Known(name, codebook, elsewhere)
                for code in sorted(listed, key=str):
                    yield from _code(rule, path.removeprefix("payload."), code, listed, known)


class _Known(NamedTuple):
    """What is known of a value set, for rules about COVID-19 or `elsewhere`."""

    name: str
    codebook: Codebook
    elsewhere: bool

    def codes(self) -> set[str]:
        """Return every code that is known to be in the set, in any edition."""
        facts: Iterable[str] = {
            NAMES: (*(code for code in PRODUCTS if PRODUCTS[code].code_since), *_RARE),
            MAKERS: (maker for maker, _ in MADE.values()),
            PLATFORMS: _PLATFORMS,
            DISEASES: (policy.DISEASE,),
            TYPES: policy.TEST_TYPES.values(),
            RESULTS: policy.RESULTS.values(),
        }.get(self.name, ())
        return {*facts, *self.codebook.every(self.name)}

    def is_complete(self) -> bool:
        """Tell whether what is not known is in no certificate."""
        if self.codebook.every(self.name):
            return True
        return self.name in {NAMES, TYPES, RESULTS} and not self.elsewhere

    def since(self, code: str) -> str:
        """Return the day of the first edition with a code; "" if that is not known."""
        dated = self.codebook.editions.get(self.name, {})
        first = min((begins for begins, listed in dated.items() if code in listed), default=None)
        if first:
            return rfc3339(first)[:10]
        return _facts(code).code_since if self.name == NAMES else ""


def _facts(code: str) -> ProductFacts:
    return PRODUCTS.get(code, ProductFacts(code, 2))


def _code(
    rule: Rule, field: str, code: str | int, listed: set[str | int], known: _Known
) -> Iterator[Diagnostic]:
    if isinstance(code, int):
        message = (
            f'{field} is compared with the number {code}; certificates carry texts: write "{code}"'
        )
        yield warning(rule.name, "Logic", "code-number", message)
        return
    if not code:
        return
    codes = known.codes()
    if code in codes:
        since, ends = known.since(code), rfc3339(rule.valid_to)[:10]
        if since and since >= ends:
            message = f"{field}: “{code}” was taken up on {since}, when the rule is over"
            yield warning(rule.name, "Logic", "code-later", message)
        return
    near = _nearest(code, codes, known)
    if near is not None and near in listed and near.casefold() == code.casefold():
        # Written in both ways on purpose: what is in force takes whichever is carried.
        return
    if near is None and not known.is_complete():
        return
    where = f"no edition of {known.name}" + (
        "" if known.codebook.every(known.name) else " known here"
    )
    message = f"{field}: “{code[:60]}” is in {where}, so no certificate carries it" + (
        f": the code is “{near}”" if near else ""
    )
    yield warning(rule.name, "Logic", "code-unknown", message)


def _nearest(code: str, codes: set[str], known: _Known) -> str | None:
    spelled = {_spelled(each): each for each in sorted(codes)}
    if known.name == NAMES:
        for each in sorted(codes & PRODUCTS.keys()):
            for text in (PRODUCTS[each].name, *PRODUCTS[each].other_names):
                spelled.setdefault(_spelled(text), each)
    # Makers, devices and diseases have numbers: another number is another thing, not a slip.
    is_worded = known.name in {NAMES, TYPES, RESULTS} and known.is_complete()
    cutoff = CLOSE if is_worded else 1.0
    close = get_close_matches(_spelled(code), sorted(spelled), n=1, cutoff=cutoff)
    return spelled[close[0]] if close else None


def _spelled(text: str) -> str:
    words = re.findall(r"[^\W_]+", text[:80].casefold())
    return "".join(word for word in words if word not in {"vaccine", "vaccin", "impfstoff"})


def _countries(rule: Rule, path: str, listed: set[str | int]) -> Iterator[Diagnostic]:
    for code in sorted(_WRITTEN.keys() & listed, key=str):
        right = _WRITTEN[str(code)]
        if right not in listed:
            message = f"{path} is never “{code}”: rules see the code of ISO 3166-1, “{right}”"
            yield warning(rule.name, "Logic", "code-unknown", message)


class Scope(NamedTuple):
    """What products are looked at with.

    Attributes:
        rules: of all countries that are checked; readable.
        others: of destinations that were published before.
        held: the value sets.
        issued: products that the country's own certificates are issued for.
        publish_at: seconds since the epoch; 0 if no upload was named.
    """

    rules: Sequence[ParsedRule]
    others: Sequence[ParsedRule]
    codebook: Codebook
    issued: Sequence[str] = ()
    publish_at: int = 0


def products(scope: Scope) -> Iterator[Diagnostic]:
    """Yield what is odd about the vaccines that each place accepts."""
    places = sorted({_place(each.rule) for each in accepting(list(scope.rules))}, key=_key)
    beside = sorted({_place(each.rule) for each in accepting(list(scope.others))}, key=_key)
    answers = {place: _answers(place, scope.rules, scope) for place in places[:MOST_PLACES]}
    # Of a place that is checked, the rules before are no other destination's.
    names = {place.country for place in places}
    for place in [each for each in beside if each.country not in names][
        : MOST_PLACES - len(answers)
    ]:
        answers[place] = _answers(place, scope.others, scope)
    for place in places:
        answer = answers.get(place)
        if answer is None or not answer.accepted:
            continue
        yield from _named(answer, scope.rules)
        yield from _floor(answer)
        yield from _never(answer, scope)
        issued = [code for code in scope.issued if code in PRODUCTS or code in answer.known]
        if strange := sorted(set(scope.issued) - set(issued)):
            message = f"{listing(strange, joint='and')}: no edition of {NAMES} has that, so no certificate is issued for it"
            yield warning(answer.title(), "", "issued-unknown", message)
        yield from _issued(answer, issued)
        yield from _home(answer)
        others = [each for each in answers.values() if each.place != place and each.accepted]
        yield from _elsewhere(
            answer, [each for each in others if each.place.country != place.country], issued
        )


def _key(place: Destination) -> tuple[str, str]:
    return place.country, place.region or ""


def _place(rule: Rule) -> Destination:
    return Destination(rule.country, rule.region)


class Answers(NamedTuple):
    """What a place's rules say of each product at an instant.

    Attributes:
        place: the destination.
        at: seconds since the epoch.
        accepted: products with which a case passes, issued abroad.
        refused: products with which none does -> the rules that fail in every case.
        own: the same two of certificates that the country issued itself; None where no rule tells them apart.
        known: the codes of the value set, of the edition in force.
    """

    place: Destination
    at: int
    accepted: frozenset[str]
    refused: Mapping[str, frozenset[str]]
    own: tuple[frozenset[str], Mapping[str, frozenset[str]]] | None
    known: frozenset[str]

    def title(self) -> str:
        """Return what remarks about the place are headed with."""
        return f"ruleset {self.place.text}"


def _answers(place: Destination, rules: Sequence[ParsedRule], scope: Scope) -> Answers:
    concerned = [each for each in rules if each.rule.country == place.country]
    begins = [
        each.rule.valid_from for each in concerned
        if each.rule.region in {None, place.region} and each.rule.type is RuleType.ACCEPTANCE
    ]  # fmt: skip
    at = max([*begins, scope.publish_at])
    asked = _Asked(place, at, concerned, scope.codebook)
    wanted = asked.named | asked.known | set(floor(_day(at))) | set(scope.issued)
    wanted = {
        code for code in wanted if code in asked.known or code in MADE or code in scope.issued
    }
    listed = sorted(wanted)[:MOST_PRODUCTS]
    accepted, refused = asked.parted(listed, "XX")
    own = asked.parted(listed, place.country) if asked.tells_issuers else None
    return Answers(place, at, accepted, refused, own, frozenset(asked.known))


def _day(at: int) -> Any:
    return datetime.fromtimestamp(at, UTC).date()


class _Asked:
    """The rules of a place at an instant, asked about products within a number of steps."""

    def __init__(
        self, place: Destination, at: int, concerned: Sequence[ParsedRule], codebook: Codebook
    ) -> None:
        self.place, self.at = place, at
        self.clock = datetime.fromtimestamp(at, UTC).replace(hour=12, minute=0, second=0)
        own = [
            each for each in concerned
            if each.rule.kind in {None, Kind.VACCINATION} and each.rule.region in {None, place.region}
        ]  # fmt: skip
        self.constants = Constants([each.expression for each in own], codebook.value_sets)
        ruleset = Ruleset(
            [each.rule for each in own],
            dict(codebook.value_sets),
            compatible=True,
            editions=codebook.editions,
        )
        sets = dict(ruleset.sets_at(at))
        self.known = set(sets.get(NAMES, ())) or {
            code
            for code, facts in PRODUCTS.items()
            if "" < facts.code_since <= _day(at).isoformat()
        }
        self.named = {
            code for path, listed in self.constants.literals.items() if path.endswith(".mp")
            for code in listed if isinstance(code, str)
        }  # fmt: skip
        # What nobody holds is taken from the facts; a set of theirs that has not begun stays away.
        unheld = {name for name in self.constants.sets() if not codebook.every(name)}
        stand_ins = {
            NAMES: sorted(self.known), MAKERS: sorted(MADE[code][0] for code in self.known & MADE.keys()),
            PLATFORMS: list(_PLATFORMS),
        }  # fmt: skip
        sets |= {name: stand_ins.get(name, self.constants.members(name)) for name in unheld}
        self.sets, self.ruleset = sets, ruleset
        self.left = MOST_STEPS
        self._of_product = {
            each.rule.name for each in own if not _VARIED & Constants([each.expression]).paths
        }
        paths = self.constants.paths
        self.tells_issuers = "external.issuerCountryCode" in paths or any(
            each.rule.type is RuleType.INVALIDATION for each in own
        )

    def parted(
        self, listed: Iterable[str], issuer: str
    ) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
        """Return the products of certificates by an issuer that pass, and of the others who always refuses them."""
        rules = self.ruleset.select(self.place, issuer, Kind.VACCINATION, self.at)
        accepted: set[str] = set()
        refused: dict[str, frozenset[str]] = {}
        if not any(rule.type is RuleType.ACCEPTANCE for rule in rules):
            return frozenset(), {}
        cost = 100 + self.ruleset.steps(rules)
        for code in listed:
            answer = self._one(code, issuer, rules, cost)
            if answer is None:
                continue
            if answer:
                refused[code] = answer
            else:
                accepted.add(code)
        return frozenset(accepted), refused

    def _one(
        self, code: str, issuer: str, rules: tuple[Rule, ...], cost: int
    ) -> frozenset[str] | None:
        """Return who always refuses a product, empty if it passes; None if that is open, or the steps are spent."""
        always: frozenset[str] | None = None
        for case in self._cases(code, issuer):
            self.left -= cost
            if self.left < 0:
                return None
            failed = self._failed(rules, case)
            if not failed:
                return failed
            always = failed if always is None else always & failed
            if proof := failed & self._of_product:
                # They see nothing of what differs between the cases: this is proved, and costs one case.
                return proof
        return always or frozenset({NOBODY})

    def _failed(self, rules: tuple[Rule, ...], case: Case) -> frozenset[str] | None:
        """Return which rules fail; None if none does and one is open."""
        data = data_of(case, clock=self.clock, country=self.place.country, value_sets=self.sets)
        data["external"]["region"] = self.place.region or ""
        outcomes = self.ruleset.assess(rules, data)
        failed = frozenset(o.rule.name for o in outcomes if o.result is Result.FAILED)
        return None if not failed and any(o.result is Result.OPEN for o in outcomes) else failed

    def _cases(self, code: str, issuer: str) -> Iterator[Case]:
        maker, platform = MADE.get(code, ("unknown", ANTIGEN))
        doses = _facts(code).doses
        fixed: dict[str, Value] = {
            "payload.v.0.mp": code, "payload.v.0.ma": maker, "payload.v.0.vp": platform,
            "external.issuerCountryCode": issuer, "payload.v.0.co": issuer, "payload.dob": "1980-06-15",
        }  # fmt: skip
        for (number, course), day in pairs(self._numbers(doses), self._dates()):
            values = {
                **fixed,
                "payload.v.0.dn": number,
                "payload.v.0.sd": course,
                "payload.v.0.dt": day,
            }
            yield Case(("v",), tuple(values.items()), 0)

    def _numbers(self, doses: int) -> list[tuple[int, int]]:
        usual = [(doses, doses), (doses + 1, doses + 1), (doses + 1, doses), (3, 3), (1, 1)]
        literals = {
            value for name in ("dn", "sd") for value in self.constants.literals.get(f"payload.v.0.{name}", ())
            if isinstance(value, int) and 1 <= value <= 9
        }  # fmt: skip
        more = [(value, value) for low in sorted(literals) for value in (low, low + 1)]
        return list(dict.fromkeys([*usual, *more]))[:MOST_NUMBERS]

    def _dates(self) -> list[Value]:
        """List days of the last dose: one between every two thresholds, and around the days that rules name."""
        offsets = self.constants.offsets.get("payload.v.0.dt", ())
        edges = sorted({0, *(abs(amount) * HOURS[unit] // 24 for amount, unit in offsets)})
        middles = [(low + high) // 2 for low, high in pairwise(edges) if high > low + 1]
        ages = list(dict.fromkeys([60, *middles, edges[-1] + 30, *edges]))[:MOST_DATES]
        named = [
            value for value in candidates("payload.v.0.dt", None, self.constants) if isinstance(value, str)
        ]  # fmt: skip
        return [*(Ago(24 * age) for age in ages), *named[:4]]


def _said(listed: Iterable[str]) -> str:
    names = sorted(product_name(code) for code in listed)
    return listing(names, joint="and", most=len(names))


def _named(answer: Answers, rules: Sequence[ParsedRule]) -> Iterator[Diagnostic]:
    """Yield the products that a rule names and others of the same rules always refuse."""
    for each in rules:
        rule = each.rule
        if _place(rule) not in {
            answer.place,
            Destination(answer.place.country),
        } or not rule.in_force(answer.at):
            continue
        if rule.type is RuleType.INVALIDATION:
            continue
        literals = Constants([each.expression]).literals
        listed = {
            code for path, texts in literals.items() if path.endswith(".mp") for code in texts
        }
        by: dict[frozenset[str], list[str]] = {}
        for code in sorted(answer.refused.keys() & listed):
            if rule.name not in answer.refused[code]:
                by.setdefault(answer.refused[code], []).append(code)
        for refusing, several in sorted(by.items(), key=lambda item: item[1]):
            who = "with which no generated case passes"
            if NOBODY not in refusing:
                who = f"which {listing(sorted(refusing), joint='and')} always refuse{'s' if len(refusing) == 1 else ''}"
            message = f"it names {_said(several)}, {who}"
            yield warning(rule.name, "Logic", "product-refused-elsewhere", message)


def _floor(answer: Answers) -> Iterator[Diagnostic]:
    missing = [
        (since, PRODUCTS[code].name) for code in floor(_day(answer.at))
        if code in answer.refused and (since := PRODUCTS[code].listed or PRODUCTS[code].prequalified)
    ]  # fmt: skip
    if missing:
        shown = [f"{name} ({since})" for since, name in sorted(missing)]
        message = (
            f"not accepted, though on WHO's list (since): {listing(shown, joint='and', most=len(shown))}; "
            "publishing that takes a derogation, with its reason"
        )
        yield warning(answer.title(), "", "who-list", message)


def _never(answer: Answers, scope: Scope) -> Iterator[Diagnostic]:
    """Yield the products of the value set that is held with which no generated case passes."""
    if not scope.codebook.every(NAMES):
        return
    refused = (answer.refused.keys() & answer.known) - set(floor(_day(answer.at)))
    if refused:
        message = (
            f"no generated case passes with {len(refused)} of the {plural(len(answer.known), 'product')} of "
            f"{NAMES}, none of them on WHO's list: {_said(refused)}"
        )
        yield warning(answer.title(), "", "product-never-accepted", message)


def _issued(answer: Answers, issued: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield what a country gives its own certificates for, and does not accept at entry; and the reverse."""
    if not issued:
        return
    refused = answer.own[1] if answer.own else answer.refused
    if shut := refused.keys() & set(issued):
        message = (
            f"certificates of {answer.place.country} are issued for {_said(shut)}, and its entry rules refuse "
            "them: its own people cannot return by them"
        )
        yield warning(answer.title(), "", "issued-refused", message)
    if foreign := answer.accepted & answer.known - set(issued):
        message = (
            f"its entry rules accept {_said(foreign)}, for which {answer.place.country} issues no certificate: "
            "whoever was vaccinated so abroad has the foreign one only"
        )
        yield warning(answer.title(), "", "accepted-not-issued", message)


def _home(answer: Answers) -> Iterator[Diagnostic]:
    """Yield the products on which it hangs who issued the certificate."""
    if answer.own is None:
        return
    accepted, refused = answer.own
    country = answer.place.country
    if only := accepted & answer.refused.keys():
        message = (
            f"accepted if {country} issued the certificate, and refused from abroad: {_said(only)}"
        )
        yield warning(answer.title(), "", "accepted-at-home-only", message)
    if only := answer.accepted & refused.keys():
        message = (
            f"accepted from abroad, and refused if {country} issued the certificate: {_said(only)}"
        )
        yield warning(answer.title(), "", "accepted-from-abroad-only", message)


def _elsewhere(
    answer: Answers, others: Iterable[Answers], issued: Sequence[str]
) -> Iterator[Diagnostic]:
    """Yield in what other destinations of the rules at hand differ, for the people of this one."""
    home = frozenset(issued) or answer.accepted
    gone, come = [], []
    for other in others:
        if refused := home & other.refused.keys():
            gone.append(f"{other.place.text} ({_said(refused)})")
        if not issued and (more := other.accepted & answer.refused.keys()):
            come.append(f"{other.place.text} ({_said(more)})")
    if gone:
        what = "issued" if issued else "accepted"
        message = f"{what} here, and refused by {listing(gone, joint='and')}"
        yield warning(answer.title(), "", "refused-abroad", message)
    if come:
        message = f"refused here, and accepted by {listing(come, joint='and')}"
        yield warning(answer.title(), "", "accepted-abroad", message)


def readable(rules: Iterable[ParsedRule]) -> list[ParsedRule]:
    """Return the rules that can be asked, in an order of their own."""
    good = [each for each in rules if not variables.check(each.expression, compatible=True)]
    return sorted(
        good, key=lambda each: (each.rule.country, each.rule.region or "", each.rule.name)
    )
