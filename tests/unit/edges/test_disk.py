"""The one way to read a stranger's file: what it is, is looked at first, and no more than the limit is read."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.errors import Unreadable
from pratique.store import files, sources


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _link(path: Path) -> None:
    path.with_name("aim").write_bytes(b"aim")
    path.symlink_to(path.with_name("aim"))


STRANGE: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a socket": _socket,
    "a link": _link,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_lies_in_a_folder_is_a_regular_file_or_is_not_read(what: str, tmp_path: Path) -> None:
    path = tmp_path / "timestamp.json"
    STRANGE[what](path)
    with pytest.raises(OSError, match=r"link|regular|directory"):
        files.read(path, 100, named=False)
    with pytest.raises(Unreadable) as caught:
        sources.read_bytes(path, named=False)
    assert caught.value.code == "file-unreadable"


@pytest.mark.parametrize(
    "what", ["a socket", "a link to a device", "a link to nothing", "a folder"]
)
def test_a_person_may_name_neither(what: str, tmp_path: Path) -> None:
    path = tmp_path / "named"
    STRANGE[what](path)
    with pytest.raises(OSError, match=r"regular|directory|No such"):
        files.read(path, 100)


def test_a_person_may_name_a_link_a_pipe_and_the_empty_device(tmp_path: Path) -> None:
    _link(tmp_path / "link")
    assert files.read(tmp_path / "link", 3) == b"aim"
    assert files.read(Path(os.devnull), 3) == b""
    # `<(…)` of a shell: a pipe by its number, whose writer is slower than we are.
    end, other = os.pipe()

    def write() -> None:
        with os.fdopen(other, "wb") as file:
            file.write(b"HC1:")

    writer = threading.Thread(target=write)
    writer.start()
    assert files.read(Path(f"/dev/fd/{end}"), 100) == b"HC1:"
    writer.join()
    os.close(end)


def test_a_pipe_that_nobody_writes_to_is_empty_and_not_waited_for(tmp_path: Path) -> None:
    _pipe(tmp_path / "named")
    assert files.read(tmp_path / "named", 3) == b""


def test_what_has_become_something_else_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "timestamp.json"
    path.write_bytes(b"{}")
    seen = path.stat()
    path.unlink()
    _pipe(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda *_, **__: seen)
        with pytest.raises(OSError, match="regular"):
            files.read(path, 100, named=False)
        path.unlink()
        path.symlink_to("/dev/zero")
        with pytest.raises(OSError, match="symbolic"):
            files.read(path, 100, named=False)


def test_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 11)
    assert files.read(path, 11) == b"x" * 11
    with pytest.raises(OSError, match="larger than 10 bytes") as caught:
        files.read(path, 10)
    assert caught.value.errno == errno.EFBIG


def test_a_folder_on_the_way_is_no_link_but_the_named_one_may_be(tmp_path: Path) -> None:
    (tmp_path / "real/metadata").mkdir(parents=True)
    (tmp_path / "real/metadata/x").write_bytes(b"x")
    (tmp_path / "stick").symlink_to("real")
    assert files.read(files.within(tmp_path / "stick", "metadata/x"), 9, named=False) == b"x"
    (tmp_path / "real/targets").symlink_to("/etc")
    with pytest.raises(OSError, match="link"):
        files.within(tmp_path / "stick", "targets/hostname")


def test_a_line_that_never_ends_costs_itself_and_is_read_in_pieces() -> None:
    asked: list[int] = []
    pieces = iter([b"a\n", b"x" * 9, b"x" * 8, b"x" * 3 + b"\n", b"b\n", b""])

    def read(most: int) -> bytes:
        asked.append(most)
        return next(pieces)

    lines = files.Lines(read, 8)
    assert next(lines) == b"a\n"
    with pytest.raises(files.LineTooLong):
        next(lines)
    assert list(lines) == [b"b\n"]
    assert max(asked) == 9
