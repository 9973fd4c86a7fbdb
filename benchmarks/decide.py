"""What a whole decision costs beside a bare signature check.

    python -m benchmarks.decide [--rounds N]

    a verified certificate, the largest real ruleset -> decide (no look ahead) ÷ ES256 check, in turn

1. The corpora give the rules; without them it is skipped, saying so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pratique.decision import decide
from pratique.rules import rule
from pratique.rules.ruleset import Destination, Ruleset
from tests import travellers

ROOT = Path(__file__).resolve().parent.parent
COUNTRY, WHEN, TIMES = "FI", datetime(2023, 5, 1, 12, tzinfo=UTC), 300


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.decide", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    corpora = Path(os.environ.get("PRATIQUE_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not corpora.is_dir():
        print(f"skipped: no corpora at {corpora}")
        return 0
    ways = {
        "bare ES256 check": _check(),
        "decide": _decision(corpora),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.process_time()
            for _ in range(TIMES):
                way()
            spent[name].append((time.process_time() - begun) / TIMES * 1e6)
    bare = spent["bare ES256 check"]
    for name, times in spent.items():
        median = statistics.median(t / b for t, b in zip(times, bare, strict=True))
        print(f"{name:<22} {min(times):8.1f} us  {min(times) / min(bare):6.2f}  {median:6.2f}")
    return 0


def _check() -> Callable[[], object]:
    key, message = ec.generate_private_key(ec.SECP256R1()), b"m" * 400
    ecdsa = ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(message, ecdsa), key.public_key()
    return lambda: public.verify(signature, message, ecdsa)


def _decision(corpora: Path) -> Callable[[], object]:
    rows = json.loads((corpora / "business-rules" / f"{COUNTRY}.json").read_bytes())["rules"]
    value_sets = json.loads((corpora / "spec/valuesets/valueSets.json").read_bytes())
    rules = [rule.read(row) for row in rows]
    ruleset = Ruleset(rules, value_sets, compatible=True)
    snapshot = travellers.snapshot(rules, ruleset=ruleset)
    found = [travellers.shown(travellers.dose("2023-01-10"))]
    place = Destination(COUNTRY)
    return lambda: decide(found, snapshot=snapshot, place=place, at=WHEN, look_ahead=False)


if __name__ == "__main__":
    raise SystemExit(main())
