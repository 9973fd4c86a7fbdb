"""Give a holder another certificate for the one they have: renewed, or corrected.

    old text -> signature -> the register knows it, and has not revoked it -> OwnCertificate
    OwnCertificate -> renewed: the same content, new identifier, new dates, the old one as parent
    OwnCertificate, Record -> corrected: new content; the old one is revoked as an issue error

1. No clinic visit: what the old certificate says was true, and its issuer signed it. So nothing is
   believed but a certificate of this very issuer, which the register knows.
2. A code that has run out can be renewed: the dose itself has not expired.
3. An old certificate renewed twice gives the same new one, while that one lasts: codes do not
   multiply.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from itertools import count
from typing import NamedTuple

from pratique import authenticate
from pratique.errors import UsageError
from pratique.findings import Code, Severity
from pratique.intake.rows import Record
from pratique.issue import (
    RegisterEntry,
    RegisterView,
    draw,
    with_checksum,
)
from pratique.model import silent
from pratique.revocation import tag_list
from pratique.snapshot import Snapshot
from pratique.trust.issuer import Shard

RUN_OUT = frozenset({Code.EXPIRED, Code.SIGNER_EXPIRED})
"""Faults that a renewal is there to mend."""


LEFT = 30 * 24 * 3600
"""Seconds that a renewed certificate lasts at least, if it is given again instead of a newer one."""


@silent
class OwnCertificate(NamedTuple):
    """An own certificate that its holder showed: what it says, its identifier, its entry."""

    record: Record
    identifier: str
    entry: RegisterEntry

    def request(self, number: int) -> bytes:
        """Return the secret of its number-th renewal: only who has it has its identifier."""
        return sha256(b"pratique-renew%d " % number + self.identifier.encode()).digest()


def held(
    text: str,
    *,
    snapshot: Snapshot,
    shards: Sequence[Shard],
    register: RegisterView,
    at: int,
) -> OwnCertificate:
    """Take an own certificate, whether it was revoked or not; UsageError `old-…` if it is none."""
    envelope = authenticate.read(text)
    found = authenticate.conclude_one(
        envelope, authenticate.authenticate(envelope, snapshot), snapshot, at
    )
    certificate, signer = found.certificate, found.signer
    faults = {f.code for f in found.verdict.findings if f.code.severity is Severity.ERROR}
    if certificate is None or signer is None or not faults <= RUN_OUT:
        raise UsageError(
            "old-refused",
            "this certificate is not authentic, or not one that this issuer signed",
            "pratique verify says why; issue a new one from the health record instead",
        )
    event = certificate.entries[0]
    shard = next((shard for shard in shards if shard.thumbprint == signer.thumbprint), None)
    entry = None
    if shard is not None and event.identifier is not None and len(certificate.entries) == 1:
        entry = register.find(shard.kid, tag_list.tag(shard.kid, event.identifier, shard.width))
    if entry is None:
        raise UsageError(
            "old-unknown",
            "the register does not know this certificate, though its signature is good",
            "was it issued from another register? If not, its key may be stolen: retire the shard",
        )
    record = Record(certificate.domain, certificate.person, event._replace(identifier=None))
    return OwnCertificate(record, event.identifier or "", entry)


def request_of(
    old: OwnCertificate, shards: Sequence[Shard], register: RegisterView, *, at: int
) -> bytes:
    """Return the request of a renewal: an earlier one's while its certificate lasts, or a new one."""
    for number in count():
        request = old.request(number)
        before = [draw(request, shard, register).held for shard in shards]
        if all(entry is None or entry.context.expires_at >= at + LEFT for entry in before):
            return request
    raise AssertionError("count() does not end")  # pragma: no cover


# ----------------------------------------------------------------------------------------------------
# Revoke certificates: for a reason from a closed list, for good, by what they have in common.
#
#     Selection, Reason -> register -> how many (never who) -> tag lists, deltas
#
# 1. A revocation is no switch: it is not undone, and the reasons are not about a person's health, place
#    or conduct. Who was revoked by mistake gets a new certificate.
# 2. A renewed certificate shares the fate of the one it renews, and the reverse.
# 3. What can be selected is what the register keeps; a person cannot be selected.
# 4. A certificate's number (UVCI) stands on its sheet, and is copied or typed from there: blanks, line
#    ends and case do not matter, and its last character says whether it was copied well.


CERTIFICATE = "certificate"
"""By what is selected where certificates are named one by one, in the public count."""


class Reason(StrEnum):
    """Why a certificate is revoked. There is no other reason."""

    ISSUE_ERROR = "issue-error"
    FRAUD = "fraud"
    KEY_COMPROMISE = "key-compromise"
    PRODUCT_RECALL = "product-recall"
    HOLDER_REQUEST = "holder-request"
    DUPLICATE = "duplicate"


class Selection(NamedTuple):
    """Which certificates: all that meet every stated part.

    Attributes:
        kid: of the key that signed them.
        tag: of one certificate under that key.
        lot, site, operator: as they were noted when it was issued.
        since, until: first and last second of issue.
    """

    kid: bytes | None = None
    tag: int | None = None
    lot: str | None = None
    site: str | None = None
    operator: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def name(self) -> str:
        """Return by what is selected, for the public count."""
        if self.tag is not None:
            return CERTIFICATE
        named = [part for part in ("lot", "site", "operator") if getattr(self, part) is not None]
        if self.since is not None or self.until is not None:
            named.append("window")
        return "+".join(named) or "shard"


class Revoked(NamedTuple):
    """What a revocation comes to: certificates newly revoked, by key, and those that already were."""

    by_kid: tuple[tuple[bytes, int], ...]
    before: int

    @property
    def total(self) -> int:
        """Return how many certificates are newly revoked."""
        return sum(count for _, count in self.by_kid)


def checked(selection: Selection) -> Selection:
    """Return the selection; UsageError `selection-…` where it selects everything or nothing."""
    if selection == Selection():
        raise UsageError(
            "selection-empty",
            "nothing says which certificates to revoke",
            "name a certificate, a tag, a lot, a site, an operator, a time or a shard",
        )
    if selection.tag is not None and selection.kid is None:
        raise UsageError("selection-tag", "a tag belongs to one key", "name its shard too")
    since, until = selection.since, selection.until
    if since is not None and until is not None and since > until:
        raise UsageError("selection-window", "the time ends before it begins")
    return selection


_NUMBER = re.compile(r"(?:URN:UVCI:)?(\d\d:[A-Z]{2,3}:[0-9A-Z/:]+)(?:#([0-9A-Z/:]))?")


def number_of(text: str) -> str | None:
    """Return a certificate's number as it was signed; None if a text is no number.

    Raises:
        UsageError: `number-mistyped` if its check character says so.
    """
    shown = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf").upper()
    found = _NUMBER.fullmatch(shown)
    if found is None:
        return None
    number = with_checksum(f"URN:UVCI:{found[1]}")
    if found[2] is not None and number[-1] != found[2]:
        raise UsageError(
            "number-mistyped",
            "a certificate's number was not copied well: its last character does not fit",
            "copy it from the sheet, or name the certificate itself",
        )
    return number
