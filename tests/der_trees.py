"""Trees of DER, changed at one place.

edited(data, path, change) -> the same tree with one other value in it
"""

from __future__ import annotations

from typing import Any

from pratique.crypto import asn1


def edited(data: bytes, path: tuple[int, ...], change: Any) -> bytes:
    """Replace one value of a DER tree: `path` are indices, `change` makes the new octets of the old."""
    if not path:
        new: bytes = change(data)
        return new
    value, _ = asn1.read_at(data, 0)
    parts = [part.raw for part in asn1.children(value.body)]
    parts[path[0]] = edited(parts[path[0]], path[1:], change)
    return asn1.write(value.tag, b"".join(parts))
