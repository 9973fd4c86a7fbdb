"""A desk's day: what is counted and due, the register's copy, and the day's end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import Unreadable, UsageError
from pratique.parties import desk_audit, issuing
from pratique.store.register import health
from pratique.store.register.register import open_register
from tests import issuing_desks
from tests.desk_forms import issued
from tests.issuers import AT
from tests.issuing_desks import AUDITOR, CLERK, SITE, OpenDesk
from tests.steps import until


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path) as opened:
        yield opened


def day(desk: OpenDesk) -> Any:
    return desk.client(AUDITOR).good("day.show")


def test_a_day_is_counted_by_pseudonym_and_names_nobody(desk: OpenDesk) -> None:
    clerk = desk.client()
    for name in ("Canaryson", "Roe"):
        issued(clerk, surname=name)
    shown = day(desk)
    (work,) = shown["work"]
    assert (work["site"], work["operator"], work["issued"]) == (SITE, CLERK, 2)
    assert shown["register"]["certificates"] == 2
    assert shown["register"]["is_sound"]
    assert "Canaryson" not in str(shown)
    # The control: that name was signed here.
    assert "Canaryson" in str(
        clerk.good("certificate.open", {"text": issued(clerk, surname="Canaryson")})
    )
    assert clerk.refused("day.show") == "right-missing"
    assert clerk.refused("day.end") == "right-missing"


def test_what_is_due_is_said_until_it_is_done(desk: OpenDesk, tmp_path: Path) -> None:
    assert day(desk)["due"] == []
    issued(desk.client())
    assert day(desk)["due"] == ["backup", "lists"]
    session = issuing.opened(desk.place, issuing_desks.secret)
    note = desk_audit.back_up(session, desk.place.folder, tmp_path / "copy.sqlite", at=AT)
    assert note.certificates == 1
    assert day(desk)["due"] == ["lists"]
    issuing.publish_revocations(session, tmp_path / "lists", at=AT, lasting=7 * 86_400)
    assert day(desk)["due"] == []
    assert day(desk)["backup"]["behind"] == 0
    issued(desk.client(), surname="Roe")
    assert day(desk)["backup"]["behind"] == 1
    assert day(desk)["due"] == []
    desk.clock.at += desk_audit.BACKUP_DUE
    assert day(desk)["due"] == ["backup"]


def test_a_copy_that_lacks_a_revocation_is_not_up_to_date(desk: OpenDesk, tmp_path: Path) -> None:
    """Put back, it would let a revoked certificate pass as a good one."""
    clerk = desk.client()
    text = issued(clerk)
    session = issuing.opened(desk.place, issuing_desks.secret)
    desk_audit.back_up(session, desk.place.folder, tmp_path / "copy.sqlite", at=AT)
    counted = clerk.good("certificate.count", {"text": text, "reason": "fraud"})
    clerk.good("certificate.revoke", {"plan": counted["plan"]})
    desk.clock.at += desk_audit.BACKUP_DUE
    assert "backup" in day(desk)["due"]
    again = tmp_path / "again.sqlite"
    note = desk_audit.back_up(session, desk.place.folder, again, at=AT + desk_audit.BACKUP_DUE)
    assert (note.certificates, note.revoked) == (1, 1)
    assert "backup" not in day(desk)["due"]


def test_a_copy_is_whole_and_its_owners_and_takes_no_files_place(
    desk: OpenDesk, tmp_path: Path
) -> None:
    issued(desk.client())
    session = issuing.opened(desk.place, issuing_desks.secret)
    copy = tmp_path / "copy.sqlite"
    desk_audit.back_up(session, desk.place.folder, copy, at=AT)
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == ["copy.sqlite"]
    restored = open_register(f"sqlite:///{copy}")
    assert health.health(restored).certificates == 1
    assert restored.read(lambda each: each.identity()) == session.register.read(
        lambda each: each.identity()
    )
    restored.close()
    with pytest.raises(UsageError) as caught:
        desk_audit.back_up(session, desk.place.folder, copy, at=AT)
    assert caught.value.code == "backup-there"


def test_a_damaged_register_is_never_called_sound(desk: OpenDesk, tmp_path: Path) -> None:
    clerk = desk.client()
    for number in range(30):
        issued(clerk, surname=f"Doe{chr(97 + number % 26)}")
    session = issuing.opened(desk.place, issuing_desks.secret)
    assert health.health(session.register).is_sound
    copy = tmp_path / "copy.sqlite"
    health.back_up(session.register, copy)
    data = bytearray(copy.read_bytes())
    # Its last page: the file opens, and not all of it can be read.
    data[-4096:-3800] = b"\xff" * 296
    copy.write_bytes(data)
    damaged = open_register(f"sqlite:///{copy}")
    try:
        is_sound = health.health(damaged).is_sound
    except Unreadable:
        # So damaged that it cannot even be counted, which is told, too.
        is_sound = False
    assert not is_sound
    damaged.close()


def test_a_note_that_is_damaged_is_none(tmp_path: Path) -> None:
    for text in (
        "",
        "{",
        "[]",
        '{"format": "other", "at": 1, "certificates": 1, "revoked": 0}',
        '{"at": "x"}',
    ):
        (tmp_path / desk_audit.BACKUP).write_text(text)
        assert desk_audit.last_backup(tmp_path) is None


def test_the_days_end_forgets_the_days_products(desk: OpenDesk) -> None:
    clerk = desk.client()
    issued(clerk)
    asked = {"zone": "UTC", "language": "en"}
    assert clerk.good("issue.today", asked)["given"].get("vaccination")
    assert desk.ended == []
    auditor = desk.client(AUDITOR)
    assert clerk.refused("day.ending") == "right-missing"
    assert auditor.good("day.ending") == {"given": 1, "file": "none", "begun": 0}
    assert auditor.good("day.end") == {"ended": True}
    until(lambda: desk.ended == [None])
    assert not clerk.good("issue.today", asked)["given"].get("vaccination")
