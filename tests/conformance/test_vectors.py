"""Pratique's own kit: every text comes to exactly the outcome that was written down for it."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.findings import Code, Step
from pratique.parties import conformance
from pratique.terms import Environment, Kind, Scheme
from pratique.verification import verify_many
from tools import make_vectors

KIT = Path(__file__).resolve().parents[2] / "vectors"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KIT / name).read_text(encoding="utf-8"))
    return found


MANIFEST = read("manifest.json")["cases"]
VECTORS = [row for path in sorted((KIT / "cases").iterdir()) for row in read(str(path))["cases"]]


@pytest.mark.parametrize("case", MANIFEST, ids=lambda case: str(case["id"]))
def test_a_vector_comes_to_its_outcome(case: dict[str, Any]) -> None:
    tally = conformance.run(conformance.OWN, [case], KIT)
    assert tally == (1, 1, {}, {})


def test_many_at_once_come_to_the_same() -> None:
    batches: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in VECTORS:
        network = row.get("network", "")
        batches[row["environment"], row["clock"], network].append(row)
    for (environment, clock, network), rows in batches.items():
        held = conformance.snapshot(KIT / "signers.json", Environment(environment), network)
        at = datetime.fromisoformat(clock)
        found = verify_many([row["text"] for row in rows], snapshot=held, at=at, at_once=7)
        for row, one in zip(rows, found, strict=True):
            seen, expected = conformance.outcome(one), row["expected"]
            assert seen["findings"] == expected["findings"], row["id"]
            assert seen["colour"] == expected["colour"], row["id"]


def test_every_code_of_the_closed_list_has_a_vector() -> None:
    shown = {code for row in VECTORS for code in row["expected"]["findings"]}
    # What a destination's rules say depends on the rules: tests/journeys/test_decide.py shows each.
    of_rules = {code.name for code in Code if code.step is Step.RULES} - {"NO_RULES"}
    # What is missing or ended of a network's own documents: tests/harms shows each.
    of_rules |= {"RULES_LAPSED", "RULES_UNVERIFIABLE", "SUSPENSIONS_UNKNOWN"}
    # What the outside of a text makes: a file that is none, a fault of the program.
    of_input = {"INPUT_UNREADABLE", "UNFORESEEN"}
    # What lies between two sources of trust, and in no text: tests/harms shows each.
    of_sources = {
        "SIGNER_CONTRADICTED", "SCA_NOT_YET", "SCA_UNKNOWN", "SIGNER_SELF_SIGNED", "SCA_UNFIT",
            "SIGNER_LIST_EXPIRED", "DOMAIN_WRONG",
    }  # fmt: skip
    assert shown == set(Code.__members__) - of_rules - of_input - of_sources


def test_every_kind_has_a_good_vector() -> None:
    good = [
        row["expected"]["facts"]
        for row in VECTORS
        if {*row["expected"]["findings"]} - {"STATES_NO_EVENT"} == {"NO_RULES"}
        and "facts" in row["expected"]
    ]
    assert {row["kind"] for row in good} == {kind.value for kind in Kind}
    assert {row["domain"] for row in good} == {"DCC", "DDCC", "ICVP", *Scheme}


def test_every_vector_says_what_it_is_for() -> None:
    ids = [row["id"] for row in VECTORS]
    assert len(ids) == len(set(ids)) == len(MANIFEST)
    assert [row["id"] for row in VECTORS if not (row["title"] and row["why"])] == []


def test_a_wrong_expectation_is_seen(tmp_path: Path) -> None:
    wrong = next(row for row in VECTORS if row["id"] == "validity/expired")
    planted = {**wrong, "expected": {"colour": "amber", "findings": ["NO_RULES"]}}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [planted]}))
    (tmp_path / "signers.json").write_text((KIT / "signers.json").read_text())
    case = {"id": wrong["id"], "files": ["cases.json"], "trust": "signers.json"}
    tally = conformance.run(conformance.OWN, [case], tmp_path)
    assert tally.disagree == {wrong["id"]: "red: EXPIRED"}


def test_a_wrong_fact_is_seen(tmp_path: Path) -> None:
    wrong = next(row for row in VECTORS if row["id"] == "formats/test")
    facts = {**wrong["expected"]["facts"], "kind": "vaccination"}
    planted = {**wrong, "expected": {**wrong["expected"], "facts": facts}}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [planted]}))
    (tmp_path / "signers.json").write_text((KIT / "signers.json").read_text())
    case = {"id": wrong["id"], "files": ["cases.json"], "trust": "signers.json"}
    assert list(conformance.run(conformance.OWN, [case], tmp_path).disagree) == [wrong["id"]]


def test_the_kit_is_as_its_maker_writes_it() -> None:
    assert make_vectors.main(["--check"]) == 0


def test_the_maker_tells_a_kit_that_is_not_as_it_would_write_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_vectors.files()
    monkeypatch.setattr(make_vectors, "files", lambda: {**made, "signers.json": "{}"})
    assert make_vectors.main(["--check"]) == 1
