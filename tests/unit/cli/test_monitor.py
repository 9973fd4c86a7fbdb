"""A majority of the seats gives a participant's name away, by the network's own commands: its clock's mail says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pratique.parties import participant
from tests import witnesses
from tests.ceremonies import AT, LATER, SEATS, STATE, edition, joined
from tests.unit.cli.test_authority_log import Logged


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    monkeypatch.chdir(tmp_path)
    at = datetime.fromisoformat(AT)
    with witnesses.serving(("w1.example", "w2.example", "w3.example"), at) as served:
        found = Logged(tmp_path, served)
        found.begin()
        found.publish("net/root-1.proposal")
        joined(found)
        yield found


def look(desk: Logged, code: int = 0, at: str = LATER) -> str:
    desk.run("sync", "net", "--at", at)
    return desk.run("monitor", "--quiet", "--at", at, code=code)


def rekeyed(desk: Logged, dossier: str) -> None:
    desk.record("keys-submitted", "qa-passed")
    desk.publish(desk.propose("rekey", dossier), seats=SEATS[1:])
    desk.record("anchor-signed", "renewed")


def test_a_network_that_is_as_it_should_be_makes_no_mail(desk: Logged) -> None:
    assert look(desk) == ""
    assert "no alerts" in desk.run("monitor", "--at", LATER)
    edition(desk)
    desk.publish(desk.propose("renew"))
    desk.run("authority", "refresh", "net", "--at", LATER)
    assert look(desk) == ""
    # Drafted twice, and the last is published.
    for number, at in enumerate((AT, LATER)):
        desk.run("participant", "publish", "--out", f"{number}.proposal", "--at", at)
    assert look(desk, 1).startswith("alert: edition-missing: metadata/3.XXU.json")
    desk.run("authority", "publish", "net", "1.proposal", "--at", LATER)
    assert look(desk) == ""
    # Somebody who begins to watch now sees all of it.
    (desk.folder / "utopia" / participant.WATCHED).unlink()
    assert look(desk) == ""


def test_a_swap_by_a_majority_is_in_every_mail_until_it_is_undone(desk: Logged) -> None:
    assert look(desk) == ""
    # The thief's own keys, under the same code; the seats that collude let them in, by the log.
    thief = str(desk.folder / "thief")
    desk.run("participant", "init", *STATE, PRATIQUE_PARTICIPANT=thief)
    desk.run("participant", "apply", "--out", "stolen", PRATIQUE_PARTICIPANT=thief)
    rekeyed(desk, "stolen")
    told = look(desk, 1).splitlines()
    assert told[0].startswith("alert: key-swapped: metadata/")
    assert {line.split(": ")[1] for line in told if ": " in line} == {"key-swapped"}
    assert "alert: key-swapped" in look(desk, 1)
    desk.run("participant", "apply", "--out", "again")
    rekeyed(desk, "again")
    assert look(desk) == ""
