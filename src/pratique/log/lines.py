"""The lines that a log's documents are made of: one spelling of each, and no other.

    b"1234" <-> 1234          b"CsUYap...=" <-> 32 bytes

1. A number has no sign, no leading zero and no space; Base64 is padded, with no odd bits at its end.
2. Text is UTF-8 without control characters, but for the end of its lines.
"""

from __future__ import annotations

import base64
import re

from pratique.log.merkle import HASH_SIZE, MAX_SIZE, refused

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def text(data: bytes, longest: int, what: str) -> str:
    """Return bytes as text; DocumentRefused `log-WHAT`."""
    if len(data) > longest:
        raise refused(what, f"it is longer than {longest} bytes")
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(what, "it is not UTF-8") from error
    if _CONTROL.search(found):
        raise refused(what, "there are control characters in it")
    return found


def number(line: str, what: str) -> int:
    """Read a number below 2^63."""
    if not _NUMBER.fullmatch(line) or int(line) > MAX_SIZE:
        raise refused(what, "a number in it is none")
    return int(line)


def octets(line: str, what: str) -> bytes:
    """Read Base64 (RFC 4648 §4), in the only spelling that its bytes have."""
    try:
        found = base64.b64decode(line.encode("ascii"), validate=True)
    except ValueError as error:  # of ASCII's or of Base64's
        raise refused(what, "something in it is no Base64") from error
    if base64.b64encode(found).decode() != line:
        raise refused(what, "its Base64 has a second spelling")
    return found


def digest(line: str, what: str) -> bytes:
    """Read a hash."""
    found = octets(line, what)
    if len(found) != HASH_SIZE:
        raise refused(what, "a hash in it has not 32 bytes")
    return found


def armoured(data: bytes) -> str:
    """Write Base64."""
    return base64.b64encode(data).decode()
