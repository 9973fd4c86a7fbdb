"""One proof, to be checked offline (C2SP tlog-proof): the leaf's path, and the checkpoint over it.

    FIRST · [extra BASE64] · index N · hashes · empty line · the checkpoint and its signatures

1. Everything that it takes is in it, but for the leaf and the keys: whoever checks asks nobody.
2. The witnesses are checked before the path: a root that only the log has signed proves nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.log import lines
from pratique.log.merkle import Path, leaf_hash, refused, root_of
from pratique.log.note import Note
from pratique.log.quorum import Quorum, Seen

FIRST = "c2sp.org/tlog-proof@v1"
MAX_PROOF, MAX_PATH = 16 * 1024, 63
_EXTRA, _INDEX = "extra ", "index "


class Proof(NamedTuple):
    """That a leaf is in a log.

    Attributes:
        number: of the leaf.
        path: from its hash to the root.
        note: the checkpoint, signed.
        extra: whatever else whoever made it put there, unread; b"" for nothing.
    """

    number: int
    path: Path
    note: Note
    extra: bytes = b""

    def to_bytes(self) -> bytes:
        """Write it."""
        rows = [FIRST, *([_EXTRA + lines.armoured(self.extra)] if self.extra else ())]
        rows += [f"{_INDEX}{self.number}", *map(lines.armoured, self.path)]
        return ("\n".join(rows) + "\n\n").encode() + self.note.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Proof:
        """Read it; DocumentRefused `log-proof`, `log-note`."""
        head, found, note = lines.text(data, MAX_PROOF, "proof").partition("\n\n")
        rows = head.split("\n")
        if not found or rows.pop(0) != FIRST:
            raise refused("proof", f"it does not begin with {FIRST}")
        extra = b""
        if rows and rows[0].startswith(_EXTRA):
            extra = lines.octets(rows.pop(0).removeprefix(_EXTRA), "proof")
            if not extra:
                raise refused("proof", "it says that there is more, and there is nothing")
        if not rows or not rows[0].startswith(_INDEX) or len(rows) > MAX_PATH + 1:
            raise refused("proof", "it does not say which leaf it is of")
        number = lines.number(rows.pop(0).removeprefix(_INDEX), "proof")
        path = tuple(lines.digest(row, "proof") for row in rows)
        return cls(number, path, Note.from_bytes(note.encode()), extra)


def check(proof: Proof, leaf: bytes, quorum: Quorum) -> Seen:
    """See to it that a leaf is in a log that enough witnesses have seen.

    Args:
        proof: what was handed in with it.
        leaf: its data.
        quorum: the log, its witnesses, and how many it takes.

    Raises:
        DocumentRefused: `log-inclusion`, and what `Quorum.seen` raises.
    """
    seen = quorum.seen(proof.note)
    leads = root_of(leaf_hash(leaf), proof.number, seen.checkpoint.size, proof.path)
    if leads != seen.checkpoint.root:
        raise refused("inclusion", "the path does not lead to the root")
    return seen
