"""A network as a whole: its participants' folders, what was synced in WHO's forms, and who ends when.

    View -> a tree of DID documents, each with a proof | CODE/onboarding/DOMAIN/GROUP/*.pem, with what an anchor signs
    participants' folders, anchors -> what of them is believed, in folders of the same form
    what was synced | a repository | trust lists | participants' folders -> rows of who is live, and until when

1. A participant's code is its folder's name, or, of a dossier that `participant apply` wrote, what its application says.
   In a folder of many nobody's application speaks: it could name another. Of many, one that cannot be read is its own
   affair: the others are read.
2. Withdrawn and ended signers are left out of what is exported, and so is a participant that is suspended now: other forms
   have no word for either, and who reads them would believe them. Written again after the suspension, they are back.
3. A signature here is this exporter's word, and nobody else's: the network's own is in its metadata.
4. What an earlier run has left would speak on: a withdrawn key's document has a proof that still holds. Of a tree, whose
   files have one name, such documents are taken away; in other folders lies what may be somebody's own, and nothing is
   written beside it.
5. Nothing is believed for where it lies; what is not believed is told with its reason, and not written.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pratique.compile import compiled
from pratique.crypto import chain, x509, x509_write
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.impact import summary
from pratique.network import metadata
from pratique.network.view import View, published_sets
from pratique.onboarding import anchors, dossier
from pratique.parties import cards, proposals, verifier
from pratique.rules.documents import RuleDocument
from pratique.store import files
from pratique.store import sources as store_sources
from pratique.store.keys import Secret, open_key
from pratique.terms import Environment
from pratique.trust import did, expiry, publication
from pratique.trust.did import DSC, SCA, Entry
from pratique.trust.expiry import ParticipantExpiry
from pratique.trust.registry import Registry, Suspension

START = store_sources.START
_ROLES = ("SCA", "UP", "TLS")


class ParticipantFolder(NamedTuple):
    """A participant's folder.

    Attributes:
        code: of the participant.
        files: by name; none if the folder cannot be read.
        refused: why it cannot.
    """

    code: str
    files: dict[str, bytes]
    refused: PratiqueError | None = None


def is_one(path: Path) -> bool:
    """Tell whether a path is one participant's folder or dossier."""
    here = path.is_dir() and path.resolve().name == store_sources.START
    return (
        here
        or (path / store_sources.START).is_dir()
        or any((path / role).is_dir() for role in _ROLES)
    )


def inside(path: Path) -> Iterator[Path]:
    """Yield the participants' folders in a folder, by name."""
    if path.is_dir():
        yield from (one for one in sorted(path.iterdir()) if (one / store_sources.START).is_dir())


def read(path: Path) -> Iterator[ParticipantFolder]:
    """Yield each participant's folder; one that was named for itself and cannot be read raises."""
    if is_one(path):
        yield ParticipantFolder(code_of(path), store_sources.read(path))
        return
    for one in inside(path):
        try:
            yield ParticipantFolder(one.name, store_sources.read(one))
        except (DocumentRefused, Unreadable) as error:
            yield ParticipantFolder(one.name, {}, error)


def code_of(path: Path) -> str:
    """Return the code of the participant whose folder it is."""
    if (path / cards.APPLICATION).is_file():
        return cards.read_application(path).participant.code
    place = path.resolve()
    above = [one.parent for one in (place, *place.parents) if one.name == store_sources.START]
    return (above[0] if above else place).name


def entries(view: View, *, at: int) -> Iterator[Entry]:
    """Yield the keys of all participants that live at `at`, signers and their signing CAs."""
    out = suspended(view, at=at)
    for code, one in sorted(view.participants.items()):
        if code in out:
            continue
        data = view.roles[code].files.get(f"{code}/{metadata.SIGNERS}")
        if data is None or view.roles[code].problem:
            continue
        parts = publication.parts(data)
        cas = {ca: x509.read(ca) for ca in parts.authorities if x509.read(ca).not_after >= at}
        for signer in parts.signers:
            record = x509.read(signer.certificate)
            if signer.domain not in one.domains or record.not_after < at:
                continue
            issuers = [
                der
                for der, ca in cas.items()
                if x509.may_have_issued(ca, record) and chain.issued_by(record, ca)
            ]
            if did.is_writable(signer.certificate):
                yield Entry(code, signer.domain, DSC, (signer.certificate, *issuers[:1]))
            for ca in issuers:
                yield Entry(code, signer.domain, SCA, (ca,))


def suspended(view: View, *, at: int) -> dict[str, Suspension]:
    """Return the suspensions in force at `at`, by participant's code.

    Raises:
        DocumentRefused: `suspensions-unknown`: whoever carried the files may have left one out.
    """
    if view.suspend.problem:
        raise DocumentRefused(
            "suspensions-unknown",
            f"who is suspended is not known here: {view.suspend.problem}",
            "sync again; what is written without it would bring a suspended participant back",
        )
    return {code: one for code, one in view.suspensions if one.since <= at < one.until}


class DidExport(NamedTuple):
    """How a tree of DID documents is written: its folder, its host's name, and the URI and the name of the signing key."""

    folder: Path
    host: str
    key: str
    method: str | None = None


def export_did(view: View, wanted: DidExport, secret: Secret, *, at: datetime) -> tuple[int, int]:
    """Write a tree of DID documents; return how many these are, and how many of an earlier tree were taken away."""
    key = open_key(wanted.key, folder=Path.cwd(), secret=secret)
    method, nonce = wanted.method or f"{wanted.host}:keys", secrets.token_urlsafe(24)
    created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    by = did.Publisher(wanted.host, key, method, created, nonce, view.board.environment)
    documents = did.tree(entries(view, at=int(at.timestamp())), by)
    _write(wanted.folder, documents)
    stale = [
        path
        for root in (did.TREE, did.REFERENCES)
        for path in (wanted.folder / root).rglob(DOCUMENT)
        if path.relative_to(wanted.folder).as_posix() not in documents
    ]
    for path in stale:
        path.unlink()
    return len(documents), len(stale)


class Anchor(NamedTuple):
    """A trust anchor that signs for certificates: the file of its certificate, and the URI of its key."""

    certificate: Path
    key: str


def export_folders(
    folder: Path,
    view: View,
    dossiers: tuple[Path, ...],
    anchor: tuple[Anchor, Secret] | None,
    *,
    at: datetime,
) -> int:
    """Write participants' folders; with an anchor, what it signs for them; return how many files these are."""
    by = None
    if anchor is not None:
        one, secret = anchor
        certificate = x509_write.from_pem(store_sources.read_bytes(one.certificate))
        key = open_key(one.key, folder=Path.cwd(), secret=secret)
        by = x509_write.Authority(certificate, key)
    found = dict(_participant_folders(view, dossiers, by, at))
    _write_new(folder, found)
    return len(found)


def _participant_folders(
    view: View, dossiers: tuple[Path, ...], by: x509_write.Authority | None, at: datetime
) -> Iterator[tuple[str, bytes]]:
    for one in sorted(set(entries(view, at=int(at.timestamp())))):
        der = one.chain[0]
        name = f"{one.usage}_{x509.read(der).kid.hex()}"
        folder = f"{one.participant}/onboarding/{one.domain}/{one.usage}"
        yield f"{folder}/{name}.pem", x509_write.to_pem(der)
        # A signing CA vouches for its signers; the anchor signs for it and not for them.
        if by is not None and one.usage == did.SCA:
            yield f"{folder}/signed/TNG_TA.signed.{name}.json", anchors.vouched(der, by)
    for path in dossiers:
        yield from _dossier(view, path, by)


def _dossier(
    view: View, path: Path, by: x509_write.Authority | None
) -> Iterator[tuple[str, bytes]]:
    if not is_one(path):
        raise UsageError(
            "dossier-none", f"{path}: there is no dossier in it", "pratique participant apply"
        )
    ((code, held, _),) = read(path)
    if code not in view.participants:
        raise UsageError("participant-unknown", f"{path}: the network has no participant {code}")
    for domain in sorted(view.participants[code].domains):
        for name in ("UP/UP.pem", "TLS/TLS.pem", "TLS/CA.pem"):
            if name not in held:
                continue
            role, _, file = name.partition("/")
            folder = f"{code}/onboarding/{domain}/{role}"
            yield f"{folder}/{file}", held[name]
            if by is not None and file != "CA.pem":
                der = x509_write.from_pem(held[name])
                stem = file.removesuffix(".pem")
                yield f"{folder}/signed/TNG_TA.signed.{stem}.json", anchors.vouched(der, by)


class Imported(NamedTuple):
    """A participant's folder, and what of it is believed."""

    folder: ParticipantFolder
    rows: tuple[anchors.FolderFile, ...]


def import_folders(
    folder: Path, trusted: tuple[Path, ...], out: Path | None, *, at: datetime
) -> list[Imported]:
    """Find what of a participant's folder, or of a folder of those, trust anchors let believe; write that into `out`."""
    ders = [anchor_certificate(path) for path in trusted]
    imported = []
    for one in read(folder):
        if one.refused is not None:
            rows: tuple[anchors.FolderFile, ...] = (anchors.FolderFile("-", "", one.refused.code),)
        else:
            rows = anchors.believed(one.files, participant=one.code, anchors=ders, at=at)
        imported.append(Imported(one, rows))
    if not imported:
        raise Unreadable(
            "folders-none", f"{folder}: there is no participant's folder in it",
            "a participant's folder is CODE/onboarding/DOMAIN/GROUP",
        )  # fmt: skip
    if out is not None:
        believed = {
            f"{one.folder.code}/{START}/{name}": data
            for one in imported
            for name, data in anchors.handed_on(one.folder.files, one.rows).items()
        }
        _write_new(out, believed)
    return imported


def anchor_certificate(path: Path) -> bytes:
    """Read a trust anchor's certificate; DocumentRefused `x509-none`."""
    # Of a chain, the first one is the anchor itself.
    return store_sources.certificates(path)[0]


DOCUMENT = "did.json"


def _write_new(folder: Path, found: Mapping[str, bytes]) -> None:
    """Write files into a folder that holds no others; UsageError `folder-holds-others`."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    others = [path for path in there if path.relative_to(folder).as_posix() not in found]
    if others:
        raise UsageError(
            "folder-holds-others",
            f"{folder} holds something else already, {others[0].relative_to(folder)} for one",
            "name a new folder, or take away what an earlier run has left",
        )
    _write(folder, found)


def _write(folder: Path, found: Mapping[str, bytes]) -> None:
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, data, 0o644)


# Who is live, and who ends when: what kind of source it is, is told by what lies there.
#
# nothing -> what is held in the home folder     metadata/ -> a repository     onboarding/ -> folders
# anything else -> trust lists


class NetworkStatus(NamedTuple):
    """Rows of participants.

    Attributes:
        sources: participants' rows by the name of their source, by code and domain.
        notes: what of the sources could not be read.
    """

    sources: dict[str, tuple[ParticipantExpiry, ...]]
    notes: tuple[store_sources.Refused, ...] = ()

    @property
    def rows(self) -> tuple[ParticipantExpiry, ...]:
        """Return the rows of all sources."""
        return tuple(row for rows in self.sources.values() for row in rows)


class _Part(NamedTuple):
    name: str
    rows: Iterable[ParticipantExpiry]
    notes: tuple[store_sources.Refused, ...] = ()


def status(
    sources: tuple[Path, ...], at: int, environment: Environment, home: Path | None
) -> NetworkStatus:
    """Compute the rows of what is named, or of what is held here."""
    lists = [path for path in sources if _kind(path) == "lists"]
    parts = [_one(path, at) for path in sources if path not in lists]
    if lists:
        parts.append(_lists(lists, at, environment))
    if not sources:
        parts.append(_held(at, home))
    found: dict[str, tuple[ParticipantExpiry, ...]] = {}
    for part in parts:
        names = (part.name, *(f"{part.name} ({number})" for number in range(2, len(parts) + 1)))
        # Two of one name would move each other's events in a calendar.
        name = next(name for name in names if name not in found)
        found[name] = tuple(sorted(part.rows, key=lambda row: (row.participant, row.domain)))
    return NetworkStatus(found, tuple(note for part in parts for note in part.notes))


def _kind(path: Path) -> str:
    if path.is_dir() and ((path / "metadata").is_dir() or proposals.repository_of(path).is_dir()):
        return "repository"
    return "folders" if is_one(path) or any(inside(path)) else "lists"


def _held(at: int, home: Path | None) -> _Part:
    snapshot = verifier.snapshot(home)
    if snapshot is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {store_sources.home(home)} yet",
            "pratique sync SOURCE, or name what is to be looked at",
        )
    name = snapshot.sources[0].name if snapshot.sources else "network"
    rows = expiry.of_signers(snapshot.trust.limited(), at=at, roll=snapshot.roll)
    view = None if snapshot.roll is None else proposals.known_view(None, home)
    return _Part(
        name,
        rows if view is None else (*_with_remarks(rows, view, at), _of_seats(view, at)),
        tuple(_unread_schemes(snapshot.roll)),
    )


def _unread_schemes(roll: Registry | None) -> Iterator[store_sources.Refused]:
    for code, member in sorted({} if roll is None else roll.members.items()):
        if member.schemes:
            yield store_sources.Refused(
                code, "its keys of other schemes cannot be read: none counts", member.schemes
            )


def _one(path: Path, at: int) -> _Part:
    if _kind(path) == "repository":
        view = proposals.known_view(path, None)
        if view is None:
            raise Unreadable("nothing-published", f"{path}: nothing was published yet")
        found = compiled(view)
        rows = expiry.of_signers(found.trust, at=at, roll=found.roll)
        return _Part(
            view.board.network,
            (*_with_remarks(rows, view, at), _of_seats(view, at)),
            tuple(_unread_schemes(found.roll)),
        )
    held_ = list(read(path))
    own = [row for one in held_ for row in _of_folder(one, at)]
    notes = (
        store_sources.Refused(one.code, one.refused.message, one.refused.code)
        for one in held_
        if one.refused
    )
    return _Part(path.resolve().name, own, tuple(notes))


def _with_remarks(
    rows: Iterable[ParticipantExpiry], view: View, at: int
) -> Iterator[ParticipantExpiry]:
    """Yield the rows; the first one of each participant with what is to be noted of its rules."""
    try:
        sets = published_sets(view)
    except DocumentRefused:
        # Nobody can answer a rule that looks into one; that they are unread is told by whoever checks.
        sets = RuleDocument()
    left = {
        code: (role.files[f"{code}/{metadata.RULES}"], role.files.get(f"{code}/{metadata.IMPACT}"))
        for code, role in view.roles.items()
        if f"{code}/{metadata.RULES}" in role.files
    }
    instant = datetime.fromtimestamp(at, UTC)
    for row in rows:
        if (files := left.pop(row.participant, None)) is None:
            yield row
            continue
        rules, impact = files
        noted = summary.standing(impact, rules, sets, at=instant)
        yield row._replace(remarks=noted.issues, sentence=noted.derogation)


def _of_seats(view: View, at: int) -> ParticipantExpiry:
    trusted = view.trusted
    root, targets = int(trusted.root.expires.timestamp()), int(trusted.targets.expires.timestamp())
    return expiry.of_board(root, targets, at=at)


def _of_folder(one: ParticipantFolder, at: int) -> tuple[ParticipantExpiry, ...]:
    if one.refused is not None:
        return (expiry.of_unreadable(one.code, at=at),)
    return dossier.of_dossier(one.files, one.code, at=at)


def _lists(paths: list[Path], at: int, environment: Environment) -> _Part:
    instant = datetime.fromtimestamp(at, UTC)
    found = store_sources.trust_from(paths, at=instant, environment=environment)
    named = {source for _, reading in found.readings for source in reading.named}
    rows = expiry.of_signers(
        found.snapshot.trust.limited(), at=at, roll=found.snapshot.roll, named=named
    )
    name = " ".join(path.resolve().name for path in paths)
    if not rows:
        # An empty table would say that nothing ends: what was named is not there, or is something else.
        raise Unreadable(
            "nobody-named",
            f"{name}: no participant is named there"
            + (f"; {len(found.refused)} files of it cannot be read" if found.refused else ""),
            "name a network's folder, a trust list or a tree of them, or participants' folders",
        )
    # Every published list lies in a file did.json: what it calls itself tells two apart. The shortest of a
    # tree's names is its root's.
    own = {reading.name for _, reading in found.readings if reading.name}
    return _Part(
        min(own, key=lambda one: (len(one), one), default=name) if len(paths) == 1 else name,
        rows,
        (*found.refused, *found.odd()),
    )
