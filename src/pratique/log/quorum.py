"""How many witnesses it takes: who may say that a checkpoint is the one that everybody is shown.

    Note -> Quorum.seen -> Seen(checkpoint, times) -> floor

1. Of n witnesses q must have cosigned, and q is more than half of n: two checkpoints that do not fit,
   each with its q, have 2q - n witnesses in common, and all of these have lied.
2. One key counts once, under whatever names; the log's own key is no witness's.
3. The floor for clocks is the q-th newest time: to push it into the future, q witnesses must lie.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.log import cosignature
from pratique.log.checkpoint import Checkpoint, opened
from pratique.log.merkle import refused
from pratique.log.note import NOTE, Note, NoteKey

MAX_WITNESSES = 32


class Seen(NamedTuple):
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
        if self.log.kind != NOTE or any(w.kind not in cosignature.KNOWN for w in self.witnesses):
            raise refused("policy", "a key is of a kind that is not known here")
        if len({self.log.name, *(w.name for w in self.witnesses)}) != count + 1:
            raise refused("policy", "two have one name")
        if len({self.log.public, *(w.public for w in self.witnesses)}) != count + 1:
            raise refused("policy", "two have one key")

    def seen(self, note: Note) -> Seen:
        """Return the checkpoint that the log has signed and enough witnesses have cosigned.

        Raises:
            DocumentRefused: `log-quorum`, `log-cosignature`, and what `opened` raises.
        """
        self.check()
        found = opened(note, self.log)
        checked = [cosignature.check(note, witness) for witness in self.witnesses]
        times = sorted((at for at in checked if at is not None), reverse=True)
        if len(times) < self.needed:
            raise refused("quorum", f"{len(times)} witnesses of {self.needed} have cosigned it")
        return Seen(found, tuple(times), times[self.needed - 1])
