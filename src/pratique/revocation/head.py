"""What a revocation list and a delta say about themselves, as bytes.

    name | participant | kid | width, version, created, expires, count -> Head, rest

1. Every field has one spelling; whatever follows the head belongs to its reader.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pratique.revocation.rice import MAX_COUNT, MAX_WIDTH, malformed

_NUMBERS = struct.Struct(">BIQQI")
MAX_NAME = 64
"""Bytes of a participant's code or of a kid."""
_LAST = 253_402_300_799  # the last second of the year 9999


class Head(NamedTuple):
    """A list's head.

    Attributes:
        participant: whose key it is, as the trust list spells it.
        kid: of the key whose certificates the tags stand for.
        width: bits of a tag.
        version: 1 and upwards; a later list has a larger one.
        created: seconds since the epoch.
        expires: until when it is meant to be used; a later version is there before.
    """

    participant: str
    kid: bytes
    width: int
    version: int
    created: int
    expires: int

    def to_bytes(self, name: bytes, count: int) -> bytes:
        """Write the head of a file of this name with so many tags."""
        participant = self.participant.encode()
        return b"".join((
            name, bytes([len(participant)]), participant, bytes([len(self.kid)]), self.kid,
            _NUMBERS.pack(self.width, self.version, self.created, self.expires, count),
        ))  # fmt: skip

    def fits(self) -> bool:
        """Tell whether every field is within its bounds."""
        return (
            0 < len(self.participant) <= MAX_NAME
            and self.participant.isascii()
            and self.participant.isprintable()
            and 0 < len(self.kid) <= MAX_NAME
            and 0 < self.width <= MAX_WIDTH
            and 0 < self.version < 1 << 32
            and 0 <= self.created <= self.expires <= _LAST
        )


def read(data: bytes, name: bytes) -> tuple[Head, int, bytes]:
    """Return a file's head, its count, and the rest; DocumentRefused `revocation-malformed`."""
    if not data.startswith(name):
        raise malformed(f"it does not begin with {name.decode().strip()}")
    participant, at = _text(data, len(name))
    kid, at = _text(data, at)
    end = at + _NUMBERS.size
    if len(data) < end:
        raise malformed("it is cut off")
    width, version, created, expires, count = _NUMBERS.unpack(data[at:end])
    # What is not ASCII becomes �, which `fits` refuses.
    head = Head(participant.decode("ascii", "replace"), kid, width, version, created, expires)
    if not head.fits() or count > MAX_COUNT:
        raise malformed("a field of its head is out of bounds")
    return head, count, data[end:]


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + (data[at] if at < len(data) else 0)
    return data[at + 1 : end], end
