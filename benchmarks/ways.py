"""The ways of checking that are measured, each over the whole corpus once.

    corpus -> {name: call}          bare | one by one | batch, with either primitive

1. "bare" is the reference: `cryptography`'s ES256 check with key objects, DER and messages ready.
2. Outcomes are let go at once, as a desk or a bulk run does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from benchmarks.corpus import Corpus
from pratique.crypto import awslc
from pratique.crypto.algorithms import to_der
from pratique.errors import ExtraMissing
from pratique.snapshot import Snapshot
from pratique.verification import verify, verify_many

Way = Callable[[], object]

BARE, ONE, ONE_AT, BATCH = "bare", "one by one", "one by one, one instant", "batch, one instant"
FAST_BARE, FAST_ONE, FAST_BATCH = "fast: bare", "fast: one by one", "fast: batch, one instant"


def ways(corpus: Corpus) -> dict[str, Way]:
    """Return every way there is here; the fast ones need the extra `fast`."""
    found = {
        BARE: bare(corpus),
        ONE: one_by_one(corpus),
        ONE_AT: one_by_one(corpus._replace(clocks=(corpus.at,) * len(corpus.texts))),
        BATCH: batch(corpus),
    }
    fast = fast_snapshot(corpus.snapshot)
    if fast is not None:
        found[FAST_BARE] = checks(corpus, fast)
        found[FAST_ONE] = one_by_one(corpus, fast)
        found[FAST_BATCH] = batch(corpus, fast)
    return found


def fast_snapshot(snapshot: Snapshot) -> Snapshot | None:
    """Return the snapshot with AWS-LC's checks; None without the extra `fast`."""
    fast = snapshot.with_primitive(awslc.load)
    try:
        for signer in fast.trust:
            fast.checker(signer)
    except ExtraMissing:
        return None
    return fast


def bare(corpus: Corpus) -> Way:
    """Check the signatures and nothing else."""
    used = {signed.signer.public_key for signed in corpus.signed}
    keys = {public_key: load_der_public_key(public_key) for public_key in used}
    ecdsa = ec.ECDSA(hashes.SHA256())
    ready = []
    for signed in corpus.signed:
        key = keys[signed.signer.public_key]
        assert isinstance(key, ec.EllipticCurvePublicKey)
        ready.append((key, to_der(signed.signature), signed.message))

    def run() -> None:
        for key, signature, message in ready:
            key.verify(signature, message, ecdsa)

    return run


def checks(corpus: Corpus, snapshot: Snapshot) -> Way:
    """Check the signatures with a snapshot's own primitive, and nothing else."""
    ready = [(snapshot.checker(s.signer), s.signature, s.message) for s in corpus.signed]

    def run() -> None:
        for check, signature, message in ready:
            assert check is not None
            check(signature, message)

    return run


def one_by_one(corpus: Corpus, snapshot: Snapshot | None = None) -> Way:
    """Verify each text at its clock, from text to verdict."""
    held, cases = snapshot or corpus.snapshot, list(zip(corpus.texts, corpus.clocks, strict=True))

    def run() -> None:
        for text, at in cases:
            verify(text, snapshot=held, at=at)

    return run


def batch(corpus: Corpus, snapshot: Snapshot | None = None) -> Way:
    """Verify all texts by the batch call, at the instant they have in common."""
    held = snapshot or corpus.snapshot

    def run() -> None:
        deque(verify_many(corpus.texts, snapshot=held, at=corpus.at), maxlen=0)

    return run


def disagreements(corpus: Corpus) -> int:
    """Count the texts of which two ways say different things."""
    snapshots = [corpus.snapshot]
    if (fast := fast_snapshot(corpus.snapshot)) is not None:
        snapshots.append(fast)
    told = [[verify(text, snapshot=s, at=corpus.at) for text in corpus.texts] for s in snapshots]
    told += [list(verify_many(corpus.texts, snapshot=s, at=corpus.at)) for s in snapshots]
    return sum(len({found.verdict for found in same}) > 1 for same in zip(*told, strict=True))
