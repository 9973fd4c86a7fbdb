"""Attack: a stick with a network on it makes the verifier wait for ever, fill its memory, or read its own disk."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import metadata
from pratique.store import http, network, sources, tables

TIMESTAMP, ZEROS = "metadata/timestamp.json", 48 * 1024 * 1024


def _to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _to_a_secret(path: Path) -> None:
    (path.parents[2] / "secret").write_bytes(b"secret")
    path.symlink_to("../../secret")


PLANTED: dict[str, Callable[[Path], None]] = {
    "a link to a device": _to_zero,
    "a link out of the folder": _to_a_secret,
    "a pipe that nobody writes to": os.mkfifo,
    "a folder": Path.mkdir,
}


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick/metadata").mkdir(parents=True)
    (tmp_path / "stick/targets/XXA").mkdir(parents=True)
    (tmp_path / "stick/metadata/1.root.json").write_bytes(b"root")
    return tmp_path / "stick"


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_no_file_of_the_stick_is_refused_by_its_name(what: str, stick: Path) -> None:
    fetched = http.opened(str(stick))
    assert fetched("metadata/1.root.json", metadata.MAX_ROOT) == b"root"
    PLANTED[what](stick / TIMESTAMP)
    with pytest.raises(Unreadable, match=TIMESTAMP):
        fetched(TIMESTAMP, metadata.MAX_TIMESTAMP)


def test_a_linked_folder_of_the_stick_is_not_entered(stick: Path) -> None:
    (stick.parent / "beside").mkdir()
    (stick.parent / "beside/0a.signers.json").write_bytes(b"secret")
    (stick / "targets/XXB").symlink_to("../../beside")
    with pytest.raises(Unreadable, match="link"):
        http.opened(str(stick))("targets/XXB/0a.signers.json", metadata.MAX_SMALL)


def test_a_file_of_the_stick_is_read_up_to_its_limit_only(stick: Path) -> None:
    with (stick / TIMESTAMP).open("wb") as file:
        file.truncate(ZEROS)
    tracemalloc.start()
    assert http.opened(str(stick))(TIMESTAMP, metadata.MAX_TIMESTAMP) is None
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def packed(path: Path, *, mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> Path:
    entry = zipfile.ZipInfo("targets/XXA/0a.signers.json")
    entry.compress_type, entry.external_attr = method, mode << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, bytes(ZEROS))
    return path


def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused_on_the_way(
    tmp_path: Path,
) -> None:
    path = packed(tmp_path / "stick.zip")
    assert path.stat().st_size < ZEROS / 900
    tracemalloc.start()
    with pytest.raises(DocumentRefused) as caught:
        http.opened(str(path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "archive-too-large"
    assert most < ZEROS * 2 / 3


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_unpacked_without_a_bound_is_not_unpacked(method: int, tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(DocumentRefused, match="belongs to no network"):
        network.read_archive(packed(tmp_path / "stick.zip", method=method))
    tracemalloc.stop()


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentRefused, match="belongs to no network"):
        network.read_archive(packed(tmp_path / "stick.zip", mode=0o120777))


def test_a_participant_who_publishes_blanks_makes_no_source_that_is_refused(tmp_path: Path) -> None:
    files = {"targets/XXA/0a.signers.json": b" " * ZEROS, "metadata/1.root.json": b"root"}
    path = tmp_path / "export.zip"
    path.write_bytes(network.to_archive(files))
    assert http.opened(str(path))("targets/XXA/0a.signers.json", ZEROS) == b" " * ZEROS
    small = {"metadata/1.root.json": b"{}" * 999}
    with zipfile.ZipFile(io.BytesIO(network.to_archive(small))) as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED


def test_a_source_that_is_neither_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError):
            http.opened(str(source))


@pytest.mark.parametrize("plant", [os.mkfifo, _to_zero])
def test_a_dossier_and_an_export_are_only_files_too(
    plant: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "TLS").mkdir()
    (tmp_path / "TLS/TLS.pem").write_bytes(b"pem")
    plant(tmp_path / "TLS/SCA.pem")
    assert sources.read(tmp_path) == {"TLS/TLS.pem": b"pem"}
    plant(tmp_path / "Patient.ndjson")
    with pytest.raises(Unreadable, match="no such file"):
        list(tables.rows(tmp_path))
