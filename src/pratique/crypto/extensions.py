"""What the extensions of an X.509 certificate allow: read tolerantly, judged strictly.

    [3] SEQUENCE OF Extension -> {OID: octets} -> Limits(usages, is_ca, key identifiers)

1. A certificate without extended key usage may attest every kind (HCERT §3.3.1.1).
2. An extended key usage that cannot be read allows nothing: "cannot parse" is not "no restriction".
3. Both spellings of the object identifiers count. Seen in the production list: 131 of 438 signers
   use the legacy one, with an extra 0; 40 the correct one.
4. What a key may do is told apart: sign documents (digitalSignature), sign certificates (keyCertSign).
   A certificate without KeyUsage restricts neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pratique.crypto import der
from pratique.terms import ALL_KINDS, Kind

HEALTH = "1.3.6.1.4.1.1847."
HEALTH_LEGACY = "1.3.6.1.4.1.0.1847."
_KINDS = {"2021.1.1": Kind.TEST, "2021.1.2": Kind.VACCINATION, "2021.1.3": Kind.RECOVERY}
IDENTIFIERS = {kind: HEALTH + suffix for suffix, kind in _KINDS.items()}
"""What limits a key to a kind. An exemption has none: whoever attests one has a key without limits."""

SUBJECT_KEY_ID, KEY_USAGE, BASIC, AUTHORITY_KEY_ID, EXTENDED = (
    f"2.5.29.{number}" for number in (14, 15, 19, 35, 37)
)
CRITICAL = "critical-extension-unknown"
"""Reason: something that must be understood, and is not (RFC 5280 §4.2)."""
_UNDERSTOOD = {SUBJECT_KEY_ID, KEY_USAGE, BASIC, AUTHORITY_KEY_ID, EXTENDED}


class Limits(NamedTuple):
    """What the extensions say of a key."""

    usages: frozenset[Kind] = ALL_KINDS
    is_ca: bool = False
    subject_key_id: bytes = b""
    authority_key_id: bytes = b""
    notes: tuple[str, ...] = ()
    reason: str = ""
    signs: bool = True
    certifies: bool = True
    path_length: int | None = None


NO_LIMITS = Limits()
"""A certificate of version 1, which has no extensions."""


def read(sequence: bytes) -> Limits:
    """Read Extensions (RFC 5280 §4.1.2.9); what cannot be read becomes a reason, never a raise."""
    notes: list[str] = []
    try:
        extensions = table(sequence, notes)
    except ValueError:
        return Limits(usages=frozenset(), reason="extensions-unreadable")
    unknown = {name for name, (critical, _) in extensions.items() if critical} - _UNDERSTOOD
    found = {name: octets for name, (_, octets) in extensions.items()}
    reason = CRITICAL if unknown else ""
    usages, is_ca, length, identifiers = ALL_KINDS, False, None, (b"", b"")
    signs = certifies = True
    try:
        identifiers = _identifiers(found)
        is_ca, length = _constraints(found[BASIC], notes) if BASIC in found else (False, None)
        if KEY_USAGE in found:
            signs, certifies = _may(found[KEY_USAGE])
        # RFC 5280 §4.2.1.3: only a key with digitalSignature verifies signatures on documents.
        if not is_ca and not signs:
            reason = reason or "key-usage-not-signing"
    except ValueError:
        reason = reason or "extensions-unreadable"
    try:
        usages, other = _usages(found[EXTENDED], notes) if EXTENDED in found else (ALL_KINDS, False)
        signs = signs and not other
    except ValueError:
        reason = "eku-unreadable"
    if reason:
        usages = frozenset()
    noted = tuple(dict.fromkeys(notes))
    return Limits(usages, is_ca, *identifiers, noted, reason, signs, certifies, length)


def kinds(identifiers: Iterable[str]) -> tuple[frozenset[Kind], tuple[str, ...]]:
    """Turn the object identifiers of an extended key usage into kinds and notes.

    An identifier under the health arcs that is not known restricts to something unknown, hence
    to nothing. Other identifiers alone (clientAuth: 52 of 438 production signers) restrict nothing.
    """
    named, notes, restricted = set(), [], False
    others = False
    for identifier in identifiers:
        arc = next((a for a in (HEALTH, HEALTH_LEGACY) if identifier.startswith(a)), "")
        others = others or not arc
        if not arc:
            continue
        restricted = True
        if arc == HEALTH_LEGACY:
            notes.append("eku-legacy")
        kind = _KINDS.get(identifier.removeprefix(arc))
        if kind is None:
            notes.append("eku-unknown")
        else:
            named.add(kind)
    if restricted:
        return frozenset(named), tuple(dict.fromkeys(notes))
    return ALL_KINDS, ("eku-foreign",) if others else ("eku-empty",)


def table(sequence: bytes, notes: list[str]) -> dict[str, tuple[bool, bytes]]:
    """Read Extensions into object identifier -> (critical, octets); what is odd goes to `notes`."""
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in der.children(der.read_one(sequence, der.SEQUENCE).body):
        parts = der.children(extension.expect(der.SEQUENCE).body)
        if len(parts) not in {2, 3}:
            raise ValueError("an extension has two or three parts")
        critical = der.boolean(parts[1]) if len(parts) == 3 else False
        if len(parts) == 3 and not critical:
            notes.append("explicit-default")
        name = der.oid(parts[0])
        if name in found:
            # Two extensions of one name: two readers could see two contents (RFC 5280 §4.2).
            raise ValueError("an extension is there twice")
        found[name] = critical, parts[-1].expect(der.OCTET_STRING).body
    return found


def _constraints(octets: bytes, notes: list[str]) -> tuple[bool, int | None]:
    """Read BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLen INTEGER OPTIONAL }.

    Finnish signers write the default out, which DER forbids and `cryptography` refuses.
    """
    parts = der.children(der.read_one(octets, der.SEQUENCE).body)
    is_ca = bool(parts) and parts[0].tag == der.BOOLEAN and der.boolean(parts[0])
    if parts and parts[0].tag == der.BOOLEAN:
        if not is_ca:
            notes.append("explicit-default")
        parts = parts[1:]
    length = der.integer(parts[0]) if parts else None
    if length is not None and not is_ca:
        notes.append("path-length-without-ca")
    if len(parts) > 1 or (length or 0) < 0:
        raise ValueError("BasicConstraints has two parts at most, and no negative length")
    return is_ca, length


def _may(octets: bytes) -> tuple[bool, bool]:
    """Read KeyUsage: whether the key signs documents (bit 0), and certificates (bit 5)."""
    usage = der.bits(der.read_one(octets, der.BIT_STRING))
    first = usage[0] if usage else 0
    return bool(first & 0x80), bool(first & 0x04)


def _usages(octets: bytes, notes: list[str]) -> tuple[frozenset[Kind], bool]:
    """Read an extended key usage: the kinds, and whether it is for services of a PKI alone."""
    listed = der.children(der.read_one(octets, der.SEQUENCE).body)
    identifiers = [der.oid(value) for value in listed]
    usages, odd = kinds(identifiers)
    notes.extend(odd)
    return usages, bool(identifiers) and _OF_A_PKI.issuperset(identifiers)


_OF_A_PKI = frozenset({"1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"})
"""timeStamping, OCSPSigning (RFC 5280 §4.2.1.12): keys that answer for a PKI. No list here has such signers."""


def _identifiers(found: dict[str, bytes]) -> tuple[bytes, bytes]:
    subject = authority = b""
    if SUBJECT_KEY_ID in found:
        subject = der.read_one(found[SUBJECT_KEY_ID], der.OCTET_STRING).body
    if AUTHORITY_KEY_ID in found:
        parts = der.children(der.read_one(found[AUTHORITY_KEY_ID], der.SEQUENCE).body)
        authority = next((part.body for part in parts if part.tag == 0x80), b"")
    return subject, authority
