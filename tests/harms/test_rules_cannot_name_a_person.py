"""A rule that singles out persons: it cannot be written, and no swap of identity moves a verdict."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import model
from pratique.assess import data_of
from pratique.decision import decide
from pratique.errors import DocumentRefused
from pratique.model import HealthCertificate, Moment, Person, Precision
from pratique.rules import rule
from pratique.rules.ruleset import Destination, Ruleset
from tests import travellers as t

CANARY = "QZXKVJQ"
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ<", min_size=1, max_size=20)


def real_rules(corpora: Path) -> Ruleset:
    """Return every published rule of the corpora, and its value sets."""
    rules = [
        rule.read(row)
        for path in sorted((corpora / "business-rules").glob("??.json"))
        for row in json.loads(path.read_bytes())["rules"]
    ]
    value_sets = json.loads((corpora / "spec/valuesets/valueSets.json").read_bytes())
    return Ruleset(rules, value_sets, compatible=True)


def leaves(value: Any) -> set[str]:
    """Return every text in a JSON value, value sets left out."""
    if isinstance(value, dict):
        return {x for name, inner in value.items() if name != "valueSets" for x in leaves(inner)}
    if isinstance(value, list):
        return {x for inner in value for x in leaves(inner)}
    return {value} if isinstance(value, str) else set()


def marked() -> HealthCertificate:
    """Return a certificate whose personal fields all carry the canary."""
    name = f"{CANARY}A"
    person = Person(
        name, name, name, name, Moment(Precision.DAY, date(1904, 2, 29)), name, name, name
    )
    found = t.shown(t.sample(), person).certificate
    assert found is not None
    first = found.entries[0]
    assert isinstance(first, model.Test)
    entry = first._replace(name=name, site=name, authority=name, identifier=name)
    return found._replace(entries=(entry,), payload={"nam": {"fn": name}})


def data(certificate: HealthCertificate) -> dict[str, Any]:
    return data_of(
        certificate.kind, certificate.entries, certificate,
        place=t.UTOPIA, at=t.NOON, value_sets={},
    )  # fmt: skip


def test_no_personal_text_reaches_the_rules() -> None:
    seen = leaves(data(marked()))
    assert not any(CANARY in text for text in seen)
    assert "1904-02-29" not in seen


def test_the_scan_would_see_one() -> None:
    leaky = data(marked())
    leaky["payload"]["t"][0]["is"] = f"{CANARY}A"
    assert any(CANARY in text for text in leaves(leaky))


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES, st.dates(date(1930, 3, 1), date(1990, 1, 1)))
def test_a_verdict_does_not_depend_on_who_it_is(surname: str, forename: str, born: date) -> None:
    held = t.snapshot()
    person = Person(surname, forename, surname, forename, Moment(Precision.DAY, born))
    for entry in (t.dose(), t.dose("2022-02-25"), t.sample(), t.recovery()):
        renamed = entry._replace(authority=surname, identifier=forename)
        mine = decide([t.shown(entry)], snapshot=held, place=t.UTOPIA, at=t.NOON)
        theirs = decide([t.shown(renamed, person)], snapshot=held, place=t.UTOPIA, at=t.NOON)
        assert mine == theirs


def test_nor_under_any_real_rule(corpora: Path) -> None:
    ruleset = real_rules(corpora)
    held = t.snapshot(list(ruleset.rules), ruleset=ruleset)
    # Real rules are let in that read the date of birth, for the age; so it stays the same.
    other = Person("X", "Y", "X", "Y", t.JO.birth_date)
    for country in ruleset.countries:
        place = Destination(country)
        for entry in (t.dose(), t.sample(), t.recovery()):
            renamed = entry._replace(authority=CANARY, identifier=CANARY)
            mine = decide([t.shown(entry)], snapshot=held, place=place, at=t.NOON)
            theirs = decide([t.shown(renamed, other)], snapshot=held, place=place, at=t.NOON)
            assert mine == theirs, country


@pytest.mark.parametrize("field", ["nam.fnt", "dob", "v.0.ci", "v.0.is", "t.0.tc", "t.0.nm"])
def test_a_rule_that_asks_for_a_person_is_refused_at_load(field: str) -> None:
    hunting = t.rule("GR-XU-0001", {"!": [{"var": f"payload.{field}"}]})
    with pytest.raises(DocumentRefused) as refused:
        t.snapshot([hunting])
    assert refused.value.code == "rule-variable"


@pytest.mark.parametrize("field", ["ci", "is"])
def test_an_imported_rule_learns_that_it_is_stated_and_never_what(field: str) -> None:
    asks = t.rule("GR-XU-0001", {"!": [{"!": [{"var": f"payload.v.0.{field}"}]}]})
    hunts = t.rule("GR-XU-0002", {"===": [{"var": f"payload.v.0.{field}"}, "URN:UVCI:01:XA:1"]})
    held = t.snapshot([asks, hunts], ruleset=Ruleset([asks, hunts], compatible=True))
    found = decide([t.shown(t.dose())], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert [outcome.result.value for outcome in found.outcomes] == ["passed", "failed"]
