"""Read a flat row, from CSV, Parquet, JSON or a prompt, into a record.

    {column: cell} -> kind -> person + entry -> Reading(record | None, remarks)

1. The columns are the same for all inputs: `COLUMNS`, and docs/reference/intake.md.
2. Every column is looked at, so that the clerk is told of everything at once.
3. What refuses leaves no record; `examine` then says whether the record makes sense.
4. Nothing that is about one person is kept between rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pratique.intake import persons
from pratique.intake.catalogue import Catalogue, Product
from pratique.intake.catalogue_codes import COVID
from pratique.intake.reader import Row
from pratique.intake.record import Record
from pratique.intake.remarks import Remark, RemarkCode, refuses
from pratique.model import Entry, Exemption, Moment, Recovery, Test, Vaccination, silent
from pratique.terms import Kind

PERSON = (
    "surname", "forename", "surname_icao", "forename_icao", "birth_date",
    "sex", "nationality", "document", "document_type", "guardian",
)  # fmt: skip
EVENT = ("kind", "domain", "disease", "country", "authority")
OWN: dict[Kind, tuple[str, ...]] = {
    Kind.VACCINATION: (
        "product", "prophylaxis", "manufacturer", "dose", "doses", "given_on", "lot", "site",
    ),
    Kind.TEST: ("test_type", "test_name", "device", "sampled_at", "result", "site"),
    Kind.RECOVERY: ("first_positive_on", "valid_from", "valid_until"),
    Kind.EXEMPTION: ("valid_from", "valid_until"),
}  # fmt: skip
COLUMNS = frozenset(PERSON + EVENT).union(*OWN.values())
"""Every column there is."""

DCC, ICVP = "DCC", "ICVP"
NOTHING: Mapping[str, Any] = MappingProxyType({})
_PREQUALIFIED = re.compile(r"[A-Za-z0-9()-]+Product[0-9a-f]{32}", re.ASCII)
"""WHO's catalogue names a product so: a type of vaccine, `Product`, and an MD5."""
_KINDS = {kind.value: kind for kind in Kind}
_TELLING = {
    Kind.VACCINATION: ("product", "given_on", "dose"),
    Kind.TEST: ("sampled_at", "test_type", "result"),
    Kind.RECOVERY: ("first_positive_on",),
}


@silent
class Reading(NamedTuple):
    """What came of one row: a record, unless a remark refuses it.

    `place`: where it stands in a FHIR document; empty for a row.
    """

    record: Record | None
    remarks: tuple[Remark, ...] = ()
    place: str = ""

    @property
    def is_skipped(self) -> bool:
        """Tell whether there is nothing to attest: it is neither issued nor refused."""
        return self.record is None and not refuses(self.remarks)


def fill(row: Mapping[Any, Any], filled: Mapping[str, Any]) -> Mapping[Any, Any]:
    """Return a row with columns that hold for a whole file, where its own cells are empty."""
    if not filled:
        return row
    empty = {
        name: value
        for name, value in filled.items()
        if row.get(name) is None or (isinstance(row[name], str) and not row[name].strip())
    }
    return {**row, **empty} if empty else row


def read_row(
    row: Mapping[Any, Any], catalogue: Catalogue, *, country: str = "", authority: str = ""
) -> Reading:
    """Read one row. Never raises.

    Args:
        row: column to cell, as strings or as a table's own dates and numbers; blanks and None are empty.
        catalogue: the value sets from which the rest of a product is filled in.
        country, authority: taken where the row's own column is empty.
    """
    found = Row(row, catalogue, country, authority)
    if not row.keys() <= COLUMNS:
        found.remarks += _unknown(row)
    kind = _kind(found)
    found.domain = _domain(found, kind)
    if kind is None:
        return Reading(None, tuple(found.remarks))
    person = persons.read_whole(found) if found.domain == ICVP else persons.read(found)
    entry = _ENTRIES[kind](found)
    if not found.remarks:
        return Reading(Record(found.domain, person, entry))
    remarks = tuple(found.remarks)
    return Reading(None if refuses(remarks) else Record(found.domain, person, entry), remarks)


def _unknown(row: Mapping[Any, Any]) -> list[Remark]:
    # By number: where the header line is missing, a column's name is somebody's data.
    return [
        Remark(RemarkCode.COLUMN_UNKNOWN, f"column {number}")
        for number, name in enumerate(row, start=1)
        if name not in COLUMNS
    ]


def _kind(row: Row) -> Kind | None:
    told = row.word("kind", required=False)
    if told is not None:
        kind = _KINDS.get(told.lower())
        if kind is None:
            row.remark(RemarkCode.KIND_UNKNOWN, "kind")
        return kind
    filled = [kind for kind, names in _TELLING.items() if any(map(row.is_filled, names))]
    if not filled and row.is_filled("valid_from"):
        return Kind.EXEMPTION
    if len(filled) == 1:
        return filled[0]
    row.remark(RemarkCode.KIND_UNCLEAR if filled else RemarkCode.KIND_UNKNOWN, "kind")
    return None


def _domain(row: Row, kind: Kind | None) -> str:
    told = row.word("domain", required=False) if "domain" in row.row else None
    if told is None:
        product = row.row.get("product")
        found = row.catalogue.product_of.get(product) if type(product) is str else None
        is_whos = type(product) is str and _PREQUALIFIED.fullmatch(product) is not None
        told = found.domain if found else ICVP if is_whos else DCC
    if told == DCC:
        return DCC
    domain = told.upper()
    if domain not in (DCC, ICVP):
        row.remark(RemarkCode.DOMAIN_UNKNOWN, "domain")
    elif domain == ICVP and kind not in (Kind.VACCINATION, None):
        row.remark(RemarkCode.KIND_NOT_IN_DOMAIN, "kind")
    return domain


def _vaccination(row: Row) -> Vaccination:
    code = row.word("product")
    product = row.catalogue.product_of.get(code or "")
    given = row.day("given_on")
    if row.domain == ICVP:
        return _yellow_booklet(row, code, product, given)
    # What would follow from the product is not asked for while the product itself is in question.
    known = product is not None or code in row.catalogue.sets.get("product", ())
    if code is not None and not known:
        row.remark(RemarkCode.CODE_UNKNOWN, "product")
    return Vaccination(
        row.word("disease", product.disease if product else COVID),
        row.word("prophylaxis", product.prophylaxis if product else "", required=known),
        code,
        row.word("manufacturer", product.manufacturer if product else "", required=known),
        row.whole("dose"),
        row.whole("doses"),
        given,
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
        row.word("lot", required=False),
        row.word("site", required=False),
    )


def _yellow_booklet(
    row: Row, code: str | None, product: Product | None, given: Moment | None
) -> Vaccination:
    # smart-icvp REQ-CC-06: disease and manufacturer follow from the product, and are not written.
    disease = row.word("disease", product.disease if product else "", required=False)
    authority = row.word("authority", row.authority, required=False)
    lot, site = row.word("lot"), row.word("site", required=False)
    if authority is None and site is None:
        row.remark(RemarkCode.PLACE_MISSING, "site")
    country = row.word("country", row.country, required=False)
    return Vaccination(
        disease, None, code, None, None, None, given, country, authority, None, lot, site
    )


def _test(row: Row) -> Test:
    return Test(
        row.word("disease", COVID),
        row.word("test_type"),
        row.word("test_name", required=False),
        row.word("device", required=False),
        row.instant("sampled_at"),
        row.word("result"),
        row.word("site", required=False),
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
    )


def _recovery(row: Row) -> Recovery:
    return Recovery(
        row.word("disease", COVID),
        row.day("first_positive_on"),
        row.word("country", row.country),
        row.word("authority", row.authority),
        row.day("valid_from"),
        row.day("valid_until"),
        None,
    )


def _exemption(row: Row) -> Exemption:
    return Exemption(
        row.word("disease", COVID),
        row.day("valid_from"),
        row.day("valid_until"),
        row.word("country", row.country),
        row.word("authority", row.authority),
        None,
    )


_ENTRIES: dict[Kind, Callable[[Row], Entry]] = {
    Kind.VACCINATION: _vaccination,
    Kind.TEST: _test,
    Kind.RECOVERY: _recovery,
    Kind.EXEMPTION: _exemption,
}
