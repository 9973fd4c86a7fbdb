"""Documents that went wrong in one place or a few: members gone, doubled, of another kind, too large."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable
from typing import Any

from securesystemslib.formats import encode_canonical

from pratique.crypto.algorithms import to_der
from pratique.crypto.keys import SigningKey
from pratique.network import metadata

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 10**10, 10**300, 1.5, "", "x", "é\u202e", "\ud800", "0" * 64,
    "../x", [], [[]], [None], {}, {"": None}, {"x": {}}, "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "2026-11-22T09:00:00Z", ["x", "x"], "a" * 300, "targets", "root",
)  # fmt: skip


def mangled(chance: random.Random, document: Any, times: int = 1) -> Any:
    """Return a copy in which something is not as it was."""
    made = copy.deepcopy(document)
    for _ in range(times):
        places = [*_places(made)]
        if not places:
            break
        holder, at = chance.choice(places)
        what = chance.randrange(5)
        if what == 0:
            del holder[at]
        elif what == 1 and isinstance(holder, dict):
            holder[chance.choice(["x", "", "expires", "suspend", "XUA"])] = holder.pop(at)
        elif what == 2 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[at]))
        else:
            holder[at] = copy.deepcopy(chance.choice(ODD))
    return made


def octets(chance: random.Random, data: bytes) -> bytes:
    """Return bytes of a document that is mangled, or is none at all."""
    what = chance.randrange(8)
    if what == 0:
        return chance.randbytes(chance.randrange(64))
    if what == 1:
        at = chance.randrange(len(data))
        return data[:at] + chance.randbytes(1) + data[at + 1 :]
    if what == 2:
        return data[: chance.randrange(len(data))]
    found = mangled(chance, json.loads(data), chance.choice([1, 1, 1, 2, 4]))
    return json.dumps(found).encode()


def signed(document: Any, by: Iterable[SigningKey]) -> bytes:
    """Sign whatever stands in a document, as no honest program would."""
    try:
        message = encode_canonical(document)
    except Exception:  # noqa: BLE001 - what cannot be signed is handed in unsigned
        message = ""
    text = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else b""
    signatures = [
        {"keyid": metadata.keyid(one.public_key), "sig": to_der(one.sign(text)).hex()} for one in by
    ]
    return json.dumps({"signed": document, "signatures": signatures}).encode()


def _places(document: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(document, dict):
        found: Iterable[Any] = list(document)
    else:
        found = range(len(document)) if isinstance(document, list) else ()
    for at in found:
        yield document, at
        yield from _places(document[at])
