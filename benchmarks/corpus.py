"""Real texts to measure with: other people's specimens, or the project's own vectors.

    corpora | vectors -> (text, signature, key) of every ES256 text that verifies -> Corpus

1. The trust list is read by the public code, from the lists and certificates beside the texts.
2. Each text has a clock of its own, a day after it was issued, and all have one in common: the
   instant at which most are in force. Those that are not have findings, cost more, and stay in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pratique.authenticate import authenticate, read
from pratique.findings import Code
from pratique.formats import Envelope
from pratique.snapshot import Snapshot
from pratique.store import sources
from pratique.terms import Algorithm, Environment
from pratique.trust.signer import Signer
from pratique.verification import verify
from tools import mutate
from tools.measure import AT
from tools.measure import snapshot as kit_snapshot

ROOT = Path(__file__).resolve().parent.parent
TEXTS = 500
"""At least so many texts a round; the corpus is repeated to get there."""


DAY, P256_SIGNATURE = 86400, 64


class Signed(NamedTuple):
    """One signature to check: what the bare reference is given."""

    signer: Signer
    signature: bytes
    message: bytes


class Corpus(NamedTuple):
    """What every way of verifying is given.

    Attributes:
        clocks: each text's own instant.
        at: the instant that all have in common.
        distinct, in_force: how many texts there are, and are in force at `at`.
    """

    name: str
    texts: tuple[str, ...]
    clocks: tuple[datetime, ...]
    signed: tuple[Signed, ...]
    snapshot: Snapshot
    at: datetime
    distinct: int
    in_force: int

    def repeated(self, least: int = TEXTS) -> Corpus:
        """Return it with its texts repeated until there are at least `least`."""
        times = -(-least // len(self.texts))
        return self._replace(
            texts=self.texts * times, clocks=self.clocks * times, signed=self.signed * times
        )

    def part(self, start: int, end: int) -> Corpus:
        """Return it with some of its texts."""
        return self._replace(
            texts=self.texts[start:end],
            clocks=self.clocks[start:end],
            signed=self.signed[start:end],
        )


class Missing(Exception):
    """There is nothing to measure with."""


def load() -> Corpus:
    """Load the corpora if they are at hand, else the project's vectors; raise `Missing` if neither."""
    named = os.environ.get("PRATIQUE_CORPORA")
    folder = Path(named) if named else ROOT.parent / "shared" / "corpora"
    if (folder / "manifest.json").is_file():
        texts = list(dict.fromkeys(_corpora_texts(folder)))
        trust, now = sorted(_corpora_trust(folder)), datetime.now(UTC)
        held = sources.trust_from(trust, at=now, environment=Environment.TEST).snapshot
        return _corpus("corpora", texts, held)
    if (ROOT / "vectors" / "signers.json").is_file():
        return _corpus("vectors", list(dict.fromkeys(_kit_texts())), _kit_signers())
    raise Missing(f"no corpora at {folder} and no vectors: set PRATIQUE_CORPORA to their folder")


def _corpora_texts(folder: Path) -> Iterator[str]:
    for case in json.loads((folder / "manifest.json").read_bytes())["cases"]:
        path = folder / case["files"][0]
        if case["kind"] == "dcc-qr":
            yield path.read_text().strip()
        elif case["kind"] == "dcc-layered":
            yield json.loads(path.read_bytes()).get("PREFIX", "")


def _corpora_trust(folder: Path) -> Iterator[Path]:
    yield from (folder / "trust").glob("d*-dsc.json")
    for case in json.loads((folder / "manifest.json").read_bytes())["cases"]:
        if case["kind"] == "dcc-layered" and case.get("trust", "").startswith("in-case"):
            yield folder / case["files"][0]


def _kit_signers() -> Snapshot:
    # Without the kit's revocations: what they cost is measured apart (benchmarks.revocation).
    return kit_snapshot().replace(revocations=None)


def _kit_texts() -> Iterator[str]:
    # Most of the kit differs from a good certificate on purpose; what is measured are good ones.
    held = _kit_signers()
    for text in mutate.kit_texts():
        found = verify(text, snapshot=held, at=AT).verdict.findings
        if [finding.code for finding in found] == [Code.NO_RULES]:
            yield text


def _corpus(name: str, texts: list[str], snapshot: Snapshot) -> Corpus:
    now = datetime.now(UTC)
    kept: list[tuple[str, Signed, int]] = []
    lives: list[tuple[int, int]] = []
    for text in texts:
        if (signed := _signed(text, snapshot)) is None:
            continue
        certificate = verify(text, snapshot=snapshot, at=now).certificate
        start = (certificate and certificate.issued_at) or 0
        # Some say on purpose that they were issued at no instant that a calendar holds.
        start = start if 0 <= start < 2**33 else 0
        kept.append((text, signed, start))
        lives.append((start, (certificate and certificate.expires_at) or 0))
    if not kept:
        raise Missing(f"no text of the {name} verifies")
    at = max((start for start, _ in lives), key=lambda at: sum(a <= at <= b for a, b in lives))
    return Corpus(
        name=name,
        texts=tuple(text for text, _, _ in kept),
        clocks=tuple(datetime.fromtimestamp(start + DAY, UTC) for _, _, start in kept),
        signed=tuple(signed for _, signed, _ in kept),
        snapshot=snapshot,
        at=datetime.fromtimestamp(at, UTC),
        distinct=len(kept),
        in_force=sum(a <= at <= b for a, b in lives),
    )


def _signed(text: str, snapshot: Snapshot) -> Signed | None:
    envelope = read(text)
    signers = authenticate(envelope, snapshot)
    if not (isinstance(envelope, Envelope) and isinstance(signers, list)):
        return None
    if signers[0].algorithm is not Algorithm.ES256 or len(envelope.signature) != P256_SIGNATURE:
        return None
    return Signed(signers[0], envelope.signature, envelope.message)
