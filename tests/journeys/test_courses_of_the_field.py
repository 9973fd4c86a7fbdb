"""Courses as the field showed them, from texts to the answer that a person reads."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import pratique

BOOSTED = ["k6-jj-1", "k6-jj-2"]
LATE, LATER = "2022-12-01T10:00:00Z", "2022-07-01T10:00:00Z"
CASES = {
    "K6a two": (BOOSTED, "XB", LATE, "green", None),
    "K6a three": ([*BOOSTED, "k6-jj-3"], "XB", LATE, "green", None),
    "K6c": (["k6-half-1", "k6-old-print", "k6-half-2"], "XB", LATE, "green", "2023-05-29"),
    "K6e": (["k6-corrected-1", "k6-corrected-2"], "XB", LATE, "amber", None),
    "K6g": (["k6-abdala-1", "k6-abdala-2"], "XD", LATE, "amber", None),
    "K19a": (["k19-two-doses"], "XV", LATER, "green", None),
}
EXIT = {"green": 0, "red": 1, "amber": 3}


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(pratique, words, standalone_mode=False, catch_exceptions=False)
    return int(done.return_value or 0), done.output


@pytest.fixture(scope="module")
def home(field_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    given = field_cases / "verifier"
    for words in (["trust", "import"], ["rules", "import"]):
        paths = sorted((given / ("keys" if words[0] == "trust" else "rules")).iterdir())
        code, said = run(*words, *map(str, paths), "--home", str(folder))
        assert code == 0, said
    return folder


@pytest.mark.parametrize("name", CASES)
def test_a_case_of_the_field_in_every_order(name: str, home: Path, field_cases: Path) -> None:
    texts, place, instant, colour, until = CASES[name]
    for order in itertools.permutations(texts):
        paths = [str(field_cases / "verifier/in" / f"{one}.txt") for one in order]
        asked = ["--to", place, "--on", instant, "--format", "json", "--home", str(home)]
        code, said = run("decide", *paths, *asked)
        (row,) = json.loads(said)["results"]
        assert (code, row["colour"]) == (EXIT[colour], colour)
        assert until is None or row["green_until"].startswith(until)


def test_the_desk_says_the_same_of_several_entries(home: Path, field_cases: Path) -> None:
    path = field_cases / "verifier/in/k19-two-doses.txt"
    code, said = run("verify", str(path), "--to", "XV", "--at", LATER, "--home", str(home))
    assert code == 0, said
