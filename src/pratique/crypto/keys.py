"""Private keys: what signs. A key in this process here; a device's in `edges.keys`.

    SigningKey.sign(message) -> signature in COSE's form (r and s of fixed length, RFC 9053 §2.1)
    generate | from_pem -> SoftwareKey -> to_pem -> a note, and an encrypted PEM

1. A private key never leaves as anything but an encrypted PEM, and is never pickled: hand its URI
   to another process.
2. No message, no `repr` and no cause of an error holds a password or a key.
3. ECDSA is deterministic (RFC 6979): a request that is repeated gets the same bytes. PS256 is not.
4. Nothing here says what may be signed: see `journeys.issue`.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import NoReturn, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1 as der
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import ObjectIdentifier

from pratique.crypto import algorithms as crypto_algorithms
from pratique.crypto import asn1
from pratique.crypto.algorithms import Checker
from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Algorithm

# ----------------------------------------------------------------------------------------------------
# Seal a private key under a password, so that guessing the password is dear.
#
#     PKCS#8 DER, password -> scrypt -> AES-256-CBC -> EncryptedPrivateKeyInfo -> PEM
#
# 1. `cryptography` writes this form with 2,048 rounds of PBKDF2, which a thief tries in a moment;
#    it reads, as OpenSSL does, what is written here.
# 2. Only sealing is here: opening is `cryptography`'s.


COST, BLOCK, PARALLEL = 1 << 14, 8, 5
"""scrypt's N, r and p: 16 MB and a tenth of a second. More memory than 32 MB OpenSSL refuses."""

_PBES2 = ObjectIdentifier("1.2.840.113549.1.5.13")
_SCRYPT = ObjectIdentifier("1.3.6.1.4.1.11591.4.11")
_AES_256_CBC = ObjectIdentifier("2.16.840.1.101.3.4.1.42")


@der.sequence
class _ScryptParameters:
    salt: bytes
    cost: int
    block: int
    parallel: int
    length: int


@der.sequence
class _KeyDerivation:
    algorithm: ObjectIdentifier
    parameters: _ScryptParameters


@der.sequence
class _Encryption:
    algorithm: ObjectIdentifier
    iv: bytes


@der.sequence
class _Parameters:
    derivation: _KeyDerivation
    encryption: _Encryption


@der.sequence
class _Scheme:
    algorithm: ObjectIdentifier
    parameters: _Parameters


@der.sequence
class _EncryptedPrivateKeyInfo:
    scheme: _Scheme
    sealed: bytes


def seal(key: bytes, password: bytes, *, salt: bytes, iv: bytes) -> bytes:
    """Return the EncryptedPrivateKeyInfo (RFC 5958 §3, RFC 8018 §6.2, RFC 7914 §7), DER."""
    secret = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=PARALLEL).derive(password)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(key) + padder.finalize()) + encryptor.finalize()
    derivation = _KeyDerivation(
        algorithm=_SCRYPT,
        parameters=_ScryptParameters(
            salt=salt, cost=COST, block=BLOCK, parallel=PARALLEL, length=32
        ),
    )
    encryption = _Encryption(algorithm=_AES_256_CBC, iv=iv)
    scheme = _Scheme(
        algorithm=_PBES2, parameters=_Parameters(derivation=derivation, encryption=encryption)
    )
    return der.encode_der(_EncryptedPrivateKeyInfo(scheme=scheme, sealed=sealed))


# ----------------------------------------------------------------------------------------------------
# Open an encrypted PEM key, of whatever kind; what kind is for whoever asked.
#
#     PEM, password -> the private key of `cryptography`'s
#
# 1. Only an encrypted key is opened: one that lies open may have been read by anybody.
# 2. No message and no cause of an error holds a password or a key.


_LABEL = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_WRONG = object()


def opened(data: bytes, password: str) -> object:
    """Open an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`.
    """
    if _LABEL not in data:
        if b"PRIVATE KEY-----" in data:
            raise DocumentRefused(
                "key-unprotected",
                "the private key is not encrypted",
                "encrypt it: openssl pkcs8 -topk8 -scrypt -in KEY -out NEW; then destroy the old file",
            )
        raise DocumentRefused("key-unreadable", "there is no encrypted private key in it")
    secret = secret_of(password)
    try:
        private: object = load_pem_private_key(data, secret)
    except UnsupportedAlgorithm:
        private = None
    except Exception:  # noqa: BLE001 - OpenSSL's own classes differ by kind of damage
        private = _WRONG if _is_whole(data) else None
    # Raised here and not above: a cause could tell what was tried.
    if private is _WRONG:
        raise UsageError(
            "key-password",
            "the password does not open the key",
            "try again; if it is the right one, the file is damaged: restore a copy of it",
        )
    if private is None:
        raise DocumentRefused(
            "key-unreadable", "the private key cannot be read", "restore a copy of it"
        )
    return private


def secret_of(password: str) -> bytes:
    """Return a password's bytes; UsageError `key-password` if there are none."""
    if not password:
        raise UsageError("key-password", "the password is empty", "choose one, and keep it apart")
    return password.encode()


def passphrase_digest(passphrase: str, salt: bytes, cost: int) -> bytes:
    """Return what is kept of a passphrase that opens no key: scrypt's output, as dear to guess as a key's password.

    Args:
        passphrase: of whoever signs in.
        salt: random, kept beside it.
        cost: scrypt's N, kept beside it.
    """
    return Scrypt(salt=salt, length=32, n=cost, r=BLOCK, p=PARALLEL).derive(secret_of(passphrase))


def _is_whole(data: bytes) -> bool:
    """Say whether it is well-formed up to what is encrypted.

    A wrong password passes for damage otherwise: one in 256 leaves a padding that is right.
    """
    armoured = data.partition(_LABEL)[2].partition(b"-----END")[0]
    try:
        parts = asn1.children(asn1.read_one(binascii.a2b_base64(armoured), asn1.SEQUENCE).body)
    except ValueError:
        return False
    return len(parts) == 2


# ----------------------------------------------------------------------------------------------------
# Ed25519 (RFC 8032): what logs and witnesses sign with. No health certificate is signed with it here.
#
#     seed | from_pem -> Ed25519Key.sign(message) -> 64 bytes          checker(public key) -> Checker
#
# 1. Nothing is drawn here: whoever makes a key brings the 32 random bytes.
# 2. A private key never leaves as anything but an encrypted PEM, and is never pickled.
# 3. A key made here is no issuer's, and no issuer's record is looked up for a log: the two never meet.


KEY_SIZE, SIGNATURE_SIZE = 32, 64


class Ed25519Key:
    """A private key in the memory of this process."""

    __slots__ = ("_private", "_public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._public = private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "<a private key, Ed25519>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not handed on: hand on its URI")

    @property
    def public_key(self) -> bytes:
        """Return its public key, 32 bytes (RFC 8032 §5.1.5)."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._private.sign(message)

    def to_pem(self, password: str, *, entropy: Callable[[int], bytes], note: str = "") -> bytes:
        """Write it as an encrypted PKCS#8 PEM (RFC 8410 §7), with a note before it."""
        plain = self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secret = secret_of(password)
        boxed = seal(plain, secret, salt=entropy(16), iv=entropy(16))
        return (note + crypto_algorithms.to_pem("ENCRYPTED PRIVATE KEY", boxed)).encode()


def from_seed(seed: bytes) -> Ed25519Key:
    """Make the key of 32 random bytes, which nobody else may ever have."""
    return Ed25519Key(Ed25519PrivateKey.from_private_bytes(seed))


def ed25519_from_pem(data: bytes, password: str) -> Ed25519Key:
    """Read an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`, `key-algorithm`.
    """
    private = opened(data, password)
    if not isinstance(private, Ed25519PrivateKey):
        raise DocumentRefused("key-algorithm", "the key is not of Ed25519")
    return Ed25519Key(private)


def checker(public_key: bytes) -> Checker:
    """Make the checker of a public key; DocumentRefused `key-unreadable` unless of 32 bytes."""
    if len(public_key) != KEY_SIZE:
        raise DocumentRefused("key-unreadable", "a public key of Ed25519 has 32 bytes")
    return crypto_algorithms.edwards_checker(Ed25519PublicKey.from_public_bytes(public_key))


RSA_SIZE = 3072
"""Bits of an RSA key made here: the network's checks ask for at least 3000."""

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Sign = Callable[[bytes], bytes]


class SigningKey(Protocol):
    """What an issuer signs with: a file's key, a device's, a test's."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""


class SoftwareKey:
    """A private key in the memory of this process."""

    __slots__ = ("_private", "_public", "_sign")

    def __init__(self, private: Private) -> None:
        self._public = crypto_algorithms.of_key(private.public_key())
        self._private = private
        self._sign = _signer(private, self._public.algorithm)

    def __repr__(self) -> str:
        return f"<a private key, {self.algorithm}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not handed on: hand on its URI")

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""
        return self._public.algorithm

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""
        return self._public.spki

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""
        return self._sign(message)

    def to_pem(self, password: str, *, entropy: Callable[[int], bytes], note: str = "") -> bytes:
        """Write it as an encrypted PKCS#8 PEM (RFC 7468 §11), with a note before it.

        Args:
            password: not empty.
            entropy: random bytes, as many as asked for.
            note: explanatory text for whoever opens the file (RFC 7468 §5.2).
        """
        plain = self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        boxed = seal(plain, secret_of(password), salt=entropy(16), iv=entropy(16))
        return note.encode() + crypto_algorithms.to_pem("ENCRYPTED PRIVATE KEY", boxed).encode()


def generate(algorithm: Algorithm = Algorithm.ES256) -> SoftwareKey:
    """Make a new key; what it is drawn from is the generator of `cryptography` (OpenSSL)."""
    if algorithm is Algorithm.PS256:
        return SoftwareKey(rsa.generate_private_key(public_exponent=65537, key_size=RSA_SIZE))
    return SoftwareKey(ec.generate_private_key(crypto_algorithms.ECDSA[algorithm].curve))


def key_from_pem(data: bytes, password: str) -> SoftwareKey:
    """Read an encrypted PEM key.

    Raises:
        UsageError: `key-password`.
        DocumentRefused: `key-unreadable`, `key-unprotected`, `key-algorithm`, `key-size`.
    """
    private = opened(data, password)
    if isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return SoftwareKey(private)
    raise DocumentRefused("key-algorithm", "the key is of a kind that signs nothing here")


def to_raw(der: bytes, size: int) -> bytes:
    """Turn OpenSSL's DER signature into r and s of `size` bytes each (RFC 9053 §2.1).

    Written by hand, for DER that OpenSSL itself has made: every certificate pays for it.
    """
    at = 4 if der[1] < 0x80 else 5
    end = at + der[at - 1]
    return der[at:end][-size:].rjust(size, b"\0") + der[end + 2 :][-size:].rjust(size, b"\0")


def _signer(private: Private, algorithm: Algorithm) -> Sign:
    if isinstance(private, rsa.RSAPrivateKey):
        pss, digest = padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
        return lambda message: private.sign(message, pss, digest)
    own = crypto_algorithms.ECDSA[algorithm]
    ecdsa = ec.ECDSA(Prehashed(own.digest), deterministic_signing=True)
    size, sign, hashed = own.size, private.sign, own.hashed
    return lambda message: to_raw(sign(hashed(message).digest(), ecdsa), size)
