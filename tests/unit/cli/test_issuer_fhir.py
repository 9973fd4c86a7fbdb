"""`pratique issuer` on FHIR as records hold it: what is skipped, what is filled in, whose columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_issuer import AT, WORK, Desk
from tests.unit.intake.test_fhir import IMMUNIZATION, PATIENT

OTHERS = [
    {"resourceType": "Condition"},
    {"resourceType": "AllergyIntolerance"},
    IMMUNIZATION | {"status": "not-done"},
]
BARE = IMMUNIZATION | {"protocolApplied": [{"doseNumberPositiveInt": 2}]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("fhir"))
    made.run(
        "issuer", "init", "--country", "XU", "--participant", "XXU", "--shards", "1", "--name",
        "Ministry of Health of Utopia", "--at", "2026-11-01T00:00:00Z",
    )  # fmt: skip
    return made


def written(folder: Path, *resources: Any) -> str:
    entries = [{"resource": resource} for resource in resources]
    path = folder / "document.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}), encoding="utf-8")
    return str(path)


def test_what_is_no_event_is_counted_and_no_refusal(desk: Desk, tmp_path: Path) -> None:
    source = written(tmp_path, PATIENT, *OTHERS, IMMUNIZATION)
    told = desk.run("issuer", "issue", "--from", source, "--out", str(tmp_path / "out"), *WORK)
    assert "1 issued, 0 refused" in told
    assert "3 entries with nothing to attest were skipped" in told
    assert (tmp_path / "out/report.csv").read_text().count(",no,") == 3
    assert desk.run("issuer", "issue", "--from", source, *WORK).count("HC1:") == 1
    assert "3 entries with nothing to attest were skipped" in desk.said
    assert desk.run("issuer", "preview", "--from", source, "--at", AT).count("record ") == 1


def test_a_document_with_nothing_to_issue_is_told(desk: Desk, tmp_path: Path) -> None:
    source = written(tmp_path, PATIENT, *OTHERS)
    assert desk.run("issuer", "issue", "--from", source, *WORK, code=2) == ""
    assert "nothing was issued" in desk.said


def test_a_number_of_doses_is_filled_in_for_a_file(desk: Desk, tmp_path: Path) -> None:
    source = written(tmp_path, PATIENT, BARE)
    out = ("--out", str(tmp_path / "out"))
    desk.run("issuer", "issue", "--from", source, *WORK, code=2)
    assert "(entry[1].doses)" in desk.said
    assert "HC1:" in desk.run("issuer", "issue", "--from", source, "doses=2", *WORK)
    assert "1 issued" in desk.run("issuer", "issue", "--from", source, "doses=2", *out, *WORK)
    desk.run("issuer", "issue", "--from", source, "surname=Q", *out, *WORK, code=2)
    assert "one person" in desk.said


def test_a_column_of_a_person_is_taken_for_one_person_alone(desk: Desk, tmp_path: Path) -> None:
    nameless = PATIENT | {"name": []}
    source = written(tmp_path, nameless, IMMUNIZATION)
    shown = desk.run("issuer", "preview", "--from", source, "surname=Sampleova", "--at", AT)
    assert "SAMPLEOVA" in shown
    other = IMMUNIZATION | {"patient": {"reference": "Patient/p2"}}
    source = written(tmp_path, nameless, IMMUNIZATION, PATIENT | {"id": "p2"}, other)
    desk.run("issuer", "preview", "--from", source, "surname=Sampleova", "--at", AT, code=2)
    assert "one person" in desk.said
