"""A key in a file: whole or absent, its owner's alone, never overwritten, and silent."""

from __future__ import annotations

import os
import pickle
import stat
import traceback
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from pratique.errors import PratiqueError
from pratique.store import keys
from pratique.store.keys import make_key, open_key
from pratique.terms import Algorithm

PASSWORD = "Ruhig-Brauner-Seehund-77"
URI = "file:keys/2026-11-a.pem"


def secret(uri: str) -> str:
    assert uri == URI
    return PASSWORD


def test_a_key_is_made_and_opened_by_its_uri(tmp_path: Path) -> None:
    made = make_key(URI, folder=tmp_path, secret=secret, note="A note.\n")
    opened = open_key(URI, folder=tmp_path, secret=secret)
    assert opened.public_key == made.public_key
    assert opened.sign(b"message") == made.sign(b"message")
    assert (tmp_path / "keys" / "2026-11-a.pem").read_text().startswith("A note.\n-----BEGIN ENC")


@pytest.mark.parametrize("algorithm", [Algorithm.ES384, Algorithm.PS256])
def test_the_algorithm_is_as_asked(tmp_path: Path, algorithm: Algorithm) -> None:
    make_key(URI, folder=tmp_path, secret=secret, algorithm=algorithm)
    assert open_key(URI, folder=tmp_path, secret=secret).algorithm is algorithm


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    earlier = os.umask(0)
    try:
        make_key(URI, folder=tmp_path, secret=secret)
    finally:
        os.umask(earlier)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "2026-11-a.pem").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["2026-11-a.pem"]


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755, 0o2775])
def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    there = tmp_path / "shared"
    there.mkdir()
    there.chmod(mode)
    make_key("file:seat.pem", folder=there, secret=lambda _: PASSWORD)
    make_key("file:a/b/seat.pem", folder=there, secret=lambda _: PASSWORD)
    assert stat.S_IMODE(there.stat().st_mode) == mode
    assert stat.S_IMODE((there / "seat.pem").stat().st_mode) == 0o600
    # What it makes itself is for its owner alone, to the top.
    assert [stat.S_IMODE((there / name).stat().st_mode) & 0o777 for name in ("a", "a/b")] == [
        0o700
    ] * 2


def code(uri: str, folder: Path, password: str = PASSWORD) -> str:
    with pytest.raises(PratiqueError) as caught:
        open_key(uri, folder=folder, secret=lambda _: password)
    return caught.value.code


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(URI, folder=tmp_path, secret=secret)
    before = (tmp_path / "keys" / "2026-11-a.pem").read_bytes()
    with pytest.raises(PratiqueError) as caught:
        make_key(URI, folder=tmp_path, secret=secret)
    assert caught.value.code == "key-exists"
    assert (tmp_path / "keys" / "2026-11-a.pem").read_bytes() == before


def test_of_two_that_write_at_once_one_wins(tmp_path: Path) -> None:
    # The other's file appears after the check, while the password is asked for.
    path = tmp_path / "a.pem"

    def slow() -> str:
        path.write_bytes(b"the other's")
        return PASSWORD

    with pytest.raises(PratiqueError) as caught:
        keys.make_key_file(path, slow, Algorithm.ES256, "")
    assert caught.value.code == "key-exists"
    assert path.read_bytes() == b"the other's"
    assert [found.name for found in tmp_path.iterdir()] == ["a.pem"]


def test_a_crash_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(PratiqueError) as caught:
        make_key(URI, folder=tmp_path, secret=secret)
    assert caught.value.code == "key-unwritable"
    assert list((tmp_path / "keys").iterdir()) == []


def test_what_cannot_be_opened_has_a_stable_code(tmp_path: Path) -> None:
    make_key(URI, folder=tmp_path, secret=secret)
    (tmp_path / "junk.pem").write_bytes(b"junk")
    (tmp_path / "large.pem").write_bytes(bytes(70_000))
    assert code("file:keys/other.pem", tmp_path) == "key-missing"
    assert code(URI, tmp_path, "wrong") == "key-password"
    assert code("file:junk.pem", tmp_path) == "key-unreadable"
    assert code("file:large.pem", tmp_path) == "key-unreadable"
    assert code("file:keys", tmp_path) == "key-unreadable"


@pytest.mark.parametrize(
    "uri", ["", "keys/a.pem", "vault:a", "file:", "file:../a.pem", "file:keys/%2e%2e/a.pem"]
)
def test_a_uri_that_names_no_key_here_is_refused(uri: str, tmp_path: Path) -> None:
    assert code(uri, tmp_path) == "key-uri"


def test_no_password_is_asked_for_a_key_that_is_not_there(tmp_path: Path) -> None:
    def asked(_: str) -> str:
        raise AssertionError("asked")

    with pytest.raises(PratiqueError):
        open_key(URI, folder=tmp_path, secret=asked)


def test_an_error_tells_the_path_and_no_password(tmp_path: Path) -> None:
    make_key(URI, folder=tmp_path, secret=secret)
    with pytest.raises(PratiqueError) as caught:
        open_key(URI, folder=tmp_path, secret=lambda _: PASSWORD + "x")
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "2026-11-a.pem" in text
    assert PASSWORD not in text
    assert PASSWORD in repr(UsageOf(PASSWORD))


class UsageOf(PratiqueError):
    """What a leak would look like: the control of the scan above."""

    def __init__(self, password: str) -> None:
        super().__init__("key-password", f"{password} does not open the key")


def in_worker(uri: str, folder: Path) -> bytes:
    return open_key(uri, folder=folder, secret=secret).sign(b"message")


def test_a_worker_opens_its_own(tmp_path: Path) -> None:
    made = make_key(URI, folder=tmp_path, secret=secret)
    with pytest.raises(TypeError):
        pickle.dumps(made)
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert pool.submit(in_worker, URI, tmp_path).result() == made.sign(b"message")
