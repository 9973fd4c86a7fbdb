"""A private key signs, is kept encrypted, and tells nothing of itself."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pratique.crypto import algorithms, keys
from pratique.errors import PratiqueError
from pratique.terms import Algorithm
from tests.conftest import FULL_COST

PASSWORD = "Ruhig-Brauner-Seehund-77"


def entropy(size: int) -> bytes:
    return bytes(range(size))


@pytest.fixture(scope="module")
def key() -> keys.SoftwareKey:
    return keys.generate()


@pytest.fixture(scope="module")
def pem(key: keys.SoftwareKey) -> bytes:
    return key.to_pem(PASSWORD, entropy=entropy, note="A key for tests.\n\n")


@pytest.mark.parametrize(
    ("algorithm", "size"),
    [("ES256", 64), ("ES384", 96), ("ES512", 132), ("PS256", 384)],
)
def test_what_it_signs_is_good_under_its_public_key(algorithm: str, size: int) -> None:
    key = keys.generate(Algorithm(algorithm))
    check = algorithms.load(key.algorithm, key.public_key)
    for number in range(600 if size < 384 else 3):
        message = b"message %d" % number
        signature = key.sign(message)
        assert len(signature) == size
        assert check(signature, message)
        assert not check(signature, b"another message")


def test_the_same_message_gets_the_same_signature() -> None:
    key = keys.generate()
    assert key.sign(b"message") == key.sign(b"message") != key.sign(b"another")


def test_it_is_rfc_6979s_signature() -> None:
    # RFC 6979 §A.2.5, curve P-256, with SHA-256, message "sample".
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    key = keys.SoftwareKey(ec.derive_private_key(secret, ec.SECP256R1()))
    assert key.sign(b"sample").hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


@pytest.mark.parametrize("size", [32, 48, 66])
@pytest.mark.parametrize("short", [0, 1, 2, 7])
def test_r_and_s_keep_their_length_however_short_or_long_they_are(size: int, short: int) -> None:
    top = 1 << (8 * (size - short) - 1)
    for r, s in [(top, 1), (1, top), (top - 1, top - 1), (2 * top - 1, 2 * top - 1)]:
        raw = keys.to_raw(encode_dss_signature(r, s), size)
        assert raw == r.to_bytes(size, "big") + s.to_bytes(size, "big")


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "PS256"])
def test_a_key_comes_back_from_its_file(algorithm: str) -> None:
    key = keys.generate(Algorithm(algorithm))
    again = keys.key_from_pem(key.to_pem(PASSWORD, entropy=entropy), PASSWORD)
    assert (again.algorithm, again.public_key) == (key.algorithm, key.public_key)
    if again.algorithm is not Algorithm.PS256:
        assert again.sign(b"message") == key.sign(b"message")


def test_the_file_opens_with_the_note_before_it(pem: bytes) -> None:
    assert pem.startswith(b"A key for tests.\n\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert max(map(len, pem.splitlines())) == 64


def test_guessing_the_password_takes_memory_and_time(
    key: keys.SoftwareKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "COST", FULL_COST)
    pem = key.to_pem(PASSWORD, entropy=entropy, note="A key for tests.\n\n")
    # 1.3.6.1.4.1.11591.4.11 is scrypt; its N follows the salt (RFC 7914 §7).
    import base64

    der = base64.b64decode(b"".join(pem.splitlines()[3:-1]))
    assert bytes.fromhex("06092b06010401da47040b") in der
    assert entropy(16) + bytes.fromhex("02024000020108020105") in der
    assert keys.COST * keys.BLOCK * 128 == 16 << 20


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
def test_openssl_opens_it_too(pem: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pem)
    command = ["openssl", "pkey", "-in", str(tmp_path / "key.pem"), "-noout", "-passin"]
    assert subprocess.run([*command, f"pass:{PASSWORD}"], check=False).returncode == 0
    wrong = subprocess.run([*command, "pass:no"], check=False, capture_output=True)
    assert wrong.returncode != 0


def test_a_wrong_password_is_said_whatever_padding_it_leaves() -> None:
    # One in 256 wrong passwords leaves a right padding, and what is inside is then no key.
    sealed = algorithms.to_pem(
        "ENCRYPTED PRIVATE KEY", keys.seal(b"no key", b"x", salt=bytes(16), iv=bytes(16))
    ).encode()
    assert refusal(sealed, "x").code == "key-password"


def foreign() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())
    )


def bare() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def refusal(data: bytes, password: str = PASSWORD) -> PratiqueError:
    with pytest.raises(PratiqueError) as caught:
        keys.key_from_pem(data, password)
    return caught.value


def test_what_cannot_be_opened_is_refused_with_a_stable_code(pem: bytes) -> None:
    cut = b"\n".join([*pem.splitlines()[:4], *pem.splitlines()[6:]])
    assert refusal(pem, "wrong").code == "key-password"
    assert refusal(pem, "").code == "key-password"
    assert refusal(cut).code == "key-unreadable"
    assert refusal(b"").code == "key-unreadable"
    assert refusal(b"\xff\x00 no key").code == "key-unreadable"
    assert refusal(bare()).code == "key-unprotected"
    assert refusal(foreign()).code == "key-algorithm"


def told(error: BaseException) -> str:
    """Everything that a log could hold of an error, its causes included."""
    found, text = error, ""
    while True:
        text += repr(found) + str(found) + repr(vars(found))
        after = found.__cause__ or found.__context__
        if after is None:
            return text + "".join(traceback.format_exception(error))
        found = after


def test_no_error_and_no_repr_tells_a_secret(key: keys.SoftwareKey, pem: bytes) -> None:
    cut = b"\n".join([*pem.splitlines()[:4], *pem.splitlines()[6:]])
    texts = [told(refusal(data)) for data in (cut, b"", bare(), foreign())]
    texts += [told(refusal(pem, PASSWORD + "x")), repr(key), str(key)]
    assert not [text for text in texts if PASSWORD in text]
    assert key.public_key.hex() not in repr(key)
    with pytest.raises(PratiqueError) as caught:
        key.to_pem("", entropy=entropy)
    assert caught.value.code == "key-password"


def test_an_error_that_told_would_be_seen() -> None:
    def leak() -> None:
        try:
            raise ValueError(f"tried {PASSWORD}")
        except ValueError as error:
            raise KeyError("key-password") from error

    with pytest.raises(KeyError) as caught:
        leak()
    assert PASSWORD in told(caught.value)


def test_a_private_key_is_not_pickled(key: keys.SoftwareKey) -> None:
    with pytest.raises(TypeError, match="URI"):
        pickle.dumps(key)


@pytest.mark.parametrize("size", [32, 48, 66])
def test_a_signature_is_turned_into_the_der_that_another_library_makes(size: int) -> None:
    edges = [1, 0x7F, 0x80, 0xFF, 0x7F << 8, 0x80 << 8]
    highest = 8 * (size - 1)
    edges += [one << highest for one in (1, 0x7F, 0x80, 0xFF)]
    for r in edges:
        for s in edges:
            raw = r.to_bytes(size, "big") + s.to_bytes(size, "big")
            assert algorithms.to_der(raw) == encode_dss_signature(r, s)
