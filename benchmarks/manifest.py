"""What a flight's list costs from the command to its result, beside the bare checks of its signatures.

    python -m benchmarks.manifest [--rounds N] [--passengers N,...]

    an invented flight (tests.flights), as CSV -> `pratique manifest check` -> CPU of it and its workers ÷ bare ES256

1. CPU is user and system time of the process and of all that it has started; the wall clock stands beside it, since
   what else runs on a machine lengthens it.
2. Bare is `cryptography`'s check alone of each signature of the list, once: keys and messages ready. A list of three
   itineraries asks each certificate at several arrivals.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.authenticate import read
from pratique.crypto.algorithms import to_der
from pratique.findings import Finding
from tests import flights
from tests.flights import Flight

AT = "2026-11-22T10:00:00Z"


class Measured(NamedTuple):
    """Seconds of one run."""

    cpu: float
    wall: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.manifest", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passengers", default="400,10000")
    asked = parser.parse_args()
    print(f"{'passengers':>10} {'codes':>7} {'workers':>7} {'CPU s':>7} {'wall s':>7} {'bare s':>7} {'ratio':>6}")  # fmt: skip
    for count in map(int, asked.passengers.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            flight = flights.flight(count)
            command = _written(flight, Path(folder))
            codes = sum(bool(row[name]) for row in flight.rows for name in ("code", "code_2", "code_3"))  # fmt: skip
            for workers in (1, os.cpu_count() or 1):
                runs, bare = [], []
                for _ in range(asked.rounds):
                    bare.append(_bare(flight))
                    runs.append(_run([*command, "--workers", str(workers)]))
                best = min(runs)
                wall, least = min(run.wall for run in runs), min(bare)
                print(f"{count:>10,} {codes:>7,} {workers:>7} {best.cpu:7.2f} {wall:7.2f} {least:7.3f} {best.cpu / least:6.1f}")  # fmt: skip
    return 0


def _written(flight: Flight, folder: Path) -> list[str]:
    held, source = folder / "held.json", folder / "list.csv"
    held.write_bytes(flight.held.to_bytes())
    with source.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(flight.rows[0]))
        writer.writeheader()
        writer.writerows(flight.rows)
    program = [sys.executable, "-m", "pratique", "manifest", "check", str(source), "--quiet"]
    return [*program, "--trust", str(held), "--environment", "test", "--at", AT, "--out", str(folder / "out.csv")]  # fmt: skip


def _run(command: list[str]) -> Measured:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, check=False)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(f"error: exit code {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(cpu, wall)


def _bare(flight: Flight) -> float:
    """Return the CPU of checking each signature of the list once, and nothing else."""
    ready, ecdsa = [], ec.ECDSA(hashes.SHA256())
    for row in flight.rows:
        for name in ("code", "code_2", "code_3"):
            envelope = read(row[name])
            if isinstance(envelope, Finding):
                continue
            for signer in flight.held.trust.signers_for(envelope.kid) if envelope.kid else ():
                key = load_der_public_key(signer.public_key)
                assert isinstance(key, ec.EllipticCurvePublicKey)
                ready.append((key, to_der(envelope.signature), envelope.message))
    begun = time.process_time()
    for key, signature, message in ready:
        key.verify(signature, message, ecdsa)
    return time.process_time() - begun


if __name__ == "__main__":
    raise SystemExit(main())
