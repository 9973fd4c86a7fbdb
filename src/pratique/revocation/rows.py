"""Revocations as JSON holds them in a snapshot, both ways; strict.

    Revocations -> to_rows -> {"lists": [...], "batches": [...], "slices": [...]} -> from_rows

1. The rows have exactly these members, each of its own type; anything else is a ValueError, a TypeError
   or a DocumentRefused, which the document's reader turns into its refusal.
2. Of a list, head and directory are read; its blocks are read when a certificate asks for one.
"""

from __future__ import annotations

import base64
from typing import Any

from pratique.revocation import approximate
from pratique.revocation.asked import Recall
from pratique.revocation.foreign import Entries, HashType, Key
from pratique.revocation.held import Revocations
from pratique.revocation.tag_list import TagList

_MEMBERS = {"lists", "batches", "slices"}


def to_rows(held: Recall | None) -> dict[str, list[object]] | None:
    """Return what JSON holds of revocations: the same content, the same rows; None of none."""
    if held is None:
        return None
    assert isinstance(held, Revocations)
    return {
        "lists": [
            *(_text(held.lists[name].to_bytes()) for name in sorted(held.lists)),
            # Only where two sources hold lists of one key; the first of a name is the one that counts.
            *(_text(one.to_bytes()) for one in held.beside),
        ],
        "batches": [
            [*_key_row(key), _text(entries.data)]
            for key, entries in sorted(held.exact.items(), key=lambda row: _key_row(row[0]))
        ],
        "slices": [
            [*_key_row(part.key), part.form.value, part.offset, _text(part.data)]
            for part in held.slices
        ],
    }


def from_rows(rows: Any) -> Revocations:
    """Return the revocations of rows; ValueError, TypeError or DocumentRefused if they are none."""
    if type(rows) is not dict or rows.keys() != _MEMBERS:
        raise ValueError("members of revocations")
    lists = [TagList.from_bytes(_octets(row), whole=False) for row in rows["lists"]]
    exact = {_key(row[:3]): Entries(data=_octets(row[3])) for row in rows["batches"]}
    slices = [_slice(row) for row in rows["slices"]]
    first: dict[tuple[bytes, str], TagList] = {}
    beside = [
        one
        for one in lists
        if first.setdefault((one.head.kid, one.head.participant), one) is not one
    ]
    held = Revocations(first.values(), exact, slices, beside)
    if to_rows(held) != rows:
        raise ValueError("revocations that are not sorted, or there twice")
    return held


def _slice(row: list[Any]) -> approximate.Slice:
    form, offset, data = row[3:]
    if type(offset) is not int:
        raise TypeError("offset")
    return approximate.read(_octets(data), _key(row[:3]), approximate.Form(form), offset)


def _key_row(key: Key) -> list[str]:
    return [key.country, "" if key.kid is None else _text(key.kid), key.hash_type.value]


def _key(row: list[Any]) -> Key:
    country, kid, hash_type = row
    if type(country) is not str:
        raise TypeError("country")
    return Key(country, _octets(kid) or None, HashType(hash_type))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _octets(text: object) -> bytes:
    if type(text) is not str:
        raise TypeError("not a text")
    return base64.b64decode(text, validate=True)
