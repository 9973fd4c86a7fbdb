"""Cosignatures (C2SP tlog-cosignature): a witness says until when it has seen one log only.

    checkpoint's text, time -> cosign -> Signature          Note, witness's key -> check -> time

1. It is over the whole text of the checkpoint and the time; the log's own signature is not in it.
2. The key's type says what the bytes are (`_KINDS`): another kind of signature gets a row there.
"""

from __future__ import annotations

from collections.abc import Callable

from pratique.crypto import ed25519
from pratique.log.merkle import MAX_SIZE, refused
from pratique.log.note import COSIGNATURE, Note, NoteKey, Signature

_TIME_SIZE = 8


def cosign(text: str, name: str, key: ed25519.Ed25519Key, *, at: int) -> Signature:
    """Cosign a checkpoint's text as the witness NAME; `at` is in seconds since the epoch."""
    if not 0 < at <= MAX_SIZE:
        raise ValueError("a time after the epoch is asked for")
    own = NoteKey(name, COSIGNATURE, key.public_key)
    return Signature(name, own.id, at.to_bytes(_TIME_SIZE, "big") + key.sign(_message(text, at)))


def check(note: Note, witness: NoteKey) -> int | None:
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
    if len(body) != _TIME_SIZE + ed25519.SIGNATURE_SIZE:
        return None
    at = int.from_bytes(body[:_TIME_SIZE], "big")
    if not 0 < at <= MAX_SIZE:
        return None
    good = ed25519.checker(witness.public)(body[_TIME_SIZE:], _message(text, at))
    return at if good else None


_KINDS: dict[int, Callable[[NoteKey, bytes, str], int | None]] = {COSIGNATURE: _ed25519}
"""Key type to check: (witness, signature, checkpoint's text) -> time, or None if it is wrong."""
KNOWN = frozenset(_KINDS)
"""Types of keys that can cosign here."""
