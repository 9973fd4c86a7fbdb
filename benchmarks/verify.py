"""What one verification costs, as a ratio to its bare signature check.

    python -m benchmarks.verify [--peers] [--instructions] [--cold] [--stages] [--json] [--rounds N]

    corpus -> ways, interleaved -> table          callgrind -> gate          processes -> cold start

1. The measure is a ratio: it means the same on a slow machine and on a fast one.
2. What cannot be measured here is skipped, saying why; `--instructions` alone can fail (exit 1).
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from benchmarks import cold, corpus, instructions, peers, stages, ways
from benchmarks.corpus import Corpus
from benchmarks.timing import Row, in_turn, measure
from pratique.verification import verify

ROUNDS = 15


def main() -> int:
    """Measure what was asked for, print it, return the exit code."""
    asked = _arguments()
    try:
        found = corpus.load()
    except corpus.Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        return 0
    told: dict[str, Any] = {"corpus": _about(found)}
    code = 0
    if asked.instructions:
        code = _instructions(told)
    elif asked.cold:
        _cold(told, found)
    elif asked.stages:
        _stages(told, found, asked.rounds)
    else:
        _table(told, found, rounds=asked.rounds, with_peers=asked.peers)
    if asked.json:
        print(json.dumps(told, indent=1))
    else:
        print("\n".join(_lines(told)))
    return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.verify", description=__doc__.split("\n")[0])
    parser.add_argument("--peers", action="store_true", help="measure other libraries too")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--instructions", action="store_true", help="count instructions: the gate")
    only.add_argument("--cold", action="store_true", help="measure the start of the process")
    only.add_argument("--stages", action="store_true", help="measure each stage by itself")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args()


def _about(found: Corpus) -> dict[str, Any]:
    return {
        "name": found.name,
        "texts": found.distinct,
        "signers": len(found.snapshot.trust),
        "one instant": found.at.isoformat(),
        "in force then": found.in_force,
    }


def _table(told: dict[str, Any], found: Corpus, *, rounds: int, with_peers: bool) -> None:
    repeated = found.repeated()
    good = sum(
        verify(text, snapshot=found.snapshot, at=found.at).signer is not None
        for text in repeated.texts
    )
    rows = measure(
        ways.ways(repeated),
        reference=ways.BARE,
        texts=len(repeated.texts),
        accepted=good,
        rounds=rounds,
    )
    missing = [] if any(row.name == ways.FAST_ONE for row in rows) else ["fast: no extra `fast`"]
    if with_peers:
        more, absent = peers.measure(repeated)
        rows += more
        missing += absent
    told["texts a round"], told["rounds"] = len(repeated.texts), rounds
    told["different verdicts"] = ways.disagreements(found)
    told["rows"] = [row._asdict() for row in rows]
    told["skipped"] = missing


def _instructions(told: dict[str, Any]) -> int:
    if not instructions.available():
        told["skipped"] = ["the instruction gate: no valgrind here"]
        return 0
    counts = instructions.settled()
    bare = counts[ways.BARE]
    ratio = instructions.ratio(counts)
    told["instructions"] = {name: [round(n), round(n / bare, 4)] for name, n in counts.items()}
    told["gate"] = {"limit": instructions.LIMIT, "kept": ratio <= instructions.LIMIT}
    return 0 if ratio <= instructions.LIMIT else 1


def _cold(told: dict[str, Any], found: Corpus) -> None:
    starts = cold.measure(found)
    told["cold"] = {
        "python -c pass, ms": [round(s * 1e3, 1) for s in starts.empty],
        "pratique verify, ms": [round(s * 1e3, 1) for s in starts.verify],
        "ratio": [round(a / b, 2) for a, b in zip(starts.verify, starts.empty, strict=True)],
        "limit": cold.LIMIT,
        "dearest imports, µs": [
            f"{own:6} own {whole:7} all  {n}" for own, whole, n in starts.imports
        ],
    }


def _stages(told: dict[str, Any], found: Corpus, rounds: int) -> None:
    """Measure some texts at a time, and take the best of each: a busy machine spares none of them for long."""
    parts = [found.part(at, at + stages.PART) for at in range(0, found.distinct, stages.PART)]
    measured = [in_turn(stages.stages(part), rounds) for part in parts]
    best = {
        name: sum(min(times[name]) for times in measured) / found.distinct * 1e6
        for name in measured[0]
    }
    counted = {name: stages.steps(way) for name, way in stages.stages(found).items()}
    told["stages"] = {
        name: [round(us, 2), round(us / best[ways.BARE], 3), round(counted[name] / found.distinct)]
        for name, us in best.items()
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = ["  ".join(f"{name}: {value}" for name, value in told["corpus"].items()), ""]
    if "rows" in told:
        lines.append(f"{'path':26} {'best µs':>8} {'best':>7} {'median':>7} {'accepted':>9}")
        lines += [_line(Row(**row)) for row in told["rows"]]
        lines += ["", f"different verdicts: {told['different verdicts']}"]
    if "instructions" in told:
        lines.append(f"{'path':26} {'instructions':>12} {'ratio':>8}")
        lines += [f"{n:26} {c:12,} {r:8.4f}" for n, (c, r) in told["instructions"].items()]
        lines.append(f"one by one at most {told['gate']['limit']}: {_kept(told)}")
    if "stages" in told:
        lines.append(f"{'stage':32} {'best µs':>8} {'best':>7} {'steps':>6}")
        lines += [f"{n:32} {us:8.2f} {r:7.3f} {s:6}" for n, (us, r, s) in told["stages"].items()]
    for name, value in told.get("cold", {}).items():
        lines += [f"{name}:", *value] if name.startswith("dearest") else [f"{name}: {value}"]
    lines += [f"skipped: {reason}" for reason in told.get("skipped", [])]
    return lines


def _line(row: Row) -> str:
    name, best, ratio, median, accepted = row
    return f"{name:26} {best:8.2f} {ratio:7.3f} {median:7.3f} {accepted:9}"


def _kept(told: dict[str, Any]) -> str:
    return "kept" if told["gate"]["kept"] else "NOT KEPT"


if __name__ == "__main__":
    raise SystemExit(main())
