"""Read a trust list of whatever kind: the kind is told by the bytes, not by the file's name.

    bytes -> PEM | DER | JSON | signed JSON -> its reader -> Reading

1. One kind is recognised and read; no reader is tried after another has refused.
2. A proof key that does not fit the source is refused: a check that was asked for is never
   left out in silence.
"""

from __future__ import annotations

from pratique.crypto import spki, x509
from pratique.crypto.spki import PublicKey
from pratique.errors import DocumentRefused
from pratique.trust import did, kid_list, signed_list
from pratique.trust.certificates import Listed, Reading, bare_key
from pratique.trust.json_text import parse

_PEM_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_PEM_KEY = b"-----BEGIN PUBLIC KEY-----"


def read(data: bytes, *, proof_key: PublicKey | None = None) -> Reading:
    """Read one source.

    Raises:
        DocumentRefused: it is of no kind that is read here (`source-unknown`), cannot be read,
            or its proof does not hold.
    """
    signed = signed_list.split(data)
    if signed is not None:
        rest = signed.rest if proof_key is None else signed_list.check(signed, proof_key)
        proof = "not checked" if proof_key is None else "valid"
        return kid_list.read(parse(rest))._replace(kind="signed list", proof=proof)
    if data.lstrip()[:1] in {b"{", b"["}:
        return _json(parse(data), proof_key)
    if proof_key is not None:
        raise _no_proof()
    if _PEM_CERTIFICATE in data or data[:1] == b"\x30":
        return _certificates(data)
    if _PEM_KEY in data:
        return Reading("public key", (Listed(bare_key(spki.read_pem(data))),))
    raise _unknown()


def read_proof_key(data: bytes) -> PublicKey:
    """Read the key that a list's proof is checked with: PEM key, PEM or DER certificate, DID, JWK."""
    if _PEM_KEY in data:
        return spki.read_pem(data)
    if data.lstrip()[:1] == b"{":
        return did.proof_key(parse(data))
    records = x509.read_file(data)
    if len(records) != 1 or records[0].algorithm is None:
        raise DocumentRefused(
            "proof-key-unreadable", "the proof key's file does not hold exactly one key"
        )
    return PublicKey(records[0].algorithm, records[0].public_key)


def _json(document: object, proof_key: PublicKey | None) -> Reading:
    if did.is_one(document):
        return did.read(document, proof_key=proof_key)
    if proof_key is not None:
        raise _no_proof()
    if kid_list.is_one(document):
        return kid_list.read(document)
    raise _unknown()


def _certificates(data: bytes) -> Reading:
    records = x509.read_file(data)
    return Reading(
        "X.509 certificates",
        tuple(Listed(record) for record in records if not record.is_ca),
        tuple(record for record in records if record.is_ca),
    )


def _no_proof() -> DocumentRefused:
    return DocumentRefused(
        "proof-missing",
        "a proof key was given, and this source carries no proof",
        "leave --proof-key out if you have the source from a hand you trust",
    )


def _unknown() -> DocumentRefused:
    return DocumentRefused(
        "source-unknown",
        "it is no trust list of a kind that is read here",
        "PEM or DER certificates, a JSON list of kid and certificate, a DID trust list, "
        "or a signed list",
    )
