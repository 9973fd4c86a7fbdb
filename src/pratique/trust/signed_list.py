"""Lists signed as a whole: a first line of signature, or a signature in a file beside.

    base64 signature ⏎ rest -> split -> (signature, rest) -> check under a key -> rest
    document + signature + certificate -> check_detached -> document

1. What is signed is the rest as it lies there, or without white space at its ends; no other
   reading of it is tried. Publishers do either.
2. The key is handed in; a list never brings its own.
3. The rest is not parsed before its signature has been checked, where there is a key.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.crypto.jose import good_signature
from pratique.crypto.spki import PublicKey
from pratique.errors import DocumentRefused
from pratique.trust.json_text import octets, parse

_LONGEST_SIGNATURE_LINE = 2048


class SignedList(NamedTuple):
    """A list and the signature over it, neither of them checked."""

    signature: bytes
    rest: bytes


def split(data: bytes) -> SignedList | None:
    """Split a list with a first line of signature; None if it has none."""
    line, newline, rest = data.partition(b"\n")
    if not newline or len(line) > _LONGEST_SIGNATURE_LINE or not line.isascii():
        return None
    signature = octets(line.decode("ascii"))
    if not signature or not rest.lstrip().startswith((b"{", b"[")):
        return None
    return SignedList(signature, rest)


def check(found: SignedList, key: PublicKey) -> bytes:
    """Return the list if its signature holds; DocumentRefused `list-signature-wrong` if not."""
    for rest in dict.fromkeys((found.rest, found.rest.strip())):
        if good_signature(key, found.signature, rest):
            return rest
    raise _wrong()


def check_detached(document: bytes, signature: bytes, key: PublicKey) -> bytes:
    """Return the document if the signature beside it holds (ECDSA, DER or r and s)."""
    if not good_signature(key, signature, document):
        raise _wrong()
    return document


def directory_issuers(document: bytes) -> tuple[str, ...]:
    """Name the issuers of a VCI directory's snapshot: their `iss`, in the snapshot's order."""
    found = parse(document)
    rows = found.get("issuerInfo") if isinstance(found, dict) else None
    names = []
    for row in rows if isinstance(rows, list) else [None]:
        issuer = row.get("issuer") if isinstance(row, dict) else None
        name = issuer.get("iss") if isinstance(issuer, dict) else None
        if not isinstance(name, str):
            raise DocumentRefused("directory-unreadable", "it is not a directory of issuers")
        names.append(name)
    return tuple(names)


def _wrong() -> DocumentRefused:
    return DocumentRefused(
        "list-signature-wrong",
        "the signature of the trust list does not hold under the key that was given",
        "get the list and the key again, each from its own source",
    )
