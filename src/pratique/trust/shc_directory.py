"""Keys of SMART Health Cards, as a directory's snapshot (VCI) or an issuer's own JWK set holds them.

    {directory, time, issuerInfo: [{issuer: {iss, name, …}, keys: [JWK]}]} -> read_vci  -> ListReading.pinned
    {keys: [JWK]}, whose it is                                            -> read_jwks -> ListReading.pinned

1. A key is pinned by its issuer's `iss` and its kid, both exactly as they are written: a slash more is another.
2. A kid is what the key itself makes it (RFC 7638): it is computed here, and a key of another kid is left out.
3. A key that is not said to be for signatures by ES256 is left out, and so is one whose private half stands there.
4. An X.509 certificate beside a key must be of that key. Its dates and names say nothing: whoever pinned the key did.
5. One issuer's odd key costs that key, never the directory: 651 issuers stand in one.

Source: SMART Health Cards Framework 1.4 §"Determining keys associated with an issuer"; the VCI directory's
snapshot format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pratique import strict_json
from pratique.crypto import jose, x509
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm, Scheme
from pratique.text import seen
from pratique.trust import scheme_keys
from pratique.trust.certificates import ListReading, bare_key
from pratique.trust.signer import Signer

MOST_ISSUERS, MOST_OF_ONE = 20_000, 64
"""Issuers of a directory, and keys of one of them. Seen: 651, and fewer than 20."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that are its private half, or a secret (RFC 7518 §6)."""


def is_vci(document: object) -> bool:
    """Tell whether a parsed document is a directory's snapshot."""
    return isinstance(document, dict) and isinstance(document.get("issuerInfo"), list)


def is_jwks(document: object) -> bool:
    """Tell whether a parsed document is a JWK set; whose it is, it does not say."""
    rows = document.get("keys") if isinstance(document, dict) else None
    return isinstance(rows, list) and all(isinstance(row, dict) and "kty" in row for row in rows)


def read_vci(document: object) -> ListReading:
    """Read a directory's snapshot; DocumentRefused `directory-unreadable` if it is none."""
    rows = document.get("issuerInfo") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(rows, list) or len(rows) > MOST_ISSUERS:
        raise _unreadable("it is not a directory of issuers of SMART Health Cards")
    reader = _KeyRows()
    for row in rows:
        issuer = row.get("issuer") if isinstance(row, dict) else None
        if not isinstance(issuer, dict) or not isinstance(row.get("keys"), list):
            reader.left_out["entry is of no issuer, or without keys"] += 1
            continue
        reader.add(issuer.get("iss"), issuer.get("name"), row["keys"])
    directory, time = document.get("directory"), document.get("time")
    if not reader.pinned:
        raise _unreadable("no key in the directory can sign cards")
    return reader.reading(
        "directory of SMART Health Cards",
        name=directory if _is_shown(directory, scheme_keys.LONGEST_ISSUER) else "",
        created=_instant(time),
    )


def read_jwks(document: object, issuer: str, name: str = "") -> ListReading:
    """Read an issuer's own JWK set.

    Args:
        document: parsed; {"keys": [...]}.
        issuer: its `iss`, as its cards write it.
        name: what it is called.

    Raises:
        DocumentRefused: `jwks-unreadable`, `jwks-issuer`, `jwks-private` or `jwks-empty`.
    """
    if not is_jwks(document):
        raise DocumentRefused("jwks-unreadable", "it is no JWK set")
    rows: list[dict[str, object]] = document["keys"]  # type: ignore[index]
    if not _is_issuer(issuer):
        raise DocumentRefused(
            "jwks-issuer",
            "the issuer of the keys is no address that a card can name",
            "give its iss as its cards write it: https://…, without a slash at its end",
        )
    if any(not _PRIVATE.isdisjoint(row) for row in rows):
        raise DocumentRefused(
            "jwks-private",
            "the private half of a key stands in it, with which anybody can sign",
            "tell its issuer; get another set",
        )
    reader = _KeyRows()
    reader.add(issuer, name, list(rows))
    reading = reader.reading("keys of a SMART Health Card issuer", name=issuer)
    if not reading.pinned:
        why = ", ".join(reason for reason, _ in reading.left_out)
        raise DocumentRefused("jwks-empty", f"no key in it can sign cards: {why or 'it is empty'}")
    return reading


class _KeyRows:
    """Gathers keys, and counts why others are left out."""

    def __init__(self) -> None:
        self.pinned: dict[tuple[str, bytes], Signer] = {}
        self.left_out: Counter[str] = Counter()

    def add(self, iss: object, name: object, rows: list[object]) -> None:
        if not _is_issuer(iss):
            self.left_out["issuer's iss is no address that a card can name"] += len(rows)
            return
        assert isinstance(iss, str)
        called = name if _is_shown(name, scheme_keys.LONGEST_NAME) else ""
        if len(rows) > MOST_OF_ONE:
            self.left_out["issuer has too many keys"] += len(rows) - MOST_OF_ONE
        for row in rows[:MOST_OF_ONE]:
            record = _record(row) if isinstance(row, dict) else "not a JWK"
            if isinstance(record, str):
                self.left_out[record] += 1
                continue
            kid = str(row["kid"]).encode() if isinstance(row, dict) else b""
            key = scheme_keys.pinned(Scheme.SHC, iss, kid, record, name=str(called))
            self.pinned[iss, kid] = key

    def reading(self, kind: str, *, name: object, created: int | None = None) -> ListReading:
        return ListReading(
            kind,
            (),
            skipped=self.left_out.total(),
            name=str(name),
            created=created,
            pinned=tuple(self.pinned.values()),
            left_out=tuple(sorted(self.left_out.items())),
        )


def _record(row: Mapping[str, Any]) -> X509Record | str:
    """Read a JWK as a card's key; or say why it is none."""
    if not _PRIVATE.isdisjoint(row):
        return "private half stands there"
    if row.get("use") != "sig" or row.get("alg") != Algorithm.ES256.value:
        return "no use or alg"
    if row.get("kty") != "EC" or row.get("crv") != "P-256":
        return "not of P-256"
    try:
        key = jose.read_jwk(row)
    except DocumentRefused:
        return "key cannot be read"
    # RFC 7638, its coordinates in full size (RFC 7518 §6.2.1).
    if row.get("kid") != jose.thumbprint(key.key):
        return "kid is not the key's own"
    chain = row.get("x5c")
    if chain is not None:
        first = chain[0] if isinstance(chain, list) and chain else None
        der = strict_json.octets(first)
        if der is None or x509.read(der).public_key != key.key.spki:
            return "X.509 certificate is of another key"
    return bare_key(key.key, key.notes)


def _is_issuer(iss: object) -> bool:
    # An address in the clear, or one with a slash at its end, is none that a card may name (SHC §"Issuers").
    return (
        _is_shown(iss, scheme_keys.LONGEST_ISSUER)
        and str(iss).startswith("https://")
        and not str(iss).endswith("/")
    )


def _is_shown(value: object, longest: int) -> bool:
    # It is shown at a desk: nothing in it may hide.
    return (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and value.isprintable()
        and seen(value) == value
    )


def _instant(time: object) -> int | None:
    try:
        instant = datetime.fromisoformat(strict_json.text(time))
        return int(instant.timestamp()) if instant.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


def _unreadable(why: str) -> DocumentRefused:
    return DocumentRefused("directory-unreadable", why)
