"""`pratique trust`: what was imported, and in which state it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.cli.trust import trust
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from tests.unit.made import TEST, Made, make
from tests.unit.trust import test_did as lists


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(trust, [str(word) for word in words])
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def put(folder: Path, name: str, *made: Made) -> Path:
    path = folder / name
    path.write_bytes(b"".join(each.pem for each in made))
    return path


def states(*words: str) -> dict[str, str]:
    shown = json.loads(run("show", "--format", "json", *words).output)
    return {signer["participant"]: signer["state"] for signer in shown["signers"]}


def test_states_are_computed_for_the_instant_asked_about(folder: Path) -> None:
    ca = make(["FR"], ca=True, name="SCA", end=datetime(2027, 1, 1, tzinfo=UTC))
    late = datetime(2027, 6, 1, tzinfo=UTC)
    unreadable = make(["IT"], raw=[("2.5.29.37", b"\x30", False)])
    run("import", put(folder, "a.pem", make(["DE"]), make(["FR"], by=ca), ca, unreadable,
                      make(["PL"], start=late)))  # fmt: skip
    assert states("--at", "2026-06-01") == {
        "DE": "live", "FR": "live", "PL": "not yet", "IT": "unreadable",
    }  # fmt: skip
    assert states("--at", "2027-02-01T00:00:00Z")["FR"] == "SCA dead"
    assert states("--at", "2030-01-01")["DE"] == "expired"
    assert set(states("--at", "2026-06-01", "--state", "unreadable")) == {"IT"}


def test_the_table_tells_reason_and_counts(folder: Path) -> None:
    run("import", put(folder, "a.pem", make(["DE"], eku=[TEST])))
    lines = run("show", "--at", "2030-01-01").output.splitlines()
    assert lines[0].split()[:2] == ["KID", "PARTICIPANT"]
    assert "expired  since 2028-01-01T00:00:00Z" in lines[1]
    assert lines[2] == "1 signer at 2030-01-01T00:00:00+00:00: 1 expired"


def test_importing_adds_and_replacing_forgets(folder: Path) -> None:
    first, second = put(folder, "a.pem", make(["DE"])), put(folder, "b.pem", make(["FR"]))
    run("import", first)
    assert "2 signers in snapshot 2" in run("import", second).output
    assert "1 signer in snapshot 1" in run("import", second, "--replace").output


def test_an_import_without_signers_changes_nothing(folder: Path) -> None:
    run("import", put(folder, "a.pem", make(["DE"])))
    with pytest.raises(UsageError, match="no signer"):
        run("import", put(folder, "b.pem", make(ca=True)), "--replace")
    assert set(states()) == {"DE"}


def test_nothing_imported_is_told_with_what_to_do(folder: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        run("show")
    assert "import" in caught.value.hint


def test_a_proof_that_was_asked_for_is_never_left_out(folder: Path) -> None:
    source = put(folder, "a.pem", make())
    with pytest.raises(DocumentRefused, match="carries no proof"):
        run("import", source, "--proof-key", source)


def test_a_source_can_be_shown_without_importing_it(folder: Path) -> None:
    source = put(folder, "a.pem", make(["DE"]))
    assert set(states("--trust", str(source))) == {"DE"}
    assert not (folder / "home").exists()


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00", "22.11.2026", "2026-13-01", "now"])
def test_an_instant_without_zone_or_sense_is_refused(folder: Path, text: str) -> None:
    result = run("show", "--at", text)
    assert result.exit_code == 2
    assert "timestamp" in result.output or "Z for UTC" in result.output


def test_a_country_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="--country"):
        run("import", put(folder, "a.pem", make([])), "--country", "Narnia")


def test_a_real_trust_list_is_shown_whole(folder: Path, corpora: Path) -> None:
    listed = corpora / "trust" / "dcc-qa-dsc.json"
    assert "58 signers" in run("import", listed, "--environment", "test").output
    assert "58 signers at" in run("show", "--at", "2022-01-01").output


def proven(folder: Path, **dates: str) -> tuple[str | Path, ...]:
    """Write a DID list with a proof of these dates, and its key; return how it is imported."""
    found, key = folder / "did.json", folder / "key.pem"
    found.write_text(json.dumps(lists.prove(lists.document(), **dates)))
    key.write_bytes(
        lists.ROOT.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return "import", found, "--proof-key", key


def test_a_proof_that_has_ended_is_told_and_its_signers_count_no_more(folder: Path) -> None:
    said = run(*proven(folder, expires="2020-01-01T00:00:00Z"))
    assert (
        "note: did.json: its proof ended at 2020-01-01T00:00:00Z, which makes what its signers have "
        "signed AMBER SIGNER_LIST_EXPIRED" in said.output
    )
    assert set(states("--at", "2026-06-01").values()) == {"SCA dead"}
    assert "list ended 2020-01-01" in run("show", "--at", "2026-06-01").output
    # Neither with the same list without its proof, nor with its certificates alone.
    run("import", folder / "did.json")
    run("import", put(folder, "a.pem", lists.LEAF))
    assert set(states("--at", "2026-06-01").values()) == {"SCA dead", "live"}


def test_a_proof_that_is_dated_in_the_future_is_told(folder: Path) -> None:
    said = run(*proven(folder, created="9998-01-01T00:00:00Z"))
    assert "its proof is dated 9998-01-01T00:00:00Z, which is to come" in said.output
    assert "note: did.json" not in run(*proven(folder, expires="9999-01-01T00:00:00Z")).output


def test_an_entry_of_an_odd_code_is_told_and_left_out(folder: Path) -> None:
    odd = {**lists.method("odd", lists.jwk(lists.STRANGER)), "domain": {"code": "DCC"}}
    (folder / "did.json").write_text(
        json.dumps(lists.document(lists.method("leaf", lists.jwk(lists.LEAF)), odd))
    )
    said = run("import", folder / "did.json")
    assert "did.json: DID trust list, 1 signer, 0 signing CAs, proof not checked" in said.output
    assert (
        "note: did.json: 1 entry names a participant, a domain or a use by no code" in said.output
    )
