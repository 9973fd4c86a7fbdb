"""What is shown to the desk and what is not."""

from __future__ import annotations

from datetime import date

from pratique import describe
from pratique.findings import Code, Finding, conclude
from pratique.model import HealthCertificate, Moment, Person, Precision, Recovery
from pratique.rules.ruleset import Outcome, Result
from pratique.terms import Kind
from pratique.text import printable
from pratique.verification import Verification
from tests import travellers as t

BORN = Moment(Precision.DAY, date(1964, 8, 12))
CERTIFICATE = HealthCertificate(
    "DCC",
    "1.3.0",
    Kind.RECOVERY,
    Person("Bloggs", "Jo", "BLOGGS", "JO", BORN),
    (Recovery("840539006", BORN, "XA", "Ministry of Utopia", None, None, "URN:UVCI:01:XA:1#A"),),
    "XA",
    1640995200,
    1672531200,
    {},
)
FOUND = Verification(conclude([Finding(Code.NO_RULES)]), CERTIFICATE)


def test_the_desk_sees_name_and_birth_date_and_no_health_data() -> None:
    shown = "\n".join(describe.lines("a", "", FOUND, inspect=False))
    assert "Bloggs Jo" in shown
    assert "12 Aug 1964" in shown
    assert "recovery" not in shown
    assert "840539006" not in shown
    assert "Ministry" not in shown


def test_the_holder_sees_everything() -> None:
    shown = "\n".join(describe.lines("a", "", FOUND, inspect=True))
    for said in ("840539006", "recovery", "Ministry of Utopia", "URN:UVCI:01:XA:1#A"):
        assert said in shown


def test_json_holds_no_content_unless_asked() -> None:
    assert "content" not in describe.as_json("a", "", FOUND, inspect=False)
    content = describe.as_json("a", "", FOUND, inspect=True)["content"]
    assert content["entries"][0]["disease"] == "840539006"
    assert content["expires_at"] == "2023-01-01T00:00:00Z"


def test_the_word_says_what_the_colour_says() -> None:
    for sign, words, _ in describe.SIGNS.values():
        assert sign.split()[1] in {"GREEN", "AMBER", "RED"}
        assert words


def test_partial_birth_dates_say_so() -> None:
    assert describe.in_words(Moment(Precision.YEAR, date(1964, 1, 1))) == "1964 (year only)"
    assert describe.in_words(Moment(Precision.MONTH, date(1964, 8, 1))) == "Aug 1964 (month only)"
    assert describe.in_words(None) == "not stated"


def test_an_instant_beyond_the_calendar_is_shown_as_its_number() -> None:
    assert describe.instant_show(2**40) == "1099511627776"
    assert describe.instant_show(-1) == "-1"
    assert describe.instant_show(0) == "1970-01-01T00:00:00Z"


def test_a_name_cannot_repaint_the_screen() -> None:
    assert printable("Jo\x1b[2J\x1b[32mGREEN") == "Jo\\u{1b}[2J\\u{1b}[32mGREEN"
    assert printable("\u202eoJ") == "\\u{202e}oJ"
    assert printable("a\u200bb") == "a\\u{200b}b"
    assert printable("Ærøskøbing 北京 محمد") == "Ærøskøbing 北京 محمد"
    assert len(printable("x" * 1000)) == 201


def of(person: Person) -> Verification:
    return FOUND._replace(certificate=CERTIFICATE._replace(person=person))


def shown(found: Verification, **options: object) -> list[str]:
    return list(describe.lines("a", "", found, inspect=False, **options))  # type: ignore[arg-type]


def test_the_name_is_shown_in_the_letters_of_the_travel_document_too() -> None:
    arabic = Person("السامبلي", "فاطمة الزهراء", "ALSAMBLY", "FATMH<ALZHRA", BORN)
    assert "  name   السامبلي فاطمة الزهراء" in shown(of(arabic))
    assert "  A-Z    ALSAMBLY FATMH<ALZHRA   (family name, given names)" in shown(of(arabic))
    told = describe.as_json("a", "", of(arabic), inspect=False)["person"]
    assert told == {
        "name": "السامبلي فاطمة الزهراء", "surname": "السامبلي", "forename": "فاطمة الزهراء",
        "surname_icao": "ALSAMBLY", "forename_icao": "FATMH<ALZHRA", "birth_date": "1964-08-12",
    }  # fmt: skip


def test_family_and_given_names_are_told_apart_without_a_line() -> None:
    found = shown(of(Person("García Márquez", "Gabriel José", None, None, BORN)))
    assert "  family name   García Márquez" in found
    assert "  given names   Gabriel José" in found
    one_field = shown(of(Person("Testina Sampleova", None, None, None, BORN)))
    assert not any("family name" in line for line in one_field)


def test_where_only_one_line_is_signed_it_says_which() -> None:
    assert any("(given names)" in line for line in shown(of(Person(None, None, None, "ANN", BORN))))
    assert any("(family name)" in line for line in shown(of(Person(None, None, "SU", None, BORN))))


def test_a_rule_that_is_not_met_is_told_in_its_sentence_with_what_would_help() -> None:
    from pratique import outlook
    from pratique.assess import with_rules

    snapshot = t.snapshot()
    found = with_rules(t.shown(t.dose("2022-02-25")), snapshot, t.UTOPIA, t.NOON)
    helps, _ = outlook.advice(found, snapshot, t.UTOPIA, t.NOON)
    advice = describe.Advice(helps)
    text = shown(found, advice=advice)
    assert "    the rule: What VR-XU-0003 asks for, in a sentence." in text
    assert any(line.startswith("  would help: wait until 2022-03-11") for line in text)
    row = describe.as_json("a", "", found, inspect=False, advice=advice)
    assert {one["says"] for one in row["rules"]} >= {"What VR-XU-0003 asks for, in a sentence."}
    assert row["what_would_help"][0]["code"] == "WAIT"


def test_what_a_second_certificate_is_asked_for_is_told() -> None:
    from pratique.assess import with_rules

    found = with_rules(t.shown(t.dose("2022-01-10", 1, 2)), t.snapshot(), t.UTOPIA, t.NOON)
    assert any("What VR-XU-0002 asks for" in line for line in shown(found))


def test_the_language_of_a_rule_is_asked_for_and_english_where_it_has_none() -> None:
    spoken = t.rule(
        "VR-XU-0001", {"===": [1, 2]},
        Description=[{"lang": "en", "desc": "An English sentence that is told."},
                     {"lang": "fr", "desc": "Une phrase en langue française."}],
    )  # fmt: skip
    found = FOUND._replace(
        verdict=conclude([Finding(Code.RULE_FAILED, "VR-XU-0001")]),
        outcomes=(Outcome(spoken, Result.FAILED, ""),),
    )
    for language, said in (("fr", "Une phrase"), ("xx", "An English"), ("en", "An English")):
        text = "\n".join(shown(found, advice=describe.Advice(language=language)))
        assert f"the rule: {said}" in text


def test_without_rules_it_says_what_to_look_at_by_hand() -> None:
    assert sum(line.startswith("  by hand: ") for line in shown(FOUND)) == 2
    assert any("--show-content" in line for line in shown(FOUND))
    assert len(describe.as_json("a", "", FOUND, inspect=False)["by_hand"]) == 2
    refused = FOUND._replace(verdict=conclude([Finding(Code.EXPIRED, "exp")]))
    assert not any(line.startswith("  by hand: ") for line in shown(refused))
    assert "by_hand" not in describe.as_json("a", "", refused, inspect=False)
