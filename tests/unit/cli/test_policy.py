"""`pratique policy impact`: files of rules and a data package in, figures out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.errors import PratiqueError
from pratique.rules.build import build
from pratique.rules.policy import read_policy
from pratique.text import as_json
from tests import policy_lab
from tests.unit.impact.test_report import FORM
from tests.unit.impact.test_world import small


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(pratique, ["policy", "impact", *map(str, words)])
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write a data package of two places and two products."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = small()
    product, offer = rows["products"][0], rows["offer"][0]
    codes = ("EU/1/20/1528", "Covishield")
    rows["products"] = [product | {"product": code, "name": code} for code in codes]
    rows["eul"] = [row | {"product": code} for row in rows["eul"] for code in codes]
    rows["offer"] = [offer | {"product": codes[0]}, offer | {"iso3": "XKX", "product": codes[1]}]
    for name, lines in rows.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            writer.writeheader()
            writer.writerows(lines)
    (folder / "datapackage.json").write_text('{"name": "small", "version": "2.0"}')
    (folder / "valuesets.json").write_text('{"2021-07-20": {"country-2-codes": ["FR"]}}')
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return written(tmp_path / "rules.json")


def written(path: Path, **changes: Any) -> Path:
    path.write_text(as_json(build(read_policy({**FORM, **changes}))))
    return path


def test_the_impact_of_rules_in_a_file_is_told(rules: Path, data: Path) -> None:
    result = run(rules, "--data", data, "--at", "2022-03-01T12:00:00Z")
    assert result.exit_code == 0
    assert "XU at 2022-03-01T12:00:00Z, 11 rules in force" in result.output
    assert "On 2022-03-01, 1 country or territory (0 % of mankind)" in result.output
    assert "by these rules              1" in result.output
    assert (
        "WHO had listed, and the rules do not accept: Covishield [floor-missing]" in result.output
    )
    assert "data: small 2.0, sha256 " in result.output


def test_what_changes_is_told(rules: Path, data: Path, tmp_path: Path) -> None:
    before = written(
        tmp_path / "before.json", vaccination={"products": ["Comirnaty", "Covishield"]}
    )
    result = run(rules, "--before", before, "--data", data, "--format", "json")
    document = json.loads(result.output)
    assert document["format"] == "pratique-policy-impact-1"
    assert document["turned"]["go"] == ["Covishield"]
    assert document["turned"]["loses"]["low"]["places"] == ["XKX"]
    assert document["data"]["version"] == "2.0"


def test_the_instant_is_that_at_which_the_newest_rule_begins_if_that_is_later(
    data: Path, tmp_path: Path
) -> None:
    later = written(
        tmp_path / "later.json",
        valid_from=FORM["valid_to"].replace(year=2090),
        valid_to=FORM["valid_to"].replace(year=2091),
    )
    assert json.loads(run(later, "--data", data, "--format", "json").output)["at"].startswith(
        "2090"
    )


@pytest.mark.parametrize(
    ("break_", "code"),
    [
        (lambda folder: (folder / "doses.csv").write_bytes(b"\xff\xfe"), "policy-data-file"),
        (lambda folder: (folder / "doses.csv").write_text("a,b\n1\n"), "policy-data-file"),
        (lambda folder: (folder / "doses.csv").write_text("a,b\n1,2\n"), "policy-data-table"),
        (lambda folder: (folder / "datapackage.json").write_text("{}"), "policy-data-file"),
        (lambda folder: (folder / "datapackage.json").write_text("[1"), "policy-data-file"),
        (lambda folder: (folder / "valuesets.json").write_text('{"x": {}}'), "policy-data-file"),
        (
            lambda folder: (folder / "valuesets.json").write_text('{"2021-01-01": 1}'),
            "policy-data-file",
        ),
    ],
    ids=range(7),
)
def test_data_that_are_none_are_refused(rules: Path, data: Path, break_: Any, code: str) -> None:
    break_(data)
    with pytest.raises(PratiqueError) as refused:
        run(rules, "--data", data)
    assert refused.value.code == code
    assert refused.value.hint


def test_a_place_without_rules_is_refused(rules: Path, data: Path) -> None:
    with pytest.raises(PratiqueError) as refused:
        run(rules, "--data", data, "--place", "FR")
    assert refused.value.code == "place-unknown"


def test_real_rules_over_the_whole_world(corpora: Path) -> None:
    lu = corpora / "business-rules" / "LU.json"
    result = run(lu, "--data", policy_lab.folder(corpora), "--at", "2022-03-01T12:00:00Z")
    assert "18 to 28 countries and territories (40 to 44 % of mankind)" in result.output
