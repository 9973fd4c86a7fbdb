"""Keys that were opened once, held in this process: for the demo, which plays every hand of a network.

    file's bytes, password -> opened before? -> the same key again

1. A real seat opens its key file a few times a year, and pays a tenth of a second for a thief's
   every guess. The demo would pay it two hundred times; the files on the disk stay as dear to guess.
2. A key that is not in its file any more, or another password, is opened anew: nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pratique.crypto.keys import Ed25519Key, SoftwareKey
from pratique.store import keys
from pratique.terms import Algorithm

Password = Callable[[], str]


@contextmanager
def held() -> Iterator[None]:
    """Hold every key file that is made or opened meanwhile."""
    opened, made, kept = (
        keys.open_key_file,
        keys.make_key_file,
        dict[tuple[bytes, str], SoftwareKey](),
    )
    of_log, logs = keys.open_log_key, dict[tuple[bytes, str], Ed25519Key]()

    def open_key(path: Path, password: Password) -> SoftwareKey:
        if not path.is_file():
            return opened(path, password)
        what = path.read_bytes(), password()
        if what not in kept:
            kept[what] = opened(path, password)
        return kept[what]

    def open_log_key(path: Path, password: Password) -> Ed25519Key:
        if not path.is_file():
            return of_log(path, password)
        what = path.read_bytes(), password()
        if what not in logs:
            logs[what] = of_log(path, password)
        return logs[what]

    def make_key(path: Path, password: Password, algorithm: Algorithm, note: str) -> SoftwareKey:
        key = made(path, password, algorithm, note)
        kept[path.read_bytes(), password()] = key
        return key

    keys.open_key_file, keys.make_key_file, keys.open_log_key = open_key, make_key, open_log_key
    try:
        yield
    finally:
        keys.open_key_file, keys.make_key_file, keys.open_log_key = opened, made, of_log
