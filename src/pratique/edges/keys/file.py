"""Keys in files: encrypted PEM, readable by their owner alone.

1. The folder is 0700, the file 0600, and it appears whole and on the disk, or not at all.
2. A file that exists is never overwritten: its key may have signed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote

from pratique.crypto import ed25519, signing
from pratique.edges import disk
from pratique.errors import PratiqueError, Unreadable, UsageError
from pratique.terms import Algorithm

MAX_SIZE = 64 * 1024
Key = TypeVar("Key")


def path_of(rest: str) -> PurePosixPath:
    """Return the path in a `file:` URI; a relative one must stay in its folder."""
    path = PurePosixPath(unquote(rest))
    if not path.name or ".." in path.parts or "\0" in rest:
        raise UsageError(
            "key-uri", "a file: URI names a file in its folder", "write file:keys/NAME.pem"
        )
    return path


def open_key(path: Path, password: Callable[[], str]) -> signing.SoftwareKey:
    """Open a key file. The password is asked for only when the file is there."""
    return _opened(path, password, signing.from_pem)


def open_log_key(path: Path, password: Callable[[], str]) -> ed25519.Ed25519Key:
    """Open the key file of a log or a witness, as `open_key` does."""
    return _opened(path, password, ed25519.from_pem)


def make_key(
    path: Path, password: Callable[[], str], algorithm: Algorithm, note: str
) -> signing.SoftwareKey:
    """Make a key and keep it in a new file."""
    _refuse_existing(path)
    key = signing.generate(algorithm)
    _keep(path, key.to_pem(password(), entropy=os.urandom, note=note))
    return key


def make_log_key(path: Path, password: Callable[[], str], note: str) -> ed25519.Ed25519Key:
    """Make a key for a log or a witness, and keep it in a new file."""
    _refuse_existing(path)
    key = ed25519.from_seed(os.urandom(ed25519.KEY_SIZE))
    _keep(path, key.to_pem(password(), entropy=os.urandom, note=note))
    return key


def _opened(path: Path, password: Callable[[], str], read: Callable[[bytes, str], Key]) -> Key:
    try:
        data = disk.read(path, MAX_SIZE)
    except FileNotFoundError as error:
        raise Unreadable(
            "key-missing", f"{path}: there is no such key", "restore it from its copy"
        ) from error
    except OSError as error:
        why = "it is too large for a key" if error.errno == errno.EFBIG else _why(error)
        raise Unreadable("key-unreadable", f"{path}: {why}") from error
    try:
        return read(data, password())
    except PratiqueError as error:
        # Told again with the path; `from None`, since nothing of the password's trial is to be kept.
        raise type(error)(error.code, f"{path}: {error.message}", error.hint) from None


def _keep(path: Path, data: bytes) -> None:
    try:
        disk.folder(path.parent)
        disk.create(path, data)
    except FileExistsError:
        _refuse_existing(path)
        raise
    except OSError as error:
        raise Unreadable("key-unwritable", f"{path}: {_why(error)}") from error


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError(
            "key-exists", f"{path}: there is a key already", "a key is never overwritten"
        )


def _why(error: OSError) -> str:
    return error.strerror or "it cannot be used"
