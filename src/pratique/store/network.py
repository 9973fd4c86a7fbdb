"""A network's editions on the disk: what a verifier holds, what a repository hands on, what waits for witnesses.

    HOME/network/anchor.json · held.zip · source · arriving/ (what has come so far)
    HOME/network/believed.zip (what a sync that was refused, or broke off, has believed: the next one's floor)
    AUTHORITY/repository/metadata/… targets/… log/…   (any web server, mirror or stick hands it on as it is)
    AUTHORITY/waiting.zip (the edition that waits for its witnesses, and is not in the repository yet)

1. What is held is an edition: all of it is replaced, or nothing. A power cut leaves the old or the new.
2. It lies among the data and not in a cache: the memory of versions must outlive a cleaning. It holds nothing of
   anybody who was checked, and is not touched by a check.
3. An archive may be a stranger's: names, sizes and kinds are checked, and it is counted while it unpacks.
4. Of a repository each file is on the disk before the next one is: the timestamp, which comes last, announces
   nothing that is not there. Nothing is removed. On a stranger's stick only regular files are read, by no link.
"""

from __future__ import annotations

import errno
import io
import lzma
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pratique.errors import DocumentRefused, UsageError
from pratique.network.logged import PREFIX
from pratique.network.metadata import MAX_FILE
from pratique.store import files as store_files
from pratique.store.files import usable
from pratique.tlog import tiles

ANCHOR, HELD, SOURCE, ARRIVING = "anchor.json", "held.zip", "source", "arriving"
BELIEVED, WAITING = "believed.zip", "waiting.zip"
MAX_FILES = 50_000
MAX_SIZE = 2 * 1024**3
"""Bytes, unpacked."""
NAME = re.compile(
    r"(metadata|targets/[A-Za-z0-9]{2,16})/[A-Za-z0-9][A-Za-z0-9._-]{0,250}"
    r"|log/[1-9][0-9]{0,9}\.(root|snapshot)\.proof"
)
"""A file of an edition, proofs of the log among them."""
_DATE, _HEADER = (1980, 1, 1, 0, 0, 0), 30
_LONGEST_SOURCE = 4096
_CHUNK, _UNPACKED, _RATIO = 1 << 20, 16 * 1024 * 1024, 32
"""What a stranger's archive may unpack to: so much, or so many times its own size. JSON with keys shrinks to a
fifth, lists of tags not at all."""


class Kept(NamedTuple):
    """The root that is believed from the start, and all files by name."""

    anchor: bytes
    files: dict[str, bytes]


def folder_of(home: Path) -> Path:
    """Return the network's folder in a home folder."""
    return home / "network"


@contextmanager
def held_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for a change; UsageError `network-locked` if somebody else does."""
    with usable(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            held = store_files.hold(folder, wait=False)
        except BlockingIOError as error:
            raise UsageError(
                "network-locked",
                f"{folder}: another command is changing it",
                "try again when it is done",
            ) from error
    with held:
        yield


def begin(folder: Path, anchor: bytes) -> None:
    """Keep the root that is believed from the start; UsageError `anchor-differs` if there is another.

    Before anything was synced another one may be named: the first may have been the wrong file.
    """
    path = folder / ANCHOR
    with usable(path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            if store_files.read(path, MAX_FILE) == anchor:
                return
            if (folder / HELD).exists():
                raise UsageError(
                    "anchor-differs",
                    f"{folder}: another root is believed here already",
                    "another network needs another home folder; a network's later roots follow by sync",
                )
            shutil.rmtree(folder / ARRIVING, ignore_errors=True)
            (folder / BELIEVED).unlink(missing_ok=True)
        store_files.replace(path, anchor)


def load_held(folder: Path) -> Kept | None:
    """Load what is held; None before there is an anchor. Nothing of it is believed yet."""
    with usable(folder / ANCHOR):
        try:
            anchor = store_files.read(folder / ANCHOR, MAX_FILE)
        except FileNotFoundError:
            return None
    path = folder / HELD
    return Kept(
        anchor,
        _own(
            path, f"restore {path} from a copy; or remove it, and sync anew from the network's root"
        ),
    )


def save_held(folder: Path, files: Mapping[str, bytes], source: str) -> None:
    """Keep an edition, durably and in one step; then forget what came piece by piece."""
    with usable(folder):
        store_files.replace(folder / HELD, to_archive(files))
        store_files.replace(folder / SOURCE, os.fsencode(source))
        shutil.rmtree(folder / ARRIVING, ignore_errors=True)
        # Last: until then it is a floor that what is held is not below.
        (folder / BELIEVED).unlink(missing_ok=True)


def believed(folder: Path) -> dict[str, bytes]:
    """Return what a sync that came to no end has believed: a floor for the next, and for no check."""
    path = folder / BELIEVED
    return _own(
        path,
        f"restore {path} from a copy, or remove it: a server could then go back behind what it has shown",
    )


def remember(folder: Path, files: Mapping[str, bytes]) -> None:
    """Keep what a sync that comes to no end has believed, durably and in one step."""
    if files and files != believed(folder):
        with usable(folder):
            store_files.replace(folder / BELIEVED, to_archive(files))


def source_of(folder: Path) -> str | None:
    """Return where the last sync came from."""
    path = folder / SOURCE
    with usable(path):
        # A folder's name need not be UTF-8.
        return os.fsdecode(store_files.read(path, _LONGEST_SOURCE)) if path.exists() else None


def load_waiting(folder: Path) -> dict[str, bytes]:
    """Load the files that wait for their witnesses, by name; none where nothing waits."""
    return _own(
        folder / WAITING,
        "restore it from its copy: what it held is in the log, and is to be published",
    )


def save_waiting(folder: Path, files: Mapping[str, bytes]) -> None:
    """Keep files, durably, until their witnesses have seen them."""
    with usable(folder / WAITING):
        store_files.replace(folder / WAITING, to_archive(files))


def clear(folder: Path) -> None:
    """Forget what waited: it is published."""
    with usable(folder / WAITING):
        (folder / WAITING).unlink(missing_ok=True)
        store_files.settle(folder)


def _own(path: Path, hint: str) -> dict[str, bytes]:
    """Unpack an archive that was written here; nothing where there is none."""
    try:
        return read_archive(path) if path.exists() else {}
    except DocumentRefused as error:
        raise DocumentRefused(error.code, error.message, hint) from error


class Repository(Mapping[str, bytes]):
    """The files of a folder, by name; each is read when it is asked for.

    It names the files of editions; those of the log beside them are found when they are asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        found = self.read(name, MAX_FILE)
        if found is None:
            raise KeyError(name)
        return found

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a file of at most `limit` bytes; None for one that is not there, or is larger.

        Raises:
            Unreadable: what lies there is a link, a pipe or a device: nobody publishes those.
        """
        if not is_name(name):
            return None
        try:
            return store_files.read(store_files.within(self._folder, name), limit, named=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EFBIG:
                return None
            raise store_files.unusable(self._folder / name, error) from error

    def __contains__(self, name: object) -> bool:
        return is_name(str(name)) and _is_file(self._folder / str(name))

    def __iter__(self) -> Iterator[str]:
        for top in ("metadata/*", "targets/*/*", "log/*.proof"):
            for path in sorted(self._folder.glob(top)):
                name = path.relative_to(self._folder).as_posix()
                # What somebody has left there belongs to no edition.
                if is_name(name) and _is_file(path):
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def is_name(name: str) -> bool:
    """Tell whether a repository may have a file of this name: of an edition, or of the log."""
    if NAME.fullmatch(name):
        return True
    return name.startswith(PREFIX) and tiles.is_path(name.removeprefix(PREFIX))


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files in the order given, each on the disk before the next; none outside of the folder."""
    if strange := [name for name in files if not is_name(name)]:
        raise UsageError("name-unfit", f"{strange[0]!r} is no name of a network's file")
    for name, data in files.items():
        path = folder / name
        with usable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            store_files.replace(path, data, 0o644)


@contextmanager
def repository_lock(folder: Path) -> Iterator[None]:
    """Hold a repository for a change, waiting for whoever holds it; UsageError if there is none."""
    with usable(folder):
        try:
            held = store_files.hold(folder, wait=True)
        except FileNotFoundError as error:
            raise UsageError(
                "no-repository", f"{folder}: there is no such folder", "pratique authority init DIR"
            ) from error
    with held:
        yield


def to_archive(files: Mapping[str, bytes]) -> bytes:
    """Pack files; the same files make the same bytes.

    What could not be unpacked again is refused: a verifier must be able to start with it.
    """
    _check(sorted(files), sum(map(len, files.values())), "the edition")
    packed, thin = _packed(files, frozenset())
    if thin:
        # A participant may have filled a file with blanks. It must not make of us a source that is refused.
        packed, _ = _packed(files, thin)
    return packed


def _packed(files: Mapping[str, bytes], thin: Set[str]) -> tuple[bytes, frozenset[str]]:
    """Pack files, the `thin` ones as they are; tell which have shrunk to less than is believed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_STORED if name in thin else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
        found = archive.infolist()
    shrunk = (e.filename for e in found if e.file_size > _RATIO * e.compress_size)
    return packed.getvalue(), frozenset(shrunk)


def read_archive(path: Path, *, is_strange: bool = False) -> dict[str, bytes]:
    """Unpack an edition; DocumentRefused `archive-…` if it is none, Unreadable if it cannot be read.

    Args:
        path: where it lies.
        is_strange: it comes from somebody else: 1 MB that unpack to 1 GiB are no network's.
    """
    try:
        with store_files.opened(path) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            sizes = (_HEADER + len(e.filename.encode()) + e.compress_size for e in entries)
            if sum(sizes) != archive.start_dir:
                # Of a directory that is damaged a part would be found, as if there were no more.
                raise zipfile.BadZipFile("its directory does not name all that is in it")
            _check(names, sum(entry.file_size for entry in entries), path)
            if not all(map(_is_plain, entries)):
                raise _refused(path, "malformed", "it holds what belongs to no network")
            left = max(_UNPACKED, _RATIO * archive.start_dir) if is_strange else MAX_SIZE
            found = {}
            for entry in entries:
                found[entry.filename] = _unpacked(archive, entry, left, path)
                left -= len(found[entry.filename])
            return found
    except OSError as error:
        if error.errno == errno.EINVAL:
            # A place before the beginning of the file.
            raise _refused(path, "malformed", "it is damaged") from error
        raise store_files.unusable(path, error) from error
    except (
        zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError, RuntimeError, EOFError,
        zlib.error, lzma.LZMAError,
    ) as error:  # fmt: skip
        raise _refused(path, "malformed", "it is damaged, or no edition of a network") from error


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    # A link is written as a file with a link's mode. bzip2 and LZMA unpack without a bound.
    mode, packed = entry.external_attr >> 16, {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    return stat.S_IFMT(mode) in {0, stat.S_IFREG} and entry.compress_type in packed


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, path: Path) -> bytes:
    # Counted while it comes: what the archive says of its sizes is a stranger's word.
    found = bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            found += chunk
            if len(found) > left:
                raise _refused(path, "too-large", "it unpacks to far more than it weighs")
    return bytes(found)


def _check(names: Sequence[str], size: int, what: Path | str) -> None:
    if len(names) > MAX_FILES or size > MAX_SIZE:
        raise _refused(what, "too-large", "it is larger than any network")
    if len(set(names)) < len(names) or not all(map(NAME.fullmatch, names)):
        raise _refused(what, "malformed", "it holds what belongs to no network")


def _refused(path: Path | str, code: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"archive-{code}", f"{path}: {why}", "export it again; what is held here stays as it was"
    )
