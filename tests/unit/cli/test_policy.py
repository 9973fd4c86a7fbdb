"""`pratique policy impact`: files of rules and a data package in, figures out."""

from __future__ import annotations

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
    rows = small()
    product, offer = rows["products"][0], rows["offer"][0]
    codes = ("EU/1/20/1528", "Covishield")
    rows["products"] = [product | {"product": code, "name": code} for code in codes]
    rows["eul"] = [row | {"product": code} for row in rows["eul"] for code in codes]
    rows["offer"] = [offer | {"product": codes[0]}, offer | {"iso3": "XKX", "product": codes[1]}]
    return policy_lab.written(tmp_path / "data", rows)


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
    ("name", "content", "code"),
    [
        ("doses.csv", b"\xff\xfe", "policy-data-table"),
        ("doses.csv", b"a,b\n1,2\n", "policy-data-table"),
        ("datapackage.json", b"{}", "policy-data-package"),
        ("valuesets.json", b'{"2021-01-01": 1}', "policy-data-value"),
    ],
)
def test_data_that_are_none_are_refused(
    rules: Path, data: Path, name: str, content: bytes, code: str
) -> None:
    (data / name).write_bytes(content)
    with pytest.raises(PratiqueError) as refused:
        run(rules, "--data", data)
    assert refused.value.code == code
    assert refused.value.hint


def test_a_file_that_holds_no_rules_is_named(rules: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"abc": {"x": ["y"]}}')
    with pytest.raises(PratiqueError) as refused:
        run(rules, tmp_path / "other.json", "--data", data)
    assert refused.value.message.startswith("other.json: ")


@pytest.mark.parametrize("named", ["FR", "fr", "FRA", "fra "])
def test_a_place_is_read_as_everywhere(data: Path, tmp_path: Path, named: str) -> None:
    french = written(tmp_path / "french.json", country="FR")
    result = run(french, "--data", data, "--place", named, "--format", "json")
    assert json.loads(result.output)["destination"] == {"country": "FR", "region": None}


def test_a_place_without_rules_is_refused(rules: Path, data: Path) -> None:
    with pytest.raises(PratiqueError) as refused:
        run(rules, "--data", data, "--place", "FR")
    assert refused.value.code == "place-unknown"


def test_real_rules_over_the_whole_world(corpora: Path) -> None:
    lu = corpora / "business-rules" / "LU.json"
    result = run(lu, "--data", policy_lab.folder(corpora), "--at", "2022-03-01T12:00:00Z")
    assert "18 to 28 countries and territories (40 to 44 % of mankind)" in result.output


def test_a_report_is_written_as_a_page_and_as_drawings(
    rules: Path, data: Path, tmp_path: Path
) -> None:
    about = json.loads((data / "datapackage.json").read_text())
    about |= {
        "licenses": [{"title": "CC BY 4.0"}, {"name": "untitled"}],
        "sources": [{"title": "A & B"}],
    }
    (data / "datapackage.json").write_text(json.dumps(about))
    page, world_map, bars = (tmp_path / name for name in ("a.html", "b.svg", "c.svg"))
    result = run(rules, "--data", data, "--page", page, "--map", world_map, "--bars", bars)
    assert result.exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "Data: small 2.0" in text
    assert "Licence: CC BY 4.0." in text
    assert "Sources: A &amp; B." in text
    assert "M1 1l2-.5z" in text
    assert "M1 1l2-.5z" in world_map.read_text(encoding="utf-8")
    assert bars.read_text(encoding="utf-8").startswith("<svg ")


def test_a_drawing_is_a_picture_where_its_name_says_so(
    rules: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    run(rules, "--data", data, "--bars", tmp_path / "bars.PNG")
    assert (tmp_path / "bars.PNG").read_bytes().startswith(b"\x89PNG")


def test_a_page_is_of_one_destination(rules: Path, data: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.json", country="XV")
    page = tmp_path / "page.html"
    with pytest.raises(PratiqueError) as refused:
        run(rules, other, "--data", data, "--page", page)
    assert refused.value.code == "place-several"
    assert "XU, XV" in str(refused.value.hint)
    assert not page.exists()
    run(rules, other, "--data", data, "--place", "XV", "--page", page)
    assert "XV, " in page.read_text(encoding="utf-8")


def test_a_map_needs_outlines_and_a_page_does_not(rules: Path, data: Path, tmp_path: Path) -> None:
    about = json.loads((data / "datapackage.json").read_text())
    about["resources"] = [each for each in about["resources"] if each["name"] != "outlines"]
    (data / "datapackage.json").write_text(json.dumps(about))
    run(rules, "--data", data, "--page", tmp_path / "page.html")
    with pytest.raises(PratiqueError) as refused:
        run(rules, "--data", data, "--map", tmp_path / "map.svg")
    assert refused.value.code == "policy-data-map"


def check(*words: str | Path) -> Result:
    return CliRunner().invoke(
        pratique, ["rules", "check", *map(str, words)], catch_exceptions=False
    )


def test_a_check_of_rules_writes_whom_they_shut_out(
    rules: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "impact.json"
    result = check(rules, "--impact", out, "--data", data)
    document = json.loads(out.read_text())
    assert document["format"] == "pratique-policy-impact-1"
    assert document["headline"] in result.output
    assert f"wrote {out}" in result.output


def test_of_rules_with_errors_no_impact_is_told(data: Path, tmp_path: Path) -> None:
    wrong = written(tmp_path / "wrong.json")
    wrong.write_text(wrong.read_text().replace("Acceptance", "Acceptence", 1))
    result = check(wrong, "--impact", tmp_path / "impact.json", "--data", data)
    assert "0 errors" not in result.output
    assert "no impact is told of rules with errors" in result.output
    assert not (tmp_path / "impact.json").exists()


def test_who_accepts_whose_is_written_as_a_page(rules: Path, data: Path, tmp_path: Path) -> None:
    page = tmp_path / "matrix.html"
    words = [
        "policy",
        "matrix",
        rules,
        "--data",
        data,
        "--at",
        "2022-03-01T12:00:00Z",
        "--page",
        page,
    ]
    assert CliRunner().invoke(pratique, list(map(str, words))).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "Who accepts whose, 2022-03-01" in text
    assert "Data: small 2.0" in text
