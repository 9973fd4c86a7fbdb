"""Ask witnesses to cosign the log's head, and believe of their answers what can be checked.

    head, witnesses' addresses -> ask -> cosignatures under the head · by witness, why there is none

1. A witness may be down, slow or hostile: none is waited for once enough have answered, and nothing that one says
   keeps the others' cosignatures from the head.
2. What goes under the head was checked first: a wrong cosignature would spoil it for all.
3. A witness that has seen another tree will never cosign this one. That is told apart from one that is away: waiting
   helps with the one, and with the other it hides that this log is a copy.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import NamedTuple

from pratique.cli.authority.log_home import Home
from pratique.edges import log as logs
from pratique.edges.network import cosign
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.journeys import witness
from pratique.log import checkpoint, cosignature, merkle, note, quorum
from pratique.network import entry

CONFLICT, INCONSISTENT = 409, 422
FORKED = b"log-forked"
PATIENCE = 3.0
"""Seconds for the others when enough have answered: more cosignatures do no harm, and waiting does."""
_AGAIN = "send it the newest request: pratique authority log request DIR"
_DIGITS = 19
"""Of a number of leaves, at most: a witness may say anything."""


class Problem(NamedTuple):
    """Why a witness has not cosigned; `forked` if it has seen another tree of this log."""

    why: str
    forked: bool = False


_Answer = tuple[note.NoteKey, tuple[note.Signature, ...], Problem | None]


class _Forked(DocumentRefused):
    """A witness has seen another tree of this log than the one here."""


def request(own: logs.LogFolder, old: int) -> bytes:
    """Return the request to cosign the head, for a witness that has seen `old` leaves.

    Raises:
        UsageError: `log-empty`, `log-size`.
    """
    head, tree = own.head(), own.tree()
    if head is None:
        raise UsageError(
            "log-empty",
            "there is nothing to cosign yet",
            "publish first: pratique authority publish",
        )
    if not 0 <= old <= tree.size:
        raise UsageError(
            "log-size",
            f"the log has {tree.size} leaves, and never had {old}",
            "what the witness has seen last is told by: pratique witness show",
        )
    return witness.Request(old, merkle.consistency(tree, old, tree.size), head).to_bytes()


def ask(own: logs.LogFolder, home: Home, quorums: tuple[quorum.Quorum, ...]) -> dict[str, Problem]:
    """Ask all who have not cosigned the head and have an address; tell by name why one has not.

    Raises:
        DocumentRefused: `log-…`: the log on the disk is not what was signed.
    """
    head, listed = own.head(), {w for one in quorums for w in one.witnesses}
    assert head is not None
    left = {w for w in sorted(listed) if not _has(head, w) and w.name in home.witnesses}
    published = own.published()
    seen = 0 if published is None else checkpoint.opened(published, home.own).size
    # What is wrong with the log here is no witness's problem.
    first = request(own, seen)
    came: SimpleQueue[_Answer] = SimpleQueue()
    for one in left:
        words = (own, home.witnesses[one.name], one, first, came)
        # Not waited for at the end either, as the threads of a pool would be.
        threading.Thread(target=_put, args=words, daemon=True).start()
    problems: dict[str, Problem] = {}
    while left:
        is_enough = not entry.lacking(head, quorums)
        try:
            one, lines, why = came.get(timeout=PATIENCE if is_enough else None)
        except Empty:
            break
        left.remove(one)
        head = head.with_signatures(*lines)
        if why is not None:
            problems[one.name] = why
    own.cosign(head.signatures)
    slow = Problem("it did not answer at once, and the others are enough")
    return {**problems, **{one.name: slow for one in left}}


def _put(
    own: logs.LogFolder, url: str, one: note.NoteKey, first: bytes, came: SimpleQueue[_Answer]
) -> None:
    lines: tuple[note.Signature, ...] = ()
    why: Problem | None = Problem("it could not be asked")
    try:
        lines, why = _asked_one(own, url, one, first), None
    except PratiqueError as error:
        why = Problem(error.message, isinstance(error, _Forked))
    finally:
        # Whatever happens: somebody waits for it.
        came.put((one, lines, why))


def _asked_one(
    own: logs.LogFolder, url: str, one: note.NoteKey, first: bytes
) -> tuple[note.Signature, ...]:
    number, body = cosign.asked(url, first)
    last = _last(number, body)
    if last is not None:
        # It says what it has seen last: one that is new, or was away.
        if last > own.size():
            raise _Forked(
                "witness-ahead",
                f"it has seen {last} leaves, and there are {own.size()} here: this log is an older copy, "
                "or the witness is wrong",
            )
        number, body = cosign.asked(url, request(own, last))
    # The path was made here, of the very tree: where it does not fit, the witness has seen another one. One that
    # names the same size again does so too, as other people's witnesses have it (C2SP tlog-witness).
    if (
        number == INCONSISTENT
        or body.startswith(FORKED)
        or (last is not None and _last(number, body) == last)
    ):
        raise _Forked(
            "witness-forked",
            "it has seen another tree of this log, which has the same key and other leaves",
        )
    if number != witness.OK:
        raise DocumentRefused("witness-refused", f"it answers {number}: {_words(body)}")
    return believed(own, one, body)


def _last(number: int, body: bytes) -> int | None:
    """Return how many leaves a witness says that it has seen; None if it says something else."""
    said = body.strip()
    return int(said) if number == CONFLICT and said.isdigit() and len(said) <= _DIGITS else None


def believed(own: logs.LogFolder, one: note.NoteKey, body: bytes) -> tuple[note.Signature, ...]:
    """Return a witness's cosignature of the head out of lines; DocumentRefused `witness-…` if it is wrong."""
    try:
        lines = note.read_signatures(body.decode("utf-8", "replace"))
    except DocumentRefused as error:
        raise DocumentRefused("witness-answer", "its answer is no cosignature", _AGAIN) from error
    head = own.head()
    found = tuple(line for line in lines if (line.name, line.id) == (one.name, one.id))
    if head is None or not found:
        raise DocumentRefused("witness-refused", "its answer holds no cosignature of its own")
    if not _has(head.with_signatures(*found), one):
        raise DocumentRefused(
            "witness-other",
            f"its cosignature is wrong, or of another checkpoint than the newest, of {own.size()} leaves",
            _AGAIN,
        )
    return found


def _has(head: note.Note, one: note.NoteKey) -> bool:
    try:
        return cosignature.check(head, one) is not None
    except DocumentRefused:
        return False


def _words(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace").strip()
