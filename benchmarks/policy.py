"""What the policy lab costs: rules over the whole world, against certlogic-js doing the same evaluations.

    python -m benchmarks.policy [--rounds N] [--data DIR] [--json]

rules, data -> impact, impact with --before, matrix of 27 destinations -> seconds of CPU
            -> every question to a rule, written down while it is asked -> certlogic-js -> the same values? seconds

1. Ours is timed as a whole: asking, counting people, finding cliffs. Of certlogic-js only the evaluations are timed,
   in its own process, without parsing; each ratio is its seconds ÷ ours, in turn.
2. Value sets that no rule of the question reads are left out of what it gets: it need not carry them.
3. The 27 destinations are the seven of the corpus, and twenty that publish the EU's template as their own.
4. What is not at hand (corpora, data, Node, the package) is skipped, saying why.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique.impact import report
from pratique.impact.matrix import matrix
from pratique.impact.traveller import ADULT, Border
from pratique.impact.world import World
from pratique.parties import policy as parties_policy
from pratique.rules import documents
from pratique.rules.cases import Judgement
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind
from tools.oracle import Group, Missing, Oracle

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2022, 3, 1, 12, tzinfo=UTC)
REAL = ("EU", "FI", "FR", "HR", "IE", "LU", "NL")
DESTINATIONS = 27
WARM, ROUNDS = 3, 15
GOALS = {"impact": 5, "impact --before": 8, "matrix": 60}
"""Seconds on one core."""


class Question(NamedTuple):
    """Something to be measured."""

    name: str
    work: Callable[[], object]


class Row(NamedTuple):
    """What was measured: seconds of CPU, how often a rule was evaluated, and the ratios to certlogic-js."""

    name: str
    seconds: float
    evaluations: int
    javascript: float | None
    best: float | None
    median: float | None


def main() -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.policy", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--data", type=Path, help="a data package [default: shared/data/policy]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    named = os.environ.get("PRATIQUE_CORPORA")
    corpora = Path(named) if named else ROOT.parent / "shared" / "corpora"
    data = asked.data or corpora.parent / "data" / "policy"
    if not (corpora / "business-rules").is_dir() or not data.is_dir():
        print(f"skipped: no corpora, or no data, at {corpora.parent}", file=sys.stderr)
        return 0
    lab = parties_policy.open_lab(data)
    with ExitStack() as stack:
        oracle = _oracle(stack)
        rows = [
            measured(question, oracle, asked.rounds)
            for question in questions(lab.world, rulesets(corpora, lab))
        ]
    print(
        json.dumps([row._asdict() for row in rows], indent=1)
        if asked.json
        else "\n".join(lines(rows))
    )
    return 0


def rulesets(corpora: Path, lab: parties_policy.Lab) -> dict[str, Ruleset]:
    """Return each country's rules, and those of all destinations together."""
    read = {}
    for country in REAL:
        path = corpora / "business-rules" / f"{country}.json"
        read[country] = documents.read(json.loads(path.read_bytes())).rules
    alike = [
        rule._replace(country=f"X{chr(65 + number)}")
        for number in range(DESTINATIONS - len(REAL))
        for rule in read["EU"]
    ]
    every = [*(rule for rules in read.values() for rule in rules), *alike]
    return {
        **{name: _ruleset(rules, lab) for name, rules in read.items()},
        "all": _ruleset(every, lab),
    }


def _ruleset(rules: Sequence[Rule], lab: parties_policy.Lab) -> Ruleset:
    sets = {name: dated[max(dated)] for name, dated in lab.editions.items()}
    return Ruleset(rules, sets, compatible=True, hold_open=True, editions=lab.editions)


def questions(world: World, rules: Mapping[str, Ruleset]) -> Iterator[Question]:
    """Yield what is measured: the ruleset with most rules for a vaccination, alone and against another; all together."""

    def border(name: str, place: str) -> Border:
        return Border(rules[name], Destination(place), AT)

    before = Ruleset(
        [rule._replace(country="FR") for rule in rules["EU"].rules], rules["EU"].value_sets,
        compatible=True, hold_open=True, editions=rules["EU"].editions,
    )  # fmt: skip
    older = Border(before, Destination("FR"), AT)
    yield Question("impact", lambda: report.assess(border("FR", "FR"), world))
    yield Question("impact --before", lambda: report.assess(border("FR", "FR"), world, older))
    every, at = rules["all"], int(AT.timestamp())

    yield Question("matrix", lambda: matrix(world, every, at=at))


def measured(question: Question, oracle: Oracle | None, rounds: int) -> Row:
    """Time a question in rounds, and certlogic-js over what was asked."""
    groups, values = written_down(question.work)
    evaluations = sum(len(group.rules) * len(group.data) for group in groups)
    if oracle is not None:
        pairs = zip(values, oracle.evaluate(groups), strict=True)
        if differ := sum(ours is not None and ours is not theirs for ours, theirs in pairs):
            print(f"{question.name}: {differ} of {evaluations} values differ", file=sys.stderr)
    ours, theirs = [], []
    for number in range(WARM + rounds):
        # certlogic-js gets faster as it runs: the first rounds of both are not counted.
        seconds = _timed(question.work)
        javascript = 0.0 if oracle is None else oracle.measure() / 1e6
        if number >= WARM:
            ours.append(seconds)
            theirs.append(javascript)
    if oracle is None:
        return Row(question.name, min(ours), evaluations, None, None, None)
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    best = min(theirs) / min(ours)
    return Row(question.name, min(ours), evaluations, min(theirs), best, statistics.median(ratios))


def written_down(work: Callable[[], object]) -> tuple[list[Group], list[bool | None]]:
    """Do something, and return every evaluation of a rule in it, and its value; None where it was open."""
    groups: dict[tuple[int, ...], tuple[Group, list[bool | None]]] = {}
    with _watched(groups):
        work()
    values = [value for _, said in groups.values() for value in said]
    return [group for group, _ in groups.values()], values


@contextmanager
def _watched(groups: dict[tuple[int, ...], tuple[Group, list[bool | None]]]) -> Iterator[None]:
    """Write down every question that a border is put: all its rules, on all of what they may read."""
    judge, passes = Border.judge, Border.passes

    def watch(border: Border, kind: Kind, entry: Mapping[str, Any], age: int) -> None:
        rules = border.ruleset.select(border.place, border.issuer, kind, border.second)
        data = border.data(kind, entry, age)
        key = tuple(map(id, rules))
        group, values = groups.setdefault(key, (Group([rule.logic for rule in rules], []), []))
        read = {name for rule in rules for name in border.ruleset.evaluator.value_sets(rule)}
        kept = {name: codes for name, codes in border.value_sets.items() if name in read}
        group.data.append({**data, "external": {**data["external"], "valueSets": kept}})
        values += [
            None if outcome.result is Result.OPEN else outcome.result is Result.PASSED
            for outcome in border.ruleset.assess(rules, data)
        ]

    def judged(border: Border, kind: Kind, entry: Mapping[str, Any], age: int = ADULT) -> Judgement:
        watch(border, kind, entry, age)
        return judge(border, kind, entry, age)

    def passed(border: Border, kind: Kind, entry: Mapping[str, Any], age: int = ADULT) -> bool:
        watch(border, kind, entry, age)
        return passes(border, kind, entry, age)

    Border.judge = judged  # type: ignore[method-assign,assignment]
    Border.passes = passed  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Border.judge, Border.passes = judge, passes  # type: ignore[method-assign]


def lines(rows: Sequence[Row]) -> list[str]:
    """Lay out what was measured."""
    text = [
        f"{'':17} {'s':>6} {'goal':>5} {'evaluations':>12} {'certlogic-js s':>15} {'best':>6} {'median':>7}"
    ]
    for row in rows:
        javascript = "-" if row.javascript is None else f"{row.javascript:.3f}"
        ratios = ("-" if each is None else f"{each:.2f}" for each in (row.best, row.median))
        text.append(
            f"{row.name:17} {row.seconds:6.3f} {GOALS[row.name]:5} {row.evaluations:12,} {javascript:>15} "
            f"{next(ratios):>6} {next(ratios):>7}"
        )
    return text


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _oracle(stack: ExitStack) -> Oracle | None:
    try:
        return stack.enter_context(Oracle())
    except Missing as missing:
        print(f"skipped: certlogic-js: {missing}", file=sys.stderr)
        return None


if __name__ == "__main__":
    sys.exit(main())
