"""Every real certificate before every real ruleset: our answer is the reference implementation's.

403 texts are in the corpora (`dcc-qr`, `dcc-layered`). The 393 that decode are put before the rules of
all seven countries, at the case's own clock and at one at which nearly all rules are in force: by the
interpreter, by the generated code, and by certlogic-js, on the same data. That is 2,751 questions a
clock, 6,351 and 10,203 evaluations. What the rules together come to is told anew here, from
certlogic-js's values alone.

One difference is meant: where a date is none, we are open, and certlogic-js calls a comparison false.
No real certificate met it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance import clock
from pratique.assess import Claim, assess, facts_of
from pratique.authenticate import read
from pratique.findings import Finding
from pratique.formats import decode
from pratique.rules import documents
from pratique.rules.rule import Rule, RuleType
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from tools.oracle import Group, Missing, Oracle

IN_RULES_TIME = datetime(2022, 2, 1, 12, tzinfo=UTC)
"""A clock at which most of the real rules are in force; many certificates' own clocks are earlier."""


class Question(NamedTuple):
    """A claim before a destination, and what the engine said."""

    place: Destination
    rules: tuple[Rule, ...]
    data: dict[str, Any]
    results: tuple[Result, ...]
    standing: str
    lasts: bool


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except Missing as missing:
        pytest.skip(str(missing))


def ruled(corpora: Path) -> Snapshot:
    """Return a snapshot of all countries' rules."""
    parts = [
        documents.read({"rules": json.loads(path.read_bytes())["rules"]})
        for path in sorted((corpora / "business-rules").glob("[A-Z][A-Z].json"))
    ]
    (listed,) = json.loads((corpora / "business-rules/valuesets.json").read_bytes()).values()
    rules = documents.merged(parts).rules
    return Snapshot(
        number=1,
        created=0,
        environment=Environment.TEST,
        trust=TrustList(),
        ruleset=Ruleset(rules, listed, compatible=True),
    )


def texts(corpora: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for case in json.loads((corpora / "manifest.json").read_bytes())["cases"]:
        path = corpora / case["files"][0]
        if case["kind"] == "dcc-qr":
            yield case, path.read_text().strip()
        elif case["kind"] == "dcc-layered":
            yield case, json.loads(path.read_bytes()).get("PREFIX") or ""


def claims(corpora: Path) -> list[tuple[Claim, datetime]]:
    """Return the claim of every text that decodes, and the clock of its case."""
    found = []
    for case, text in texts(corpora):
        envelope = read(text)
        if isinstance(envelope, Finding):
            continue
        certificate, _ = decode(envelope.payload)
        if certificate is not None and certificate.entries:
            claim = Claim(certificate.kind, certificate.entries, certificate)
            found.append((claim, clock(case)))
    return found


def questions(corpora: Path, at: datetime | None) -> list[Question]:
    snapshot = ruled(corpora)
    found = []
    for claim, when in claims(corpora):
        for country in snapshot.ruleset.countries:
            place, instant = Destination(country), at or when
            answer = assess(claim, snapshot, place, instant)
            rules = tuple(outcome.rule for outcome in answer.outcomes)
            data = facts_of(claim, snapshot, place, instant)
            results = tuple(outcome.result for outcome in answer.outcomes)
            lasts = in_its_own_time(claim, instant)
            found.append(Question(place, rules, data, results, answer.standing.value, lasts))
    return found


def in_its_own_time(claim: Claim, at: datetime) -> bool:
    """Tell whether a claim says nothing of its own validity that leaves the day out; without `checks`."""
    return all(
        (entry.valid_from is None or entry.valid_from.text()[:10] <= at.date().isoformat())
        and (entry.valid_until is None or at.date() <= entry.valid_until.last_day())
        for entry in claim.entries
    )


def theirs(value: Any, rule: Rule) -> str:
    """Say what certlogic-js's value means for a rule."""
    if not isinstance(value, bool):
        return "open"
    voids = rule.type is RuleType.INVALIDATION
    return "passed" if value is not voids else "failed"


def together(said: list[str], rules: tuple[Rule, ...], place: Destination) -> str:
    """Say what all rules come to; written without a look at `assess`."""
    if "failed" in said:
        return "failed"
    own = [rule for rule in rules if rule.country == place.country]
    return "passed" if own and set(said) == {"passed"} else "open"


@pytest.mark.parametrize("at", [None, IN_RULES_TIME], ids=["own-clock", "in-rules-time"])
def test_every_real_certificate_before_every_real_ruleset(
    corpora: Path, oracle: Oracle, at: datetime | None
) -> None:
    asked = questions(corpora, at)
    groups = [Group([rule.logic for rule in one.rules], [one.data]) for one in asked]
    values = iter(oracle.evaluate(groups))
    counts: Counter[str] = Counter()
    unlike = []
    for one in asked:
        said = [theirs(next(values), rule) for rule in one.rules]
        expected = together(said, one.rules, one.place)
        if expected == "passed" and not one.lasts:
            # What says itself that it is over is not passed by a rule that did not look.
            expected = "open"
        counts.update(said)
        counts[f"together {expected}"] += 1
        if said != [result.value for result in one.results] or expected != one.standing:
            unlike.append((one.place, [rule.name for rule in one.rules], said, one.results))
    print(f"{len(asked)} questions of a certificate to a country:", dict(counts))
    assert next(values, None) is None
    assert len(asked) == 393 * 7
    assert unlike == []
    assert counts == COUNTS["own" if at is None else "then"]


COUNTS: dict[str, dict[str, int]] = {
    "own": {
        "passed": 5948, "failed": 399, "open": 4,
        "together passed": 745, "together failed": 353, "together open": 1653,
    },
    "then": {
        "passed": 8909, "failed": 1290, "open": 4,
        "together passed": 752, "together failed": 979, "together open": 1020,
    },
}  # fmt: skip
