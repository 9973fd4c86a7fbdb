"""A sheet says what the certificate says, no more, and its two dates cannot be taken for each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pratique.model import HealthCertificate, Moment, Person, Precision
from pratique.sheet import Leaf, Sheet, Wording, sheet
from pratique.terms import Kind
from tests import issuers

NAMES = """
    vaccination test recovery exemption icvp name surname forename born sex nationality document guardian disease vaccine
    manufacturer dose lot given vaccinated_from vaccinated_until lifelong test_type test_name device sampled result
    first_positive certified_from certified_until clinician site country authority identifier issued readable notice
    scan contact alt fold sign_holder sign_clinician stamp emblem
"""
LABELS = {name: f"<{name}>" for name in NAMES.split()}
LABELS |= {"dose_of": "{dose} of {doses}", "time": "{date} at {time}"}
PLAIN = Wording(
    "xx", "ltr", LABELS, {"840539006": "the disease"}, lambda m: f"day {m.text()[:10]}",
    lambda code: f"country {code}",
)  # fmt: skip
KINDS = {
    "vaccination": Kind.VACCINATION, "test": Kind.TEST, "recovery": Kind.RECOVERY,
    "exemption": Kind.EXEMPTION, "icvp": Kind.VACCINATION,
}  # fmt: skip


def certificate(
    name: str, *, person: Person | None = None, lasts: int = issuers.YEAR
) -> HealthCertificate:
    record = issuers.RECORDS[name]
    return HealthCertificate(
        record.domain, "1", KINDS[name], person or record.person, (record.entry,), "XU", issuers.AT,
        issuers.AT + lasts, {},
    )  # fmt: skip


def leaf(of: HealthCertificate, **options: object) -> Leaf:
    return made(of, **options).leaves[0]


def made(of: HealthCertificate, **options: object) -> Sheet:
    return sheet(of, "HC1:X", wordings=[PLAIN], **options)  # type: ignore[arg-type]


def named(of: Leaf) -> list[tuple[str, str, str]]:
    return [(line.name, line.value, line.latin) for line in of.names]


def said(of: Leaf) -> dict[str, str]:
    return {line.name: line.value for line in of.lines}


@pytest.mark.parametrize("name", KINDS)
def test_a_sheet_says_whose_it_is_what_and_by_whom(name: str) -> None:
    found = leaf(certificate(name))
    assert found.title == f"<{name}>"
    assert named(found) == (
        [("name", "Bloggs Jo", "")]
        if name == "icvp"
        else [("surname", "Bloggs", ""), ("forename", "Jo", "")]
    )
    assert said(found)["born"] == "day 1980-02-03"
    assert said(found)["authority"] in {"Ministry of Health of Utopia", "XXU"}
    assert all(line.label == f"<{line.name}>" for line in found.lines)
    assert all(line.value for line in found.lines)


@pytest.mark.parametrize("name", KINDS)
def test_the_codes_end_never_stands_among_what_is_certified(name: str) -> None:
    found = leaf(certificate(name))
    assert found.readable is not None
    assert found.readable.name == "readable"
    assert found.readable.label not in {line.label for line in found.lines}
    assert "day 2027-11-21" not in said(found).values()


@pytest.mark.parametrize(
    ("name", "line", "value"),
    [
        ("vaccination", "given", "day 2026-10-01"),
        ("vaccination", "dose", "2 of 2"),
        ("vaccination", "country", "country XU"),
        ("vaccination", "disease", "the disease"),
        ("vaccination", "lot", "LOT-1"),
        ("test", "sampled", "day 2026-11-21 at 08:30 UTC"),
        ("recovery", "first_positive", "day 2026-08-01"),
        ("recovery", "certified_until", "day 2027-01-28"),
        ("exemption", "certified_from", "day 2026-01-01"),
        ("icvp", "document", "P1234567"),
        ("icvp", "clinician", "Dr Vera Sample"),
        ("icvp", "given", "day 2026-09-15"),
    ],
)
def test_a_kinds_own_lines(name: str, line: str, value: str) -> None:
    assert said(leaf(certificate(name)))[line] == value


@pytest.mark.parametrize(
    ("moment", "value"),
    [
        (Moment(Precision.YEAR, date(1950, 1, 1)), "day 1950"),
        (Moment(Precision.MONTH, date(1950, 3, 1)), "day 1950-03"),
        (Moment(Precision.DAY, date(1950, 3, 4)), "day 1950-03-04"),
    ],
)
def test_a_date_keeps_its_precision(moment: Moment, value: str) -> None:
    person = issuers.JO._replace(birth_date=moment)
    assert said(leaf(certificate("test", person=person)))["born"] == value


def test_an_instant_keeps_the_zone_it_was_written_in() -> None:
    of = certificate("test")
    noon = datetime(2026, 11, 21, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    entry = of.entries[0]._replace(sampled=Moment(Precision.INSTANT, noon))  # type: ignore[call-arg]
    assert (
        said(leaf(of._replace(entries=(entry,))))["sampled"] == "day 2026-11-21 at 12:00 UTC+0530"
    )


def _until(text: str, *, issued_at: int = issuers.AT) -> str:
    at = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    found = leaf(certificate("vaccination")._replace(expires_at=at, issued_at=issued_at))
    assert found.readable is not None
    return found.readable.value


def test_a_code_is_promised_for_whole_days_only() -> None:
    assert _until("2027-11-22T09:00:00") == "day 2027-11-21"
    assert _until("2027-11-22T00:00:00") == "day 2027-11-21"
    # `exp` is inclusive: with its last second the day is whole.
    assert _until("2027-11-22T23:59:58") == "day 2027-11-21"
    assert _until("2027-11-22T23:59:59") == "day 2027-11-22"


def test_a_short_lived_code_tells_its_end_to_the_minute() -> None:
    issued = int(datetime(2027, 11, 21, tzinfo=UTC).timestamp())
    assert _until("2027-11-22T09:00:00", issued_at=issued) == "day 2027-11-22 at 09:00 UTC"


@pytest.mark.parametrize("until", [None, -1, 10**15])
def test_an_end_that_is_not_told_is_not_invented(until: int | None) -> None:
    assert leaf(certificate("vaccination")._replace(expires_at=until)).readable is None


def test_a_code_without_a_known_name_stays_the_code() -> None:
    of = certificate("vaccination")
    assert said(leaf(of))["vaccine"] == "EU/1/20/1528"
    assert said(leaf(of, names={"EU/1/20/1528": "Comirnaty"}))["vaccine"] == "Comirnaty"


def test_what_was_not_said_has_no_line() -> None:
    found = said(leaf(certificate("vaccination")))
    assert not {"sex", "nationality", "guardian", "site", "identifier"} & found.keys()


def test_whom_to_ask_is_always_told() -> None:
    of = certificate("vaccination")
    assert leaf(of).contact.value == "Ministry of Health of Utopia"
    assert leaf(of, contact="desk@example.org").contact.value == "desk@example.org"


def test_a_value_runs_in_the_direction_of_its_writing() -> None:
    person = issuers.JO._replace(surname="الحريري", forename="(2) محمد")
    found = leaf(certificate("vaccination", person=person))
    assert [line.direction for line in found.names] == ["rtl", "rtl"]
    assert {line.direction for line in found.lines} == {"ltr"}


def test_what_turns_or_hides_text_is_left_out_but_joiners_stay() -> None:
    person = issuers.JO._replace(surname="Blo\u202egg\u0000s\u200b", forename="مه\u200cدی")
    found = leaf(certificate("test", person=person))
    assert [line.value for line in found.names] == ["Bloggs", "مه\u200cدی"]


def test_nothing_of_a_sheet_shows_in_its_repr() -> None:
    found = made(certificate("icvp"))
    for hidden in (found, found.leaves[0], found.leaves[0].names[0]):
        assert repr(hidden).endswith("not shown>")
        assert "Bloggs" not in f"{hidden}"


def test_yellow_fever_says_from_when_on_and_that_it_is_for_life() -> None:
    """IHR (2005), Annex 7: the life of the person, beginning 10 days after the dose."""
    lines = said(leaf(certificate("icvp")))
    assert lines["vaccinated_from"] == "day 2026-09-25, <lifelong>"
    assert "vaccinated_until" not in lines


@pytest.mark.parametrize("own", ["valid_from", "valid_until"])
def test_what_a_certificate_says_of_its_own_validity_is_said_and_nothing_is_added(own: str) -> None:
    of = certificate("icvp")
    dose = issuers.YELLOW_FEVER._replace(**{own: issuers.day("2027-01-01")})  # type: ignore[arg-type]
    lines = said(leaf(of._replace(entries=(dose,))))
    assert lines[own.replace("valid", "vaccinated")] == "day 2027-01-01"
    assert not any("lifelong" in value for value in lines.values())


@pytest.mark.parametrize("changes", [{"disease": "1C81"}, {"given": None}, {"given": Moment(Precision.MONTH, date(2026, 9, 1))}])  # fmt: skip
def test_no_other_validity_is_made_up(changes: dict[str, object]) -> None:
    dose = issuers.YELLOW_FEVER._replace(**changes)  # type: ignore[arg-type]
    lines = said(leaf(certificate("icvp")._replace(entries=(dose,))))
    assert not lines.keys() & {"vaccinated_from", "vaccinated_until"}


def test_the_maker_is_named_where_the_product_alone_says_it() -> None:
    product = issuers.YELLOW_FEVER.product or ""
    lines = said(leaf(certificate("icvp"), makers={product: "Maker of Specimens"}))
    assert lines["manufacturer"] == "Maker of Specimens"
    assert "manufacturer" not in said(leaf(certificate("icvp"), makers={"another": "Maker"}))
    own = said(leaf(certificate("vaccination"), makers={issuers.DOSE.product or "": "Another"}))
    assert own["manufacturer"] == issuers.DOSE.manufacturer


@pytest.mark.parametrize(
    ("printed", "line", "wanted"),
    [
        (("السامبلي", "فاطمة الزهراء"), ("ALSAMBLY", "FATMH<ALZHRA"), ["ALSAMBLY", "FATMH ALZHRA"]),
        (("Sampleová", "Testina"), ("SAMPLEOVA", "TESTINA"), ["SAMPLEOVA", ""]),
        (("Bloggs", "Ann Jo"), ("BLOGGS", "ANN<JO"), ["", ""]),
        (("Bloggs-Smith", "Jo"), ("BLOGGS<SMITH", "JO"), ["BLOGGS SMITH", ""]),
        (("王小明", None), (None, None), [""]),
    ],
)
def test_the_letters_of_the_travel_document_stand_under_each_part_of_the_name(
    printed: tuple[str, str | None], line: tuple[str | None, str | None], wanted: list[str]
) -> None:
    found = leaf(certificate("vaccination", person=Person(*printed, *line, None)))
    assert [name.value for name in found.names] == [part for part in printed if part]
    assert [name.latin for name in found.names] == wanted
    assert [name.label for name in found.names] == ["<surname>", "<forename>"][: len(wanted)]


def test_a_name_in_the_letters_of_a_travel_document_alone_is_said_once() -> None:
    person = Person(None, None, "BLOGGS<SMITH", "JO", None)
    assert named(leaf(certificate("test", person=person))) == [
        ("surname", "BLOGGS SMITH", ""), ("forename", "JO", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_day_of_issue_stands_with_the_codes_end(name: str) -> None:
    found = leaf(certificate(name))
    assert found.issued is not None
    assert (found.issued.label, found.issued.value) == ("<issued>", "day 2026-11-22")
    assert "issued" not in said(found)


@pytest.mark.parametrize("at", [None, -1, 10**15])
def test_a_day_of_issue_that_is_not_told_is_not_invented(at: int | None) -> None:
    assert leaf(certificate("vaccination")._replace(issued_at=at)).issued is None


@pytest.mark.parametrize("name", KINDS)
def test_only_the_yellow_card_has_fields_to_fill_in_by_hand(name: str) -> None:
    """IHR (2005), Annex 6: the person's signature, the clinician's, and the centre's stamp."""
    wanted = ("<sign_holder>", "<sign_clinician>", "<stamp>") if name == "icvp" else ()
    assert leaf(certificate(name)).by_hand == wanted
