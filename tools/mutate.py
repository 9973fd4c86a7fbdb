"""Make hostile inputs out of good ones: every layer of a text is damaged, and signed anew where it can be.

    seed text -> mutate at one layer -> (sign) -> hostile text

1. One place for `make test` and `make fuzz`; the same seed makes the same inputs.
2. Most inputs are signed by a key of the kit after they were made hostile: otherwise they would end
   at the signature, and the reader of the content would never see them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import cbor2

from pratique.formats import base45
from tools import grammar
from tools.vectors import keys, layers

SIGNERS = ("utopia",) * 8 + (
    "utopia-test", "ruritania", "nowhere", "twice-dcc", "unreadable",
)  # fmt: skip
CHARACTERS = (
    layers.base45(b"") + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" + "a\n\0é\u212a\ud800"
)


class Seed(NamedTuple):
    """A good text, taken apart."""

    text: str
    message: bytes
    payload: bytes
    claims: Any


class Hostile(NamedTuple):
    """A hostile input, and at which layer it is."""

    layer: str
    text: str


def seeds(texts: list[str]) -> list[Seed]:
    """Take apart the texts that can be."""
    found = []
    for text in texts:
        packed = base45.decode(text[4:]) if text.startswith("HC1:") else None
        try:
            message = zlib.decompress(bytes(packed or b""))
            parts = cbor2.loads(message)
            payload = getattr(parts, "value", parts)[2]
            claims = cbor2.loads(payload)
        except Exception:  # noqa: BLE001, S112 - a text that cannot be taken apart is no seed
            continue
        if isinstance(claims, dict):
            found.append(Seed(text, message, payload, claims))
    return found


def kit_texts(kit: Path = keys.KIT) -> list[str]:
    """Return the texts of the kit, good and bad."""
    return [
        row["text"]
        for path in sorted((kit / "cases").iterdir())
        for row in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]


def octets(data: bytes, draw: Random) -> bytes:
    """Damage bytes: flip, set, cut, repeat, insert, splice."""
    out = bytearray(data or b"\0")
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        at = draw.randrange(len(out)) if out else 0
        match draw.randrange(7):
            case 0 if out:
                out[at] ^= 1 << draw.randrange(8)
            case 1 if out:
                out[at] = draw.randrange(256)
            case 2:
                del out[at : at + draw.randrange(1, 9)]
            case 3:
                out[at:at] = out[at : at + draw.randrange(1, 33)]
            case 4:
                out[at:at] = draw.randbytes(draw.randrange(1, 9))
            case 5:
                out[at:at] = bytes.fromhex(draw.choice(grammar.HEADS))
            case _:
                del out[at:]
    return bytes(out)


def _text(seed: Seed, draw: Random) -> str:
    text = list(seed.text)
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = draw.randrange(len(text) + 1)
        match draw.randrange(4):
            case 0:
                text[at : at + 1] = draw.choice(CHARACTERS)
            case 1:
                text.insert(at, draw.choice(CHARACTERS))
            case 2:
                del text[at : at + draw.randrange(1, 20)]
            case _:
                text[at:at] = text[at : at + draw.randrange(1, 600)]
    return "".join(text)


def _packed(seed: Seed, draw: Random) -> str:
    return layers.hc1(octets(layers.pack(seed.message), draw))


def _message(seed: Seed, draw: Random) -> str:
    return layers.hc1(layers.pack(octets(seed.message, draw)))


def _parts(seed: Seed, draw: Random) -> str:
    parts: list[Any] = [b"", {}, seed.payload, b"\1" * 64]
    for _ in range(draw.choice((1, 2, 3))):
        parts[draw.randrange(4)] = grammar.value(draw, 3)
    return layers.hc1(layers.pack(b"\xd2" + grammar.dumps(parts)))


def _signed(payload: bytes, draw: Random) -> str:
    by = draw.choice(SIGNERS)
    header = draw.randrange(12)
    if header == 0:
        unprotected = {layers.KID: keys.SIGNERS[by].kid}
        named = layers.cbor({1: keys.COSE[keys.SIGNERS[by].algorithm]})
        message = layers.signed(payload, by=by, protected=named, unprotected=unprotected)
    elif header == 1:
        message = layers.signed(payload, by=by, unprotected={4: b"x", 99: grammar.plain(draw)})
    else:
        tag = draw.choice((layers.TAGGED, layers.UNTAGGED, layers.CWT_TAGGED))
        message = layers.signed(payload, by=by, tag=tag)
    return layers.hc1(layers.pack(message))


def _payload(seed: Seed, draw: Random) -> str:
    return _signed(octets(seed.payload, draw), draw)


def _structure(seed: Seed, draw: Random) -> str:
    claims = seed.claims
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        claims = grammar.changed(claims, draw)
    return _signed(grammar.dumps(claims), draw)


def _grammar(_seed: Seed, draw: Random) -> str:
    if draw.random() < 0.5:
        return _signed(grammar.octets(draw, 0), draw)
    content = grammar.value(draw, 4)
    claim = draw.choice((1, 1, 3, 4, 5, -6, -7, "1", 99))
    return _signed(grammar.dumps(layers.claims(content, claim=claim)), draw)


LAYERS: dict[str, tuple[int, Callable[[Seed, Random], str]]] = {
    "text": (1, _text),
    "compression": (1, _packed),
    "message": (1, _message),
    "parts": (1, _parts),
    "payload, signed": (4, _payload),
    "structure, signed": (8, _structure),
    "grammar, signed": (4, _grammar),
}
"""Layer -> (its share of the inputs, its maker)."""


def hostile(found: list[Seed], count: int, seed: int) -> Iterator[Hostile]:
    """Make so many hostile inputs; the same seed makes the same."""
    draw = Random(seed)  # noqa: S311 - to be made again, not to be secret
    names = list(LAYERS)
    shares = [LAYERS[name][0] for name in names]
    for _ in range(count):
        (name,) = draw.choices(names, shares)
        yield Hostile(name, LAYERS[name][1](draw.choice(found), draw))
