"""Tables of cases beside rules."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.rules.case_table import rows
from pratique.rules.rule import read
from tests.unit.rules.written import after, before, rule, utopias

CORPORA = Path(os.environ.get("PRATIQUE_CORPORA", Path(__file__).parents[4] / "shared/corpora"))
REAL = sorted((CORPORA / "business-rules").glob("??.json"))
EXTERNAL = {"validationClock": "2026-12-20T12:00:00Z", "countryCode": "XU"}
RULE = read(rule(after(14)))
VOID = read(rule(before(3), "IR-XU-0001", Type="Invalidation", CertificateType="Vaccination"))


def case(dose: str, expected: object, **changed: Any) -> dict[str, Any]:
    payload = {
        "v": [{"tg": "840539006", "mp": "EU/1/20/1528", "dn": 2, "sd": 2, "dt": dose}],
    }
    return {"payload": payload, "external": EXTERNAL, "expected": expected, **changed}


@pytest.mark.parametrize(
    ("dose", "expected", "agrees"),
    [
        ("2026-12-06", True, True),
        ("2026-12-07", False, True),
        ("2026-12-07", True, False),
        ("2026-12-06", "passed", True),
        ("2026-12-07", "failed", True),
        ("not a date", "open", True),
        ("not a date", False, False),
    ],
)
def test_a_case_agrees_or_not(dose: str, expected: object, agrees: bool) -> None:
    (row,) = rows([RULE], [case(dose, expected)])
    assert row.agrees is agrees


def test_true_of_an_invalidation_rule_is_failed() -> None:
    table = [case("2026-12-19", True), case("2026-12-19", "failed")]
    assert all(row.agrees for row in rows([VOID], table))


def test_a_case_names_its_rule_and_the_highest_version_is_asked() -> None:
    both = [RULE, read(rule(after(30), Version="1.1.0"))]
    (row,) = rows(both, [case("2026-12-01", False, rule="VR-XU-0001", id="named")])
    assert row == ("named", "VR-XU-0001@1.1.0", "false", "false")
    (row,) = rows(both, [case("2026-12-01", True, rule="VR-XU-0001@1.0.0")])
    assert row.agrees


def test_a_case_without_a_rule_is_put_before_all_rules() -> None:
    table = [
        case("2026-12-01", "passed"),
        case("2026-12-15", "failed"),
        case("2026-12-15", "passed", holder={"ageYears": 11}),
        case("2026-12-15", "failed", holder={"ageYears": 12}),
        case("2026-12-01", "open", external={**EXTERNAL, "countryCode": "FR"}),
    ]
    assert [row.found for row in rows(utopias(), table)] == [row["expected"] for row in table]


@pytest.mark.parametrize(
    "wrong",
    [
        case("2026-12-01", None),
        case("2026-12-01", "green"),
        case("2026-12-01", "passed", rule="VR-XU-9999"),
        case("2026-12-01", "passed", external={}),
        case("2026-12-01", "passed", external={"validationClock": 7}),
        case("2026-12-01", "passed", payload={"v": [1], "t": [1]}),
        case("2026-12-01", "passed", payload=None),
    ],
)
def test_a_case_that_cannot_be_judged_disagrees(wrong: dict[str, Any]) -> None:
    (row,) = rows(utopias(), [wrong])
    assert not row.agrees


@pytest.mark.parametrize("table", [None, {}, {"cases": 1}, [1], "x"])
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(DocumentRefused):
        list(rows([RULE], table))


@pytest.mark.skipif(not REAL, reason="no corpora at hand")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_tables_agree(path: Path) -> None:
    document = json.loads(path.read_bytes())
    sets = json.loads((path.parent / "valuesets.json").read_bytes())
    found = list(rows([read(one) for one in document["rules"]], document, sets))
    assert len(found) == len(document["tests"])
    assert [row for row in found if not row.agrees] == []
