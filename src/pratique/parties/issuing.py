"""An issuing session: sign, renew, correct and revoke certificates; publish revocations, audit.

    issuer's folder, register's URL, value sets -> IssuingSession -> sign_records | renew | correct | revoke | ...

1. A key is opened when it is first needed, so that an audit or a revocation opens none.
2. What is signed is signed in one transaction of the register, and nothing is returned before its commit.
3. A `Place` holds no secret and may be handed to another process, which opens its own keys.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pratique.audit import Mark, Tally, outliers
from pratique.crypto import x509
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.formats.wrapping import unwrapped
from pratique.intake import rows
from pratique.intake.catalogue import Catalogue
from pratique.intake.rows import Reading, Record
from pratique.issue import (
    IssueRequest,
    KeyFull,
    Prefixed,
    RegisterEntry,
    RegisterView,
    Signed,
    Work,
    already_revoked,
    check_good,
    check_room,
    registered,
)
from pratique.model import silent
from pratique.parties import inputs, verifier
from pratique.parties import issuer as issuer_folder
from pratique.parties.inputs import Item, encoding_of
from pratique.parties.records import Intake, catalogue_of
from pratique.renew import (
    OwnCertificate,
    Reason,
    Revoked,
    Selection,
    checked,
    held,
    number_of,
    request_of,
)
from pratique.revocation import foreign
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.snapshot import Snapshot
from pratique.store import files, sources
from pratique.store.keys import Secret, open_key
from pratique.store.register import register as store_register
from pratique.store.register.register import Act, Published, Register, Transaction, open_register
from pratique.text import Notice
from pratique.trust import issuer as trust_issuer
from pratique.trust.issuer import Choice, Issuer, RegisterNote, Shard
from pratique.trust.signer import TrustList

Say = Callable[[Notice], None]
"""Takes a note for whoever works at the front end; no note names a holder."""


class KeyStore(Protocol):
    """An issuer's keys, and the high-water marks of the register that are kept beside them."""

    def open(self, shard: Shard) -> SigningKey:
        """Open a shard's key."""

    def public_key(self, shard: Shard) -> bytes:
        """Return the public key of a shard's certificate."""

    def hold_marks(self) -> AbstractContextManager[None]:
        """Hold the marks for a change, once nobody else does: of one issuer several desks may note at once."""

    def load_marks(self) -> dict[str, RegisterNote]:
        """Return how far the register was with each key."""

    def save_marks(self, marks: dict[str, RegisterNote]) -> None:
        """Keep how far it is."""


class FolderKeys(NamedTuple):
    """The keys of an issuer's folder."""

    folder: Path
    secret: Secret

    def open(self, shard: Shard) -> SigningKey:
        """Open a shard's key; DocumentRefused `key-other`."""
        key = open_key(shard.key, folder=self.folder, secret=self.secret)
        if key.algorithm is not shard.algorithm:
            raise DocumentRefused("key-other", f"the key {shard.label} is another one")
        return key

    def public_key(self, shard: Shard) -> bytes:
        """Return the public key of a shard's certificate."""
        (record,) = x509.read_file(issuer_folder.read_certificate(self.folder, shard.label))
        return record.public_key

    def hold_marks(self) -> AbstractContextManager[None]:
        """Hold the marks for a change, once nobody else does."""
        return issuer_folder.notes_held(self.folder)

    def load_marks(self) -> dict[str, RegisterNote]:
        """Return how far the register was with each key."""
        return issuer_folder.load_notes(self.folder)

    def save_marks(self, marks: dict[str, RegisterNote]) -> None:
        """Keep how far it is."""
        issuer_folder.save_notes(self.folder, marks)

    def __repr__(self) -> str:
        return f"<keys of {self.folder}>"


class IssuingSession:
    """What issuing needs: who issues, its keys, its register, its value sets.

    Attributes:
        note: where notes go.
    """

    def __init__(
        self, issuer: Issuer, store: KeyStore, register: Register, catalogue: Callable[[], Catalogue], *,
        note: Say = lambda _: None, said: Callable[[], verifier.Said | None] = lambda: None,
    ) -> None:  # fmt: skip
        self.issuer, self.register, self.note = issuer, register, note
        self._store, self._said, self._catalogue = store, said, catalogue
        self._keys: dict[str, SigningKey] = {}
        self._noted: set[tuple[str, ...]] = set()

    def __repr__(self) -> str:
        return f"<IssuingSession of {self.issuer.participant}, {len(self.shards)} keys>"

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return the value sets; whoever revokes or audits loads none."""
        return self._catalogue()

    @property
    def intake(self) -> Intake:
        """Return what records are read with."""
        return Intake(self.catalogue, self.issuer.country, self.issuer.authority)

    @property
    def shards(self) -> tuple[Shard, ...]:
        """Return all shards, whatever their state."""
        return self.issuer.shards

    @property
    def labels(self) -> dict[bytes, str]:
        """Return kid to label."""
        return {shard.kid: shard.label for shard in self.shards}

    @cached_property
    def said(self) -> verifier.Said | None:
        """Return what the network that is synced here says of the participant; it is read once."""
        return self._said()

    def keys(self, shard: Shard) -> SigningKey:
        """Open a shard's key; the same one each time."""
        if shard.key not in self._keys:
            self._keys[shard.key] = self._store.open(shard)
        return self._keys[shard.key]

    def choice(self, at: int, *, label: str | None = None, since: int | None = None) -> Choice:
        """Return what chooses keys: among all, or of a label only; `since`: that signed then already.

        For one certificate and for whole files alike. UsageError `shard-unknown`, `register-lost`,
        `keys-withdrawn`.
        """
        lost, counts = self._looked_up()
        wanted = self.shards if label is None else (self.issuer.shard(label),)
        gone = self._withdrawn(at)
        if wanted and all(shard.thumbprint in gone for shard in wanted):
            # What it signed would be RED at birth.
            raise UsageError(
                "keys-withdrawn",
                f"the signing key {label} is withdrawn"
                if label
                else "all signing keys are withdrawn",
                "make one: pratique issuer keys add, and publish it",
            )
        wanted = tuple(
            shard
            for shard in wanted
            if shard.thumbprint not in gone and (since is None or shard.not_before <= since)
        )
        sound = tuple(shard for shard in wanted if shard.label not in lost)
        if wanted and not sound:
            raise lost[wanted[0].label]
        return Choice(sound, at=at, counts=counts, label=label)

    def _withdrawn(self, at: int) -> frozenset[str]:
        if self.said is None:
            return frozenset()
        if (suspension := self.said.member.suspended(at)) is not None:
            self._note_once(issuer_folder.suspended(self.issuer.participant, suspension))
        return self.said.member.withdrawn

    def is_withdrawn(self, kid: bytes, at: int) -> bool:
        """Tell whether the network that is synced here says that a key is withdrawn."""
        gone = self._withdrawn(at)
        return any(shard.kid == kid and shard.thumbprint in gone for shard in self.shards)

    def doubt(self, shard: Shard, domain: str) -> Notice | None:
        """Say, once, that a key is published for other domains than the one of what it signs.

        None where it is, where no network is synced here, and where the key is not published yet.
        """
        signers = () if self.said is None else self.said.signers
        listed = [each for each in signers if each.thumbprint == shard.thumbprint]
        known = (shard.label, domain)
        if known in self._noted or not listed or any(each.speaks_for(domain) for each in listed):
            return None
        self._noted.add(known)
        others = ", ".join(sorted({each.domain for each in listed}))
        return Notice(
            "key_domain",
            "the key {key} is published for {others} and not for {domain}: verifiers in the network answer "
            "AMBER DOMAIN_WRONG; once {participant} is active for {domain}, publish the key for it too: "
            "pratique participant publish --signers FILE --domain {domain}",
            key=shard.label, others=others, domain=domain, participant=self.issuer.participant,
        )  # fmt: skip

    def _note_once(self, notice: Notice) -> None:
        if (notice,) not in self._noted:
            self._noted.add((notice,))
            self.note(notice)

    def save_marks(self) -> None:
        """Keep beside the keys how far the register is; to be called after something was issued."""
        with self._store.hold_marks():
            # Counted while they are held: whoever has noted something before has counted no more.
            register, counts = self._registered()
            marks = self._store.load_marks()
            self._store.save_marks(
                trust_issuer.updated(marks, self.shards, register=register, counts=counts)
            )

    def _registered(self) -> tuple[bytes, dict[bytes, int]]:
        return self.register.read(
            lambda transaction: (transaction.identity(), transaction.counts())
        )

    def lost(self) -> dict[str, UsageError]:
        """Return why the register does not know all that a shard has signed, by label; and note it."""
        lost, _ = self._looked_up()
        for label in lost:
            self._note_once(
                Notice(
                    "register_lost",
                    "this register does not know all that {key} has signed; "
                    "restore its newest backup, if there is one",
                    key=label,
                )
            )
        return lost

    def _looked_up(self) -> tuple[dict[str, UsageError], dict[bytes, int]]:
        """Return why the register does not know all that a shard has signed, by label, and what it knows of each key."""
        # The marks first: what another desk has noted since is more than what was counted before.
        marks = self._store.load_marks()
        register, counts = self._registered()
        lost = {}
        for shard in self.shards:
            try:
                trust_issuer.check(shard, marks, register=register, counts=counts)
            except UsageError as error:
                lost[shard.label] = error
        return lost, counts

    def own(self, transaction: RegisterView) -> RegisterView:
        """Return the register as this node sees it, if several share the keys."""
        if not self.issuer.node_bits:
            return transaction
        widths = {shard.kid: shard.width for shard in self.shards}
        return Prefixed(transaction, widths, self.issuer.node, self.issuer.node_bits)

    def snapshot(self, at: int) -> Snapshot:
        """Return what verifies this issuer's own certificates; for renewing and correcting them."""
        signers = [shard.as_signer(self._store.public_key(shard)) for shard in self.shards]
        return Snapshot(
            number=1, created=at, environment=self.issuer.environment, trust=TrustList(signers)
        )


class Place(NamedTuple):
    """Where a session is, so that another process can open the same one."""

    folder: Path
    register: str
    value_sets: tuple[Path, ...] = ()


def opened(place: Place, secret: Secret, note: Say = lambda _: None) -> IssuingSession:
    """Open a session."""
    issuer = issuer_folder.load(place.folder)
    register = open_register(place.register)
    if register.doubles:
        note(
            Notice(
                "register_doubles",
                "in this register {n} certificates share their request with another one; nothing was "
                "changed: see them with pratique issuer audit, and revoke what was not handed out",
                n=register.doubles,
            )
        )
    keys = FolderKeys(place.folder, secret)
    return IssuingSession(
        issuer, keys, register, lambda: catalogue_of(place.value_sets), note=note,
        said=lambda: verifier.said_of(issuer.participant, issuer.environment),
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# Sign: new records, an own certificate anew, a corrected one.


TRIES = 8
_REQUEST = re.compile(r"[0-9a-fA-F-]{32,}|[A-Za-z0-9_-]{22,}")


class Signing(NamedTuple):
    """How something is to be signed.

    Attributes:
        at: seconds since the epoch.
        work: who issues, and where.
        validity: seconds for which the code may be read, at most to the key's end.
        label: of the key, or None for the one with most room.
        request: a random name of the request; None draws one.
    """

    at: int
    work: Work
    validity: int
    label: str | None = None
    request: str | None = None


def sign_records(
    session: IssuingSession, records: Sequence[Record], signing: Signing
) -> Iterator[Signed]:
    """Sign records in order; each is yielded once it is on the register's disk.

    A key for each is chosen before the first is signed: all of a file is issued, or nothing.
    """
    choice = session.choice(signing.at, label=signing.label)
    chosen = [choice.one(record.kind) for record in records]
    # By place and not by row: one row, a FHIR document, may hold several records.
    for number, (record, key) in enumerate(zip(records, chosen, strict=True), 1):
        request = _request(signing.request, number)
        asked = IssueRequest(request, signing.at, signing.work, signing.validity)
        yield issued(session, record, asked, label=key.label)


def _request(text: str | None, number: int) -> bytes:
    if text is None:
        return os.urandom(32)
    if not _REQUEST.fullmatch(text):
        raise UsageError(
            "request-short",
            "the request's name is no UUID and not random enough",
            "take a new random UUID for each certificate: uuidgen",
        )
    return hashlib.sha256(f"pratique-request {text.lower()} {number}".encode()).digest()


def renew(session: IssuingSession, old: OwnCertificate, signing: Signing) -> Signed:
    """Sign the content of an own certificate anew; renewed twice, it gives the same new one."""
    request = session.register.read(
        lambda transaction: request_of(old, session.shards, session.own(transaction), at=signing.at)
    )
    asked = IssueRequest(request, signing.at, signing.work, signing.validity, parent=old.entry)
    return issued(session, old.record, asked)


@silent
class Correction(NamedTuple):
    """An own certificate that is wrong, and what it is to say instead."""

    wrong: OwnCertificate
    reading: Reading


def columns_of(old: OwnCertificate) -> dict[str, str]:
    """Return the columns of an own certificate, and the lot that only the register knows."""
    lot = old.entry.context.origin.lot
    return rows.row_of(old.record) | ({"lot": lot} if lot else {})


def correction(
    session: IssuingSession, old: OwnCertificate, changes: Mapping[str, str], *, at: datetime
) -> Correction:
    """Read an own certificate with some columns changed; nothing is signed yet."""
    if not changes:
        raise UsageError("nothing-corrected", "nothing is corrected", "write given_on=2026-01-31")
    row = columns_of(old) | dict(changes)
    if {"surname", "forename"} & changes.keys():
        for name in ("surname", "forename"):
            if name in changes and f"{name}_icao" not in changes:
                row.pop(f"{name}_icao", None)
    if "product" in changes:
        for follows in ("prophylaxis", "manufacturer"):
            if follows not in changes:
                row.pop(follows, None)
    (reading,) = session.intake.of_columns(row, at=at.date())
    return Correction(old, reading)


def correct(session: IssuingSession, correction: Correction, signing: Signing) -> Signed:
    """Issue the corrected certificate, and revoke the wrong one in the same transaction.

    A request that was made before gives its certificate again, though the wrong one is revoked by now.
    """
    assert correction.reading.record is not None
    request = _request(signing.request, 1)
    asked = IssueRequest(request, signing.at, signing.work, signing.validity)
    return issued(session, correction.reading.record, asked, wrong=correction.wrong.entry)


def issued(
    session: IssuingSession,
    record: Record,
    asked: IssueRequest,
    *,
    label: str | None = None,
    wrong: RegisterEntry | None = None,
) -> Signed:
    """Issue one record with the shard of a label, or with the one that has most room.

    A request that was made before gives its certificate again. With `wrong`, that certificate is
    revoked as an issue error in the same transaction.
    """
    for _ in range(TRIES):
        try:
            return _issued(session, record, asked, label, wrong)
        except KeyFull:
            # Another session took the last that was planned; who is asked for by name is told so.
            continue
    return _issued(session, record, asked, label, wrong)


def _issued(
    session: IssuingSession,
    record: Record,
    asked: IssueRequest,
    label: str | None,
    wrong: RegisterEntry | None,
) -> Signed:
    first = session.choice(asked.at, label=label).one(record.kind)
    shards = (first, *(shard for shard in session.shards if shard != first))
    # Whatever its opening asks for, it is not asked while others wait for the register.
    session.keys(first)

    def act(transaction: Transaction) -> Signed:
        signed = registered(
            record,
            asked,
            shards=shards,
            keys=session.keys,
            register=transaction,
            view=session.own(transaction),
        )
        if not signed.repeated and signed.entry.kid == first.kid:
            # Its own entry is counted by now; tags run out before what was planned may.
            check_room(first, transaction.issued(first.kid) - 1, first.capacity)
        if wrong is not None and not signed.repeated:
            # What is refused here undoes what was added above.
            check_good(wrong, transaction)
            selection = Selection(wrong.kid, wrong.tag)
            store_register.revoke(
                transaction,
                selection,
                Reason.ISSUE_ERROR,
                at=asked.at,
                operator=asked.work.operator,
            )
        return signed

    signed = session.register.write(act)
    session.save_marks()
    (signer,) = (shard for shard in shards if shard.kid == signed.entry.kid)
    if (doubt := session.doubt(signer, record.domain)) is not None:
        session.note(doubt)
    return signed


_AGAIN = "hand in the text, a file of one, or a picture that shows its code whole"


def own_certificate(session: IssuingSession, given: Iterable[Item], *, at: int) -> OwnCertificate:
    """Return the own certificate that was handed in; UsageError `old-…` if it is none.

    A withdrawn key's certificates are not taken: whoever has a stolen key signs another name under a number that
    the register knows, and a renewal would make of it what no withdrawal reaches.

    Args:
        given: what arguments stand for (`inputs.every`), or what a text shows (`inputs.of_text`), for which no file
            is ever read.
    """
    shown = standing(session, given, at=at)
    if shown.is_revoked:
        raise already_revoked()
    return unwithdrawn(shown)


@silent
class CertificateStanding(NamedTuple):
    """An own certificate, whatever became of it.

    Attributes:
        is_withdrawn: the network that is synced here says that its key is.
    """

    own: OwnCertificate
    is_revoked: bool
    is_withdrawn: bool


def standing(session: IssuingSession, given: Iterable[Item], *, at: int) -> CertificateStanding:
    """Return the own certificate that was handed in, also one that was revoked or whose key is withdrawn.

    Raises:
        Unreadable: `old-unread`. UsageError: `old-count`, `old-refused`, `old-unknown`.
    """
    text = _one_text(given)
    snapshot, shards = session.snapshot(at), session.shards

    def look(transaction: Transaction) -> tuple[OwnCertificate, bool]:
        own = held(text, snapshot=snapshot, shards=shards, register=transaction, at=at)
        return own, transaction.revoked(own.entry.kid, own.entry.tag)

    own, is_revoked = session.register.read(look)
    return CertificateStanding(own, is_revoked, session.is_withdrawn(own.entry.kid, at))


def unwithdrawn(shown: CertificateStanding) -> OwnCertificate:
    """Return the certificate unless its key is withdrawn; UsageError `old-withdrawn`."""
    if shown.is_withdrawn:
        raise UsageError(
            "old-withdrawn",
            "the key that signed this certificate is withdrawn: its signature proves nothing any more",
            "issue a new one from the health record instead",
        )
    return shown.own


def _one_text(given: Iterable[Item]) -> str:
    found = list(given)
    texts = {item.text for item in found if item.text is not None and item.finding is None}
    for item in found:
        if item.finding is not None and not texts:
            why = item.remark or item.finding.code.meaning
            raise Unreadable("old-unread", f"{item.label}: {why}", item.hint or _AGAIN)
    if len(texts) != 1:
        raise UsageError(
            "old-count",
            f"there are {len(texts)} certificates in it, where one is asked for",
            _AGAIN,
        )
    return texts.pop()


# ----------------------------------------------------------------------------------------------------
# Revoke: what is selected, or certificates that are named by number, by their text, or in a list.
#
#     TEXT | number | list | table | picture -> the register's entries, and why the others are left out
#
# 1. A number (UVCI) is looked up by its digest: the register has no number. A text must be authentic.
# 2. A list is a text with one a line (numbers, certificates' texts, or both), or a table whose first line
#    names its column: `uvci;fraud`, and what `issue --out` writes. A row that says another reason than --reason is
#    left out: nothing of it is undone.
# 3. A note names the row. Neither a number nor a file's name is repeated.


class ListedCertificate(NamedTuple):
    """One certificate that is named: where, its number or text, and whether its row says fraud."""

    where: str
    text: str | None
    fraud: bool | str | None = None

    def __repr__(self) -> str:
        return "<ListedCertificate: not shown>"


class RevocationOrder(NamedTuple):
    """What is to be revoked, why, when and by whose hand: what a selection meets, or certificates that are named."""

    reason: Reason
    at: int
    operator: str
    selection: Selection = Selection()
    certificates: tuple[ListedCertificate, ...] = ()


class RevocationPlan(NamedTuple):
    """What a revocation would do; nothing is done yet.

    Attributes:
        act: does it, in a transaction of the register, `at` an instant and by an `operator`'s hand.
        at, operator: that were ordered.
        trial: how many it revokes, by key; never who.
        left_out: how many of the certificates that were named it cannot revoke.
        named: how many certificates were named and are known; None of a selection.
    """

    act: Callable[..., Revoked]
    at: int
    operator: str
    trial: Revoked
    left_out: int = 0
    named: int | None = None


def plan_revocation(session: IssuingSession, order: RevocationOrder) -> RevocationPlan:
    """Find what an order selects; UsageError `selection-…`, `certificates-unknown`."""
    session.lost()
    reason, selection = order.reason, order.selection
    act: Callable[..., Revoked]
    left_out, known = 0, None
    if order.certificates:
        if selection != Selection():
            raise UsageError("selection-mixed", "a certificate is one; leave the other parts out")
        names, left_out = named(session, order.certificates, reason, at=order.at, say=session.note)
        # Of the texts nothing stays in a plan: it may wait for somebody's yes.
        act = partial(store_register.revoke_each, certificates=names, reason=reason)
        known = len(names)
    else:
        act = partial(store_register.revoke, selection=checked(selection), reason=reason)
    trial = session.register.rehearse(partial(act, at=order.at, operator=order.operator))
    return RevocationPlan(act, order.at, order.operator, trial, left_out, known)


def revoke(session: IssuingSession, plan: RevocationPlan, *, as_shown: bool = False) -> Revoked:
    """Revoke what was planned, for good.

    Args:
        as_shown: only if it comes to what the trial was; UsageError `plan-changed`, and nothing is revoked.
    """

    def act(transaction: Transaction) -> Revoked:
        revoked = plan.act(transaction, at=plan.at, operator=plan.operator)
        # Issues and revocations are only ever added: the same counts are the same certificates.
        if as_shown and revoked != plan.trial:
            raise UsageError(
                "plan-changed",
                "since it was counted, others were issued or revoked: nothing was revoked now",
                "count again, and confirm that",
            )
        return revoked

    return session.register.write(act)


NUMBERS = ("uvci", "uci", "urn", "identifier", "certificate_number", "certificate", "number")
"""Names of a column with certificates' numbers, by preference."""
FRAUD = "fraud"
SAID = {
    **dict.fromkeys(("1", "true", "yes", "y", "x", "ja", "oui", "si", "vrai", "wahr"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "non", "faux", "falsch"), False),
}
UNCLEAR = "unclear"
"""A cell that is filled in with something else: what it means is not guessed, since revoking is for good."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a list."""


class Named(NamedTuple):
    """What was found: names in the register, each once; and how many entries gave none."""

    names: list[tuple[bytes, int]]
    left_out: int


def named(
    session: IssuingSession,
    entries: Sequence[ListedCertificate],
    reason: Reason,
    *,
    at: int,
    say: Say,
) -> Named:
    """Return the names of certificates; each entry that gives none is told of.

    Raises:
        UsageError: why, if there is one entry only; `certificates-unknown` if none is known.
    """
    snapshot, shards = session.snapshot(at), session.shards
    names: dict[tuple[bytes, int], str] = {}
    left_out = 0

    def line_of(transaction: Transaction, entry: ListedCertificate) -> RegisterEntry:
        if entry.text is None:
            raise UsageError(
                "certificate-unread",
                "there is no certificate in it, and no file has this name",
                "name a certificate by its number, its text, a list or a picture",
            )
        if entry.fraud is not None and entry.fraud is not (reason is Reason.FRAUD):
            raise UsageError(
                "reason-differs",
                "its column 'fraud' says otherwise than --reason, or neither yes nor no",
                "revoke it by a call of its own, with its own reason",
            )
        number = number_of(entry.text)
        if number is None:
            return held(
                entry.text,
                snapshot=snapshot,
                shards=shards,
                register=transaction,
                at=at,
            ).entry
        return _of_number(transaction, number, shards)

    def look(transaction: Transaction) -> None:
        nonlocal left_out
        for entry in entries:
            try:
                line = line_of(transaction, entry)
            except UsageError as error:
                if len(entries) == 1:
                    raise
                left_out += 1
                text = "not revoked, {where}: {why}"
                say(Notice("not_revoked", text, where=entry.where, why=error.message))
                continue
            name = (line.kid, line.tag)
            if name in names:
                text = "note: {where}: the same certificate as {first}"
                say(Notice("listed_twice", text, where=entry.where, first=names[name]))
            names.setdefault(name, entry.where)

    session.register.read(look)
    if not names:
        raise UsageError(
            "certificates-unknown",
            f"none of the {len(entries)} certificates can be revoked here",
            "name certificates of this issuer: by number, text, list or picture",
        )
    return Named(list(names), left_out)


def numbered(session: IssuingSession, number: str) -> tuple[RegisterEntry, bool]:
    """Return the entry of a certificate's number, and whether it was revoked; UsageError `number-unknown`."""

    def look(transaction: Transaction) -> tuple[RegisterEntry, bool]:
        entry = _of_number(transaction, number, session.shards)
        return entry, transaction.revoked(entry.kid, entry.tag)

    return session.register.read(look)


def _of_number(transaction: Transaction, number: str, shards: Sequence[Shard]) -> RegisterEntry:
    found = transaction.numbered(number, shards)
    if found is None:
        raise UsageError(
            "number-unknown",
            "no certificate in this register has this number",
            "it is another issuer's, or was issued from another register",
        )
    return found


def listed(arguments: Sequence[str]) -> tuple[ListedCertificate, ...]:
    """Return the certificates that arguments name: by number, text, picture, or in a file that is a list."""
    return tuple(
        entry for number, given in enumerate(arguments, 1) for entry in _named_by(given, number)
    )


def _named_by(argument: str, number: int) -> Iterator[ListedCertificate]:
    which = f"argument {number}"
    text = None if _is_number(argument) else _read_list(argument)
    if text is not None and (found := _rows(text, which)) is not None:
        yield from found
    elif _is_number(argument):
        yield ListedCertificate(which, argument)
    else:
        yield from _entries(inputs.items(argument, number), which)


def listed_in(text: str, which: str) -> tuple[ListedCertificate, ...]:
    """Return the certificates that a text names: a number, a list, certificates' own texts. No file is read for it."""
    if _is_number(text):
        return (ListedCertificate(which, text),)
    found = _rows(text, which)
    return tuple(_entries(inputs.of_text(text, which), which) if found is None else found)


def _entries(given: Iterable[Item], which: str) -> Iterator[ListedCertificate]:
    found = list(given)
    for count, item in enumerate(found, 1):
        yield ListedCertificate(which if len(found) == 1 else f"{which}, entry {count}", item.text)


def _is_number(text: str) -> bool:
    try:
        return number_of(text) is not None
    except UsageError:
        return True


def _read_list(argument: str) -> str | None:
    path = Path(argument)
    try:
        if not path.is_file():
            return None
        data = files.read(path, LARGEST)
        return data.decode(encoding_of(data))
    except (OSError, ValueError):
        return None


def _rows(text: str, which: str) -> list[ListedCertificate] | None:
    """Return the rows of a table with a column of numbers, or lines that are numbers; None if neither."""
    lines = text.splitlines()
    head = lines[0] if lines else ""
    rows: Iterable[tuple[int, str, bool | str | None]] | None = None
    for mark in (";", ",", "\t"):
        names = [cell.strip().strip('"').lower() for cell in head.split(mark)]
        column = next((names.index(name) for name in NUMBERS if name in names), None)
        if column is not None:
            fraud = names.index(FRAUD) if FRAUD in names else None
            rows = _listed_rows(lines, mark, column, fraud)
            break
    else:
        rows = _bare(lines)
    if rows is None:
        return None
    return [ListedCertificate(f"{which}, row {row}", cell, said) for row, cell, said in rows]


def _bare(lines: list[str]) -> list[tuple[int, str, bool | str | None]] | None:
    """Return the lines of a list without a header, of which one at least is a number; None of another."""
    filled = [(row, line) for row, line in enumerate(lines, 1) if line.strip()]
    numbers = {row: text for row, line in filled if _is_number(text := line.strip().strip('"'))}
    if not numbers:
        return None
    # A line that is neither a number nor a text is told of, and does not hide the others.
    return [(row, numbers.get(row) or unwrapped(line).text, None) for row, line in filled]


def _listed_rows(
    lines: list[str], mark: str, column: int, fraud: int | None
) -> Iterator[tuple[int, str, bool | str | None]]:
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=mark), 1):
            if number > 1 and any(cell.strip() for cell in cells):
                text = cells[column].strip() if column < len(cells) else ""
                said = (
                    cells[fraud].strip().lower() if fraud is not None and fraud < len(cells) else ""
                )
                yield number, text, SAID.get(said, UNCLEAR) if said else None
    except csv.Error as error:
        raise UsageError(
            "list-damaged", "the list is no table that can be read", "save it anew"
        ) from error


# ----------------------------------------------------------------------------------------------------
# Publish: each key's newest revocation list, and what it adds to the one before.
#
#     Published -> does it follow what stands there? -> KEY.tags, KEY.1-2.delta, KEY-0001.batch.json
#
# 1. A list that lacks what the published one has, or is no later, is refused: verifiers would refuse it,
#    and who has none yet would believe it. So a register that was put back from an old copy cannot pass.


class WrittenList(NamedTuple):
    """A list in the folder: of which key, which version, and its files, name to bytes; or entries of a batch."""

    published: Published
    sizes: dict[str, int]


class WrittenBatch(NamedTuple):
    """A batch of the EU's gateway in the folder."""

    label: str
    file: str
    entries: int


def publish_revocations(
    session: IssuingSession, out: Path, *, at: int, lasting: int
) -> list[WrittenList]:
    """Write each key's newest list and its delta into a folder.

    A new edition is made where something was revoked since the last one, or where half of the last one's
    time is over. Only tags are in it.
    """
    lost = session.lost()
    # Of an old copy a list may lack what is published: it is made beside the published one only.
    shards = [s for s in session.shards if s.label not in lost or _list_path(out, s).exists()]
    if lost and not shards:
        raise next(iter(lost.values()))

    def act(transaction: Transaction) -> list[Published]:
        editions = store_register.publish(transaction, shards, at=at, lasting=lasting)
        for each in editions:
            _check_follows(out, each)
        return editions

    editions = session.register.write(act)
    out.mkdir(parents=True, exist_ok=True)
    return [_write_list(out, each) for each in editions]


def write_batches(
    session: IssuingSession, out: Path, shards: Sequence[Shard]
) -> Iterator[WrittenBatch]:
    """Write what keys have revoked as batches of the EU's gateway."""
    for shard in shards:
        hashes = session.register.read(partial(store_register.ucis, shard=shard))
        key = foreign.Key(session.issuer.country, shard.kid, foreign.HashType.UCI)
        until = max((expires for _, expires in hashes), default=0)
        batches = foreign.batches(key, until, (entry for entry, _ in hashes))
        for number, batch in enumerate(batches, 1):
            path = out / f"{shard.participant}-{shard.kid.hex()}-{number:04d}.batch.json"
            files.replace(path, json.dumps(batch.document()).encode(), 0o644)
            yield WrittenBatch(shard.label, path.name, len(batch.hashes))


def _list_path(out: Path, shard: Shard) -> Path:
    return out / f"{shard.participant}-{shard.kid.hex()}.tags"


def _check_follows(out: Path, published: Published) -> None:
    """See to it that a list follows the one in the folder; DocumentRefused `revocation-…`."""
    path = _list_path(out, published.shard)
    if not path.exists():
        return
    before = TagList.from_bytes(sources.read_bytes(path))
    if before.digest == published.listed.digest:
        return
    try:
        Revocations([before]).with_list(published.listed)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{path.name}: the register's list does not follow the published one: {error.message}",
            "the register is an old copy: restore its newest backup; nothing was written",
        ) from error


def _write_list(out: Path, published: Published) -> WrittenList:
    listed, delta = published.listed, published.delta
    path = _list_path(out, published.shard)
    written = {path.name: listed.to_bytes()}
    if delta is not None:
        step = f"{delta.parent_version}-{delta.head.version}"
        written[f"{path.stem}.{step}.delta"] = delta.to_bytes()
    for file, data in written.items():
        files.replace(out / file, data, 0o644)
    return WrittenList(published, {file: len(data) for file, data in written.items()})


# ----------------------------------------------------------------------------------------------------
# Audit: who issued how many where, what stands out, and every act of revocation.


class Audit(NamedTuple):
    """What the register shows a supervisor.

    Attributes:
        marks: site and operator to why they stand out.
        doubles: certificates whose request has another one: label of the key, tag, whether revoked.
    """

    tallies: list[Tally]
    marks: dict[tuple[str, str], tuple[Mark, ...]]
    acts: list[Act]
    doubles: list[tuple[str, str, bool]]

    def as_json(self) -> dict[str, Any]:
        """Return the document of it."""
        work = [
            {**tally._asdict(), "marks": self.marks.get((tally.site, tally.operator), ())}
            for tally in self.tallies
        ]
        doubles = [
            {"shard": label, "tag": tag, "revoked": revoked} for label, tag, revoked in self.doubles
        ]
        acts = [act._asdict() for act in self.acts]
        return {"format": "pratique-audit-1", "work": work, "acts": acts, "doubles": doubles}


def audit(session: IssuingSession) -> Audit:
    """Count issues by site and operator. Operators are pseudonyms; of holders the register knows nothing."""
    session.lost()
    tallies, acts, doubles = session.register.read(
        lambda transaction: (
            store_register.tallies(transaction), store_register.acts(transaction), store_register.doubles(transaction),
        )
    )  # fmt: skip
    labels = session.labels
    return Audit(
        tallies, outliers(tallies), acts,
        [(labels.get(each.kid, each.kid.hex()), f"{each.tag:x}", each.is_revoked) for each in doubles],
    )  # fmt: skip
