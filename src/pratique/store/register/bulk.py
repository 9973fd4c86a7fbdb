"""Register a bulk job part by part: each is committed once, and can be made again from its requests.

    make(transaction, again) -> signed -> lines and the part's own row in one transaction -> signed

1. A part that the register has is not registered again: its texts are made again, the same.
2. Two processes may meet at one part or at one tag: the primary keys decide, and who was late starts
   that part over.
3. What is returned is committed.
4. No key signs more than was planned: the counts are seen in the transaction that adds to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import select

from pratique.errors import Unreadable
from pratique.issue import ANOTHERS, RegisterEntry, RegisterView
from pratique.store.register import schema
from pratique.store.register.register import Register, Transaction
from pratique.trust.issuer import Shard

# ----------------------------------------------------------------------------------------------------
# Which tags are in use under one key, in memory: a bit for each that there can be.
#
#     register -> Bitmap -> find(kid, tag) -> ANOTHERS | None, and then it is taken
#
# 1. For bulk issuing: a look-up costs no query. At 25 bits a key's map has 4 MB.
# 2. It may be older than the register: the primary key decides, and then it is loaded anew.


class Bitmap:
    """The tags in use under one key; a `RegisterView` for signing what is surely new."""

    def __init__(self, width: int, tags: Iterable[int] = ()) -> None:
        self._bits = bytearray(max(1, 1 << width >> 3))
        for tag in tags:
            self.find(b"", tag)

    def find(self, _kid: bytes, tag: int) -> RegisterEntry | None:
        """Return `ANOTHERS` if the tag is in use; one that is free is taken by who asked."""
        byte, bit = tag >> 3, 1 << (tag & 7)
        if self._bits[byte] & bit:
            return ANOTHERS
        self._bits[byte] |= bit
        return None


TRIES = 8
T = TypeVar("T")
Make = Callable[[RegisterView, bool], tuple[T, list[RegisterEntry]]]
"""Sign a part's records; return what came of it, and the entries. Told whether it was committed before."""


class Bulk:
    """A register that is written part by part; keeps a map of used tags per key."""

    def __init__(self, register: Register, shards: Sequence[Shard]) -> None:
        self._register = register
        self._maps = Maps(register, shards)

    def commit(self, job: bytes, number: int, *, at: int, make: Make[T]) -> T:
        """Make and register one part, or make it again if it is registered.

        Raises:
            Unreadable: `register-…`; `keys-full` where others have signed meanwhile what was planned.
        """
        for _ in range(TRIES):
            if self.done(job, number):
                return self._register.read(lambda transaction: make(transaction, True)[0])
            made, lines = make(self._maps, False)
            try:
                self._register.write(
                    partial(_add, part=(job, number), shards=self._maps.shards, at=at, lines=lines),
                    tries=1,
                )
            except Unreadable as error:
                if error.code != "register-contended":
                    raise
                # Others have issued with these keys, or have made this very part.
                self._maps.forget()
            else:
                return made
        raise Unreadable(
            "register-contended", "others keep issuing with the same shard", "try again"
        )

    def done(self, job: bytes, number: int) -> bool:
        """Tell whether a part is committed."""
        table = schema.job.c
        wanted = select(table.issued).where(table.id == job, table.number == number)
        return self._register.read(
            lambda transaction: transaction.connection.scalar(wanted) is not None
        )


class Maps:
    """The tags in use under each of some keys; a key's map is loaded when it is first asked for."""

    def __init__(self, register: Register, shards: Sequence[Shard]) -> None:
        self._register = register
        self.shards = {shard.kid: shard for shard in shards}
        self._maps: dict[bytes, Bitmap] = {}

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return `ANOTHERS` if the tag is in use; one that is free is taken by who asked."""
        found = self._maps.get(kid) or self._load(self.shards[kid])
        return found.find(kid, tag)

    def forget(self) -> None:
        """Load the maps anew when they are next asked for."""
        self._maps.clear()

    def _load(self, shard: Shard) -> Bitmap:
        self._register.write(lambda transaction: transaction.enrol(shard))
        bitmap = self._register.read(
            lambda transaction: Bitmap(shard.width, transaction.tags(shard.kid))
        )
        self._maps[shard.kid] = bitmap
        return bitmap


def _add(
    transaction: Transaction,
    *,
    part: tuple[bytes, int],
    shards: Mapping[bytes, Shard],
    at: int,
    lines: list[RegisterEntry],
) -> None:
    signing = Counter(line.kid for line in lines)
    counts = transaction.counts()
    for kid, more in signing.items():
        if counts.get(kid, 0) + more > shards[kid].capacity:
            raise Unreadable(
                "keys-full",
                f"others have signed meanwhile what was planned for the key {shards[kid].label}",
                "give the same command again: it goes on with the other keys",
            )
    # A part has signed with several keys; its row names one of them, also where it issued nothing.
    first = min(signing, default=next(iter(shards)))
    for kid in signing:
        transaction.enrol(shards[kid])
    row = {
        "id": part[0],
        "number": part[1],
        "shard_id": transaction.enrol(shards[first]),
        "issued_at": at,
        "issued": len(lines),
    }
    transaction.connection.execute(schema.job.insert().values(row))
    transaction.add(lines)
