"""A log's files in a folder: any web server hands them on as they are.

    leaves -> tiles -> .head (signed) -> witnesses, elsewhere -> checkpoint (cosigned)

1. Tiles are on the disk before the head that is over them; a run that was killed in between has added
   nothing, and the next one writes the same places anew.
2. The head is on the disk before any witness sees it: a log that forgot what it had shown would show
   two trees.
3. What everybody reads, `checkpoint`, is a head that witnesses have cosigned, and only moves forward.
4. The tree on the disk is held to the head before anything is added to it.
5. Partial tiles go when the full one is there and published: they would weigh a hundred times as much.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pratique.crypto.keys import Ed25519Key
from pratique.errors import DocumentRefused, UsageError
from pratique.store import files
from pratique.tlog import merkle
from pratique.tlog.checkpoint import Checkpoint, opened, signed
from pratique.tlog.merkle import EMPTY
from pratique.tlog.note import Note, NoteKey, Signature
from pratique.tlog.tiles import CHECKPOINT, ENTRIES, HEIGHT, Tile, Tiles, grown

HEAD = ".head"
_LARGEST = 32 * 1024 * 1024


class LogFolder:
    """A log in a folder, under its own key."""

    def __init__(self, folder: Path, log: NoteKey) -> None:
        self._folder, self._log = folder, log

    def read(self, path: str) -> bytes | None:
        """Read a file of the log by its path; None where there is none."""
        with files.usable(self._folder):
            try:
                # The largest file of a log is a tile of entries (256 of at most 64 KiB).
                return files.read(files.within(self._folder, path), _LARGEST, named=False)
            except FileNotFoundError:
                return None

    def head(self) -> Note | None:
        """Return the newest checkpoint, with what cosignatures it has; None before the first.

        A mirror's copy has what was published alone: the log goes on from there.
        """
        head = self._note(HEAD)
        return self.published() if head is None else head

    def published(self) -> Note | None:
        """Return the checkpoint that everybody reads; None before the first."""
        return self._note(CHECKPOINT)

    def size(self) -> int:
        """Return how many leaves there are."""
        return self._checkpoint(self.head()).size

    def tree(self) -> Tiles:
        """Return the tree under the head."""
        return Tiles(self.read, self.size())

    def append(self, leaves: Sequence[bytes], key: Ed25519Key) -> Note:
        """Add leaves, and return the new head; witnesses are asked by whoever called.

        Raises:
            DocumentRefused: `log-damaged`, `log-tile`: what lies there is not what was signed.
        """
        with self._locked():
            held = self._checkpoint(self.head())
            if held.size < self._checkpoint(self.published()).size:
                raise DocumentRefused(
                    "log-backwards",
                    f"{self._folder}: {HEAD} is older than the checkpoint that everybody reads",
                    f"restore it from its copy; if there is none, remove {HEAD}; nothing was added",
                )
            if merkle.root(Tiles(self.read, held.size), held.size) != held.root:
                raise DocumentRefused(
                    "log-damaged",
                    f"{self._folder}: the tiles are not those that were signed",
                    "restore them from a mirror; nothing was added",
                )
            size = held.size + len(leaves)
            for path, data in grown(self.read, held.size, leaves).items():
                self._write(path, data)
            root = merkle.root(Tiles(self.read, size), size)
            note = signed(Checkpoint(self._log.name, size, root), key)
            opened(note, self._log)
            self._write(HEAD, note.to_bytes())
        return note

    def cosign(self, lines: Iterable[Signature]) -> Note:
        """Put cosignatures under the head, and return it; whose they are is asked where it is used."""
        with self._locked():
            head = self.head()
            if head is None:
                raise UsageError("log-empty", "there is no checkpoint yet")
            note = head.with_signatures(*lines)
            opened(note, self._log)
            self._write(HEAD, note.to_bytes())
        return note

    def publish(self, note: Note) -> None:
        """Have everybody read a head that was cosigned; UsageError `log-backwards` for an older one."""
        with self._locked():
            found = self._checkpoint(note)
            before, head = self._checkpoint(self.published()), self._checkpoint(self.head())
            if found.size < before.size or found.size > head.size:
                raise UsageError(
                    "log-backwards", f"a checkpoint of {found.size} leaves does not follow here"
                )
            if merkle.root(Tiles(self.read, head.size), found.size) != found.root:
                raise DocumentRefused("log-forked", "the checkpoint is of another tree")
            self._clear(before.size, found.size)
            self._write(CHECKPOINT, note.to_bytes())

    def _clear(self, before: int, size: int) -> None:
        """Remove the partial tiles of those that are full now (C2SP tlog-tiles, "Partial Tiles").

        Whoever reads an older checkpoint takes the full ones.
        """
        tier = 0
        while size >> HEIGHT * (tier + 1):
            shift = HEIGHT * (tier + 1)
            for number in range(before >> shift, size >> shift):
                for kind in (tier, ENTRIES) if tier == 0 else (tier,):
                    path = f"{Tile(kind, number).path()}.p"
                    shutil.rmtree(self._folder.joinpath(*path.split("/")), ignore_errors=True)
            tier += 1

    def _note(self, name: str) -> Note | None:
        data = self.read(name)
        return None if data is None else Note.from_bytes(data)

    def _checkpoint(self, note: Note | None) -> Checkpoint:
        return Checkpoint(self._log.name, 0, EMPTY) if note is None else opened(note, self._log)

    def _write(self, path: str, data: bytes) -> None:
        place = self._folder.joinpath(*path.split("/"))
        with files.usable(place):
            _make(place.parent)
            files.replace(place, data, 0o644)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with files.usable(self._folder):
            _make(self._folder)
            held = files.hold(self._folder, wait=True)
        with held:
            yield


def _make(folder: Path) -> None:
    """Make a folder so that its name is on the disk too."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        files.settle(folder.parent)
