"""JSON from outside: one reading only.

1. Two members of one name, numbers that are none, and depth without end are refused: two readers
   could see two documents.
2. A byte order mark is let pass: some publishers write one.
"""

from __future__ import annotations

import base64

from pratique.crypto import strict_json
from pratique.errors import DocumentRefused

OF_ONE = 100_000
"""Values of one participant's document: 256 rules at their limits take 30,000, 1,024 signers 4,000."""


def parse(data: bytes, *, most: int = strict_json.NODES) -> object:
    """Parse a JSON document of at most so many values; DocumentRefused `json-unreadable`."""
    try:
        return strict_json.loads(data, most=most)
    except ValueError as error:
        raise DocumentRefused(
            "json-unreadable",
            "it is not JSON that can be read in one way only",
            "a name that stands twice, NaN, half a character, very deep nesting, or too many values is refused too",
        ) from error


def octets(text: object) -> bytes | None:
    """Decode base64 in the strict alphabet, line breaks allowed; None if it is not base64."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None
