"""Signatures that somebody else checks: what a check would ask of WebCrypto, and how its answers are taken.

    load(algorithm, SPKI) -> check(signature, message) -> Question, unanswered -> False
    answers -> begin -> the same checks once more -> True | False

1. A check cannot wait here, and a browser answers later: a first run notes its questions, the answers come, a
   second run is the one that counts. A run with a question open proves nothing (`unanswered`).
2. Three answers: good, bad, and none: the browser cannot use the key. The last is a key that cannot be used, as
   where OpenSSL cannot read one.
3. What WebCrypto and OpenSSL may see differently is settled before it is asked: lengths of signatures, numbers out
   of range, DER, spellings of keys, sizes of RSA. Tests hold the outcomes equal, on other people's vectors.
4. Nothing is kept from one run to the next but by its caller.

Sources: Web Cryptography API; RFC 8017 (RSA), RFC 9053 (ECDSA in COSE), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pratique.crypto import asn1, spki
from pratique.crypto.spki import (
    MOST_EXPONENT,
    RSA_BITS,
    SHA256,
    SHA384,
    SHA512,
    Edwards,
    Family,
    Modulus,
    Point,
)
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm

Checker = Callable[[bytes, bytes], bool]
"""check(signature, message) -> is it good; as in `pratique.crypto.algorithms`."""

Answers = Mapping[str, bool | None]
"""A question's identifier -> is it good; None where the key cannot be used."""

_DIGESTS = {SHA256: "SHA-256", SHA384: "SHA-384", SHA512: "SHA-512"}
_OF_ECDSA = {
    Algorithm.ES256: "SHA-256",
    Algorithm.ES384: "SHA-384",
    Algorithm.ES512: "SHA-512",
}


class Question(NamedTuple):
    """One check, in WebCrypto's terms.

    Attributes:
        name: of the algorithm ("ECDSA", "RSA-PSS", "RSASSA-PKCS1-v1_5", "Ed25519").
        curve: of ECDSA ("P-256"); None of others.
        hash: "SHA-256"...; None of Ed25519, which has its own.
        salt: octets of salt of RSA-PSS; None of others.
        key: SubjectPublicKeyInfo, DER, in the one spelling.
        signature: of the length that the key's has; r and s for ECDSA.
        message: what was signed.
    """

    name: str
    curve: str | None
    hash: str | None
    salt: int | None
    key: bytes
    signature: bytes
    message: bytes

    def __repr__(self) -> str:
        return f"<Question: {self.name}>"

    @property
    def identifier(self) -> str:
        """Return a name that says nothing: which key, and which of all questions about it."""
        asked = hashlib.sha256(repr((self.name, self.curve, self.hash, self.salt)).encode())
        for part in (self.signature, self.message):
            asked.update(len(part).to_bytes(4, "big") + part)
        return f"{_named(self.key)}.{asked.hexdigest()[:32]}"

    def row(self) -> dict[str, Any]:
        """Return it as a page reads it: what is of octets in base64."""
        octets = {name: b64encode(getattr(self, name)).decode() for name in _OCTETS}
        return {"id": self.identifier, **self._asdict(), **octets}


_OCTETS = "key", "signature", "message"


def _named(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:32]


class Inquiry:
    """The primitive of a snapshot whose checks are answered from outside; and what it has asked in a run."""

    __slots__ = ("_answers", "_asked", "_unusable")

    def __init__(self) -> None:
        self._answers: Answers = {}
        self._asked: dict[str, Question] = {}
        self._unusable: frozenset[str] = frozenset()

    def begin(self, answers: Answers) -> bool:
        """Begin a run with what was answered so far; tell whether other keys than before cannot be used."""
        before = self._unusable
        self._answers, self._asked = answers, {}
        self._unusable = frozenset(
            name.partition(".")[0] for name, answer in answers.items() if answer is None
        )
        return self._unusable != before

    def unanswered(self) -> tuple[Question, ...]:
        """Return what was asked in this run and not answered, each once."""
        return tuple(self._asked.values())

    def end(self) -> None:
        """Let go of what a run has asked and been told."""
        self._answers, self._asked = {}, {}

    def load(self, algorithm: Algorithm, key: bytes) -> Checker:
        """Make the checker of one public key: refuses as `crypto.algorithms.load` does."""
        try:
            public = spki.apart(key)
        except ValueError as error:
            raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
        if isinstance(public, Modulus) and algorithm is Algorithm.PS256:
            if public.n.bit_length() not in RSA_BITS:
                raise DocumentRefused("key-size", f"an RSA key has {public.n.bit_length()} bits")
            if public.e.bit_length() > MOST_EXPONENT:
                raise DocumentRefused("key-unreadable", "an RSA key's exponent is too large")
            return self._rsa(public)
        if isinstance(public, Edwards) and algorithm is Algorithm.EDDSA:
            if spki.is_small_order(public.octets):
                raise DocumentRefused("key-unreadable", "anybody can sign for this public key")
            return self._edwards(public)
        digest = _OF_ECDSA.get(algorithm)
        if digest is not None and isinstance(public, Point):
            return self._ecdsa(public, digest)
        raise DocumentRefused("key-algorithm", f"a public key cannot be used with {algorithm}")

    def signed_by(
        self, identifier: bytes, signature: bytes, signed: bytes, key: bytes
    ) -> bool | None:
        """Check a signing CA's signature, as `crypto.chain.signed_by` does; None where it cannot be told."""
        kind = spki.signature_of(identifier)
        digest = None if kind is None else _DIGESTS.get(kind.digest)
        if kind is None or digest is None:
            return None
        try:
            public = spki.apart(key)
        except ValueError:
            return None
        if isinstance(public, Point) and kind.family is Family.ECDSA:
            raw = _of_der(signature, spki.CURVES[public.curve].size)
            question = _ecdsa(public, spki.write(public), digest, raw, signed)
        elif isinstance(public, Modulus) and kind.family is not Family.ECDSA:
            odd = public.n.bit_length() not in RSA_BITS or public.e.bit_length() > MOST_EXPONENT
            if odd or kind.salt is None:
                return None
            salt = kind.salt if kind.family is Family.PSS else None
            how = kind.family.value, digest, salt
            question = _rsa(public, spki.write(public), how, signature, signed)
        else:
            return None
        return False if question is None else self._answer(question)

    def _answer(self, question: Question) -> bool | None:
        identifier = question.identifier
        if identifier not in self._answers:
            self._asked[identifier] = question
            return False
        return self._answers[identifier]

    def _usable(self, key: Point | Modulus | Edwards) -> bytes:
        """Return a key as it is asked about; DocumentRefused where the browser could not use it."""
        der = spki.write(key)
        if _named(der) in self._unusable:
            raise DocumentRefused("key-unreadable", "a public key cannot be used here")
        return der

    def _ecdsa(self, point: Point, digest: str) -> Checker:
        der = self._usable(point)

        def check(signature: bytes, message: bytes) -> bool:
            question = _ecdsa(point, der, digest, signature, message)
            return question is not None and self._answer(question) is True

        return check

    def _rsa(self, key: Modulus) -> Checker:
        der = self._usable(key)
        size = (key.n.bit_length() + 7) // 8

        def check(signature: bytes, message: bytes) -> bool:
            if not signature:
                return False
            # OpenSSL takes a signature whose first octets, zeros, are left out.
            whole = signature.rjust(size, b"\0")
            question = _rsa(key, der, _PS256, whole, message)
            return question is not None and self._answer(question) is True

        return check

    def _edwards(self, key: Edwards) -> Checker:
        der = self._usable(key)

        def check(signature: bytes, message: bytes) -> bool:
            if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= _ORDER:
                return False
            question = Question("Ed25519", None, None, None, der, signature, message)
            return self._answer(question) is True

        return check


_ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519's base point: a larger S is refused (RFC 8032 §5.1.7)."""


_PS256 = "RSA-PSS", "SHA-256", 32
"""RFC 8230 §2."""


def _ecdsa(
    point: Point, der: bytes, digest: str, signature: bytes, message: bytes
) -> Question | None:
    """Ask about a signature, r and s; None where no key can have made it."""
    curve = spki.CURVES[point.curve]
    r, s = signature[: curve.size], signature[curve.size :]
    if not (len(r) == len(s) == curve.size):
        return None
    if not all(0 < int.from_bytes(part, "big") < curve.n for part in (r, s)):
        return None
    return Question("ECDSA", point.curve, digest, None, der, signature, message)


def _rsa(
    key: Modulus, der: bytes, how: tuple[str, str, int | None], signature: bytes, message: bytes
) -> Question | None:
    """Ask about a signature of RSA; None where no key can have made it."""
    name, digest, salt = how
    if not key.n & 1:
        # OpenSSL reads such a key and finds every signature wrong; some browsers do not read it.
        return None
    if len(signature) != (key.n.bit_length() + 7) // 8:
        return None
    if int.from_bytes(signature, "big") >= key.n:
        return None
    return Question(name, None, digest, salt, der, signature, message)


def _of_der(signature: bytes, size: int) -> bytes:
    """Return r and s of fixed length; b"" where they are no DER, or do not fit (RFC 3279 §2.2.3)."""
    try:
        parts = asn1.children(asn1.read_one(signature, asn1.SEQUENCE).body)
        r, s = map(asn1.integer, parts)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    except (ValueError, OverflowError):
        return b""
