"""Whatever stands around a code is taken off; what is right already is not touched."""

from __future__ import annotations

import html
import quopri
import textwrap
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.findings import UNREAD, Code, Finding
from pratique.formats import base45, hcert, wrapping
from tools.vectors import content
from tools.vectors.layers import claims, hc1, pack, signed, text

GOOD = text(claims(content.vaccinated()))
OTHER = text(claims(content.vaccinated(dose_changes={"dn": 2})))
WORDS = "Dear Sir,\nplease find my code below.\n"

Wrap = Callable[[str], str]


def numbered(number: int) -> str:
    """Make a code whose bytes, and so its characters, are the number's own."""
    return text(claims(content.vaccinated(dose_changes={"ci": f"URN:UVCI:01:XU:{number:012d}#A"})))


def folded(width: int) -> Wrap:
    return lambda code: "\n".join(code[i : i + width] for i in range(0, len(code), width))


def e_mail(code: str) -> str:
    """Break at blanks, as mail programs do, and drop the blank there."""
    return "\n".join(textwrap.wrap(code, 76, drop_whitespace=True, break_on_hyphens=False))


def quoted_lines(inner: Wrap) -> Wrap:
    return lambda code: "\n".join("> " + line for line in inner(code).split("\n"))


def printable(code: str) -> str:
    return quopri.encodestring(code.encode(), quotetabs=False).decode()


WRAPS: dict[str, Wrap] = {
    "as it is": lambda code: code,
    "line end": lambda code: code + "\n",
    "carriage return": lambda code: code + "\r",
    "both, twice": lambda code: code + "\r\r\n",
    "blanks": lambda code: f"   {code}  ",
    "tabs": lambda code: f"\t{code}\t",
    "no-break spaces around": lambda code: f"\u00a0{code}\u00a0",
    "no-break spaces within": lambda code: code.replace(" ", "\u00a0"),
    "zero width": lambda code: f"\u200b{code[:40]}\u200b{code[40:]}\ufeff",
    "byte order mark": lambda code: "\ufeff" + code,
    "mark read as Latin": lambda code: "\u00ef\u00bb\u00bf" + code,
    "AIM of QR": lambda code: "]Q1" + code,
    "AIM of Data Matrix": lambda code: "]d2" + code,
    "ECI": lambda code: "\\000026" + code,
    "AIM and ECI": lambda code: "]Q2\\000026" + code,
    "zbarimg": lambda code: "QR-Code:" + code,
    "a program's word": lambda code: "QR Code: " + code,
    "scheme": lambda code: "hcert:" + code,
    "scheme encoded": lambda code: "hcert:" + quote(code, safe=""),
    "fragment": lambda code: "https://example.org/app#" + quote(code, safe=":"),
    "fragment as it is": lambda code: "https://example.org/app#" + code,
    "query": lambda code: f"https://example.org/v?lang=de&c={quote(code, safe='')}&x=1",
    "form": lambda code: f"https://example.org/v?c={quote_plus(code)}&x=1",
    "encoded twice": lambda code: "https://example.org/?c=" + quote(quote(code, safe=""), safe=""),
    "straight quotes": lambda code: f'"{code}"',
    "single quotes": lambda code: f"'{code}'",
    "back ticks": lambda code: f"`{code}`",
    "typographic quotes": lambda code: f"\u201c{code}\u201d",
    "German quotes": lambda code: f"\u201e{code}\u201c",
    "French quotes": lambda code: f"\u00ab\u00a0{code}\u00a0\u00bb",
    "brackets": lambda code: f"<{code}>",
    "comma": lambda code: code + ",",
    "end of a sentence": lambda code: f"My code is {code}.",
    "a cell": lambda code: f'1,"{code}",2026-01-01',
    "a cell between tabs": lambda code: f"1\t{code}\t2026-01-01",
    "76 columns": folded(76),
    "20 columns": folded(20),
    "Windows lines": lambda code: folded(64)(code).replace("\n", "\r\n"),
    "ends of lines cut": lambda code: "\n".join(x.rstrip() for x in folded(76)(code).split("\n")),
    "indented": lambda code: "\n".join("    " + x for x in folded(70)(code).split("\n")),
    "flowed": lambda code: " \n".join(e_mail(code).split("\n")),
    "broken at blanks": e_mail,
    "quoted in an e-mail": quoted_lines(folded(70)),
    "quoted twice": quoted_lines(quoted_lines(folded(70))),
    "quoted-printable": printable,
    "among words": lambda code: f"{WORDS}\n{code}\n\nYours,\nA. Traveller\n",
    "among words, broken": lambda code: f"{WORDS}\n{folded(76)(code)}\n\nYours,\nA. Traveller\n",
    "HTML entities": lambda code: html.escape(code).replace("+", "&#43;").replace(" ", "&nbsp;"),
    "JSON": lambda code: '"code": "' + code.replace("/", "\\/") + '"',
    "a document": lambda code: '{"code": "' + code.replace("+", "\\u002b") + '"}',
    "a web page": lambda code: f"<!DOCTYPE html>\n<html><body>\n<p>{html.escape(code)}</p>\n</html>",
    "shell": lambda code: code.replace("$", "\\$").replace(" ", "\\ "),
    "lower case": str.lower,
    "prefix in lower case": lambda code: "hc1:" + code[4:],
    "full width": lambda code: code.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)}),
}  # fmt: skip


@pytest.mark.parametrize("how", WRAPS)
def test_what_stands_around_a_code_is_taken_off(how: str) -> None:
    for number in range(12):
        code = numbered(number)
        found = wrapping.unwrapped(WRAPS[how](code))
        assert (found.text, found.finding) == (code, None), number


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from(sorted(WRAPS)),
    st.sampled_from(["line end", "blanks", "byte order mark", "carriage return", "as it is"]),
)
@example(109, "broken at blanks", "as it is")  # at two blanks
@example(4962, "flowed", "line end")
@example(123, "20 columns", "as it is")  # a line that looks like another family's beginning
def test_wrapping_upon_wrapping_is_taken_off(number: int, inner: str, outer: str) -> None:
    code = numbered(number)
    found = wrapping.unwrapped(WRAPS[outer](WRAPS[inner](code)))
    assert (found.text, found.finding) == (code, None)


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_a_base45_text_never_ends_in_a_blank(data: bytes) -> None:
    code = base45.encode(data)
    assert not code.endswith(" ")
    for blanks in (" ", "  ", "   ", "    "):
        assert base45.decode(code + blanks) is None


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="HC1:% =&\\\n\t>\"'0123ABab", max_size=200))
def test_no_text_raises_and_each_comes_to_one_answer(handed: str) -> None:
    found = wrapping.unwrapped(handed)
    if found.finding is not None:
        assert found.finding.code in UNREAD | {Code.FORMAT_NOT_READ}
        assert found.finding.where.isascii()
    again = wrapping.unwrapped(found.text)
    assert again.finding == found.finding


@pytest.mark.parametrize("how", WRAPS)
def test_nothing_is_made_of_a_damaged_code(how: str) -> None:
    damaged = GOOD[:30] + ("A" if GOOD[30] != "A" else "B") + GOOD[31:]
    found = wrapping.unwrapped(WRAPS[how](damaged))
    assert found.finding is not None
    assert found.finding.code in {Code.BASE45_INVALID, Code.COMPRESSION_INVALID, Code.TEXT_SEVERAL}


def test_what_is_behind_a_good_checksum_is_no_damage() -> None:
    for message in (b"", b"\x01", signed(claims(content.vaccinated())) + b"\0"):
        code = hc1(pack(message))
        assert wrapping.unwrapped(f'"{code}"\n') == wrapping.Unwrapped(code)
        assert not isinstance(hcert.unwrap(code), Finding) or True


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n", "\r", "\t", ",", ";", " ", '","'])
def test_several_codes_stay_several(between: str) -> None:
    codes = [numbered(n) for n in range(3)]
    found = list(wrapping.codes(wrapping.lines_of(between.join(codes) + "\n")))
    assert [one.text for one in found] == codes
    assert wrapping.unwrapped(between.join(codes)).finding == Finding(Code.TEXT_SEVERAL)


def test_several_broken_codes_stay_several() -> None:
    codes = [numbered(n) for n in range(3)]
    for how in ("76 columns", "broken at blanks", "quoted in an e-mail"):
        together = "\n".join(WRAPS[how](code) for code in codes)
        found = list(wrapping.codes(wrapping.lines_of(together)))
        assert [one.text for one in found] == codes, how


def test_a_table_of_codes_with_a_head_is_read_row_by_row() -> None:
    codes = [numbered(n) for n in range(4)]
    table = "number,code,day\n" + "".join(f'{n},"{c}",2026-01-01\n' for n, c in enumerate(codes))
    assert [one.text for one in wrapping.codes(wrapping.lines_of(table))] == codes


def test_what_is_left_of_a_code_is_told_and_the_others_are_read() -> None:
    lines = [GOOD, GOOD[60:], OTHER, "HC1", GOOD]
    found = list(wrapping.codes(lines))
    assert [one.text for one in found if one.finding is None] == [GOOD, OTHER, GOOD]
    unread = [one.finding for one in found if one.finding is not None]
    assert [finding.code for finding in unread] == [Code.PREFIX_UNKNOWN] * 2


def test_a_damaged_code_takes_nothing_from_the_next() -> None:
    found = list(wrapping.codes([GOOD[:200], OTHER]))
    assert [(one.text, one.finding is None) for one in found][1:] == [(OTHER, True)]
    assert found[0].finding is not None
    assert found[0].finding.code in UNREAD


def test_a_code_is_told_as_soon_as_it_is_whole() -> None:
    def lines() -> list[str]:
        pytest.fail("a line was read too early")

    def source() -> object:
        yield GOOD
        lines()

    assert next(wrapping.codes(source())).text == GOOD  # type: ignore[arg-type]


def test_an_empty_line_ends_what_was_begun() -> None:
    found = list(wrapping.codes([GOOD[:100], "", OTHER]))
    assert [one.finding is None for one in found] == [False, True]


def test_words_alone_are_one_thing_that_is_not_read() -> None:
    found = list(wrapping.codes(WORDS.splitlines()))
    assert [one.finding for one in found] == [Finding(Code.PREFIX_UNKNOWN)]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ('<?xml version="1.0"?>\n<svg xmlns="x">\n<path d="M0"/>\n</svg>\n', "a drawing (SVG)"),
        ('<svg width="9">\n<path/>\n</svg>', "a drawing (SVG)"),
        ("<!DOCTYPE html>\n<html>\n<p>x\n</html>", "a web page (HTML)"),
        ("<html>\n<img src='x'>\n</html>", "a web page (HTML)"),
        ('<?xml version="1.0"?>\n<a>\n</a>', "XML"),
        ("%PDF-1.4\nsome\nlines", "a PDF that is no longer whole"),
        ("{\\rtf1\\ansi\nx}", "a document (RTF)"),
    ],
)
def test_a_document_is_one_thing_whatever_its_lines(document: str, kind: str) -> None:
    assert wrapping.unwrapped(document).finding == Finding(Code.FILE_NOT_READ, kind)


def test_a_document_of_a_known_format_is_one_thing_too() -> None:
    links = '{\n  "files": [\n    {"contentType": "application/smart-health-card"}\n  ]\n}\n'
    assert wrapping.unwrapped(links).finding == Finding(Code.FORMAT_NOT_READ, "SMART Health Link")
    seal = '{\n "data": {\n  "hdr": {"t": "icao.vacc"}\n },\n "sig": {}\n}'
    assert wrapping.unwrapped(seal + "\n") == wrapping.Unwrapped(seal)


@pytest.mark.parametrize("around", ["{}\n", "]Q1{}", '"{}"', "QR-Code:{}", "\ufeff{}", "  {}"])
@pytest.mark.parametrize("code", ["NL2:K9P-34Y6", "shlink:/eyJ1cmwiOiJo", "CH1:6BF", "AT1:6BF"])
def test_a_wrapped_code_of_another_family_is_named_too(around: str, code: str) -> None:
    found = wrapping.unwrapped(around.format(code))
    assert found.finding is not None
    assert found.finding.code is Code.FORMAT_NOT_READ


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "cp1252"],
)
def test_bytes_are_read_in_whatever_an_editor_wrote(encoding: str) -> None:
    for end in ("", "\n", "\r\n"):
        read = wrapping.decoded((GOOD + end).encode(encoding))
        assert read is not None
        assert wrapping.unwrapped(read).text == GOOD


def test_bytes_that_are_no_text_are_told() -> None:
    assert wrapping.decoded(bytes(range(256))) is None
    assert wrapping.decoded(b"\x89\x01\x02\xff") is None
    assert wrapping.decoded("HC1Ö".encode("cp1252")) == "HC1Ö"
    assert wrapping.decoded(b"") == ""


@pytest.mark.parametrize("around", [b"\0", b"\0\0\0"])
def test_what_ends_as_strings_of_c_do_is_read(around: bytes) -> None:
    for data in (GOOD.encode() + around, around + GOOD.encode() + b"\r\n" + around):
        read = wrapping.decoded(data)
        assert read is not None
        assert wrapping.unwrapped(read).text == GOOD


def test_a_text_without_end_is_told() -> None:
    assert wrapping.unwrapped("HC1:" + "0" * 30_000).finding == Finding(Code.TEXT_TOO_LONG)


def test_the_ways_to_join_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    complete = wrapping._complete

    def counting(one: Any) -> Any:
        tried.append(1)
        return complete(one)

    monkeypatch.setattr(wrapping, "_complete", counting)
    hostile = "HC1:" + "\n".join(["0 "] * 140)
    assert wrapping.unwrapped(hostile).finding is not None
    assert len(tried) < 30_000


def test_a_code_in_angle_brackets_begins_no_document() -> None:
    broken = WRAPS["20 columns"](numbered(1))
    for bracketed in (WRAPS["brackets"](GOOD), f"<{GOOD}>"):
        found = list(wrapping.codes(wrapping.lines_of(f"{bracketed}\n{broken}")))
        assert [one.text for one in found] == [GOOD, numbered(1)]
        assert all(one.finding is None for one in found)
