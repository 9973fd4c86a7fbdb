r"""Witness: cosign a log's checkpoint only if it grew out of the last one that was cosigned.

    "old N\n" hashes "\n" checkpoint -> Request -> weighed against what is held -> swapped -> cosignature

As C2SP's tlog-witness has it, `add-checkpoint`; whoever carries the request is elsewhere.

1. What is held moves forward only, in one step with the comparison: of two requests at once, one wins.
2. The cosignature is made when the swap has happened, and the swap is on the disk when it has: a witness
   that was killed can have forgotten a signature that it gave to nobody, never one that it gave.
3. What a log says of itself moves nothing before its signature is checked.
4. The time of a log's cosignatures never goes back: verifiers take it for a floor of their clocks.
5. A request that shows another tree is kept, with the log's signature on it: it is the only proof that the log has
   shown two, and whoever sent it will not send it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from pratique.crypto.keys import Ed25519Key
from pratique.errors import DocumentRefused
from pratique.tlog import checkpoint
from pratique.tlog import note as tlog_note
from pratique.tlog.checkpoint import Checkpoint, opened
from pratique.tlog.merkle import EMPTY, Path, check_consistency, refused
from pratique.tlog.note import MAX_NOTE, Note, NoteKey

_OLD = "old "
MAX_PATH = 63
OK = 200
_NUMBERS = {
    "log-unknown": 404, "log-unsigned": 403, "log-signature": 403, "log-origin": 403,
    "log-conflict": 409, "log-forked": 409, "log-inconsistent": 422, "log-clock": 503,
}  # fmt: skip
"""What a server answers by HTTP (C2SP tlog-witness, "add-checkpoint"); whatever else is wrong is 400."""
_BAD_REQUEST = 400
EVIDENCE = frozenset({"log-forked", "log-inconsistent"})
"""Refusals of a checkpoint that the log has signed, and that did not grow out of the last one."""
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class LastCosigned(NamedTuple):
    """What a witness holds of a log: the last checkpoint that it cosigned, and when."""

    size: int = 0
    root: bytes = EMPTY
    at: int = 0


class RefusedRequest(NamedTuple):
    """A request that did not fit what was cosigned before.

    Attributes:
        size, root: of the tree that it shows.
        at: when it came; seconds since the epoch.
        code: `log-forked`: another tree of the size that was cosigned, which proves that the log has shown two;
            `log-inconsistent`: its path does not lead there, as of another tree, or of a path that was spoilt.
        request: its bytes; the checkpoint in it is signed by the log.
    """

    size: int
    root: bytes
    at: int
    code: str
    request: bytes


class WitnessMemory(Protocol):
    """Where a witness keeps what it holds, by a log's origin."""

    def held(self, origin: str) -> LastCosigned:
        """Return what is held; `LastCosigned()` of a log that was never cosigned."""

    def swap(self, origin: str, before: LastCosigned, after: LastCosigned) -> bool:
        """Put `after` in the place of `before`; False, and no change, if it is not `before` any more.

        It is on the disk, and seen by every process, when it returns.
        """

    def refuse(self, origin: str, refused: RefusedRequest) -> None:
        """Keep a refused request, durably; one of a tree is enough."""


class _Conflict(DocumentRefused):
    """The witness holds another checkpoint than the log believes: it is told of what size."""

    def __init__(self, refusal: DocumentRefused) -> None:
        super().__init__(refusal.code, refusal.message, refusal.hint)


class Witness(NamedTuple):
    """Who cosigns, and which logs: their keys by origin."""

    name: str
    key: Ed25519Key
    logs: Mapping[str, NoteKey]


class CosignatureRequest(NamedTuple):
    """What a log asks.

    Attributes:
        old: the size that the witness has seen last, as the log believes.
        path: that the checkpoint grew out of it.
        note: the checkpoint, signed by the log.
    """

    old: int
    path: Path
    note: Note

    def to_bytes(self) -> bytes:
        """Write it."""
        rows = (f"{_OLD}{self.old}", *map(tlog_note.armoured, self.path))
        return ("\n".join(rows) + "\n\n").encode() + self.note.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> CosignatureRequest:
        """Read it; DocumentRefused `log-request`, `log-note`."""
        head, found, note = tlog_note.line_text(data, MAX_NOTE, "request").partition("\n\n")
        rows = head.split("\n")
        if not found or not rows[0].startswith(_OLD) or len(rows) > MAX_PATH + 1:
            raise refused("request", "it does not begin with the size that was cosigned last")
        old = tlog_note.number(rows[0].removeprefix(_OLD), "request")
        path = tuple(tlog_note.digest(row, "request") for row in rows[1:])
        return cls(old, path, Note.from_bytes(note.encode()))


class Answer(NamedTuple):
    """What a server answers: number, kind and body."""

    number: int
    kind: str
    body: bytes


def cosigned(
    request: CosignatureRequest, witness: Witness, memory: WitnessMemory, *, at: int
) -> str:
    """Return the lines to be put under the checkpoint.

    Args:
        request: what the log asks.
        witness: who cosigns.
        memory: what the witness holds.
        at: now, in seconds since the epoch.

    Raises:
        DocumentRefused: `log-unknown`, `log-unsigned`, `log-signature`, `log-request`, `log-conflict`,
            `log-forked`, `log-inconsistent`, `log-clock`. Nothing has changed then.
    """
    origin = request.note.text.partition("\n")[0]
    if origin not in witness.logs:
        raise refused("unknown", "this witness cosigns no log of that origin")
    found, held = opened(request.note, witness.logs[origin]), memory.held(origin)
    try:
        _weigh(request, found, held)
    except DocumentRefused as error:
        if error.code in EVIDENCE:
            kept = RefusedRequest(found.size, found.root, at, error.code, request.to_bytes())
            memory.refuse(origin, kept)
        raise
    if at < held.at:
        raise refused("clock", "this witness's clock is behind what it has cosigned before")
    if not memory.swap(origin, held, LastCosigned(found.size, found.root, at)):
        raise _Conflict(refused("conflict", "another checkpoint was cosigned meanwhile"))
    return checkpoint.cosign(request.note.text, witness.name, witness.key, at=at).to_text()


def answered(data: bytes, witness: Witness, memory: WitnessMemory, *, at: int) -> Answer:
    """Answer a request as a server does; no bytes raise anything."""
    request = None
    try:
        request = CosignatureRequest.from_bytes(data)
        return Answer(OK, TEXT, cosigned(request, witness, memory, at=at).encode())
    except _Conflict as error:
        assert request is not None
        held = memory.held(request.note.text.partition("\n")[0])
        return Answer(_NUMBERS[error.code], SIZE, b"%d\n" % held.size)
    except DocumentRefused as error:
        number = _NUMBERS.get(error.code, _BAD_REQUEST)
        return Answer(number, TEXT, f"{error.code}: {error.message}\n".encode())


def _weigh(request: CosignatureRequest, found: Checkpoint, held: LastCosigned) -> None:
    if request.old > found.size:
        raise refused("request", "the checkpoint is of a smaller tree than the one before it")
    if request.old != held.size:
        why = f"the last checkpoint cosigned here has {held.size} leaves"
        raise _Conflict(refused("conflict", why))
    if found.size == held.size and found.root != held.root:
        raise refused("forked", "another tree of that size was cosigned here: the log shows two")
    check_consistency(held.size, held.root, found.size, found.root, request.path)
