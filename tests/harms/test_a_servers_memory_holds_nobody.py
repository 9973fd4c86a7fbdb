"""Harm: whoever seizes the authority's running server reads in its memory who was vaccinated, or checked.

A state issues certificates to people who were invented to be found, takes some back, and hands its lists in at
the server; a border syncs from it and checks all of them. Then the memory of the server's process is read,
and what it said. The control is a name that is sent to it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import ceremonies, memory, ports
from tests.ceremonies import AT, LATER, Desk
from tests.conftest import ROOT
from tests.harms import canary
from tests.harms.bureau import COLUMNS, rows
from tests.steps import LONGEST, until

PEOPLE = canary.people(60)
SERVE = """
import sys
from pathlib import Path
from pratique.parties.authority import receive
from pratique.store import server
from tests import ceremonies, web

folder, port = Path(sys.argv[1]), int(sys.argv[2])

def take(data):
    return receive(folder, data, lambda _: ceremonies.PASSWORD, at=web.instant(ceremonies.LATER))

listening = server.bound("127.0.0.1", port)
print("serving")
server.serve(server.network_application(folder / "repository", take), listening)
"""
"""As `authority serve --accept` does, at an instant that stands still."""


class Running(NamedTuple):
    """A server that has had its day: the desk, its process, and where it listens."""

    desk: Desk
    process: subprocess.Popen[bytes]
    port: int


def written(path: Path) -> Path:
    """Write the invented people as a file that an issuer is handed."""
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows(PEOPLE))
    return path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pytest.importorskip("uvicorn", reason="the extra 'server' is not installed")
    with ceremonies.founded(tmp_path_factory.mktemp("served")) as desk:
        yield from _serving(desk)


def _serving(desk: Desk) -> Iterator[Running]:
    port = ports.free()
    with (desk.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", SERVE, "net", str(port)], stdout=log, stderr=log,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        )  # fmt: skip
    try:
        ports.wait_for(port, process)
        _a_day(desk, f"http://127.0.0.1:{port}")
        yield Running(desk, process, port)
    finally:
        process.terminate()
        process.wait(LONGEST)


def _a_day(desk: Desk, url: str) -> None:
    work = ("--site", "harbour", "--operator", "op-17", "--at", LATER)
    desk.run(
        "issuer", "issue", "--from", written(desk.folder / "people.csv"), "--out", "out", *work
    )
    desk.run("issuer", "revoke", "--reason", "product-recall", "--lot", "LOT-1", "--by", "head",
             "--yes", "--at", LATER)  # fmt: skip
    desk.run("issuer", "lists", "--out", "lists", "--at", LATER)
    desk.run("participant", "publish", "--lists", "lists", "--to", url, "--at", LATER)
    desk.run("sync", url, "--at", LATER)
    (desk.folder / "texts").write_text("\n".join(_texts(desk.folder / "out")))
    for form in ("text", "jsonl"):
        said = desk.run("verify", "texts", "--format", form, "--at", LATER, code=1)
        assert "REVOKED" in said
        (desk.folder / "shown").write_text(said)
    desk.run("sync", "--at", LATER)


def _texts(out: Path) -> Iterator[str]:
    import csv

    for path in sorted(out.glob("certificates-*.csv")):
        with path.open(encoding="utf-8") as file:
            yield from (row["text"] for row in csv.DictReader(file))


@pytest.fixture(scope="module")
def scanner() -> canary.Scanner:
    return canary.Scanner(PEOPLE)


def test_its_memory_and_its_log_hold_nobody(running: Running, scanner: canary.Scanner) -> None:
    found = memory.of(running.process.pid)
    # It is the right process, and it has had the editions in its hands.
    assert b"XXU/signers.json" in found
    assert scanner.scan(found, deep=1) == set()
    log = (running.desk.folder / "server.log").read_bytes()
    assert b"serving" in log
    assert scanner.scan(log) == set()


def test_everybody_was_there_to_be_found(running: Running, scanner: canary.Scanner) -> None:
    shown = (running.desk.folder / "shown").read_text()
    assert all(one.surname in shown for one in PEOPLE)
    assert scanner.scan((running.desk.folder / "texts").read_bytes())
    assert AT < LATER


def test_a_name_that_is_sent_to_it_is_found(running: Running, scanner: canary.Scanner) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        # Half a request: it is kept until the rest comes.
        connection.sendall(f"GET /metadata/{PEOPLE[3].surname} HTTP/1.1\r\nHost: x\r\n".encode())
        until(lambda: scanner.scan(memory.of(running.process.pid), deep=0))
