"""The harm: to see whom rules shut out, somebody gathers the people whom they shut out.

1. Every field of every type of the lab is looked at: none can hold a person, and no type of a person's is in one.
2. Every key that comes out stands in a closed list.
3. A table with a row for each person is refused: a place has one row a day.
4. A certificate that is handed in is refused, and nothing of it is said.
Each has its control: the same look finds a person where there is one.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pratique import impact, model
from pratique.cli.main import pratique
from pratique.errors import DocumentRefused, PratiqueError
from pratique.impact import report, world
from tests import issuers
from tests.harms import canary
from tests.networks import State
from tests.travellers import day
from tests.unit.cli.test_policy import data, rules  # noqa: F401 - fixtures
from tests.unit.impact.test_report import assessed, border, tables
from tests.unit.impact.test_world import small

PERSONAL = (
    "surname", "forename", "birth", "born", "passport", "identifier", "certificate", "holder", "person",
    "phone", "mail", "address", "sex", "gender", "nationality", "kid", "uvci",
)  # fmt: skip
KEYS = {
    "format", "destination", "country", "region", "at", "headline", "rules", "state",
    "products", "product", "name", "accepted", "refused_by", "listed", "has_code",
    "shut_out", "let_in", "vaccinated", "with_floor", "floor_only", "nothing_on_offer", "low", "high", "countries", "people", "by_income", "by_region", "places",
    "ways", "kind", "first", "last", "unit", "sentence", "exempt_below",
    "burden", "traveller", "way", "documents", "tests", "doses", "days", "is_free",
    "expiry", "median", "lapsed_people", "lapsed", "without_boosters", "untold", "cliffs", "day", "why",
    "lost", "gained", "course",
    "floor_missing", "turned", "before", "come", "go", "loses", "gains", "cautions", "code",
    "data", "version", "digest", "ends",
}  # fmt: skip
"""Every key of a report, but places' and income groups' codes: of a destination, a rule, a product, a count."""


def fields(of: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of a module's types, with what they hold."""
    for value in vars(of).values():
        if isinstance(value, type) and value.__module__ == of.__name__:
            for name, held in typing.get_type_hints(value).items():
                yield f"{value.__name__}.{name}", str(held)


def personal(of: Any) -> list[str]:
    return [
        name
        for name, held in fields(of)
        if "pratique.model" in held or any(word in name.lower() for word in PERSONAL)
    ]


def modules() -> list[Any]:
    listed = pkgutil.iter_modules(impact.__path__, "pratique.impact.")
    return [importlib.import_module(module.name) for module in listed]


CODED = {"by_income", "by_region", "places", "lapsed"}
"""What is told of each country or income group, by its code."""


def keys(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            if key not in CODED:
                yield from keys(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys(value)


def test_no_type_of_the_lab_can_hold_a_person() -> None:
    looked = modules()
    assert len(looked) >= 4
    assert [name for of in looked for name in personal(of)] == []
    assert sum(len(list(fields(of))) for of in looked) > 50
    # The control: a person's own types are found by the same look.
    assert {"Person.surname", "Person.birth_date"} <= set(personal(model))


def test_no_key_of_a_report_is_of_a_person() -> None:
    document = report.to_json(report.assess(border(), tables(), border()))
    assert set(keys(document)) <= KEYS
    assert "surname" in set(keys({"rows": [{"surname": "Bloggs"}]})) - KEYS


def test_a_report_says_nothing_but_of_countries() -> None:
    written = json.dumps(report.to_json(assessed())).encode()
    scanner = canary.Scanner(canary.people(5))
    assert scanner.scan(written) == set()
    named = canary.people(5)[0]
    assert scanner.scan(written + f" {named.surname}".encode())


def test_a_table_with_a_row_for_each_person_is_refused() -> None:
    people = small()
    person = people["doses"][0]
    people["doses"] = [person, person | {"doses": "1"}]
    with pytest.raises(DocumentRefused) as refused:
        world.read(people)
    assert refused.value.code == "policy-data-double"


def test_a_certificate_is_no_rule_and_nothing_of_it_is_said(
    tmp_path: Path,
    data: Path,  # noqa: F811 - the fixture
) -> None:
    person = canary.people(1)[0]
    likeness = issuers.JO._replace(
        surname=person.surname, forename=person.forename, surname_icao=person.surname,
        forename_icao=person.forename, birth_date=day(person.birth_date),
    )  # fmt: skip
    text = State("XXA").issue(issuers.RECORDS["vaccination"]._replace(person=likeness))
    file = tmp_path / "handed-in.json"
    scanner = canary.Scanner([person])
    for content in (text, json.dumps({"nam": {"fn": person.surname}, "rules": [person.surname]})):
        file.write_text(content)
        assert scanner.scan(content.encode())
        result = CliRunner().invoke(pratique, ["policy", "impact", str(file), "--data", str(data)])
        assert isinstance(result.exception, PratiqueError)
        said = f"{result.exception.message} {result.exception.hint} {result.output}"
        assert scanner.scan(said.encode()) == set()
