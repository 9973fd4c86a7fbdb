"""A witness's folder, what a witness does, and how a log is read from wherever it is (a monitor reads it so, too).

    witness.json · keys/witness.pem (encrypted) · ledger.db: what it has cosigned
    FILE: C2SP's add-checkpoint, as the log has written it -> the lines of the cosignature
    URL or DIR: checkpoint and tiles are read, and the proof is made here

1. A request that is refused leaves what is held as it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network.logged import PREFIX, NoteKeyText
from pratique.store import files, http, sources
from pratique.store.keys import Secret, make_log_key, open_log_key
from pratique.store.ledger import Ledger
from pratique.tlog import merkle, tiles
from pratique.tlog.checkpoint import opened
from pratique.tlog.note import COSIGNATURE, MAX_NOTE, Note, NoteKey
from pratique.tlog.witness import (
    Answer,
    CosignatureRequest,
    LastCosigned,
    RefusedRequest,
    Witness,
    answered,
    cosigned,
)

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


def _request(source: str, logs: Sequence[NoteKey], ledger: Ledger) -> CosignatureRequest:
    """Make the request to cosign the newest checkpoint of a log, from its tiles."""
    get = patient(source)
    note = Note.from_bytes(checkpoint(get))
    log = next((log for log in logs if note.body_of(log) is not None), None)
    if log is None:
        return CosignatureRequest(0, (), note)
    size, old = opened(note, log).size, ledger.held(log.name).size
    path = merkle.consistency(_tree(get, size), old, size) if old <= size else ()
    return CosignatureRequest(old, path, note)


def _tree(get: http.Fetch, size: int) -> tiles.Tiles:
    def read(path: str) -> bytes | None:
        return get(PREFIX + path, MAX_ENTRIES if path.startswith(_LEAVES) else MAX_HASHES)

    return tiles.Tiles(read, size)


FORMAT = "pratique-witness-1"
FILE, KEY, LEDGER = "witness.json", "keys/witness.pem", "ledger.db"


class WitnessFile(NamedTuple):
    """The witness's document."""

    key: NoteKeyText
    logs: tuple[NoteKeyText, ...]


class WitnessHome(NamedTuple):
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


def save(where: Path, home: WitnessHome) -> None:
    """Keep the witness's document."""
    found = WitnessFile(home.own, home.logs)
    files.replace(where / FILE, strict_json.dump(found, FORMAT, ordered=False))


def load(where: Path) -> WitnessHome:
    """Load the witness of a folder; Unreadable `no-witness`, DocumentRefused."""
    path = where / FILE

    def damaged(why: str) -> DocumentRefused:
        return DocumentRefused(
            "witness-file", f"{path}: it is damaged: {why}", "restore it from its copy"
        )

    if not path.exists():
        raise Unreadable(
            "no-witness",
            f"{where}: there is no witness here",
            "name its folder with --witness, or make one: pratique witness init",
        )
    return WitnessHome(
        *strict_json.document(sources.read_bytes(path), WitnessFile, FORMAT, damaged)
    )


def init(folder: Path, name: str, logs: tuple[NoteKey, ...], secret: Secret) -> NoteKey:
    """Make a witness: a new key, and an empty ledger; return its public key."""
    if (folder / FILE).exists():
        raise UsageError("witness-exists", f"{folder}: there is a witness already")
    if len({log.name for log in logs}) < len(logs):
        raise UsageError("log-double", "two keys are of one log")
    # A name that a key's line cannot have is refused before the key is made.
    NoteKey.from_text(logs[0]._replace(name=name).to_text())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = make_log_key(folder / KEY, lambda: secret("file:"), f"key of the witness {name}\n")
    Ledger.make(folder / LEDGER)
    own = NoteKey(name, COSIGNATURE, key.public_key)
    save(folder, WitnessHome(own, logs))
    return own


class WatchedLog(NamedTuple):
    """A log that a witness watches: what it has cosigned last, and what it has refused."""

    name: str
    held: LastCosigned
    refused: tuple[RefusedRequest, ...]


def status(folder: Path) -> tuple[NoteKey, list[WatchedLog]]:
    """Return a witness's public key, and what it has cosigned."""
    home, ledger = load(folder), Ledger(folder / LEDGER)
    logs = [
        WatchedLog(log.name, ledger.held(log.name), ledger.refused(log.name)) for log in home.logs
    ]
    return home.own, logs


def cosign(folder: Path, source: bytes | str, secret: Secret, *, at: int) -> str:
    """Cosign a request, or the newest checkpoint of the log of a network at a web address or in a folder."""
    home, ledger = load(folder), Ledger(folder / LEDGER)
    if isinstance(source, bytes):
        request = CosignatureRequest.from_bytes(source)
    else:
        request = _request(source, home.logs, ledger)
    return cosigned(request, home.opened(folder, secret), ledger, at=at)


class Service:
    """A witness that answers what logs post, one request after the other.

    The clock is read when a request's turn has come, so that a time never goes back. Another process may use the same
    ledger meanwhile.
    """

    def __init__(self, folder: Path, secret: Secret, now: Callable[[], int]) -> None:
        """Open the key, once; a ledger that is damaged is told now, and not to the first log that asks."""
        home, self._ledger = load(folder), Ledger(folder / LEDGER)
        for log in home.logs:
            self._ledger.held(log.name)
        self._witness, self._now, self._lock = home.opened(folder, secret), now, threading.Lock()
        self.name = self._witness.name

    def answer(self, data: bytes) -> Answer:
        """Answer a request."""
        with self._lock:
            return answered(data, self._witness, self._ledger, at=self._now())
