"""Certificates that were taken back, their twins, and what revocation must not reach.

    identifiers -> tags -> list of a key          identifiers -> hashes -> batches, slices

1. Lists are written here by other code than Pratique's, number by number.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import struct
import zlib
from functools import partial
from typing import Any

from tools.vectors import cards, content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.good import VACCINATED, WHO_WHOLE
from tools.vectors.layers import KID, UNTAGGED, cbor, claims, hc1, pack, signed, text

WIDTH = 24
UCI = "URN:UVCI:01:XU:REVOKED#1"
CTI = b"XU-YELLOW-REVOKED"
INNOCENT, PROBABLE = "URN:UVCI:01:XU:ALIKE#2", "URN:UVCI:01:XU:PROBABLE#3"
FILE = "revocations.json"


def tag(signer: str, identifier: bytes) -> int:
    """Return the first 24 bits of the digest that stands for a certificate."""
    digest = hashlib.sha256(b"pratique-rev1" + keys.SIGNERS[signer].kid + identifier).digest()
    return int.from_bytes(digest[: WIDTH // 8], "big")


def tag_list(signer: str, participant: str, tags: list[int], expires: int) -> str:
    """Write a list of at most 128 tags: one block. docs/reference/revocation.md is its layout."""
    tags, kid = sorted(tags), keys.SIGNERS[signer].kid
    mean = 0.9624 * 2**WIDTH / len(tags)
    k = max(n for n in range(WIDTH + 1) if 2**n <= mean)
    unary = remainders = ""
    for earlier, later in itertools.pairwise(tags):
        quotient, remainder = divmod(later - earlier - 1, 2**k)
        unary += "0" * quotient + "1"
        remainders += format(remainder, f"0{k}b")
    bits = unary + remainders
    bits += "0" * (-len(bits) % 8)
    block = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    head = b"pratique-revocation-1\n" + bytes([len(participant)]) + participant.encode()
    head += bytes([len(kid)]) + kid
    head += struct.pack(">BIQQI", WIDTH, 3, keys.ISSUED, expires, len(tags))
    lengths = bytes([1]) + tags[0].to_bytes(3, "big") + bytes([len(block)])
    return base64.b64encode(head + lengths + block).decode()


def digest(data: bytes) -> bytes:
    """Return a hash as the EU's gateway truncates it."""
    return hashlib.sha256(data).digest()[:16]


def batch(country: str, kid: bytes | None, kind: str, *entries: bytes) -> dict[str, Any]:
    """Write a batch of the EU's gateway."""
    return {
        "country": country,
        "expires": "2027-03-01T08:00:00Z",
        "kid": "UNKNOWN_KID" if kid is None else base64.b64encode(kid).decode(),
        "hashType": kind,
        "entries": [{"hash": base64.b64encode(entry).decode()} for entry in entries],
    }


def documents() -> dict[str, Any]:
    """Return what a verifier of these cases holds."""
    others = [tag("listing", str(number).encode()) for number in range(40)]
    soon, past = keys.NOON + 7 * keys.DAY, keys.NOON - 1
    own = [tag("listing", UCI.encode()), tag("listing", CTI), *others]
    ours = digest(INNOCENT.encode())
    alike, probable = ours[:4] + bytes(12), digest(PROBABLE.encode())
    by = keys.SIGNERS["utopia-vaccination"].kid
    parts = b"".join(sorted((ours[:4], probable[:4])))
    signature = keys.sign("ruritania", _to_be_signed())
    return {
        "lists": [
            tag_list("listing", "XXU", own, soon),
            tag_list("listing", "XXA", [tag("listing", b"URN:UVCI:01:XU:FOREIGN")], soon),
            tag_list("listing-late", "XXA", [tag("listing-late", UCI.encode())], past),
        ],
        "batches": [
            batch("XB", None, "UCI", digest(UCI.encode())),
            batch("XS", None, "COUNTRYCODEUCI", digest(b"XS" + UCI.encode())),
            batch("XR", keys.SIGNERS["ruritania"].kid, "SIGNATURE", digest(signature[:48])),
            batch("XU", by, "UCI", alike),
        ],
        "slices": [
            {
                "country": "XU", "kid": base64.b64encode(by).decode(), "hashType": "UCI",
                "form": "VARHASHLIST", "offset": 0,
                "data": base64.b64encode(struct.pack(">hfib", 1, 2.0**-32, 2, 4) + parts).decode(),
            },
        ],
        "cards": cards.rid_lists(),
    }  # fmt: skip


def _to_be_signed() -> bytes:
    made: list[bytes] = []

    def sign(message: bytes) -> bytes:
        made.append(message)
        return bytes(96)

    signed(RURITANIAN, by="ruritania", sign=sign)
    return made[0]


RURITANIAN = claims(content.vaccinated({"co": "XR", "ci": UCI}), iss="XR")
REVOKED = claims(content.vaccinated({"ci": UCI}))


def _by(state: str, identifier: str = UCI) -> dict[Any, Any]:
    return claims(content.vaccinated({"ci": identifier, "co": state}), iss=state)


text_of, signed_of = partial(text, by="listing"), partial(signed, by="listing")


def revocation_cases() -> Cases:
    """Make the cases of `revocation`."""
    twin = "revoked is what was signed, in whatever signature, encoding or header it comes again"
    kid, order = keys.SIGNERS["listing"].kid, keys.P256_ORDER
    bare = cbor({1: -7})

    def malleated(message: bytes) -> bytes:
        signature = keys.sign("utopia-12", message)
        s = order - int.from_bytes(signature[32:], "big")
        return signature[:32] + s.to_bytes(32, "big")

    gone, with_kid = red("REVOKED"), red("KID_UNPROTECTED", "REVOKED")
    exact = "EU DCC Revocation: SHA-256, its first 16 bytes; of an ECDSA signature r only"
    rows: list[tuple[str, str, str, str, Outcome]] = [
        ("revoked", "the list of its key holds its tag", "the issuer took it back", text_of(REVOKED), gone),
        ("not-revoked", "the list of its key does not hold its tag", "a list is exact", text_of(claims(content.vaccinated())), GOOD),
        ("malleated", "the twin (r, n-s) of revocation/revoked", twin, text_of(REVOKED, sign=malleated), gone),
        ("recompressed", "revocation/revoked, compressed otherwise", twin, hc1(zlib.compress(signed_of(REVOKED), 1)), gone),
        ("untagged", "revocation/revoked without the COSE tag", twin, hc1(pack(signed_of(REVOKED, tag=UNTAGGED))), gone),
        ("kid-unprotected", "the kid is in the unprotected header", twin, text_of(REVOKED, protected=bare, unprotected={KID: kid}), with_kid),
        ("kid-of-the-same-key", "the unprotected kid is another one of the same key", "a key that is listed twice does not shake its revocations off", text_of(REVOKED, protected=bare, unprotected={KID: keys.SIGNERS["listing-again"].kid}), with_kid),
        ("cti", "a yellow booklet, known by the CWT's identifier", "RFC 8392 §3.1.7", text_of(claims(content.icvp("a"), claim=-6, **{"7": CTI})), gone),
        ("no-identifier", "its key has a list, and it has no identifier", "what cannot be looked up is not passed", text_of(claims(content.icvp("a"), claim=-6)), amber("NO_RULES", "REVOCATION_UNCONFIRMED")),
        ("foreign-list", "another state's list holds its tag under its kid", "nobody revokes for another", text_of(_by("XU", "URN:UVCI:01:XU:FOREIGN")), GOOD),
        ("list-expired", "the list of its key is out of date", "what came later is not known here", text(_by("XA", "URN:UVCI:01:XA:2"), by="listing-late"), amber("NO_RULES", "REVOCATION_LIST_EXPIRED")),
        ("revoked-list-expired", "an old list holds its tag", "once revoked, always revoked", text(_by("XA"), by="listing-late"), gone),
        ("batch-uci", "a batch without kid holds its UCI", exact, text(_by("XB"), by="brobdingnag"), gone),
        ("batch-country-uci", "a batch holds its country and UCI", exact, text(_by("XS"), by="twice-dcc"), gone),
        ("batch-signature", "a batch holds the r of its signature", exact, text(RURITANIAN, by="ruritania"), gone),
        ("slice", "a list of shortened hashes holds its", "a shortened hash is not proof", text(_by("XU", PROBABLE), by="utopia-vaccination"), amber("NO_RULES", "REVOCATION_UNCONFIRMED")),
        ("slice-explained", "a list of shortened hashes holds its, which exact entries explain", "an innocent is not hit", text(_by("XU", INNOCENT), by="utopia-vaccination"), GOOD),
    ]  # fmt: skip
    for name, title, why, text_, expected in rows:
        seen = VACCINATED if expected == GOOD else None
        if name == "no-identifier":
            seen = facts("vaccination", domain="ICVP", **WHO_WHOLE)
        yield Case(f"revocation/{name}", title, why, text_, expected, facts=seen)
