"""An issuer's folder survives crashes and second writers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pratique.errors import PratiqueError
from pratique.parties import issuer
from tests.unit.trust.test_issuer import ISSUER


def test_it_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    issuer.save(tmp_path, ISSUER)
    assert issuer.load(tmp_path) == ISSUER
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


def code(caught: pytest.ExceptionInfo[PratiqueError]) -> str:
    return caught.value.code


def test_an_absent_or_damaged_document_is_said(tmp_path: Path) -> None:
    with pytest.raises(PratiqueError) as caught:
        issuer.load(tmp_path)
    assert code(caught) == "no-issuer"
    with pytest.raises(PratiqueError) as caught, issuer.locked(tmp_path / "nowhere"):
        pass
    assert code(caught) == "no-issuer"
    (tmp_path / "issuer.json").write_text("{}")
    with pytest.raises(PratiqueError) as caught:
        issuer.load(tmp_path)
    assert code(caught) == "issuer-file"
    assert str(tmp_path) in caught.value.message


def test_a_crash_leaves_the_old_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer.save(tmp_path, ISSUER)

    def crash(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(PratiqueError) as caught:
            issuer.save(tmp_path, ISSUER._replace(contact="other"))
    assert code(caught) == "file-unusable"
    assert issuer.load(tmp_path) == ISSUER
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    real = os.fsync

    def watched(handle: int) -> None:
        seen.append(sorted(path.name for path in tmp_path.iterdir()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    issuer.save(tmp_path, ISSUER)
    first, second = seen
    assert "issuer.json" not in first
    assert second == ["issuer.json"]


def test_two_writers_do_not_change_it_at_once(tmp_path: Path) -> None:
    with issuer.locked(tmp_path):
        with pytest.raises(PratiqueError) as caught, issuer.locked(tmp_path):
            pass
        assert code(caught) == "issuer-locked"
    with issuer.locked(tmp_path):
        pass


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"

    def fail() -> None:
        with issuer.new(folder) as filled:
            issuer.save(filled, ISSUER)
            assert not folder.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with issuer.new(folder) as filled:
        issuer.save(filled, ISSUER)
    assert issuer.load(folder) == ISSUER
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "issuer").mkdir()
    (tmp_path / "issuer" / "something").write_text("")
    with pytest.raises(PratiqueError) as caught, issuer.new(tmp_path / "issuer"):
        pass
    assert code(caught) == "issuer-exists"
    path = issuer.write_certificate(tmp_path, b"pem", "a")
    assert issuer.write_certificate(tmp_path, b"pem", "a") == path
    with pytest.raises(PratiqueError) as caught:
        issuer.write_certificate(tmp_path, b"other", "a")
    assert code(caught) == "file-exists"
    assert issuer.read_certificate(tmp_path, "a") == b"pem"
    assert issuer.labels(tmp_path) == {"a"}


def test_a_folder_filled_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"

    def late() -> None:
        with issuer.new(folder) as filled:
            issuer.save(filled, ISSUER)
            folder.mkdir()
            (folder / "something").write_text("")

    with pytest.raises(PratiqueError) as caught:
        late()
    assert code(caught) == "file-unusable"
    assert [path.name for path in folder.iterdir()] == ["something"]
