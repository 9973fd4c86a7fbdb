"""A gateway's folder: who takes part, what is served beside their uploads, what is kept and what was done.

    init -> DIR: gateway.json, gateway.sqlite (or a database elsewhere, by its URL)
    load: participants' folders, anchors, roles, value sets -> one transaction -> what was added, removed, left out
    status · audit · purge

1. DIR appears whole or not at all, for its owner alone; none is ever overwritten.
2. `gateway.json` may hold a database's password: it is its owner's alone, and no message here repeats a URL.
3. A load is the whole truth of who takes part: who is not in the folder any more is removed. Of one participant's own
   folder it is the truth of its countries; where a folder could not be read, nobody is removed.
4. A load that changes nothing writes nothing.
5. Document signers come by upload and from the synced network, not from folders.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.gateway import onboarding
from pratique.gateway.call import DOMAINS, PROPERTIES, Settings
from pratique.gateway.mailbox import (
    AuditRow,
    CertificateGroup,
    Mailbox,
    MailboxReading,
    Party,
    ValueSet,
)
from pratique.gateway.onboarding import Changes, LeftOut, Onboarded
from pratique.gateway.wire import Profile
from pratique.parties import exports, issuer
from pratique.store import database, files, sources
from pratique.store.gateway.mailbox import GatewayStore
from pratique.trust.expiry import DAY, WARNINGS

FORMAT = "pratique-gateway-1"
FILE, DATABASE = "gateway.json", "gateway.sqlite"
SET_SUFFIX = ".json"
_SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PAGE = 500
"""Signers that are in memory at once."""


class GatewayFile(NamedTuple):
    """The gateway's document.

    Attributes:
        database: its URL; empty for SQLite in the folder itself.
        profile: what becomes of an upload that the network's procedures forbid.
        domains, properties: that are taken (see `call`).
    """

    database: str = ""
    profile: Profile = Profile.COMPATIBLE
    domains: tuple[str, ...] = DOMAINS
    properties: tuple[str, ...] = PROPERTIES


class Gateway(NamedTuple):
    """An open gateway; whoever has opened it closes its store."""

    folder: Path
    settings: Settings
    store: GatewayStore


def init(folder: Path, url: str | None = None, profile: Profile = Profile.COMPATIBLE) -> None:
    """Make a gateway's folder and its tables.

    Raises:
        UsageError: `gateway-exists`, `gateway-url`. Unreadable: `gateway-…`.
    """
    hint = "nothing is overwritten; name another folder, and a database of its own"
    with issuer.new(folder, "gateway", hint=hint) as filled:
        row = GatewayFile(database.located(url, "gateway") if url else "", profile)
        store = GatewayStore(_url(filled, row))
        try:
            # An earlier call that was interrupted may have made the tables.
            with store.reading() as box:
                if box.countries() or next(box.audited(), None) is not None:
                    raise UsageError("gateway-exists", "the database holds a gateway already", hint)
        finally:
            store.close()
        files.create(filled / FILE, strict_json.dump(row, FORMAT))


def open_gateway(folder: Path) -> Gateway:
    """Open the gateway of a folder; Unreadable `no-gateway`, `gateway-…`, DocumentRefused `gateway-file`."""
    path = folder / FILE
    if not path.exists():
        raise Unreadable(
            "no-gateway", f"{folder}: there is no gateway here", "make one: pratique gateway init"
        )

    def refused(why: str) -> DocumentRefused:
        return DocumentRefused("gateway-file", f"{path}: this is no document of {FORMAT}: {why}")

    row = strict_json.document(sources.read_bytes(path), GatewayFile, FORMAT, refused)
    settings = Settings(row.profile, row.domains, row.properties)
    return Gateway(folder, settings, GatewayStore(_url(folder, row)))


def _url(folder: Path, row: GatewayFile) -> str:
    return row.database or database.sqlite_url(folder / DATABASE)


@contextmanager
def _opened(folder: Path) -> Iterator[Gateway]:
    gateway = open_gateway(folder)
    try:
        yield gateway
    finally:
        gateway.store.close()


# ----------------------------------------------------------------------------------------------------
# Who takes part, and what is served beside their uploads.
#
# folder, anchors -> onboarded -> changes -> added, removed        folder of value sets -> put


class Load(NamedTuple):
    """What is loaded into a gateway.

    Attributes:
        participants: a folder of participants' folders, or one of those.
        anchors: certificates of the trust anchors.
        roles: for revocation, JSON (see `gateway.onboarding`); without it they stay as they are.
        value_sets: a folder of JSON files.
    """

    participants: Path
    anchors: tuple[Path, ...]
    roles: Path | None = None
    value_sets: Path | None = None


class Loaded(NamedTuple):
    """What a load has done.

    Attributes:
        added, removed: parties; one that another anchor vouches for now, or with other roles, is added.
        parties: how many there are now.
        left_out: what is not believed, with its reason.
        value_sets: identifiers of those that are new or other than before.
        incomplete: what countries lack.
        idle_roles: countries and thumbprints that were given roles, and have no TLS certificate here.
    """

    added: tuple[Party, ...]
    removed: tuple[Party, ...]
    parties: int
    left_out: tuple[LeftOut, ...]
    value_sets: tuple[str, ...]
    incomplete: Mapping[str, tuple[CertificateGroup, ...]]
    idle_roles: tuple[str, ...]


def load(folder: Path, wanted: Load, *, at: datetime) -> Loaded:
    """Take over who takes part, and value sets; the same load again changes nothing.

    Raises:
        DocumentRefused: `participants-unbelieved` where no certificate is believed; nobody is removed then.
            `roles-malformed`, `value-set-unfit`. Unreadable: `folders-none`.
    """
    roles: onboarding.Roles = {}
    if wanted.roles is not None:
        try:
            roles = onboarding.roles_from(sources.read_bytes(wanted.roles))
        except DocumentRefused as error:
            message = f"{wanted.roles}: {error.message}"
            raise DocumentRefused(error.code, message, error.hint) from error
    now, is_whole = _onboarded(wanted, roles, at)
    sets = [] if wanted.value_sets is None else list(_value_sets(wanted.value_sets))
    second = int(at.timestamp())
    with _opened(folder) as gateway:
        with gateway.store.reading() as box:
            changes, new_sets = _changes(box, now, wanted, is_whole), _news(box, sets)
        if any(changes) or new_sets:
            with gateway.store.writing() as mailbox:
                # Another load may have come between.
                changes, new_sets = _changes(mailbox, now, wanted, is_whole), _news(mailbox, sets)
                _keep(mailbox, changes, new_sets, second)
        with gateway.store.reading() as box:
            parties = box.parties()
    return Loaded(
        changes.added,
        changes.removed,
        len(parties),
        now.left_out,
        tuple(row.identifier for row in new_sets),
        onboarding.incomplete(parties),
        tuple(sorted(roles.keys() - _callers(parties))),
    )


def _callers(parties: Iterable[Party]) -> set[str]:
    """Return all names by which roles can be given to somebody who takes part."""
    callers = [party for party in parties if party.group is CertificateGroup.AUTHENTICATION]
    return {name for party in callers for name in (party.country, party.thumbprint)}


def _onboarded(wanted: Load, roles: onboarding.Roles, at: datetime) -> tuple[Onboarded, bool]:
    """Return who takes part by the folders, and whether all folders could be read."""
    anchors = [exports.anchor_certificate(path) for path in wanted.anchors]
    parties: dict[tuple[str, str, CertificateGroup], Party] = {}
    left_out: list[LeftOut] = []
    is_whole = True
    folders = list(exports.read(wanted.participants))
    if not folders:
        raise Unreadable(
            "folders-none",
            f"{wanted.participants}: there is no participant's folder in it",
            "a participant's folder is CODE/onboarding/DOMAIN/GROUP",
        )
    for each in folders:
        if each.refused is not None:
            left_out.append(LeftOut(each.code, each.refused.code))
            is_whole = False
            continue
        folder = onboarding.onboarded(each.files, anchors=anchors, at=at, roles=roles)
        for party in folder.parties:
            parties.setdefault(onboarding.identity(party), party)
        left_out += [row._replace(name=f"{each.code}/{row.name}") for row in folder.left_out]
    if not parties:
        raise DocumentRefused(
            "participants-unbelieved",
            f"{wanted.participants}: no certificate in it is believed, so that nothing was changed",
            "is it the right anchor, and is it in force? see: pratique network import",
        )
    return Onboarded(tuple(parties.values()), tuple(left_out)), is_whole


def _changes(box: MailboxReading, now: Onboarded, wanted: Load, is_whole: bool) -> Changes:
    before = box.parties()
    if exports.is_one(wanted.participants):
        countries = {party.country for party in now.parties}
        before = [party for party in before if party.country in countries]
    parties = now.parties
    if wanted.roles is None:
        # Nothing is said of roles: whoever has one keeps it.
        given = {onboarding.identity(party): party.roles for party in before}
        parties = tuple(
            party._replace(roles=given.get(onboarding.identity(party), party.roles))
            for party in parties
        )
    changes = onboarding.changes(before, parties)
    return changes if is_whole else changes._replace(removed=())


def _news(box: MailboxReading, sets: list[ValueSet]) -> list[ValueSet]:
    return [row for row in sets if box.value_set(row.identifier) != row]


def _keep(mailbox: Mailbox, changes: Changes, sets: list[ValueSet], at: int) -> None:
    for party in changes.removed:
        mailbox.remove_party(*onboarding.identity(party))
        mailbox.audit(AuditRow(at, party.country, "party-removed", party.thumbprint))
    for party in changes.added:
        mailbox.add_party(party._replace(created=party.created or mailbox.moment(at)))
        mailbox.audit(AuditRow(at, party.country, "party-added", party.thumbprint))
    for row in sets:
        mailbox.put_value_set(row)
        digest = hashlib.sha256(row.document).hexdigest()
        mailbox.audit(AuditRow(at, "", "value-set", digest))


def _value_sets(folder: Path) -> Iterator[ValueSet]:
    """Yield the value sets of a folder: named by `valueSetId`, or else by the file."""
    paths = sorted(path for path in folder.glob(f"*{SET_SUFFIX}") if not path.name.startswith("."))
    if not paths:
        raise Unreadable("value-sets-none", f"{folder}: there is no JSON file in it")
    for path in paths:
        data = sources.read_bytes(path, named=False)
        try:
            document = strict_json.loads(data)
        except ValueError:
            document = None
        name = document.get("valueSetId", path.stem) if isinstance(document, dict) else None
        if not isinstance(name, str) or not _SET_NAME.fullmatch(name):
            raise DocumentRefused(
                "value-set-unfit",
                f"{path}: it is no value set",
                "a JSON object, whose valueSetId, or else the file's name, can stand in a path",
            )
        yield ValueSet(name, data.removeprefix(b"\xef\xbb\xbf"))


# ----------------------------------------------------------------------------------------------------
# How it is, and what was done.


class KeyEnding(NamedTuple):
    """A party's certificate that ends soon, or has ended: `until` is its last second."""

    country: str
    group: CertificateGroup
    thumbprint: str
    until: int


class GatewayStatus(NamedTuple):
    """How a gateway is.

    Attributes:
        profile: of its settings.
        countries: that take part.
        counts: of live signers, rules and batches, by the words "entry", "rule", "batch".
        ending: parties that end within 90 days, the first first.
        signers_ending: how many signers do.
        incomplete: what countries lack to take part.
        value_sets: their identifiers.
    """

    profile: Profile
    countries: tuple[str, ...]
    counts: Mapping[str, int]
    ending: tuple[KeyEnding, ...]
    signers_ending: int
    incomplete: Mapping[str, tuple[CertificateGroup, ...]]
    value_sets: tuple[str, ...]


def status(folder: Path, *, at: datetime) -> GatewayStatus:
    """Tell how the gateway of a folder is; nothing is written."""
    before = int(at.timestamp()) + max(WARNINGS) * DAY
    with _opened(folder) as gateway, gateway.store.reading() as box:
        parties = box.parties()
        ending = (
            KeyEnding(party.country, party.group, party.thumbprint, until)
            for party in parties
            if (until := x509.read(party.certificate).not_after) < before
        )
        return GatewayStatus(
            gateway.settings.profile,
            tuple(box.countries()),
            box.count(),
            tuple(sorted(ending, key=lambda row: (row.until, row))),
            sum(until < before for until in _ends(box)),
            onboarding.incomplete(parties),
            tuple(box.value_sets()),
        )


def _ends(box: MailboxReading) -> Iterator[int]:
    """Yield the last second of each live signer, read page by page."""
    last = None
    while page := box.entries(after=last, most=PAGE):
        yield from (x509.read(entry.certificate).not_after for entry in page)
        last = page[-1]


def audit(folder: Path) -> Iterator[AuditRow]:
    """Yield what was done, in its order."""
    with _opened(folder) as gateway, gateway.store.reading() as box:
        yield from box.audited()


class Purged(NamedTuple):
    """How many rows a purge has ended or forgotten, and whether what was deleted is wiped from the files, too."""

    rows: int
    is_wiped: bool


def purge(folder: Path, *, at: datetime) -> Purged:
    """End batches that have expired, forget what was told of for long enough, and wipe it."""
    with _opened(folder) as gateway:
        with gateway.store.writing() as mailbox:
            rows = mailbox.purge(int(at.timestamp()))
        return Purged(rows, gateway.store.wipe())
