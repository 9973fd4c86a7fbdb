"""Situations of public bug reports about time: validity, clocks, zones, ends of the calendar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import pratique

NOON = "2022-07-01T10:00:00Z"
NIGHT = "2022-07-04T00:30:00+02:00"
VERIFIED = {
    "K7b": ("k7-run", ["--to", "XV", "--at", "2022-07-01"], ["green", "amber", "green"], ""),
    "K9a": ("k9-icvp-over", ["--to", "XY", "--at", "2022-06-20T10:00:00Z"], ["amber"], "STATED_VALIDITY_OVER"),
    "K10a": ("k10-nbf", ["--to", "XV", "--at", "2022-07-01"], ["red"], "NOT_YET_VALID"),
    "K11a": ("k11-20s", ["--to", "XV", "--at", NOON], ["green"], "CLOCK_LEEWAY"),
    "K12a": ("k12-dose", ["--to", "XV", "--at", NIGHT], ["green"], ""),
    "K13a": ("k13-ddcc-test-flat", ["--at", "2022-07-01"], ["amber"], "NO_RULES"),
}  # fmt: skip


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(pratique, words, standalone_mode=False, catch_exceptions=False)
    return int(done.return_value or 0), done.stdout


@pytest.fixture(scope="module")
def home(field_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    given = field_cases / "verifier"
    for words in (["trust", "import"], ["rules", "import"]):
        paths = sorted((given / ("keys" if words[0] == "trust" else "rules")).iterdir())
        code, said = run(*words, *map(str, paths), "--home", str(folder))
        assert code == 0, said
    return folder


@pytest.mark.parametrize("name", VERIFIED)
def test_a_case_of_the_desk(name: str, home: Path, field_cases: Path) -> None:
    stem, words, colours, code = VERIFIED[name]
    path = str(field_cases / "verifier/in" / f"{stem}.txt")
    _, said = run("verify", path, *words, "--home", str(home), "--format", "json")
    found = json.loads(said)
    assert [row["colour"] for row in found["results"]] == colours
    codes = {finding["code"] for row in found["results"] for finding in row["findings"]}
    assert not code or code in codes
    assert found["zone_from"] in {"offset", "default"}


def test_a_birth_date_with_a_time_is_one_person_s(home: Path, field_cases: Path) -> None:
    paths = [str(field_cases / f"verifier/in/k7-dob-{one}.txt") for one in "ab"]
    assert run("decide", *paths, "--to", "XV", "--on", NOON, "--home", str(home))[0] == 0


def test_an_afternoon_s_dose_counts_from_midnight(home: Path, field_cases: Path) -> None:
    asked = ["--to", "XV", "--on", "2022-07-10T10:00:00Z", "--zone", "Europe/Warsaw"]
    found = []
    for stem in ("k8-afternoon", "k8-date"):
        path = str(field_cases / f"verifier/in/{stem}.txt")
        _, said = run("decide", path, *asked, "--home", str(home), "--format", "json")
        (row,) = json.loads(said)["results"]
        found.append((row["green_from"], row["green_until"]))
    assert found == [("2022-07-04T00:00:00+02:00", "2023-03-17T23:59:59+01:00")] * 2
