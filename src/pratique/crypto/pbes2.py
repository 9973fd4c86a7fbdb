"""Seal a private key under a password, so that guessing the password is dear.

    PKCS#8 DER, password -> scrypt -> AES-256-CBC -> EncryptedPrivateKeyInfo -> PEM

1. `cryptography` writes this form with 2,048 rounds of PBKDF2, which a thief tries in a moment;
   it reads, as OpenSSL does, what is written here.
2. Only sealing is here: opening is `cryptography`'s.
"""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from pratique.crypto.der import write

COST, BLOCK, PARALLEL = 1 << 14, 8, 5
"""scrypt's N, r and p: 16 MB and a tenth of a second. More memory than 32 MB OpenSSL refuses."""

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def seal(der: bytes, password: bytes, *, salt: bytes, iv: bytes) -> bytes:
    """Return the EncryptedPrivateKeyInfo (RFC 5958 §3, RFC 8018 §6.2, RFC 7914 §7), DER."""
    key = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=PARALLEL).derive(password)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(der) + padder.finalize()) + encryptor.finalize()
    cost = _octets(salt) + _number(COST) + _number(BLOCK) + _number(PARALLEL) + _number(32)
    derivation = _sequence(_SCRYPT + _sequence(cost))
    encryption = _sequence(_AES_256_CBC + _octets(iv))
    scheme = _sequence(_PBES2 + _sequence(derivation + encryption))
    return _sequence(scheme + _octets(sealed))


def armour(der: bytes) -> bytes:
    """Write an EncryptedPrivateKeyInfo as PEM (RFC 7468 §11)."""
    text = b64encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    label = b"ENCRYPTED PRIVATE KEY-----"
    return b"\n".join([b"-----BEGIN " + label, *lines, b"-----END " + label, b""])


def _sequence(body: bytes) -> bytes:
    return write(0x30, body)


def _octets(body: bytes) -> bytes:
    return write(0x04, body)


def _number(value: int) -> bytes:
    return write(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
