"""Read untrusted JSON (RFC 8259) under a strict structural gate.

    bytes -> size, nodes, depth, lone surrogates -> json -> plain values | ValueError

1. Everything is counted before the parser sees it. How deep the standard library's own parser can go
   differs between versions of Python, and what it has let through is met again by whoever compares,
   writes or copies it.
2. One reading only: two members of one name, numbers that are none or that no float can hold, and half
   of a surrogate pair are refused. Two readers could see two documents, and one of them would raise.
3. No other module parses JSON; a test holds it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

from pratique.errors import DocumentRefused

DEPTH = 64
"""Levels of a document. A rule at the limit of CertLogic here takes 40, a real one 20."""
NODES = 2_000_000
"""Values of a document, at most, whoever wrote it: some 200 MB once it is read."""
DIGITS = 300
"""Digits of an integer: a float can still hold it."""

_GREAT = re.compile(rb"[0-9]{%d}|[0-9][eE][+]?[0-9]{2}" % DIGITS)
"""Stands in every document with a number of too many digits, or beyond what a float holds."""
_CHUNK = 1 << 20
_STEPS = [0] * 256
for _octet, _step in ((b"[", 1), (b"{", 1), (b"]", -1), (b"}", -1)):
    _STEPS[_octet[0]] = _step
_NO_STRUCTURE = bytes(octet for octet in range(256) if octet not in b"[]{},")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")

Object = Callable[[list[tuple[str, Any]]], Any]


def loads(
    data: bytes, *, most: int = NODES, made: Object | None = None, halves: bool = False
) -> Any:
    """Parse a document in UTF-8, with or without a byte order mark; ValueError if it is none.

    Args:
        data: the document.
        most: values that it may have.
        made: makes an object of its members; without it, a name that stands twice is refused.
        halves: let halves of surrogate pairs pass; for test vectors, which hold what is to be refused.
    """
    gate(data, most=most, halves=halves)
    # Each number is looked at only where one may be too great: a call a number is dear in a long list.
    great = _GREAT.search(data) is not None
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=made or _object,
            parse_constant=_refuse,
            parse_int=_whole if great else None,
            parse_float=_real if great else None,
        )
    except RecursionError as error:
        raise ValueError("too deep") from error


def gate(data: bytes, *, most: int = NODES, halves: bool = False) -> None:
    """See to it that a document can be parsed at a known cost; ValueError if it cannot.

    It is not looked at whether it is JSON: this is for what another library parses.
    """
    opens = sum(map(data.count, (b"[", b"{")))
    if opens > DEPTH or opens + data.count(b",") >= most:
        _count(data, most)
    if not halves and _SURROGATE.search(data):
        # "\\ud800" is a backslash and five letters.
        left = _PAIR.sub(b"", data.replace(rb"\\", b""))
        if _SURROGATE.search(left):
            raise ValueError("half of a surrogate pair")


def _count(data: bytes, most: int) -> None:
    # Each value but the first follows upon a bracket or a comma, so this counts none too few.
    structure = _structure(data)
    opens = sum(map(structure.count, (b"[", b"{")))
    if opens + structure.count(b",") >= most:
        raise ValueError("too many values")
    brackets = structure.translate(None, b",")
    if opens > DEPTH and max(accumulate(map(_STEPS.__getitem__, brackets))) > DEPTH:
        raise ValueError("too deep")


def _structure(data: bytes) -> bytes:
    """Return the brackets and commas that stand outside of strings, in their order."""
    # A run of backslashes is escaped in pairs from its beginning, so what is left escapes a quote.
    bare = data.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in data else data
    found, inside = [], 0
    # In chunks, so that a document of quotes alone does not become as many pieces at once.
    for start in range(0, len(bare), _CHUNK):
        pieces = bare[start : start + _CHUNK].split(b'"')
        found.append(b"".join(pieces[inside::2]).translate(None, _NO_STRUCTURE))
        inside ^= (len(pieces) - 1) & 1
    return b"".join(found)


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member is there twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _whole(text: str) -> int:
    # Python's own limit differs between versions, and the environment can lift it.
    if len(text) > DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _real(text: str) -> float:
    found = float(text)
    if found in (float("inf"), float("-inf")):
        raise ValueError("beyond what a float holds")
    return found


# ----------------------------------------------------------------------------------------------------
# JSON from outside: one reading only.
#
# 1. Two members of one name, numbers that are none, and depth without end are refused: two readers
#    could see two documents.
# 2. A byte order mark is let pass: some publishers write one.


OF_ONE = 100_000
"""Values of one participant's document: 256 rules at their limits take 30,000, 1,024 signers 4,000."""


def parse(data: bytes, *, most: int = NODES) -> object:
    """Parse a JSON document of at most so many values; DocumentRefused `json-unreadable`."""
    try:
        return loads(data, most=most)
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
