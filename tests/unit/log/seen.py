"""An invented log and its witnesses: keys, leaves, checkpoints, naive trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256

from pratique.crypto import keys
from pratique.crypto.keys import Ed25519Key
from pratique.errors import DocumentRefused
from pratique.tlog import checkpoint as tlog_checkpoint
from pratique.tlog.checkpoint import Checkpoint, Quorum, signed
from pratique.tlog.note import COSIGNATURE, NOTE, Note, NoteKey

ORIGIN = "log.invented.example"
AT = 1_795_000_000


@lru_cache(maxsize=256)
def key(name: str) -> Ed25519Key:
    return keys.from_seed(sha256(name.encode()).digest())


def log_key() -> NoteKey:
    return NoteKey(ORIGIN, NOTE, key(ORIGIN).public_key)


def witness(number: int) -> NoteKey:
    name = f"w{number}.invented.example"
    return NoteKey(name, COSIGNATURE, key(name).public_key)


def quorum(count: int = 7, needed: int = 5) -> Quorum:
    return Quorum(log_key(), tuple(map(witness, range(count))), needed)


def cosigned(note: Note, *numbers: int, at: int = AT) -> Note:
    found = (witness(number).name for number in numbers)
    more = (tlog_checkpoint.cosign(note.text, name, key(name), at=at) for name in found)
    return note.with_signatures(*more)


def checkpoint(size: int, root: bytes, *numbers: int) -> Note:
    return cosigned(signed(Checkpoint(ORIGIN, size, root), key(ORIGIN)), *numbers)


def naive(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 9162 §2.1.1 writes it, over leaf data."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH as RFC 9162 §2.1.3.1 writes it."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive(leaves[:k])]


def naive_proof(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF as RFC 9162 §2.1.4.1 writes it."""
    if m == len(leaves):
        return [] if whole else [naive(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_proof(m, leaves[:k], whole), naive(leaves[k:])]
    return [*naive_proof(m - k, leaves[k:], False), naive(leaves[:k])]


def code(ask: Callable[[], object]) -> str:
    """Return the code of a refusal, or nothing; whatever else is raised goes on."""
    try:
        ask()
    except DocumentRefused as error:
        return error.code
    return ""


def flipped(data: bytes, bit: int) -> bytes:
    """Return it with one bit turned."""
    found = bytearray(data)
    found[bit // 8] ^= 1 << bit % 8
    return bytes(found)
