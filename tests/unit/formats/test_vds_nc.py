"""Seals (ICAO VDS-NC): what is signed, each trap of the text, and what each field says in the neutral model."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import model, strict_json
from pratique.assess import unmapped_of
from pratique.authenticate import Verification, read
from pratique.findings import Code, Colour, Finding
from pratique.formats import Decoded, Sealed, vds_nc
from pratique.model import Precision, Vaccination
from pratique.snapshot import Snapshot
from pratique.terms import Environment, Kind, Scheme
from pratique.trust import csca
from pratique.trust.signer import TrustList
from pratique.verification import verify
from tests import travellers
from tests.schemes import vds_nc as seals
from tests.schemes.vds_nc import DATA, TEST_DATA, make

NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
SNAPSHOT = Snapshot(
    number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(seals.AUTHORITY.signers())
)  # fmt: skip


def check(text: str) -> Verification:
    return verify(text, snapshot=SNAPSHOT, at=NOON)


def changed(data: dict[str, Any] = DATA, **members: Any) -> dict[str, Any]:
    """Return the data with some members of its message changed ("pid.n": …; None takes one away)."""
    found = copy.deepcopy(data)
    for path, value in members.items():
        *parents, last = path.split("__")
        group: Any = found["msg"]
        for name in parents:
            group = group[int(name)] if name.isdigit() else group[name]
        if value is None:
            del group[last]
        else:
            group[last] = value
    return found


def decoded(data: dict[str, Any]) -> Decoded:
    message = strict_json.canonical(data)
    sealed = Sealed(Scheme.VDS_NC, data["hdr"]["is"], b"", None, message, b"", message)
    return vds_nc.decode(sealed, frozenset({"XA"}))


def doses(data: dict[str, Any]) -> list[Vaccination]:
    certificate = decoded(data).certificate
    assert certificate is not None
    return [entry for entry in certificate.entries if isinstance(entry, Vaccination)]


def sample(data: dict[str, Any]) -> model.Test:
    certificate = decoded(data).certificate
    assert certificate is not None
    (entry,) = certificate.entries
    assert isinstance(entry, model.Test)
    return entry


# What is signed.


def test_the_canonical_form_is_that_of_other_peoples_vectors(corpora: Path) -> None:
    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: whole(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [whole(inner) for inner in value]
        # Fractions are refused before anything is written; a vector has one that is a whole number.
        return int(value) if isinstance(value, float) else value

    for path in sorted(corpora.glob("jcs/*.input.json")):
        document = whole(json.loads(path.read_bytes()))
        expected = path.with_name(path.name.replace("input", "output")).read_bytes()
        assert strict_json.canonical(document) == expected.strip(), path.name


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_the_canonical_form_is_that_of_another_library(value: Any) -> None:
    library = pytest.importorskip("rfc8785")
    assert strict_json.canonical(value) == library.dumps(value)


def test_names_are_sorted_by_their_units_and_not_by_their_letters() -> None:
    # U+10000 is written with units below U+E000, and is a later letter.
    assert (
        strict_json.canonical({"\U00010000": 1, "\ue000": 2})
        == '{"\U00010000":1,"\ue000":2}'.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        make(),
        make(indent=2),
        make(ends=True),
        "\ufeff".join(("", make())),
        "  " + make(indent=1) + "\n",
        json.dumps(dict(reversed(json.loads(make()).items()))),
        json.dumps({"sig": json.loads(make())["sig"], "data": {"msg": DATA["msg"], "hdr": DATA["hdr"]}}),
        make().replace("BLOGGS", "BLO\\u0047GS"),
        make().replace('"v": 1', '"v":    1'),
    ],
)  # fmt: skip
def test_order_white_space_and_escapes_are_free(text: str) -> None:
    found = check(text)
    assert {one.code for one in found.verdict.findings} <= {Code.NO_RULES}
    assert found.certificate is not None


# Each part that is altered is refused, with a code of its own.

PARTS: list[tuple[dict[str, Any], Code]] = [
    (changed(pid__n="BLOGGS  AN"), Code.SIGNATURE_INVALID),
    (changed(ve__0__vd__0__dvc="2021-06-14"), Code.SIGNATURE_INVALID),
    (changed(uvci="XA-SEAL-9"), Code.SIGNATURE_INVALID),
    ({**DATA, "more": 1}, Code.SIGNATURE_INVALID),
    ({**DATA, "hdr": {**DATA["hdr"], "is": "XXB"}}, Code.SEAL_COUNTRY),
    ({**DATA, "hdr": {**DATA["hdr"], "v": 2}}, Code.SIGNATURE_INVALID),
    ({**DATA, "hdr": {**DATA["hdr"], "is": "xxa"}}, Code.HEADER_REFUSED),
    ({**DATA, "hdr": {**DATA["hdr"], "is": 5}}, Code.HEADER_REFUSED),
    ({**DATA, "hdr": 1}, Code.HEADER_REFUSED),
    ({**DATA, "msg": []}, Code.HEADER_REFUSED),
]


@pytest.mark.parametrize(("shown", "code"), PARTS)
def test_what_is_altered_is_refused(shown: dict[str, Any], code: Code) -> None:
    found = check(make(shown=shown))
    assert found.verdict.colour is Colour.RED
    assert code in {one.code for one in found.verdict.findings}
    assert found.certificate is None


SIGNED = json.loads(make())["sig"]


@pytest.mark.parametrize(
    ("sig", "finding"),
    [
        ({"sigvl": SIGNED["sigvl"][:-4]}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": SIGNED["sigvl"] + "AAAA"}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": "MEUCIQD" + SIGNED["sigvl"]}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": ""}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": "A"}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": None}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"sigvl": "Ä" + SIGNED["sigvl"][1:]}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"alg": "ES384"}, Finding(Code.SIGNATURE_FORM, "sig.sigvl")),
        ({"cer": 7}, Finding(Code.SIGNATURE_FORM, "sig.cer")),
        ({"cer": "*"}, Finding(Code.SIGNATURE_FORM, "sig.cer")),
        ({"alg": "none"}, Finding(Code.ALGORITHM_REFUSED)),
        ({"alg": ["ES256"]}, Finding(Code.ALGORITHM_REFUSED)),
    ],
)
def test_the_signatures_form_is_exact(sig: dict[str, Any], finding: Finding) -> None:
    found = check(make(sig=sig)).verdict
    assert found.colour is Colour.RED
    assert finding in found.findings


def test_a_seal_without_its_signature_is_refused() -> None:
    text = json.dumps({"data": DATA})
    assert Finding(Code.SIGNATURE_FORM, "sig") in check(text).verdict.findings
    assert check(text).verdict.colour is Colour.RED


def test_a_signature_in_the_other_alphabet_of_base64_is_read() -> None:
    other = {name: SIGNED[name].replace("-", "+").replace("_", "/") for name in ("cer", "sigvl")}
    assert check(make(sig=other)).certificate is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (make().replace('"uvci"', '"uvci": "XA-SEAL-8", "uvci"'), Code.JSON_DUPLICATE_KEY),
        (make().replace('"v": 1', '"v": 1, "\\u0076": 1'), Code.JSON_DUPLICATE_KEY),
        (make().replace('{"data"', '{"data": {"hdr": {}}, "data"'), Code.JSON_DUPLICATE_KEY),
        (make().replace('"seq": 1', '"seq": 1.0'), Code.JSON_LIMITS),
        (make().replace('"seq": 1', '"seq": 1e0'), Code.JSON_LIMITS),
        (make().replace('"seq": 1', f'"seq": {2**53 + 1}'), Code.JSON_LIMITS),
        (make().replace('"seq": 1', '"seq": NaN'), Code.JSON_LIMITS),
        (make().replace('"seq": 1', '"seq": ' + "[" * 20 + "]" * 20), Code.JSON_LIMITS),
        (make(changed(pid__n="B" * 20_000)), Code.JSON_LIMITS),
        (make(changed(pid__n=[0] * 3_000)), Code.JSON_LIMITS),
    ],
)
def test_json_of_two_readings_or_without_bounds_is_refused(text: str, code: Code) -> None:
    found = check(text)
    assert found.verdict.colour is Colour.RED
    assert [one.code for one in found.verdict.findings] == [code]


def test_a_picture_read_in_part_is_no_word_against_its_holder() -> None:
    for text in (make()[:-30], make()[: len(make()) // 2], make().replace('"', "@", 30)):
        assert check(text).verdict.colour is Colour.AMBER
        assert check(text).certificate is None
    assert read(make()[:-3]) == Finding(Code.TEXT_DAMAGED)


@pytest.mark.parametrize(
    "text", ['{"data":{}}', '{"sig":{},"data":{"x":1}}', '{"data":[]}', '{"data":1}']
)
def test_json_that_is_no_seal_is_named_as_such(text: str) -> None:
    assert check(text).verdict.colour is Colour.AMBER


# What each field says.


def test_a_seal_of_two_doses() -> None:
    certificate = decoded(DATA).certificate
    assert certificate is not None
    assert (certificate.domain, certificate.version, certificate.kind) == (
        "VDS-NC",
        "1",
        Kind.VACCINATION,
    )
    assert (certificate.issuer, certificate.issued_at, certificate.expires_at) == ("XA", None, None)
    person = certificate.person
    assert (person.surname, person.forename) == ("BLOGGS", "JO")
    assert (person.surname_icao, person.forename_icao) == ("BLOGGS", "JO")
    assert (person.identifier, person.identifier_type, person.sex) == ("PA1234567", "PPN", "F")
    first, second = doses(DATA)
    assert (first.dose, second.dose, first.doses) == (1, 2, None)
    assert (first.product, first.manufacturer, first.disease) == (
        travellers.COMIRNATY,
        "ORG-100030215",
        travellers.COVID,
    )
    assert (first.country, first.lot, first.site, first.identifier) == (
        "XA",
        "L1",
        "Harbour",
        "XA-SEAL-1",
    )
    # A seal does not say how many doses a course has.
    assert first.unmapped == ("sd",)


def test_one_vaccine_a_dose_with_numbers_over_all_as_japan_writes_them() -> None:
    rows = [
        {
            "des": "XM0GQ8",
            "dis": "RA01.0",
            "nam": name,
            "vd": [{"dvc": f"2021-0{n}-01", "seq": n, "ctr": "JPN"}],
        }
        for n, name in enumerate(("COMIRNATY", "Spikevax", "some mRNA vaccine"), 1)
    ]
    found = doses(changed(ve=rows, pid__n="SATO HANAKO"))
    assert [one.dose for one in found] == [1, 2, 3]
    assert [one.product for one in found] == [travellers.COMIRNATY, travellers.SPIKEVAX, None]
    assert found[2].prophylaxis == "1119349007"
    assert set(found[2].unmapped) == {"mp", "ma", "sd"}


@pytest.mark.parametrize(
    ("name", "expected", "letters"),
    [
        ("CITIZEN  JANE CATHERINE", ("CITIZEN", "JANE CATHERINE"), ("CITIZEN", "JANE<CATHERINE")),
        ("CITIZEN JANE", ("CITIZEN JANE", None), ("CITIZEN<JANE", None)),
        ("O'BRIEN-SMITH  ANN", ("O'BRIEN-SMITH", "ANN"), ("OBRIEN<SMITH", "ANN")),
        ("ONE  TWO  THREE", ("ONE TWO THREE", None), ("ONE<TWO<THREE", None)),
        ("SUKARNO", ("SUKARNO", None), ("SUKARNO", None)),
        ("Ærø  Bjørn", ("Ærø", "Bjørn"), (None, None)),
    ],
)
def test_a_name_is_split_at_two_blanks_only(
    name: str, expected: tuple[str, str | None], letters: tuple[str | None, str | None]
) -> None:
    certificate = decoded(changed(pid__n=name)).certificate
    assert certificate is not None
    assert (certificate.person.surname, certificate.person.forename) == expected
    assert (certificate.person.surname_icao, certificate.person.forename_icao) == letters


@pytest.mark.parametrize("name", [None, "", "   ", "<<", 7])
def test_a_seal_that_names_nobody_is_refused(name: Any) -> None:
    found = decoded(changed(pid__n=name))
    assert found.certificate is None
    assert Code.NAME_MISSING in {one.code for one in found.findings}


@pytest.mark.parametrize(
    ("born", "precision"),
    [("1977-05-16", Precision.DAY), ("1977-05", Precision.MONTH), ("1977", Precision.YEAR), ("1977-XX-XX", Precision.YEAR), ("1977-05-XX", Precision.MONTH), ("1977-00-00", Precision.YEAR)],
)  # fmt: skip
def test_a_birth_date_may_be_known_in_part(born: str, precision: Precision) -> None:
    certificate = decoded(changed(pid__dob=born)).certificate
    assert certificate is not None
    assert certificate.person.birth_date is not None
    assert certificate.person.birth_date.precision is precision


def test_a_birth_date_may_be_lacking_or_be_none() -> None:
    for born in (None, "", "unknown"):
        certificate = decoded(changed(pid__dob=born)).certificate
        assert certificate is not None
        assert certificate.person.birth_date is None


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        ({"i": "A1", "dt": "P", "dn": "B2"}, ("A1", "PPN")),
        ({"dt": "P", "dn": "B2"}, ("B2", "PPN")),
        ({"dt": "D", "dn": "B2"}, ("B2", "DL")),
        ({"dt": "ID", "dn": "B2"}, ("B2", None)),
        ({"ai": "national number"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_documents_number_is_kept_and_no_other(
    pid: dict[str, str], expected: tuple[Any, Any]
) -> None:
    certificate = decoded(changed(pid={"n": "BLOGGS  JO", **pid})).certificate
    assert certificate is not None
    assert (certificate.person.identifier, certificate.person.identifier_type) == expected


@pytest.mark.parametrize(
    ("row", "product", "unmapped"),
    [
        ({"des": "XM8NQ0", "dis": "RA01.0"}, "EU/1/20/1528", set()),
        ({"des": "XM8NQ0", "dis": "RA01"}, "EU/1/20/1528", set()),
        ({"des": "XM68M6", "nam": "AstraZeneca Vaxzevria"}, "EU/1/21/1529", set()),
        ({"des": "XM0GQ8", "nam": "Comirnaty"}, "EU/1/20/1528", set()),
        # A maker's name, a class, an unknown brand: no product without a guess.
        ({"des": "XM0GQ8", "nam": "Pfizer"}, None, {"mp", "ma"}),
        ({"des": "XM0GQ8"}, None, {"mp", "ma"}),
        ({"des": "XM68M6"}, None, {"vp", "mp", "ma"}),
        ({"des": "XM68M6", "nam": "a vaccine"}, None, {"vp", "mp", "ma"}),
        ({"nam": "Comirnaty"}, "EU/1/20/1528", set()),
        ({"des": "XM0QQQ"}, None, {"tg", "vp", "mp", "ma"}),
        ({"dis": "RA01.0"}, None, {"vp", "mp", "ma"}),
        # A code and a name that contradict each other.
        ({"des": "XM9QW8", "nam": "Comirnaty"}, None, {"vp", "mp", "ma"}),
        ({"des": "XM8NQ0", "nam": "Spikevax"}, None, {"vp", "mp", "ma"}),
        ({"des": "XM8NQ0", "nam": "Moderna", "dis": "RA01.0"}, None, {"vp", "mp", "ma"}),
        ({"des": "XM5DF6", "nam": "Comirnaty", "dis": "RA01.0"}, None, {"vp", "mp", "ma"}),
        ({"des": "XM2WV4", "nam": "Pfizer"}, None, {"tg", "vp", "mp", "ma"}),
        ({"des": "XM2WV4", "nam": "Pfizer", "dis": "RA01.0"}, None, {"tg", "vp", "mp", "ma"}),
        ({"des": "XM7P50", "nam": "Janssen", "dis": "RA01.0"}, None, {"tg", "vp", "mp", "ma"}),
        ({"des": "XM7P50", "dis": "RA01.0"}, None, {"tg", "vp", "mp", "ma"}),
        # A maker that fits the product, and names of other vaccines of makers.
        (
            {"des": "XM8NQ0", "nam": "Pfizer-BioNTech COVID-19", "dis": "RA01.0"},
            "EU/1/20/1528",
            set(),
        ),
        ({"nam": "Prevenar 13 (Pfizer)"}, None, {"tg", "vp", "mp", "ma"}),
        ({"nam": "Zabdeno (Janssen)", "dis": "1D60"}, None, {"tg", "vp", "mp", "ma"}),
        # Another disease than the vaccine is against, and one that is not known here.
        ({"des": "XM8NQ0", "dis": "1D47"}, None, {"tg", "vp", "mp", "ma"}),
        ({"des": "XM8NQ0", "dis": "QQ00"}, None, {"tg", "vp", "mp", "ma"}),
        # Yellow fever: no product that is prequalified.
        ({"des": "XM0N24", "dis": "1D47"}, None, {"vp", "mp", "ma"}),
    ],
)
def test_what_a_vaccine_is_said_to_be(
    row: dict[str, str], product: str | None, unmapped: set[str]
) -> None:
    vaccine = {**row, "vd": [{"dvc": "2021-06-13", "seq": 1, "ctr": "XXA"}]}
    found = decoded(changed(ve=[vaccine]))
    assert found.certificate is not None
    (dose,) = found.certificate.entries
    assert isinstance(dose, Vaccination)
    assert dose.product == product
    assert set(dose.unmapped) - {"sd"} == unmapped
    assert (dose.disease is None) == ("tg" in unmapped)
    assert (dose.prophylaxis is None) or "vp" not in unmapped or row.get("des") == "XM68M6"
    assert (Code.NOT_MAPPED in {one.code for one in found.findings}) == bool(unmapped)


def test_a_dose_of_no_date_is_told_and_not_counted() -> None:
    for given_at in (None, "", "soon", 20210613):
        data = changed(ve__0__vd__0__dvc=given_at)
        assert len(doses(data)) == 1
        assert Finding(Code.DATE_UNREADABLE, "ve[0].vd[0].dvc") in decoded(data).findings


def test_a_dose_without_a_number_has_none() -> None:
    assert doses(changed(ve__0__vd__0__seq=None))[0].unmapped == ("dn", "sd")
    assert Code.DOSES_BELOW_ONE in {
        one.code for one in decoded(changed(ve__0__vd__0__seq=0)).findings
    }


@pytest.mark.parametrize(
    "rows", [[], {}, None, "x", [{"des": "XM8NQ0"}], [{"vd": []}], [7], [{"vd": [7, "x", None]}], [{"vd": {}}]]
)  # fmt: skip
def test_a_seal_of_no_dose_holds_no_event(rows: Any) -> None:
    found = decoded(changed(ve=rows))
    assert found.certificate is None
    assert Code.NO_EVENT in {one.code for one in found.findings}
    assert check(make(changed(ve=rows))).verdict.colour is Colour.AMBER


def test_a_test() -> None:
    found = sample(TEST_DATA)
    assert (found.test_type, found.result) == ("LP6464-4", "260415000")
    assert (found.site, found.country, found.identifier) == (
        "Harbour Laboratory",
        "XA",
        "XA-SEAL-2",
    )
    assert found.sampled is not None
    assert found.sampled.first == datetime(2022, 3, 1, 2, tzinfo=UTC)
    # A seal does not say for which disease it was.
    assert (found.disease, found.unmapped) == (None, ("tg",))


@pytest.mark.parametrize(
    ("kind", "result", "unmapped"),
    [
        ("antigen", "positive", ("tg",)),
        ("Antigen", "Negative", ("tg",)),
        # What was tested is not known: its result says nothing either.
        ("molecular(other)", "negative", ("tg", "tt", "tr")),
        ("breath", "negative", ("tg", "tt", "tr")),
        ("molecular(PCR) influenza", "negative", ("tg", "tt", "tr")),
        ("not an antigen", "negative", ("tg", "tt", "tr")),
        ("Anti-gen", "negative", ("tg", "tt", "tr")),
        (None, "negative", ("tg", "tt", "tr")),
        ("antigen", "inconclusive", ("tg", "tr")),
        ("antigen", "not negative", ("tg", "tr")),
        (None, None, ("tg", "tt", "tr")),
        (5, 5, ("tg", "tt", "tr")),
    ],
)
def test_words_of_a_test_are_read_where_they_are_the_known_ones(
    kind: Any, result: Any, unmapped: tuple[str, ...]
) -> None:
    assert sample(changed(TEST_DATA, tr__tc=kind, tr__r=result)).unmapped == unmapped


@pytest.mark.parametrize(
    ("kind", "expected"), [("molecular(PCR)", False), ("antigen", False), ("breath", True)]
)
def test_of_a_test_of_no_known_kind_the_result_is_not_said(kind: str, expected: bool) -> None:
    found = sample(changed(TEST_DATA, tr__tc=kind))
    assert ("tr" in unmapped_of(found, Scheme.VDS_NC.value)) is expected


def test_a_positive_test_is_told() -> None:
    found = check(make(changed(TEST_DATA, tr__r="positive")))
    assert Code.TEST_POSITIVE in {one.code for one in found.verdict.findings}


@pytest.mark.parametrize(
    "change",
    [
        *({"tr__tc": word} for word in ("antibody", "PCR antibodies", "serology", "IgG", "anti-IgG/IgM ELISA")),
        *({"tr__tc": word} for word in ("molecular(PCR) serology", "Sérologie", "anti-S", "\uff29\uff47\uff27", "total Ab")),
        {"dat__sc": None}, {"dat__sc": "soon"}, {"dat": None},
    ],
)  # fmt: skip
def test_what_is_no_test_for_an_infection_holds_no_event(change: dict[str, Any]) -> None:
    found = decoded(changed(TEST_DATA, **change))
    assert found.certificate is None
    assert Code.NO_EVENT in {one.code for one in found.findings}


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ({"t": "icao.visa"}, Finding(Code.CLAIM_UNKNOWN, "hdr.t")),
        ({"t": None}, Finding(Code.CLAIM_UNKNOWN, "hdr.t")),
        ({"t": ["icao.vacc"]}, Finding(Code.CLAIM_UNKNOWN, "hdr.t")),
        ({"v": 2}, Finding(Code.VERSION_UNKNOWN, "hdr.v")),
        ({"v": "1"}, Finding(Code.VERSION_UNKNOWN, "hdr.v")),
        ({"v": True}, Finding(Code.VERSION_UNKNOWN, "hdr.v")),
    ],
)
def test_another_type_or_version_is_a_doubt(header: dict[str, Any], finding: Finding) -> None:
    found = check(make({**DATA, "hdr": {**DATA["hdr"], **header}}))
    assert found.verdict.colour is Colour.AMBER
    assert finding in found.verdict.findings
    assert found.certificate is None


def test_nothing_of_a_person_is_shown() -> None:
    found = check(make())
    assert "BLOGGS" not in repr((found, found.certificate, read(make())))


# Other people's seals.


def test_real_seals_are_judged_as_they_must(corpora: Path) -> None:
    manifest = json.loads((corpora / "manifest.json").read_text())
    rows = manifest["cases"] if isinstance(manifest, dict) else manifest
    cases = [row for row in rows if row["kind"] == "vds-nc"]
    assert cases
    for case in cases:
        authorities = csca.read(
            (corpora / case["trust"]).read_bytes(), environment=Environment.PRODUCTION, pinned=True
        )
        snapshot = SNAPSHOT.replace(trust=TrustList(authorities.pinned))
        at = datetime.fromisoformat(case["clock"])
        for name in case["files"]:
            found = verify((corpora / name).read_text(), snapshot=snapshot, at=at)
            assert (found.certificate is not None) is case["expected"]["accept"], case["id"]
            assert (found.verdict.colour is Colour.RED) is not case["expected"]["accept"], case[
                "id"
            ]


def test_a_seal_is_written_of_neutral_values() -> None:
    # For those who compare formats: what is written of a person and entries is what is read.
    found = check(seals.text(travellers.JO, [travellers.dose(number=1), travellers.dose(number=2)]))
    assert found.certificate is not None
    assert [
        entry.product for entry in found.certificate.entries if isinstance(entry, Vaccination)
    ] == [travellers.COMIRNATY] * 2
    tested = check(seals.text(travellers.ANN, [travellers.sample()])).certificate
    assert tested is not None
    assert tested.person.forename == "ANN"


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_no_content_raises(value: Any) -> None:
    for header in (
        {"is": "XXA", "t": "icao.vacc", "v": 1},
        {"is": "XXA", "t": "icao.test", "v": 1},
    ):
        for message in (
            {"ve": value, "pid": value}, {"ve": [{"vd": value, "des": "XM8NQ0"}], "pid": {"n": "A  B"}},
            {"pid": {"n": "A  B", "dob": value, "i": value}, "ve": [{"des": value, "nam": value, "dis": value, "vd": [{"dvc": "2021-01-01", "seq": value, "ctr": value}]}]},
            {"pid": {"n": value}, "sp": value, "dat": value, "tr": value},
            {"pid": {"n": "A  B"}, "sp": {"spn": value, "ctr": value}, "dat": {"sc": "2021-01-01"}, "tr": {"tc": value, "r": value}},
        ):  # fmt: skip
            assert isinstance(decoded({"hdr": header, "msg": message}), Decoded)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3000), st.text(max_size=3))
def test_no_altered_text_raises(at: int, letters: str) -> None:
    text = make()
    start = at % len(text)
    found = check(text[:start] + letters + text[start + len(letters) :])
    assert found.verdict.colour is not Colour.GREEN
