"""Bulk Data: one resource a line, Patients before or after, in one file or in several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.errors import Unreadable
from pratique.intake import accept
from pratique.store import tables
from tests.unit.intake.handed_in import BUILTIN, told
from tests.unit.intake.test_fhir import IMMUNIZATION, PATIENT

OTHERS = [{"resourceType": "Practitioner"}, {"resourceType": "Location"}]
DOSES: list[dict[str, Any]] = [
    IMMUNIZATION,
    IMMUNIZATION | {"patient": {"reference": "https://s.example/Patient/p2/_history/1"}},
]
PATIENTS = [PATIENT, PATIENT | {"id": "p2", "birthDate": "1999-01-01"}]
LINES = [*PATIENTS, *DOSES, *OTHERS]


def born(path: Path) -> dict[int, str]:
    """Return the birth dates by row; every row must be one record."""
    found = {}
    for row in tables.rows(path):
        assert row.cells is not None
        (reading,) = accept.read(row.cells, BUILTIN, country="XA", authority="A")
        assert reading.record is not None, told(reading.remarks)
        assert reading.record.person.birth_date is not None
        found[row.number] = reading.record.person.birth_date.text()
    return found


@given(lines=st.permutations(LINES), form=st.sampled_from(["lines", "array"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_resources_in_any_order_find_their_patients(
    lines: list[dict[str, Any]], form: str, tmp_path: Path
) -> None:
    path = tmp_path / "export"
    text = "\n".join(map(json.dumps, lines)) if form == "lines" else json.dumps(lines)
    path.write_text(text, encoding="utf-8")
    expected = {
        number: "1999-01-01" if line is DOSES[1] else "1980-02-03"
        for number, line in enumerate(lines, 1)
        if line in DOSES
    }
    assert born(path) == expected


def test_an_exports_folder_is_read_as_one(tmp_path: Path) -> None:
    files = {"Immunization.ndjson": DOSES, "Patient.ndjson": PATIENTS, "a.jsonl": OTHERS}
    for name, lines in files.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "README.txt").write_text("not read", encoding="utf-8")
    assert born(tmp_path) == {1: "1980-02-03", 2: "1999-01-01"}
    assert [file.name for file in tables.files_of(tmp_path)] == sorted(files)


def test_a_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        list(tables.rows(tmp_path))
    assert caught.value.code == "table-folder"


def test_a_line_that_cannot_be_read_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text("\n".join([json.dumps(DOSES[0]), "{", json.dumps(PATIENT)]), encoding="utf-8")
    first, second = tables.rows(path)
    assert (first.number, first.cells is None) == (1, False)
    assert (second.number, second.remarks[0].code.name) == (2, "ROW_MALFORMED")


def test_a_page_of_the_web_is_told_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text('<Bundle xmlns="http://hl7.org/fhir"/>', encoding="utf-8")
    with pytest.raises(Unreadable) as caught:
        list(tables.rows(path))
    assert caught.value.code == "table-format"
