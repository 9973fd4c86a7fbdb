"""What is printed is read back from bad copies of it, by machines, by screen readers, in every language."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from functools import lru_cache
from itertools import product
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("typst", reason="the extra 'pdf' is not installed")
pytest.importorskip("babel", reason="the extra 'pdf' is not installed")
zxing = pytest.importorskip("zxingcpp")
pypdfium2 = pytest.importorskip("pypdfium2", reason="the extra 'scan' is not installed")
pytest.importorskip("PIL")

from PIL import Image, ImageChops, ImageFilter  # noqa: E402

from pratique.errors import DocumentRefused, UsageError  # noqa: E402
from pratique.issue import with_checksum  # noqa: E402
from pratique.model import Moment, Person, Precision  # noqa: E402
from pratique.sheet import Sheet, sheet  # noqa: E402
from pratique.store import pdf as store_pdf  # noqa: E402
from pratique.store import scan, words  # noqa: E402
from pratique.store.pdf import fonts, wording  # noqa: E402
from tests import issuers  # noqa: E402
from tests.unit.journeys.test_print import KINDS, certificate  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
CASES = json.loads((ROOT / "vectors/cases/formats.json").read_text(encoding="utf-8"))["cases"]
TEXT = next(case["text"] for case in CASES if case["id"] == "formats/vaccination")
MM = 25.4


def _born(precision: Precision, text: str) -> Moment:
    return Moment(precision, issuers.day(text).first)


PERSONS = {
    "latin": ("fr", issuers.JO),
    "arabic": ("ar", Person("الحريري", "محمد عبد الله", None, None, _born(Precision.MONTH, "1961-05-01"))),
    "cyrillic": ("ru", Person("Щукина-Ёжикова", "Людмила", None, None, issuers.JO.birth_date)),
    "greek": ("en", Person("Παπαδόπουλος", "Αλέξανδρος", None, None, issuers.JO.birth_date)),
    "thai": ("en", Person("ศรีสุวรรณภูมิ", "สมหญิง", None, None, _born(Precision.YEAR, "1939-01-01"))),
    "devanagari": ("en", Person("श्रीवास्तव", "लक्ष्मी", None, None, issuers.JO.birth_date)),
    "chinese": ("zh", Person("欧阳", "明华", None, None, _born(Precision.DAY, "1944-12-31"))),
    "long": ("es", Person("W" + "olfeschlegelstein" * 3, "Maximiliana Bartholomea Jo", None, None, None)),
}  # fmt: skip


@lru_cache
def has_chinese() -> bool:
    return store_pdf.printable(store_pdf.builtin("zh"))


def made(name: str, who: str, *languages: str, text: str = TEXT, contact: str = "") -> Sheet:
    tags = languages or (
        PERSONS[who][0], *(tag for tag in store_pdf.LANGUAGES if tag != PERSONS[who][0])
    )  # fmt: skip
    if who == "chinese" and not has_chinese():
        pytest.skip("no font for Chinese here: run tools/fonts")
    words = [store_pdf.builtin(tag) for tag in tags if tag != "zh" or has_chinese()]
    of = certificate(name, person=PERSONS[who][1])
    return sheet(of, text, wordings=words, contact=contact)


def pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def worn(page: Image.Image, dpi: int, *, turn: float, scale: float, blur: float) -> bytes:
    """Copy a page badly: turned, scaled, blurred by so many millimetres, faded and speckled."""
    image = page.resize((round(page.width * scale), round(page.height * scale)))
    image = image.rotate(turn, expand=True, fillcolor=255, resample=Image.Resampling.BILINEAR)
    image = image.filter(ImageFilter.GaussianBlur(blur * dpi * scale / MM))
    image = image.point(lambda grey: 40 + grey * 185 // 255)
    # The same speckles each time, 24 wide: what Pillow draws differs from run to run, and one in many is too bad.
    drawn = Random(1).randbytes(image.width * image.height)
    noise = Image.frombytes("L", image.size, drawn).point(lambda grey: 86 + grey * 83 // 255)
    image = ImageChops.add(image, noise, offset=-128)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=0)
    return out.getvalue()


def read_back(picture: bytes) -> set[str]:
    return {
        found.text
        for found in scan.read_picture(picture, wanted=lambda text: text.startswith("HC1:")).known
    }


COPIES = ((150, 3.0, 1.0, 0.12), (200, -7.0, 0.85, 0.15), (300, 5.0, 0.6, 0.15))
"""Dots per inch, degrees, scale, blur in millimetres."""

PRINTED = [
    *product(("a4", "card"), PERSONS),
    ("large", "arabic"),
    ("large", "thai"),
    ("large", "long"),
]
"""With each variant every kind and every copy."""


@pytest.mark.parametrize(("number", "variant", "who"), [(n, *row) for n, row in enumerate(PRINTED)])
def test_every_page_is_read_back_from_a_bad_copy(number: int, variant: str, who: str) -> None:
    name = list(KINDS)[number % len(KINDS)]
    dpi, turn, scale, blur = COPIES[(number + number // 3) % len(COPIES)]
    tags = ("es", "ar") if variant == "large" else ()
    found = pages(store_pdf.render(made(name, who, *tags), variant=variant), dpi)
    assert len(found) >= (2 if variant == "large" else 1)
    for page in found:
        assert read_back(worn(page, dpi, turn=turn, scale=scale, blur=blur)) == {TEXT}


def test_a_copy_that_is_too_bad_is_not_read() -> None:
    page = pages(store_pdf.render(made("test", "latin", "en")), 150)[0]
    page = page.crop((page.width // 2, 0, page.width, page.height // 3))
    assert read_back(worn(page, 150, turn=3, scale=1, blur=0.12)) == {TEXT}
    assert read_back(worn(page, 150, turn=3, scale=1, blur=0.7)) == set()


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
def test_the_code_on_the_page_is_as_wide_and_as_strong_as_promised(variant: str) -> None:
    page = pages(store_pdf.render(made("vaccination", "latin", "en"), variant=variant), 300)[0]
    (found,) = zxing.read_barcodes(page)
    corners = found.position
    width = (corners.top_right.x - corners.top_left.x) * MM / 300
    modules = store_pdf.symbol_of(TEXT, store_pdf.VARIANTS[variant])
    assert width == pytest.approx(store_pdf.VARIANTS[variant], abs=0.3)
    assert width >= 40
    assert width / len(modules.rows) >= 0.497
    assert found.ec_level == modules.correction


@pytest.mark.parametrize("length", [200, 400, 600, 800, 1000, 1400])
@pytest.mark.parametrize("width", [46.5, 60, 80])
def test_the_strongest_correction_is_taken_whose_modules_can_be_read(
    width: float, length: int
) -> None:
    text = ("HC1:" + TEXT[4:] * 3)[:length]
    sizes = {}
    for correction in store_pdf.CORRECTIONS:
        drawn = zxing.create_barcode(text, zxing.BarcodeFormat.QRCode, ec_level=correction)
        sizes[correction] = drawn.to_image(scale=1, add_quiet_zones=False).shape[0]
    fitting = [correction for correction, size in sizes.items() if width / size >= 0.5]
    if not fitting:
        with pytest.raises(UsageError, match="too long"):
            store_pdf.symbol_of(text, width)
        return
    found = store_pdf.symbol_of(text, width)
    assert found.correction == fitting[0]
    assert len(found.rows) == sizes[fitting[0]]
    assert found.module >= store_pdf.LEAST_MODULE


def test_base45_is_written_in_alphanumeric_mode() -> None:
    """600 characters in byte mode would need version 27 at H; in alphanumeric mode 22 holds them."""
    assert len(store_pdf.symbol_of("HC1:" + "A" * 596, 80).rows) == 17 + 4 * 22


# ---------------------------------------------------------------- What people and screen readers get


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
def test_a_sheet_is_tagged_titled_and_tells_its_language(variant: str) -> None:
    pdf = store_pdf.render(made("vaccination", "latin"), variant=variant)
    assert pypdfium2.PdfDocument(pdf).is_tagged()
    for mark in (b"/StructTreeRoot", b"/Marked true", b"/DisplayDocTitle true"):
        assert mark in pdf
    assert re.search(rb"/Lang ?\(fr\)", pdf)
    assert b"pdfuaid:part>1<" in pdf
    assert b"/Alt" in pdf
    # Each language's part says which it is, so that a voice reads it in that one.
    for tag in ("en", "es", "ru", "ar"):
        assert re.search(rb"/Lang ?\(%s\)" % tag.encode(), pdf), tag


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
@pytest.mark.parametrize("name", KINDS)
def test_the_metadata_tells_nothing_of_a_person(variant: str, name: str) -> None:
    document = pypdfium2.PdfDocument(store_pdf.render(made(name, "latin", "en"), variant=variant))
    told = {key: value for key, value in document.get_metadata_dict().items() if value}
    assert told.pop("Creator").startswith("Typst")
    assert told == {"Title": store_pdf.builtin("en").labels[name]}


def test_the_page_says_it_in_reading_order() -> None:
    pdf = store_pdf.render(made("vaccination", "latin", contact="desk@example.org"))
    text = text_of(pdf)
    at = [text.index(word) for word in (
        "Certificat de vaccination", "Nom", "Bloggs", "Prénoms", "Jo", "3 février 1980", "1 octobre 2026", "desk@example.org",
        "Délivré le", "22 novembre 2026", "Le code QR expire le", "21 novembre 2027", "Vaccination certificate", "1 October 2026",
        "21 November 2027", "Certificado", "1 de octubre de 2026", "1 октября 2026",
    )]  # fmt: skip
    assert at == sorted(at)


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
def test_every_language_tells_both_dates(variant: str) -> None:
    text = re.sub(
        r"\s+", "", text_of(store_pdf.render(made("vaccination", "latin"), variant=variant))
    )
    moments = [issuers.day("2026-10-01"), issuers.day("2027-11-21")]
    for tag in ("en", "fr", "es", "ru"):
        for moment in moments:
            assert re.sub(r"\s+", "", store_pdf.builtin(tag).date(moment)) in text


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
@pytest.mark.parametrize("name", ["vaccination", "icvp", "recovery"])
@pytest.mark.parametrize("first", ["en", "ar"])
def test_a_certificates_number_is_found_by_searching_and_copies_whole(
    first: str, name: str, variant: str
) -> None:
    """A line end, a blank or a joint that is not seen in it would be copied, and found nowhere."""
    number = with_checksum("URN:UVCI:01:XU:QWXMWKAJ7LZMTENGQVMW")
    of = certificate(name)
    of = of._replace(entries=(of.entries[0]._replace(identifier=number),))
    tags = ("en", "fr", "es", "ru", "ar")
    words = [store_pdf.builtin(tag) for tag in (tags if first == "en" else reversed(tags))]
    contact = "Immunization unit, 1 Harbour Road; certificates@health.example"
    pdf = store_pdf.render(sheet(of, TEXT, wordings=words, contact=contact), variant=variant)
    found = 0
    for page in pypdfium2.PdfDocument(pdf):
        search = page.get_textpage().search(number, match_case=True)
        while search.get_next() is not None:
            found += 1
    assert found == len(words)
    assert text_of(pdf).count(number) == len(words)


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
@pytest.mark.parametrize("tag", ["en", "ar"])
def test_both_parts_of_a_name_are_labelled_and_found_in_both_scripts(
    tag: str, variant: str
) -> None:
    person = Person("Щукина", "Людмила", "SHCHUKINA", "LIUDMILA", issuers.JO.birth_date)
    words = [store_pdf.builtin(tag)]
    pdf = store_pdf.render(
        sheet(certificate("vaccination", person=person), TEXT, wordings=words), variant=variant
    )
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    for part in ("Щукина", "SHCHUKINA", "Людмила", "LIUDMILA"):
        assert page.search(part, match_case=True).get_next() is not None, part
    if tag == "en":
        text = text_of(pdf)
        at = [text.index(word) for word in ("Family name", "Щукина", "SHCHUKINA", "Given names", "Людмила", "LIUDMILA")]  # fmt: skip
        assert at == sorted(at)


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
@pytest.mark.parametrize("tag", words.LANGUAGES)
def test_the_yellow_card_has_its_fields_in_every_language(tag: str, variant: str) -> None:
    if tag == "zh" and not has_chinese():
        pytest.skip("no font for Chinese here: run tools/fonts")
    person = issuers.TRAVELLER._replace(guardian="Ann Bloggs")
    tags = (tag, "en" if tag != "en" else "fr")
    wordings = [store_pdf.builtin(each) for each in tags]
    of = certificate("icvp", person=person)
    pdf = store_pdf.render(sheet(of, TEXT, wordings=wordings), variant=variant)
    text = re.sub(r"\s", "", text_of(pdf))
    assert text.count("DrVeraSample") == 2
    if tag in ("ar", "hi"):
        # A PDF's letters of these come in the order and the forms in which they are drawn.
        tag = "en"
    labels = store_pdf.builtin(tag).labels
    for name in ("sign_holder", "sign_clinician", "stamp"):
        assert re.sub(r"\s", "", labels[name]) in text, name
    assert read_back(_as_png(pdf)) == {TEXT}


def _as_png(pdf: bytes) -> bytes:
    out = io.BytesIO()
    pages(pdf, 200)[-1 if len(pypdfium2.PdfDocument(pdf)) > 2 else 0].save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("first", ["en", "ar", "ru", "zh"])
def test_a_full_yellow_card_has_room_on_every_form_in_six_languages(first: str) -> None:
    person = issuers.TRAVELLER._replace(guardian="Ann Bloggs")
    of = certificate("icvp", person=person)
    number = with_checksum("URN:UVCI:01:XU:QWXMWKAJ7LZMTENGQVMW")
    of = of._replace(entries=(of.entries[0]._replace(identifier=number),))
    tags = [first, *(tag for tag in store_pdf.LANGUAGES if tag != first)]
    wordings = [store_pdf.builtin(tag) for tag in tags if tag != "zh" or has_chinese()]
    for variant in store_pdf.VARIANTS:
        found = pages(store_pdf.render(sheet(of, TEXT, wordings=wordings), variant=variant), 100)
        assert len(found) <= {"a4": 2, "card": 1, "large": 2 * len(tags)}[variant], variant


def test_another_ones_number_that_no_line_can_hold_is_broken_and_not_cut() -> None:
    number = "URN:UVCI:01:XU:" + "W" * 150
    of = certificate("test")
    of = of._replace(entries=(of.entries[0]._replace(identifier=number),))
    pdf = store_pdf.render(sheet(of, TEXT, wordings=[store_pdf.builtin("en")]))
    assert re.sub(r"[^A-Z0-9:]", "", text_of(pdf)).count(number) == 1


def _top_of_name(surname: str) -> int:
    """Return the first row of pixels with ink where a page's name stands; a row is 1/200 inch."""
    person = Person(surname, None, None, None, None)
    words = [store_pdf.builtin("en")]
    pdf = store_pdf.render(sheet(certificate("test", person=person), TEXT, wordings=words))
    left, top, right, bottom = (round(at * 200 / MM) for at in (16, 30.4, 100, 39))
    inked = ImageChops.invert(pages(pdf, 200)[0].crop((left, top, right, bottom))).getbbox()
    assert inked is not None
    return int(inked[1])


@pytest.mark.parametrize("consonant", ["\u0e0d", "\u0e01"], ids=["yo-ying", "ko-kai"])
def test_a_thai_vowel_stands_above_its_consonant(consonant: str) -> None:
    """FiraGO hangs the marks of YO YING at its foot; the word for woman, and so many a name, has it."""
    bare, voiced = (f"\u0e2b{consonant}{vowel}\u0e07" for vowel in ("", "\u0e34"))
    assert _top_of_name(bare) - _top_of_name(voiced) >= 5


def test_the_same_sheet_gives_the_same_bytes() -> None:
    assert store_pdf.render(made("icvp", "latin")) == store_pdf.render(made("icvp", "latin"))


def test_all_kinds_look_the_same() -> None:
    """No colour: a page of a test is black and white as is that of a vaccination."""
    for name in KINDS:
        page = pypdfium2.PdfDocument(store_pdf.render(made(name, "latin", "en")))[0]
        image = page.render(scale=0.5).to_pil().convert("RGB")
        assert all(red == green == blue for _, (red, green, blue) in image.getcolors(1 << 20))


def test_large_print_is_large() -> None:
    document = pypdfium2.PdfDocument(store_pdf.render(made("test", "latin", "en"), variant="large"))
    lines = document[0].get_textpage()
    heights = {lines.get_charbox(n, loose=True) for n in range(lines.count_chars())}
    # A loose box is as high as the font: ascender to descender, never less than its size.
    assert min(top - bottom for _, bottom, _, top in heights if top > bottom) >= 18


def test_what_does_not_fit_on_a_card_is_an_error_not_a_clipping() -> None:
    full = made("icvp", "latin", "en")
    crowded = full.leaves[0]._replace(lines=full.leaves[0].lines * 4)
    with pytest.raises(UsageError) as caught:
        store_pdf.render(full._replace(leaves=(crowded,)), variant="card")
    assert caught.value.code == "sheet-too-full"
    assert len(pages(store_pdf.render(full._replace(leaves=(crowded,)), variant="large"), 40)) > 1


# ---------------------------------------------------------------- Fonts and words


def test_a_character_that_no_font_can_write_is_an_error_and_no_box(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts._candidates.cache_clear()
    person = issuers.JO._replace(surname="欧阳")
    wordings = [store_pdf.builtin("en")]
    try:
        with pytest.raises(UsageError) as caught:
            store_pdf.render(sheet(certificate("test", person=person), TEXT, wordings=wordings))
        assert not store_pdf.printable(store_pdf.builtin("zh"))
        assert all(
            store_pdf.printable(store_pdf.builtin(tag)) for tag in words.LANGUAGES if tag != "zh"
        )
    finally:
        fonts._candidates.cache_clear()
    assert caught.value.code == "font-missing"
    assert "CJK" in caught.value.message
    assert "fonts-wqy-microhei" in caught.value.hint
    assert "欧" not in caught.value.message + caught.value.hint


def test_a_folder_of_fonts_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    monkeypatch.setattr(fonts, "own", lambda: frozenset(map(ord, "abc")))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/some.ttf").write_bytes(fonts.own_font("FiraGO_Regular"))
    (tmp_path / "broken.ttf").write_bytes(b"\x00\x01\x00\x00\xff\xff")
    assert fonts.fonts_for(["d"], [tmp_path]) == (tmp_path / "deep/some.ttf",)
    with pytest.raises(UsageError, match="CJK"):
        fonts.fonts_for(["欧"], [tmp_path])


def test_coverage_is_read_from_the_font_itself() -> None:
    found = fonts.characters(fonts.own_font("FiraGO_Regular"))
    assert {ord(char) for char in "Aßщωقतท"} <= found
    assert not {ord(char) for char in "欧한"} & found
    assert fonts.characters(b"") == fonts.characters(b"ttcf") == frozenset()


def test_a_letter_is_written_from_its_parts() -> None:
    assert fonts.characters_of(["e\u0301 \u200c\n"]) == {ord("é")}


def test_the_languages_of_the_catalogue_lack_nothing() -> None:
    for tag in words.LANGUAGES:
        found = wording.read((Path(words.__file__).parent / f"{tag}.toml").read_bytes())
        assert found.lacking == ()
        assert found.wording.direction == ("rtl" if tag == "ar" else "ltr")
        assert found.wording.codes.keys() == store_pdf.builtin("en").codes.keys()


def test_the_two_dates_have_words_of_their_own_in_every_language() -> None:
    for tag in words.LANGUAGES:
        labels = store_pdf.builtin(tag).labels
        events = {
            labels[name] for name in ("given", "sampled", "first_positive", "certified_until")
        }
        assert labels["readable"] not in events
        assert len(events) == 4


@pytest.mark.parametrize(
    ("tag", "day", "month", "year"),
    [
        ("en", "1 October 2026", "October 2026", "2026"),
        ("fr", "1 octobre 2026", "octobre 2026", "2026"),
        ("es", "1 de octubre de 2026", "octubre de 2026", "2026"),
        ("ru", "1 октября 2026 г.", "октябрь 2026 г.", "2026"),  # noqa: RUF001
        ("zh", "2026年10月1日", "2026年10月", "2026年"),
        ("ar", "1 أكتوبر 2026", "أكتوبر 2026", "2026"),
        ("de", "1. Oktober 2026", "Oktober 2026", "2026"),
        ("pt", "1 de outubro de 2026", "outubro de 2026", "2026"),
        ("hi", "1 अक्टूबर 2026", "अक्टूबर 2026", "2026"),
        ("sw", "1 Oktoba 2026", "Oktoba 2026", "2026"),
    ],
)
def test_a_date_is_in_words_and_in_its_own_precision(
    tag: str, day: str, month: str, year: str
) -> None:
    def write(moment: Moment) -> str:
        return store_pdf.builtin(tag).date(moment).replace("\u202f", " ")

    assert write(_born(Precision.DAY, "2026-10-01")) == day
    assert write(_born(Precision.MONTH, "2026-10-01")) == month
    assert write(_born(Precision.YEAR, "2026-01-01")) == year


def test_a_country_is_named_unless_it_is_invented() -> None:
    assert (
        store_pdf.builtin("fr").country("DEU")
        == store_pdf.builtin("fr").country("DE")
        == "Allemagne"
    )
    assert store_pdf.builtin("fr").country("XA") == "XA"


HUNGARIAN = 'language = "hu"\n[labels]\nvaccination = "Oltási igazolás"\nreadable = "A kód olvasható eddig"\n'


def test_a_file_of_words_with_a_label_of_earlier_sheets_is_still_read() -> None:
    found = store_pdf.read(b'language = "hu"\n[labels]\nlatin = "Csal\xc3\xa1di n\xc3\xa9v"\n')
    assert "surname" in found.lacking


def test_a_participants_own_language_is_added_and_its_gaps_are_seen() -> None:
    found = store_pdf.read(HUNGARIAN.encode())
    assert found.wording.labels["vaccination"] == "Oltási igazolás"
    assert found.wording.labels["given"] == "Dose given on (en)"
    assert "given" in found.lacking
    assert found.wording.date(issuers.day("2026-10-01")) == "2026. október 1."
    pdf = store_pdf.render(
        sheet(certificate("vaccination"), TEXT, wordings=[found.wording, store_pdf.builtin("en")])
    )
    assert "A kód olvasható eddig" in text_of(pdf)


@pytest.mark.parametrize(
    "text",
    [
        "\xff", "= 1", "", 'language = "xx-nowhere-at-all"', 'language = "hu"\ndirection = "up"',
        'language = "hu"\n[labels]\nvacination = "Oltás"', 'language = "hu"\n[labels]\nname = 7',
        'language = "hu"\n[labels]\ndose_of = "kettő"', 'language = "hu"\nlabels = "x"',
    ],
)  # fmt: skip
def test_words_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        store_pdf.read(text.encode("latin-1" if text == "\xff" else "utf-8"))
    assert caught.value.code == "words-refused"


def test_a_language_without_words_is_named_as_such() -> None:
    with pytest.raises(UsageError) as caught:
        store_pdf.builtin("hu")
    assert caught.value.code == "language-unknown"


def test_printing_leaves_nothing_on_the_disk_but_fonts(tmp_path: Path) -> None:
    """Another process prints a marked name with a folder of its own for what is temporary."""
    program = (
        "from tests.unit.edges.test_paper import *\n"
        "person = issuers.JO._replace(surname='Canaryson')\n"
        "words = [store_pdf.builtin('en')]\n"
        "store_pdf.render(sheet(certificate('test', person=person), TEXT, wordings=words))\n"
        f"names = [p for p in Path({str(tmp_path)!r}).rglob('*') if p.is_file()]\n"
        "assert len(names) >= 4 and {p.suffix for p in names} == {'.ttf'}, names\n"
        "assert not any(b'Canaryson' in p.read_bytes() for p in names)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=ROOT,
        env={"PATH": "", "TMPDIR": str(tmp_path), "PYTHONPATH": f"{ROOT}/src:{ROOT}"},
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data", [b"a=" + b"[" * 100_000, b".".join([b"a"] * 11) + b"=1", b"a='" + b"x" * 300_000 + b"'"], ids=range(3)
)  # fmt: skip
def test_words_that_are_built_to_be_slow_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as caught:
        store_pdf.read(data)
    assert caught.value.code == "words-refused"
