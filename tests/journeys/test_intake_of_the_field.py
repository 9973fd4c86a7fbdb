"""Tables, FHIR and names of the field's cases: each is read, or asked about, as its page says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pratique.intake.accept import accept
from pratique.intake.catalogue import Catalogue
from pratique.intake.remarks import refuses
from pratique.store import tables

NO_REMARK: list[tuple[str, str]] = []
UKRAINIAN = ["HRYTSENKO", "YIZHAKEVYCH"]
NATIONALITY = [("FIELD_MISSING", "entry[1].nationality")]


@pytest.mark.parametrize(
    ("name", "rows", "surnames", "remarks"),
    [
        ("fhir-control.json", [1], ["SAMPLEOVA"], NO_REMARK),
        ("fhir-versioned-reference.json", [1], ["SAMPLEOVA"], NO_REMARK),
        ("fhir-ended-official-name.json", [1], ["SAMPLEOVA"], NO_REMARK),
        ("fhir-bulk-export.ndjson", [2, 3], ["SAMPLEOVA"] * 2, NO_REMARK),
        ("fhir-icvp-product-in-extension.json", [1], [None], NATIONALITY),
        ("table-header_newline2.csv", [2, 3], ["MUESTEROVA", None], [("DATE_UNREADABLE", "birth_date")]),
        ("table-sep.csv", [2], ["MUESTEROVA"], NO_REMARK),
        ("table-workbook.xlsx", [2], ["SAMPLEOVA"], NO_REMARK),
        ("table-decimal.parquet", [1], ["SAMPLEOVA"], NO_REMARK),
        ("table-mojibake.csv", [2], [None], [("ENCODING_WRONG", "surname")]),
        ("names-cyrillic-rare.csv", [2], ["UZHEV"], [("NAME_DIFFERS_BY_STATE", "surname"), ("NAME_DIFFERS_BY_STATE", "forename")]),
        ("names-ukrainian.csv", [2, 3], UKRAINIAN, NO_REMARK),
        ("names-greek.csv", [2], ["PAPADOPOULOS"], NO_REMARK),
        ("names-acute-as-apostrophe.csv", [2, 3], ["DANGELO", "ONEILL"], NO_REMARK),
    ],
)  # fmt: skip
def test_a_case_of_the_field_is_read(
    name: str,
    rows: list[int],
    surnames: list[str | None],
    remarks: list[tuple[str, str]],
    field_cases: Path,
) -> None:
    found = [
        (row.number, reading)
        for row in tables.rows(field_cases / "network/in" / name)
        for reading in accept(
            row.cells or {}, Catalogue.builtin(), at=date(2026, 11, 28), country="XU", authority="M"
        )
    ]
    assert [number for number, _ in found] == rows
    people = [reading.record.person if reading.record else None for _, reading in found]
    assert [person.surname_icao if person else None for person in people] == surnames
    told = [(remark.code.name, remark.column) for _, one in found for remark in one.remarks]
    assert told == remarks


def test_a_patient_summary_has_one_dose_and_no_refusal(field_cases: Path) -> None:
    (row,) = tables.rows(field_cases / "network/in/fhir-ips-five-sections.json")
    found = accept(
        row.cells or {}, Catalogue.builtin(), at=date(2026, 11, 28), country="XU", authority="M"
    )
    assert [reading.is_skipped for reading in found] == [True] * 4 + [False]
    assert not any(refuses(reading.remarks) for reading in found)
