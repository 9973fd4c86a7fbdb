"""Keys that are known to be weak, found by arithmetic alone.

    Features -> failed -> Finding, ...

1. Each check is quick for any key of the size that is looked at; a larger one is not looked at.
2. Not looked for: the keys of Debian's broken generator of 2008. Their list has many megabytes, and all
   of those of 1024 and 2048 bits are too small here anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import gcd, isqrt, prod

from pratique.crypto.features import RSA, Features
from pratique.trust.governance.report import Finding, finding

MOST_BITS = 16_384
EXPONENT = 65_537
TINY = 2_000
"""Prime factors below this are looked for."""
FERMAT_STEPS = 64
_ROCA_PRIMES = 167
"""The fingerprint looks at the primes from 3 to this one."""


def failed(certificate: Features) -> Iterator[Finding]:
    """Find weaknesses of a certificate's key."""
    if certificate.explicit_curve:
        yield finding("ec_parameters")
    if certificate.key_kind != RSA:
        return
    if certificate.exponent < EXPONENT or certificate.exponent % 2 == 0:
        yield finding("rsa_exponent")
    if certificate.key_bits > MOST_BITS or _falls_apart(certificate.modulus):
        yield finding("rsa_modulus")
    elif is_roca(certificate.modulus):
        yield finding("rsa_roca")


def is_roca(modulus: int) -> bool:
    """Say whether a modulus has the fingerprint of Infineon's RSALib (Nemec and others, CCS 2017, §2.3).

    Modulo each small prime it is a power of 65537; of other moduli, one in 2^27 or fewer.
    """
    return all(modulus % prime in powers for prime, powers in _roca_powers().items())


def _falls_apart(modulus: int) -> bool:
    return gcd(modulus, _product()) != 1 or _fermat(modulus)


def _fermat(modulus: int) -> bool:
    """Say whether the modulus is a product of two numbers that lie close together (CVE-2022-26320)."""
    middle = isqrt(modulus - 1) + 1
    for step in range(middle, middle + FERMAT_STEPS):
        rest = step * step - modulus
        if isqrt(rest) ** 2 == rest:
            return True
    return False


def _primes(least: int, most: int) -> list[int]:
    return [n for n in range(least, most + 1) if all(n % d for d in range(2, isqrt(n) + 1))]


@cache
def _product() -> int:
    return prod(_primes(2, TINY))


@cache
def _roca_powers() -> dict[int, frozenset[int]]:
    return {
        prime: frozenset(pow(EXPONENT, power, prime) for power in range(prime))
        for prime in _primes(3, _ROCA_PRIMES)
    }
