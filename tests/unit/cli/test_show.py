"""What is shown to the desk and what is not."""

from __future__ import annotations

from datetime import date

from pratique.cli import show
from pratique.cli.safe import printable
from pratique.findings import Code
from pratique.journeys.verify import Verification
from pratique.model import HealthCertificate, Moment, Person, Precision, Recovery
from pratique.terms import Kind
from pratique.verdict import Finding, conclude

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
    shown = "\n".join(show.lines("a", "", FOUND, inspect=False))
    assert "Bloggs Jo" in shown
    assert "12 Aug 1964" in shown
    assert "recovery" not in shown
    assert "840539006" not in shown
    assert "Ministry" not in shown


def test_the_holder_sees_everything() -> None:
    shown = "\n".join(show.lines("a", "", FOUND, inspect=True))
    for said in ("840539006", "recovery", "Ministry of Utopia", "URN:UVCI:01:XA:1#A"):
        assert said in shown


def test_json_holds_no_content_unless_asked() -> None:
    assert "content" not in show.as_json("a", "", FOUND, inspect=False)
    content = show.as_json("a", "", FOUND, inspect=True)["content"]
    assert content["entries"][0]["disease"] == "840539006"
    assert content["expires_at"] == "2023-01-01T00:00:00Z"


def test_the_word_says_what_the_colour_says() -> None:
    for sign, words, _ in show.SIGNS.values():
        assert sign.split()[1] in {"GREEN", "AMBER", "RED"}
        assert words


def test_partial_birth_dates_say_so() -> None:
    assert show.in_words(Moment(Precision.YEAR, date(1964, 1, 1))) == "1964 (year only)"
    assert show.in_words(Moment(Precision.MONTH, date(1964, 8, 1))) == "Aug 1964 (month only)"
    assert show.in_words(None) == "not stated"


def test_an_instant_beyond_the_calendar_is_shown_as_its_number() -> None:
    assert show.instant(2**40) == "1099511627776"
    assert show.instant(-1) == "-1"
    assert show.instant(0) == "1970-01-01T00:00:00Z"


def test_a_name_cannot_repaint_the_screen() -> None:
    assert printable("Jo\x1b[2J\x1b[32mGREEN") == "Jo\\u{1b}[2J\\u{1b}[32mGREEN"
    assert printable("\u202eoJ") == "\\u{202e}oJ"
    assert printable("a\u200bb") == "a\\u{200b}b"
    assert printable("Ærøskøbing 北京 محمد") == "Ærøskøbing 北京 محمد"
    assert len(printable("x" * 1000)) == 201
