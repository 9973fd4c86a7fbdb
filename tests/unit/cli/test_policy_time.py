"""`pratique policy matrix`, `floor`, `calendar`: of files, or of what is held."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.rules.rule import issues
from pratique.text import as_json
from tests import policy_lab
from tests.unit.impact import small
from tests.unit.impact.test_world import small as tables
from tests.unit.rules.written import rule

AT = "2022-03-01T12:00:00Z"


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(pratique, ["policy", *map(str, words)], standalone_mode=False)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def events(written: bytes) -> list[Any]:
    """Read a calendar as another library does."""
    read: Any = icalendar.Calendar.from_ical(written)
    assert read.errors == []
    return list(read.walk("VEVENT"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write a data package: A is on offer in Namibia, B in Kosovo; two million people each, half of them vaccinated."""
    rows = tables()
    for place in rows["world"]:
        place["population"] = "2000000"
    offer, product = rows["offer"][0], rows["products"][0]
    rows["offer"] = [offer | {"product": "A"}, offer | {"iso3": "XKX", "product": "B"}]
    rows["products"] = [product | {"product": code, "name": f"Vaccine {code}"} for code in "AB"]
    rows["eul"] = [rows["eul"][0] | {"product": code} for code in "AB"]
    dose = rows["doses"][0]
    rows["doses"] = [
        dose | {
            "iso3": iso3, "date": (date(2021, 3, 7) + timedelta(30 * month)).isoformat(),
            "doses": str(200_000 * month), "first_course": str(100_000 * month), "booster": "0",
        }
        for iso3 in ("NAM", "XKX")
        for month in range(12)
    ]  # fmt: skip
    return policy_lab.written(tmp_path / "data", rows)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Write rules: Namibia accepts both products, Kosovo its own, and from July 2022 for 90 days only."""
    later = small.within(90, "VR-XK-0002", Country="XK", ValidFrom="2022-07-01T00:00:00Z")
    both = small.products("A", "B", identifier="VR-NA-0001", Country="NA")
    own = small.products("B", identifier="VR-XK-0001", Country="XK")
    path = tmp_path / "rules.json"
    path.write_text(as_json([both, own, later]))
    return path


def test_who_accepts_whose_is_told(rules: Path, data: Path) -> None:
    result = run("matrix", rules, "--data", data, "--at", AT)
    assert result.exit_code == 0
    assert "2 destinations at 2022-03-01T12:00:00Z" in result.output
    assert "NA  2          0       0                 0" in result.output
    assert "XK  1          0       1                 2.0 million" in result.output
    assert "Vaccine A  NA\n" in result.output
    assert "Vaccine B  all\n" in result.output
    assert "one accepts the other's, and is not accepted  1" in result.output
    assert "Namibia  accepts what Kosovo had on offer" in result.output


def test_the_matrix_is_written_as_json(rules: Path, data: Path) -> None:
    result = run("matrix", rules, "--data", data, "--at", AT, "--format", "json")
    document = json.loads(result.output)
    assert document["format"] == "pratique-policy-matrix-1"
    assert document["destinations"][1]["origins"] == {"NAM": "shut", "XKX": "open"}
    assert document["pairs"] == [
        {
            "one": "NAM", "other": "XKX", "one_of_other": "open", "other_of_one": "shut",
            "balance": "one-way",
        }
    ]  # fmt: skip
    assert document["data"]["name"] == "small"


def test_a_destination_without_rules_then_is_told_as_that(
    rules: Path, data: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.json"
    later.write_text(as_json([small.products("A", ValidFrom="2029-01-01T00:00:00Z")]))
    assert "XU  no rules" in run("matrix", rules, later, "--data", data, "--at", AT).output


def test_rules_that_are_held_are_taken_where_no_file_is_named(
    rules: Path, data: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with pytest.raises(UsageError) as refused:
        run("matrix", "--data", data, "--data-dir", home, "--at", AT)
    assert refused.value.code == "rules-none"
    imported = CliRunner().invoke(
        pratique, ["rules", "import", str(rules), "--data-dir", str(home)]
    )
    assert imported.exit_code == 0
    for command in ("matrix", "floor", "calendar"):
        words: list[str | Path] = [
            command,
            "--data",
            data,
            "--at",
            AT,
            "--place",
            "XK",
            "--format",
            "json",
        ]
        assert run(*words, "--data-dir", home).output == run(*words, rules).output


def test_a_floor_is_said_and_written(rules: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "changed.json"
    words: list[str | Path] = ["--place", "XK", "--data", data, "--at", AT]
    result = run("floor", rules, *words, "--valid-from", "2022-04-01T00:00:00Z", "-o", out)
    assert result.return_value == 0
    assert "refused now   Vaccine A" in result.output
    assert "lets in       1 country or territory (2.0 million people)" in result.output
    assert "VR-XK-0001@1.1.0" in result.output
    (changed,) = json.loads(out.read_text())
    assert changed["Logic"] == {"in": [{"var": "payload.v.0.mp"}, ["B", "A"]]}
    assert changed["ValidFrom"] == "2022-04-01T00:00:00Z"
    assert issues(changed) == []
    again = run("floor", out, *words[:-2], "--at", "2022-05-01T12:00:00Z")
    assert "it accepts all 2 products of the list: nothing is to be changed" in again.output


def test_what_cannot_be_added_is_said_and_exits_with_3(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(as_json([rule({"===": [{"var": "payload.v.0.sd"}, 9]}, **small.IN_FORCE)]))
    result = run("floor", path, "--data", data, "--at", AT)
    assert result.return_value == 3
    assert "cannot be added: Vaccine A, Vaccine B: VR-XU-0001@1.0.0: no list" in result.output
    document = json.loads(run("floor", path, "--data", data, "--at", AT, "--format", "json").output)
    assert document["format"] == "pratique-policy-floor-1"
    assert document["destinations"][0]["hindrances"][0]["code"] == "floor-no-list"
    path.write_text(as_json([small.products("A", ValidTo="2022-01-01T00:00:00Z")]))
    with pytest.raises(DocumentRefused) as refused:
        run("floor", path, "--data", data, "--at", AT)
    assert refused.value.code == "floor-no-rules"


def test_what_is_coming_is_told(rules: Path, data: Path) -> None:
    result = run("calendar", rules, "--data", data, "--at", AT, "--many", "500000")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "2022-07-01  XK  refused: 1.1 million people"
    assert lines[1] == "    VR-XK-0002@1.0.0 begins"
    said = " ".join(result.output.split())
    assert "complete course of Vaccine B, given 2020-12-01 to 2022-04-01" in said
    assert lines[-1] == "1 change within 180 days of 2022-03-01T12:00:00Z, 1 cliff"
    fewer = run("calendar", rules, "--data", data, "--at", AT)
    assert fewer.output.splitlines()[0] == "2022-07-01  XK  refused: 1.1 million people"
    assert (
        "0 cliffs" in run("calendar", rules, "--data", data, "--at", AT, "--many", "1100001").output
    )
    assert (
        "0 changes within 30 days"
        in run("calendar", rules, "--data", data, "--at", AT, "--days", "30").output
    )


def test_what_is_coming_is_written_as_json(rules: Path, data: Path) -> None:
    document = json.loads(
        run("calendar", rules, "--data", data, "--at", AT, "--format", "json").output
    )
    (change,) = document["changes"]
    assert document["format"] == "pratique-policy-calendar-1"
    assert change["cliff"] is True
    assert change["refused"]["people"] == {"low": 1_100_000, "high": 1_100_000}
    assert change["refused"]["places"] == {"XKX": {"low": 1_100_000, "high": 1_100_000}}
    assert change["accepted"] is None


def test_what_is_coming_is_a_calendar_that_another_library_reads(rules: Path, data: Path) -> None:
    words: list[str | Path] = ["calendar", rules, "--data", data, "--format", "ics"]
    written = run(*words, "--at", AT).stdout_bytes
    assert written == run(*words, "--at", AT).stdout_bytes
    (event,) = events(written)
    assert event["DTSTART"].dt == date(2022, 7, 1)
    assert event["SUMMARY"] == "XK: refused: 1.1 million people (VR-XK-0002@1.0.0 begins)"
    alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    assert alarms == [timedelta(-30), timedelta(-7)]
    # Written later, and begun on another day, it is the same event: a diary moves it.
    rules.write_text(rules.read_text().replace("2022-07-01", "2022-06-15"))
    (moved,) = events(run(*words, "--at", "2022-04-01T12:00:00Z").stdout_bytes)
    assert moved["UID"] == event["UID"]
    assert moved["DTSTART"].dt == date(2022, 6, 15)
    assert moved["SEQUENCE"] > event["SEQUENCE"]
