"""What may be written: value sets, and the products with what follows from them. Immutable.

    builtin | builtin + [value set | catalogue, ...] -> Catalogue -> value(field, code), product(code)
    bytes -> parsed -> JSON | rows of WHO's table of prequalified vaccines

1. A value-set document replaces the codes of its field; what a product is known for stays known.
2. A field without a value set is not checked here: the built-in knows no list of test devices.
3. A document that is neither is refused, and nothing changes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pratique.crypto import strict_json
from pratique.errors import DocumentRefused
from pratique.intake import catalogue_codes as known

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
"""Value set (`valueSetId`) -> the column that it belongs to."""

_DAY = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Value(NamedTuple):
    """One code of a value set."""

    display: str
    active: bool = True


class Product(NamedTuple):
    """A vaccine and what follows from it; "" or 0 where that is not known.

    Attributes:
        domain: "DCC" or "ICVP": whose catalogue it is in.
        since: the first day on which it can have been given.
        interval: the shortest interval in days between two doses of its primary course.
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


Values = Mapping[str, Value]


class Catalogue(NamedTuple):
    """Value sets by column, and products by code. Hold it; nothing in it changes."""

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
        own = {p.code: Value(p.display, p.active) for p in added.values() if p.domain == "DCC"}
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
_DISEASE_OF_TYPE = {"yellowfever": known.YELLOW_FEVER, "polio": known.POLIO}
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
    since = {disease: date.fromisoformat(day) for disease, day in known.EARLIEST.items()}
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
    since = {disease: date.fromisoformat(day) for disease, day in known.EARLIEST.items()}
    products = [
        Product(code, "DCC", display, known.COVID, maker, kind, True, since[known.COVID], interval)
        for code, display, maker, kind, interval in known.PRODUCTS
    ]
    products += [
        Product(code, "ICVP", display, disease, maker, since=since[disease])
        for code, display, disease, maker in known.ICVP_PRODUCTS
    ]
    sets = {
        "product": {row[0]: row[1] for row in known.PRODUCTS},
        "manufacturer": known.MANUFACTURERS,
        "prophylaxis": known.PROPHYLAXIS,
        "disease": known.DISEASES,
        "test_type": known.TEST_TYPES,
        "result": known.RESULTS,
        "country": dict.fromkeys(known.COUNTRIES, ""),
    }
    values = {
        field: {code: Value(display) for code, display in codes.items()}
        for field, codes in sets.items()
    }
    return _frozen(values, {product.code: product for product in products})


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
        if found or values is not None or _is_sets(document):
            return _with_others(found)
    raise DocumentRefused(
        "catalogue-unknown",
        "it is neither a value set nor a catalogue of products",
        'a value set {valueSetId, valueSetValues}, or {"products": [...]}',
    )


def _is_sets(document: Mapping[Any, Any]) -> bool:
    return bool(document) and all(
        isinstance(codes, list) and codes and isinstance(codes[0], str)
        for codes in document.values()
    )


def _with_others(found: dict[str, Values]) -> dict[str, Values]:
    """Keep the diseases of the other data formats: the EU's list names its own only."""
    if "disease" in found:
        others = [
            code for codes in known.DISEASES_OF.values() for code in codes if code != known.COVID
        ]
        found["disease"] = {code: Value(known.DISEASES[code]) for code in others} | dict(
            found["disease"]
        )
    return found


def _values(codes: Mapping[Any, Any] | list[Any]) -> Values:
    if isinstance(codes, list):
        return {code: Value("") for code in codes if isinstance(code, str)}
    return {
        code: Value(str(value.get("display", "")), value.get("active") is not False)
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
            if words["domain"] in known.DISEASES_OF and interval >= 0 and since is not False:
                active = document.get("active") is not False
                return Product(**words, active=active, since=since or None, interval=interval)
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
