"""Keys of every kind, size and spelling, good and not, and signatures on the edge: what a primitive may judge otherwise.

a key, an algorithm, a signature -> a text of the kit signed anew, and the snapshot of that one signer
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.crypto.spki import SMALL_ORDER
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tools import measure, mutate
from tools.vectors import keys, layers

KID = b"XXU-edge"
_CURVES: dict[Algorithm, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int]] = {
    Algorithm.ES256: (ec.SECP256R1(), hashes.SHA256(), -7),
    Algorithm.ES384: (ec.SECP384R1(), hashes.SHA384(), -35),
    Algorithm.ES512: (ec.SECP521R1(), hashes.SHA512(), -36),
}
_ORDER = {
    "secp256r1": keys.P256_ORDER,
    "secp384r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}  # fmt: skip


class Edge(NamedTuple):
    """A signer's record, and a text that its key has signed, or seems to have."""

    what: str
    snapshot: Snapshot
    text: str


def edges() -> Iterator[Edge]:
    """Return all of them."""
    yield from _curves()
    yield from _signatures()
    yield from _spellings()
    yield from _rsa()
    yield from _edwards()


def _edge(what: str, algorithm: Algorithm, spki: bytes, named: int, sign: layers.Sign) -> Edge:
    signer = Signer(
        KID, "XXU", frozenset({"XU"}), algorithm, spki, ALL_KINDS, keys.START, keys.END, Environment.PRODUCTION,
        "DCC", "00",
    )  # fmt: skip
    held = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList([signer])
    )
    protected = layers.cbor({layers.ALGORITHM: named, layers.KID: KID})
    message = layers.cose(_payload(), key="", protected=protected, sign=sign)
    return Edge(what, held, layers.hc1(layers.pack(message)))


@cache
def _payload() -> bytes:
    """Return a payload of the kit that is judged AMBER for want of rules alone."""
    held = measure.snapshot()
    return next(
        seed.payload
        for seed in mutate.seeds(mutate.kit_texts())
        if verify(seed.text, snapshot=held, at=measure.AT).certificate is not None
    )


def _spki(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _raw(key: ec.EllipticCurvePrivateKey, message: bytes, digest: hashes.HashAlgorithm) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest, deterministic_signing=True)))
    size = (key.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _key(curve: ec.EllipticCurve, number: int = 7) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, curve)


def _curves() -> Iterator[Edge]:
    # RFC 9053 §2.1 binds the digest to the name, and leaves the curve to the key.
    others = (ec.SECP256K1(), ec.BrainpoolP256R1(), ec.SECP224R1(), ec.BrainpoolP384R1())
    for algorithm, (_, digest, named) in _CURVES.items():
        for curve in (*(one[0] for one in _CURVES.values()), *others):
            key = _key(curve)
            yield _edge(
                f"{algorithm} by {curve.name}", algorithm, _spki(key.public_key()), named,
                lambda message, key=key, digest=digest: _raw(key, message, digest),  # type: ignore[misc]
            )  # fmt: skip


def _signatures() -> Iterator[Edge]:
    for algorithm in (Algorithm.ES256, Algorithm.ES384):
        curve, digest, named = _CURVES[algorithm]
        key, order, size = _key(curve), _ORDER[curve.name], curve.key_size // 8

        def pair(r: int, s: int, size: int = size) -> bytes:
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")

        good = _raw(key, _signed(named), digest)
        r, s = int.from_bytes(good[:size], "big"), int.from_bytes(good[size:], "big")
        for what, signature in {
            "good": good,
            "the other s": pair(r, order - s),
            "r of zero": pair(0, s),
            "s of zero": pair(r, 0),
            "both of zero": bytes(2 * size),
            "r of the order": pair(order, s),
            "s of the order": pair(r, order),
            "both of ones": b"\xff" * (2 * size),
            "r of one": pair(1, s),
            "an octet less": good[:-1],
            "an octet more": good + b"\0",
            "zeros before": b"\0" * size + good + b"\0" * size,
            "DER": key.sign(_signed(named), ec.ECDSA(digest, deterministic_signing=True)),
            "nothing": b"",
        }.items():
            yield _edge(
                f"{algorithm}, {what}", algorithm, _spki(key.public_key()), named,
                lambda _, signature=signature: signature,  # type: ignore[misc]
            )  # fmt: skip


def _signed(named: int) -> bytes:
    protected = layers.cbor({layers.ALGORITHM: named, layers.KID: KID})
    return layers.to_be_signed(protected, _payload())


def _spellings() -> Iterator[Edge]:
    """Yield keys whose SubjectPublicKeyInfo is not in the usual form, or is none."""
    key = _key(ec.SECP256R1())
    usual = _spki(key.public_key())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    hybrid = bytes((6 + (usual[-1] & 1),)) + usual[-64:]
    for what, spki in {
        "a compressed point": head + point,
        "a hybrid point": usual[:-65] + hybrid,
        "a point not on the curve": usual[:-1] + bytes((usual[-1] ^ 1,)),
        "the point at infinity": bytes.fromhex("3019301306072a8648ce3d020106082a8648ce3d03010703020000"),
        "an octet more": usual + b"\0",
        "an octet less": usual[:-1],
        "nothing": b"",
        "no key": b"\x30\x03\x02\x01\x01",
        "coordinates of zero": usual[:-64] + bytes(64),
        "unused bits": usual[:25] + b"\x01" + usual[26:],
        "a length in the long form": b"\x30\x81" + usual[1:],
    }.items():  # fmt: skip
        yield _edge(
            f"spelt with {what}", Algorithm.ES256, spki, -7,
            lambda message: _raw(key, message, hashes.SHA256()),
        )  # fmt: skip


def _rsa() -> Iterator[Edge]:
    digest = hashes.SHA256()

    def sign(key: rsa.RSAPrivateKey, salt: int = 32, over: int = 256) -> layers.Sign:
        mask = padding.MGF1(hashes.SHA256() if over == 256 else hashes.SHA384())
        return lambda message: key.sign(message, padding.PSS(mask, salt), digest)

    for bits, exponent in (
        (1024, 65537),
        (2047, 65537),
        (2048, 65537),
        (2048, 3),
        (2056, 65537),
        (3072, 65537),
    ):
        key = _rsa_key(bits, exponent)
        yield _edge(f"RSA of {bits} bits, e {exponent}", Algorithm.PS256, _spki(key.public_key()), -37, sign(key))  # fmt: skip
    key = _rsa_key(2048, 65537)
    spki = _spki(key.public_key())
    for what, how in {
        "no salt": sign(key, 0),
        "a salt of 31": sign(key, 31),
        "a longer salt": sign(key, 64),
        "another mask": sign(key, over=384),
        "PKCS 1": lambda message: key.sign(message, padding.PKCS1v15(), digest),
        "an octet less": lambda message: sign(key)(message)[1:],
        "a zero before": lambda message: b"\0" + sign(key)(message),
        "nothing": lambda _: b"",
    }.items():
        yield _edge(f"RSA-PSS with {what}", Algorithm.PS256, spki, -37, how)
    # Of sizes that nobody would wait for there is only a public half; its size alone is judged.
    for bits in (8191, 8192, 8193, 16384):
        modulus = (1 << bits) - 159
        public = rsa.RSAPublicNumbers(65537, modulus).public_key()
        yield _edge(
            f"RSA of {bits} bits, no signature of it", Algorithm.PS256, _spki(public), -37,
            lambda _, size=(bits + 7) // 8: b"\x42" * size,  # type: ignore[misc]
        )  # fmt: skip
    yield _edge("RSA for ECDSA", Algorithm.ES256, spki, -7, sign(key))
    own = _key(ec.SECP256R1())
    yield _edge(
        "ECDSA for RSA", Algorithm.PS256, _spki(own.public_key()), -37,
        lambda message: _raw(own, message, digest),
    )  # fmt: skip


@cache
def _rsa_key(bits: int, exponent: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def _edwards() -> Iterator[Edge]:
    """Yield keys of Ed25519: of DIVOC's alone, so that an HC1 text is refused, whatever it was signed with."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    usual = _spki(key.public_key())
    for named in (-8, -7):
        yield _edge(f"EdDSA named {named}", Algorithm.EDDSA, usual, named, key.sign)
    for number, point in enumerate(sorted(SMALL_ORDER)):
        yield _edge(
            f"EdDSA, small order {number}", Algorithm.EDDSA, usual[:-32] + point, -8, lambda _: bytes(64)
        )  # fmt: skip
