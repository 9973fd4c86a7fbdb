"""The collision-free tag: what stands for one certificate in its key's revocation list.

    kid, identifier -> first `width` bits of SHA-256("pratique-rev1" | kid | identifier)

1. The issuer draws the identifier anew until its tag is unused under that key. A sorted list of tags
   is then exact for every certificate that the key ever signs, also for those issued later.
2. A tag is a truncated hash of an identifier with at least 80 random bits: nobody can be enumerated.
3. It is made from what was signed, never from the text: a malleated or re-encoded twin has the same.
"""

from __future__ import annotations

from hashlib import sha256

LABEL = b"pratique-rev1"


def tag(kid: bytes, identifier: str, width: int) -> int:
    """Return the tag, a number of `width` bits (at most 64)."""
    digest = sha256(LABEL + kid + identifier.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - width)


def width_for(planned: int) -> int:
    """Return how many bits the tags of a key that signs `planned` certificates have.

    2**width is at least 2.5 times as many, so that at most 0.4 of all tags are ever in use and a
    draw succeeds in 1.3 tries on average.
    """
    return max(16, ((planned * 5 + 1) // 2 - 1).bit_length())
