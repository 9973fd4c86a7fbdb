"""AWS-LC's primitive says what `cryptography`'s says, of every key and of every signature."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.corpus import Signed, load
from pratique.crypto import algorithms, awslc
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.terms import Algorithm
from tools.vectors import keys

pytest.importorskip("awscrt.crypto", reason="the extra `fast` is not installed")

N = keys.P256_ORDER
MESSAGE = b"Testina was vaccinated in Utopia"
SIGNATURE = keys.sign("utopia", MESSAGE)
SPKI = keys.public_key("utopia")


def both(
    spki: bytes, algorithm: Algorithm = Algorithm.ES256
) -> tuple[algorithms.Checker, algorithms.Checker]:
    return algorithms.load(algorithm, spki), awslc.load(algorithm, spki)


REFERENCE, FAST = both(SPKI)


def spki_of(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, *, compressed: bool = False
) -> bytes:
    made = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if not compressed:
        return made
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point


def test_a_good_signature_is_good_and_of_nothing_else() -> None:
    assert FAST(SIGNATURE, MESSAGE) is True
    assert FAST(SIGNATURE, MESSAGE + b".") is False
    # The primitive under test is AWS-LC's, not the fall-back.
    assert "awslc" in FAST.__code__.co_filename


@pytest.mark.parametrize("size", range(140))
def test_a_signature_of_another_length_is_never_good(size: int) -> None:
    cut = (SIGNATURE * 3)[:size]
    assert FAST(cut, MESSAGE) is REFERENCE(cut, MESSAGE) is (size == 64)
    assert FAST(bytes(size), MESSAGE) is REFERENCE(bytes(size), MESSAGE) is False


EDGES = (0, 1, 2, N - 1, N, N + 1, 2**255, 2**256 - 1)


@pytest.mark.parametrize("r", EDGES)
@pytest.mark.parametrize("s", EDGES)
def test_numbers_at_the_edges_are_no_signature(r: int, s: int) -> None:
    made = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert FAST(made, MESSAGE) is REFERENCE(made, MESSAGE) is False


@pytest.mark.parametrize("edge", EDGES)
def test_half_a_signature_is_none(edge: int) -> None:
    number = edge.to_bytes(32, "big")
    for made in (number + SIGNATURE[32:], SIGNATURE[:32] + number):
        assert FAST(made, MESSAGE) is REFERENCE(made, MESSAGE) is False


def test_the_other_s_is_as_good() -> None:
    twin = SIGNATURE[:32] + (N - int.from_bytes(SIGNATURE[32:], "big")).to_bytes(32, "big")
    assert FAST(twin, MESSAGE) is REFERENCE(twin, MESSAGE) is True


@given(st.integers(0, 511), st.binary(max_size=80))
def test_no_flipped_bit_is_seen_by_one_only(bit: int, message: bytes) -> None:
    flipped = bytearray(SIGNATURE)
    flipped[bit // 8] ^= 1 << bit % 8
    assert FAST(bytes(flipped), MESSAGE) is REFERENCE(bytes(flipped), MESSAGE) is False
    assert FAST(SIGNATURE, message) is REFERENCE(SIGNATURE, message) is False


@given(st.binary(min_size=64, max_size=64), st.binary(max_size=80))
def test_no_signature_raises(signature: bytes, message: bytes) -> None:
    assert FAST(signature, message) is REFERENCE(signature, message)


def test_p384_is_checked_with_either_digest() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = ec.generate_private_key(ec.SECP384R1())
    for algorithm, digest in (
        (Algorithm.ES256, hashes.SHA256()),
        (Algorithm.ES384, hashes.SHA384()),
    ):
        r, s = decode_dss_signature(key.sign(MESSAGE, ec.ECDSA(digest)))
        made = r.to_bytes(48, "big") + s.to_bytes(48, "big")
        reference, fast = both(spki_of(key.public_key()), algorithm)
        assert "awslc" in fast.__code__.co_filename
        assert fast(made, MESSAGE) is reference(made, MESSAGE) is True
        for bad in (made[:-1], made[:64], made[::-1], bytes(96)):
            assert fast(bad, MESSAGE) is reference(bad, MESSAGE) is False


def test_what_aws_lc_is_not_asked_stays_with_the_reference() -> None:
    p256, p521 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP521R1())
    modulus = rsa.generate_private_key(65537, 2048)
    for algorithm, spki in (
        (Algorithm.ES512, spki_of(p521.public_key())),
        (Algorithm.PS256, spki_of(modulus.public_key())),
        (Algorithm.ES256, spki_of(p256.public_key(), compressed=True)),
    ):
        assert "algorithms" in awslc.load(algorithm, spki).__code__.co_filename


@pytest.mark.parametrize(
    ("algorithm", "spki"),
    [
        (Algorithm.ES256, b""),
        (Algorithm.ES256, SPKI[:-1]),
        (Algorithm.ES256, SPKI[:-64] + bytes(64)),
        (Algorithm.ES256, SPKI[:-64] + b"\xff" * 64),
        (Algorithm.PS256, SPKI),
    ],
)
def test_a_key_that_is_refused_is_refused_alike(algorithm: Algorithm, spki: bytes) -> None:
    told = []
    for load_key in (algorithms.load, awslc.load):
        with pytest.raises(DocumentRefused) as caught:
            load_key(algorithm, spki)
        told.append(caught.value.code)
    assert told[0] == told[1]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("awscrt"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ExtraMissing, match="fast"):
        awslc.load(Algorithm.ES256, SPKI)


def test_other_people_s_vectors_come_out_alike(corpora: Path) -> None:
    path = corpora / "wycheproof" / "ecdsa_secp256r1_sha256_p1363_test.json"
    count = 0
    for group in json.loads(path.read_bytes())["testGroups"]:
        spki = bytes.fromhex(group["publicKeyDer"])
        reference, fast = both(spki)
        assert "awslc" in fast.__code__.co_filename
        for test in group["tests"]:
            given_ = bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
            assert fast(*given_) is reference(*given_) is (test["result"] == "valid"), test["tcId"]
            count += 1
    assert count > 200


def _damaged(signed: Signed) -> Iterator[tuple[bytes, bytes]]:
    signature, message = signed.signature, signed.message
    yield signature, message
    yield signature[:-1] + bytes([signature[-1] ^ 1]), message
    yield signature[32:] + signature[:32], message
    yield signature, message[:-1] + bytes([message[-1] ^ 1])


def test_the_signatures_of_real_texts_come_out_alike(corpora: Path) -> None:
    assert corpora.is_dir()
    found = load()
    assert len(found.signed) > 300
    for signed in found.signed:
        reference, fast = both(signed.signer.public_key)
        told = [fast(*case) for case in _damaged(signed)]
        assert (
            told == [reference(*case) for case in _damaged(signed)] == [True, False, False, False]
        )
