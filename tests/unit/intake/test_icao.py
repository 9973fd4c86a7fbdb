"""Names of every script come out in the letters of the travel document's lower lines."""

# ruff: noqa: RUF001 - names of many scripts
from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import ExtraMissing
from pratique.intake import icao
from pratique.intake.icao import is_transliteration, reading_is_unsure, transliterate
from tests.unit.intake.handed_in import NAUGHTY

SHAPE = re.compile(r"[A-Z]+(<[A-Z]+)*|")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        # ICAO Doc 9303-3 §6.A
        ("Müller", "MUELLER"), ("Österreicher", "OESTERREICHER"), ("Ärmel", "AERMEL"), ("Ærø", "AEROE"),
        ("Åse", "AASE"), ("Straße", "STRASSE"), ("STRAẞE", "STRASSE"), ("Þór", "THOR"), ("Đorđe", "DORDE"),
        ("Guðrún", "GUDRUN"), ("Łukasz", "LUKASZ"), ("İstanbul", "ISTANBUL"), ("Işık", "ISIK"), ("Ñandú", "NANDU"),
        ("Œuvrard", "OEUVRARD"), ("Ĳssel", "IJSSEL"), ("Ŋaliŋ", "NALIN"), ("Çelik", "CELIK"), ("Șerban", "SERBAN"),
        ("Əliyev", "ELIYEV"), ("Ħabib", "HABIB"), ("Dvořák", "DVORAK"), ("Nguyễn", "NGUYEN"), ("Ő", "O"), ("Ű", "U"),
        # §4.6: apostrophes fall, hyphens and blanks fill
        ("O'Neil", "ONEIL"), ("d’Arc", "DARC"), ("Smith-Jones", "SMITH<JONES"), ("Anna  Maria", "ANNA<MARIA"),
        ("van der Berg", "VAN<DER<BERG"), ("Smith, Jr.", "SMITH<JR"), ("- -", ""), ("Jean–Luc", "JEAN<LUC"),
        # Cyrillic: iuliia, samples of its schema icao_doc_9303
        ("Щукин", "SHCHUKIN"), ("Юлия", "IULIIA"), ("Щеглова", "SHCHEGLOVA"), ("Наталья", "NATALIA"),
        ("Видный", "VIDNYI"), ("Артём", "ARTEM"), ("Разъездной", "RAZIEEZDNOI"), ("Ђорђе", "DORDE"), ("Џон", "DZON"),
        ("Ґудзь", "GUDZ"), ("Їжак", "YIZHAK"),
        # Greek, Arabic, Korean, Japanese, Thai, Georgian: anyascii
        ("Ωνάσης", "ONASIS"), ("أحمد", "AHMD"), ("الرازي", "ALRAZY"), ("김", "GIM"), ("ひらがな", "HIRAGANA"),
        ("ไทย", "AITHY"), ("გიორგი", "GIORGI"),
        # Chinese: pypinyin; ü is YU (GB/T 28039-2011)
        ("李", "LI"), ("王小明", "WANGXIAOMING"), ("吕", "LYU"), ("欧阳", "OUYANG"),
        # compatibility forms
        ("Ｊｏ", "JO"), ("ﬁona", "FIONA"), ("Ǆ", "DZ"), ("😀 Bo", "BO"), ("Bo 3", "BO"),
    ],
)  # fmt: skip
def test_a_name_is_written_as_travel_documents_do(name: str, written: str) -> None:
    assert transliterate(name) == written


@pytest.mark.parametrize(
    ("surname", "written"),
    [
        ("曾", "ZENG"),
        ("单", "SHAN"),
        ("仇", "QIU"),
        ("尉迟", "YUCHI"),
        ("万俟", "MOQI"),
        ("李", "LI"),
    ],
)
def test_a_chinese_surname_is_read_as_a_surname(surname: str, written: str) -> None:
    assert transliterate(surname, surname=True) == written


def test_the_surnames_reading_is_not_a_given_names() -> None:
    assert transliterate("单") != transliterate("单", surname=True)


@given(st.text(max_size=120))
def test_every_text_comes_out_in_the_shape_and_stays_so(name: str) -> None:
    for surname in (False, True):
        written = transliterate(name, surname=surname)
        assert len(written) <= 80
        assert SHAPE.fullmatch(written)
        assert is_transliteration(written)
        assert transliterate(written, surname=surname) == written


@given(st.text(max_size=80))
def test_composed_and_decomposed_names_are_one(name: str) -> None:
    composed = unicodedata.normalize("NFC", name)
    assert transliterate(unicodedata.normalize("NFD", name)) == transliterate(composed)


def test_every_naughty_text_comes_out_in_the_shape() -> None:
    for name in NAUGHTY:
        assert SHAPE.fullmatch(transliterate(name))


def test_a_long_name_is_cut_and_does_not_end_in_a_filler() -> None:
    assert transliterate("A" * 100) == "A" * 80
    assert transliterate("A" * 79 + " B") == "A" * 79


@pytest.mark.parametrize(
    "name",
    [
        "李",
        "أحمد",
        "שרה",
        "ไทย",
        "田中",
        "मोहन",
        "김",
        "ひかり",
        "ሰላም",
        "Անի",
        "ᎠᏂ",
        "Ɖoli",
        "Ivаn",
    ],
)
def test_a_script_that_leaves_the_reading_open_is_told(name: str) -> None:
    assert reading_is_unsure(name)


@pytest.mark.parametrize(
    "name", ["Bloggs", "Müller", "Щукин", "Ωνάσης", "გიორგი", "Đặng", "Þór", "D´Arc"]
)
def test_a_script_that_settles_the_reading_is_not(name: str) -> None:
    assert not reading_is_unsure(name)


@pytest.mark.parametrize("text", ["bloggs", "BLOGGS ", "BLÖGGS", "A" * 81, "A-B", "A\n", "0"])
def test_what_is_no_transliteration_is_seen(text: str) -> None:
    assert not is_transliteration(text)


@pytest.mark.parametrize(
    ("library", "name"), [("anyascii", "Œ"), ("iuliia", "Щ"), ("pypinyin", "李")]
)
def test_a_missing_library_is_named_with_what_to_install(
    library: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for found in (icao._anyascii, icao._iuliia, icao._pinyin):
        found.cache_clear()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ExtraMissing, match="'issuer'"):
        transliterate(name)
    assert transliterate("Bloggs") == "BLOGGS"
