"""Read a network's log from wherever it is: what a monitor and a witness need of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from pratique.edges.ledger import Ledger
from pratique.edges.network import fetch
from pratique.errors import Unreadable
from pratique.journeys.witness import Request
from pratique.log import merkle, tiles
from pratique.log.checkpoint import opened
from pratique.log.note import MAX_NOTE, Note, NoteKey
from pratique.network.logged import PREFIX

MAX_REQUEST = MAX_NOTE
MAX_HASHES = tiles.WIDTH * merkle.HASH_SIZE
MAX_ENTRIES = tiles.WIDTH * (2 + 254)
"""Bytes of a tile of leaves; ours have 131 each at most."""
_LEAVES = "tile/entries/"
LONGEST = 3600.0
"""Seconds after which nothing more is asked for."""


def patient(source: str, longest: float = LONGEST) -> fetch.Fetch:
    """Return what fetches from a source, and stops asking after a while.

    A server could make a log that is never read to its end, each file of it in good time.
    """
    get, end = fetch.opened(source), time.monotonic() + longest

    def fetched(name: str, limit: int) -> bytes | None:
        if time.monotonic() > end:
            raise Unreadable(
                "log-slow",
                f"{source}: its log was not read to its end in time",
                "try again, or another mirror; if it stays so, tell the authority and others",
            )
        return get(name, limit)

    return fetched


def checkpoint(get: fetch.Fetch) -> bytes:
    """Return the checkpoint, unread; Unreadable `log-missing`."""
    data = get(PREFIX + tiles.CHECKPOINT, MAX_NOTE)
    if data is None:
        raise Unreadable("log-missing", "there is no log here", "name the network's address")
    return data


class Leaves:
    """Leaves as they came, one tile's after the other; nothing of it is checked yet."""

    def __init__(self, get: fetch.Fetch, start: int, end: int) -> None:
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


def _tree(get: fetch.Fetch, size: int) -> tiles.Tiles:
    def read(path: str) -> bytes | None:
        return get(PREFIX + path, MAX_ENTRIES if path.startswith(_LEAVES) else MAX_HASHES)

    return tiles.Tiles(read, size)
