"""One person or two, as the field showed it, from texts to the answer that a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import pratique

AT = "2022-07-01T10:00:00Z"
CASES = {
    "k4-lost-letter": ("green", set()),
    "k4-one-field": ("amber", {"HOLDER_UNCLEAR"}),
    "k4-twins": ("amber", {"HOLDER_UNCLEAR"}),
    "k5-double-name": ("amber", {"HOLDER_UNCLEAR"}),
    "k7-dob": ("green", set()),
}


def run(*words: str) -> str:
    done = CliRunner().invoke(pratique, words, standalone_mode=False, catch_exceptions=False)
    return done.output


@pytest.fixture(scope="module")
def home(field_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for what, source in (("trust", "keys"), ("rules", "rules")):
        paths = sorted((field_cases / "verifier" / source).iterdir())
        run(what, "import", *map(str, paths), "--home", str(folder))
    return folder


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("name", CASES)
def test_a_case_of_the_field(
    name: str, order: tuple[str, str], home: Path, field_cases: Path
) -> None:
    colour, told = CASES[name]
    paths = [str(field_cases / "verifier/in" / f"{name}-{one}.txt") for one in order]
    asked = ["decide", *paths, "--to", "XV", "--on", AT, "--home", str(home)]
    (row,) = json.loads(run(*asked, "--format", "json"))["results"]
    assert row["colour"] == colour
    about = {one["code"]: one for one in row["because"] if one["code"].startswith("HOLDER_")}
    assert set(about) == told
    for one in about.values():
        source = f"{name}-{order[1]}.txt"
        assert (one["where"], one["source"]) == ("certificate 2", source)
        assert f"{one['code']} (certificate 2: {source})" in run(*asked)
