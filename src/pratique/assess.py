"""Ask a destination's rules about what an authentic certificate attests.

    kind, entries, certificate -> facts -> Ruleset.select -> Ruleset.assess -> Assessment

1. One engine and one snapshot for the desk and for the holder. Each entry of a certificate is put
   before the rules, and so is every course that the entries come to: the best answer counts.
2. Passed is said only if every rule that applies passed, and at least one did.
3. No rules for the country, none for this kind, or a rule that errs: open, never passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.authenticate import Verification, is_positive, stated_validity
from pratique.findings import Code, Finding, Severity, conclude
from pratique.model import (
    KINDS,
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Pass,
    Precision,
    Recovery,
    Test,
    Vaccination,
    wall_clock,
)
from pratique.rules.products import PRODUCTS
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
from pratique.terms import Kind, Scheme
from pratique.trust import countries
from pratique.trust.registry import IMPORTED, older
from pratique.trust.signer import Signer

# ----------------------------------------------------------------------------------------------------
# What rules may see of a certificate: health facts, places and times; never a person.
#
#     HealthCertificate, place, at -> {"payload": {v | t | r | e | p: [entry]}, "external": {...}, "holder"}
#
# 1. Built from the typed model, field by field: names, identifiers, issuing bodies and free texts are
#    not left out, they are never put in. So no rule can depend on them.
# 2. Instants are written on the wall clock of the port of entry at its offset of that instant, dates
#    stay dates: "14 days after the dose" begins at the port's midnight, and 72 hours are 72 hours on
#    the night that clocks change too.
# 3. The exact birth date is not there; the age in whole years at arrival is. When it was issued and
#    when it expires is told by the day.
# 4. Every format is put before rules in the form of the DCC, so that one ruleset judges all. What a format does
#    not say in its terms without a guess is named by the entry (`unmapped`): a rule that reads it is OPEN.


STATED = "stated"
"""What stands for an issuing body's name and for an identifier: rules ask whether there is one."""

GROUPS = {
    Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e", Kind.PASS: "p",
}  # fmt: skip


def data_of(
    kind: Kind,
    entries: tuple[Entry, ...],
    certificate: HealthCertificate,
    *,
    place: Destination,
    at: datetime,
    value_sets: Mapping[str, Any],
    compatible: bool = False,
) -> dict[str, Any]:
    """Return the data that rules are asked about.

    Args:
        kind: of the entries.
        entries: what is attested, by one certificate or by a course of several.
        certificate: whose issuer, issue and expiry count.
        place: where the holder arrives.
        at: aware, in the zone of the port of entry.
        value_sets: that rules may name.
        compatible: add what rules imported with `--allow-extra-variables` may read: the country of the event,
            the date of birth, and that an identifier and an issuing body are stated, never which.
    """
    offset = at.utcoffset() or timedelta()
    clock = _wall(at, offset)
    issuer = countries.code(certificate.issuer) if certificate.issuer else None
    external = {
        "validationClock": clock,
        "arrivalDate": clock[:10],
        "valueSets": value_sets,
        "countryCode": place.country,
        "issuerCountryCode": issuer,
        "region": place.region or "",
        "iat": _stamp(certificate.issued_at, offset),
        "exp": _stamp(certificate.expires_at, offset),
        "nbf": _stamp(certificate.not_before, offset),
    }
    payload: dict[str, Any] = {GROUPS[kind]: [_fields(entry, offset) for entry in entries]}
    if kind is Kind.PASS:
        # Whose pass it is, is all that it says: a leave of New Zealand is none of Switzerland.
        for fields in payload["p"]:
            fields["scheme"] = certificate.domain
    if compatible:
        for fields, entry in zip(payload[GROUPS[kind]], entries, strict=True):
            fields |= {"co": entry.country, "is": STATED, "ci": STATED}
        birth = certificate.person.birth_date
        payload["dob"] = birth.text() if birth is not None else ""
    age = age_years(certificate.person.birth_date, at)
    data = {"payload": payload, "external": external, "holder": {"ageYears": age}}
    return data if certificate.domain == _DCC else _partly(data, kind, entries, certificate)


def _partly(
    data: dict[str, Any], kind: Kind, entries: tuple[Entry, ...], certificate: HealthCertificate
) -> dict[str, Any]:
    """Mark in the data what another format than the DCC does not say in its terms."""
    from pratique.rules.certlogic.evaluate import PartlySaid  # noqa: PLC0415 - beside rules only

    payload, domain = data["payload"], certificate.domain
    for index, entry in enumerate(entries):
        if unmapped := unmapped_of(entry, domain):
            payload[GROUPS[kind]][index] = PartlySaid(payload[GROUPS[kind]][index], unmapped)
    external = data["external"]
    unsaid = {name for name in ("issuerCountryCode", "iat", "exp") if external[name] is None}
    if domain in _SCHEMES and unsaid:
        data["external"] = PartlySaid(external, frozenset(unsaid))
    if domain in _SCHEMES and certificate.person.birth_date is None:
        # Some print an age, some nothing: a child is not to be judged as a grown-up for that.
        data["holder"] = PartlySaid(data["holder"], frozenset({"ageYears"}))
        data["payload"] = PartlySaid(payload, frozenset({"dob"}))
    return data


def dcc_form(certificate: HealthCertificate) -> dict[str, Any]:
    """Return a certificate of another format as rules see it, for its holder; empty if it is a DCC.

    `made_from` marks it: nobody signed it so. Instants are in UTC; rules see them on the port's clock. Each entry
    says which fields have no value in the terms of rules (`not_mapped`).
    """
    domain = certificate.domain
    form: dict[str, Any] = {}
    for signed in certificate.entries if domain != _DCC else ():
        entry = _in_dcc_terms(signed, domain)
        fields, unmapped = _fields(entry, timedelta()), unmapped_of(entry, domain)
        if isinstance(entry, Pass):
            fields["scheme"] = domain
        said: dict[str, Any] = {k: v for k, v in fields.items() if k not in unmapped}
        if unmapped:
            said["not_mapped"] = sorted(unmapped)
        form.setdefault(GROUPS[KINDS[type(entry)]], []).append(said)
    return {"made_from": domain, **form} if form else {}


_EVENT_FIELDS: dict[type, tuple[tuple[str, str], ...]] = {
    Vaccination: (
        ("tg", "disease"), ("vp", "prophylaxis"), ("mp", "product"), ("ma", "manufacturer"),
        ("dn", "dose"), ("sd", "doses"), ("dt", "given"), ("co", "country"),
    ),
    Test: (
        ("tg", "disease"), ("tt", "test_type"), ("ma", "device"), ("sc", "sampled"), ("tr", "result"),
        ("co", "country"),
    ),
}  # fmt: skip
"""Type of an entry -> the fields of the DCC that a card of another scheme may leave out, and where they stand here."""
_DCC, _DDCC, _NAAT = "DCC", "DDCC", "LP6464-4"
_SCHEMES = frozenset(scheme.value for scheme in Scheme)


def unmapped_of(entry: Entry, domain: str) -> frozenset[str]:
    """Return the fields of the DCC that an entry does not say in its terms: what it names, and what it lacks.

    What a DCC leaves out, its issuer left out: that is judged. What a card of another scheme has no field for, or
    leaves open, is not said, and proves nothing.
    """
    named = frozenset(getattr(entry, "unmapped", ()))
    if domain not in _SCHEMES:
        return named
    fields = _EVENT_FIELDS.get(type(entry), ())
    lacking = {name for name, place in fields if not _is_said(getattr(entry, place))}
    if isinstance(entry, Test) and entry.test_type == _NAAT:
        # A DCC of a laboratory test has no device either: there `ma` is for rapid tests (eu-dcc-schema).
        lacking -= {"ma"}
    return named | lacking


_ESSENCE = {Test: "tr", Vaccination: "tg"}
"""Of which field of an entry no rule can do without: a result, a disease."""


def _is_said(value: object) -> bool:
    # Rules take a month or a year as its last day: of a dose or a sample that would be the freshest it can be.
    precision = getattr(value, "precision", None)
    return value is not None and precision not in {Precision.YEAR, Precision.MONTH}


def _in_dcc_terms(entry: Entry, domain: str) -> Entry:
    """Return an entry of a WHO DDCC, whose codes are of any system, in the codes of the DCC.

    A code that is not known stays as it is written, and is named as what is not said in their terms.
    """
    if domain != _DDCC or not isinstance(entry, Vaccination | Test):
        return entry
    from pratique.formats import codes  # noqa: PLC0415 - nearly all certificates are DCCs

    disease = codes.disease_of_any(entry.disease)
    if isinstance(entry, Test):
        test_type = codes.test_type(entry.test_type or "")
        return entry._replace(
            disease=disease,
            test_type=test_type or entry.test_type,
            result=codes.result("SNOMED", entry.result or "") or entry.result,
            unmapped=() if test_type else ("tt",),
        )
    brand, kind = codes.of_any(entry.product), codes.of_any(entry.prophylaxis)
    said = brand if brand is not None and brand.product else kind
    left_open = ("vp", "mp", "ma") if said is None else said.unmapped
    return entry._replace(
        disease=disease or (said.disease if said is not None else None),
        prophylaxis=said.prophylaxis if said is not None else entry.prophylaxis,
        product=said.product if said is not None else entry.product,
        manufacturer=(said.manufacturer if said is not None else None) or entry.manufacturer,
        unmapped=left_open if entry.doses is not None else (*left_open, "sd"),
    )


def age_years(birth: Moment | None, at: datetime) -> int | None:
    """Return the age in whole years at `at`; of a partial date, the youngest it can mean."""
    if birth is None:
        return None
    born, today = birth.last_day(), at.date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years >= 0 else None


def _fields(entry: Entry, offset: timedelta) -> dict[str, Any]:
    fields: dict[str, Any]
    if isinstance(entry, Vaccination):
        fields = {
            "tg": entry.disease, "vp": entry.prophylaxis, "mp": entry.product,
            "ma": entry.manufacturer, "dn": entry.dose, "sd": entry.doses,
            "dt": _said(entry.given, offset),
        }  # fmt: skip
    elif isinstance(entry, Test):
        fields = {
            "tg": entry.disease, "tt": entry.test_type, "ma": entry.device,
            "sc": _said(entry.sampled, offset), "tr": entry.result,
        }  # fmt: skip
    elif isinstance(entry, Recovery):
        fields = {"tg": entry.disease, "fr": _said(entry.first_positive, offset)}
    elif isinstance(entry, Exemption):
        fields = {"tg": entry.disease}
    else:
        fields = {}
    # What it says of its own validity: `df` and `du` of the DCC, `vls` and `vle` of the ICVP,
    # `valid_from` and `valid_until` of the DDCC.
    fields["df"] = _said(entry.valid_from, offset)
    fields["du"] = _said(entry.valid_until, offset)
    return {name: value for name, value in fields.items() if value is not None}


def _said(moment: Moment | None, offset: timedelta) -> str | None:
    if moment is None:
        return None
    if moment.precision is Precision.INSTANT and isinstance(moment.first, datetime):
        return _wall(moment.first, offset)
    return moment.text()


def _stamp(seconds: int | None, offset: timedelta) -> str | None:
    if seconds is None or not 0 <= seconds < 253_402_214_400:
        return None
    # The day alone: a rule that cut between two seconds could single out whoever was certified then.
    return _wall(datetime.fromtimestamp(seconds, UTC), offset)[:10]


def _wall(instant: datetime, offset: timedelta) -> str:
    wall = wall_clock(instant, offset)
    if wall.microsecond:
        return f"{wall.isoformat(timespec='milliseconds')[:23]}Z"
    return f"{wall.isoformat()[:19]}Z"


# ----------------------------------------------------------------------------------------------------
# The course of one person: doses and illnesses that are over, whoever printed them.
#
#     prints of one person -> those that are surely different doses -> every count that they come to
#
# 1. A printed "n of m" is one issuer's view; a dose given elsewhere is missing in it. Doses are counted.
# 2. Two prints are two doses only if they surely are: `APART` days at least lie between them, and they
#    differ in the number, the product, or the country too. What may be one is never counted as two: a
#    correction, a reprint, a renewal.
# 3. A primary course has as many doses as the product that needs most of those that it is made of
#    (`PRIMARY`), and as many as are printed where that is not known, or is more while it runs.
# 4. One dose after a recovery from COVID-19 completes. Doses after a complete course are boosters: 3/2, 2/1.
# 5. Counted are all sets of surely different doses, so that another print only ever adds a count: more
#    proof takes nothing away, and no order matters.


COVID = "840539006"

PRIMARY = {
    name: facts.doses
    for code, facts in PRODUCTS.items()
    for name in ((code,) if facts.code_since else (facts.name, *facts.other_names))
}
"""Product -> doses of its primary course. Codes of the EU value set vaccines-covid-19-names (see NOTICE);
products without one stand by their names."""

_PRIMARY = {name.casefold(): doses for name, doses in PRIMARY.items()}

APART = 14
"""Days between two prints under which they may be one dose: no product's two doses are given nearer."""

MOST = 5
"""Doses that are counted at most; who has more is told by what the last print says."""

STEPS = 50_000
"""Comparisons of two prints after which no larger sets are looked for: pairs come first, and all of
those among 300 prints are made."""


class Counted(NamedTuple):
    """A dose with the number that the doses up to it come to: `which` of the prints it is."""

    which: int
    dose: int
    doses: int


class _Dose(NamedTuple):
    # What tells a dose from another one, and how many doses its primary course needs.
    disease: str
    day: date
    number: int | None
    product: str | None
    places: frozenset[str]
    needed: int | None


class _Set(NamedTuple):
    members: tuple[int, ...]
    most: int | None  # that the members' products need; None: not known
    primary: int | None  # doses of the primary course, once it is complete


def courses(prints: Sequence[tuple[HealthCertificate, Entry]]) -> list[Counted]:
    """Return every dose with every number that surely different doses up to it come to.

    What is printed itself is not repeated, nor is what is known too little of: a date not known to
    the day, a disease not named.
    """
    if len(prints) < 2:
        return []
    found: dict[Counted, None] = {}
    for doses, where, recovered in _by_disease(prints):
        for members, most, primary in _course_sets(doses):
            last = members[-1]
            for index in where[doses[last]]:
                entry = prints[index][1]
                assert isinstance(entry, Vaccination)
                if len(members) > 1 and most is not None:
                    # The last print says at least how many there were before it.
                    number = max(len(members), entry.dose or 1)
                    found[Counted(index, number, primary or most)] = None
                if recovered is not None and recovered < doses[members[0]].day:
                    found[Counted(index, len(members), 1)] = None
    return [one for one in found if not _printed(one, prints)]


def printed_twice(prints: Sequence[tuple[HealthCertificate, Entry]]) -> bool:
    """Tell whether two prints that differ were held to be one dose."""
    told: dict[_Dose, Entry] = {}
    for certificate, entry in prints:
        dose = _dose(certificate, entry)
        if dose is not None and told.setdefault(dose, entry) != entry:
            return True
    ordered = sorted(told, key=_key)[:_MANY]
    return any(
        one.disease == other.disease and not surely_two(one, other)
        for position, one in enumerate(ordered)
        for other in ordered[position + 1 :]
    )


_MANY = 400


def surely_two(one: _Dose, other: _Dose) -> bool:
    """Tell whether two prints of one disease are surely two doses."""
    if abs((one.day - other.day).days) < APART:
        return False
    numbers = one.number is not None is not other.number and one.number != other.number
    products = (
        one.product in _PRIMARY and other.product in _PRIMARY and one.product != other.product
    )
    # A dose is printed by who gave it, and again by who was shown that print.
    abroad = bool(one.places and other.places) and not one.places & other.places
    return numbers or products or abroad


def _by_disease(
    prints: Sequence[tuple[HealthCertificate, Entry]],
) -> Iterator[tuple[list[_Dose], dict[_Dose, list[int]], date | None]]:
    where: dict[str, dict[_Dose, list[int]]] = defaultdict(lambda: defaultdict(list))
    recovered: list[date] = []
    for index, (certificate, entry) in enumerate(prints):
        dose = _dose(certificate, entry)
        if dose is not None:
            where[dose.disease][dose].append(index)
        # Of no other disease is an illness known to stand for a dose.
        elif (
            isinstance(entry, Recovery)
            and entry.first_positive
            and _disease(entry.disease) == COVID
        ):
            recovered.append(entry.first_positive.last_day())
    for disease, doses in where.items():
        first = min(recovered, default=None) if disease == COVID else None
        yield sorted(doses, key=_key), doses, first


def _course_sets(doses: list[_Dose]) -> Iterator[_Set]:
    # All sets of surely different doses in the order of their days, smaller ones first.
    two: dict[tuple[int, int], bool] = {}
    steps = 0
    sets = [_grown(None, index, dose) for index, dose in enumerate(doses)]
    while sets:
        yield from sets
        larger: list[_Set] = []
        for one in sets if len(sets[0].members) < MOST else ():
            for index in range(one.members[-1] + 1, len(doses)):
                steps += 1
                if steps > STEPS:
                    yield from larger
                    return
                for member in one.members:
                    if (member, index) not in two:
                        two[member, index] = surely_two(doses[member], doses[index])
                if all(two[member, index] for member in one.members):
                    larger.append(_grown(one, index, doses[index]))
        sets = larger


def _grown(one: _Set | None, index: int, dose: _Dose) -> _Set:
    before, most = ((), 0) if one is None else (one.members, one.most)
    members = (*before, index)
    if one is not None and one.primary is not None:
        # A booster of a product that is not known here is a booster nevertheless.
        return one._replace(members=members)
    most = None if most is None or dose.needed is None else max(most, dose.needed)
    whole = most is not None and most <= len(members)
    return _Set(members, most, len(members) if whole else None)


def _dose(certificate: HealthCertificate, entry: Entry) -> _Dose | None:
    if not isinstance(entry, Vaccination) or entry.given is None:
        return None
    if entry.given.precision not in {Precision.DAY, Precision.INSTANT}:
        return None
    product = entry.product.casefold() if entry.product else None
    disease = _disease(entry.disease) or (COVID if product in _PRIMARY else None)
    if disease is None:
        return None
    said = {countries.code(text) for text in (certificate.issuer, entry.country) if text}
    places = frozenset(place for place in said if place)
    return _Dose(disease, entry.given.day(), entry.dose, product, places, _needed(entry, product))


def _disease(code: str | None) -> str | None:
    # ICD-11 in WHO's certificates, SNOMED CT in the EU's.
    return COVID if code in {"RA01", "RA01.0"} else code


def _needed(entry: Vaccination, product: str | None) -> int | None:
    known, printed = _PRIMARY.get(product or ""), entry.doses
    if printed is not None and printed < 1:
        printed = None
    if known is None:
        return printed
    if printed is not None and entry.dose is not None and entry.dose < printed:
        # While a course runs, its issuer knows of what it needs: 1/3 to the immunosuppressed.
        return max(known, printed)
    return known


def _key(dose: _Dose) -> tuple[date, int, str, list[str], int]:
    return (
        dose.day, dose.number or 0, dose.product or "", sorted(dose.places), dose.needed or 0
    )  # fmt: skip


def _printed(one: Counted, prints: Sequence[tuple[HealthCertificate, Entry]]) -> bool:
    entry = prints[one.which][1]
    return isinstance(entry, Vaccination) and (entry.dose, entry.doses) == (one.dose, one.doses)


def as_counted(entry: Entry, counted: Counted) -> Vaccination:
    """Return a dose as it is counted."""
    assert isinstance(entry, Vaccination)
    # Doses that were surely different are a number that nobody guessed.
    unmapped = tuple(name for name in entry.unmapped if name not in {"dn", "sd"})
    return entry._replace(dose=counted.dose, doses=counted.doses, unmapped=unmapped)


class Standing(StrEnum):
    """What the rules together say."""

    PASSED = "passed"
    OPEN = "open"
    FAILED = "failed"


class Claim(NamedTuple):
    """What is put before the rules: an entry, and the certificate that carries it.

    `counted` tells that its number is not the printed one, but that of a course; `reasons` are what its
    certificate's format could not say in the DCC's terms, as it was read.
    """

    kind: Kind
    entries: tuple[Entry, ...]
    certificate: HealthCertificate
    signer: Signer | None = None
    counted: bool = False
    reasons: tuple[Finding, ...] = ()


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
    """Return what a certificate itself claims: each of its entries, which may be of several kinds."""
    certificate = found.certificate
    assert certificate is not None
    reasons = tuple(f for f in found.verdict.findings if f.code is Code.NOT_MAPPED)
    return [
        Claim(
            KINDS[type(entry)],
            (_in_dcc_terms(entry, certificate.domain),),
            certificate,
            found.signer,
            reasons=reasons,
        )
        for entry in certificate.entries
    ]


def doubts_of(claim: Claim, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what is in doubt about one claim of a certificate.

    A positive test in a card of several events doubts that test; the vaccination beside it stands.
    """
    doubts = tuple(f for f in findings if f.code.severity is Severity.WARNING)
    if all(is_positive(entry) for entry in claim.entries):
        return doubts
    return tuple(f for f in doubts if f.code is not Code.TEST_POSITIVE)


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
    findings = stated + tuple(
        Finding(_CODES[outcome.result], outcome.rule.identifier)
        for outcome in outcomes
        if outcome.result is not Result.PASSED
    )
    missing = dict.fromkeys(name for outcome in outcomes for name in outcome.missing)
    findings += tuple(Finding(Code.VALUE_SET_MISSING, name) for name in missing)
    unsaid = dict.fromkeys(outcome.unmapped for outcome in outcomes if outcome.unmapped)
    domain = claim.certificate.domain
    if domain != _DCC:
        # A rule that asks for the date alone is not to pass "Positive (Ct 20)", nor a dose against who knows what.
        unsaid |= {
            name: None
            for entry in claim.entries
            if (name := _ESSENCE.get(type(entry))) in unmapped_of(entry, domain)
        }
    if unsaid:
        findings += tuple(Finding(Code.FIELD_NOT_MAPPED, name) for name in unsaid)
        findings += claim.reasons
    # A key that its issuer's name alone binds is of no country whose Invalidation rules could be asked.
    nowhere = domain in _SCHEMES and issuer_of(claim) is None
    if nowhere and ruleset.voided_by_some(claim.kind, instant):
        findings += (Finding(Code.ISSUER_RULES_UNKNOWN),)
    results = {outcome.result for outcome in outcomes}
    if Result.FAILED in results:
        return Assessment(Standing.FAILED, outcomes, findings)
    is_open = Result.OPEN in results or any(f.code.severity is Severity.WARNING for f in findings)
    standing = Standing.OPEN if is_open else Standing.PASSED
    return Assessment(standing, outcomes, findings)


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
    said_of_it = without_no_rules(found)
    positive = tuple(f for f in said_of_it if f.code is Code.TEST_POSITIVE)
    put = [
        Put(claim, doubts_of(claim, positive), assess(claim, snapshot, place, at))
        for claim in claims
    ]
    best = best_of(put)
    said = best.answer.findings
    if best.answer.standing is Standing.FAILED and any(
        second_decides(claim, snapshot, place, at) for claim in claims
    ):
        said = (Finding(Code.SECOND_CERTIFICATE),)
    if len(printed) > 1:
        said += inferred(printed, best)
    kept = (f for f in said_of_it if f not in positive or f in best.doubts)
    findings = tuple(dict.fromkeys((*kept, *said)))
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
    return any(finding.code.severity is Severity.ERROR for finding in found.verdict.findings)


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


LAST = 253_402_041_600
"""9999-12-29: from here on a day more, or another zone's clock, may lie beyond the calendar."""


# The health code: a colour for one destination and instant, why, until when, and what would help.
#
# 1. It names rules and findings, never a person; it holds no number that rates anybody.
# 2. It is a value: the same certificates, rules, place and instant make the same code everywhere.
