"""Give a holder another certificate for the one they have: renewed, or corrected.

    old text -> signature -> the register knows it, and has not taken it back -> Held
    Held -> renewed: the same content, new identifier, new dates, the old one as parent
    Held, Record -> corrected: new content; the old one is taken back as an issue error

1. No clinic visit: what the old certificate says was true, and its issuer signed it. So nothing is
   believed but a certificate of this very issuer, which the register knows.
2. A code that has run out can be renewed: the dose itself has not expired.
3. An old certificate renewed twice gives the same new one, while that one lasts: codes do not
   multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import NamedTuple

from pratique.errors import UsageError
from pratique.findings import Code, Weight
from pratique.intake.record import Record
from pratique.journeys import authenticate, conclude
from pratique.journeys.sign import Book, Line, RevokingBook, check_good, draw
from pratique.model import silent
from pratique.revocation import tags
from pratique.snapshot import Snapshot
from pratique.trust.shards import Shard

RUN_OUT = frozenset({Code.EXPIRED, Code.SIGNER_EXPIRED})
"""Faults that a renewal is there to mend."""


LEFT = 30 * 24 * 3600
"""Seconds that a renewed certificate lasts at least, if it is given again instead of a newer one."""


@silent
class Held(NamedTuple):
    """An own certificate that its holder showed: what it says, its identifier, its line."""

    record: Record
    identifier: str
    line: Line

    def request(self, number: int) -> bytes:
        """Return the secret of its number-th renewal: only who has it has its identifier."""
        return sha256(b"pratique-renew%d " % number + self.identifier.encode()).digest()


def held(
    text: str,
    *,
    snapshot: Snapshot,
    shards: Sequence[Shard],
    book: RevokingBook,
    at: int,
    again: bool = False,
) -> Held:
    """Take an own certificate for renewal or correction; UsageError `old-…` if it is none.

    Args:
        again: also one that was taken back already; for taking it back.
    """
    envelope = authenticate.read(text)
    found = conclude.conclude_one(
        envelope, authenticate.authenticate(envelope, snapshot), snapshot, at
    )
    certificate, signer = found.certificate, found.signer
    faults = {f.code for f in found.verdict.findings if f.code.weight is Weight.FAULT}
    if certificate is None or signer is None or not faults <= RUN_OUT:
        raise UsageError(
            "old-refused",
            "this certificate is not authentic, or not one that this issuer signed",
            "pratique verify says why; issue a new one from the health record instead",
        )
    entry = certificate.entries[0]
    shard = next((shard for shard in shards if shard.thumbprint == signer.thumbprint), None)
    line = None
    if shard is not None and entry.identifier is not None and len(certificate.entries) == 1:
        line = book.find(shard.kid, tags.tag(shard.kid, entry.identifier, shard.width))
    if line is None:
        raise UsageError(
            "old-unknown",
            "the register does not know this certificate, though its signature is good",
            "was it issued from another register? If not, its key may be stolen: retire the shard",
        )
    if not again:
        check_good(line, book)
    record = Record(certificate.domain, certificate.person, entry._replace(identifier=None))
    return Held(record, entry.identifier or "", line)


def request_of(old: Held, shards: Sequence[Shard], book: Book, *, at: int) -> bytes:
    """Return the request of a renewal: an earlier one's while its certificate lasts, or a new one."""
    for number in count():
        request = old.request(number)
        before = [draw(request, shard, book).held for shard in shards]
        if all(line is None or line.occasion.expires_at >= at + LEFT for line in before):
            return request
    raise AssertionError("count() does not end")  # pragma: no cover
