"""Rules from a form: CertLogic with descriptions, ready to be checked and published.

    Policy -> one rule for each thing that it demands -> documents

1. Every rule is one demand, so that a person who fails is told which.
2. An age that is not known is nobody's: it exempts no one.
3. A recovery counts from its first positive test: dates that an issuer puts beside it are not relied on
   (the EU's template did).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pratique.rules import policy as rules_policy
from pratique.rules.certlogic.describe import listing
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from pratique.rules.logic import Constants
from pratique.rules.policy import Policy
from pratique.rules.products import product_name
from pratique.text import plural, rfc3339

ENGINE, ENGINE_VERSION, SCHEMA_VERSION = "CERTLOGIC", "1.3.3", "1.3.0"
Logic = dict[str, Any]
_CLOCK: Logic = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}


class Demand(NamedTuple):
    """One rule to be: its name in the form, prefix, kind, words and logic."""

    name: str
    prefix: str
    kind: str
    text: str
    logic: Logic


def build(policy: Policy) -> list[dict[str, Any]]:
    """Return the rules of a form, as documents."""
    found = []
    numbers: dict[str, int] = {}
    for demand in _demands(policy):
        numbers[demand.prefix] = numbers.get(demand.prefix, 0) + 1
        found.append(_document(policy, demand, numbers[demand.prefix]))
    return found


def _demands(policy: Policy) -> Iterator[Demand]:
    yield _kinds(policy)
    yield _disease(policy)
    yield from _vaccination(policy)
    yield from _test(policy)
    if policy.recovery is not None:
        start, end = policy.recovery
        first = _var("payload.r.0.fr")
        text = f"The first positive test was made {start} to {end} days before arrival."
        logic = {"and": [_from(first, start), _until(first, end)]}
        yield Demand("recovery", "RR", "Recovery", text, logic)
    if policy.exemption:
        begins, ends = _var("payload.e.0.df"), _var("payload.e.0.du")
        logic = {"and": [
            {"if": [begins, _from(begins, 0), True]}, {"if": [ends, _until(ends, 0), True]},
        ]}  # fmt: skip
        text = "The exemption is in force on the day of arrival."
        yield Demand("exemption", "ER", "Exemption", text, logic)


def _kinds(policy: Policy) -> Demand:
    accepted = [
        (group, name)
        for group, name, terms in (
            ("v", "vaccination", policy.vaccination), ("t", "test", policy.test),
            ("r", "recovery", policy.recovery), ("e", "exemption", policy.exemption),
        )
        if terms
    ]  # fmt: skip
    text = f"Accepted are certificates of {_listing([name for _, name in accepted])}."
    if policy.reason:
        text += f" There is no other way, because: {policy.reason}"
    logic = any_of([_var(f"payload.{group}.0") for group, _ in accepted])
    return Demand("kinds", "GR", "General", text, logic)


def _disease(policy: Policy) -> Demand:
    shown = "COVID-19" if policy.disease == rules_policy.DISEASE else policy.disease
    parts = [
        {"if": [_var(f"payload.{group}.0"), _same(f"payload.{group}.0.tg", policy.disease), True]}
        for group in "vtre"
    ]
    return Demand("disease", "GR", "General", f"The certificate is about {shown}.", {"and": parts})


def _vaccination(policy: Policy) -> Iterator[Demand]:
    terms = policy.vaccination
    if terms is None:
        return
    kind, dose = "Vaccination", _var("payload.v.0.dt")
    names = _listing([product_name(code) for code in terms.products])
    text = f"The vaccine is {names}."
    yield Demand("products", "VR", kind, text, _in("payload.v.0.mp", terms.products))
    number, course = _var("payload.v.0.dn"), _var("payload.v.0.sd")
    if terms.doses_complete:
        text = "The course of vaccination is complete: all its doses were given."
        yield Demand("doses", "VR", kind, text, {">=": [number, course]})
    text = "The last dose was given before arrival, or on that day."
    if terms.days_after:
        text = f"The last dose was given at least {plural(terms.days_after, 'day')} before arrival."
    yield Demand("waiting", "VR", kind, text, _from(dose, terms.days_after))
    if terms.validity_days is not None:
        text = (
            f"The last dose was given at most {plural(terms.validity_days, 'day')} before arrival"
        )
        logic = _until(dose, terms.validity_days)
        if terms.boosters_unlimited:
            booster = any_of([{">": [number, 2]}, {">": [number, course]}])
            logic = {"if": [booster, True, logic]}
            text += ", unless it was a booster"
        yield Demand("validity", "VR", kind, f"{text}.", logic)


def _test(policy: Policy) -> Iterator[Demand]:
    terms = policy.test
    if terms is None:
        return
    kind = "Test"
    limits = [
        ("naat", rules_policy.NAAT, "NAA test (such as PCR)", terms.naat_hours),
        ("rapid", rules_policy.RAPID, "rapid antigen test", terms.rapid_hours),
    ]
    types = [(code, shown) for _, code, shown, hours in limits if hours]
    text = f"The test is of an accepted type: {_listing([shown for _, shown in types])}."
    yield Demand("tests", "TR", kind, text, _in("payload.t.0.tt", [code for code, _ in types]))
    names = [name for name, code in rules_policy.RESULTS.items() if code in terms.results]
    text = f"The result of the test is: {_listing(names)}."
    yield Demand("results", "TR", kind, text, _in("payload.t.0.tr", terms.results))
    sample: Logic = {"plusTime": [_var("payload.t.0.sc"), 0, "hour"]}
    for name, code, shown, hours in limits:
        if hours:
            latest: Logic = {"plusTime": [_var("payload.t.0.sc"), hours, "hour"]}
            within = {"not-after": [sample, _CLOCK, latest]}
            text = f"The sample for a {shown} was taken at most {hours} hours before arrival."
            text = text.replace("a NAA", "an NAA")
            logic = {"if": [_same("payload.t.0.tt", code), within, True]}
            yield Demand(name, "TR", kind, text, logic)
    if terms.rapid_listed and terms.rapid_hours:
        listed = _var(f"external.valueSets.{rules_policy.DEVICES}")
        known = {"in": [_var("payload.t.0.ma"), listed]}
        text = "The product of a rapid antigen test is on the common list."
        logic = {"if": [_same("payload.t.0.tt", rules_policy.RAPID), known, True]}
        yield Demand("devices", "TR", kind, text, logic)


def _document(policy: Policy, demand: Demand, number: int) -> dict[str, Any]:
    logic, text = demand.logic, demand.text
    if policy.minors_below:
        minor = {"in": [_var("holder.ageYears"), list(range(policy.minors_below))]}
        logic = {"if": [minor, True, logic]}
        text += f" Children below {policy.minors_below} are exempt from this."
    parsed = parse(logic)
    assert isinstance(parsed, Expression)
    read = [path for path in Constants([parsed]).paths if path.startswith(("payload.", "holder."))]
    return {
        "Identifier": f"{demand.prefix}-{policy.country}-{number:04d}",
        "Type": "Acceptance",
        "Country": policy.country,
        "Version": policy.version,
        "SchemaVersion": SCHEMA_VERSION,
        "Engine": ENGINE,
        "EngineVersion": ENGINE_VERSION,
        "CertificateType": demand.kind,
        "Description": [
            {"lang": "en", "desc": text},
            *(
                {"lang": language, "desc": texts[demand.name]}
                for language, texts in sorted(policy.texts.items())
                if demand.name in texts and language != "en"
            ),
        ],
        "ValidFrom": rfc3339(policy.valid_from),
        "ValidTo": rfc3339(policy.valid_to),
        "AffectedFields": sorted(path.removeprefix("payload.") for path in read),
        "Logic": logic,
    }


def _var(path: str) -> Logic:
    return {"var": path}


def _same(path: str, value: str) -> Logic:
    return {"===": [_var(path), value]}


def _in(path: str, values: Any) -> Logic:
    return {"in": [_var(path), list(values)]}


def any_of(parts: list[Logic]) -> Logic:
    """Write "or", which CertLogic has not: not all of them are not."""
    if len(parts) == 1:
        return {"!": [{"!": parts}]}
    return {"!": [{"and": [{"!": [part]} for part in parts]}]}


def _from(event: Logic, days: int) -> Logic:
    return {"not-before": [_CLOCK, {"plusTime": [event, days, "day"]}]}


def _until(event: Logic, days: int) -> Logic:
    # The whole of the last day counts, so that nobody's certificate ends at its midnight.
    return {"before": [_CLOCK, {"plusTime": [event, days + 1, "day"]}]}


def _listing(names: list[str]) -> str:
    return listing(names, joint="or", most=len(names))
