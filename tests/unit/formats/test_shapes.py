"""Texts of every scheme are taken out of whatever stands around them, and are not changed by it."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.crypto import keys
from pratique.findings import UNREAD, Code, Finding
from pratique.formats import of, parts, shapes, wrapping
from pratique.formats.wrapping import Unwrapped
from tests.schemes import ch_light, nzcp, shc, two_d_doc, vds_nc
from tests.travellers import JO, dose

KEY = keys.generate()
JWS = shc.jws(shc.claims(shc.bundle(JO, [dose()])), KEY)
OTHER_JWS = shc.jws(
    shc.claims(shc.bundle(JO, [dose("2021-12-01", 1)]), iss="https://elsewhere.example/x"),
    keys.generate(),
)
ALIKE = shc.jws(shc.claims(shc.bundle(JO, [dose("2021-12-01", 1)])), KEY)
CARD = shc.numeric(JWS)
PASS = nzcp.text(JO, [], KEY)
LIGHT = ch_light.text(JO, [], KEY)
SEAL = vds_nc.text(JO, [dose()])
DOC = two_d_doc.text(JO, [dose()], KEY)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("certificate.json", json.dumps({"credentialSubject": {"name": "Jo"}}))
    return packed.getvalue()


ZIP = archive()
DIVOC = "B64:" + base64.b64encode(ZIP).decode()
TEXTS = {
    "shc": CARD, "jws": JWS, "nzcp": PASS, "light": LIGHT, "seal": SEAL, "2d-doc": DOC, "divoc": DIVOC,
}  # fmt: skip


def folded(text: str, width: int = 70, end: str = "\n") -> str:
    return end.join(text[place : place + width] for place in range(0, len(text), width))


WRAPS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "line end": lambda text: text + "\n",
    "Windows line end": lambda text: text + "\r\n",
    "blanks": lambda text: f"  {text}  ",
    "byte order mark": lambda text: "\ufeff" + text,
    "empty lines before": lambda text: " \n\t\n" + text,
    "AIM": lambda text: "]Q1" + text,
    "AIM of Data Matrix": lambda text: "]d1" + text,
    "zbarimg": lambda text: "QR-Code:" + text,
    "among words": lambda text: f"Dear Sir,\nhere is my code:\n\n{text}\n\nYours,\nJo\n",
}
OF_ONE_LINE: dict[str, Callable[[str], str]] = {
    "quotes": lambda text: f'"{text}"',
    "back ticks": lambda text: f"`{text}`",
    "brackets": lambda text: f"<{text}>",
    "in a sentence": lambda text: f"My code: {text}",
    "a cell": lambda text: f'1,"{text}",2026-01-01',
    "a cell between tabs": lambda text: f"1\t{text}\t2026-01-01",
    "a link's fragment": lambda text: f"https://example.org/app#{quote(text, safe='')}",
    "a link's query": lambda text: f"https://example.org/app?x=1&v={quote(text, safe='')}&y=2",
    "a JSON string": lambda text: json.dumps({"code": text}),
    "a JSON list": lambda text: json.dumps(["x", text], indent=1),
}
FOLDED: dict[str, Callable[[str], str]] = {
    "70 columns": folded,
    "76 columns, Windows": lambda text: folded(text, 76, "\r\n"),
    "quoted in an e-mail": lambda text: "> " + folded(text, 70, "\n> "),
    "indented": lambda text: "    " + folded(text, 64, "\n    "),
    "quoted-printable": lambda text: folded(text, 75, "=\n"),
    "joined with blanks": lambda text: folded(text, 76, " "),
    "in groups": lambda text: text[:30] + folded(text[30:], 5, " "),
    "words around": lambda text: f"Dear Sir,\n\n{folded(text)}\n\nYours,\nJo\n",
}


@pytest.mark.parametrize("how", WRAPS)
@pytest.mark.parametrize("name", TEXTS)
def test_what_stands_around_a_text_is_taken_off(name: str, how: str) -> None:
    assert wrapping.unwrapped(WRAPS[how](TEXTS[name])) == Unwrapped(TEXTS[name], line=_line(how))


@pytest.mark.parametrize("how", OF_ONE_LINE)
@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"seal"}))
def test_a_text_of_one_line_is_found_in_it(name: str, how: str) -> None:
    found = wrapping.unwrapped(OF_ONE_LINE[how](TEXTS[name]))
    assert (found.text, found.finding) == (TEXTS[name], None)


@pytest.mark.parametrize("how", FOLDED)
@pytest.mark.parametrize("name", ["shc", "jws", "nzcp", "light", "divoc"])
def test_what_was_broken_over_lines_is_joined(name: str, how: str) -> None:
    if name == "light" and how in {"joined with blanks", "in groups"}:
        # Base45 has a blank of its own.
        return
    found = wrapping.unwrapped(FOLDED[how](TEXTS[name]))
    assert (found.text, found.finding) == (TEXTS[name], None)


def _line(how: str) -> int:
    return {"empty lines before": 3, "among words": 4}.get(how, 1)


def test_a_seal_is_one_thing_however_its_json_is_laid_out() -> None:
    members = json.loads(SEAL)
    for laid_out in (
        json.dumps(members, indent=2),
        json.dumps(members, indent="\t").replace("\n", "\r\n").replace("\r\n", "\n"),
        json.dumps(dict(reversed(members.items()))),
    ):
        assert wrapping.unwrapped(f"\n{laid_out}\n\n").text == laid_out
    two = json.dumps(members, indent=1)
    assert [one.text for one in wrapping.codes_in(f"{two}\n{SEAL}\n")] == [two, SEAL]
    assert [one.text for one in wrapping.codes_in(json.dumps([members, members]))] == [
        json.dumps(members)
    ] * 2


@pytest.mark.parametrize(
    "around",
    [
        lambda text: f"My seal: {text} - thanks",
        lambda text: '7,"' + text.replace('"', '""') + '",x',
        lambda text: '"' + text.replace('"', '\\"') + '"',
        lambda text: text.replace('"', "\u201d"),
        lambda text: f"<html>\n<body><p>{text}</p>\n</html>",
    ],
    ids=["words", "a cell", "escaped", "typographic", "a web page"],
)
def test_a_seal_of_one_line_is_found_in_it(around: Callable[[str], str]) -> None:
    assert wrapping.unwrapped(around(SEAL)) == Unwrapped(SEAL, line=1 + ("<" in around("")))


@pytest.mark.parametrize("name", ["shc", "jws", "nzcp", "2d-doc", "divoc"])
def test_a_text_in_a_web_page_is_found_in_it(name: str) -> None:
    page = f"<!DOCTYPE html>\n<html><body>\n<p>{TEXTS[name]}</p>\n</body></html>\n"
    assert wrapping.unwrapped(page) == Unwrapped(TEXTS[name], line=3)


def test_a_seal_is_told_before_the_next_line_comes() -> None:
    def lines() -> object:
        yield SEAL
        pytest.fail("a line was read too early")

    assert next(wrapping.codes(lines())).text == SEAL  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["shc", "jws", "nzcp", "divoc", "2d-doc"])
def test_a_whole_line_is_told_before_the_next_comes(name: str) -> None:
    def lines() -> object:
        yield TEXTS[name]
        pytest.fail("a line was read too early")

    assert next(wrapping.codes(lines())).text == TEXTS[name]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "document",
    [
        {"verifiableCredential": [JWS, OTHER_JWS]},
        [JWS, OTHER_JWS],
        [CARD, shc.numeric(OTHER_JWS)],
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "verifiableCredential", "valueString": JWS},
                {"name": "resourceLink", "part": [{"name": "x", "valueUri": "https://a.example"}]},
                {"name": "verifiableCredential", "valueString": OTHER_JWS},
            ],
        },
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_each_card_of_a_document_is_one(document: object, indent: int | None) -> None:
    found = list(wrapping.codes_in(json.dumps(document, indent=indent)))
    cards = [JWS, OTHER_JWS]
    assert [one.text for one in found] in (cards, [shc.numeric(card) for card in cards])
    assert all(one.finding is None for one in found)


def test_in_a_file_of_cards_every_token_is_a_card() -> None:
    plain = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"
    (found,) = wrapping.codes_in(json.dumps({"verifiableCredential": [plain]}))
    assert (found.text, found.finding) == (shc.numeric(plain), None)
    # By itself, or elsewhere, it is anybody's.
    assert wrapping.unwrapped(plain).finding == Finding(Code.FORMAT_NOT_READ, "signed JSON (JWS)")
    (found,) = wrapping.codes_in(json.dumps({"token": plain}))
    assert found.finding == Finding(Code.PREFIX_UNKNOWN)


def test_a_broken_string_in_a_file_of_cards_is_joined() -> None:
    broken = json.dumps({"verifiableCredential": [JWS]}).replace(JWS, folded(JWS))
    assert wrapping.unwrapped(broken).text == JWS


@pytest.mark.parametrize("sign", ["\x1c", "\x1d", "\x1e", "\x1f"])
def test_no_control_character_is_taken_for_a_blank(sign: str) -> None:
    text = f"{sign}DC04FR0000011E6D1E6DL101FRL0A{sign}L1B{sign}{sign}"
    assert wrapping.lines_of(text) == [text]
    assert wrapping.unwrapped(text[1:]).text == text[1:]
    assert wrapping.unwrapped(f" {text[1:]}\n").text == text[1:]


@pytest.mark.parametrize(
    ("group", "unit"),
    [("\u241d", "\u241f"), ("<GS>", "<US>"), ("%1D", "%1F"), ("\\u001d", "\\u001f"), ("^]", "^_")],
)
def test_separators_that_are_spelt_out_are_read(group: str, unit: str) -> None:
    spelt = DOC.replace("\x1d", group).replace("\x1f", unit)
    assert wrapping.unwrapped(spelt).text == DOC


def test_separators_that_were_lost_are_not_put_back() -> None:
    lost = DOC.replace("\x1d", "").replace("\x1f", "")
    assert wrapping.unwrapped(lost) == Unwrapped(lost)


def test_the_links_of_the_french_app_are_taken_off() -> None:
    for address in ("wallet", "wallet2d"):
        link = f"https://bonjour.tousanticovid.gouv.fr/app/{address}?v={quote(DOC)}"
        assert wrapping.unwrapped(link) == Unwrapped(DOC)
    spaced = DOC.replace("BLOGGS", "BLOGGS SMYTHE")
    link = f"https://bonjour.tousanticovid.gouv.fr/app/wallet?v={quote(spaced).replace('%20', '+')}"
    assert wrapping.unwrapped(link).text == spaced


def test_letters_of_the_other_case_are_turned_where_the_format_has_one() -> None:
    flipped = (Finding(Code.CASE_FLIPPED),)
    assert wrapping.unwrapped(PASS.lower()) == Unwrapped(PASS, flipped)
    assert wrapping.unwrapped(DOC.swapcase()) == Unwrapped(DOC, flipped)
    assert wrapping.unwrapped(CARD.replace("shc", "SHC")) == Unwrapped(CARD)
    assert wrapping.unwrapped(LIGHT.lower()) == Unwrapped(LIGHT, flipped)


def test_an_archives_bytes_stay_what_they_are() -> None:
    assert wrapping.unwrapped(ZIP.decode("latin-1")) == Unwrapped(DIVOC)
    lost = ZIP.decode("utf-8", "replace")
    assert wrapping.unwrapped(lost).finding in {
        Finding(Code.TEXT_DAMAGED, "read as text, not as bytes"),
        Finding(Code.PREFIX_UNKNOWN),
    }


@pytest.mark.parametrize("name", ["NL2:", "HCFR1:", "EX1:", "CH1:", "AT1:"])
def test_what_is_named_is_one_thing_though_it_was_broken_over_lines(name: str) -> None:
    body = "".join(random.Random(7).choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", k=600))
    found = list(wrapping.codes_in(folded(name + body)))
    assert len(found) == 1
    assert found[0].finding is not None
    assert found[0].finding.code is Code.FORMAT_NOT_READ


def test_several_texts_of_several_schemes_stay_several() -> None:
    texts = [CARD, PASS, DOC, LIGHT, SEAL, DIVOC, JWS]
    found = list(wrapping.codes_in("\n".join(texts)))
    assert [one.text for one in found] == texts
    assert [one.line for one in found] == list(range(1, 8))
    assert wrapping.unwrapped("\n".join(texts)).finding == Finding(Code.TEXT_SEVERAL) or (
        len("\n".join(texts)) > wrapping.LONGEST
    )


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_blanks_and_line_ends_change_nothing(name: str, data: st.DataObject) -> None:
    around = st.text(alphabet=" \t\r\n\ufeff\u00a0\u200b", max_size=6)
    text = data.draw(around) + TEXTS[name] + data.draw(around)
    found = wrapping.unwrapped(text)
    assert (found.text, found.finding) == (TEXTS[name], None)


PIECES = [
    "shc:/", "shc:/1/2/", "NZCP:/1/", "LT1:", "DC04FR000001", "B64:", "UEsD", "eyJ", "{", "}", "[", "]", '"', "\\",
    ":", "data", "hdr", "sig", "\x1d", "\x1f", "\n", "\r", " ", "=", "%1D", "https://a/#", "?v=", ".", "PK\x03\x04",
    CARD[:200], PASS[:120], JWS[:120], "verifiableCredential", "01", "AB", "\u241d", "\ufeff", "<", ">", ",",
]  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join))
def test_no_text_raises_and_each_comes_to_one_answer(text: str) -> None:
    found = wrapping.unwrapped(text)
    wrapping.recognised(text)
    if found.finding is not None:
        assert found.finding.code in UNREAD | {Code.FORMAT_NOT_READ}
    elif not found.text.startswith("HC1:"):
        assert of(found.text) is not None
        assert wrapping.unwrapped(found.text).text == found.text


def test_a_long_text_is_looked_at_once() -> None:
    for piece in (
        '{"a":',
        "[",
        "shc:/1",
        "eyJ",
        'DC04FR000001"',
        "https://a/#",
        "B64:AAAA\n",
        '{"',
    ):
        text = piece * (500_000 // len(piece))
        assert list(wrapping.codes_in(text))


# ----------------------------------------------------------------------------------------------------
# Chunks.


def gathered(*texts: str) -> list[tuple[str, tuple[str, ...], Finding | None]]:
    gathering = parts.Gathering()
    whole = [gathering.add(text, str(number)) for number, text in enumerate(texts, 1)]
    return [card for card in (*whole, *gathering.missing()) if card is not None]


def test_chunks_come_together_in_any_order() -> None:
    first, second, third = shc.chunks(JWS, 3)
    assert gathered(third, first, second) == [(CARD, ("2", "3", "1"), None)]
    assert gathered(first, first, third, second, first) == [(CARD, ("1", "4", "3"), None)]
    assert wrapping.unwrapped("\n".join([second, third, first])).text == CARD


def test_what_is_missing_is_told_at_the_end() -> None:
    first, second, third = shc.chunks(JWS, 3)
    assert gathered(second) == [(second, ("1",), Finding(Code.PARTS_MISSING, "1 of 3 read"))]
    assert gathered(third, first)[0][2] == Finding(Code.PARTS_MISSING, "2 of 3 read")
    assert wrapping.unwrapped(f"{first}\n{second}").finding == Finding(
        Code.PARTS_MISSING, "2 of 3 read"
    )


def test_cards_of_other_counts_are_kept_apart() -> None:
    a, b = shc.chunks(JWS, 2), shc.chunks(OTHER_JWS, 3)
    found = gathered(b[0], a[0], b[2], a[1], b[1])
    assert [(card[0], card[2]) for card in found] == [(CARD, None), (shc.numeric(OTHER_JWS), None)]


def test_two_cards_of_one_count_are_read_one_after_the_other() -> None:
    found = gathered(*shc.chunks(JWS, 2), *shc.chunks(OTHER_JWS, 2))
    assert [(card[0], card[2]) for card in found] == [(CARD, None), (shc.numeric(OTHER_JWS), None)]


def cut(text: str) -> list[str]:
    digits = shc.numeric(text)[5:]
    pieces = digits[:200], digits[200:600], digits[600:]
    return [f"shc:/{number}/3/{piece}" for number, piece in enumerate(pieces, 1)]


def test_two_cards_may_have_a_first_chunk_in_common() -> None:
    a, b = cut(JWS), cut(ALIKE)
    assert a[0] == b[0]
    found = gathered(*a, *b)
    assert [(card[0], card[2]) for card in found] == [(CARD, None), (shc.numeric(ALIKE), None)]
    # A card that is scanned again is the same card.
    assert [card[0] for card in gathered(*a, *a, a[0], *b)] == [CARD, shc.numeric(ALIKE)]
    assert [card[0] for card in gathered(*a, a[2])] == [CARD]


def test_two_cards_that_came_mixed_are_told_and_not_guessed() -> None:
    a, b = shc.chunks(JWS, 2), shc.chunks(OTHER_JWS, 2)
    (card,) = gathered(a[0], b[0], a[1], b[1])
    assert card[2] == Finding(Code.PARTS_CONFLICT)
    assert set(card[1]) == {"1", "2", "3", "4"}


def test_what_was_put_together_and_does_not_unpack_is_no_fault() -> None:
    (card,) = gathered(*shc.chunks(shc.jws({}, KEY, packed=b"\xff" * 300), 2))
    assert card[2] == Finding(Code.PARTS_CONFLICT)


def test_a_chunk_that_no_card_can_have_is_judged_alone() -> None:
    assert gathered("shc:/3/2/5676") == [("shc:/3/2/5676", ("1",), None)]
    assert gathered("shc:/0/2/5676") == [("shc:/0/2/5676", ("1",), None)]


def test_nothing_of_a_chunk_is_shown() -> None:
    assert "5676" not in repr(parts.Gathered("shc:/5676", ("a",)))


def test_the_shapes_of_a_text_that_is_read_are_all_known() -> None:
    for text in TEXTS.values():
        assert shapes.name_of(text) is not None
        assert wrapping.recognised(text)
        assert wrapping.recognised(f" {text}\n")
