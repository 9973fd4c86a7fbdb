"""The catalogue is what is built in, with what published documents say instead."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.formats import codes
from pratique.intake import catalogue
from pratique.intake.catalogue import FIELDS, Catalogue, Product, ValueSetCode, parsed
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
            # WHO's catalogue for yellow fever has makers' names, and no codes of them.
            named = product.domain == "ICVP" and field == "manufacturer"
            assert named or getattr(product, field) in {*BUILTIN.sets[field], ""}
    assert len(set(catalogue.COUNTRIES)) == 250
    assert {"XA", "XU", "QM", "ZZ"} <= catalogue.OWN_COUNTRIES
    assert not {"QL", "DE"} & catalogue.OWN_COUNTRIES


def test_the_codes_in_use_of_a_field_are_listed() -> None:
    assert BUILTIN.codes("result") == ("260415000", "260373001")
    assert BUILTIN.codes("device") == ()


def test_a_value_set_replaces_the_codes_of_its_field_only() -> None:
    found = Catalogue.from_documents([DEVICES])
    assert found.codes("device") == ("1065",)
    assert found.sets["device"]["1097"] == ValueSetCode("Device B", active=False)
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
    row = {"code": "Arcavax", "domain": "DCC", "disease": codes.COVID}
    found = Catalogue.from_documents([{"products": [row]}])
    assert "Arcavax" in found.codes("product")
    assert "EU/1/20/1528" in found.codes("product")


def test_nothing_in_a_catalogue_can_be_changed() -> None:
    found: Any = Catalogue.builtin()
    with pytest.raises(TypeError):
        found.sets["product"]["x"] = ValueSetCode("x")
    with pytest.raises(TypeError):
        found.product_of["x"] = None


WHO_IDS = [
    STAMARIL,
    "YellowFeverProduct" + "1" * 32,
    "PolioVaccineInactivated(IPV)Product" + "2" * 32,
]
OTHER_ID = "MeaslesProduct" + "3" * 32
CODES = [{"code": code, "display": f"V{n}"} for n, code in enumerate([*WHO_IDS, OTHER_ID])]
SYSTEM = "http://smart.who.int/pcmt-vaxprequal/CodeSystem/PreQualProductIds"
TABLE = "Date of Prequalification,Vaccine Type,Commercial Name,No. of doses,Product ID,Manufacturer\r\n" + "".join(
    f'01/01/19{80 + n},"Type, {n}",V{n},10,{each["code"]},"Maker, Ltd"\r\n' for n, each in enumerate(CODES)
)  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"resourceType": "CodeSystem", "url": SYSTEM, "concept": CODES}),
        json.dumps({"resourceType": "CodeSystem", "concept": [{"code": "YellowFever", "concept": CODES}]}),
        json.dumps({"resourceType": "ValueSet", "compose": {"include": [{"system": SYSTEM, "concept": CODES}]}}),
        json.dumps({"resourceType": "ValueSet", "expansion": {"contains": CODES}}),
        TABLE, "\ufeff" + TABLE, TABLE.replace(",", ";").replace("\r\n", "\n"),
        TABLE.replace(STAMARIL, f"{SYSTEM}#{STAMARIL}"),
    ],
    ids=range(8),
)  # fmt: skip
def test_whos_catalogue_is_read_as_it_is_published(data: str) -> None:
    found = Catalogue.from_documents([parsed(data.encode())])
    products = {p.code: p for p in found.products("ICVP")}
    assert set(products) == set(WHO_IDS)
    assert [products[code].display for code in WHO_IDS] == ["V0", "V1", "V2"]
    assert [products[code].disease for code in WHO_IDS] == ["1D47", "1D47", "1C81"]
    assert found.product_of["EU/1/20/1528"] == BUILTIN.product_of["EU/1/20/1528"]


@pytest.mark.parametrize(
    "property_",
    [{"code": "status", "valueCode": "retired"}, {"code": "inactive", "valueBoolean": True}],
)
def test_a_retired_product_is_known_and_not_in_use(property_: dict[str, Any]) -> None:
    concept = {"code": WHO_IDS[1], "display": "V", "property": [property_]}
    found = Catalogue.from_documents([{"resourceType": "CodeSystem", "concept": [concept]}])
    assert not found.product_of[WHO_IDS[1]].active


@pytest.mark.parametrize(
    "data",
    [TABLE.replace("Product" + "1" * 32, "").replace(STAMARIL, "").replace("IPV)Product", ""), "a,b\n1,2\n",
     json.dumps({"resourceType": "CodeSystem"}), json.dumps({"resourceType": "ValueSet", "compose": 3})],
    ids=range(4),
)  # fmt: skip
def test_a_catalogue_without_identifiers_is_refused(data: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        Catalogue.from_documents([parsed(data.encode())])
    assert caught.value.code == "catalogue-identifiers"


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    with suppress(DocumentRefused):
        Catalogue.from_documents([parsed(data)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *FIELDS,
                    "valueSetId",
                    "valueSetValues",
                    "products",
                    "code",
                    "domain",
                    "rows",
                    "concept",
                    "compose",
                ]
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
