"""Signatures on the edge, and keys in every spelling: what one primitive may see otherwise than another.

    sound(corpora) -> Case(algorithm, SPKI, signature, message), ...      chains() -> Link(AlgorithmIdentifier, ...), ...

1. Each is put to OpenSSL, and to whatever checks signatures elsewhere: the outcomes must be the same.
2. Among them are good ones of every kind, so that "all are refused" is no agreement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.crypto import asn1
from pratique.terms import Algorithm

MESSAGE = b"what was signed"
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
DIGESTS: dict[Algorithm, hashes.HashAlgorithm] = {
    Algorithm.ES256: hashes.SHA256(),
    Algorithm.ES384: hashes.SHA384(),
    Algorithm.ES512: hashes.SHA512(),
}
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


class Case(NamedTuple):
    """A signature in COSE's form, and the algorithm and key that it is checked with."""

    name: str
    algorithm: Algorithm
    key: bytes
    signature: bytes
    message: bytes = MESSAGE


class Link(NamedTuple):
    """A signing CA's signature, as X.509 holds it, and its AlgorithmIdentifier and key."""

    name: str
    identifier: bytes
    signature: bytes
    signed: bytes
    key: bytes


def spki(key: Any) -> bytes:
    """Write a public key, or that of a private one."""
    public = key.public_key() if hasattr(key, "public_key") else key
    written: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return written


def oid(text: str) -> bytes:
    """Write an object identifier."""
    first, second, *rest = map(int, text.split("."))
    octets = b""
    for arc in (first * 40 + second, *rest):
        parts = [arc & 0x7F]
        while arc := arc >> 7:
            parts.insert(0, arc & 0x7F | 0x80)
        octets += bytes(parts)
    return asn1.write(asn1.OID, octets)


def info(names: bytes, key: bytes, *, unused: int = 0, after: bytes = b"") -> bytes:
    """Write a SubjectPublicKeyInfo of whatever parts."""
    bits = asn1.write(asn1.BIT_STRING, bytes([unused]) + key)
    return asn1.write(asn1.SEQUENCE, asn1.write(asn1.SEQUENCE, names) + bits + after)


def integers(*values: int) -> bytes:
    """Write integers, one behind the other; negative ones too."""
    return b"".join(
        asn1.write(asn1.INTEGER, v.to_bytes((v.bit_length() if v >= 0 else (v + 1).bit_length()) // 8 + 1, "big", signed=True))
        for v in values
    )  # fmt: skip


# Keys.

EC_NAME, NULL = oid("1.2.840.10045.2.1"), asn1.write(asn1.NULL, b"")
RSA_NAME, PSS_NAME = oid("1.2.840.113549.1.1.1"), oid("1.2.840.113549.1.1.10")
SEEDS = {
    "P-256": "c49d360886e704936a6678e1139d26b7819f7e90",
    "P-384": "a335926aa319a27a1d00896a6773a4827acdac73",
    "P-521": "d09e8800291cb85396cc6717393284aaa0da64ba",
}


def explicit(curve: ec.EllipticCurve, seed: str = "", cofactor: int = 1, more: int = 0) -> bytes:
    """Spell a curve out (RFC 3279 §2.3.5): p and b are found from points of it, G is 1·G."""
    one, two = (ec.derive_private_key(k, curve).public_key().public_numbers() for k in (1, 2))
    p = FIELDS[curve.name]
    size = (p.bit_length() + 7) // 8
    b = (one.y**2 - one.x**3 + 3 * one.x) % p
    assert (two.y**2 - two.x**3 + 3 * two.x - b) % p == 0
    base = b"\4" + one.x.to_bytes(size, "big") + one.y.to_bytes(size, "big")
    seeded = asn1.write(asn1.BIT_STRING, b"\0" + bytes.fromhex(seed)) if seed else b""
    coefficients = b"".join(
        asn1.write(asn1.OCTET_STRING, v.to_bytes(size, "big")) for v in (p - 3, b + more)
    )
    return asn1.write(
        asn1.SEQUENCE,
        integers(1)
        + asn1.write(asn1.SEQUENCE, oid("1.2.840.10045.1.1") + integers(p))
        + asn1.write(asn1.SEQUENCE, coefficients + seeded)
        + asn1.write(asn1.OCTET_STRING, base)
        + integers(curve.group_order, cofactor),
    )


FIELDS = {
    "secp256r1": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "secp384r1": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "secp521r1": 2**521 - 1,
}


@cache
def private(curve: str) -> ec.EllipticCurvePrivateKey:
    """Return a curve's key, the same for all."""
    return ec.derive_private_key(0xC0FFEE + len(curve), CURVES[curve])


@cache
def rsa_key(size: int, exponent: int = 65_537) -> rsa.RSAPrivateKey:
    """Return an RSA key, the same for all."""
    return rsa.generate_private_key(exponent, size)


def spellings(curve: str) -> Iterator[tuple[str, bytes]]:
    """Yield the spellings of a curve's key, some of them of none."""
    public = private(curve).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    short = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    named = (
        EC_NAME + asn1.children(asn1.children(asn1.children(spki(public))[0].body)[0].body)[1].raw
    )
    sign = bytes([6 + (short[0] & 1)])
    yield "usual", spki(public)
    yield "compressed", info(named, short)
    yield "the other point", info(named, bytes([short[0] ^ 1]) + short[1:])
    yield "hybrid", info(named, sign + point[1:])
    yield "hybrid of another sign", info(named, bytes([sign[0] ^ 1]) + point[1:])
    yield "infinity", info(named, b"\0")
    yield "beside the curve", info(named, point[:-1] + bytes([point[-1] ^ 1]))
    yield "compressed beside the curve", info(named, short[:1] + b"\0" * (len(short) - 2) + b"\4")
    yield "cut off", info(named, point[:-1])
    yield "longer", info(named, point + b"\0")
    yield "a coordinate too large", info(named, b"\4" + b"\xff" * (len(point) - 1))
    yield "trailing", spki(public) + b"\0"
    yield "trailing inside", info(named, point, after=NULL)
    yield "unused bits", info(named, point[:-1] + bytes([point[-1] & 0xFE]), unused=1)
    yield "no parameters", info(EC_NAME, point)
    yield "NULL parameters", info(EC_NAME + NULL, point)
    yield "one parameter more", info(named + NULL, point)
    for what, parameters in (
        ("spelt out", explicit(CURVES[curve])),
        ("spelt out with its seed", explicit(CURVES[curve], SEEDS[curve])),
        ("spelt out with a strange seed", explicit(CURVES[curve], "0102")),
        ("spelt out with a cofactor", explicit(CURVES[curve], cofactor=2)),
        ("spelt out, another curve", explicit(CURVES[curve], more=1)),
    ):
        yield what, info(EC_NAME + parameters, point)
    yield "spelt out, compressed", info(EC_NAME + explicit(CURVES[curve]), short)
    yield "of ECDH", info(oid("1.3.132.1.12") + named[len(EC_NAME) :], point)
    yield "RSA's name", info(RSA_NAME + NULL, point)


def other_keys() -> Iterator[tuple[str, bytes]]:
    """Yield keys of RSA, of Ed25519 and of kinds that sign nothing here."""
    n = rsa_key(2048).public_key().public_numbers().n
    pair = asn1.write(asn1.SEQUENCE, integers(n, 65_537))
    yield "RSA", info(RSA_NAME + NULL, pair)
    yield "RSA without parameters", info(RSA_NAME, pair)
    yield "RSA with others", info(RSA_NAME + asn1.write(asn1.SEQUENCE, b""), pair)
    yield "RSA alone", pair
    yield "RSA-PSS", info(PSS_NAME, pair)
    yield (
        "RSA-PSS with parameters",
        info(PSS_NAME + pss_parameters("2.16.840.1.101.3.4.2.1", 32), pair),
    )
    yield "RSA-PSS with NULL", info(PSS_NAME + NULL, pair)
    yield "RSA-OAEP", info(oid("1.2.840.113549.1.1.7"), pair)
    names: dict[int, object] = {n - 2: "n - 2", n: "n", n + 2: "n + 2"}
    for exponent in (-1, 0, 1, 2, 3, 4, 17, 65_536, 2**32 + 1, 2**33 - 1, n - 2, n, n + 2):
        yield (
            f"exponent {names.get(exponent, exponent)}",
            info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(n, exponent))),
        )
    for size in (512, 1024, 2047, 2048, 2049, 8192, 8193, 16_384):
        modulus = (1 << (size - 1)) + 1
        yield (
            f"{size} bits",
            info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(modulus, 65_537))),
        )
    yield "even", info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(n - 1, 65_537)))
    yield "negative", info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(-n, 65_537)))
    yield "three numbers", info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(n, 65_537, 1)))
    yield (
        "padded",
        info(RSA_NAME + NULL, asn1.write(asn1.SEQUENCE, integers(n) + asn1.write(2, b"\0\1\0\1"))),
    )
    yield "trailing", info(RSA_NAME + NULL, pair + b"\0")
    yield "unused bits", info(RSA_NAME + NULL, pair[:-1] + b"\0", unused=1)
    edwards = spki(Ed25519PrivateKey.from_private_bytes(b"\7" * 32))
    yield "Ed25519", edwards
    yield "Ed25519 with parameters", info(oid("1.3.101.112") + NULL, edwards[-32:])
    yield "Ed25519 cut off", info(oid("1.3.101.112"), edwards[-31:])
    for point in ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "01" + "00" * 30 + "80"):
        yield f"Ed25519 {point[:2]}", info(oid("1.3.101.112"), bytes.fromhex(point))
    for number, size in ((110, 32), (111, 56), (113, 57), (110, 31)):
        yield f"RFC 8410 {number} of {size}", info(oid(f"1.3.101.{number}"), b"\5" * size)
    for curve in (ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1(), ec.SECP256K1()):
        der = spki(ec.derive_private_key(77, curve))
        yield curve.name, der
        yield f"{curve.name} beside the curve", der[:-1] + bytes([der[-1] ^ 1])
    yield "nothing", b""
    yield "no key", asn1.write(asn1.SEQUENCE, b"")
    yield "a name of nothing", info(oid("1.2.3.4"), b"\5" * 32)


# Signatures.


def sound(corpora: Path | None) -> Iterator[Case]:
    """Yield all cases."""
    for curve in CURVES:
        for algorithm, digest in DIGESTS.items():
            yield from _ecdsa(curve, algorithm, digest)
    for size, exponent in ((2048, 65_537), (2048, 3), (3072, 65_537)):
        yield from _pss(rsa_key(size, exponent))
    yield from _edwards()
    for curve in CURVES:
        good = raw(curve, sign_ecdsa(curve, hashes.SHA256()))
        for what, key in spellings(curve):
            yield Case(f"{curve} {what}", Algorithm.ES256, key, good)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signed = rsa_key(2048).sign(MESSAGE, pss, hashes.SHA256())
    for what, key in other_keys():
        for algorithm in (Algorithm.PS256, Algorithm.ES256, Algorithm.EDDSA):
            yield Case(f"{algorithm} {what}", algorithm, key, signed)
    if corpora is not None:
        yield from _wycheproof(corpora)


def sign_ecdsa(curve: str, digest: hashes.HashAlgorithm) -> bytes:
    """Sign the message; DER."""
    return private(curve).sign(MESSAGE, ec.ECDSA(digest, deterministic_signing=True))


def raw(curve: str, der: bytes) -> bytes:
    """Write r and s of fixed length."""
    size = (CURVES[curve].key_size + 7) // 8
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(der))


def _ecdsa(curve: str, algorithm: Algorithm, digest: hashes.HashAlgorithm) -> Iterator[Case]:
    der, key, n = sign_ecdsa(curve, digest), spki(private(curve)), CURVES[curve].group_order
    size = (CURVES[curve].key_size + 7) // 8
    r, s = decode_dss_signature(der)
    top = 256**size - 1
    good = raw(curve, der)
    pairs = {
        "good": (r, s), "high s": (r, n - s), "r = 0": (0, s), "s = 0": (r, 0), "both 0": (0, 0), "r = n": (n, s),
        "s = n": (r, n), "r + n": ((r + n) & top, s), "s + n": (r, (s + n) & top), "swapped": (s, r), "ones": (1, 1),
        "top": (top, top), "n - 1": (n - 1, n - 1),
    }  # fmt: skip
    for what, (first, second) in pairs.items():
        signature = first.to_bytes(size, "big") + second.to_bytes(size, "big")
        yield Case(f"{curve} {algorithm} {what}", algorithm, key, signature)
    for what, signature in {
        "DER": der, "nothing": b"", "cut off": good[:-1], "longer": good + b"\0", "half": good[:size],
        "zeros between": b"\0" + good[:size] + b"\0" + good[size:],
    }.items():  # fmt: skip
        yield Case(f"{curve} {algorithm} {what}", algorithm, key, signature)
    yield Case(f"{curve} {algorithm} another message", algorithm, key, good, MESSAGE + b"!")
    yield Case(f"{curve} {algorithm} no message", algorithm, key, good, b"")
    yield Case(f"{curve} for EdDSA", Algorithm.EDDSA, key, good)
    yield Case(f"{curve} for PS256", Algorithm.PS256, key, good)


def _pss(key: rsa.RSAPrivateKey) -> Iterator[Case]:
    n, size = key.public_key().public_numbers().n, key.key_size // 8
    own = f"RSA {key.key_size} e={key.public_key().public_numbers().e}"

    def of(salt: int, digest: Any = hashes.SHA256(), mgf: Any = hashes.SHA256()) -> bytes:  # noqa: B008
        return key.sign(MESSAGE, padding.PSS(padding.MGF1(mgf), salt), digest)

    good = of(32)
    short = next(s for s in iter(lambda: of(32), b"") if s[0] == 0)
    for what, signature in {
        "good": good, "no salt": of(0), "salt 20": of(20), "salt 33": of(33), "longest salt": of(size - 34),
        "SHA-512": of(32, hashes.SHA512(), hashes.SHA512()), "MGF1 with SHA-1": of(32, mgf=hashes.SHA1()),
        "PKCS1": key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()), "nothing": b"", "zeros": bytes(size),
        "cut off": good[:-1], "longer": b"\0" + good, "a zero behind": good + b"\0", "a zero before": short,
        "its zero left out": short[1:], "s + n": (int.from_bytes(good, "big") + n).to_bytes(size + 1, "big"),
        "n": n.to_bytes(size, "big"), "one": (1).to_bytes(size, "big"), "flipped": bytes([good[0] ^ 1]) + good[1:],
    }.items():  # fmt: skip
        yield Case(f"{own} {what}", Algorithm.PS256, spki(key), signature)
    yield Case(f"{own} another message", Algorithm.PS256, spki(key), good, b"")


def _edwards() -> Iterator[Case]:
    seed = b"\7" * 32
    key = Ed25519PrivateKey.from_private_bytes(seed)
    good, der = key.sign(MESSAGE), spki(key)
    s = int.from_bytes(good[32:], "little")
    identity = b"\1" + bytes(31)
    for what, signature in {
        "good": good, "S + L": good[:32] + (s + ED25519_ORDER).to_bytes(32, "little"), "cut off": good[:-1],
        "longer": good + b"\0", "nothing": b"", "zeros": bytes(64), "S = 0": good[:32] + bytes(32),
        "R of small order": _of_small_order(seed, der[-32:], identity),
        "R of small order, written otherwise": _of_small_order(seed, der[-32:], bytes([0xEE]) + b"\xff" * 30 + b"\x7f"),
        "R flipped": bytes([good[0] ^ 1]) + good[1:],
    }.items():  # fmt: skip
        yield Case(f"Ed25519 {what}", Algorithm.EDDSA, der, signature)
    yield Case("Ed25519 another message", Algorithm.EDDSA, der, good, b"")
    for point in (identity, bytes(32), b"\xec" + b"\xff" * 30 + b"\x7f"):
        # Anybody can sign for them: S = 0, and R the same point, or the identity.
        for first in (identity, point):
            yield Case(
                "Ed25519 for a key of small order",
                Algorithm.EDDSA,
                info(oid("1.3.101.112"), point),
                first + bytes(32),
            )


def _of_small_order(seed: bytes, public: bytes, point: bytes) -> bytes:
    """Sign with R = the identity, as only whoever has the key can."""
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    scalar = int.from_bytes(digest, "little")
    hashed = int.from_bytes(hashlib.sha512(point + public + MESSAGE).digest(), "little")
    return point + (hashed * scalar % ED25519_ORDER).to_bytes(32, "little")


def _wycheproof(corpora: Path) -> Iterator[Case]:
    for name, algorithm in (
        ("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm.ES256),
        ("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm.PS256),
    ):
        for group in json.loads((corpora / "wycheproof" / name).read_bytes())["testGroups"]:
            key = bytes.fromhex(group.get("publicKeyDer") or group["publicKeyAsn"])
            for test in group["tests"]:
                yield Case(
                    f"{name} {test['tcId']}",
                    algorithm,
                    key,
                    bytes.fromhex(test["sig"]),
                    bytes.fromhex(test["msg"]),
                )


# Chains.


def pss_parameters(digest: str, salt: int | None) -> bytes:
    """Write RSASSA-PSS-params."""
    named = asn1.write(asn1.SEQUENCE, oid(digest) + NULL)
    mask = asn1.write(asn1.SEQUENCE, oid("1.2.840.113549.1.1.8") + named)
    salted = b"" if salt is None else asn1.write(0xA2, integers(salt))
    return asn1.write(asn1.SEQUENCE, asn1.write(0xA0, named) + asn1.write(0xA1, mask) + salted)


_OIDS = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}  # fmt: skip


def chains() -> Iterator[Link]:
    """Yield signatures of signing CAs."""
    for curve in CURVES:
        yield from _chains_of_curve(curve)
    for size in (2048, 3072):
        yield from _chains_of_rsa(rsa_key(size))
    good, key = sign_ecdsa("P-256", hashes.SHA256()), spki(private("P-256"))
    es256 = asn1.write(asn1.SEQUENCE, oid("1.2.840.10045.4.3.2"))
    for what, identifier in {
        "SHA-1": asn1.write(asn1.SEQUENCE, oid("1.2.840.10045.4.1")), "a NULL": asn1.write(asn1.SEQUENCE, oid("1.2.840.10045.4.3.2") + NULL),
        "the key's name": asn1.write(asn1.SEQUENCE, EC_NAME), "RSA": asn1.write(asn1.SEQUENCE, oid("1.2.840.113549.1.1.11") + NULL),
        "PSS": asn1.write(asn1.SEQUENCE, PSS_NAME), "PSS of SHA-1": asn1.write(asn1.SEQUENCE, PSS_NAME + asn1.write(asn1.SEQUENCE, b"")),
        "nothing": b"", "no name": asn1.write(asn1.SEQUENCE, b""), "a number": integers(1),
    }.items():  # fmt: skip
        yield Link(f"identifier: {what}", identifier, good, MESSAGE, key)
    for what, spelt in (*spellings("P-256"), *other_keys()):
        if what not in _NOT_TOLD:
            yield Link(f"key: {what}", es256, good, MESSAGE, spelt)
    rs256 = asn1.write(asn1.SEQUENCE, oid("1.2.840.113549.1.1.11") + NULL)
    good = rsa_key(2048).sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    for what, spelt in other_keys():
        if what not in _NOT_BELIEVED:
            yield Link(f"RSA's key: {what}", rs256, good, MESSAGE, spelt)


_NOT_TOLD = frozenset({"brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "secp256k1"})
"""Curves that WebCrypto lacks: OpenSSL says that the signature is wrong, a browser cannot tell."""
_NOT_BELIEVED = frozenset(
    {"exponent n - 2", "512 bits", "1024 bits", "2047 bits", "8193 bits", "16384 bits"}
)
"""Keys of sizes that no signing CA is held with (`chain.authority_key`): the same."""


def _chains_of_curve(curve: str) -> Iterator[Link]:
    key, n = spki(private(curve)), CURVES[curve].group_order
    for number, digest in enumerate(DIGESTS.values(), 2):
        der = sign_ecdsa(curve, digest)
        r, s = decode_dss_signature(der)
        identifier = asn1.write(asn1.SEQUENCE, oid(f"1.2.840.10045.4.3.{number}"))

        def pair(*values: int) -> bytes:
            return asn1.write(asn1.SEQUENCE, integers(*values))

        bare = asn1.children(asn1.children(der)[0].body)
        padded = asn1.write(2, b"\0\0" + r.to_bytes(n.bit_length() // 8 + 1, "big").lstrip(b"\0"))
        for what, signature in {
            "good": der, "high s": pair(r, n - s), "r = 0": pair(0, s), "s = n": pair(r, n), "r + n": pair(r + n, s),
            "negative": pair(-r, s), "three": pair(r, s, 1), "one": pair(r), "trailing": der + b"\0", "raw": raw(curve, der),
            "padded": asn1.write(0x30, padded + bare[1].raw), "nothing": b"", "huge": pair(r, 1 << 4000),
            "BER": b"\x30\x82" + len(asn1.children(der)[0].body).to_bytes(2, "big") + asn1.children(der)[0].body,
            "cut off": der[:-1], "octets": asn1.write(0x30, asn1.write(4, bare[0].body) + bare[1].raw),
        }.items():  # fmt: skip
            yield Link(f"{curve} {digest.name} {what}", identifier, signature, MESSAGE, key)
        yield Link(f"{curve} {digest.name} another message", identifier, der, b"", key)


def _padded(key: rsa.RSAPrivateKey, told: bytes) -> bytes:
    """Sign what is told as RFC 8017 §9.2 pads it, whatever it is."""
    private, size = key.private_numbers(), key.key_size // 8
    octets = b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told
    n = private.public_numbers.n
    return pow(int.from_bytes(octets, "big"), private.d, n).to_bytes(size, "big")


def _chains_of_rsa(key: rsa.RSAPrivateKey) -> Iterator[Link]:
    der, size = spki(key), key.key_size // 8
    for number, digest in enumerate(DIGESTS.values(), 11):
        identifier = asn1.write(asn1.SEQUENCE, oid(f"1.2.840.113549.1.1.{number}") + NULL)
        good = key.sign(MESSAGE, padding.PKCS1v15(), digest)
        short = next(
            (s, m)
            for m in (str(i).encode() for i in range(10_000))
            if (s := key.sign(m, padding.PKCS1v15(), digest))[0] == 0
        )
        for what, signature, signed in (
            ("good", good, MESSAGE), ("another message", good, b""), ("nothing", b"", MESSAGE), ("longer", b"\0" + good, MESSAGE),
            ("a zero before", *short), ("its zero left out", short[0][1:], short[1]), ("zeros", bytes(size), MESSAGE),
        ):  # fmt: skip
            yield Link(f"RSA {size * 8} {digest.name} {what}", identifier, signature, signed, der)
        named = _OIDS[digest.name]
        hashed = hashlib.new(digest.name, MESSAGE).digest()
        for what, parameters in (
            ("with NULL", NULL),
            ("without NULL", b""),
            ("with another", oid("1.2.3")),
        ):
            inner = asn1.write(asn1.SEQUENCE, oid(named) + parameters)
            told = asn1.write(asn1.SEQUENCE, inner + asn1.write(asn1.OCTET_STRING, hashed))
            signature = _padded(key, told)
            yield Link(f"RSA {size * 8} {digest.name} {what}", identifier, signature, MESSAGE, der)
        own, of_pss = digest.digest_size, identifier
        for salt, stated in (
            (own, own),
            (20, None),
            (0, 0),
            (64, 64),
            (own, 21),
            (own, None),
            (own, -1),
        ):
            made = key.sign(MESSAGE, padding.PSS(padding.MGF1(digest), salt), digest)
            of_pss = asn1.write(asn1.SEQUENCE, PSS_NAME + pss_parameters(named, stated))
            yield Link(
                f"PSS {size * 8} {digest.name} salt {salt}, {stated}", of_pss, made, MESSAGE, der
            )
            yield Link(f"PSS {size * 8} {digest.name} salt {salt} wrong", of_pss, made, b"", der)
        yield Link(f"PSS of PKCS1 {digest.name}", of_pss, good, MESSAGE, der)
