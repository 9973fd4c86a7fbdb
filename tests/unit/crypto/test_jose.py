"""JSON Web Keys and detached signatures are read as real lists spell them."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import algorithms, jose
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

KEY = ec.generate_private_key(ec.SECP256R1())
NUMBERS = KEY.public_key().public_numbers()
PUBLIC = algorithms.of_key(KEY.public_key())


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jwk(x: bytes | None = None, y: bytes | None = None, crv: str = "P-256") -> dict[str, object]:
    return {
        "kty": "EC",
        "crv": crv,
        "x": b64(NUMBERS.x.to_bytes(32, "big") if x is None else x),
        "y": b64(NUMBERS.y.to_bytes(32, "big") if y is None else y),
    }


def short_key() -> ec.EllipticCurvePublicNumbers:
    while True:
        found = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        if found.y < 1 << 248:
            return found


def test_reads_a_jwk_in_good_form() -> None:
    assert jose.read_jwk(jwk()) == (PUBLIC, ())


def test_reads_coordinates_with_a_leading_zero() -> None:
    padded = jwk(x=NUMBERS.x.to_bytes(33, "big"))
    assert jose.read_jwk(padded) == (PUBLIC, ("jwk-padded",))


def test_reads_coordinates_that_lost_a_leading_zero() -> None:
    found = short_key()
    short = jwk(x=found.x.to_bytes(32, "big"), y=found.y.to_bytes(31, "big"))
    assert jose.read_jwk(short) == (algorithms.of_key(found.public_key()), ("jwk-short",))


def test_reads_rsa() -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    n, e = key.public_numbers().n, key.public_numbers().e
    found = {"kty": "RSA", "n": b64(n.to_bytes(256, "big")), "e": b64(e.to_bytes(3, "big"))}
    assert jose.read_jwk(found).key == algorithms.of_key(key)
    assert jose.read_jwk(found).key.algorithm is Algorithm.PS256


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        jwk(crv="UNKNOWN CURVE"),
        jwk(x=b"\x01" * 32),
        jwk(x=b"\x01" + NUMBERS.x.to_bytes(32, "big")),
        {**jwk(), "x": 7},
        {**jwk(), "x": "a+b/"},
        {"kty": "RSA", "n": b64(b"\x01" * 4096), "e": "AQAB"},
        {"kty": "RSA", "n": b64(b"\xff" * 64), "e": "AQAB"},
    ],
)
def test_refuses_what_is_no_key(broken: dict[str, object]) -> None:
    with pytest.raises(DocumentRefused):
        jose.read_jwk(broken)


def detached(header: dict[str, object], payload: bytes, *, raw: bool) -> str:
    head = b64(json.dumps(header).encode())
    signature = KEY.sign(head.encode() + b"." + payload, ec.ECDSA(hashes.SHA256()))
    if raw:
        r, s = decode_dss_signature(signature)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{head}..{b64(signature)}"


GOOD: dict[str, object] = {"b64": False, "crit": ["b64"], "alg": "ES256"}


@pytest.mark.parametrize("raw", [True, False])
def test_a_detached_signature_is_good_as_r_and_s_or_as_der(raw: bool) -> None:
    jws = detached(GOOD, b"payload", raw=raw)
    assert jose.good_detached_jws(PUBLIC, jws, b"payload")
    assert not jose.good_detached_jws(PUBLIC, jws, b"payloaf")


@pytest.mark.parametrize(
    "header",
    [
        {**GOOD, "alg": "none"},
        {**GOOD, "alg": "ES384"},
        {**GOOD, "b64": True},
        {**GOOD, "crit": ["b64", "exp"]},
        {"alg": "ES256"},
    ],
)
def test_a_header_that_says_otherwise_is_refused(header: dict[str, object]) -> None:
    assert not jose.good_detached_jws(PUBLIC, detached(header, b"p", raw=True), b"p")


@given(st.one_of(st.text(max_size=80), st.text("AZaz09-_.=", max_size=80)))
def test_no_text_raises(text: str) -> None:
    assert not jose.good_detached_jws(PUBLIC, text, b"payload")


@given(st.binary(max_size=80))
def test_no_signature_raises(signature: bytes) -> None:
    assert not jose.good_signature(PUBLIC, signature, b"message")
