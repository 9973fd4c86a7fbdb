"""`sync` and `snapshot`: from a server, a folder, a stick; what is refused leaves what was held."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from pratique.store import network, server
from tests import web
from tests.ceremonies import AT, LATER, Desk, edition, issued

ROOT = "net/repository/metadata/1.root.json"


def state(home: str = "home") -> dict[str, bytes]:
    """Return every file of what is held, but for the lock."""
    return {
        str(path): path.read_bytes()
        for path in sorted(Path(home).rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_the_first_sync_needs_a_root_from_a_hand_that_is_trusted(desk: Desk) -> None:
    error = desk.refused("sync", "net", "--at", AT, PRATIQUE_HOME="border")
    assert (error.code, "--root" in error.hint) == ("no-anchor", True)
    said = desk.run("sync", "net", "--root", ROOT, "--at", AT, PRATIQUE_HOME="border")
    assert said.startswith("invented (test), edition 4, 1 participant, published within")
    assert "new: XXU, targets" in said


def test_a_wrong_root_is_told_and_may_be_named_again(desk: Desk) -> None:
    shutil.copytree("net", "other")
    for name in ("net/repository/metadata/timestamp.json", "seat-1.json", "seat-1.pem"):
        error = desk.refused("sync", "net", "--root", name, PRATIQUE_HOME="border")
        assert error.code == "root-refused"
        assert name in error.message
    # Another network's root: it is one, and the slip is seen at the first sync.
    desk.run("authority", "init", "second", "--network", "second", "-k", 2, "--suspend", 2,
             "--environment", "test", "--at", AT,
             *(w for n in (1, 2, 3) for w in ("--seat", f"seat-{n}.json")))  # fmt: skip
    desk.run("authority", "sign", "second/root-1.proposal", "--key", "file:seat-1.pem", "--yes")
    desk.run("authority", "sign", "second/root-1.proposal", "--key", "file:seat-2.pem", "--yes")
    desk.run("authority", "publish", "second", "second/root-1.proposal", "--at", AT)
    other = "second/repository/metadata/1.root.json"
    error = desk.refused("sync", "net", "--root", other, "--at", AT, PRATIQUE_HOME="border")
    assert (error.exit_code, error.code.partition("-")[0]) == (3, "network")
    desk.run("sync", "net", "--root", ROOT, "--at", AT, PRATIQUE_HOME="border")
    # Once something was synced it is believed, and another is refused.
    before = state("border")
    error = desk.refused("sync", "second", "--root", other, "--at", AT, PRATIQUE_HOME="border")
    assert error.code == "anchor-differs"
    assert state("border") == before


def test_the_same_command_says_that_there_is_nothing_new(desk: Desk) -> None:
    said = desk.run("sync", "--at", AT)
    assert "new: nothing;" in said
    found = json.loads(desk.run("sync", "--at", AT, "--format", "json"))
    assert (found["changed"], found["problems"], found["participants"]) == ([], {}, 1)
    assert (found["edition"], found["root"], found["network"]) == (4, 1, "invented")


def test_from_where_it_came_last_whatever_the_folder_that_one_stands_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("sync", "net", "--at", AT)
    monkeypatch.chdir("issuer")
    assert "new: nothing" in desk.run("sync", "--at", AT)


@pytest.mark.parametrize(
    ("source", "code", "exit_code"),
    [
        ("nowhere", "source-unknown", 2),
        ("issuer", "source-unknown", 2),
        ("seat-1.json", "archive-malformed", 3),
        ("http://127.0.0.1:9", "network-unreachable", 4),
        ("http://nobody.invalid", "network-unreachable", 4),
        ("http://", "network-unreachable", 4),
        ("http://name:word@127.0.0.1:9", "source-credentials", 2),
    ],
)
def test_a_source_that_is_none_changes_nothing(
    desk: Desk, source: str, code: str, exit_code: int
) -> None:
    before = state()
    error = desk.refused("sync", source, "--at", AT)
    assert (error.code, error.exit_code) == (code, exit_code)
    assert error.hint
    assert "Error" not in error.message
    assert state() == before


def test_who_changes_it_holds_the_folder(desk: Desk) -> None:
    handle = os.open("home/network/.lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for words in (("sync",), ("snapshot", "import", ROOT)):
            error = desk.refused(*words, "--at", AT)
            assert (error.code, "try again" in error.hint) == ("network-locked", True)
        # Who only reads does not wait.
        desk.run("snapshot", "export", "x.zip")
    finally:
        os.close(handle)


def test_a_folder_that_cannot_be_written_is_told(desk: Desk) -> None:
    Path("file").write_text("")
    error = desk.refused("sync", "net", "--root", ROOT, "--at", AT, PRATIQUE_HOME="file")
    assert (error.exit_code, "file" in error.message) == (4, True)


def test_an_older_edition_is_refused_and_what_was_held_stays(desk: Desk) -> None:
    shutil.copytree("net", "before")
    edition(desk, at=LATER)
    desk.run("sync", "--at", LATER)
    before = state()
    error = desk.refused("sync", "before", "--at", LATER)
    assert error.exit_code == 3
    assert state() == before


def test_a_participant_whose_file_is_missing_is_in_doubt_and_told(desk: Desk) -> None:
    sample = issued(desk)
    edition(desk, at=LATER)
    Path("net/repository/metadata/2.XXU.json").unlink()
    said = desk.run("sync", "--at", LATER)
    assert "note: XXU is as it was held before, and in doubt: network-missing" in said
    found = json.loads(desk.run("sync", "--at", LATER, "--format", "json"))
    assert found["problems"] == {"XXU": "network-missing"}
    assert "AMBER" in desk.run("verify", sample, "--at", LATER, code=3)


def test_without_the_list_of_suspensions_every_check_is_in_doubt_and_nothing_is_exported(
    desk: Desk,
) -> None:
    sample = issued(desk)
    desk.publish(desk.propose("suspend", "XXU", "--reason", "forgeries", "--days", 1))
    Path("net/repository/metadata/1.suspend.json").unlink()
    said = desk.run("sync", "--at", AT)
    assert (
        "note: who is suspended is not known, so that every check is in doubt: network-missing"
        in said
    )
    assert "SUSPENSIONS_UNKNOWN (network-missing)" in desk.run("verify", sample, "--at", AT, code=3)
    error = desk.refused("network", "export", "--folders", "out", "--at", AT)
    assert (error.code, error.exit_code) == ("suspensions-unknown", 3)
    assert not Path("out").exists()


def test_data_that_grows_old_and_a_clock_that_is_wrong_are_said(desk: Desk) -> None:
    assert "published 30 hours ago" in desk.run("sync", "--at", "2026-11-23T15:00:00Z")
    assert "clock is behind" in desk.refused("sync", "--at", "2026-11-21T09:00:00Z").message


def test_a_suspension_is_told_with_its_end_as_long_as_it_lasts(desk: Desk) -> None:
    desk.publish(desk.propose("suspend", "XXU", "--reason", "forgeries", "--days", 1))
    assert "XXU is suspended until 2026-11-23T09:00:00+00:00: forgeries" in desk.run(
        "sync", "--at", AT
    )
    assert "suspended" not in desk.run("sync", "--at", "2026-11-23T10:00:00Z")


# A stick


def test_a_stick_brings_what_a_server_would(desk: Desk) -> None:
    said = desk.run("snapshot", "export", "x.zip")
    assert said.startswith("invented, edition 4, ")
    desk.run("snapshot", "export", "y.zip")
    assert Path("x.zip").read_bytes() == Path("y.zip").read_bytes()
    words = ("snapshot", "import", "x.zip", "--at", AT)
    assert desk.refused(*words, PRATIQUE_HOME="border").code == "no-anchor"
    desk.run(*words, "--root", ROOT, PRATIQUE_HOME="border")
    ours = network.load_held(Path("home/network"))
    theirs = network.load_held(Path("border/network"))
    assert ours == theirs
    sample = issued(desk)
    assert "signed by XXU" in desk.run("verify", sample, "--at", AT, code=3, PRATIQUE_HOME="border")
    # The next sync goes to where the last one went, and not to the stick.
    desk.run(*words)
    assert network.source_of(Path("home/network")) == str(desk.folder / "net")


def test_a_stick_that_is_older_damaged_or_forged_changes_nothing(desk: Desk) -> None:
    desk.run("snapshot", "export", "old.zip")
    edition(desk, at=LATER)
    desk.run("sync", "--at", LATER)
    desk.run("snapshot", "export", "new.zip")
    data = Path("new.zip").read_bytes()
    Path("cut.zip").write_bytes(data[: len(data) // 2])
    with zipfile.ZipFile("new.zip") as source, zipfile.ZipFile("forged.zip", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"XXU", b"XXV"))
    before = state()
    for name in ("old.zip", "cut.zip", "seat-1.json"):
        assert desk.refused("snapshot", "import", name, "--at", LATER).exit_code == 3, name
        assert state() == before
    words = ("snapshot", "import", "forged.zip", "--root", ROOT, "--at", LATER)
    assert desk.refused(*words, PRATIQUE_HOME="border").exit_code == 3
    assert desk.refused("snapshot", "export", "no/x.zip").code == "file-unwritable"
    assert desk.refused("snapshot", "export", "x.zip", PRATIQUE_HOME="other").code == "nothing-held"


def test_what_lies_there_damaged_is_told_and_can_be_synced_anew(desk: Desk) -> None:
    # Before the damage: issuing asks what is held too, and would tell of it.
    sample = issued(desk)
    path = Path("home/network/held.zip")
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    error = desk.refused("verify", sample, "--at", AT)
    assert (error.exit_code, "remove it" in error.hint) == (3, True)
    path.unlink()
    desk.run("sync", "--at", AT)
    desk.run("verify", sample, "--at", AT, code=3)


# Before anything was synced, and over a real server


def test_a_check_says_what_to_do_where_nothing_was_synced(desk: Desk) -> None:
    sample = issued(desk)
    error = desk.refused("verify", sample, PRATIQUE_HOME="border")
    assert (error.exit_code, "pratique sync SOURCE" in error.hint) == (3, True)
    desk.refused("sync", "http://127.0.0.1:9", "--root", ROOT, PRATIQUE_HOME="border")
    assert desk.refused("verify", sample, PRATIQUE_HOME="border").exit_code == 3


def test_a_server_that_lacks_the_network_and_one_that_fails_are_told_apart(desk: Desk) -> None:
    def answer(status: bytes) -> web.Answer:
        return lambda _, connection: connection.sendall(
            b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

    before = state()
    for status, code in ((b"404 Not Found", 3), (b"500 Oh", 4), (b"302 Found\r\nLocation: /", 4)):
        with web.raw(answer(status)) as server:
            assert desk.refused("sync", server.url, "--at", AT).exit_code == code
    assert state() == before


def test_verify_and_decide_use_what_was_synced_from_a_server(desk: Desk) -> None:
    sample = issued(desk)
    with web.serving(server.network_application(Path("net/repository"))) as url:
        desk.run("sync", url, "--root", ROOT, "--at", AT, PRATIQUE_HOME="border")
    found = json.loads(
        desk.run("verify", sample, "--at", AT, "--format", "json", code=3, PRATIQUE_HOME="border")
    )
    assert found["results"][0]["steps"]["network"] == "passed"
    assert found["snapshot"]["number"] == 4


def test_what_a_refused_sync_has_believed_is_a_floor_and_nothing_else(desk: Desk) -> None:
    """A server shows its newest timestamp, spoils the list beside it, and goes on with an older one."""
    shutil.copytree("net", "older")
    edition(desk, at=LATER)
    shutil.copytree("net", "spoiled")
    listed = sorted(Path("spoiled/repository/metadata").glob("*.snapshot.json"))[-1]
    listed.write_bytes(b"{}")
    first = ("--root", ROOT, "--at", LATER)
    assert desk.refused("sync", "spoiled", *first, PRATIQUE_HOME="border").exit_code == 3
    assert (Path("border/network") / network.BELIEVED).exists()
    assert network.load_held(Path("border/network")) == network.Kept(Path(ROOT).read_bytes(), {})
    for _ in range(2):
        error = desk.refused("sync", "older", "--at", LATER, PRATIQUE_HOME="border")
        assert (error.code, error.exit_code) == ("network-rollback", 3)
    desk.run("snapshot", "export", "old.zip")
    words = ("snapshot", "import", "old.zip", "--at", LATER)
    assert desk.refused(*words, PRATIQUE_HOME="border").code == "network-rollback"
    desk.run("sync", "net", "--at", LATER, PRATIQUE_HOME="border")
    assert not (Path("border/network") / network.BELIEVED).exists()


def test_damage_of_what_was_believed_is_told_and_hinders_no_check(desk: Desk) -> None:
    sample, before = issued(desk), state()
    path = Path("home/network") / network.BELIEVED
    path.write_bytes(b"PK\x03\x04 no archive")
    assert desk.refused("sync", "--at", AT).code == "archive-malformed"
    desk.run("verify", sample, "--at", AT, code=3)
    path.unlink()
    desk.run("sync", "--at", AT)
    assert state() == before
