"""Measure the log: a proof's size and time, and what a year of 200 participants weighs.

python -m benchmarks.log [--days 365] [--participants 200] [--proofs 2000]
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Iterator
from hashlib import sha256

from tuf.api.metadata import Metadata, MetaFile, Snapshot

from pratique.crypto import keys
from pratique.crypto.keys import Ed25519Key
from pratique.network import metadata
from pratique.network.logged import MetadataLeaf
from pratique.tlog import checkpoint
from pratique.tlog.checkpoint import Checkpoint, Proof, Quorum, check_proof, signed
from pratique.tlog.merkle import Frontier, inclusion, leaf_hash
from pratique.tlog.note import COSIGNATURE, NOTE, Note, NoteKey
from pratique.tlog.tiles import Tiles, grown

ORIGIN, AT = "log.network.example", 1_795_000_000
WITNESSES, QUORUM, MOST = 7, 5, 1 << 20


def key(name: str) -> Ed25519Key:
    """Return the key of a name."""
    return keys.from_seed(sha256(name.encode()).digest())


def quorum() -> Quorum:
    """Return the log and the witnesses."""
    listed = [f"w{n}.network.example" for n in range(WITNESSES)]
    keys = tuple(NoteKey(name, COSIGNATURE, key(name).public_key) for name in listed)
    return Quorum(NoteKey(ORIGIN, NOTE, key(ORIGIN).public_key), keys, QUORUM)


def note_of(size: int, root: bytes) -> Note:
    """Return a checkpoint with a quorum under it."""
    note = signed(Checkpoint(ORIGIN, size, root), key(ORIGIN))
    return note.with_signatures(
        *(
            checkpoint.cosign(note.text, w.name, key(w.name), at=AT)
            for w in quorum().witnesses[:QUORUM]
        )
    )


def a_leaf(number: int) -> bytes:
    """Return a leaf as the network has them."""
    digest = sha256(b"%d" % number).hexdigest()
    return MetadataLeaf(metadata.metadata("snapshot", number + 1), digest).to_bytes()


def proofs(rounds: int) -> None:
    """Measure a proof of twenty steps and five cosignatures."""
    path = tuple(sha256(b"%d" % step).digest() for step in range(20))
    # A path of real length: the tree is made so that the leaf at 0 has these neighbours.
    leaf = a_leaf(0)
    root = leaf_hash(leaf)
    for one in path:
        root = sha256(b"\x01" + root + one).digest()
    note = note_of(MOST, root)
    data = Proof(0, path, note).to_bytes()
    policy = quorum()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        check_proof(Proof.from_bytes(data), leaf, policy)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    print(
        f"proof, 20 steps and {QUORUM} cosignatures: {len(data)} bytes, "
        f"gzip {len(gzip.compress(data, 6))}; read and checked in "
        f"{statistics.median(times):.2f} ms (median), {times[0]:.2f} (best), "
        f"{times[int(len(times) * 0.99)]:.2f} (99 %)"
    )


def days(participants: int) -> Iterator[list[str]]:
    """Yield the steps of one day after the other: names of roles that are published in each.

    Each participant publishes once a day; the seats once a week; a list of versions with each.
    """
    for day in range(10_000):
        steps = [f"X{n:02d}" for n in range(participants)]
        yield [*steps, *(["targets"] if day % 7 == 0 else [])]


def year(count: int, participants: int, hourly: bool) -> None:
    """Let a log grow, one checkpoint for each edition, and weigh what lies there."""
    files: dict[str, int] = {}
    kept: dict[str, bytes] = {}
    newest: dict[str, str] = {}
    size, versions, snapshot, stamp, entries = 0, dict[str, int](), 0, 0, 0
    frontier = Frontier()
    start = time.process_time()
    editions = 0
    for day, steps in zip(range(count), days(participants), strict=False):
        for at, role in enumerate(steps):
            versions[role] = versions.get(role, 0) + 1
            snapshot += 1
            listed = [
                metadata.metadata(role, versions[role]),
                metadata.metadata("snapshot", snapshot),
            ]
            if hourly and at % max(1, len(steps) // 24) == 0:
                stamp += 1
                listed.append(metadata.metadata("timestamp", stamp))
            leaves = [
                MetadataLeaf(n, sha256(f"{n} {day}".encode()).hexdigest()).to_bytes()
                for n in listed
            ]
            entries += sum(map(len, leaves))
            made = grown(kept.get, size, leaves)
            for leaf in leaves:
                frontier.append(leaf_hash(leaf))
            size += len(leaves)
            editions += 1
            files |= {path: len(data) for path, data in made.items()}
            kept |= made
            for path in made:
                # A partial tile is read once more, for the next one of its place.
                place = path.partition(".p/")[0]
                kept.pop(newest.get(place, ""), None)
                newest[place] = path
    spent = time.process_time() - start
    full = {path: n for path, n in files.items() if ".p/" not in path}
    partial = {path: n for path, n in files.items() if ".p/" in path}
    what = "with hourly timestamps" if hourly else "without timestamps"
    print(f"{count} days, {participants} participants, {what}: {size} leaves, {editions} editions")
    print(f"  leaves' own bytes {entries:,}; {spent / editions * 1e3:.2f} ms CPU an edition")
    print(f"  full tiles {len(full):,} files, {sum(full.values()):,} bytes")
    print(
        f"  partial tiles {len(partial):,} files, {sum(partial.values()):,} bytes, may be removed"
    )
    tree = Tiles(kept.get, size)
    steps_up = inclusion(tree, size - 1, size)
    proof = Proof(size - 1, steps_up, note_of(size, frontier.root()))
    print(f"  the newest proof has {len(steps_up)} steps, {len(proof.to_bytes())} bytes")


def versions_list(participants: int) -> None:
    """Weigh the list of versions, with and without digests."""
    for what in (False, True):
        meta = {}
        for number in range(participants):
            digest = sha256(b"%d" % number).hexdigest()
            hashes = {"sha256": digest} if what else None
            meta[f"X{number:02d}.json"] = MetaFile(365, hashes=hashes)
        data = Metadata(Snapshot(1, meta=meta)).to_bytes()
        told = json.loads(data)
        print(
            f"list of versions of {len(told['signed']['meta'])} roles, "
            f"{'with' if what else 'without'} digests: "
            f"{len(data):,} bytes, gzip {len(gzip.compress(data, 6)):,}"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--proofs", type=int, default=2000)
    found = parser.parse_args()
    proofs(found.proofs)
    versions_list(found.participants)
    for hourly in (False, True):
        year(found.days, found.participants, hourly)


if __name__ == "__main__":
    main()
