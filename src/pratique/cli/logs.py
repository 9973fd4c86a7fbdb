"""Read a network's log from wherever it is: what a monitor and a witness need of it."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.edges.ledger import Ledger
from pratique.edges.network import fetch
from pratique.errors import Unreadable
from pratique.journeys.witness import Request
from pratique.log import merkle
from pratique.log.checkpoint import Checkpoint, opened
from pratique.log.note import MAX_NOTE, Note, NoteKey
from pratique.log.tiles import CHECKPOINT, MAX_ENTRY, WIDTH, Tiles

PREFIX = "log/"
"""Where a repository has its log."""
MAX_REQUEST = MAX_NOTE
MAX_TILE = WIDTH * (2 + MAX_ENTRY)


def came(get: fetch.Fetch, since: int) -> tuple[Note, list[bytes]]:
    """Return the checkpoint and the leaves from `since` on; nothing of it is checked yet."""
    note = _note(get)
    size = Checkpoint.from_text(note.text).size
    return note, _tree(get, size).entries(min(since, size), size)


def request(source: str, logs: Sequence[NoteKey], ledger: Ledger) -> Request:
    """Make the request to cosign the newest checkpoint of a log, from its tiles."""
    get = fetch.opened(source)
    note = _note(get)
    log = next((log for log in logs if note.body_of(log) is not None), None)
    if log is None:
        return Request(0, (), note)
    size, old = opened(note, log).size, ledger.held(log.name).size
    path = merkle.consistency(_tree(get, size), old, size) if old <= size else ()
    return Request(old, path, note)


def _note(get: fetch.Fetch) -> Note:
    data = get(PREFIX + CHECKPOINT, MAX_NOTE)
    if data is None:
        raise Unreadable("log-missing", "there is no log here", "name the network's address")
    return Note.from_bytes(data)


def _tree(get: fetch.Fetch, size: int) -> Tiles:
    return Tiles(lambda path: get(PREFIX + path, MAX_TILE), size)
