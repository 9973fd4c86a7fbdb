"""The field's cases of imports and of destinations, as a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.errors import PratiqueError

NOW = "2022-07-01T10:00:00Z"


def run(home: Path, *words: str | Path) -> Result:
    words = (*words, "--home", home)
    return CliRunner().invoke(pratique, [str(word) for word in words], standalone_mode=False)


@pytest.fixture
def home(field_cases: Path, tmp_path: Path) -> Path:
    given = field_cases / "verifier"
    assert run(tmp_path, "trust", "import", *sorted(given.glob("keys/*.pem"))).exit_code == 0
    assert run(tmp_path, "rules", "import", *sorted(given.glob("rules/*.json"))).return_value == 0
    return tmp_path


def test_one_rule_with_an_unknown_variable_is_open_and_told(home: Path, field_cases: Path) -> None:
    given = field_cases / "verifier/in"
    done = run(home, "rules", "import", given / "k14-one-unknown-variable.json")
    assert (done.return_value, "VR-XW-0004" in done.stderr) == (3, True)
    assert "2 rules and 0 value sets read" in done.stdout
    for command, when in (("verify", "--at"), ("decide", "--on")):
        said = run(home, command, given / "good.txt", "--to", "XW", when, NOW)
        assert said.return_value == 3
        assert "VR-XW-0004" in said.stdout


def test_a_list_of_public_keys_is_read(home: Path, field_cases: Path) -> None:
    given = field_cases / "verifier/in"
    listed = given / "k15-uk.json"
    said = run(home, "verify", given / "good.txt", "--trust", listed, "--at", NOW)
    assert (said.return_value, "SIGNER_WITHOUT_COUNTRY" in said.stdout) == (3, True)
    assert run(home, "trust", "import", listed, "--country", "XU", "--replace").return_value == 0
    said = run(home, "verify", given / "good.txt", "--at", NOW)
    assert (said.return_value, "NO_RULES" in said.stdout) == (3, True)
    assert "SIGNER_" not in said.stdout


def test_germany_is_no_code(home: Path, field_cases: Path) -> None:
    said = run(home, "verify", field_cases / "verifier/in/good.txt", "--to", "Germany", "--at", NOW)
    assert isinstance(said.exception, PratiqueError)
    assert (said.exception.exit_code, "did you mean DE?" in said.exception.hint) == (2, True)


def test_rules_for_a_region_are_told_and_asked(home: Path, field_cases: Path) -> None:
    text = field_cases / "verifier/in/good.txt"
    said = run(home, "decide", text, "--to", "XC", "--on", NOW)
    assert (said.return_value, "RULES_FOR_REGIONS_ONLY (XC)" in said.stdout) == (3, True)
    assert run(home, "decide", text, "--to", "XC/XC", "--on", NOW).return_value == 0
