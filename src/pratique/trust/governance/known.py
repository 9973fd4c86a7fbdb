"""Keys that were seen before, and where: so that none serves twice.

    pratique-known-keys-1 | pratique-governance-1 -> read -> KnownKey, ...

1. Digests only: who holds the file learns which keys are in use, and not one of them.
2. A report of an earlier check is such a file too: it holds the keys that it was about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.terms import Environment
from pratique.trust import json_text
from pratique.trust.rows import array, text

FORMATS = ("pratique-known-keys-1", "pratique-governance-1")


class KnownKey(NamedTuple):
    """A key, and where it was seen.

    Attributes:
        key: SHA-256 of the public key, hex.
        certificate: SHA-256 of the certificate that it was in, hex.
    """

    key: str
    participant: str
    environment: Environment
    role: str
    certificate: str


def read(data: bytes) -> tuple[KnownKey, ...]:
    """Read a file of known keys; DocumentRefused `known-keys-malformed`."""
    found = json_text.parse(data)
    try:
        if not isinstance(found, dict) or found["format"] not in FORMATS:
            raise ValueError("format")
        return tuple(map(_row, array(found["keys"])))
    except (TypeError, ValueError, KeyError) as error:
        raise DocumentRefused(
            "known-keys-malformed",
            "it is no list of known keys",
            f"name one of format {FORMATS[0]}, or the JSON report of an earlier check",
        ) from error


def as_json(keys: Iterable[KnownKey]) -> dict[str, Any]:
    """Return what a file of known keys holds."""
    return {"format": FORMATS[0], "keys": [key._asdict() for key in sorted(set(keys))]}


def _row(row: Any) -> KnownKey:
    if type(row) is not dict or row.keys() != set(KnownKey._fields):
        raise ValueError("members of a key")
    return KnownKey(
        key=text(row["key"]),
        participant=text(row["participant"]),
        environment=Environment(text(row["environment"])),
        role=text(row["role"]),
        certificate=text(row["certificate"]),
    )
