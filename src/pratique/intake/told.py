"""Tell a record as the row that it would be read from: to correct one field of it, for example.

Record -> {column: cell} -> rows.read_row -> the same record
"""

from __future__ import annotations

from pratique.intake.record import Record
from pratique.model import Exemption, Moment, Precision, Recovery, Test, Vaccination

_PERSON = {
    "surname": "surname", "forename": "forename", "surname_icao": "surname_icao",
    "forename_icao": "forename_icao", "birth_date": "birth_date", "sex": "sex",
    "nationality": "nationality", "identifier": "document", "identifier_type": "document_type",
    "guardian": "guardian",
}  # fmt: skip
_ENTRY: dict[type, dict[str, str]] = {
    Vaccination: {
        "disease": "disease", "prophylaxis": "prophylaxis", "product": "product",
        "manufacturer": "manufacturer", "dose": "dose", "doses": "doses", "given": "given_on",
        "country": "country", "authority": "authority", "lot": "lot", "site": "site",
    },
    Test: {
        "disease": "disease", "test_type": "test_type", "name": "test_name", "device": "device",
        "sampled": "sampled_at", "result": "result", "site": "site", "country": "country",
        "authority": "authority",
    },
    Recovery: {
        "disease": "disease", "first_positive": "first_positive_on", "country": "country",
        "authority": "authority", "valid_from": "valid_from", "valid_until": "valid_until",
    },
    Exemption: {
        "disease": "disease", "valid_from": "valid_from", "valid_until": "valid_until",
        "country": "country", "authority": "authority",
    },
}  # fmt: skip


def row_of(record: Record) -> dict[str, str]:
    """Return the columns of a record, without those that it leaves empty."""
    row = {"kind": record.kind.value, "domain": record.domain}
    for names, group in ((_PERSON, record.person), (_ENTRY[type(record.entry)], record.entry)):
        said = group._asdict()
        row |= {column: _cell(said[name]) for name, column in names.items() if said[name]}
    row.setdefault("birth_date", "unknown")
    return row


def _cell(value: object) -> str:
    if not isinstance(value, Moment):
        return str(value)
    if value.precision is Precision.INSTANT:
        return value.text().replace("+00:00", "Z")
    return value.text()
