"""Codes of other systems say in the DCC's terms what they surely say, and name what they leave open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats import codes
from pratique.formats.codes import ANY, COVID, MADE, MRNA, SPIKE, VECTOR, Vaccine
from pratique.intake.catalogue import MANUFACTURERS, PRODUCTS, PROPHYLAXIS
from pratique.terms import Scheme

FR, IN = frozenset({"FR"}), frozenset({"IN"})
SYSTEMS = ["CVX", "SNOMED", "ATC", "ICD-11", "GTIN", "EU"]
EVERY = sorted({*codes._PRODUCTS, *codes._CLASSES, *codes._SHARED, *codes._OTHER_DISEASES})
known = st.sampled_from(EVERY)
places = st.frozensets(st.sampled_from(["FR", "GB", "IN", "US", "XA"]))


@given(known, places)
def test_a_code_gives_a_product_with_all_that_follows_or_names_what_it_leaves_open(
    key: tuple[str, str], countries: frozenset[str]
) -> None:
    said = codes.vaccine(*key, countries=countries)
    assert said is not None
    fields = {"vp": said.prophylaxis, "mp": said.product, "ma": said.manufacturer}
    # What has no value is never merely missing, and whatever is left open has a reason made of the code.
    assert {name for name, value in fields.items() if value is None} <= set(said.unmapped)
    assert bool(said.unmapped) is bool(said.reason)
    if said.product is None:
        assert {"mp", "ma"} <= set(said.unmapped)
        assert said.reason == f"{key[0]} {key[1]}"
    else:
        assert (said.manufacturer, said.prophylaxis) == tuple(v or None for v in MADE[said.product])


@given(st.sampled_from(sorted(codes._CLASSES)), places)
def test_no_code_of_a_class_gives_a_product(
    key: tuple[str, str], countries: frozenset[str]
) -> None:
    said = codes.vaccine(*key, countries=countries)
    assert said is not None
    assert (said.product, said.manufacturer) == (None, None)
    assert ("vp" in said.unmapped) is (said.prophylaxis in codes.COARSE)


@given(st.sampled_from(sorted(codes._OTHER_DISEASES)))
def test_a_vaccine_against_another_disease_has_no_product(key: tuple[str, str]) -> None:
    said = codes.vaccine(*key)
    assert said is not None
    assert said.disease is not None
    assert said.disease != COVID
    assert said[1:4] == (None, None, None)
    assert codes.disease("ICD-11", said.disease) == said.disease


@given(st.sampled_from(sorted(MADE)))
def test_a_product_is_itself(product: str) -> None:
    said = codes.vaccine("EU", product)
    assert said is not None
    assert said.product == product
    assert codes.vaccine("EU", said.prophylaxis or ANY) is not None


@given(st.sampled_from(SYSTEMS), st.text(max_size=30), places)
def test_a_code_that_is_not_known_says_nothing(
    system: str, code: str, countries: frozenset[str]
) -> None:
    said = codes.vaccine(system, code, countries=countries)
    padded = code.rjust(2, "0") if system == "CVX" else code
    is_known = (system, padded) in EVERY or (
        system == "EU" and (code in MADE or code in PROPHYLAXIS)
    )
    assert (said is not None) is (
        is_known or (system, padded) in {("CVX", "204"), ("ICD-11", "XM7P50")}
    )


@pytest.mark.parametrize(
    ("countries", "product"),
    [
        (FR, "EU/1/21/1529"), (frozenset({"GB"}), "EU/1/21/1529"), (IN, None), (frozenset(), None),
        (frozenset({"FR", "GP"}), None), (frozenset({"FR", "IN"}), None), (frozenset({"CA"}), None),
    ],
)  # fmt: skip
def test_cvx_210_is_vaxzevria_only_where_no_other_was_given(
    countries: frozenset[str], product: str | None
) -> None:
    said = codes.vaccine("CVX", "210", countries=countries)
    assert said is not None
    assert (said.product, said.prophylaxis) == (product, VECTOR)
    assert said.reason == ("" if product else "CVX 210")


@pytest.mark.parametrize(
    ("system", "code", "product"),
    [
        ("CVX", "208", "EU/1/20/1528"), ("CVX", "302", "EU/1/20/1528"), ("CVX", "520", "EU/1/20/1528"),
        ("CVX", "230", "EU/1/20/1507"), ("CVX", "519", "EU/1/20/1507"), ("CVX", "212", "EU/1/20/1525"),
        ("CVX", "511", "CoronaVac"), ("CVX", "512", "Covifenz"), ("CVX", "515", "MVC-COV1901"),
        ("CVX", "518", "EU/1/21/1624"), ("CVX", "521", "EU/1/21/1580"), ("CVX", "213", None),
        ("CVX", "500", None), ("CVX", "514", None), ("CVX", "309", None), ("CVX", "501", None),
        ("ICD-11", "XM8NQ0", "EU/1/20/1528"), ("ICD-11", "XM97T2", "Covishield"),
        ("ICD-11", "XM3CT4", None), ("ICD-11", "XM1J92", None), ("ICD-11", "XM0GQ8", None),
        ("ICD-11", "XM1NL1", None), ("ATC", "J07BX03", None), ("ATC", "J07BN01", None),
        ("SNOMED", "31341000087103", "Sputnik-V"), ("SNOMED", MRNA, None), ("EU", MRNA, None),
    ],
)  # fmt: skip
def test_a_code_names_the_product_that_it_is_of_alone(
    system: str, code: str, product: str | None
) -> None:
    said = codes.vaccine(system, code, countries=FR)
    assert said is not None
    assert (said.disease, said.product) == (COVID, product)


@pytest.mark.parametrize(
    ("text", "scheme", "product"),
    [
        ("COMIRNATY PFIZER/BIONTECH", Scheme.TWO_D_DOC, "EU/1/20/1528"),
        ("COVID-19 VACCINE MODERNA", Scheme.TWO_D_DOC, "EU/1/20/1507"),
        ("SPIKEVAX", Scheme.TWO_D_DOC, "EU/1/20/1507"),
        ("VAXZEVRIA", Scheme.TWO_D_DOC, "EU/1/21/1529"),
        ("COVID-19 Vaccine AstraZeneca", Scheme.TWO_D_DOC, "EU/1/21/1529"),
        ("COVID-19 VACCINE JANSSEN", Scheme.TWO_D_DOC, "EU/1/20/1525"),
        ("COVISHIELD", Scheme.DIVOC, "Covishield"), ("covaxin", Scheme.DIVOC, "Covaxin"),
        ("Sputnik V", Scheme.DIVOC, "Sputnik-V"), ("Pfizer Comirnaty", Scheme.VDS_NC, "EU/1/20/1528"),
        ("Covishield (AstraZeneca)", Scheme.DIVOC, "Covishield"),
    ],
)  # fmt: skip
def test_a_brand_in_a_text_is_its_product(text: str, scheme: Scheme, product: str) -> None:
    assert codes.named(text, scheme) == codes.of_product(product)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("COVID-19 Vaccine Pfizer", MRNA), ("Moderna", MRNA), ("AstraZeneca", VECTOR), ("Janssen", VECTOR),
        ("Moderna COVID-19 Vaccine", MRNA), ("Pfizer-BioNTech COVID-19", MRNA), ("PFIZER/BIONTECH", MRNA),
        ("COVID-19 Vaccine Moderna/Takeda", MRNA),
        ("COVID-19 Vaccine Janssen (Ad26.COV2-S [recombinant])", VECTOR), ("Johnson & Johnson (Janssen)", VECTOR),
        ("Pfizer-BioNTech (BNT162b2), second dose", MRNA), ("mRNA-1273 Moderna", MRNA),
        ("AstraZeneca AB", VECTOR), ("Oxford/AstraZeneca", VECTOR), ("Moderna Biotech Spain, S.L.", MRNA),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", [Scheme.DIVOC, Scheme.VDS_NC])
def test_a_maker_alone_says_the_platform(text: str, platform: str, scheme: Scheme) -> None:
    said = codes.named(text, scheme)
    assert said is not None
    assert said[:6] == (COVID, platform, None, None, ("mp", "ma"), "the maker's name alone")


@pytest.mark.parametrize(
    "text", ["", "CoVax", "Pfizer Spikevax", "COMIRNATY or SPIKEVAX", "Pfizer Moderna", "x" * 300]
)
def test_a_text_that_names_no_vaccine_or_two_names_none(text: str) -> None:
    for scheme in Scheme:
        assert codes.named(text, scheme) is None


@pytest.mark.parametrize(
    "text",
    [
        "Prevenar 13 (Pfizer)", "mRESVIA Moderna", "FluMist AstraZeneca", "Zabdeno (Janssen)", "Zabdeno Janssen",
        "Pfizer Influenza vaccine", "Moderna mRNA-1345", "Janssen Ad26.ZEBOV", "Janssen Ad26", "Pfizer 20",
        "Вакцина Pfizer", "Pfizer_Trumenba", "Nimenrix by Pfizer Europe MA EEIG", "TicoVac Pfizer",
    ],
)  # fmt: skip
def test_a_makers_other_vaccines_are_none_against_covid(text: str) -> None:
    for scheme in Scheme:
        assert codes.named(text, scheme) is None


@pytest.mark.parametrize("maker", ["Pfizer", "BioNTech", "Moderna", "AstraZeneca", "Janssen"])
@given(word=st.from_regex(r"[a-z]{4,12}", fullmatch=True), scheme=st.sampled_from(Scheme))
def test_an_unknown_word_beside_a_maker_names_nothing(
    maker: str, word: str, scheme: Scheme
) -> None:
    known = codes._BESIDE_MAKERS | codes._MAKERS.keys() | codes._BRANDS.keys()
    said = codes.named(f"{maker} {word}", scheme)
    assert said is None or word in known


def _of(text: str) -> Vaccine:
    said = codes.vaccine("ICD-11", text) or codes.named(text, Scheme.VDS_NC)
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("XM8NQ0", "Moderna", True), ("Comirnaty", "Moderna", True), ("XM3DT5", "Pfizer", True),
        ("XM8NQ0", "XM3DT5", True), ("XM8NQ0", "XM9QW8", True), ("Moderna", "Pfizer", True),
        ("XM2WV4", "Pfizer", True), ("XM7P50", "Janssen", True), ("XM7P50", "Comirnaty", True),
        ("XM5DF6", "Comirnaty", True), ("XM0CX4", "AstraZeneca", True), ("Janssen", "AstraZeneca", True),
        ("XM9T65", "XM4EC8", True), ("Sputnik V", "AstraZeneca", True), ("XM0GQ8", "EpiVacCorona", True),
        # What says less, and fits.
        ("XM8NQ0", "XM0GQ8", False), ("XM8NQ0", "Pfizer", False), ("Comirnaty", "XM68M6", False),
        ("XM0GQ8", "Moderna", False), ("Covishield", "AstraZeneca", False), ("Vaxzevria", "AstraZeneca", False),
        ("XM9T65", "Nuvaxovid", False), ("XM9T65", "Covovax", False), ("XM5JC5", "EpiVacCorona", False),
        ("XM3CT4", "Comirnaty", False), ("XM8NQ0", "Comirnaty", False),
    ],
)  # fmt: skip
def test_statements_that_no_one_vaccine_fits_contradict_each_other(
    text: str, other: str, expected: bool
) -> None:
    assert codes.contradict(_of(text), _of(other)) is expected
    assert codes.contradict(_of(other), _of(text)) is expected


def test_of_a_contradiction_the_disease_is_left_where_all_say_it() -> None:
    open_ = ("vp", "mp", "ma")
    assert codes.contradicted(_of("XM8NQ0"), _of("Moderna")) == Vaccine(
        COVID, None, None, None, open_
    )
    for other in ("XM0N24", "XM7P50"):
        assert codes.contradicted(_of("XM8NQ0"), _of(other))[:5] == (*(None,) * 4, ("tg", *open_))


@given(st.text(max_size=400), st.sampled_from(Scheme))
def test_no_text_makes_more_than_a_product_of_the_value_set(text: str, scheme: Scheme) -> None:
    said = codes.named(text, scheme)
    assert said is None or said.product is None or said.product in MADE


@pytest.mark.parametrize(
    ("written", "code"),
    [("945006", "94500-6"), ("94309", "94309-2"), ("943092", "94309-2"), ("94500-6", "94500-6"), ("4000", "4000"), ("", "")],
)  # fmt: skip
def test_a_loinc_code_gets_back_its_hyphen_and_check_digit(written: str, code: str) -> None:
    assert codes.loinc(written) == code


def test_no_test_is_both_for_the_virus_and_for_antibodies() -> None:
    for code in codes._ANTIBODIES:
        assert codes.is_antibody(code)
        assert codes.test_type(code) is None
    for code in codes._TEST_TYPES:
        assert not codes.is_antibody(code)
        assert codes.test_type(code) in {"LP6464-4", "LP217198-3"}
    assert codes.test_type("8310-5") is None
    assert [codes.test_named(text) for text in ("RT-PCR", "molecular(PCR)", "antigen", "antibody")] == [
        "LP6464-4", "LP6464-4", "LP217198-3", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("system", "text", "result"),
    [
        ("SNOMED", "260385009", "260415000"), ("SNOMED", "10828004", "260373001"),
        ("SNOMED", "82334004", None), ("TEXT", " Negative ", "260415000"), ("TEXT", "Not  Detected", "260415000"),
        ("TEXT", "inconclusive", None), ("2D-DOC", "N", "260415000"), ("2D-DOC", "X", None), ("2D-DOC", "I", None),
        ("HL7", "POS", "260373001"), ("", "260415000", None),
    ],
)  # fmt: skip
def test_a_result_is_detected_or_not_or_none(system: str, text: str, result: str | None) -> None:
    assert codes.result(system, text) == result


def test_diseases_are_written_as_certificates_write_them() -> None:
    assert codes.disease("ICD-11", "RA01") == codes.disease("ICD-11", "RA01.0") == COVID
    assert codes.disease("SNOMED", "840539006") == codes.disease("TEXT", "COVID-19") == COVID
    assert codes.disease("ICD-11", "1D47") == codes.disease("SNOMED", "16541001") == "1D47"
    assert codes.disease("TEXT", "COVID") is None


def test_intake_knows_what_formats_know() -> None:
    assert {code for code, _ in PRODUCTS} == set(MADE)
    assert {maker for maker, _ in MADE.values()} <= {*MANUFACTURERS, ""}
    assert {platform for _, platform in MADE.values()} <= {*PROPHYLAXIS, ""}
    assert MADE["Covifenz"][1] == "30141000087107"
    assert codes.vaccine("CVX", "514") == Vaccine(
        COVID, "1187593009", None, None, ("mp", "ma"), "CVX 514"
    )
    assert codes.vaccine("CVX", "211", countries=IN) == Vaccine(
        COVID,
        SPIKE,
        None,
        None,
        ("mp", "ma"),
        "CVX 211",
        frozenset({"EU/1/21/1618", "NVX-CoV2373", "Covovax"}),
    )


def test_every_code_stands_in_the_value_sets(corpora: Path) -> None:
    sets = json.loads((corpora / "spec/valuesets/valueSets.json").read_text())
    assert set(sets["vaccines-covid-19-names"]) == set(MADE)
    assert set(sets["vaccines-covid-19-auth-holders"]) == set(MANUFACTURERS)
    assert set(sets["sct-vaccines-covid-19"]) == set(PROPHYLAXIS)
    assert set(sets["covid-19-lab-test-type"]) == {codes.NAAT, codes.RAPID}
    assert set(sets["covid-19-lab-result"]) == {codes.DETECTED, codes.NOT_DETECTED}
