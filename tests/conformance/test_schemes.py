"""Certificates of the schemes beside HCERT: what other people's cases say of them, Pratique says too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import READERS, schemes, trusted
from pratique.parties import conformance
from pratique.parties.conformance import Agreement
from tools import mutate

KINDS = {
    "shc-case", "shc-part", "shc-jws", "shl", "vds-nc", "divoc", "nzcp", "2d-doc", "ch-light", "nl-coronacheck",
}  # fmt: skip
Case = dict[str, Any]


@pytest.fixture(scope="module")
def cases(corpora: Path) -> dict[str, list[Case]]:
    return {kind: rows for kind, rows in conformance.cases_of(corpora).items() if kind in KINDS}


@pytest.fixture(scope="module")
def seen(corpora: Path, cases: dict[str, list[Case]]) -> dict[str, Agreement]:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    return {kind: conformance.run(kind, rows, corpora) for kind, rows in cases.items()}


def test_each_kind_has_a_reader() -> None:
    assert {kind for kind, reader in READERS.items() if reader == "schemes:certificate"} == KINDS


def test_no_case_disagrees(seen: dict[str, Agreement]) -> None:
    assert {kind: one.disagree for kind, one in seen.items() if one.disagree} == {}


def test_every_case_that_must_be_judged_is(
    cases: dict[str, list[Case]], seen: dict[str, Agreement]
) -> None:
    for kind, rows in cases.items():
        asked = [row for row in rows if row["judge"] in {"must", "recognise"}]
        assert seen[kind].agree == len(asked), (kind, seen[kind].skipped)


def test_what_is_not_judged_says_why(seen: dict[str, Agreement]) -> None:
    reasons = {reason for one in seen.values() for reason in one.skipped}
    assert reasons <= {schemes.EITHER, schemes.NO_MATTER}


# Each of these is a case of the collections with one thing changed: the reader has to see it.

_WRONG: list[tuple[str, dict[str, Any]]] = [
    ("shc/hl7-ig/scenario-1/Scenario1Bundle-jws.txt", {"accept": False}),
    ("shc/hl7-ig/scenario-1/Scenario1Bundle-jws.txt", {"entries": 3}),
    ("shc/hl7-ig/scenario-1/Scenario1Bundle-jws.txt", {"cvx": ["207", "208"]}),
    ("shc/hl7-ig/scenario-1/Scenario1Bundle-jws.txt", {"dates": ["2021-01-01"]}),
    ("shc/hl7-ig/scenario-3/Scenario3Bundle-jws.txt", {"loinc": ["94500-6"]}),
    ("shc/spec/8b8c215/example-03-d-jws.txt", {"revoked": False}),
    ("shc/spec/8b8c215/example-02-f-qr-code-numeric-value-0.txt", {"incomplete": False}),
    ("nzcp/spec/valid", {"person": {"family": "Somebody"}}),
    ("nzcp/spec/valid", {"person": {"dob": "1960-04-17"}}),
    ("nzcp/spec/valid", {"signature_valid": False}),
    ("nzcp/spec/valid", {"decode": False}),
    ("nzcp/spec/expired", {"accept": True}),
    ("nzcp/spec/expired", {"reason": "signature"}),
    ("2d-doc/B2-negative", {"result": "P"}),
    ("2d-doc/B2-negative", {"type": "L1"}),
    ("2d-doc/B2-negative", {"sampled": "2021-04-08T10:10"}),
    ("2d-doc/L1-spec", {"dose": 2}),
    ("2d-doc/L1-spec", {"total": 1}),
    ("2d-doc/L1-spec", {"date": "2021-03-02"}),
    ("vds-nc/AUS/VB0009990038/valid", {"chains_to": "JPN"}),
    ("nl-coronacheck/test-1", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), _WRONG)
def test_a_wrong_expectation_is_seen(
    corpora: Path, cases: dict[str, list[Case]], name: str, change: dict[str, Any]
) -> None:
    row = next(row for rows in cases.values() for row in rows if row["id"] == name)
    changed = {**row, "expected": {**row["expected"], **change}}
    if not change:
        changed["judge"], changed["trust"] = "recognise", None
        changed["files"] = ["nzcp/spec-valid.txt"]
    assert schemes.certificate(row, corpora).agree
    assert not schemes.certificate(changed, corpora).agree


@pytest.mark.parametrize(
    "name",
    [
        "nzcp/spec/valid",
        "2d-doc/L1-spec",
        "vds-nc/AUS/VB0009990038/valid",
        "shc/spec/8b8c215/example-00-d-jws.txt",
    ],
)
def test_without_its_trust_a_case_does_not_agree(
    corpora: Path, cases: dict[str, list[Case]], name: str
) -> None:
    row = next(row for rows in cases.values() for row in rows if row["id"] == name)
    other = {**row, "trust": None, "notes": ""}
    assert "SIGNER_UNKNOWN" in schemes.certificate(other, corpora).detail


# A case that is odd is its own outcome, and the others are judged.


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    (tmp_path / "good.txt").write_text("NL2:ANYTHING")
    (tmp_path / "hc1.txt").write_text(mutate.kit_texts()[0])
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 99)
    (tmp_path / "card.txt").write_text("shc:/" + "00" * 40)
    okp = {"kty": "OKP", "kid": "k", "crv": "X25519", "x": "AA"}
    (tmp_path / "okp.json").write_text(json.dumps({"keys": [okp]}))
    return tmp_path


def planted(**changes: Any) -> Case:
    good = {
        "id": "good", "kind": "nl-coronacheck", "judge": "recognise", "files": ["good.txt"],
        "expected": {"accept": False}, "clock": "2022-01-01T00:00:00Z",
    }  # fmt: skip
    return {**good, **changes}


def ran(folder: Path, *rows: object) -> dict[str, Agreement]:
    (folder / "manifest.json").write_text(json.dumps({"cases": [*rows, planted()]}))
    found = conformance.cases_of(folder)
    return {kind: conformance.run(kind, of_kind, folder) for kind, of_kind in found.items()}


@pytest.mark.parametrize(
    "row",
    [
        7,
        None,
        {},
        {"id": 3, "kind": ["nzcp"]},
        planted(kind="nzcp", judge="must", files=["missing.txt"]),
        planted(kind="nzcp", judge="must", files=[]),
        planted(kind="nzcp", judge="must", files=None),
        planted(kind="nzcp", judge="must", clock="yesterday"),
        planted(kind="nzcp", judge="must", expected=None),
        planted(kind="nzcp", judge="must", files=["broken.png"], expected={"accept": True}),
        planted(kind="shc-case", judge="must", format="jwspayload", files=["broken.png"]),
        planted(kind="shc-case", judge="must", files=["card.txt"], trust="okp.json"),
    ],
)
def test_an_odd_case_stops_no_other(odd: Path, row: object) -> None:
    seen = ran(odd, row)
    assert seen["nl-coronacheck"] == Agreement(1, 1, {}, {})
    assert sum(one.cases for one in seen.values()) == 2


def test_a_case_of_no_kind_is_skipped(odd: Path) -> None:
    assert ran(odd, {"id": "x"})[""].skipped == {conformance.NO_KIND: 1}


def test_a_picture_that_cannot_be_decoded_is_an_outcome(odd: Path) -> None:
    row = planted(kind="nzcp", judge="must", files=["broken.png"])
    assert ran(odd, row)["nzcp"] == Agreement(1, 1, {}, {})


def test_a_key_of_a_kind_that_is_not_read_skips_its_case(odd: Path) -> None:
    row = planted(kind="shc-case", judge="must", files=["card.txt"], trust="okp.json")
    (reason,) = ran(odd, row)["shc-case"].skipped
    assert reason.startswith("its keys cannot be used")


def test_a_fault_of_the_program_never_agrees(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted_fault(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("pratique.parties.verifier.verify_text", planted_fault)
    for judge in ("must", "may"):
        row = planted(kind="nzcp", judge=judge, files=["hc1.txt"], trust="")
        assert "UNFORESEEN" in ran(odd, row)["nzcp"].disagree["good"]


def test_a_reader_that_fails_is_an_outcome(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(schemes, "_outcomes", failing)
    assert "RecursionError" in ran(odd, planted(kind="nzcp"))["nzcp"].disagree["good"]


def test_a_key_and_what_is_unpacked_are_no_codes() -> None:
    row = {
        "files": ["a.txt", "jwks.json", "crl.json", "a.unpacked.json"],
        "trust": "jwks.json (issuer: the iss of the card), revocation list crl.json",
    }
    assert schemes.codes_of(row) == ["a.txt"]
    assert trusted.sources(row) == ["jwks.json", "crl.json"]
