"""What one evaluation of a rule costs: a ruleset at once, one by one, and by certlogic-js.

    python -m benchmarks.rules [--rounds N] [--json]

    every country's rules x the payloads of its own tests -> ways, interleaved -> table
    largest ruleset on one payload ÷ one bare ES256 check of the same run

1. certlogic-js counts its own CPU in its own process, over the same rules and data, once in each round.
2. What is not at hand (corpora, Node, the package) is skipped, saying why.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.rules import context
from pratique.rules.certlogic.evaluate import Engine, evaluator
from pratique.rules.certlogic.expression import Expression
from pratique.rules.certlogic.parse import parse
from tools.oracle import Group, Missing, Oracle

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
CHECKS = 200
"""Signature checks in a round."""
JAVASCRIPT = "certlogic-js"
TOGETHER = "at once"

Way = Callable[[], float]
"""Do one round; return the seconds of CPU that it took."""


class Row(NamedTuple):
    """What was measured of one way: microseconds for each evaluation, and ratios to a ruleset at once."""

    name: str
    best_us: float
    median_us: float
    best_ratio: float
    median_ratio: float


def main() -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.rules", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    named = os.environ.get("PRATIQUE_CORPORA")
    corpora = Path(named) if named else ROOT.parent / "shared" / "corpora"
    if not (corpora / "business-rules").is_dir():
        print(f"skipped: no corpora at {corpora}: set PRATIQUE_CORPORA", file=sys.stderr)
        return 0
    groups = load(corpora)
    with ExitStack() as stack:
        told = run(groups, _oracle(stack), asked.rounds)
    print(json.dumps(told, indent=1) if asked.json else "\n".join(lines(told)))
    return 0


def load(corpora: Path) -> list[Group]:
    """Return each country's rules and the data of its own tests."""
    found = []
    for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json")):
        document = json.loads(path.read_bytes())
        contexts = [context(test, corpora) for test in document["tests"]]
        found.append(Group([rule["Logic"] for rule in document["rules"]], contexts))
    return found


def run(groups: list[Group], oracle: Oracle | None, rounds: int) -> dict[str, Any]:
    """Measure all ways in rounds."""
    rules = [[_read(logic) for logic in group.rules] for group in groups]
    ways = {TOGETHER: _together(groups, rules), "one by one": _alone(groups, rules)}
    if oracle is not None:
        oracle.evaluate(groups)
        ways[JAVASCRIPT] = lambda: oracle.measure() / 1e6
    largest = max(range(len(groups)), key=lambda index: len(rules[index]))
    one, contexts = [rules[largest]], groups[largest].data
    ways["decision"] = _together([groups[largest]], one)
    ways["ES256"] = _signature()
    spent = _measure(ways, rounds)
    evaluations = sum(len(group.rules) * len(group.data) for group in groups)
    named = [name for name in ways if name not in {"decision", "ES256"}]
    decision = [seconds / len(contexts) for seconds in spent["decision"]]
    check = [seconds / CHECKS for seconds in spent["ES256"]]
    return {
        "evaluations": evaluations,
        "rows": [_row(name, spent, evaluations)._asdict() for name in named],
        "decision": {
            "rules": len(one[0]),
            "us": min(decision) * 1e6,
            "ES256_us": min(check) * 1e6,
            "best_ratio": min(decision) / min(check),
            "median_ratio": _median_ratio(decision, check),
        },
    }


def lines(told: dict[str, Any]) -> list[str]:
    """Lay out what was measured."""
    text = [f"{told['evaluations']:,} evaluations a round"]
    text.append(f"{'':20}  us/eval best  median  ÷ at once best  median")
    text += [
        f"{row['name']:20}  {row['best_us']:12.3f}  {row['median_us']:6.3f}  "
        f"{row['best_ratio']:15.2f}  {row['median_ratio']:6.2f}"
        for row in told["rows"]
    ]
    if JAVASCRIPT not in [row["name"] for row in told["rows"]]:
        text.append(f"skipped: {JAVASCRIPT}")
    decision = told["decision"]
    text.append(
        f"a decision by {decision['rules']} rules: {decision['us']:.2f} us; one bare ES256 check: "
        f"{decision['ES256_us']:.1f} us; ratio best {decision['best_ratio']:.3f}, "
        f"median {decision['median_ratio']:.3f}"
    )
    return text


def _oracle(stack: ExitStack) -> Oracle | None:
    try:
        return stack.enter_context(Oracle())
    except Missing as missing:
        print(f"skipped: {JAVASCRIPT}: {missing}", file=sys.stderr)
        return None


def _read(logic: object) -> Expression:
    found = parse(logic)
    assert isinstance(found, Expression)
    return found


def _timed(work: Callable[[], object]) -> Way:
    def measured() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return measured


def _together(groups: list[Group], rules: list[list[Expression]]) -> Way:
    """Evaluate each country's rules at once, on one data context after the other."""
    made = []
    for each, group in zip(rules, groups, strict=True):
        engine = Engine()
        made.append((engine, [engine.query(one) for one in each], group.data))

    def work() -> None:
        for engine, asked, contexts in made:
            for data in contexts:
                engine.values(asked, data)

    return _timed(work)


def _alone(groups: list[Group], rules: list[list[Expression]]) -> Way:
    """Evaluate each rule by an engine of its own, which shares nothing with the others."""
    pairs = [
        ([evaluator(one) for one in each], group.data)
        for each, group in zip(rules, groups, strict=True)
    ]

    def work() -> None:
        for several, contexts in pairs:
            for data in contexts:
                for evaluate in several:
                    evaluate(data)

    return _timed(work)


def _signature() -> Way:
    """Check a signature over as many bytes as a certificate has."""
    private, message = ec.generate_private_key(ec.SECP256R1()), bytes(400)
    algorithm = ec.ECDSA(hashes.SHA256())
    signature, public = private.sign(message, algorithm), private.public_key()

    def work() -> None:
        for _ in range(CHECKS):
            public.verify(signature, message, algorithm)

    return _timed(work)


def _measure(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    for _ in range(3):  # certlogic-js gets faster as it runs
        for way in ways.values():
            way()
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            spent[name].append(way())
    return spent


def _row(name: str, spent: dict[str, list[float]], evaluations: int) -> Row:
    times, together = spent[name], spent[TOGETHER]
    return Row(
        name=name,
        best_us=min(times) / evaluations * 1e6,
        median_us=statistics.median(times) / evaluations * 1e6,
        best_ratio=min(times) / min(together),
        median_ratio=_median_ratio(times, together),
    )


def _median_ratio(times: list[float], reference: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(times, reference, strict=True))


if __name__ == "__main__":
    sys.exit(main())
