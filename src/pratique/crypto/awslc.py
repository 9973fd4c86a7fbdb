"""A faster signature primitive: AWS-LC's P-256 and P-384, by the optional `awscrt`.

    (algorithm, SPKI) -> load -> check(signature, message), with the outcomes of `primitives.load`

1. `primitives.load` reads every key first, so that what it refuses is refused here.
2. Only keys in the one usual form (named curve, uncompressed point) are AWS-LC's; all others stay
   with `primitives`.
3. Tests hold the two equal, on other people's vectors and on damaged signatures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from pratique.crypto import algorithms
from pratique.crypto.algorithms import Checker, to_der
from pratique.errors import ExtraMissing
from pratique.terms import Algorithm

_DIGESTS = {Algorithm.ES256: hashlib.sha256, Algorithm.ES384: hashlib.sha384}

# SubjectPublicKeyInfo up to the point's coordinates (RFC 5480 §2), and the bytes of a coordinate.
_FORMS = (
    (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 32),
    (bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"), 48),
)


def load(algorithm: Algorithm, spki: bytes) -> Checker:
    """Make the checker of one public key, with AWS-LC where it can.

    Raises:
        ExtraMissing: the extra `fast` is not installed.
        DocumentRefused: the key does not fit, as in `primitives.load`.
    """
    try:
        from awscrt import crypto  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ExtraMissing("fast", "the faster signature check") from error
    check = algorithms.load(algorithm, spki)
    for head, size in _FORMS:
        if algorithm in _DIGESTS and spki.startswith(head) and len(spki) == len(head) + 2 * size:
            key = crypto.EC.new_key_from_der_data(spki)
            return _checker(key.verify, algorithm, 2 * size)
    return check


def _checker(verify: Callable[[bytes, bytes], bool], algorithm: Algorithm, length: int) -> Checker:
    hashed = _DIGESTS[algorithm]

    def check(signature: bytes, message: bytes) -> bool:
        if len(signature) != length:
            return False
        return verify(hashed(message).digest(), to_der(signature)) is True

    return check
