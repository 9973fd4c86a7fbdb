"""Issue a certificate: what a clerk confirmed becomes a signed text.

    Record -> intake.examine -> (remarks) -> sign -> register -> commit -> text

1. What is refused by a remark is never signed; what is doubted is for the clerk to confirm before.
2. The code never lasts longer than its signing key (HCERT §3.3.6): `exp` is cut to the key's end.
3. The same request, made again, gives the same certificate, under whichever shard it was signed.
4. The text may leave the process only after its entry is committed.
5. What was asked before the transaction is asked in it again: is the certificate that it renews still good,
   has the key room?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b, sha256
from itertools import count
from typing import NamedTuple, Protocol

from pratique.crypto.keys import SigningKey
from pratique.errors import UsageError
from pratique.formats import encode, hcert
from pratique.intake.rows import Record
from pratique.model import silent
from pratique.revocation import tag_list
from pratique.trust.issuer import Shard

# ----------------------------------------------------------------------------------------------------
# Sign one event under one shard: draw its identifier, write it, sign it, say what is to be noted.
#
#     Record, request -> draw -> identifier, tag -> payload -> signature -> Signed(text, entry)
#
# 1. The identifier is drawn until its tag is unused under the shard's key: the revocation list of that
#    key is then exact, also for what it signs later (see `revocation.tags`).
# 2. Draws come from the request's secret: the same request draws the same, so that a request whose
#    answer was lost gives the same certificate again. Nothing but the requester has the secret.
# 3. What is noted holds no personal data: a tag, a key, dates, where it was issued and by whom.
# 4. A signed text may leave the process only after its entry is committed. See `store.register`.


RANDOM_CHARACTERS = 20
"""Of Base32: 100 random bits, so that 80 are left where nodes share a key by prefixes of the tag."""

REQUEST_SIZES = range(16, 65)
"""Bytes that a request's secret may have; a shorter one could be guessed, a longer one is no key."""

AT_ONCE = 128
"""Certificates that are signed before they are packed."""

_DRAW = b"pratique-draw-1"
_RANDOM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 8
"""A random byte to one of 32 characters (RFC 4648 §6), each as likely as the others."""

_SYMBOLS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:"
_PLAIN = bytes(_SYMBOLS.find(c) if c in _SYMBOLS else 0 for c in range(256))
_TWICE = bytes(sum(divmod(2 * value, len(_SYMBOLS))) for value in _PLAIN)


class KeyFull(UsageError):
    """A key has signed meanwhile what was planned for it; another may take its place."""


class Origin(NamedTuple):
    """Where a certificate comes from: the lot given, the site, and the operator's pseudonym."""

    lot: str
    site: str
    operator: str


class IssuanceContext(NamedTuple):
    """When and where a certificate is issued.

    Attributes:
        issued_at, expires_at: seconds since the epoch.
        origin: lot, site and operator.
        parent: kid and tag of the certificate that it renews.
    """

    issued_at: int
    expires_at: int
    origin: Origin
    parent: tuple[bytes, int] | None = None


class RegisterEntry(NamedTuple):
    """What the register keeps of one certificate, and all that it keeps.

    Attributes:
        kid, tag: the signing key and the certificate's tag under it; together they are its name.
        request: 16 bytes by which its own requester, and nobody else, recognises it.
        uci: the identifier's hash as the EU's revocation batches carry it, 16 bytes.
        kind: what it attests.
        context: when and where it was issued.
    """

    kid: bytes
    tag: int
    request: bytes
    uci: bytes
    kind: str
    context: IssuanceContext


class RegisterView(Protocol):
    """What signing must know of the register."""

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return the entry that has this tag under this key."""


class RevocationView(RegisterView, Protocol):
    """A register that knows what was revoked."""

    def revoked(self, kid: bytes, tag: int) -> bool:
        """Tell whether a certificate was revoked."""


class Prefixed(NamedTuple):
    """A register as one of several nodes sees it that share a key without talking to each other.

    Every tag that does not begin with the node's own number counts as in use; so no two nodes ever
    draw the same.
    """

    register: RegisterView
    widths: Mapping[bytes, int]
    node: int
    bits: int

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return the entry that has this tag, or `ANOTHERS` if it is another node's to draw."""
        if tag >> (self.widths[kid] - self.bits) != self.node:
            return ANOTHERS
        return self.register.find(kid, tag)


class Apart(NamedTuple):
    """A register as one of several processes sees it that sign parts of one job with the same keys.

    They see tags in classes, by a job's own mixing, and each draws from one class: none waits for
    another, and none signs a part twice because another was faster. The classes of different jobs
    differ, so that all tags come to be used alike.
    """

    register: RegisterView
    job: int
    ways: int
    number: int

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return the entry that has this tag, or `ANOTHERS` if it is of another class."""
        mixed = ((tag ^ self.job) * _GOLDEN & _WORD) >> 32
        return ANOTHERS if mixed % self.ways != self.number else self.register.find(kid, tag)


_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15  # odd, and without a pattern in its bits: 2**64 by the golden ratio

ANOTHERS = RegisterEntry(b"", 0, b"", b"", "", IssuanceContext(0, 0, Origin("", "", "")))
"""Stands for any entry that is not this request's: its own request is nobody's."""


@silent
class Signed(NamedTuple):
    """A signed text and its entry. `repeated`: the entry was there before, this is its text again."""

    text: str
    entry: RegisterEntry
    repeated: bool = False


@silent
class Draft(NamedTuple):
    """What is to be signed, and its entry."""

    payload: bytes
    entry: RegisterEntry
    repeated: bool = False


class Drawn(NamedTuple):
    """An identifier, its tag, and the mark by which its request is known again."""

    identifier: str
    tag: int
    mark: bytes
    held: RegisterEntry | None


def sign(
    record: Record,
    *,
    request: bytes,
    shard: Shard,
    key: SigningKey,
    register: RegisterView,
    context: IssuanceContext,
) -> Signed:
    """Sign one record. UsageError `request-…` if the request was made before with other content."""
    draft = drafted(record, request=request, shard=shard, register=register, context=context)
    return next(finished([draft], shard=shard, key=key))


def drafted(
    record: Record,
    *,
    request: bytes,
    shard: Shard,
    register: RegisterView,
    context: IssuanceContext,
) -> Draft:
    """Draw and write one record; UsageError `request-…` as `sign`, `key-unfit`."""
    if record.kind not in shard.usages:
        # Every verifier would refuse it: whoever chose the key, nothing is signed.
        raise UsageError(
            "key-unfit",
            f"the key {shard.label} may not attest: {record.kind}",
            "make one that may: pratique issuer keys add; nothing was signed",
        )
    identifier, tag, mark, held = draw(request, shard, register)
    if held is not None:
        context = held.context
    payload = encode.payload(
        record.domain,
        record.person,
        record.entry,
        identifier,
        issuer=shard.country,
        issued_at=context.issued_at,
        expires_at=context.expires_at,
    )
    mark += blake2b(payload, key=request, digest_size=8).digest()
    if held is None:
        uci = sha256(identifier.encode()).digest()[:16]
        return Draft(payload, RegisterEntry(shard.kid, tag, mark, uci, record.kind.value, context))
    if held.request != mark:
        raise UsageError(
            "request-reused",
            "this request was made before, for other content; nothing was issued",
            "give each certificate a request of its own; to change one, use: pratique issuer correct",
        )
    return Draft(payload, held, repeated=True)


def finished(drafts: Sequence[Draft], *, shard: Shard, key: SigningKey) -> Iterator[Signed]:
    """Sign drafts of one shard in order.

    Some are signed before the first of them is packed: a signature and what is around it, taken in
    turns, drive each other out of the processor's caches.
    """
    kid, algorithm = shard.kid, shard.algorithm
    for start in range(0, len(drafts), AT_ONCE):
        some = drafts[start : start + AT_ONCE]
        messages = [hcert.to_sign(draft.payload, kid=kid, algorithm=algorithm) for draft in some]
        signatures = [key.sign(message) for message in messages]
        for (payload, entry, repeated), signature in zip(some, signatures, strict=True):
            text = hcert.encode(payload, signature, kid=kid, algorithm=algorithm)
            yield Signed(text, entry, repeated)


def draw(request: bytes, shard: Shard, register: RegisterView) -> Drawn:
    """Draw identifiers until one's tag is unused, or is this very request's."""
    if len(request) not in REQUEST_SIZES:
        raise UsageError(
            "request-short", f"a request has {REQUEST_SIZES[0]} to {REQUEST_SIZES[-1]} random bytes"
        )
    start = f"URN:UVCI:01:{shard.country}:"
    for number in count():
        digest = blake2b(b"%d" % number, key=request, digest_size=32, person=_DRAW).digest()
        drawn = digest[:RANDOM_CHARACTERS].translate(_RANDOM).decode()
        identifier = with_checksum(start + drawn)
        tag = tag_list.tag(shard.kid, identifier, shard.width)
        held = register.find(shard.kid, tag)
        mark = digest[24:]
        if held is None or held.request[:8] == mark:
            return Drawn(identifier, tag, mark, held)
    raise AssertionError("count() does not end")  # pragma: no cover


def check_good(old: RegisterEntry, register: RevocationView) -> None:
    """See to it that a certificate was not revoked; UsageError `old-revoked`."""
    if register.revoked(old.kid, old.tag):
        raise already_revoked()


def already_revoked() -> UsageError:
    """Make the refusal of a certificate that was revoked."""
    return UsageError(
        "old-revoked",
        "this certificate is revoked already",
        "it is neither renewed nor corrected: issue a new one from the health record",
    )


def with_checksum(identifier: str) -> str:
    """Append the check character: Luhn's sum over the 38 symbols of a UVCI (eHN, UVCI annex 2).

    Written with two look-up tables, since every certificate pays for it.
    """
    reverse = identifier.encode()[::-1]
    total = sum(reverse[::2].translate(_TWICE)) + sum(reverse[1::2].translate(_PLAIN))
    return f"{identifier}#{chr(_SYMBOLS[-total % len(_SYMBOLS)])}"


VALIDITY = 365 * 24 * 3600
"""Seconds for which a code may be read, where the issuer does not say otherwise."""

Keys = Callable[[Shard], SigningKey]
"""Open the key of a shard."""


class Work(NamedTuple):
    """Who issues, and where: a site's code and an operator's pseudonym, never a name."""

    site: str
    operator: str


LONGEST_CODE = 80
"""Characters of a site's code or a pseudonym: what the register's columns hold."""


def code(given: str, name: str) -> str:
    """Return a site's code or an operator's pseudonym as the register keeps it.

    Args:
        given: as it was written.
        name: what a message calls it.

    Raises:
        UsageError: `code-unreadable`, `code-name`; neither repeats what was written.
    """
    text = given.strip()
    if "@" in text or any(letter.isspace() for letter in text):
        # The register keeps it for years, and audits show it.
        raise UsageError(
            "code-name",
            f"{name} is a code and not a name: blanks and @ are in names and addresses, which "
            "are personal data, also of staff",
            "write a short code that the health service knows the person or place by: harbour, op-17",
        )
    if not text or len(text) > LONGEST_CODE or not text.isprintable():
        raise UsageError(
            "code-unreadable",
            f"{name} is empty, longer than {LONGEST_CODE} characters or not printable",
            "write a short code that says nothing about a holder: harbour, op-17",
        )
    return text


@silent
class IssueRequest(NamedTuple):
    """A request to sign one record.

    Attributes:
        request: at least 16 random bytes that only the requester has.
        at: seconds since the epoch.
        work: who issues, and where.
        validity: seconds for which the code may be read, at most to the key's end.
        parent: the certificate that it renews; who revokes that one's lot revokes this one, too.
    """

    request: bytes
    at: int
    work: Work
    validity: int = VALIDITY
    parent: RegisterEntry | None = None


def issue(
    record: Record,
    asked: IssueRequest,
    *,
    shards: Sequence[Shard],
    keys: Keys,
    register: RegisterView,
) -> Signed:
    """Sign one record with the first of `shards`, or again with the one that signed this request."""
    request, at, work, validity, parent = asked
    shard = earlier(request, shards, register) or shards[0]
    context = context_of(record, shard, at=at, work=work, validity=validity)
    if parent is not None:
        origin = context.origin._replace(lot=parent.context.origin.lot)
        context = context._replace(origin=origin, parent=(parent.kid, parent.tag))
    return sign(
        record, request=request, shard=shard, key=keys(shard), register=register, context=context
    )


class OpenRegister(RevocationView, Protocol):
    """A register in one of its transactions: what is read in it is so until it ends."""

    def issued(self, kid: bytes) -> int:
        """Return how many certificates a key has signed."""

    def enrol(self, shard: Shard) -> object:
        """Add a shard's key if it is new."""

    def add(self, lines: Iterable[RegisterEntry]) -> None:
        """Add lines."""


def registered(
    record: Record,
    asked: IssueRequest,
    *,
    shards: Sequence[Shard],
    keys: Keys,
    register: OpenRegister,
    view: RegisterView | None = None,
) -> Signed:
    """Issue as `issue` does, and add its entry, unless the request was made before.

    Args:
        view: the register as this node sees it, if several share the keys.

    Raises:
        UsageError: as `sign`; `old-revoked`: what it renews was revoked; `key-full`: the key has signed
            meanwhile what was planned.
    """
    if asked.parent is not None:
        # Asked before, too; a revocation may have come between, and would not find what is issued after it.
        check_good(asked.parent, register)
    register.enrol(shards[0])
    made = issue(
        record, asked, shards=shards, keys=keys, register=register if view is None else view
    )
    if not made.repeated:
        (shard,) = (one for one in shards if one.kid == made.entry.kid)
        check_room(shard, register.issued(shard.kid), shard.planned)
        register.add([made.entry])
    return made


def check_room(shard: Shard, issued: int, most: int) -> None:
    """See to it that a key may sign one more; UsageError `key-full`."""
    if issued >= most:
        raise KeyFull(
            "key-full",
            f"others have signed meanwhile what was planned for the key {shard.label}",
            "give the same command again: it takes another key; nothing was issued",
        )


def earlier(request: bytes, shards: Sequence[Shard], register: RegisterView) -> Shard | None:
    """Return the shard that has signed this request before."""
    return next(
        (shard for shard in shards if draw(request, shard, register).held is not None), None
    )


def context_of(
    record: Record, shard: Shard, *, at: int, work: Work, validity: int = VALIDITY
) -> IssuanceContext:
    """Return when and where it is issued, its end cut to the key's."""
    lot = getattr(record.entry, "lot", None) or ""
    return IssuanceContext(at, min(at + validity, shard.not_after), Origin(lot, *work))
