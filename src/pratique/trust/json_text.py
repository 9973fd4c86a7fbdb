"""JSON from outside: one reading only.

1. Two members of one name, numbers that are none, and depth without end are refused: two readers
   could see two documents.
2. A byte order mark is let pass: some publishers write one.
"""

from __future__ import annotations

import base64
import json
from typing import NoReturn

from pratique.errors import DocumentRefused


def parse(data: bytes) -> object:
    """Parse a JSON document; DocumentRefused `json-unreadable`."""
    try:
        return json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise DocumentRefused(
            "json-unreadable",
            "it is not JSON that can be read in one way only",
            "a name that stands twice, NaN, or very deep nesting is refused too",
        ) from error


def octets(text: object) -> bytes | None:
    """Decode base64 in the strict alphabet, line breaks allowed; None if it is not base64."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member is there twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
