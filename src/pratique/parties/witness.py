"""A witness's folder: its name, its key, the logs that it watches, and what it has cosigned.

witness.json · keys/witness.pem (encrypted) · ledger.db
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable
from pratique.network.logged import PREFIX, NoteKeyText
from pratique.store import files, http, sources
from pratique.store.keys import Secret, open_log_key
from pratique.store.ledger import Ledger
from pratique.tlog import merkle, tiles
from pratique.tlog.checkpoint import opened
from pratique.tlog.note import MAX_NOTE, Note, NoteKey
from pratique.tlog.witness import Request, Witness

# ----------------------------------------------------------------------------------------------------
# Read a network's log from wherever it is: what a monitor and a witness need of it.


MAX_REQUEST = MAX_NOTE
MAX_HASHES = tiles.WIDTH * merkle.HASH_SIZE
MAX_ENTRIES = tiles.WIDTH * (2 + 254)
"""Bytes of a tile of leaves; ours have 131 each at most."""
_LEAVES = "tile/entries/"
LONGEST = 3600.0
"""Seconds after which nothing more is asked for."""


def patient(source: str, longest: float = LONGEST) -> http.Fetch:
    """Return what fetches from a source, and stops asking after a while.

    A server could make a log that is never read to its end, each file of it in good time.
    """
    get, end = http.opened(source), time.monotonic() + longest

    def fetched(name: str, limit: int) -> bytes | None:
        if time.monotonic() > end:
            raise Unreadable(
                "log-slow",
                f"{source}: its log was not read to its end in time",
                "try again, or another mirror; if it stays so, tell the authority and others",
            )
        return get(name, limit)

    return fetched


def checkpoint(get: http.Fetch) -> bytes:
    """Return the checkpoint, unread; Unreadable `log-missing`."""
    data = get(PREFIX + tiles.CHECKPOINT, MAX_NOTE)
    if data is None:
        raise Unreadable("log-missing", "there is no log here", "name the network's address")
    return data


class Leaves:
    """Leaves as they came, one tile's after the other; nothing of it is checked yet."""

    def __init__(self, get: http.Fetch, start: int, end: int) -> None:
        """Fetch them; DocumentRefused `log-tile` if they are not there."""
        self._packed: list[tuple[bytes, int]] = []
        tree = _tree(get, end)
        while start < end:
            after = min(end, (start // tiles.WIDTH + 1) * tiles.WIDTH)
            self._packed.append((tiles.pack(tree.entries(start, after)), after - start))
            start = after

    def __iter__(self) -> Iterator[bytes]:
        for data, count in self._packed:
            yield from tiles.unpack(data, count)


def request(source: str, logs: Sequence[NoteKey], ledger: Ledger) -> Request:
    """Make the request to cosign the newest checkpoint of a log, from its tiles."""
    get = patient(source)
    note = Note.from_bytes(checkpoint(get))
    log = next((log for log in logs if note.body_of(log) is not None), None)
    if log is None:
        return Request(0, (), note)
    size, old = opened(note, log).size, ledger.held(log.name).size
    path = merkle.consistency(_tree(get, size), old, size) if old <= size else ()
    return Request(old, path, note)


def _tree(get: http.Fetch, size: int) -> tiles.Tiles:
    def read(path: str) -> bytes | None:
        return get(PREFIX + path, MAX_ENTRIES if path.startswith(_LEAVES) else MAX_HASHES)

    return tiles.Tiles(read, size)


FORMAT = "pratique-witness-1"
FILE, KEY, LEDGER = "witness.json", "keys/witness.pem", "ledger.db"

folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")


class WitnessFile(NamedTuple):
    """The witness's document."""

    key: NoteKeyText
    logs: tuple[NoteKeyText, ...]


class Home(NamedTuple):
    """A witness: its public key, and those of its logs."""

    own: NoteKey
    logs: tuple[NoteKey, ...]

    def opened(self, where: Path, secret: Secret) -> Witness:
        """Open its key, and return who cosigns; DocumentRefused `witness-key` if it is another's."""
        key = open_log_key(where / KEY, lambda: secret("file:"))
        if key.public_key != self.own.public:
            raise DocumentRefused(
                "witness-key", f"{where / KEY}: it is another witness's", "restore it from its copy"
            )
        return Witness(self.own.name, key, {log.name: log for log in self.logs})


def save(where: Path, home: Home) -> None:
    """Keep the witness's document."""
    found = WitnessFile(home.own, home.logs)
    files.replace(where / FILE, strict_json.dump(found, FORMAT, ordered=False))


def load(where: Path) -> Home:
    """Load the witness of a folder; Unreadable `no-witness`, DocumentRefused."""
    path = where / FILE

    def damaged(why: str) -> DocumentRefused:
        return DocumentRefused(
            "witness-file", f"{path}: it is damaged: {why}", "restore it from its copy"
        )

    if not path.exists():
        raise Unreadable(
            "no-witness", f"{where}: there is no witness here", "pratique witness init DIR"
        )
    return Home(*strict_json.document(sources.read_bytes(path), WitnessFile, FORMAT, damaged))
