"""Trust sources are read from files; the snapshot is replaced in one step or not at all."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.errors import DocumentRefused, Unreadable
from pratique.snapshot import Snapshot
from pratique.store import sources
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from tests.unit.made import END, make

AT = datetime(2026, 11, 22, tzinfo=UTC)
EMPTY = Snapshot(number=1, created=0, environment=Environment.TEST, trust=TrustList())


def test_a_folder_is_read_with_all_its_folders_and_what_is_no_list_is_told(tmp_path: Path) -> None:
    ca = make(ca=True, name="SCA")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "signer.pem").write_bytes(make(by=ca).pem)
    (tmp_path / "sca.der").write_bytes(ca.der)
    (tmp_path / "empty.pem").write_bytes(b"CHANGE with content")
    (tmp_path / "README").write_bytes(b"words")
    found = sources.trust_from([tmp_path], at=AT)
    (signer,) = found.snapshot.trust
    assert signer.sca_not_after == END.timestamp()
    assert [(one.name, one.code) for one in found.refused] == [("empty.pem", "source-unknown")]
    assert [source.name for source in found.snapshot.sources] == ["sca.der", "signer.pem"]
    assert found.snapshot.created == AT.timestamp()


def test_a_file_that_was_named_and_is_no_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(b"words")
    with pytest.raises(DocumentRefused, match=r"a\.pem"):
        sources.trust_from([tmp_path / "a.pem"], at=AT)


def test_a_snapshot_is_a_source_too(tmp_path: Path) -> None:
    path = sources.save_snapshot(tmp_path, EMPTY)
    assert sources.trust_from([path], at=AT).snapshot == EMPTY


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.pem").write_bytes(make().pem)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.pem").symlink_to(tmp_path / "outside.pem")
    assert len(sources.trust_from([tmp_path / "folder"], at=AT).snapshot.trust) == 0


def test_a_file_that_is_absent_or_too_large_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"12345")
    for path in (tmp_path / "absent", tmp_path / "large", tmp_path):
        with pytest.raises(Unreadable):
            sources.read_bytes(path, limit=4)


def test_the_snapshot_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    assert sources.load_snapshot(tmp_path) is None
    path = sources.save_snapshot(tmp_path, EMPTY)
    assert sources.load_snapshot(tmp_path) == EMPTY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_for_the_snapshot_is_made_for_its_owner_only_and_one_that_is_there_stays(
    tmp_path: Path,
) -> None:
    there = tmp_path / "there"
    (there / "trust").mkdir(parents=True, mode=0o750)
    for folder, mode in ((there, 0o750), (tmp_path / "new", 0o700)):
        path = sources.save_snapshot(folder, EMPTY)
        assert stat.S_IMODE(path.parent.stat().st_mode) == mode


def test_a_failure_while_writing_leaves_the_old_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sources.save_snapshot(tmp_path, EMPTY)

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    later = Snapshot(number=2, created=0, environment=Environment.TEST, trust=TrustList())
    with pytest.raises(Unreadable, match="No space"):
        sources.save_snapshot(tmp_path, later)
    assert sources.load_snapshot(tmp_path) == EMPTY
    assert [entry.name for entry in path.parent.iterdir()] == ["snapshot.json"]


def test_the_home_is_as_named_and_else_as_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path))
    assert sources.home() == tmp_path
    assert sources.home(tmp_path / "named") == tmp_path / "named"
    monkeypatch.delenv("PRATIQUE_HOME")
    assert sources.home().name == "pratique"
