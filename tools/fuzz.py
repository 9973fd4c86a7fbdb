"""Throw damaged certificates at the verifier, or damaged documents of a network at their readers.

    python -m tools.fuzz [--count 1000000] [--seed 1] [--documents | --schemes]

Prints how long they took; exit 1 if one raised, took too long, or came to what is no verdict. Its
text is then in .cache/fuzz, hexadecimal UTF-8. Of documents (rules, signers, lists, roles, DID lists, notes)
it prints how many of each kind were read and refused; exit 1 if one raised anything but its refusal. Of the
schemes beside HCERT each gets as many texts as are counted.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from pratique.terms import Scheme
from tools import documents, mutate, mutate_schemes
from tools.measure import Trial
from tools.mutate import Hostile

SLOW, SLOWEST = 10.0, 50.0
"""Milliseconds of processor time: for all but one in ten thousand, and for every input."""
KEPT = Path(__file__).resolve().parents[1] / ".cache" / "fuzz"
CHUNK = 20_000


def main(arguments: list[str]) -> int:
    """Fuzz, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", action="store_true")
    parser.add_argument("--schemes", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.documents:
        return _documents(asked.count, asked.seed)
    if asked.schemes:
        return max(_texts(asked.count, asked.seed, scheme) for scheme in Scheme)
    return _texts(asked.count, asked.seed)


def _hostile(count: int, seed: int, scheme: Scheme | None) -> Iterator[Hostile]:
    found = mutate.seeds(mutate.kit_texts()) if scheme is None else []
    for start in range(0, count, CHUNK):
        size, number = min(CHUNK, count - start), seed * 1_000_003 + start
        if scheme is None:
            yield from mutate.hostile(found, size, number)
        else:
            yield from mutate_schemes.hostile(scheme, size, number)


def _texts(most: int, seed: int, scheme: Scheme | None = None) -> int:
    trial = Trial(None if scheme is None else mutate_schemes.verifier())
    for count in trial.run(_hostile(most, seed, scheme)):
        if count % CHUNK == 0:
            print(f"{scheme or 'HCERT'}: {count} of {most}", file=sys.stderr, flush=True)
    _tell(trial)
    for number, (one, reason) in enumerate(trial.faults[:20]):
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{scheme or 'HCERT'}-{seed}-{number}.hex"
        path.write_text(one.text.encode("utf-8", "surrogatepass").hex() + "\n", encoding="utf-8")
        print(f"error: {one.layer}: {reason.strip().splitlines()[-1]}\nhint: {path}")
    slow = trial.quantile(0.9999) > SLOW or trial.quantile(1) > SLOWEST
    if slow:
        print(f"error: slower than {SLOW} ms (p99.99) or {SLOWEST} ms (any)")
    return 1 if trial.faults or slow else 0


def _documents(count: int, seed: int) -> int:
    seen = None
    for number, seen in enumerate(documents.run(documents.kinds(), count, seed), 1):
        if number % CHUNK == 0:
            print(f"{number} of {count}, {len(seen.faults)} faults", file=sys.stderr, flush=True)
    if seen is None:
        return 0
    for name in sorted(seen.read | seen.refused):
        print(f"{name}: {seen.read[name]} read, {seen.refused[name]} refused")
    for number, (name, data, raised) in enumerate(seen.faults[:20]):
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"documents-{seed}-{number}.hex"
        path.write_text(data.hex() + "\n", encoding="utf-8")
        print(f"error: {name}: {raised.strip().splitlines()[-1]}\nhint: {path}")
    print(f"{count} documents, {len(seen.faults)} faults")
    return 1 if seen.faults else 0


def _tell(trial: Trial) -> None:
    times = ", ".join(
        f"{name} {trial.quantile(part):.3f}"
        for name, part in (("p50", 0.5), ("p99", 0.99), ("p99.99", 0.9999), ("max", 1.0))
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(trial.spent)} inputs; ms of processor time: {times}; {memory} MiB")
    print("layers: " + ", ".join(f"{name} {n}" for name, n in sorted(trial.layers.items())))
    print("found: " + ", ".join(f"{code.name} {n}" for code, n in trial.codes.most_common()))
    print(f"{len(trial.faults)} faults")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
