"""Where to: what is a destination, and why one has no rules to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pratique.cli.main import pratique
from pratique.errors import UsageError
from pratique.parties.verifier import place_of, unknown_region
from pratique.rules.documents import write
from pratique.rules.ruleset import Destination, Ruleset
from pratique.trust import countries
from tests import travellers as t

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "examples/traveller.txt").read_text().strip()
TRUE = {"===": [1, 1]}
ISO = countries.ISO_3166.split()


@pytest.mark.parametrize(("two", "three"), list(zip(ISO[::2], ISO[1::2], strict=True)))
def test_each_country_is_reached_by_either_code_in_either_case(two: str, three: str) -> None:
    for text in (two, three, two.lower(), three.lower(), f" {two} "):
        assert place_of(text, Ruleset()) == Destination(two)


@pytest.mark.parametrize(
    "text",
    ["", " ", "/", "ZZ", "Germany", "WHO", "IOM", "D", "DEUT", "D3", "276", "CNAM", "\uff24\uff25"],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        place_of(text, Ruleset())
    assert refused.value.code == "destination-unknown"
    assert text.strip() not in refused.value.message or not text.strip(" /")


@pytest.mark.parametrize(
    ("text", "code"), [("Germany", "DE"), ("germny", "DE"), ("United  kingdom", "GB")]
)
def test_a_name_is_suggested_and_never_taken(text: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        place_of(text, Ruleset())
    assert f"did you mean {code}?" in refused.value.hint


def test_every_country_has_a_name_and_every_name_a_country() -> None:
    rows = countries.NAMES.strip().replace("\n", "|").split("|")
    codes = {row.split(" ")[0] for row in rows}
    assert {countries.place(code) for code in codes} == codes == {*ISO[::2], "XK"}


def test_a_code_of_a_network_s_own_is_taken_where_rules_are_held_for_it() -> None:
    held = Ruleset([t.rule("VR-EU-0001", TRUE, Country="EU")])
    assert place_of("eu", held) == Destination("EU")
    with pytest.raises(UsageError):
        place_of("EU", Ruleset())


def test_a_region_is_found_in_any_case_and_an_unknown_one_refused() -> None:
    # Asked for "Nort", the country's rules alone would answer, and those of the North be left out.
    held = Ruleset(
        [t.rule("VR-XU-0001", TRUE), t.rule("VR-XU-0002", {"!": [TRUE]}, Region="North")]
    )
    assert place_of("xu/NORTH", held) == Destination("XU", "North")
    assert place_of("XU", held) == place_of("XU/", held) == Destination("XU")
    for mistyped in ("XXU/south", "xu/Nort", "XU/N"):
        with pytest.raises(UsageError) as refused:
            place_of(mistyped, held)
        assert "North" in (refused.value.hint or "")


def test_an_unknown_region_is_told_where_nothing_can_be_green() -> None:
    held = Ruleset([t.rule("VR-XU-0001", TRUE, Region="North")])
    assert (place := place_of("XXU/south", held)) == Destination("XU", "south")
    assert "North" in unknown_region(place, held)
    assert not unknown_region(place_of("XXU/north", held), held)


def test_a_region_of_a_country_without_regional_rules_is_asked_its_country_s() -> None:
    assert place_of("XU/south", Ruleset([t.rule("VR-XU-0001", TRUE)])) == Destination("XU", "south")


def rules(**fields: Any) -> list[dict[str, Any]]:
    return [write(t.rule("VR-XU-0001", TRUE, **fields))]


LATER = {"ValidFrom": "2029-05-04T00:00:00Z", "ValidTo": "2031-01-01T00:00:00Z"}
ENDED = {"ValidFrom": "2020-05-04T00:00:00Z", "ValidTo": "2021-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("held", "to", "code", "where"),
    [
        (rules(), "DE", "NO_RULES_FOR_COUNTRY", ""),
        (rules(**LATER), "XU", "NO_RULES_YET", "from 2029-05-04"),
        (rules(**ENDED), "XU", "RULES_ENDED", ""),
        (rules(Region="N"), "XU", "RULES_FOR_REGIONS_ONLY", "N"),
        (rules(Region="XU"), "XU", "RULES_FOR_REGIONS_ONLY", "XU"),
        (rules(Region="N"), "XU/S", "RULES_FOR_REGIONS_ONLY", "N"),
        (rules(Region="N", **LATER), "XU/N", "NO_RULES_YET", "from 2029-05-04"),
        (rules(Region="N") + rules(**ENDED), "XU", "RULES_FOR_REGIONS_ONLY", "N"),
    ],
)
def test_why_there_are_no_rules_is_told_apart(
    tmp_path: Path, held: list[dict[str, Any]], to: str, code: str, where: str
) -> None:
    home = ["--home", str(tmp_path)]
    (tmp_path / "rules.json").write_text(json.dumps(held))
    for words in (
        ["trust", "import", str(ROOT / "examples/utopia.pem"), *home],
        ["rules", "import", str(tmp_path / "rules.json"), *home],
    ):
        assert CliRunner().invoke(pratique, words).exit_code == 0
    for command, when in (("verify", "--at"), ("decide", "--on")):
        words = [command, TEXT, "--to", to, when, "2026-03-10T12:00:00Z", *home]
        shown = CliRunner().invoke(pratique, [*words, "--format", "json"])
        result = json.loads(shown.stdout)["results"][0]
        assert result["colour"] == "amber"
        found = [
            (one["code"], one["where"]) for one in result.get("findings", result.get("because"))
        ]
        assert (code, where) in found
    assert f"{code} ({where})" in CliRunner().invoke(pratique, words).stdout or not where


def test_the_matrix_lists_regions_after_their_country(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path)]
    (tmp_path / "rules.json").write_text(json.dumps(rules(Region="N") + rules(Region="E")))
    for words in (
        ["trust", "import", str(ROOT / "examples/utopia.pem"), *home],
        ["rules", "import", str(tmp_path / "rules.json"), *home],
    ):
        assert CliRunner().invoke(pratique, words).exit_code == 0
    words = ["decide", TEXT, "--matrix", "--on", "2026-03-10T12:00:00Z", *home]
    lines = CliRunner().invoke(pratique, words).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["XU", "XU/E", "XU/N"]
    assert "RULES_FOR_REGIONS_ONLY (E, N)" in lines[0]
