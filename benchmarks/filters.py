"""Other ways to say who was revoked, on the same tags: what they weigh and whom they hit by mistake.

revoked tags -> bytes, may_hold(array of tags), one(tag)
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
MASK = (1 << 64) - 1


class Filter(NamedTuple):
    """One way: its name, its size, and how it is asked about many tags and about one."""

    name: str
    size: int
    many: Callable[[Array], Array]
    one: Callable[[int], bool]


def mixed(tags: Array, seed: int) -> Array:
    """Hash tags to 64 bits (splitmix64's finish)."""
    z = tags.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 & MASK)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _mixed_one(tag: int, seed: int) -> int:
    z = (tag + seed * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def bloom(revoked: Array, probability: float = 1e-12) -> Filter:
    """Make a Bloom filter of the best size for a probability (EU's default is 1e-12)."""
    bits = math.ceil(-len(revoked) * math.log(probability) / math.log(2) ** 2)
    count = round(bits / len(revoked) * math.log(2))
    held = np.zeros(bits, dtype=bool)
    for seed in range(1, count + 1):
        held[mixed(revoked, seed) % np.uint64(bits)] = True
    packed = np.packbits(held, bitorder="little").tobytes()

    def many(tags: Array) -> Array:
        found, left = np.zeros(len(tags), dtype=bool), np.arange(len(tags))
        for seed in range(1, count + 1):
            left = left[held[mixed(tags[left], seed) % np.uint64(bits)]]
        found[left] = True
        return found

    def one(tag: int) -> bool:
        for seed in range(1, count + 1):
            at = _mixed_one(tag, seed) % bits
            if not packed[at >> 3] >> (at & 7) & 1:
                return False
        return True

    return Filter(f"Bloom, p = {probability:.0e}", len(packed), many, one)


def fuse(revoked: Array, width: int) -> Filter:
    """Make a binary fuse filter of three segments (Graf and Lemire, 2022) with prints of 16 or 32 bits."""
    count = len(revoked)
    length = 1 << int(math.log(count) / math.log(3.33) + 2.25)
    factor = max(1.125, 0.875 + 0.25 * math.log(1e6) / math.log(count))
    segments = max(1, -(-round(count * factor) // length) - 2)
    slots = (segments + 2) * length
    prints = mixed(revoked, 7) & np.uint64((1 << width) - 1)
    for seed in range(8, 40):
        places = _places(revoked, seed, length, segments)
        order = _peeled(places, slots)
        if order is not None:
            break
    else:
        raise RuntimeError("no seed peels")
    table = [0] * slots
    rows, values = places.tolist(), prints.tolist()
    for key, slot in reversed(order):
        a, b, c = rows[key]
        table[slot] = values[key] ^ table[a] ^ table[b] ^ table[c]
    held = np.array(table, dtype=np.uint64)

    def many(tags: Array) -> Array:
        at = _places(tags, seed, length, segments)
        found = held[at[:, 0]] ^ held[at[:, 1]] ^ held[at[:, 2]]
        return np.asarray(found == (mixed(tags, 7) & np.uint64((1 << width) - 1)))

    def one(tag: int) -> bool:
        z = _mixed_one(tag, seed)
        start = (z >> 32) * segments >> 32
        a = start * length + (z & (length - 1))
        b = (start + 1) * length + (z >> 16 & (length - 1))
        c = (start + 2) * length + (_mixed_one(tag, seed + 100) & (length - 1))
        return table[a] ^ table[b] ^ table[c] == _mixed_one(tag, 7) & ((1 << width) - 1)

    return Filter(f"binary fuse, {width} bits", slots * width // 8, many, one)


def _places(tags: Array, seed: int, length: int, segments: int) -> Array:
    z, more = mixed(tags, seed), mixed(tags, seed + 100)
    start = ((z >> np.uint64(32)) * np.uint64(segments)) >> np.uint64(32)
    inside = np.uint64(length - 1)
    columns = [z & inside, (z >> np.uint64(16)) & inside, more & inside]
    return np.stack(
        [(start + np.uint64(i)) * np.uint64(length) + c for i, c in enumerate(columns)], axis=1
    ).astype(np.int64)


def _peeled(places: Array, slots: int) -> list[tuple[int, int]] | None:
    degree = np.bincount(places.ravel(), minlength=slots).tolist()
    keys = np.zeros(slots, dtype=np.int64)
    for column in range(3):
        np.bitwise_xor.at(keys, places[:, column], np.arange(len(places)))
    xor, rows = keys.tolist(), places.tolist()
    queue = [slot for slot in range(slots) if degree[slot] == 1]
    order = []
    while queue:
        slot = queue.pop()
        if degree[slot] != 1:
            continue
        key = xor[slot]
        order.append((key, slot))
        for other in rows[key]:
            degree[other] -= 1
            xor[other] ^= key
            if degree[other] == 1:
                queue.append(other)
    return order if len(order) == len(places) else None


def bitmap(revoked: Array, width: int) -> Filter:
    """Make a bitmap of all tags, deflated (as in Token Status List, its index being the tag)."""
    held = np.zeros(1 << width, dtype=bool)
    held[revoked] = True
    packed = np.packbits(held, bitorder="little").tobytes()
    size = len(zlib.compress(packed, 9))

    def one(tag: int) -> bool:
        return bool(packed[tag >> 3] >> (tag & 7) & 1)

    return Filter("zlib bitmap", size, lambda tags: np.asarray(held[tags]), one)
