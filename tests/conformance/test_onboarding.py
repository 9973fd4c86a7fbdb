"""Real participants' dossiers: what the network's authority finds in them, Pratique finds too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import trust


@pytest.fixture(scope="module")
def cases(corpora: Path) -> list[dict[str, Any]]:
    manifest = json.loads((corpora / "manifest.json").read_text())
    return [case for case in manifest["cases"] if case["kind"] == "tng-onboarding"]


def test_every_dossier_agrees(corpora: Path, cases: list[dict[str, Any]]) -> None:
    found = [(case["id"], trust.tng_onboarding(case, corpora)) for case in cases]
    assert len(found) == 74
    assert [pair for pair in found if not pair[1].agree] == []


def test_a_dossier_at_another_time_does_not_agree(
    corpora: Path, cases: list[dict[str, Any]]
) -> None:
    result = trust.tng_onboarding(cases[0] | {"clock": "2031-01-01T00:00:00Z"}, corpora)
    assert not result.agree
    assert "validity_30d_now" in result.detail


def test_a_dossier_that_another_environments_anchor_signed_does_not_agree(
    corpora: Path, cases: list[dict[str, Any]]
) -> None:
    case = cases[0]
    other = case["trust"].replace("/dev/", "/uat/")
    assert other != case["trust"]
    assert not trust.tng_onboarding(case | {"trust": other}, corpora).agree
