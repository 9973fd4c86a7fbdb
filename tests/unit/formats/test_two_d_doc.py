"""French 2D-DOC: what is signed is what stands before US, and where a field ends is never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import formats, model
from pratique.authenticate import Verification, authenticate, conclude_one
from pratique.crypto import algorithms, keys
from pratique.decision import Likeness, likeness
from pratique.findings import UNREAD, Code, Colour, Finding
from pratique.formats import Sealed, two_d_doc
from pratique.formats.two_d_doc import GS, RS, US
from pratique.model import HealthCertificate, Moment, Precision, Vaccination
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind, Scheme
from pratique.trust.signer import Signer, TrustList
from tests.schemes import two_d_doc as encoder
from tests.schemes.two_d_doc import DOSE, SAMPLE, days, header, make, message
from tests.travellers import COMIRNATY, COVID, JO, NAAT, NOT_DETECTED, dose, sample

KEY, OTHER = keys.generate(), keys.generate()
AT = int(datetime(2022, 2, 1, tzinfo=UTC).timestamp())
GOOD = make(KEY)
TESTED = make(KEY, message(SAMPLE), head=header("B2"))


def checked(text: str, *signers: Signer, at: int = AT) -> Verification:
    trust = TrustList(signers or (encoder.signer(KEY),))
    held = Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=trust)
    sealed = two_d_doc.unwrap(text)
    return conclude_one(sealed, authenticate(sealed, held), held, at)


def found(text: str, *signers: Signer, at: int = AT) -> list[tuple[str, str]]:
    return [(one.code.name, one.where) for one in checked(text, *signers, at=at).verdict.findings]


def of_dose(**changes: str) -> str:
    return make(KEY, message({name: value for name, value in (DOSE | changes).items() if value}))


def of_sample(**changes: str) -> str:
    fields = {name: value for name, value in (SAMPLE | changes).items() if value}
    return make(KEY, message(fields), head=header("B2"))


def certificate_of(text: str) -> HealthCertificate:
    certificate = checked(text).certificate
    assert certificate is not None
    return certificate


def entry_of(text: str) -> Any:
    (entry,) = certificate_of(text).entries
    return entry


PLAIN = [("NO_RULES", "")]


def test_a_proof_of_vaccination_is_read() -> None:
    assert found(GOOD) == PLAIN
    certificate = certificate_of(GOOD)
    assert (certificate.domain, certificate.version, certificate.kind) == (
        "2D-DOC",
        "04",
        Kind.VACCINATION,
    )
    assert (certificate.issuer, certificate.expires_at) == ("FR", None)
    # Midnight in Paris, in winter.
    assert certificate.issued_at == int(datetime(2022, 1, 10, 23, tzinfo=UTC).timestamp())
    assert certificate.person[:2] == ("BLOGGS", "JO ANN")
    assert certificate.person.birth_date == Moment(Precision.DAY, date(1980, 2, 3))
    assert certificate.entries == (
        Vaccination(
            COVID, "1119349007", COMIRNATY, "ORG-100030215", 2, 2, Moment(Precision.DAY, date(2022, 1, 10)),
            None, None, None,
        ),
    )  # fmt: skip


def test_a_proof_of_a_test_is_read() -> None:
    assert found(TESTED) == PLAIN
    certificate = certificate_of(TESTED)
    assert certificate.kind is Kind.TEST
    assert certificate.person[:2] == ("BLOGGS", "JO ANN")
    assert certificate.person.sex == "F"
    entry = entry_of(TESTED)
    assert isinstance(entry, model.Test)
    assert (entry.disease, entry.test_type, entry.result) == (COVID, NAAT, NOT_DETECTED)
    assert entry.sampled == Moment(Precision.INSTANT, datetime(2022, 1, 10, 9, 30, tzinfo=UTC))
    assert entry.unmapped == ("nm",)


def test_the_encoder_writes_a_travellers_dose_and_test() -> None:
    given_dose, given_test = dose(), sample()
    certificate = certificate_of(encoder.text(JO, [given_dose], KEY))
    (entry,) = certificate.entries
    assert entry[:7] == given_dose[:7]
    assert certificate.person[:2] == JO[:2]
    entry = entry_of(encoder.text(JO, [given_test], KEY))
    assert (entry.disease, entry.test_type, entry.sampled, entry.result) == (
        given_test.disease, given_test.test_type, given_test.sampled, given_test.result,
    )  # fmt: skip


# -- separators and text


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(US, ""),
        GOOD.replace(GS, ""),
        GOOD.replace(GS, "").replace(US, ""),
        GOOD.replace(GS, " ").replace(US, " "),
        GOOD.replace(GS, "<GS>").replace(US, "<US>"),
        TESTED.replace(GS, "").replace(US, ""),
        header() + "L0",
        header(),
    ],
)
def test_lost_separators_are_scanned_again_and_never_put_back(text: str) -> None:
    assert found(text) == [("SEPARATORS_LOST", "")]
    assert checked(text).unread
    assert checked(text).verdict.colour is Colour.AMBER
    assert Code.SEPARATORS_LOST in UNREAD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD[:20], ("TEXT_DAMAGED", "header")),
        (GOOD[:24], ("TEXT_DAMAGED", "header")),
        (GOOD.replace("DC04", "DC05"), ("TEXT_DAMAGED", "header")),
        (GOOD.replace("DC04FR99", "DC04fr99"), ("TEXT_DAMAGED", "header")),
        (GOOD.replace(days("2022-01-11"), "GGGG"), ("TEXT_DAMAGED", "header")),
        (GOOD.replace("BLOGGS", "BLÖGGS"), ("TEXT_DAMAGED", "header")),
        (GOOD[:-8], ("TEXT_DAMAGED", "signature")),
        (GOOD[:-1], ("TEXT_DAMAGED", "signature")),
        (GOOD + "\n", ("TEXT_DAMAGED", "signature")),
        (GOOD + "1", ("TEXT_DAMAGED", "signature")),
        (GOOD + "=", ("TEXT_DAMAGED", "signature")),
        (GOOD.partition(US)[0] + US, ("TEXT_DAMAGED", "signature")),
        (GOOD + US, ("TEXT_DAMAGED", "signature")),
        ("DC04" + "A" * 4293, ("TEXT_TOO_LONG", "")),
        ("DC04" + "a" * 4292, ("TEXT_DAMAGED", "header")),
    ],
)
def test_damage_is_scanned_again(text: str, expected: tuple[str, str]) -> None:
    assert found(text) == [expected]
    assert checked(text).unread


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (header("B1"), "French 2D-DOC of another type of document"),
        (header("01"), "French 2D-DOC of another type of document"),
        (header(perimeter="02"), "French 2D-DOC of another perimeter"),
        (header(version="03", perimeter="02"), "French 2D-DOC of another perimeter"),
    ],
)
def test_other_documents_are_named(head: str, expected: str) -> None:
    text = make(KEY, head=head)
    assert found(text) == [("FORMAT_NOT_READ", expected)]
    assert checked(text).verdict.colour is Colour.AMBER


@pytest.mark.parametrize(("version", "size"), [("01", 22), ("02", 22), ("03", 24), ("04", 26)])
def test_each_versions_header_has_its_length(version: str, size: int) -> None:
    head = header(version=version)
    assert len(head) == size
    certificate = certificate_of(make(KEY, head=head))
    assert certificate.version == version
    assert certificate.issuer == "FR"


def test_a_country_that_is_not_the_keys_is_refused() -> None:
    assert found(make(KEY, head=header(country="DE"))) == [("COUNTRY_WRONG", "iss")]
    assert certificate_of(make(KEY, head=header(country="MQ"))).issuer == "MQ"


# -- signature and keys


def test_an_annex_is_not_signed_and_not_read() -> None:
    text = make(KEY, annex="L0OTHER" + GS + US)
    assert found(text) == [("CLAIM_IGNORED", "annex"), *PLAIN]
    assert certificate_of(text).person.surname == "BLOGGS"


@pytest.mark.parametrize(
    "changed",
    [
        GOOD.replace("BLOGGS", "BLOGGT"),
        GOOD.replace("L72", "L73"),
        GOOD.replace(GS + "L1", GS + "L1A", 1),
        GOOD.replace(days("2022-01-11"), days("2022-01-12"), 1),
        GOOD.replace(GS, RS, 1),
        GOOD.replace(US, GS + US),
        GOOD.replace("JO/ANN", "JOANN"),
        make(KEY, signature=bytes(64)),
        make(OTHER),
    ],
)
def test_what_was_changed_after_signing_is_refused(changed: str) -> None:
    assert changed != GOOD
    assert found(changed) == [("SIGNATURE_INVALID", "")]


def test_the_type_is_signed() -> None:
    assert found(GOOD.replace("L101FR", "B201FR", 1)) == [("SIGNATURE_INVALID", "")]


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384, Algorithm.ES512])
def test_the_keys_curve_decides_the_algorithm(algorithm: Algorithm) -> None:
    key = keys.generate(algorithm)
    assert found(make(key), encoder.signer(key)) == PLAIN
    other = {Algorithm.ES256: Algorithm.ES384}.get(algorithm, Algorithm.ES256)
    assert found(make(key), encoder.signer(keys.generate(other))) == [("SIGNATURE_INVALID", "")]


@pytest.mark.parametrize("size", [65, 70, 95, 131, 133])
def test_a_signature_of_another_form_is_refused(size: int) -> None:
    assert found(make(KEY, signature=bytes(size))) == [("SIGNATURE_FORM", "")]
    der = algorithms.to_der(KEY.sign(b"x"))
    assert found(make(KEY, signature=der)) == [("SIGNATURE_FORM", "")]


@pytest.mark.parametrize("changes", [{"authority": "FR98"}, {"identifier": "XX02"}])
def test_a_key_is_named_by_both_identifiers(changes: dict[str, Any]) -> None:
    assert found(GOOD, encoder.signer(KEY, **changes)) == [("SIGNER_UNKNOWN", "2D-DOC")]


def test_keys_of_other_schemes_verify_none() -> None:
    own = encoder.signer(KEY)
    for scheme in Scheme:
        if scheme is not Scheme.TWO_D_DOC:
            assert found(GOOD, own._replace(domain=scheme.value)) == [("SIGNER_UNKNOWN", "2D-DOC")]
    hc1 = own._replace(issuer="", domain="DCC", bound=False, usages=ALL_KINDS)
    assert found(GOOD, hc1) == [("SIGNER_UNKNOWN", "2D-DOC")]


def test_a_key_for_tests_vouches_for_no_vaccination() -> None:
    for_tests = encoder.signer(KEY, kinds=frozenset({Kind.TEST}))
    for_doses = encoder.signer(KEY, kinds=frozenset({Kind.VACCINATION}))
    assert ("USAGE_WRONG", "") in found(GOOD, for_tests)
    assert ("USAGE_WRONG", "") in found(TESTED, for_doses)
    assert found(GOOD, for_doses) == found(TESTED, for_tests) == PLAIN


def test_a_specimen_is_refused_where_production_is_asked() -> None:
    signer = encoder.signer(KEY, environment=Environment.TEST)
    assert ("ENVIRONMENT_WRONG", "") in found(GOOD, signer)


# -- header's dates


def test_the_day_of_signature_is_that_of_issue() -> None:
    text = make(KEY, head=header(issued=days("2022-01-10"), signed=days("2022-07-11")))
    at = int(datetime(2022, 8, 1, tzinfo=UTC).timestamp())
    certificate = checked(text, at=at).certificate
    assert certificate is not None
    # In summer Paris is two hours ahead.
    assert certificate.issued_at == int(datetime(2022, 7, 10, 22, tzinfo=UTC).timestamp())


def test_dates_that_are_not_said_are_not_invented() -> None:
    unsigned = make(KEY, head=header(signed="FFFF"))
    assert certificate_of(unsigned).issued_at == certificate_of(GOOD).issued_at
    assert found(make(KEY, head=header(issued="FFFF"))) == PLAIN
    neither = make(KEY, head=header(issued="FFFF", signed="FFFF"))
    assert ("ISSUED_MISSING", "iat") in found(neither)
    assert certificate_of(neither).issued_at is None
    late = make(KEY, head=header(issued=days("2022-01-12"), signed=days("2022-01-11")))
    assert ("SCHEMA_DEVIATION", "date of issue") in found(late)


def test_a_code_of_the_future_is_refused_and_an_old_one_is_not() -> None:
    assert ("NOT_YET_VALID", "iat") in found(make(KEY, head=header(signed=days("2022-02-03"))))
    assert found(GOOD, at=AT + 10**9) == PLAIN
    ended = encoder.signer(KEY)._replace(not_after=AT - 1)
    assert ("SIGNER_ENDED", "") in found(GOOD, ended)
    assert checked(GOOD, ended).verdict.colour is Colour.AMBER
    late = encoder.signer(KEY)._replace(not_before=AT - 1)
    assert ("ISSUED_BEFORE_SIGNER", "iat") in found(GOOD, late)


# -- fields


@pytest.mark.parametrize("name", ["L0", "L1", "L2", "L3", "L7", "L8", "L9", "LA"])
def test_a_dose_without_a_field_is_refused(name: str) -> None:
    assert ("FIELD_MISSING", name) in found(of_dose(**{name: ""}))
    assert checked(of_dose(**{name: ""})).verdict.colour is Colour.RED


@pytest.mark.parametrize("name", ["F0", "F1", "F2", "F4", "F5", "F6"])
def test_a_test_without_a_field_is_refused(name: str) -> None:
    assert ("FIELD_MISSING", name) in found(of_sample(**{name: ""}))


def test_a_sex_may_be_missing_or_unknown() -> None:
    for value in ("", "U", "?"):
        assert certificate_of(of_sample(F3=value)).person.sex is None
    assert certificate_of(of_sample(F3="M")).person.sex == "M"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (message(DOSE) + "L0OTHER" + GS, ("FIELD_TWICE", "L0")),
        (message(DOSE) + "L73", ("FIELD_TWICE", "L7")),
        (message(DOSE) + "ZZ1", ("CLAIM_UNKNOWN", "field")),
        (message(DOSE) + "L", ("CLAIM_UNKNOWN", "field")),
        (message(SAMPLE), ("CLAIM_UNKNOWN", "field")),
        (message(DOSE)[:-1], ("FIELD_TYPE", "LA")),
        # Seven digits and the next name's first letter are eight characters.
        (message(DOSE | {"L2": "0302198"}), ("CLAIM_UNKNOWN", "field")),
        (message({"L0": "BLOGGS", "L7": GS}), ("FIELD_TYPE", "L7")),
    ],
)
def test_fields_that_cannot_be_told_apart_are_refused(body: str, expected: tuple[str, str]) -> None:
    assert found(make(KEY, body)) == [expected]
    assert checked(make(KEY, body)).certificate is None


def test_fields_may_stand_in_any_order_and_an_end_behind_each() -> None:
    assert found(make(KEY, message(dict(reversed(DOSE.items()))))) == PLAIN
    assert found(make(KEY, message(DOSE) + GS)) == PLAIN
    assert found(make(KEY, message(DOSE).replace("L72L82", f"L72{GS}L82{GS}"))) == PLAIN


@pytest.mark.parametrize("length", [79, 80])
def test_a_full_field_needs_no_separator(length: int) -> None:
    name = "B" * length
    body = message(DOSE | {"L0": name})
    assert certificate_of(make(KEY, body)).person.surname == name
    if length == 80:
        body = body.replace(name + GS, name)
        assert certificate_of(make(KEY, body)).person.surname == name
    hyphened = message(SAMPLE | {"F4": "94500-6"}).replace("94500-6" + GS, "94500-6")
    assert entry_of(make(KEY, hyphened, head=header("B2"))).test_type == NAAT


def test_a_text_longer_than_its_field_is_read_to_its_end() -> None:
    name = "COMIRNATY FROM PFIZER AND BIONTECH TOGETHER"
    assert entry_of(of_dose(L5=name)).product == COMIRNATY


def test_a_name_that_was_cut_off_is_said() -> None:
    text = make(KEY, message(DOSE | {"L0": "BLOG"}, cut="L0"))
    assert found(text) == [("FIELD_CUT", "L0"), *PLAIN]
    assert certificate_of(text).person.surname == "BLOG"


def test_a_code_of_nobody_is_refused() -> None:
    assert ("NAME_MISSING", "L0") in found(of_dose(L0="-", L1="/"))


YEAR = Moment(Precision.YEAR, date(1980, 1, 1))


@pytest.mark.parametrize(
    ("digits", "expected", "said"),
    [
        ("03021980", Moment(Precision.DAY, date(1980, 2, 3)), ""),
        ("00021980", Moment(Precision.MONTH, date(1980, 2, 1)), ""),
        ("00001980", YEAR, ""),
        ("03001980", None, "NOT_MAPPED"),
        # Of a lunar calendar: months up to 50, thirty days in any month.
        ("30021980", None, "NOT_MAPPED"),
        ("03131980", None, "NOT_MAPPED"),
        ("00501980", None, "NOT_MAPPED"),
        ("31501980", None, "NOT_MAPPED"),
        ("03511980", None, "DATE_UNREADABLE"),
        ("32021980", None, "DATE_UNREADABLE"),
        ("00000000", None, "DATE_UNREADABLE"),
        ("03021400", None, "DATE_UNREADABLE"),
        ("03021849", None, "DATE_UNREADABLE"),
        ("03021850", Moment(Precision.DAY, date(1850, 2, 3)), ""),
        ("0302198X", None, "DATE_UNREADABLE"),
    ],
)
def test_birth_dates_may_be_known_in_part(digits: str, expected: Moment | None, said: str) -> None:
    for text, name in ((of_dose(L2=digits), "L2"), (of_sample(F2=digits), "F2")):
        assert certificate_of(text).person.birth_date == expected
        assert found(text) == ([(said, name)] if said else []) + PLAIN


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("03021980", "03021980", Likeness.SAME),
        ("00021980", "00021980", Likeness.SAME),
        ("00001980", "00001980", Likeness.SAME),
        ("03021980", "04021980", Likeness.DIFFERENT),
        ("00001980", "03021980", Likeness.UNCLEAR),
        # The year is all that these have in common.
        ("15401980", "20451980", Likeness.UNCLEAR),
        ("31021980", "30021980", Likeness.UNCLEAR),
        ("05001980", "15401980", Likeness.UNCLEAR),
        ("05001980", "06001980", Likeness.UNCLEAR),
        ("00001980", "15401980", Likeness.UNCLEAR),
        ("00001980", "05001980", Likeness.UNCLEAR),
    ],
)
def test_the_year_of_a_date_of_no_calendar_makes_nobody_the_same(
    first: str, second: str, expected: Likeness
) -> None:
    persons = [certificate_of(of_dose(L2=digits)).person for digits in (first, second)]
    assert likeness(persons[0], persons[1]) is expected
    assert likeness(persons[1], persons[0]) is expected


@pytest.mark.parametrize("name", ["L0", "L1"])
def test_a_name_that_was_cut_off_makes_nobody_the_same(name: str) -> None:
    fields = DOSE | {"L0": "BLOGGS", "L1": "JEAN/PAUL/MA"}
    whole = certificate_of(make(KEY, message(fields))).person
    assert likeness(whole, whole) is Likeness.SAME
    cut = certificate_of(make(KEY, message(fields, cut=name))).person
    assert likeness(cut, cut) is Likeness.UNCLEAR
    assert {likeness(cut, whole), likeness(whole, cut)} == {Likeness.UNCLEAR}
    assert likeness(cut, whole._replace(surname="GRANT", forename="IDA")) is Likeness.DIFFERENT


def test_the_names_of_a_test_that_were_cut_off_make_nobody_the_same() -> None:
    for name in ("F0", "F1"):
        cut = certificate_of(make(KEY, message(SAMPLE, cut=name), head=header("B2"))).person
        assert likeness(cut, cut) is Likeness.UNCLEAR
    # Where another field was cut off, the names are whole.
    whole = certificate_of(make(KEY, message(DOSE, cut="L6"))).person
    assert likeness(whole, whole) is Likeness.SAME


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (COMIRNATY, ())),
        ({"L5": "COVID-19 VACCINE MODERNA", "L6": "MODERNA"}, ("EU/1/20/1507", ())),
        ({"L5": "SPIKEVAX", "L6": ""}, ("EU/1/20/1507", ())),
        ({"L5": "VAXZEVRIA", "L6": "ASTRAZENECA"}, ("EU/1/21/1529", ())),
        ({"L5": "JANSSEN", "L6": "JANSSEN"}, ("EU/1/20/1525", ())),
        ({"L5": "SOMETHING NEW", "L6": "SOMEBODY"}, (None, ("vp", "mp", "ma"))),
        ({"L5": "", "L6": "", "L4": "J07BN01"}, (None, ("mp", "ma"))),
        ({"L5": "", "L6": "", "L4": ""}, (None, ("vp", "mp", "ma"))),
        ({"L4": "J07BN01"}, (COMIRNATY, ())),
        # Two products, and a platform that is not the product's.
        ({"L6": "MODERNA"}, (None, ("vp", "mp", "ma"))),
        ({"L4": "J07BN02"}, (None, ("vp", "mp", "ma"))),
        ({"L5": "SPIKEVAX", "L6": "BIONTECH"}, (None, ("vp", "mp", "ma"))),
        ({"L4": "J07BN01", "L6": "MODERNA"}, (None, ("vp", "mp", "ma"))),
        ({"L5": "BIONTECH", "L6": "", "L4": "J07BN02"}, (None, ("vp", "mp", "ma"))),
        ({"L5": "BIONTECH", "L6": "", "L4": "J07BN01"}, (None, ("mp", "ma"))),
    ],
)
def test_products_are_named_and_never_guessed(
    fields: dict[str, str], expected: tuple[str | None, tuple[str, ...]]
) -> None:
    text = of_dose(**fields)
    entry = entry_of(text)
    assert (entry.product, entry.unmapped) == expected
    assert (("NOT_MAPPED", "L5") in found(text)) is bool(expected[1])


@pytest.mark.parametrize(
    ("fields", "said", "unmapped"),
    [
        ({"L7": "1", "L8": "2", "LA": "CO"}, [], ()),
        ({"L7": "1", "L8": "1", "LA": "TE"}, [], ()),
        ({"L7": "3", "L8": "2", "LA": "TE"}, [], ()),
        ({"LA": "CO"}, [("NOT_MAPPED", "LA")], ("dn", "sd")),
        ({"L7": "1", "LA": "TE"}, [("NOT_MAPPED", "LA")], ("dn", "sd")),
        ({"LA": "XX"}, [("NOT_MAPPED", "LA")], ("dn", "sd")),
        ({"L7": "0"}, [("DOSES_BELOW_ONE", "L7")], ("dn", "sd")),
        ({"L8": "X"}, [("DOSES_BELOW_ONE", "L8")], ("dn", "sd")),
        ({"L3": "COVID"}, [("NOT_MAPPED", "L5"), ("NOT_MAPPED", "L3")], ("vp", "mp", "ma", "tg")),
        ({"L3": "TETANOS"}, [("NOT_MAPPED", "L5"), ("NOT_MAPPED", "L3")], ("vp", "mp", "ma", "tg")),
    ],
)
def test_a_course_is_as_its_fields_say_together(
    fields: dict[str, str], said: list[tuple[str, str]], unmapped: tuple[str, ...]
) -> None:
    text = of_dose(**fields)
    assert found(text) == said + PLAIN
    assert entry_of(text).unmapped == unmapped


@pytest.mark.parametrize("digits", ["30022022", "00012022", "0101202X", "01132022"])
def test_a_dose_of_no_day_is_no_event(digits: str) -> None:
    assert found(of_dose(L9=digits)) == [("DATE_UNREADABLE", "L9"), ("NO_EVENT", "")]
    assert checked(of_dose(L9=digits)).certificate is None


@pytest.mark.parametrize(
    ("loinc", "expected"),
    [
        ("945006", "LP6464-4"), ("94309", "LP6464-4"), ("943092", "LP6464-4"), ("94500-6", "LP6464-4"),
        ("945584", "LP217198-3"), ("94558", "LP217198-3"),
        ("4000", None), ("945071", None), ("94507-1", None), ("9450", None), ("0945006", None),
    ],
)  # fmt: skip
def test_a_loinc_code_counts_where_it_is_exactly_one(loinc: str, expected: str | None) -> None:
    text = of_sample(F4=loinc)
    if expected is None:
        assert found(text) == [("NOT_MAPPED", "F4"), ("NO_EVENT", "")]
        assert checked(text).certificate is None
    else:
        assert entry_of(text).test_type == expected
        assert entry_of(text).unmapped == (("nm",) if expected == NAAT else ("nm", "ma"))


def test_only_a_result_is_one() -> None:
    for result in "XI?n":
        assert found(of_sample(F5=result)) == [("NOT_MAPPED", "F5"), ("NO_EVENT", "")]
    assert ("TEST_POSITIVE", "") in found(of_sample(F5="P"))


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("100120221030", datetime(2022, 1, 10, 9, 30, tzinfo=UTC)),
        ("100720211030", datetime(2021, 7, 10, 8, 30, tzinfo=UTC)),
        ("280320210159", datetime(2021, 3, 28, 0, 59, tzinfo=UTC)),
        ("280320210300", datetime(2021, 3, 28, 1, 0, tzinfo=UTC)),
        ("311020210159", datetime(2021, 10, 30, 23, 59, tzinfo=UTC)),
        ("311020210300", datetime(2021, 10, 31, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_sample_is_of_the_clock_of_paris(digits: str, expected: datetime) -> None:
    assert entry_of(of_sample(F6=digits)).sampled == Moment(Precision.INSTANT, expected)


@pytest.mark.parametrize("digits", ["280320210230", "311020210200", "311020210259", "010119951200"])
def test_an_hour_that_is_not_one_is_its_day(digits: str) -> None:
    # Never on that clock, twice on it, or under another rule.
    sampled = entry_of(of_sample(F6=digits)).sampled
    assert sampled.precision is Precision.DAY
    assert sampled.first.strftime("%d%m%Y") == digits[:8]


@pytest.mark.parametrize("digits", ["100120222430", "100120221060", "300220221030", "10012022103X"])
def test_a_sample_of_no_time_is_no_event(digits: str) -> None:
    assert found(of_sample(F6=digits)) == [("DATE_UNREADABLE", "F6"), ("NO_EVENT", "")]


@given(st.dates(date(1996, 1, 1), date(2090, 12, 31)), st.integers(0, 1439))
def test_paris_is_what_the_tables_of_the_world_say(day: date, minutes: int) -> None:
    hour, minute = divmod(minutes, 60)
    local = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a clock on a wall
    both = {
        local.replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold).astimezone(UTC) for fold in (0, 1)
    }
    instant = two_d_doc.in_paris(day, hour, minute)
    assert (instant is None) is (len(both) == 2)
    assert instant is None or instant.astimezone(UTC) in both


@pytest.mark.parametrize("year", range(1996, 2100))
def test_the_hours_around_each_change_are_told(year: int) -> None:
    paris = ZoneInfo("Europe/Paris")
    for month in (3, 10):
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        assert two_d_doc.in_paris(sunday, 2, 30) is None
        if year < 2038:
            for hour in (1, 3):
                told = datetime(year, month, sunday.day, hour, tzinfo=paris).astimezone(UTC)
                assert two_d_doc.in_paris(sunday, hour) == told


# -- anything


@given(st.text() | st.text(alphabet="".join((GS, RS, US, "ABL012F"))))
def test_no_text_raises(text: str) -> None:
    for prefix in ("DC04", GOOD[:26], GOOD[:26] + "L0A" + GS):
        assert isinstance(two_d_doc.unwrap(prefix + text), Sealed | Finding)
    assert formats.of("DC04FR03" + text) is two_d_doc


@given(
    st.text(alphabet="".join((GS, RS, *map(chr, range(32, 127)))), max_size=300),
    st.sampled_from(["L1", "B2"]),
)
def test_no_signed_message_raises(body: str, kind: str) -> None:
    text = make(KEY, body + GS, head=header(kind))
    verification = checked(text)
    assert verification.verdict.findings
    assert verification.certificate is None or verification.certificate.person.display_name()


@given(
    st.sampled_from(sorted(DOSE)), st.text(alphabet="".join(map(chr, range(32, 127))), max_size=30)
)
def test_no_field_raises(name: str, value: str) -> None:
    assert checked(make(KEY, message(DOSE | {name: value}))).verdict.findings


@given(st.sampled_from(sorted(SAMPLE)), st.text(alphabet="0123456789", max_size=14))
def test_no_field_of_a_test_raises(name: str, value: str) -> None:
    text = make(KEY, message(SAMPLE | {name: value}), head=header("B2"))
    assert checked(text).verdict.findings
