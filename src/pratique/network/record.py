"""A participant's own record of what it has published, and of what it has seen in the log.

    Proposal -> Record.with_edition -> kept by the participant -> journeys.monitor -> Watched, kept too

1. An edition is known by SHA-256 of what its hands have signed, and not of the file: whoever merges
   the signatures decides which of them the file carries.
2. Of one version several may have been signed before one was published: each of them is ours.
3. Keys follow upon keys: old ones, old and new together, new ones. Each set is ours, and none comes back.
4. A record is damaged or whole: it is refused if anything in it is odd.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Targets

from pratique.crypto import strict_json
from pratique.errors import DocumentRefused
from pratique.log.merkle import HASH_SIZE
from pratique.network import names
from pratique.trust import json_text
from pratique.trust.rows import array, text, whole

FORMAT, WATCHED = "pratique-published-1", "pratique-watched-1"
UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip
"""What metadata that is none makes of those who read it."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Record(NamedTuple):
    """What a participant knows that it has said.

    Attributes:
        code: of the participant.
        countries: codes that are its own to sign for.
        keys: identifiers of those that speak for it: sets, in the order in which they follow one another.
        threshold: how many of a set must sign.
        editions: by version, SHA-256 of everything that was signed as that version, the newest last.
    """

    code: str
    countries: frozenset[str]
    keys: tuple[frozenset[str], ...]
    threshold: int
    editions: Mapping[int, tuple[str, ...]] = {}

    def with_edition(self, metadata: Metadata[Targets]) -> Record:
        """Return it with one more edition."""
        version, signed = metadata.signed.version, digest(metadata)
        before = tuple(one for one in self.editions.get(version, ()) if one != signed)
        return self._replace(editions={**self.editions, version: (*before, signed)})

    def with_keys(self, *sets: frozenset[str]) -> Record:
        """Return it with sets of keys, in their order; old and new ones may have spoken together."""
        found = list(self.keys)
        for one in sets:
            if one not in found:
                both = found[-1] | one if found else one
                # Whoever notes this may have missed the time of both.
                found += [both, one] if both not in {*found, one} else [one]
        return self._replace(keys=tuple(found))

    def to_bytes(self) -> bytes:
        """Write it."""
        row = {
            **self._asdict(), "format": FORMAT, "countries": sorted(self.countries),
            "keys": list(map(sorted, self.keys)), "editions": {str(v): d for v, d in self.editions.items()},
        }  # fmt: skip
        return json.dumps(row, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """Read it; DocumentRefused `record-malformed`."""
        row: Any = json_text.parse(data)
        try:
            if row.keys() != {*cls._fields, "format"} or row["format"] != FORMAT:
                raise ValueError("members of a record")
            if not names.is_participants(row["code"]):
                raise ValueError("a member of a record")
            editions = {int(v): tuple(map(text, array(d))) for v, d in row["editions"].items()}
            if not all(map(_DIGEST.fullmatch, (d for held in editions.values() for d in held))):
                raise ValueError("an edition of a record")
            countries = frozenset(map(text, array(row["countries"])))
            keys = tuple(frozenset(map(text, array(one))) for one in array(row["keys"]))
            return cls(row["code"], countries, keys, whole(row["threshold"]), editions)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _malformed() from error


class Newest(NamedTuple):
    """The newest file of a role that is in the log."""

    version: int
    sha256: str


NEVER = Newest(0, "")


class Watched(NamedTuple):
    """What a monitor keeps from one time to the next.

    Attributes:
        size: leaves that were looked at.
        hashes: the frontier of the tree over them.
        newest: by role, the newest in the log.
        own: the participant's versions that are in the log.
        policy: SHA-256 of what the last root says of the log; "" before one was seen.
        listed: whether the participant was ever among the participants.
        keys: which set of the record's keys was seen last.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()
    newest: Mapping[str, Newest] = {}
    own: frozenset[int] = frozenset()
    policy: str = ""
    listed: bool = False
    keys: int = 0

    def to_bytes(self) -> bytes:
        """Write it."""
        row = {
            **self._asdict(), "format": WATCHED, "hashes": [one.hex() for one in self.hashes],
            "own": sorted(self.own), "newest": {role: list(one) for role, one in self.newest.items()},
        }  # fmt: skip
        return json.dumps(row, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Watched:
        """Read it; DocumentRefused `record-malformed`."""
        row: Any = json_text.parse(data)
        try:
            if row.keys() != {*cls._fields, "format"} or row["format"] != WATCHED:
                raise ValueError("members of what was watched")
            newest = {
                role: Newest(whole(version), text(sha))
                for role, (version, sha) in row["newest"].items()
            }
            hashes = tuple(map(bytes.fromhex, map(text, array(row["hashes"]))))
            if (
                row["size"] < 0
                or [len(one) for one in hashes] != [HASH_SIZE] * row["size"].bit_count()
            ):
                raise ValueError("a frontier is a hash for each bit of its size")
            own = frozenset(map(whole, array(row["own"])))
            if type(row["listed"]) is not bool:
                raise TypeError("not a yes or no")
            size, seen = whole(row["size"]), whole(row["keys"])
            return cls(size, hashes, newest, own, text(row["policy"]), row["listed"], seen)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _malformed() from error


def digest(metadata: Metadata[Any]) -> str:
    """Return SHA-256 of what the hands have signed, in hexadecimal."""
    return sha256(metadata.signed_bytes).hexdigest()


def read(data: bytes) -> Metadata[Any] | None:
    """Read metadata, whoever has signed it; None if it is none."""
    try:
        strict_json.gate(data)
        return Metadata.from_bytes(data)
    except (RepositoryError, *UNREADABLE):
        return None


def _malformed() -> DocumentRefused:
    return DocumentRefused(
        "record-malformed", "it is no record of what was published", "restore it from its copy"
    )
