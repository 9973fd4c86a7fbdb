"""A faster signature primitive: AWS-LC's P-256 and P-384, by the optional `awscrt`.

    (algorithm, SPKI) -> load -> check(signature, message), with the outcomes of `algorithms.load`

1. `algorithms.load` reads every key first, so that what it refuses is refused here.
2. Only keys in the one usual form (named curve, uncompressed point) are AWS-LC's; all others stay
   with it.
3. Tests hold the two equal, on other people's vectors and on damaged signatures.
"""

from __future__ import annotations

from collections.abc import Callable

from pratique.crypto import algorithms
from pratique.crypto.algorithms import Checker, to_der
from pratique.errors import ExtraMissing
from pratique.terms import Algorithm

_TAKEN = {Algorithm.ES256, Algorithm.ES384}


def load(algorithm: Algorithm, spki: bytes) -> Checker:
    """Make the checker of one public key, with AWS-LC where it can.

    Raises:
        ExtraMissing: the extra `fast` is not installed.
        DocumentRefused: the key does not fit, as in `algorithms.load`.
    """
    try:
        from awscrt import crypto  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ExtraMissing("fast", "the faster signature check") from error
    check = algorithms.load(algorithm, spki)
    curve = algorithms.usual(spki)
    if algorithm not in _TAKEN or curve not in _TAKEN:
        return check
    key = crypto.EC.new_key_from_der_data(spki)
    return _checker(key.verify, algorithm, 2 * algorithms.ECDSA[curve].size)


def _checker(verify: Callable[[bytes, bytes], bool], algorithm: Algorithm, length: int) -> Checker:
    hashed = algorithms.ECDSA[algorithm].hashed

    def check(signature: bytes, message: bytes) -> bool:
        if len(signature) != length:
            return False
        return verify(hashed(message).digest(), to_der(signature)) is True

    return check
