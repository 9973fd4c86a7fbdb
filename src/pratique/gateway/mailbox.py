"""What a gateway holds, and what its store must do: rows, and the protocol of one transaction.

    Reading: one instant, for GETs                 Mailbox: one writer alone, for all else -> kept whole, or not at all

1. There is no personal column; the hashes of a revocation batch are in its message and nowhere else.
2. Each change of a batch has a whole second of its own: clients ask again for what is later than the last one that they
   saw, cut to seconds, and must neither loop nor lose anything (dgc-lib's DgcGatewayRevocationListDownloadIterator).
   Of signers they ask for what is not earlier: there it is enough that no change is told with a second before one that
   somebody may have seen. A second of its own for each of a thousand signers would be a quarter of an hour to come.
3. What is deleted keeps its row for 14 days, so that deltas can tell of it, but not its message.
4. Who reads is noted nowhere. Who writes is: when, which country, what, and a digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

TOLD = 14 * 24 * 3600
"""Seconds for which a deleted entry is told of in deltas."""


class CertificateGroup(StrEnum):
    """What a certificate is for; the wire's `certificateType` and `group`."""

    AUTHENTICATION = "AUTHENTICATION"
    UPLOAD = "UPLOAD"
    CSCA = "CSCA"
    TRUSTANCHOR = "TRUSTANCHOR"
    DECA = "DECA"
    DSC = "DSC"
    DESC = "DESC"
    SIGN = "SIGN"
    AUTH = "AUTH"
    CUSTOM = "CUSTOM"


class CallerRole(StrEnum):
    """What a TLS certificate may do with revocation lists."""

    READER = "REVOCATION_LIST_READER"
    UPLOADER = "REVOCATION_UPLOADER"
    DELETER = "REVOCATION_DELETER"


class Party(NamedTuple):
    """A certificate that was onboarded: the trust anchor vouches for it.

    Attributes:
        country: C of the certificate.
        group: AUTHENTICATION, UPLOAD, CSCA, DECA or TRUSTANCHOR.
        thumbprint: SHA-256 of the certificate, hex.
        certificate: DER.
        signature: the anchor's CMS as it was onboarded, DER, detached or not.
        created: second (see `Mailbox.moment`).
        domain: of the folder ("DCC").
        roles: of a TLS certificate.
    """

    country: str
    group: CertificateGroup
    thumbprint: str
    certificate: bytes
    signature: bytes
    created: int
    domain: str = "DCC"
    roles: frozenset[CallerRole] = frozenset()


class StoredEntry(NamedTuple):
    """A certificate that a participant's upload key signed for: a document signer, or one of WHO's groups.

    Attributes:
        number: of the row; 0 for one that is to be added. `/cms-migration` calls it `entityId`.
        country, group, domain: of the certificate.
        kid: as the list shows it: Base64 of SHA-256[:8], or what its owner gave (at most 20 characters).
        thumbprint: SHA-256 of the certificate, hex.
        certificate: DER; of a deleted one too, so that a replayed message is recognised.
        signature: CMS of the upload key without the content, DER.
        message: what was uploaded, Base64 as it came; "" once it is deleted, or where the network published it.
        created, deleted: seconds (see `Mailbox.moment`); None while it lives. What becomes published is created then: in the
            strict profile nobody else could see it before, nor would a delta tell of it.
        properties: JSON of an object, "" for none.
        remarks: stable codes of what is to be said against it, in the compatible profile.
        is_published: the synced network has it, signed by its participant's own keys.
    """

    number: int
    country: str
    group: CertificateGroup
    domain: str
    kid: str
    thumbprint: str
    certificate: bytes
    signature: bytes
    message: str
    created: int
    deleted: int | None = None
    properties: str = ""
    remarks: tuple[str, ...] = ()
    is_published: bool = False


class StoredRule(NamedTuple):
    """A version of a rule.

    Attributes:
        number: of the row; 0 for one that is to be added.
        identifier, version: of the rule, as it states them.
        valid_from, valid_to: seconds since the epoch.
        message: CMS in Base64, as it was uploaded, to the byte.
        created: second (see `Mailbox.moment`).
    """

    number: int
    country: str
    identifier: str
    version: str
    valid_from: int
    valid_to: int
    message: str
    created: int
    remarks: tuple[str, ...] = ()
    is_published: bool = False


class StoredBatch(NamedTuple):
    """A batch of revocation hashes.

    Attributes:
        number: of the row; 0 for one that is to be added.
        identifier: UUID, lower case.
        expires: seconds since the epoch.
        message: CMS in Base64, as it was uploaded; "" once it is deleted.
        changed: whole second of its own, of the upload, the deletion or the migration.
    """

    number: int
    identifier: str
    country: str
    expires: int
    message: str
    changed: int
    is_deleted: bool = False


class ValueSet(NamedTuple):
    """A value set: its identifier, and the document as it is served."""

    identifier: str
    document: bytes


class Reference(NamedTuple):
    """A reference to a service of a participant's (WHO's gateway, `/trust/reference`).

    Attributes:
        identifier: UUID, lower case.
        document: JSON of its members, as it was signed.
        message: CMS in Base64, as it was uploaded.
    """

    identifier: str
    country: str
    document: bytes
    message: str
    created: int


class AuditRow(NamedTuple):
    """One act: when, which country, what, and SHA-256 (hex) of what was acted on."""

    at: int
    country: str
    act: str
    digest: str


class MailboxReading(Protocol):
    """One reading transaction: everything is of one instant."""

    def party(self, thumbprint: str, country: str, group: CertificateGroup) -> Party | None:
        """Return an onboarded certificate."""

    def parties(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        since: int | None = None,
    ) -> Sequence[Party]:
        """Return onboarded certificates, by thumbprint: of a country, of some groups (none: all), created at or after."""

    def countries(self) -> Sequence[str]:
        """Return C of all parties, sorted."""

    def uploading(self) -> Sequence[str]:
        """Return the countries that a live entry or a rule is of, sorted; some may take part no more."""

    def entries(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        domain: str | None = None,
        since: int | None = None,
        shown_to: str | None = None,
        after: StoredEntry | None = None,
        skip: int = 0,
        most: int | None = None,
    ) -> Sequence[StoredEntry]:
        """Return live entries, by kid and thumbprint; with `since` those created or deleted at or after, deleted ones too.

        Args:
            country, groups, domain, since: which; all, if nothing is said.
            shown_to: a country: its own, and of others only those with `is_published` (the strict profile).
            after: only those behind it in the order, whether it is still there or not.
            skip, most: a page of them. Who reads all of them page by page goes on `after` the last: what is skipped is
                stepped over one by one.
        """

    def entry(self, number: int) -> StoredEntry | None:
        """Return a live entry by its number."""

    def entry_of(self, thumbprint: str, country: str) -> StoredEntry | None:
        """Return a country's live entry of a certificate."""

    def has_kid(self, kid: str, country: str) -> bool:
        """Tell whether a live entry of the country has the kid."""

    def rules(self, country: str) -> Sequence[StoredRule]:
        """Return all versions of a country's rules, the newest upload first."""

    def rule(self, number: int) -> StoredRule | None:
        """Return a rule by its number."""

    def batches(self, since: int, most: int) -> Sequence[StoredBatch]:
        """Return batches changed after `since` (not at), ascending, at most `most`; without their messages."""

    def batch(self, identifier: str) -> StoredBatch | None:
        """Return a batch, deleted or not, with its message; None if there never was one, or it is told of no longer."""

    def batch_numbered(self, number: int) -> StoredBatch | None:
        """Return a live batch by its number."""

    def batches_of(self, country: str) -> Iterator[StoredBatch]:
        """Yield a country's live batches, with their messages, what has not changed for the longest first.

        They are read as they are asked for: all of them may be more than the memory has room for.
        """

    def live_entries(self, country: str) -> int:
        """Return how many live entries a country has."""

    def live_batches(self, country: str) -> int:
        """Return how many live batches a country has."""

    def value_sets(self) -> Sequence[str]:
        """Return the identifiers, sorted."""

    def value_set(self, identifier: str) -> ValueSet | None:
        """Return a value set."""

    def references(self, country: str | None = None) -> Sequence[Reference]:
        """Return references, by their identifiers."""

    def reference(self, identifier: str) -> Reference | None:
        """Return a reference."""

    def was_used(self, digest: str) -> bool:
        """Tell whether a message with this SHA-256 (hex) was taken before; of a deleted entry's upload too."""


class Mailbox(MailboxReading, Protocol):
    """One writing transaction: nobody else writes meanwhile, and all of it is kept, or nothing."""

    def instant(self, at: int) -> int:
        """Return a whole second that no other change of a batch has: `max(at, last + 1)`; it is the last one now."""

    def moment(self, at: int) -> int:
        """Return the second of another change: `max(at, last)`, of several perhaps, and never one before the last."""

    def add_party(self, party: Party) -> None:
        """Add an onboarded certificate, or put it in the place of the one with its thumbprint, country and group."""

    def remove_party(self, thumbprint: str, country: str, group: CertificateGroup) -> None:
        """Remove a certificate that is onboarded no longer."""

    def add_entry(self, entry: StoredEntry) -> int:
        """Add an entry, in the place of a deleted one with its thumbprint and country; return its number."""

    def change_entry(self, entry: StoredEntry) -> None:
        """Keep new values of a live entry (its number): signature and message, `created`, `is_published`, remarks."""

    def delete_entry(self, number: int, at: int) -> None:
        """Note a live entry as deleted at that instant, and forget its message."""

    def add_rule(self, rule: StoredRule) -> int:
        """Add a version of a rule; return its number."""

    def change_rule(self, rule: StoredRule) -> None:
        """Keep a new message of a rule, `is_published`, remarks."""

    def delete_rules(self, country: str, identifier: str) -> int:
        """Delete all versions of a rule; return how many there were."""

    def add_batch(self, batch: StoredBatch) -> int:
        """Add a batch; return its number."""

    def change_batch(self, batch: StoredBatch) -> None:
        """Keep a new message of a live batch, and when."""

    def delete_batch(self, identifier: str, at: int) -> None:
        """Note a batch as deleted at that instant, and forget its message."""

    def put_value_set(self, value_set: ValueSet) -> None:
        """Add a value set, or put it in the place of the one before it."""

    def add_reference(self, reference: Reference) -> None:
        """Add a reference, or put it in the place of the one with its identifier."""

    def delete_reference(self, identifier: str) -> None:
        """Delete a reference."""

    def use(self, digest: str, at: int) -> None:
        """Note that a message with this SHA-256 (hex) was taken."""

    def audit(self, row: AuditRow) -> None:
        """Note an act."""

    def purge(self, at: int) -> int:
        """Note batches as deleted that have ended, and forget rows deleted more than `TOLD` seconds ago; return how many."""
