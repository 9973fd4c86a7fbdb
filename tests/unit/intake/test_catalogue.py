"""The catalogue is what is built in, with what published documents say instead."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.intake import catalogue_codes as known
from pratique.intake.catalogue import FIELDS, Catalogue, Product, Value
from tests.unit.intake.handed_in import BUILTIN, STAMARIL

YELLOW = {
    "code": "YellowFeverProductXYZ",
    "domain": "ICVP",
    "disease": "1D47",
    "display": "Invented",
}
DEVICES = {
    "valueSetId": "covid-19-lab-test-manufacturer-and-name",
    "valueSetDate": "2022-01-01",
    "valueSetValues": {
        "1065": {
            "display": "Device A",
            "lang": "en",
            "active": True,
            "system": "x",
            "version": "1",
        },
        "1097": {
            "display": "Device B",
            "lang": "en",
            "active": False,
            "system": "x",
            "version": "1",
        },
    },
}


def test_the_builtin_knows_products_and_what_follows_from_them() -> None:
    product = BUILTIN.product_of["EU/1/20/1528"]
    assert (product.display, product.manufacturer, product.prophylaxis, product.interval) == (
        "Comirnaty", "ORG-100030215", "1119349007", 21,
    )  # fmt: skip
    assert BUILTIN.product_of[STAMARIL].disease == "1D47"
    assert [p.code for p in BUILTIN.products("ICVP")] == [STAMARIL]
    assert len(BUILTIN.products("DCC")) == 38
    assert len(BUILTIN.products()) == 39


def test_the_builtin_is_consistent_with_itself() -> None:
    for product in BUILTIN.products():
        assert product.disease in BUILTIN.sets["disease"]
        for field in ("manufacturer", "prophylaxis"):
            assert getattr(product, field) in {*BUILTIN.sets[field], ""}
    assert len(set(known.COUNTRIES)) == 250
    assert {"XA", "XU", "QM", "ZZ"} <= known.OWN_COUNTRIES
    assert not {"QL", "DE"} & known.OWN_COUNTRIES


def test_the_codes_in_use_of_a_field_are_listed() -> None:
    assert BUILTIN.codes("result") == ("260415000", "260373001")
    assert BUILTIN.codes("device") == ()


def test_a_value_set_replaces_the_codes_of_its_field_only() -> None:
    found = Catalogue.from_documents([DEVICES])
    assert found.codes("device") == ("1065",)
    assert found.sets["device"]["1097"] == Value("Device B", active=False)
    assert found.codes("product") == BUILTIN.codes("product")
    assert BUILTIN.codes("device") == ()


def test_value_sets_without_words_are_read_too() -> None:
    found = Catalogue.from_documents([{"disease-agent-targeted": ["840539006"], "other": ["x"]}])
    assert set(found.codes("disease")) == {"840539006", "1D47", "1C81"}


def test_a_value_set_of_another_field_changes_nothing() -> None:
    document = {"valueSetId": "elsewhere", "valueSetValues": {"x": {"display": "x"}}}
    assert Catalogue.from_documents([document]) == BUILTIN


def test_a_catalogue_file_adds_products() -> None:
    row = YELLOW | {"since": "1999-12-31", "interval": 30, "active": False}
    found = Catalogue.from_documents([{"products": [YELLOW, row | {"code": "Q"}]}])
    assert found.product_of["YellowFeverProductXYZ"] == Product(
        "YellowFeverProductXYZ", "ICVP", "Invented", "1D47"
    )
    product = found.product_of["Q"]
    assert (product.since, product.interval, product.active) == (date(1999, 12, 31), 30, False)
    assert "Q" not in {p.code for p in found.products()}
    assert STAMARIL in found.product_of


@pytest.mark.parametrize(
    "document",
    [None, [], "text", {}, {"rules": []}, {"a": 1}, {"products": [1]}, {"products": [{}]},
     {"products": [YELLOW | {"code": ""}]}, {"products": [YELLOW | {"domain": "SHC"}]},
     {"products": [YELLOW | {"interval": "30"}]}, {"products": [YELLOW | {"interval": -1}]},
     {"products": [YELLOW | {"since": "1999"}]}, {"products": [YELLOW | {"since": "1999-02-30"}]},
     {"products": [YELLOW | {"display": 1}]}, {"products": [YELLOW | {"disease": []}]}],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_catalogue_is_refused(document: object) -> None:
    with pytest.raises(DocumentRefused) as caught:
        Catalogue.from_documents([document])
    assert caught.value.code.startswith("catalogue-")


def test_a_product_that_a_catalogue_file_adds_may_be_issued() -> None:
    row = {"code": "Arcavax", "domain": "DCC", "disease": known.COVID}
    found = Catalogue.from_documents([{"products": [row]}])
    assert "Arcavax" in found.codes("product")
    assert "EU/1/20/1528" in found.codes("product")


def test_nothing_in_a_catalogue_can_be_changed() -> None:
    found: Any = Catalogue.builtin()
    with pytest.raises(TypeError):
        found.sets["product"]["x"] = Value("x")
    with pytest.raises(TypeError):
        found.product_of["x"] = None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*FIELDS, "valueSetId", "valueSetValues", "products", "code", "domain"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3))
def test_any_document_is_read_or_refused(documents: list[object]) -> None:
    with suppress(DocumentRefused):
        assert isinstance(Catalogue.from_documents(documents), Catalogue)
