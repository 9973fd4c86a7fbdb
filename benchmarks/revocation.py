"""What revocation costs: bytes on the wire, innocents hit, microseconds a look-up.

    python -m benchmarks.revocation [--quick]

    universe of tags -> revoked -> TagList | Bloom | binary fuse | zlib bitmap -> table

1. Innocents are counted over the whole universe, and over as many again as were issued after the list
   was made, up to a million.
2. Microseconds are CPU time of this run, beside one bare ES256 check of the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import filters
from benchmarks.filters import Array, Filter
from pratique.revocation import tag_list
from pratique.revocation.tag_list import TagList, tag

CHUNK = 1_000_000
LOOKUPS = 5_000
HEAD: dict[str, Any] = {"participant": "XXU", "kid": b"12345678", "created": 1, "expires": 9}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a hundredth of everything")
    shrink = 100 if parser.parse_args().quick else 1
    draw = np.random.default_rng(1)
    check = es256()
    width = 25 if shrink == 1 else 18
    issued, revoked = 10_000_000 // shrink, 100_000 // shrink
    drawn = draw.permutation(np.arange(1 << width, dtype=np.int64))
    universe, later = drawn[:issued], drawn[issued : issued + min(issued, 1_000_000)]
    taken, innocent = universe[:revoked], np.concatenate([universe[revoked:], later])
    print(f"one ES256 check: {check:.1f} us; {issued:,} issued, {len(later):,} more issued later")
    held = ours(taken, width)
    print(
        f"{'way':24} {'bytes':>9} {'bits each':>9} {'innocents':>9} {'missed':>6} {'us':>7} {'of ES256':>8}"
    )
    asked = draw.permutation(np.concatenate([taken[:LOOKUPS], innocent[-LOOKUPS:]]))
    for way in (
        held, filters.bloom(taken), filters.fuse(taken, 16), filters.fuse(taken, 32),
        filters.bitmap(taken, width),
    ):  # fmt: skip
        row(way, taken, innocent, asked, check)
    bulk(taken, innocent, width, check)
    step(taken, width, draw)
    large(draw, shrink)


def ours(taken: Array, width: int) -> Filter:
    """Make our list, and read it again."""
    start = time.process_time()
    made = TagList.build(taken.tolist(), width=width, version=1, **HEAD).to_bytes()
    built = time.process_time()
    held = TagList.from_bytes(made)
    print(
        f"list of {len(held):,}: built in {built - start:.2f} s, read whole in {time.process_time() - built:.2f} s"
    )

    def many(tags: Array) -> Array:
        return np.isin(tags, np.fromiter(held.contains_many(tags.tolist()), dtype=np.int64))

    return Filter("tag list (Rice)", len(made), many, held.__contains__)


def row(way: Filter, taken: Array, innocent: Array, asked: Array, check: float) -> None:
    """Print one way's row."""
    hit = sum(
        int(way.many(innocent[at : at + CHUNK]).sum()) for at in range(0, len(innocent), CHUNK)
    )
    missed = len(taken) - int(way.many(taken).sum())
    tags = asked.tolist()
    spent = best(lambda: [way.one(number) for number in tags]) / len(tags) * 1e6
    print(
        f"{way.name:24} {way.size:9,} {way.size * 8 / len(taken):9.2f} {hit:9,} {missed:6,} "
        f"{spent:7.2f} {spent / check:8.3f}"
    )


def bulk(taken: Array, innocent: Array, width: int, check: float) -> None:
    """Print what a look-up in bulk costs, and the tag it looks for."""
    held = TagList.build(taken.tolist(), width=width, version=1, **HEAD)
    tags = innocent[:CHUNK].tolist()
    each = best(lambda: held.contains_many(tags), 3) / len(tags) * 1e6
    texts = [f"URN:UVCI:01:XU:{number:020X}" for number in range(LOOKUPS)]
    made = best(lambda: [tag(b"12345678", text, width) for text in texts]) / LOOKUPS * 1e6
    print(f"in bulk, {len(tags):,} at once: {each:.2f} us each, {each / check:.3f} of ES256")
    print(f"the tag of one identifier: {made:.2f} us")


def step(taken: Array, width: int, draw: np.random.Generator) -> None:
    """Print what a delta of 1,000 weighs."""
    more = np.setdiff1d(draw.integers(0, 1 << width, 1_100), taken)[:1_000]
    older = TagList.build(taken.tolist(), width=width, version=1, **HEAD)
    newer = TagList.build([*taken.tolist(), *more.tolist()], width=width, version=2, **HEAD)
    made = tag_list.make(older, newer).to_bytes()
    start = time.process_time()
    assert tag_list.apply(older, tag_list.Delta.from_bytes(made)) == newer
    spent = time.process_time() - start
    print(f"delta of {len(more):,}: {len(made):,} bytes, applied in {spent:.2f} s")


def large(draw: np.random.Generator, shrink: int) -> None:
    """Print what a list of 10^6 revoked of 10^8 weighs; its tags are drawn directly."""
    width, count = (28, 1_000_000) if shrink == 1 else (21, 10_000)
    tags = draw.permutation(np.unique(draw.integers(0, 1 << width, count + count // 10)))[:count]
    start = time.process_time()
    made = TagList.build(tags.tolist(), width=width, version=1, **HEAD)
    spent = time.process_time() - start
    exact = list(made.tags()) == np.sort(tags).tolist()
    numbers = draw.integers(0, 1 << width, LOOKUPS).tolist()
    each = best(lambda: [number in made for number in numbers]) / LOOKUPS * 1e6
    print(
        f"{count:,} revoked of {count * 100:,}, {width} bits: {len(made.to_bytes()):,} bytes, built in "
        f"{spent:.2f} s, exact: {exact}, {each:.1f} us a look-up"
    )
    step(tags, width, draw)


def es256() -> float:
    """Return the microseconds of a bare ES256 check."""
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(b"message", ec.ECDSA(hashes.SHA256()))
    public, algorithm = key.public_key(), ec.ECDSA(hashes.SHA256())
    run = lambda: [public.verify(signature, b"message", algorithm) for _ in range(500)]  # noqa: E731
    return best(run) / 500 * 1e6


def best(run: Callable[[], object], rounds: int = 5) -> float:
    """Return the CPU seconds of the best of some rounds."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return min(spent)


if __name__ == "__main__":
    main()
