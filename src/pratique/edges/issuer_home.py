"""An issuer's folder: its document, its certificates, its keys.

    issuer.json · register.json (what is noted of the register) · certificates/sca.pem, LABEL.pem · keys/sca.pem, LABEL.pem (encrypted)

1. The document is replaced in one step, and only after it lies on the disk.
2. Who changes it holds the folder's lock from before it is read: two writers would lose a key.
3. A new folder appears whole, or not at all. None is ever overwritten.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pratique.edges import disk
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.trust import issuer as documents
from pratique.trust import json_text, noted
from pratique.trust.issuer import Issuer
from pratique.trust.noted import Note

DOCUMENT = "issuer.json"
NOTES = "register.json"
MAX_SIZE = 4 * 1024 * 1024
SCA = "sca"
"""Label of the signing CA's files."""


def folder(named: Path | None, home: Path) -> Path:
    """Return the issuer's folder: as named, or its place in the home folder."""
    return named if named is not None else home / "issuer"


def load(folder: Path) -> Issuer:
    """Load the issuer of a folder; Unreadable `no-issuer`, DocumentRefused `issuer-file`."""
    path = folder / DOCUMENT
    try:
        data = disk.read(path, MAX_SIZE)
    except FileNotFoundError as error:
        raise Unreadable(
            "no-issuer",
            f"{folder}: there is no issuer here",
            "make one: pratique issuer init, or name its folder with --issuer",
        ) from error
    except OSError as error:
        raise _refused(path, error) from error
    try:
        return documents.from_bytes(data)
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error


def save(folder: Path, issuer: Issuer) -> None:
    """Keep the issuer's document, durably and in one step."""
    _write(folder / DOCUMENT, documents.to_bytes(issuer))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for a change; UsageError `issuer-locked` if somebody else does."""
    try:
        # Not the document itself: that one is replaced, and a lock on it with it.
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        load(folder)
        raise
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(
            "issuer-locked",
            f"{folder}: another command is changing it",
            "try again when it is done",
        ) from error
    else:
        yield
    finally:
        os.close(handle)


@contextmanager
def new(folder: Path) -> Iterator[Path]:
    """Make a new issuer's folder: yield one to fill, which takes its name if nothing fails.

    Raises:
        UsageError: `issuer-exists`.
    """
    if folder.is_symlink() or (folder.exists() and any(folder.iterdir())):
        raise UsageError(
            "issuer-exists",
            f"{folder}: there is something already",
            "nothing is overwritten; name another folder with --issuer",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        filled = Path(tempfile.mkdtemp(prefix=".issuer-", dir=folder.parent))
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield filled
        _settle(filled, folder)
    except BaseException:
        shutil.rmtree(filled, ignore_errors=True)
        raise


def load_notes(folder: Path) -> dict[str, Note]:
    """Load what is noted of the register; nothing in a new folder. DocumentRefused `notes-malformed`."""
    try:
        data = disk.read(folder / NOTES, MAX_SIZE)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _refused(folder / NOTES, error) from error
    return noted.from_rows(json_text.parse(data))


def save_notes(folder: Path, notes: Mapping[str, Note]) -> None:
    """Keep what is noted of the register, durably and in one step."""
    _write(folder / NOTES, json.dumps(noted.to_rows(notes), indent=1).encode())


def certificate_path(folder: Path, label: str = SCA) -> Path:
    """Return where the certificate of a shard, or of the signing CA, lies."""
    return folder / "certificates" / f"{label}.pem"


def read_certificate(folder: Path, label: str = SCA) -> bytes:
    """Read a certificate's PEM."""
    path = certificate_path(folder, label)
    try:
        return disk.read(path, MAX_SIZE)
    except OSError as error:
        raise _refused(path, error) from error


def write_certificate(folder: Path, pem: bytes, label: str = SCA) -> Path:
    """Keep a certificate's PEM; one that is there may only be written again with the same bytes."""
    path = certificate_path(folder, label)
    return put(path, pem)


def labels(folder: Path) -> set[str]:
    """Return the labels that files in the folder have, also those of an interrupted command."""
    return {
        path.stem for name in ("keys", "certificates") for path in (folder / name).glob("*.pem")
    }


def signing_ca_labels(folder: Path) -> list[str]:
    """Return the labels of the signing CAs' certificates: `sca`, and those of later ones."""
    return sorted(path.stem for path in (folder / "certificates").glob(f"{SCA}*.pem")) or [SCA]


def put(path: Path, data: bytes, mode: int = 0o600) -> Path:
    """Write a file that may not be there yet with other content; UsageError `file-exists`."""
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(data) and disk.read(path, len(data)) == data:
            return path
        raise UsageError(
            "file-exists", f"{path}: there is another file already", "name another folder"
        )
    _write(path, data, mode)
    return path


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        disk.replace(path, data, mode)
    except OSError as error:
        raise _refused(path, error) from error


def _settle(filled: Path, folder: Path) -> None:
    try:
        # Fails if somebody has filled it meanwhile: a folder replaces an empty one only.
        filled.rename(folder)
        disk.settle(folder.parent)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> Unreadable:
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")
