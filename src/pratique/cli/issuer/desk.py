"""The issuer's desk: its shards and keys, its register and its value sets, opened once a process.

issuer's folder -> shards, keys by URI      register's URL -> Register      value sets -> Catalogue
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pratique.crypto.signing import SigningKey
from pratique.edges.register import Register
from pratique.errors import UsageError
from pratique.intake.catalogue import Catalogue
from pratique.trust.shards import Shard


class Desk(NamedTuple):
    """What issuing needs.

    Attributes:
        country: ISO 3166-1 alpha-2 code of the issuing country.
        authority: the issuing body as certificates name it.
        keys: opens a shard's key; the same one each time.
    """

    country: str
    authority: str
    shards: tuple[Shard, ...]
    keys: Callable[[Shard], SigningKey]
    register: Register
    catalogue: Catalogue

    def __repr__(self) -> str:
        return f"<Desk of {self.country}, {len(self.shards)} shards>"

    def shard(self, label: str) -> Shard:
        """Return the shard of a label; UsageError `shard-unknown`."""
        for shard in self.shards:
            if shard.label == label:
                return shard
        raise UsageError(
            "shard-unknown", f"there is no shard {label!r}", "pratique issuer keys list shows them"
        )
