"""One table of product facts: as its sources have it, and in use wherever a fact of a product is asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from pratique import assess
from pratique.intake.catalogue import Catalogue
from pratique.rules import policy
from pratique.rules.products import PRODUCTS, ProductFacts, floor

EARLIER_CODES = {"Vidprevtyn": "EU/1/21/1580", "VLA2001": "EU/1/21/1624"}
"""Codes of the EU's value set for products that were not authorised yet -> those that they were given then."""


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def published(facts: ProductFacts) -> tuple[str, int, str, str, str]:
    """Return what a table of the sources has of a product."""
    return (
        facts.display or facts.name,
        facts.doses,
        facts.code_since,
        facts.listed,
        facts.prequalified,
    )


def differences(folder: Path) -> list[str]:
    """Name each product of the table, or of a folder's, whose facts are not the same in both."""
    listings = {
        row["product"]: (row["eul_date"], row["pq_date"]) for row in rows(folder, "eul.csv")
    }
    theirs = {
        row["product"]: (
            row["name"],
            int(row["primary_doses"]),
            row["eu_code_since"],
            *listings.get(row["product"], ("", "")),
        )
        for row in rows(folder, "products.csv")
    }
    ours = {code: published(facts) for code, facts in PRODUCTS.items()}
    return sorted(code for code in {*ours, *theirs} if ours.get(code) != theirs.get(code))


def test_the_table_is_what_was_gathered(policy_tables: Path) -> None:
    assert differences(policy_tables) == []


def test_a_fact_that_differs_is_seen(policy_tables: Path, tmp_path: Path) -> None:
    for name, before, after in (
        ("products.csv", "Abdala,Abdala,CIGB", "Abdala,Abdalla,CIGB"),
        ("eul.csv", "2021-11-03", "2021-11-04"),
    ):
        text = (policy_tables / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(before, after), encoding="utf-8")
    assert differences(tmp_path) == ["Abdala", "Covaxin"]


def test_days_are_days_and_a_listed_product_can_be_carried_or_is_marked() -> None:
    for code, facts in PRODUCTS.items():
        for day in (facts.code_since, facts.listed, facts.prequalified):
            assert not day or date.fromisoformat(day).isoformat() == day
        assert bool(facts.code_since) != code.startswith("x-")
        assert 1 <= facts.doses <= 3


def test_no_name_means_two_products() -> None:
    names = [
        name.casefold()
        for code, facts in PRODUCTS.items()
        for name in {code, facts.name, *facts.other_names}
    ]
    assert len(set(names)) == len(names)


def test_the_floor_grows_on_the_day_of_a_listing() -> None:
    day = date(2021, 11, 3)
    before = floor(day - timedelta(days=1))
    assert set(floor(day)) - set(before) == {"Covaxin"}
    assert floor(date(2020, 12, 30)) == ()
    assert "EU/1/22/1709" in floor(date(2023, 10, 9))
    assert len(floor(date(2022, 5, 19))) == 11


def test_the_form_knows_whatever_a_certificate_can_carry() -> None:
    for code, facts in PRODUCTS.items():
        carried = None if code.startswith("x-") else code
        for name in (code, facts.name, *facts.other_names, facts.display or code):
            assert policy.product_code(name) == carried
    for earlier, code in EARLIER_CODES.items():
        assert policy.product_code(earlier) == code


def test_the_catalogue_and_the_courses_have_its_facts() -> None:
    known = Catalogue.builtin().product_of
    for code, facts in PRODUCTS.items():
        if product := known.get(code):
            days = (product.code_since, product.listed, product.prequalified)
            written = tuple(day.isoformat() if day else "" for day in days)
            assert (product.display, product.doses, *written) == published(facts)
        names = (code,) if facts.code_since else (facts.name, *facts.other_names)
        assert {assess.PRIMARY[name] for name in names} == {facts.doses}
    assert known["CVnCoV"].doses == 0
    assert set(PRODUCTS) - set(known) == {
        "EU/1/22/1709",
        *(code for code in PRODUCTS if code.startswith("x-")),
    }


def test_a_catalogue_file_that_names_a_product_keeps_what_is_known_of_it() -> None:
    row = {"code": "Covaxin", "domain": "DCC", "display": "Covaxin", "disease": assess.COVID}
    product = Catalogue.from_documents([{"products": [row]}]).product_of["Covaxin"]
    assert (product.doses, product.listed) == (2, date(2021, 11, 3))
