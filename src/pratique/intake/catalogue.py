"""What may be written: value sets, and the products with what follows from them. Immutable.

    builtin | builtin + [value set | catalogue, ...] -> Catalogue -> value(field, code), product(code)
    bytes -> parsed -> JSON | rows of WHO's table of prequalified vaccines

1. A value-set document replaces the codes of its field; what a product is known for stays known: its maker, the
   doses of its primary course, the days of WHO's listing (`rules.products`).
2. A field without a value set is not checked here: the built-in knows no list of test devices.
3. A document that is neither is refused, and nothing changes.
4. Codes are facts; a published value set replaces them. Diseases, tests, results and products: EU eHealth
   Network, "ValueSetCode Sets for EU Digital COVID Certificates", with SNOMED CT, LOINC and EMA identifiers as
   written there. Yellow fever and polio: ICD-11. WHO's product identifiers come from its ICVP catalogue;
   only those that are known for certain stand here, a catalogue file adds the others.
5. A blank prophylaxis is one that we are not sure of: the clerk fills it in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.formats.codes import (
    ANTIGEN,
    ANY,
    ANY_ATC,
    COVID,
    DETECTED,
    DNA,
    MADE,
    MRNA,
    NAAT,
    NOT_DETECTED,
    PARTICLE,
    POLIO,
    RAPID,
    SPIKE,
    VECTOR,
    WHOLE,
    YELLOW_FEVER,
)
from pratique.rules.products import PRODUCTS as FACTS

DISEASES = {COVID: "COVID-19", YELLOW_FEVER: "Yellow fever", POLIO: "Poliomyelitis"}
DISEASES_OF = {"DCC": (COVID,), "ICVP": (YELLOW_FEVER, POLIO)}

TEST_TYPES = {
    NAAT: "Nucleic acid amplification with probe detection",
    RAPID: "Rapid immunoassay",
}
RESULTS = {NOT_DETECTED: "Not detected", DETECTED: "Detected"}

PROPHYLAXIS = {
    ANTIGEN: "SARS-CoV-2 antigen vaccine",
    MRNA: "SARS-CoV-2 mRNA vaccine",
    ANY_ATC: "covid-19 vaccines",
    WHOLE: "Inactivated whole SARS-CoV-2 antigen vaccine",
    SPIKE: "SARS-CoV-2 recombinant spike protein antigen vaccine",
    DNA: "SARS-CoV-2 DNA vaccine",
    ANY: "COVID-19 vaccine",
    VECTOR: "COVID-19 non-replicating viral vector vaccine",
    PARTICLE: "COVID-19 virus-like particle vaccine",
}

MANUFACTURERS = {
    "ORG-100001699": "AstraZeneca AB",
    "ORG-100030215": "Biontech Manufacturing GmbH",
    "ORG-100001417": "Janssen-Cilag International",
    "ORG-100031184": "Moderna Biotech Spain S.L.",
    "ORG-100006270": "Curevac AG",
    "ORG-100013793": "CanSino Biologics",
    "ORG-100020693": "China Sinopharm International Corp. - Beijing location",
    "ORG-100010771": "Sinopharm Weiqida Europe Pharmaceutical s.r.o. - Prague location",
    "ORG-100024420": "Sinopharm Zhijun (Shenzhen) Pharmaceutical Co. Ltd. - Shenzhen location",
    "ORG-100032020": "Novavax CZ a.s.",
    "Gamaleya-Research-Institute": "Gamaleya Research Institute",
    "Vector-Institute": "Vector Institute",
    "Sinovac-Biotech": "Sinovac Biotech",
    "Bharat-Biotech": "Bharat Biotech",
    "ORG-100001981": "Serum Institute Of India Private Limited",
    "Fiocruz": "Fiocruz",
    "ORG-100007893": "R-Pharm CJSC",
    "Chumakov-Federal-Scientific-Center": "Chumakov Federal Scientific Center",
    "ORG-100023050": "Gulf Pharmaceutical Industries",
    "CIGB": "Center for Genetic Engineering and Biotechnology (CIGB)",
    "Sinopharm-WIBP": "Sinopharm - Wuhan Institute of Biological Products",
    "ORG-100033914": "Medigen Vaccine Biologics Corporation",
    "ORG-100000788": "Sanofi Pasteur",
    "ORG-100036422": "Valneva France",
    "Instituto-Butantan": "Instituto Butantan",
    "NVSI": "National Vaccine and Serum Institute, China",
    "Yisheng-Biopharma": "Yisheng Biopharma",
    "ORG-100026614": "Sinocelltech Ltd.",
    "ORG-100008549": "Medicago Inc.",
    "Finlay-Institute": "Finlay Institute of Vaccines",
}

# Product, shortest interval in days between the doses of its primary course (the product information's or WHO
# SAGE's recommended schedule; 0: none is known here). Names, doses and WHO's days: `rules.products`, for those
# that were ever in use. Maker and platform: `codes.MADE`.
PRODUCTS = (
    ("EU/1/20/1528", 21),
    ("EU/1/20/1507", 28),
    ("EU/1/21/1529", 28),
    ("EU/1/20/1525", 0),
    ("EU/1/21/1618", 21),
    ("EU/1/21/1624", 28),
    ("EU/1/21/1580", 0),
    ("CVnCoV", 0),
    ("NVX-CoV2373", 21),
    ("Vidprevtyn", 0),
    ("VLA2001", 28),
    ("AZD2816", 0),
    ("Sputnik-V", 21),
    ("Sputnik-Light", 0),
    ("Sputnik-M", 0),
    ("Convidecia", 0),
    ("EpiVacCorona", 0),
    ("EpiVacCorona-N", 0),
    ("BBIBP-CorV", 21),
    ("Inactivated-SARS-CoV-2-Vero-Cell", 0),
    ("CoronaVac", 14),
    ("Covaxin", 28),
    ("Covishield", 28),
    ("Covovax", 21),
    ("Covid-19-recombinant", 28),
    ("R-COVI", 0),
    ("CoviVac", 0),
    ("Hayat-Vax", 21),
    ("Abdala", 0),
    ("WIBP-CorV", 0),
    ("MVC-COV1901", 0),
    ("Covid-19-adsorvida-inativada", 14),
    ("NVSI-06-08", 0),
    ("YS-SC2-010", 0),
    ("SCTV01C", 0),
    ("Covifenz", 21),
    ("Soberana-02", 0),
    ("Soberana-Plus", 0),
)  # fmt: skip

DISPLAY = {"Inactivated-SARS-CoV-2-Vero-Cell": "Inactivated SARS-CoV-2 (Vero Cell)"}
"""Product that `rules.products` does not know -> its display, where that is not its code."""

ICVP_PRODUCTS = (
    ("YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0", "STAMARIL", YELLOW_FEVER, "Sanofi Pasteur"),
)  # fmt: skip

EARLIEST = {COVID: "2020-03-16", YELLOW_FEVER: "1937-01-01", POLIO: "1955-01-01"}
"""Disease -> the first day on which anybody was given any vaccine against it."""

KNOWN_SINCE = {COVID: date(2019, 12, 1)}
"""Disease -> the day before which nobody can have been found to have it, where it is that young."""

# ISO 3166-1 alpha-2 and XK, as in the EU's value set country-2-codes.
_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV"
    " BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES"
    " ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE"
    " IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY"
    " MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU"
    " NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM"
    " SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE"
    " VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)

COUNTRIES = tuple(_COUNTRIES.split())
_FREE_Q = [f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"]
OWN_COUNTRIES = frozenset({"AA", "ZZ", *_FREE_Q, *(f"X{chr(n)}" for n in range(65, 91))})
"""ISO 3166-1 §8.1.3: codes that are free for own use: specimens, and participants without a code."""


FIELDS = {
    "vaccines-covid-19-names": "product",
    "vaccines-covid-19-auth-holders": "manufacturer",
    "sct-vaccines-covid-19": "prophylaxis",
    "disease-agent-targeted": "disease",
    "covid-19-lab-test-type": "test_type",
    "covid-19-lab-test-manufacturer-and-name": "device",
    "covid-19-lab-result": "result",
    "country-2-codes": "country",
}
"""ValueSetCode set (`valueSetId`) -> the column that it belongs to."""

_DAY = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


class ValueSetCode(NamedTuple):
    """One code of a value set."""

    display: str
    active: bool = True


class Product(NamedTuple):
    """A vaccine and what follows from it; "" or 0 where that is not known.

    Attributes:
        domain: "DCC" or "ICVP": whose catalogue it is in.
        since: the first day on which it can have been given.
        interval: the shortest interval in days between two doses of its primary course.
        doses: of its primary course.
        listed, prequalified: the days of WHO's emergency use listing and prequalification; None: none is known.
        code_since: day of the first edition of the EU's value set with its code.
    """

    code: str
    domain: str
    display: str
    disease: str
    manufacturer: str = ""
    prophylaxis: str = ""
    active: bool = True
    since: date | None = None
    interval: int = 0
    doses: int = 0
    listed: date | None = None
    prequalified: date | None = None
    code_since: date | None = None


Values = Mapping[str, ValueSetCode]


class Catalogue(NamedTuple):
    """ValueSetCode sets by column, and products by code. Hold it; nothing in it changes."""

    sets: Mapping[str, Values]
    product_of: Mapping[str, Product]

    @classmethod
    def builtin(cls) -> Catalogue:
        """Return what is known without loading anything."""
        return _builtin()

    @classmethod
    def from_documents(cls, documents: Iterable[object]) -> Catalogue:
        """Return the built-in catalogue, with what parsed JSON documents say instead.

        A document is a value set `{valueSetId, valueSetDate, valueSetValues}`, a map of value sets
        `{id: [code, ...]}`, a catalogue `{"products": [{code, domain, disease, ...}, ...]}`, or WHO's
        catalogue of prequalified vaccines: FHIR CodeSystem or ValueSet, or a table's `parsed` rows.

        Raises:
            DocumentRefused: `catalogue-unknown`, `catalogue-product`, `catalogue-identifiers`.
        """
        sets = dict(_builtin().sets)
        added: dict[str, Product] = {}
        for document in documents:
            if isinstance(document, Mapping) and isinstance(document.get("products"), list):
                added |= {product.code: product for product in map(_product, document["products"])}
            elif (whos := _prequalified(document)) is not None:
                added |= whos
            else:
                sets |= _sets(document)
        own = {
            p.code: ValueSetCode(p.display, p.active) for p in added.values() if p.domain == "DCC"
        }
        sets["product"] = dict(sets["product"]) | own
        return _frozen(sets, dict(_builtin().product_of) | added)

    def codes(self, field: str) -> tuple[str, ...]:
        """Return the codes in use of a column; none if it has no value set."""
        return tuple(code for code, value in self.sets.get(field, {}).items() if value.active)

    def products(self, domain: str = "") -> tuple[Product, ...]:
        """Return the products in use, of one data format or of all."""
        return tuple(p for p in self.product_of.values() if p.active and domain in ("", p.domain))


def parsed(data: bytes) -> object:
    """Parse a document: JSON, or a table of text, whose rows come as `{"rows": [...]}`.

    Raises:
        DocumentRefused: `catalogue-unreadable`.
    """
    # A table's names of makers may be in any encoding; its identifiers are ASCII.
    text = data.decode("utf-8-sig", "replace")
    try:
        if text.lstrip()[:1] in ("{", "[", ""):
            return strict_json.loads(text.encode())
        mark = max(",;\t", key=text.partition("\n")[0].count)
        return {"rows": list(csv.reader(text.splitlines(keepends=True), delimiter=mark))}
    except (ValueError, csv.Error) as error:
        raise DocumentRefused(
            "catalogue-unreadable", "it is neither a JSON document nor a table (CSV)"
        ) from error


# WHO's catalogue names a product so: a type of vaccine, `Product`, and an MD5.
_PRODUCT_ID = re.compile(r"([A-Za-z0-9()-]+)Product[0-9a-f]{32}", re.ASCII)
_DISEASE_OF_TYPE = {"yellowfever": YELLOW_FEVER, "polio": POLIO}
"""What an ICVP may attest, by how the type of a prequalified vaccine begins."""


def _prequalified(document: object) -> dict[str, Product] | None:
    """Read WHO's catalogue of prequalified vaccines; None if it is another document.

    Its other vaccines (measles, BCG ...) are passed over: no ICVP attests them.
    """
    if not isinstance(document, Mapping):
        return None
    rows = document.get("rows")
    if document.get("resourceType") in ("CodeSystem", "ValueSet"):
        found = dict(_concepts(document, 4))
    elif isinstance(rows, list):
        found = dict(_lines([row for row in rows if isinstance(row, list)]))
    else:
        return None
    since = {disease: date.fromisoformat(day) for disease, day in EARLIEST.items()}
    products = {}
    for code, (display, active) in found.items():
        match = _PRODUCT_ID.fullmatch(code)
        kind = match[1].lower() if match else ""
        for begin, disease in _DISEASE_OF_TYPE.items():
            if kind.startswith(begin):
                own = _builtin().product_of.get(code)
                name = display or (own.display if own else "")
                products[code] = Product(
                    code, "ICVP", name, disease, active=active, since=since.get(disease)
                )
    if not products:
        raise DocumentRefused(
            "catalogue-identifiers",
            "it names no product identifier of a yellow fever or polio vaccine (YellowFeverProduct...)",
            "take WHO's PreQualProductIds: the code system, or a table with its identifiers",
        )
    return products


def _concepts(document: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield code, display and whether it is in use: of a CodeSystem, a ValueSet, or what is in them."""
    for name in ("concept", "include", "contains", "compose", "expansion"):
        value = document.get(name)
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, Mapping) or not depth:
                continue
            code, display = part.get("code"), part.get("display")
            if isinstance(code, str):
                yield code, (display if isinstance(display, str) else "", not _is_retired(part))
            yield from _concepts(part, depth - 1)


def _is_retired(concept: Mapping[Any, Any]) -> bool:
    """Tell whether a concept is out of use (FHIR R4 codesystem-concept-properties)."""
    properties = concept.get("property")
    for each in properties if isinstance(properties, list) else ():
        if isinstance(each, Mapping):
            code = each.get("valueCode")
            tells_use = each.get("code") in ("status", "inactive")
            if tells_use and (each.get("valueBoolean") is True or code in ("retired", "inactive")):
                return True
    return concept.get("inactive") is True


def _lines(rows: list[list[Any]]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the identifiers of a table, wherever they stand in it, each with its commercial name."""
    head = [str(cell).strip().lower().replace("_", " ") for cell in rows[0]] if rows else []
    named = next(
        (
            place
            for place, name in enumerate(head)
            if name in ("commercial name", "display", "name")
        ),
        None,
    )
    for row in rows:
        cells = [cell.strip() for cell in row if isinstance(cell, str)]
        display = cells[named] if named is not None and named < len(cells) else ""
        for cell in cells:
            # An identifier may stand behind its system: `http://...#YellowFeverProduct...`
            code = re.split(r"[#|/]", cell)[-1]
            if _PRODUCT_ID.fullmatch(code):
                yield code, (display, True)


@lru_cache(maxsize=1)
def _builtin() -> Catalogue:
    since = {disease: date.fromisoformat(day) for disease, day in EARLIEST.items()}
    displays = {code: facts.display or facts.name for code, facts in FACTS.items()} | DISPLAY
    products = [
        _with_facts(
            Product(
                code,
                "DCC",
                displays.get(code, code),
                COVID,
                *MADE[code],
                True,
                since[COVID],
                interval,
            )
        )
        for code, interval in PRODUCTS
    ]
    products += [
        Product(code, "ICVP", display, disease, maker, since=since[disease])
        for code, display, disease, maker in ICVP_PRODUCTS
    ]
    sets = {
        "product": {code: displays.get(code, code) for code, _ in PRODUCTS},
        "manufacturer": MANUFACTURERS,
        "prophylaxis": PROPHYLAXIS,
        "disease": DISEASES,
        "test_type": TEST_TYPES,
        "result": RESULTS,
        "country": dict.fromkeys(COUNTRIES, ""),
    }
    values = {
        field: {code: ValueSetCode(display) for code, display in codes.items()}
        for field, codes in sets.items()
    }
    return _frozen(values, {product.code: product for product in products})


def _with_facts(product: Product) -> Product:
    """Add what is known of a product by its code, whoever's catalogue it is in."""
    facts = FACTS.get(product.code)
    if facts is None:
        return product
    listed, prequalified, code_since = (
        date.fromisoformat(day) if day else None
        for day in (facts.listed, facts.prequalified, facts.code_since)
    )
    return product._replace(
        doses=facts.doses, listed=listed, prequalified=prequalified, code_since=code_since
    )


def _frozen(sets: Mapping[str, Values], products: Mapping[str, Product]) -> Catalogue:
    return Catalogue(
        MappingProxyType({name: MappingProxyType(dict(codes)) for name, codes in sets.items()}),
        MappingProxyType(dict(products)),
    )


def _sets(document: object) -> dict[str, Values]:
    found: dict[str, Values] = {}
    if isinstance(document, Mapping):
        values = document.get("valueSetValues")
        if isinstance(values, Mapping):
            document = {str(document.get("valueSetId")): values}
        for name, codes in document.items():
            if name in FIELDS and isinstance(codes, Mapping | list):
                found[FIELDS[name]] = _values(codes)
        is_sets = bool(document) and all(
            isinstance(codes, list) and codes and isinstance(codes[0], str)
            for codes in document.values()
        )
        if found or values is not None or is_sets:
            if "disease" in found:
                # The diseases of the other data formats stay: the EU's list names its own only.
                codes = [code for own in DISEASES_OF.values() for code in own if code != COVID]
                others = {code: ValueSetCode(DISEASES[code]) for code in codes}
                found["disease"] = others | dict(found["disease"])
            return found
    raise DocumentRefused(
        "catalogue-unknown",
        "it is neither a value set nor a catalogue of products",
        'a value set {valueSetId, valueSetValues}, or {"products": [...]}',
    )


def _values(codes: Mapping[Any, Any] | list[Any]) -> Values:
    if isinstance(codes, list):
        return {code: ValueSetCode("") for code in codes if isinstance(code, str)}
    return {
        code: ValueSetCode(str(value.get("display", "")), value.get("active") is not False)
        for code, value in codes.items()
        if isinstance(code, str) and isinstance(value, Mapping)
    }


_WORDS = ("code", "domain", "display", "disease", "manufacturer", "prophylaxis")


def _product(document: object) -> Product:
    """Read one product; what is left out is not known."""
    if isinstance(document, Mapping):
        words = {name: document.get(name, "") for name in _WORDS}
        interval = document.get("interval", 0)
        is_read = all(isinstance(word, str) for word in words.values())
        if is_read and words["code"] and words["disease"] and type(interval) is int:
            since = _since(document.get("since"))
            if words["domain"] in DISEASES_OF and interval >= 0 and since is not False:
                active = document.get("active") is not False
                product = Product(**words, active=active, since=since or None, interval=interval)
                return _with_facts(product)
    raise DocumentRefused(
        "catalogue-product",
        "a product of the catalogue has no code, domain or disease, or a field of another type",
        '{"code", "domain": "DCC" | "ICVP", "disease", "since": "YYYY-MM-DD", "interval": days, ...}',
    )


def _since(value: object) -> date | Literal[False] | None:
    """Read a day; None where none is told, False where it is none."""
    if value is None:
        return None
    try:
        is_day = isinstance(value, str) and _DAY.fullmatch(value)
        return date.fromisoformat(str(value)) if is_day else False
    except ValueError:
        return False
