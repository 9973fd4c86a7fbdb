"""Ed25519 for logs and witnesses: the RFC's vectors, and keys that stay sealed."""

from __future__ import annotations

import pickle

import pytest

from pratique.crypto import keys
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.terms import COSE_ALGORITHMS, Algorithm

VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
]
"""RFC 8032 §7.1, tests 1 and 2."""


def entropy(size: int) -> bytes:
    return bytes(range(size))


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key = keys.from_seed(bytes.fromhex(seed))
    assert key.public_key.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    check = keys.checker(key.public_key)
    assert check(bytes.fromhex(signature), bytes.fromhex(message))
    assert not check(bytes.fromhex(signature), b"other")
    assert not check(b"", b"")


def test_a_key_goes_into_an_encrypted_file_and_back() -> None:
    key = keys.from_seed(entropy(32))
    pem = key.to_pem("open sesame, please", entropy=entropy, note="a witness's\n")
    assert pem.startswith(b"a witness's\n-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert keys.ed25519_from_pem(pem, "open sesame, please").public_key == key.public_key
    with pytest.raises(UsageError) as wrong:
        keys.ed25519_from_pem(pem, "open barley, please")
    assert wrong.value.code == "key-password"
    with pytest.raises(UsageError):
        key.to_pem("", entropy=entropy)


def test_a_log_s_key_signs_no_certificate_and_an_issuer_s_no_checkpoint() -> None:
    own = keys.from_seed(entropy(32)).to_pem("a password", entropy=entropy)
    with pytest.raises(PratiqueError) as refused:
        keys.key_from_pem(own, "a password")
    assert refused.value.code == "key-algorithm"
    theirs = keys.generate(Algorithm.ES256).to_pem("a password", entropy=entropy)
    with pytest.raises(DocumentRefused) as refused:
        keys.ed25519_from_pem(theirs, "a password")
    assert refused.value.code == "key-algorithm"
    assert Algorithm.EDDSA not in COSE_ALGORITHMS.values()


def test_a_key_is_neither_shown_nor_handed_on() -> None:
    key = keys.from_seed(entropy(32))
    assert repr(key) == "<a private key, Ed25519>"
    with pytest.raises(TypeError, match="not handed on"):
        pickle.dumps(key)
