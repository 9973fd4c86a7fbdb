"""What one hostile participant costs everybody else, at each of its limits, against the same network without it.

    python -m benchmarks.hostile [--participants N] [--rounds N]

    invented network -> one participant's next edition: honest | at a limit | beyond it
        -> sync, start, check, decide, each against the honest one in the same rounds

1. Seconds are CPU time of this process on one core; the ratio is that of the medians of interleaved rounds.
2. A check and a decision are of an honest traveller at an honest destination. "Its own" is a check of a
   certificate that the hostile participant issued, at an honest destination.
3. What is beyond a limit is refused as that participant's problem, and must cost no more than what is at it.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from benchmarks.network import Case, sync
from benchmarks.participants import Network, Size, build, republish
from benchmarks.timing import in_turn
from pratique.compile import compiled
from pratique.crypto import keys as crypto_keys
from pratique.crypto import x509_write
from pratique.crypto.x509_write import Subject
from pratique.decision import decide
from pratique.network import client, view
from pratique.network.view import Files
from pratique.rules.ruleset import MOST_PARTS, MOST_STEPS, Destination, RuleType
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm, Environment
from pratique.trust import publication
from pratique.verification import verify
from tests.networks import DAY, HOUR, WIDTH, State, key

Contents = Mapping[str, bytes]
WAYS = ("sync", "start", "check", "its own", "decide")


class Shown(NamedTuple):
    """What is checked: an honest certificate, one of the hostile participant's, where, and when."""

    honest: str
    own: str
    place: Destination
    at: datetime


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.hostile", description=__doc__.split("\n")[0])
    parser.add_argument("--participants", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    size = Size(asked.participants)
    network = build(size, datetime.now(UTC).replace(microsecond=0) - DAY)
    authority, (hostile, honest, *_) = network.authority, network.states
    at = authority.now + DAY
    shown = Shown(honest.issue(), hostile.issue(), Destination(honest.country), at + HOUR)
    held = sync(Case({}, dict(authority.files), authority.now), authority.anchor).files
    authority.now = at
    authority.refresh()
    before = dict(authority.files)
    editions = _editions(hostile)
    ways: dict[str, Callable[[], object]] = {}
    for name, steps in editions.items():
        authority.files, kept = dict(before), held
        for number, contents in enumerate(steps):
            if number:
                kept = sync(Case(kept, dict(authority.files), at), authority.anchor).files
            hostile.contents = lambda found=contents: dict(found)  # type: ignore[method-assign,misc]
            republish(network, [hostile])
        ways |= _ways(name, network, kept, dict(authority.files), shown)
    spent = in_turn(ways, asked.rounds)
    middle = {way: statistics.median(found) for way, found in spent.items()}
    print(
        f"{size.participants} participants; milliseconds of the honest edition, then ratios to it"
    )
    print(f"{'edition':44}" + "".join(f"{way:>10}" for way in WAYS))
    first = next(iter(editions))
    print(f"{first:44}" + "".join(f"{1000 * middle[f'{first} {way}']:10.2f}" for way in WAYS))
    for name in list(editions)[1:]:
        ratios = (middle[f"{name} {way}"] / middle[f"{first} {way}"] for way in WAYS)
        print(f"{name:44}" + "".join(f"{ratio:10.2f}" for ratio in ratios))


def _ways(
    name: str, network: Network, held: Files, files: Files, shown: Shown
) -> dict[str, Callable[[], object]]:
    anchor = network.authority.anchor
    case = Case(held, files, shown.at)
    synced = sync(case, anchor).files

    def start() -> Snapshot:
        return compiled(view.read(synced, anchor))

    snapshot, many = start(), range(20)

    def check(text: str) -> Any:
        return verify(text, snapshot=snapshot, at=shown.at, place=shown.place)

    read = check(shown.honest)
    found = {
        "sync": lambda: sync(case, anchor),
        "start": start,
        "check": lambda: [check(shown.honest) for _ in many],
        "its own": lambda: [check(shown.own) for _ in many],
        "decide": lambda: decide([read], snapshot=snapshot, place=shown.place, at=shown.at),
    }
    return {f"{name} {way}": each for way, each in found.items()}


def _editions(state: State) -> dict[str, tuple[Contents, ...]]:
    honest = state.contents()
    code = state.code
    others = {name: data for name, data in honest.items() if not name.endswith(".tags")}

    def plus(**changed: bytes) -> tuple[Contents]:
        return ({**honest, **{f"{code}/{name}.json": data for name, data in changed.items()}},)

    many = {**others, **_revoked(state, client.MAX_TAGS - 2_000)}

    def signers(count: int, by: State | None = None) -> bytes:
        return publication.write(
            code, Environment.TEST, *_signers(state, count, same_name=by is not None)
        )

    return {
        "honest": (honest,),
        "256 signers": plus(signers=signers(publication.MOST_SIGNERS)),
        "256 signers, 2 P-384 CAs of one name": plus(
            signers=signers(publication.MOST_SIGNERS - 1, state)
        ),
        "1,048,576 revoked": (many,),
        "the same held, and one more": (many, {**others, **_revoked(state, 1, seed=3)}),
        "rules of arrival at their steps": plus(rules=_rules(state, RuleType.ACCEPTANCE)),
        "Invalidation rules at their steps": plus(rules=_rules(state, RuleType.INVALIDATION)),
        "all rules at their steps, by region": plus(rules=_regions(state)),
        "beyond: rules at 256 full budgets": plus(rules=_written(state, 256, _wide(500))),
        "Invalidation rules that search": plus(rules=_searching(state)),
        "a value set that nobody has": plus(rules=_written(state, 100, _MISSING)),
        "beyond: nested 100,000 deep": plus(rules=b"[" * 100_000 + b"]" * 100_000),
        "beyond: 2 MB of values": plus(rules=b"[" + b",".join([b"[]"] * 650_000) + b"]"),
    }


_MISSING = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.nobody"}]}


def _wide(steps: int) -> dict[str, Any]:
    return {"and": [1] * (steps - 1)}


def _rule(state: State, number: int, logic: object, **fields: Any) -> dict[str, Any]:
    prefix = "IR" if fields.get("Type") == RuleType.INVALIDATION else "GR"
    like = next(rule for rule in state.rules if rule["Identifier"].startswith("VR"))
    name = f"{prefix}-{state.country}-{number:04}"
    return {**like, "CertificateType": "General", "Identifier": name, "Logic": logic, **fields}


def _written(state: State, count: int, logic: object, **fields: Any) -> bytes:
    return json.dumps([_rule(state, n, logic, **fields) for n in range(count)]).encode()


def _rules(state: State, kind: RuleType) -> bytes:
    return _written(state, MOST_STEPS[kind] // 128, _wide(128), Type=kind)


def _regions(state: State) -> bytes:
    rules = [_rule(state, n, _wide(400), Region=f"R{n}") for n in range(MOST_PARTS // 400)]
    return json.dumps(rules).encode()


def _searching(state: State) -> bytes:
    first = {"plusTime": [{"var": "external.validationClock"}, -100_000, "month"]}
    logic = {
        "and": [
            {"after": [first, {"plusTime": [{"var": "payload.v.0.dt"}, n, "month"]}]}
            for n in range(30)
        ]
    }
    return _written(state, 1, logic, Type=RuleType.INVALIDATION)


def _revoked(state: State, count: int, seed: int = 2) -> Contents:
    state.revoke_tags(state.kid(), random.Random(seed).sample(range(1 << WIDTH), count))
    return {name: data for name, data in state.contents().items() if "revocations" in name}


def _signers(
    state: State, count: int, *, same_name: bool
) -> tuple[list[bytes], list[publication.PublishedSigner]]:
    when = int(state.made.timestamp()) - 86_400
    algorithm = Algorithm.ES384 if same_name else Algorithm.ES256
    keys = [crypto_keys.generate(algorithm) for _ in range(1 + same_name)]
    subject = Subject(f"{state.code} other SCA", "Ministry", state.country, Environment.TEST)
    made = [
        x509_write.signing_ca(each, subject, at=when, serial=n + 2) for n, each in enumerate(keys)
    ]
    by = x509_write.Authority(made[0], keys[0])
    own = key(f"{state.code} dsc 0").public_key
    found = [publication.PublishedSigner(state.signers[0], "DCC")]
    for number in range(count - 1):
        name = Subject(
            f"S{number}", "Ministry", state.country, Environment.TEST, serial=f"{number}"
        )
        der = x509_write.document_signer(own, name, by=by, at=when, serial=10 + number)
        found.append(publication.PublishedSigner(der, "DCC"))
    return [state.ca, *made], found


if __name__ == "__main__":
    main()
