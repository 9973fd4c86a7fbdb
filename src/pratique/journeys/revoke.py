"""Take certificates back: for a reason from a closed list, for good, by what they have in common.

    Selection, Reason -> register -> how many (never who) -> tag lists, deltas

1. A revocation is no switch: it is not undone, and the reasons are not about a person's health, place
   or conduct. Who was revoked by mistake gets a new certificate.
2. A renewed certificate shares the fate of the one it renews, and the reverse.
3. What can be selected is what the register keeps; a person cannot be selected.
4. A certificate's number (UVCI) stands on its sheet, and is copied or typed from there: blanks, line
   ends and case do not matter, and its last character says whether it was copied well.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from pratique.errors import UsageError
from pratique.journeys.sign import with_checksum

CERTIFICATE = "certificate"
"""By what is selected where certificates are named one by one, in the public count."""


class Reason(StrEnum):
    """Why a certificate is taken back. There is no other reason."""

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
    """What a revocation comes to: certificates newly taken back, by key, and those that already were."""

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
