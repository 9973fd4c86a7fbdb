"""What following a large network costs: bytes on the wire, CPU seconds, against python-tuf's own client.

    python -m benchmarks.network [--participants N] [--rounds N]

    invented network -> its days -> sync from each day to the next -> bytes raw and packed, CPU
    the same repository in a folder -> sync with its files | tuf.ngclient.Updater -> CPU

1. Seconds are CPU time of this process on one core, best and median of interleaved rounds; each is also
   told in bare ES256 checks of the same round.
2. Packed is `gzip -6` file by file, as a web server sends it. HTTP's own headers are not counted.
3. A day is one sync, 24 hours after the last one.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import clients
from benchmarks.participants import Network, Size, build, republish
from benchmarks.timing import in_turn
from pratique.compile import compiled
from pratique.network import view
from pratique.network.client import Sync, SyncOutcome
from pratique.network.view import Files
from tests.networks import DAY

CHECKS = 1_000
BARE = "bare ES256 check"
WEEK = 7
"""Days for which a participant's edition lasts at most."""


class Case(NamedTuple):
    """One sync: what is held, what the network says, and when."""

    held: Files
    files: Files
    at: datetime


Ways = dict[str, Callable[[], object]]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.network", description=__doc__.split("\n")[0])
    parser.add_argument("--participants", type=int, default=Size().participants)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    size = Size(asked.participants)
    network = build(size, datetime.now(UTC).replace(microsecond=0) - DAY)
    anchor = network.authority.anchor
    print(
        f"{size.participants} participants, of each {size.signers} signers, "
        f"{len(network.states[0].rules)} rules, {size.revoked:,} revoked"
    )
    cases = days(network)
    print(f"{'bytes':34} {'files':>6} {'raw':>10} {'packed':>10}")
    for name, case in cases.items():
        weigh(name, case, anchor)
    with TemporaryDirectory() as folder:
        ways = in_memory(cases, anchor) | clients.ways(folder, cases["first sync"].files, anchor)
        checks = {name: clients.counted(way) for name, way in ways.items()}
        time_all(ways, checks, asked.rounds)


def days(network: Network) -> dict[str, Case]:
    """Let the network live through its days; return the sync that each of them asks for."""
    authority, states = network.authority, network.states
    first = dict(authority.files)
    held = sync(Case({}, first, authority.now), authority.anchor).files
    authority.now += DAY
    authority.refresh()
    found = {
        "first sync": Case({}, first, authority.now - DAY),
        "a day, nothing changed": Case(held, dict(authority.files), authority.now),
    }
    quiet = dict(authority.files)
    states[0].revoke_tags(states[0].kid(), range(10))
    republish(network, states[:1])
    found["a day, one published"] = Case(held, dict(authority.files), authority.now)
    authority.files, states[0].deltas = quiet, {}
    some = -(-len(states) // WEEK)
    republish(network, states[1 : 1 + some])
    found[f"a day, {some} signed anew"] = Case(held, dict(authority.files), authority.now)
    return found


def sync(case: Case, anchor: bytes, got: dict[str, bytes] | None = None) -> SyncOutcome:
    """Sync once; `got` is given what came, by name."""
    run = Sync(case.held, anchor=anchor, at=case.at)
    while wanted := run.wanted():
        for name, _ in wanted:
            data = case.files.get(name)
            if got is not None and data is not None:
                got[name] = data
            run.receive(name, data)
    found = run.outcome()
    if found.problems:
        raise RuntimeError(f"the network is not sound: {found.problems}")
    return found


def weigh(name: str, case: Case, anchor: bytes) -> None:
    """Print what came in a sync, metadata and targets apart."""
    got: dict[str, bytes] = {}
    sync(case, anchor, got)
    for part in ("metadata", "targets"):
        files = [data for each, data in got.items() if each.startswith(f"{part}/")]
        packed = sum(len(gzip.compress(data, 6)) for data in files)
        raw = sum(map(len, files))
        print(f"{f'{name}: {part}':34} {len(files):6} {raw:10,} {packed:10,}")
    if not case.held:
        kinds: dict[str, int] = {}
        for each, data in got.items():
            kind = each.rsplit(".", 2)[-2] if each.startswith("metadata/") else ""
            kind = "participants" if kind.startswith("X") else kind
            kinds[kind] = kinds.get(kind, 0) + len(data)
        print(f"  of which {', '.join(f'{k} {v:,}' for k, v in kinds.items() if k)}")


def in_memory(cases: Mapping[str, Case], anchor: bytes) -> Ways:
    """Return every way of ours that reads and writes nothing."""
    ways: Ways = {BARE: bare()}
    for name, case in cases.items():
        ways[name] = partial(sync, case, anchor)
    held = dict(cases["a day, nothing changed"].held)
    seen = view.read(held, anchor)
    ways["cold start: view.read"] = lambda: view.read(held, anchor)
    ways["cold start: compiled"] = lambda: compiled(seen)
    return ways


def bare() -> Callable[[], object]:
    """Check one signature many times."""
    key, message = ec.generate_private_key(ec.SECP256R1()), bytes(400)
    ecdsa = ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(message, ecdsa), key.public_key()

    def run() -> None:
        for _ in range(CHECKS):
            public.verify(signature, message, ecdsa)

    return run


def time_all(ways: Ways, checks: Mapping[str, int], rounds: int) -> None:
    """Run all ways in rounds, and print what each takes."""
    spent = in_turn(ways, rounds)
    print(f"\n{'CPU':34} {'best s':>8} {'median s':>9} {'in checks':>10} {'signatures':>11}")
    each = [took / CHECKS for took in spent.pop(BARE)]
    print(f"{BARE:34} {min(each):8.6f} {statistics.median(each):9.6f}")
    for name, took in spent.items():
        ratio = statistics.median(a / b for a, b in zip(took, each, strict=True))
        print(
            f"{name:34} {min(took):8.3f} {statistics.median(took):9.3f} {ratio:10,.0f} "
            f"{checks[name]:11,}"
        )


if __name__ == "__main__":
    main()
