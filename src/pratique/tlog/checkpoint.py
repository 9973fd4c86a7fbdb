r"""Checkpoints (C2SP tlog-checkpoint): how large a log is, and its root, signed by the log.

    "ORIGIN\nSIZE\nBASE64(root)\n" <-> Checkpoint          Note -> opened -> Checkpoint

1. The name of the log's key is its origin; a checkpoint of another log is none of this one.
2. Lines after the third are kept, for they are signed; nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pratique.crypto import keys
from pratique.crypto.keys import Ed25519Key
from pratique.tlog import note as tlog_note
from pratique.tlog.merkle import EMPTY, MAX_SIZE, Path, leaf_hash, refused, root_of
from pratique.tlog.note import COSIGNATURE, NOTE, Note, NoteKey, Signature


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
        rows = (self.origin, str(self.size), tlog_note.armoured(self.root), *self.others)
        return "\n".join(rows) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Read it; DocumentRefused `log-checkpoint`."""
        if not text.endswith("\n"):
            raise refused("checkpoint", "its last line has no end")
        rows = text[:-1].split("\n")
        if len(rows) < 3 or not all(rows):
            raise refused("checkpoint", "it is not origin, size and root")
        size, root = (
            tlog_note.number(rows[1], "checkpoint"),
            tlog_note.digest(rows[2], "checkpoint"),
        )
        if (size == 0) != (root == EMPTY):
            raise refused("checkpoint", "an empty tree has its own root, and no other has it")
        return cls(rows[0], size, root, tuple(rows[3:]))


def signed(checkpoint: Checkpoint, key: Ed25519Key) -> Note:
    """Sign a checkpoint as its log."""
    text = checkpoint.to_text()
    return Note(text, (tlog_note.sign(text, checkpoint.origin, key),))


def opened(note: Note, log: NoteKey) -> Checkpoint:
    """Check the log's signature, and read what it has signed.

    Raises:
        DocumentRefused: `log-unsigned`, `log-signature`, `log-checkpoint`, `log-origin`.
    """
    tlog_note.check(note, log)
    found = Checkpoint.from_text(note.text)
    if found.origin != log.name:
        raise refused("origin", f"it is of {found.origin}, and not of {log.name}")
    return found


# ----------------------------------------------------------------------------------------------------
# Cosignatures (C2SP tlog-cosignature): a witness says until when it has seen one log only.
#
#     checkpoint's text, time -> cosign -> Signature          Note, witness's key -> check -> time
#
# 1. It is over the whole text of the checkpoint and the time; the log's own signature is not in it.
# 2. The key's type says what the bytes are (`_KINDS`): another kind of signature gets a row there.


_TIME_SIZE = 8


def cosign(text: str, name: str, key: keys.Ed25519Key, *, at: int) -> Signature:
    """Cosign a checkpoint's text as the witness NAME; `at` is in seconds since the epoch."""
    if not 0 < at <= MAX_SIZE:
        raise ValueError("a time after the epoch is asked for")
    own = NoteKey(name, COSIGNATURE, key.public_key)
    return Signature(name, own.id, at.to_bytes(_TIME_SIZE, "big") + key.sign(_message(text, at)))


def check_cosignature(note: Note, witness: NoteKey) -> int | None:
    """Return when a witness has cosigned, in seconds since the epoch; None if it has not.

    Raises:
        DocumentRefused: `log-cosignature`: its signature is there and wrong.
    """
    body, checked = note.body_of(witness), _KINDS.get(witness.kind)
    if body is None or checked is None:
        return None
    found = checked(witness, body, note.text)
    if found is None:
        raise refused("cosignature", f"the cosignature of {witness.name} is wrong")
    return found


def _message(text: str, at: int) -> bytes:
    """Return what is signed (C2SP tlog-cosignature, "Ed25519 signed message")."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _ed25519(witness: NoteKey, body: bytes, text: str) -> int | None:
    if len(body) != _TIME_SIZE + keys.SIGNATURE_SIZE:
        return None
    at = int.from_bytes(body[:_TIME_SIZE], "big")
    if not 0 < at <= MAX_SIZE:
        return None
    good = keys.checker(witness.public)(body[_TIME_SIZE:], _message(text, at))
    return at if good else None


_KINDS: dict[int, Callable[[NoteKey, bytes, str], int | None]] = {COSIGNATURE: _ed25519}
"""Key type to check: (witness, signature, checkpoint's text) -> time, or None if it is wrong."""
KNOWN = frozenset(_KINDS)
"""Types of keys that can cosign here."""


# ----------------------------------------------------------------------------------------------------
# How many witnesses it takes: who may say that a checkpoint is the one that everybody is shown.
#
#     Note -> Quorum.seen -> Seen(checkpoint, times) -> floor
#
# 1. Of n witnesses q must have cosigned, and q is more than half of n: two checkpoints that do not fit,
#    each with its q, have 2q - n witnesses in common, and all of these have lied.
# 2. One key counts once, under whatever names; the log's own key is no witness's.
# 3. The floor for clocks is the q-th newest time: to push it into the future, q witnesses must lie.


MAX_WITNESSES = 32


class WitnessedCheckpoint(NamedTuple):
    """A checkpoint that enough witnesses have seen.

    Attributes:
        checkpoint: what they have seen.
        times: when they cosigned, the newest first; seconds since the epoch.
        floor: when it was later than that, as enough of them say.
    """

    checkpoint: Checkpoint
    times: tuple[int, ...]
    floor: int


class Quorum(NamedTuple):
    """A log, its witnesses, and how many of them must have cosigned."""

    log: NoteKey
    witnesses: tuple[NoteKey, ...]
    needed: int

    def check(self) -> None:
        """See to it that no split view goes unseen; DocumentRefused `log-policy`."""
        count = len(self.witnesses)
        if not 0 < self.needed <= count <= MAX_WITNESSES or 2 * self.needed <= count:
            raise refused("policy", f"{self.needed} of {count} is no quorum: more than half")
        if self.log.kind != NOTE or any(w.kind not in KNOWN for w in self.witnesses):
            raise refused("policy", "a key is of a kind that is not known here")
        if len({self.log.name, *(w.name for w in self.witnesses)}) != count + 1:
            raise refused("policy", "two have one name")
        if len({self.log.public, *(w.public for w in self.witnesses)}) != count + 1:
            raise refused("policy", "two have one key")

    def seen(self, note: Note) -> WitnessedCheckpoint:
        """Return the checkpoint that the log has signed and enough witnesses have cosigned.

        Raises:
            DocumentRefused: `log-quorum`, `log-cosignature`, and what `opened` raises.
        """
        found, times = self.cosigned(note)
        if len(times) < self.needed:
            raise refused("quorum", f"{len(times)} witnesses of {self.needed} have cosigned it")
        return WitnessedCheckpoint(found, tuple(times), times[self.needed - 1])

    def cosigned(self, note: Note) -> tuple[Checkpoint, list[int]]:
        """Return the checkpoint that the log has signed, and when witnesses have cosigned it, the latest first."""
        self.check()
        found = opened(note, self.log)
        checked = [check_cosignature(note, witness) for witness in self.witnesses]
        return found, sorted((at for at in checked if at is not None), reverse=True)


# ----------------------------------------------------------------------------------------------------
# One proof, to be checked offline (C2SP tlog-proof): the leaf's path, and the checkpoint over it.
#
#     FIRST · [extra BASE64] · index N · hashes · empty line · the checkpoint and its signatures
#
# 1. Everything that it takes is in it, but for the leaf and the keys: whoever checks asks nobody.
# 2. The witnesses are checked before the path: a root that only the log has signed proves nothing.


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
        rows = [FIRST, *([_EXTRA + tlog_note.armoured(self.extra)] if self.extra else ())]
        rows += [f"{_INDEX}{self.number}", *map(tlog_note.armoured, self.path)]
        return ("\n".join(rows) + "\n\n").encode() + self.note.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Proof:
        """Read it; DocumentRefused `log-proof`, `log-note`."""
        head, found, note = tlog_note.line_text(data, MAX_PROOF, "proof").partition("\n\n")
        rows = head.split("\n")
        if not found or rows.pop(0) != FIRST:
            raise refused("proof", f"it does not begin with {FIRST}")
        extra = b""
        if rows and rows[0].startswith(_EXTRA):
            extra = tlog_note.octets(rows.pop(0).removeprefix(_EXTRA), "proof")
            if not extra:
                raise refused("proof", "it says that there is more, and there is nothing")
        if not rows or not rows[0].startswith(_INDEX) or len(rows) > MAX_PATH + 1:
            raise refused("proof", "it does not say which leaf it is of")
        number = tlog_note.number(rows.pop(0).removeprefix(_INDEX), "proof")
        path = tuple(tlog_note.digest(row, "proof") for row in rows)
        return cls(number, path, Note.from_bytes(note.encode()), extra)


def check_proof(proof: Proof, leaf: bytes, quorum: Quorum) -> WitnessedCheckpoint:
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
