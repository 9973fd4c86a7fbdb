"""What an issuer notes of its register beside its keys: which register a key signs with, how far it was.

    register's identity and counts -> told -> lost, or as it should be

1. A key whose register was lost, or put back from an old copy, signs no more: a tag that it draws might
   be in use, and with it a revocation could hit somebody else. It is retired, and another one made.
2. Notes hold counts and no tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused, UsageError
from pratique.trust.shards import Shard


class Note(NamedTuple):
    """A key's register, and how many certificates it had of that key at least."""

    register: bytes
    issued: int


def check(
    shard: Shard, notes: Mapping[str, Note], *, register: bytes, counts: Mapping[bytes, int]
) -> None:
    """Refuse a key whose register is another or an older one; UsageError `register-lost`."""
    note = notes.get(shard.label)
    if note is None:
        return
    if note.register != register:
        why = "another register than the one that it has signed with"
    elif counts.get(shard.kid, 0) < note.issued:
        why = f"a register that knows fewer than the {note.issued} certificates that it has signed"
    else:
        return
    raise UsageError(
        "register-lost",
        f"the key {shard.label} would sign with {why}",
        "restore the register from its newest backup; if it is lost, retire the key "
        f"(pratique issuer keys retire {shard.label}) and make another one",
    )


def updated(
    notes: Mapping[str, Note],
    shards: tuple[Shard, ...],
    *,
    register: bytes,
    counts: Mapping[bytes, int],
) -> dict[str, Note]:
    """Return the notes with what the register knows now of the keys that have signed with it."""
    found = dict(notes)
    for shard in shards:
        if count := counts.get(shard.kid, 0):
            found[shard.label] = Note(register, count)
    return found


def to_rows(notes: Mapping[str, Note]) -> dict[str, dict[str, object]]:
    """Return what JSON holds of notes."""
    return {
        label: {"register": note.register.hex(), "issued": note.issued}
        for label, note in sorted(notes.items())
    }


def from_rows(rows: Any) -> dict[str, Note]:
    """Read notes; DocumentRefused `notes-malformed` if they are none."""
    try:
        return {
            str(label): Note(bytes.fromhex(row["register"]), int(row["issued"]))
            for label, row in rows.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "notes-malformed",
            "what was noted of the register beside the keys cannot be read",
            "restore the issuer's folder from its backup",
        ) from error
