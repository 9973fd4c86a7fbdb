"""What reading a DIVOC certificate costs beside the bare check of its signature.

python -m benchmarks.divoc        RSA (2,048 bits) and Ed25519, a hundred certificates of invented people each

1. "bare" is `crypto.algorithms`'s check of a key, message and signature that are ready.
2. "whole" is `verification.verify`: base64, zip, JSON, statements, canonical form, signature, content, checks.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from benchmarks.timing import Row, measure
from benchmarks.ways import Way
from pratique.authenticate import read
from pratique.formats import Sealed
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from pratique.verification import verify
from tests.schemes import divoc

TEXTS, ROUNDS = 100, 7
AT = datetime(2022, 3, 1, 12, tzinfo=UTC)


def ways(key: divoc.Key) -> dict[str, Way]:
    """Return "bare", "read" (to the signed message) and "whole", each over the same certificates."""
    signer = divoc.signer(key)
    snapshot = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList([signer])
    )
    texts = [
        divoc.make(key, credentialSubject=divoc.person(name=f"Jo Bloggs {number}"))
        for number in range(TEXTS)
    ]
    messages = [message for text in texts if isinstance(message := read(text), Sealed)]
    check = snapshot.checker(signer)
    assert check is not None
    assert all(check(one.signature, one.message) for one in messages)

    def bare() -> None:
        for one in messages:
            check(one.signature, one.message)

    def take_apart() -> None:
        for text in texts:
            read(text)

    def whole() -> None:
        for text in texts:
            verify(text, snapshot=snapshot, at=AT)

    return {"bare": bare, "read": take_apart, "whole": whole}


def rows(key: divoc.Key) -> list[Row]:
    """Measure one kind of key."""
    return measure(ways(key), reference="bare", texts=TEXTS, accepted=TEXTS, rounds=ROUNDS)


def main() -> int:
    """Print the table."""
    for name, key in (("RSA", divoc.rsa()), ("Ed25519", divoc.EDWARDS)):
        for row in rows(key):
            print(
                f"{name:8} {row.name:6} {row.best_us:8.0f} us  {row.median_ratio:6.1f} x the bare check"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
