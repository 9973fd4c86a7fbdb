"""Harm: a check tells somebody, or leaves something behind.

A whole run of the kit happens in a process of its own, in which opening a socket, starting a
process, or opening a file to write ends the run. Afterwards its folders are looked through.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.vectors import keys

RUN = """
import sys
from datetime import UTC, datetime
from tools import measure, mutate
from pratique.verification import verify, verify_many
texts = mutate.kit_texts()
held = measure.snapshot()
at = datetime.fromtimestamp({noon}, UTC)

REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn",
           "ctypes.", "shutil.", "os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink",
           "sqlite3.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "syslog.", "tempfile.")

def watch(event, arguments):
    if event.startswith(REFUSED):
        raise SystemExit("refused: " + event)
    if event == "open":
        path, mode, flags = arguments
        writes = any(c in (mode or "") for c in "wax+") or (flags or 0) & 0o3
        if writes:
            raise SystemExit("refused: open to write")

sys.addaudithook(watch)
print("watched")
{planted}
for text in texts:
    verify(text, snapshot=held, at=at)
assert len(list(verify_many(texts, snapshot=held, at=at))) == len(texts) > 300
print("done")
"""


def run(folder: Path, planted: str = "", *before: str) -> subprocess.CompletedProcess[str]:
    """Run the kit in an empty home, with an empty working folder and an empty temporary one."""
    places = {name: folder / name for name in ("home", "cwd", "tmp")}
    for place in places.values():
        place.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(places["home"]),
        "TMPDIR": str(places["tmp"]),
        "XDG_CACHE_HOME": str(places["home"] / "cache"),
        "XDG_STATE_HOME": str(places["home"] / "state"),
    }
    code = RUN.replace("{noon}", str(keys.NOON)).replace("{planted}", planted)
    command = [*before, sys.executable, "-c", code]
    return subprocess.run(
        command, env=env, cwd=places["cwd"], capture_output=True, text=True, check=False
    )


def left_behind(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_a_check_opens_no_socket_starts_no_process_and_writes_no_file(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.stdout.split() == ["watched", "done"], done.stderr
    assert done.stderr == ""
    assert left_behind(tmp_path) == []


def test_a_check_needs_no_network_at_all(tmp_path: Path) -> None:
    alone = ["unshare", "--net", "--map-root-user"]
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make an empty network")
    done = run(tmp_path, "", *alone)
    assert done.stdout.split() == ["watched", "done"], done.stderr
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("planted", "event"),
    [
        ("import socket; socket.socket()", "socket."),
        ("import socket; socket.getaddrinfo('localhost', 80)", "socket."),
        ("import urllib.request as u; u.urlopen('http://localhost:9')", "urllib."),
        ("open('seen.txt', 'w')", "open to write"),
        ("open('seen.txt', 'ab')", "open to write"),
        ("import os; os.open('seen.txt', os.O_CREAT | os.O_RDWR)", "open to write"),
        ("import pathlib; pathlib.Path('seen').mkdir()", "os.mkdir"),
        ("import subprocess; subprocess.run(['true'])", "subprocess."),
        ("import os; os.system('true')", "os.system"),
        ("import sqlite3; sqlite3.connect('seen.db')", "sqlite3."),
        ("import tempfile; tempfile.mkstemp()", "open to write"),
    ],
)
def test_a_planted_leak_is_caught(tmp_path: Path, planted: str, event: str) -> None:
    done = run(tmp_path, planted)
    assert "refused: " in done.stderr, done.stderr
    assert event in done.stderr
    assert "done" not in done.stdout


def test_a_file_that_escaped_the_watch_is_found(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "home" / "state").mkdir()
    (tmp_path / "home" / "state" / "seen.log").write_text("x")
    assert left_behind(tmp_path) == ["home/state/seen.log"]
