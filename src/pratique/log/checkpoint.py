r"""Checkpoints (C2SP tlog-checkpoint): how large a log is, and its root, signed by the log.

    "ORIGIN\nSIZE\nBASE64(root)\n" <-> Checkpoint          Note -> opened -> Checkpoint

1. The name of the log's key is its origin; a checkpoint of another log is none of this one.
2. Lines after the third are kept, for they are signed; nothing here reads them.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.crypto.ed25519 import Ed25519Key
from pratique.log import lines
from pratique.log import note as notes
from pratique.log.merkle import EMPTY, refused
from pratique.log.note import Note, NoteKey


class Checkpoint(NamedTuple):
    """A log at a moment.

    Attributes:
        origin: the log's name.
        size: leaves.
        root: of the tree over them.
        others: further lines, unread.
    """

    origin: str
    size: int
    root: bytes
    others: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Write what is signed."""
        rows = (self.origin, str(self.size), lines.armoured(self.root), *self.others)
        return "\n".join(rows) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Read it; DocumentRefused `log-checkpoint`."""
        if not text.endswith("\n"):
            raise refused("checkpoint", "its last line has no end")
        rows = text[:-1].split("\n")
        if len(rows) < 3 or not all(rows):
            raise refused("checkpoint", "it is not origin, size and root")
        size, root = lines.number(rows[1], "checkpoint"), lines.digest(rows[2], "checkpoint")
        if (size == 0) != (root == EMPTY):
            raise refused("checkpoint", "an empty tree has its own root, and no other has it")
        return cls(rows[0], size, root, tuple(rows[3:]))


def signed(checkpoint: Checkpoint, key: Ed25519Key) -> Note:
    """Sign a checkpoint as its log."""
    text = checkpoint.to_text()
    return Note(text, (notes.sign(text, checkpoint.origin, key),))


def opened(note: Note, log: NoteKey) -> Checkpoint:
    """Check the log's signature, and read what it has signed.

    Raises:
        DocumentRefused: `log-unsigned`, `log-signature`, `log-checkpoint`, `log-origin`.
    """
    notes.check(note, log)
    found = Checkpoint.from_text(note.text)
    if found.origin != log.name:
        raise refused("origin", f"it is of {found.origin}, and not of {log.name}")
    return found
