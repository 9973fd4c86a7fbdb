"""Names as states write them: by the letters that tell whose they are, or asked. All invented."""

# ruff: noqa: RUF001 - names of many scripts
from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.intake import icao, rows
from pratique.intake.icao import transliterate
from pratique.intake.remarks import RemarkCode
from pratique.intake.rows import read_row
from tests.unit.intake.handed_in import BUILTIN, DOSE, YELLOW, read, told

NAMES = ["surname", "forename"]


def written(surname: str, forename: str, **others: Any) -> tuple[list[str | None], list[Any]]:
    state = others.pop("state", "XA")
    row = {**DOSE, "surname": surname, "forename": forename, **others}
    del row["country"]
    found = read_row(row, BUILTIN, country=state)
    assert found.record is not None
    person = found.record.person
    return [person.surname_icao, person.forename_icao], told(found.remarks)


def asked(*columns: str) -> list[tuple[str, str]]:
    return [("NAME_DIFFERS_BY_STATE", column) for column in columns]


@pytest.mark.parametrize(
    ("surname", "forename", "state", "latin", "columns"),
    [
        # The letters of one name tell of the other: Є, Ї are Ukrainian, Ў Belarusian.
        ("Гриценко", "Євген", "XA", ["HRYTSENKO", "YEVHEN"], []),
        ("Їжакевич", "Юлія", "XA", ["YIZHAKEVYCH", "YULIIA"], []),
        ("Згурський", "Лук’ян", "UA", ["ZGHURSKYI", "LUKIAN"], []),
        ("Йосипенко", "Ґалина-Яна", "XA", ["YOSYPENKO", "GALYNA<YANA"], []),
        ("Кароўкін", "Глеб", "XA", ["KAROUKIN", "HLEB"], []),
        ("Ѓорѓиев", "Џон", "XA", ["GJORGJIEV", "DJON"], []),
        ("Живковић", "Хлебица", "XA", ["ZIVKOVIC", "HLEBICA"], []),
        # Nothing tells but the state.
        ("Гриценко", "Олег", "UA", ["HRYTSENKO", "OLEH"], []),
        ("Гриценко", "Олег", "RU", ["GRITSENKO", "OLEG"], []),
        ("Щерев", "Мария", "BG", ["SHTEREV", "MARIA"], []),
        ("Ганев", "Ангел", "BG", ["GANEV", "ANGEL"], []),
        ("Христов", "Ян", "BG", ["HRISTOV", "YAN"], []),
        ("Христов", "Ян", "RU", ["KHRISTOV", "IAN"], []),
        # Nothing tells at all: 9303-3's own is proposed.
        ("Гриценко", "Олег", "XA", ["GRITSENKO", "OLEG"], NAMES),
        ("Иванов", "Марат", "XA", ["IVANOV", "MARAT"], ["surname"]),
        ("Маратова", "Анна", "XA", ["MARATOVA", "ANNA"], []),
        # The state's table does not have the letter.
        ("Євтушенко", "Олег", "RU", ["YEVTUSHENKO", "OLEH"], []),
        # Of no table's language, or of an old one.
        ("Ѫжев", "Һасан", "XA", ["UZHEV", "CASAN"], NAMES),
        ("Әлиев", "Өмір", "KZ", ["ALIEV", "OMIR"], NAMES),
        ("Ҳакимов", "Ҷамшед", "TJ", ["HAKIMOV", "JAMSHED"], NAMES),
        ("Ђорић", "Ана", "RS", ["DORIC", "ANA"], ["surname"]),
    ],
    ids=range(21),
)  # fmt: skip
def test_cyrillic_is_written_as_the_state_does_or_asked_about(
    surname: str, forename: str, state: str, latin: list[str], columns: list[str]
) -> None:
    assert written(surname, forename, state=state) == (latin, asked(*columns))


def test_the_nationality_comes_before_the_issuers_country() -> None:
    row = YELLOW | {"surname": "Гриценко", "forename": "Олег"}
    for nationality, surname in (("UKR", "HRYTSENKO"), ("RUS", "GRITSENKO")):
        found = read_row(row | {"nationality": nationality}, BUILTIN, country="BG")
        assert found.record is not None
        assert (found.record.person.surname_icao, found.remarks) == (surname, ())


def test_a_travel_documents_own_line_is_not_asked_about() -> None:
    given_in = {"surname_icao": "GRICENKO", "forename_icao": "OLEG"}
    assert written("Гриценко", "Олег", **given_in) == (["GRICENKO", "OLEG"], [])


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Παπαδόπουλος", "PAPADOPOULOS"), ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "PAPADOPOULOS"), ("Ευάγγελος", "EVANGELOS"),
        ("Ευθύμιος", "EFTHYMIOS"), ("Αύρα", "AVRA"), ("Αυτιάς", "AFTIAS"), ("Λευκή", "LEFKI"), ("Πρωτεύς", "PROTEFS"),
        ("Ραϋμόνδος", "RAYMONDOS"), ("Άυλος", "AYLOS"), ("Γκίκας", "GKIKAS"), ("Άγχος", "ANCHOS"),
        ("Σφιγξ", "SFINX"), ("Μπάμπης", "BAMPIS"), ("Κομπ", "KOB"), ("Ντίνος", "NTINOS"), ("Τζένη", "TZENI"),
        ("Χρήστος", "CHRISTOS"), ("Ψαρρός", "PSARROS"), ("Υιός", "YIOS"), ("Μαΐου", "MAIOU"), ("Ἀθηνᾶ", "ATHINA"),
        ("Άννα-Μαρία", "ANNA<MARIA"), ("Ωνάσης", "ONASIS"), ("Πρόοϋ", "PROOY"),
    ],
)  # fmt: skip
def test_greek_is_written_as_greek_passports_do(name: str, latin: str) -> None:
    assert transliterate(name) == latin
    assert transliterate(unicodedata.normalize("NFD", name)) == latin


@pytest.mark.parametrize("sign", "'´`’‘‛′ʹʻʼʽʾʿˈˊˋ՚＇｀")
def test_an_apostrophe_is_left_out_whatever_sign_is_written_for_it(sign: str) -> None:
    assert written(f"D{sign}Angelo", f"O{sign}Neill") == (["DANGELO", "ONEILL"], [])


@pytest.mark.parametrize(
    ("surname", "forename", "state", "latin"),
    [
        ("Öztürk", "Işıl", "XA", ["OZTURK", "ISIL"]),
        ("Öztürk", "Ayla", "TR", ["OZTURK", "AYLA"]),
        ("Öztürk", "Ayla", "XA", ["OEZTUERK", "AYLA"]),
        ("Müller", "Jörg", "XA", ["MUELLER", "JOERG"]),
    ],
)
def test_turkish_names_are_written_as_turkish_passports_do(
    surname: str, forename: str, state: str, latin: list[str]
) -> None:
    assert written(surname, forename, state=state) == (latin, [])


PLAIN = [
    "Müller", "Österreicher", "Straße", "Dvořák", "Łukasz", "Nguyễn", "Đorđe", "İstanbul", "Œuvrard", "Guðrún",
    "Zoë", "Æbelø", "Šahin", "Ťažký", "Škvorecký", "Ñandú", "François", "Renée", "Беляев", "Мария", "Олексій",
    "Παπαδόπουλος", "أحمد", "王小明", "BENÉŠ", "NOËL", "JOSÉ–MARIA", "Mª José", "Ó Súilleabháin",
]  # fmt: skip
MISREAD = ("cp1252", "latin-1", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman")


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_is_not_taken_for_another_encoding(name: str) -> None:
    for form in (name, name.upper()):
        assert not rows.is_garbled(form)
        assert not rows.may_be_garbled(form)


@pytest.mark.parametrize("codec", MISREAD)
@pytest.mark.parametrize("twice", [False, True])
def test_a_name_that_was_read_in_another_encoding_is_never_issued_unasked(
    codec: str, twice: bool
) -> None:
    for name in (*PLAIN, *map(str.upper, PLAIN)):
        if name.isascii():
            continue
        garbled = name.encode().decode(codec, "replace")
        if twice:
            garbled = garbled.encode().decode(codec, "replace")
        found = read(DOSE, surname=garbled)
        assert told(found.remarks), name
        assert all(column == "surname" for _, column in told(found.remarks))


@given(st.text("äöüßéèñçøåšžćčłİğñõãđАаБбЖжΑαβω", min_size=1, max_size=8), st.sampled_from(MISREAD))
@settings(deadline=None)
def test_any_garbled_word_is_told(name: str, codec: str) -> None:
    garbled = name.encode().decode(codec, "replace")
    found = read(DOSE, surname=f"Mu{garbled}er")
    assert found.record is None or found.remarks


@pytest.mark.parametrize(
    "name", ["M¼ller", "¡Ana", "M?ller", "Ana+", "Ana & Bo", "№ 5", "M├╝ller", "Ana™", "x²"]
)
def test_a_sign_that_no_travel_document_shows_is_asked_about(name: str) -> None:
    found = read(DOSE, surname=name)
    assert ("NAME_HAS_SIGN", "surname") in told(found.remarks)


@pytest.mark.parametrize(
    "name", ["O'Neil", "Smith-Jones", "Smith, Jr.", "Jean–Luc", "Mª José", "Al·lèn", "d’Arc", "ක්‍ෂ"]
)
def test_what_names_hold_is_none(name: str) -> None:
    assert "NAME_HAS_SIGN" not in [code for code, _ in told(read(DOSE, surname=name).remarks)]


ASKS = {
    RemarkCode.NAME_READING_UNSURE, RemarkCode.NAME_DIFFERS_BY_STATE, RemarkCode.NAME_GARBLED,
    RemarkCode.NAME_HAS_SIGN, RemarkCode.NAME_HAS_DIGIT,
}  # fmt: skip
CYRILLIC = "абвгґдђѓеёєжзѕиіїйјклљмнњопрстћќуўфхцчџшщъыьэюяѫһқңөүӣҳҷ"


@given(
    st.text(CYRILLIC, min_size=1, max_size=12),
    st.text(CYRILLIC, max_size=8),
    st.sampled_from(["UA", "RU", "BY", "BG", "RS", "MK", "KZ", "XA"]),
)
@settings(deadline=None)
def test_cyrillic_is_asked_about_wherever_two_tables_differ(
    surname: str, forename: str, state: str
) -> None:
    whole = f"{surname} {forename}"
    latin = transliterate(surname, whole=whole, state=state)
    assert icao.is_transliteration(latin)
    assert transliterate(latin, whole=whole, state=state) == latin
    if not icao.differs_by_state(surname, whole=whole, state=state):
        # Who is not asked gets what every state writes that can be meant, or what the own one does.
        possible = [table for table in icao._TABLES if set(whole.strip()) - {" "} <= table.alphabet]
        own = [table for table in possible if state in table.states]
        assert {icao._written(surname, table) for table in own or possible} == {latin}


@given(st.text(max_size=40), st.sampled_from(["", "UA", "TR", "XA"]))
@settings(deadline=None)
def test_every_name_comes_out_in_the_shape_or_is_told(name: str, state: str) -> None:
    found = read_row({**DOSE, "surname": name}, BUILTIN, country=state)
    if found.record is None:
        assert found.remarks
        return
    latin = found.record.person.surname_icao
    if latin is not None:
        assert icao.is_transliteration(latin)
        assert latin
        others = any(
            unicodedata.category(sign)[0] == "L"
            and unicodedata.name(sign, "").split(" ")[0] not in icao._SETTLED
            for sign in unicodedata.normalize("NFKC", name.translate(icao._NO_APOSTROPHES))
        )
        assert not others or {remark.code for remark in found.remarks} & ASKS
