"""Whatever lies in a list or a folder, the states of all others are shown, and nothing is a traceback."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import network
from pratique.errors import PratiqueError
from tests.unit.made import make

AT = "2026-11-22"
FORMS = ("text", "json", "ics")
EVIL = "ev\x1b[31mil\nX\u202e"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(
        network, ["status", *map(str, words), "--at", AT], standalone_mode=False
    )


def method(participant: object, **more: Any) -> dict[str, Any]:
    return {
        "participant": {"code": _code(participant)}, "domain": {"code": "#DCC"},
        "keyusage": {"code": "#DSC"}, "publicKeyJwk": {}, **more,
    }  # fmt: skip


def _code(found: object) -> object:
    return f"#{found}" if isinstance(found, str) else found


def document(*methods: object, name: str = "did:web:trust.example:v2:trustlist") -> bytes:
    return json.dumps({"id": name, "verificationMethod": methods}).encode()


def folder(path: Path, *, domain: str = "DCC") -> Path:
    """Lay out a participant's folder with its three certificates."""
    for role in ("SCA", "UP", "TLS"):
        place = path / "onboarding" / domain / role
        place.mkdir(parents=True)
        (place / f"{role}.pem").write_bytes(make(["XU"]).pem)
    return path


REFUSED = {
    "broken": (b'{"verificationMethod": [', "json-unreadable"),
    "deep": (b"[" * 200_000, "json-unreadable"),
    "no number": (b'{"verificationMethod": [NaN]}', "json-unreadable"),
    "long number": (b'{"verificationMethod": [' + b"9" * 100_000 + b"]}", "json-unreadable"),
    "twice": (b'{"verificationMethod": [], "verificationMethod": []}', "json-unreadable"),
    # Half of a surrogate pair is no character, so that this is no text in UTF-8 (RFC 8259 §8.2).
    "half characters": (document(method("\ud800X"), method("XUA")), "json-unreadable"),
    "empty": (b"", "source-unknown"),
    "null": (b"null", "source-unknown"),
    "junk": (bytes(range(255, 0, -1)) * 99, "source-unknown"),
    "huge": (b" " * (32 * 1024 * 1024 + 1), "file-too-large"),
    "nobody": (b"[]", "nobody-named"),
    "nobody in it": (document(), "nobody-named"),
}


@pytest.mark.parametrize("output", FORMS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_list_that_is_none_is_refused_with_a_code(tmp_path: Path, name: str, output: str) -> None:
    data, code = REFUSED[name]
    path = tmp_path / "did.json"
    path.write_bytes(data)
    found = run(path, "--format", output)
    assert isinstance(found.exception, PratiqueError)
    assert found.exception.code == code


ODD = {
    "types": document(1, None, [], method(5), method(None, publicKeyJwk={"x5c": [1, None, {}]})),
    "controls": document(method(EVIL, domain={"code": EVIL})),
    "long": document(method("Z" * 100_000), method("XUA")),
}


@pytest.mark.parametrize("output", FORMS)
@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_shown_masked_and_cut(tmp_path: Path, name: str, output: str) -> None:
    path = tmp_path / "did.json"
    path.write_bytes(ODD[name])
    found = run(path, "--format", output)
    assert found.exception is None
    assert found.stdout_bytes.decode("utf-8")
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\u202e\ud800-\udfff]", found.stdout)
    if output == "json":
        assert json.loads(found.stdout)["participants"]


def test_a_long_name_does_not_push_the_others_off_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "did.json"
    path.write_bytes(ODD["long"])
    first, *_ = (line for line in run(path).stdout.splitlines() if line.startswith("XUA"))
    assert first.index("unverifiable") < 80


@pytest.mark.parametrize("name", ["participant", "domain", "keyusage"])
@pytest.mark.parametrize(
    "odd", [None, 5, [], "#XUB", {}, {"code": "XUB"}, {"code": EVIL}, {"code": "#XUB", "id": "x"}]
)
def test_an_odd_entry_is_its_own_participants_affair(
    tmp_path: Path, name: str, odd: object
) -> None:
    path = tmp_path / "did.json"
    key = {"x5c": [base64.b64encode(make(["XU"]).der).decode()]}
    bad = method("XUB", publicKeyJwk=key) | {name: odd}
    path.write_bytes(document(method("XUA", publicKeyJwk=key), bad))
    found = run(path, "--format", "json")
    told = json.loads(found.stdout)
    rows = [(row["participant"], row["state"]) for row in told["participants"]]
    assert ("XUA", "live") in rows
    assert [state for _, state in rows if state != "live"] == ["unverifiable"]
    assert told["unread"] == [{"name": "did.json", "code": "entry-odd"}]
    assert found.stderr.startswith("note: did.json: 1 entry names a participant, a domain or a use")
    assert run(path, "--within", "0").return_value == 1


def test_a_key_without_an_end_is_in_no_calendar(tmp_path: Path) -> None:
    jwk = {"kty": "EC", "crv": "P-256",
           "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
           "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}  # fmt: skip
    path = tmp_path / "did.json"
    path.write_bytes(document(method("XUA", publicKeyJwk=jwk)))
    assert json.loads(run(path, "--format", "json").stdout)["participants"][0]["state"] == "live"
    found = run(path, "--format", "ics")
    assert found.exception is None
    assert "VEVENT" not in found.stdout


def test_one_folder_that_cannot_be_read_is_its_own_affair(tmp_path: Path) -> None:
    folder(tmp_path / "XUA")
    folder(tmp_path / "XUB")
    (tmp_path / "XUB/onboarding/DCC/UP/UP.pem").write_bytes(b"\0" * (256 * 1024 + 1))
    found = run(tmp_path, "--format", "json")
    told = json.loads(found.stdout)
    assert [(row["participant"], row["state"]) for row in told["participants"]] == [
        ("XUA", "live"), ("XUB", "unverifiable"),
    ]  # fmt: skip
    assert {one["why"] for one in told["participants"][1]["strands"]} == {"unreadable"}
    assert told["unread"] == [{"name": "XUB", "code": "dossier-too-large"}]
    assert "note: XUB: " in found.stderr
    alone = run(tmp_path / "XUB")
    assert getattr(alone.exception, "code", "") == "dossier-too-large"


def test_what_could_not_be_read_is_told_in_every_form_and_stirs_whoever_waits(
    tmp_path: Path,
) -> None:
    for name, data in (("a", document(method("XUA"))), ("b", b"{broken")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "did.json").write_bytes(data)
    for output in FORMS:
        assert "note: b/did.json: " in run(tmp_path, "--format", output).stderr
    told = json.loads(run(tmp_path, "--format", "json").stdout)
    assert told["unread"] == [{"name": "b/did.json", "code": "json-unreadable"}]
    (tmp_path / "a/did.json").write_bytes(
        document(method("XUA", publicKeyJwk={"x5c": [base64.b64encode(make(["XU"]).der).decode()]}))
    )
    assert run(tmp_path, "--within", "0").return_value == 1
    (tmp_path / "b/did.json").unlink()
    assert run(tmp_path, "--within", "0").return_value == 0


def test_links_round_in_circles_and_out_are_not_followed(tmp_path: Path) -> None:
    one = folder(tmp_path / "XUA")
    for path, to in (("loop", "../.."), ("SCA/zero.pem", "/dev/zero"), ("SCA/gone.pem", "gone")):
        (one / "onboarding/DCC" / path).symlink_to(to)
    os.mkfifo(one / "onboarding/DCC/UP/pipe.pem")
    (row,) = json.loads(run(tmp_path, "--format", "json").stdout)["participants"]
    assert [strand["pieces"] for strand in row["strands"]] == [1, 1, 1]


def test_no_application_names_another_in_a_folder_of_many(tmp_path: Path) -> None:
    (folder(tmp_path / "XUB") / "application.json").write_text('{"participant": "XUA"}')
    (row,) = json.loads(run(tmp_path, "--format", "json").stdout)["participants"]
    assert row["participant"] == "XUB"


def test_names_of_folders_can_be_anything(tmp_path: Path) -> None:
    folder(tmp_path / EVIL, domain=EVIL)
    folder(Path(os.fsdecode(bytes(tmp_path) + b"/b\xffd")))
    for output in FORMS:
        found = run(tmp_path, "--format", output)
        assert found.exception is None
        assert found.stdout_bytes.decode("utf-8")
        assert "\x1b" not in found.stdout


def test_a_domains_folder_is_its_participants(tmp_path: Path) -> None:
    one = folder(tmp_path / "XUA")
    for path in (one, one / "onboarding", one / "onboarding/DCC"):
        (row,) = json.loads(run(path, "--format", "json").stdout)["participants"]
        assert (row["participant"], row["state"]) == ("XUA", "live")


def test_two_sources_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    paths = [folder(tmp_path / place / "folders/XUA").parent for place in ("dev", "uat")]
    found = run(*paths, "--format", "json")
    assert [(row["source"], row["participant"]) for row in json.loads(found.stdout)["participants"]] == [
        ("folders", "XUA"), ("folders (2)", "XUA"),
    ]  # fmt: skip
    uids = re.findall("^UID:.*$", run(*paths, "--format", "ics").stdout, re.MULTILINE)
    assert len(uids) == len(set(uids)) == 24
    assert "folders (2):\n" in run(*paths).stdout


def test_a_list_is_named_by_itself_and_not_by_its_file(tmp_path: Path) -> None:
    def uids(name: str) -> set[str]:
        path = tmp_path / "did.json"
        path.write_bytes(document(method("XUA"), name=name))
        return set(re.findall("^UID:.*$", run(path, "--format", "ics").stdout, re.MULTILINE))

    assert uids("did:web:a.example") == uids("did:web:a.example")
    assert not uids("did:web:a.example") & uids("did:web:b.example")
