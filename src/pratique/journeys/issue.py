"""Issue a certificate: what a clerk confirmed becomes a signed text.

    Record -> intake.examine -> (remarks) -> sign -> register -> commit -> text

1. What is refused by a remark is never signed; what is doubted is for the clerk to confirm before.
2. The code never lasts longer than its signing key (HCERT §3.3.6): `exp` is cut to the key's end.
3. The same request, made again, gives the same certificate, under whichever shard it was signed.
4. The text may leave the process only after its line is committed.
5. What was asked before the transaction is asked in it again: is the certificate that it renews still good,
   has the key room?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from pratique.crypto.signing import SigningKey
from pratique.errors import UsageError
from pratique.intake.record import Record
from pratique.journeys.sign import (
    Book,
    Line,
    Occasion,
    Origin,
    RevokingBook,
    Signed,
    check_good,
    draw,
    sign,
)  # fmt: skip
from pratique.model import silent
from pratique.trust.shards import Shard

VALIDITY = 365 * 24 * 3600
"""Seconds for which a code may be read, where the issuer does not say otherwise."""

Keys = Callable[[Shard], SigningKey]
"""Open the key of a shard."""


class Work(NamedTuple):
    """Who issues, and where: a site's code and an operator's pseudonym, never a name."""

    site: str
    operator: str


@silent
class Asked(NamedTuple):
    """A request to sign one record.

    Attributes:
        request: at least 16 random bytes that only the requester has.
        at: seconds since the epoch.
        work: who issues, and where.
        validity: seconds for which the code may be read, at most to the key's end.
        parent: the certificate that it renews; a recall of that one's lot is one of this one, too.
    """

    request: bytes
    at: int
    work: Work
    validity: int = VALIDITY
    parent: Line | None = None


def issue(
    record: Record, asked: Asked, *, shards: Sequence[Shard], keys: Keys, book: Book
) -> Signed:
    """Sign one record with the first of `shards`, or again with the one that signed this request."""
    request, at, work, validity, parent = asked
    shard = earlier(request, shards, book) or shards[0]
    occasion = occasion_of(record, shard, at=at, work=work, validity=validity)
    if parent is not None:
        origin = occasion.origin._replace(lot=parent.occasion.origin.lot)
        occasion = occasion._replace(origin=origin, parent=(parent.kid, parent.tag))
    return sign(record, request=request, shard=shard, key=keys(shard), book=book, occasion=occasion)


class OpenBook(RevokingBook, Protocol):
    """A register in one of its transactions: what is read in it is so until it ends."""

    def issued(self, kid: bytes) -> int:
        """Return how many certificates a key has signed."""

    def enrol(self, shard: Shard) -> object:
        """Add a shard's key if it is new."""

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines."""


def registered(
    record: Record,
    asked: Asked,
    *,
    shards: Sequence[Shard],
    keys: Keys,
    book: OpenBook,
    view: Book | None = None,
) -> Signed:
    """Issue as `issue` does, and add its line, unless the request was made before.

    Args:
        view: the book as this node sees it, if several share the keys.

    Raises:
        UsageError: as `sign`; `old-revoked`: what it renews was taken back; `key-full`: the key has signed
            meanwhile what was planned.
    """
    if asked.parent is not None:
        # Asked before, too; a recall may have come between, and would not find what is issued after it.
        check_good(asked.parent, book)
    book.enrol(shards[0])
    made = issue(record, asked, shards=shards, keys=keys, book=book if view is None else view)
    if not made.repeated:
        (shard,) = (one for one in shards if one.kid == made.line.kid)
        check_room(shard, book.issued(shard.kid), shard.planned)
        book.add([made.line])
    return made


def check_room(shard: Shard, issued: int, most: int) -> None:
    """See to it that a key may sign one more; UsageError `key-full`."""
    if issued >= most:
        raise UsageError(
            "key-full",
            f"others have signed meanwhile what was planned for the key {shard.label}",
            "give the same command again: it takes another key; nothing was issued",
        )


def earlier(request: bytes, shards: Sequence[Shard], book: Book) -> Shard | None:
    """Return the shard that has signed this request before."""
    return next((shard for shard in shards if draw(request, shard, book).held is not None), None)


def occasion_of(
    record: Record, shard: Shard, *, at: int, work: Work, validity: int = VALIDITY
) -> Occasion:
    """Return when and where it is issued, its end cut to the key's."""
    lot = getattr(record.entry, "lot", None) or ""
    return Occasion(at, min(at + validity, shard.not_after), Origin(lot, *work))
