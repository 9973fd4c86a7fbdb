"""Authenticate a text: which signer's key made this signature?

    text -> format by prefix -> Envelope -> signers with that kid -> checks of the signature -> signers

1. The payload stays bytes here; nobody has read it.
2. The signer's record names the algorithm; a header that names another is refused.
3. Every signer with the kid is tried, since two may share one, and a stranger may add one.
"""

from __future__ import annotations

from pratique import formats
from pratique.findings import Code, Step
from pratique.formats import Envelope, foreign, wrapping
from pratique.snapshot import Snapshot
from pratique.terms import COSE_ALGORITHMS
from pratique.trust.signer import Signer
from pratique.verdict import Finding


def read(text: str) -> Envelope | Finding:
    """Step 1: take the text apart down to the signed message, without believing any of it."""
    reader = formats.FORMATS.get(text[:4])
    if reader is not None:
        return reader.unwrap(text)
    if not text:
        return Finding(Code.TEXT_EMPTY)
    reader = formats.of(text)
    if reader is None:
        name = foreign.name_of(text)
        return Finding(Code.PREFIX_UNKNOWN) if name is None else Finding(Code.FORMAT_NOT_READ, name)
    return reader.unwrap(text)


def read_as_handed(text: str) -> tuple[Envelope | Finding, tuple[Finding, ...]]:
    """Step 1 for a text as people and devices hand it in: what is wrapped around the code is taken off.

    Returns with the message, or with why it is not read, what was made good on the way.
    """
    found = read(text)
    if type(found) is Envelope:
        return found, ()
    assert isinstance(found, Finding)
    return unwrapped(text, found)


def unwrapped(text: str, found: Finding) -> tuple[Envelope | Finding, tuple[Finding, ...]]:
    """Return what `read_as_handed` does, for a text that `read` has not read as it stands."""
    if found.code.step not in _READING or found.code in _PROVEN:
        return found, ()
    # Only now: what is right as it stands, nobody touches.
    one = wrapping.unwrapped(text)
    if one.finding is not None:
        return one.finding, one.notes
    return read(one.text), one.notes


_READING = {Step.TEXT, Step.BASE45, Step.COMPRESSION}
_PROVEN = {Code.COMPRESSION_BOMB, Code.COMPRESSION_TRAILING}
"""Not what a scanner, an e-mail or a spreadsheet does to a code."""


def authenticate(envelope: Envelope | Finding, snapshot: Snapshot) -> list[Signer] | Finding:
    """Step 2: return the signers whose key made the signature, or why there is none."""
    if type(envelope) is not Envelope:
        assert isinstance(envelope, Finding)
        return envelope
    algorithm, kid, _, _, message, signature = envelope
    named = COSE_ALGORITHMS.get(algorithm or 0)
    good = []
    failure = _UNKNOWN
    for signer, check in snapshot.candidates(kid):
        if check is None:
            # Before its algorithm: a key that cannot be used has none that a header could differ from.
            weak = signer.is_weak()
            failure = _worse(failure, Code.SIGNER_WEAK if weak else Code.SIGNER_UNREADABLE)
        # The algorithm is the signer's; a header that names another is an attack on the choice.
        elif signer.algorithm is not named:
            failure = _worse(failure, Code.ALGORITHM_REFUSED)
        elif check(signature, message):
            good.append(signer)
        else:
            failure = _worse(failure, Code.SIGNATURE_INVALID)
    return good or Finding(failure)


_UNKNOWN = Code.SIGNER_UNKNOWN
_GRAVITY = (
    _UNKNOWN,
    Code.ALGORITHM_REFUSED,
    Code.SIGNATURE_INVALID,
    # The signature may be that of the signer that cannot be used, so nothing is proved.
    Code.SIGNER_WEAK,
    Code.SIGNER_UNREADABLE,
)


def _worse(a: Code, b: Code) -> Code:
    return max(a, b, key=_GRAVITY.index)
