"""`pratique participant check`: before a dossier is sent, a person knows whether it is fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.participant import check
from pratique.crypto import keys, x509_write
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused, PratiqueError, Unreadable
from pratique.store import sources
from pratique.terms import Environment
from tests.unit.trust.test_governance import GOOD, START

AT = "2026-11-22"


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(check, [str(word) for word in words], standalone_mode=False)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def put(folder: Path, files: dict[str, bytes] = GOOD) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def ask(folder: Path, *further: str | Path) -> Result:
    return run(folder, "--code", "XXU", "--environment", "test", "--at", AT, *further)


def test_a_sound_dossier_may_be_sent(tmp_path: Path) -> None:
    result = ask(put(tmp_path))
    assert result.return_value == 0
    assert "XXU, test environment: 5 files, 0 errors, 0 warnings" in result.output


def test_an_error_is_told_with_what_to_do(tmp_path: Path) -> None:
    result = ask(put(tmp_path, GOOD | {"UP/UP.pem": b"CHANGE ME"}))
    assert result.return_value == 1
    assert "[valid_pem]" in result.output
    assert "put the certificate in as PEM" in result.output


def test_warnings_alone_are_no_refusal(tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    key = keys.generate()
    subject = Subject("Utopia", "Ministry of Health", "XU", Environment.TEST)
    first, second = (x509_write.upload_signer(key, subject, at=START, serial=n) for n in (1, 2))
    put(tmp_path / "first", GOOD | {"UP/UP.pem": x509_write.to_pem(first)})
    known.write_text(ask(tmp_path / "first", "--format", "json").output)
    put(tmp_path / "second", GOOD | {"UP/UP.pem": x509_write.to_pem(second)})
    result = ask(tmp_path / "second", "--known", known)
    assert result.return_value == 0
    assert "5 files, 0 errors, 1 warning" in result.output
    assert "[key_again]" in result.output


def test_a_key_known_from_elsewhere_is_found(tmp_path: Path) -> None:
    put(tmp_path / "dossier")
    told = json.loads(ask(tmp_path / "dossier", "--format", "json").output)
    for key in told["keys"]:
        key["participant"] = "XXA"
    (tmp_path / "known.json").write_text(json.dumps(told))
    result = ask(tmp_path / "dossier", "--known", tmp_path / "known.json", "--format", "json")
    assert result.return_value == 1
    codes = {one["code"] for file in json.loads(result.output)["files"] for one in file["findings"]}
    assert codes == {"key_other_participant"}


def test_json_has_a_format_and_a_row_for_each_file(tmp_path: Path) -> None:
    told = json.loads(ask(put(tmp_path), "--format", "json").output)
    assert told["format"] == "pratique-governance-1"
    assert [file["name"] for file in told["files"]] == sorted(GOOD)
    assert (told["errors"], told["at"]) == (0, "2026-11-22T00:00:00Z")


def test_a_participants_folder_is_read_from_onboarding_on(tmp_path: Path) -> None:
    put(tmp_path / "onboarding" / "DCC")
    (tmp_path / "README.md").write_text("-----BEGIN PRIVATE KEY-----")
    told = json.loads(ask(tmp_path, "--format", "json").output)
    assert {file["name"] for file in told["files"]} == {f"DCC/{name}" for name in GOOD}


def test_production_is_what_is_meant_unless_said_otherwise(tmp_path: Path) -> None:
    result = run(put(tmp_path), "--code", "XXU", "--at", AT)
    assert result.return_value == 1
    assert "[test_participant]" in result.output


def test_a_list_of_known_keys_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "known.json").write_text("{}")
    with pytest.raises(DocumentRefused):
        ask(put(tmp_path / "dossier"), "--known", tmp_path / "known.json")


def test_a_files_name_cannot_repaint_the_report(tmp_path: Path) -> None:
    result = ask(put(tmp_path, GOOD | {"UP/\x1b[2J.pem": b""}))
    assert "\x1b" not in result.output


def test_links_and_hidden_files_are_not_read(tmp_path: Path) -> None:
    put(tmp_path / "dossier")
    (tmp_path / "elsewhere.pem").write_text("?")
    (tmp_path / "dossier/UP/link.pem").symlink_to(tmp_path / "elsewhere.pem")
    put(tmp_path / "dossier", {".git/UP/x.pem": b"", "UP/.hidden.pem": b""})
    assert set(sources.read(tmp_path / "dossier")) == set(GOOD)


def test_a_dossier_is_limited_in_size_and_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"UP/UP.pem": b" " * sources.MAX_FILE})
    assert len(sources.read(tmp_path)) == 1
    put(tmp_path, {"UP/UP.pem": b" " * (sources.MAX_FILE + 1)})
    with pytest.raises(Unreadable):
        sources.read(tmp_path)
    put(tmp_path, GOOD)
    monkeypatch.setattr(sources, "MAX_DOSSIER_FILES", len(GOOD))
    assert len(sources.read(tmp_path)) == len(GOOD)
    put(tmp_path, {"one-more": b""})
    with pytest.raises(Unreadable):
        sources.read(tmp_path)


def test_a_folder_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        sources.read(tmp_path / "nowhere")


# The field's cases


CASES = {
    "fra-applies-for-de": (
        "FRA production",
        0,
        ["DE, which is not FRA's", "XU, which is not FRA's"],
    ),
    "dsc-brainpool": ("XXU test", 1, ["[key_unread]"]),
    "sca-named-crt": ("XXU test", 1, ["[certificate_unread]", "[sca_missing]"]),
    "pah-organisation": ("PAH production", 0, ["[participant_new]"]),
}
"""A dossier: whose it is and for which environment, how the check ends, what it tells."""


@pytest.mark.parametrize("name", CASES)
def test_a_dossier_of_the_field(name: str, field_cases: Path) -> None:
    whose, ends, told = CASES[name]
    code, environment = whose.split()
    folder = field_cases / "network/in/dossiers" / name
    result = run(folder, "--code", code, "--environment", environment, "--at", "2026-11-28")
    assert result.return_value == ends, result.output
    for words in told:
        assert words in result.output
