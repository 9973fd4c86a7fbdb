"""The machine-readable zone of a passport: read as it is typed and scanned, and compared with whom a certificate names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import identify as i
from pratique.formats import keyboards
from pratique.model import Moment, Person, Precision
from tests import travellers as t
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
KIT = measure.snapshot()

# ICAO Doc 9303-4, -5, -6, -7: the documents of Utopia.
ERIKSSON = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
)
SPECIMENS = {
    "TD3": ERIKSSON,
    "TD1": "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    "TD2": "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
    "MRV-A": "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    "MRV-B": "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<",
}
LONG_NUMBER = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8"
ANNA = Person(
    "Eriksson", "Anna Maria", "ERIKSSON", "ANNA<MARIA", Moment(Precision.DAY, date(1974, 8, 12))
)


def read(zone: str) -> i.Mrz:
    zones = i.readings(zone.splitlines(), AT)
    assert zones, zone
    return zones[0]


def passport(surname: str, given: str, birth: str, *, kind: str = "TD3") -> str:
    """Write a zone with right check digits."""
    form = i.FORMS[kind]
    text = ["<"] * (form.lines * form.width)

    def put(at: int, field: str) -> None:
        text[at : at + len(field)] = field

    put(0, f"{form.codes[0]}<UTO")
    start, end = form.name
    put(start, f"{surname}<<{given}".ljust(end - start, "<")[: end - start])
    for (begin, after), field in (
        (form.number, "L898902C3"),
        (form.birth, birth),
        (form.expiry, "300101"),
    ):
        put(begin, field)
        put(after, str(i.check_digit(field)))
    if form.optional:
        put(form.optional[1], "<")
    if form.composite:
        at, covered = form.composite
        put(at, str(i.check_digit("".join("".join(text[slice(*span)]) for span in covered))))
    whole = "".join(text)
    return "\n".join(whole[at : at + form.width] for at in range(0, len(whole), form.width))


def compared(person: Person, zone: str) -> tuple[str, list[str]]:
    found = i.compared(person, read(zone))
    return found.outcome.value, [reason.value for reason in found.reasons]


# Reading


@pytest.mark.parametrize("kind", SPECIMENS)
def test_icaos_specimens_are_read(kind: str) -> None:
    zone = read(SPECIMENS[kind])
    assert (zone.kind, zone.wrong, zone.repaired, zone.layout) == (kind, (), False, "")
    assert (zone.person.surname_icao, zone.person.forename_icao) == ("ERIKSSON", "ANNA<MARIA")
    born = "1940-09-07" if kind.startswith("MRV") else "1974-08-12"
    assert [birth.text() for birth in zone.births] == [born]


def test_a_long_document_number_goes_on_in_the_optional_field() -> None:
    zone = read(LONG_NUMBER)
    assert (zone.kind, zone.wrong) == ("TD2", ())
    assert (zone.person.surname_icao, zone.births[0].text()) == ("STEVENSON", "1934-07-12")
    assert read(LONG_NUMBER.replace("7349<", "7359<")).wrong != ()


@pytest.mark.parametrize("zone", [*SPECIMENS.values(), LONG_NUMBER])
def test_a_zone_is_read_in_one_line_in_lower_case_and_with_blanks(zone: str) -> None:
    plain = read(zone)
    grouped = "\n".join(
        " ".join(line[at : at + 5] for at in range(0, len(line), 5)) for line in zone.splitlines()
    )
    for typed in (zone.replace("\n", ""), zone.lower(), grouped, f"\n  {zone} \n\n"):
        assert i.readings([typed], AT)[0] == plain


def test_blanks_can_stand_where_fillers_do() -> None:
    assert read(ERIKSSON.replace("<", " ")) == read(ERIKSSON)


@pytest.mark.parametrize("kind", SPECIMENS)
def test_fillers_at_the_end_of_a_line_may_be_missing(kind: str) -> None:
    zone = SPECIMENS[kind]
    trimmed = "\n".join(line.rstrip("<") for line in zone.splitlines())
    found = read(trimmed)
    assert (found.person, found.births, found.wrong) == (read(zone).person, read(zone).births, ())


def test_a_filler_too_many_does_no_harm() -> None:
    first, second = ERIKSSON.splitlines()
    assert read(f"{first}<<\n{second}") == read(ERIKSSON)


@pytest.mark.parametrize("layout", [name for name in keyboards.LAYOUTS if name != "US"])
def test_a_zone_is_read_over_another_keyboard(layout: str) -> None:
    us, theirs = keyboards.LAYOUTS["US"], keyboards.LAYOUTS[layout]
    keys_ = dict(zip("".join(us), "".join(theirs), strict=True))
    zone = passport("YBARRA<QUINTANA", "ZOE<MARIA", "740812")
    typed = ["".join(keys_.get(sign, sign) for sign in line) for line in zone.splitlines()]
    person = Person("Ybarra Quintana", "Zoe Maria", None, None, ANNA.birth_date)
    outcomes = {i.compared(person, one).outcome for one in i.readings(typed, AT)}
    assert i.Identification.SAME in outcomes, typed


@pytest.mark.parametrize(
    "typed", [[], [""], ["hello"], ["HC1:NCF"], ["<" * 44], [ERIKSSON.splitlines()[0]], ["A" * 300], ["A"] * 40]
)  # fmt: skip
def test_what_is_no_zone_is_said_to_be_none(typed: list[str]) -> None:
    assert i.readings(typed, AT) == []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ABCPIV<0123456789 ;\nñ\u202e張"), max_size=95), max_size=4)
)
def test_no_text_raises(lines: list[str]) -> None:
    for zone in i.readings(lines, AT):
        i.compared(ANNA, zone)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_nor_does_any_text_at_all(lines: list[str]) -> None:
    i.readings(lines, AT)


# Check digits


def test_the_check_digits_of_the_specification() -> None:
    # 9303-3 §4.9, and appendix A.
    assert i.check_digit("520727") == 3
    assert i.check_digit("AB2134<<<") == 5
    assert i.check_digit("HA672242<658022549601086<<<<<<<<<<<<<<0") == 8


@pytest.mark.parametrize("kind", SPECIMENS)
def test_every_single_digit_of_a_date_that_is_mistyped_is_seen(kind: str) -> None:
    zone, form = SPECIMENS[kind].replace("\n", ""), i.FORMS[kind]
    for start, end in (form.birth, form.expiry):
        for at in range(start, end + 1):
            for digit in set("0123456789") - {zone[at]}:
                found = read(zone[:at] + digit + zone[at + 1 :])
                assert {"birth", "expiry"} & set(found.wrong), (at, digit)
                assert not found.repaired


@pytest.mark.parametrize("kind", ["TD3", "TD1", "TD2"])
def test_no_other_digit_is_mistyped_unseen(kind: str) -> None:
    zone, form = SPECIMENS[kind].replace("\n", ""), i.FORMS[kind]
    assert form.composite is not None
    covered = {at for start, end in form.composite[1] for at in range(start, end)}
    places = [at for at in sorted(covered | {form.composite[0]}) if zone[at].isdigit()]
    assert len(places) >= 22
    for at in places:
        for digit in set("0123456789") - {zone[at]}:
            found = read(zone[:at] + digit + zone[at + 1 :])
            assert found.wrong or found.repaired, (at, digit)


@given(
    st.text(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"), min_size=1, max_size=14),
    st.data(),
)
def test_a_check_digit_catches_a_substitution_unless_values_differ_by_ten(
    field: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(field) - 1))
    other = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"))
    mistyped = field[:at] + other + field[at + 1 :]
    alike = (i._VALUES[other] - i._VALUES[field[at]]) % 10 == 0
    assert (i.check_digit(mistyped) == i.check_digit(field)) is alike


@pytest.mark.parametrize("kind", ["TD3", "TD1", "TD2"])
def test_no_digit_of_an_optional_field_is_mistyped_unseen(kind: str) -> None:
    form = i.FORMS[kind]
    assert form.composite is not None
    place, covered = form.composite
    signs = list(SPECIMENS[kind].replace("\n", ""))
    fields = {at for start, end in covered for at in range(start, end)}
    fields -= {
        at for start, end in (form.number, form.birth, form.expiry) for at in range(start, end + 1)
    }
    if form.optional:
        fields -= {form.optional[1]}
    for at in fields:
        signs[at] = "7"
    if form.optional:
        signs[form.optional[1]] = str(i.check_digit("".join(signs[slice(*form.optional)])))
    signs[place] = str(i.check_digit("".join("".join(signs[slice(*span)]) for span in covered)))
    zone = "".join(signs)
    assert read(zone).wrong == ()
    assert len(fields) == {"TD3": 14, "TD1": 26, "TD2": 7}[kind]
    for at in fields:
        assert read(zone[:at] + "4" + zone[at + 1 :]).wrong, at


def test_what_is_confused_is_confused_both_ways() -> None:
    assert {i._CONFUSED[other]: other for other in i._CONFUSED} == i._CONFUSED
    assert set(i._CONFUSED) == set("0O1I2Z5S8B")
    for sign, other in i._CONFUSED.items():
        assert sign.isdigit() is not other.isdigit()
        assert min(sign, other) == max(sign, other).translate(i._DIGITS)


def test_two_neighbours_that_changed_places_are_seen() -> None:
    assert read(ERIKSSON.replace("740812", "748012")).wrong


def test_a_letter_where_only_a_digit_can_stand_is_repaired() -> None:
    for typed in ("74O8I22FI2O4IS9", "740812ZF1204159", "74O8I2ZFI2O4ISG"):
        zone = read(ERIKSSON.replace("7408122F1204159", typed))
        right = typed[-1] == "9"
        assert ((), right) == (zone.wrong if right else (), zone.repaired)
        assert zone.births == read(ERIKSSON).births


def test_a_sign_of_the_number_is_repaired_where_the_check_digits_prove_one() -> None:
    zone = read(ERIKSSON.replace("L898902C36", "L8989O2C36"))
    assert (zone.wrong, zone.repaired) == ((), True)


@pytest.mark.parametrize("typed", ["LB98902C36", "L8989OZC36", "L898902C37"])
def test_what_several_repairs_or_none_could_make_good_is_not_repaired(typed: str) -> None:
    zone = read(ERIKSSON.replace("L898902C36", typed))
    assert (zone.wrong, zone.repaired) == (("number", "composite"), False)


def test_a_birth_date_with_a_wrong_check_digit_is_nobodys() -> None:
    zone = read(ERIKSSON.replace("7408122", "7408132"))
    assert (zone.births, zone.wrong) == ((), ("birth", "composite"))


def test_a_wrong_check_digit_makes_it_unsure() -> None:
    assert compared(ANNA, ERIKSSON.replace("L898902C36", "L898902C37")) == (
        "unsure",
        ["check-digit-wrong"],
    )
    assert compared(ANNA, ERIKSSON.replace("7408122", "7408132")) == (
        "unsure",
        ["check-digit-wrong"],
    )
    other = ANNA._replace(surname="Smith", surname_icao="SMITH", forename="Jo", forename_icao="JO")
    assert compared(other, ERIKSSON.replace("L898902C36", "L898902C37"))[0] == "unsure"


# Whose it is


@pytest.mark.parametrize("zone", [SPECIMENS["TD1"], SPECIMENS["TD2"], SPECIMENS["TD3"]])
def test_the_same_person(zone: str) -> None:
    assert compared(ANNA, zone) == ("same", [])


@pytest.mark.parametrize(
    ("names", "line", "outcome", "reasons"),
    [
        # (printed, in the passport's letters), the passport's line
        (("Jörg", "JOERG", "Müller", "MUELLER"), ("MUELLER", "JOERG"), "same", []),
        (("Jörg", "JOERG", "Müller", "MUELLER"), ("MULLER", "JORG"), "same", []),
        (("Jörg", "JORG", "Müller", "MULLER"), ("MUELLER", "JOERG"), "same", []),
        ((None, "JOERG", None, "MUELLER"), ("MULLER", "JORG"), "unsure", ["name-spelling"]),
        (("Søren", "SOEREN", "Ærø", "AEROE"), ("AERO", "SOREN"), "same", []),
        (("Jean-Luc", "JEAN<LUC", "O'Connor", "OCONNOR"), ("OCONNOR", "JEAN<LUC"), "same", []),
        (("María", "MARIA", "García López", "GARCIA<LOPEZ"), ("GARCIA<LOPEZ", "MARIA"), "same", []),
        (("María", "MARIA", "García", "GARCIA"), ("GARCIA<LOPEZ", "MARIA"), "unsure", ["name-spelling"]),
        (("Ірина", "IRYNA", "Мельник", "MELNYK"), ("MELNYK", "IRYNA"), "same", []),
        (("Ірина", None, "Мельник", None), ("MELNYK", "IRYNA"), "unsure", ["name-missing"]),
        (("Dr. Ann", "ANN", "Lee", "LEE"), ("LEE", "ANN"), "same", []),
        (("Ann", "ANN", "Lee", "LEE"), ("ANN", "LEE"), "same", []),
        (("Hans-Jürgen", "HANS<JUERGEN", "Abel", "ABEL"), ("ABEL", "HANS<HEINZ"), "unsure", ["name-spelling"]),
        (("H.", "H", "Abel", "ABEL"), ("ABEL", "HANS"), "unsure", ["name-spelling"]),
        (("Ann", "ANN", "Lee", "LEE"), ("SMITH", "ROBERT"), "unlike", ["name-differs"]),
        (("Ann", "ANN", "Lee", "LEE"), ("WINTERBOTTOM", "ANN"), "unsure", ["name-spelling"]),
        ((None, None, None, None), ("LEE", "ANN"), "unsure", ["name-missing"]),
        (("", "", "Suharto", "SUHARTO"), ("SUHARTO", ""), "same", []),
    ],
)  # fmt: skip
def test_names(
    names: tuple[str | None, ...], line: tuple[str, str], outcome: str, reasons: list[str]
) -> None:
    forename, forename_icao, surname, surname_icao = names
    person = Person(surname, forename, surname_icao, forename_icao, ANNA.birth_date)
    assert compared(person, passport(*line, "740812")) == (outcome, reasons)


def test_a_name_that_fills_its_field_may_go_on() -> None:
    long = "NILAVADHANANANDA<CHAYAPA<DEJTHAMRONG"
    person = ANNA._replace(
        surname=None, surname_icao=long, forename=None, forename_icao="KRASUANG"
    )  # fmt: skip
    assert compared(person, passport(long, "KRASUANG", "740812", kind="TD3")) == (
        "unsure",
        ["name-cut"],
    )
    assert compared(person, passport(long, "KRASUANG", "740812", kind="TD1")) == (
        "unsure",
        ["name-cut"],
    )
    other = person._replace(surname_icao="SMITH", forename_icao="JO")
    assert compared(other, passport(long, "KRASUANG", "740812")) == ("unlike", ["name-differs"])


def test_a_certificates_name_that_was_cut_is_unsure() -> None:
    assert compared(ANNA._replace(cut=True), ERIKSSON) == ("unsure", ["name-cut"])


@pytest.mark.parametrize(
    ("born", "line", "outcome", "reasons"),
    [
        ("1974-08-12", "740812", "same", []),
        ("1974-08-13", "740812", "unlike", ["birth-date-differs"]),
        # Which century it is, a zone does not say.
        ("2020-02-03", "200203", "same", []),
        ("1920-02-03", "200203", "same", []),
        ("2074-08-12", "740812", "unsure", ["birth-date-differs"]),
        ("1974-08-12", "7408<<", "unsure", ["birth-date-partial"]),
        ("1974-08-12", "74<<<<", "unsure", ["birth-date-partial"]),
        ("1974-08-12", "740000", "unsure", ["birth-date-partial"]),
        ("1974-08-12", "7409<<", "unlike", ["birth-date-differs"]),
        ("1974-08-12", "<<<<<<", "unsure", ["birth-date-missing"]),
        ("1974-08-12", "740230", "unsure", ["birth-date-missing"]),
        ("1974", "74<<<<", "same", []),
        ("1974", "740812", "unsure", ["birth-date-partial"]),
        ("1974-08", "7408<<", "same", []),
        ("1975", "740812", "unlike", ["birth-date-differs"]),
        (None, "740812", "unsure", ["birth-date-missing"]),
    ],
)  # fmt: skip
def test_birth_dates(born: str | None, line: str, outcome: str, reasons: list[str]) -> None:
    known = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}
    moment = None
    if born is not None:
        moment = Moment(known[len(born)], date.fromisoformat((born + "-01-01")[:10]))
    person = ANNA._replace(birth_date=moment)
    assert compared(person, passport("ERIKSSON", "ANNA<MARIA", line)) == (outcome, reasons)


def test_nobody_is_unlike_by_the_century_alone() -> None:
    for year in (*range(1880, 2100, 7), 1900, 1901, 2000, 2025, 2026, 2027):
        for line in (f"{year % 100:02}0812", f"{year % 100:02}08<<", f"{year % 100:02}<<<<"):
            person = ANNA._replace(birth_date=Moment(Precision.DAY, date(year, 8, 12)))
            assert compared(person, passport("ERIKSSON", "ANNA<MARIA", line))[0] != "unlike", (
                year,
                line,
            )


def test_a_birth_to_come_is_of_the_century_before() -> None:
    tomorrow, later = passport("A", "B", "260602"), passport("A", "B", "260603")
    assert [one.text() for one in read(tomorrow).births] == ["2026-06-02", "1926-06-02"]
    assert [one.text() for one in read(later).births] == ["1926-06-03"]


# With the certificates that were scanned


def scanned(*texts: str, lines: Sequence[str]) -> i.Identity:
    at = datetime.fromtimestamp(keys.NOON, UTC)
    return i.identify(texts, lines, snapshot=KIT, at=at)


def test_the_certificates_holder_is_compared() -> None:
    hers = text(claims(content.vaccinated()))
    same = passport("SAMPLEOVA", "TESTINA", "840229")
    assert scanned(hers, lines=[same]) == i.Identity(i.Identification.SAME, (), "TD3")
    unlike = scanned(hers, lines=[passport("SAMPLEOVA", "TESTINA", "840228")])
    assert unlike.reasons == (i.IdentityReason.BIRTH_DATE_DIFFERS,)
    assert scanned(hers, lines=["hello"]).reasons == (i.IdentityReason.NOT_MRZ,)
    assert scanned("hello", lines=[same]).reasons == (i.IdentityReason.NO_CERTIFICATE,)
    assert scanned(lines=[same]).outcome is i.Identification.UNSURE


def test_what_fits_under_another_keyboard_only_is_unsure() -> None:
    # Y and Z changed places, and no other sign says so.
    hers = text(claims(content.vaccinated(nam=content.name(fn="Ybarra", fnt="YBARRA"))))
    found = scanned(hers, lines=[passport("ZBARRA", "TESTINA", "840229")])
    assert found.outcome is i.Identification.UNSURE
    assert found.reasons[0] is i.IdentityReason.KEYBOARD_LAYOUT


def test_nothing_of_a_zone_shows() -> None:
    zone = read(ERIKSSON)
    assert "ERIKSSON" not in repr(zone)
    assert "ERIKSSON" not in repr(i.identify([ERIKSSON], [ERIKSSON], snapshot=t.snapshot(), at=AT))
