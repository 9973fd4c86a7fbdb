"""Keys of DIVOC: one at a time, under the issuer's and the key's full names; what is for tests stays for tests."""

from __future__ import annotations

import base64
import json

import pytest

from pratique.crypto import algorithms, jose, keys, spki
from pratique.errors import DocumentRefused
from pratique.terms import COSE_ALGORITHMS, Algorithm, Environment, Kind, Scheme
from pratique.trust import certificates, scheme_keys, schemes
from pratique.trust.signer import Signer

ISSUER, METHOD = "https://health.arcadia.example/", "did:arcadia"
EDWARDS = algorithms.of_edwards(keys.from_seed(bytes(range(32))).public_key)
RSA = keys.generate(Algorithm.PS256).public_key
TEST_EDWARDS = bytes.fromhex("baefb130c285f40685dc78b6045647423bd647323f1b3312f5dab81a48f70c7d")


def read(data: bytes, issuer: str = ISSUER, method: str = METHOD) -> Signer:
    """Return the one key that the file holds."""
    reading = schemes.read_divoc_key(data, issuer=issuer, method=method)
    (signer,) = certificates.collect([reading], environment=Environment.PRODUCTION)
    return signer


def okp(point: bytes) -> bytes:
    """Write a point of Ed25519 as a JWK."""
    x = base64.urlsafe_b64encode(point).decode().rstrip("=")
    return json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x}).encode()


@pytest.mark.parametrize("spki", [EDWARDS.spki, RSA], ids=["Ed25519", "RSA"])
def test_a_key_is_read_from_pem_and_der(spki: bytes) -> None:
    pem = algorithms.to_pem("PUBLIC KEY", spki).encode()
    signer = read(spki)
    assert signer == read(pem)
    assert signer.key == (Scheme.DIVOC.value, ISSUER, METHOD.encode())
    assert signer.usages == {Kind.VACCINATION, Kind.TEST}
    assert signer.environment is Environment.PRODUCTION


def test_a_key_is_read_from_a_jwk() -> None:
    assert read(okp(EDWARDS.spki[-32:])) == read(EDWARDS.spki)
    rsa = spki.PublicKey(Algorithm.PS256, RSA)
    assert read(json.dumps(jose.write_jwk(rsa)).encode()) == read(RSA)


def test_a_key_whose_private_half_is_published_is_for_tests() -> None:
    assert read(okp(TEST_EDWARDS)).environment is Environment.TEST
    signer = read(okp(TEST_EDWARDS))._replace(environment=Environment.PRODUCTION)
    row = scheme_keys.SchemeKey(
        Scheme.DIVOC, signer.issuer, signer.kid_text, signer.algorithm, signer.public_key
    )
    document = scheme_keys.write(Environment.PRODUCTION, [row])
    reading = scheme_keys.reading(scheme_keys.read(document))
    (again,) = certificates.collect([reading], environment=Environment.PRODUCTION)
    assert again.algorithm is Algorithm.EDDSA
    assert again.environment is Environment.TEST


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (keys.generate(Algorithm.ES256).public_key, "divoc-key-unreadable"),
        (b"[]", "divoc-key-unreadable"),
        (b"no key", "json-unreadable"),
        (b"\x30\x03\x02\x01\x05", "key-unreadable"),
        (okp(b"\x01" + bytes(31)), "key-unreadable"),
        (okp(bytes(31)), "key-unreadable"),
        (b'{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}', "private-key"),
        (b'{"kty":"OKP","crv":"X25519","x":"AA"}', "jwk-unreadable"),
    ],
    ids=["P-256", "list", "words", "no key", "small order", "zero", "private", "another curve"],
)
def test_what_is_no_key_of_divoc_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(data)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["", "india", "did:<x>", "did:a\nb", 'did:"'])
def test_a_name_that_no_certificate_can_state_is_refused(name: str) -> None:
    for names in ((name, METHOD), (ISSUER, name)):
        with pytest.raises(DocumentRefused) as refused:
            read(RSA, *names)
        assert refused.value.code == "divoc-key-unreadable"


def test_ed25519_is_of_divoc_alone() -> None:
    assert Algorithm.EDDSA not in COSE_ALGORITHMS.values()
    # An X.509 certificate's key, a trust list's and another scheme's are read by these.
    with pytest.raises(DocumentRefused):
        algorithms.read_der(EDWARDS.spki)
    with pytest.raises(DocumentRefused):
        jose.read_jwk(json.loads(okp(EDWARDS.spki[-32:])))
    with pytest.raises(DocumentRefused):
        algorithms.load(Algorithm.ES256, EDWARDS.spki)
    with pytest.raises(DocumentRefused):
        algorithms.load(Algorithm.EDDSA, RSA)


def test_a_point_for_which_anybody_signs_is_no_key() -> None:
    head = EDWARDS.spki[:-32]
    for point in spki.SMALL_ORDER:
        with pytest.raises(DocumentRefused):
            algorithms.load(Algorithm.EDDSA, head + point)
