"""Harm: what was synced, or when it was read, tells who was checked.

A border that has synced checks travellers in a process that is watched: of the network's folder it reads two
files, writes none, and leaves every name, content and time as it was.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.network.client import Sync
from pratique.store import network
from tests import issuers
from tests.networks import AT, HOUR, Authority, State

READ = {"anchor.json", "held.zip"}
PROBE = "('::1', 0))"
"""urllib3, which comes with the framework, asks its own machine for IPv6 when it is loaded; nothing is sent."""
RUN = """
import os, sys
folder = os.environ["PRATIQUE_HOME"]
opened = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
ENDED = ("socket.connect", "socket.bind", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link",
         "os.symlink", "os.truncate", "os.utime", "os.chmod", "os.chown", "shutil.", "subprocess.")

def watch(event, given):
    if event.startswith(ENDED):
        os.write(opened, f"{event} {given!r}\\n".encode())
    if event == "open" and str(given[0]).startswith(folder):
        path, mode, flags = given
        writes = bool(set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR))
        os.write(opened, f"{'write' if writes else 'read'} {os.path.relpath(path, folder)}\\n".encode())

sys.addaudithook(watch)
from pratique.cli.main import main
{planted}
main(sys.argv[1:])
"""


@pytest.fixture
def border(tmp_path: Path) -> Path:
    """Put a network that was synced into a home folder, and certificates beside it."""
    authority, state = Authority(seats=3, threshold=2, suspend=2), State("XXA")
    authority.admit(state)
    state.publish()
    texts = [state.issue(issuers.RECORDS["vaccination"], nth=number) for number in range(3)]
    state.revoke(texts[2])
    authority.now += HOUR
    state.publish()
    run = Sync({}, anchor=authority.anchor, at=authority.now)
    while wanted := run.wanted():
        for name, _ in wanted:
            run.receive(name, authority.files.get(name))
    folder = network.folder_of(tmp_path / "home")
    network.begin(folder, authority.anchor)
    network.save_held(folder, run.outcome().files, "https://network.example")
    (tmp_path / "texts").write_text("\n".join(texts))
    # Read long ago, so that a reading would be seen.
    for path in (folder, *folder.iterdir()):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return tmp_path


def seen(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return of each name in the folder, and of the folder: content, mode, and times of change."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        stat = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        name = str(path.relative_to(folder))
        found[name] = (content, stat.st_mode, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


def checked(folder: Path, planted: str = "") -> list[str]:
    """Check three travellers in a process of its own; return what it opened or did in the home folder."""
    noted = folder / "noted"
    noted.unlink(missing_ok=True)
    variables = os.environ | {
        "PRATIQUE_HOME": str(folder / "home"), "NOTED": str(noted), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }  # fmt: skip
    code = RUN.replace("{planted}", planted)
    at = (AT + HOUR).isoformat()
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", str(folder / "texts"), "--at", at, "--format", "jsonl"],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "REVOKED" in done.stdout, done.stderr
    said = noted.read_text().splitlines()
    return [line for line in said if not (line.startswith("socket.bind") and line.endswith(PROBE))]


def test_a_check_reads_what_is_held_and_leaves_it_as_it_was(border: Path) -> None:
    before = seen(border / "home")
    said = checked(border)
    assert set(said) == {f"read network/{name}" for name in READ}
    assert seen(border / "home") == before


def test_three_travellers_and_none_leave_the_same_times_of_reading(border: Path) -> None:
    """A start reads what is held once, whoever is checked after it: no time is a traveller's."""
    assert sorted(checked(border)) == sorted(f"read network/{name}" for name in READ)


@pytest.mark.parametrize(
    ("planted", "event"),
    [
        ("open(folder + '/network/seen.log', 'a').close()", "write network/seen.log"),
        ("os.utime(folder + '/network/held.zip')", "os.utime"),
        ("open(folder + '/network/source').close()", "read network/source"),
        ("os.mkdir(folder + '/network/arriving')", "os.mkdir"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("os.rename(folder + '/network/source', folder + '/network/was')", "os.rename"),
    ],
)
def test_a_planted_trace_is_found(border: Path, planted: str, event: str) -> None:
    before = seen(border / "home")
    said = checked(border, planted)
    assert any(line.startswith(event) for line in said)
    if not event.startswith(("read", "socket")):
        assert seen(border / "home") != before
