"""What the engine in a page costs in CPU: opening what a border post holds, checking a traveller, asking for dates.

    python -m benchmarks.page [--rounds N] [--write FILE]

    large(): 600 signers, 200 states with seven rules each, 200,000 revoked -> bytes -> Bridge

1. It is run by CPython here; in a page the same takes about 1.7 times as long (WebAssembly, no jit).
2. The best of some rounds is told: what the code costs, and not what else the machine does.
3. Everything is invented from a number: the same number makes the same bytes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import countries
from pratique.trust.signer import Signer, TrustList
from pratique.web.bridge import Bridge
from tests import pages
from tests import travellers as t
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

SIGNERS, STATES, REVOKED, LISTS = 600, 200, 200_000, 40
SEED = 20_261_129
WIDTH = 48
_DAY = 86_400


def large() -> Snapshot:
    """Invent what a large network's border post holds: the kit's signers are among its own."""
    draw = Random(SEED)
    own = measure.snapshot()
    states = [code for code in countries.alpha2() if not code.startswith("X")][:STATES]
    signers = [*own.trust, *(_signer(draw, states, n) for n in range(SIGNERS - len(own.trust)))]
    rules = [*t.utopia(), *(rule for state in states for rule in _rules(state))]
    lists = [
        TagList.build(
            (draw.getrandbits(WIDTH) for _ in range(REVOKED // LISTS)),
            participant=signer.participant,
            kid=signer.kid,
            width=WIDTH,
            version=1,
            created=keys.NOON - _DAY,
            expires=keys.NOON + 7 * _DAY,
        )
        for signer in signers[-LISTS:]
    ]
    return Snapshot(
        number=1,
        created=keys.NOON,
        environment=Environment.PRODUCTION,
        trust=TrustList(signers),
        ruleset=Ruleset(rules, own.ruleset.value_sets),
        revocations=Revocations(lists),
    )


def _signer(draw: Random, states: list[str], number: int) -> Signer:
    curve, algorithm = (
        (ec.SECP256R1(), Algorithm.ES256) if number % 9 else (ec.SECP384R1(), Algorithm.ES384)
    )
    public = ec.derive_private_key(draw.getrandbits(200), curve).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    state = states[number % len(states)]
    return Signer(
        draw.randbytes(8), state, frozenset({state}), algorithm, spki, ALL_KINDS, keys.NOON - 300 * _DAY,
        keys.NOON + 300 * _DAY, Environment.PRODUCTION, "DCC", draw.randbytes(32).hex(),
    )  # fmt: skip


def _rules(state: str) -> list[Rule]:
    return [
        rule._replace(identifier=rule.identifier.replace("-XU-", f"-{state}-"), country=state)
        for rule in t.utopia()
    ]


def hers() -> str:
    """Return a certificate of the kit that Utopia lets in."""
    return text(claims(content.vaccinated()))


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the least CPU seconds of some rounds."""

    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once() for _ in range(rounds))


def main() -> int:
    """Print what is measured."""
    parser = argparse.ArgumentParser(prog="benchmarks.page", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="write the snapshot, for a page to open")
    asked = parser.parse_args()
    data = large().to_bytes()
    if asked.write:
        asked.write.write_bytes(data)
    bridge = Bridge()
    print(f"snapshot                      {len(data):10,} bytes")
    print(
        f"open                          {1000 * best(lambda: bridge.open(data), asked.rounds):10.1f} ms"
    )
    where = {"texts": [hers()], "at": keys.NOON, "zone": "Europe/Paris"}
    for method, request in {
        "facts": {}, "border.check": {**where, "place": "XU"}, "health_code": {**where, "place": "XU"},
        "verification": {**where, "place": "XU"},
    }.items():  # fmt: skip
        known: dict[str, bool | None] = {}
        reply = json.loads(bridge.handle(method, json.dumps(request), "{}"))
        known |= pages.answers(reply.get("ask", ()))
        told = json.dumps(request), json.dumps(known)
        assert "error" not in json.loads(bridge.handle(method, *told)), method
        first = best(lambda: bridge.handle(method, told[0], "{}"), asked.rounds)  # noqa: B023
        second = best(lambda: bridge.handle(method, *told), asked.rounds)  # noqa: B023
        print(f"{method:30}{1000 * first:10.2f} ms to ask, {1000 * second:8.2f} ms to conclude")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
