"""What a check of each scheme costs beside its bare signature check, as a ratio.

    python -m benchmarks.schemes [--rounds N] [--json]

    kit's genuine texts -> scheme by scheme: verify | the bare check of the same key, interleaved -> table

1. The bare check has its key object, its message and its signature ready, as `benchmarks.verify` has it for HCERT.
2. Of a seal a whole chain is checked: its bare check is one of two signatures, and `both` is of both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from benchmarks.timing import Row, measure
from pratique.authenticate import read
from pratique.crypto import algorithms, chain, icao_pki
from pratique.formats import Sealed
from pratique.snapshot import Snapshot
from pratique.terms import Scheme
from pratique.verification import verify
from tools import measure as trial
from tools.vectors import certificates, foreign, keys

ROUNDS, REPEATS = 400, 4
LIMITS = {Scheme.SHC: 2.5, Scheme.NZCP: 2.5, Scheme.VDS_NC: 4.0}
"""Scheme -> most times the bare check that a verification may take."""
BARE, WHOLE, BOTH = "bare", "verify", "both"
AT = datetime.fromtimestamp(keys.NOON, UTC)


class Specimen(NamedTuple):
    """One genuine text, and by whose key in the kit it is signed."""

    scheme: Scheme
    name: str
    text: str
    by: str


def specimens() -> list[Specimen]:
    """Return genuine texts of each scheme."""
    card = foreign.card(
        foreign.patient(),
        foreign.immunization(occurrenceDateTime="2026-01-20"),
        foreign.immunization(),
    )
    credential = foreign.credential()
    by_rsa = foreign.proven(credential, by="brobdingnag-health-rsa")
    return [
        Specimen(Scheme.SHC, "SHC", foreign.numeric(foreign.jws(card)), "utopia-cards"),
        Specimen(Scheme.NZCP, "NZCP", foreign.nzcp(foreign.policy()), "policy-passes"),
        Specimen(Scheme.CH_LIGHT, "CH-LIGHT", foreign.light(foreign.light_claims()), "swiss-light"),
        Specimen(Scheme.VDS_NC, "VDS-NC", foreign.seal(foreign.vaccinated_seal()), "utopia-csca"),
        Specimen(
            Scheme.TWO_D_DOC, "2D-DOC", foreign.two_d_doc(foreign.dose_2d(), "L1", by="french-doses"), "french-doses"
        ),
        Specimen(Scheme.DIVOC, "DIVOC, Ed25519", foreign.divoc(foreign.proven(credential)), "brobdingnag-health"),
        Specimen(Scheme.DIVOC, "DIVOC, RSA", foreign.divoc(by_rsa), "brobdingnag-health-rsa"),
    ]  # fmt: skip


def ways(one: Specimen, snapshot: Snapshot) -> dict[str, Callable[[], object]]:
    """Return the ways in which a text is checked, each many times over."""
    sealed = read(one.text)
    assert isinstance(sealed, Sealed)
    assert verify(one.text, snapshot=snapshot, at=AT).certificate is not None
    key = keys.public_key(
        certificates.SEALS if one.scheme is Scheme.VDS_NC else keys.SIGNERS[one.by].key
    )
    algorithm = sealed.algorithm or algorithms.read_der(key).algorithm
    check = algorithms.load(algorithm, key)

    def bare() -> None:
        for _ in range(REPEATS):
            assert check(sealed.signature, sealed.message)

    def whole() -> None:
        for _ in range(REPEATS):
            verify(one.text, snapshot=snapshot, at=AT)

    found: dict[str, Callable[[], object]] = {BARE: bare, WHOLE: whole}
    if one.scheme is Scheme.VDS_NC:
        seal = icao_pki.seal_certificate(sealed.certificate)
        above = keys.public_key(certificates.AUTHORITY)

        def both() -> None:
            for _ in range(REPEATS):
                assert chain.signed_by(seal.signature_algorithm, seal.signature, seal.signed, above)
                assert check(sealed.signature, sealed.message)

        found[BOTH] = both
    return found


def table(rounds: int) -> dict[str, list[Row]]:
    """Measure each scheme."""
    # Without revocations, as `benchmarks.verify` measures HCERT.
    snapshot = trial.snapshot().replace(revocations=None)
    return {
        one.name: measure(
            ways(one, snapshot), reference=BARE, texts=REPEATS, accepted=1, rounds=rounds
        )
        for one in specimens()
    }


def main() -> int:
    """Measure, and print; exit 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.schemes", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    rows = table(asked.rounds)
    missed = []
    if not asked.json:
        print(f"{'scheme':16} {'way':8} {'best µs':>8} {'best':>7} {'median':>7}  limit")
    for name, found in rows.items():
        limit = LIMITS.get(Scheme(name.partition(",")[0]))
        for row in found:
            wanted = f"{limit}" if limit is not None and row.name == WHOLE else ""
            missed += [name] if wanted and row.best_ratio > float(wanted) else []
            if not asked.json:
                print(
                    f"{name:16} {row.name:8} {row.best_us:8.1f} {row.best_ratio:7.3f} {row.median_ratio:7.3f}  {wanted}"
                )
    if asked.json:
        print(json.dumps({name: [row._asdict() for row in found] for name, found in rows.items()}))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
