"""Know the columns of a table by what people write above them, and read dates in the order that a clerk names.

    header -> folded -> recognised(headers) -> our column | "" for each    clerk or --column -> Headings -> tables.rows
    04/03/2021 + "dmy" -> 2021-03-04

1. Case, accents, blanks, punctuation and what stands in brackets do not matter.
2. No two columns of a file become one of ours: where two would, neither does, and a person chooses.
3. The order of a date is said by a person. What cannot be read by it is left as it stands, and refused as a date.
4. Every header is answered, whatever it is; the answer does not depend on where it stands among the others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from pratique.errors import UsageError
from pratique.intake.rows import COLUMNS
from pratique.model import silent

DATES = frozenset(
    {"birth_date", "given_on", "first_positive_on", "valid_from", "valid_until", "sampled_at"}
)
"""Columns of ours that hold a date."""

ORDERS = ("dmy", "mdy", "ymd")
"""Day, month, year in the order in which a file writes them."""

LONGEST = 120
"""Characters of a header that is looked at."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": (
        "kind", "type of certificate", "certificate type", "event", "event type", "Art", "Art des Zertifikats",
        "type de certificat", "tipo de certificado", "вид сертификата", "نوع الشهادة", "证书类型", "प्रमाणपत्र का प्रकार",
        "aina ya cheti",
    ),
    "domain": ("domain", "data format", "Datenformat", "format de données", "formato de datos", "формат данных"),
    "surname": (
        "surname", "last name", "lastname", "family name", "name of family", "Nachname", "Familienname", "Zuname",
        "nom", "nom de famille", "nom d'usage", "apellido", "apellidos", "sobrenome", "apelido", "apelidos",
        "фамилия", "прізвище", "cognome", "achternaam", "nazwisko", "soyadı", "اسم العائلة", "اللقب", "الكنية", "姓",
        "姓氏", "उपनाम", "कुलनाम", "jina la ukoo", "jina la familia", "jina la mwisho",
    ),
    "forename": (
        "forename", "forenames", "first name", "firstname", "first names", "given name", "given names", "Vorname",
        "Vornamen", "prénom", "prénoms", "nombre", "nombres", "nombre de pila", "nome próprio", "primeiro nome",
        "имя", "имена", "ім'я", "voornaam", "imię", "adı", "الاسم الأول", "الاسم الشخصي", "名", "名字",
        "प्रथम नाम", "पहला नाम", "jina la kwanza", "majina ya kwanza",
    ),
    "surname_icao": ("surname icao", "surname latin", "surname mrz", "surname in passport", "фамилия латиницей"),
    "forename_icao": ("forename icao", "forename latin", "forename mrz", "given names in passport", "имя латиницей"),
    "birth_date": (
        "birth date", "date of birth", "dob", "d.o.b.", "born", "birthday", "Geburtsdatum", "Geburtstag", "geboren am",
        "geb. am", "date de naissance", "né(e) le", "ddn", "fecha de nacimiento", "fecha nacimiento",
        "data de nascimento", "дата рождения", "дата народження", "data di nascita", "geboortedatum",
        "data urodzenia", "doğum tarihi", "تاريخ الميلاد", "تاريخ الولادة", "出生日期", "जन्म तिथि", "जन्मतिथि", "tarehe ya kuzaliwa",
    ),
    "sex": (
        "sex", "gender", "Geschlecht", "sexe", "sexo", "пол", "стать", "الجنس", "性别", "लिंग", "jinsia",
    ),
    "nationality": (
        "nationality", "citizenship", "Staatsangehörigkeit", "Nationalität", "nationalité", "nacionalidad",
        "nacionalidade", "гражданство", "الجنسية", "国籍", "राष्ट्रीयता", "uraia",
    ),
    "document": (
        "document", "document number", "document no.", "passport", "passport no.", "passport number", "ID number",
        "Passnummer", "Ausweisnummer", "numéro de passeport", "n° de passeport", "número de pasaporte",
        "número do passaporte", "номер паспорта", "رقم جواز السفر", "رقم الجواز", "护照号码", "पासपोर्ट संख्या",
        "nambari ya pasipoti",
    ),
    "document_type": ("document type", "type of document", "ID type", "Ausweisart", "type de document", "tipo de documento"),
    "guardian": (
        "guardian", "parent or guardian", "parent", "Sorgeberechtigte", "Vormund", "tuteur", "tutor", "опекун",
        "ولي الأمر", "监护人", "अभिभावक", "mlezi",
    ),
    "disease": (
        "disease", "target disease", "disease targeted", "disease or agent", "Krankheit", "maladie", "enfermedad",
        "doença", "болезнь", "заболевание", "المرض", "疾病", "रोग", "ugonjwa",
    ),
    "country": (
        "country", "country of vaccination", "Land", "pays", "país", "страна", "البلد", "الدولة", "国家", "देश", "nchi",
    ),
    "authority": (
        "authority", "issuer", "issued by", "issuing authority", "Aussteller", "ausgestellt von", "délivré par",
        "emisor", "emissor", "кем выдан", "جهة الإصدار", "签发机构", "mamlaka",
    ),
    "product": (
        "product", "vaccine", "vaccine name", "vaccine product", "name of vaccine", "Impfstoff", "Impfstoffname",
        "vaccin", "nom du vaccin", "vacuna", "nombre de la vacuna", "vacina", "nome da vacina", "вакцина", "vaccino",
        "szczepionka", "aşı", "اللقاح", "اسم اللقاح", "疫苗", "疫苗名称", "टीका", "टीके का नाम", "chanjo", "jina la chanjo",
    ),
    "prophylaxis": (
        "prophylaxis", "vaccine type", "type of vaccine", "Impfstofftyp", "type de vaccin", "tipo de vacuna",
        "tipo de vacina", "тип вакцины", "نوع اللقاح", "疫苗类型",
    ),
    "manufacturer": (
        "manufacturer", "maker", "vaccine manufacturer", "Hersteller", "fabricant", "fabricante", "laboratorio",
        "производитель", "الشركة المصنعة", "生产企业", "生产厂家", "निर्माता", "mtengenezaji",
    ),
    "dose": (
        "dose", "dose no.", "dose number", "number of dose", "Dosis", "Dosisnummer", "Dosis Nr.", "numéro de dose",
        "n° de dose", "dosis número", "número de dosis", "número da dose", "номер дозы", "доза", "رقم الجرعة", "الجرعة", "剂次",
        "खुराक संख्या", "खुराक", "dozi", "nambari ya dozi",
    ),
    "doses": (
        "doses", "total doses", "number of doses", "doses in series", "series doses", "Anzahl Dosen", "Dosen",
        "Gesamtzahl Dosen", "nombre de doses", "nombre total de doses", "total de dosis", "total de doses",
        "всего доз", "количество доз", "عدد الجرعات", "总剂次", "कुल खुराक", "jumla ya dozi", "idadi ya dozi",
    ),
    "given_on": (
        "given on", "date given", "vaccination date", "date of vaccination", "vaccinated on", "immunization date",
        "date of dose", "administered on", "Impfdatum", "geimpft am", "Datum der Impfung", "date de vaccination",
        "vacciné(e) le", "fecha de vacunación", "fecha de la vacuna", "data de vacinação", "data da vacinação",
        "дата вакцинации", "дата прививки", "تاريخ التطعيم", "تاريخ اللقاح", "接种日期", "टीकाकरण की तिथि", "टीकाकरण तिथि",
        "tarehe ya chanjo",
    ),
    "lot": (
        "lot", "lot no.", "lot number", "batch", "batch no.", "batch number", "lot/batch", "Charge", "Chargennummer",
        "Chargen-Nr.", "Ch.-B.", "numéro de lot", "n° de lot", "lote", "número de lote", "n.º de lote", "серия",
        "номер серии", "партия", "رقم التشغيلة", "رقم الدفعة", "批号", "बैच संख्या", "बैच", "nambari ya bechi", "bechi",
    ),
    "site": (
        "site", "place", "clinic", "centre", "center", "facility", "health facility", "vaccination site",
        "vaccination centre", "Impfstelle", "Impfzentrum", "Ort", "lieu", "centre de vaccination", "lugar",
        "centro de vacunación", "local de vacinação", "место вакцинации", "مركز التطعيم", "المركز الصحي", "接种地点", "接种单位",
        "टीकाकरण केंद्र", "kituo", "kituo cha afya",
    ),
    "clinician": (
        "clinician", "supervising clinician", "vaccinator", "vaccinated by", "administered by", "doctor", "verantwortliche Fachkraft",
        "Impfarzt", "clinicien", "clinicien responsable", "vaccinateur", "clínico", "clínico supervisor", "vacunador",
        "clínico responsável", "vacinador", "врач", "медицинский работник", "الطبيب", "الطبيب المشرف", "医生", "接种医生",
        "चिकित्सक", "mtaalamu wa afya",
    ),
    "test_type": (
        "test type", "type of test", "Testart", "type de test", "tipo de prueba", "tipo de teste", "вид теста",
        "نوع الفحص", "检测类型",
    ),
    "test_name": ("test name", "name of test", "Testname", "nom du test", "nombre de la prueba", "nome do teste", "название теста"),
    "device": ("device", "test device", "Testgerät", "dispositif", "dispositivo", "устройство"),
    "sampled_at": (
        "sampled at", "sample taken on", "sample date", "date of sample", "collection date", "Probenahme",
        "Datum der Probenahme", "date de prélèvement", "fecha de toma", "fecha de muestra", "data da colheita",
        "data da coleta", "дата взятия пробы", "تاريخ أخذ العينة", "采样日期", "采样时间", "tarehe ya sampuli",
    ),
    "result": (
        "result", "test result", "Ergebnis", "Testergebnis", "résultat", "resultado", "результат", "النتيجة", "结果",
        "检测结果", "परिणाम", "matokeo",
    ),
    "first_positive_on": (
        "first positive on", "first positive test", "date of first positive test", "erster positiver Test",
        "premier test positif", "primera prueba positiva", "primeiro teste positivo", "первый положительный тест",
    ),
    "valid_from": ("valid from", "gültig ab", "gültig von", "valable à partir du", "válido desde", "صالح من", "有效期自"),
    "valid_until": (
        "valid until", "valid to", "expires on", "gültig bis", "valable jusqu'au", "válido hasta", "válido até",
        "действителен до", "صالح حتى", "有效期至",
    ),
}  # fmt: skip
"""What people write above our columns, in the languages of the pages and some more."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_PARTS = re.compile(
    r"\s*([0-9]{1,4})\s*[./\-\u2013\u5e74]\s*([0-9]{1,2})\s*[./\-\u2013\u6708]\s*([0-9]{1,4})\.?\u65e5?\s*"
)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]{2,}.*[0-9]")


def heading(cell: object) -> str:
    """Return a header as it is compared with another one of the same file: white space does not count."""
    text = str(cell) if isinstance(cell, str | int | float) else ""
    return " ".join(text.replace("\ufeff", "").replace("\u200b", "").split())[:LONGEST]


def folded(text: str) -> str:
    """Return the letters and digits of a header, without accents and case; brackets are an explanation."""
    plain = heading(text)
    bare = _BRACKETS.sub(" ", plain)
    for each in (bare, plain):
        apart = unicodedata.normalize("NFKD", each).casefold()
        kept = "".join(sign for sign in apart if unicodedata.category(sign)[0] in "LN")
        if kept:
            return kept
    return ""


@cache
def _known() -> Mapping[str, str]:
    return {
        folded(word): column
        for column, words in WORDS.items()
        for word in (*words, column.replace("_", " "))
    }


def recognised(headers: Sequence[object]) -> list[str]:
    """Return our column for each header; "" for one that is not known, or where two would be one of ours."""
    names = [
        _known().get(folded(str(header)), "") if header is not None else "" for header in headers
    ]
    often = Counter(names)
    return [name if often[name] == 1 else "" for name in names]


def is_data(headers: Iterable[object]) -> bool:
    """Tell whether what should be headers looks like a record: where a date or a number stands in it."""
    return any(_DIGITS.search(str(header)) is not None for header in headers if header is not None)


def dated(cell: Any, order: str) -> Any:
    """Return a date that is written in an order as YYYY-MM-DD; anything else as it is."""
    if (
        not isinstance(cell, str)
        or not order
        or (match := _PARTS.fullmatch(cell[:LONGEST])) is None
    ):
        return cell
    part = dict(zip("ymd" if len(match[1]) == 4 else order, match.groups(), strict=True))
    if len(part["y"]) != 4:
        # Two digits of a year could be either century's.
        return cell
    try:
        return date(*(int(part[name]) for name in "ymd")).isoformat()
    except ValueError:
        return cell


def orders(cells: Iterable[object]) -> frozenset[str] | None:
    """Return the orders in which all dates that are not written YYYY-MM-DD can be read; None if there is no such date."""
    possible: frozenset[str] | None = None
    for cell in cells:
        if not isinstance(cell, str) or len(cell) > LONGEST or _ISO.fullmatch(cell.strip()):
            continue
        if reads := frozenset(order for order in ORDERS if dated(cell, order) != cell):
            possible = reads if possible is None else possible & reads
    return possible


@silent
class Headings(NamedTuple):
    """What the columns of a file are.

    Attributes:
        columns: a header of the file (`heading`) -> our column; "" for one that is not to be read. What is not in it
            is known by our own names alone.
        dates: the order of its dates, one of `ORDERS`; "" where they are written YYYY-MM-DD.
    """

    columns: Mapping[str, str]
    dates: str = ""

    def cells(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row with its dates read in the file's order."""
        if not self.dates:
            return row
        return {
            name: dated(cell, self.dates) if name in DATES else cell for name, cell in row.items()
        }

    def renamed(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an object whose members are columns, under our names; a FHIR resource stays what it is."""
        if "resourceType" in row or not (self.columns or self.dates):
            return row
        named = {self.columns.get(heading(name), name): cell for name, cell in row.items()}
        named.pop("", None)
        return self.cells(named)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"columns": dict(self.columns), "dates": self.dates}


def headings(columns: Mapping[str, str], dates: str = "") -> Headings:
    """Make headings of what a person chose.

    Raises:
        UsageError: `column-unknown`, `column-twice`, `dates-unknown`.
    """
    chosen = {heading(header): column for header, column in columns.items()}
    if not COLUMNS.issuperset(filter(None, chosen.values())):
        raise UsageError(
            "column-unknown",
            "a column of the file is to be something that no record has",
            "the handbook's page Intake lists all columns",
        )
    used = Counter(filter(None, chosen.values()))
    if any(count > 1 for count in used.values()):
        raise UsageError(
            "column-twice", "two columns of the file are to be the same", "choose one of the two"
        )
    if dates and dates not in ORDERS:
        raise UsageError("dates-unknown", "the order of dates is not known", "one of dmy, mdy, ymd")
    return Headings(chosen, dates)


# A plain dictionary: it goes to other processes, to which no read-only view of one can go.
AS_THEY_ARE = Headings({})
"""A file whose columns have our names."""
